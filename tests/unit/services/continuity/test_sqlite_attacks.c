/*
 * tests/unit/services/continuity/test_sqlite_attacks.c - libassay-sqlite against its host: files
 * that are older, changed, cut or exchanged, copies that run, and replicas that do not answer
 * (docs/services.md 4.4.9). Goal: the certified rows or an error, never other rows.
 */
#include "tests/unit/services/continuity/sqlite_bench.h"

TestSuite(services_sqlite_attacks, .init = set_up, .fini = tear_down, .timeout = 600);

static const char *const schema =
    "CREATE TABLE u(a); CREATE TABLE t(a); INSERT INTO u VALUES (zeroblob(40000))";

static void expect_refused(const char *name, enum assay_continuity_result expected,
                           const char *reason)
{
    struct assay_sqlite *handle = open_handle(name, false, 0, ASSAY_CONTINUITY_OK);
    expect_started(handle, expected);
    cr_assert_not_null(strstr(assay_sqlite_reason(handle), reason), "%s",
                       assay_sqlite_reason(handle));
    sqlite3 *db = NULL;
    cr_assert_eq(assay_sqlite_database(handle, &db), ASSAY_CONTINUITY_TOO_EARLY);
    cr_assert_str_empty(assay_sqlite_vfs(handle));
    close_all(NULL, &handle);
}

Test(services_sqlite_attacks, older_cut_and_changed_files_are_refused)
{
    static const char *const commands[] = {
        "cp %s/old.db %s/bad.db",
        "cp %s/old.db-wal %s/bad.db-wal",
        "cp %1$s/old.db %1$s/bad.db; cp %2$s/old.db-wal %2$s/bad.db-wal",
        "rm %s/bad.db-wal; true %s",
        "truncate -s 4151 %s/bad.db-wal; true %s",
        "truncate -s 4152 %s/bad.db-wal; true %s",
        "truncate -s 0 %s/bad.db; true %s",
        "truncate -s -4096 %s/bad.db; true %s",
        "rm %s/bad.db; true %s",
        "dd if=%s/new.db of=%s/bad.db bs=4096 skip=5 seek=6 count=1 conv=notrunc status=none",
    };
    static const long of_wal[] = { 0, 13, 20, 33, 37, 45, 60, 200, 4200 };
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle);
    expect_executed(db, schema);
    expect_executed(db, "UPDATE u SET a = randomblob(40000); INSERT INTO t VALUES (1)");
    copy_all("a", "old");
    expect_executed(db, "UPDATE u SET a = randomblob(40000); INSERT INTO t VALUES (2);"
                        "PRAGMA wal_checkpoint; INSERT INTO t VALUES (randomblob(5000))");
    copy_all("a", "new");
    close_all(&db, &handle);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        copy_all("new", "bad");
        run_command(commands[i], root, root);
        expect_refused("bad", ASSAY_CONTINUITY_ROLLBACK, "certified last was commit 9");
    }
    for (size_t i = 0; i < sizeof of_wal / sizeof *of_wal; i++) {
        copy_all("new", "bad");
        change_file(in_root("bad.db-wal"), of_wal[i]);
        expect_refused("bad", ASSAY_CONTINUITY_ROLLBACK, " in the WAL, has ");
    }
    copy_all("new", "bad");
    change_file(in_root("bad.db"), 6 * 4096 + 7);
    expect_refused("bad", ASSAY_CONTINUITY_ROLLBACK, "and root ");
    expect_refused("old", ASSAY_CONTINUITY_ROLLBACK, "certified last was index 9");
    handle = start_handle("new", false);
    db = connect_to(handle);
    expect_query(db, "SELECT count(*) FROM t", "3");
    close_all(&db, &handle);
}

Test(services_sqlite_attacks, the_database_of_another_instance_is_refused)
{
    struct assay_sqlite *a = start_handle("a", true), *b = start_handle("b", true);
    sqlite3 *one = connect_to(a), *two = connect_to(b);
    expect_executed(one, schema);
    expect_executed(two, "CREATE TABLE t(b)");
    close_all(&one, &a);
    close_all(&two, &b);
    run_command("cp %s/b.db %s/a.db", root, root);
    expect_refused("a", ASSAY_CONTINUITY_ROLLBACK, "a.db: certified last was commit 4");
}

/* --- while the program runs */

