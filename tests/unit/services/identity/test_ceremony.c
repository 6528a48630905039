/*
 * tests/unit/services/identity/test_ceremony.c - tests of ceremonies of a group key: it is made,
 * signs, outlives generations; attacks on that (docs/identity.md 3, attacks 2, 3, 5 to 11).
 */
#include "tests/unit/services/identity/ceremony_world.h"

#include "base/crypto.h"
#include "tests/unit/services/identity/group.h"

#include <criterion/criterion.h>
#include <string.h>

static bool is_convicted(const struct ceremony_world *w, uint32_t slot)
{
    return assay_ca_is_convicted(&w->ca, w->member[slot].node_id);
}

static void must_make_a_key(uint32_t count, uint32_t threshold)
{
    struct ceremony_world *w = ceremony_new(count, NULL);
    bool slots[ASSAY_CA_SLOTS_MAX] = { false };
    cr_assert(ceremony_reach(w, 1, 8));
    cr_assert_eq(w->ca.ca_number, 1);
    cr_assert_eq(w->ca.force.threshold, threshold);
    cr_assert_eq(assay_ca_live(&w->ca), w->ca.force.count);
    for (uint32_t i = 0; i + 1 < threshold; i++)
        slots[count - 1 - i] = true;
    cr_assert_not(ceremony_signs(w, slots), "t - 1 indices");
    slots[0] = true;
    cr_assert(ceremony_signs(w, slots), "t indices");
    cr_assert_eq(w->convicted + w->barred, 0);
    ceremony_free(w);
}

/* 3.17: offers in the epoch after the keys are active, then deals, two of disputes, HAVE. */
Test(ceremony, four_members_make_a_key_in_six_closes_that_three_sign_with)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    cr_assert(ceremony_reach(w, 1, 6));
    cr_assert_eq(w->epoch, 6);
    ceremony_free(w);
    must_make_a_key(4, 3);
}

Test(ceremony, seven_members_make_a_key)
{
    must_make_a_key(7, 4);
}

Test(ceremony, twenty_members_make_a_key)
{
    must_make_a_key(20, 11);
}

/* Members of unequal weight: some have several indices, dealings are spread over their turns. */
Test(ceremony, members_with_several_indices_reshare_and_the_key_stays)
{
    static const uint32_t weight[6] = { 30, 25, 20, 10, 10, 5 };
    struct ceremony_world *w = ceremony_new(6, weight);
    uint8_t key[32];
    cr_assert(ceremony_reach(w, 1, 10));
    assay_bytes_copy(key, 32, w->ca.key, 32);
    cr_assert_gt(w->ca.force.count, 6);
    for (uint64_t generation = 2; generation < 4; generation++) {
        w->epoch += w->ca.config.refresh;
        const struct assay_secret32 old = w->own[0].share[0];
        cr_assert(ceremony_reach(w, generation, 40));
        cr_assert_arr_eq(w->ca.key, key, 32);
        cr_assert_arr_neq(old.bytes, w->own[0].share[0].bytes, 32);
        cr_assert(ceremony_all_sign(w));
    }
    cr_assert_eq(w->convicted + w->barred, 0);
    ceremony_free(w);
}

/* 3.5.2: of many members each has a small part of an epoch's records. */
Test(ceremony, a_dealer_has_no_more_to_submit_in_an_epoch_than_its_part)
{
    static const uint32_t weight[6] = { 30, 25, 20, 10, 10, 5 };
    static const uint32_t slots[] = { 6, 16, 40, 100, 127, ASSAY_CA_SLOTS_MAX };
    static struct assay_ca ca;
    const uint32_t indices = 40;
    struct ceremony_world *w = ceremony_new(6, weight);
    cr_assert(ceremony_reach(w, 1, 10));
    w->epoch += w->ca.config.refresh;
    while (w->ca.ceremony.phase != ASSAY_CA_OFFERS)
        ceremony_epoch(w);
    for (uint32_t i = 0; i < w->count; i++)
        cr_assert_eq(ceremony_offer(w, i), ASSAY_CA_APPLIED);
    for (uint32_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        ca = w->ca;
        ca.force.holder[0].indices = indices;
        assay_ca_close_epoch(&ca, w->epoch + 1, true, w->member, slots[i], w->total, NULL);
        const struct assay_ca_ceremony *c = &ca.ceremony;
        cr_assert_eq(c->phase, ASSAY_CA_DEALS);
        const uint32_t at_once = (indices + c->deal_epochs - 1) / c->deal_epochs;
        const uint32_t len = 512 + 32 * (c->next.threshold + c->next.count);
        const uint32_t part = ASSAY_CA_EPOCH_LEN / slots[i];
        uint32_t most = part < ASSAY_CA_AUTHOR_LEN ? part : ASSAY_CA_AUTHOR_LEN;
        if (most < 2 * (8192 + 6)) most = 2 * (8192 + 6); /* two records in any case */
        cr_assert_leq(at_once * (len + 6), most / 4 * 3,
                      "%u slots: %u dealings of %u bytes at once", slots[i], at_once, len);
        const uint32_t sooner = c->deal_epochs - 1;
        cr_assert(sooner == 0 || (indices + sooner - 1) / sooner * (len + 6) > most / 4 * 3,
                  "%u slots: no slower than need", slots[i]);
    }
    ceremony_free(w);
}

