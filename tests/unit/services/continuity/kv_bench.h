/*
 * tests/unit/services/continuity/kv_bench.h - test fixture: a program of assay/kv.h with a folder
 * and a database, in the house of enclave_house.h.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_CONTINUITY_KV_BENCH_H
#define ASSAY_TESTS_UNIT_SERVICES_CONTINUITY_KV_BENCH_H

#include "tests/unit/services/continuity/sqlite_bench.h"

#include <assay/kv.h>

static inline void expect_kv_at(int line, const struct assay_kv *kv,
                                enum assay_continuity_result result,
                                enum assay_continuity_result expected)
{
    cr_assert_eq(result, expected, "line %d: expected %s, found %s: %s", line,
                 assay_continuity_name(expected), assay_continuity_name(result),
                 assay_kv_reason(kv));
}
#define expect_kv(kv, result, expected) expect_kv_at(__LINE__, kv, result, expected)

static inline void expect_reason(const struct assay_kv *kv, const char *part)
{
    cr_assert_not_null(strstr(assay_kv_reason(kv), part), "expected \"%s\" in \"%s\"", part,
                       assay_kv_reason(kv));
}

static inline struct assay_kv *open_store(const char *name, bool is_new)
{
    char file[PATH_LEN];
    struct assay_kv *kv = NULL;
    const struct assay_continuity_options continuity = options_of(in_root(name));
    (void)snprintf(file, sizeof file, "%.300s/%s.db", root, name);
    const struct assay_sqlite_options options = {
        .size = sizeof options, .continuity = &continuity, .file = file, .progress = on_progress
    };
    expect_kv(kv, is_new ? assay_kv_create(&options, &kv) : assay_kv_open(&options, &kv),
              ASSAY_CONTINUITY_OK);
    return kv;
}

static inline void expect_store_started(struct assay_kv *kv, enum assay_continuity_result expected)
{
    enum assay_continuity_result result = ASSAY_CONTINUITY_IN_DOUBT;
    for (int i = 0; i < SOON_MS / TRY_MS && result == ASSAY_CONTINUITY_IN_DOUBT; i++) {
        close_epochs(1);
        result = assay_kv_start(kv, TRY_MS);
    }
    expect_kv(kv, result, expected);
}

static inline struct assay_kv *start_store(const char *name, bool is_new)
{
    struct assay_kv *const kv = open_store(name, is_new);
    expect_store_started(kv, ASSAY_CONTINUITY_OK);
    return kv;
}

static inline void close_store(struct assay_kv **kv)
{
    expect_kv(*kv, assay_kv_close(kv), ASSAY_CONTINUITY_OK);
    cr_assert_null(*kv);
}

/* --- keys and values that are texts */

static inline enum assay_continuity_result put_text(struct assay_kv *kv, const char *key_text,
                                                    const char *value)
{
    return assay_kv_put(kv, key_text, strlen(key_text), value, strlen(value));
}

static inline void expect_put(struct assay_kv *kv, const char *key_text, const char *value)
{
    expect_kv(kv, put_text(kv, key_text, value), ASSAY_CONTINUITY_OK);
}

static inline void expect_deleted(struct assay_kv *kv, const char *key_text)
{
    expect_kv(kv, assay_kv_delete(kv, key_text, strlen(key_text)), ASSAY_CONTINUITY_OK);
}

/* In: expected: NULL: the key has no value */
static inline void expect_value(struct assay_kv *kv, const char *key_text, const char *expected)
{
    const void *value = "before";
    size_t len = 1;
    expect_kv(kv, assay_kv_get(kv, key_text, strlen(key_text), &value, &len), ASSAY_CONTINUITY_OK);
    cr_assert_eq(value == NULL, expected == NULL, "%s: expected %s, found %s", key_text,
                 expected != NULL ? expected : "none", value != NULL ? "a value" : "none");
    cr_assert_eq(len, expected != NULL ? strlen(expected) : 0);
    cr_assert(len == 0 || assay_bytes_equal(value, expected, len), "%s: expected %s, found %.*s",
              key_text, expected, (int)len, (const char *)value);
}

/* In: expected: "key=value " of each entry, in the order of the range */
static inline void expect_entries(struct assay_kv *kv, const struct assay_kv_range *range,
                                  const char *expected)
{
    struct assay_kv_entry entry = { .size = sizeof entry };
    char found[2000] = "";
    size_t len = 0;
    uint64_t count = 0, counted = 0;
    for (;;) {
        expect_kv(kv, assay_kv_find_next(kv, range, &entry), ASSAY_CONTINUITY_OK);
        if (entry.key_len == 0) break;
        len += (size_t)snprintf(found + len, sizeof found - len, "%.*s=%.*s ", (int)entry.key_len,
                                (const char *)entry.key, (int)entry.value_len,
                                (const char *)entry.value);
        cr_assert(len < sizeof found);
        count++;
    }
    cr_assert_str_eq(found, expected, "expected %s, found %s", expected, found);
    expect_kv(kv, assay_kv_count(kv, range, &counted), ASSAY_CONTINUITY_OK);
    cr_assert_eq(counted, count, "%llu", (unsigned long long)counted);
}

#endif
