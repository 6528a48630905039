/*
 * tests/unit/engine/test_conflicting_envelopes.c - tests of conflicting envelopes of one member.
 *
 * What a member shows to gossip and what it has put into blocks.
 */
#include "base/cbor.h"
#include "base/merkle.h"
#include "engine/evidence/pool.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { NODES = 7, LIAR = 3, VICTIM = 5 };

static const struct assay_sim_world_options options = { .seed = 6, .nodes = NODES };

static struct assay_sim_world *in_roll_phase(struct assay_engine **engine)
{
    struct assay_sim_world *w = assay_sim_world_create(&options);
    /* An epoch in which another node than 0 proposes the ballots' block. */
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 10000));
    *engine = w->nodes[0].engine;
    return w;
}

/* A signed ballot of LIAR with one opinion, about VICTIM. */
static size_t ballot_of_liar(struct assay_sim_world *w, const struct assay_engine *e,
                             const uint8_t roll_root[static 32], enum assay_outcome about_victim,
                             uint8_t *bytes, size_t capacity)
{
    struct assay_ballot b = { .era = e->head->state.era,
                              .epoch = e->head->context.epoch,
                              .incarnation = e->head->state.members[LIAR].lives[0].incarnation };
    uint8_t row[8] = { 0 };
    uint8_t body[ASSAY_BALLOT_FIXED_LEN_MAX + sizeof row];
    uint8_t digest[32];
    struct assay_slice all;
    size_t signature_at = 0;
    assay_votes_row_set(row, VICTIM, about_victim);
    assay_bytes_copy(b.roll_root, 32, roll_root, 32);
    assay_bytes_copy(b.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(b.node_id, 32, e->head->state.members[LIAR].node_id, 32);
    assay_bytes_copy(b.endorsements_digest, 32, e->head->state.rules.endorsements_digest, 32);
    assay_bytes_copy(b.policy_digest, 32, e->head->state.rules.policy_digest, 32);
    b.row = assay_slice_over(row, assay_votes_row_len(NODES));
    struct assay_writer inner = assay_writer_over(body, sizeof body);
    assay_ballot_encode(&b, &inner);
    cr_assert_eq(assay_writer_finish(&inner, &all), ASSAY_OK);
    struct assay_writer out = assay_writer_over(bytes, capacity);
    cr_assert_eq(assay_record_put_ballot(&out, all, &signature_at), ASSAY_OK);
    assay_sha256(all.bytes, all.len, digest);
    cr_assert_eq(assay_p256_sign(w->nodes[LIAR].voting, digest, bytes + signature_at), ASSAY_OK);
    return out.len;
}

/* What node 0 would compare with its own judgements: LIAR's opinion of VICTIM. */
static uint8_t opinion(const struct assay_engine *e)
{
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        struct assay_record r;
        if (item->phase == ASSAY_POOL_FREE || item->kind != ASSAY_RECORD_BALLOT) continue;
        if (item->slot != LIAR || item->epoch != e->head->context.epoch) continue;
        cr_assert_eq(assay_record_decode(assay_slice_over(item->bytes, item->len), &r), ASSAY_OK);
        return assay_votes_row_get(r.ballot.row.bytes, VICTIM);
    }
    return 0xff;
}

Test(conflicting_envelopes, the_ballot_that_counts_is_the_one_that_is_compared, .timeout = 600)
{
    static const uint32_t alone[ASSAY_SIM_WORLD_NODES_MAX] = { 1 };
    struct assay_engine *e = NULL;
    struct assay_sim_world *w = in_roll_phase(&e);
    uint8_t bytes[4096];
    assay_sim_world_acts(w, LIAR)->slanders = true;
    assay_sim_world_acts(w, LIAR)->victim = VICTIM;
    assay_sim_world_acts(w, LIAR)->ballot_delay_ms = 15;
    while (!e->chain->ledger.has_roll)
        cr_assert(assay_sim_world_run(w, 1));
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = LIAR;
    event.as.message.kind = ASSAY_MESSAGE_RECORD;
    const size_t harmless_len =
        ballot_of_liar(w, e, e->chain->ledger.roll_root, ASSAY_OUTCOME_NONE, bytes, sizeof bytes);
    event.as.message.payload = assay_slice_over(bytes, harmless_len);
    assay_sim_world_partition(w, alone); /* what node 0 would relay is lost */
    world_step(w, 0, &event);
    assay_sim_world_partition(w, NULL);
    cr_assert_eq(opinion(e), ASSAY_OUTCOME_NONE, "node 0 was shown the harmless one");
    const uint64_t epoch = e->head->context.epoch;
    while (e->head->context.epoch == epoch && !e->chain->ledger.balloted[LIAR])
        cr_assert(assay_sim_world_run(w, 1));
    cr_assert_eq(e->head->context.epoch, epoch);
    cr_assert(assay_votes_row_get(e->chain->ledger.rows + LIAR * e->chain->ledger.row_len,
                                  VICTIM) == ASSAY_OUTCOME_FAIL_HARD,
              "the chain holds the other one");
    cr_assert_eq(opinion(e), ASSAY_OUTCOME_FAIL_HARD);
    assay_sim_world_destroy(&w);
}

