/*
 * tests/unit/engine/test_promises.c - seven nodes under a virtual clock, told as stories.
 *
 * docs/protocol.md 4, 7, 9.4, 10: each test is a thing that the network promises to somebody.
 */
#include "engine/ledger/records/envelope.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct assay_sim_world_options seven = { .seed = 7,
                                                      .nodes = 7,
                                                      .check_each_step = true };
/* The long ones: 110 epochs. */
static const struct assay_sim_world_options seven_long = { .seed = 11,
                                                           .nodes = 7,
                                                           .epoch_ms = 400 };

static void must(struct assay_sim_world *w, bool condition, const char *what)
{
    if (!condition) assay_sim_world_explain(w, 80);
    cr_assert(condition, "%s (%s)", what,
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "-");
}

static struct assay_member_snapshot member(struct assay_sim_world *w, uint32_t node, uint16_t slot)
{
    struct assay_member_snapshot m;
    assay_sim_world_member(w, node, slot, &m);
    return m;
}

static void run_epochs(struct assay_sim_world *w, uint32_t node, uint64_t epochs)
{
    must(w,
         assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, node) + epochs,
                                      epochs * 4000 + 4000),
         "epochs close");
}

Test(promises, seven_nodes_close_ten_epochs_and_everyone_stays_full)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    must(w, assay_sim_world_run_to_epoch(w, 10, 20000), "ten epochs close");
    for (uint32_t node = 0; node < 7; node++) {
        for (uint16_t slot = 0; slot < 7; slot++) {
            const struct assay_member_snapshot m = member(w, node, slot);
            cr_assert_eq(m.trust.integrity_bp, 10000);
            cr_assert_eq(m.trust.availability_bp, 10000);
            cr_assert_eq(m.trust.score.standing, ASSAY_STANDING_FULL);
        }
        struct assay_engine_snapshot v;
        assay_engine_snapshot(assay_sim_world_engine(w, node), &v);
        cr_assert(v.certified);
        cr_assert_eq(assay_sim_world_notes(w, node, ASSAY_NOTE_BALLOT_CAST, ASSAY_SLOT_ALL), 10);
    }
    assay_sim_world_destroy(&w);
}

/* Of a note: the epoch of the last close that the node reported before it. */
static uint64_t closed_before(const struct assay_sim_world *w,
                              const struct assay_sim_world_note *note)
{
    for (const struct assay_sim_world_note *n = note; n-- > w->notes;)
        if (n->node == note->node && n->note == ASSAY_NOTE_EPOCH_CLOSED) return n->a;
    return 0;
}

Test(promises, a_tampered_node_is_suspended_within_two_epochs_and_climbs_back, .timeout = 600)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven_long);
    run_epochs(w, 0, 3);
    assay_sim_world_acts(w, 3)->tampered = true;
    const uint64_t swapped =
        assay_sim_world_epoch(w, 0) + 1; /* it attests next in this one or the one after */
    run_epochs(w, 0, 3);
    const struct assay_sim_world_note *fail =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_FAIL_PROVEN, 3);
    must(w, fail != NULL && fail->a == ASSAY_OUTCOME_FAIL_HARD, "FAIL hard is proven");
    const struct assay_sim_world_note *fall =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_STANDING, 3);
    must(w, fall != NULL && fall->b == ASSAY_STANDING_SUSPENDED, "it is SUSPENDED");
    cr_assert_leq(fall->epoch, swapped + 1);
    must(w, closed_before(w, fall) == member(w, 0, 3).fall.last.epoch, "dated by its close");
    must(w, assay_sim_world_orders(w, 3, ASSAY_ORDER_RESTART) == 1, "its agent restarts it once");
    const struct assay_sim_world_note *listed =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_INCARNATION_LISTED, 3);
    must(w, listed != NULL && listed->a == 2, "its second incarnation is listed");
    const uint64_t since = listed->epoch;

    /* +100 an epoch from 0: linear. */
    must(w, assay_sim_world_run_to_epoch(w, since + 10, 60000), "ten epochs of climbing");
    cr_assert_eq(member(w, 0, 3).trust.integrity_bp, 1000);
    cr_assert_eq(member(w, 0, 3).weight, 0);
    must(w, assay_sim_world_run_to_epoch(w, since + 53, 60000), "on probation");
    cr_assert_eq(member(w, 0, 3).trust.score.standing, ASSAY_STANDING_SUSPENDED);
    must(w, assay_sim_world_run_to_epoch(w, since + 54, 60000), "54 epochs");
    cr_assert_eq(member(w, 0, 3).trust.score.standing, ASSAY_STANDING_RESTRICTED);
    cr_assert_gt(member(w, 0, 3).weight, 0);
    must(w, assay_sim_world_run_to_epoch(w, since + 93, 60000), "93 epochs");
    cr_assert_eq(member(w, 0, 3).trust.score.standing, ASSAY_STANDING_WARNING);
    must(w, assay_sim_world_run_to_epoch(w, since + 94, 60000), "94 epochs");
    cr_assert_eq(member(w, 0, 3).trust.score.standing, ASSAY_STANDING_FULL);
    cr_assert_eq(assay_sim_world_orders(w, 3, ASSAY_ORDER_RESTART), 1);
    for (uint16_t slot = 0; slot < 7; slot++)
        if (slot != 3) cr_assert_eq(member(w, 0, slot).trust.integrity_bp, 10000);
    assay_sim_world_destroy(&w);
}

