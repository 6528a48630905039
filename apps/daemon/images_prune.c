/*
 * apps/daemon/images_prune.c - removal of pinned enclave images that nothing needs any more.
 */
#include "apps/daemon/images_prune.h"

#include "base/bytes.h"
#include "base/status.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEX_LEN = 64 };

static const char run_tail[] = ".run";

static bool is_copy_to_run(const char *name)
{
    return strcmp(name + HEX_LEN, run_tail) == 0;
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
