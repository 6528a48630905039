/*
 * apps/assay/files.c - whole files in and out, for the command line.
 */
#include "apps/assay/command.h"

#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum assay_status assay_file_read(const char *path, size_t len_max, uint8_t **bytes, size_t *len)
{
    ASSAY_ASSERT(path != NULL);

    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO;
    struct stat info;
    if (fstat(fd, &info) != 0 || S_ISDIR(info.st_mode)) {
        (void)close(fd);
        return ASSAY_E_IO;
    }
    uint8_t *buffer = malloc(len_max + 1); /* one more: a longer file shows itself */
    enum assay_status status = buffer != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    size_t done = 0;
    while (status == ASSAY_OK && done <= len_max) {
        const ssize_t n = read(fd, buffer + done, len_max + 1 - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) status = ASSAY_E_IO;
        if (n <= 0) break;
        done += (size_t)n;
    }
    (void)close(fd);
    if (status == ASSAY_OK && done > len_max) status = ASSAY_E_RANGE;
    if (status != ASSAY_OK) {
        free(buffer);
        return status;
    }
    *bytes = buffer;
    *len = done;
    return ASSAY_OK;
}

static enum assay_status write_all(int fd, const uint8_t *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        const ssize_t n = write(fd, bytes + done, len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return ASSAY_E_IO;
        done += (size_t)n;
    }
    return fsync(fd) == 0 ? ASSAY_OK : ASSAY_E_IO;
}

enum assay_status assay_file_write(const char *path, unsigned mode, const uint8_t *bytes,
                                   size_t len)
{
    ASSAY_ASSERT(path != NULL);

    char beside[PATH_MAX];
    const int used = snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    if (used <= 0 || (size_t)used >= sizeof beside) return ASSAY_E_IO;
    const int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) return ASSAY_E_IO;

    enum assay_status status = write_all(fd, bytes, len);
    if (status == ASSAY_OK && fchmod(fd, (mode_t)mode) != 0) status = ASSAY_E_IO;
    if (close(fd) != 0 && status == ASSAY_OK) status = ASSAY_E_IO;
    if (status == ASSAY_OK && rename(beside, path) != 0) status = ASSAY_E_IO;
    if (status != ASSAY_OK) (void)unlink(beside);
    return status;
}
