/*
 * apps/api/sqlite/kv.c - handles of key-value stores, the layout of their database, and batches
 * (include/assay/kv.h; docs/services.md 4.4.10).
 */
#include "apps/api/sqlite/kv_handle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "AKV1". Both are written with the table, and never change. */
#define APPLICATION_ID 0x414b5631
#define TABLE                                                                                      \
    "CREATE TABLE kv(key BLOB PRIMARY KEY, value BLOB NOT NULL) "                                  \
    "STRICT, WITHOUT ROWID"

enum assay_continuity_result assay_kv_set_reason(struct assay_kv *kv,
                                                 enum assay_continuity_result result,
                                                 const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(kv->reason, sizeof kv->reason, format, list);
    va_end(list);
    return result;
}

/* What a function of the database has returned. */
static enum assay_continuity_result result_of_database(struct assay_kv *kv,
                                                       enum assay_continuity_result result)
{
    return assay_kv_set_reason(
        kv, result, "%s", result != ASSAY_CONTINUITY_OK ? assay_sqlite_reason(kv->database) : "");
}

int assay_kv_step(struct assay_kv *kv, sqlite3_stmt *statement)
{
    kv->database->reason[0] = '\0';
    kv->is_executing = true;
    const int rc = sqlite3_step(statement);
    kv->is_executing = false;
    return rc;
}

static enum assay_continuity_result result_of_sqlite(int rc)
{
    if (rc == SQLITE_IOERR_DATA) return ASSAY_CONTINUITY_SEALED;
    if (rc == SQLITE_IOERR_NOMEM) return ASSAY_CONTINUITY_SYSTEM;
    switch (rc & 0xff) {
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY: return ASSAY_CONTINUITY_STORAGE;
    default: return ASSAY_CONTINUITY_SYSTEM;
    }
}

enum assay_continuity_result assay_kv_fail(struct assay_kv *kv)
{
    const char *const reason = assay_sqlite_reason(kv->database);
    enum assay_continuity_result result = assay_sqlite_result(kv->database);
    if (result == ASSAY_CONTINUITY_OK)
        result = result_of_sqlite(sqlite3_extended_errcode(kv->connection));
    return assay_kv_set_reason(kv, result, "%s%s", reason[0] == '\0' ? "SQLite: " : "",
                               reason[0] == '\0' ? sqlite3_errmsg(kv->connection) : reason);
}

enum assay_continuity_result assay_kv_execute(struct assay_kv *kv,
                                              enum assay_kv_statement statement)
{
    sqlite3_stmt *const prepared = kv->statements[statement];
    const enum assay_continuity_result result =
        assay_kv_step(kv, prepared) == SQLITE_DONE ? ASSAY_CONTINUITY_OK : assay_kv_fail(kv);
    (void)sqlite3_reset(prepared);
    return result;
}

enum assay_continuity_result assay_kv_enter(struct assay_kv *kv)
{
    if (kv == NULL) return ASSAY_CONTINUITY_MISUSE;
    if (kv->is_executing)
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_MISUSE,
                                   "progress: expected no call of a function of its handle");
    if (kv->connection == NULL)
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_TOO_EARLY,
                                   "no session runs: call assay_kv_start first");
    const enum assay_continuity_result result = assay_sqlite_result(kv->database);
    if (result != ASSAY_CONTINUITY_OK) return result_of_database(kv, result);
    if (kv->has_batch && kv->batch_result != ASSAY_CONTINUITY_OK) return kv->batch_result;
    return result_of_database(kv, result);
}

void assay_kv_roll_back(struct assay_kv *kv)
{
    if (sqlite3_get_autocommit(kv->connection)) return; /* SQLite has done so */
    sqlite3_stmt *const statement = kv->statements[ASSAY_KV_ROLLBACK];
    (void)sqlite3_step(statement);
    (void)sqlite3_reset(statement);
}

/* ------------------------------------------------------------ handles */

static enum assay_continuity_result make_handle(const struct assay_sqlite_options *options,
                                                struct assay_kv **out, bool is_new)
{
    if (out == NULL) return ASSAY_CONTINUITY_MISUSE;
    struct assay_kv *const kv = calloc(1, sizeof *kv);
    *out = kv;
    if (kv == NULL) return ASSAY_CONTINUITY_SYSTEM;
    return result_of_database(kv, is_new ? assay_sqlite_create(options, &kv->database)
                                         : assay_sqlite_open(options, &kv->database));
}

enum assay_continuity_result assay_kv_create(const struct assay_sqlite_options *options,
                                             struct assay_kv **out)
{
    return make_handle(options, out, true);
}

enum assay_continuity_result assay_kv_open(const struct assay_sqlite_options *options,
                                           struct assay_kv **out)
{
    return make_handle(options, out, false);
}

static void disconnect(struct assay_kv *kv)
{
    for (size_t i = 0; i < ASSAY_KV_STATEMENTS; i++) {
        (void)sqlite3_finalize(kv->statements[i]);
        kv->statements[i] = NULL;
    }
    (void)sqlite3_close(kv->connection);
    kv->connection = NULL;
    kv->has_batch = false;
}

