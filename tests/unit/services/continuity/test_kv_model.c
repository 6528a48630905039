/*
 * tests/unit/services/continuity/test_kv_model.c - random programs of key-value stores that end at
 * any write, against a model in memory (docs/services.md 4.4.10). Goal: the next start has every
 * change that was reported; of the change or batch in flight all or nothing; and of a batch that
 * was not committed nothing.
 *
 * Methods of the connection's files are replaced: from one of the calls that change something on,
 * none is passed on, as if the program had been killed.
 */
#include "tests/unit/services/continuity/kv_bench.h"

#include "apps/api/sqlite/kv_handle.h"
#include "tests/support/depth.h"

TestSuite(services_kv_model, .init = set_up, .fini = tear_down, .timeout = 900);

enum { KEYS = 24, LIVES = 24, OPERATIONS = 40 };

/* ------------------------------------------------------------ chance */

static uint64_t chance;

static uint32_t draw(uint32_t below)
{
    chance = chance * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(chance >> 33) % below;
}

/* ------------------------------------------------------------ kills */

static struct {
    long calls, ends_at; /* ends_at 0: never */
    bool is_done;        /* the last call was executed, and its result was never seen */
    bool of_commits;     /* calls that certify are counted alone */
    const sqlite3_io_methods *below[2];
    sqlite3_io_methods methods[2];
    sqlite3_file *file[2];
} kill;

static bool is_over(void)
{
    return kill.ends_at != 0 && kill.calls >= kill.ends_at;
}

/* Returns: whether the call is executed. Out: *is_seen: whether its result is seen */
static bool passes(bool is_commit, bool *is_seen)
{
    if (is_over()) return *is_seen = false;
    kill.calls += is_commit || !kill.of_commits;
    *is_seen = !is_over();
    return *is_seen || kill.is_done;
}

static const sqlite3_io_methods *below_of(sqlite3_file *file)
{
    return kill.below[file == kill.file[0] ? 0 : 1];
}

static int end_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    bool is_seen = false;
    const int rc =
        passes(false, &is_seen) ? below_of(file)->xWrite(file, bytes, len, at) : SQLITE_IOERR;
    return is_seen ? rc : SQLITE_IOERR;
}

static int end_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    bool is_seen = false;
    const int rc = passes(false, &is_seen) ? below_of(file)->xTruncate(file, size) : SQLITE_IOERR;
    return is_seen ? rc : SQLITE_IOERR;
}

static int end_sync(sqlite3_file *file, int flags)
{
    bool is_seen = false;
    const int rc =
        passes(file == kill.file[1], &is_seen) ? below_of(file)->xSync(file, flags) : SQLITE_IOERR;
    return is_seen ? rc : SQLITE_IOERR;
}

static void arm(struct assay_kv *kv, long ends_at)
{
    static const int pointers[2] = { SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER };
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(sqlite3_file_control(kv->connection, "main", pointers[i], &kill.file[i]),
                     SQLITE_OK);
        kill.below[i] = kill.file[i]->pMethods;
        kill.methods[i] = *kill.below[i];
        kill.methods[i].xWrite = end_write;
        kill.methods[i].xTruncate = end_truncate;
        kill.methods[i].xSync = end_sync;
        kill.file[i]->pMethods = &kill.methods[i];
    }
    kill.calls = 0;
    kill.ends_at = ends_at;
}

/* ------------------------------------------------------------ model */

/* Content of each key, as number of the change that set it; 0: none. */
struct model {
    uint32_t change[KEYS];
};

/* Keys that are prefixes of one another, of bytes 0 and 0xff, short and as long as keys may be. In
 * the order of their numbers. */
static size_t make_key(uint32_t number, uint8_t *bytes)
{
    static const size_t lens[4] = { 1, 2, 3, ASSAY_KV_KEY_MAX };
    static const uint8_t fills[KEYS / 4] = { 0x00, 0x01, 'a', 'b', 0xfe, 0xff };
    memset(bytes, fills[number / 4], ASSAY_KV_KEY_MAX);
    return lens[number % 4];
}

/* Values from none to a hundred pages. */
static size_t make_value(uint32_t change, uint8_t *bytes)
{
    static const size_t lens[8] = { 0, 1, 30, 300, 1500, 4096, 30000, 400000 };
    const size_t len = lens[change % 7 == 6 && change % 5 == 0 ? 7 : change % 7];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(change * 31 + i * (change % 13 + 1));
    return len;
}

static uint8_t expected_bytes[400000];

