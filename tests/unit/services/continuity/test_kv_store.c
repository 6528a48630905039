/*
 * tests/unit/services/continuity/test_kv_store.c - key-value stores as programs use them with
 * running replicas (include/assay/kv.h; docs/services.md 4.4.10). Goal: a program has the entries
 * of the last certified commit, in their order, or an error with a name.
 */
#include "tests/unit/services/continuity/kv_bench.h"

TestSuite(services_kv_store, .init = set_up, .fini = tear_down, .timeout = 600);

Test(services_kv_store, a_store_has_what_was_put_after_each_start)
{
    struct assay_kv *kv = start_store("a", true);
    const void *value = NULL;
    size_t len = 0;
    cr_expect_eq(assay_kv_index(kv), 2, "an empty database, and its table");
    cr_expect_eq(assay_kv_start(kv, 0), ASSAY_CONTINUITY_OK, "it runs already");
    expect_value(kv, "a", NULL);
    expect_put(kv, "a", "one");
    expect_kv(kv, assay_kv_put(kv, "b", 1, NULL, 0), ASSAY_CONTINUITY_OK);
    expect_value(kv, "a", "one");
    expect_value(kv, "b", "");
    expect_put(kv, "a", "two");
    cr_expect_eq(assay_kv_index(kv), 5, "one commit of each change");
    expect_deleted(kv, "c");
    cr_expect_eq(assay_kv_index(kv), 5, "nothing has changed");
    cr_expect_eq(assay_kv_confirm(kv, SOON_MS), ASSAY_CONTINUITY_OK);
    close_store(&kv);
    kv = start_store("a", false);
    cr_expect_eq(assay_kv_index(kv), 5);
    expect_value(kv, "a", "two");
    expect_value(kv, "b", "");
    expect_deleted(kv, "a");
    expect_value(kv, "a", NULL);
    /* A borrowed value may be the next key and value, and stays over calls that read none. */
    expect_put(kv, "from", "to");
    expect_kv(kv, assay_kv_get(kv, "from", 4, &value, &len), ASSAY_CONTINUITY_OK);
    expect_kv(kv, assay_kv_put(kv, value, len, value, len), ASSAY_CONTINUITY_OK);
    cr_expect_eq(assay_kv_confirm(kv, SOON_MS), ASSAY_CONTINUITY_OK);
    cr_expect(len == 2 && assay_bytes_equal(value, "to", 2));
    close_store(&kv);
    kv = start_store("a", false);
    expect_entries(kv, NULL, "b= from=to to=to ");
    cr_expect_eq(assay_kv_result(kv), ASSAY_CONTINUITY_OK);
    close_store(&kv);
    cr_expect_eq(assay_kv_close(&kv), ASSAY_CONTINUITY_OK);
}

