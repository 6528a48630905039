/*
 * apps/api/sqlite/main_file.c - the main file of a database as SQLite reads and writes it
 * (docs/services.md 4.4.9).
 */
#include "apps/api/sqlite/database.h"
#include "base/assert.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

int assay_sqlite_sector_size(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

/* Without it SQLite writes a part of a frame after it has synchronised the rest. */
int assay_sqlite_device(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int close_main(sqlite3_file *file)
{
    struct assay_sqlite_file *const f = (struct assay_sqlite_file *)file;
    int rc = assay_sqlite_unlock_main(file, SQLITE_LOCK_NONE);
    if (rc == SQLITE_OK && f->uses_shm) rc = assay_sqlite_shm_unmap(file, 0);
    pthread_mutex_lock(&f->db->lock);
    f->db->open_files--;
    pthread_mutex_unlock(&f->db->lock);
    return rc;
}

/* A page of the main file into the buffer. */
static int read_page(struct assay_sqlite *db, uint32_t page)
{
    struct assay_sqlite_pages *const pages = &db->pages;
    assay_sqlite_digest digest;
    size_t found = 0;
    if (!assay_sqlite_host_read(db->main_fd, db->buffer, pages->page_size,
                                (uint64_t)(page - 1) * pages->page_size, &found)) {
        assay_sqlite_set_reason(db, ASSAY_CONTINUITY_STORAGE, "%s: %s", db->path, strerror(errno));
        return SQLITE_IOERR_READ;
    }
    assay_bytes_zero(db->buffer + found, pages->page_size - found);
    assay_sqlite_page_digest(pages, db->buffer, digest);
    if (assay_bytes_equal(digest, pages->main[page - 1], sizeof digest)) return SQLITE_OK;
    char expected[2 * ASSAY_SQLITE_DIGEST_LEN + 1], other[2 * ASSAY_SQLITE_DIGEST_LEN + 1];
    assay_hex_encode(pages->main[page - 1], ASSAY_SQLITE_DIGEST_LEN, expected, sizeof expected);
    assay_hex_encode(digest, ASSAY_SQLITE_DIGEST_LEN, other, sizeof other);
    assay_sqlite_set_reason(db, ASSAY_CONTINUITY_SEALED,
                            "%s: page %u was changed: expected digest %s, found %s", db->path, page,
                            expected, other);
    return SQLITE_IOERR_DATA;
}

static int read_main(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    struct assay_sqlite *const db = ((struct assay_sqlite_file *)file)->db;
    const uint64_t page_size = db->pages.page_size;
    uint8_t *bytes = out;
    size_t left = (size_t)len;
    int rc = SQLITE_OK;
    pthread_mutex_lock(&db->lock);
    if (db->result != ASSAY_CONTINUITY_OK) rc = SQLITE_IOERR_READ;
    while (left > 0 && rc == SQLITE_OK) {
        const uint64_t page = (uint64_t)at / page_size + 1, within = (uint64_t)at % page_size;
        const size_t part = left < page_size - within ? left : (size_t)(page_size - within);
        if (page > db->pages.main_count) {
            assay_bytes_zero(bytes, left);
            rc = SQLITE_IOERR_SHORT_READ;
            break;
        }
        rc = read_page(db, (uint32_t)page);
        if (rc == SQLITE_OK) assay_bytes_copy(bytes, left, db->buffer + within, part);
        bytes += part;
        left -= part;
        at += (sqlite3_int64)part;
    }
    pthread_mutex_unlock(&db->lock);
    return rc;
}

/* A checkpoint writes pages of frames that are certified: a later one could not be cut off. */
static int write_page(struct assay_sqlite *db, uint32_t page, const uint8_t *bytes)
{
    struct assay_sqlite_pages *const pages = &db->pages;
    assay_sqlite_digest digest;
    assay_sqlite_page_digest(pages, bytes, digest);
    if (!assay_sqlite_pages_is_certified(pages, page, digest)) {
        assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE,
                                "%s: page %u: expected content of a certified commit", db->path,
                                page);
        return SQLITE_IOERR_WRITE;
    }
    if (page > pages->main_count && !assay_sqlite_pages_resize_main(pages, page))
        return SQLITE_IOERR_NOMEM;
    /* After a failure the page has neither content for sure. */
    assay_bytes_zero(pages->main[page - 1], ASSAY_SQLITE_DIGEST_LEN);
    if (!assay_sqlite_host_write(db->main_fd, bytes, pages->page_size,
                                 (uint64_t)(page - 1) * pages->page_size)) {
        const int rc = errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
        assay_sqlite_set_reason(db, ASSAY_CONTINUITY_STORAGE, "%s: %s", db->path, strerror(errno));
        return rc;
    }
    assay_bytes_copy(pages->main[page - 1], ASSAY_SQLITE_DIGEST_LEN, digest, sizeof digest);
    return SQLITE_OK;
}

static int write_main(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct assay_sqlite *const db = ((struct assay_sqlite_file *)file)->db;
    const uint32_t page_size = db->pages.page_size;
    int rc = SQLITE_IOERR_WRITE;
    pthread_mutex_lock(&db->lock);
    if (db->result == ASSAY_CONTINUITY_OK) {
        if ((uint32_t)len == page_size && at % page_size == 0)
            rc = write_page(db, (uint32_t)(at / page_size + 1), bytes);
        else
            assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE,
                                    "%s: expected a page, found %d bytes at %lld", db->path, len,
                                    (long long)at);
    }
    pthread_mutex_unlock(&db->lock);
    return rc;
}

/* Pages of the state that a shorter main file does not have are in the WAL. */
static bool is_in_wal(const struct assay_sqlite_pages *pages, uint64_t count)
{
    for (uint64_t page = count + 1; page <= pages->state.count; page++)
        if (page >= pages->last_capacity || pages->last[page] == 0) return false;
    return true;
}

