/*
 * apps/api/sqlite/sqlite.c - libassay-sqlite: databases that their host can neither roll back nor
 * clone (include/assay/sqlite.h).
 */
#include "apps/api/sqlite/database.h"
#include "base/assert.h"
#include "base/system_clock.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTIONS_MAX = 4096, PAGE_DEFAULT = 4096 };

enum assay_continuity_result assay_sqlite_set_reason(struct assay_sqlite *db,
                                                     enum assay_continuity_result result,
                                                     const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(db->reason, sizeof db->reason, format, list);
    va_end(list);
    return result;
}

enum assay_continuity_result assay_sqlite_poison(struct assay_sqlite *db,
                                                 enum assay_continuity_result result,
                                                 const char *format, ...)
{
    va_list list;
    if (db->result != ASSAY_CONTINUITY_OK) return db->result;
    db->result = result;
    va_start(list, format);
    (void)vsnprintf(db->reason, sizeof db->reason, format, list);
    va_end(list);
    return result;
}

/* ------------------------------------------------------------ options */

/* An absolute path: a program may change its folder later. */
static enum assay_continuity_result set_path(struct assay_sqlite *db, const char *file)
{
    char folder[ASSAY_SQLITE_PATH_MAX + 1], real[PATH_MAX];
    (void)snprintf(db->given, sizeof db->given, "%s", file);
    (void)snprintf(folder, sizeof folder, "%s", file);
    char *const slash = strrchr(folder, '/');
    const char *const name = slash != NULL ? strrchr(file, '/') + 1 : file;
    if (slash != NULL) slash[slash == folder ? 1 : 0] = '\0';
    if (realpath(slash != NULL ? folder : ".", real) == NULL)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_STORAGE, "%s: its folder: %s", file,
                                       strerror(errno));
    if (snprintf(db->path, sizeof db->path, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name) >=
        (int)sizeof db->path)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE, "file: the path is too long");
    (void)snprintf(db->wal_path, sizeof db->wal_path, "%s-wal", db->path);
    (void)snprintf(db->journal_path, sizeof db->journal_path, "%s-journal", db->path);
    return ASSAY_CONTINUITY_OK;
}

static enum assay_continuity_result check_options(struct assay_sqlite *db,
                                                  const struct assay_sqlite_options *o)
{
    if (o == NULL)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE, "options: expected them");
    if (o->size < sizeof *o || o->size > OPTIONS_MAX)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE,
                                       "size: expected sizeof(struct assay_sqlite_options)");
    if (!assay_bytes_all_zero((const uint8_t *)o + sizeof *o, o->size - sizeof *o))
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE,
                                       "size: members of a later version of the library are set");
    if (o->continuity == NULL || o->file == NULL || o->file[0] == '\0' ||
        o->file[strlen(o->file) - 1] == '/' || strlen(o->file) > ASSAY_SQLITE_PATH_MAX)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE,
                                       "expected continuity, and a file of 1 to %d bytes",
                                       (int)ASSAY_SQLITE_PATH_MAX);
    if (o->page_size != 0 && !assay_sqlite_is_page_size(o->page_size))
        return assay_sqlite_set_reason(
            db, ASSAY_CONTINUITY_MISUSE,
            "page_size: expected a power of two from 512 to 65536, found %u", o->page_size);
    db->page_size = o->page_size != 0 ? o->page_size : PAGE_DEFAULT;
    db->progress = o->progress;
    db->context = o->context;
    return set_path(db, o->file);
}

static enum assay_continuity_result open_handle(struct assay_sqlite *db,
                                                const struct assay_sqlite_options *o, bool is_new)
{
    enum assay_continuity_result result = check_options(db, o);
    if (result == ASSAY_CONTINUITY_OK && is_new && access(db->path, F_OK) == 0)
        result = assay_sqlite_set_reason(db, ASSAY_CONTINUITY_EXISTS,
                                         "%s: expected no file of a new database", db->path);
    if (result == ASSAY_CONTINUITY_OK && !is_new) result = assay_sqlite_host_open(db);
    if (result != ASSAY_CONTINUITY_OK) return result;
    result = is_new ? assay_continuity_create(o->continuity, &db->continuity)
                    : assay_continuity_open(o->continuity, &db->continuity);
    if (result != ASSAY_CONTINUITY_OK)
        return assay_sqlite_set_reason(db, result, "%s", assay_continuity_reason(db->continuity));
    db->phase = ASSAY_SQLITE_STARTING;
    return result;
}

