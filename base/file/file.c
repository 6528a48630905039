/*
 * base/file/file.c - complete files over system calls.
 */
#include "base/file/file.h"

#include "base/assert.h"
#include "base/file/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------ reading */

/* Returns: the length of the folder's part of path, its slash included; 0: the current one. */
static int folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (int)(slash - path) + 1;
}

/* Up to capacity bytes; a longer file fills it. */
static enum assay_status read_all(int fd, uint8_t *bytes, size_t capacity, size_t *len)
{
    size_t done = 0;
    while (done < capacity) {
        const ssize_t n = read(fd, bytes + done, capacity - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return ASSAY_E_IO;
        if (n == 0) break;
        done += (size_t)n;
    }
    *len = done;
    return ASSAY_OK;
}

/* What the shell hands over as a path: standard input, `<(command)`; and the empty file. */
static bool is_descriptor(const char *path)
{
    return strcmp(path, "/dev/stdin") == 0 || strcmp(path, "/dev/null") == 0 ||
           strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/self/fd/", 14) == 0;
}

/* The last file that was too long, for its message: like errno, a matter of one thread. */
static _Thread_local struct {
    char path[PATH_MAX];
    size_t len_max;
    uint64_t found; /* 0: more than len_max, from a pipe */
} too_long;

static void note_too_long(const char *path, size_t len_max, const struct stat *info)
{
    (void)snprintf(too_long.path, sizeof too_long.path, "%s", path);
    too_long.len_max = len_max;
    too_long.found = S_ISREG(info->st_mode) ? (uint64_t)info->st_size : 0;
}

/* Out: *info with ASSAY_OK. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO (errno) */
static enum assay_status open_file(const char *path, int *fd, struct stat *info)
{
    /* O_NONBLOCK: a FIFO in place of a file must not block. */
    const bool piped = is_descriptor(path);
    *fd = open(path, O_RDONLY | O_CLOEXEC | (piped ? 0 : O_NONBLOCK));
    if (*fd < 0) return errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO;
    int why = fstat(*fd, info) == 0 ? 0 : errno;
    if (why == 0 && !S_ISREG(info->st_mode) && (!piped || S_ISDIR(info->st_mode)))
        why = S_ISDIR(info->st_mode) ? EISDIR : EINVAL;
    if (why == 0) return ASSAY_OK;
    (void)close(*fd);
    errno = why;
    return ASSAY_E_IO;
}

enum assay_status assay_file_open(const char *path, int *fd)
{
    struct stat info;
    ASSAY_ASSERT(path != NULL);
    return open_file(path, fd, &info);
}

enum assay_status assay_file_read(const char *path, size_t len_max, uint8_t **bytes, size_t *len)
{
    ASSAY_ASSERT(path != NULL);

    struct stat info;
    int fd = -1;
    size_t done = 0;
    too_long.path[0] = '\0';
    ASSAY_TRY(open_file(path, &fd, &info));
    uint8_t *buffer = malloc(len_max + 1); /* one more: a longer file shows itself */
    enum assay_status status = buffer != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK) status = read_all(fd, buffer, len_max + 1, &done);
    if (status == ASSAY_OK && done > len_max) status = ASSAY_E_RANGE;
    if (status == ASSAY_E_RANGE) note_too_long(path, len_max, &info);
    const int why = errno;
    (void)close(fd);
    errno = why;
    if (status != ASSAY_OK) {
        free(buffer);
        return status;
    }
    *bytes = buffer;
    *len = done;
    return ASSAY_OK;
}

/* NULL: a regular file. */
static const char *name_of_type(mode_t mode)
{
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
    return NULL;
}

bool assay_file_read_fault(const char *path, enum assay_status status,
                           char message[static ASSAY_FILE_MESSAGE_LEN])
{
    const int why = errno;
    struct stat info;
    const bool is_long = status == ASSAY_E_RANGE && strcmp(path, too_long.path) == 0;
    if (is_long && too_long.found > 0)
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                       "has %llu bytes, expected at most %zu; give the right file",
                       (unsigned long long)too_long.found, too_long.len_max);
    else if (is_long)
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                       "has more than %zu bytes, which is the limit; give the right file",
                       too_long.len_max);
    if (is_long) return true;
    const bool is_there = status == ASSAY_E_IO && stat(path, &info) == 0;
    const char *type = is_there ? name_of_type(info.st_mode) : NULL;
    errno = why;
    if (type == NULL) return false;
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN, "is %s, expected a regular file", type);
    return true;
}

/* ------------------------------------------------------------ secrets */

static bool is_ours(const struct stat *info)
{
    return info->st_uid == geteuid() || info->st_uid == 0;
}

/* An access list of systemd's shows as rights of the group: root's file, and not ours to give. */
static bool is_credential(const struct stat *info)
{
    return info->st_uid == 0 && geteuid() != 0 && (info->st_mode & 07777) == 0440;
}

