/*
 * tests/unit/host/test_peer_score.c - tests of the peer score.
 *
 * How a peer behaves: what costs points, what brings them back, who is shut out and for how long.
 */
#include "host/peers/peer_score.h"

#include <criterion/criterion.h>

static struct assay_peer_score c;

static void set_up(void)
{
    assay_peer_score_init(&c, 0);
}

TestSuite(host_peer_score, .init = set_up);

/* Faults at one moment until the peer is shut out. Returns: how many it took, 0: never. */
static uint32_t until_shut(uint64_t now_ms, enum assay_peer_score_fault fault, uint32_t most)
{
    for (uint32_t i = 1; i <= most; i++)
        if (assay_peer_score_add_fault(&c, now_ms, fault)) return i;
    return 0;
}

Test(host_peer_score, nothing_is_held_against_a_newcomer)
{
    cr_assert_eq(assay_peer_score_points(&c, 0), ASSAY_PEER_SCORE_FULL);
    cr_assert_not(assay_peer_score_is_shut_out(&c, 0));
    cr_assert_not(assay_peer_score_is_deprioritised(&c, 0));
}

Test(host_peer_score, what_is_malformed_shuts_out_at_nought_and_not_one_before)
{
    cr_assert_eq(until_shut(5, ASSAY_PEER_SCORE_OF_INVALID, 100),
                 ASSAY_PEER_SCORE_FULL / ASSAY_PEER_SCORE_INVALID);
    cr_assert(assay_peer_score_is_shut_out(&c, 5));
    cr_assert_eq(assay_peer_score_points(&c, 5), 0);
    cr_assert(assay_peer_score_is_shut_out(&c, 5 + ASSAY_PEER_SCORE_BACK_OFF_MS - 1));
    cr_assert_not(assay_peer_score_is_shut_out(&c, 5 + ASSAY_PEER_SCORE_BACK_OFF_MS));
    cr_assert(assay_peer_score_is_deprioritised(&c, 5 + ASSAY_PEER_SCORE_BACK_OFF_MS),
              "it comes back last");
}

Test(host_peer_score, points_come_back_with_time)
{
    (void)until_shut(0, ASSAY_PEER_SCORE_OF_INVALID, 11);
    cr_assert_eq(assay_peer_score_points(&c, 0), 450);
    cr_assert(assay_peer_score_is_deprioritised(&c, 4999));
    cr_assert_not(assay_peer_score_is_deprioritised(&c, 5000));
    cr_assert_eq(assay_peer_score_points(&c, 54999), 999);
    cr_assert_eq(assay_peer_score_points(&c, 55000), ASSAY_PEER_SCORE_FULL);
    cr_assert_eq(assay_peer_score_points(&c, UINT64_MAX), ASSAY_PEER_SCORE_FULL);
}

/* One malformed message in five seconds is what time forgives, for ever; twice as many are not. */
Test(host_peer_score, rare_mistakes_are_forgiven_and_frequent_ones_are_not)
{
    for (uint64_t s = 0; s < 10000; s += 5)
        cr_assert_not(assay_peer_score_add_fault(&c, s * 1000, ASSAY_PEER_SCORE_OF_INVALID));
    bool shut = false;
    for (uint64_t s = 0; s < 200 && !shut; s++)
        shut = assay_peer_score_add_fault(&c, 20000000 + s * 1000, ASSAY_PEER_SCORE_OF_INVALID);
    cr_assert(shut);
}

/* Whoever was cut off, or whom we did not hear for a minute, delivers much at once. */
Test(host_peer_score, one_burst_shuts_nobody_out_and_a_lasting_flood_does)
{
    cr_assert_eq(until_shut(1000, ASSAY_PEER_SCORE_OF_FLOODING, 100000), 0);
    cr_assert_eq(assay_peer_score_points(&c, 1000),
                 ASSAY_PEER_SCORE_FULL - ASSAY_PEER_SCORE_FLOODING_S);
    uint64_t ms = 2000;
    while (ms < 120000 && until_shut(ms, ASSAY_PEER_SCORE_OF_FLOODING, 20) == 0)
        ms += 100;
    cr_assert_gt(ms, 15000);
    cr_assert_lt(ms, 25000, "some 20 s at 50 points a second");
}

/* What a bad link does: for hours, as much of it as there may be. */
Test(host_peer_score, a_lossy_link_is_served_last_and_never_shut_out)
{
    for (uint64_t ms = 0; ms < 4 * 3600 * UINT64_C(1000); ms += 100) {
        for (int i = 0; i < 20; i++)
            cr_assert_not(assay_peer_score_add_fault(&c, ms, ASSAY_PEER_SCORE_OF_DUPLICATE));
        cr_assert_not(assay_peer_score_add_fault(&c, ms, ASSAY_PEER_SCORE_OF_UNANSWERED));
    }
    cr_assert(assay_peer_score_is_deprioritised(&c, 4 * 3600 * UINT64_C(1000)));
    cr_assert_eq(c.shut_count, 0);
    cr_assert_geq(c.points_milli, ASSAY_PEER_SCORE_LEAST * UINT64_C(1000));
}

