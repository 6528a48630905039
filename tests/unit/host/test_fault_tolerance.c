/*
 * tests/unit/host/test_fault_tolerance.c - tests of the fault tolerance that is left.
 *
 * What is missing, and what more may fail: small tables, and all sets of members of drawn ones,
 * tried one by one.
 */
#include "host/snapshot.h"

#include <criterion/criterion.h>
#include <string.h>

enum { N = 7 };

static struct assay_snapshot_member members[N];

/* All present, of three operators and two vendor roots, weights as given. */
static struct assay_snapshot network(const uint32_t weights[N])
{
    struct assay_snapshot s = { .self = 0,
                                .epoch_ms = 2000,
                                .now_ms = 50000,
                                .member_count = N,
                                .members = members };
    memset(members, 0, sizeof members);
    for (uint32_t i = 0; i < N; i++) {
        members[i].ledger.weight = members[i].ledger.seat_weight = weights[i];
        members[i].present = true;
        members[i].ledger.operator_id[0] = (uint8_t)(i % 3);
        members[i].ledger.vendor_root[0] = (uint8_t)(i % 2);
        s.chain.total_weight += weights[i];
    }
    s.chain.seats_weight = s.chain.total_weight;
    s.chain.opened_ms = 49000;
    s.chain.voting = true;
    return s;
}

static const uint32_t even[N] = { 10, 10, 10, 10, 10, 10, 10 };

/* docs/protocol.md 5.22: what goes on is decided by who votes, what is certified by all. */
Test(fault_tolerance, of_who_has_no_seat_only_the_ballot_counts)
{
    struct assay_snapshot s = network(even);
    for (uint32_t i = 4; i < N; i++)
        members[i].ledger.seat_weight = 0;
    s.chain.seats_weight = 40;
    s.chain.has_roll = true;
    members[5].present = members[6].present = false;
    for (uint32_t i = 0; i < 4; i++)
        members[i].ledger.balloted = true;
    assay_tolerance_compute(&s);
    cr_expect(s.margin.progress);
    cr_expect_eq(s.margin.present_weight, 40);
    cr_expect_eq(s.margin.quorum_weight, 27);
    cr_expect_eq(s.margin.members_stop, 1);
    cr_expect(s.margin.ballots_short, "ballots of four of seven certify nothing");
    members[4].ledger.balloted = true;
    assay_tolerance_compute(&s);
    cr_expect_not(s.margin.ballots_short);
    members[0].present = members[1].present = false;
    assay_tolerance_compute(&s);
    cr_expect_not(s.margin.progress);
}

Test(fault_tolerance, seven_alike_bear_two)
{
    struct assay_snapshot s = network(even);
    assay_tolerance_compute(&s);
    cr_expect(s.margin.progress && !s.margin.overdue);
    cr_expect_eq(s.margin.quorum_weight, 47);
    cr_expect_eq(s.margin.present_weight, 70);
    cr_expect_eq(s.margin.members_stop, 2);
    cr_expect_eq(s.margin.members_break, 2);
    /* operator 0 has three, 1 and 2 have two: 4 of 7 are no quorum, 5 are */
    cr_expect(members[0].operator_stops && members[0].operator_breaks);
    cr_expect_not(members[1].operator_stops || members[1].operator_breaks);
    cr_expect(members[1].vendor_stops && members[1].vendor_breaks, "three of seven");
    for (int i = 0; i < ASSAY_ADVICE_COUNT; i++)
        cr_expect_not(s.margin.advised[i], "%s", assay_advice_code((enum assay_advice)i));
}

Test(fault_tolerance, who_is_missing_is_counted_against_what_may_still_fail)
{
    struct assay_snapshot s = network(even);
    members[3].present = members[5].present = false;
    assay_tolerance_compute(&s);
    cr_expect(s.margin.progress);
    cr_expect_eq(s.margin.members_stop, 0);
    cr_expect_eq(s.margin.members_break, 2, "liars count of all weight");
    cr_expect(s.margin.advised[ASSAY_ADVICE_MARGIN]);
    cr_expect(members[1].operator_stops, "one of its two is still there, and none may go");
    members[6].present = false;
    assay_tolerance_compute(&s);
    cr_expect_not(s.margin.progress);
    cr_expect(s.margin.advised[ASSAY_ADVICE_BRING_BACK]);
    cr_expect_not(members[1].operator_stops, "it stands already");
}