Test(services_kv_store, entries_have_the_order_of_their_bytes)
{
    struct assay_kv *kv = start_store("a", true);
    static const char *const keys[] = { "b",
                                        "a",
                                        "ab",
                                        "a\x7f",
                                        "a\xff",
                                        "\xff",
                                        "\xff\xff",
                                        "a\xff\xff",
                                        "\xff\xff"
                                        "a",
                                        "c" };
    struct assay_kv_range range = { .size = sizeof range };
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_OK);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        expect_put(kv, keys[i], "v");
    expect_kv(kv, assay_kv_commit(kv), ASSAY_CONTINUITY_OK);
    expect_entries(kv, NULL,
                   "a=v ab=v a\x7f=v a\xff=v a\xff\xff=v b=v c=v \xff=v \xff\xff=v "
                   "\xff\xff"
                   "a=v ");
    range.is_descending = true;
    expect_entries(kv, &range,
                   "\xff\xff"
                   "a=v \xff\xff=v \xff=v c=v b=v a\xff\xff=v a\xff=v "
                   "a\x7f=v ab=v a=v ");
    range.prefix = "a";
    range.prefix_len = 1;
    expect_entries(kv, &range, "a\xff\xff=v a\xff=v a\x7f=v ab=v a=v ");
    range.is_descending = false;
    expect_entries(kv, &range, "a=v ab=v a\x7f=v a\xff=v a\xff\xff=v ");
    range.prefix = "a\xff";
    range.prefix_len = 2;
    expect_entries(kv, &range, "a\xff=v a\xff\xff=v ");
    range.prefix = "\xff\xff";
    expect_entries(kv, &range,
                   "\xff\xff=v \xff\xff"
                   "a=v ");
    range.prefix = "d";
    range.prefix_len = 1;
    expect_entries(kv, &range, "");
    range = (struct assay_kv_range){ .size = sizeof range, .from = "ab", .from_len = 2 };
    range.until = "c";
    range.until_len = 1;
    expect_entries(kv, &range, "ab=v a\x7f=v a\xff=v a\xff\xff=v b=v ");
    range.is_descending = true;
    expect_entries(kv, &range, "b=v a\xff\xff=v a\xff=v a\x7f=v ab=v ");
    range.prefix = "a\xff";
    range.prefix_len = 2;
    expect_entries(kv, &range, "a\xff\xff=v a\xff=v ");
    range.from = "c";
    range.from_len = 1;
    range.until = "a";
    expect_entries(kv, &range, "");
    close_store(&kv);
}

/* Between two calls nothing is held. */
Test(services_kv_store, an_iteration_has_the_store_as_it_is_at_each_call)
{
    struct assay_kv *kv = start_store("a", true);
    struct assay_kv_entry entry = { .size = sizeof entry };
    const struct assay_kv_range back = { .size = sizeof back, .is_descending = true };
    char order[40] = "";
    for (const char *k = "bdfh"; *k != '\0'; k++) {
        const char text[2] = { *k, '\0' };
        expect_put(kv, text, text);
    }
    for (size_t i = 0; i < sizeof order - 1; i++) {
        expect_kv(kv, assay_kv_find_next(kv, NULL, &entry), ASSAY_CONTINUITY_OK);
        if (entry.key_len == 0) break;
        order[i] = (char)entry.key[0];
        if (order[i] == 'b') expect_put(kv, "a", "behind the iteration");
        if (order[i] == 'b') expect_put(kv, "c", "before it");
        if (order[i] == 'd') expect_deleted(kv, "d");
        if (order[i] == 'd') expect_deleted(kv, "f");
    }
    cr_expect_str_eq(order, "bcdh", "found %s", order);
    expect_entries(kv, NULL, "a=behind the iteration b=b c=before it h=h ");
    /* From a key that is not there. */
    entry.key_len = 1;
    entry.key[0] = 'd';
    expect_kv(kv, assay_kv_find_next(kv, NULL, &entry), ASSAY_CONTINUITY_OK);
    cr_expect(entry.key_len == 1 && entry.key[0] == 'h');
    entry.key[0] = 'd';
    expect_kv(kv, assay_kv_find_next(kv, &back, &entry), ASSAY_CONTINUITY_OK);
    cr_expect(entry.key_len == 1 && entry.key[0] == 'c');
    close_store(&kv);
}

