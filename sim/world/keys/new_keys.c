/*
 * sim/world/keys/new_keys.c - checker consent, of new keys: each one that a CHANGE in a final block
 * lists has signed for this change alone (protocol.md 9.6.7, 9.6.8); and key sets in final blocks
 * are signed by identity keys in force, no longer by those of before. Proofs verify over a new key.
 *
 * Statements are encoded here again. Which key a member had follows from cards and from earlier
 * changes, and in any order: a change that waited, or was void, leaves an earlier key in force.
 */
#include "engine/evidence/prove.h"
#include "engine/ledger/records/record.h"
#include "sim/world/run_internal.h"

#include "base/cbor.h"

#include <stdlib.h>

enum { STATEMENT_MAX = 256 };

struct world_listed_key {
    uint8_t node_id[32], public_key[ASSAY_P256_PUBLIC_LEN];
};

struct world_new_keys {
    struct world_listed_key *keys; /* every identity key that was listed */
    size_t key_count, key_capacity;
    uint64_t changed[WORLD_NODES]; /* epoch after which the slot has its newest key; 0: none */
    uint8_t (*given)[32];          /* digests of statements in final blocks */
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

/* By the state before the epoch, which checker changes compares with the changes in blocks. */
static void check_key_set(struct assay_sim_world *w, const struct assay_record *record)
{
    const struct assay_incarnate *i = &record->incarnate;
    const struct assay_state *state = w->run != NULL ? &w->run->before : NULL;
    uint8_t digest[32];
    struct assay_p256 *key = NULL;
    if (state == NULL || i->era != state->era || i->epoch != state->epoch + 1) return;
    const uint32_t slot = assay_state_slot_of(state, i->node_id);
    world_count_check(w, ASSAY_SIM_CHECKER_CONSENT);
    assay_sha256(record->body.bytes, record->body.len, digest);
    if (slot == state->member_count ||
        assay_p256_load(state->members[slot].identity_public, &key) != ASSAY_OK ||
        !assay_p256_verify(key, digest, record->signature, ASSAY_S_LOW))
        world_report_violation(w, ASSAY_SIM_CHECKER_CONSENT,
                               "a final block has a key set that the identity key in force of "
                               "node %u has not signed",
                               slot);
    assay_p256_free(&key);
}

/* A relying party with a checkpoint of the epoch before verifies the proof of a member, whatever
 * keys changed between both: it shows the key in force, and the score of the state. */
static void check_proof(struct world_run *r, uint32_t slot, const struct assay_prove *prove,
                        uint8_t *bytes)
{
    const struct assay_member *m = &r->now.members[slot];
    struct assay_writer out = assay_writer_over(bytes, ASSAY_PROOF_LEN_MAX);
    struct assay_proven_state *proven = calloc(1, sizeof *proven);
    struct assay_checkpoint before;
    enum assay_proof_answer answer = ASSAY_PROOF_OTHER_LEAF;
    ASSAY_ASSERT(proven != NULL);
    enum assay_status status = assay_proof_checkpoint_of(prove->before, &before);
    if (status == ASSAY_OK) status = assay_prove_member(prove, slot, false, &out);
    if (status == ASSAY_OK)
        status = assay_proof_verify(assay_slice_over(bytes, out.len), &before, &answer, proven);
    world_count_check(r->w, ASSAY_SIM_CHECKER_CONSENT);
    if (status != ASSAY_OK || answer != ASSAY_PROVEN)
        world_report_violation(r->w, ASSAY_SIM_CHECKER_CONSENT,
                               "the proof of node %u about its new key: %s, %s", slot,
                               assay_status_symbol(status), assay_proof_answer_text(answer));
    else if (!assay_bytes_equal(proven->member.node_id, m->node_id, 32) ||
             !assay_bytes_equal(proven->member.identity_public, m->identity_public, 64) ||
             proven->member.trust.integrity_bp != m->trust.integrity_bp)
        world_report_violation(r->w, ASSAY_SIM_CHECKER_CONSENT,
                               "the proof of node %u shows another key or score than the state",
                               slot);
    free(proven);
}

/* By the store of a node that closed the epoch, at the boundary of a new key and an epoch later. */
void world_new_keys_closed(struct world_run *r, uint32_t node)
{
    struct world_new_keys *n = r->w->new_keys;
    struct assay_prove prove;
    for (uint32_t i = 0; i < r->now.member_count && i < r->before.member_count; i++) {
        const struct assay_member *old = &r->before.members[i], *m = &r->now.members[i];
        if (assay_bytes_equal(old->node_id, m->node_id, 32) &&
            !assay_bytes_equal(old->identity_public, m->identity_public, 64))
            n->changed[i] = r->now.epoch;
    }
    void *memory = NULL;
    uint8_t *bytes = NULL;
    for (uint32_t i = 0; i < r->now.member_count; i++) {
        if (n->changed[i] == 0 || r->now.epoch > n->changed[i] + 1) continue;
        if (memory == NULL) {
            memory = aligned_alloc(16, (assay_prove_memory_len(WORLD_NODES) + 15) / 16 * 16);
            bytes = malloc(ASSAY_PROOF_LEN_MAX);
            ASSAY_ASSERT(memory != NULL && bytes != NULL);
            if (assay_prove_open(&prove, r->w->nodes[node].store, memory, WORLD_NODES) != ASSAY_OK)
                break;
        }
        if (prove.before.len > 0 && prove.checkpoint.epoch == r->now.epoch)
            check_proof(r, i, &prove, bytes);
    }
    free(memory);
    free(bytes);
}

void world_new_keys_block(struct assay_sim_world *w, const struct assay_proposal *p)
{
    struct assay_cursor body;
    struct assay_slice bytes;
    struct assay_record record;
    uint64_t count = 0;
    if (assay_body_open(p->body, &body, &count) != ASSAY_OK) return;
    for (uint64_t i = 0; i < count && assay_body_next(&body, &bytes) == ASSAY_OK; i++) {
        if (assay_record_decode(bytes, &record) != ASSAY_OK) continue;
        if (record.kind == ASSAY_RECORD_INCARNATE) check_key_set(w, &record);
        if (record.kind != ASSAY_RECORD_CHANGE) continue;
        struct assay_cursor c =
            assay_cursor_over(record.change.actions.bytes, record.change.actions.len);
        struct assay_action action;
        for (uint32_t k = 0; k < record.change.action_count; k++)
            if (assay_action_next(&c, &action) == ASSAY_OK)
                check_action(w, &record.change, &action);
    }
}
