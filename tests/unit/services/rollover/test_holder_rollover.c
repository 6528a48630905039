/*
 * tests/unit/services/rollover/test_holder_rollover.c - tests of a holder with shares of two CA
 * numbers: restarts and crashes in each state, erasure of what is GONE (docs/identity.md 3.13,
 * 3.15).
 */
#include "tests/unit/services/identity/holder_world.h"

#include <criterion/criterion.h>

enum { REFRESH = 1440, NODES = 4 };

static void pass(struct world *w, uint32_t epochs)
{
    for (uint32_t i = 0; i < epochs; i++)
        holders_epoch(w, true);
}

/* Every holder that vouched has its shares of the next number, and they are those of the ledger. */
static void must_have_next(const struct world *w)
{
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
    const struct assay_ca_sharing *s = &w->ca.next.force;
    uint8_t point[32];
    for (uint32_t i = 0; i < s->holders; i++) {
        const struct assay_ca_holder *row = &s->holder[i];
        if (!row->has) continue;
        cr_assert_eq(assay_ceremony_holder_shares(&w->node[row->slot].holder, &w->ca,
                                                  w->ca.next.number, share),
                     ASSAY_OK);
        for (uint32_t j = row->first; j < row->first + row->indices; j++) {
            cr_assert_eq(assay_sodium_edwards_base(&share[j], point), ASSAY_OK);
            cr_assert_arr_eq(point, s->public_share[j - 1], 32);
        }
    }
}

/* At the close that made the next number, ordered by operators. restarts: holders restart in each
 * epoch of the ceremony. */
static struct world *new_overlap(uint32_t seed, bool restarts, uint32_t crash_of)
{
    struct world *w = holders_new(NODES, seed, REFRESH);
    (void)holders_until(w, 1);
    w->crash_of = crash_of;
    w->ca.config.replaced = 1;
    for (uint32_t i = 0; i < 64 && w->ca.next.number == 0; i++) {
        holders_epoch(w, true);
        if (restarts) holders_restart(w, i % NODES);
    }
    cr_assert_eq(w->ca.next.number, 2);
    return w;
}

static struct assay_secret32 share_of(struct world *w, uint32_t node, uint32_t number)
{
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
    const struct assay_ca_sharing *s = assay_ca_sharing_of(&w->ca, number);
    cr_assert_not_null(s);
    const uint32_t place = assay_ca_holder_of_node(s, w->node[node].node_id);
    cr_assert_eq(assay_ceremony_holder_shares(&w->node[node].holder, &w->ca, number, share),
                 ASSAY_OK);
    return share[s->holder[place].first];
}

Test(holder_rollover, shares_of_both_numbers_outlive_restarts_in_each_state, .timeout = 120)
{
    struct world *w = new_overlap(1, true, 0);
    struct assay_secret32 first[NODES], second[NODES];
    pass(w, 2);
    must_have_next(w);
    for (uint32_t i = 0; i < NODES; i++) {
        first[i] = share_of(w, i, 1);
        second[i] = share_of(w, i, 2);
        cr_assert_eq(holders_items(&w->node[i].disk, ASSAY_CEREMONY_SHARES), 2);
    }
    while (w->ca.ca_number == 1) { /* NEXT */
        holders_restart(w, (uint32_t)w->ca.epoch % NODES);
        holders_epoch(w, true);
        if (w->ca.ca_number == 1) must_have_next(w);
    }
    holders_must_sign(w);
    for (uint32_t epoch = 0; epoch <= ASSAY_CEREMONY_HOLDER_ERASE_CLOSES; epoch++) { /* OLD */
        for (uint32_t i = 0; i < NODES; i++)
            cr_assert(holders_disk_has(&w->node[i].disk, first[i].bytes, 32));
        holders_epoch(w, false);
        holders_restart(w, epoch % NODES);
        holders_epoch(w, true);
    }
    for (uint32_t i = 0; i < NODES; i++) {
        cr_assert(!holders_disk_has(&w->node[i].disk, first[i].bytes, 32));
        cr_assert(holders_disk_has(&w->node[i].disk, second[i].bytes, 32));
        cr_assert_eq(holders_items(&w->node[i].disk, ASSAY_CEREMONY_SHARES), 1);
    }
    cr_assert_eq(assay_ca_state_of(&w->ca, 1), ASSAY_CA_OLD, "published without shares");
    holders_must_sign(w);
    while (assay_ca_state_of(&w->ca, 1) == ASSAY_CA_OLD) {
        holders_restart(w, (uint32_t)w->ca.epoch % NODES);
        holders_epoch(w, true);
    }
    holders_must_sign(w); /* GONE */
    holders_free(w);
}

Test(holder_rollover, crashes_at_drawn_steps_lose_no_share, .timeout = 240)
{
    for (uint32_t seed = 20; seed < 24; seed++) {
        struct world *w = new_overlap(seed, false, 30);
        w->crash_of = 0;
        pass(w, 4);
        must_have_next(w);
        w->crash_of = 30;
        while (w->ca.ca_number == 1)
            holders_epoch(w, true);
        w->crash_of = 0;
        pass(w, 4);
        holders_must_sign(w);
        holders_free(w);
    }
}

