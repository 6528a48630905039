/*
 * tests/unit/services/continuity/test_sqlite_library.c - libassay-sqlite as programs use it with
 * running replicas (include/assay/sqlite.h). Goal: a program has the rows of the last certified
 * commit or an error, whatever statements and crashes it had.
 */
#include "apps/api/sqlite/pages.h"
#include "tests/unit/services/continuity/sqlite_bench.h"

TestSuite(services_sqlite_library, .init = set_up, .fini = tear_down, .timeout = 600);

Test(services_sqlite_library, a_database_goes_on_where_it_was)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle);
    cr_expect_eq(assay_sqlite_index(handle), 1, "an empty database");
    expect_query(db, "PRAGMA integrity_check", "ok");
    expect_query(db, "PRAGMA journal_mode", "wal");
    expect_executed(db, "CREATE TABLE t(a)");
    cr_expect_eq(assay_sqlite_index(handle), 2);
    expect_executed(db, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
    cr_expect_eq(assay_sqlite_index(handle), 4);
    expect_executed(db, "BEGIN; COMMIT; DELETE FROM t WHERE a = 7; SELECT * FROM t");
    cr_expect_eq(assay_sqlite_index(handle), 4, "nothing has changed");
    cr_expect_eq(assay_sqlite_confirm(handle, SOON_MS), ASSAY_CONTINUITY_OK);
    close_all(&db, &handle);
    for (int i = 3; i < 6; i++) {
        char query[100], expected[20];
        handle = start_handle("a", false);
        cr_expect_eq(assay_sqlite_index(handle), (uint64_t)i + 1);
        db = connect_to(handle);
        (void)snprintf(expected, sizeof expected, "%d", i - 1);
        expect_query(db, "SELECT count(*) FROM t", expected);
        (void)snprintf(query, sizeof query, "INSERT INTO t VALUES (%d)", i);
        expect_executed(db, query);
        expect_query(db, "PRAGMA integrity_check", "ok");
        close_all(&db, &handle);
    }
    cr_expect_eq(count_states(in_root("a")), 1);
}

Test(services_sqlite_library, connections_of_one_process_share_the_database)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *one = connect_plain(handle), *two = connect_plain(handle), *three = NULL;
    expect_executed(one, "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    expect_executed(two, "BEGIN");
    expect_query(two, "SELECT count(*) FROM t", "1");
    expect_executed(one, "BEGIN IMMEDIATE; INSERT INTO t VALUES (2)");
    cr_expect_eq(execute(two, "INSERT INTO t VALUES (9)"), SQLITE_BUSY);
    expect_executed(one, "COMMIT; PRAGMA wal_checkpoint");
    expect_query(two, "SELECT count(*) FROM t", "1");
    expect_executed(two, "COMMIT");
    expect_query(two, "SELECT count(*) FROM t", "2");
    expect_executed(two, "INSERT INTO t VALUES (3)");
    expect_query(one, "SELECT count(*) FROM t", "3");
    cr_assert_eq(
        sqlite3_open_v2(in_root("a.db"), &three, SQLITE_OPEN_READWRITE, assay_sqlite_vfs(handle)),
        SQLITE_OK);
    expect_query(three, "SELECT count(*) FROM t", "3");
    cr_expect_eq(assay_sqlite_close(&handle), ASSAY_CONTINUITY_MISUSE, "connections are open");
    cr_assert_not_null(handle);
    struct assay_sqlite *again = open_handle("a", false, 0, ASSAY_CONTINUITY_STORAGE);
    cr_expect_not_null(strstr(assay_sqlite_reason(again), "no other handle"));
    close_all(NULL, &again);
    cr_assert_eq(sqlite3_close(two), SQLITE_OK);
    cr_assert_eq(sqlite3_close(three), SQLITE_OK);
    close_all(&one, &handle);
    cr_expect_eq(size_of(in_root("a.db-shm")), -1, "the host has no shared memory");
    handle = start_handle("a", false);
    one = connect_to(handle);
    expect_query(one, "SELECT count(*) FROM t", "3");
    close_all(&one, &handle);
}

