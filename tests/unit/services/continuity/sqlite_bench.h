/*
 * tests/unit/services/continuity/sqlite_bench.h - test fixture: a program of libassay-sqlite with a
 * folder and a database, in the house of enclave_house.h.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_CONTINUITY_SQLITE_BENCH_H
#define ASSAY_TESTS_UNIT_SERVICES_CONTINUITY_SQLITE_BENCH_H

#include "tests/unit/services/continuity/library_bench.h"

#include <assay/sqlite.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

/* What the program does while a commit waits. */
static int (*while_waiting)(void);

static inline int on_progress(void *context, uint64_t waited_ms)
{
    (void)context;
    (void)waited_ms;
    return while_waiting != NULL ? while_waiting() : (close_epochs(1), 0);
}

static inline struct assay_sqlite *open_handle(const char *name, bool is_new, uint32_t page_size,
                                               enum assay_continuity_result expected)
{
    char file[PATH_LEN];
    struct assay_sqlite *handle = NULL;
    const struct assay_continuity_options continuity = options_of(in_root(name));
    (void)snprintf(file, sizeof file, "%.300s/%s.db", root, name);
    const struct assay_sqlite_options options = { .size = sizeof options,
                                                  .continuity = &continuity,
                                                  .file = file,
                                                  .page_size = page_size,
                                                  .progress = on_progress };
    const enum assay_continuity_result result =
        is_new ? assay_sqlite_create(&options, &handle) : assay_sqlite_open(&options, &handle);
    cr_assert_eq(result, expected, "%s: %s", assay_continuity_name(result),
                 assay_sqlite_reason(handle));
    return handle;
}

static inline void expect_started(struct assay_sqlite *handle,
                                  enum assay_continuity_result expected)
{
    enum assay_continuity_result result = ASSAY_CONTINUITY_IN_DOUBT;
    for (int i = 0; i < SOON_MS / TRY_MS && result == ASSAY_CONTINUITY_IN_DOUBT; i++) {
        close_epochs(1);
        result = assay_sqlite_start(handle, TRY_MS);
    }
    cr_assert_eq(result, expected, "expected %s, found %s: %s", assay_continuity_name(expected),
                 assay_continuity_name(result), assay_sqlite_reason(handle));
}

static inline struct assay_sqlite *start_handle(const char *name, bool is_new)
{
    struct assay_sqlite *const handle = open_handle(name, is_new, 0, ASSAY_CONTINUITY_OK);
    expect_started(handle, ASSAY_CONTINUITY_OK);
    return handle;
}

static inline sqlite3 *connect_to(struct assay_sqlite *handle)
{
    sqlite3 *db = NULL;
    const enum assay_continuity_result result = assay_sqlite_database(handle, &db);
    cr_assert_eq(result, ASSAY_CONTINUITY_OK, "%s", assay_sqlite_reason(handle));
    return db;
}

static inline void close_all(sqlite3 **db, struct assay_sqlite **handle)
{
    if (db != NULL && *db != NULL) cr_assert_eq(sqlite3_close(*db), SQLITE_OK);
    if (db != NULL) *db = NULL;
    const enum assay_continuity_result result = assay_sqlite_close(handle);
    cr_assert_eq(result, ASSAY_CONTINUITY_OK, "%s", assay_sqlite_reason(*handle));
}

static inline int execute(sqlite3 *db, const char *statements)
{
    return sqlite3_exec(db, statements, NULL, NULL, NULL);
}

static inline void expect_executed(sqlite3 *db, const char *statements)
{
    const int rc = execute(db, statements);
    cr_assert_eq(rc, SQLITE_OK, "%s: %d (%d), %s", statements, rc, sqlite3_extended_errcode(db),
                 sqlite3_errmsg(db));
}

/* Out: text: the first column of the first row. Returns: SQLITE_ROW, or why there is none */
static inline int query_text(sqlite3 *db, const char *query, char *text, size_t len)
{
    sqlite3_stmt *statement = NULL;
    text[0] = '\0';
    int rc = sqlite3_prepare_v2(db, query, -1, &statement, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        (void)snprintf(text, len, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return rc;
}

static inline void expect_query(sqlite3 *db, const char *query, const char *expected)
{
    char text[400];
    const int rc = query_text(db, query, text, sizeof text);
    cr_assert_eq(rc, SQLITE_ROW, "%s: %d, %s", query, rc, sqlite3_errmsg(db));
    cr_assert_str_eq(text, expected, "%s: expected %s, found %s", query, expected, text);
}

/* Checkpoints do not happen by themselves, so that a test has commits in the WAL. */
static inline sqlite3 *connect_plain(struct assay_sqlite *handle)
{
    sqlite3 *const db = connect_to(handle);
    cr_assert_eq(sqlite3_wal_autocheckpoint(db, 0), SQLITE_OK);
    return db;
}

/* Copies folder and files of the database FROM to TO. */
static inline void copy_all(const char *from, const char *to)
{
    char a[PATH_LEN], b[PATH_LEN];
    (void)snprintf(a, sizeof a, "%.300s/%s", root, from);
    (void)snprintf(b, sizeof b, "%.300s/%s", root, to);
    run_command("rm -rf %2$s %2$s.db %2$s.db-wal; cp -a %1$s %2$s; cp %1$s.db %2$s.db; "
                "if [ -e %1$s.db-wal ]; then cp %1$s.db-wal %2$s.db-wal; fi",
                a, b);
}

static inline void change_file(const char *path, long at)
{
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    uint8_t byte = 0;
    cr_assert(fd >= 0, "%s", path);
    if (at < 0) at += (long)lseek(fd, 0, SEEK_END);
    cr_assert_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
    (void)close(fd);
}

static inline long size_of(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 ? (long)file.st_size : -1;
}

#endif
