/*
 * tests/unit/services/continuity/test_sqlite_connections.c - several connections of a database of
 * libassay-sqlite: one certifies no commit of another one, and what a reader keeps in the WAL
 * (docs/services.md 4.4.9).
 *
 * Calls that another thread would make are made between two calls of SQLite.
 */
#include "tests/unit/services/continuity/sqlite_bench.h"

TestSuite(services_sqlite_connections, .init = set_up, .fini = tear_down, .timeout = 600);

static struct {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
    sqlite3_file *wal, *main; /* of the other connection */
    struct assay_sqlite *handle;
    int calls, control_result;
    uint64_t index;
    bool fails;
} other;

static sqlite3_file *file_of(sqlite3 *db, int operation)
{
    sqlite3_file *file = NULL;
    cr_assert_eq(sqlite3_file_control(db, "main", operation, &file), SQLITE_OK);
    cr_assert(file != NULL && file->pMethods != NULL);
    return file;
}

/* A commit is in the WAL, and the other connection synchronises it for a checkpoint. */
static int sync_after_other(sqlite3_file *file, int flags)
{
    other.calls++;
    cr_assert_eq(other.wal->pMethods->xSync(other.wal, flags), SQLITE_OK);
    other.index = assay_sqlite_index(other.handle);
    other.control_result =
        other.main->pMethods->xFileControl(other.main, SQLITE_FCNTL_COMMIT_PHASETWO, NULL);
    return other.fails ? SQLITE_IOERR_FSYNC : other.real->xSync(file, flags);
}

static void sync_between(sqlite3 *db, sqlite3 *of, struct assay_sqlite *handle)
{
    sqlite3_file *const wal = file_of(db, SQLITE_FCNTL_JOURNAL_POINTER);
    other.wal = file_of(of, SQLITE_FCNTL_JOURNAL_POINTER);
    other.main = file_of(of, SQLITE_FCNTL_FILE_POINTER);
    other.handle = handle;
    other.real = wal->pMethods;
    other.methods = *wal->pMethods;
    other.methods.xSync = sync_after_other;
    wal->pMethods = &other.methods;
}

static void sync_alone(sqlite3 *db)
{
    file_of(db, SQLITE_FCNTL_JOURNAL_POINTER)->pMethods = other.real;
}

Test(services_sqlite_connections, a_commit_is_certified_by_its_own_connection)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle), *reader = connect_plain(handle);
    expect_executed(db, "CREATE TABLE t(a)");
    expect_query(reader, "SELECT count(*) FROM t", "0");
    sync_between(db, reader, handle);
    expect_executed(db, "INSERT INTO t VALUES (1)");
    sync_alone(db);
    cr_expect_eq(other.calls, 1);
    cr_expect_eq(other.index, 2, "the checkpoint of another connection certifies nothing");
    cr_expect_eq(other.control_result, SQLITE_OK, "another one has ended its commit");
    cr_expect_eq(assay_sqlite_index(handle), 3);
    cr_expect_eq(assay_sqlite_result(handle), ASSAY_CONTINUITY_OK);
    cr_assert_eq(sqlite3_close(reader), SQLITE_OK);
    close_all(&db, &handle);
}

Test(services_sqlite_connections, a_commit_that_is_undone_is_never_certified)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle), *reader = connect_plain(handle);
    expect_executed(db, "CREATE TABLE t(a)");
    expect_query(reader, "SELECT count(*) FROM t", "0");
    sync_between(db, reader, handle);
    other.fails = true;
    cr_expect_neq(execute(db, "INSERT INTO t VALUES (randomblob(9000))"), SQLITE_OK);
    sync_alone(db);
    expect_query(reader, "PRAGMA wal_checkpoint", "0");
    expect_query(db, "PRAGMA wal_checkpoint", "0");
    cr_expect_eq(assay_sqlite_index(handle), 2);
    expect_query(db, "SELECT count(*) FROM t", "0");
    expect_executed(db, "INSERT INTO t VALUES (2)");
    cr_assert_eq(sqlite3_close(reader), SQLITE_OK);
    close_all(&db, &handle);
    handle = start_handle("a", false);
    db = connect_to(handle);
    expect_query(db, "SELECT a FROM t", "2");
    close_all(&db, &handle);
}