/* 3.4: a holder is lost; the others reshare without it. */
Test(ceremony, a_lost_holder_is_replaced_by_a_reshare_without_it)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    uint8_t key[32];
    cr_assert(ceremony_reach(w, 1, 8));
    assay_bytes_copy(key, 32, w->ca.key, 32);
    w->member[2].incarnation++;
    cr_assert(ceremony_reach(w, 2, 30));
    cr_assert_arr_eq(w->ca.key, key, 32);
    cr_assert_eq(assay_ca_holder_of_node(&w->ca.force, w->member[2].node_id), UINT32_MAX,
                 "shares that were lost are not given again within 64 epochs");
    cr_assert(ceremony_all_sign(w));
    ceremony_free(w);
}

/* --- attack 2: a third offers, the others are kept from it */
Test(ceremony, a_third_that_offers_alone_gets_no_key)
{
    struct ceremony_world *w = ceremony_new(9, NULL);
    for (uint32_t i = 3; i < 9; i++)
        w->own[i].faults = CEREMONY_NO_OFFER;
    for (uint32_t epoch = 0; epoch < 60; epoch++) {
        ceremony_epoch(w);
        cr_assert_leq(w->ca.ceremony.phase, ASSAY_CA_OFFERS, "there is no table of them");
    }
    for (uint32_t i = 0; i < 9; i++)
        w->own[i].faults = 0;
    cr_assert(ceremony_reach(w, 1, 30), "and when the others offer there is one");
    ceremony_free(w);
}

/* Operators start members one after the other: a holder that is late by some epochs is not without
 * shares until the next reshare. */
Test(ceremony, the_first_key_waits_for_members_that_start_a_little_later)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    w->member[3].keys_active = false;
    for (uint32_t epoch = 0; epoch < ASSAY_CA_FIRST_EPOCHS; epoch++) {
        cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE, "epoch %u", epoch);
        ceremony_epoch(w);
    }
    w->member[3].keys_active = true;
    cr_assert(ceremony_reach(w, 1, 8));
    cr_expect_eq(w->ca.force.holders, 4);
    ceremony_free(w);
}

Test(ceremony, the_first_key_waits_no_longer_than_eight_epochs)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    w->member[3].keys_active = false;
    for (uint32_t epoch = 0; epoch < ASSAY_CA_FIRST_EPOCHS; epoch++)
        ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE);
    ceremony_epoch(w);
    cr_expect_eq(w->ca.ceremony.phase, ASSAY_CA_OFFERS);
    cr_assert(ceremony_reach(w, 1, 8));
    cr_expect_eq(w->ca.force.holders, 3);
    ceremony_free(w);
}

/* A member that has keys and does not offer delays no ceremony. */
Test(ceremony, the_first_key_begins_at_once_when_all_have_keys)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    w->own[3].faults = CEREMONY_NO_OFFER;
    ceremony_epoch(w);
    cr_expect_eq(w->ca.ceremony.phase, ASSAY_CA_OFFERS);
    ceremony_free(w);
}

/* --- attack 3: weights drift until a third of the seats holds h indices */
Test(ceremony, a_table_is_judged_by_todays_weights_also_at_the_switch)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    while (w->ca.ceremony.phase != ASSAY_CA_HAVES)
        ceremony_epoch(w);
    w->member[0].weight = 100; /* four other indices are 4 of 106 now */
    w->total += 99;
    cr_assert_not(ceremony_reach(w, 1, 7));
    ceremony_free(w);

    w = ceremony_new(7, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    for (uint32_t i = 0; i < 16; i++)
        ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE);
    w->member[0].weight = 2;
    w->member[1].weight = 2;
    w->member[2].weight = 2;
    w->total += 3; /* h = 4: 1 + 1 + 1 + 1 of 10 is above a third: nothing to do */
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE);
    w->total += 6; /* 1 + 1 + 1 + 2 of 16 is not */
    w->member[3].weight = 7;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_OFFERS);
    ceremony_free(w);
}