Test(promises, soft_failures_cost_a_quarter_an_epoch)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 2)->out_of_date = true;
    run_epochs(w, 0, 2);
    const uint16_t after = member(w, 0, 2).trust.integrity_bp;
    cr_assert(after == 7500 || after == 5625, "%u", after);
    cr_assert_eq(assay_sim_world_last_note(w, 0, ASSAY_NOTE_FAIL_PROVEN, 2)->a,
                 ASSAY_OUTCOME_FAIL_SOFT);
    assay_sim_world_destroy(&w);
}

Test(promises, evidence_from_another_platform_fails_hard)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 2)->foreign_platform = true;
    run_epochs(w, 0, 2);
    cr_assert_eq(member(w, 0, 2).trust.integrity_bp, 0);
    assay_sim_world_destroy(&w);
}

Test(promises, the_owner_of_evidence_that_fails_is_told_why_until_it_passes_again)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 2)->foreign_platform = true;
    /* Of itself a node learns it from the block that proves it. */
    for (int i = 0; i < 300 && assay_sim_world_notes(w, 2, ASSAY_NOTE_FAIL_PROVEN, 2) == 0; i++)
        must(w, assay_sim_world_run(w, 10), "it runs");
    struct assay_member_snapshot m = member(w, 2, 2);
    cr_assert_eq(m.own_outcome, ASSAY_OUTCOME_FAIL_HARD);
    cr_assert_eq(strncmp(m.last_reason, "roster-platform: expected ", 26), 0, "%s", m.last_reason);
    for (uint32_t node = 0; node < 2; node++)
        cr_assert_eq(strncmp(member(w, node, 2).last_reason, "roster-platform: ", 17), 0, "%s",
                     member(w, node, 2).last_reason);
    run_epochs(w, 0, 4);
    m = member(w, 2, 2);
    cr_assert_eq(m.own_outcome, ASSAY_OUTCOME_NONE);
    cr_assert_eq(m.last_reason[0], '\0', "%s", m.last_reason);
    assay_sim_world_destroy(&w);
}

Test(promises, what_evidence_failed_by_is_told_while_none_comes)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 2)->out_of_date = true;
    run_epochs(w, 0, 2);
    char reason[sizeof member(w, 0, 2).last_reason];
    (void)snprintf(reason, sizeof reason, "%s", member(w, 0, 2).last_reason);
    cr_assert_eq(member(w, 0, 2).own_outcome, ASSAY_OUTCOME_FAIL_SOFT);
    assay_sim_world_acts(w, 2)->quiet = true;
    run_epochs(w, 0, 3);
    must(w, assay_sim_world_notes(w, 0, ASSAY_NOTE_EVIDENCE_MISSING, 2) > 0, "none comes");
    cr_assert_str_eq(member(w, 0, 2).last_reason, reason);
    assay_sim_world_destroy(&w);
}

