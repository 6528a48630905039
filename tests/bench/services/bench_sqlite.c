/*
 * tests/bench/services/bench_sqlite.c - commits of libassay-sqlite next to plain SQLite, on one
 * disk: one row a transaction, one commit in flight, replicas as processes on loopback.
 *
 * Five take turns of some commits each, so that what else the disk and the processors do is
 * shared among them: plain SQLite (WAL, synchronous=FULL), states of 52 bytes by
 * libassay-continuity, which is what a commit adds, libassay-sqlite, and key-value stores, with one
 * put a commit and with a batch of many. The folder is below TMPDIR, or /tmp.
 */
#include "tests/bench/services/group_processes.h"
#include "tests/support/stopwatch.h"

#include <assay/kv.h>

#include <sqlite3.h>
#include <stdlib.h>

enum {
    ROUNDS = 20,
    ROUND = 50, /* commits of each in a round */
    COMMITS = ROUNDS * ROUND,
    STATE_LEN = 52, /* of a database */
    BATCH = 100,    /* puts */
    SOON_MS = 20000,
    CHECKPOINT_MAX = 512,
};

static const uint8_t key[ASSAY_CONTINUITY_KEY_LEN] = { 1, 2, 3 };

/* One of those that take turns. */
struct series {
    const char *name;
    size_t count;
    double us[COMMITS];
    double sum_us;
};

static struct series plain = { .name = "plain SQLite, WAL and FULL" };
static struct series states = { .name = "libassay-continuity, one state" };
static struct series certified = { .name = "libassay-sqlite" };
static struct series single = { .name = "key-value store, one put" };
static struct series batches = { .name = "key-value store, batch of 100" };

static void require_ok(enum assay_continuity_result result, const char *reason)
{
    if (result == ASSAY_CONTINUITY_OK) return;
    (void)fprintf(stderr, "%s: ", assay_continuity_name(result));
    group_processes_require(false, reason);
}

/* --- the five */

static sqlite3_stmt *prepare_insert(sqlite3 *db)
{
    sqlite3_stmt *insert = NULL;
    group_processes_require(
        sqlite3_exec(db, "CREATE TABLE rows(number INTEGER PRIMARY KEY, text)", NULL, NULL, NULL) ==
                SQLITE_OK &&
            sqlite3_prepare_v2(db, "INSERT INTO rows(text) VALUES (printf('%100d', 1))", -1,
                               &insert, NULL) == SQLITE_OK,
        "no table");
    return insert;
}

static void insert_row(void *context)
{
    sqlite3_stmt *const insert = context;
    group_processes_require(sqlite3_step(insert) == SQLITE_DONE &&
                                sqlite3_reset(insert) == SQLITE_OK,
                            "a row was not committed");
}

static sqlite3 *open_plain(void)
{
    sqlite3 *db = NULL;
    group_processes_require(sqlite3_open(group_processes_path("plain.db"), &db) == SQLITE_OK &&
                                sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
                                             NULL, NULL, NULL) == SQLITE_OK,
                            "no plain database");
    return db;
}

static struct assay_continuity_options options_of(const char *folder)
{
    static uint8_t checkpoint[CHECKPOINT_MAX];
    FILE *const file = fopen(group_processes_checkpoint(), "rbe");
    const size_t len = file != NULL ? fread(checkpoint, 1, sizeof checkpoint, file) : 0;
    if (file != NULL) (void)fclose(file);
    group_processes_require(len > 0, "no checkpoint of the ledger");
    return (struct assay_continuity_options){ .size = sizeof(struct assay_continuity_options),
                                              .daemon = group_processes_socket(),
                                              .group = GROUP_PROCESSES_GROUP,
                                              .folder = folder,
                                              .checkpoint = checkpoint,
                                              .checkpoint_len = len,
                                              .key = key };
}

static void save_state(void *context)
{
    struct assay_continuity *const handle = context;
    static uint8_t state[STATE_LEN];
    state[0]++;
    require_ok(assay_continuity_save(handle, state, sizeof state, SOON_MS),
               assay_continuity_reason(handle));
}

static struct assay_continuity *start_states(void)
{
    struct assay_continuity *handle = NULL;
    const struct assay_continuity_options options = options_of(group_processes_path("states"));
    require_ok(assay_continuity_create(&options, &handle), assay_continuity_reason(handle));
    require_ok(assay_continuity_start(handle, SOON_MS), assay_continuity_reason(handle));
    return handle;
}

static struct assay_sqlite *start_certified(void)
{
    struct assay_sqlite *handle = NULL;
    const struct assay_continuity_options continuity =
        options_of(group_processes_path("certified"));
    const struct assay_sqlite_options options = { .size = sizeof options,
                                                  .continuity = &continuity,
                                                  .file = group_processes_path("certified.db") };
    require_ok(assay_sqlite_create(&options, &handle), assay_sqlite_reason(handle));
    require_ok(assay_sqlite_start(handle, SOON_MS), assay_sqlite_reason(handle));
    return handle;
}

