/* tests/unit/store/test_sqlite.c - opening, refusing, and every failure of the disk. */
#include "engine/store/store_sqlite.h"
#include "tests/support/depth.h"
#include "tests/unit/store/model.h"
#include "tests/unit/store/sqlite_faults.h"
#include "tests/unit/store/test_folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct test_folder place;
static char message[ASSAY_STORE_MESSAGE_LEN];

static void set_up(void)
{
    sqlite_faults_install();
    sqlite_faults_plan(SQLITE_FAULT_IO, 0, false);
    test_folder_make(&place);
}

static void tear_down(void)
{
    test_folder_remove(&place);
}

TestSuite(store_sqlite, .init = set_up, .fini = tear_down, .timeout = 600);

static struct assay_store *open_it(void)
{
    struct assay_store *store = NULL;
    cr_assert_eq(assay_store_sqlite_open(place.store, &store, message, sizeof message), ASSAY_OK,
                 "%s", message);
    return store;
}

static void expect_refusal(enum assay_status status, const char *words)
{
    struct assay_store *store = NULL;
    message[0] = '\0';
    cr_assert_eq(assay_store_sqlite_open(place.store, &store, message, sizeof message), status,
                 "%s", message);
    cr_assert_null(store);
    cr_assert_not_null(strstr(message, words), "\"%s\" lacks \"%s\"", message, words);
}