enum { THREADS = 3, COMMITS = 25 };

struct worker {
    struct assay_sqlite *handle;
    const char *file;
    int number, faults;
};

/* Commits, reads and checkpoints of one thread among others. */
static void *work(void *context)
{
    struct worker *const w = context;
    sqlite3 *db = NULL;
    char text[40];
    long last = 0;
    if (sqlite3_open_v2(w->file, &db, SQLITE_OPEN_READWRITE, assay_sqlite_vfs(w->handle)) !=
        SQLITE_OK)
        w->faults++;
    sqlite3_busy_timeout(db, 60000);
    sqlite3_wal_autocheckpoint(db, 10);
    for (int i = 0; i < COMMITS; i++) {
        if (execute(db, "INSERT INTO t VALUES (hex(randomblob(3000)))") != SQLITE_OK) w->faults++;
        if (i % 7 == w->number) execute(db, "PRAGMA wal_checkpoint(RESTART)");
        if (query_text(db, "SELECT count(*) FROM t WHERE length(a) = 6000", text, sizeof text) !=
                SQLITE_ROW ||
            strtol(text, NULL, 10) <= last)
            w->faults++;
        last = strtol(text, NULL, 10);
    }
    if (sqlite3_close(db) != SQLITE_OK) w->faults++;
    return NULL;
}

Test(services_sqlite_library, connections_of_several_threads_commit_and_checkpoint)
{
    pthread_t threads[THREADS];
    struct worker workers[THREADS] = { { .number = 0 } };
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle);
    expect_executed(db, "CREATE TABLE t(a)");
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .handle = handle, .file = in_root("a.db"), .number = i };
        cr_assert_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
        cr_expect_eq(workers[i].faults, 0, "%s", assay_sqlite_reason(handle));
    }
    cr_expect_eq(assay_sqlite_index(handle), 2 + THREADS * COMMITS);
    expect_query(db, "PRAGMA integrity_check", "ok");
    close_all(&db, &handle);
    handle = start_handle("a", false);
    db = connect_to(handle);
    expect_query(db, "SELECT count(*) FROM t", "75");
    close_all(&db, &handle);
}

Test(services_sqlite_library, checkpoints_need_no_certification_and_lose_nothing)
{
    static const char *const modes[] = { "PASSIVE", "FULL", "RESTART", "TRUNCATE" };
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle);
    expect_executed(db, "CREATE TABLE t(a)");
    for (int i = 0; i < 4; i++) {
        char query[100], expected[20];
        expect_executed(db, "INSERT INTO t VALUES (randomblob(9000))");
        const uint64_t index = assay_sqlite_index(handle);
        (void)snprintf(query, sizeof query, "PRAGMA wal_checkpoint(%s)", modes[i]);
        expect_query(db, query, "0");
        cr_expect_eq(assay_sqlite_index(handle), index);
        (void)snprintf(expected, sizeof expected, "%d", i + 1);
        expect_query(db, "SELECT count(*) FROM t WHERE length(a) = 9000", expected);
        /* What is on disk now is a database by itself. */
        copy_all("a", "copy");
        struct assay_sqlite *copy = start_handle("copy", false);
        sqlite3 *other = connect_to(copy);
        expect_query(other, "SELECT count(*) FROM t", expected);
        close_all(&other, &copy);
        close_all(&db, &handle);
        handle = start_handle("a", false);
        db = connect_plain(handle);
    }
    expect_executed(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    cr_expect_eq(size_of(in_root("a.db-wal")), 0);
    close_all(&db, &handle);
}