Test(promises, a_slanderer_falls_alone)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 5)->victim = 1;
    assay_sim_world_acts(w, 5)->slanders = true;
    run_epochs(w, 0, 3);
    const struct assay_sim_world_note *proof =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, 5);
    must(w, proof != NULL && proof->a == 5, "E5 is proven");
    for (uint16_t slot = 0; slot < 7; slot++)
        cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, slot),
                     slot == 5 ? 1u : 0u);
    for (uint16_t slot = 0; slot < 7; slot++) {
        const struct assay_member_snapshot m = member(w, 0, slot);
        if (slot == 5) cr_assert_leq(m.trust.integrity_bp, 7700);
        else cr_assert_eq(m.trust.integrity_bp, 10000);
        cr_assert_eq(m.trust.availability_bp, 10000);
    }
    assay_sim_world_destroy(&w);
}

Test(promises, who_says_pass_about_failing_evidence_loses_everything)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 5)->victim = 1;
    assay_sim_world_acts(w, 5)->whitewashes = true;
    assay_sim_world_acts(w, 1)->tampered = true;
    run_epochs(w, 0, 3);
    must(w, assay_sim_world_notes(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, 5) > 0, "E5 is proven");
    cr_assert_leq(member(w, 0, 5).trust.integrity_bp, 200);
    cr_assert_leq(member(w, 0, 1).trust.integrity_bp, 200);
    cr_assert_eq(member(w, 0, 0).trust.integrity_bp, 10000);
    assay_sim_world_destroy(&w);
}

Test(promises, a_replayed_quote_counts_as_missing_and_never_as_guilt)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 4)->replays = true;
    run_epochs(w, 0, 4);
    must(w, assay_sim_world_notes(w, 0, ASSAY_NOTE_EVIDENCE_FOREIGN, 4) >= 3, "it is noticed");
    const struct assay_member_snapshot m = member(w, 0, 4);
    cr_assert_eq(m.trust.integrity_bp, 10000);
    cr_assert_leq(m.trust.availability_bp, 4218);
    cr_assert_eq(m.trust.score.standing, ASSAY_STANDING_SUSPENDED);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAIL_PROVEN, ASSAY_SLOT_ALL), 0);
    cr_assert_neq(m.last_reason[0], '\0');
    cr_assert_eq(assay_sim_world_orders(w, 4, ASSAY_ORDER_RESTART), 0);
    assay_sim_world_destroy(&w);
}

/* What a node compares with evidence that it retains: 2.11 of one member and the running epoch. */
Test(promises, evidence_is_bound_to_one_member_and_epoch)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    const struct assay_engine *const engine = assay_sim_world_engine(w, 0);
    struct assay_engine_snapshot chain;
    struct assay_services_snapshot running;
    uint8_t report_data[64];
    assay_engine_snapshot(engine, &chain);
    assay_engine_services(engine, &running);
    const struct assay_member_snapshot m = member(w, 0, 4);
    const struct assay_binding binding = { .chain_id = chain.chain_id,
                                           .era = chain.era,
                                           .epoch = chain.epoch,
                                           .beacon = running.beacon,
                                           .node_id = m.node_id,
                                           .incarnation = m.incarnation,
                                           .voting_public = m.voting_public,
                                           .transport_public = m.transport_public };
    assay_binding_report_data(&binding, report_data);
    for (uint16_t slot = 0; slot < 7; slot++)
        cr_expect_eq(assay_engine_is_bound(engine, slot, chain.epoch, report_data), slot == 4,
                     "a copy that member %u sends is not its own", slot);
    cr_expect_not(assay_engine_is_bound(engine, 4, chain.epoch - 1, report_data));
    cr_expect_not(assay_engine_is_bound(engine, 4, chain.epoch + 1, report_data));
    report_data[63] ^= 1;
    cr_expect_not(assay_engine_is_bound(engine, 4, chain.epoch, report_data));
    assay_sim_world_destroy(&w);
}

