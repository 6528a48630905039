/*
 * tests/unit/services/continuity/test_kv_attacks.c - key-value stores against their host, other
 * programs, and a machine without disk or memory (docs/services.md 4.4.10). Goal: the certified
 * entries or an error with a name, never other entries and never half of a batch.
 */
#include "tests/unit/services/continuity/kv_bench.h"

#include <signal.h>
#include <sys/resource.h>

TestSuite(services_kv_attacks, .init = set_up, .fini = tear_down, .timeout = 600);

static void expect_store_refused(const char *name, enum assay_continuity_result expected,
                                 const char *reason)
{
    struct assay_kv *kv = open_store(name, false);
    expect_store_started(kv, expected);
    expect_reason(kv, reason);
    cr_expect_eq(put_text(kv, "k", "v"), ASSAY_CONTINUITY_TOO_EARLY);
    close_store(&kv);
}

Test(services_kv_attacks, files_of_yesterday_are_refused)
{
    struct assay_kv *kv = start_store("a", true);
    expect_put(kv, "balance", "100");
    copy_all("a", "yesterday");
    expect_put(kv, "balance", "0");
    close_store(&kv);
    copy_all("a", "today");
    expect_store_refused("yesterday", ASSAY_CONTINUITY_ROLLBACK, "certified last was index 4");
    run_command("cp %1$s/yesterday.db %2$s/a.db; cp %1$s/yesterday.db-wal %2$s/a.db-wal", root,
                root);
    expect_store_refused("a", ASSAY_CONTINUITY_ROLLBACK, "certified last was commit 4");
    copy_all("today", "a");
    kv = start_store("a", false);
    expect_value(kv, "balance", "0");
    close_store(&kv);
}

Test(services_kv_attacks, of_two_copies_the_newer_store_goes_on)
{
    struct assay_kv *first = start_store("a", true);
    const void *value = NULL;
    size_t len = 0;
    expect_put(first, "k", "of both");
    copy_all("a", "copy");
    expect_kv(first, assay_kv_begin(first), ASSAY_CONTINUITY_OK);
    expect_put(first, "k", "of the first");
    struct assay_kv *second = start_store("copy", false);
    expect_put(second, "other", "of the second");
    expect_kv(first, assay_kv_commit(first), ASSAY_CONTINUITY_FENCED);
    expect_reason(first, "is not the newest one");
    cr_expect_eq(assay_kv_result(first), ASSAY_CONTINUITY_FENCED);
    cr_expect_eq(assay_kv_get(first, "k", 1, &value, &len), ASSAY_CONTINUITY_FENCED);
    cr_expect_null(value);
    cr_expect_eq(put_text(first, "k", "v"), ASSAY_CONTINUITY_FENCED);
    cr_expect_eq(assay_kv_begin(first), ASSAY_CONTINUITY_FENCED);
    cr_expect_eq(assay_kv_discard(first), ASSAY_CONTINUITY_FENCED);
    cr_expect_eq(assay_kv_confirm(first, 0), ASSAY_CONTINUITY_FENCED);
    expect_reason(first, "is not the newest one");
    expect_entries(second, NULL, "k=of both other=of the second ");
    expect_kv(second, assay_kv_confirm(second, SOON_MS), ASSAY_CONTINUITY_OK);
    close_store(&first);
    close_store(&second);
}

static int give_up(void)
{
    return 1;
}

Test(services_kv_attacks, a_batch_in_doubt_is_there_or_is_not)
{
    struct assay_kv *kv = start_store("a", true);
    expect_put(kv, "a", "before");
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_OK);
    expect_put(kv, "a", "after");
    expect_put(kv, "b", "after");
    while_waiting = give_up;
    pthread_mutex_lock(&house.lock); /* no replica answers */
    const enum assay_continuity_result result = assay_kv_commit(kv);
    pthread_mutex_unlock(&house.lock);
    while_waiting = NULL;
    expect_kv(kv, result, ASSAY_CONTINUITY_IN_DOUBT);
    expect_reason(kv, "commit 4: certified is index 3");
    cr_expect_eq(assay_kv_result(kv), ASSAY_CONTINUITY_IN_DOUBT);
    cr_expect_eq(put_text(kv, "c", "v"), ASSAY_CONTINUITY_IN_DOUBT);
    close_store(&kv);
    kv = start_store("a", false);
    expect_entries(kv, NULL, assay_kv_index(kv) == 4 ? "a=after b=after " : "a=before ");
    expect_put(kv, "a", "next");
    close_store(&kv);
}