/* Statements that spill, roll back, shrink and grow, compared with a database in memory. */
Test(services_sqlite_library, random_statements_give_what_sqlite_gives)
{
    static const char *const statements[] = {
        "INSERT INTO t SELECT hex(zeroblob(i * 90)) FROM n",
        "DELETE FROM t WHERE rowid %% 3 = %u %% 3",
        "UPDATE t SET a = a || '%u' WHERE rowid %% 5 = %u %% 5",
        "DELETE FROM t WHERE rowid > %u %% 40",
        "BEGIN; INSERT INTO t SELECT a || '%u' FROM t; ROLLBACK",
        "BEGIN; INSERT INTO t VALUES (%u); SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; "
        "UPDATE t SET a = a || 'x' WHERE rowid %% 2 = 0; COMMIT",
        "BEGIN; DELETE FROM t; INSERT INTO t SELECT hex(zeroblob(i * 300)) FROM n; "
        "DELETE FROM t WHERE rowid > 3; COMMIT",
        "VACUUM",
        "PRAGMA wal_checkpoint",
        "PRAGMA incremental_vacuum",
    };
    enum { KINDS = sizeof statements / sizeof *statements };
    static const uint32_t sizes[] = { 512, 4096, 65536 };
    uint32_t seed = 7;
    for (size_t s = 0; s < 3; s++) {
        const char *const name = s == 0 ? "a" : s == 1 ? "b" : "c";
        struct assay_sqlite *handle = open_handle(name, true, sizes[s], ASSAY_CONTINUITY_OK);
        expect_started(handle, ASSAY_CONTINUITY_OK);
        sqlite3 *db = connect_to(handle), *model = NULL;
        cr_assert_eq(sqlite3_open(":memory:", &model), SQLITE_OK);
        const char *const schema =
            "CREATE TABLE t(a); CREATE INDEX i ON t(a); CREATE TABLE n(i);"
            "WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c "
            "LIMIT 40) INSERT INTO n SELECT i FROM c";
        expect_executed(db, schema);
        expect_executed(model, schema);
        for (int i = 0; i < 60; i++) {
            char text[400], expected[100];
            seed = seed * 1664525U + 1013904223U;
            const uint32_t value = seed >> 20;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            (void)snprintf(text, sizeof text, statements[(seed >> 10) % KINDS], value, value);
#pragma GCC diagnostic pop
            expect_executed(db, "PRAGMA cache_size = 5; PRAGMA secure_delete = OFF");
            expect_executed(db, text);
            expect_executed(model, text);
            if (seed % 7 == 0) {
                close_all(&db, &handle);
                handle = start_handle(name, false);
                db = connect_to(handle);
            }
            const char *const sum = "SELECT count(*) || ' ' || total(length(a)) || ' ' || "
                                    "coalesce(max(a), '') FROM t WHERE length(a) < 300";
            cr_assert_eq(query_text(model, sum, expected, sizeof expected), SQLITE_ROW);
            char found[100];
            cr_assert_eq(query_text(db, sum, found, sizeof found), SQLITE_ROW);
            cr_assert_str_eq(found, expected, "%s", text);
        }
        expect_query(db, "PRAGMA integrity_check", "ok");
        sqlite3_close(model);
        close_all(&db, &handle);
    }
}

/* --- statements that would end the protection */

Test(services_sqlite_library, pragmas_that_end_the_protection_are_refused)
{
    static const char *const refused[] = {
        "PRAGMA journal_mode = DELETE",    "PRAGMA journal_mode = OFF",
        "PRAGMA main.journal_mode=memory", "PRAGMA synchronous = OFF",
        "PRAGMA synchronous = NORMAL",     "PRAGMA synchronous = 1",
        "PRAGMA main.synchronous = on",    "PRAGMA locking_mode = EXCLUSIVE",
        "PRAGMA mmap_size = 1000000",
    };
    static const char *const accepted[] = {
        "PRAGMA journal_mode = WAL",    "PRAGMA journal_mode", "PRAGMA synchronous = EXTRA",
        "PRAGMA synchronous = FULL",    "PRAGMA synchronous",  "PRAGMA mmap_size = 0",
        "PRAGMA locking_mode = normal", "PRAGMA cache_size=9",
    };
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        cr_expect_eq(execute(db, refused[i]), SQLITE_ERROR, "%s", refused[i]);
        cr_expect_not_null(strstr(sqlite3_errmsg(db), "a certified database needs"), "%s: %s",
                           refused[i], sqlite3_errmsg(db));
    }
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++)
        expect_executed(db, accepted[i]);
    expect_query(db, "PRAGMA journal_mode", "wal");
    expect_query(db, "PRAGMA synchronous", "2");
    expect_executed(db, "CREATE TABLE t(a)");
    cr_expect_eq(assay_sqlite_index(handle), 2);
    close_all(&db, &handle);
}

