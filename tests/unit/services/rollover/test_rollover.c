/*
 * tests/unit/services/rollover/test_rollover.c - tests of CA numbers of the fold of a group key:
 * next, active, old, gone (docs/identity.md 3.14, 3.15; attack 34).
 */
#include "tests/unit/services/identity/ceremony_world.h"

#include <criterion/criterion.h>

enum { AGE = 256, MADE_IN = 24 };

static struct ceremony_world *new_world(uint32_t count)
{
    struct ceremony_world *w = ceremony_new(count, NULL);
    w->ca.config.rollover = AGE;
    cr_assert(ceremony_reach(w, 1, 8));
    cr_assert_eq(w->ca.ca_number, 1);
    cr_assert_eq(w->ca.active_since, w->epoch);
    return w;
}

static void pass(struct ceremony_world *w, uint32_t epochs)
{
    for (uint32_t i = 0; i < epochs; i++)
        ceremony_epoch(w);
}

static bool reach_next(struct ceremony_world *w)
{
    for (uint32_t i = 0; i < MADE_IN && w->ca.next.number == 0; i++)
        ceremony_epoch(w);
    return w->ca.next.number > 0;
}

/* With a next number, at the close that made it. */
static struct ceremony_world *new_overlap(uint32_t count)
{
    struct ceremony_world *w = new_world(count);
    w->epoch += AGE;
    cr_assert(reach_next(w));
    cr_assert_eq(w->ca.next.made, w->epoch);
    return w;
}

static enum assay_ca_state state_of(const struct ceremony_world *w, uint32_t number)
{
    return assay_ca_state_of(&w->ca, number);
}

/* Enough holders restart for ever: fewer than t indices live. */
static void lose_key(struct ceremony_world *w)
{
    for (uint32_t i = 0; i < w->count; i++)
        w->member[i].keys_active = false;
    pass(w, ASSAY_CA_FEW_EPOCHS);
    for (uint32_t i = 0; i < w->count; i++) {
        w->member[i].incarnation++;
        w->member[i].keys_active = true;
    }
    w->epoch += ASSAY_CA_BAR_EPOCHS; /* they offer again */
}

Test(rollover, a_number_is_next_then_active_then_old_then_gone)
{
    struct ceremony_world *w = new_world(4);
    struct assay_ca_published published[ASSAY_CA_PUBLISHED_MAX];
    uint8_t first[32], second[32];
    assay_bytes_copy(first, 32, w->ca.key, 32);
    const uint64_t active = w->ca.active_since;
    w->epoch = active + AGE - 2;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE, "an epoch before its age");
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_OFFERS);
    cr_assert_not(w->ca.ceremony.is_reshare);
    cr_assert(reach_next(w));
    cr_assert_eq(w->ca.next.number, 2);
    assay_bytes_copy(second, 32, w->ca.next.key, 32);
    cr_assert_arr_neq(first, second, 32);
    cr_assert_eq(w->ca.changed, active);
    cr_assert_eq(assay_ca_published(&w->ca, published), 2);
    cr_assert_eq(published[0].state, ASSAY_CA_ACTIVE);
    cr_assert_eq(published[1].state, ASSAY_CA_NEXT);
    cr_assert_eq(published[1].until, w->epoch + 64);
    for (int i = 0; i < 63; i++) {
        ceremony_epoch(w);
        cr_assert_eq(w->ca.ca_number, 1);
        cr_assert_arr_eq(w->ca.key, first, 32);
        cr_assert_arr_eq(w->ca.next.key, second, 32);
    }
    cr_assert(ceremony_number_signs(w, 1) && ceremony_number_signs(w, 2));
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ca_number, 2);
    cr_assert_arr_eq(w->ca.key, second, 32);
    cr_assert_eq(w->ca.active_since, w->epoch);
    cr_assert_eq(w->ca.changed, w->epoch);
    cr_assert_eq(state_of(w, 1), ASSAY_CA_OLD);
    cr_assert_eq(w->ca.olds, 1);
    cr_assert_arr_eq(w->ca.old[0].key, first, 32);
    cr_assert_eq(w->ca.old[0].until, w->epoch + 64);
    cr_assert(ceremony_number_signs(w, 2));
    cr_assert_not(ceremony_number_signs(w, 1), "an old number has no shares in force");
    w->epoch += 62;
    ceremony_epoch(w);
    cr_assert_eq(state_of(w, 1), ASSAY_CA_OLD);
    const uint64_t changed = w->ca.changed;
    ceremony_epoch(w);
    cr_assert_eq(state_of(w, 1), ASSAY_CA_GONE);
    cr_assert_gt(w->ca.changed, changed);
    cr_assert_eq(w->ca.olds, 0);
    ceremony_free(w);
}