static enum assay_continuity_result make_handle(const struct assay_sqlite_options *o,
                                                struct assay_sqlite **out, bool is_new)
{
    if (out == NULL) return ASSAY_CONTINUITY_MISUSE;
    struct assay_sqlite *const db = calloc(1, sizeof *db);
    *out = db;
    if (db == NULL) return ASSAY_CONTINUITY_SYSTEM;
    db->main_fd = db->wal_fd = -1;
    pthread_mutex_init(&db->lock, NULL);
    pthread_mutex_init(&db->session_lock, NULL);
    return open_handle(db, o, is_new);
}

enum assay_continuity_result assay_sqlite_create(const struct assay_sqlite_options *options,
                                                 struct assay_sqlite **out)
{
    return make_handle(options, out, true);
}

enum assay_continuity_result assay_sqlite_open(const struct assay_sqlite_options *options,
                                               struct assay_sqlite **out)
{
    return make_handle(options, out, false);
}

enum assay_continuity_result assay_sqlite_close(struct assay_sqlite **handle)
{
    if (handle == NULL || *handle == NULL) return ASSAY_CONTINUITY_OK;
    struct assay_sqlite *const db = *handle;
    if (db->open_files > 0)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE,
                                       "%u files are open: close connections first",
                                       db->open_files);
    if (db->is_registered) (void)sqlite3_vfs_unregister(&db->vfs);
    assay_continuity_close(&db->continuity);
    if (db->wal_fd >= 0) (void)close(db->wal_fd);
    if (db->main_fd >= 0) (void)close(db->main_fd);
    assay_sqlite_pages_free(&db->pages);
    free(db->buffer);
    pthread_mutex_destroy(&db->lock);
    pthread_mutex_destroy(&db->session_lock);
    free(db);
    *handle = NULL;
    return ASSAY_CONTINUITY_OK;
}

/* ------------------------------------------------------------ start */

static uint32_t left_of(uint64_t ends_ms)
{
    const uint64_t now_ms = assay_monotonic_ms();
    return now_ms < ends_ms ? (uint32_t)(ends_ms - now_ms) : 0;
}

static enum assay_continuity_result result_of_session(struct assay_sqlite *db,
                                                      enum assay_continuity_result result)
{
    return assay_sqlite_set_reason(db, result, "%s", assay_continuity_reason(db->continuity));
}

static enum assay_continuity_result start_first(struct assay_sqlite *db)
{
    uint8_t state[ASSAY_SQLITE_STATE_LEN];
    enum assay_continuity_result result = assay_sqlite_make_database(db);
    if (result != ASSAY_CONTINUITY_OK) return result;
    assay_sqlite_get_state(db, state);
    result = assay_continuity_update(db->continuity, state, sizeof state, &db->sent);
    if (result != ASSAY_CONTINUITY_OK) return result_of_session(db, result);
    db->phase = ASSAY_SQLITE_FIRST;
    return result;
}

static enum assay_continuity_result verify_files(struct assay_sqlite *db)
{
    struct assay_sqlite_state wanted;
    size_t len = 0;
    uint64_t index = 0;
    const void *const bytes = assay_continuity_state(db->continuity, &len, &index);
    if (index == 0) return start_first(db);
    if (!assay_sqlite_state_decode(assay_slice_over(bytes, len), &wanted))
        return assay_sqlite_set_reason(
            db, ASSAY_CONTINUITY_SEALED,
            "the certified state (%zu bytes) is none of a database: it is of another program", len);
    const enum assay_continuity_result result = assay_sqlite_recover(db, &wanted);
    db->index = result == ASSAY_CONTINUITY_OK ? index : 0;
    return result;
}

