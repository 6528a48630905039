/* apps/enclave/registrations.c - registered workload keys of one boot (docs/identity.md 6.6). */
#include "apps/enclave/registrations.h"

#include "base/assert.h"
#include "base/cbor.h"

enum { LIST_OF_ONE = 0x81 }; /* CBOR: head of an array */

void registrations_init(struct registrations *r, const uint8_t boot[static 32])
{
    *r = (struct registrations){ .tries = REGISTRATIONS_BURST };
    assay_bytes_copy(r->boot, 32, boot, 32);
}

void registrations_challenge(const uint8_t chain_id[static 32], const uint8_t boot[static 32],
                             uint8_t challenge[static 32])
{
    uint8_t bytes[128];
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, "assay/key-registration/v1");
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_bytes(&w, boot, 32);
    const enum assay_status status = assay_writer_finish(&w, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(all.bytes, all.len, challenge);
}

/* --------------------------------------------------------------- one key */

void registrations_get(const struct registrations *r, uint32_t at, struct assay_declared_key *key)
{
    ASSAY_ASSERT(at < r->count);
    struct assay_declared_keys one;
    const enum assay_status status =
        assay_declared_keys_decode(assay_slice_over(r->keys[at].list, r->keys[at].len), &one);
    ASSAY_ASSERT(status == ASSAY_OK && one.count == 1);
    *key = one.keys[0];
}

/* Returns: below 0, 0, above 0: where a stands in a list, seen from (purpose, name). */
static int compare_place(const struct assay_declared_key *a, enum assay_declared_purpose purpose,
                         struct assay_slice name)
{
    if (a->purpose != purpose) return a->purpose < purpose ? -1 : 1;
    const size_t common = a->name.len < name.len ? a->name.len : name.len;
    const int order = assay_bytes_compare(a->name.bytes, name.bytes, common);
    return order != 0 ? order : (a->name.len > name.len) - (a->name.len < name.len);
}

/* Returns: the first place that is not before (purpose, name); *same: it is that of a key of this
 * purpose and name. */
static uint32_t find_place(const struct registrations *r, enum assay_declared_purpose purpose,
                           struct assay_slice name, bool *same)
{
    *same = false;
    for (uint32_t i = 0; i < r->count; i++) {
        struct assay_declared_key key;
        registrations_get(r, i, &key);
        const int order = compare_place(&key, purpose, name);
        *same = order == 0;
        if (order >= 0) return i;
    }
    return r->count;
}

static bool take_try(struct registrations *r, uint64_t now_ms)
{
    if (r->tries == REGISTRATIONS_BURST || now_ms < r->tries_ms) r->tries_ms = now_ms;
    const uint64_t more = (now_ms - r->tries_ms) / REGISTRATIONS_EACH_MS;
    const uint32_t missing = REGISTRATIONS_BURST - r->tries;
    r->tries += more < missing ? (uint32_t)more : missing;
    r->tries_ms += more * REGISTRATIONS_EACH_MS;
    if (r->tries == 0) return false;
    r->tries--;
    return true;
}

/* The key signed the entry for this member, and the challenge of this boot. */
static enum assay_status verify_proofs(const struct registrations *r,
                                       const struct assay_declared_key *key,
                                       struct assay_slice boot_proof)
{
    uint8_t challenge[32];
    struct assay_declared_key now = *key;
    if (boot_proof.len != key->proof.len) return ASSAY_E_RANGE;
    now.proof = boot_proof;
    registrations_challenge(r->chain_id, r->boot, challenge);
    ASSAY_TRY(assay_declared_key_verify(r->chain_id, r->node_id, key));
    const enum assay_status status = assay_declared_key_verify(challenge, r->node_id, &now);
    return status == ASSAY_E_SIGNATURE ? ASSAY_E_STALE : status;
}

/* All but the proof, which comes last. */
static bool is_same_entry(const struct registration *a, const struct registration *b,
                          size_t proof_len)
{
    return a->uid == b->uid && a->len == b->len &&
           assay_bytes_equal(a->list, b->list, a->len - proof_len);
}

enum assay_status registrations_add(struct registrations *r, uint32_t uid, struct assay_slice entry,
                                    struct assay_slice boot_proof, uint64_t now_ms)
{
    struct registration one = { .uid = uid, .len = entry.len + 1 };
    struct assay_declared_keys list;
    bool same = false;
    if (!r->named) return ASSAY_E_AGAIN;
    if (!take_try(r, now_ms)) return ASSAY_E_RATE;
    if (entry.len > ASSAY_DECLARED_KEY_LEN_MAX) return ASSAY_E_RANGE;
    one.list[0] = LIST_OF_ONE;
    if (entry.len > 0)
        assay_bytes_copy(one.list + 1, ASSAY_DECLARED_KEY_LEN_MAX, entry.bytes, entry.len);
    ASSAY_TRY(assay_declared_keys_decode(assay_slice_over(one.list, one.len), &list));
    const struct assay_declared_key *const key = &list.keys[0];
    ASSAY_TRY(verify_proofs(r, key, boot_proof));
    const uint32_t at = find_place(r, key->purpose, key->name, &same);
    if (same)
        return is_same_entry(&r->keys[at], &one, key->proof.len) ? ASSAY_OK : ASSAY_E_DUPLICATE;
    if (r->count == ASSAY_DECLARED_KEYS_MAX) return ASSAY_E_FULL;
    for (uint32_t i = r->count; i > at; i--)
        r->keys[i] = r->keys[i - 1];
    one.serial = ++r->serial;
    r->keys[at] = one;
    r->count++;
    return ASSAY_OK;
}

