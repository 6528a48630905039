/*
 * engine/sync/boundary_chain.c - voters of epoch after epoch, proven by boundaries and their
 * finality proofs (docs/protocol.md 5.30).
 */
#include "engine/sync/boundary_chain.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/ledger/records/recover.h"

/* Decodes only the keys that changed. Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_CRYPTO |
 * ASSAY_E_RANGE */
static enum assay_status load_voters(struct assay_boundary_chain *c,
                                     const struct assay_roster_row *rows, uint32_t count)
{
    uint64_t total = 0;
    ASSAY_ASSERT(count <= ASSAY_MEMBERS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (c->keys[i] == NULL ||
            !assay_bytes_equal(c->rows[i].voting_public, rows[i].voting_public, 64)) {
            assay_p256_free(&c->keys[i]);
            if (!assay_roster_row_is_keyless(&rows[i]))
                ASSAY_TRY(assay_p256_load(rows[i].voting_public, &c->keys[i]));
        }
        c->rows[i] = rows[i];
        c->weights[i] = assay_roster_row_is_keyless(&rows[i]) ? 0 : rows[i].weight;
        assay_bytes_copy(c->node_ids[i], 32, rows[i].node_id, 32);
        total += rows[i].weight;
    }
    c->voters = (struct assay_voter_table){ .count = count,
                                            .weight = c->weights,
                                            .node_id = (const uint8_t(*)[32])c->node_ids,
                                            .voting_key = c->keys,
                                            .total_weight = total };
    return total > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static void restart_chain(struct assay_boundary_chain *chain)
{
    chain->recovers_until_ms = 0;
    chain->crossing_count = 0;
    chain->crossing = (struct assay_boundary_crossing){ .epoch = 0 };
    chain->unsealed = chain->has_operators = false;
}

enum assay_status assay_boundary_chain_init(struct assay_boundary_chain *chain,
                                            const struct assay_state *state)
{
    if (state->member_count > ASSAY_MEMBERS_MAX) return ASSAY_E_RANGE;
    restart_chain(chain);
    assay_checkpoint_of(state, &chain->at);
    chain->has_operators = true;
    assay_bytes_copy(chain->operators, 32, state->operators_digest, 32);
    for (uint32_t i = 0; i < state->member_count; i++)
        assay_roster_row_of(&state->members[i], &chain->next[i]);
    return load_voters(chain, chain->next, state->member_count);
}

void assay_boundary_chain_free(struct assay_boundary_chain *chain)
{
    for (uint32_t i = 0; i < ASSAY_MEMBERS_MAX; i++)
        assay_p256_free(&chain->keys[i]);
}

/* What a host lacks passes; everything else is a fault of the bytes. */
static enum assay_status fail_with(struct assay_fault *fault, const char *what,
                                   enum assay_status status)
{
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    assay_status_ignore(assay_fault_plain(fault, what, status), "the caller reads the fault");
    return ASSAY_E_INVALID;
}

static enum assay_status fail_with_ids(struct assay_fault *fault, const char *what,
                                       const uint8_t expected[static 32],
                                       const uint8_t found[static 32])
{
    assay_status_ignore(assay_fault_ids(fault, what, expected, found),
                        "the caller reads the fault");
    return ASSAY_E_INVALID;
}

/* The boundary of the checkpoint's own epoch: its id proves it. */
static enum assay_status load_base(struct assay_boundary_chain *chain, struct assay_slice base,
                                   struct assay_fault *fault)
{
    struct assay_boundary b;
    if (base.len == 0) return ASSAY_OK;
    const enum assay_status status = assay_boundary_decode(base, ASSAY_MEMBERS_MAX, &b);
    if (status != ASSAY_OK) return fail_with(fault, "boundary of the checkpoint", status);
    if (!assay_bytes_equal(b.id, chain->at.id, 32))
        return fail_with_ids(fault, "block of the checkpoint", chain->at.id, b.id);
    chain->has_operators = true;
    assay_bytes_copy(chain->operators, 32, b.state.operators_digest, 32);
    return ASSAY_OK;
}

enum assay_status assay_boundary_chain_from(struct assay_boundary_chain *chain,
                                            const struct assay_checkpoint *checkpoint,
                                            const struct assay_roster_row *rows, uint32_t count,
                                            struct assay_slice base, struct assay_fault *fault)
{
    struct assay_merkle tree;
    uint8_t digest[32];
    if (count > ASSAY_MEMBERS_MAX)
        return fail_with(fault, "voters of the checkpoint", ASSAY_E_RANGE);
    restart_chain(chain);
    chain->at = *checkpoint;
    assay_roster_begin(&tree, checkpoint->chain_id, checkpoint->era, count);
    for (uint32_t i = 0; i < count; i++) {
        chain->next[i] = rows[i];
        assay_roster_add(&tree, &rows[i]);
    }
    assay_merkle_root(&tree, digest);
    if (!assay_bytes_equal(digest, checkpoint->roster_digest, 32))
        return fail_with_ids(fault, "voters of the checkpoint", checkpoint->roster_digest, digest);
    const enum assay_status seated = load_voters(chain, chain->next, count);
    if (seated != ASSAY_OK) return fail_with(fault, "voters of the checkpoint", seated);
    return load_base(chain, base, fault);
}

/* --- a RECOVER (docs/protocol.md 11.3.3) */

static bool find_row(const void *context, const uint8_t node_id[static 32],
                     struct assay_recover_voter *voter)
{
    const struct assay_boundary_chain *c = context;
    for (uint32_t i = 0; i < c->voters.count; i++) {
        if (!assay_bytes_equal(c->rows[i].node_id, node_id, 32)) continue;
        const bool keyless = assay_roster_row_is_keyless(&c->rows[i]);
        *voter = (struct assay_recover_voter){ .voting_public =
                                                   keyless ? NULL : c->rows[i].voting_public,
                                               .weight = c->weights[i] };
        return true;
    }
    return false;
}

static enum assay_status verify_recover_weight(const struct assay_boundary_chain *chain,
                                               const struct assay_recover *r,
                                               struct assay_recover_weight *weight,
                                               struct assay_fault *fault)
{
    const struct assay_recover_table table = { .era = chain->at.era,
                                               .chain_id = chain->at.chain_id,
                                               .operators_digest = chain->operators,
                                               .total_weight = chain->voters.total_weight,
                                               .context = chain,
                                               .find = find_row };
    enum assay_status status = assay_recover_approved(r, chain->operators);
    if (status != ASSAY_OK) return fail_with(fault, "signatures of operators of a RECOVER", status);
    status = assay_recover_compute_weight(r, &table, weight);
    if (status != ASSAY_OK) return fail_with(fault, "answers that a RECOVER rests on", status);
    return assay_recover_is_grounded(weight)
               ? ASSAY_OK
               : fail_with(fault, "answers of more than a third of the weight under a RECOVER",
                           ASSAY_E_STRANGER);
}

/* The table of before stays until its members have confirmed it. */
static void advance_era(struct assay_boundary_chain *chain, const struct assay_boundary *b,
                        const struct assay_recover_weight *weight)
{
    chain->parent_count = chain->voters.count;
    for (uint32_t i = 0; i < chain->parent_count; i++) {
        chain->parent[i] = chain->rows[i];
        chain->confirms[i] = false;
    }
    chain->unsealed = true;
    chain->crossing_count++;
    chain->crossing = (struct assay_boundary_crossing){ .era = b->header.era,
                                                        .epoch = b->header.epoch,
                                                        .total = chain->voters.total_weight,
                                                        .answered = weight->answered };
}

static enum assay_status cross_recover(struct assay_boundary_chain *chain,
                                       const struct assay_boundary *b, struct assay_slice finality,
                                       struct assay_fault *fault)
{
    struct assay_recover r;
    struct assay_recover_weight weight;
    if (chain->recovers_until_ms == 0)
        return fail_with(fault, "RECOVER, which is no link of this chain", ASSAY_E_CHAIN);
    if (chain->unsealed)
        return fail_with(fault, "RECOVER behind one that nothing confirms", ASSAY_E_CHAIN);
    if (!chain->has_operators)
        return fail_with(fault, "operators in force before a RECOVER", ASSAY_E_NOT_FOUND);
    if (b->header.time_ms >= chain->recovers_until_ms)
        return fail_with(fault, "RECOVER beyond the trusting period", ASSAY_E_STALE);
    const enum assay_status status = assay_recover_decode(finality, &r);
    if (status != ASSAY_OK) return fail_with(fault, "RECOVER", status);
    if (!assay_bytes_equal(r.id, b->id, 32))
        return fail_with_ids(fault, "block of the boundary", r.id, b->id);
    ASSAY_TRY(verify_recover_weight(chain, &r, &weight, fault));
    advance_era(chain, b, &weight);
    return ASSAY_OK;
}

/* Voters of before that have voted in the new era with the same keys: they took the RECOVER. Slots
 * are for good. The certificate was verified. */
static void mark_confirmed(struct assay_boundary_chain *chain, const struct assay_boundary *b,
                           struct assay_slice finality)
{
    struct assay_cursor c = assay_cursor_over(finality.bytes, finality.len);
    struct assay_slice payload = { 0 };
    struct assay_vote_certificate cert = { 0 };
    uint64_t weight = 0;
    enum assay_status status = assay_cbor_array_exact(&c, 2);
    if (status == ASSAY_OK) status = assay_cbor_bytes(&c, ASSAY_CERTIFICATE_LEN_MAX, &payload);
    if (status == ASSAY_OK) status = assay_certificate_verify_payload(payload, &cert);
    ASSAY_ASSERT(status == ASSAY_OK); /* assay_finality_verify */
    for (uint32_t i = 0; i < chain->parent_count; i++) {
        const struct assay_roster_row *was = &chain->parent[i];
        if (assay_roster_row_is_keyless(was)) continue;
        if (i < chain->voters.count && assay_bitmap_has(cert.bitmap, i) &&
            assay_bytes_equal(chain->rows[i].node_id, was->node_id, 32) &&
            assay_bytes_equal(chain->rows[i].voting_public, was->voting_public, 64))
            chain->confirms[i] = true;
        if (chain->confirms[i]) weight += was->weight;
    }
    chain->crossing.confirmed = weight;
    if (b->state.certified && 3 * weight > chain->crossing.total) chain->unsealed = false;
}

/* --- link after link */

static enum assay_status prove_boundary(struct assay_boundary_chain *chain,
                                        const struct assay_boundary *b, struct assay_slice finality,
                                        struct assay_fault *fault)
{
    const struct assay_checkpoint *at = &chain->at;
    uint8_t final_id[32], votes[32];
    const enum assay_status status = assay_finality_verify(
        finality, at->chain_id, at->era, at->epoch + 1, &chain->voters, final_id, votes);
    if (status != ASSAY_OK) return fail_with(fault, "finality proof of the epoch", status);
    if (!assay_bytes_equal(final_id, b->id, 32))
        return fail_with_ids(fault, "block of the boundary", final_id, b->id);
    if (chain->unsealed) mark_confirmed(chain, b, finality);
    return ASSAY_OK;
}

enum assay_status assay_boundary_chain_add(struct assay_boundary_chain *chain,
                                           struct assay_slice boundary, struct assay_slice finality,
                                           struct assay_fault *fault)
{
    struct assay_boundary b;
    struct assay_checkpoint *at = &chain->at;
    enum assay_status status = assay_boundary_decode(boundary, ASSAY_MEMBERS_MAX, &b);
    if (status != ASSAY_OK)
        return fail_with(fault, "boundary cannot be read, or is not its own root's", status);
    const bool recovers = assay_recover_is(finality);
    if (!assay_bytes_equal(b.header.chain_id, at->chain_id, 32) ||
        b.header.era != (uint64_t)at->era + recovers || b.header.epoch != at->epoch + 1)
        return fail_with(fault, "boundary of another chain, era or epoch", ASSAY_E_CHAIN);
    ASSAY_TRY(recovers ? cross_recover(chain, &b, finality, fault)
                       : prove_boundary(chain, &b, finality, fault));
    for (uint32_t i = 0; i < chain->voters.count; i++)
        chain->next[i] = chain->rows[i];
    status = assay_boundary_apply(&b, chain->next, chain->voters.count);
    if (status != ASSAY_OK) return fail_with(fault, "changes of voters in a boundary", status);
    status = load_voters(chain, chain->next, b.state.member_count);
    if (status != ASSAY_OK) return fail_with(fault, "voters after a boundary", status);
    at->epoch++;
    at->era = b.header.era;
    at->time_ms = b.header.time_ms;
    assay_bytes_copy(at->id, 32, b.id, 32);
    assay_bytes_copy(at->roster_digest, 32, b.state.roster_digest, 32);
    chain->has_operators = true;
    assay_bytes_copy(chain->operators, 32, b.state.operators_digest, 32);
    return ASSAY_OK;
}

/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_STORE | ASSAY_E_INVALID (longer than any) */
static enum assay_status load_value(const struct assay_boundary_walk *w,
                                    enum assay_store_class class_,
                                    const struct assay_store_key *key, size_t offset,
                                    struct assay_slice *value, struct assay_fault *fault)
{
    size_t len = 0;
    ASSAY_ASSERT(offset <= w->scratch_len);
    const enum assay_status got =
        assay_store_get(w->store, class_, key, w->scratch + offset, w->scratch_len - offset, &len);
    if (got == ASSAY_E_FULL) return fail_with(fault, "boundary longer than any", ASSAY_E_INVALID);
    if (got == ASSAY_OK) *value = assay_slice_over(w->scratch + offset, len);
    return got;
}

enum assay_status assay_boundary_chain_walk(struct assay_boundary_chain *chain,
                                            const struct assay_boundary_walk *walk,
                                            struct assay_fault *fault)
{
    while (chain->at.epoch < walk->to_epoch) {
        const struct assay_store_key key = { .era = chain->at.era, .epoch = chain->at.epoch + 1 };
        struct assay_slice boundary, finality;
        ASSAY_TRY(load_value(walk, ASSAY_STORE_BOUNDARY, &key, 0, &boundary, fault));
        ASSAY_TRY(load_value(walk, ASSAY_STORE_FINALITY, &key, boundary.len, &finality, fault));
        if (assay_recover_is(finality) && chain->recovers_until_ms == 0)
            return ASSAY_E_NOT_FOUND; /* another era: no votes */
        ASSAY_TRY(assay_boundary_chain_add(chain, boundary, finality, fault));
        if (walk->proven != NULL) ASSAY_TRY(walk->proven(walk->context, &chain->at));
    }
    return ASSAY_OK;
}