Test(services_sqlite_library, another_file_is_not_attached)
{
    char statement[PATH_LEN + 40];
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle);
    (void)snprintf(statement, sizeof statement, "ATTACH '%s' AS x", in_root("other.db"));
    cr_expect_eq(execute(db, statement), SQLITE_CANTOPEN);
    cr_expect_not_null(strstr(assay_sqlite_reason(handle), "other.db: expected the database of"));
    cr_expect_eq(size_of(in_root("other.db")), -1);
    expect_executed(db, "ATTACH ':memory:' AS m; CREATE TABLE m.t(a); INSERT INTO m.t VALUES (1)");
    cr_expect_eq(assay_sqlite_index(handle), 1);
    close_all(&db, &handle);
}

/* SQLite opens temporary files in this folder, where no file can be made. */
Test(services_sqlite_library, temporary_files_are_in_memory)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle);
    cr_assert_eq(setenv("SQLITE_TMPDIR", "/proc/self", 1), 0);
    sqlite3_temp_directory = sqlite3_mprintf("/proc/self");
    expect_executed(db,
                    "PRAGMA temp_store = FILE; PRAGMA cache_size = 5; PRAGMA temp.cache_size = 5;"
                    "CREATE TABLE t(a); CREATE TEMP TABLE u(a);"
                    "WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c LIMIT 3000) "
                    "INSERT INTO t SELECT hex(randomblob(200)) FROM c;"
                    "INSERT INTO u SELECT a FROM t; CREATE INDEX i ON t(a);"
                    "BEGIN; SAVEPOINT s; UPDATE t SET a = a || 'x'; ROLLBACK TO s; COMMIT");
    expect_query(db, "SELECT count(*) FROM (SELECT DISTINCT a FROM u ORDER BY a DESC)", "3000");
    expect_executed(db, "VACUUM");
    expect_query(db, "PRAGMA integrity_check", "ok");
    close_all(&db, &handle);
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = NULL;
}

/* --- a new database */

Test(services_sqlite_library, a_new_database_takes_no_file_that_is_there)
{
    run_command("echo x >%s/a.db; true %s", root, root);
    struct assay_sqlite *handle = open_handle("a", true, 0, ASSAY_CONTINUITY_EXISTS);
    close_all(NULL, &handle);
    run_command("rm %s/a.db; true %s", root, root);
    handle = start_handle("a", true);
    close_all(NULL, &handle);
    handle = open_handle("a", true, 0, ASSAY_CONTINUITY_EXISTS);
    close_all(NULL, &handle);
    handle = open_handle("b", false, 0, ASSAY_CONTINUITY_NO_INSTANCE);
    close_all(NULL, &handle);
    handle = open_handle("b", true, 1000, ASSAY_CONTINUITY_MISUSE);
    cr_expect_eq(assay_sqlite_start(handle, 0), ASSAY_CONTINUITY_MISUSE);
    close_all(NULL, &handle);
}

/* A crash before the first state is certified: the instance has none. */
Test(services_sqlite_library, an_instance_without_a_state_begins_again)
{
    struct assay_continuity *c = start_folder(in_root("a"), true);
    assay_continuity_close(&c);
    run_command("head -c 100 /dev/zero >%s/a.db; true %s", root, root);
    struct assay_sqlite *handle = open_handle("a", false, 0, ASSAY_CONTINUITY_OK);
    expect_started(handle, ASSAY_CONTINUITY_EXISTS);
    cr_expect_not_null(strstr(assay_sqlite_reason(handle), "was ever certified"));
    close_all(NULL, &handle);
    run_command("printf 'SQLite format 3\\0' >%s/a.db; true %s", root, root);
    handle = start_handle("a", false);
    sqlite3 *db = connect_to(handle);
    expect_executed(db, "CREATE TABLE t(a)");
    cr_expect_eq(assay_sqlite_index(handle), 2);
    close_all(&db, &handle);
}