Test(rollover, terms_of_zero_never_begin_one)
{
    struct ceremony_world *w = new_world(4);
    w->ca.config.rollover = 0;
    w->epoch += 100 * AGE;
    pass(w, 3);
    cr_assert(w->ca.ceremony.phase == ASSAY_CA_IDLE || w->ca.ceremony.is_reshare);
    ceremony_free(w);
}

/* An epoch that is HELD certifies nothing: no product could be of the number that is active then.
 * But time passes, and what is old goes. */
Test(rollover, a_held_epoch_activates_nothing_and_ends_what_is_old)
{
    struct ceremony_world *w = new_overlap(4);
    w->epoch += 100;
    ceremony_held_epoch(w);
    cr_assert_eq(w->ca.ca_number, 1);
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ca_number, 2);
    w->epoch += 63;
    ceremony_held_epoch(w);
    cr_assert_eq(state_of(w, 1), ASSAY_CA_GONE);
    ceremony_free(w);
}

/* The next number has holders too: they are replaced, and its key stays. */
Test(rollover, both_numbers_are_reshared_while_they_overlap)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    uint8_t first[32], second[32];
    w->ca.config.rollover = AGE;
    w->ca.config.next_epochs = 400;
    cr_assert(ceremony_reach(w, 1, 8));
    w->epoch += AGE;
    cr_assert(reach_next(w));
    assay_bytes_copy(first, 32, w->ca.key, 32);
    assay_bytes_copy(second, 32, w->ca.next.key, 32);
    w->member[3].incarnation++;
    w->own[2].faults = CEREMONY_OTHER_NUMBER; /* of the key that it deals: its dealing is refused */
    for (int i = 0; i < 60 && (w->ca.force.generation < 3 || w->ca.next.force.generation < 4); i++)
        ceremony_epoch(w);
    cr_assert_eq(w->ca.force.generation, 3, "the active number first");
    cr_assert_eq(w->ca.next.force.generation, 4);
    cr_assert_eq(w->ca.next.number, 2);
    cr_assert_arr_eq(w->ca.key, first, 32);
    cr_assert_arr_eq(w->ca.next.key, second, 32);
    cr_assert_eq(assay_ca_live_of(&w->ca, &w->ca.next.force), w->ca.next.force.count);
    cr_assert(ceremony_number_signs(w, 1) && ceremony_number_signs(w, 2));
    cr_assert_eq(w->convicted + w->barred, 0);
    w->epoch = w->ca.next.made + 399;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ca_number, 2);
    cr_assert_eq(w->ca.force.generation, 4);
    cr_assert(ceremony_number_signs(w, 2));
    ceremony_free(w);
}

Test(rollover, a_next_number_without_enough_holders_waits_and_then_goes)
{
    struct ceremony_world *w = new_overlap(4);
    for (int i = 0; i < 2; i++) /* of the next number alone */
        w->ca.next.force.holder[i].has = false;
    w->epoch += 100;
    pass(w, ASSAY_CA_FEW_EPOCHS - 1);
    cr_assert_eq(state_of(w, 2), ASSAY_CA_NEXT);
    cr_assert_eq(w->ca.ca_number, 1, "it is due, and has not enough holders");
    ceremony_epoch(w);
    cr_assert_eq(state_of(w, 2), ASSAY_CA_GONE);
    cr_assert_eq(w->ca.ca_number, 1);
    w->epoch += ASSAY_CA_BAR_EPOCHS; /* who never vouched is lost (3.4), and offers again */
    cr_assert(reach_next(w), "another one is dealt");
    cr_assert_eq(w->ca.next.number, 3, "a number is never used twice");
    ceremony_free(w);
}

