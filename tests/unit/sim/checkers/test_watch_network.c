/*
 * tests/unit/sim/checkers/test_watch_network.c - P5, P9, P10, P11 and the tally done again: planted
 * faults are seen, right epochs are not.
 */
#include "tests/unit/sim/checkers/watch_fixture.h"

#include "scoring/tally.h"
#include "scoring/weight.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct assay_member *member(struct fixture *f, uint32_t slot)
{
    return &f->after.members[slot];
}

static struct fixture *begun(void)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    fixture_play(f);
    fixture_play(f);
    cr_assert(fixture_silent(f));
    return f;
}

/* --- P5 */

Test(sim_watch_network, p5_sees_the_byzantine_share_grow)
{
    struct fixture *f = begun();
    const uint64_t looked = fixture_checked(f, ASSAY_SIM_CHECKER_P5);
    cr_expect_eq(looked, 4, "the share, and what weight is made of");
    fixture_epoch(f);
    for (uint32_t slot = 0; slot < 5; slot++)
        member(f, slot)->weight = member(f, slot)->trust.integrity_bp = 9000;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P5), 1);
    fixture_destroy(&f);
}

Test(sim_watch_network, p5_lets_the_byzantine_share_shrink_and_come_back)
{
    struct fixture *f = begun();
    static const uint16_t weights[] = { 7500, 100, 5000, 10000 };
    for (int i = 0; i < 4; i++) {
        fixture_epoch(f);
        member(f, 6)->weight = member(f, 6)->trust.integrity_bp = weights[i];
        fixture_close(f, NULL);
    }
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P5), 0);
    cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_P5), 12);
    fixture_destroy(&f);
}

Test(sim_watch_network, p5_asks_for_a_third_at_most_and_for_tables_that_no_cap_cut)
{
    for (int excuse = 0; excuse < 4; excuse++) { /* the last is none */
        struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
        if (excuse == 0) f->cohort_of[4] = FIXTURE_BAD;
        if (excuse == 1) f->scenario.weight_source = ASSAY_SIM_WEIGHT_SCORE;
        if (excuse == 2) f->scenario.vendors = 2; /* the table before is cut */
        if (excuse == 2) member(f, 3)->weight = 9999;
        fixture_epoch(f);
        member(f, 0)->weight = member(f, 0)->trust.integrity_bp = 5000;
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P5), excuse == 3 ? 1 : 0, "excuse %d",
                     excuse);
        fixture_destroy(&f);
    }
}

Test(sim_watch_network, p5_counts_who_turns_byzantine_from_the_beginning)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    f->cohort_of[6] = 0;
    for (int i = 0; i < 2; i++) {
        fixture_epoch(f);
        if (i == 1) f->truth[6].honest = false; /* its disk lost what it had signed */
        fixture_close(f, NULL);
    }
    cr_expect(fixture_silent(f));
    cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_P5), 4);
    fixture_destroy(&f);
}

Test(sim_watch_network, p5_sees_weight_that_is_not_integrity)
{
    struct fixture *f = begun();
    fixture_epoch(f);
    member(f, 2)->trust.availability_bp = 6000; /* absent, and that costs it weight */
    member(f, 2)->weight = 6000;
    f->truth[2].reachable = false;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P5), 1);
    fixture_epoch(f);
    for (uint32_t slot = 0; slot < FIXTURE_NODES; slot++) { /* caps at work may take weight */
        member(f, slot)->trust.integrity_bp = slot == 2 ? 10000 : 100;
        member(f, slot)->trust.peak_bp = member(f, slot)->trust.integrity_bp;
    }
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P5), 1);
    fixture_destroy(&f);
}

/* --- P9 */