static bool list_has(const struct registration_list *list, uint64_t serial)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->serials[i] == serial) return true;
    return false;
}

enum assay_status registrations_remove(struct registrations *r, uint32_t uid,
                                       enum assay_declared_purpose purpose, struct assay_slice name)
{
    bool same = false;
    const uint32_t at = find_place(r, purpose, name, &same);
    if (!same) return ASSAY_E_NOT_FOUND;
    if (r->keys[at].uid != uid) return ASSAY_E_STRANGER;
    const uint64_t serial = r->keys[at].serial;
    for (size_t i = 0; i < REGISTRATIONS_LISTS_MAX; i++)
        if (list_has(&r->lists[i], serial)) r->lists[i].used = false;
    r->count--;
    for (uint32_t i = at; i < r->count; i++)
        r->keys[i] = r->keys[i + 1];
    return ASSAY_OK;
}

/* --------------------------------------------------------------- lists */

static size_t encode_list(const struct registrations *r,
                          uint8_t list[static ASSAY_DECLARED_KEYS_LEN_MAX])
{
    struct assay_writer w = assay_writer_over(list, ASSAY_DECLARED_KEYS_LEN_MAX);
    struct assay_slice all;
    assay_cbor_put_array(&w, r->count);
    for (uint32_t i = 0; i < r->count; i++)
        assay_writer_put(&w, r->keys[i].list + 1, r->keys[i].len - 1);
    const enum assay_status status = assay_writer_finish(&w, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    return all.len;
}

static size_t make_list(const struct registrations *r,
                        uint8_t list[static ASSAY_DECLARED_KEYS_LEN_MAX], uint8_t root[static 32])
{
    struct assay_declared_keys keys;
    const size_t len = encode_list(r, list);
    const enum assay_status status = assay_declared_keys_decode(assay_slice_over(list, len), &keys);
    ASSAY_ASSERT(status == ASSAY_OK && keys.count == r->count);
    assay_declared_keys_root(&keys, root);
    return len;
}

/* Are all keys of the list with this root registered? */
static bool have_list(const struct registrations *r, const uint8_t root[static 32])
{
    uint8_t list[ASSAY_DECLARED_KEYS_LEN_MAX], now[32];
    for (size_t i = 0; i < REGISTRATIONS_LISTS_MAX; i++)
        if (r->lists[i].used && assay_bytes_equal(r->lists[i].root, root, 32)) return true;
    (void)make_list(r, list, now);
    return assay_bytes_equal(now, root, 32);
}

size_t registrations_issue(struct registrations *r,
                           uint8_t list[static ASSAY_DECLARED_KEYS_LEN_MAX])
{
    struct registration_list next = { .used = true, .count = r->count };
    const size_t len = make_list(r, list, next.root);
    for (uint32_t i = 0; i < r->count; i++)
        next.serials[i] = r->keys[i].serial;
    for (size_t i = 0; i < REGISTRATIONS_LISTS_MAX; i++)
        if (r->lists[i].used && assay_bytes_equal(r->lists[i].root, next.root, 32)) return len;
    r->lists[r->next_list] = next;
    r->next_list = (r->next_list + 1) % REGISTRATIONS_LISTS_MAX;
    return len;
}

enum assay_status registrations_state(struct registrations *r, const struct assay_binding *binding,
                                      uint8_t report_data[static 64])
{
    ASSAY_ASSERT(binding->keys_root != NULL);
    struct assay_binding own = *binding;
    uint8_t none[32];
    if (r->named && !(assay_bytes_equal(r->chain_id, binding->chain_id, 32) &&
                      assay_bytes_equal(r->node_id, binding->node_id, 32)))
        return ASSAY_E_CHAIN;
    r->named = true;
    assay_bytes_copy(r->chain_id, 32, binding->chain_id, 32);
    assay_bytes_copy(r->node_id, 32, binding->node_id, 32);
    assay_declared_keys_no_root(none);
    if (!have_list(r, binding->keys_root)) own.keys_root = none;
    assay_binding_report_data(&own, report_data);
    return ASSAY_OK;
}
