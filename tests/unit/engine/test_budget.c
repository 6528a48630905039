/*
 * tests/unit/engine/test_budget.c - tests of verification and storage budgets.
 *
 * What one member can have the others verify, and keep.
 *
 * docs/protocol.md 5.12, 5.12.1, 9.4.2. A member signs INCARNATEs whose evidence is junk, as many
 * as it likes: verifications and kept evidence have a bound, the bound decides nothing about
 * blocks, and what can never fit gives up its place.
 */
#include "base/cbor.h"
#include "engine/evidence/pool.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>

enum { SPAMMER = 1, NODES = 4, JUNK_LEN = 900, RECORD_LEN = 2048 };

static struct assay_sim_world *world(void)
{
    const struct assay_sim_world_options o = { .seed = 3, .nodes = NODES, .epoch_ms = 2000 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, 2, 20000));
    return w;
}

/* An INCARNATE of the spammer's own for the running epoch, the k-th. */
static struct assay_slice junk(struct assay_sim_world *w, uint64_t k, uint8_t bytes[RECORD_LEN])
{
    const struct assay_engine *e = w->nodes[SPAMMER].engine;
    const struct assay_member *m = &e->head->state.members[SPAMMER];
    struct assay_incarnate i = { .era = e->head->state.era,
                                 .epoch = e->head->context.epoch,
                                 .incarnation = m->lives[0].incarnation + 1,
                                 .evidence_len = JUNK_LEN };
    uint8_t evidence[JUNK_LEN] = { 7 };
    uint8_t digest[32];
    struct assay_secret32 secret;
    struct assay_p256_signer *key = NULL;
    size_t at = 0;
    size_t possession_at = 0;
    for (size_t b = 0; b < 8; b++)
        evidence[8 + b] = i.transport_public[b] = (uint8_t)(k >> (8 * b));
    assay_bytes_copy(i.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(i.node_id, 32, m->node_id, 32);
    world_key(w, SPAMMER, KEY_VOTING, 1000 + k, &secret);
    cr_assert_eq(assay_p256_public(&secret, i.voting_public), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, &key), ASSAY_OK);
    assay_sha256(evidence, sizeof evidence, i.evidence_digest);
    struct assay_writer out = assay_writer_over(bytes, RECORD_LEN);
    cr_assert_eq(assay_record_put_incarnate(&out, &i, assay_slice_over(evidence, sizeof evidence),
                                            digest, &at, &possession_at),
                 ASSAY_OK);
    cr_assert_eq(assay_p256_sign(w->nodes[SPAMMER].identity, digest, bytes + at), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(key, digest, bytes + possession_at), ASSAY_OK);
    assay_p256_signer_free(&key);
    return assay_slice_over(bytes, out.len);
}

static enum assay_status give(struct assay_sim_world *w, uint32_t node, uint16_t from,
                              struct assay_slice record)
{
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = from;
    event.as.message.kind = ASSAY_MESSAGE_RECORD;
    event.as.message.payload = record;
    return world_step(w, node, &event);
}

Test(budget, junk_is_verified_a_few_times_an_epoch_and_kept_by_nobody, .timeout = 600)
{
    struct assay_sim_world *w = world();
    uint8_t bytes[RECORD_LEN];
    const uint64_t from_epoch = assay_sim_world_epoch(w, 0);
    const uint64_t before = w->count.verifications;
    for (uint64_t k = 0; k < 400; k++) {
        const enum assay_status status = give(w, 0, SPAMMER, junk(w, k, bytes));
        if (k < 2) cr_assert_eq(status, ASSAY_OK, "the first ones must be looked at");
        cr_assert(assay_sim_world_run(w, 20), "%s", assay_sim_world_violation(w));
    }
    const uint64_t epochs = assay_sim_world_epoch(w, 0) - from_epoch + 1;
    const uint64_t honest = epochs * NODES * (NODES - 1);
    cr_expect_leq(w->count.verifications - before, honest + epochs * (ASSAY_REFUSED_MAX + 1));
    cr_expect_leq(world_evidence_count(w, 0), (epochs + 2) * NODES);
    assay_sim_world_destroy(&w);
}