Test(services_kv_store, a_batch_is_one_commit_or_none)
{
    struct assay_kv *kv = start_store("a", true);
    uint64_t count = 0;
    expect_put(kv, "a", "before");
    expect_put(kv, "b", "before");
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_OK);
    expect_put(kv, "a", "batch");
    expect_deleted(kv, "b");
    expect_put(kv, "c", "batch");
    expect_entries(kv, NULL, "a=batch c=batch ");
    cr_expect_eq(assay_kv_index(kv), 4, "nothing is certified yet");
    expect_kv(kv, assay_kv_confirm(kv, SOON_MS), ASSAY_CONTINUITY_MISUSE);
    expect_reason(kv, "a batch is open");
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_MISUSE);
    expect_kv(kv, assay_kv_commit(kv), ASSAY_CONTINUITY_OK);
    cr_expect_eq(assay_kv_index(kv), 5);
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_OK);
    expect_put(kv, "a", "discarded");
    expect_deleted(kv, "c");
    expect_kv(kv, assay_kv_discard(kv), ASSAY_CONTINUITY_OK);
    expect_entries(kv, NULL, "a=batch c=batch ");
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_OK);
    expect_kv(kv, assay_kv_commit(kv), ASSAY_CONTINUITY_OK);
    cr_expect_eq(assay_kv_index(kv), 5, "an empty batch");
    expect_kv(kv, assay_kv_commit(kv), ASSAY_CONTINUITY_MISUSE);
    expect_reason(kv, "no batch is open");
    expect_kv(kv, assay_kv_discard(kv), ASSAY_CONTINUITY_MISUSE);
    /* More pages than SQLite's cache has (2 MB); the end of the handle discards the batch. */
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_OK);
    for (uint32_t i = 0; i < 60; i++) {
        static uint8_t large[50000];
        memset(large, (int)i, sizeof large);
        expect_kv(kv, assay_kv_put(kv, &i, sizeof i, large, sizeof large), ASSAY_CONTINUITY_OK);
    }
    close_store(&kv);
    kv = start_store("a", false);
    expect_kv(kv, assay_kv_count(kv, NULL, &count), ASSAY_CONTINUITY_OK);
    cr_expect_eq(count, 2);
    expect_entries(kv, NULL, "a=batch c=batch ");
    close_store(&kv);
}

Test(services_kv_store, keys_and_values_have_limits)
{
    struct assay_kv *kv = start_store("a", true);
    static uint8_t bytes[ASSAY_KV_VALUE_MAX + 1], longest[ASSAY_KV_KEY_MAX + 1];
    struct assay_kv_entry entry = { .size = sizeof entry };
    struct assay_kv_range range = { .size = sizeof range };
    const void *value = NULL;
    size_t len = 0;
    memset(longest, 0xff, sizeof longest);
    bytes[ASSAY_KV_VALUE_MAX - 1] = 7;
    const uint64_t index = assay_kv_index(kv);
    expect_kv(kv, assay_kv_put(kv, longest, sizeof longest, "v", 1), ASSAY_CONTINUITY_TOO_LARGE);
    expect_reason(kv, "key: expected at most 1024 bytes, found 1025");
    expect_kv(kv, assay_kv_put(kv, "k", 1, bytes, sizeof bytes), ASSAY_CONTINUITY_TOO_LARGE);
    expect_reason(kv, "value: expected at most 16777216 bytes, found 16777217");
    expect_kv(kv, assay_kv_put(kv, "", 0, "v", 1), ASSAY_CONTINUITY_MISUSE);
    expect_kv(kv, assay_kv_put(kv, NULL, 1, "v", 1), ASSAY_CONTINUITY_MISUSE);
    expect_kv(kv, assay_kv_put(kv, "k", 1, NULL, 1), ASSAY_CONTINUITY_MISUSE);
    expect_kv(kv, assay_kv_get(kv, longest, sizeof longest, &value, &len),
              ASSAY_CONTINUITY_TOO_LARGE);
    expect_kv(kv, assay_kv_delete(kv, longest, sizeof longest), ASSAY_CONTINUITY_TOO_LARGE);
    expect_kv(kv, assay_kv_delete(kv, "", 0), ASSAY_CONTINUITY_MISUSE);
    range.prefix = range.from = range.until = longest;
    range.prefix_len = ASSAY_KV_KEY_MAX + 1;
    expect_kv(kv, assay_kv_find_next(kv, &range, &entry), ASSAY_CONTINUITY_TOO_LARGE);
    expect_reason(kv, "prefix");
    range.prefix_len = 0;
    range.from_len = ASSAY_KV_KEY_MAX + 1;
    expect_kv(kv, assay_kv_find_next(kv, &range, &entry), ASSAY_CONTINUITY_TOO_LARGE);
    range.from_len = 0;
    range.until_len = ASSAY_KV_KEY_MAX + 1;
    expect_kv(kv, assay_kv_find_next(kv, &range, &entry), ASSAY_CONTINUITY_TOO_LARGE);
    entry.key_len = ASSAY_KV_KEY_MAX + 1;
    expect_kv(kv, assay_kv_find_next(kv, NULL, &entry), ASSAY_CONTINUITY_TOO_LARGE);
    cr_expect_eq(assay_kv_index(kv), index, "nothing was changed");
    /* The largest of both are found again, and are behind everything. */
    expect_kv(kv, assay_kv_put(kv, longest, ASSAY_KV_KEY_MAX, bytes, ASSAY_KV_VALUE_MAX),
              ASSAY_CONTINUITY_OK);
    close_store(&kv);
    kv = start_store("a", false);
    entry.key_len = 0;
    range =
        (struct assay_kv_range){ .size = sizeof range, .prefix = longest, .is_descending = true };
    range.prefix_len = ASSAY_KV_KEY_MAX;
    expect_kv(kv, assay_kv_find_next(kv, &range, &entry), ASSAY_CONTINUITY_OK);
    cr_assert_eq(entry.key_len, ASSAY_KV_KEY_MAX);
    cr_expect(assay_bytes_equal(entry.key, longest, ASSAY_KV_KEY_MAX));
    cr_assert_eq(entry.value_len, ASSAY_KV_VALUE_MAX);
    cr_expect(assay_bytes_equal(entry.value, bytes, ASSAY_KV_VALUE_MAX));
    range.is_descending = false;
    expect_kv(kv, assay_kv_find_next(kv, &range, &entry), ASSAY_CONTINUITY_OK);
    cr_expect_eq(entry.key_len, 0, "nothing is behind the last key");
    close_store(&kv);
}