/* The database is certified: of the owner's other program, or of another version of this one. */
static void execute_in(const char *name, bool is_new, const char *statements)
{
    struct assay_sqlite *handle = start_handle(name, is_new);
    sqlite3 *db = connect_to(handle);
    expect_executed(db, statements);
    close_all(&db, &handle);
}

struct layout_case {
    const char *statements, *undone_by, *reason;
};

/* Each session of the other program undoes a case and makes the next one: a network has no time for
 * more sessions. */
static void expect_layouts_refused(const struct layout_case *cases, size_t count)
{
    uint64_t index = 0;
    for (size_t i = 0; i <= count; i++) {
        struct assay_sqlite *handle = start_handle("a", false);
        sqlite3 *db = connect_to(handle);
        cr_assert(index == 0 || assay_sqlite_index(handle) == index, "case %zu was changed", i - 1);
        if (i > 0) expect_executed(db, cases[i - 1].undone_by);
        if (i < count) expect_executed(db, cases[i].statements);
        index = assay_sqlite_index(handle);
        close_all(&db, &handle);
        if (i < count) expect_store_refused("a", ASSAY_CONTINUITY_SEALED, cases[i].reason);
    }
}

Test(services_kv_attacks, a_database_of_another_program_is_refused_by_name)
{
    static const struct layout_case cases[] = {
        { "CREATE TABLE notes(text)", "DROP TABLE notes",
          "a.db: the database is of another program: expected the table of a store alone" },
        { "CREATE TABLE notes(text); INSERT INTO notes VALUES (1)", "DROP TABLE notes",
          "found table notes" },
        { "CREATE VIEW v AS SELECT 1", "DROP VIEW v", "found view v" },
        { "CREATE TABLE kv(key BLOB PRIMARY KEY, value BLOB)", "DROP TABLE kv", "found table kv" },
        { "CREATE TABLE kv(key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
          "DROP TABLE kv", "application_id 0x00000000" },
        { "PRAGMA application_id = 7", "PRAGMA application_id = 0", "application_id 0x00000007" },
        { "PRAGMA user_version = 3", "PRAGMA user_version = 0", "user_version 3" },
    };
    execute_in("a", true, "SELECT 1");
    expect_layouts_refused(cases, sizeof cases / sizeof *cases);
}

Test(services_kv_attacks, a_store_that_another_program_has_changed_is_refused_by_name)
{
    static const struct layout_case cases[] = {
        { "CREATE TRIGGER t AFTER INSERT ON kv BEGIN DELETE FROM kv; END", "DROP TRIGGER t",
          "found trigger t" },
        { "CREATE TABLE other(a)", "DROP TABLE other", "found table other" },
        { "CREATE INDEX i ON kv(value)", "DROP INDEX i", "found index i" },
        { "ALTER TABLE kv ADD COLUMN more INTEGER", "ALTER TABLE kv DROP COLUMN more",
          "found table kv" },
        { "PRAGMA application_id = 7", "PRAGMA application_id = 1095456305",
          "application_id 0x00000007" },
        { "PRAGMA user_version = 2", "PRAGMA user_version = 0",
          "expected a store of layout 1, found layout 2" },
        { "SELECT 1", "PRAGMA user_version = 1", "user_version 0" },
    };
    struct assay_kv *kv = start_store("a", true);
    expect_put(kv, "k", "v");
    close_store(&kv);
    expect_layouts_refused(cases, sizeof cases / sizeof *cases);
    kv = start_store("a", false);
    expect_entries(kv, NULL, "k=v ");
    close_store(&kv);
    execute_in("a", false, "DROP TABLE kv");
    expect_store_refused("a", ASSAY_CONTINUITY_SEALED, "found none");
}