/* The others are in the next era: no start of a member helps, its own operator does. */
Test(fault_tolerance, a_recover_that_waits_is_for_the_operator_of_this_node)
{
    struct assay_snapshot s = network(even);
    s.recover_unconfirmed = true;
    for (uint32_t i = 2; i < N; i++)
        members[i].present = false;
    assay_tolerance_compute(&s);
    cr_expect(s.margin.advised[ASSAY_ADVICE_RECOVER_UNCONFIRMED]);
    cr_expect_not(s.margin.advised[ASSAY_ADVICE_BRING_BACK]);
    cr_expect_not(s.margin.advised[ASSAY_ADVICE_CATCH_UP]);
    const char *text = assay_advice_text(ASSAY_ADVICE_RECOVER_UNCONFIRMED);
    cr_expect_not_null(strstr(text, "assay recover accept"));
    cr_expect_not_null(strstr(text, "checkpoint of the new era"));
}

Test(fault_tolerance, who_hears_nobody_looks_at_itself_first)
{
    struct assay_snapshot s = network(even);
    for (uint32_t i = 1; i < N; i++)
        members[i].present = false;
    assay_tolerance_compute(&s);
    cr_expect(s.margin.advised[ASSAY_ADVICE_ALONE]);
    cr_expect_not(s.margin.advised[ASSAY_ADVICE_BRING_BACK]);
}

Test(fault_tolerance, an_epoch_is_overdue_a_quarter_after_its_length)
{
    struct assay_snapshot s = network(even);
    s.chain.opened_ms = s.now_ms - 2500;
    assay_tolerance_compute(&s);
    cr_expect_not(s.margin.overdue);
    s.chain.opened_ms--;
    s.chain.views_nullified = 3;
    s.chain.has_roll = true;
    for (uint32_t i = 0; i < 4; i++)
        members[i].ledger.balloted = true;
    assay_tolerance_compute(&s);
    cr_expect(s.margin.overdue && s.margin.ballots_short);
    cr_expect(s.margin.advised[ASSAY_ADVICE_BALLOTS] && s.margin.advised[ASSAY_ADVICE_VIEWS]);
    members[4].ledger.balloted = true;
    assay_tolerance_compute(&s);
    cr_expect_not(s.margin.ballots_short);
    s.chain.opened_ms = 0;
    assay_tolerance_compute(&s);
    cr_expect(s.margin.open_ms == 0 && !s.margin.overdue, "not in this run");
}

Test(fault_tolerance, a_wrong_date_and_a_silent_voter_are_told_what_to_do)
{
    struct assay_snapshot s = network(even);
    s.clock_out_of_sync = true;
    s.chain.voting = false;
    s.chain.opened_ms = 1;
    assay_tolerance_compute(&s);
    cr_expect(s.margin.advised[ASSAY_ADVICE_CLOCK] && s.margin.advised[ASSAY_ADVICE_CATCH_UP]);
    members[0].ledger.weight = 0;
    s.chain.total_weight -= 10;
    assay_tolerance_compute(&s);
    cr_expect_not(s.margin.advised[ASSAY_ADVICE_CATCH_UP], "without weight it has no vote");
}

