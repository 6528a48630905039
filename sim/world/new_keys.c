/*
 * sim/world/new_keys.c - checker consent, of new keys: each one that a CHANGE in a final block
 * lists has signed for this change alone (protocol.md 9.6.7, 9.6.8).
 *
 * Statements are encoded here again. Which key a member had follows from cards and from earlier
 * changes, and in any order: a change that waited, or was void, leaves an earlier key in force.
 */
#include "engine/ledger/records/record.h"
#include "sim/world/world_internal.h"

#include "base/cbor.h"

#include <stdlib.h>

enum { STATEMENT_MAX = 256 };

struct world_listed_key {
    uint8_t node_id[32], public_key[ASSAY_P256_PUBLIC_LEN];
};

struct world_new_keys {
    struct world_listed_key *keys; /* every identity key that was listed */
    size_t key_count, key_capacity;
    uint8_t (*given)[32]; /* digests of statements in final blocks */
    size_t given_count, given_capacity;
};

static void add_key(struct world_new_keys *n, const uint8_t node_id[static 32],
                    const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    if (n->key_count == n->key_capacity) {
        n->key_capacity = 2 * n->key_capacity + 64;
        n->keys = realloc(n->keys, n->key_capacity * sizeof *n->keys);
        ASSAY_ASSERT(n->keys != NULL);
    }
    struct world_listed_key *const k = &n->keys[n->key_count++];
    assay_bytes_copy(k->node_id, 32, node_id, 32);
    assay_bytes_copy(k->public_key, sizeof k->public_key, public_key, ASSAY_P256_PUBLIC_LEN);
}

/* Returns: whether no change before had this statement. */
static bool add_statement(struct world_new_keys *n, const uint8_t digest[static 32])
{
    for (size_t i = 0; i < n->given_count; i++)
        if (assay_bytes_equal(n->given[i], digest, 32)) return false;
    if (n->given_count == n->given_capacity) {
        n->given_capacity = 2 * n->given_capacity + 64;
        n->given = realloc(n->given, n->given_capacity * sizeof *n->given);
        ASSAY_ASSERT(n->given != NULL);
    }
    assay_bytes_copy(n->given[n->given_count++], 32, digest, 32);
    return true;
}

void world_new_keys_create(struct assay_sim_world *w)
{
    w->new_keys = calloc(1, sizeof *w->new_keys);
    ASSAY_ASSERT(w->new_keys != NULL);
    for (uint32_t i = 0; i < w->genesis->member_count; i++)
        add_key(w->new_keys, w->genesis->members[i].node_id,
                w->genesis->members[i].identity_public);
}

void world_new_keys_free(struct assay_sim_world *w)
{
    if (w->new_keys == NULL) return; /* it never started */
    free(w->new_keys->keys);
    free(w->new_keys->given);
    free(w->new_keys);
}

/* before: the identity key that is followed; NULL: of an operator's key */
static void digest_statement(const struct assay_change *change, const struct assay_action *a,
                             const uint8_t *before, uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX], followed[32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, before != NULL ? 7 : 6);
    assay_cbor_put_text(&w, before != NULL ? "assay/identity-key/v1" : "assay/operator-key/v1");
    assay_cbor_put_bytes(&w, change->chain_id, 32);
    assay_cbor_put_uint(&w, change->era);
    assay_cbor_put_uint(&w, change->sequence);
    assay_cbor_put_bytes(&w, a->node_id, 32);
    if (before != NULL) {
        assay_sha256(before, ASSAY_P256_PUBLIC_LEN, followed);
        assay_cbor_put_bytes(&w, followed, sizeof followed);
    }
    assay_cbor_put_bytes(&w, a->public_key, ASSAY_P256_PUBLIC_LEN);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

static bool did_sign(const struct assay_action *a, const uint8_t digest[static 32])
{
    struct assay_p256 *key = NULL;
    if (assay_p256_load(a->public_key, &key) != ASSAY_OK) return false;
    const bool good = assay_p256_verify(key, digest, a->signature, ASSAY_S_LOW);
    assay_p256_free(&key);
    return good;
}

/* Out: digest: of the statement that it signed. Returns: false: it signed none of this change. */
static bool find_statement(const struct world_new_keys *n, const struct assay_change *change,
                           const struct assay_action *a, uint8_t digest[static 32])
{
    if (a->kind == ASSAY_ACTION_OPERATOR_KEY) {
        digest_statement(change, a, NULL, digest);
        return did_sign(a, digest);
    }
    for (size_t i = n->key_count; i-- > 0;) {
        if (!assay_bytes_equal(n->keys[i].node_id, a->node_id, 32)) continue;
        digest_statement(change, a, n->keys[i].public_key, digest);
        if (did_sign(a, digest)) return true;
    }
    return false;
}

static void check_action(struct assay_sim_world *w, const struct assay_change *change,
                         const struct assay_action *a)
{
    uint8_t digest[32];
    if (a->kind == ASSAY_ACTION_JOIN)
        add_key(w->new_keys, a->card.node_id, a->card.identity_public);
    if (a->kind != ASSAY_ACTION_OPERATOR_KEY && a->kind != ASSAY_ACTION_IDENTITY) return;
    world_count_check(w, ASSAY_SIM_CHECKER_CONSENT);
    if (!find_statement(w->new_keys, change, a, digest))
        world_report_violation(w, ASSAY_SIM_CHECKER_CONSENT,
                               "change %llu is final, and its new key has not signed for it",
                               (unsigned long long)change->sequence);
    else if (!add_statement(w->new_keys, digest))
        world_report_violation(w, ASSAY_SIM_CHECKER_CONSENT,
                               "change %llu is final, by what its new key signed for another one",
                               (unsigned long long)change->sequence);
    if (a->kind == ASSAY_ACTION_IDENTITY) add_key(w->new_keys, a->node_id, a->public_key);
}

void world_new_keys_block(struct assay_sim_world *w, const struct assay_proposal *p)
{
    struct assay_cursor body;
    struct assay_slice bytes;
    struct assay_record record;
    uint64_t count = 0;
    if (assay_body_open(p->body, &body, &count) != ASSAY_OK) return;
    for (uint64_t i = 0; i < count && assay_body_next(&body, &bytes) == ASSAY_OK; i++) {
        if (assay_record_decode(bytes, &record) != ASSAY_OK || record.kind != ASSAY_RECORD_CHANGE)
            continue;
        struct assay_cursor c =
            assay_cursor_over(record.change.actions.bytes, record.change.actions.len);
        struct assay_action action;
        for (uint32_t k = 0; k < record.change.action_count; k++)
            if (assay_action_next(&c, &action) == ASSAY_OK)
                check_action(w, &record.change, &action);
    }
}