/* The WAL has frames of pages that neither the main file nor the database has any more. */
Test(services_sqlite_connections, a_database_that_has_shrunk_is_found_with_its_old_frames)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle), *reader = connect_plain(handle);
    expect_executed(
        db, "PRAGMA secure_delete = OFF; CREATE TABLE t(a);"
            "INSERT INTO t VALUES (zeroblob(900000)); CREATE TABLE c(n); INSERT INTO c VALUES (1)");
    expect_query(db, "PRAGMA wal_checkpoint(TRUNCATE)", "0");
    expect_executed(db, "UPDATE c SET n = 2; DELETE FROM t; VACUUM");
    expect_executed(reader, "BEGIN");
    expect_query(reader, "SELECT n FROM c", "2");
    expect_query(db, "PRAGMA wal_checkpoint", "0");
    cr_assert_lt(size_of(in_root("a.db")), 100000, "it was cut");
    expect_executed(db, "UPDATE c SET n = 3");
    copy_all("a", "killed");
    cr_assert_eq(sqlite3_close(reader), SQLITE_OK);
    close_all(&db, &handle);
    handle = start_handle("killed", false);
    db = connect_plain(handle);
    expect_query(db, "SELECT n FROM c", "3");
    expect_query(db, "PRAGMA integrity_check", "ok");
    expect_executed(db, "INSERT INTO t VALUES (zeroblob(900000)); UPDATE c SET n = 4");
    expect_query(db, "PRAGMA wal_checkpoint(TRUNCATE)", "0");
    close_all(&db, &handle);
    handle = start_handle("killed", false);
    db = connect_to(handle);
    expect_query(db, "SELECT n || ' ' || length(a) FROM c, t", "4 900000");
    close_all(&db, &handle);
}

static void put_u32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void put_checksum(const uint8_t *bytes, size_t len, uint32_t *sum, uint8_t *out)
{
    for (size_t i = 0; i < len; i += 8) {
        for (size_t k = 0; k < 2; k++) {
            const uint8_t *const word = bytes + i + 4 * k;
            sum[k] += ((uint32_t)word[0] << 24 | (uint32_t)word[1] << 16 | (uint32_t)word[2] << 8 |
                       word[3]) +
                      sum[1 - k];
        }
    }
    put_u32(out, sum[0]);
    put_u32(out + 4, sum[1]);
}

/* A commit of one frame, whose page is the last one of a database of that many. */
static void write_forged_wal(const char *path, uint32_t page)
{
    static uint8_t wal[32 + 24 + 4096];
    uint32_t sum[2] = { 0, 0 };
    put_u32(wal, 0x377f0683);
    put_u32(wal + 4, 3007000);
    put_u32(wal + 8, 4096);
    put_checksum(wal, 24, sum, wal + 24);
    put_u32(wal + 32, page);
    put_u32(wal + 36, page);
    put_checksum(wal + 32, 8, sum, wal + 48);
    put_checksum(wal + 56, 4096, sum, wal + 48);
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, wal, sizeof wal), (ssize_t)sizeof wal);
    (void)close(fd);
}

/* Sizes and numbers of the host cost no memory: of a file without end, and of a forged frame. */
Test(services_sqlite_connections, pages_beyond_the_certified_ones_need_no_memory)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle);
    expect_executed(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    expect_query(db, "PRAGMA wal_checkpoint(TRUNCATE)", "0");
    close_all(&db, &handle);
    run_command("truncate -s 8T %s/a.db; true %s", root, root);
    write_forged_wal(in_root("a.db-wal"), UINT32_MAX - 1);
    handle = start_handle("a", false);
    cr_expect_eq(size_of(in_root("a.db")), 2 * 4096, "it was cut");
    db = connect_to(handle);
    expect_query(db, "SELECT a FROM t", "1");
    close_all(&db, &handle);
}