Test(budget, the_same_junk_is_refused_before_it_costs_a_signature_and_by_every_sender,
     .timeout = 600)
{
    struct assay_sim_world *w = world();
    uint8_t bytes[RECORD_LEN];
    const struct assay_slice record = junk(w, 5, bytes);
    cr_assert_eq(give(w, 0, SPAMMER, record), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 100));
    cr_assert_eq(w->nodes[0].engine->seats[SPAMMER].refused, 1);
    bytes[record.len - 1] ^= 1; /* not even its evidence is looked at */
    cr_expect_eq(give(w, 0, SPAMMER, record), ASSAY_E_DUPLICATE);
    cr_expect_eq(give(w, 0, 2, record), ASSAY_E_DUPLICATE);
    cr_expect_eq(w->nodes[0].engine->seats[2].refused, 0, "the author answers, not who passes on");
    const uint64_t epoch = assay_sim_world_epoch(w, 0);
    cr_assert(assay_sim_world_run_to_epoch(w, epoch + 1, 20000));
    cr_expect_eq(w->nodes[0].engine->seats[SPAMMER].refused, 0, "forgotten with the epoch");
    assay_sim_world_destroy(&w);
}

static void fresh_keys(struct assay_sim_world *w, uint32_t node)
{
    const struct world_node *n = &w->nodes[node];
    world_node_fresh_keys(w, node);
    struct assay_event event = { .kind = ASSAY_EVENT_KEYS };
    assay_bytes_copy(event.as.keys.voting_public, 64, n->keys.voting_public, 64);
    assay_bytes_copy(event.as.keys.transport_public, 32, n->keys.transport_public, 32);
    (void)world_step(w, node, &event);
}

static void use_up(struct assay_sim_world *w, uint32_t node)
{
    uint8_t bytes[RECORD_LEN];
    const struct assay_seat *seat = &w->nodes[node].engine->seats[SPAMMER];
    for (uint64_t k = 0; seat->refused < ASSAY_REFUSED_MAX; k++) {
        cr_assert_eq(give(w, node, SPAMMER, junk(w, k, bytes)), ASSAY_OK);
        cr_assert(assay_sim_world_run(w, 30));
    }
    cr_assert_eq(give(w, node, SPAMMER, junk(w, 99, bytes)), ASSAY_E_RATE);
}

/* docs/protocol.md 3.12: node 0 takes no more INCARNATEs from it, and votes for a block with one.
 */
Test(budget, what_is_remembered_decides_nothing_about_a_block, .timeout = 600)
{
    struct assay_sim_world *w = world();
    const struct assay_member *m = &w->nodes[0].engine->head->state.members[SPAMMER];
    const uint32_t listed = m->lives[0].incarnation;
    const uint64_t epoch = assay_sim_world_epoch(w, 0);
    use_up(w, 0);
    cr_assert_eq(assay_sim_world_epoch(w, 0), epoch, "in one epoch");
    fresh_keys(w, SPAMMER);
    cr_assert(assay_sim_world_run_to_epoch(w, epoch + 1, 20000));
    cr_expect_eq(m->lives[0].incarnation, listed + 1, "listed by the others' proposals");
    cr_expect_not(w->nodes[0].engine->chain->halted);
    cr_assert(assay_sim_world_run_to_epoch(w, epoch + 3, 20000));
    assay_sim_world_destroy(&w);
}

/* The record that a member sent to node 0, taken from the wire. */
static struct assay_slice caught(struct assay_sim_world *w, uint8_t bytes[1 << 15])
{
    for (int ms = 0; ms < 400; ms++) {
        const struct item *item;
        for (size_t i = 0; (item = world_in_flight(w, 0, i)) != NULL; i++) {
            struct assay_record r;
            if (item->message != ASSAY_MESSAGE_RECORD || item->from != SPAMMER) continue;
            const struct assay_slice payload =
                assay_slice_over(item->payload->bytes, item->payload->len);
            if (assay_record_decode(payload, &r) != ASSAY_OK || r.kind != ASSAY_RECORD_INCARNATE)
                continue;
            assay_bytes_copy(bytes, 1 << 15, payload.bytes, payload.len);
            return assay_slice_over(bytes, payload.len);
        }
        cr_assert(assay_sim_world_run(w, 1));
    }
    cr_assert_fail("no INCARNATE was sent");
    return (struct assay_slice){ 0 };
}

