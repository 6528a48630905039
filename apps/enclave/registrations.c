/* apps/enclave/registrations.c - registered workload keys of one boot (docs/identity.md 6.6). */
#include "apps/enclave/registrations.h"

#include "base/assert.h"
#include "base/cbor.h"

#include <string.h>

enum { LIST_OF_ONE = 0x81 }; /* CBOR: head of an array */

void registrations_init(struct registrations *r, const struct registration_users *users,
                        const uint8_t boot[static 32])
{
    ASSAY_ASSERT(users->count <= REGISTRATIONS_RESERVED_MAX);
    *r = (struct registrations){ .users = *users };
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

/* --------------------------------------------------------------- users */

static bool is_reserved_for(const struct registration_reserved *reserved, struct assay_slice name)
{
    return strlen(reserved->name) == name.len &&
           assay_bytes_equal(reserved->name, name.bytes, name.len);
}

enum assay_status registration_users_add(struct registration_users *users, const char *text)
{
    const char *const equals = strchr(text, '=');
    const size_t len = equals != NULL ? (size_t)(equals - text) : 0;
    const struct assay_slice name = assay_slice_over((const uint8_t *)text, len);
    struct registration_reserved next = { .uid = 0 };
    uint64_t uid = 0;
    if (equals == NULL || !assay_declared_key_name_is_fit(name)) return ASSAY_E_RANGE;
    for (const char *c = equals + 1; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || uid > UINT32_MAX) return ASSAY_E_RANGE;
        uid = 10 * uid + (uint64_t)(*c - '0');
    }
    if (equals[1] == '\0' || uid >= UINT32_MAX) return ASSAY_E_RANGE; /* the last is no user */
    for (uint32_t i = 0; i < users->count; i++)
        if (is_reserved_for(&users->reserved[i], name)) return ASSAY_E_DUPLICATE;
    if (users->count == REGISTRATIONS_RESERVED_MAX) return ASSAY_E_FULL;
    assay_bytes_copy(next.name, sizeof next.name, text, len);
    next.uid = (uint32_t)uid;
    users->reserved[users->count++] = next;
    return ASSAY_OK;
}

static bool may_have_name(const struct registrations *r, uint32_t uid, struct assay_slice name)
{
    for (uint32_t i = 0; i < r->users.count; i++)
        if (is_reserved_for(&r->users.reserved[i], name)) return r->users.reserved[i].uid == uid;
    return true;
}

static bool has_key_of(const struct registrations *r, const struct registration_reserved *reserved)
{
    for (uint32_t i = 0; i < r->count; i++) {
        struct assay_declared_key key;
        registrations_get(r, i, &key);
        if (is_reserved_for(reserved, key.name)) return true;
    }
    return false;
}

/* A reserved name has a place until it has a key. */
static bool has_place(const struct registrations *r, uint32_t uid, struct assay_slice name)
{
    uint32_t own = 0, kept = 0;
    for (uint32_t i = 0; i < r->count; i++)
        own += r->keys[i].uid == uid;
    for (uint32_t i = 0; i < r->users.count; i++)
        kept += !is_reserved_for(&r->users.reserved[i], name) &&
                !has_key_of(r, &r->users.reserved[i]);
    return r->count + kept < ASSAY_DECLARED_KEYS_MAX &&
           (uid == r->users.owner || own < REGISTRATIONS_USER_KEYS);
}

bool registrations_is_named(const struct registrations *r, uint32_t uid)
{
    for (uint32_t i = 0; i < r->users.count; i++)
        if (r->users.reserved[i].uid == uid) return true;
    return uid == r->users.owner;
}

static void refill(struct registration_tries *t, uint64_t each_ms, uint64_t now_ms)
{
    if (t->used == 0 || now_ms < t->since_ms) t->since_ms = now_ms;
    const uint64_t more = (now_ms - t->since_ms) / each_ms;
    t->used -= more < t->used ? (uint32_t)more : t->used;
    t->since_ms += more * each_ms;
}

/* The attempts of a user. Those of more users than there are places are counted for the ones that
 * used most. */
static struct registration_tries *tries_of(struct registrations *r, uint32_t uid, uint64_t now_ms)
{
    struct registration_tries *least = &r->tries[0];
    for (uint32_t i = 0; i < REGISTRATIONS_USERS_MAX; i++)
        refill(&r->tries[i], REGISTRATIONS_USER_EACH_MS, now_ms);
    for (uint32_t i = 0; i < REGISTRATIONS_USERS_MAX; i++) {
        if (r->tries[i].used > 0 && r->tries[i].uid == uid) return &r->tries[i];
        if (r->tries[i].used < least->used) least = &r->tries[i];
    }
    *least = (struct registration_tries){ .uid = uid, .since_ms = now_ms };
    return least;
}