static uint32_t wants_in_use(const struct assay_engine *e)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < ASSAY_PENDING_PROOFS_MAX; i++)
        used += e->pending_proofs->all[i].used;
    return used;
}

/* No proof follows from it: E5 needs the envelope that was judged (docs/protocol.md 5.23). */
Test(conflicting_envelopes, a_ballot_over_a_roll_that_never_was_leaves_no_proof_to_be_made,
     .timeout = 600)
{
    static const uint8_t never_was[32] = { 1 };
    struct assay_engine *e = NULL;
    struct assay_sim_world *w = in_roll_phase(&e);
    uint8_t bytes[4096];
    assay_sim_world_acts(w, LIAR)->ballot_delay_ms = 1000; /* of its own: not before this one */
    while (!e->chain->ledger.has_roll || e->seats[VICTIM].phase != ASSAY_SEAT_JUDGED)
        cr_assert(assay_sim_world_run(w, 1));
    cr_assert(assay_outcome_is_pass(e->seats[VICTIM].outcome));
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = LIAR;
    event.as.message.kind = ASSAY_MESSAGE_RECORD;
    const size_t len =
        ballot_of_liar(w, e, never_was, ASSAY_OUTCOME_FAIL_HARD, bytes, sizeof bytes);
    event.as.message.payload = assay_slice_over(bytes, len);
    world_step(w, 0, &event);
    cr_assert_eq(opinion(e), ASSAY_OUTCOME_FAIL_HARD, "it was taken and compared");
    cr_assert_eq(wants_in_use(e), 0);
    cr_assert_eq(e->pending_proofs->used, 0, "and nothing waits to be proven");
    assay_engine_check(e);
    assay_sim_world_destroy(&w);
}

/* --- a leader that asks for verifications */

/* FAIL records of LIAR about itself, each with other evidence and an envelope of its own. */
static size_t many_fails(struct assay_sim_world *w, const struct assay_engine *e, uint64_t count,
                         uint8_t *bytes, size_t capacity)
{
    struct assay_writer body = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&body, count);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t evidence[64] = { (uint8_t)i };
        uint8_t payload[ASSAY_ENVELOPE_LEN_MAX];
        uint8_t record[1024];
        size_t signature_at = 0;
        struct assay_envelope v = { .era = e->head->state.era,
                                    .epoch = e->head->context.epoch,
                                    .incarnation = 1,
                                    .kind = ASSAY_KIND_SOFT,
                                    .evidence_len = sizeof evidence };
        assay_bytes_copy(v.chain_id, 32, e->head->state.chain_id, 32);
        assay_bytes_copy(v.node_id, 32, e->head->state.members[LIAR].node_id, 32);
        assay_sha256(evidence, sizeof evidence, v.evidence_digest);
        struct assay_writer p = assay_writer_over(payload, sizeof payload);
        cr_assert_eq(assay_envelope_encode(&v, &p, &signature_at), ASSAY_OK);
        cr_assert_eq(assay_p256_sign(w->nodes[LIAR].voting, v.digest, payload + signature_at),
                     ASSAY_OK);
        struct assay_writer r = assay_writer_over(record, sizeof record);
        cr_assert_eq(assay_record_put_fail(&r, assay_slice_over(payload, p.len),
                                           assay_slice_over(evidence, sizeof evidence)),
                     ASSAY_OK);
        assay_cbor_put_bytes(&body, record, r.len);
    }
    cr_assert_not(body.full);
    return body.len;
}

