/*
 * apps/api/sqlite/kv_rows.c - entries of a key-value store: reads, ranges and changes
 * (include/assay/kv.h; docs/services.md 4.4.10).
 */
#include "apps/api/sqlite/kv_handle.h"

#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 4096, VALUE_MIN = 4096 };

/* A bound may be one byte longer than a key: it is behind one, or behind all. */
struct bound {
    uint8_t bytes[ASSAY_KV_KEY_MAX + 1];
    size_t len;
};

static enum assay_continuity_result check_bytes(struct assay_kv *kv, const char *name,
                                                const void *bytes, size_t len, size_t max)
{
    if (bytes == NULL && len > 0)
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_MISUSE,
                                   "%s: expected %zu bytes, found NULL", name, len);
    if (len > max)
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_TOO_LARGE,
                                   "%s: expected at most %zu bytes, found %zu", name, max, len);
    return ASSAY_CONTINUITY_OK;
}

static enum assay_continuity_result check_key(struct assay_kv *kv, const void *key, size_t len)
{
    if (len == 0)
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_MISUSE, "key: expected 1 to %d bytes",
                                   ASSAY_KV_KEY_MAX);
    return check_bytes(kv, "key", key, len, ASSAY_KV_KEY_MAX);
}

/* SQLite takes NULL for another value than no bytes. */
static int bind_bytes(sqlite3_stmt *statement, int at, const void *bytes, size_t len)
{
    return sqlite3_bind_blob(statement, at, len > 0 ? bytes : "", (int)len, SQLITE_STATIC);
}