/* Of a connection that has nothing in its cache. Returns: the extended result of SQLite */
static int query_anew(struct assay_sqlite *handle, const char *expected)
{
    char text[100];
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(in_root("a.db"), &db, SQLITE_OPEN_READWRITE, assay_sqlite_vfs(handle));
    if (rc == SQLITE_OK)
        rc = query_text(db, "SELECT count(*) || ' ' || total(length(a)) FROM u", text, sizeof text);
    if (rc != SQLITE_ROW) rc = sqlite3_extended_errcode(db);
    else cr_assert_str_eq(text, expected);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    return rc;
}

Test(services_sqlite_attacks, pages_that_change_while_the_program_runs_are_errors)
{
    static const char *const restore = "cp %s/kept.db %s/a.db";
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle);
    expect_executed(db, schema);
    expect_executed(db, "UPDATE u SET a = hex(zeroblob(20000)); PRAGMA wal_checkpoint(TRUNCATE)");
    copy_all("a", "older");
    expect_executed(db, "UPDATE u SET a = hex(randomblob(20000)); PRAGMA wal_checkpoint(TRUNCATE)");
    copy_all("a", "kept");
    cr_expect_eq(query_anew(handle, "1 40000.0"), SQLITE_ROW);
    for (long page = 0; page < size_of(in_root("a.db")) / 4096; page++) {
        if (page == 2) continue; /* of the other table */
        change_file(in_root("a.db"), page * 4096 + 300);
        const int rc = query_anew(handle, "1 40000.0");
        if (rc != SQLITE_ROW) {
            cr_expect_eq(rc, SQLITE_IOERR_DATA);
            cr_expect_not_null(strstr(assay_sqlite_reason(handle), "was changed: expected digest"));
        } else {
            cr_expect(page > 12 || page == 2, "page %ld was read", page + 1);
        }
        change_file(in_root("a.db"), page * 4096 + 300);
    }
    change_file(in_root("a.db"), 50);
    sqlite3 *fresh = NULL;
    cr_expect_eq(assay_sqlite_database(handle, &fresh), ASSAY_CONTINUITY_SEALED);
    cr_expect_null(fresh);
    cr_expect_not_null(strstr(assay_sqlite_reason(handle), "a.db: page 1 was changed"));
    change_file(in_root("a.db"), 50);
    run_command(
        "dd if=%s/kept.db of=%s/a.db bs=4096 skip=5 seek=6 count=1 conv=notrunc status=none", root,
        root);
    cr_expect_eq(query_anew(handle, ""), SQLITE_IOERR_DATA, "another page");
    run_command(restore, root, root);
    run_command("dd if=%s/older.db of=%s/a.db bs=4096 skip=5 seek=5 count=1 conv=notrunc "
                "status=none",
                root, root);
    cr_expect_eq(query_anew(handle, ""), SQLITE_IOERR_DATA, "an older one");
    run_command(restore, root, root);
    run_command("truncate -s 20000 %s/a.db; true %s", root, root);
    cr_expect_eq(query_anew(handle, ""), SQLITE_IOERR_DATA, "none");
    run_command(restore, root, root);
    cr_expect_eq(query_anew(handle, "1 40000.0"), SQLITE_ROW);
    cr_expect_eq(assay_sqlite_result(handle), ASSAY_CONTINUITY_OK);
    close_all(&db, &handle);
}

Test(services_sqlite_attacks, frames_that_change_while_the_program_runs_are_errors)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle);
    expect_executed(db, schema);
    expect_executed(db, "UPDATE u SET a = hex(randomblob(20000))");
    const char *const wal = in_root("a.db-wal");
    change_file(wal, -2000);
    cr_expect_eq(query_anew(handle, ""), SQLITE_IOERR_DATA);
    cr_expect_not_null(strstr(assay_sqlite_reason(handle), "a.db-wal: frame "));
    /* A checkpoint writes what it has read. */
    char text[20];
    cr_expect_neq(query_text(db, "PRAGMA wal_checkpoint", text, sizeof text), SQLITE_ROW);
    change_file(wal, -2000);
    cr_expect_eq(query_anew(handle, "1 40000.0"), SQLITE_ROW);
    /* Headers are in memory. */
    change_file(wal, 3);
    change_file(wal, 40);
    cr_expect_eq(query_anew(handle, "1 40000.0"), SQLITE_ROW);
    close_all(&db, &handle);
}