/* Of the active or the next number. digest: zeros: the shares are gone (3.11.1) */
static enum assay_ca_result say_have(struct ceremony_world *w, uint32_t slot, uint32_t number,
                                     const uint8_t digest[static 32])
{
    struct assay_ca_have_record record = { .digest = { 0 } };
    uint8_t statement[32];
    assay_ca_force_scope(&w->ca, number, w->member[slot].node_id, w->own[slot].key, &record.scope);
    assay_bytes_copy(record.digest, 32, digest, 32);
    assay_ca_have_statement(w->ca.chain_id, &record, statement);
    assay_sodium_link_sign(&w->own[slot].seed, statement, record.signature);
    return assay_ca_apply_have(&w->ca, slot, w->member[slot].node_id, &record, &w->facts);
}

static const uint8_t no_shares[32] = { 0 };

Test(rollover, a_holder_that_is_late_counts_for_the_next_number_too)
{
    struct ceremony_world *w = new_world(4);
    struct assay_ca_have_record record = { .digest = { 0 } };
    w->epoch += AGE;
    w->own[1].faults = CEREMONY_NO_HAVE;
    cr_assert(reach_next(w));
    cr_assert_eq(assay_ca_live_of(&w->ca, &w->ca.next.force), 3);
    cr_assert_eq(say_have(w, 1, 2, w->ca.next.force.table), ASSAY_CA_APPLIED);
    cr_assert_eq(assay_ca_live_of(&w->ca, &w->ca.next.force), 4);
    assay_ca_force_scope(&w->ca, 2, w->member[1].node_id, w->own[1].key, &record.scope);
    record.scope.ca_number = 3;
    cr_assert_eq(assay_ca_apply_have(&w->ca, 1, w->member[1].node_id, &record, &w->facts),
                 ASSAY_CA_WRONG_TIME);
    ceremony_free(w);
}

Test(rollover, a_holder_without_shares_of_the_next_number_is_lost_in_it_alone)
{
    struct ceremony_world *w = new_overlap(4);
    cr_assert_eq(say_have(w, 1, 2, no_shares), ASSAY_CA_APPLIED);
    cr_assert_eq(w->facts.count, 1);
    cr_assert_eq(w->facts.fact[0].kind, ASSAY_CA_FACT_LOST);
    cr_assert_eq(w->facts.fact[0].number, w->ca.next.force.generation);
    cr_assert(w->ca.next.force.holder[1].lost);
    cr_assert_not(w->ca.force.holder[1].lost);
    cr_assert_eq(assay_ca_live_of(&w->ca, &w->ca.next.force), 3);
    cr_assert_eq(assay_ca_live(&w->ca), 4);
    cr_assert_eq(say_have(w, 2, 1, no_shares), ASSAY_CA_APPLIED);
    cr_assert(w->ca.force.holder[2].lost);
    cr_assert_not(w->ca.next.force.holder[2].lost);
    ceremony_free(w);
}

/* 3.5.5: a hostile holder delays a planned number once, and by a few epochs. */
Test(rollover, a_spoiled_ceremony_of_another_number_is_followed_at_once)
{
    struct ceremony_world *w = new_world(4);
    w->ca.config.refresh = ASSAY_CA_REFRESH_MAX;
    w->own[2].faults = CEREMONY_BAD_VALUE | CEREMONY_NO_DISPUTE;
    w->epoch += AGE;
    while (w->convicted == 0)
        ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.ca_number, 2);
    w->total -= w->member[2].weight; /* the conviction strikes the member (3.17) */
    w->member[2].weight = 0;
    w->member[2].is_full = w->member[2].is_warning = false;
    const uint64_t attempts = w->ca.attempts;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_OFFERS);
    cr_assert_eq(w->ca.ceremony.began, w->ca.epoch);
    cr_assert_eq(w->ca.attempts, attempts + 1);
    cr_assert_eq(w->ca.ceremony.ca_number, 1, "first the number that signs, without the convicted");
    cr_assert(reach_next(w));
    cr_assert_eq(w->ca.next.number, 2);
    cr_assert_eq(w->ca.next.force.count, 3);
    ceremony_free(w);
}