/* The statement may not refer to memory of the caller after the call. */
static void end_statement(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

/* ------------------------------------------------------------ changes */

/* A change that has failed may have undone the batch before it, and SQLite would commit the next
 * one alone: the batch ends with it. */
static enum assay_continuity_result execute_change(struct assay_kv *kv, sqlite3_stmt *statement,
                                                   int rc)
{
    enum assay_continuity_result result = ASSAY_CONTINUITY_OK;
    if (rc != SQLITE_OK || assay_kv_step(kv, statement) != SQLITE_DONE) result = assay_kv_fail(kv);
    end_statement(statement);
    if (result == ASSAY_CONTINUITY_OK || !kv->has_batch) return result;
    kv->batch_result = result;
    assay_kv_roll_back(kv);
    return result;
}

enum assay_continuity_result assay_kv_put(struct assay_kv *handle, const void *key, size_t key_len,
                                          const void *value, size_t len)
{
    struct assay_kv *const kv = handle;
    enum assay_continuity_result result = assay_kv_enter(kv);
    if (result == ASSAY_CONTINUITY_OK) result = check_key(kv, key, key_len);
    if (result == ASSAY_CONTINUITY_OK)
        result = check_bytes(kv, "value", value, len, ASSAY_KV_VALUE_MAX);
    if (result != ASSAY_CONTINUITY_OK) return result;
    sqlite3_stmt *const statement = kv->statements[ASSAY_KV_PUT];
    int rc = bind_bytes(statement, 1, key, key_len);
    if (rc == SQLITE_OK) rc = bind_bytes(statement, 2, value, len);
    return execute_change(kv, statement, rc);
}

enum assay_continuity_result assay_kv_delete(struct assay_kv *handle, const void *key,
                                             size_t key_len)
{
    struct assay_kv *const kv = handle;
    enum assay_continuity_result result = assay_kv_enter(kv);
    if (result == ASSAY_CONTINUITY_OK) result = check_key(kv, key, key_len);
    if (result != ASSAY_CONTINUITY_OK) return result;
    sqlite3_stmt *const statement = kv->statements[ASSAY_KV_DELETE];
    return execute_change(kv, statement, bind_bytes(statement, 1, key, key_len));
}

/* ------------------------------------------------------------ reads */

/* Copies a value, so that no transaction stays open for a borrowed one. */
static enum assay_continuity_result copy_value(struct assay_kv *kv, sqlite3_stmt *statement,
                                               const void **value, size_t *len)
{
    const void *const bytes = sqlite3_column_blob(statement, 0);
    const size_t found = (size_t)sqlite3_column_bytes(statement, 0);
    if (bytes == NULL && found > 0) return assay_kv_fail(kv);
    if (found > kv->value_capacity || kv->value == NULL) {
        const size_t capacity = found > VALUE_MIN ? found : VALUE_MIN;
        uint8_t *const larger = realloc(kv->value, capacity);
        if (larger == NULL)
            return assay_kv_set_reason(kv, ASSAY_CONTINUITY_SYSTEM,
                                       "no memory for a value of %zu bytes", found);
        kv->value = larger;
        kv->value_capacity = capacity;
    }
    assay_bytes_copy(kv->value, kv->value_capacity, bytes, found);
    *value = kv->value;
    *len = found;
    return ASSAY_CONTINUITY_OK;
}

enum assay_continuity_result assay_kv_get(struct assay_kv *handle, const void *key, size_t key_len,
                                          const void **value, size_t *len)
{
    struct assay_kv *const kv = handle;
    enum assay_continuity_result result = assay_kv_enter(kv);
    if (value != NULL) *value = NULL;
    if (len != NULL) *len = 0;
    if (result == ASSAY_CONTINUITY_OK && (value == NULL || len == NULL))
        result = assay_kv_set_reason(kv, ASSAY_CONTINUITY_MISUSE, "expected value and len");
    if (result == ASSAY_CONTINUITY_OK) result = check_key(kv, key, key_len);
    if (result != ASSAY_CONTINUITY_OK) return result;
    sqlite3_stmt *const statement = kv->statements[ASSAY_KV_GET];
    int rc = bind_bytes(statement, 1, key, key_len);
    if (rc == SQLITE_OK) rc = assay_kv_step(kv, statement);
    if (rc == SQLITE_ROW) result = copy_value(kv, statement, value, len);
    else if (rc != SQLITE_DONE) result = assay_kv_fail(kv);
    end_statement(statement);
    return result;
}

/* ------------------------------------------------------------ ranges */

static int compare_to_bound(const struct bound *a, const void *bytes, size_t len)
{
    const int order = assay_bytes_compare(a->bytes, bytes, a->len < len ? a->len : len);
    if (order != 0) return order;
    return a->len < len ? -1 : a->len > len;
}

static void set_bound(struct bound *bound, const void *bytes, size_t len)
{
    assay_bytes_copy(bound->bytes, sizeof bound->bytes, bytes, len);
    bound->len = len;
}

static void raise_bound(struct bound *low, const void *bytes, size_t len)
{
    if (len > 0 && compare_to_bound(low, bytes, len) < 0) set_bound(low, bytes, len);
}

static void lower_bound(struct bound *high, const void *bytes, size_t len)
{
    if (len > 0 && compare_to_bound(high, bytes, len) > 0) set_bound(high, bytes, len);
}

/* The first key behind all that begin with the prefix: without its last bytes of 0xff, and one
 * more. A prefix of these alone has no end. */
static void lower_to_prefix(struct bound *high, const uint8_t *prefix, size_t len)
{
    struct bound end;
    while (len > 0 && prefix[len - 1] == 0xff)
        len--;
    if (len == 0) return;
    set_bound(&end, prefix, len);
    end.bytes[len - 1]++;
    lower_bound(high, end.bytes, end.len);
}

static enum assay_continuity_result check_range(struct assay_kv *kv,
                                                const struct assay_kv_range *range)
{
    enum assay_continuity_result result = ASSAY_CONTINUITY_OK;
    if (range == NULL) return result;
    if (range->size < sizeof *range || range->size > OPTIONS_MAX)
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_MISUSE,
                                   "size: expected sizeof(struct assay_kv_range)");
    if (!assay_bytes_all_zero((const uint8_t *)range + sizeof *range, range->size - sizeof *range))
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_MISUSE,
                                   "size: members of a later version of the library are set");
    result = check_bytes(kv, "prefix", range->prefix, range->prefix_len, ASSAY_KV_KEY_MAX);
    if (result == ASSAY_CONTINUITY_OK)
        result = check_bytes(kv, "from", range->from, range->from_len, ASSAY_KV_KEY_MAX);
    if (result == ASSAY_CONTINUITY_OK)
        result = check_bytes(kv, "until", range->until, range->until_len, ASSAY_KV_KEY_MAX);
    return result;
}

/* Out: *low: the first key that may be in it; *high: the first one behind it */
static void get_bounds(const struct assay_kv_range *range, struct bound *low, struct bound *high)
{
    low->len = 0;
    high->len = sizeof high->bytes;
    memset(high->bytes, 0xff, sizeof high->bytes);
    if (range == NULL) return;
    raise_bound(low, range->from, range->from_len);
    raise_bound(low, range->prefix, range->prefix_len);
    lower_bound(high, range->until, range->until_len);
    lower_to_prefix(high, range->prefix, range->prefix_len);
}

