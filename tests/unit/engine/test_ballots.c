/*
 * tests/unit/engine/test_ballots.c - tests of ABSENT in ballots.
 *
 * What a ballot may call ABSENT (docs/protocol.md 4.3.1), asked of one engine of a running network
 * whose knowledge is changed just before it signs.
 */
#include "engine/evidence/pool.h"
#include "engine/ledger/records/record.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world.h"

#include <criterion/criterion.h>

enum { NODES = 5, VOTER = 0, SUBJECT = 2, EPOCH_MS = 800, ROUNDS = 5 };

/* The subject makes no evidence; the voter has asked in every round, and its ballot is due soon. */
static struct assay_sim_world *before_the_ballot(void)
{
    const struct assay_sim_world_options options = { .seed = 5,
                                                     .nodes = NODES,
                                                     .epoch_ms = EPOCH_MS };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    assay_sim_world_acts(w, SUBJECT)->quiet = true;
    cr_assert(assay_sim_world_run_to_epoch(w, 2, 10 * EPOCH_MS));
    const struct assay_engine *e = assay_sim_world_engine(w, VOTER);
    for (int ms = 0; ms < EPOCH_MS && e->epoch_state->pulls < ROUNDS; ms++)
        cr_assert(assay_sim_world_run(w, 1), "%s", assay_sim_world_violation(w));
    cr_assert_eq(e->epoch_state->pulls, ROUNDS);
    cr_assert_not(e->epoch_state->ballot_made);
    cr_assert_eq(e->seats[SUBJECT].phase, ASSAY_SEAT_EMPTY);
    cr_assert_geq(e->parts->seats[SUBJECT].asked, ASSAY_PEERS_ASKED_MIN);
    return w;
}

/* Goes on until the ballot is there. Returns: what it says of the subject. */
static enum assay_outcome said(struct assay_sim_world *w)
{
    const struct assay_engine *e = assay_sim_world_engine(w, VOTER);
    for (int ms = 0; ms < EPOCH_MS && !e->epoch_state->ballot_made; ms++)
        (void)assay_sim_world_run(w, 1);
    uint8_t outcome = ASSAY_OUTCOME_COUNT; /* its ballot is not in its pool */
    cr_assert(e->epoch_state->ballot_made);
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        struct assay_record r;
        if (item->phase == ASSAY_POOL_FREE || item->kind != ASSAY_RECORD_BALLOT) continue;
        if (item->slot != VOTER || item->epoch != e->head->context.epoch) continue;
        cr_assert_eq(assay_record_decode(assay_slice_over(item->bytes, item->len), &r), ASSAY_OK);
        outcome = assay_votes_row_get(r.ballot.row.bytes, SUBJECT);
    }
    return (enum assay_outcome)outcome;
}

Test(ballots, who_was_asked_for_in_vain_is_absent)
{
    struct assay_sim_world *w = before_the_ballot();
    assay_sim_world_engine(w, VOTER)->parts->seats[SUBJECT].asked = ASSAY_PEERS_ASKED_MIN;
    cr_expect_eq(said(w), ASSAY_OUTCOME_ABSENT);
    assay_sim_world_destroy(&w);
}

Test(ballots, who_was_asked_for_at_two_peers_is_not)
{
    struct assay_sim_world *w = before_the_ballot();
    assay_sim_world_engine(w, VOTER)->parts->seats[SUBJECT].asked = ASSAY_PEERS_ASKED_MIN - 1;
    cr_expect_eq(said(w), ASSAY_OUTCOME_NONE);
    assay_sim_world_destroy(&w);
}

/* An envelope came, and its evidence is on its way or could not be had. */
Test(ballots, whose_evidence_is_on_its_way_is_not_and_whose_cannot_be_had_is)
{
    for (int missing = 0; missing < 2; missing++) {
        struct assay_sim_world *w = before_the_ballot();
        struct assay_seat *seat = &assay_sim_world_engine(w, VOTER)->parts->seats[SUBJECT];
        seat->phase = missing ? ASSAY_SEAT_MISSING : ASSAY_SEAT_FETCHING;
        seat->payload_len = 1;
        cr_expect_eq(said(w), missing ? ASSAY_OUTCOME_ABSENT : ASSAY_OUTCOME_NONE);
        assay_sim_world_destroy(&w);
    }
}