Test(conflicting_envelopes, a_block_with_a_record_too_many_is_refused_before_it_is_verified,
     .timeout = 600)
{
    struct assay_engine *e = NULL;
    struct assay_sim_world *w = in_roll_phase(&e);
    struct assay_effects *effects = calloc(1, sizeof *effects);
    uint8_t *bytes = malloc(128 * 1024);
    cr_assert(effects != NULL && bytes != NULL);
    const struct assay_block_header h = { .epoch = e->head->context.epoch,
                                          .view = e->chain->ledger.view + 1,
                                          .height = e->chain->ledger.height + 1,
                                          .kind = ASSAY_BLOCK_NORMAL };
    static const uint8_t id[32] = { 1 };
    for (uint64_t count = 1; count <= 64; count += 63) {
        const size_t len = many_fails(w, e, count, bytes, 128 * 1024);
        assay_output_begin(e, effects);
        assay_branch_set_ledger(e, &e->chain->ledger);
        const enum assay_answer answer =
            assay_branch_apply(e, &h, id, assay_slice_over(bytes, len));
        cr_assert_eq(answer, count == 1 ? ASSAY_ANSWER_PENDING : ASSAY_ANSWER_INVALID);
        cr_assert_leq(effects->count, 1, "one member's FAIL is verified once");
        assay_output_end(e, 0);
    }
    free(effects);
    free(bytes);
    assay_sim_world_destroy(&w);
}

/* A proposal on the final chain with one FAIL in it, as a leader of view 1 could have sent it. */
static const struct assay_block *hold(struct assay_engine *e, struct assay_slice body)
{
    static uint8_t payload[16 * 1024];
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX];
    struct assay_merkle tree;
    struct assay_block *block = NULL;
    struct assay_block_header h = { .epoch = e->head->context.epoch,
                                    .view = 1,
                                    .height = e->chain->ledger.height + 1,
                                    .time_ms = e->chain->ledger.time_ms + 1 };
    h.kind = assay_ledger_kind(&e->chain->ledger, e->head->state.head_time_ms,
                               assay_eng_epoch_ms(e), h.time_ms);
    assay_bytes_copy(h.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(h.parent_id, 32, e->chain->ledger.tip_id, 32);
    assay_merkle_init(&tree);
    assay_merkle_root(&tree, h.null_root);
    cr_assert_eq(assay_body_root(body, &h.record_count, h.body_root), ASSAY_OK);
    struct assay_writer hw = assay_writer_over(header, sizeof header);
    assay_block_header_encode(&h, &hw);
    struct assay_writer w = assay_writer_over(payload, sizeof payload);
    cr_assert_eq(assay_proposal_encode(assay_slice_over(header, hw.len), NULL, body,
                                       assay_slice_over(header, 0), &w, NULL),
                 ASSAY_OK);
    cr_assert_eq(assay_blocks_add(e->blocks, assay_slice_over(payload, w.len), &block), ASSAY_OK);
    return block;
}

Test(conflicting_envelopes, blocks_whose_views_are_over_ask_for_nothing_more, .timeout = 600)
{
    struct assay_engine *e = NULL;
    struct assay_sim_world *w = in_roll_phase(&e);
    struct assay_effects *effects = calloc(1, sizeof *effects);
    struct assay_simplex_snapshot look;
    uint8_t bytes[8 * 1024];
    cr_assert_not_null(effects);
    do {
        cr_assert(assay_sim_world_run(w, 5));
        assay_simplex_snapshot(e->simplex, &look);
    } while (look.view < 3);
    const size_t len = many_fails(w, e, 1, bytes, sizeof bytes);
    const struct assay_block *over = hold(e, assay_slice_over(bytes, len));
    assay_bytes_copy(e->parts->branch.checks[0], 32, over->id, 32);
    e->parts->branch.check_count = 1;
    assay_output_begin(e, effects);
    assay_branch_recheck(e);
    assay_output_end(e, 0);
    cr_assert_eq(effects->count, 0, "no verification is asked for");
    cr_assert_eq(e->branch->check_count, 0);
    free(effects);
    assay_sim_world_destroy(&w);
}