static int step_range(struct assay_kv *kv, sqlite3_stmt *statement, const struct bound *low,
                      const struct bound *high)
{
    int rc = bind_bytes(statement, 1, low->bytes, low->len);
    if (rc == SQLITE_OK) rc = bind_bytes(statement, 2, high->bytes, high->len);
    return rc == SQLITE_OK ? assay_kv_step(kv, statement) : rc;
}

static enum assay_continuity_result check_entry(struct assay_kv *kv,
                                                const struct assay_kv_entry *entry)
{
    if (entry == NULL || entry->size < sizeof *entry)
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_MISUSE,
                                   "entry: expected one of sizeof(struct assay_kv_entry)");
    if (entry->key_len > ASSAY_KV_KEY_MAX)
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_TOO_LARGE,
                                   "entry: expected a key of at most %d bytes, found %zu",
                                   ASSAY_KV_KEY_MAX, entry->key_len);
    return ASSAY_CONTINUITY_OK;
}

static enum assay_continuity_result copy_entry(struct assay_kv *kv, sqlite3_stmt *statement,
                                               struct assay_kv_entry *entry)
{
    const void *const key = sqlite3_column_blob(statement, 1);
    const size_t len = (size_t)sqlite3_column_bytes(statement, 1);
    if (key == NULL) return assay_kv_fail(kv);
    if (len > ASSAY_KV_KEY_MAX)
        return assay_kv_set_reason(kv, ASSAY_CONTINUITY_SEALED,
                                   "%s: expected keys of at most %d bytes, found one of %zu",
                                   kv->database->given, ASSAY_KV_KEY_MAX, len);
    const enum assay_continuity_result result =
        copy_value(kv, statement, &entry->value, &entry->value_len);
    if (result != ASSAY_CONTINUITY_OK) return result;
    assay_bytes_copy(entry->key, sizeof entry->key, key, len);
    entry->key_len = len;
    return result;
}

enum assay_continuity_result assay_kv_find_next(struct assay_kv *handle,
                                                const struct assay_kv_range *range,
                                                struct assay_kv_entry *entry)
{
    struct assay_kv *const kv = handle;
    struct bound low, high;
    enum assay_continuity_result result = assay_kv_enter(kv);
    if (result == ASSAY_CONTINUITY_OK) result = check_entry(kv, entry);
    if (result != ASSAY_CONTINUITY_OK) return result;
    entry->value = NULL;
    entry->value_len = 0;
    result = check_range(kv, range);
    if (result != ASSAY_CONTINUITY_OK) return result;
    const bool is_descending = range != NULL && range->is_descending;
    get_bounds(range, &low, &high);
    if (is_descending) {
        lower_bound(&high, entry->key, entry->key_len);
    } else if (entry->key_len > 0) {
        struct bound behind; /* no key is between one and the same with a byte of zero more */
        set_bound(&behind, entry->key, entry->key_len);
        behind.bytes[behind.len++] = 0;
        raise_bound(&low, behind.bytes, behind.len);
    }
    sqlite3_stmt *const statement = kv->statements[is_descending ? ASSAY_KV_LAST : ASSAY_KV_FIRST];
    const int rc = step_range(kv, statement, &low, &high);
    if (rc == SQLITE_ROW) result = copy_entry(kv, statement, entry);
    else if (rc == SQLITE_DONE) entry->key_len = 0;
    else result = assay_kv_fail(kv);
    end_statement(statement);
    return result;
}

enum assay_continuity_result assay_kv_count(struct assay_kv *handle,
                                            const struct assay_kv_range *range, uint64_t *count)
{
    struct assay_kv *const kv = handle;
    struct bound low, high;
    enum assay_continuity_result result = assay_kv_enter(kv);
    if (count != NULL) *count = 0;
    if (result == ASSAY_CONTINUITY_OK && count == NULL)
        result = assay_kv_set_reason(kv, ASSAY_CONTINUITY_MISUSE, "expected count");
    if (result == ASSAY_CONTINUITY_OK) result = check_range(kv, range);
    if (result != ASSAY_CONTINUITY_OK) return result;
    get_bounds(range, &low, &high);
    sqlite3_stmt *const statement = kv->statements[ASSAY_KV_COUNT];
    if (step_range(kv, statement, &low, &high) == SQLITE_ROW)
        *count = (uint64_t)sqlite3_column_int64(statement, 0);
    else result = assay_kv_fail(kv);
    end_statement(statement);
    return result;
}
