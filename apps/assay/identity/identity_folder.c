/*
 * apps/assay/identity/identity_folder.c - folder of `assay identity fetch`.
 */
#include "apps/assay/identity/identity_folder.h"

#include "base/crypto.h"
#include "base/file/file.h"
#include "base/secret.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_LEN = 64 };

static const char set_prefix[] = "set-";
static const char *const files[] = { "key.pem", "cert.pem", "ca.pem", "bundle.json" };

static bool join_path(char path[static PATH_MAX], const char *dir, const char *name)
{
    const int len = snprintf(path, PATH_MAX, "%s/%s", dir, name);
    return len > 0 && len < PATH_MAX;
}

/* Of a call that failed just now, in the folder `dir` of the command. */
static enum assay_status report_fault(char *message, const char *dir, const char *path,
                                      const char *what)
{
    const int why = errno;
    struct stat info;
    (void)snprintf(message, CLI_IDENTITY_FOLDER_MESSAGE_LEN, "%.280s: %s (%s)", path, what,
                   strerror(why));
    const size_t len = strlen(message);
    if (why != EACCES && why != EPERM) return ASSAY_E_IO;
    if (stat(dir, &info) != 0)
        (void)snprintf(message + len, CLI_IDENTITY_FOLDER_MESSAGE_LEN - len,
                       ": user %u may not: name a folder of this user with --dir",
                       (unsigned)geteuid());
    else
        (void)snprintf(message + len, CLI_IDENTITY_FOLDER_MESSAGE_LEN - len,
                       ": user %u may not, and the folder is of user %u: run the command as that "
                       "user, or name another folder with --dir",
                       (unsigned)geteuid(), (unsigned)info.st_uid);
    return ASSAY_E_IO;
}

enum assay_status cli_identity_folder_open(const char *dir,
                                           char message[static CLI_IDENTITY_FOLDER_MESSAGE_LEN])
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return report_fault(message, dir, dir, "the folder cannot be made");
    const enum assay_status status = assay_file_check_folder(dir);
    if (status == ASSAY_OK) return ASSAY_OK;
    if (!assay_file_folder_fault(dir, message))
        (void)snprintf(message, CLI_IDENTITY_FOLDER_MESSAGE_LEN,
                       "%.400s: it is no folder that this user alone may change", dir);
    return status;
}

enum assay_status cli_identity_folder_claim(const char *dir, const char *owner,
                                            char message[static CLI_IDENTITY_FOLDER_MESSAGE_LEN])
{
    char path[PATH_MAX], found[CLI_IDENTITY_OWNER_MAX] = "";
    uint8_t *bytes = NULL;
    size_t len = 0;
    (void)snprintf(message, CLI_IDENTITY_FOLDER_MESSAGE_LEN, "%.400s: the path is too long", dir);
    if (!join_path(path, dir, "key-name")) return ASSAY_E_RANGE;
    const enum assay_status status =
        assay_file_read(path, CLI_IDENTITY_OWNER_MAX - 1, &bytes, &len);
    if (status == ASSAY_OK) (void)snprintf(found, sizeof found, "%.*s", (int)len, (char *)bytes);
    const int why = errno;
    free(bytes);
    if (status == ASSAY_E_IO) {
        errno = why;
        return report_fault(message, dir, path, "the file cannot be read");
    }
    if (status == ASSAY_E_NOT_FOUND)
        return assay_file_replace(path, ASSAY_FILE_PUBLIC,
                                  assay_slice_over(owner, strlen(owner))) == ASSAY_OK
                   ? ASSAY_OK
                   : report_fault(message, dir, path, "the file cannot be written");
    if (status == ASSAY_OK && strcmp(found, owner) == 0) return ASSAY_OK;
    if (status != ASSAY_OK) (void)snprintf(found, sizeof found, "another file");
    (void)snprintf(message, CLI_IDENTITY_FOLDER_MESSAGE_LEN,
                   "%.180s: expected \"%.180s\", found \"%.180s\": a folder is for one key: name "
                   "another folder, or remove this one",
                   path, owner, found);
    return ASSAY_E_DUPLICATE;
}

/* The target of the link; "": there is none. */
static void read_current(const char *dir, char name[static NAME_LEN])
{
    char path[PATH_MAX];
    name[0] = '\0';
    if (!join_path(path, dir, "current")) return;
    const ssize_t len = readlink(path, name, NAME_LEN - 1);
    name[len > 0 ? len : 0] = '\0';
}

static enum assay_status write_file(const char *dir, const char *set, const char *name,
                                    enum assay_file_mode mode, struct assay_slice content,
                                    char *message)
{
    char folder[PATH_MAX], path[PATH_MAX];
    if (!join_path(folder, dir, set) || !join_path(path, folder, name)) return ASSAY_E_RANGE;
    if (assay_file_replace(path, mode, content) == ASSAY_OK) return ASSAY_OK;
    return report_fault(message, dir, path, "the file cannot be written");
}

