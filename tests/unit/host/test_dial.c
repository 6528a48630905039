/*
 * tests/unit/host/test_dial.c - tests of dialling.
 *
 * When a member is dialled, and where.
 */
#include "host/peers/dial.h"

#include <criterion/criterion.h>

static const struct assay_dial_config config = { .give_up_ms = 3000, .pause_ms_max = 8000 };

/* Tries until `fails` have failed at once. Returns: the time after the last one. */
static uint64_t fail(struct assay_dial *dial, unsigned fails, uint64_t now_ms)
{
    for (unsigned i = 0; i < fails; i++) {
        if (dial->state == ASSAY_DIAL_WAITING) now_ms = dial->at_ms;
        cr_assert(assay_dial_start_due(dial, &config, now_ms));
        assay_dial_on_disconnected(dial, &config, now_ms);
    }
    return now_ms;
}

Test(dial, begins_at_once_with_the_first_and_goes_on_in_turn)
{
    struct assay_dial dial = { .random = 1 };
    cr_assert_eq(assay_dial_wake_at(&dial), UINT64_MAX);
    cr_assert_not(assay_dial_start_due(&dial, &config, 5));
    assay_dial_set_addresses(&dial, 3, 1000);
    uint64_t now_ms = 1000;
    for (uint32_t i = 0; i < 7; i++) {
        now_ms = dial.at_ms;
        cr_assert_not(now_ms > 0 && assay_dial_start_due(&dial, &config, now_ms - 1));
        cr_assert(assay_dial_start_due(&dial, &config, now_ms));
        cr_assert_eq(dial.index, i % 3);
        cr_assert_not(assay_dial_start_due(&dial, &config, now_ms), "one try at a time");
        assay_dial_on_disconnected(&dial, &config, now_ms);
        const uint64_t pause = dial.at_ms - now_ms;
        if ((i + 1) % 3 != 0)
            cr_assert(pause >= ASSAY_DIAL_NEXT_MS && pause < 2 * ASSAY_DIAL_NEXT_MS);
    }
}

Test(dial, pauses_double_up_to_the_limit_with_jitter)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct assay_dial dial = { .random = seed };
        uint64_t now_ms = 0, usual = ASSAY_DIAL_FIRST_MS;
        assay_dial_set_addresses(&dial, 2, 0);
        for (int round = 0; round < 40; round++) {
            now_ms = fail(&dial, 2, now_ms);
            const uint64_t pause = dial.at_ms - now_ms;
            cr_assert(pause >= usual / 2 && pause < usual + usual / 2, "%d: %lu of %lu", round,
                      (unsigned long)pause, (unsigned long)usual);
            usual = 2 * usual < config.pause_ms_max ? 2 * usual : config.pause_ms_max;
        }
    }
}

Test(dial, those_who_lost_one_peer_come_back_apart)
{
    enum { NODES = 100, SLOTS = 16 };
    unsigned in_slot[SLOTS] = { 0 };
    for (uint64_t seed = 0; seed < NODES; seed++) {
        struct assay_dial dial = { .random = seed };
        assay_dial_set_addresses(&dial, 1, 0);
        const uint64_t now_ms = fail(&dial, 10, 0);
        in_slot[(dial.at_ms - now_ms - config.pause_ms_max / 2) * SLOTS / config.pause_ms_max]++;
        struct assay_dial again = { .random = seed };
        assay_dial_set_addresses(&again, 1, 0);
        cr_assert_eq(fail(&again, 10, 0), now_ms, "the seed decides");
    }
    for (unsigned i = 0; i < SLOTS; i++)
        cr_assert(in_slot[i] >= 1 && in_slot[i] < NODES / 4, "%u in %u", in_slot[i], i);
}

Test(dial, a_try_without_an_answer_is_given_up)
{
    struct assay_dial dial = { .random = 1 };
    assay_dial_set_addresses(&dial, 2, 0);
    cr_assert(assay_dial_start_due(&dial, &config, 0));
    cr_assert_not(assay_dial_check_timeout(&dial, &config, 2999));
    cr_assert(assay_dial_check_timeout(&dial, &config, 3000));
    cr_assert_eq(dial.index, 1);
    cr_assert_not(assay_dial_check_timeout(&dial, &config, 100000), "no try is under way");
}