Test(services_sqlite_attacks, a_rollback_journal_is_refused_by_name_and_never_used)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle);
    expect_executed(db, schema);
    close_all(&db, &handle);
    /* One that SQLite would roll back: its header, and a page of zeros. */
    run_command("{ printf '\\331\\325\\005\\371\\040\\241\\143\\327\\377\\377\\377\\377\\0\\0\\0\\0"
                "\\0\\0\\0\\1\\0\\0\\2\\0\\0\\0\\020\\0'; head -c 8000 /dev/zero; } >%s/j; true %s",
                root, root);
    run_command("cp %s/j %s/a.db-journal", root, root);
    expect_refused("a", ASSAY_CONTINUITY_SEALED, "a.db-journal: expected no rollback journal");
    run_command("rm %s/a.db-journal; true %s", root, root);
    handle = start_handle("a", false);
    run_command("cp %s/j %s/a.db-journal", root, root);
    cr_expect_eq(query_anew(handle, "1 40000.0"), SQLITE_ROW);
    db = connect_to(handle);
    expect_executed(db, "INSERT INTO t VALUES (1)");
    cr_expect_eq(size_of(in_root("a.db-journal")), size_of(in_root("j")), "it is left alone");
    close_all(&db, &handle);
}

/* --- replicas, and copies that run */

static int waits;

static int answer_after_two(void)
{
    if (++waits == 2) pthread_mutex_unlock(&house.lock);
    return 0;
}

static int give_up(void)
{
    waits++;
    return 1;
}

Test(services_sqlite_attacks, a_commit_in_doubt_waits_for_its_certification)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle);
    expect_executed(db, schema);
    while_waiting = answer_after_two;
    pthread_mutex_lock(&house.lock); /* no replica answers */
    const int rc = execute(db, "INSERT INTO t VALUES (1)");
    while_waiting = NULL;
    if (waits < 2) pthread_mutex_unlock(&house.lock);
    cr_assert_eq(rc, SQLITE_OK, "%s", assay_sqlite_reason(handle));
    cr_expect_geq(waits, 2);
    cr_expect_eq(assay_sqlite_index(handle), 5);
    close_all(&db, &handle);
}

Test(services_sqlite_attacks, a_wait_that_the_program_ends_makes_the_handle_unusable)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle), *other = connect_to(handle);
    char text[20];
    expect_executed(db, schema);
    expect_query(other, "SELECT count(*) FROM t", "0");
    while_waiting = give_up;
    pthread_mutex_lock(&house.lock);
    cr_expect_eq(execute(db, "INSERT INTO t VALUES (1)"), SQLITE_IOERR);
    pthread_mutex_unlock(&house.lock);
    while_waiting = NULL;
    cr_expect_eq(waits, 1);
    cr_expect_eq(assay_sqlite_result(handle), ASSAY_CONTINUITY_IN_DOUBT);
    cr_expect_not_null(strstr(assay_sqlite_reason(handle), "commit 5: certified is index 4"), "%s",
                       assay_sqlite_reason(handle));
    cr_expect_eq(query_text(other, "SELECT count(*) FROM t", text, sizeof text), SQLITE_IOERR);
    cr_expect_eq(execute(db, "INSERT INTO t VALUES (2)"), SQLITE_IOERR);
    cr_expect_eq(assay_sqlite_confirm(handle, 0), ASSAY_CONTINUITY_IN_DOUBT);
    cr_assert_eq(sqlite3_close(other), SQLITE_OK);
    close_all(&db, &handle);
    /* It is certified, or it never was. */
    handle = start_handle("a", false);
    db = connect_to(handle);
    const uint64_t index = assay_sqlite_index(handle);
    cr_assert(index == 4 || index == 5);
    expect_query(db, "SELECT count(*) FROM t", index == 5 ? "1" : "0");
    expect_executed(db, "INSERT INTO t VALUES (3)");
    close_all(&db, &handle);
}

static int bring_back_folder(void)
{
    if (++waits == 2) run_command("mv %s/away %s/a", root, root);
    return 0;
}

/* The host takes the folder of the states away: nothing is sent. */
Test(services_sqlite_attacks, a_commit_waits_for_the_folder_of_its_state)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle);
    expect_executed(db, schema);
    while_waiting = bring_back_folder;
    run_command("mv %s/a %s/away", root, root);
    expect_executed(db, "INSERT INTO t VALUES (1)");
    while_waiting = NULL;
    cr_expect_eq(waits, 2);
    cr_expect_eq(assay_sqlite_index(handle), 5);
    close_all(&db, &handle);
}

