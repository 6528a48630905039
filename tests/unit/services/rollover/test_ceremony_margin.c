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

static void show_all(struct ceremony_world *w)
{
    for (uint32_t i = 0; i < w->count; i++)
        if (w->member[i].keys_active) (void)ceremony_offer(w, i);
}

/* docs/identity.md 3.4, 3.14: however long all signers are away. */
Test(ceremony, a_network_that_loses_no_share_loses_no_key_and_no_holder, .timeout = 600)
{
    for (uint32_t away = 1; away <= 20; away++) {
        struct ceremony_world *w = ceremony_new(7, NULL);
        uint8_t key[32];
        cr_assert(ceremony_reach(w, 1, 8));
        assay_bytes_copy(key, 32, w->ca.key, 32);
        set_all_active(w, false);
        for (uint32_t i = 0; i < away; i++)
            ceremony_epoch(w);
        cr_expect_eq(assay_ca_live(&w->ca), 0, "%u closes", away);
        cr_expect_eq(w->ca.key_lost, away >= ASSAY_CA_FEW_EPOCHS, "%u closes", away);
        set_all_active(w, true);
        show_all(w);
        ceremony_epoch(w);
        cr_expect_eq(assay_ca_live(&w->ca), 7, "%u closes", away);
        cr_expect_not(w->ca.key_lost, "%u closes", away);
        cr_expect_eq(w->ca.ca_number, 1);
        cr_expect_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE, "%u closes: no other key", away);
        cr_expect_arr_eq(w->ca.key, key, 32);
        cr_expect(ceremony_all_sign(w), "%u closes", away);
        ceremony_free(w);
    }
}

/* The members that return first have too few indices; meanwhile they may begin another key. */
Test(ceremony, a_key_whose_holders_return_before_another_is_made_ends_that_ceremony)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    uint8_t key[32];
    cr_assert(ceremony_reach(w, 1, 8));
    assay_bytes_copy(key, 32, w->ca.key, 32);
    set_all_active(w, false);
    for (uint32_t i = 0; i < 20; i++)
        ceremony_epoch(w);
    cr_assert(w->ca.key_lost);
    set_all_active(w, true); /* registered in other lists, and none is shown on the ledger */
    for (uint32_t i = 0; i < 7; i++) {
        ceremony_change_list(w, i, true);
        w->own[i].faults = CEREMONY_NO_OFFER;
    }
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_OFFERS);
    cr_assert_not(w->ca.ceremony.is_reshare);
    for (uint32_t i = 0; i < 7; i++) /* enough for another key */
        cr_assert_eq(ceremony_offer(w, i), ASSAY_CA_APPLIED);
    ceremony_epoch(w);
    cr_expect_not(w->ca.key_lost);
    cr_expect_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE);
    cr_expect_eq(w->ca.ca_number, 1);
    cr_expect_arr_eq(w->ca.key, key, 32);
    ceremony_free(w);
}

/* A holder whose old incarnation is suspended has shares, and none of them counts. */
Test(ceremony, a_lost_key_is_not_regained_by_holders_that_are_lost)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    w->ca.config.replaces_lost_key = false;
    const uint32_t t = w->ca.force.threshold;
    set_all_active(w, false);
    for (uint32_t i = t - 1; i < 7; i++)
        w->member[i].is_warning = false; /* one more than the key can do without */
    for (uint32_t i = 0; i < 10; i++)
        ceremony_epoch(w);
    cr_assert(w->ca.key_lost);
    set_all_active(w, true);
    for (uint32_t i = 0; i < 7; i++)
        w->member[i].is_warning = true;
    for (uint32_t i = 0; i < 10; i++) {
        show_all(w);
        ceremony_epoch(w);
        cr_expect_eq(assay_ca_live(&w->ca), t - 1, "close %u", i);
        cr_expect(w->ca.key_lost, "close %u", i);
    }
    ceremony_free(w);
}

/* Those that come back first do not end the others: each has its closes from then on. A holder that
 * stays away blocks no reshare, and counts until that is in force. */
Test(ceremony, closes_without_enough_live_indices_are_none_of_a_holder)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    w->epoch += ASSAY_CA_BEGIN_EPOCHS;
    const uint32_t t = w->ca.force.threshold;
    set_all_active(w, false);
    for (uint32_t i = 0; i < 6; i++)
        ceremony_epoch(w);
    for (uint32_t i = 0; i < t + 1; i++)
        w->member[i].keys_active = true;
    show_all(w);
    for (uint32_t i = 0; i < ASSAY_CA_INACTIVE_EPOCHS; i++) {
        cr_expect_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE, "close %u", i);
        ceremony_epoch(w);
        cr_expect_eq(assay_ca_live(&w->ca), t + 1, "close %u", i);
    }
    cr_expect_eq(w->ca.ceremony.phase, ASSAY_CA_OFFERS, "it is made without those that are away");
    for (uint32_t k = 0; k < 7; k++)
        cr_expect_not(w->ca.force.holder[k].lost, "holder %u", k);
    cr_assert(ceremony_reach(w, 2, 10));
    cr_expect_eq(w->ca.force.holders, t + 1);
    for (uint32_t k = t + 1; k < 7; k++)
        cr_expect_gt(w->ca.lost_until[k], w->ca.epoch, "holder %u", k);
    ceremony_free(w);
}

/* One that is away may be what the key needs some closes later, with all shares intact. */
Test(ceremony, a_holder_that_was_away_counts_again)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    const uint32_t t = w->ca.force.threshold;
    for (uint32_t i = t; i < 7; i++)
        w->member[i].keys_active = false;
    for (uint32_t i = 0; i < ASSAY_CA_INACTIVE_EPOCHS; i++)
        ceremony_epoch(w);
    cr_assert_eq(assay_ca_live(&w->ca), t);
    for (uint32_t i = 0; i < 7; i++)
        w->member[i].keys_active = i > 0; /* the others return, and one of the first is away */
    show_all(w);
    ceremony_epoch(w);
    cr_expect_eq(assay_ca_live(&w->ca), 6);
    ceremony_free(w);
}

/* The entry that is away has another in its place: its author may have lost the shares, and offers
 * no earlier than one that said so. */
Test(ceremony, another_entry_of_a_holder_that_is_away_is_barred)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    w->ca.force.holder[3].key[0] ^= 1; /* the member has another one now */
    w->own[3].faults = CEREMONY_NO_DEAL;
    w->member[3].keys_active = false;
    for (uint32_t i = 0; i < ASSAY_CA_INACTIVE_EPOCHS; i++)
        ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE, "the last ceremony was just before");
    w->member[3].keys_active = true;
    ceremony_change_list(w, 3, true);
    cr_assert(ceremony_reach(w, 2, 2 * ASSAY_CA_BEGIN_EPOCHS));
    cr_expect_eq(assay_ca_holder_of_node(&w->ca.force, w->member[3].node_id), UINT32_MAX);
    cr_expect_gt(w->ca.lost_until[3], w->ca.epoch);
    ceremony_free(w);
}

/* 3.14: after eight closes without enough, another key may be made. */
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