Test(sim_watch_network, p9_sees_a_platform_above_one_unit)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    f->scenario.vendors = 4;
    f->scenario.nodes_per_platform = 2; /* slots 0 and 4 share one: both have vendor 0 */
    fixture_epoch(f);
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P9), 1);
    fixture_epoch(f);
    for (uint32_t slot = 0; slot < FIXTURE_NODES; slot++)
        member(f, slot)->weight = 5000;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P9), 1, "halves are right");
    fixture_destroy(&f);
}

Test(sim_watch_network, p9_counts_masked_platforms_of_an_operator_and_vendor_as_one)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    f->scenario.masked_bp = 10000;
    f->scenario.operators = 1;
    f->scenario.vendors = 1;
    fixture_epoch(f);
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P9), 1);
    fixture_destroy(&f);
}

Test(sim_watch_network, p9_sees_more_weight_than_integrity)
{
    struct fixture *f = begun();
    fixture_epoch(f);
    member(f, 4)->trust.integrity_bp = 9000;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P9), 1);
    fixture_destroy(&f);
}

/* Weights for a roster with so many operators and vendors; the caps are 20 and 33 of 100.
 * Returns: findings of P9. */
static uint64_t p9_of(uint32_t operators, uint32_t vendors, const uint32_t *weights)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    f->scenario.operators = operators;
    f->scenario.vendors = vendors;
    fixture_epoch(f);
    for (uint32_t slot = 0; slot < FIXTURE_NODES; slot++)
        member(f, slot)->weight = weights[slot];
    fixture_close(f, NULL);
    const uint64_t found = fixture_violated(f, ASSAY_SIM_CHECKER_P9);
    cr_expect_gt(fixture_checked(f, ASSAY_SIM_CHECKER_P9), 0);
    fixture_destroy(&f);
    return found;
}

Test(sim_watch_network, p9_sees_an_operator_and_a_vendor_root_above_the_cap)
{
    static const uint32_t all[FIXTURE_NODES] = { 10000, 10000, 10000, 10000, 10000, 10000, 10000 };
    /* slot mod 6: operator 0 holds two sevenths, and a fifth would be 12500 of it; 7 vendors.
     * With five operators it would take half of two of them, which is more than B allows. */
    cr_expect_eq(p9_of(6, 7, all), 0);
    cr_expect_eq(p9_of(5, 7, all), 0);
    /* slot mod 4: no vendor above 33 %; 7 operators. */
    cr_expect_eq(p9_of(7, 4, all), 0);
    /* Vendor 0 of four (slots 0 and 4) with 40 %: the others are below their raw weight too. */
    static const uint32_t lopsided[FIXTURE_NODES] = { 10000, 7500, 7500, 7500, 10000, 3750, 3750 };
    cr_expect_eq(p9_of(7, 4, lopsided), 1);
}

Test(sim_watch_network, p9_asks_for_no_cap_that_cannot_be_met)
{
    static const uint32_t all[FIXTURE_NODES] = { 10000, 10000, 10000, 10000, 10000, 10000, 10000 };
    cr_expect_eq(p9_of(7, 2, all), 0, "two vendor roots are above a third whatever happens");
    cr_expect_eq(p9_of(3, 7, all), 0, "three operators are above a fifth");
    /* Five operators of which one holds nearly everything: half of the weight must stay. */
    static const uint32_t one[FIXTURE_NODES] = { 10000, 10, 10, 10, 10, 10000, 10 };
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    f->scenario.operators = 5;
    f->scenario.vendors = 7;
    fixture_epoch(f);
    for (uint32_t slot = 0; slot < FIXTURE_NODES; slot++)
        member(f, slot)->weight = member(f, slot)->trust.integrity_bp =
            member(f, slot)->trust.peak_bp = (uint16_t)one[slot];
    member(f, 0)->weight = 4988; /* 9975 and 50 are half of 20050 */
    member(f, 5)->weight = 4987;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P9), 0);
    fixture_destroy(&f);
}

/* Two vendor roots, 4 and 3 of 7, and a cap of 54 %: cutting the first raises the second from 43 %
 * to 46 %, so the guard (docs/protocol.md 6.3.1) cuts nothing. */