static void run_sql(const char *sql)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(place.store, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static enum assay_status put_vote(struct assay_store *store, uint64_t number)
{
    const struct assay_store_key key = { .epoch = 1, .number = number };
    return assay_store_put(store, ASSAY_STORE_VOTE, &key, assay_slice_over("a vote", 6));
}

static bool has_vote(struct assay_store *store, uint64_t number)
{
    const struct assay_store_key key = { .epoch = 1, .number = number };
    uint8_t buffer[16];
    size_t len = 0;
    return assay_store_get(store, ASSAY_STORE_VOTE, &key, buffer, sizeof buffer, &len) == ASSAY_OK;
}

/* --------------------------------------------------------------- opening */

Test(store_sqlite, makes_a_file_that_only_its_owner_may_read)
{
    struct assay_store *store = open_it();
    cr_assert_eq(put_vote(store, 1), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    char log[128];
    snprintf(log, sizeof log, "%s-wal", place.store);
    struct stat status;
    cr_assert_eq(stat(place.store, &status), 0);
    cr_assert_eq(status.st_mode & 0777, 0600);
    cr_assert_eq(stat(log, &status), 0);
    cr_assert_eq(status.st_mode & 0777, 0600);
    assay_store_close(&store);
    cr_assert_null(store);
    store = open_it();
    cr_assert(has_vote(store, 1));
    assay_store_close(&store);
}

Test(store_sqlite, refuses_a_store_that_another_process_holds)
{
    struct assay_store *store = open_it();
    const pid_t child = fork();
    if (child == 0) {
        struct assay_store *second = NULL;
        const enum assay_status status =
            assay_store_sqlite_open(place.store, &second, message, sizeof message);
        _exit(status == ASSAY_E_STORE && strstr(message, "locked by another process") ? 0 : 1);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0, "a second daemon got in, or was not told why not");
    cr_assert_eq(put_vote(store, 1), ASSAY_OK, "the first one is not disturbed");
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    expect_refusal(ASSAY_E_STORE, "locked by another process"); /* nor twice in one process */
    assay_store_close(&store);
    store = open_it();
    assay_store_close(&store);
}

Test(store_sqlite, refuses_another_schema_version)
{
    struct assay_store *store = open_it();
    assay_store_close(&store);
    run_sql("PRAGMA user_version=5");
    expect_refusal(ASSAY_E_VERSION, "schema version 5, this program reads version 4");
    run_sql("PRAGMA user_version=2");
    expect_refusal(ASSAY_E_VERSION, "schema version 2, this program reads version 4");
}

/* As a build of before services left it. */
static void make_older(void)
{
    struct assay_store *store = open_it();
    cr_assert_eq(put_vote(store, 1), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    assay_store_close(&store);
    run_sql("DROP TABLE service; DROP TABLE service_anchor; PRAGMA user_version=3");
}

Test(store_sqlite, brings_a_store_of_before_services_up_to_date)
{
    const struct assay_store_key key = { .epoch = 3, .id = { 1 } };
    struct assay_store_key found;
    uint8_t value[8];
    size_t len = 0;
    make_older();
    for (unsigned i = 0; i < 2; i++) { /* and goes on with it as with its own */
        struct assay_store *store = open_it();
        cr_assert_eq(assay_store_put(store, ASSAY_STORE_SERVICE, &key, assay_slice_over("abc", 3)),
                     ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        cr_assert_eq(
            assay_store_find(store, ASSAY_STORE_SERVICE, key.id, &found, value, sizeof value, &len),
            ASSAY_OK);
        cr_assert_eq(len, 3);
        cr_assert_eq(put_vote(store, 2 + i), ASSAY_OK, "what was there still is");
        assay_store_close(&store);
    }
}

Test(store_sqlite, who_only_looks_reads_a_store_of_before_services_and_leaves_it)
{
    struct assay_store *store = NULL;
    make_older();
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(assay_store_sqlite_inspect(place.store, &store, message, sizeof message),
                     ASSAY_OK, "%s", message);
        assay_store_close(&store);
    }
}

Test(store_sqlite, refuses_the_database_of_another_program)
{
    run_sql("CREATE TABLE recipes(name TEXT)");
    expect_refusal(ASSAY_E_STORE, "another program's database");
}

static long length_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (long)info.st_size : -1;
}

Test(store_sqlite, an_inspector_changes_no_file_of_another_program)
{
    struct assay_store *store = NULL;
    uint8_t header[100];
    FILE *file = fopen(place.store, "w");
    cr_assert_not_null(file);
    (void)fclose(file);
    cr_expect_eq(assay_store_sqlite_inspect(place.store, &store, message, sizeof message),
                 ASSAY_E_STORE);
    cr_expect_not_null(strstr(message, "the file is empty"), "%s", message);
    cr_expect_eq(length_of(place.store), 0);
    run_sql("CREATE TABLE recipes(name TEXT)");
    cr_expect_eq(assay_store_sqlite_inspect(place.store, &store, message, sizeof message),
                 ASSAY_E_STORE);
    cr_expect_not_null(strstr(message, "another program's database"), "%s", message);
    file = fopen(place.store, "r");
    cr_assert_not_null(file);
    cr_assert_eq(fread(header, 1, sizeof header, file), sizeof header);
    (void)fclose(file);
    cr_expect_eq(header[18], 1, "its journal mode was changed to WAL");
}

/* An auditor is handed a store: rows of a view never end, and a trigger or a column that is
 * computed runs what its author wrote. */
Test(store_sqlite, refuses_what_no_store_has)
{
    static const char *const strange[] = {
        "DROP TABLE orders; CREATE VIEW orders AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL"
        " SELECT x+1 FROM c) SELECT -x AS era, x AS epoch, x AS number, zeroblob(32) AS id,"
        " zeroblob(1) AS value, 0 AS checksum FROM c",
        "DROP TABLE orders; CREATE TABLE orders(era INTEGER"
        " NOT NULL, epoch INTEGER NOT NULL, number INTEGER NOT NULL, id BLOB NOT NULL, value BLOB"
        " AS (zeroblob(1000000000)), checksum INTEGER NOT NULL, PRIMARY KEY(era,epoch,number,id))"
        " STRICT, WITHOUT ROWID",
        "CREATE TRIGGER t AFTER INSERT ON votes BEGIN DELETE FROM votes; END",
        "CREATE INDEX i ON votes(checksum)",
    };
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        struct assay_store *store = NULL;
        (void)unlink(place.store);
        store = open_it();
        assay_store_close(&store);
        run_sql(strange[i]);
        expect_refusal(ASSAY_E_STORE, "that none has");
        cr_expect_eq(assay_store_sqlite_inspect(place.store, &store, message, sizeof message),
                     ASSAY_E_STORE);
    }
}

Test(store_sqlite, refuses_a_file_that_is_no_database)
{
    FILE *file = fopen(place.store, "w");
    cr_assert_not_null(file);
    for (int i = 0; i < 4096; i++)
        fputs("not a database ", file);
    fclose(file);
    expect_refusal(ASSAY_E_STORE, "the file is no database");
}

Test(store_sqlite, refuses_a_path_without_a_folder)
{
    snprintf(place.store, sizeof place.store, "%s/nowhere/node.store", place.folder);
    expect_refusal(ASSAY_E_STORE, "No such file or directory");
}

Test(store_sqlite, refuses_a_folder_in_its_place)
{
    snprintf(place.store, sizeof place.store, "%s", place.folder);
    expect_refusal(ASSAY_E_STORE, "cannot be opened");
}

Test(store_sqlite, takes_special_names_of_sqlite_as_plain_names)
{
    cr_assert_eq(chdir(place.folder), 0);
    static const char *const names[] = { ":memory:", "file:x?mode=memory" };
    for (size_t i = 0; i < 2; i++) {
        struct assay_store *store = NULL;
        cr_assert_eq(assay_store_sqlite_open(names[i], &store, message, sizeof message), ASSAY_OK,
                     "%s", message);
        assay_store_close(&store);
        cr_assert_eq(access(names[i], F_OK), 0, "%s is no file", names[i]);
    }
}

/* --------------------------------------------------------------- damage */

/* Rows under one id, so that a search by id and one by key both meet the damage. */
static void write_some(void)
{
    struct assay_store *store = open_it();
    for (uint32_t n = 0; n < 12; n++)
        cr_assert_eq(model_batch(8, n, store, NULL), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    assay_store_close(&store); /* the log is moved and gone */
}

static void flip_bit(size_t at, int bit)
{
    const int fd = open(place.store, O_RDWR | O_CLOEXEC);
    uint8_t byte = 0;
    cr_assert_eq(pread(fd, &byte, 1, (off_t)at), 1);
    byte = (uint8_t)(byte ^ 1u << bit);
    cr_assert_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

/* `assay audit` says of such a store that it is damaged, and not of one that it cannot open. */
Test(store_sqlite, an_inspector_tells_damage_from_a_file_that_cannot_be_used)
{
    struct assay_store *store = NULL;
    write_some();
    for (int bit = 0; bit < 8; bit++)
        flip_bit(16384, bit); /* the kind of the root page of the first table */
    cr_expect_eq(assay_store_sqlite_inspect(place.store, &store, message, sizeof message),
                 ASSAY_E_INVALID, "%s", message);
    cr_expect_not_null(strstr(message, "damaged ("), "%s", message);
    expect_refusal(ASSAY_E_STORE, "damaged (");
    FILE *const file = fopen(place.store, "w");
    cr_assert_not_null(file);
    for (int i = 0; i < 4096; i++)
        (void)fputs("not a database ", file);
    (void)fclose(file);
    cr_expect_eq(assay_store_sqlite_inspect(place.store, &store, message, sizeof message),
                 ASSAY_E_STORE, "%s", message);
}

/* Most of the file is zeros, since pages of few rows are long: every other place has something. */
static size_t draw_place(uint64_t *seed, size_t len, bool is_used)
{
    const int fd = open(place.store, O_RDONLY | O_CLOEXEC);
    uint8_t byte = 0;
    size_t at = 0;
    do {
        at = (size_t)(model_random(seed) % len);
        cr_assert_eq(pread(fd, &byte, 1, (off_t)at), 1);
    } while (is_used && byte == 0);
    close(fd);
    return at;
}

/* Returns: true when the store is refused, fails a read, or shows exactly the model. */
static bool honest(const struct model *model, int *refused)
{
    struct assay_store *store = NULL;
    if (assay_store_sqlite_open(place.store, &store, message, sizeof message) != ASSAY_OK) {
        ++*refused;
        return message[0] != '\0';
    }
    const char *difference = model_compare(&model->working, store);
    const bool told = store->ops->error(store)[0] != '\0';
    assay_store_close(&store);
    *refused += told;
    return difference == NULL || told;
}

Test(store_sqlite, never_shows_a_damaged_row_as_sound, .timeout = 600)
{
    write_some();
    struct model *model = calloc(1, sizeof *model);
    cr_assert_not_null(model);
    for (uint32_t n = 0; n < 12; n++)
        cr_assert_eq(model_batch(8, n, NULL, model), ASSAY_OK);
    struct stat status;
    cr_assert_eq(stat(place.store, &status), 0);
    uint64_t seed = 1;
    int refused = 0;
    const int flips = 1500 / (int)test_every(4);
    for (int i = 0; i < flips; i++) {
        const size_t at = draw_place(&seed, (size_t)status.st_size, i % 2 == 0);
        const int bit = (int)(model_random(&seed) % 8);
        flip_bit(at, bit);
        cr_assert(honest(model, &refused), "bit %d of byte %zu: shown as sound", bit, at);
        /* A refused or read store writes nothing but the header's counters; take the bit back. */
        flip_bit(at, bit);
    }
    cr_assert_gt(refused, flips / 30, "%d of %d noticed", refused, flips);
    refused = 0;
    cr_assert(honest(model, &refused) && refused == 0, "%s", message);
    free(model);
}

/* --------------------------------------------------------------- failures of the disk */

/* Open and write ten batches. Returns: how many were acknowledged; *opened: the store came up. */
static uint32_t live(uint64_t seed, uint32_t first, bool *opened)
{
    struct assay_store *store = NULL;
    message[0] = '\0';
    *opened = assay_store_sqlite_open(place.store, &store, message, sizeof message) == ASSAY_OK;
    if (!*opened) {
        cr_assert(message[0] != '\0', "refused without a word");
        return first;
    }
    uint32_t n = first;
    for (; n < first + 10; n++) {
        if (model_batch(seed, n, store, NULL) != ASSAY_OK) break;
        if (assay_store_commit(store) != ASSAY_OK) break;
        cr_assert_not(sqlite_faults_log_unsynced(), "acknowledged before it is on the disk");
    }
    if (n < first + 10) {
        cr_assert(store->ops->error(store)[0] != '\0');
        snprintf(message, sizeof message, "%s", store->ops->error(store));
    }
    assay_store_close(&store);
    return n;
}

static uint32_t check_shows(uint64_t seed, uint32_t acked)
{
    struct assay_store *store = open_it();
    uint32_t there = UINT32_MAX;
    for (uint32_t extra = 0; extra < 2 && there == UINT32_MAX; extra++) {
        struct model *model = calloc(1, sizeof *model);
        cr_assert_not_null(model);
        for (uint32_t n = 0; n < acked + extra; n++)
            cr_assert_eq(model_batch(seed, n, NULL, model), ASSAY_OK);
        if (model_compare(&model->working, store) == NULL) there = acked + extra;
        free(model);
    }
    cr_assert_neq(there, UINT32_MAX,
                  "%u acknowledged, and the store shows neither them nor one more", acked);
    assay_store_close(&store);
    return there;
}

/* Fail the 1st, 2nd, 3rd ... change of the disk until a whole life goes untouched. */
static void fail_each(enum sqlite_fault fault, bool for_ever, const char *words)
{
    uint64_t k = 0;
    bool struck = true;
    int told = 0;
    while (struck) {
        test_folder_remove(&place);
        test_folder_make(&place);
        bool opened = false;
        sqlite_faults_plan(fault, ++k, for_ever);
        const uint32_t acked = live(k, 0, &opened);
        struck = sqlite_faults_struck();
        told += strstr(message, words) != NULL;
        if (!struck) cr_assert_eq(acked, 10);
        sqlite_faults_plan(fault, 0, false);
        const uint32_t there = check_shows(k, acked);
        cr_assert_eq(live(k, there, &opened), there + 10, "after the failure: %s", message);
        check_shows(k, there + 10);
    }
    cr_assert_gt(k, 20, "a life changes the disk more often than %lu times", k);
    cr_assert_gt(told, 5, "\"%s\" was said %d times", words, told);
}

Test(store_sqlite, survives_each_input_output_error_once, .timeout = 600)
{
    fail_each(SQLITE_FAULT_IO, false, "error");
}

Test(store_sqlite, survives_each_input_output_error_that_stays, .timeout = 600)
{
    fail_each(SQLITE_FAULT_IO, true, "error");
}

Test(store_sqlite, survives_each_torn_write_once, .timeout = 600)
{
    fail_each(SQLITE_FAULT_TORN, false, "error");
}

Test(store_sqlite, survives_each_torn_write_and_all_after_it, .timeout = 600)
{
    fail_each(SQLITE_FAULT_TORN, true, "error");
}

Test(store_sqlite, survives_a_disk_that_is_full_once_at_each_write, .timeout = 600)
{
    fail_each(SQLITE_FAULT_FULL, false, "disk full");
}

Test(store_sqlite, survives_a_disk_that_fills_up_at_each_write, .timeout = 600)
{
    fail_each(SQLITE_FAULT_FULL, true, "disk full");
}

Test(store_sqlite, goes_on_after_a_full_disk_but_not_after_a_failed_sync)
{
    struct assay_store *store = open_it();
    cr_assert_eq(put_vote(store, 1), ASSAY_OK);
    sqlite_faults_plan(SQLITE_FAULT_FULL, 1, false);
    cr_assert_eq(assay_store_commit(store), ASSAY_E_STORE);
    cr_assert_not_null(strstr(store->ops->error(store), "disk full"));
    cr_assert_not(has_vote(store, 1));
    cr_assert_eq(put_vote(store, 2), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    cr_assert_eq(put_vote(store, 3), ASSAY_OK);
    sqlite_faults_plan(SQLITE_FAULT_IO, 1, false);
    cr_assert_eq(assay_store_commit(store), ASSAY_E_STORE);
    cr_assert(sqlite_faults_struck());
    for (int i = 0; i < 3; i++)
        cr_assert_eq(put_vote(store, 4), ASSAY_E_STORE, "the kernel lost a write");
    cr_assert_eq(assay_store_commit(store), ASSAY_E_STORE);
    cr_assert_not_null(strstr(store->ops->error(store), "input/output error"));
    assay_store_close(&store);
    store = open_it();
    cr_assert(has_vote(store, 2));
    cr_assert_not(has_vote(store, 4));
    assay_store_close(&store);
}

Test(store_sqlite, moves_its_log_before_it_grows_large)
{
    struct assay_store *store = open_it();
    static const uint8_t value[32768];
    struct stat status;
    off_t largest = 0;
    char log[128];
    snprintf(log, sizeof log, "%s-wal", place.store);
    for (uint64_t epoch = 1; epoch <= 64; epoch++) {
        for (uint64_t number = 0; number < 8; number++) {
            const struct assay_store_key key = { .epoch = epoch, .number = number };
            cr_assert_eq(assay_store_put(store, ASSAY_STORE_EVIDENCE, &key,
                                         assay_slice_over(value, sizeof value)),
                         ASSAY_OK);
        }
        cr_assert_eq(assay_store_prune(store, ASSAY_STORE_EVIDENCE, 0, epoch > 8 ? epoch - 8 : 0),
                     ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        cr_assert_eq(stat(log, &status), 0);
        largest = status.st_size > largest ? status.st_size : largest;
    }
    cr_assert_lt(largest, 12 * 1024 * 1024, "the log grew to %ld", (long)largest);
    assay_store_close(&store);
    cr_assert_eq(stat(place.store, &status), 0);
    cr_assert_lt(status.st_size, 6 * 1024 * 1024, "retention keeps the file small: %ld",
                 (long)status.st_size);
}

Test(store_sqlite, watch_over_syncs_notices_a_commit_without_one)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(place.store, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db,
                              "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                              "PRAGMA synchronous=NORMAL; CREATE TABLE t(a)",
                              NULL, NULL, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "INSERT INTO t VALUES(1)", NULL, NULL, NULL), SQLITE_OK);
    cr_assert(sqlite_faults_log_unsynced());
    sqlite3_close(db);
}