Test(promises, an_absent_node_is_suspended_after_three_epochs_and_recovers)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 6)->quiet = true;
    run_epochs(w, 0, 1); /* whichever epoch it had attested in already */
    const uint64_t first = assay_sim_world_epoch(w, 0);
    static const uint16_t falls[] = { 7500, 5625, 4218 };
    for (size_t i = 0; i < 3; i++) {
        must(w, assay_sim_world_run_to_epoch(w, first + 1 + i, 9000), "epochs close");
        cr_assert_eq(member(w, 0, 6).trust.availability_bp, falls[i], "%u after %zu",
                     member(w, 0, 6).trust.availability_bp, i + 1);
    }
    const struct assay_member_snapshot gone = member(w, 0, 6);
    cr_assert_eq(gone.trust.score.standing, ASSAY_STANDING_SUSPENDED);
    cr_assert_eq(gone.trust.integrity_bp, 10000);
    cr_assert_eq(gone.weight, member(w, 0, 0).weight, "absence moves no weight");
    must(w, assay_sim_world_orders(w, 6, ASSAY_ORDER_SUSPEND) > 0, "its own agent hears of it");
    cr_assert_eq(assay_sim_world_orders(w, 6, ASSAY_ORDER_RESTART), 0);
    assay_sim_world_acts(w, 6)->quiet = false;
    run_epochs(w, 0, 12);
    const struct assay_member_snapshot back = member(w, 0, 6);
    cr_assert_geq(back.trust.availability_bp, 9000);
    assay_sim_world_destroy(&w);
}

Test(promises, a_killed_node_resumes_catches_up_and_signs_nothing_twice)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    must(w, assay_sim_world_run(w, 2100), "some epochs"); /* in the middle of one */
    assay_sim_world_kill(w, 2);
    must(w, assay_sim_world_run(w, 3000), "the others go on");
    const uint64_t ahead = assay_sim_world_epoch(w, 0);
    cr_assert_geq(ahead, 5);
    assay_sim_world_restart(w, 2);
    must(w, assay_sim_world_run_to_epoch(w, ahead + 3, 9000), "it catches up");
    must(w, assay_sim_world_notes(w, 2, ASSAY_NOTE_CAUGHT_UP, ASSAY_SLOT_ALL) > 0, "by sync");
    struct assay_engine_snapshot v;
    assay_engine_snapshot(assay_sim_world_engine(w, 2), &v);
    must(w, v.voting, "it votes again");
    cr_assert_eq(member(w, 0, 2).trust.integrity_bp, 10000);
    cr_assert_eq(member(w, 0, 2).incarnation, 1);
    run_epochs(w, 0, 2);
    must(w, assay_sim_world_last_note(w, 2, ASSAY_NOTE_BALLOT_CAST, ASSAY_SLOT_ALL)->a >= ahead + 3,
         "it ballots again");
    assay_sim_world_destroy(&w);
}

Test(promises, all_nodes_lose_power_and_go_on)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    must(w, assay_sim_world_run(w, 2500), "some epochs");
    for (uint32_t i = 0; i < 7; i++)
        assay_sim_world_kill(w, i);
    must(w, assay_sim_world_run(w, 500), "darkness");
    for (uint32_t i = 0; i < 7; i++)
        assay_sim_world_restart(w, i);
    const uint64_t before = assay_sim_world_epoch(w, 0);
    must(w, assay_sim_world_run_to_epoch(w, before + 3, 15000), "the chain goes on");
    assay_sim_world_destroy(&w);
}

Test(promises, a_partition_of_four_and_three_halts_and_heals)
{
    static const uint32_t groups[7] = { 0, 0, 0, 0, 1, 1, 1 };
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    must(w, assay_sim_world_run(w, 300), "into an epoch");
    assay_sim_world_partition(w, groups);
    const uint64_t before = assay_sim_world_epoch(w, 0);
    must(w, assay_sim_world_run(w, 4000), "neither side");
    for (uint32_t i = 0; i < 7; i++)
        cr_assert_leq(assay_sim_world_epoch(w, i), before + 1, "4 of 7 are no quorum");
    assay_sim_world_partition(w, NULL);
    must(w, assay_sim_world_run_to_epoch(w, before + 4, 30000), "healed");
    for (uint16_t slot = 0; slot < 7; slot++)
        cr_assert_eq(member(w, 0, slot).trust.integrity_bp, 10000);
    assay_sim_world_destroy(&w);
}

