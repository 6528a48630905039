/*
 * include/assay/kv.h - libassay-sqlite: an ordered key-value store that its host can neither roll
 * back nor clone (docs/services.md 4.4.10; docs/library.md).
 *
 * A store is one table in a database of assay/sqlite.h, and its handle is the only user of that
 * database. Keys and values are bytes; keys are unique, and ordered as memcmp orders them, a prefix
 * first. Each put and delete is one certified commit, and so is a batch of any number of them:
 * after a crash all of it is there or nothing. It costs the same as a single put, so put what
 * belongs together into one batch. The store is not encrypted: the host can read it.
 *
 * Rules for the program: release nothing that was read before assay_kv_confirm. After FENCED or
 * ROLLBACK it ends. A handle is used by one thread at a time; there are no threads of its own.
 * Results are those of assay/continuity.h. TOO_LARGE: a key or value above its limit; MISUSE: an
 * argument or a call that cannot be, with nothing changed.
 */
#ifndef ASSAY_KV_H
#define ASSAY_KV_H

#include <assay/sqlite.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_KV_KEY_MAX   1024     /* bytes of a key; at least 1 */
#define ASSAY_KV_VALUE_MAX 16777216 /* bytes of a value; at least 0 */

struct assay_kv;

/* Keys that satisfy each bound that is given, in their order. A length of 0: no such bound.
 * Everything is borrowed for one call. */
struct assay_kv_range {
    size_t size;        /* sizeof(struct assay_kv_range) */
    const void *prefix; /* of at most ASSAY_KV_KEY_MAX bytes, as each of the three */
    size_t prefix_len;
    const void *from; /* the first key that may be in the range */
    size_t from_len;
    const void *until; /* the first key behind the range */
    size_t until_len;
    bool is_descending; /* from the last key to the first */
};

struct assay_kv_entry {
    size_t size;    /* sizeof(struct assay_kv_entry) */
    size_t key_len; /* 0: before the first entry of a range, and behind its last one */
    uint8_t key[ASSAY_KV_KEY_MAX];
    const void *value; /* borrowed: as that of assay_kv_get; never NULL of an entry */
    size_t value_len;
};

/*
 * assay_kv_create - prepares a new instance with an empty store. Start writes it.
 * In:      options: of assay/sqlite.h; `progress` calls no function of the handle
 * Out:     *out: a handle, also of a failure, for assay_kv_reason; NULL without memory. The caller
 *          closes it
 * Returns: as assay_sqlite_create
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_kv_create(
    const struct assay_sqlite_options *options, struct assay_kv **out);
/* Prepares a session of the instance in the folder. Out: as create. Returns: as assay_sqlite_open
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_kv_open(
    const struct assay_sqlite_options *options, struct assay_kv **out);
/* Discards a batch, and ends the session. Accepts a pointer to NULL; sets it to NULL on OK.
 * Returns: OK | MISUSE (a commit of it waits, or the program has opened a connection of its own:
 * nothing is closed) */
ASSAY_API enum assay_continuity_result assay_kv_close(struct assay_kv **handle);
/*
 * assay_kv_start - starts the session, verifies the database, and makes the table in an empty one,
 * which is one commit.
 * In:      timeout_ms: as assay_sqlite_start; that commit waits as each one does
 * Returns: as assay_sqlite_start; SEALED also where the database is of another program or of a
 *          later version of the library; what made the handle unusable
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_kv_start(struct assay_kv *handle,
                                                                    uint32_t timeout_ms);

/*
 * assay_kv_get - the value of a key; in a batch as the batch leaves it.
 * Out:     *value, *len: aligned for any type, and borrowed until the next assay_kv_get or
 *          assay_kv_find_next has returned or the handle is closed; NULL and 0 where the key has no
 *          value, and on failure. An empty value is not NULL
 * Returns: OK | TOO_LARGE | MISUSE | TOO_EARLY | SEALED (the host has changed a page) | STORAGE |
 *          SYSTEM | what made the handle or the batch unusable
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_kv_get(struct assay_kv *handle,
                                                                  const void *key, size_t key_len,
                                                                  const void **value, size_t *len);
/*
 * assay_kv_put - sets the value of a key: certified when it returns, or part of the batch.
 * Returns: OK | TOO_LARGE | MISUSE | TOO_EARLY | SEALED, STORAGE, SYSTEM (nothing was changed; a
 *          batch is unusable) | what made the handle or the batch unusable: IN_DOUBT also where
 *          `progress` has ended the wait, and then the next start has the change or not
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_kv_put(struct assay_kv *handle,
                                                                  const void *key, size_t key_len,
                                                                  const void *value, size_t len);
/* Removes a key and its value. Of a key that has none nothing is changed or certified. Returns: as
 * assay_kv_put */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_kv_delete(struct assay_kv *handle,
                                                                     const void *key,
                                                                     size_t key_len);

/* Begins a batch: puts and deletes up to the commit are one change, which reads of the handle
 * see already. One that fails but for an argument makes the batch unusable: each call returns its
 * result until the batch has ended. Returns: as assay_kv_put; MISUSE: a batch is open */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_kv_begin(struct assay_kv *handle);
/* Ends the batch: all of it is certified on OK, and nothing of it is there otherwise, but of
 * IN_DOUBT. An empty one certifies nothing. Returns: as assay_kv_put; MISUSE: no batch is open */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_kv_commit(struct assay_kv *handle);
/* Ends the batch, and nothing of it is there, also where it was unusable. Returns: OK | MISUSE (no
 * batch is open) | TOO_EARLY | what made the handle unusable */
ASSAY_API enum assay_continuity_result assay_kv_discard(struct assay_kv *handle);

/*
 * assay_kv_find_next - the entry behind a key, in the order of the range. Between two calls nothing
 * is held: each has the store as it is then, and puts and deletes are permitted, of the entry that
 * was found as well.
 * In:      range: NULL: all keys, ascending; entry->key_len 0: the first entry, otherwise the one
 *          behind entry->key, which needs no value
 * Out:     *entry on OK: key_len 0 behind the last entry; otherwise as it was, without its value
 * Returns: as assay_kv_get
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_kv_find_next(
    struct assay_kv *handle, const struct assay_kv_range *range, struct assay_kv_entry *entry);
/* Out: *count: how many keys are in the range (NULL: all); 0 on failure. It reads each page of the
 * range. Returns: as assay_kv_get */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_kv_count(
    struct assay_kv *handle, const struct assay_kv_range *range, uint64_t *count);

/* A quorum confirms that this session is the newest one: what was read before the call may be
 * released. Returns: as assay_sqlite_confirm; MISUSE: a batch is open, whose reads are not
 * certified */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_kv_confirm(struct assay_kv *handle,
                                                                      uint32_t timeout_ms);
/* Returns: index of the last certified commit; 0 before start. */
ASSAY_API uint64_t assay_kv_index(const struct assay_kv *handle);
/* Returns: why each further call fails: as assay_sqlite_result */
ASSAY_API enum assay_continuity_result assay_kv_result(const struct assay_kv *handle);
/* Returns: why the last call did not return OK, with what was expected and found; "" without a
 * reason; valid until the next call. Accepts NULL. */
ASSAY_API const char *assay_kv_reason(const struct assay_kv *handle);

#ifdef __cplusplus
}
#endif
#endif