enum assay_continuity_result assay_sqlite_start(struct assay_sqlite *handle, uint32_t timeout_ms)
{
    struct assay_sqlite *const db = handle;
    const uint64_t ends_ms = assay_monotonic_ms() + timeout_ms;
    enum assay_continuity_result result = ASSAY_CONTINUITY_OK;
    if (db == NULL) return ASSAY_CONTINUITY_MISUSE;
    if (db->phase == ASSAY_SQLITE_UNUSABLE)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE,
                                       "the handle was not opened, or its start has failed");
    if (db->phase == ASSAY_SQLITE_RUNNING) return db->result;
    if (db->phase == ASSAY_SQLITE_STARTING) {
        result = assay_continuity_start(db->continuity, timeout_ms);
        if (result != ASSAY_CONTINUITY_OK) return result_of_session(db, result);
        result = verify_files(db);
    }
    if (result == ASSAY_CONTINUITY_OK && db->phase == ASSAY_SQLITE_FIRST) {
        result = assay_continuity_wait(db->continuity, db->sent, left_of(ends_ms));
        if (result != ASSAY_CONTINUITY_OK) return result_of_session(db, result);
        db->index = db->sent;
    }
    if (result == ASSAY_CONTINUITY_OK) result = assay_sqlite_register(db);
    if (result != ASSAY_CONTINUITY_OK) {
        /* What was read of the files may not be used. */
        db->phase = ASSAY_SQLITE_UNUSABLE;
        return result;
    }
    db->phase = ASSAY_SQLITE_RUNNING;
    return assay_sqlite_set_reason(db, result, "%s", "");
}

/* ------------------------------------------------------------ use */

/* Returns: OK where the handle runs */
static enum assay_continuity_result check_running(struct assay_sqlite *db)
{
    if (db == NULL) return ASSAY_CONTINUITY_MISUSE;
    if (db->phase != ASSAY_SQLITE_RUNNING)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_TOO_EARLY,
                                       "no session runs: call assay_sqlite_start first");
    pthread_mutex_lock(&db->lock);
    const enum assay_continuity_result result = db->result;
    pthread_mutex_unlock(&db->lock);
    return result;
}

enum assay_continuity_result assay_sqlite_database(struct assay_sqlite *handle,
                                                   struct sqlite3 **database)
{
    enum assay_continuity_result result = check_running(handle);
    if (database == NULL) return ASSAY_CONTINUITY_MISUSE;
    *database = NULL;
    if (result != ASSAY_CONTINUITY_OK) return result;
    handle->reason[0] = '\0';
    int rc = sqlite3_open_v2(handle->path, database, SQLITE_OPEN_READWRITE, handle->name);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(*database, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
    if (rc == SQLITE_OK) return result;
    result = rc == SQLITE_IOERR && sqlite3_extended_errcode(*database) == SQLITE_IOERR_DATA
                 ? ASSAY_CONTINUITY_SEALED
                 : ASSAY_CONTINUITY_SYSTEM;
    if (handle->reason[0] == '\0')
        assay_sqlite_set_reason(handle, result, "SQLite: %s",
                                *database != NULL ? sqlite3_errmsg(*database) : "no memory");
    (void)sqlite3_close(*database);
    *database = NULL;
    return result;
}

const char *assay_sqlite_vfs(const struct assay_sqlite *handle)
{
    return handle != NULL && handle->phase == ASSAY_SQLITE_RUNNING ? handle->name : "";
}

enum assay_continuity_result assay_sqlite_confirm(struct assay_sqlite *handle, uint32_t timeout_ms)
{
    struct assay_sqlite *const db = handle;
    enum assay_continuity_result result = check_running(db);
    if (result != ASSAY_CONTINUITY_OK) return result;
    pthread_mutex_lock(&db->session_lock);
    result = assay_continuity_confirm(db->continuity, timeout_ms);
    pthread_mutex_lock(&db->lock);
    const char *const reason = assay_continuity_reason(db->continuity);
    if (db->result != ASSAY_CONTINUITY_OK) result = db->result;
    else if (result == ASSAY_CONTINUITY_FENCED || result == ASSAY_CONTINUITY_HALTED ||
             result == ASSAY_CONTINUITY_NOT_KEPT || result == ASSAY_CONTINUITY_RETIRED)
        assay_sqlite_poison(db, result, "%s", reason);
    else assay_sqlite_set_reason(db, result, "%s", reason);
    pthread_mutex_unlock(&db->lock);
    pthread_mutex_unlock(&db->session_lock);
    return result;
}

uint64_t assay_sqlite_index(const struct assay_sqlite *handle)
{
    return handle != NULL && handle->phase == ASSAY_SQLITE_RUNNING ? handle->index : 0;
}

enum assay_continuity_result assay_sqlite_result(const struct assay_sqlite *handle)
{
    return handle != NULL ? handle->result : ASSAY_CONTINUITY_MISUSE;
}

const char *assay_sqlite_reason(const struct assay_sqlite *handle)
{
    return handle != NULL ? handle->reason : "";
}