Test(sim_watch_network, p9_asks_for_no_cap_above_a_third)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    f->scenario.operators = 7;
    f->scenario.vendors = 2;
    f->scenario.vendor_cap_num = 54;
    fixture_epoch(f);
    fixture_close(f, NULL);
    cr_expect_gt(fixture_checked(f, ASSAY_SIM_CHECKER_P9), 0);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P9), 0);
    fixture_destroy(&f);
}

/* Seven operators, four vendor roots of 2, 2, 2, 1: a cap of 28 % cuts the three larger ones to
 * 17,500 each, and leaves each member more than 1/B. */
Test(sim_watch_network, p9_asks_for_caps_that_are_met_together)
{
    static const uint32_t all[FIXTURE_NODES] = { 10000, 10000, 10000, 10000, 10000, 10000, 10000 };
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    f->scenario.operators = 7;
    f->scenario.vendors = 4;
    f->scenario.vendor_cap_num = 28;
    fixture_epoch(f);
    for (uint32_t slot = 0; slot < FIXTURE_NODES; slot++)
        member(f, slot)->weight = all[slot];
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P9), 1);
    fixture_destroy(&f);
}

/* The tables that scoring/weight.c makes of random integrity are never found fault with, and are
 * looked at: the conditions are not so narrow that nothing is left. */
Test(sim_watch_network, p9_finds_nothing_in_tables_of_the_product)
{
    uint64_t guarded = 0, looked = 0;
    uint32_t random = 12345;
    for (int turn = 0; turn < 2000; turn++) {
        struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
        struct assay_place places[FIXTURE_NODES] = { 0 };
        struct assay_trust_state trust[FIXTURE_NODES];
        uint32_t weights[FIXTURE_NODES];
        struct assay_groups groups;
        struct assay_tolerance tolerance;
        f->scenario.operators = 2 + (uint32_t)turn % 6;
        f->scenario.vendors = 2 + (uint32_t)turn / 6 % 6;
        f->scenario.nodes_per_platform = 1 + (uint32_t)turn / 36 % 3;
        fixture_epoch(f);
        for (uint32_t i = 0; i < FIXTURE_NODES; i++) {
            random = random * 1664525u + 1013904223u;
            trust[i] = assay_trust_genesis();
            trust[i].integrity_bp = (uint16_t)(random % 4 == 0 ? 10000 : 5000 + random / 7 % 5001);
            trust[i].peak_bp = trust[i].integrity_bp;
            places[i].node_id[0] = (uint8_t)(i + 1);
            places[i].platform_id[0] = (uint8_t)(assay_scenario_platform(&f->scenario, i) + 1);
            places[i].operator_id[0] = (uint8_t)assay_scenario_operator(&f->scenario, i);
            places[i].vendor_root[0] = (uint8_t)assay_scenario_vendor(&f->scenario, i);
        }
        void *memory = malloc(assay_groups_memory_len(FIXTURE_NODES));
        void *scratch = malloc(assay_weights_memory_len(FIXTURE_NODES));
        const struct assay_weight_rules rules = assay_weight_rules_default();
        const struct assay_weight_input input = { .rules = &rules,
                                                  .groups = &groups,
                                                  .trust = trust };
        assay_groups_build(places, FIXTURE_NODES, memory, assay_groups_memory_len(FIXTURE_NODES),
                           &groups);
        assay_weights(&input, scratch, assay_weights_memory_len(FIXTURE_NODES), weights,
                      &tolerance);
        for (uint32_t i = 0; i < FIXTURE_NODES; i++) {
            member(f, i)->weight = weights[i];
            member(f, i)->trust.integrity_bp = member(f, i)->trust.peak_bp = trust[i].integrity_bp;
        }
        fixture_close(f, NULL);
        looked += fixture_checked(f, ASSAY_SIM_CHECKER_P9);
        guarded += fixture_checked(f, ASSAY_SIM_CHECKER_GUARD);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_GUARD), 0, "turn %d: %s", turn,
                     f->outcome.checks[ASSAY_SIM_CHECKER_GUARD].message);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P9), 0, "turn %d: %s", turn,
                     f->outcome.checks[ASSAY_SIM_CHECKER_P9].message);
        free(memory);
        free(scratch);
        fixture_destroy(&f);
    }
    printf("guard looked %llu times, P9 %llu\n", (unsigned long long)guarded,
           (unsigned long long)looked);
    cr_expect_gt(guarded, 1500, "both families: %llu", (unsigned long long)guarded);
    cr_expect_gt(looked, 2200, "platforms always, caps in many: %llu", (unsigned long long)looked);
}

