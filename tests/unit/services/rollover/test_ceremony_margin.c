/*
 * tests/unit/services/rollover/test_ceremony_margin.c - tests of what a generation has beyond its
 * threshold when it begins (docs/identity.md 3.4, 3.5.1).
 */
#include "tests/unit/services/identity/ceremony_world.h"

#include <criterion/criterion.h>

/* Who has not vouched for NEXT has shares of the ACTIVE number, and offers for its reshares: else a
 * hostile holder that gives up its place then leaves that number without margin, and without a
 * reshare, for 64 epochs. */
static uint64_t generation_after_a_loss(bool is_away)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    w->ca.config.replaced = 1;
    w->ca.config.next_epochs = 256;
    if (is_away) w->own[3].faults = CEREMONY_NO_HAVE;
    for (uint32_t i = 0; i < 40 && w->ca.next.number == 0; i++)
        ceremony_epoch(w);
    cr_assert_gt(w->ca.next.number, 0);
    w->own[3].faults = 0;
    for (uint32_t i = 0; i < ASSAY_CA_BEGIN_EPOCHS + 1; i++)
        ceremony_epoch(w);
    cr_assert(ceremony_say_lack(w, 0)); /* hostile */
    cr_assert_eq(assay_ca_live(&w->ca), w->ca.force.threshold, "no margin until a reshare");
    for (uint32_t i = 0; i < 48; i++)
        ceremony_epoch(w);
    cr_assert_eq(w->ca.ca_number, 1);
    const uint64_t generation = w->ca.force.generation;
    ceremony_free(w);
    return generation;
}

Test(ceremony, who_is_lost_in_next_offers_for_the_active_number, .timeout = 900)
{
    cr_expect_gt(generation_after_a_loss(false), 1, "control: all vouched for the next number");
    cr_expect_gt(generation_after_a_loss(true), 1, "no reshare of the active number in 48 epochs");
}

/* A planned reshare of equal members. In: missing: an honest holder whose process restarts while
 * dealings are final, so that it lacks one. Then `hostile` holders give up what they hold, and the
 * machine `away`, if there is one, is away for some closes. */
static void plan_reshare(uint32_t count, uint32_t hostile, uint32_t missing, uint32_t away)
{
    struct ceremony_world *w = ceremony_new(count, NULL);
    cr_assert(ceremony_reach(w, 1, 10));
    w->epoch += w->ca.config.refresh;
    w->own[missing].faults = CEREMONY_NO_HAVE;
    for (uint32_t i = 0; i < 20 && w->ca.generations < 2; i++)
        ceremony_epoch(w);
    cr_expect_eq(w->ca.force.generation, 1, "what is in force has all of its holders");
    w->own[missing].faults = 0;
    for (uint32_t i = 0; i < hostile; i++)
        cr_assert(ceremony_say_lack(w, i));
    if (away < count) w->member[away].keys_active = false;
    for (uint32_t i = 0; i < ASSAY_CA_FEW_EPOCHS / 2; i++)
        ceremony_epoch(w);
    if (away < count) w->member[away].keys_active = true;
    for (uint32_t i = 0; i < 60 && !w->ca.key_lost; i++)
        ceremony_epoch(w);
    cr_expect_not(w->ca.key_lost, "lost in epoch %u", (unsigned)w->epoch);
    cr_expect_eq(w->ca.ca_number, 1, "number %u is active", w->ca.ca_number);
    ceremony_free(w);
}

Test(ceremony, a_restart_in_a_planned_reshare_and_one_of_four_end_no_key, .timeout = 900)
{
    plan_reshare(4, 1, 3, 4);
}

Test(ceremony, a_restart_in_a_planned_reshare_and_two_of_seven_end_no_key, .timeout = 900)
{
    plan_reshare(7, 2, 2, 3);
}

/* A holder that is silent for ever delays a planned reshare by 64 epochs, and no more. */
Test(ceremony, a_silent_holder_delays_a_planned_reshare_by_64_epochs, .timeout = 900)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    w->epoch += w->ca.config.refresh;
    w->own[0].faults = CEREMONY_NO_HAVE;
    cr_assert_not(ceremony_reach(w, 2, ASSAY_CA_BAR_EPOCHS - 1));
    cr_assert(ceremony_reach(w, w->ca.generations + 1, 2 * ASSAY_CA_BEGIN_EPOCHS));
    cr_expect_gt(w->ca.force.generation, 1);
    cr_expect_eq(assay_ca_live(&w->ca), w->ca.force.threshold);
    ceremony_free(w);
}

/* All enclaves restart at once, and their programs register the keys of holders again. */
static void set_all_active(struct ceremony_world *w, bool active)
{
    for (uint32_t i = 0; i < w->count; i++)
        w->member[i].keys_active = active;
}

Test(ceremony, a_network_that_loses_no_share_loses_no_key_and_no_holder)
{
    for (uint32_t away = 1; away < ASSAY_CA_FEW_EPOCHS; away++) {
        struct ceremony_world *w = ceremony_new(7, NULL);
        uint8_t key[32];
        cr_assert(ceremony_reach(w, 1, 8));
        assay_bytes_copy(key, 32, w->ca.key, 32);
        set_all_active(w, false);
        for (uint32_t i = 0; i < away; i++)
            ceremony_epoch(w);
        cr_expect_eq(assay_ca_live(&w->ca), 0, "%u closes", away);
        set_all_active(w, true);
        for (uint32_t i = 0; i < w->count; i++)
            (void)ceremony_offer(w, i);
        ceremony_epoch(w);
        cr_expect_eq(assay_ca_live(&w->ca), 7, "%u closes", away);
        cr_expect_not(w->ca.key_lost, "%u closes", away);
        cr_expect_arr_eq(w->ca.key, key, 32);
        cr_expect(ceremony_all_sign(w), "%u closes", away);
        ceremony_free(w);
    }
}

/* Those that come back first do not end the others: each has its closes from then on. */
Test(ceremony, closes_without_enough_live_indices_lose_no_holder)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    const uint32_t t = w->ca.force.threshold;
    set_all_active(w, false);
    for (uint32_t i = 0; i < 6; i++)
        ceremony_epoch(w);
    for (uint32_t i = 0; i < t; i++) {
        w->member[i].keys_active = true;
        (void)ceremony_offer(w, i);
    }
    for (uint32_t i = 0; i < ASSAY_CA_INACTIVE_EPOCHS; i++) {
        for (uint32_t k = 0; k < 7; k++)
            cr_expect_not(w->ca.force.holder[k].lost, "holder %u, close %u", k, i);
        ceremony_epoch(w);
        cr_expect_eq(assay_ca_live(&w->ca), t, "close %u", i);
    }
    for (uint32_t k = t; k < 7; k++)
        cr_expect(w->ca.force.holder[k].lost, "holder %u stays away", k);
    ceremony_free(w);
}

/* 3.14: after eight closes without enough the key ends, as relying parties cannot wait for ever. */
Test(ceremony, a_key_without_holders_for_eight_closes_is_lost)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    set_all_active(w, false);
    for (uint32_t i = 0; i < ASSAY_CA_FEW_EPOCHS; i++) {
        cr_expect_not(w->ca.key_lost, "close %u", i);
        ceremony_epoch(w);
    }
    cr_expect(w->ca.key_lost);
    ceremony_free(w);
}
