/*
 * tests/unit/engine/ledger/test_boundary.c - tests of the record pool at the end of an epoch.
 *
 * What waits in the pool when an epoch ends.
 *
 * A proof that was good enough for the epoch it was about may be good for nothing afterwards: the
 * roll is final then, epochs are forgotten. Whoever kept it must judge it as one who hears it only
 * now, or two honest nodes find different blocks valid.
 */
#include "sim/world/world_internal.h"

#include "engine/parts/engine_internal.h"

#include <criterion/criterion.h>

enum { NODES = 5, ACCUSED = 3, SUBJECT = 1, AWAY = 4 };

struct made {
    uint8_t bytes[4096];
    size_t len;
};

/* A ballot of ACCUSED over a roll that never was, FAIL hard about SUBJECT, signed by its own key.
 */
static void false_ballot(struct assay_sim_world *w, const struct assay_engine *e,
                         uint8_t (*hashes)[32], struct made *out)
{
    struct assay_ballot b = { .era = e->head->state.era,
                              .epoch = e->head->context.epoch,
                              .incarnation = e->head->state.members[ACCUSED].lives[0].incarnation };
    uint8_t row[8] = { 0 };
    uint8_t body[ASSAY_BALLOT_FIXED_LEN_MAX + sizeof row];
    uint8_t digest[32];
    struct assay_merkle tree;
    struct assay_slice all;
    size_t signature_at = 0;
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < NODES; i++)
        assay_merkle_add_hash(&tree, hashes[i]);
    assay_merkle_root(&tree, b.roll_root);
    assay_bytes_copy(b.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(b.node_id, 32, e->head->state.members[ACCUSED].node_id, 32);
    assay_bytes_copy(b.endorsements_digest, 32, e->head->state.rules.endorsements_digest, 32);
    assay_bytes_copy(b.policy_digest, 32, e->head->state.rules.policy_digest, 32);
    assay_votes_row_set(row, SUBJECT, ASSAY_OUTCOME_FAIL_HARD);
    b.row = assay_slice_over(row, assay_votes_row_len(NODES));
    struct assay_writer inner = assay_writer_over(body, sizeof body);
    assay_ballot_encode(&b, &inner);
    cr_assert_eq(assay_writer_finish(&inner, &all), ASSAY_OK);
    struct assay_writer outer = assay_writer_over(out->bytes, sizeof out->bytes);
    cr_assert_eq(assay_record_put_ballot(&outer, all, &signature_at), ASSAY_OK);
    assay_sha256(all.bytes, all.len, digest);
    cr_assert_eq(assay_p256_sign(w->nodes[ACCUSED].voting, digest, out->bytes + signature_at),
                 ASSAY_OK);
    out->len = outer.len;
}

/* E5 out of it: everything in it is genuine but the roll. */
static void accusation(struct assay_sim_world *w, const struct assay_engine *e, struct made *out)
{
    const struct assay_seat *seat = &e->seats[SUBJECT];
    uint8_t hashes[NODES][32] = { { 0 } };
    uint8_t path[ASSAY_MERKLE_LEVELS][32];
    size_t path_len = 0;
    struct made ballot;
    assay_roll_leaf(true, seat->envelope.digest, hashes[SUBJECT]);
    false_ballot(w, e, hashes, &ballot);
    cr_assert_eq(assay_merkle_path((const uint8_t(*)[32])hashes, NODES, SUBJECT, path,
                                   ASSAY_MERKLE_LEVELS, &path_len),
                 ASSAY_OK);
    const struct assay_slice found = world_evidence_bytes(w, 0, seat->envelope.evidence_digest);
    cr_assert_gt(found.len, 0);
    struct assay_writer writer = assay_writer_over(out->bytes, sizeof out->bytes);
    cr_assert_eq(assay_record_put_contradiction(&writer, assay_slice_over(ballot.bytes, ballot.len),
                                                assay_slice_over(seat->payload, seat->payload_len),
                                                found, (const uint8_t(*)[32])path, path_len),
                 ASSAY_OK);
    out->len = writer.len;
}

static void say(struct assay_sim_world *w, uint32_t node, uint16_t from, const struct made *record)
{
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = from;
    event.as.message.kind = ASSAY_MESSAGE_RECORD;
    event.as.message.payload = assay_slice_over(record->bytes, record->len);
    world_step(w, node, &event);
}

Test(boundary, a_ballot_of_another_electorate_convicts_nobody_when_its_epoch_is_over,
     .timeout = 600)
{
    const struct assay_sim_world_options o = { .seed = 5, .nodes = NODES };
    struct made record;
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, 2, 10000));
    const struct assay_engine *e = w->nodes[0].engine;
    while (!e->chain->ledger.has_roll || e->seats[SUBJECT].phase != ASSAY_SEAT_JUDGED)
        cr_assert(assay_sim_world_run(w, 5));
    assay_sim_world_kill(w, AWAY); /* it never hears the accusation, only the block with it */
    accusation(w, e, &record);
    for (uint32_t i = 0; i < AWAY; i++)
        say(w, i, ACCUSED, &record);
    const uint64_t epoch = assay_sim_world_epoch(w, 0);
    cr_assert(assay_sim_world_run(w, 300));
    assay_sim_world_restart(w, AWAY);
    const bool goes_on = assay_sim_world_run_to_epoch(w, epoch + 4, 20000);
    if (!goes_on) assay_sim_world_explain(w, 60);
    cr_assert(goes_on, "%s",
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "no progress");
    struct assay_member_snapshot snapshot;
    assay_sim_world_member(w, 0, ACCUSED, &snapshot);
    cr_assert_eq(snapshot.trust.integrity_bp, 10000, "excluded, never punished");
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, ACCUSED), 0);
    assay_sim_world_destroy(&w);
}