/* Returns: whether the store has exactly what the model has, in its order */
static bool is_equal(struct assay_kv *kv, const struct model *model, bool is_descending)
{
    const struct assay_kv_range range = { .size = sizeof range, .is_descending = is_descending };
    struct assay_kv_entry entry = { .size = sizeof entry };
    uint8_t expected_key[ASSAY_KV_KEY_MAX];
    uint64_t count = 0, expected_count = 0;
    for (uint32_t i = 0; i < KEYS; i++) {
        const uint32_t number = is_descending ? KEYS - 1 - i : i;
        if (model->change[number] == 0) continue;
        const size_t key_len = make_key(number, expected_key);
        const size_t len = make_value(model->change[number], expected_bytes);
        expect_kv(kv, assay_kv_find_next(kv, &range, &entry), ASSAY_CONTINUITY_OK);
        if (entry.key_len != key_len || !assay_bytes_equal(entry.key, expected_key, key_len) ||
            entry.value_len != len || !assay_bytes_equal(entry.value, expected_bytes, len))
            return false;
        expected_count++;
    }
    expect_kv(kv, assay_kv_find_next(kv, &range, &entry), ASSAY_CONTINUITY_OK);
    expect_kv(kv, assay_kv_count(kv, NULL, &count), ASSAY_CONTINUITY_OK);
    return entry.key_len == 0 && count == expected_count;
}

static void expect_model_value(struct assay_kv *kv, const struct model *model, uint32_t number)
{
    uint8_t key_bytes[ASSAY_KV_KEY_MAX];
    const void *value = NULL;
    size_t len = 0;
    const size_t key_len = make_key(number, key_bytes);
    expect_kv(kv, assay_kv_get(kv, key_bytes, key_len, &value, &len), ASSAY_CONTINUITY_OK);
    const uint32_t found = model->change[number];
    cr_assert_eq(value != NULL, found != 0, "key %u", number);
    if (found == 0) return;
    cr_assert_eq(len, make_value(found, expected_bytes));
    cr_assert(len == 0 || assay_bytes_equal(value, expected_bytes, len), "key %u", number);
}

/* ------------------------------------------------------------ programs */

static uint32_t changes; /* of all lives */

/* One put or delete, also in the model. */
static enum assay_continuity_result make_change(struct assay_kv *kv, struct model *model)
{
    static uint8_t value[400000];
    uint8_t key_bytes[ASSAY_KV_KEY_MAX];
    const uint32_t number = draw(KEYS);
    const size_t key_len = make_key(number, key_bytes);
    if (draw(4) == 0) {
        model->change[number] = 0;
        return assay_kv_delete(kv, key_bytes, key_len);
    }
    model->change[number] = ++changes;
    return assay_kv_put(kv, key_bytes, key_len, value, make_value(changes, value));
}

/* Runs until it is killed or has done everything. In and out: *certified: what was reported. Out:
 * *in_flight: what the store may have instead, after a kill */
static void run_program(struct assay_kv *kv, struct model *certified, struct model *in_flight)
{
    for (int i = 0; i < OPERATIONS; i++) {
        enum assay_continuity_result result = ASSAY_CONTINUITY_OK;
        struct model next = *in_flight = *certified;
        if (draw(3) == 0) {
            const uint32_t size = draw(12);
            result = assay_kv_begin(kv);
            for (uint32_t j = 0; j < size && result == ASSAY_CONTINUITY_OK; j++)
                result = make_change(kv, &next);
            if (result == ASSAY_CONTINUITY_OK) expect_model_value(kv, &next, draw(KEYS));
            if (result == ASSAY_CONTINUITY_OK && draw(4) == 0) {
                next = *certified;
                result = assay_kv_discard(kv);
            } else if (result == ASSAY_CONTINUITY_OK) {
                *in_flight = next;
                result = assay_kv_commit(kv);
            }
        } else {
            result = make_change(kv, &next);
            *in_flight = next;
        }
        if (result != ASSAY_CONTINUITY_OK) {
            cr_assert(is_over(), "%s: %s", assay_continuity_name(result), assay_kv_reason(kv));
            return;
        }
        *certified = *in_flight = next;
        expect_model_value(kv, certified, draw(KEYS));
    }
}

/* Lives of a program. Of eight one is not killed, and four are killed when they certify a commit:
 * before it is sent, or before its result is seen. */
static void run_lives(uint64_t seed)
{
    struct model certified = { 0 }, in_flight = { 0 };
    const size_t lives = LIVES / test_every(3);
    uint32_t kills = 0, adopted = 0;
    chance = seed;
    changes = 0;
    struct assay_kv *kv = start_store("a", true);
    for (size_t life = 0; life < lives; life++) {
        kill.is_done = life % 4 < 2;
        kill.of_commits = life % 2 == 0;
        arm(kv, life % 8 == 7     ? 0
                : kill.of_commits ? 1 + (long)draw(OPERATIONS / 2)
                                  : 1 + (long)draw(120));
        run_program(kv, &certified, &in_flight);
        kills += is_over();
        close_store(&kv);
        kill.ends_at = 0;
        kv = start_store("a", false);
        if (!is_equal(kv, &certified, false)) {
            cr_assert(is_equal(kv, &in_flight, false),
                      "seed %llu, life %zu: neither what was reported nor what was in flight",
                      (unsigned long long)seed, life);
            certified = in_flight;
            adopted++;
        }
        cr_assert(is_equal(kv, &certified, true));
    }
    cr_assert(kills >= lives / 2, "%u kills", kills);
    cr_assert_gt(adopted, 0, "no life was killed between a certification and its report");
    close_store(&kv);
}

Test(services_kv_model, a_start_has_what_was_reported)
{
    run_lives(1);
}

Test(services_kv_model, a_start_has_what_was_reported_by_another_program)
{
    run_lives(20261201);
}