static struct ceremony_world *at_deals(uint32_t count)
{
    struct ceremony_world *w = ceremony_new(count, NULL);
    while (w->ca.ceremony.phase != ASSAY_CA_DEALS)
        ceremony_epoch(w);
    return w;
}

/* --- attack 4: a copied R; its receivers would open the honest dealer's values */
Test(ceremony, a_dealing_with_the_r_of_another_is_none)
{
    static struct assay_ca_deal_record honest, copy;
    struct ceremony_world *w = at_deals(4);
    struct assay_secret32 r;
    ceremony_make_deal(w, 1, &honest, &r);
    cr_assert_eq(ceremony_apply_deal(w, &honest), ASSAY_CA_APPLIED);
    ceremony_make_deal(w, 2, &copy, &r);
    assay_bytes_copy(copy.dealt, 32, honest.dealt, 32);
    copy.dealt_proof = honest.dealt_proof;
    ceremony_sign_deal(w, &copy);
    cr_assert_eq(ceremony_apply_deal(w, &copy), ASSAY_CA_UNPROVEN);
    ceremony_free(w);
}

/* --- attack 5: C_0 that cancels those of the others */
Test(ceremony, a_constant_that_cancels_the_others_is_no_dealing)
{
    static struct assay_ca_deal_record honest, hostile;
    struct ceremony_world *w = at_deals(4);
    struct assay_secret32 r;
    uint8_t label[32], wide[64], point[32];
    ceremony_make_deal(w, 1, &honest, &r);
    ceremony_make_deal(w, 2, &hostile, &r);
    assay_bytes_copy(hostile.commitments.point[0], 32, honest.commitments.point[0], 32);
    hostile.commitments.point[0][31] ^= 0x80; /* its negative */
    group_draw(wide, sizeof wide);
    assay_ca_deal_label(w->ca.chain_id, &hostile, label);
    cr_assert_eq(assay_dealing_prove(&r, label, wide, point, &hostile.dealt_proof), ASSAY_OK);
    ceremony_sign_deal(w, &hostile);
    cr_assert_eq(ceremony_apply_deal(w, &hostile), ASSAY_CA_UNPROVEN);
    hostile.has_constant_proof = false;
    ceremony_sign_deal(w, &hostile);
    cr_assert_eq(ceremony_apply_deal(w, &hostile), ASSAY_CA_MISMATCH);
    ceremony_free(w);
}

/* --- attack 6: a wrong value, a bad point */
Test(ceremony, who_deals_a_wrong_value_or_a_bad_point_is_convicted_and_the_key_is_made)
{
    static const unsigned faults[2] = { CEREMONY_BAD_VALUE, CEREMONY_BAD_POINT };
    for (int i = 0; i < 2; i++) {
        struct ceremony_world *w = ceremony_new(7, NULL);
        w->own[3].faults = faults[i] | CEREMONY_NO_DISPUTE;
        cr_assert(ceremony_reach(w, 1, 10));
        cr_assert(is_convicted(w, 3));
        cr_assert_eq(w->convicted, 1);
        cr_assert_eq(w->barred, 0);
        cr_assert(ceremony_all_sign(w));
        ceremony_free(w);
    }
}

/* 3.5.1: without the convicted holder the table of four is not safe. The ceremony fails at once,
 * and the next one begins at that close, so misdealing delays a key by a few epochs and once. */
Test(ceremony, a_convicted_holder_that_others_need_spoils_one_ceremony_alone)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    w->own[2].faults = CEREMONY_BAD_VALUE | CEREMONY_NO_DISPUTE;
    while (w->convicted == 0)
        ceremony_epoch(w);
    cr_assert_eq(w->ca.attempts, 1);
    w->total -= w->member[2].weight; /* the conviction strikes the member (3.17) */
    w->member[2].weight = 0;
    w->member[2].is_full = w->member[2].is_warning = false;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_OFFERS);
    cr_assert_eq(w->ca.ceremony.began, w->ca.epoch);
    cr_assert_eq(w->ca.attempts, 2);
    cr_assert(ceremony_reach(w, 1, 6));
    cr_assert_eq(w->ca.force.count, 3);
    ceremony_free(w);

    /* Of seven the others do without it. */
    w = ceremony_new(7, NULL);
    w->own[2].faults = CEREMONY_BAD_VALUE | CEREMONY_NO_DISPUTE;
    while (w->convicted == 0)
        ceremony_epoch(w);
    w->total -= w->member[2].weight;
    w->member[2].weight = 0;
    w->member[2].is_full = w->member[2].is_warning = false;
    cr_assert(ceremony_reach(w, 1, 10));
    cr_assert_eq(w->ca.attempts, 1);
    ceremony_free(w);
}

