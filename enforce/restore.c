/*
 * enforce/restore.c - atomic replacement of an executable.
 */
#include "enforce/restore.h"

#include "base/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum assay_status report_refusal(char *message, enum assay_status status, const char *path,
                                        const char *why)
{
    snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "restore %.160s: %s", path, why);
    return status;
}

static bool copy_all(int from, int to)
{
    uint8_t chunk[64 * 1024];
    uint64_t total = 0;
    for (;;) {
        const ssize_t got = read(from, chunk, sizeof chunk);
        if (got <= 0) return got == 0;
        total += (uint64_t)got;
        if (total > ASSAY_RESTORE_LEN_MAX) {
            errno = EFBIG;
            return false;
        }
        for (ssize_t done = 0; done < got;) {
            const ssize_t put = write(to, chunk + done, (size_t)(got - done));
            if (put <= 0) return false;
            done += put;
        }
    }
}

/* A running executable cannot be written to, but it can be renamed over. */
static bool replace_file(int from, const char *temporary, const char *to)
{
    unlink(temporary); /* what a crash left behind */
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0700);
    if (fd < 0) return false;
    bool done = copy_all(from, fd) && fchmod(fd, 0755) == 0 && fsync(fd) == 0;
    done = close(fd) == 0 && done;
    done = done && rename(temporary, to) == 0 && assay_file_sync_folder(to) == ASSAY_OK;
    const int error = errno;
    if (!done) unlink(temporary);
    errno = error;
    return done;
}

enum assay_status assay_enforce_restore_file(const char *from, const char *to,
                                             char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    char temporary[PATH_MAX];
    const int len = snprintf(temporary, sizeof temporary, "%s.restore", to);
    if (len < 0 || (size_t)len >= sizeof temporary)
        return report_refusal(message, ASSAY_E_RANGE, to, "the path is too long");
    const int fd = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return report_refusal(message, errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO, from,
                              strerror(errno));
    struct stat about;
    enum assay_status status = ASSAY_OK;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size < 1 ||
        about.st_size > ASSAY_RESTORE_LEN_MAX)
        status =
            report_refusal(message, ASSAY_E_RANGE, from, "no regular file of 1 byte to 64 MiB");
    else if (!replace_file(fd, temporary, to))
        status = report_refusal(message, ASSAY_E_IO, to, strerror(errno));
    close(fd);
    return status;
}