enum assay_continuity_result assay_kv_close(struct assay_kv **handle)
{
    if (handle == NULL || *handle == NULL) return ASSAY_CONTINUITY_OK;
    struct assay_kv *const kv = *handle;
    if (kv->is_executing)
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_MISUSE,
                                   "progress: expected no call of a function of its handle");
    disconnect(kv);
    const enum assay_continuity_result result = assay_sqlite_close(&kv->database);
    if (result != ASSAY_CONTINUITY_OK) return result_of_database(kv, result);
    free(kv->value);
    free(kv);
    *handle = NULL;
    return ASSAY_CONTINUITY_OK;
}

/* ------------------------------------------------------------ layout */

/* Out: *number: the only row and column of a PRAGMA */
static enum assay_continuity_result read_number(struct assay_kv *kv, const char *query, int *number)
{
    sqlite3_stmt *statement = NULL;
    enum assay_continuity_result result = ASSAY_CONTINUITY_OK;
    if (sqlite3_prepare_v2(kv->connection, query, -1, &statement, NULL) != SQLITE_OK ||
        assay_kv_step(kv, statement) != SQLITE_ROW)
        result = assay_kv_fail(kv);
    else *number = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    return result;
}

static bool is_text(sqlite3_stmt *statement, int column, const char *expected)
{
    const char *const found = (const char *)sqlite3_column_text(statement, column);
    return found != NULL && strcmp(found, expected) == 0;
}

/* A trigger or a view of another program would act in commits of this one: the table is alone.
 * Out: *has_table, *other: the name of what is no table of a store; "" without one */
static enum assay_continuity_result read_schema(struct assay_kv *kv, bool *has_table, char *other,
                                                size_t capacity)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(kv->connection, "SELECT type, name, sql FROM sqlite_schema", -1,
                                &statement, NULL);
    *has_table = false;
    other[0] = '\0';
    if (rc == SQLITE_OK)
        while ((rc = assay_kv_step(kv, statement)) == SQLITE_ROW) {
            if (is_text(statement, 0, "table") && is_text(statement, 1, "kv") &&
                is_text(statement, 2, TABLE))
                *has_table = true;
            else if (other[0] == '\0')
                (void)snprintf(other, capacity, "%s %s", sqlite3_column_text(statement, 0),
                               sqlite3_column_text(statement, 1));
        }
    const enum assay_continuity_result result =
        rc == SQLITE_DONE ? ASSAY_CONTINUITY_OK : assay_kv_fail(kv);
    (void)sqlite3_finalize(statement);
    return result;
}

/* One commit: a crash leaves an empty database, which the next start makes a store. */
static enum assay_continuity_result make_layout(struct assay_kv *kv)
{
    char statements[300];
    (void)snprintf(statements, sizeof statements,
                   "BEGIN IMMEDIATE; " TABLE "; PRAGMA application_id = %d; "
                   "PRAGMA user_version = %d; COMMIT",
                   APPLICATION_ID, ASSAY_KV_LAYOUT);
    kv->database->reason[0] = '\0';
    kv->is_executing = true;
    const int rc = sqlite3_exec(kv->connection, statements, NULL, NULL, NULL);
    kv->is_executing = false;
    return rc == SQLITE_OK ? ASSAY_CONTINUITY_OK : assay_kv_fail(kv);
}

/* services.md 4.4.10: the database has the table of a store and nothing else, or is empty. */
static enum assay_continuity_result verify_layout(struct assay_kv *kv)
{
    char other[100];
    bool has_table = false;
    int application = 0, version = 0;
    enum assay_continuity_result result = read_schema(kv, &has_table, other, sizeof other);
    if (result == ASSAY_CONTINUITY_OK)
        result = read_number(kv, "PRAGMA application_id", &application);
    if (result == ASSAY_CONTINUITY_OK) result = read_number(kv, "PRAGMA user_version", &version);
    if (result != ASSAY_CONTINUITY_OK) return result;
    if (!has_table && other[0] == '\0' && application == 0 && version == 0) return make_layout(kv);
    if (application == APPLICATION_ID && version > ASSAY_KV_LAYOUT)
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_SEALED,
                                   "%s: expected a store of layout %d, found layout %d, which a "
                                   "later version of the library has written",
                                   kv->database->given, (int)ASSAY_KV_LAYOUT, version);
    if (has_table && other[0] == '\0' && application == APPLICATION_ID &&
        version == ASSAY_KV_LAYOUT)
        return ASSAY_CONTINUITY_OK;
    return assay_kv_set_reason(kv, ASSAY_CONTINUITY_SEALED,
                               "%s: the database is of another program: expected the table of a "
                               "store alone, found %s (application_id 0x%08x, user_version %d)",
                               kv->database->given, other[0] != '\0' ? other : "none",
                               (unsigned)application, version);
}

