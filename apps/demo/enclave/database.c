/*
 * apps/demo/enclave/database.c - demo enclave with a database: rows that are certified as they are
 * committed (assay/sqlite.h).
 *
 * DIR/states has its sealed states, DIR/rows.db and DIR/rows.db-wal are the database. A row is
 * printed after its commit, what was read after a quorum has confirmed the session.
 */
#include "apps/demo/enclave/enclave.h"

#include <assay/sqlite.h>

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_MS = 100 };

typedef unsigned long long llu;

struct database {
    struct assay_sqlite *handle;
    sqlite3 *sqlite;
    llu rows;
};

static int report_refusal(const struct database *database, enum assay_continuity_result result)
{
    if (result == ASSAY_CONTINUITY_ROLLBACK)
        enclave_print("rollback %s", assay_sqlite_reason(database->handle));
    else if (result == ASSAY_CONTINUITY_FENCED)
        enclave_print("fenced rows %llu commit %llu", database->rows,
                      (llu)assay_sqlite_index(database->handle));
    else
        return enclave_fail("%s at commit %llu: %s", assay_continuity_name(result),
                            (llu)assay_sqlite_index(database->handle),
                            assay_sqlite_reason(database->handle));
    return ENCLAVE_REFUSED;
}

/* SQLite did not execute something: because the handle is unusable, or for a reason of its own. */
static int report_error(const struct database *database)
{
    const enum assay_continuity_result result = assay_sqlite_result(database->handle);
    if (result != ASSAY_CONTINUITY_OK) return report_refusal(database, result);
    return enclave_fail("SQLite: %s", sqlite3_errmsg(database->sqlite));
}

/* Counts the rows, whose numbers have no gap. */
static int count_rows(struct database *database)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_int64 count = 0, last = 0;
    int rc =
        sqlite3_prepare_v2(database->sqlite, "SELECT count(*), coalesce(max(number), 0) FROM rows",
                           -1, &statement, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        count = sqlite3_column_int64(statement, 0);
        last = sqlite3_column_int64(statement, 1);
    }
    (void)sqlite3_finalize(statement);
    if (rc != SQLITE_ROW) return report_error(database);
    database->rows = (llu)count;
    if (count != last) return enclave_fail("%lld rows, the last has number %lld", count, last);
    return ENCLAVE_OK;
}

static enum assay_continuity_result confirm_session(struct database *database)
{
    const uint64_t until_ms = enclave_now_ms() + ENCLAVE_PATIENCE_MS;
    enum assay_continuity_result result = ASSAY_CONTINUITY_IN_DOUBT;
    while (enclave_is_pending(result, until_ms))
        result = assay_sqlite_confirm(database->handle, ENCLAVE_WAIT_MS);
    return result;
}

static int open_database(struct database *database, char **argv)
{
    static char states[PATH_MAX], file[PATH_MAX];
    struct assay_continuity_options continuity;
    if (!enclave_read_options(argv[0], argv[1], argv[4], &continuity)) return ENCLAVE_ERROR;
    (void)snprintf(states, sizeof states, "%s/states", argv[2]);
    (void)snprintf(file, sizeof file, "%s/rows.db", argv[2]);
    continuity.folder = states;
    const struct assay_sqlite_options options = { .size = sizeof options,
                                                  .continuity = &continuity,
                                                  .file = file };
    enum assay_continuity_result result = enclave_has_instance(states)
                                              ? assay_sqlite_open(&options, &database->handle)
                                              : assay_sqlite_create(&options, &database->handle);
    if (result == ASSAY_CONTINUITY_OK) result = ASSAY_CONTINUITY_IN_DOUBT;
    const uint64_t until_ms = enclave_now_ms() + ENCLAVE_PATIENCE_MS;
    while (enclave_is_pending(result, until_ms))
        result = assay_sqlite_start(database->handle, ENCLAVE_WAIT_MS);
    if (result == ASSAY_CONTINUITY_OK)
        result = assay_sqlite_database(database->handle, &database->sqlite);
    if (result != ASSAY_CONTINUITY_OK) return report_refusal(database, result);
    if (sqlite3_exec(database->sqlite,
                     "CREATE TABLE IF NOT EXISTS rows(number INTEGER PRIMARY KEY, text)", NULL,
                     NULL, NULL) != SQLITE_OK)
        return report_error(database);
    const int status = count_rows(database);
    if (status != ENCLAVE_OK) return status;
    result = confirm_session(database);
    if (result != ASSAY_CONTINUITY_OK) return report_refusal(database, result);
    enclave_print("found %llu commit %llu", database->rows,
                  (llu)assay_sqlite_index(database->handle));
    return ENCLAVE_OK;
}

static bool insert_row(struct database *database)
{
    return sqlite3_exec(database->sqlite,
                        "INSERT INTO rows(text) SELECT 'row ' || (count(*) + 1) FROM rows", NULL,
                        NULL, NULL) == SQLITE_OK;
}

static int add_row(struct database *database)
{
    if (!insert_row(database)) return report_error(database);
    database->rows++;
    enclave_print("row %llu commit %llu", database->rows,
                  (llu)assay_sqlite_index(database->handle));
    return ENCLAVE_OK;
}

/* Reads repeatedly. A session that is refused has no further row, either. */
static int confirm_repeatedly(struct database *database)
{
    bool has_read = false;
    while (!enclave_is_stopped()) {
        const enum assay_continuity_result result = confirm_session(database);
        if (enclave_is_stopped()) break;
        if (result == ASSAY_CONTINUITY_OK && !has_read) enclave_print("read %llu", database->rows);
        has_read = true;
        if (result != ASSAY_CONTINUITY_OK) {
            if (insert_row(database)) return enclave_fail("a row was committed after a refusal");
            enclave_print("error %s", sqlite3_errmsg(database->sqlite));
            return report_refusal(database, result);
        }
        (void)usleep(READ_MS * 1000);
    }
    return ENCLAVE_OK;
}

int enclave_run_database(int argc, char **argv)
{
    struct database database = { .handle = NULL };
    const llu until = strtoull(argv[3], NULL, 10);
    int status = open_database(&database, argv);
    while (status == ENCLAVE_OK && database.rows < until && !enclave_is_stopped())
        status = add_row(&database);
    if (status == ENCLAVE_OK)
        enclave_print("certified %llu commit %llu", database.rows,
                      (llu)assay_sqlite_index(database.handle));
    if (status == ENCLAVE_OK && argc > 5) status = confirm_repeatedly(&database);
    (void)sqlite3_close(database.sqlite);
    if (assay_sqlite_close(&database.handle) == ASSAY_CONTINUITY_OK) return status;
    return enclave_fail("close: %s", assay_sqlite_reason(database.handle));
}