/* What a crash between the two commits of the first start leaves. */
Test(services_kv_attacks, an_empty_database_becomes_a_store)
{
    execute_in("a", true, "SELECT 1");
    struct assay_kv *kv = start_store("a", false);
    cr_expect_eq(assay_kv_index(kv), 2);
    expect_put(kv, "k", "v");
    close_store(&kv);
    kv = start_store("a", false);
    expect_entries(kv, NULL, "k=v ");
    close_store(&kv);
}

/* Values of more than a page, each in pages of its own. */
enum { VALUES = 12, VALUE_LEN = 9000 };

/* Returns: how many reads were refused; the others had the right value. */
static int count_sealed(struct assay_kv *kv)
{
    static uint8_t expected[VALUE_LEN];
    int sealed = 0;
    for (uint8_t i = 0; i < VALUES; i++) {
        const void *value = NULL;
        size_t len = 0;
        const enum assay_continuity_result result = assay_kv_get(kv, &i, 1, &value, &len);
        memset(expected, i, sizeof expected);
        if (result == ASSAY_CONTINUITY_SEALED) {
            expect_reason(kv, "was changed: expected digest");
            cr_assert(value == NULL && len == 0);
            sealed++;
        } else {
            expect_kv(kv, result, ASSAY_CONTINUITY_OK);
            cr_assert(len == VALUE_LEN && assay_bytes_equal(value, expected, VALUE_LEN), "%d",
                      (int)i);
        }
    }
    return sealed;
}

Test(services_kv_attacks, a_page_that_the_host_changes_is_an_error)
{
    static uint8_t bytes[VALUE_LEN];
    struct assay_kv *kv = start_store("a", true);
    struct assay_kv_entry entry = { .size = sizeof entry };
    enum assay_continuity_result result = ASSAY_CONTINUITY_OK;
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_OK);
    for (uint8_t i = 0; i < VALUES; i++) {
        memset(bytes, i, sizeof bytes);
        expect_kv(kv, assay_kv_put(kv, &i, 1, bytes, sizeof bytes), ASSAY_CONTINUITY_OK);
    }
    expect_kv(kv, assay_kv_commit(kv), ASSAY_CONTINUITY_OK);
    close_store(&kv);
    kv = start_store("a", false);
    const long pages = size_of(in_root("a.db")) / 4096;
    cr_assert_gt(pages, VALUES);
    for (long page = 2; page < pages; page++)
        change_file(in_root("a.db"), page * 4096 + 300);
    cr_expect_gt(count_sealed(kv), VALUES / 2);
    while (result == ASSAY_CONTINUITY_OK) {
        result = assay_kv_find_next(kv, NULL, &entry);
        cr_assert(result != ASSAY_CONTINUITY_OK || entry.key_len > 0, "the range has ended");
    }
    expect_kv(kv, result, ASSAY_CONTINUITY_SEALED);
    cr_expect_null(entry.value);
    cr_expect_eq(assay_kv_result(kv), ASSAY_CONTINUITY_OK);
    for (long page = 2; page < pages; page++)
        change_file(in_root("a.db"), page * 4096 + 300);
    cr_expect_eq(count_sealed(kv), 0, "the right file is the cure");
    close_store(&kv);
}

static uint8_t large[8 << 20]; /* more than SQLite's cache: it is written before the commit */

/* Out: a batch that a failure has ended, of which nothing may be there. */
static void fail_batch(struct assay_kv *kv, enum assay_continuity_result expected,
                       const char *reason, void (*make_fault)(void), void (*cure)(void))
{
    const void *value = NULL;
    size_t len = 0;
    uint64_t count = 0;
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_OK);
    expect_put(kv, "a", "of the batch");
    make_fault();
    expect_kv(kv, assay_kv_put(kv, "b", 1, large, sizeof large), expected);
    expect_reason(kv, reason);
    cure();
    expect_kv(kv, put_text(kv, "c", "of the batch"), expected);
    expect_reason(kv, reason);
    expect_kv(kv, assay_kv_get(kv, "a", 1, &value, &len), expected);
    expect_kv(kv, assay_kv_count(kv, NULL, &count), expected);
    expect_kv(kv, assay_kv_confirm(kv, 0), expected);
    expect_kv(kv, assay_kv_begin(kv), expected);
}