static enum assay_continuity_result prepare_statements(struct assay_kv *kv)
{
    static const char *const texts[ASSAY_KV_STATEMENTS] = {
        [ASSAY_KV_GET] = "SELECT value FROM kv WHERE key = ?1",
        [ASSAY_KV_PUT] = "INSERT OR REPLACE INTO kv VALUES (?1, ?2)",
        [ASSAY_KV_DELETE] = "DELETE FROM kv WHERE key = ?1",
        [ASSAY_KV_FIRST] =
            "SELECT value, key FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT 1",
        [ASSAY_KV_LAST] =
            "SELECT value, key FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT 1",
        [ASSAY_KV_COUNT] = "SELECT count(*) FROM kv WHERE key >= ?1 AND key < ?2",
        [ASSAY_KV_BEGIN] = "BEGIN IMMEDIATE",
        [ASSAY_KV_COMMIT] = "COMMIT",
        [ASSAY_KV_ROLLBACK] = "ROLLBACK",
    };
    for (size_t i = 0; i < ASSAY_KV_STATEMENTS; i++)
        if (sqlite3_prepare_v3(kv->connection, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &kv->statements[i], NULL) != SQLITE_OK)
            return assay_kv_fail(kv);
    return ASSAY_CONTINUITY_OK;
}

enum assay_continuity_result assay_kv_start(struct assay_kv *handle, uint32_t timeout_ms)
{
    struct assay_kv *const kv = handle;
    enum assay_continuity_result result = assay_kv_enter(kv);
    if (result != ASSAY_CONTINUITY_TOO_EARLY) return result;
    result = result_of_database(kv, assay_sqlite_start(kv->database, timeout_ms));
    if (result == ASSAY_CONTINUITY_OK)
        result = result_of_database(kv, assay_sqlite_database(kv->database, &kv->connection));
    if (result != ASSAY_CONTINUITY_OK) return result;
    result = verify_layout(kv);
    if (result == ASSAY_CONTINUITY_OK) result = prepare_statements(kv);
    if (result != ASSAY_CONTINUITY_OK) disconnect(kv);
    return result;
}

/* ------------------------------------------------------------ batches */

enum assay_continuity_result assay_kv_begin(struct assay_kv *handle)
{
    enum assay_continuity_result result = assay_kv_enter(handle);
    if (result != ASSAY_CONTINUITY_OK) return result;
    if (handle->has_batch)
        return assay_kv_set_reason(handle, ASSAY_CONTINUITY_MISUSE,
                                   "a batch is open: commit or discard it first");
    result = assay_kv_execute(handle, ASSAY_KV_BEGIN);
    handle->has_batch = result == ASSAY_CONTINUITY_OK;
    handle->batch_result = ASSAY_CONTINUITY_OK;
    return result;
}

/* Before a batch ends; one of a handle that became unusable ends as well. Out: *result: of the
 * handle. Returns: false: there is none to end, and *result is the answer */
static bool enter_batch(struct assay_kv *kv, enum assay_continuity_result *result)
{
    *result = assay_kv_enter(kv);
    if (*result == ASSAY_CONTINUITY_MISUSE || *result == ASSAY_CONTINUITY_TOO_EARLY) return false;
    if (kv->has_batch || *result != ASSAY_CONTINUITY_OK) return true;
    *result = assay_kv_set_reason(kv, ASSAY_CONTINUITY_MISUSE,
                                  "no batch is open: call assay_kv_begin first");
    return false;
}

enum assay_continuity_result assay_kv_commit(struct assay_kv *handle)
{
    enum assay_continuity_result result;
    if (!enter_batch(handle, &result)) return result;
    if (result == ASSAY_CONTINUITY_OK) result = assay_kv_execute(handle, ASSAY_KV_COMMIT);
    if (result != ASSAY_CONTINUITY_OK) assay_kv_roll_back(handle);
    handle->has_batch = false;
    return result;
}

enum assay_continuity_result assay_kv_discard(struct assay_kv *handle)
{
    enum assay_continuity_result result;
    if (!enter_batch(handle, &result)) return result;
    assay_kv_roll_back(handle);
    handle->has_batch = false;
    return assay_kv_enter(handle);
}

/* ------------------------------------------------------------ session */

enum assay_continuity_result assay_kv_confirm(struct assay_kv *handle, uint32_t timeout_ms)
{
    const enum assay_continuity_result result = assay_kv_enter(handle);
    if (result != ASSAY_CONTINUITY_OK) return result;
    if (handle->has_batch)
        return assay_kv_set_reason(handle, ASSAY_CONTINUITY_MISUSE,
                                   "a batch is open: what it reads is not certified");
    return result_of_database(handle, assay_sqlite_confirm(handle->database, timeout_ms));
}

uint64_t assay_kv_index(const struct assay_kv *handle)
{
    return handle != NULL ? assay_sqlite_index(handle->database) : 0;
}

enum assay_continuity_result assay_kv_result(const struct assay_kv *handle)
{
    return handle != NULL ? assay_sqlite_result(handle->database) : ASSAY_CONTINUITY_MISUSE;
}

const char *assay_kv_reason(const struct assay_kv *handle)
{
    return handle != NULL ? handle->reason : "";
}