Test(services_kv_store, misuse_is_refused_by_name_and_changes_nothing)
{
    struct assay_kv *kv = open_store("a", true);
    struct assay_kv_entry entry = { .size = sizeof entry };
    struct assay_kv_range range = { .size = sizeof range - 1 };
    const void *value = NULL;
    size_t len = 0;
    uint64_t count = 9;
    cr_expect_eq(assay_kv_create(NULL, NULL), ASSAY_CONTINUITY_MISUSE);
    struct assay_kv *bad = NULL;
    cr_expect_eq(assay_kv_open(NULL, &bad), ASSAY_CONTINUITY_MISUSE);
    expect_reason(bad, "options");
    cr_expect_eq(assay_kv_start(bad, 0), ASSAY_CONTINUITY_MISUSE);
    close_store(&bad);
    cr_expect_eq(put_text(NULL, "k", "v"), ASSAY_CONTINUITY_MISUSE);
    cr_expect_eq(assay_kv_commit(NULL), ASSAY_CONTINUITY_MISUSE);
    cr_expect_eq(assay_kv_discard(NULL), ASSAY_CONTINUITY_MISUSE);
    cr_expect_eq(assay_kv_start(NULL, 0), ASSAY_CONTINUITY_MISUSE);
    cr_expect_eq(assay_kv_result(NULL), ASSAY_CONTINUITY_MISUSE);
    cr_expect_eq(assay_kv_index(NULL), 0);
    cr_expect_str_empty(assay_kv_reason(NULL));
    cr_expect_eq(assay_kv_close(NULL), ASSAY_CONTINUITY_OK);
    expect_kv(kv, put_text(kv, "k", "v"), ASSAY_CONTINUITY_TOO_EARLY);
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_TOO_EARLY);
    expect_kv(kv, assay_kv_commit(kv), ASSAY_CONTINUITY_TOO_EARLY);
    expect_kv(kv, assay_kv_discard(kv), ASSAY_CONTINUITY_TOO_EARLY);
    expect_kv(kv, assay_kv_count(kv, NULL, &count), ASSAY_CONTINUITY_TOO_EARLY);
    cr_expect_eq(count, 0);
    expect_kv(kv, assay_kv_confirm(kv, 0), ASSAY_CONTINUITY_TOO_EARLY);
    cr_expect_eq(assay_kv_index(kv), 0);
    expect_store_started(kv, ASSAY_CONTINUITY_OK);
    expect_kv(kv, assay_kv_get(kv, "k", 1, NULL, &len), ASSAY_CONTINUITY_MISUSE);
    expect_kv(kv, assay_kv_get(kv, "k", 1, &value, NULL), ASSAY_CONTINUITY_MISUSE);
    expect_kv(kv, assay_kv_count(kv, NULL, NULL), ASSAY_CONTINUITY_MISUSE);
    expect_kv(kv, assay_kv_count(kv, &range, &count), ASSAY_CONTINUITY_MISUSE);
    expect_kv(kv, assay_kv_find_next(kv, &range, &entry), ASSAY_CONTINUITY_MISUSE);
    expect_kv(kv, assay_kv_find_next(kv, NULL, NULL), ASSAY_CONTINUITY_MISUSE);
    entry.size--;
    expect_kv(kv, assay_kv_find_next(kv, NULL, &entry), ASSAY_CONTINUITY_MISUSE);
    struct {
        struct assay_kv_range range;
        uint64_t later;
    } later = { .range.size = sizeof later, .later = 1 };
    expect_kv(kv, assay_kv_count(kv, &later.range, &count), ASSAY_CONTINUITY_MISUSE);
    later.later = 0;
    expect_kv(kv, assay_kv_count(kv, &later.range, &count), ASSAY_CONTINUITY_OK);
    /* A refused argument leaves a batch as it was. */
    expect_kv(kv, assay_kv_begin(kv), ASSAY_CONTINUITY_OK);
    expect_put(kv, "k", "v");
    expect_kv(kv, assay_kv_put(kv, "", 0, "v", 1), ASSAY_CONTINUITY_MISUSE);
    expect_kv(kv, assay_kv_commit(kv), ASSAY_CONTINUITY_OK);
    expect_entries(kv, NULL, "k=v ");
    close_store(&kv);
}