static struct assay_kv *start_store(void)
{
    struct assay_kv *handle = NULL;
    const struct assay_continuity_options continuity = options_of(group_processes_path("store"));
    const struct assay_sqlite_options options = { .size = sizeof options,
                                                  .continuity = &continuity,
                                                  .file = group_processes_path("store.db") };
    require_ok(assay_kv_create(&options, &handle), assay_kv_reason(handle));
    require_ok(assay_kv_start(handle, SOON_MS), assay_kv_reason(handle));
    return handle;
}

/* Keys in no order, as digests are; values of 100 bytes. */
static void put_entry(void *context)
{
    static const uint8_t value[100];
    static uint64_t number;
    const uint64_t scattered = ++number * 0x9e3779b97f4a7c15u;
    require_ok(assay_kv_put(context, &scattered, sizeof scattered, value, sizeof value),
               assay_kv_reason(context));
}

static void put_batch(void *context)
{
    require_ok(assay_kv_begin(context), assay_kv_reason(context));
    for (int i = 0; i < BATCH; i++)
        put_entry(context);
    require_ok(assay_kv_commit(context), assay_kv_reason(context));
}

/* --- figures */

static void measure_round(struct series *series, size_t count, void (*commit)(void *),
                          void *context)
{
    for (size_t i = 0; i < count; i++) {
        const double start_us = stopwatch_us(CLOCK_MONOTONIC);
        commit(context);
        const double us = stopwatch_us(CLOCK_MONOTONIC) - start_us;
        series->us[series->count++] = us;
        series->sum_us += us;
    }
}

static int compare_times(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double rate_of(const struct series *series)
{
    return (double)series->count / series->sum_us * 1e6;
}

/* Returns: p50 in us */
static double print_series(const char *heading, struct series *series)
{
    qsort(series->us, series->count, sizeof *series->us, compare_times);
    const double half = series->us[(series->count - 1) / 2];
    printf("%-8s%-32s %7.0f commits/s   p50 %7.0f us   p99 %7.0f us\n", heading, series->name,
           rate_of(series), half, series->us[(series->count - 1) * 99 / 100]);
    return half;
}

static void print_figures(uint32_t n)
{
    char heading[16];
    (void)snprintf(heading, sizeof heading, "n = %u", n);
    const double plain_us = print_series(heading, &plain);
    const double states_us = print_series(heading, &states);
    const double certified_us = print_series(heading, &certified);
    printf("%-8s%-32s %7.2f of the commits/s of plain SQLite; p50 %.2f x plain and a state\n",
           heading, "", rate_of(&certified) / rate_of(&plain),
           certified_us / (plain_us + states_us));
    (void)print_series(heading, &single);
    (void)print_series(heading, &batches);
}

static void reset_series(struct series *series)
{
    series->count = 0;
    series->sum_us = 0;
}

static void measure(uint32_t n)
{
    const size_t rounds = stopwatch_is_short() ? 1 : ROUNDS;
    const size_t count = stopwatch_is_short() ? 5 : ROUND;
    (void)group_processes_start(n);
    struct assay_continuity *handle = start_states();
    struct assay_sqlite *certified_handle = start_certified();
    struct assay_kv *store = start_store();
    sqlite3 *const plain_db = open_plain();
    sqlite3 *certified_db = NULL;
    require_ok(assay_sqlite_database(certified_handle, &certified_db),
               assay_sqlite_reason(certified_handle));
    sqlite3_stmt *const plain_insert = prepare_insert(plain_db);
    sqlite3_stmt *const certified_insert = prepare_insert(certified_db);
    save_state(handle); /* the first one waits for a close */
    reset_series(&plain);
    reset_series(&states);
    reset_series(&certified);
    reset_series(&single);
    reset_series(&batches);
    for (size_t i = 0; i < rounds; i++) {
        measure_round(&plain, count, insert_row, plain_insert);
        measure_round(&states, count, save_state, handle);
        measure_round(&certified, count, insert_row, certified_insert);
        measure_round(&single, count, put_entry, store);
        measure_round(&batches, count, put_batch, store);
    }
    print_figures(n);
    (void)sqlite3_finalize(plain_insert);
    (void)sqlite3_finalize(certified_insert);
    (void)sqlite3_close(plain_db);
    (void)sqlite3_close(certified_db);
    require_ok(assay_sqlite_close(&certified_handle), "close");
    require_ok(assay_kv_close(&store), assay_kv_reason(store));
    assay_continuity_close(&handle);
    group_processes_stop();
}

int main(void)
{
    static const uint32_t sizes[] = { 3, 5 };
    printf("one row a transaction, one commit in flight, replicas on loopback\n");
    for (size_t i = 0; i < (stopwatch_is_short() ? 1 : sizeof sizes / sizeof *sizes); i++)
        measure(sizes[i]);
    return 0;
}