static struct ceremony_world *at_disputes(uint32_t count)
{
    struct ceremony_world *w = ceremony_new(count, NULL);
    while (w->ca.ceremony.phase != ASSAY_CA_DISPUTES)
        ceremony_epoch(w);
    return w;
}

/* --- attack 7: false disputes, floods of them */
Test(ceremony, a_false_accuser_is_convicted_or_barred_and_no_dealer_is)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    w->own[5].faults = CEREMONY_ACCUSES;
    w->own[6].faults = CEREMONY_BAD_ACCUSER;
    cr_assert(ceremony_reach(w, 1, 10));
    cr_assert_eq(w->convicted, 1);
    cr_assert(is_convicted(w, 5), "it signed that a right value is wrong");
    cr_assert_eq(w->barred, 1, "once: then it accuses nobody for 64 epochs");
    cr_assert(ceremony_all_sign(w));
    ceremony_free(w);
}

Test(ceremony, an_accusation_after_the_first_that_stands_costs_nothing)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    struct assay_ca_dispute_record first, second;
    w->own[0].faults = CEREMONY_BAD_VALUE | CEREMONY_NO_DISPUTE;
    while (w->ca.ceremony.phase != ASSAY_CA_DISPUTES)
        ceremony_epoch(w);
    ceremony_make_dispute(w, 1, 1, 2, true, &first);
    ceremony_make_dispute(w, 2, 1, 3, false, &second);
    cr_assert_eq(ceremony_apply_dispute(w, 1, &first), ASSAY_CA_APPLIED);
    const uint32_t looked = w->ca.accusations;
    cr_assert_eq(ceremony_apply_dispute(w, 2, &second), ASSAY_CA_SAME);
    cr_assert_eq(w->ca.accusations, looked, "no point is touched");
    cr_assert_eq(w->barred, 0);
    ceremony_free(w);
}

Test(ceremony, accusations_that_reach_a_point_are_bounded_in_an_epoch)
{
    struct ceremony_world *w = at_disputes(4);
    struct assay_ca_dispute_record record;
    ceremony_make_dispute(w, 1, 1, 2, false, &record);
    w->ca.accusations = ASSAY_CA_ACCUSATIONS_MAX;
    cr_assert_eq(ceremony_apply_dispute(w, 1, &record), ASSAY_CA_BUSY);
    w->ca.accusations = 0;
    cr_assert_eq(ceremony_apply_dispute(w, 1, &record), ASSAY_CA_HONEST);
    cr_assert_eq(ceremony_apply_dispute(w, 1, &record), ASSAY_CA_BARRED);
    ceremony_free(w);
}

/* --- attack 8: an old dealing shown as a new one, or as a lie */
Test(ceremony, a_dealing_of_an_earlier_attempt_or_era_is_none)
{
    static struct assay_ca_deal_record old;
    struct ceremony_world *w = at_deals(4);
    struct assay_secret32 r;
    ceremony_make_deal(w, 1, &old, &r);
    assay_ca_set_era(&w->ca, 1);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE, "a new era ends it");
    while (w->ca.ceremony.phase != ASSAY_CA_DEALS)
        ceremony_epoch(w);
    cr_assert_eq(ceremony_apply_deal(w, &old), ASSAY_CA_WRONG_TIME);
    old.scope.era = 1;
    old.scope.ca_number = w->ca.ceremony.ca_number;
    ceremony_sign_deal(w, &old);
    cr_assert_eq(ceremony_apply_deal(w, &old), ASSAY_CA_WRONG_TIME, "the attempt is another");
    old.scope.era = 0;
    old.scope.attempt = w->ca.attempts;
    ceremony_sign_deal(w, &old);
    cr_assert_eq(ceremony_apply_deal(w, &old), ASSAY_CA_WRONG_TIME, "the era is another");
    ceremony_free(w);
}

/* --- attack 9: a reshare of another number */
Test(ceremony, a_reshare_of_another_number_is_refused_and_the_key_stays)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    uint8_t key[32];
    cr_assert(ceremony_reach(w, 1, 8));
    assay_bytes_copy(key, 32, w->ca.key, 32);
    w->own[1].faults = CEREMONY_OTHER_NUMBER;
    w->member[6].incarnation++;
    cr_assert(ceremony_reach(w, 2, 30));
    cr_assert_arr_eq(w->ca.key, key, 32);
    cr_assert(ceremony_all_sign(w));
    ceremony_free(w);
}