Test(promises, an_equivocator_is_convicted_by_e1_or_e2)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 1)->equivocates = true;
    run_epochs(w, 0, 3);
    const struct assay_sim_world_note *proof =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, 1);
    /* Its second N contradicts its F, too: whichever proof is in a block first (E1, E2). */
    must(w, proof != NULL && (proof->a == 1 || proof->a == 2), "E1 or E2 is proven");
    cr_assert_leq(member(w, 0, 1).trust.integrity_bp, 300);
    for (uint16_t slot = 0; slot < 7; slot++)
        if (slot != 1) cr_assert_eq(member(w, 0, slot).trust.integrity_bp, 10000);
    assay_sim_world_destroy(&w);
}

Test(promises, a_leader_that_lies_about_the_state_is_passed_over)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 1)->false_in_blocks = true;
    run_epochs(w, 0, 4);
    must(w, assay_sim_world_notes(w, 0, ASSAY_NOTE_VIEW_NULLIFIED, ASSAY_SLOT_ALL) > 0,
         "its views end so");
    for (uint16_t slot = 0; slot < 7; slot++)
        cr_assert_eq(member(w, 0, slot).trust.integrity_bp, 10000);
    assay_sim_world_destroy(&w);
}

Test(promises, two_envelopes_of_one_incarnation_convict_by_e8)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 1)->two_envelopes = true;
    run_epochs(w, 0, 3);
    const struct assay_sim_world_note *proof =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, 1);
    must(w, proof != NULL && proof->a == 8, "E8 is proven");
    cr_assert_leq(member(w, 0, 1).trust.integrity_bp, 300);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 7.5.1: machines that were restored from one snapshot all sign twice. The network
 * goes on: no epoch takes more than a third of the weight, and all are struck in the end. */
Test(promises, two_envelopes_take_a_third_of_the_weight_at_most, .timeout = 600)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    uint32_t struck_before = 0, epochs = 0;
    run_epochs(w, 0, 2);
    for (uint32_t node = 1; node < 6; node++)
        assay_sim_world_acts(w, node)->two_envelopes = true;
    for (; epochs < 4; epochs++) {
        uint32_t struck = 0;
        run_epochs(w, 0, 1);
        for (uint16_t slot = 1; slot < 6; slot++)
            struck += assay_sim_world_notes(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, slot) > 0;
        must(w, struck - struck_before <= 2, "a third of seven");
        struck_before = struck;
    }
    cr_expect_eq(struck_before, 5, "%u", (unsigned)struck_before);
    run_epochs(w, 0, 2);
    assay_sim_world_destroy(&w);
}

Test(promises, loss_and_skewed_clocks_hurt_nobody)
{
    const struct assay_sim_world_options rough = {
        .seed = 5, .nodes = 7, .epoch_ms = 1600, .loss_permille = 30, .skew_ms = 60
    };
    struct assay_sim_world *w = assay_sim_world_create(&rough);
    must(w, assay_sim_world_run_to_epoch(w, 12, 60000), "epochs close under loss");
    for (uint16_t slot = 0; slot < 7; slot++) {
        const struct assay_member_snapshot m = member(w, 0, slot);
        cr_assert_eq(m.trust.integrity_bp, 10000);
        cr_assert_geq(m.trust.availability_bp, 9000);
    }
    assay_sim_world_destroy(&w);
}

Test(promises, a_node_that_dies_between_its_restart_and_its_listing_is_listed_all_the_same)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 3)->tampered = true;
    while (assay_sim_world_orders(w, 3, ASSAY_ORDER_RESTART) == 0)
        must(w, assay_sim_world_run(w, 5), "the order comes");
    must(w, assay_sim_world_run(w, 60), "the enclave has restarted, the new keys ask to be listed");
    cr_assert_eq(member(w, 0, 3).incarnation, 1);
    assay_sim_world_kill(w, 3);
    must(w, assay_sim_world_run(w, 1000), "an epoch later");
    assay_sim_world_restart(w, 3);
    run_epochs(w, 0, 4);
    must(w, member(w, 0, 3).incarnation == 2, "listed");
    must(w, member(w, 0, 3).trust.integrity_bp > 0, "and climbing");
    assay_sim_world_destroy(&w);
}

Test(promises, a_slanderer_that_waits_for_the_last_moment_falls_too)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    assay_sim_world_acts(w, 5)->victim = 1;
    assay_sim_world_acts(w, 5)->slanders = true;
    assay_sim_world_acts(w, 5)->ballot_delay_ms = 550; /* cast after T/4, seen just before T */
    run_epochs(w, 0, 4);
    must(w, assay_sim_world_notes(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, 5) > 0, "E5 is proven");
    cr_assert_leq(member(w, 0, 5).trust.integrity_bp, 7900);
    cr_assert_eq(member(w, 0, 1).trust.integrity_bp, 10000);
    assay_sim_world_destroy(&w);
}

