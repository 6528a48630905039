/*
 * tests/byzantine/disk_shim.c - LD_PRELOAD: a disk that fails while a program runs.
 *
 * Writes and syncs to files whose path holds what $ASSAY_TEST_FILES says fail as the first
 * character of the file $ASSAY_TEST_DISK tells: 1 EIO, as a dying disk does, 2 EROFS, as one does
 * that the kernel made read-only; 0 they do not fail.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static const volatile char *broken;
static const char *files;

/* Before any thread exists. */
__attribute__((constructor)) static void open_file(void)
{
    const char *path = getenv("ASSAY_TEST_DISK");
    const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    files = getenv("ASSAY_TEST_FILES");
    if (fd < 0 || files == NULL) return;
    void *bytes = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes != MAP_FAILED) broken = bytes;
    (void)close(fd);
}

static bool fails(int fd)
{
    char link[64], path[PATH_MAX];
    const char how = broken != NULL ? *broken : '0';
    if (how != '1' && how != '2') return false;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t len = readlink(link, path, sizeof path - 1);
    if (len <= 0) return false;
    path[len] = '\0';
    if (strstr(path, files) == NULL) return false;
    errno = how == '1' ? EIO : EROFS;
    return true;
}

__attribute__((visibility("default"))) ssize_t pwrite64(int fd, const void *bytes, size_t len,
                                                        off64_t at)
{
    return fails(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, len, at);
}

__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void *bytes, size_t len,
                                                      off_t at)
{
    return fails(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, len, at);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    return fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    return fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}