/* --- attack 10: one holder or a third stops resharing */
Test(ceremony, a_silent_third_stops_no_reshare)
{
    static const unsigned faults[5] = { CEREMONY_NO_OFFER, CEREMONY_NO_DEAL, CEREMONY_NO_HAVE,
                                        CEREMONY_OTHER_HAVE, CEREMONY_BAD_VALUE };
    for (int i = 0; i < 5; i++) {
        struct ceremony_world *w = ceremony_new(7, NULL);
        uint8_t key[32];
        cr_assert(ceremony_reach(w, 1, 8));
        assay_bytes_copy(key, 32, w->ca.key, 32);
        w->own[1].faults = w->own[4].faults = faults[i];
        w->member[2].weight = 1;
        w->epoch += w->ca.config.refresh;
        cr_assert(ceremony_reach(w, 2, 40 + ASSAY_CA_BAR_EPOCHS), "fault %d", i);
        cr_assert_arr_eq(w->ca.key, key, 32);
        cr_assert(ceremony_all_sign(w));
        ceremony_free(w);
    }
}

/* --- attack 11: a second dealing of an index in an attempt is without effect */
Test(ceremony, a_second_dealing_of_an_index_has_no_effect)
{
    struct ceremony_world *w = at_deals(4);
    uint8_t digest[32];
    cr_assert_eq(ceremony_deal(w, 1), ASSAY_CA_APPLIED);
    assay_bytes_copy(digest, 32, w->ca.ceremony.dealing[0].digest, 32);
    cr_assert_eq(ceremony_deal(w, 1), ASSAY_CA_SAME);
    cr_assert_arr_eq(digest, w->ca.ceremony.dealing[0].digest, 32);
    ceremony_free(w);
}

Test(ceremony, a_record_of_another_member_has_no_effect)
{
    static struct assay_ca_deal_record record;
    struct ceremony_world *w = at_deals(4);
    struct assay_secret32 r;
    const struct assay_slice payload = assay_slice_over("", 0);
    ceremony_make_deal(w, 1, &record, &r);
    cr_assert_eq(assay_ca_apply_deal(&w->ca, 1, w->member[1].node_id, &record, payload, NULL),
                 ASSAY_CA_NOT_YOURS);
    record.dealer = 2;
    ceremony_sign_deal(w, &record);
    cr_assert_eq(ceremony_apply_deal(w, &record), ASSAY_CA_STRANGER, "the dealing of another");
    ceremony_free(w);
}

/* --- keys, bars, lost keys */

/* docs/identity.md 3.4: others reshare without it; it is lost when that is in force. */
Test(ceremony, a_holder_that_is_inactive_for_four_closes_is_reshared_away)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    w->member[3].keys_active = false;
    for (int i = 0; i < 3; i++)
        ceremony_epoch(w);
    cr_assert_not(w->ca.force.holder[3].lost);
    cr_assert_eq(assay_ca_live(&w->ca), 6);
    w->member[3].keys_active = true;
    ceremony_epoch(w);
    cr_assert_eq(assay_ca_live(&w->ca), 7);
    w->member[3].keys_active = false;
    for (int i = 0; i < 3; i++)
        ceremony_epoch(w);
    while (w->ca.epoch - w->ca.last_began < ASSAY_CA_BEGIN_EPOCHS - 1) {
        w->member[3].keys_active = true; /* until the next ceremony may begin */
        ceremony_epoch(w);
        w->member[3].keys_active = false;
    }
    for (int i = 0; i < 3; i++)
        ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE, "three closes are no reason");
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_OFFERS);
    cr_assert_not(w->ca.force.holder[3].lost, "it has its shares");
    cr_assert_eq(w->ca.lost_until[3], 0);
    cr_assert(ceremony_reach(w, 2, 10));
    cr_assert_eq(assay_ca_holder_of_node(&w->ca.force, w->member[3].node_id), UINT32_MAX);
    cr_assert_eq(w->ca.lost_until[3], w->ca.since + ASSAY_CA_BAR_EPOCHS);
    cr_assert(ceremony_all_sign(w));
    ceremony_free(w);
}

/* Where no ceremony takes offers, a holder of a changed list shows its entry in the one that the
 * last close certified; meanwhile the next list is certified. */