/* 3.14: those whose disks are gone would keep the network without a key for 64 epochs. */
Test(rollover, who_lost_shares_of_both_numbers_makes_another_at_once)
{
    struct ceremony_world *w = new_overlap(4);
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert_eq(say_have(w, i, 1, no_shares), ASSAY_CA_APPLIED);
        w->ca.next.force.holder[2 + i].has = false; /* late */
    }
    w->ca.few_closes = 2;
    pass(w, ASSAY_CA_FEW_EPOCHS - 2);
    cr_assert(w->ca.key_lost);
    cr_assert_eq(state_of(w, 2), ASSAY_CA_NEXT);
    for (uint32_t i = 0; i < 2; i++)
        cr_assert_eq(say_have(w, i, 2, no_shares), ASSAY_CA_APPLIED);
    pass(w, 2);
    cr_assert_eq(state_of(w, 2), ASSAY_CA_GONE);
    pass(w, MADE_IN);
    cr_assert_eq(w->ca.ca_number, 3);
    cr_assert(ceremony_all_sign(w));
    ceremony_free(w);
}

/* 3.14: without a key that signs there is no overlap to wait for. */
Test(rollover, a_lost_key_makes_the_next_number_active_at_once)
{
    struct ceremony_world *w = new_overlap(4);
    for (int i = 0; i < 2; i++)
        w->ca.force.holder[i].has = false;
    pass(w, ASSAY_CA_FEW_EPOCHS);
    cr_assert_eq(w->ca.ca_number, 2);
    cr_assert_not(w->ca.key_lost);
    cr_assert_eq(state_of(w, 1), ASSAY_CA_OLD, "its certificates are still trusted");
    cr_assert(ceremony_all_sign(w));
    ceremony_free(w);
}

Test(rollover, a_key_that_is_lost_while_the_next_is_dealt_is_replaced_without_overlap)
{
    struct ceremony_world *w = new_world(4);
    w->epoch += AGE;
    while (w->ca.ceremony.phase != ASSAY_CA_OFFERS)
        ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.ca_number, 2);
    w->ca.few_closes = ASSAY_CA_FEW_EPOCHS - 1;
    for (int i = 0; i < 2; i++)
        w->ca.force.holder[i].has = false;
    ceremony_epoch(w);
    cr_assert(w->ca.key_lost);
    cr_assert_eq(w->ca.ceremony.ca_number, 2, "what is dealt goes on");
    pass(w, 8);
    cr_assert_eq(w->ca.ca_number, 2);
    cr_assert_eq(w->ca.next.number, 0);
    cr_assert_eq(state_of(w, 1), ASSAY_CA_OLD);
    ceremony_free(w);
}

Test(rollover, operators_order_a_rollover_and_replace_a_lost_key)
{
    struct ceremony_world *w = new_world(4);
    w->ca.config.replaces_lost_key = false;
    w->epoch += 100;
    pass(w, 3);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE);
    w->ca.config.replaced = 1;
    cr_assert(reach_next(w));
    w->epoch += 64;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ca_number, 2);
    w->epoch += 64; /* the first is gone */
    ceremony_epoch(w);
    lose_key(w);
    pass(w, 20);
    cr_assert(w->ca.key_lost, "it waits for operators");
    w->ca.config.replaced = 2;
    pass(w, 10);
    cr_assert_eq(w->ca.ca_number, 3);
    ceremony_free(w);
}

