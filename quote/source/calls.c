/*
 * quote/source/calls.c - system implementation of the call table, and complete files over any
 * table.
 */
#include "quote/source/calls.h"

#include "base/assert.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------ the system */

static int system_open(void *context, const char *path, int flags)
{
    (void)context;
    return open(path, flags | O_CLOEXEC);
}

static ssize_t system_read(void *context, int fd, void *bytes, size_t len)
{
    (void)context;
    return read(fd, bytes, len);
}

static ssize_t system_write(void *context, int fd, const void *bytes, size_t len)
{
    (void)context;
    return write(fd, bytes, len);
}

static int system_close(void *context, int fd)
{
    (void)context;
    return close(fd);
}

static int system_mkdir(void *context, const char *path)
{
    (void)context;
    return mkdir(path, 0700);
}

static int system_rmdir(void *context, const char *path)
{
    (void)context;
    return rmdir(path);
}

static int system_lock(void *context, int fd)
{
    (void)context;
    return flock(fd, LOCK_EX | LOCK_NB);
}

static int system_ioctl(void *context, int fd, unsigned long request, void *argument)
{
    (void)context;
    return ioctl(fd, request, argument);
}

static int system_is_device(void *context, int fd)
{
    struct stat found;
    (void)context;
    if (fstat(fd, &found) != 0) return -1;
    return S_ISCHR(found.st_mode) ? 1 : 0;
}

static ssize_t system_list(void *context, const char *path, const char *prefix,
                           char names[][ASSAY_CALLS_NAME_MAX])
{
    (void)context;
    DIR *const folder = opendir(path);
    if (folder == NULL) return -1;
    ssize_t count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0) continue;
        const size_t len = strlen(entry->d_name);
        if (len >= ASSAY_CALLS_NAME_MAX) continue;
        ASSAY_ASSERT(count < ASSAY_CALLS_NAMES_MAX);
        assay_bytes_copy(names[count++], ASSAY_CALLS_NAME_MAX, entry->d_name, len + 1);
        if (count == ASSAY_CALLS_NAMES_MAX) break;
    }
    (void)closedir(folder);
    return count;
}

static const struct assay_source_calls system_calls = {
    .open = system_open,
    .read = system_read,
    .write = system_write,
    .close = system_close,
    .mkdir = system_mkdir,
    .rmdir = system_rmdir,
    .lock = system_lock,
    .ioctl = system_ioctl,
    .is_device = system_is_device,
    .list = system_list,
};

const struct assay_source_calls *assay_source_calls_system(void)
{
    return &system_calls;
}

/* ------------------------------------------------------------ whole files */

static enum assay_status status_of(int error)
{
    if (error == ENOENT || error == ENXIO || error == ENODEV) return ASSAY_E_NOT_FOUND;
    if (error == EFBIG) return ASSAY_E_RANGE;
    return error == EAGAIN ? ASSAY_E_AGAIN : ASSAY_E_IO;
}

/* Up to capacity bytes and one more, which shows that there are too many. */
static enum assay_status read_to_end(const struct assay_source_calls *calls, int fd, uint8_t *bytes,
                                     size_t capacity, size_t *len)
{
    size_t done = 0;
    for (;;) {
        uint8_t one_more;
        ASSAY_ASSERT(done <= capacity);
        const bool is_full = done == capacity;
        const ssize_t n = is_full ? calls->read(calls->context, fd, &one_more, 1)
                                  : calls->read(calls->context, fd, bytes + done, capacity - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return status_of(errno);
        if (n == 0) break;
        if (is_full) {
            errno = EFBIG;
            return ASSAY_E_RANGE;
        }
        ASSAY_ASSERT((size_t)n <= capacity - done);
        done += (size_t)n;
    }
    *len = done;
    return ASSAY_OK;
}

enum assay_status assay_calls_read(const struct assay_source_calls *calls, const char *path,
                                   uint8_t *bytes, size_t capacity, size_t *len, int *error)
{
    ASSAY_ASSERT(calls != NULL && path != NULL);
    const int fd = calls->open(calls->context, path, O_RDONLY);
    enum assay_status status = ASSAY_OK;
    *error = 0;
    if (fd < 0) {
        *error = errno;
        return status_of(errno);
    }
    status = read_to_end(calls, fd, bytes, capacity, len);
    if (status != ASSAY_OK) *error = errno;
    (void)calls->close(calls->context, fd); /* nothing was written: nothing can be lost */
    return status;
}

enum assay_status assay_calls_write(const struct assay_source_calls *calls, const char *path,
                                    struct assay_slice content, int *error)
{
    const int fd = calls->open(calls->context, path, O_WRONLY);
    enum assay_status status = ASSAY_OK;
    *error = 0;
    if (fd < 0) {
        *error = errno;
        return status_of(errno);
    }
    for (size_t done = 0; status == ASSAY_OK && done < content.len;) {
        const ssize_t n =
            calls->write(calls->context, fd, content.bytes + done, content.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = EIO; /* no progress and no reason: not a file of this kind */
        if (n <= 0) status = status_of(errno);
        else done += (size_t)n;
        ASSAY_ASSERT(done <= content.len);
        if (status != ASSAY_OK) *error = errno;
    }
    /* Attributes are often handed to the kernel's driver at close, which then reports the error. */
    if (calls->close(calls->context, fd) != 0 && status == ASSAY_OK) {
        *error = errno;
        status = status_of(errno);
    }
    return status;
}