/* What the file files[i] of a set has; no bytes: it is not there. */
static struct assay_slice content_of(const struct cli_identity_set *set, size_t i)
{
    const bool is_pem = set->ca.len > 0 && set->ca.bytes[0] == '-';
    switch (i) {
    case 0: return set->key;
    case 1: return set->chain;
    case 2: return is_pem ? set->ca : (struct assay_slice){ NULL, 0 };
    default: return is_pem ? set->bundle : set->ca;
    }
}

static enum assay_file_mode mode_of(size_t i)
{
    return i == 0 ? ASSAY_FILE_SECRET : ASSAY_FILE_PUBLIC;
}

/* Returns: whether the folder has the set, unchanged: files may have been removed or changed. Modes
 * are the operator's: another user may have to read the key. */
static bool is_whole(const char *dir, const char *name, const struct cli_identity_set *set)
{
    char folder[PATH_MAX], path[PATH_MAX];
    if (!join_path(folder, dir, name)) return false;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct assay_slice wanted = content_of(set, i);
        struct stat info;
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (wanted.len == 0) continue;
        if (!join_path(path, folder, files[i]) || lstat(path, &info) != 0) return false;
        if (!S_ISREG(info.st_mode)) return false;
        const bool is_same =
            assay_file_read(path, wanted.len, &bytes, &len) == ASSAY_OK && len == wanted.len &&
            assay_bytes_equal(bytes, wanted.bytes, len);
        if (i == 0 && bytes != NULL) assay_secret_wipe(bytes, len);
        free(bytes);
        if (!is_same) return false;
    }
    return true;
}

static enum assay_status write_set(const char *dir, const char *name,
                                   const struct cli_identity_set *set, char *message)
{
    char folder[PATH_MAX];
    if (!join_path(folder, dir, name)) return ASSAY_E_RANGE;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return report_fault(message, dir, folder, "the folder cannot be made");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (content_of(set, i).len > 0)
            ASSAY_TRY(write_file(dir, name, files[i], mode_of(i), content_of(set, i), message));
    if (assay_file_sync_folder(folder) == ASSAY_OK) return ASSAY_OK;
    return report_fault(message, dir, folder, "the folder cannot be made durable");
}

static enum assay_status swap_link(const char *dir, const char *name, char *message)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (!join_path(from, dir, ".current.new") || !join_path(to, dir, "current"))
        return ASSAY_E_RANGE;
    (void)unlink(from); /* of a process that was killed */
    if (symlink(name, from) != 0)
        return report_fault(message, dir, from, "the link cannot be made");
    if (rename(from, to) != 0) return report_fault(message, dir, to, "the link cannot be swapped");
    if (assay_file_sync_folder(to) == ASSAY_OK) return ASSAY_OK;
    return report_fault(message, dir, to, "the link cannot be made durable");
}

/* Sets that neither the link nor its predecessor names, of which a program may still read. */
static void remove_others(const char *dir, const char *newest, const char *before)
{
    char folder[PATH_MAX], path[PATH_MAX];
    DIR *const all = opendir(dir);
    if (all == NULL) return;
    for (const struct dirent *entry = readdir(all); entry != NULL; entry = readdir(all)) {
        const char *name = entry->d_name;
        if (strncmp(name, set_prefix, sizeof set_prefix - 1) != 0 || strcmp(name, newest) == 0 ||
            strcmp(name, before) == 0 || !join_path(folder, dir, name))
            continue;
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
            if (join_path(path, folder, files[i])) (void)unlink(path);
        (void)rmdir(folder);
    }
    (void)closedir(all);
}

enum assay_status cli_identity_folder_swap(const char *dir, const struct cli_identity_set *set,
                                           bool *is_new,
                                           char message[static CLI_IDENTITY_FOLDER_MESSAGE_LEN])
{
    char name[NAME_LEN], before[NAME_LEN], hex[33], ca[17];
    uint8_t digest[32];
    const struct assay_slice pieces[] = { set->chain, set->ca };
    assay_sha256_pieces(pieces, sizeof pieces / sizeof pieces[0], digest);
    assay_hex_encode(set->serial, 16, hex, sizeof hex);
    assay_hex_encode(digest, 8, ca, sizeof ca);
    (void)snprintf(name, sizeof name, "%s%s-%s", set_prefix, hex, ca);
    (void)snprintf(message, CLI_IDENTITY_FOLDER_MESSAGE_LEN, "%.400s: the path is too long", dir);
    read_current(dir, before);
    *is_new = strcmp(before, name) != 0 || !is_whole(dir, name, set);
    if (!*is_new) return ASSAY_OK;
    ASSAY_TRY(write_set(dir, name, set, message));
    if (strcmp(before, name) == 0) return ASSAY_OK;
    ASSAY_TRY(swap_link(dir, name, message));
    remove_others(dir, name, before);
    return ASSAY_OK;
}