Test(promises, who_lost_its_store_reincarnates_instead_of_voting_twice)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    run_epochs(w, 0, 2);
    must(w, assay_sim_world_run(w, 300), "into an epoch");
    assay_sim_world_kill(w, 2);
    assay_sim_world_acts(w, 2)->loses_store = true;
    assay_sim_world_restart(w, 2);
    run_epochs(w, 0, 6);
    must(w, assay_sim_world_epoch(w, 2) + 1 >= assay_sim_world_epoch(w, 0),
         "it catches up from nothing");
    const struct assay_member_snapshot m = member(w, 0, 2);
    must(w, m.trust.integrity_bp == 10000, "nothing convicts it");
    struct assay_engine_snapshot v;
    assay_engine_snapshot(assay_sim_world_engine(w, 2), &v);
    must(w, v.voting, "it votes again");
    assay_sim_world_destroy(&w);
}

Test(promises, a_node_whose_state_is_not_the_networks_stops_voting_and_says_so)
{
    struct assay_sim_world_options o = seven;
    o.plant = ASSAY_SIM_WORLD_PLANT_STATE; /* node 4 miscounts in epoch 3 */
    struct assay_sim_world *w = assay_sim_world_create(&o);
    must(w, assay_sim_world_run_to_epoch(w, 2, 9000), "two epochs");
    must(w, assay_sim_world_run(w, 6000), "the others go on");
    struct assay_engine_snapshot v;
    assay_engine_snapshot(assay_sim_world_engine(w, 4), &v);
    must(w, !v.voting, "it votes no more");
    must(w, assay_sim_world_notes(w, 4, ASSAY_NOTE_ROOT_MISMATCH, ASSAY_SLOT_ALL) > 0, "alarm");
    cr_assert_geq(assay_sim_world_epoch(w, 0), 8);
    assay_sim_world_kill(w, 4);
    assay_sim_world_restart(w, 4); /* its store proves itself */
    must(w, assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 2, 9000), "it is back");
    assay_sim_world_destroy(&w);
}

Test(promises, four_nodes_go_on_without_one)
{
    const struct assay_sim_world_options four = { .seed = 3, .nodes = 4, .check_each_step = true };
    struct assay_sim_world *w = assay_sim_world_create(&four);
    run_epochs(w, 0, 2);
    assay_sim_world_kill(w, 3);
    run_epochs(w, 0, 4);
    cr_assert_eq(member(w, 0, 3).trust.score.standing, ASSAY_STANDING_SUSPENDED);
    cr_assert_eq(member(w, 0, 3).weight, member(w, 0, 0).weight);
    assay_sim_world_restart(w, 3);
    run_epochs(w, 0, 3);
    assay_sim_world_destroy(&w);
}

/* --- the checkers can fail */

Test(promises_plants, sending_before_persisting_is_caught, .timeout = 600)
{
    bool caught = false;
    for (uint64_t seed = 1; seed <= 12 && !caught; seed++) {
        const struct assay_sim_world_options o = { .seed = seed,
                                                   .nodes = 4,
                                                   .crash_permille = 30,
                                                   .loss_permille = 60,
                                                   .plant = ASSAY_SIM_WORLD_PLANT_SENDS_FIRST };
        struct assay_sim_world *w = assay_sim_world_create(&o);
        (void)assay_sim_world_run(w, 15000);
        caught = assay_sim_world_violation(w) != NULL;
        assay_sim_world_destroy(&w);
    }
    cr_assert(caught);
}

Test(promises_plants, a_root_that_differs_is_caught)
{
    struct assay_sim_world_options o = seven;
    o.plant = ASSAY_SIM_WORLD_PLANT_ROOT;
    struct assay_sim_world *w = assay_sim_world_create(&o);
    (void)assay_sim_world_run_to_epoch(w, 5, 20000);
    cr_assert_not_null(assay_sim_world_violation(w));
    assay_sim_world_destroy(&w);
}