Test(services_sqlite_attacks, a_commit_that_was_never_certified_is_cut)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle);
    expect_executed(db, schema);
    expect_executed(db, "INSERT INTO t VALUES (1)");
    const long certified = size_of(in_root("a.db-wal"));
    while_waiting = give_up;
    run_command("mv %s/a %s/away", root, root);
    cr_expect_eq(execute(db, "INSERT INTO t VALUES (randomblob(9000))"), SQLITE_IOERR);
    while_waiting = NULL;
    run_command("mv %s/away %s/a", root, root);
    close_all(&db, &handle);
    cr_expect_gt(size_of(in_root("a.db-wal")), certified, "it is in the WAL");
    copy_all("a", "copy");
    for (int i = 0; i < 2; i++) {
        const char *const name = i == 0 ? "copy" : "a";
        handle = start_handle(name, false);
        cr_expect_eq(size_of(in_root(i == 0 ? "copy.db-wal" : "a.db-wal")), certified);
        cr_expect_eq(assay_sqlite_index(handle), 5);
        db = connect_plain(handle);
        expect_query(db, "SELECT count(*) FROM t", "1");
        if (i == 1) expect_executed(db, "INSERT INTO t VALUES (2)");
        close_all(&db, &handle);
    }
    handle = start_handle("a", false);
    db = connect_to(handle);
    expect_query(db, "SELECT count(*) FROM t", "2");
    close_all(&db, &handle);
}

static sqlite3_file *main_file;
static int write_result;

/* The frame that waits is written to the main file. */
static int checkpoint_too_early(void)
{
    static uint8_t frame[24 + 4096];
    const int fd = open(in_root("a.db-wal"), O_RDONLY | O_CLOEXEC);
    cr_assert(fd >= 0);
    const off_t at = lseek(fd, 0, SEEK_END) - (off_t)sizeof frame;
    cr_assert_eq(pread(fd, frame, sizeof frame, at), (ssize_t)sizeof frame);
    (void)close(fd);
    write_result = main_file->pMethods->xWrite(main_file, frame + 24, 4096,
                                               ((sqlite3_int64)frame[3] - 1) * 4096);
    pthread_mutex_unlock(&house.lock);
    while_waiting = NULL;
    return 0;
}

Test(services_sqlite_attacks, a_frame_reaches_the_main_file_when_it_is_certified)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_plain(handle);
    expect_executed(db, schema);
    cr_assert_eq(sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &main_file),
                 SQLITE_OK);
    while_waiting = checkpoint_too_early;
    pthread_mutex_lock(&house.lock);
    expect_executed(db, "INSERT INTO t VALUES (1)");
    cr_expect_null(while_waiting, "it was tried");
    cr_expect_eq(write_result, SQLITE_IOERR_WRITE);
    expect_query(db, "PRAGMA wal_checkpoint", "0");
    close_all(&db, &handle);
}

Test(services_sqlite_attacks, of_two_copies_the_newer_one_goes_on)
{
    struct assay_sqlite *first = start_handle("a", true);
    sqlite3 *db = connect_to(first), *other = connect_to(first);
    char text[20];
    expect_executed(db, schema);
    expect_query(other, "SELECT count(*) FROM t", "0");
    copy_all("a", "copy");
    struct assay_sqlite *second = start_handle("copy", false);
    sqlite3 *copy = connect_to(second);
    expect_executed(copy, "INSERT INTO t VALUES (1)");
    const int rc = execute(db, "INSERT INTO t VALUES (2)");
    cr_expect_eq(rc, SQLITE_IOERR);
    cr_expect_eq(assay_sqlite_result(first), ASSAY_CONTINUITY_FENCED);
    cr_expect_not_null(strstr(assay_sqlite_reason(first), "is not the newest one"));
    const int other_rc = query_text(other, "SELECT count(*) FROM t", text, sizeof text);
    cr_expect_eq(other_rc, SQLITE_IOERR, "%s", sqlite3_errmsg(other));
    cr_expect_eq(assay_sqlite_confirm(first, 0), ASSAY_CONTINUITY_FENCED);
    expect_executed(copy, "INSERT INTO t VALUES (3)");
    expect_query(copy, "SELECT count(*) FROM t", "2");
    cr_assert_eq(sqlite3_close(other), SQLITE_OK);
    close_all(&db, &first);
    close_all(&copy, &second);
    expect_refused("a", ASSAY_CONTINUITY_ROLLBACK, "certified last was index 6");
}