Test(dial, an_address_that_worked_is_tried_first_when_it_is_lost)
{
    struct assay_dial dial = { .random = 1 };
    assay_dial_set_addresses(&dial, 3, 0);
    uint64_t now_ms = fail(&dial, 7, 0);
    now_ms = dial.at_ms;
    cr_assert(assay_dial_start_due(&dial, &config, now_ms));
    assay_dial_on_connected(&dial, now_ms);
    cr_assert_eq(dial.index, 1);
    cr_assert_eq(assay_dial_wake_at(&dial), UINT64_MAX);
    now_ms += ASSAY_DIAL_STABLE_MS;
    assay_dial_on_disconnected(&dial, &config, now_ms);
    cr_assert_lt(dial.at_ms, now_ms + ASSAY_DIAL_NEXT_MS);
    cr_assert_eq(dial.index, 1);
    cr_assert_eq(dial.failed, 0);
}

Test(dial, a_peer_that_hangs_up_at_once_is_dialled_ever_less)
{
    struct assay_dial dial = { .random = 1 };
    uint64_t now_ms = 0;
    assay_dial_set_addresses(&dial, 1, 0);
    unsigned tries = 0;
    for (; now_ms < 60000; tries++) {
        now_ms = dial.at_ms;
        cr_assert(assay_dial_start_due(&dial, &config, now_ms));
        assay_dial_on_connected(&dial, now_ms);
        assay_dial_on_disconnected(&dial, &config, now_ms + 1);
    }
    cr_assert_lt(tries, 18, "%u", tries);
}

Test(dial, a_peer_that_calls_is_dialled_without_a_pause)
{
    struct assay_dial dial = { .random = 1 };
    assay_dial_on_incoming(&dial, 7);
    cr_assert_eq(dial.state, ASSAY_DIAL_IDLE, "but not without an address");
    assay_dial_set_addresses(&dial, 1, 0);
    uint64_t now_ms = fail(&dial, 12, 0);
    cr_assert_gt(dial.at_ms, now_ms + 1000);
    assay_dial_on_incoming(&dial, now_ms + 10);
    cr_assert_lt(dial.at_ms, now_ms + 10 + ASSAY_DIAL_NEXT_MS);
    const uint64_t at_ms = dial.at_ms;
    assay_dial_on_incoming(&dial, now_ms + 5000);
    cr_assert_eq(dial.at_ms, at_ms, "it never waits longer for it");
    const uint32_t failed = dial.failed;
    cr_assert(assay_dial_start_due(&dial, &config, at_ms));
    assay_dial_on_incoming(&dial, at_ms);
    cr_assert_eq(dial.state, ASSAY_DIAL_TRYING);
    assay_dial_on_disconnected(&dial, &config, at_ms);
    cr_assert_eq(dial.failed, failed + 1, "a call that leads to nothing mends nothing");
}

Test(dial, a_list_that_changes_keeps_what_works)
{
    struct assay_dial dial = { .random = 1 };
    assay_dial_set_addresses(&dial, 1, 0);
    cr_assert(assay_dial_start_due(&dial, &config, 0));
    assay_dial_on_connected(&dial, 0);
    assay_dial_update_addresses(&dial, 4, 2);
    cr_assert_eq(dial.state, ASSAY_DIAL_UP);
    assay_dial_on_disconnected(&dial, &config, ASSAY_DIAL_STABLE_MS);
    cr_assert_eq(dial.index, 2);
    fail(&dial, 1, 0);
    cr_assert_eq(dial.index, 3);
    assay_dial_set_addresses(&dial, 0, 0);
    cr_assert_eq(dial.state, ASSAY_DIAL_IDLE);
    assay_dial_on_disconnected(&dial, &config, 0);
    cr_assert_eq(dial.state, ASSAY_DIAL_IDLE);
}