static struct rlimit file_limit;

static void limit_file(void)
{
    struct rlimit small = file_limit;
    small.rlim_cur = (rlim_t)size_of(in_root("a.db-wal")) + 9000;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
}

static void restore_file_limit(void)
{
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &file_limit), 0);
}

static void limit_heap(void)
{
    (void)sqlite3_hard_heap_limit64(sqlite3_memory_used() + (4 << 20));
}

static void restore_heap_limit(void)
{
    (void)sqlite3_hard_heap_limit64(0);
}

Test(services_kv_attacks, a_full_disk_fails_the_change_or_the_batch_alone)
{
    struct assay_kv *kv = start_store("a", true);
    expect_put(kv, "a", "before");
    (void)signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &file_limit), 0);
    limit_file();
    expect_kv(kv, assay_kv_put(kv, "b", 1, large, 50000), ASSAY_CONTINUITY_STORAGE);
    expect_reason(kv, "a.db-wal: File too large");
    restore_file_limit();
    expect_entries(kv, NULL, "a=before ");
    fail_batch(kv, ASSAY_CONTINUITY_STORAGE, "File too large", limit_file, restore_file_limit);
    expect_kv(kv, assay_kv_commit(kv), ASSAY_CONTINUITY_STORAGE);
    expect_kv(kv, assay_kv_commit(kv), ASSAY_CONTINUITY_MISUSE);
    expect_entries(kv, NULL, "a=before ");
    fail_batch(kv, ASSAY_CONTINUITY_STORAGE, "File too large", limit_file, restore_file_limit);
    expect_kv(kv, assay_kv_discard(kv), ASSAY_CONTINUITY_OK);
    /* The commit writes the pages of a small batch. */
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_OK);
    expect_put(kv, "a", "of the batch");
    expect_kv(kv, assay_kv_put(kv, "b", 1, large, 50000), ASSAY_CONTINUITY_OK);
    limit_file();
    expect_kv(kv, assay_kv_commit(kv), ASSAY_CONTINUITY_STORAGE);
    restore_file_limit();
    expect_entries(kv, NULL, "a=before ");
    cr_expect_eq(assay_kv_result(kv), ASSAY_CONTINUITY_OK);
    expect_put(kv, "c", "after");
    close_store(&kv);
    kv = start_store("a", false);
    expect_entries(kv, NULL, "a=before c=after ");
    close_store(&kv);
}

Test(services_kv_attacks, without_memory_the_change_or_the_batch_fails_alone)
{
    struct assay_kv *kv = start_store("a", true);
    const void *value = NULL;
    size_t len = 0;
    expect_put(kv, "a", "before");
    expect_kv(kv, assay_kv_put(kv, "large", 5, large, sizeof large), ASSAY_CONTINUITY_OK);
    limit_heap();
    expect_kv(kv, assay_kv_get(kv, "large", 5, &value, &len), ASSAY_CONTINUITY_SYSTEM);
    cr_expect(value == NULL && len == 0);
    expect_reason(kv, "out of memory");
    expect_kv(kv, assay_kv_put(kv, "b", 1, large, sizeof large), ASSAY_CONTINUITY_SYSTEM);
    restore_heap_limit();
    fail_batch(kv, ASSAY_CONTINUITY_SYSTEM, "out of memory", limit_heap, restore_heap_limit);
    expect_kv(kv, assay_kv_discard(kv), ASSAY_CONTINUITY_OK);
    expect_deleted(kv, "large");
    expect_entries(kv, NULL, "a=before ");
    close_store(&kv);
}
