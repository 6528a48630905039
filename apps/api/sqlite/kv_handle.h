/*
 * apps/api/sqlite/kv_handle.h - a handle of a key-value store: database, connection, statements and
 * batch (docs/services.md 4.4.10).
 */
#ifndef ASSAY_APPS_API_SQLITE_KV_HANDLE_H
#define ASSAY_APPS_API_SQLITE_KV_HANDLE_H

#include "apps/api/sqlite/database.h"

#include <assay/kv.h>

enum { ASSAY_KV_LAYOUT = 1 }; /* version of the table, in PRAGMA user_version */

enum assay_kv_statement {
    ASSAY_KV_GET,
    ASSAY_KV_PUT,
    ASSAY_KV_DELETE,
    ASSAY_KV_FIRST,
    ASSAY_KV_LAST,
    ASSAY_KV_COUNT,
    ASSAY_KV_BEGIN,
    ASSAY_KV_COMMIT,
    ASSAY_KV_ROLLBACK,
    ASSAY_KV_STATEMENTS
};

struct assay_kv {
    struct assay_sqlite *database;
    sqlite3 *connection; /* NULL before start */
    sqlite3_stmt *statements[ASSAY_KV_STATEMENTS];
    bool has_batch;
    bool is_executing;                         /* SQLite may call `progress` of the program */
    enum assay_continuity_result batch_result; /* what has made the batch unusable */
    uint8_t *value;                            /* that was read last */
    size_t value_capacity;
    char reason[ASSAY_SQLITE_REASON_LEN];
};

/* Returns: result */
__attribute__((format(printf, 3, 4))) enum assay_continuity_result assay_kv_set_reason(
    struct assay_kv *kv, enum assay_continuity_result result, const char *format, ...);
/* Returns: SQLite's result of the next step. In: statement: of the connection */
int assay_kv_step(struct assay_kv *kv, sqlite3_stmt *statement);
/* After a step that failed, before the statement is reset. Returns: what it means; never OK */
ASSAY_CHECKED enum assay_continuity_result assay_kv_fail(struct assay_kv *kv);
/* Executes a statement without rows, and resets it. Returns: OK | as assay_kv_fail */
ASSAY_CHECKED enum assay_continuity_result assay_kv_execute(struct assay_kv *kv,
                                                            enum assay_kv_statement statement);
/* Whether a function may begin. Returns: OK | MISUSE | TOO_EARLY | what made the handle or the
 * batch unusable */
ASSAY_CHECKED enum assay_continuity_result assay_kv_enter(struct assay_kv *kv);
/* Ends the transaction of a batch that is not committed. */
void assay_kv_roll_back(struct assay_kv *kv);

#endif