/* Duplicates do not lift anybody up, either. */
Test(host_peer_score, small_faults_of_one_who_has_less_take_nothing_and_give_nothing)
{
    (void)until_shut(0, ASSAY_PEER_SCORE_OF_INVALID, 15);
    cr_assert_eq(assay_peer_score_points(&c, 0), 250);
    (void)assay_peer_score_add_fault(&c, 0, ASSAY_PEER_SCORE_OF_DUPLICATE);
    cr_assert_eq(assay_peer_score_points(&c, 0), 250);
}

Test(host_peer_score, back_off_doubles_up_to_its_limit_and_good_time_halves_it)
{
    uint64_t now = 0, expected = ASSAY_PEER_SCORE_BACK_OFF_MS;
    for (int round = 0; round < 12; round++) {
        cr_assert_neq(until_shut(now, ASSAY_PEER_SCORE_OF_INVALID, 100), 0);
        cr_assert(assay_peer_score_is_shut_out(&c, now + expected - 1));
        cr_assert_not(assay_peer_score_is_shut_out(&c, now + expected));
        now += expected;
        expected = 2 * expected < ASSAY_PEER_SCORE_BACK_OFF_MAX_MS
                       ? 2 * expected
                       : ASSAY_PEER_SCORE_BACK_OFF_MAX_MS;
    }
    cr_assert_eq(c.back_off_ms, ASSAY_PEER_SCORE_BACK_OFF_MAX_MS);
    now += 2 * ASSAY_PEER_SCORE_FORGIVEN_MS;
    cr_assert_neq(until_shut(now, ASSAY_PEER_SCORE_OF_INVALID, 100), 0);
    cr_assert_eq(c.shut_until_ms - now, ASSAY_PEER_SCORE_BACK_OFF_MAX_MS / 4);
    now = c.shut_until_ms + 100 * ASSAY_PEER_SCORE_FORGIVEN_MS;
    cr_assert_neq(until_shut(now, ASSAY_PEER_SCORE_OF_INVALID, 100), 0);
    cr_assert_eq(c.shut_until_ms - now, ASSAY_PEER_SCORE_BACK_OFF_MS);
}

Test(host_peer_score, who_is_shut_out_pays_once)
{
    (void)until_shut(0, ASSAY_PEER_SCORE_OF_INVALID, 100);
    const uint64_t until = c.shut_until_ms;
    cr_assert_eq(until_shut(1, ASSAY_PEER_SCORE_OF_INVALID, 1000), 0);
    cr_assert_eq(c.shut_until_ms, until);
    cr_assert_eq(c.shut_count, 1);
}

Test(host_peer_score, an_ask_without_an_answer_counts_when_the_next_one_goes)
{
    assay_peer_score_on_request(&c, 0);
    assay_peer_score_on_request(&c, ASSAY_PEER_SCORE_ANSWER_MS - 1);
    cr_assert_eq(c.faults[ASSAY_PEER_SCORE_OF_UNANSWERED], 0);
    assay_peer_score_on_request(&c, ASSAY_PEER_SCORE_ANSWER_MS);
    cr_assert_eq(c.faults[ASSAY_PEER_SCORE_OF_UNANSWERED], 2);
    assay_peer_score_on_answer(&c, ASSAY_PEER_SCORE_ANSWER_MS + 1);
    assay_peer_score_on_request(&c, 3 * ASSAY_PEER_SCORE_ANSWER_MS);
    cr_assert_eq(c.faults[ASSAY_PEER_SCORE_OF_UNANSWERED], 2, "it was answered");
    for (int i = 0; i < 1000; i++)
        assay_peer_score_on_request(&c, 3 * ASSAY_PEER_SCORE_ANSWER_MS);
    cr_assert_eq(c.open, ASSAY_PEER_SCORE_OPEN_MAX);
}

Test(host_peer_score, an_answer_that_nobody_asked_for_gains_nothing)
{
    assay_peer_score_on_answer(&c, 5);
    assay_peer_score_on_request(&c, 10);
    cr_assert_eq(c.open, 1);
}

Test(host_peer_score, a_clock_that_stands_still_brings_nothing)
{
    (void)until_shut(1000, ASSAY_PEER_SCORE_OF_INVALID, 3);
    cr_assert_eq(assay_peer_score_points(&c, 1000), 850);
    cr_assert_eq(assay_peer_score_points(&c, 0), 850);
}

Test(host_peer_score, every_fault_has_a_name)
{
    cr_assert_str_eq(assay_peer_score_name(ASSAY_PEER_SCORE_OF_INVALID), "invalid");
    cr_assert_str_eq(assay_peer_score_name(ASSAY_PEER_SCORE_OF_UNANSWERED), "unanswered");
    cr_assert_str_eq(assay_peer_score_name(ASSAY_PEER_SCORE_FAULTS), "unknown");
}