static bool is_private(const struct stat *info)
{
    return is_ours(info) && ((info->st_mode & (S_IRWXG | S_IRWXO)) == 0 || is_credential(info));
}

/* sticky_will_do: no user can replace files of another user there. */
static bool is_safe_folder(const struct stat *info, bool sticky_will_do)
{
    if (sticky_will_do && (info->st_mode & S_ISVTX) != 0 && info->st_uid == 0) return true;
    return is_ours(info) && (info->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* A user who may write to or owns a parent folder can replace this folder of keys by another one.
 * Returns: ASSAY_OK | ASSAY_E_INVALID */
static enum assay_status check_above(const char *folder)
{
    char message[ASSAY_FILE_MESSAGE_LEN];
    return assay_file_way_fault(folder, message) ? ASSAY_E_INVALID : ASSAY_OK;
}

/* Of the folder's part of path, its slash included; "." for a name alone. */
static enum assay_status folder_of(const char *path, char folder[static PATH_MAX])
{
    const int len = folder_len(path);
    const int put = snprintf(folder, PATH_MAX, "%.*s", len > 0 ? len : 1, len > 0 ? path : ".");
    return put > 0 && put < PATH_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status look_at_folder(const char *path, struct stat *info)
{
    if (stat(path, info) != 0) return errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO;
    return S_ISDIR(info->st_mode) ? ASSAY_OK : ASSAY_E_IO;
}

enum assay_status assay_file_check_folder(const char *path)
{
    struct stat info;
    ASSAY_TRY(look_at_folder(path, &info));
    return is_safe_folder(&info, false) ? check_above(path) : ASSAY_E_INVALID;
}

enum assay_status assay_file_read_secret(const char *path, uint8_t *bytes, size_t capacity,
                                         size_t *len)
{
    ASSAY_ASSERT(path != NULL);

    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO;
    char folder[PATH_MAX];
    struct stat info, around;
    enum assay_status status = folder_of(path, folder);
    if (status == ASSAY_OK) status = look_at_folder(folder, &around);
    if (status != ASSAY_OK) status = ASSAY_E_IO;
    else if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) status = ASSAY_E_IO;
    else if (!is_private(&info) || !is_safe_folder(&around, true)) status = ASSAY_E_INVALID;
    else status = check_above(folder);
    if (status == ASSAY_OK) status = read_all(fd, bytes, capacity, len);
    (void)close(fd);
    return status == ASSAY_OK && *len == capacity ? ASSAY_E_RANGE : status;
}

/* --- the same, as text */

static bool fault_of_owner(const char *path, const struct stat *info, char *message)
{
    if (is_ours(info)) return false;
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                   "%.300s: belongs to user %u, expected user %u, who reads it, or root", path,
                   (unsigned)info->st_uid, (unsigned)geteuid());
    return true;
}

static bool fault_of_folder(const char *path, bool sticky_will_do, char *message)
{
    struct stat info;
    const enum assay_status status = look_at_folder(path, &info);
    if (status == ASSAY_OK && is_safe_folder(&info, sticky_will_do))
        return assay_file_way_fault(path, message);
    if (status == ASSAY_E_NOT_FOUND)
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN, "%.300s: there is no such folder", path);
    else if (status != ASSAY_OK && stat(path, &info) == 0)
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN, "%.300s: is a file, expected a folder",
                       path);
    else if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                       "%.300s: expected a folder that can be read (%s)", path, strerror(errno));
    else if (!fault_of_owner(path, &info, message))
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                       "%.300s: others may put files into this folder of keys: mode %04o, "
                       "expected 0700 (chmod go-w)",
                       path, (unsigned)info.st_mode & 07777);
    return true;
}

bool assay_file_folder_fault(const char *path, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    return fault_of_folder(path, false, message);
}

bool assay_file_secret_fault(const char *path, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    char folder[PATH_MAX];
    struct stat info;
    if (folder_of(path, folder) == ASSAY_OK && fault_of_folder(folder, true, message)) return true;
    if (lstat(path, &info) != 0 && errno == ENOENT)
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN, "%.300s: there is no such file", path);
    else if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode))
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                       "%.300s: a key must be a readable regular file of mode 0600, and no link",
                       path);
    else if (fault_of_owner(path, &info, message)) return true;
    else if (!is_private(&info))
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                       "%.300s: a key must be a readable regular file of mode 0600, found mode "
                       "%04o (chmod 600)",
                       path, (unsigned)info.st_mode & 07777);
    else if (access(path, R_OK) != 0)
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN, "%.300s: cannot be read: %s", path,
                       strerror(errno));
    else return false;
    return true;
}

/* ------------------------------------------------------------ writing */

