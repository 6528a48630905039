/*
 * tests/unit/host/test_limit.c - tests of rate limits and bans.
 *
 * Budgets and bans: what an honest peer needs fits, what a flood needs does not.
 */
#include "host/peers/limit.h"

#include <criterion/criterion.h>

static struct assay_limit_rates rates;
static struct assay_limit limit;

static void fresh(uint32_t epoch_ms, uint32_t members)
{
    assay_limit_rates(epoch_ms, members, &rates);
    assay_limit_init(&limit, &rates, 0);
}

Test(host_limit, twenty_members_at_half_a_second_fit)
{
    fresh(500, 20);
    cr_assert_eq(rates.messages_s, 1792);
    /* Ten epochs of an honest peer: 60 consensus messages, four per member, a quote each. */
    for (uint64_t epoch = 0; epoch < 10; epoch++) {
        for (uint64_t i = 0; i < 60 + 4 * 20; i++)
            cr_assert_eq(assay_limit_frame(&limit, epoch * 500 + i, i < 20 ? 8192 : 400),
                         ASSAY_LIMIT_OK);
        cr_assert(assay_limit_verification(&limit, epoch * 500));
        cr_assert(assay_limit_verification(&limit, epoch * 500 + 1));
    }
}

Test(host_limit, the_floors_hold_for_slow_networks)
{
    fresh(60000, 20);
    cr_assert_eq(rates.messages_s, 20);
    cr_assert_geq(rates.messages_burst, 60);
    cr_assert_eq(rates.bytes_s, 256 * 1024);
    cr_assert_eq(rates.verifications_s, 2);
}

Test(host_limit, a_flood_is_cut_to_the_rate)
{
    uint64_t taken = 0;
    fresh(500, 4);
    for (uint64_t i = 0; i < 100000; i++) /* ten seconds, ten a millisecond */
        taken += assay_limit_frame(&limit, i / 10, 100) == ASSAY_LIMIT_OK;
    cr_assert_leq(taken, rates.messages_burst + 10 * rates.messages_s);
    cr_assert_geq(taken, 10 * rates.messages_s - rates.messages_s / 10);
}

Test(host_limit, bytes_are_counted_apart_and_a_refusal_costs_nothing)
{
    fresh(500, 4);
    uint64_t taken = 0;
    while (assay_limit_frame(&limit, 0, 64 * 1024) == ASSAY_LIMIT_OK)
        taken++;
    cr_assert_eq(assay_limit_frame(&limit, 0, 64 * 1024), ASSAY_LIMIT_BYTES);
    cr_assert_eq(taken, rates.bytes_burst / (64 * 1024));
    const uint64_t messages = limit.messages.level_milli;
    cr_assert_eq(assay_limit_frame(&limit, 0, 64 * 1024), ASSAY_LIMIT_BYTES);
    cr_assert_eq(limit.messages.level_milli, messages);
    cr_assert_eq(assay_limit_frame(&limit, 1, 1), ASSAY_LIMIT_OK, "a small one, a moment later");
}

Test(host_limit, a_bucket_loses_no_fraction_and_never_overflows)
{
    struct assay_bucket bucket = { .rate_s = 3, .burst = 5 };
    uint64_t taken = 0;
    for (uint64_t ms = 1; ms <= 10000; ms++)
        taken += assay_bucket_spend(&bucket, ms, 1);
    cr_assert_eq(taken, 30);
    cr_assert(assay_bucket_spend(&bucket, UINT64_MAX, 5));
    cr_assert_not(assay_bucket_spend(&bucket, UINT64_MAX, 1));
    cr_assert_not(assay_bucket_spend(&bucket, UINT64_MAX, 6), "more than a burst never fits");
    cr_assert_not(assay_bucket_spend(&bucket, 0, 1), "a clock that goes back brings nothing");
}

Test(host_limit, three_invalid_signatures_in_a_minute_ban_and_bans_double)
{
    fresh(500, 4);
    uint64_t now = 1000;
    uint64_t expected = ASSAY_BAN_FIRST_MS;
    for (int round = 0; round < 12; round++) {
        cr_assert_not(assay_limit_add_strike(&limit, now));
        cr_assert_not(assay_limit_add_strike(&limit, now + 1));
        cr_assert(assay_limit_add_strike(&limit, now + 2));
        cr_assert_eq(assay_limit_check_peer(&limit, now + 3), ASSAY_LIMIT_BANNED);
        cr_assert(assay_limit_is_banned(&limit, now + 2 + expected - 1));
        cr_assert_not(assay_limit_is_banned(&limit, now + 2 + expected));
        now += 2 + expected;
        expected = 2 * expected < ASSAY_BAN_MAX_MS ? 2 * expected : ASSAY_BAN_MAX_MS;
    }
    cr_assert_eq(expected, ASSAY_BAN_MAX_MS);
}

Test(host_limit, rare_mistakes_do_not_ban)
{
    fresh(500, 4);
    for (uint64_t i = 0; i < 100; i++)
        cr_assert_not(assay_limit_add_strike(&limit, i * (ASSAY_BAN_WINDOW_MS / 2)));
}

/* 47 bytes ask for a block of 4 MiB: the first is answered, a second only in time. */
Test(host_limit, what_is_asked_for_counts_by_its_answer)
{
    const size_t block = 4 << 20;
    fresh(2000, 7);
    cr_assert(assay_limit_answer(&limit, 0, block));
    size_t answered = 0;
    for (uint64_t i = 0; i < 1000; i++)
        answered += assay_limit_answer(&limit, i, block);
    cr_assert_leq(answered, 1);
    cr_assert(assay_limit_answer(&limit, 10000, block));
    cr_assert(assay_limit_answer(&limit, 10000, 400), "small ones still fit");
}