/* --- guard */

/* Weights by hand for full integrity. Returns: findings of guard. */
static uint64_t guard_of(uint32_t operators, uint32_t vendors, const uint32_t *weights)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    f->scenario.operators = operators;
    f->scenario.vendors = vendors;
    fixture_epoch(f);
    for (uint32_t slot = 0; slot < FIXTURE_NODES; slot++)
        member(f, slot)->weight = weights[slot];
    fixture_close(f, NULL);
    const uint64_t found = fixture_violated(f, ASSAY_SIM_CHECKER_GUARD);
    cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_GUARD), 2);
    fixture_destroy(&f);
    return found;
}

Test(sim_watch_network, guard_sees_a_group_that_cuts_raised_above_a_third)
{
    static const uint32_t raw[FIXTURE_NODES] = { 10000, 10000, 10000, 10000, 10000, 10000, 10000 };
    /* slot mod 3: the group of slots 0, 3 and 6 holds three sevenths, above a third already */
    cr_expect_eq(guard_of(7, 3, raw), 0, "nothing was cut");
    cr_expect_eq(guard_of(3, 7, raw), 0);
    static const uint32_t raised[FIXTURE_NODES] = { 10000, 5000, 5000, 10000, 5000, 5000, 10000 };
    cr_expect_eq(guard_of(7, 3, raised), 1, "30000 of 50000");
    cr_expect_eq(guard_of(3, 7, raised), 1);
    /* slot mod 4: slots 0 and 4 go from 2 to 2.5 of 7, and stay below a third */
    static const uint32_t below[FIXTURE_NODES] = { 10000, 9000, 9000, 9000, 10000, 9000, 9000 };
    cr_expect_eq(guard_of(7, 4, below), 0);
}

/* --- P10 */

Test(sim_watch_network, p10_sees_a_root_that_is_not_the_states)
{
    struct fixture *f = begun();
    const uint8_t wrong[32] = { 1 };
    fixture_epoch(f);
    fixture_close(f, wrong);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P10), 1);
    cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_P10), 3);
    fixture_destroy(&f);
}

/* --- P11 */

static struct fixture *held(void)
{
    struct fixture *f = begun();
    fixture_epoch(f);
    f->after.certified = false;
    for (uint32_t slot = 0; slot < 3; slot++)
        f->after.members[slot].found.balloted = false;
    return f;
}

Test(sim_watch_network, p11_is_silent_when_a_held_epoch_changes_nothing)
{
    struct fixture *f = held();
    fixture_close(f, NULL);
    cr_expect(fixture_silent(f));
    cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_P11), 2 + FIXTURE_NODES);
    fixture_destroy(&f);
}

