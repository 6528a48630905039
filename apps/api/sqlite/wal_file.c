/*
 * apps/api/sqlite/wal_file.c - the WAL of a database as SQLite reads and writes it
 * (docs/services.md 4.4.9).
 *
 * Headers are returned from memory; pages are read from the file and verified.
 */
#include "apps/api/sqlite/database.h"
#include "base/assert.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int close_wal(sqlite3_file *file)
{
    struct assay_sqlite *const db = ((struct assay_sqlite_file *)file)->db;
    pthread_mutex_lock(&db->lock);
    db->open_files--;
    pthread_mutex_unlock(&db->lock);
    return SQLITE_OK;
}

static uint64_t wal_len(const struct assay_sqlite_pages *pages)
{
    return pages->has_header ? assay_sqlite_frame_offset(pages, pages->frame_count + 1) : 0;
}

static int refuse_wal(struct assay_sqlite *db, int rc)
{
    assay_sqlite_set_reason(db, ASSAY_CONTINUITY_STORAGE, "%s: %s", db->wal_path, strerror(errno));
    return errno == ENOSPC ? SQLITE_FULL : rc;
}

/* The page of a frame into the buffer. */
static int read_frame(struct assay_sqlite *db, uint32_t frame)
{
    struct assay_sqlite_pages *const pages = &db->pages;
    const struct assay_sqlite_frame *const f = &pages->frames[frame - 1];
    assay_sqlite_digest digest;
    size_t found = 0;
    if (!assay_sqlite_host_read(
            db->wal_fd, db->buffer, pages->page_size,
            assay_sqlite_frame_offset(pages, frame) + ASSAY_SQLITE_FRAME_HEADER_LEN, &found))
        return refuse_wal(db, SQLITE_IOERR_READ);
    assay_bytes_zero(db->buffer + found, pages->page_size - found);
    assay_sqlite_page_digest(pages, db->buffer, digest);
    if (f->has_page && assay_bytes_equal(digest, f->digest, sizeof digest)) return SQLITE_OK;
    char expected[2 * ASSAY_SQLITE_DIGEST_LEN + 1], other[2 * ASSAY_SQLITE_DIGEST_LEN + 1];
    assay_hex_encode(f->digest, ASSAY_SQLITE_DIGEST_LEN, expected, sizeof expected);
    assay_hex_encode(digest, ASSAY_SQLITE_DIGEST_LEN, other, sizeof other);
    assay_sqlite_set_reason(db, ASSAY_CONTINUITY_SEALED,
                            "%s: frame %u was changed: expected digest %s, found %s", db->wal_path,
                            frame, expected, other);
    return SQLITE_IOERR_DATA;
}

/* Bytes of the WAL from `at` within one header or one page. Out: *part: their number */
static int read_part(struct assay_sqlite *db, uint8_t *bytes, size_t left, uint64_t at,
                     size_t *part)
{
    const struct assay_sqlite_pages *const pages = &db->pages;
    const uint64_t frame_len = ASSAY_SQLITE_FRAME_HEADER_LEN + (uint64_t)pages->page_size;
    const uint8_t *from = pages->header;
    uint64_t within = at, len = ASSAY_SQLITE_WAL_HEADER_LEN;
    int rc = SQLITE_OK;
    if (at >= ASSAY_SQLITE_WAL_HEADER_LEN) {
        const uint32_t frame = (uint32_t)((at - ASSAY_SQLITE_WAL_HEADER_LEN) / frame_len) + 1;
        within = (at - ASSAY_SQLITE_WAL_HEADER_LEN) % frame_len;
        len = ASSAY_SQLITE_FRAME_HEADER_LEN;
        from = pages->frames[frame - 1].header;
        if (within >= ASSAY_SQLITE_FRAME_HEADER_LEN) {
            within -= ASSAY_SQLITE_FRAME_HEADER_LEN;
            len = pages->page_size;
            from = db->buffer;
            rc = read_frame(db, frame);
        }
    }
    *part = left < len - within ? left : (size_t)(len - within);
    if (rc == SQLITE_OK) assay_bytes_copy(bytes, left, from + within, *part);
    return rc;
}

