/*
 * tests/unit/scoring/test_tally.c - tests of eligible votes, and their effect on A.
 */
#include "scoring/tally.h"

#include "base/bytes.h"
#include "tests/unit/scoring/world.h"

#include <criterion/criterion.h>
#include <signal.h>

static struct world w; /* too large for the stack of a test */

Test(scoring_tally, everybody_present_and_honest_stays_as_it_is)
{
    world_init(&w, 7);
    world_steps(&w, 5);
    for (uint32_t i = 0; i < 7; i++) {
        cr_expect_eq(w.trust[i].availability_bp, 10000);
        cr_expect_eq(w.trust[i].integrity_bp, 10000);
        cr_expect_eq(w.results[i].pass_weight, 60000u);
        cr_expect_eq(w.results[i].electorate_weight, 60000u);
        cr_expect(w.results[i].certified_pass);
        cr_expect_eq(w.results[i].level, ASSAY_OUTCOME_PASS_UP_TO_DATE);
        cr_expect_eq(w.results[i].integrity_reason, ASSAY_INTEGRITY_HELD_BOUND);
    }
    cr_expect(w.summary.certified);
    cr_expect_eq(w.summary.counted_weight, 70000u);
}

Test(scoring_tally, nobody_votes_for_itself)
{
    world_init(&w, 4);
    for (uint32_t voter = 0; voter < 4; voter++)
        world_vote(&w, voter, voter, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_step(&w);
    for (uint32_t i = 0; i < 4; i++)
        cr_expect_eq(w.results[i].pass_weight, 30000u);
}

Test(scoring_tally, nobody_votes_for_its_own_platform)
{
    world_init(&w, 5);
    w.places[3].platform_id[0] = 0xaa;
    w.places[4] = w.places[3];
    w.places[4].node_id[31] = 1;
    world_regroup(&w);
    w.weights[3] = w.weights[4] = 5000;
    world_vote(&w, 4, 3, ASSAY_OUTCOME_ABSENT);
    world_step(&w);
    cr_expect_eq(w.results[3].electorate_weight, 30000u);
    cr_expect_eq(w.results[3].pass_weight, 30000u);
    cr_expect_eq(w.results[3].negative_weight, 0u);
    cr_expect_eq(w.results[0].electorate_weight, 30000u, "others hear both");
    cr_expect_eq(w.results[0].pass_weight, 30000u);
}

Test(scoring_tally, a_shared_platform_is_one_platform_only_under_one_operator_and_vendor)
{
    world_init(&w, 6);
    for (uint32_t i = 3; i < 6; i++) {
        w.places[i].platform_shared = true;
        w.places[i].operator_id[0] = 9;
        w.places[i].operator_id[1] = 9;
        w.places[i].vendor_root[1] = 1;
    }
    w.places[5].vendor_root[1] = 2;
    world_regroup(&w);
    world_step(&w);
    cr_expect_eq(w.results[3].electorate_weight, 40000u);
    cr_expect_eq(w.results[4].electorate_weight, 40000u);
    cr_expect_eq(w.results[5].electorate_weight, 50000u, "another vendor, another platform");
}

Test(scoring_tally, slander_alone_moves_nothing)
{
    world_init(&w, 7);
    world_vote_all(&w, 2, ASSAY_OUTCOME_FAIL_HARD);
    world_step(&w);
    cr_expect_eq(w.results[2].negative_weight, 0u, "a FAIL counts only when proven");
    cr_expect_eq(w.trust[2].availability_bp, 10000);
    cr_expect_eq(w.trust[2].integrity_bp, 10000);
}

Test(scoring_tally, a_proven_fail_counts_whichever_way_it_was_voted)
{
    world_init(&w, 7);
    world_vote_all(&w, 2, ASSAY_OUTCOME_FAIL_HARD);
    world_vote(&w, 0, 2, ASSAY_OUTCOME_FAIL_SOFT);
    w.members[2].faults.own_fail_hard = true;
    world_step(&w);
    cr_expect_eq(w.results[2].negative_weight, 60000u);
    cr_expect_eq(w.trust[2].availability_bp, 7500);
    cr_expect_eq(w.trust[2].integrity_bp, 0);
    for (uint32_t i = 0; i < 7; i++)
        if (i != 2) cr_expect_eq(w.trust[i].integrity_bp, 10000);
}

Test(scoring_tally, missing_ballots_are_of_neither_sign)
{
    world_init(&w, 7);
    world_silence(&w, 0, true);
    world_silence(&w, 1, true);
    world_step(&w);
    cr_expect(w.summary.certified, "5 of 7");
    for (uint32_t i = 0; i < 7; i++) {
        cr_expect_eq(w.results[i].negative_weight, 0u);
        cr_expect_eq(w.trust[i].availability_bp, 10000);
    }
}

Test(scoring_tally, the_close_needs_strictly_more_than_two_thirds_of_the_weight)
{
    const struct {
        uint32_t weights[4];
        uint32_t silent; /* bit set */
        bool certified;
    } cases[] = {
        { { 2, 2, 1, 1 }, 0x1, false }, /* 4 of 6 */
        { { 2, 2, 1, 1 }, 0x4, true },  /* 5 of 6 */
        { { 2, 2, 1, 1 }, 0xc, false }, /* 4 of 6 */
        { { 3, 3, 2, 2 }, 0x1, true },  /* 7 of 10 */
        { { 3, 3, 2, 2 }, 0xc, false }, /* 6 of 10 */
        { { 1, 1, 1, 1 }, 0x8, true },  /* 3 of 4 */
        { { 1, 1, 1, 0 }, 0x1, false }, /* 2 of 3 */
        { { 0, 0, 0, 0 }, 0x0, false }, /* nobody */
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        world_init(&w, 4);
        for (uint32_t i = 0; i < 4; i++) {
            w.weights[i] = cases[k].weights[i];
            world_silence(&w, i, (cases[k].silent >> i & 1) != 0);
        }
        world_step(&w);
        cr_expect_eq(w.summary.certified, cases[k].certified, "case %zu", k);
    }
}

Test(scoring_tally, without_a_roll_or_a_quorum_everything_is_held)
{
    world_init(&w, 7);
    for (uint32_t i = 0; i < 7; i++) {
        w.trust[i].availability_bp = 9500;
        w.trust[i].integrity_bp = 9500;
    }
    world_vote_all(&w, 3, ASSAY_OUTCOME_ABSENT);
    w.roll_present = false;
    world_step(&w);
    w.roll_present = true;
    for (uint32_t i = 0; i < 3; i++)
        world_silence(&w, i, true);
    world_step(&w);
    for (uint32_t i = 0; i < 7; i++) {
        cr_expect_eq(w.trust[i].availability_bp, 9500);
        cr_expect_eq(w.trust[i].integrity_bp, 9500);
        cr_expect_eq(w.results[i].availability_rule, ASSAY_AVAILABILITY_UNCERTIFIED);
        cr_expect_eq(w.results[i].integrity_reason, ASSAY_INTEGRITY_HELD_UNCERTIFIED);
        cr_expect_not(w.results[i].certified_pass);
    }
}

Test(scoring_tally, proofs_strike_in_an_epoch_that_is_not_certified_too)
{
    world_init(&w, 7);
    w.roll_present = false;
    w.members[4].faults.equivocation = true;
    w.members[5].faults.own_fail_soft = true;
    world_step(&w);
    cr_expect_eq(w.trust[4].integrity_bp, 0);
    cr_expect_eq(w.trust[4].score.standing, ASSAY_STANDING_SUSPENDED);
    cr_expect_eq(w.trust[5].integrity_bp, 7500);
}

/* P3, absence: "an unreachable node is SUSPENDED after 3 epochs but keeps integrity and weight" */
Test(scoring_tally, an_absent_node_is_suspended_after_three_epochs_and_keeps_its_weight)
{
    world_init(&w, 7);
    world_vote_all(&w, 6, ASSAY_OUTCOME_ABSENT);
    world_silence(&w, 6, true);
    const uint16_t falling[] = { 7500, 5625, 4218 };
    for (size_t k = 0; k < 3; k++) {
        cr_expect_neq(w.trust[6].score.standing, ASSAY_STANDING_SUSPENDED);
        world_step(&w);
        cr_expect_eq(w.trust[6].availability_bp, falling[k]);
    }
    cr_expect_eq(w.trust[6].score.standing, ASSAY_STANDING_SUSPENDED);
    cr_expect_eq(w.trust[6].integrity_bp, 10000);
    cr_expect_eq(assay_trust_raw_weight(&w.trust[6]), 10000u);
    cr_expect_eq(w.trust[6].offences.count, 0u, "absence is not guilt");
    cr_expect(w.trust[6].listed_after_failure);
    cr_expect_not(w.results[6].integrity_failed, "no RESTART for absence");

    world_vote_all(&w, 6, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_silence(&w, 6, false);
    world_step(&w);
    cr_expect_eq(w.trust[6].availability_bp, 4718, "back again it gains 500");
}

/* P4: "it recovers at +500 A ... an epoch" */
Test(scoring_tally, p4_a_node_that_is_back_is_full_again_in_a_known_number_of_epochs)
{
    world_init(&w, 7);
    world_vote_all(&w, 6, ASSAY_OUTCOME_ABSENT);
    world_steps(&w, 3);
    world_vote_all(&w, 6, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    uint32_t epochs = 0;
    while (w.trust[6].score.standing != ASSAY_STANDING_FULL) {
        world_step(&w);
        epochs++;
        cr_assert_lt(epochs, 100u);
    }
    /* 4218 + 500 k >= 9200 at k = 10, held for 3 epochs: 10, 11, 12 */
    cr_expect_eq(epochs, 12u);
}

/* P1: "never falls, under any loss, delay, partition or withholding" */
Test(scoring_tally, p1_a_third_of_the_weight_cannot_make_anybody_fall)
{
    uint64_t seed = 0x51;
    for (int round = 0; round < 300; round++) {
        world_init(&w, 10);
        for (uint32_t voter = 0; voter < 10; voter++) {
            const bool byzantine = voter < 3; /* 3 of the 9 others: exactly a third */
            for (uint32_t s = 0; s < 10; s++)
                if (byzantine) world_vote(&w, voter, s, (enum assay_outcome)world_below(&seed, 7));
            world_silence(&w, voter, world_below(&seed, 3) == 0);
            const uint32_t lost = world_below(&seed, 10); /* evidence that did not arrive */
            if (voter != lost) world_vote(&w, voter, lost, ASSAY_OUTCOME_NONE);
        }
        w.roll_present = world_below(&seed, 4) != 0;
        world_step(&w);
        for (uint32_t s = 3; s < 10; s++)
            cr_assert_eq(w.trust[s].availability_bp, 10000, "round %d member %u", round, s);
    }
}

/* protocol.md 10.6: a Byzantine third that votes `none` about all others (or denies them) keeps no
 * honest member from its certified PASS, and gives none to a member that no honest voter passes. */
Test(scoring_tally, a_byzantine_third_neither_withholds_nor_gives_a_certified_pass)
{
    static const enum assay_outcome says[] = { ASSAY_OUTCOME_NONE, ASSAY_OUTCOME_ABSENT,
                                               ASSAY_OUTCOME_FAIL_HARD, ASSAY_OUTCOME_UNJUDGED };
    for (uint32_t f = 1; f <= 33; f = f < 4 ? f + 1 : 2 * f + 1)
        for (size_t k = 0; k < sizeof says / sizeof says[0]; k++) {
            const uint32_t n = 3 * f + 1, absent = n - 1;
            world_init(&w, n);
            world_vote_all(&w, absent, ASSAY_OUTCOME_ABSENT);
            for (uint32_t liar = 0; liar < f; liar++) {
                for (uint32_t s = 0; s < n; s++)
                    world_vote(&w, liar, s, s < f ? ASSAY_OUTCOME_PASS_UP_TO_DATE : says[k]);
                world_vote(&w, liar, absent, ASSAY_OUTCOME_PASS_UP_TO_DATE);
            }
            world_step(&w);
            cr_assert(w.summary.certified);
            for (uint32_t s = f; s < absent; s++)
                cr_assert(w.results[s].certified_pass, "%u of %u say %d", f, n, (int)says[k]);
            cr_assert_not(w.results[absent].certified_pass);
        }
}

/* Any table: members of any weight, some on one platform. One subject is honest and present. */
static uint32_t draw_table(uint64_t *seed, uint64_t *total)
{
    static const uint32_t weights[] = { 10000, 10000, 8999, 7499, 5200, 1, 0 };
    const uint32_t n = 2 + world_below(seed, 12);
    world_init(&w, n);
    *total = 0;
    for (uint32_t i = 0; i < n; i++) {
        w.weights[i] = weights[world_below(seed, 7)];
        *total += w.weights[i];
        if (i > 0 && world_below(seed, 6) == 0)
            for (unsigned k = 0; k < 32; k++)
                w.places[i].platform_id[k] = w.places[i - 1].platform_id[k];
    }
    world_regroup(&w);
    return n;
}

/* Marks a coalition that holds a third of the table at most, never the subject. */
static void draw_coalition(uint64_t *seed, uint64_t total, uint32_t subject, bool *byzantine)
{
    uint64_t held = 0;
    for (uint32_t i = 0; i < w.count; i++)
        byzantine[i] = false;
    for (uint32_t k = 0; k < 3 * w.count; k++) {
        const uint32_t i = world_below(seed, w.count);
        if (i == subject || byzantine[i] || 3 * (held + w.weights[i]) > total) continue;
        byzantine[i] = true;
        held += w.weights[i];
    }
}

/* P1 and P2 (protocol.md 7.12) on any table: a third of it, not of what votes on one subject. */
Test(scoring_tally, p1_and_p2_hold_against_any_third_of_any_table)
{
    uint64_t seed = 0x56;
    for (int round = 0; round < 20000; round++) {
        uint64_t total = 0;
        bool byzantine[WORLD_MEMBERS_MAX];
        const uint32_t n = draw_table(&seed, &total);
        const uint32_t subject = world_below(&seed, n);
        const bool present = world_below(&seed, 2) == 0;
        draw_coalition(&seed, total, subject, byzantine);
        if (!present) w.trust[subject] = assay_trust_newcomer((struct assay_offences){ 0 });
        world_vote_all(&w, subject, present ? ASSAY_OUTCOME_PASS_UP_TO_DATE : ASSAY_OUTCOME_ABSENT);
        for (uint32_t i = 0; i < n; i++)
            if (byzantine[i])
                world_vote(&w, i, subject,
                           present ? ASSAY_OUTCOME_ABSENT : ASSAY_OUTCOME_PASS_UP_TO_DATE);
        world_step(&w);
        cr_assert_eq(w.trust[subject].availability_bp, present ? 10000 : 0, "round %d", round);
        cr_assert_eq(w.trust[subject].integrity_bp, present ? 10000 : 0, "round %d", round);
        cr_assert(present || !w.results[subject].certified_pass, "round %d", round);
    }
}

/* P5: "no Byzantine act lowers an honest I" where the evidence reached everybody */
Test(scoring_tally, p5_a_third_of_the_weight_cannot_lower_the_integrity_of_anybody)
{
    uint64_t seed = 0x55;
    uint32_t certified = 0;
    for (int round = 0; round < 300; round++) {
        world_init(&w, 10);
        for (uint32_t voter = 0; voter < 10; voter++) {
            for (uint32_t s = 0; s < 10 && voter < 3; s++)
                world_vote(&w, voter, s, (enum assay_outcome)world_below(&seed, 7));
            world_silence(&w, voter, world_below(&seed, 5) == 0);
        }
        world_step(&w);
        certified += w.summary.certified;
        for (uint32_t s = 3; s < 10; s++)
            cr_assert_eq(w.trust[s].integrity_bp, 10000, "round %d member %u", round, s);
    }
    cr_expect_gt(certified, 100u, "most epochs could have moved something");
}

Test(scoring_tally, p1_one_vote_more_than_a_third_is_felt)
{
    world_init(&w, 10);
    for (uint32_t voter = 0; voter < 4; voter++)
        world_vote(&w, voter, 9, ASSAY_OUTCOME_ABSENT);
    world_step(&w);
    cr_expect_lt(w.trust[9].availability_bp, 10000, "the test above would see a fall");
}

/* P2: "an invalid or absent node (P <= T/3) never rises" */
Test(scoring_tally, p2_a_third_of_the_weight_cannot_make_anybody_rise)
{
    uint64_t seed = 0x52;
    for (int round = 0; round < 300; round++) {
        world_init(&w, 10);
        w.trust[9] = assay_trust_newcomer((struct assay_offences){ 0 });
        world_vote_all(&w, 9,
                       world_below(&seed, 2) == 0 ? ASSAY_OUTCOME_ABSENT : ASSAY_OUTCOME_NONE);
        for (uint32_t voter = 0; voter < 3; voter++)
            world_vote(&w, voter, 9, ASSAY_OUTCOME_PASS_UP_TO_DATE);
        for (uint32_t voter = 0; voter < 9; voter++)
            world_silence(&w, voter, world_below(&seed, 4) == 0);
        world_step(&w);
        cr_assert_eq(w.trust[9].availability_bp, 0);
        cr_assert_eq(w.trust[9].integrity_bp, 0);
    }
    for (uint32_t voter = 0; voter < 9; voter++)
        world_silence(&w, voter, false);
    world_vote(&w, 3, 9, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_step(&w);
    cr_expect_gt(w.trust[9].availability_bp, 0, "and one vote more is felt");
}

/* P11: "HOLD is neutral" */
Test(scoring_tally, p11_a_partition_without_a_quorum_changes_nothing_on_either_side)
{
    for (int side = 0; side < 2; side++) {
        world_init(&w, 10);
        for (uint32_t i = 0; i < 10; i++) {
            const bool here = (i < 5) == (side == 0);
            world_silence(&w, i, !here);
            if (!here) world_vote_all(&w, i, ASSAY_OUTCOME_ABSENT);
        }
        world_steps(&w, 50);
        for (uint32_t i = 0; i < 10; i++) {
            cr_expect_eq(w.trust[i].availability_bp, 10000);
            cr_expect_eq(w.trust[i].integrity_bp, 10000);
            cr_expect_eq(w.trust[i].score.standing, ASSAY_STANDING_FULL);
        }
    }
}

Test(scoring_tally, a_lone_member_is_held)
{
    world_init(&w, 1);
    world_steps(&w, 3);
    cr_expect_eq(w.results[0].electorate_weight, 0u);
    cr_expect_eq(w.results[0].lo_bp, 0);
    cr_expect_eq(w.results[0].hi_bp, 10000);
    cr_expect_eq(w.trust[0].availability_bp, 10000);
}

Test(scoring_tally, ballots_without_weight_are_heard_by_nobody)
{
    world_init(&w, 5);
    w.weights[0] = 0;
    world_vote(&w, 0, 1, ASSAY_OUTCOME_ABSENT);
    world_step(&w);
    cr_expect_eq(w.results[1].negative_weight, 0u);
    cr_expect_eq(w.results[1].electorate_weight, 30000u);
    cr_expect_eq(w.summary.counted_weight, 40000u);
}

Test(scoring_tally, unknown_nibbles_count_as_none)
{
    world_init(&w, 3);
    for (unsigned nibble = ASSAY_OUTCOME_COUNT; nibble < 16; nibble++) {
        w.outcomes[0][1] = (uint8_t)(nibble << 4 | nibble); /* slot 2, and padding */
        world_step(&w);
        /* PASS without keys is a PASS (docs/protocol.md 2.16.4). */
        const bool pass = assay_votes_without_keys((uint8_t)nibble);
        cr_assert_eq(w.results[2].pass_weight, pass ? 20000u : 10000u);
        cr_assert_eq(w.results[2].negative_weight, 0u);
    }
}

Test(scoring_tally, trust_may_be_written_in_place_or_elsewhere)
{
    static struct assay_trust_state after[WORLD_MEMBERS_MAX];
    world_init(&w, 6);
    world_vote_all(&w, 1, ASSAY_OUTCOME_ABSENT);
    const struct assay_tally_input input = world_input(&w);
    assay_tally_epoch(&input, w.scratch, sizeof w.scratch, after, w.results, &w.summary);
    cr_expect_eq(w.trust[1].availability_bp, 10000, "the input is left alone");
    cr_expect_eq(after[1].availability_bp, 7500);
    world_step(&w);
    cr_expect_eq(w.trust[1].availability_bp, 7500);
}

/* No roster stops its nodes, whoever brought its members together. */
Test(scoring_tally, the_worst_record_of_a_platform_is_that_of_all_its_ids)
{
    static const struct assay_offences records[] = {
        { .count = 1, .last_epoch = 60, .clean_epochs = 3 },
        { .count = 2, .last_epoch = 50, .clean_epochs = 9 },
        { .count = 2, .last_epoch = 55, .clean_epochs = 9 },
        { .count = 2, .last_epoch = 55, .clean_epochs = 4 },
        { .count = 0 },
    };
    enum { COUNT = sizeof records / sizeof *records };
    for (uint32_t turn = 0; turn < COUNT; turn++) { /* in each order of a ring */
        world_init(&w, COUNT + 4);
        for (uint32_t i = 0; i < COUNT; i++) {
            assay_bytes_copy(w.places[i].platform_id, ASSAY_SCORING_ID_LEN, w.places[0].platform_id,
                             ASSAY_SCORING_ID_LEN);
            w.trust[i].offences = records[(i + turn) % COUNT];
        }
        w.epoch = 100;
        world_regroup(&w);
        world_step(&w);
        for (uint32_t i = 0; i < COUNT; i++) {
            cr_assert_eq(w.trust[i].offences.count, 2u);
            cr_assert_eq(w.trust[i].offences.last_epoch, 55u);
            cr_assert_eq(w.trust[i].offences.clean_epochs, 5u, "and one more that was clean");
        }
    }
}

Test(scoring_tally, aborts_when_the_scratch_is_one_byte_short, .signal = SIGABRT)
{
    world_init(&w, 4);
    const struct assay_tally_input input = world_input(&w);
    assay_tally_epoch(&input, w.scratch, assay_tally_memory_len(4) - 1, w.trust, w.results,
                      &w.summary);
}

Test(scoring_tally, aborts_on_a_weight_above_one_unit, .signal = SIGABRT)
{
    world_init(&w, 4);
    w.weights[2] = 10001;
    world_step(&w);
}

/* --- rows ------------------------------------------------------------------------------------ */

Test(scoring_tally, a_row_gives_back_what_was_put_in)
{
    uint8_t row[3] = { 0 };
    cr_expect_eq(assay_votes_row_len(0), 0u);
    cr_expect_eq(assay_votes_row_len(5), 3u);
    cr_expect_eq(assay_votes_row_len(6), 3u);
    for (uint32_t slot = 0; slot < 6; slot++)
        assay_votes_row_set(row, slot, (enum assay_outcome)(slot + 1));
    for (uint32_t slot = 0; slot < 6; slot++)
        cr_expect_eq(assay_votes_row_get(row, slot), slot + 1);
    cr_expect_eq(row[0], 0x21, "slot 0 in the low half");
    assay_votes_row_set(row, 1, ASSAY_OUTCOME_NONE);
    cr_expect_eq(row[0], 0x01, "a slot can be taken back");
}

/* --- protocol.md 7.14: who does not judge is not judged */

Test(scoring_tally, who_ballots_in_one_epoch_of_eight_is_not_mute)
{
    world_init(&w, 7);
    for (uint32_t epoch = 0; epoch < 64; epoch++) {
        world_silence(&w, 2, epoch % 8 != 7);
        world_step(&w);
        cr_assert_eq(w.trust[2].mute_epochs, (epoch + 1) % 8, "epoch %u", epoch);
        cr_assert_eq(w.trust[2].availability_bp, 10000, "epoch %u", epoch);
    }
}

Test(scoring_tally, who_is_mute_for_eight_certified_epochs_falls_like_the_absent)
{
    static const uint16_t after[] = { 7500, 5625, 4218 };
    world_init(&w, 7);
    world_silence(&w, 2, true);
    world_steps(&w, 7);
    cr_expect_eq(w.trust[2].availability_bp, 10000, "seven epochs are patience");
    for (uint32_t k = 0; k < 3; k++) {
        world_step(&w);
        cr_expect_eq(w.results[2].availability_rule, ASSAY_AVAILABILITY_MUTE);
        cr_expect_eq(w.trust[2].availability_bp, after[k], "whatever everybody says");
    }
    cr_expect_eq(w.trust[2].score.standing, ASSAY_STANDING_SUSPENDED);
    cr_expect_eq(w.trust[2].integrity_bp, 10000, "it is no guilt");
    cr_expect_eq(w.trust[2].mute_epochs, ASSAY_PATIENCE_EPOCHS, "the count stands");
    for (uint32_t i = 0; i < 7; i++)
        if (i != 2) cr_expect_eq(w.trust[i].availability_bp, 10000);
    world_silence(&w, 2, false);
    world_step(&w);
    cr_expect_eq(w.trust[2].mute_epochs, 0);
    cr_expect_eq(w.trust[2].availability_bp, 4718, "one counted ballot, and it rises");
}

Test(scoring_tally, epochs_that_are_held_make_nobody_mute)
{
    world_init(&w, 7);
    world_silence(&w, 2, true);
    world_steps(&w, 7);
    w.roll_present = false;
    world_steps(&w, 20);
    cr_expect_eq(w.trust[2].mute_epochs, 7, "neither counted nor forgotten");
    cr_expect_eq(w.trust[2].availability_bp, 10000);
    w.roll_present = true;
    world_step(&w);
    cr_expect_eq(w.trust[2].availability_bp, 7500);
}

Test(scoring_tally, who_has_no_duty_to_ballot_is_not_mute)
{
    world_init(&w, 7);
    w.members[2].duty = false;
    world_silence(&w, 2, true);
    world_steps(&w, 20);
    cr_expect_eq(w.trust[2].mute_epochs, 0);
    cr_expect_eq(w.trust[2].availability_bp, 10000);
}

/* Maintenance (protocol.md 9.7): A holds, and the row of mute epochs stands still. */
Test(scoring_tally, who_is_held_is_not_mute_and_falls_for_nothing)
{
    world_init(&w, 7);
    world_silence(&w, 2, true);
    world_steps(&w, 7);
    w.members[2].held = true;
    world_vote_all(&w, 2, ASSAY_OUTCOME_UNJUDGED);
    world_steps(&w, 20);
    cr_expect_eq(w.trust[2].mute_epochs, 7);
    cr_expect_eq(w.trust[2].unjudged_epochs, 0);
    cr_expect_eq(w.trust[2].availability_bp, 10000);
    w.members[2].held = false;
    world_vote_all(&w, 2, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_step(&w);
    cr_expect_eq(w.trust[2].availability_bp, 7500);
    w.members[2].held = true;
    world_step(&w);
    cr_expect_eq(w.trust[2].availability_bp, 7500, "who is mute already does not fall either");
    world_silence(&w, 2, false);
    world_step(&w);
    cr_expect_eq(w.trust[2].mute_epochs, 0, "a ballot clears it as ever");
}

/* Members on one platform do not judge each other, and all weight may be there: the chain shows
 * who does not ballot all the same. */
Test(scoring_tally, who_is_mute_falls_where_its_platform_has_all_weight)
{
    world_init(&w, 5);
    for (uint32_t i = 1; i < 5; i++)
        assay_bytes_copy(w.places[i].platform_id, 32, w.places[0].platform_id, 32);
    w.weights[4] = 0;
    world_regroup(&w);
    world_silence(&w, 4, true);
    world_steps(&w, 8);
    cr_expect_eq(w.results[4].electorate_weight, 0u);
    cr_expect_eq(w.results[4].availability_rule, ASSAY_AVAILABILITY_MUTE);
    cr_expect_eq(w.trust[4].availability_bp, 7500);
    cr_expect_eq(w.trust[0].availability_bp, 10000);
}

/* Duty and count do not ask for weight: on probation, of weight 0, suspended. */
Test(scoring_tally, members_without_weight_are_mute_and_cleared_by_the_same_ballots)
{
    world_init(&w, 8);
    w.weights[2] = w.weights[3] = 0;
    w.trust[2] = w.trust[3] = assay_trust_newcomer((struct assay_offences){ 0 });
    world_silence(&w, 2, true);
    world_steps(&w, 12);
    cr_expect_eq(w.trust[3].availability_bp, 6000, "500 an epoch");
    cr_expect_eq(w.trust[2].availability_bp, 830, "seven epochs up, then a quarter off each");
    world_silence(&w, 2, false);
    world_step(&w);
    cr_expect_eq(w.trust[2].availability_bp, 1330);
}

/* --- protocol.md 7.15: not to be judged */

Test(scoring_tally, unjudged_is_missing_for_seven_epochs_and_absence_from_the_eighth_on)
{
    static const uint16_t after[] = { 7500, 5625, 4218 };
    world_init(&w, 7);
    world_vote_all(&w, 2, ASSAY_OUTCOME_UNJUDGED);
    world_steps(&w, 7);
    cr_expect_eq(w.results[2].unjudged_weight, 60000u);
    cr_expect_eq(w.results[2].negative_weight, 0u);
    cr_expect_eq(w.results[2].lo_bp, 0);
    cr_expect_eq(w.results[2].hi_bp, 10000);
    cr_expect_eq(w.trust[2].availability_bp, 10000);
    for (uint32_t k = 0; k < 3; k++) {
        world_step(&w);
        cr_expect_eq(w.results[2].availability_rule, ASSAY_AVAILABILITY_UNJUDGED);
        cr_expect_eq(w.trust[2].availability_bp, after[k]);
    }
    cr_expect_eq(w.trust[2].integrity_bp, 10000, "it is no guilt");
    world_vote_all(&w, 2, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_step(&w);
    cr_expect_eq(w.trust[2].unjudged_epochs, 0);
    cr_expect_eq(w.trust[2].availability_bp, 4718);
}

/* Collateral that ended is none, and none holds for ever. */
Test(scoring_tally, none_is_never_counted_as_unjudged)
{
    world_init(&w, 7);
    world_vote_all(&w, 2, ASSAY_OUTCOME_NONE);
    world_steps(&w, 40);
    cr_expect_eq(w.trust[2].unjudged_epochs, 0);
    cr_expect_eq(w.trust[2].availability_bp, 10000);
}

Test(scoring_tally, two_thirds_that_cannot_judge_are_too_few)
{
    world_init(&w, 7);
    for (uint32_t voter = 0; voter < 4; voter++)
        world_vote(&w, voter, 6, ASSAY_OUTCOME_UNJUDGED);
    for (uint32_t voter = 4; voter < 6; voter++)
        world_vote(&w, voter, 6, ASSAY_OUTCOME_NONE);
    world_steps(&w, 20);
    cr_expect_eq(w.trust[6].unjudged_epochs, 0, "40000 of 60000 are not more than two thirds");
    world_vote(&w, 4, 6, ASSAY_OUTCOME_UNJUDGED);
    world_steps(&w, 9);
    cr_expect_lt(w.trust[6].availability_bp, 10000);
}

/* A third that shrugs at everybody else, for ever, moves nothing. */
Test(scoring_tally, a_third_that_calls_others_unjudged_moves_nothing)
{
    world_init(&w, 10);
    for (uint32_t liar = 0; liar < 3; liar++)
        for (uint32_t i = 3; i < 10; i++)
            world_vote(&w, liar, i, ASSAY_OUTCOME_UNJUDGED);
    world_steps(&w, 40);
    for (uint32_t i = 3; i < 10; i++) {
        cr_expect_eq(w.trust[i].availability_bp, 10000);
        cr_expect_eq(w.trust[i].unjudged_epochs, 0);
    }
}

/* One epoch in which nobody can say ends no row; one in which more than a third passed it does. */
Test(scoring_tally, only_who_was_passed_begins_its_row_anew)
{
    world_init(&w, 7);
    world_vote_all(&w, 2, ASSAY_OUTCOME_UNJUDGED);
    world_steps(&w, 7);
    world_vote_all(&w, 2, ASSAY_OUTCOME_NONE);
    world_steps(&w, 3);
    cr_expect_eq(w.trust[2].unjudged_epochs, 7);
    world_vote(&w, 0, 2, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_vote(&w, 1, 2, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_step(&w);
    cr_expect_eq(w.trust[2].unjudged_epochs, 7, "a third at most may all be liars");
    world_vote(&w, 3, 2, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_step(&w);
    cr_expect_eq(w.trust[2].unjudged_epochs, 0);
}

/* Evidence that nobody can judge for most and nothing for the rest is no way to be held for ever.
 */
Test(scoring_tally, once_it_counts_as_absent_unjudged_and_absent_add_up)
{
    world_init(&w, 11);
    world_vote_all(&w, 2, ASSAY_OUTCOME_UNJUDGED);
    world_steps(&w, 8);
    cr_expect_eq(w.trust[2].availability_bp, 7500);
    for (uint32_t voter = 6; voter < 11; voter++)
        world_vote(&w, voter, 2, ASSAY_OUTCOME_ABSENT);
    world_step(&w);
    cr_expect_eq(w.trust[2].availability_bp, 5625);
}

Test(scoring_tally, a_row_from_outside_is_checked)
{
    uint8_t row[3] = { 0x44, 0x40, 0x04 }; /* five slots, the voter is slot 2 */
    cr_expect(assay_votes_row_valid(row, 3, 5, 2));
    cr_expect_not(assay_votes_row_valid(row, 2, 5, 2), "too short");
    cr_expect_not(assay_votes_row_valid(row, 3, 7, 2), "too long");
    cr_expect_not(assay_votes_row_valid(row, 3, 5, 5), "no such voter");
    cr_expect_not(assay_votes_row_valid(row, 3, 5, 3), "own slot is not none");
    row[2] = 0x14;
    cr_expect_not(assay_votes_row_valid(row, 3, 5, 2), "padding is not none");
    row[2] = 0x08;
    cr_expect_not(assay_votes_row_valid(row, 3, 5, 2), "no such outcome");
    row[2] = 0x07;
    cr_expect(assay_votes_row_valid(row, 3, 5, 2), "unjudged is one");
}

Test(scoring_tally, every_reason_has_a_text)
{
    for (int reason = 0; reason <= ASSAY_INTEGRITY_FAIL_HARD; reason++)
        cr_expect_gt(assay_integrity_reason_text((enum assay_integrity_reason)reason)[0], 0);
    for (int rule = 0; rule <= ASSAY_AVAILABILITY_UNJUDGED; rule++)
        cr_expect_gt(assay_availability_rule_text((enum assay_availability_rule)rule)[0], 0);
}