Test(sim_watch_network, p11_sees_what_a_held_epoch_changed)
{
    for (int change = 0; change < 6; change++) {
        struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 1);
        f->scenario.adversaries[0].stop_epoch = 6;
        for (int i = 0; i < 7; i++)
            fixture_play(f);
        fixture_epoch(f);
        f->after.certified = false;
        struct assay_trust_state *t = &member(f, 6)->trust;
        if (change == 0) t->availability_bp += 1;
        if (change == 1) t->availability_bp -= 1;
        if (change == 2) t->score.standing = ASSAY_STANDING_RESTRICTED;
        if (change == 3) t->score.held_epochs = 1;
        if (change == 4) t->integrity_bp -= 100;
        if (change == 5) { /* a proof strikes in a HELD epoch too */
            t->integrity_bp = 0;
            member(f, 6)->found.integrity_reason = ASSAY_INTEGRITY_EQUIVOCATION;
        }
        member(f, 6)->weight = t->integrity_bp;
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P11), change < 5 ? 1 : 0, "change %d",
                     change);
        fixture_destroy(&f);
    }
}

Test(sim_watch_network, p11_sees_an_epoch_certified_without_a_quorum)
{
    struct fixture *f = held();
    f->after.certified = true;
    f->after.members[2].found.balloted = true; /* five of seven: more than two thirds */
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P11), 0);
    fixture_epoch(f);
    for (uint32_t slot = 0; slot < 3; slot++)
        f->after.members[slot].found.balloted = false;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P11), 1, "four of seven");
    fixture_destroy(&f);
}

/* --- the tally done again */

static void say(struct fixture *f, uint32_t voter, uint32_t subject, enum assay_outcome outcome)
{
    assay_votes_row_set(f->rows[voter], subject, outcome);
}

static void nothing_for_the_truth_to_say(struct fixture *f)
{
    for (uint32_t slot = 0; slot < FIXTURE_NODES; slot++)
        f->truth[slot].reachable = false;
}

static uint64_t found_in(const struct fixture *f)
{
    return fixture_violated(f, ASSAY_SIM_CHECKER_P1) + fixture_violated(f, ASSAY_SIM_CHECKER_P2) +
           fixture_violated(f, ASSAY_SIM_CHECKER_P11);
}

/* Slot 6 has A and W = 6 voters; what they say and what A must become. */
struct recounted {
    uint16_t before_bp;
    int pass, absent, fail;
    bool fail_proven, certified;
    uint16_t after_bp;
};

static struct fixture *recounting(const struct recounted *c, int32_t off_by)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    f->with_rows = true;
    member(f, 6)->trust.availability_bp = c->before_bp;
    member(f, 6)->trust.score.standing = ASSAY_STANDING_SUSPENDED;
    fixture_epoch(f);
    nothing_for_the_truth_to_say(f);
    f->after.certified = c->certified;
    for (int voter = 0; voter < 6; voter++)
        say(f, (uint32_t)voter, 6,
            voter < c->pass                         ? ASSAY_OUTCOME_PASS_NEEDS_HARDENING
            : voter < c->pass + c->absent           ? ASSAY_OUTCOME_ABSENT
            : voter < c->pass + c->absent + c->fail ? ASSAY_OUTCOME_FAIL_SOFT
                                                    : ASSAY_OUTCOME_NONE);
    f->fails[6] = c->fail_proven ? ASSAY_OUTCOME_FAIL_SOFT : ASSAY_OUTCOME_NONE;
    member(f, 6)->trust.availability_bp = (uint16_t)(c->after_bp + off_by);
    fixture_close(f, NULL);
    return f;
}