static int truncate_main(sqlite3_file *file, sqlite3_int64 size)
{
    struct assay_sqlite *const db = ((struct assay_sqlite_file *)file)->db;
    struct assay_sqlite_pages *const pages = &db->pages;
    int rc = SQLITE_IOERR_TRUNCATE;
    pthread_mutex_lock(&db->lock);
    const uint64_t count = (uint64_t)size / pages->page_size;
    if (db->result == ASSAY_CONTINUITY_OK && count < UINT32_MAX && is_in_wal(pages, count) &&
        ftruncate(db->main_fd, (off_t)size) == 0 &&
        assay_sqlite_pages_resize_main(pages, (uint32_t)count))
        rc = SQLITE_OK;
    pthread_mutex_unlock(&db->lock);
    return rc;
}

static int sync_main(sqlite3_file *file, int flags)
{
    struct assay_sqlite *const db = ((struct assay_sqlite_file *)file)->db;
    int rc = SQLITE_OK;
    (void)flags;
    pthread_mutex_lock(&db->lock);
    if (db->result != ASSAY_CONTINUITY_OK) {
        rc = SQLITE_IOERR_FSYNC;
    } else if (fsync(db->main_fd) != 0) {
        assay_sqlite_poison(db, ASSAY_CONTINUITY_STORAGE, "%s: %s", db->path, strerror(errno));
        rc = SQLITE_IOERR_FSYNC;
    }
    pthread_mutex_unlock(&db->lock);
    return rc;
}

static int size_main(sqlite3_file *file, sqlite3_int64 *size)
{
    struct assay_sqlite *const db = ((struct assay_sqlite_file *)file)->db;
    pthread_mutex_lock(&db->lock);
    *size = (sqlite3_int64)db->pages.main_count * (sqlite3_int64)db->pages.page_size;
    const int rc = db->result == ASSAY_CONTINUITY_OK ? SQLITE_OK : SQLITE_IOERR_FSTAT;
    pthread_mutex_unlock(&db->lock);
    return rc;
}

/* --- statements and events */

static int refuse_pragma(char **arguments, const char *expected)
{
    arguments[0] = sqlite3_mprintf("%s = %s: a certified database needs %s", arguments[1],
                                   arguments[2], expected);
    return SQLITE_ERROR;
}

int assay_sqlite_check_pragma(char **arguments)
{
    static const char *const full[] = { "full", "extra", "2", "3" };
    const char *const name = arguments[1], *const value = arguments[2];
    if (value == NULL) return SQLITE_NOTFOUND;
    if (strcasecmp(name, "journal_mode") == 0 && strcasecmp(value, "wal") != 0)
        return refuse_pragma(arguments, "journal_mode = WAL");
    if (strcasecmp(name, "locking_mode") == 0 && strcasecmp(value, "normal") != 0)
        return refuse_pragma(arguments, "locking_mode = NORMAL");
    if (strcasecmp(name, "mmap_size") == 0 && strcmp(value, "0") != 0)
        return refuse_pragma(arguments, "mmap_size = 0: mapped pages are not verified");
    if (strcasecmp(name, "synchronous") != 0) return SQLITE_NOTFOUND;
    for (size_t i = 0; i < sizeof full / sizeof *full; i++)
        if (strcasecmp(value, full[i]) == 0) return SQLITE_NOTFOUND;
    return refuse_pragma(arguments, "synchronous = FULL or EXTRA");
}

/* The commit has ended: without a synchronisation before, it was not certified. Another connection
 * may be writing the next one. */
static int end_commit(struct assay_sqlite_file *f)
{
    struct assay_sqlite *const db = f->db;
    int rc = SQLITE_OK;
    pthread_mutex_lock(&db->lock);
    if (f->left_commit && db->result == ASSAY_CONTINUITY_OK) {
        assay_sqlite_poison(db, ASSAY_CONTINUITY_MISUSE,
                            "a commit was not synchronised: expected synchronous = FULL");
        rc = SQLITE_IOERR;
    }
    pthread_mutex_unlock(&db->lock);
    return rc;
}

static int control_main(sqlite3_file *file, int operation, void *argument)
{
    struct assay_sqlite *const db = ((struct assay_sqlite_file *)file)->db;
    if (operation == SQLITE_FCNTL_PRAGMA) return assay_sqlite_check_pragma(argument);
    if (operation == SQLITE_FCNTL_COMMIT_PHASETWO)
        return end_commit((struct assay_sqlite_file *)file);
    if (operation == SQLITE_FCNTL_VFSNAME) {
        *(char **)argument = sqlite3_mprintf("%s", db->name);
        return SQLITE_OK;
    }
    return SQLITE_NOTFOUND;
}

/* Without xFetch: mapped pages would not be verified. */
const sqlite3_io_methods assay_sqlite_main_methods = {
    .iVersion = 2,
    .xClose = close_main,
    .xRead = read_main,
    .xWrite = write_main,
    .xTruncate = truncate_main,
    .xSync = sync_main,
    .xFileSize = size_main,
    .xLock = assay_sqlite_lock_main,
    .xUnlock = assay_sqlite_unlock_main,
    .xCheckReservedLock = assay_sqlite_check_reserved,
    .xFileControl = control_main,
    .xSectorSize = assay_sqlite_sector_size,
    .xDeviceCharacteristics = assay_sqlite_device,
    .xShmMap = assay_sqlite_shm_map,
    .xShmLock = assay_sqlite_shm_lock,
    .xShmBarrier = assay_sqlite_shm_barrier,
    .xShmUnmap = assay_sqlite_shm_unmap,
};