static struct assay_kv *reentered;
static enum assay_continuity_result reentry[4];

static int call_again(void)
{
    struct assay_kv *handle = reentered;
    if (reentry[0] != ASSAY_CONTINUITY_OK) return 0;
    reentry[0] = put_text(reentered, "x", "of progress");
    reentry[1] = assay_kv_close(&handle);
    reentry[2] = assay_kv_start(reentered, 0);
    reentry[3] = assay_kv_commit(reentered);
    pthread_mutex_unlock(&house.lock);
    return 0;
}

/* No replica answers, so the commit waits and calls it. */
Test(services_kv_store, progress_calls_no_function_of_its_handle)
{
    struct assay_kv *kv = reentered = start_store("a", true);
    while_waiting = call_again;
    pthread_mutex_lock(&house.lock);
    const enum assay_continuity_result result = put_text(kv, "k", "v");
    while_waiting = NULL;
    if (reentry[0] == ASSAY_CONTINUITY_OK) pthread_mutex_unlock(&house.lock);
    expect_kv(kv, result, ASSAY_CONTINUITY_OK);
    for (size_t i = 0; i < sizeof reentry / sizeof *reentry; i++)
        cr_expect_eq(reentry[i], ASSAY_CONTINUITY_MISUSE, "call %zu: %d", i, (int)reentry[i]);
    expect_entries(kv, NULL, "k=v ");
    close_store(&kv);
}
