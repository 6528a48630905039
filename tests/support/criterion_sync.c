/*
 * tests/support/criterion_sync.c - unit tests do not wait for the disk.
 *
 * No unit test cuts the power: what a process has written, the next one reads, synced or not.
 * Whether a store syncs before it acknowledges is watched by its VFS (tests/unit/store) and on
 * networks with failing disks (tests/byzantine). Weak, so that a program can let a sync fail.
 * SQLite's calls come here as well.
 */
#include <fcntl.h>
#include <unistd.h>

#define SEEN_BY_SQLITE __attribute__((weak, visibility("default")))

static int sync_checked(int fd)
{
    return fcntl(fd, F_GETFD) < 0 ? -1 : 0; /* EBADF */
}

SEEN_BY_SQLITE int fsync(int fd)
{
    return sync_checked(fd);
}

SEEN_BY_SQLITE int fdatasync(int fd)
{
    return sync_checked(fd);
}