Test(sim_watch_network, the_tally_comes_out_as_docs_protocol_7_says)
{
    static const struct recounted cases[] = {
        { 5000, 6, 0, 0, false, true, 5500 },  { 9800, 6, 0, 0, false, true, 10000 },
        { 9800, 4, 2, 0, false, true, 10000 }, /* P = 2W/3: lo = 10000 */
        { 4900, 3, 3, 0, false, true, 5000 },  /* lo = 5000, hi = 6000 */
        { 8000, 3, 3, 0, false, true, 7500 },  /* a quarter of what is above hi */
        { 8000, 0, 6, 0, false, true, 6000 },  { 8001, 0, 4, 0, false, true, 8001 }, /* no quorum */
        { 8001, 0, 5, 0, false, true, 6000 },  { 8000, 2, 0, 4, false, true, 8000 }, /* unproven */
        { 8000, 2, 0, 4, true, true, 6000 },   { 5000, 6, 0, 0, false, false, 5000 },
        { 8000, 0, 6, 0, false, false, 8000 }, { 10000, 4, 2, 0, false, true, 10000 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture *f = recounting(&cases[i], 0);
        cr_expect_eq(found_in(f), 0, "case %zu: %s", i,
                     f->outcome.checks[ASSAY_SIM_CHECKER_P1].message);
        fixture_destroy(&f);
    }
}

Test(sim_watch_network, the_recount_sees_a_point_too_much_or_too_little)
{
    static const struct recounted cases[] = { { 5000, 6, 0, 0, false, true, 5500 },
                                              { 8000, 3, 3, 0, false, true, 7500 },
                                              { 8001, 0, 4, 0, false, true, 8001 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int32_t off_by = -1; off_by <= 1; off_by += 2) {
            struct fixture *f = recounting(&cases[i], off_by);
            const enum assay_sim_checker due = cases[i].before_bp == cases[i].after_bp
                                                   ? ASSAY_SIM_CHECKER_P11
                                               : off_by < 0 ? ASSAY_SIM_CHECKER_P1
                                                            : ASSAY_SIM_CHECKER_P2;
            cr_expect_eq(fixture_violated(f, due), 1, "case %zu, %d", i, off_by);
            cr_expect_eq(found_in(f), 1);
            fixture_destroy(&f);
        }
    }
}

Test(sim_watch_network, the_recount_leaves_a_platform_out_of_its_own_electorate)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    f->scenario.vendors = 4;
    f->scenario.nodes_per_platform = 2; /* slots 2 and 6 share one */
    f->scenario.weight_source = ASSAY_SIM_WEIGHT_ONE;
    f->with_rows = true;
    member(f, 6)->trust.availability_bp = 5000;
    member(f, 6)->trust.score.standing = ASSAY_STANDING_RESTRICTED;
    fixture_epoch(f);
    nothing_for_the_truth_to_say(f);
    for (uint32_t voter = 0; voter < 4; voter++)
        say(f, voter, 6, voter == 2 ? ASSAY_OUTCOME_PASS_UP_TO_DATE : ASSAY_OUTCOME_NONE);
    say(f, 4, 6, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    say(f, 5, 6, ASSAY_OUTCOME_NONE);
    /* P = 1 of 5, and not 2 of 6: A stays. */
    fixture_close(f, NULL);
    cr_expect_eq(found_in(f), 0, "%s", f->outcome.checks[ASSAY_SIM_CHECKER_P1].message);
    fixture_epoch(f);
    nothing_for_the_truth_to_say(f);
    for (uint32_t voter = 0; voter < FIXTURE_NODES; voter++)
        if (voter != 6) say(f, voter, 6, ASSAY_OUTCOME_NONE);
    say(f, 2, 6, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    say(f, 4, 6, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    say(f, 5, 6, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    member(f, 6)->trust.availability_bp = 5000; /* lo = (6 - 5) / 5: 2000 */
    fixture_close(f, NULL);
    cr_expect_eq(found_in(f), 0);
    fixture_destroy(&f);
}

Test(sim_watch_network, ballots_that_were_not_counted_count_for_nothing)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    f->with_rows = true;
    member(f, 6)->trust.availability_bp = 5000;
    member(f, 6)->trust.score.standing = ASSAY_STANDING_RESTRICTED;
    fixture_epoch(f);
    nothing_for_the_truth_to_say(f);
    for (uint32_t voter = 0; voter < 4; voter++)
        f->row_of[voter] = NULL; /* two of six say PASS: lo = 0 */
    fixture_close(f, NULL);
    cr_expect_eq(found_in(f), 0);
    fixture_destroy(&f);
}