/* SQLite continues a checksum alone when it computes those of a spilled transaction again. */
static int prepare_checksum(struct assay_sqlite *db, int len, uint64_t at)
{
    enum { CHECKSUM_AT = 16, CHECKSUM_LEN = 8 };
    const uint64_t frame_len = ASSAY_SQLITE_FRAME_HEADER_LEN + (uint64_t)db->pages.page_size;
    if (len != CHECKSUM_LEN || at < ASSAY_SQLITE_WAL_HEADER_LEN || at >= wal_len(&db->pages) ||
        (at - ASSAY_SQLITE_WAL_HEADER_LEN) % frame_len != CHECKSUM_AT)
        return SQLITE_OK;
    const uint32_t frame = (uint32_t)((at - ASSAY_SQLITE_WAL_HEADER_LEN) / frame_len) + 1;
    if (assay_sqlite_complete_checksums(db, frame)) return SQLITE_OK;
    assay_sqlite_set_reason(db, ASSAY_CONTINUITY_STORAGE,
                            "%s: a frame of the transaction was changed, or is not written",
                            db->wal_path);
    return SQLITE_IOERR_READ;
}

static int read_wal(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    struct assay_sqlite *const db = ((struct assay_sqlite_file *)file)->db;
    uint8_t *bytes = out;
    size_t left = (size_t)len, part = 0;
    int rc = SQLITE_OK;
    pthread_mutex_lock(&db->lock);
    const uint64_t end = wal_len(&db->pages);
    if (db->result != ASSAY_CONTINUITY_OK) rc = SQLITE_IOERR_READ;
    else rc = prepare_checksum(db, len, (uint64_t)at);
    for (; left > 0 && rc == SQLITE_OK; bytes += part, left -= part, at += (sqlite3_int64)part) {
        if ((uint64_t)at >= end) {
            assay_bytes_zero(bytes, left);
            rc = SQLITE_IOERR_SHORT_READ;
            break;
        }
        rc = read_part(db, bytes, left, (uint64_t)at, &part);
    }
    pthread_mutex_unlock(&db->lock);
    return rc;
}

/* --- writing */

int assay_sqlite_reset_wal(struct assay_sqlite *db)
{
    if (db->result != ASSAY_CONTINUITY_OK) return SQLITE_IOERR;
    if (!assay_sqlite_pages_is_checkpointed(&db->pages)) {
        assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE,
                                "%s: has pages that the main file does not have", db->wal_path);
        return SQLITE_IOERR;
    }
    assay_sqlite_pages_clear_wal(&db->pages);
    return SQLITE_OK;
}

static int write_header(struct assay_sqlite *db, const uint8_t *bytes)
{
    const int rc = assay_sqlite_reset_wal(db);
    if (rc != SQLITE_OK) return rc;
    if (!assay_sqlite_host_write(db->wal_fd, bytes, ASSAY_SQLITE_WAL_HEADER_LEN, 0))
        return refuse_wal(db, SQLITE_IOERR_WRITE);
    assay_bytes_copy(db->pages.header, ASSAY_SQLITE_WAL_HEADER_LEN, bytes,
                     ASSAY_SQLITE_WAL_HEADER_LEN);
    db->pages.has_header = true;
    return SQLITE_OK;
}

/* In: within: 0: the header of a frame, else its page */
static int write_frame(struct assay_sqlite *db, uint32_t frame, const uint8_t *bytes, size_t len,
                       uint64_t within)
{
    struct assay_sqlite_pages *const pages = &db->pages;
    if (within == 0 && !assay_sqlite_pages_add_frame(pages, frame, bytes)) {
        assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE,
                                "%s: frame %u: expected one behind the last commit", db->wal_path,
                                frame);
        return SQLITE_IOERR_WRITE;
    }
    if (frame <= pages->committed || frame > pages->frame_count) return SQLITE_IOERR_WRITE;
    if (!assay_sqlite_host_write(db->wal_fd, bytes, len,
                                 assay_sqlite_frame_offset(pages, frame) + within)) {
        /* Neither it nor what follows is part of a commit. */
        pages->frame_count = frame - 1;
        pages->commit_at = 0;
        return refuse_wal(db, SQLITE_IOERR_WRITE);
    }
    if (within == 0) return SQLITE_OK;
    assay_sqlite_page_digest(pages, bytes, pages->frames[frame - 1].digest);
    pages->frames[frame - 1].has_page = true;
    return SQLITE_OK;
}