Test(holder_rollover, a_retired_number_is_erased_at_once)
{
    struct world *w = new_overlap(2, false, 0);
    struct assay_secret32 first[NODES];
    pass(w, 2);
    for (uint32_t i = 0; i < NODES; i++)
        first[i] = share_of(w, i, 1);
    w->ca.config.retired = 1;
    holders_epoch(w, false);
    cr_assert_eq(w->ca.ca_number, 2);
    holders_epoch(w, true);
    for (uint32_t i = 0; i < NODES; i++) {
        cr_assert(!holders_disk_has(&w->node[i].disk, first[i].bytes, 32));
        cr_assert_eq(holders_items(&w->node[i].disk, ASSAY_CEREMONY_SHARES), 1);
    }
    holders_must_sign(w);
    holders_free(w);
}

/* The plan is the operators' word, also about shares that were made in an era before. */
Test(holder_rollover, a_number_of_an_earlier_era_is_retired_too)
{
    struct world *w = holders_new(NODES, 3, REFRESH);
    (void)holders_until(w, 1);
    pass(w, 2);
    const struct assay_secret32 first = share_of(w, 0, 1);
    assay_ca_set_era(&w->ca, 1);
    w->ca.config.retired = 1;
    holders_epoch(w, true);
    cr_assert_eq(w->ca.ca_number, 0);
    holders_epoch(w, true);
    cr_assert(!holders_disk_has(&w->node[0].disk, first.bytes, 32));
    for (uint32_t i = 0; i < 24 && w->ca.ca_number == 0; i++)
        holders_epoch(w, true);
    cr_assert_eq(w->ca.ca_number, ASSAY_CA_ERA_NUMBERS + 1u);
    holders_must_sign(w);
    holders_free(w);
}

Test(holder_rollover, replaced_shares_of_the_next_number_are_erased_at_once)
{
    struct world *w = new_overlap(4, false, 0);
    w->ca.config.next_epochs = 400;
    pass(w, 2);
    const struct assay_secret32 before = share_of(w, 1, 2);
    w->ca.next.since = 0; /* as old as the ledger */
    w->ca.config.refresh = 100;
    w->ca.epoch += 100;
    const uint64_t generation = w->ca.next.force.generation;
    for (uint32_t i = 0; i < 80 && w->ca.next.force.generation == generation; i++)
        holders_epoch(w, true);
    cr_assert_gt(w->ca.next.force.generation, generation);
    cr_assert_eq(w->ca.next.number, 2);
    pass(w, 2);
    must_have_next(w);
    cr_assert(!holders_disk_has(&w->node[1].disk, before.bytes, 32));
    holders_must_sign(w);
    holders_free(w);
}

Test(holder_rollover, shares_of_a_next_number_that_goes_are_erased)
{
    struct world *w = new_overlap(5, false, 0);
    pass(w, 2);
    const struct assay_secret32 second = share_of(w, 2, 2);
    w->ca.config.next_epochs = 400;
    w->ca.next.few_closes = ASSAY_CA_FEW_EPOCHS - 1;
    for (uint32_t i = 0; i < 2; i++)
        w->ca.next.force.holder[i].lost = true;
    holders_epoch(w, true);
    cr_assert_eq(assay_ca_state_of(&w->ca, 2), ASSAY_CA_GONE);
    holders_epoch(w, true);
    cr_assert(!holders_disk_has(&w->node[2].disk, second.bytes, 32));
    holders_must_sign(w);
    holders_free(w);
}

static void erase_shares(struct holders_disk *disk, uint32_t number)
{
    for (uint32_t i = 0; i < WORLD_ITEMS_MAX; i++) {
        struct holders_item *const item = &disk->item[i];
        if (item->is_used && item->item.kind == ASSAY_CEREMONY_SHARES &&
            item->item.name.ca_number == number)
            *item = (struct holders_item){ .is_used = false };
    }
}

/* 3.11.1, of the next number: the others reshare it before it signs. */
Test(holder_rollover, a_holder_without_shares_of_the_next_number_says_so)
{
    struct world *w = new_overlap(6, false, 0);
    struct holders_node *n = &w->node[1];
    pass(w, 2);
    const uint64_t generation = w->ca.next.force.generation;
    const uint32_t place = assay_ca_holder_of_node(&w->ca.next.force, n->node_id);
    cr_assert(w->ca.next.force.holder[place].has);
    n->was_restored = true;
    erase_shares(&n->disk, 2);
    holders_restart(w, 1);
    pass(w, 3);
    cr_assert_eq(w->ca.next.force.generation, generation);
    cr_assert(w->ca.next.force.holder[place].lost);
    cr_assert_not(w->ca.force.holder[assay_ca_holder_of_node(&w->ca.force, n->node_id)].lost);
    cr_assert(assay_ceremony_holder_status(&n->holder, &w->ca).can_sign, "the active number");
    for (uint32_t i = 0; i < 40 && w->ca.next.force.generation == generation; i++)
        holders_epoch(w, true);
    cr_assert_gt(w->ca.next.force.generation, generation);
    cr_assert_eq(w->ca.next.force.count, NODES - 1);
    cr_assert_eq(w->ca.force.count, NODES);
    must_have_next(w);
    holders_must_sign(w);
    holders_free(w);
}