static void change_lists(struct ceremony_world *w, uint32_t slots)
{
    for (uint32_t i = 0; i < w->count; i++) {
        if (w->ca.ceremony.phase != ASSAY_CA_OFFERS) (void)ceremony_offer(w, i);
        if (i < slots) ceremony_change_list(w, i, true);
    }
    ceremony_epoch(w);
}

Test(ceremony, a_holder_lives_at_every_close_however_its_list_changes)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    uint8_t key[32];
    for (uint32_t i = 0; i < 8 && w->ca.ca_number == 0; i++)
        change_lists(w, 4);
    cr_assert_eq(w->ca.ca_number, 1, "every list changed in every step of the ceremony");
    assay_bytes_copy(key, 32, w->ca.key, 32);
    for (uint32_t i = 0; i < 20; i++) {
        change_lists(w, 1 + i % 4);
        cr_assert_eq(assay_ca_live(&w->ca), 4, "change %u", i);
    }
    w->epoch += w->ca.config.refresh;
    for (uint32_t i = 0; i < 10; i++) {
        change_lists(w, 4);
        cr_assert_eq(assay_ca_live(&w->ca), 4, "change %u with a reshare", i);
    }
    cr_assert_eq(w->ca.force.generation, 2);
    cr_assert_arr_eq(w->ca.key, key, 32);
    cr_assert(ceremony_all_sign(w));
    ceremony_free(w);
}

/* The record that shows the entry may be late by an epoch, and lists change for several epochs in
 * a row. */
Test(ceremony, a_holder_whose_offer_is_late_by_one_epoch_lives)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    for (uint32_t i = 0; i < 12; i++) {
        if (i % 2 == 0) cr_assert_eq(ceremony_offer(w, 2), ASSAY_CA_APPLIED);
        ceremony_change_list(w, 2, true);
        ceremony_epoch(w);
        cr_assert_eq(assay_ca_live(&w->ca), 4, "close %u", i);
    }
    ceremony_free(w);
}

/* docs/identity.md 3.4: active at two closes more, away after four without; by other lists its
 * member ends nothing of that. */
Test(ceremony, an_entry_that_is_withdrawn_ends_after_two_closes_whatever_lists_follow)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    for (uint32_t i = 0; i < 6; i++) {
        cr_assert_eq(w->ca.force.holder[3].inactive, i < 3 ? 0 : i - 2, "close %u", i);
        if (i > 0) cr_assert_eq(ceremony_offer(w, 3), ASSAY_CA_UNPROVEN);
        ceremony_change_list(w, 3, false);
        ceremony_held_epoch(w); /* certifies nothing, and counts nothing */
        ceremony_epoch(w);
        cr_assert_eq(assay_ca_live(&w->ca), i < 2 ? 7 : 6, "close %u", i);
    }
    cr_assert_eq(w->ca.force.holder[3].inactive, ASSAY_CA_INACTIVE_EPOCHS);
    ceremony_free(w);
}

Test(ceremony, an_entry_of_a_ceremony_that_is_withdrawn_is_inactive_in_the_new_generation)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    while (w->ca.ceremony.phase != ASSAY_CA_DEALS)
        ceremony_epoch(w);
    ceremony_change_list(w, 3, false);
    cr_assert(ceremony_reach(w, 1, 8));
    cr_assert_eq(assay_ca_live(&w->ca), 6);
    ceremony_free(w);
}

/* An enclave that restarted has lost its keys: the list that it binds then says nothing of the
 * entry that was in the one before. */
Test(ceremony, an_entry_of_keys_that_ended_lives_again_only_when_it_is_shown)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    cr_assert(ceremony_reach(w, 1, 8));
    w->member[3].keys_active = false;
    ceremony_epoch(w);
    cr_assert_eq(assay_ca_live(&w->ca), 6);
    w->member[3].keys_active = true;
    ceremony_change_list(w, 3, true);
    ceremony_epoch(w);
    cr_assert_eq(assay_ca_live(&w->ca), 6);
    cr_assert_eq(ceremony_offer(w, 3), ASSAY_CA_APPLIED);
    ceremony_epoch(w);
    cr_assert_eq(assay_ca_live(&w->ca), 7);
    ceremony_free(w);
}

Test(ceremony, a_lost_key_is_replaced_by_the_next_number)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    uint8_t key[32];
    cr_assert(ceremony_reach(w, 1, 8));
    assay_bytes_copy(key, 32, w->ca.key, 32);
    w->member[0].incarnation++;
    w->member[1].incarnation++;
    for (int i = 0; i < ASSAY_CA_FEW_EPOCHS; i++)
        ceremony_epoch(w);
    cr_assert(w->ca.key_lost);
    cr_assert(ceremony_reach(w, 2, 100));
    cr_assert_eq(w->ca.ca_number, 2);
    cr_assert_not(w->ca.key_lost);
    cr_assert_arr_neq(w->ca.key, key, 32);
    cr_assert(ceremony_all_sign(w));
    ceremony_free(w);
}