static enum assay_status write_all(int fd, struct assay_slice content)
{
    for (size_t done = 0; done < content.len;) {
        const ssize_t n = write(fd, content.bytes + done, content.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return ASSAY_E_IO;
        done += (size_t)n;
    }
    return fsync(fd) == 0 ? ASSAY_OK : ASSAY_E_IO;
}

enum assay_status assay_file_sync_folder(const char *path)
{
    char folder[PATH_MAX];
    ASSAY_TRY(folder_of(path, folder));
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return ASSAY_E_IO;
    const int failed = fsync(fd);
    (void)close(fd);
    return failed ? ASSAY_E_IO : ASSAY_OK;
}

/*
 * Two writers of one file at once: each locks its temporary file until that has its final name or
 * is removed. One that can be locked was left by a crash, and only such a one is removed;
 * otherwise a writer could give the other's bytes its name, and report a key that is not there. A
 * file system without locks does not keep them apart.
 */
enum { WRITER_TURNS_MAX = 500, WRITER_PAUSE_NS = 10000000 }; /* 5 s for the other writer */

/* Returns: 0; EWOULDBLOCK: another writer has it */
static int lock_temporary(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK ? EWOULDBLOCK : 0;
}

static bool has_name(int fd, const char *path)
{
    struct stat file, named;
    return fstat(fd, &file) == 0 && lstat(path, &named) == 0 && file.st_dev == named.st_dev &&
           file.st_ino == named.st_ino;
}

/* Returns: ASSAY_OK (removed, or gone) | ASSAY_E_AGAIN (of a writer at work) | ASSAY_E_IO */
static enum assay_status remove_left_over(const char *temporary)
{
    const int fd = open(temporary, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return ASSAY_OK;
    /* A link, a FIFO or another user's file is no writer's at work. */
    if (fd < 0 && errno != ELOOP && errno != ENXIO && errno != EACCES) return ASSAY_E_IO;
    enum assay_status status = ASSAY_OK;
    if (fd >= 0 && lock_temporary(fd) != 0) status = ASSAY_E_AGAIN;
    const bool is_left = status == ASSAY_OK && (fd < 0 || has_name(fd, temporary));
    if (is_left && unlink(temporary) != 0 && errno != ENOENT) status = ASSAY_E_IO;
    const int why = errno;
    if (fd >= 0) (void)close(fd);
    errno = why;
    return status;
}

/* Returns: ASSAY_OK and *fd, locked | ASSAY_E_IO (EBUSY: another writer does not end) */
static enum assay_status open_temporary(const char *temporary, int *fd)
{
    const struct timespec pause = { 0, WRITER_PAUSE_NS };
    for (int i = 0; i < WRITER_TURNS_MAX; i++) {
        *fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (*fd < 0 && errno != EEXIST) return ASSAY_E_IO;
        if (*fd >= 0) {
            /* Before the lock, the other writer may have removed it as left over. */
            if (lock_temporary(*fd) == 0 && has_name(*fd, temporary)) return ASSAY_OK;
            (void)close(*fd);
            continue;
        }
        const enum assay_status status = remove_left_over(temporary);
        if (status == ASSAY_E_IO) return status;
        if (status == ASSAY_E_AGAIN) (void)nanosleep(&pause, NULL);
    }
    errno = EBUSY;
    return ASSAY_E_IO;
}

/* The content, synced, with its final permissions. */
static enum assay_status write_temporary(int fd, mode_t mode, struct assay_slice content)
{
    if (mode != ASSAY_FILE_SECRET && fchmod(fd, mode) != 0) return ASSAY_E_IO;
    return write_all(fd, content);
}

static enum assay_status write_file(const char *path, bool replace, mode_t mode,
                                    struct assay_slice content)
{
    char temporary[PATH_MAX];
    const int head = folder_len(path);
    const int len = snprintf(temporary, sizeof temporary, "%.*s.%s.new", head, path, path + head);
    if (len <= 0 || (size_t)len >= sizeof temporary || path[head] == '\0') return ASSAY_E_RANGE;

    int fd = -1;
    ASSAY_TRY(open_temporary(temporary, &fd));
    enum assay_status status = write_temporary(fd, mode, content);
    if (status == ASSAY_OK && replace && rename(temporary, path) != 0) status = ASSAY_E_IO;
    if (status == ASSAY_OK && !replace && link(temporary, path) != 0)
        status = errno == EEXIST ? ASSAY_E_DUPLICATE : ASSAY_E_IO;
    const int why = errno;
    if (status != ASSAY_OK || !replace) (void)unlink(temporary);
    (void)close(fd); /* the lock; errors were reported by fsync */
    errno = why;
    return status == ASSAY_OK ? assay_file_sync_folder(path) : status;
}

enum assay_status assay_file_replace(const char *path, enum assay_file_mode mode,
                                     struct assay_slice content)
{
    ASSAY_ASSERT(path != NULL);
    return write_file(path, true, (mode_t)mode, content);
}

enum assay_status assay_file_create(const char *path, enum assay_file_mode mode,
                                    struct assay_slice content)
{
    ASSAY_ASSERT(path != NULL);
    return write_file(path, false, (mode_t)mode, content);
}
