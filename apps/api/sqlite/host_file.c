/*
 * apps/api/sqlite/host_file.c - files of the host that a database has: the main file and its WAL.
 */
#include "apps/api/sqlite/database.h"
#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { FILE_MODE = 0600 };

bool assay_sqlite_host_read(int fd, void *bytes, size_t len, uint64_t at, size_t *found)
{
    *found = 0;
    while (*found < len) {
        const ssize_t got =
            pread(fd, (uint8_t *)bytes + *found, len - *found, (off_t)(at + *found));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) break;
        *found += (size_t)got;
    }
    return true;
}

bool assay_sqlite_host_write(int fd, const void *bytes, size_t len, uint64_t at)
{
    for (size_t done = 0; done < len;) {
        const ssize_t put =
            pwrite(fd, (const uint8_t *)bytes + done, len - done, (off_t)(at + done));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        done += (size_t)put;
    }
    return true;
}

bool assay_sqlite_host_sync_folder(const char *path)
{
    char folder[ASSAY_SQLITE_PATH_MAX + 256];
    const char *const slash = strrchr(path, '/');
    ASSAY_ASSERT(slash != NULL);
    const int len = slash == path ? 1 : (int)(slash - path);
    if (snprintf(folder, sizeof folder, "%.*s", len, path) >= (int)sizeof folder) return false;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool is_done = fsync(fd) == 0;
    (void)close(fd);
    return is_done;
}

enum assay_continuity_result assay_sqlite_host_open(struct assay_sqlite *db)
{
    db->main_fd = open(db->path, O_RDWR | O_CLOEXEC);
    if (db->main_fd < 0 && errno == ENOENT) return ASSAY_CONTINUITY_OK;
    if (db->main_fd < 0)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_STORAGE, "%s: %s", db->path,
                                       strerror(errno));
    if (flock(db->main_fd, LOCK_EX | LOCK_NB) == 0) return ASSAY_CONTINUITY_OK;
    return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_STORAGE,
                                   "%s: expected a file that no other handle has open (%s)",
                                   db->path, strerror(errno));
}

bool assay_sqlite_host_open_wal(struct assay_sqlite *db, bool creates)
{
    if (db->wal_fd >= 0) return true;
    db->wal_fd = open(db->wal_path, O_RDWR | O_CLOEXEC);
    if (db->wal_fd < 0 && errno == ENOENT && creates)
        db->wal_fd = open(db->wal_path, O_RDWR | O_CLOEXEC | O_CREAT, FILE_MODE);
    if (db->wal_fd < 0) return false;
    /* Also of a file that is there: what has made it may have ended before this. */
    if (assay_sqlite_host_sync_folder(db->wal_path)) return true;
    const int error = errno;
    (void)close(db->wal_fd);
    db->wal_fd = -1;
    errno = error;
    return false;
}