/* Two of the five envelopes are gone: three are no more than two thirds of the weight. */
Test(ballots, who_hears_too_few_calls_nobody_absent)
{
    struct assay_sim_world *w = before_the_ballot();
    struct assay_engine *e = assay_sim_world_engine(w, VOTER);
    e->parts->seats[4].payload_len = 0;
    e->parts->seats[4].phase = ASSAY_SEAT_EMPTY;
    cr_expect_eq(said(w), ASSAY_OUTCOME_NONE);
    assay_sim_world_destroy(&w);
}

/* --- what the roll omits */

enum { MANY = 72 };

/* docs/protocol.md 4.3: leaders of a third may make empty rolls, and nobody is left unjudged. */
Test(ballots, an_empty_roll_of_seventy_two_leaves_nobody_unjudged, .timeout = 600)
{
    const struct assay_sim_world_options options = { .seed = 5, .nodes = MANY, .epoch_ms = 4000 };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    assay_sim_world_acts(w, MANY - 1)->quiet = true; /* the ballot waits for it */
    cr_assert(assay_sim_world_run_to_epoch(w, 2, 20000));
    const struct assay_engine *e = assay_sim_world_engine(w, VOTER);
    for (int ms = 0; ms < 4000 && !e->chain->ledger.has_roll; ms++)
        cr_assert(assay_sim_world_run(w, 1), "%s", assay_sim_world_violation(w));
    cr_assert(e->chain->ledger.has_roll && !e->epoch_state->ballot_made);
    uint32_t passes = 0;
    for (int ms = 0; ms < 4000 && !e->epoch_state->ballot_made; ms++) {
        for (uint32_t i = 0; i < MANY; i++)
            e->parts->chain.ledger.roll_present[i] = false; /* as its leader might have made it */
        (void)assay_sim_world_run(w, 1);
    }
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        struct assay_record r;
        if (item->phase == ASSAY_POOL_FREE || item->kind != ASSAY_RECORD_BALLOT) continue;
        if (item->slot != VOTER || item->epoch != e->head->context.epoch) continue;
        cr_assert_eq(assay_record_decode(assay_slice_over(item->bytes, item->len), &r), ASSAY_OK);
        cr_expect_eq(r.ballot.exception_count, MANY - 2);
        for (uint32_t slot = 0; slot < MANY; slot++)
            passes += assay_outcome_is_pass(
                (enum assay_outcome)assay_votes_row_get(r.ballot.row.bytes, slot));
    }
    cr_expect_eq(passes, MANY - 2, "all but itself and the quiet one: %u", passes);
    assay_sim_world_destroy(&w);
}

Test(ballots, where_a_roll_omits_too_many_each_is_named_in_its_turn)
{
    enum { OMITTED = 700 };
    uint32_t named[OMITTED] = { 0 };
    for (uint32_t omitted = 1; omitted <= OMITTED; omitted++) {
        uint32_t count = 0;
        for (uint32_t k = 0; k < omitted; k++)
            count += assay_ballot_names(omitted * 31, k, omitted);
        cr_expect_eq(count, omitted < ASSAY_EXCEPTIONS_MAX ? omitted : ASSAY_EXCEPTIONS_MAX);
    }
    for (uint64_t epoch = 1000; epoch < 1006; epoch++)
        for (uint32_t k = 0; k < OMITTED; k++)
            named[k] += assay_ballot_names(epoch, k, OMITTED);
    for (uint32_t k = 0; k < OMITTED; k++)
        cr_expect(named[k] == 1 || named[k] == 2, "%u: %u times in 6 epochs", k, named[k]);
}