enum { PENDING_PAGE = 17, ROUNDS = 24, STATEMENTS = 12 };

static uint32_t next_random(void)
{
    static uint32_t state = 1; /* SQLite 3.40 omits checksums of a commit */
    state = state * 1664525 + 1013904223;
    return state >> 8;
}

static void change_both(sqlite3 *db, sqlite3 *model)
{
    static const char *const statements[] = {
        "INSERT INTO t(a) SELECT zeroblob(%u) FROM t LIMIT 9",
        "INSERT INTO t(a) VALUES (zeroblob(%u))",
        "DELETE FROM t WHERE n %% 3 = %u %% 3",
        "BEGIN; UPDATE t SET a = zeroblob(%u); UPDATE t SET a = zeroblob(9000); COMMIT",
        "BEGIN; SAVEPOINT s; DELETE FROM t; INSERT INTO t(a) VALUES (zeroblob(%u)); ROLLBACK TO s;"
        "UPDATE t SET a = zeroblob(700) WHERE n %% 2 = 0; COMMIT",
        "BEGIN; INSERT INTO t(a) SELECT zeroblob(%u) FROM t; UPDATE t SET a = 7; ROLLBACK",
        "VACUUM; DELETE FROM t WHERE n > 40 + %u %% 9",
        "PRAGMA secure_delete = %u; PRAGMA wal_checkpoint",
        "PRAGMA wal_checkpoint(RESTART); PRAGMA incremental_vacuum(%u)",
    };
    char text[300];
    const uint32_t kind = next_random() % (sizeof statements / sizeof *statements);
    sqlite3_snprintf(sizeof text, text, statements[kind],
                     kind == 7 ? next_random() % 2 : next_random() % 30000);
    const int rc = execute(db, text);
    cr_assert(rc == SQLITE_OK || rc == SQLITE_BUSY, "%s: %d, %s", text, rc, sqlite3_errmsg(db));
    if (rc == SQLITE_OK) expect_executed(model, text);
    else (void)execute(db, "ROLLBACK");
}

static void expect_same(sqlite3 *db, sqlite3 *model)
{
    static const char *const query = "SELECT count(*) || ' ' || total(n) || ' ' || "
                                     "total(length(a) * n) FROM t";
    char text[200];
    cr_assert_eq(query_text(model, query, text, sizeof text), SQLITE_ROW);
    expect_query(db, query, text);
    expect_query(db, "PRAGMA integrity_check", "ok");
}

/* Databases that grow and shrink over the page of SQLite's lock, which is never written. */
Test(services_sqlite_connections, copies_of_a_killed_program_go_on_at_any_statement)
{
    static const char *const names[] = { "a", "b" };
    sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, (PENDING_PAGE - 1) * 4096);
    static const char *const schema =
        "PRAGMA cache_size = 5; CREATE TABLE t(n INTEGER PRIMARY KEY, a);"
        "INSERT INTO t(a) VALUES (1), (2), (3)";
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle), *model = NULL;
    cr_assert_eq(sqlite3_open(":memory:", &model), SQLITE_OK);
    expect_executed(model, schema);
    expect_executed(db, "PRAGMA auto_vacuum = 2; VACUUM");
    expect_executed(db, schema);
    for (int round = 0; round < ROUNDS; round++) {
        sqlite3 *reader = connect_plain(handle);
        for (int i = 0; i < STATEMENTS; i++) {
            char text[20];
            change_both(db, model);
            if (i % 3 == 1) (void)execute(reader, "COMMIT");
            if (i % 3 == 0) (void)execute(reader, "BEGIN");
            cr_assert_eq(query_text(reader, "SELECT count(*) FROM t", text, sizeof text),
                         SQLITE_ROW);
        }
        expect_same(db, model);
        copy_all(names[round % 2], names[(round + 1) % 2]);
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        cr_assert_eq(sqlite3_close(reader), SQLITE_OK);
        close_all(&db, &handle);
        handle = start_handle(names[(round + 1) % 2], false);
        db = connect_plain(handle);
        expect_executed(db, "PRAGMA cache_size = 5");
        expect_same(db, model);
    }
    cr_assert_eq(sqlite3_close(model), SQLITE_OK);
    close_all(&db, &handle);
}