static uint32_t places(const struct assay_engine *e, enum assay_pool_phase phase)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < e->pool->count; i++)
        count += e->pool->items[i].phase == phase &&
                 e->pool->items[i].kind == ASSAY_RECORD_INCARNATE;
    return count;
}

/* Two good ones of one member in one epoch: only one can be listed. */
Test(budget, what_can_never_fit_gives_up_its_place, .timeout = 600)
{
    struct assay_sim_world *w = world();
    const struct assay_engine *e = w->nodes[0].engine;
    uint8_t first[1 << 15];
    fresh_keys(w, SPAMMER);
    const struct assay_slice one = caught(w, first);
    fresh_keys(w, SPAMMER);
    for (int ms = 0; ms < 1000 && places(e, ASSAY_POOL_READY) + places(e, ASSAY_POOL_DONE) < 2;
         ms++)
        cr_assert(assay_sim_world_run(w, 1));
    for (int ms = 0; ms < 1000 && places(e, ASSAY_POOL_DONE) == 0; ms++)
        cr_assert(assay_sim_world_run(w, 1));
    cr_assert_eq(places(e, ASSAY_POOL_DONE), 1, "one of them is final");
    cr_expect_eq(places(e, ASSAY_POOL_READY), 0, "and the other holds no place");
    const enum assay_status again = give(w, 0, SPAMMER, one);
    cr_expect_eq(again, ASSAY_E_DUPLICATE);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 5.12, by the views between a block and its parent alone. */
Test(budget, after_four_nullified_views_voters_refuse_what_they_would_have_to_verify,
     .timeout = 600)
{
    struct assay_sim_world *w = world();
    struct assay_engine *e = w->nodes[0].engine;
    uint8_t bytes[RECORD_LEN];
    uint8_t body[RECORD_LEN + 16];
    const uint8_t id[32] = { 1 };
    const struct assay_slice record = junk(w, 1, bytes);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    assay_cbor_put_array(&b, 1);
    assay_cbor_put_bytes(&b, record.bytes, record.len);
    for (uint64_t nullified = 0; nullified < 9; nullified++) {
        const struct assay_ledger *l = &e->chain->ledger;
        const struct assay_block_header header = { .kind = ASSAY_BLOCK_NORMAL,
                                                   .height = l->height + 1,
                                                   .view = l->view + 1 + nullified };
        assay_output_begin(e, w->effects);
        assay_branch_set_ledger(e, l);
        const enum assay_answer answer =
            assay_branch_apply(e, &header, id, assay_slice_over(body, b.len));
        assay_output_end(e, UINT64_MAX);
        cr_expect_eq(answer, nullified < 4 ? ASSAY_ANSWER_PENDING : ASSAY_ANSWER_INVALID,
                     "after %u", (unsigned)nullified);
    }
    assay_sim_world_destroy(&w);
}

/* --- records in proposals */

/* A block on the final chain with one record in it, as this leader could have proposed it. */
static struct assay_block *hold(struct assay_engine *e, uint16_t leader, struct assay_slice record)
{
    static uint8_t payload[RECORD_LEN + 1024];
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX];
    uint8_t body[RECORD_LEN + 16];
    struct assay_merkle tree;
    struct assay_simplex_snapshot look;
    struct assay_block *block = NULL;
    assay_simplex_snapshot(e->simplex, &look);
    struct assay_block_header h = { .epoch = e->head->context.epoch,
                                    .view = look.view,
                                    .leader = leader,
                                    .height = e->chain->ledger.height + 1,
                                    .time_ms = e->chain->ledger.time_ms + 1 };
    h.kind = assay_ledger_kind(&e->chain->ledger, e->head->state.head_time_ms,
                               assay_eng_epoch_ms(e), h.time_ms);
    assay_bytes_copy(h.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(h.parent_id, 32, e->chain->ledger.tip_id, 32);
    assay_merkle_init(&tree);
    assay_merkle_root(&tree, h.null_root);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    assay_cbor_put_array(&b, 1);
    assay_cbor_put_bytes(&b, record.bytes, record.len);
    const struct assay_slice content = assay_slice_over(body, b.len);
    cr_assert_eq(assay_body_root(content, &h.record_count, h.body_root), ASSAY_OK);
    struct assay_writer hw = assay_writer_over(header, sizeof header);
    assay_block_header_encode(&h, &hw);
    struct assay_writer w = assay_writer_over(payload, sizeof payload);
    cr_assert_eq(assay_proposal_encode(assay_slice_over(header, hw.len), NULL, content,
                                       assay_slice_over(header, 0), &w, NULL),
                 ASSAY_OK);
    cr_assert_eq(assay_blocks_add(e->blocks, assay_slice_over(payload, w.len), &block), ASSAY_OK);
    return block;
}

/* Returns: how many verifications judging the block asks for. */
static size_t asked(struct assay_sim_world *w, struct assay_engine *e, const uint8_t id[32])
{
    size_t count = 0;
    assay_output_begin(e, w->effects);
    assay_branch_check_block(e, id);
    for (size_t i = 0; i < w->effects->count; i++)
        count += w->effects->items[i].kind == ASSAY_EFFECT_VERIFY;
    assay_output_end(e, UINT64_MAX);
    return count;
}

Test(budget, a_leader_who_misled_is_verified_for_only_when_others_have_notarised, .timeout = 600)
{
    enum { LEADER = 2 };
    struct assay_sim_world *w = world();
    struct assay_engine *e = w->nodes[0].engine;
    uint8_t bytes[RECORD_LEN];
    struct assay_block *block = hold(e, LEADER, junk(w, 1, bytes));
    e->parts->seats[LEADER].misled = ASSAY_REFUSED_MAX;
    cr_expect_eq(asked(w, e, block->id), 0);
    cr_expect_eq(e->branch->check_count, 1, "it waits: what is remembered refuses nothing");
    block->notarised = true;
    cr_expect_eq(asked(w, e, block->id), 1);
    assay_sim_world_destroy(&w);
}

Test(budget, a_refused_record_in_a_proposal_is_charged_to_its_leader, .timeout = 600)
{
    enum { LEADER = 2 };
    struct assay_sim_world *w = world();
    struct assay_engine *e = w->nodes[0].engine;
    uint8_t bytes[RECORD_LEN];
    struct assay_record r;
    struct assay_ask ask;
    const struct assay_block *block = hold(e, LEADER, junk(w, 1, bytes));
    cr_expect_eq(asked(w, e, block->id), 1);
    cr_assert_eq(assay_record_decode(junk(w, 1, bytes), &r), ASSAY_OK);
    cr_assert_eq(assay_record_check(&e->head->context, &r), ASSAY_OK);
    cr_assert(assay_record_ask(&e->head->context, &r, &ask));
    const struct assay_verdict verdict = { .kind = ask.kind };
    assay_verdicts_on_verdict(e, ask.digest, ask.at_unix_s, false, &verdict);
    cr_expect_eq(e->seats[LEADER].misled, 0);
    cr_expect_eq(asked(w, e, block->id), 0);
    cr_expect_eq(e->seats[LEADER].misled, 1);
    cr_expect_eq(e->seats[SPAMMER].misled, 0, "who proposes it answers for it");
    assay_sim_world_destroy(&w);
}

/* --- envelopes */

/* Another envelope of the spammer's own for the epoch that is `ahead` of node 0's, given to node 0
 * by node `from`. junk: its signature is of no key. */
static enum assay_status give_envelope(struct assay_sim_world *w, uint16_t from, uint64_t k,
                                       uint64_t ahead, bool junk_signature)
{
    const struct assay_engine *e = w->nodes[0].engine;
    const struct assay_member *m = &e->head->state.members[SPAMMER];
    uint8_t payload[ASSAY_ENVELOPE_LEN_MAX];
    size_t signature_at = 0;
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    struct assay_envelope v = { .era = e->head->state.era,
                                .epoch = e->head->context.epoch + ahead,
                                .incarnation = m->lives[0].incarnation,
                                .kind = ASSAY_KIND_SOFT,
                                .evidence_len = 64 };
    assay_bytes_copy(v.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(v.node_id, 32, m->node_id, 32);
    for (size_t b = 0; b < 8; b++)
        v.evidence_digest[b] = (uint8_t)(k >> (8 * b));
    struct assay_writer p = assay_writer_over(payload, sizeof payload);
    cr_assert_eq(assay_envelope_encode(&v, &p, &signature_at), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(w->nodes[SPAMMER].voting, v.digest, payload + signature_at),
                 ASSAY_OK);
    if (junk_signature) payload[signature_at + 5] ^= 1;
    event.as.message.from = from;
    event.as.message.kind = ASSAY_MESSAGE_ENVELOPE;
    event.as.message.payload = assay_slice_over(payload, p.len);
    return world_step(w, 0, &event);
}

/* All places of the pool that are free are taken, or given back: what they hold is nothing. */
static void fill_pool(struct assay_engine *e, bool full)
{
    struct assay_pool *pool = e->pool;
    for (uint32_t i = 0; i < pool->count; i++) {
        struct assay_pool_item *item = &pool->items[i];
        const bool ours = item->key[0] == 0xee && item->key[31] == 0xee;
        if (full && item->phase == ASSAY_POOL_FREE) {
            item->phase = ASSAY_POOL_READY;
            item->kind = ASSAY_RECORD_INCARNATE;
            item->len = 1;
            item->wait_views = 2;
            item->key[0] = item->key[31] = 0xee;
            item->epoch = UINT64_MAX / 2;
        } else if (!full && ours) {
            item->phase = ASSAY_POOL_FREE;
            item->len = 0;
            item->key[0] = 0;
        }
    }
}

/* A pair that convicts, found when there is no place for its proof, is not forgotten for the rest
 * of the epoch. */
Test(budget, a_proof_that_found_no_place_is_found_again, .timeout = 600)
{
    struct assay_sim_world *w = world();
    struct assay_engine *e = w->nodes[0].engine;
    uint64_t k = 1;
    while (e->seats[SPAMMER].payload_len == 0)
        cr_assert(assay_sim_world_run(w, 20), "%s", assay_sim_world_violation(w));
    fill_pool(e, true);
    cr_expect_eq(give_envelope(w, SPAMMER, k++, 0, false), ASSAY_OK);
    cr_expect_not(assay_seat_is_proven(e, SPAMMER, 8));
    fill_pool(e, false);
    cr_expect_eq(give_envelope(w, SPAMMER, k++, 0, false), ASSAY_OK);
    cr_expect(assay_seat_is_proven(e, SPAMMER, 8));
    assay_sim_world_destroy(&w);
}

/* In a step whose memory is used up nothing is proven either: it waits for the next step. */
Test(budget, a_proof_without_room_in_its_step_waits, .timeout = 600)
{
    static struct assay_effects effects;
    struct assay_sim_world *w = world();
    struct assay_engine *e = w->nodes[0].engine;
    struct assay_output *o = &e->parts->output;
    const struct assay_output before = *o;
    o->effects = &effects;
    o->arena_used = o->arena_len;
    cr_expect_eq(assay_message_intake_accuse(e, SPAMMER, 1, assay_slice_over("a", 1),
                                             assay_slice_over("b", 1)),
                 ASSAY_E_AGAIN);
    cr_expect_not(assay_seat_is_proven(e, SPAMMER, 1));
    *o = before;
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 5.23.1. A member that signs envelope after envelope: two are verified, one proof
 * and one event follow, and after its incarnation was struck not even those. */
Test(budget, envelope_after_envelope_is_verified_twice_and_noted_once, .timeout = 600)
{
    struct assay_sim_world *w = world();
    uint64_t k = 1;
    while (w->nodes[0].engine->seats[SPAMMER].payload_len == 0)
        cr_assert(assay_sim_world_run(w, 20), "%s", assay_sim_world_violation(w));
    cr_expect_eq(give_envelope(w, SPAMMER, k++, 0, true), ASSAY_E_SIGNATURE, "the second is");
    cr_expect_eq(give_envelope(w, SPAMMER, k++, 0, false), ASSAY_OK);
    for (int i = 0; i < 50; i++)
        cr_expect_eq(give_envelope(w, i % 2 ? SPAMMER : 2, k++, 0, i % 3 == 0), ASSAY_E_DUPLICATE);
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_EQUIVOCATION, SPAMMER), 1);
    for (int epochs = 0; epochs < 4; epochs++) {
        const uint64_t epoch = assay_sim_world_epoch(w, 0);
        const struct assay_member *m = &w->nodes[0].engine->head->state.members[SPAMMER];
        cr_assert(assay_sim_world_run_to_epoch(w, epoch + 1, 20000));
        while (w->nodes[0].engine->seats[SPAMMER].payload_len == 0)
            cr_assert(assay_sim_world_run(w, 20), "%s", assay_sim_world_violation(w));
        /* It may have been listed with new keys since, which convict once more. */
        const bool struck = m->equivocation_struck == m->lives[0].incarnation;
        if (!struck) cr_expect_eq(give_envelope(w, SPAMMER, k++, 0, false), ASSAY_OK);
        for (int i = 0; i < 20; i++)
            cr_expect_eq(give_envelope(w, SPAMMER, k++, 0, i % 2), ASSAY_E_DUPLICATE);
    }
    const size_t lives = w->nodes[0].engine->head->state.members[SPAMMER].lives[0].incarnation;
    cr_expect_leq(assay_sim_world_notes(w, 0, ASSAY_NOTE_EQUIVOCATION, SPAMMER), lives);
    cr_expect_leq(assay_sim_world_notes(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, SPAMMER), lives);
    assay_sim_world_destroy(&w);
}

Test(budget, one_envelope_of_the_next_epoch_is_verified, .timeout = 600)
{
    struct assay_sim_world *w = world();
    uint64_t k = 1;
    cr_expect_eq(give_envelope(w, SPAMMER, k++, 1, true), ASSAY_E_SIGNATURE, "it is a strike");
    cr_expect_eq(give_envelope(w, SPAMMER, k++, 1, false), ASSAY_OK);
    for (int i = 0; i < 20; i++)
        cr_expect_eq(give_envelope(w, SPAMMER, k++, 1, i % 2), ASSAY_E_DUPLICATE);
    assay_sim_world_destroy(&w);
}

/* A proof of what was struck already costs no signature, whoever sends it. */
Test(budget, a_proof_against_a_struck_incarnation_is_not_verified, .timeout = 600)
{
    struct assay_sim_world *w = world();
    const struct assay_engine *e = w->nodes[0].engine;
    uint8_t bytes[RECORD_LEN], votes[2][ASSAY_VOTE_LEN_MAX];
    const uint64_t epoch = assay_sim_world_epoch(w, 0);
    while (e->seats[SPAMMER].payload_len == 0)
        cr_assert(assay_sim_world_run(w, 20), "%s", assay_sim_world_violation(w));
    for (int struck = 0; struck < 2; struck++) {
        struct assay_writer record = assay_writer_over(bytes, sizeof bytes);
        struct assay_slice payloads[2];
        for (int i = 0; i < 2; i++) {
            struct assay_vote_statement st = { .epoch = epoch,
                                               .view = 3,
                                               .type = ASSAY_VOTE_NOTARISE };
            const uint8_t signature[ASSAY_P256_SIGNATURE_LEN] = { 1 };
            st.era = e->head->state.era;
            assay_bytes_copy(st.chain_id, 32, e->head->state.chain_id, 32);
            st.block_id[0] = (uint8_t)(1 + i);
            struct assay_writer v = assay_writer_over(votes[i], sizeof votes[i]);
            assay_vote_encode(&st, SPAMMER, signature, &v);
            payloads[i] = assay_slice_over(votes[i], v.len);
        }
        cr_assert_eq(assay_record_put_offence(&record, 1, payloads[0], payloads[1]), ASSAY_OK);
        cr_expect_eq(give(w, 0, 2, assay_slice_over(bytes, record.len)),
                     struck ? ASSAY_E_DUPLICATE : ASSAY_E_SIGNATURE);
        if (struck) break;
        cr_assert_eq(give_envelope(w, SPAMMER, 7, 0, false), ASSAY_OK);
        cr_assert(assay_sim_world_run_to_epoch(w, epoch + 2, 20000));
    }
    assay_sim_world_destroy(&w);
}