/* docs/identity.md 3.21.1: the terms of the plan in force decide at each close, and nothing else of
 * the fold goes by them. */
Test(ceremony, another_refresh_decides_from_the_next_certified_close_on)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    uint8_t key[32];
    w->ca.config.refresh = 1000;
    cr_assert(ceremony_reach(w, 1, 8));
    assay_bytes_copy(key, 32, w->ca.key, 32);
    w->epoch += 200;
    for (int i = 0; i < 3; i++)
        ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE, "not due by the plan of before");
    w->ca.config.refresh = 300;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE, "not due by the new one");
    w->ca.config.refresh = 204;
    ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_OFFERS, "due at once");
    w->ca.config.refresh = 1000; /* what runs goes on */
    cr_assert(ceremony_reach(w, 2, 10));
    cr_assert_arr_eq(w->ca.key, key, 32);
    w->epoch += 300;
    for (int i = 0; i < 3; i++)
        ceremony_epoch(w);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE);
    cr_assert(ceremony_all_sign(w));
    ceremony_free(w);
}

Test(ceremony, a_lost_key_waits_for_operators_until_the_plan_replaces_it)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    w->ca.config.replaces_lost_key = false;
    cr_assert(ceremony_reach(w, 1, 8));
    w->member[0].incarnation++;
    w->member[1].incarnation++;
    for (int i = 0; i < ASSAY_CA_FEW_EPOCHS + 100; i++)
        ceremony_epoch(w);
    cr_assert(w->ca.key_lost);
    cr_assert_eq(w->ca.ceremony.phase, ASSAY_CA_IDLE);
    cr_assert_eq(w->ca.ca_number, 1);
    w->ca.config.replaces_lost_key = true;
    cr_assert(ceremony_reach(w, 2, 10));
    cr_assert_eq(w->ca.ca_number, 2);
    ceremony_free(w);
}

Test(ceremony, a_convicted_member_offers_no_more)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    w->own[3].faults = CEREMONY_BAD_VALUE | CEREMONY_NO_DISPUTE;
    cr_assert(ceremony_reach(w, 1, 10));
    w->own[3].faults = 0;
    cr_assert(ceremony_reach(w, 2, 30), "its indices are replaced");
    cr_assert_eq(assay_ca_holder_of_node(&w->ca.force, w->member[3].node_id), UINT32_MAX);
    ceremony_free(w);
}

Test(ceremony, an_entry_that_is_not_in_the_certified_list_holds_nothing)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    while (w->ca.ceremony.phase != ASSAY_CA_OFFERS)
        ceremony_epoch(w);
    w->ca.member[1].keys_root[5] ^= 1;
    cr_assert_eq(ceremony_offer(w, 1), ASSAY_CA_UNPROVEN);
    w->ca.member[1].keys_root[5] ^= 1;
    w->ca.member[1].is_full = false;
    cr_assert_eq(ceremony_offer(w, 1), ASSAY_CA_NOT_HERE);
    w->ca.member[1].is_full = true;
    cr_assert_eq(ceremony_offer(w, 1), ASSAY_CA_APPLIED);
    ceremony_free(w);
}