/* Relying parties take at most so many numbers: the places of old ones are limited. */
Test(rollover, a_third_old_number_waits_for_a_place)
{
    struct ceremony_world *w = new_world(4);
    w->ca.config.old_epochs = 1000;
    w->ca.config.rollover = 0;
    for (uint32_t lost = 1; lost <= ASSAY_CA_OLD_MAX; lost++) {
        lose_key(w);
        pass(w, MADE_IN);
        cr_assert_eq(w->ca.ca_number, lost + 1);
        cr_assert_eq(w->ca.olds, lost);
    }
    lose_key(w);
    pass(w, MADE_IN);
    cr_assert(w->ca.key_lost);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE);
    w->epoch = w->ca.old[0].until;
    pass(w, 10);
    cr_assert_eq(w->ca.ca_number, ASSAY_CA_OLD_MAX + 2);
    ceremony_free(w);
}

Test(rollover, a_planned_one_waits_until_no_number_is_old)
{
    struct ceremony_world *w = new_overlap(4);
    w->ca.config.old_epochs = 1000;
    w->epoch += 64;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ca_number, 2);
    w->ca.config.refresh = ASSAY_CA_REFRESH_MAX;
    w->epoch += AGE;
    pass(w, 20);
    cr_assert_eq(w->ca.next.number, 0);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE);
    w->epoch = w->ca.old[0].until;
    cr_assert(reach_next(w));
    ceremony_free(w);
}

/* --- a number that operators retire: its key is known to a stranger */

Test(rollover, a_retired_number_gives_way_to_the_next_at_once)
{
    struct ceremony_world *w = new_overlap(4);
    w->ca.config.retired = 1;
    ceremony_held_epoch(w);
    cr_assert_eq(w->ca.ca_number, 2);
    cr_assert_eq(state_of(w, 1), ASSAY_CA_GONE);
    cr_assert_eq(w->ca.changed, w->epoch);
    cr_assert_eq(w->ca.olds, 0);
    cr_assert(ceremony_all_sign(w));
    cr_assert_not(ceremony_number_signs(w, 1));
    ceremony_free(w);
}

Test(rollover, without_a_next_number_another_is_dealt)
{
    struct ceremony_world *w = new_world(4);
    struct assay_ca_published published[ASSAY_CA_PUBLISHED_MAX];
    w->ca.config.replaces_lost_key = false;
    w->ca.config.retired = 7;
    pass(w, 1);
    cr_assert_eq(w->ca.ca_number, 0);
    cr_assert_eq(assay_ca_published(&w->ca, published), 0);
    cr_assert_not(ceremony_number_signs(w, 1));
    pass(w, MADE_IN);
    cr_assert_eq(w->ca.ca_number, 8, "above what operators retired");
    cr_assert_eq(w->ca.force.generation, 2, "generations are numbered on");
    cr_assert(ceremony_all_sign(w));
    ceremony_free(w);
}

Test(rollover, old_and_next_numbers_are_retired_too)
{
    struct ceremony_world *w = new_overlap(4);
    w->epoch += 64;
    ceremony_epoch(w);
    cr_assert_eq(state_of(w, 1), ASSAY_CA_OLD);
    w->ca.config.retired = 1;
    ceremony_epoch(w);
    cr_assert_eq(state_of(w, 1), ASSAY_CA_GONE);
    cr_assert_eq(w->ca.ca_number, 2);
    w->ca.config.refresh = ASSAY_CA_REFRESH_MAX;
    w->epoch += AGE;
    cr_assert(reach_next(w));
    cr_assert_eq(w->ca.next.number, 3);
    w->ca.config.retired = 3;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.next.number, 0);
    cr_assert_eq(w->ca.ca_number, 0);
    ceremony_free(w);
}

Test(rollover, what_is_dealt_for_a_retired_number_ends)
{
    struct ceremony_world *w = new_world(4);
    w->epoch += AGE;
    while (w->ca.ceremony.phase != ASSAY_CA_DEALS)
        ceremony_epoch(w);
    w->ca.config.retired = 1;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.ca_number, 2, "of the number after it, goes on");
    w->ca.config.retired = 2;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE);
    pass(w, MADE_IN);
    cr_assert_eq(w->ca.ca_number, 3);
    ceremony_free(w);
}