Test(services_sqlite_connections, a_connection_that_ignores_the_wal_is_refused)
{
    static const char *const parameters[] = { "immutable=1", "nolock=1" };
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle);
    expect_executed(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    expect_query(db, "PRAGMA wal_checkpoint", "0");
    expect_executed(db, "INSERT INTO t VALUES (2)");
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        char name[PATH_LEN], text[20];
        sqlite3 *bad = NULL;
        (void)snprintf(name, sizeof name, "file:%.300s/a.db?%s", root, parameters[i]);
        const int rc = sqlite3_open_v2(name, &bad, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI,
                                       assay_sqlite_vfs(handle));
        if (rc == SQLITE_OK)
            cr_expect_neq(query_text(bad, "SELECT count(*) FROM t", text, sizeof text), SQLITE_ROW,
                          "%s: found %s rows", parameters[i], text);
        cr_expect_eq(rc, SQLITE_CANTOPEN);
        cr_assert_eq(sqlite3_close(bad), SQLITE_OK);
    }
    close_all(&db, &handle);
}

/* PRAGMAs without a schema are for each database, and SQLite asks the file of the first one. */
Test(services_sqlite_connections, pragmas_of_another_database_do_not_change_an_attached_one)
{
    static const char *const pragmas[] = {
        "PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = OFF",
        "PRAGMA journal_mode = MEMORY",    "PRAGMA journal_mode = DELETE",
        "PRAGMA synchronous = OFF",
    };
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle);
    expect_executed(db, "CREATE TABLE t(a)");
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    int rows = 0;
    for (size_t i = 0; i < 2 * sizeof pragmas / sizeof *pragmas; i++) {
        char attach[2 * PATH_LEN];
        const char *const pragma = pragmas[i / 2];
        (void)snprintf(attach, sizeof attach, "ATTACH 'file:%.300s/a.db?vfs=%s' AS x", root,
                       assay_sqlite_vfs(handle));
        cr_assert_eq(
            sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL),
            SQLITE_OK);
        if (i % 2 == 0) (void)execute(db, pragma);
        expect_executed(db, attach);
        if (i % 2 == 1) (void)execute(db, pragma);
        const uint64_t before = assay_sqlite_index(handle);
        const int rc = execute(db, "INSERT INTO x.t VALUES (1)");
        if (rc == SQLITE_OK) rows++;
        cr_expect_eq(assay_sqlite_index(handle), before + (rc == SQLITE_OK ? 1 : 0), "%s", pragma);
        cr_expect_eq(assay_sqlite_result(handle), ASSAY_CONTINUITY_OK, "%s: %s", pragma,
                     assay_sqlite_reason(handle));
        if (strstr(pragma, "EXCLUSIVE") != NULL) cr_expect_neq(rc, SQLITE_OK);
        cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    }
    char expected[20];
    (void)snprintf(expected, sizeof expected, "%d", rows);
    db = connect_to(handle);
    expect_query(db, "SELECT count(*) FROM t", expected);
    close_all(&db, &handle);
    handle = start_handle("a", false);
    db = connect_to(handle);
    expect_query(db, "SELECT count(*) FROM t", expected);
    close_all(&db, &handle);
}