static bool take_try(struct registrations *r, uint32_t uid, uint64_t now_ms)
{
    const bool is_named = registrations_is_named(r, uid);
    struct registration_tries *const all = is_named ? &r->of_named : &r->of_others;
    refill(all, REGISTRATIONS_EACH_MS, now_ms);
    if (all->used == REGISTRATIONS_BURST) return false;
    if (uid != r->users.owner) {
        struct registration_tries *const own = tries_of(r, uid, now_ms);
        if (own->used == REGISTRATIONS_USER_BURST) return false;
        own->used++;
    }
    all->used++;
    return true;
}

/* --------------------------------------------------------------- registration */

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
    if (!take_try(r, uid, now_ms)) return ASSAY_E_RATE;
    if (entry.len > ASSAY_DECLARED_KEY_LEN_MAX) return ASSAY_E_RANGE;
    one.list[0] = LIST_OF_ONE;
    if (entry.len > 0)
        assay_bytes_copy(one.list + 1, ASSAY_DECLARED_KEY_LEN_MAX, entry.bytes, entry.len);
    ASSAY_TRY(assay_declared_keys_decode(assay_slice_over(one.list, one.len), &list));
    const struct assay_declared_key *const key = &list.keys[0];
    if (!may_have_name(r, uid, key->name)) return ASSAY_E_STRANGER;
    ASSAY_TRY(verify_proofs(r, key, boot_proof));
    const uint32_t at = find_place(r, key->purpose, key->name, &same);
    if (same)
        return is_same_entry(&r->keys[at], &one, key->proof.len) ? ASSAY_OK : ASSAY_E_DUPLICATE;
    if (!has_place(r, uid, key->name)) return ASSAY_E_FULL;
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
    r->count--;
    for (uint32_t i = at; i < r->count; i++)
        r->keys[i] = r->keys[i + 1];
    for (size_t i = 0; i < REGISTRATIONS_LISTS_MAX; i++) {
        struct registration_list *const list = &r->lists[i];
        if (r->count == 0) list->used = false;                       /* no other key has to stay */
        if (!list_has(list, serial) || list->is_withdrawn) continue; /* the first one counts */
        list->is_withdrawn = true;
        list->until = r->epoch + REGISTRATIONS_WITHDRAWN_EPOCHS;
    }
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

/* Are all keys of the list with this root registered, or were until a moment ago? */
static bool have_list(const struct registrations *r, const uint8_t root[static 32])
{
    uint8_t list[ASSAY_DECLARED_KEYS_LEN_MAX], now[32];
    for (size_t i = 0; i < REGISTRATIONS_LISTS_MAX; i++)
        if (r->lists[i].used && assay_bytes_equal(r->lists[i].root, root, 32)) return true;
    (void)make_list(r, list, now);
    return assay_bytes_equal(now, root, 32);
}

/* That of this root; else a free one; else that of the list that was issued first, but for the one
 * that the ledger names: a declaration may be late. */
static struct registration_list *find_room(struct registrations *r, const uint8_t root[static 32])
{
    struct registration_list *room = NULL;
    for (size_t i = 0; i < REGISTRATIONS_LISTS_MAX; i++)
        if (r->lists[i].used && assay_bytes_equal(r->lists[i].root, root, 32)) return &r->lists[i];
    for (size_t i = 0; i < REGISTRATIONS_LISTS_MAX; i++) {
        struct registration_list *const list = &r->lists[i];
        if (!list->used) return list;
        if (!assay_bytes_equal(list->root, r->root, 32) &&
            (room == NULL || list->issued < room->issued))
            room = list;
    }
    ASSAY_ASSERT(room != NULL); /* two lists have two roots */
    return room;
}

size_t registrations_issue(struct registrations *r,
                           uint8_t list[static ASSAY_DECLARED_KEYS_LEN_MAX])
{
    struct registration_list next = { .used = true, .issued = ++r->issues, .count = r->count };
    const size_t len = make_list(r, list, next.root);
    for (uint32_t i = 0; i < r->count; i++)
        next.serials[i] = r->keys[i].serial;
    *find_room(r, next.root) = next; /* a key that was withdrawn may be registered again */
    return len;
}

/* Lists with a withdrawn key, that the host may have declared before it received the next one, end
 * six epochs later. A host whose statements are of no one ledger, in which epochs follow one
 * another, has none of them bound. */
static void note_statement(struct registrations *r, const struct assay_binding *binding)
{
    const bool is_same = binding->era == r->era && binding->epoch == r->epoch &&
                         assay_bytes_equal(binding->beacon, r->beacon, 32);
    const bool follows = binding->era == r->era && binding->epoch > r->epoch;
    for (size_t i = 0; i < REGISTRATIONS_LISTS_MAX; i++) {
        struct registration_list *const list = &r->lists[i];
        if (list->is_withdrawn && (!(is_same || follows) || binding->epoch > list->until))
            *list = (struct registration_list){ .used = false };
    }
    r->era = binding->era;
    r->epoch = binding->epoch;
    assay_bytes_copy(r->beacon, 32, binding->beacon, 32);
    assay_bytes_copy(r->root, 32, binding->keys_root, 32);
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
    note_statement(r, binding);
    if (!have_list(r, binding->keys_root)) own.keys_root = none;
    assay_binding_report_data(&own, report_data);
    return ASSAY_OK;
}
