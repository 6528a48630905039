/*
 * apps/api/sqlite/memory_file.c - temporary files in memory: a host that could change the rows that
 * a sorter has put aside would change results (docs/services.md 4.4.9).
 */
#include "apps/api/sqlite/database.h"

#include <stdlib.h>

static int close_memory(sqlite3_file *file)
{
    struct assay_sqlite_file *const f = (struct assay_sqlite_file *)file;
    free(f->bytes);
    f->bytes = NULL;
    pthread_mutex_lock(&f->db->lock);
    f->db->open_files--;
    pthread_mutex_unlock(&f->db->lock);
    return SQLITE_OK;
}

static int read_memory(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    const struct assay_sqlite_file *const f = (const struct assay_sqlite_file *)file;
    const size_t left = (uint64_t)at < f->len ? f->len - (size_t)at : 0;
    const size_t part = left < (size_t)len ? left : (size_t)len;
    if (part > 0) assay_bytes_copy(out, (size_t)len, f->bytes + at, part);
    assay_bytes_zero((uint8_t *)out + part, (size_t)len - part);
    return part == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int write_memory(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct assay_sqlite_file *const f = (struct assay_sqlite_file *)file;
    const size_t end = (size_t)at + (size_t)len;
    if (!assay_sqlite_grow((void **)&f->bytes, &f->capacity, end, 1)) return SQLITE_IOERR_NOMEM;
    assay_bytes_copy(f->bytes + at, f->capacity - (size_t)at, bytes, (size_t)len);
    if (end > f->len) f->len = end;
    return SQLITE_OK;
}

static int truncate_memory(sqlite3_file *file, sqlite3_int64 size)
{
    struct assay_sqlite_file *const f = (struct assay_sqlite_file *)file;
    if ((uint64_t)size >= f->len) return SQLITE_OK;
    assay_bytes_zero(f->bytes + size, f->len - (size_t)size);
    f->len = (size_t)size;
    return SQLITE_OK;
}

static int sync_memory(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
    return SQLITE_OK;
}

static int size_memory(sqlite3_file *file, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)((const struct assay_sqlite_file *)file)->len;
    return SQLITE_OK;
}

int assay_sqlite_lock_none(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

int assay_sqlite_check_none(sqlite3_file *file, int *is_reserved)
{
    (void)file;
    *is_reserved = 0;
    return SQLITE_OK;
}

int assay_sqlite_control_none(sqlite3_file *file, int operation, void *argument)
{
    (void)file;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

const sqlite3_io_methods assay_sqlite_memory_methods = {
    .iVersion = 1,
    .xClose = close_memory,
    .xRead = read_memory,
    .xWrite = write_memory,
    .xTruncate = truncate_memory,
    .xSync = sync_memory,
    .xFileSize = size_memory,
    .xLock = assay_sqlite_lock_none,
    .xUnlock = assay_sqlite_lock_none,
    .xCheckReservedLock = assay_sqlite_check_none,
    .xFileControl = assay_sqlite_control_none,
    .xSectorSize = assay_sqlite_sector_size,
    .xDeviceCharacteristics = assay_sqlite_device,
};