/* docs/protocol.md 9.12: no restart, date or vote of a member changes a fence. */
Test(fault_tolerance, under_a_fence_the_fence_is_the_advice)
{
    struct assay_snapshot s = network(even);
    for (uint32_t i = 3; i < N; i++)
        members[i].present = false;
    s.chain.voting = false;
    s.chain.behind = true;
    s.chain.opened_ms = 1;
    s.chain.has_roll = true;
    s.chain.views_nullified = 5;
    s.fenced = true;
    assay_tolerance_compute(&s);
    for (int i = 0; i < ASSAY_ADVICE_COUNT; i++)
        cr_expect_eq(s.margin.advised[i], i == ASSAY_ADVICE_FENCED, "%s",
                     assay_advice_code((enum assay_advice)i));
    cr_expect_eq((int)ASSAY_ADVICE_FENCED, 0, "it is shown before everything else");
    for (uint32_t i = 3; i < N; i++)
        members[i].present = i != 4;
    members[3].present = false;
    assay_tolerance_compute(&s);
    cr_expect(s.margin.progress && s.margin.overdue && s.margin.platforms_stop == 0);
    for (int i = 0; i < ASSAY_ADVICE_COUNT; i++)
        cr_expect_eq(s.margin.advised[i], i == ASSAY_ADVICE_FENCED, "%s",
                     assay_advice_code((enum assay_advice)i));
    s.fenced = false;
    assay_tolerance_compute(&s);
    cr_expect(s.margin.advised[ASSAY_ADVICE_CATCH_UP] && s.margin.advised[ASSAY_ADVICE_MARGIN]);
}

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* The reference: every set of members. */
static uint32_t worst(const struct assay_snapshot *s, bool lie)
{
    uint32_t best = N;
    for (uint32_t set = 1; set < 1u << N; set++) {
        uint64_t gone = 0;
        uint64_t left = 0;
        uint32_t count = 0;
        for (uint32_t i = 0; i < N; i++) {
            const bool in = (set >> i & 1) != 0;
            const bool there = lie || s->members[i].present;
            if (in && (!there || s->members[i].ledger.weight == 0)) count = N + 1;
            count += in;
            if (in) gone += s->members[i].ledger.weight;
            else if (there) left += s->members[i].ledger.weight;
        }
        const uint64_t total = s->chain.total_weight;
        const bool too_much = lie ? 3 * gone > total : 3 * left <= 2 * total;
        if (count <= N && too_much && count - 1 < best) best = count - 1;
    }
    return best;
}

Test(fault_tolerance, any_so_many_is_what_every_set_of_members_says)
{
    uint64_t state = 7;
    uint32_t compared = 0;
    for (int round = 0; round < 400; round++) {
        uint32_t weights[N];
        for (uint32_t i = 0; i < N; i++)
            weights[i] = next(&state) % 5 == 0 ? 0 : (uint32_t)(1 + next(&state) % 20);
        weights[0] = 5;
        struct assay_snapshot s = network(weights);
        for (uint32_t i = 1; i < N; i++)
            members[i].present = next(&state) % 8 != 0;
        assay_tolerance_compute(&s);
        cr_assert_eq(s.margin.members_break, worst(&s, true), "round %d", round);
        if (!s.margin.progress) continue;
        cr_assert_eq(s.margin.members_stop, worst(&s, false), "round %d", round);
        compared++;
    }
    cr_assert_gt(compared, 100);
}

/* The reference: every set of groups; byte 0 of their ids names them. */
static uint32_t worst_groups(const struct assay_snapshot *s, bool vendor, bool lie)
{
    uint32_t best = N;
    for (uint32_t set = 0; set < 1u << N; set++) {
        uint64_t gone = 0, left = 0;
        uint32_t count = 0;
        for (uint32_t group = 0; group < N; group++)
            count += set >> group & 1;
        for (uint32_t i = 0; i < N; i++) {
            const struct assay_member_snapshot *m = &s->members[i].ledger;
            const uint32_t group = vendor ? m->vendor_root[0] : m->operator_id[0];
            const bool there = lie || s->members[i].present;
            if ((set >> group & 1) != 0) gone += m->seat_weight;
            else if (there) left += m->seat_weight;
        }
        const uint64_t total = s->chain.seats_weight;
        if ((lie ? 3 * gone > total : 3 * left <= 2 * total) && count - 1 < best) best = count - 1;
    }
    return best;
}

Test(fault_tolerance, the_smallest_coalition_of_operators_and_roots_is_exact)
{
    uint64_t state = 11;
    uint32_t compared = 0;
    for (int round = 0; round < 300; round++) {
        uint32_t weights[N];
        for (uint32_t i = 0; i < N; i++)
            weights[i] = (uint32_t)(1 + next(&state) % 20);
        struct assay_snapshot s = network(weights);
        for (uint32_t i = 0; i < N; i++) {
            members[i].ledger.operator_id[0] = (uint8_t)(next(&state) % N);
            members[i].ledger.vendor_root[0] = (uint8_t)(next(&state) % 5);
            members[i].present = i == 0 || next(&state) % 10 != 0;
        }
        assay_tolerance_compute(&s);
        cr_assert_eq(s.margin.operators_break, worst_groups(&s, false, true), "round %d", round);
        cr_assert_eq(s.margin.roots_break, worst_groups(&s, true, true), "round %d", round);
        if (!s.margin.progress) continue;
        cr_assert_eq(s.margin.operators_stop, worst_groups(&s, false, false), "round %d", round);
        cr_assert_eq(s.margin.roots_stop, worst_groups(&s, true, false), "round %d", round);
        compared++;
    }
    cr_assert_gt(compared, 100);
}