static int write_wal(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct assay_sqlite *const db = ((struct assay_sqlite_file *)file)->db;
    const uint64_t page_size = db->pages.page_size, header = ASSAY_SQLITE_FRAME_HEADER_LEN;
    const uint64_t behind =
        at >= ASSAY_SQLITE_WAL_HEADER_LEN ? (uint64_t)at - ASSAY_SQLITE_WAL_HEADER_LEN : UINT64_MAX;
    const uint64_t within = behind % (header + page_size);
    const uint64_t frame = behind / (header + page_size) + 1;
    int rc = SQLITE_IOERR_WRITE;
    pthread_mutex_lock(&db->lock);
    if (db->result == ASSAY_CONTINUITY_OK) {
        /* Without this lock the end of a transaction would not be seen. */
        if (!db->shm.is_exclusive[ASSAY_SQLITE_WRITE_LOCK])
            assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE,
                                    "%s: expected locking_mode = NORMAL", db->wal_path);
        else if (at == 0 && len == ASSAY_SQLITE_WAL_HEADER_LEN) rc = write_header(db, bytes);
        else if (behind != UINT64_MAX && frame < UINT32_MAX && db->pages.has_header &&
                 ((within == 0 && (uint64_t)len == header) ||
                  (within == header && (uint64_t)len == page_size))) {
            db->writer = file;
            rc = write_frame(db, (uint32_t)frame, bytes, (size_t)len, within);
        } else
            assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE,
                                    "%s: expected a header or a page, found %d bytes at %lld",
                                    db->wal_path, len, (long long)at);
    }
    pthread_mutex_unlock(&db->lock);
    return rc;
}

static int truncate_wal(sqlite3_file *file, sqlite3_int64 size)
{
    struct assay_sqlite *const db = ((struct assay_sqlite_file *)file)->db;
    int rc = SQLITE_OK;
    pthread_mutex_lock(&db->lock);
    if ((uint64_t)size < wal_len(&db->pages))
        rc = size == 0 ? assay_sqlite_reset_wal(db) : SQLITE_IOERR_TRUNCATE;
    if (rc == SQLITE_OK && ftruncate(db->wal_fd, (off_t)size) != 0)
        rc = refuse_wal(db, SQLITE_IOERR_TRUNCATE);
    pthread_mutex_unlock(&db->lock);
    return rc;
}

static int sync_wal(sqlite3_file *file, int flags)
{
    (void)flags;
    return assay_sqlite_certify(((struct assay_sqlite_file *)file)->db, file);
}

static int size_wal(sqlite3_file *file, sqlite3_int64 *size)
{
    struct assay_sqlite *const db = ((struct assay_sqlite_file *)file)->db;
    pthread_mutex_lock(&db->lock);
    *size = (sqlite3_int64)wal_len(&db->pages);
    const int rc = db->result == ASSAY_CONTINUITY_OK ? SQLITE_OK : SQLITE_IOERR_FSTAT;
    pthread_mutex_unlock(&db->lock);
    return rc;
}

const sqlite3_io_methods assay_sqlite_wal_methods = {
    .iVersion = 1,
    .xClose = close_wal,
    .xRead = read_wal,
    .xWrite = write_wal,
    .xTruncate = truncate_wal,
    .xSync = sync_wal,
    .xFileSize = size_wal,
    .xLock = assay_sqlite_lock_none,
    .xUnlock = assay_sqlite_lock_none,
    .xCheckReservedLock = assay_sqlite_check_none,
    .xFileControl = assay_sqlite_control_none,
    .xSectorSize = assay_sqlite_sector_size,
    .xDeviceCharacteristics = assay_sqlite_device,
};