/* Drawn: weights, and hostile members of up to a third of the weight with drawn faults. */
Test(ceremony, drawn_no_hostile_third_signs_stops_or_frames)
{
    for (uint32_t trial = 0; trial < 12; trial++) {
        uint8_t drawn[64];
        uint32_t weight[9], count, hostile_weight = 0;
        uint64_t total = 0;
        bool hostile[ASSAY_CA_SLOTS_MAX] = { false }, honest[ASSAY_CA_SLOTS_MAX] = { false };
        group_draw(drawn, sizeof drawn);
        count = 5 + drawn[0] % 5;
        for (uint32_t i = 0; i < count; i++)
            total += weight[i] = 4 + drawn[1 + i] % 5;
        struct ceremony_world *w = ceremony_new(count, weight);
        unsigned bad_dealers = 0;
        for (uint32_t i = 0; i < count; i++) {
            const unsigned fault = 1U << (drawn[20 + i] % 10);
            hostile[i] = 3 * (hostile_weight + weight[i]) <= total && drawn[40 + i] % 2 == 0;
            honest[i] = !hostile[i];
            if (!hostile[i]) continue;
            hostile_weight += weight[i];
            w->own[i].faults = fault;
            if (fault == CEREMONY_BAD_VALUE || fault == CEREMONY_BAD_POINT) {
                w->own[i].faults |= CEREMONY_NO_DISPUTE;
                bad_dealers++;
            }
        }
        cr_assert(ceremony_reach(w, 1, 60), "trial %u", trial);
        for (uint32_t i = 0; i < count; i++) {
            cr_assert(hostile[i] || !is_convicted(w, i), "honest %u of trial %u", i, trial);
            if ((w->own[i].faults & (CEREMONY_BAD_VALUE | CEREMONY_BAD_POINT)) != 0)
                cr_assert(is_convicted(w, i), "a wrong dealer, trial %u", trial);
        }
        cr_assert_not(ceremony_signs(w, hostile), "trial %u", trial);
        cr_assert(ceremony_signs(w, honest), "trial %u", trial);
        uint8_t key[32];
        assay_bytes_copy(key, 32, w->ca.key, 32);
        w->epoch += w->ca.config.refresh;
        cr_assert(ceremony_reach(w, w->ca.force.generation + 1, 60), "trial %u", trial);
        cr_assert_arr_eq(w->ca.key, key, 32);
        cr_assert_not(ceremony_signs(w, hostile));
        cr_assert(ceremony_signs(w, honest));
        ceremony_free(w);
    }
}

/* --- attack on the turns of ceremonies (3.4, 3.15) */
/* Five of 16 members hold shares of a generation and then say, one after the other, that they are
 * gone: each once in 64 epochs and more, which nothing forbids. So each reshare is followed by a
 * reshare, and the number that operators ordered, or that is a year old, is never replaced. */
Test(ceremony, a_third_that_loses_shares_in_turns_halts_no_rollover, .timeout = 900)
{
    enum { HOSTILE = 5, EPOCHS = 320 };
    struct ceremony_world *w = ceremony_new(16, NULL);
    uint64_t generation = 0;
    uint32_t lost = 0;
    cr_assert(ceremony_reach(w, 1, 8));
    w->ca.config.replaced = 1;
    for (uint32_t i = 0; i < EPOCHS && w->ca.next.number == 0; i++) {
        if (w->ca.force.generation != generation)
            for (uint32_t slot = 0; slot < HOSTILE; slot++)
                if (ceremony_say_lack(w, slot)) {
                    lost++;
                    generation = w->ca.force.generation;
                    break;
                }
        ceremony_epoch(w);
        cr_assert_geq(assay_ca_live(&w->ca), w->ca.force.threshold, "honest holders sign on");
    }
    cr_expect_gt(w->ca.next.number, 0, "%u epochs, generation %u, %u times lost", EPOCHS,
                 (unsigned)w->ca.force.generation, lost);
    ceremony_free(w);
}

/* --- ATTACK on the margin of a generation (3.4, 3.5.1) */

/* Two of seven hold indices and never say HAVE, which convicts nobody. An honest holder was away in
 * the epoch of the dealings, has none of them, and never vouches either. So the generation is in
 * force with t live indices, for a day: whichever of the four is away next for some minutes takes
 * the key with it, though at no time more than two are hostile and one is away. */
Test(ceremony, holders_that_never_vouched_are_replaced_before_another_one_is_needed, .timeout = 900)
{
    struct ceremony_world *w = ceremony_new(7, NULL);
    uint8_t key[32];
    w->ca.config.refresh = ASSAY_CA_REFRESH;
    for (uint32_t i = 0; i < 3; i++)
        w->own[i].faults = CEREMONY_NO_HAVE;
    cr_assert(ceremony_reach(w, 1, 10));
    assay_bytes_copy(key, 32, w->ca.key, 32);
    w->own[2].faults = 0; /* it is here again since */
    cr_assert_eq(assay_ca_live(&w->ca), w->ca.force.threshold);
    for (uint32_t i = 0; i < 100; i++)
        ceremony_epoch(w);
    cr_expect_gt(w->ca.force.generation, 1, "100 epochs later nothing has replaced them");
    w->member[3].is_full = w->member[3].is_warning = w->member[3].keys_active = false;
    for (uint32_t i = 0; i < ASSAY_CA_FEW_EPOCHS + 1 && !w->ca.key_lost; i++)
        ceremony_epoch(w);
    cr_expect_not(w->ca.key_lost, "one of the four was away for some epochs");
    cr_expect_arr_eq(w->ca.key, key, 32);
    ceremony_free(w);
}