Test(services_sqlite_library, states_of_another_program_are_no_database)
{
    struct assay_continuity *c = start_folder(in_root("a"), true);
    save_text(c, "a counter");
    assay_continuity_close(&c);
    struct assay_sqlite *handle = open_handle("a", false, 0, ASSAY_CONTINUITY_OK);
    expect_started(handle, ASSAY_CONTINUITY_SEALED);
    close_all(NULL, &handle);
}

/* --- digests */

Test(services_sqlite_library, a_tree_that_changes_has_the_root_of_a_new_one)
{
    static assay_sqlite_digest digests[5001];
    struct assay_sqlite_tree changed = { .count = 0 };
    assay_sqlite_digest root_changed, root_new, before = { 0 };
    uint32_t seed = 3;
    for (int i = 0; i < 300; i++) {
        seed = seed * 1664525U + 1013904223U;
        const uint32_t old = changed.count, count = i % 5 == 0 ? (seed >> 8) % 5000 + 1 : old;
        cr_assert(assay_sqlite_tree_resize(&changed, count));
        for (uint32_t page = old + 1; page <= count; page++) {
            assay_sha256(&seed, sizeof seed, digests[page]);
            assay_sqlite_tree_set(&changed, page, digests[page]);
        }
        for (uint32_t j = 0; j < seed % 4; j++) {
            const uint32_t page = (seed >> (j + 3)) % count + 1;
            assay_sha256(&page, sizeof page, digests[page]);
            digests[page][0] = (uint8_t)i;
            assay_sqlite_tree_set(&changed, page, digests[page]);
        }
        if (i % 3 == 0) continue;
        struct assay_sqlite_tree fresh = { .count = 0 };
        cr_assert(assay_sqlite_tree_resize(&fresh, count));
        for (uint32_t page = 1; page <= count; page++)
            assay_sqlite_tree_set(&fresh, page, digests[page]);
        assay_sqlite_tree_root(&changed, root_changed);
        assay_sqlite_tree_root(&fresh, root_new);
        cr_assert_arr_eq(root_changed, root_new, 32);
        if (i % 5 == 0) cr_assert(!assay_bytes_equal(root_changed, before, 32));
        assay_bytes_copy(before, 32, root_changed, 32);
        assay_sqlite_tree_free(&fresh);
    }
    assay_sqlite_tree_free(&changed);
}

Test(services_sqlite_library, a_state_has_one_encoding)
{
    uint8_t bytes[ASSAY_SQLITE_STATE_LEN + 1] = { 0 };
    struct assay_sqlite_state state = { .page_size = 4096, .page_count = 7, .commit = 9 }, found;
    state.root[31] = 5;
    assay_sqlite_state_encode(&state, bytes);
    cr_assert(assay_sqlite_state_decode(assay_slice_over(bytes, ASSAY_SQLITE_STATE_LEN), &found));
    cr_expect(found.page_size == 4096 && found.page_count == 7 && found.commit == 9);
    cr_expect_arr_eq(found.root, state.root, 32);
    for (size_t len = 0; len <= sizeof bytes; len++)
        cr_expect_eq(assay_sqlite_state_decode(assay_slice_over(bytes, len), &found),
                     len == ASSAY_SQLITE_STATE_LEN);
    bytes[3] = 2;
    cr_expect(!assay_sqlite_state_decode(assay_slice_over(bytes, ASSAY_SQLITE_STATE_LEN), &found));
    bytes[3] = 1;
    bytes[7] = 1;
    cr_expect(!assay_sqlite_state_decode(assay_slice_over(bytes, ASSAY_SQLITE_STATE_LEN), &found));
}
