/*
 * apps/daemon/images_prune.c - folder of pinned enclave images, each named by its SHA-256.
 */
#include "apps/daemon/images_prune.h"

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/file/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEX_LEN = 64 };

static const char run_tail[] = ".run";

static bool is_copy_to_run(const char *name)
{
    return strcmp(name + HEX_LEN, run_tail) == 0;
}

bool daemon_image_name(const char *name, uint8_t digest[static 32])
{
    return strlen(name) == HEX_LEN && strspn(name, "0123456789abcdef") == HEX_LEN &&
           assay_hex_decode(name, HEX_LEN, digest, 32) == ASSAY_OK;
}

/* Returns: whether its digest matches its name; else the reason */
static bool is_sound(const char *path, const uint8_t digest[static 32], size_t len_max,
                     char why[static DAEMON_PIN_WHY])
{
    uint8_t found[32], *bytes = NULL;
    char hex[65];
    size_t len = 0;
    struct stat info;
    (void)snprintf(why, DAEMON_PIN_WHY, "expected a regular file");
    if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode)) return false;
    errno = 0;
    const enum assay_status status = assay_file_read(path, len_max, &bytes, &len);
    (void)snprintf(why, DAEMON_PIN_WHY, "it cannot be read: %s",
                   errno != 0 ? strerror(errno) : assay_status_text(status));
    if (status != ASSAY_OK) return false;
    assay_sha256(bytes, len, found);
    free(bytes);
    assay_hex_encode(found, sizeof found, hex, sizeof hex);
    (void)snprintf(why, DAEMON_PIN_WHY, "its SHA-256 is %s", hex);
    return assay_bytes_equal(found, digest, 32);
}

bool daemon_images_sound(const char *folder, size_t len_max, char name[static HEX_LEN + 1],
                         char why[static DAEMON_PIN_WHY])
{
    char path[PATH_MAX];
    uint8_t digest[32];
    bool sound = true;
    DIR *const stream = opendir(folder);
    if (stream == NULL) return true;
    for (const struct dirent *e; sound && (e = readdir(stream)) != NULL;) {
        if (!daemon_image_name(e->d_name, digest)) continue;
        (void)snprintf(name, HEX_LEN + 1, "%.64s", e->d_name);
        (void)snprintf(path, sizeof path, "%.4000s/%s", folder, name);
        sound = is_sound(path, digest, len_max, why);
    }
    (void)closedir(stream);
    return sound;
}

/* Is the file one of ours? Out: digest, by its name */
static bool is_image(const char *name, uint8_t digest[static 32])
{
    return strlen(name) >= HEX_LEN && (name[HEX_LEN] == '\0' || is_copy_to_run(name)) &&
           assay_hex_decode(name, HEX_LEN, digest, 32) == ASSAY_OK;
}

static bool is_needed(const char *folder, const char *name, const struct daemon_image_needs *needs)
{
    char path[PATH_MAX];
    uint8_t digest[32];
    if (!is_image(name, digest)) return true;
    const int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (len < 0 || len >= PATH_MAX) return true;
    for (size_t i = 0; i < sizeof needs->used / sizeof needs->used[0]; i++)
        if (needs->used[i] != NULL && strcmp(needs->used[i], path) == 0) return true;
    return !is_copy_to_run(name) && needs->is_named(needs->context, digest);
}

/* The newest image that is not needed. Returns: false: there is none */
static bool find_previous(DIR *stream, const char *folder, const struct daemon_image_needs *needs,
                          char previous[static HEX_LEN + 1])
{
    struct timespec newest = { 0 };
    struct stat info;
    bool is_found = false;
    for (const struct dirent *e; (e = readdir(stream)) != NULL;) {
        if (is_needed(folder, e->d_name, needs) || is_copy_to_run(e->d_name)) continue;
        if (fstatat(dirfd(stream), e->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
        const bool is_newer =
            info.st_mtim.tv_sec > newest.tv_sec ||
            (info.st_mtim.tv_sec == newest.tv_sec && info.st_mtim.tv_nsec > newest.tv_nsec);
        if (is_found && !is_newer) continue;
        is_found = true;
        newest = info.st_mtim;
        (void)snprintf(previous, HEX_LEN + 1, "%.64s", e->d_name);
    }
    return is_found;
}

size_t daemon_images_prune(const char *folder, const struct daemon_image_needs *needs)
{
    char previous[HEX_LEN + 1] = "";
    size_t removed = 0;
    DIR *const stream = opendir(folder);
    if (stream == NULL) return 0;
    const bool has_previous = find_previous(stream, folder, needs, previous);
    rewinddir(stream);
    for (const struct dirent *e; (e = readdir(stream)) != NULL;) {
        if (is_needed(folder, e->d_name, needs)) continue;
        if (has_previous && strcmp(e->d_name, previous) == 0) continue;
        removed += unlinkat(dirfd(stream), e->d_name, 0) == 0;
    }
    (void)closedir(stream);
    return removed;
}