/* docs/protocol.md 5.22.4: its members sit, and those of others do not. */
Test(fault_tolerance, a_root_with_more_votes_than_weight_is_told)
{
    struct assay_snapshot s = network(even);
    for (uint32_t i = 0; i < N; i++)
        members[i].ledger.vendor_root[0] = (uint8_t)(i < 2 ? 1 : 2 + i);
    assay_tolerance_compute(&s);
    cr_expect_not(members[0].vendor_outvotes || s.margin.advised[ASSAY_ADVICE_ROOT_VOTES]);
    members[0].ledger.seat_weight = members[1].ledger.seat_weight = 15;
    members[2].ledger.seat_weight = 0;
    assay_tolerance_compute(&s);
    cr_expect(members[0].vendor_outvotes && members[1].vendor_outvotes, "30 of 70, of weight 20");
    cr_expect_not(members[3].vendor_outvotes);
    cr_expect(s.margin.advised[ASSAY_ADVICE_ROOT_VOTES]);
    members[0].ledger.weight = members[1].ledger.weight = 15;
    s.chain.total_weight = 80;
    assay_tolerance_compute(&s);
    cr_expect_not(members[0].vendor_outvotes, "that is its weight, which 6.3 shows");
}

/* Two members on a platform, 5 each: any two members may go, but not two machines. */
Test(fault_tolerance, members_of_one_platform_fail_together)
{
    static const uint32_t weights[N] = { 10, 5, 5, 5, 5, 10, 10 };
    struct assay_snapshot s = network(weights);
    for (uint32_t i = 0; i < N; i++)
        members[i].ledger.platform_id[0] = (uint8_t)(i + 1);
    assay_tolerance_compute(&s);
    cr_expect_not(s.margin.shares_platforms);
    cr_expect_eq(s.margin.members_stop, 1);
    cr_expect_eq(s.margin.platforms_stop, 1);
    static const uint32_t light[N] = { 8, 8, 8, 8, 8, 8, 8 };
    s = network(light);
    for (uint32_t i = 0; i < N; i++)
        members[i].ledger.platform_id[0] = (uint8_t)(i < 6 ? 1 + i % 3 : 9);
    for (uint32_t i = 0; i < N; i++)
        members[i].ledger.vendor_root[0] = 0;
    assay_tolerance_compute(&s);
    cr_expect(s.margin.shares_platforms);
    cr_expect_eq(s.margin.members_stop, 2);
    cr_expect_eq(s.margin.platforms_stop, 1);
    cr_expect_eq(s.margin.members_break, 2);
    cr_expect_eq(s.margin.platforms_break, 1);
    members[3].present = false; /* half of platform 1 is away */
    assay_tolerance_compute(&s);
    cr_expect_eq(s.margin.members_stop, 1);
    cr_expect_eq(s.margin.platforms_stop, 0, "a machine with two takes the quorum along");
    cr_expect(s.margin.advised[ASSAY_ADVICE_MARGIN]);
    /* The same id under another vendor root is another machine. */
    s = network(light);
    for (uint32_t i = 0; i < N; i++)
        members[i].ledger.platform_id[0] = (uint8_t)(1 + i / 2);
    assay_tolerance_compute(&s);
    cr_expect_not(s.margin.shares_platforms);
}

/* Masked ids name no machine: of one operator and vendor root they count as one (6.2). */
Test(fault_tolerance, masked_platforms_of_one_operator_and_vendor_count_as_one)
{
    struct assay_snapshot s = network(even);
    for (uint32_t i = 0; i < N; i++) {
        members[i].ledger.operator_id[0] = (uint8_t)(i / 3);
        members[i].ledger.vendor_root[0] = 0;
    }
    assay_tolerance_compute(&s);
    cr_expect(s.margin.shares_platforms);
    cr_expect_eq(s.margin.platforms_break, 0, "three of seven are more than a third");
    cr_expect_eq(s.margin.members_break, 2);
}

Test(fault_tolerance, every_advice_has_a_code_and_a_sentence)
{
    for (int i = 0; i < ASSAY_ADVICE_COUNT; i++) {
        cr_expect_gt(strlen(assay_advice_code((enum assay_advice)i)), 3);
        cr_expect_gt(strlen(assay_advice_text((enum assay_advice)i)), 20);
    }
}
