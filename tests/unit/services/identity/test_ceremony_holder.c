/*
 * tests/unit/services/identity/test_ceremony_holder.c - tests of holders of the group key:
 * ceremonies with crashes at every step, hostile holders, restored disks, erasure
 * (docs/identity.md 3).
 */
#include "tests/unit/services/identity/holder_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { REFRESH = 64 };

Test(ceremony_holder, four_seven_and_twenty_holders_make_a_key_and_reshare_it)
{
    static const uint32_t sizes[] = { 4, 7, 20 };
    for (uint32_t i = 0; i < 3; i++) {
        struct world *w = holders_new(sizes[i], 1, REFRESH);
        cr_assert_leq(holders_until(w, 1), 9, "a key in so many epochs");
        holders_must_sign(w);
        (void)holders_until(w, 2);
        holders_must_sign(w);
        cr_assert_eq(w->ca.ca_number, 1, "the same key");
        for (uint32_t k = 0; k < w->nodes; k++)
            cr_assert_eq(holders_items(&w->node[k].disk, ASSAY_CEREMONY_SHARES), 2);
        holders_free(w);
    }
}

/* docs/identity.md 3.11: a crash before, within and after each action. The world checks that
 * nothing is handed in twice with different bytes, and that who said HAVE can sign. */
Test(ceremony_holder, crashes_at_every_step_change_nothing, .timeout = 300)
{
    for (uint32_t seed = 1; seed <= 12; seed++) {
        struct world *w = holders_new(seed % 2 == 0 ? 4 : 7, seed, REFRESH);
        w->crash_of = 2 + seed % 5;
        (void)holders_until(w, 1);
        w->crash_of = 0;
        holders_must_sign(w);
        w->crash_of = 2 + seed % 3;
        (void)holders_until(w, 2);
        holders_must_sign(w);
        cr_assert_eq(w->ca.convicted, 0);
        holders_free(w);
    }
}

Test(ceremony_holder, hostile_holders_of_a_third_neither_prevent_a_key_nor_frame_anybody,
     .timeout = 600)
{
    static const unsigned of[] = {
        WORLD_DEALS_WRONGLY,    WORLD_DEALS_BAD_POINTS, WORLD_DEALS_LATE,
        WORLD_DISPUTES_FALSELY, WORLD_SAYS_OTHERWISE,   WORLD_IS_SILENT
    };
    for (uint32_t seed = 1; seed <= 12; seed++) {
        struct world *w = holders_new(seed % 3 == 0 ? 4 : 7, seed, REFRESH);
        for (uint32_t i = 0; i < (w->nodes - 1) / 3; i++)
            w->node[holders_draw(w, w->nodes)].hostility = of[(seed + i) % 6];
        w->crash_of = 40;
        (void)holders_until(w, 1);
        holders_must_sign(w);
        (void)holders_until(w, 2);
        holders_must_sign(w);
        holders_free(w);
    }
}

/* docs/identity.md 3.11: no coefficient and no secret of encryption is ever used twice: what is
 * public of them differs in all dealings of all attempts. */
Test(ceremony_holder, dealings_have_nothing_in_common)
{
    struct world *w = holders_new(4, 14, REFRESH);
    static struct assay_ca_deal_record deal[2];
    (void)holders_until(w, 3);
    cr_assert_eq(w->dealings, 12);
    for (uint32_t i = 0; i < w->dealings; i++)
        for (uint32_t j = 0; j < i; j++) {
            const uint32_t of[] = { i, j };
            for (uint32_t k = 0; k < 2; k++)
                cr_assert_eq(
                    assay_ca_deal_decode(
                        assay_slice_over(w->dealing[of[k]].bytes, w->dealing[of[k]].len), &deal[k]),
                    ASSAY_OK);
            cr_assert_arr_neq(deal[0].dealt, deal[1].dealt, 32);
            for (uint32_t m = 0; m < deal[0].commitments.count; m++)
                cr_assert_arr_neq(deal[0].commitments.point[m], deal[1].commitments.point[m], 32);
        }
    holders_free(w);
}

Test(ceremony_holder, who_deals_wrongly_is_convicted, .timeout = 60)
{
    for (unsigned hostility = WORLD_DEALS_WRONGLY; hostility <= WORLD_DEALS_BAD_POINTS;
         hostility <<= 1) {
        struct world *w = holders_new(7, 3, REFRESH);
        w->node[2].hostility = hostility;
        (void)holders_until(w, 1);
        cr_assert(assay_ca_is_convicted(&w->ca, w->node[2].node_id));
        cr_assert_eq(w->ca.conviction[0].reason, ASSAY_CA_DEALT_WRONGLY);
        holders_must_sign(w);
        holders_free(w);
    }
}

/* docs/identity.md 3.13: the shares of a generation are on no disk after eight certified closes of
 * the next; closes that nothing certified do not count. */
Test(ceremony_holder, old_shares_are_erased_after_eight_certified_closes)
{
    struct world *w = holders_new(4, 5, REFRESH);
    struct assay_secret32 old[4][ASSAY_FROST_INDICES_MAX + 1];
    (void)holders_until(w, 1);
    for (uint32_t i = 0; i < 4; i++)
        cr_assert_eq(
            assay_ceremony_holder_shares(&w->node[i].holder, &w->ca, w->ca.ca_number, old[i]),
            ASSAY_OK);
    (void)holders_until(w, 2);
    for (uint32_t epoch = 0; epoch <= ASSAY_CEREMONY_HOLDER_ERASE_CLOSES; epoch++) {
        for (uint32_t i = 0; i < 4; i++)
            cr_assert(holders_disk_has(&w->node[i].disk, old[i][i + 1].bytes, 32));
        holders_epoch(w, false);
        holders_restart(w, epoch % 4); /* a restart does not begin the count anew */
        holders_epoch(w, true);
    }
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert(!holders_disk_has(&w->node[i].disk, old[i][i + 1].bytes, 32));
        cr_assert_eq(holders_items(&w->node[i].disk, ASSAY_CEREMONY_SHARES), 1);
        cr_assert_eq(holders_items(&w->node[i].disk, ASSAY_CEREMONY_SECRET), 0,
                     "secrets of a ceremony end with it");
        cr_assert_eq(holders_items(&w->node[i].disk, ASSAY_CEREMONY_RECORD), 0);
    }
    holders_must_sign(w);
    holders_free(w);
}

Test(ceremony_holder, a_generation_that_is_over_signs_nothing)
{
    struct world *w = holders_new(4, 6, REFRESH);
    struct assay_secret32 before[ASSAY_FROST_INDICES_MAX + 1], after[ASSAY_FROST_INDICES_MAX + 1];
    (void)holders_until(w, 1);
    cr_assert_eq(assay_ceremony_holder_shares(&w->node[0].holder, &w->ca, w->ca.ca_number, before),
                 ASSAY_OK);
    (void)holders_until(w, 2);
    cr_assert_eq(holders_items(&w->node[0].disk, ASSAY_CEREMONY_SHARES), 2, "they are still here");
    cr_assert_eq(assay_ceremony_holder_shares(&w->node[0].holder, &w->ca, w->ca.ca_number, after),
                 ASSAY_OK);
    cr_assert_arr_neq(before[1].bytes, after[1].bytes, 32);
    holders_free(w);
}

/* A host restores the disk of an earlier time, in each phase of a ceremony: the holder frames
 * nobody, is not framed, and the others get their key. */
Test(ceremony_holder, a_restored_disk_convicts_nobody_and_stops_nothing, .timeout = 300)
{
    for (uint32_t seed = 1; seed <= 12; seed++) {
        struct world *w = holders_new(7, seed, REFRESH);
        struct holders_node *n = &w->node[seed % 7];
        (void)holders_until(w, 1);
        n->copy = n->disk;
        while (w->ca.ceremony.phase == ASSAY_CA_IDLE)
            holders_epoch(w, true);
        for (uint32_t i = 0; i < seed % 6; i++)
            holders_epoch(w, true);
        n->was_restored = true;
        n->disk = n->copy;
        holders_restart(w, seed % 7);
        (void)holders_until(w, 2);
        holders_must_sign(w);
        cr_assert_eq(w->ca.convicted, 0);
        /* One that vouched for shares of the second, and lacks them, offers again after a while. */
        for (uint64_t generation = 3; generation < 5; generation++) {
            (void)holders_until(w, generation);
            holders_must_sign(w);
        }
        const struct assay_ceremony_status status =
            assay_ceremony_holder_status(&n->holder, &w->ca);
        cr_assert(status.can_sign && !status.is_lost, "it is a holder of a later generation");
        holders_free(w);
    }
}

/* The host of a node restores a disk of before the first generation. */
static void restore_first_disk(struct world *w, uint32_t node)
{
    struct holders_node *n = &w->node[node];
    n->was_restored = true;
    n->disk = n->copy;
    holders_restart(w, node);
}

/* 3.11.1: the ledger counts on no shares that are gone, and the others reshare at once. */
Test(ceremony_holder, a_holder_without_its_shares_says_so)
{
    struct world *w = holders_new(4, 8, REFRESH);
    struct holders_node *n = &w->node[1];
    n->copy = n->disk;
    (void)holders_until(w, 1);
    cr_assert(assay_ceremony_holder_status(&n->holder, &w->ca).can_sign);
    cr_assert_eq(assay_ca_live(&w->ca), 4);
    restore_first_disk(w, 1);
    struct assay_ceremony_status status = assay_ceremony_holder_status(&n->holder, &w->ca);
    cr_assert(status.is_holder && status.is_lost && !status.can_sign);
    holders_must_sign(w);
    for (uint32_t i = 0; i < 3; i++)
        holders_epoch(w, true);
    const uint32_t place = assay_ca_holder_of_node(&w->ca.force, n->node_id);
    cr_assert(w->ca.force.holder[place].lost);
    cr_assert_eq(assay_ca_live(&w->ca), 3);
    status = assay_ceremony_holder_status(&n->holder, &w->ca);
    cr_assert(!status.is_holder && !status.is_lost);
    cr_assert_leq(holders_until(w, 2), 16);
    cr_assert_eq(assay_ca_holder_of_node(&w->ca.force, n->node_id), UINT32_MAX);
    holders_must_sign(w);
    cr_assert_eq(w->ca.ca_number, 1);
    holders_free(w);
}

/* A second process with an older disk does not speak for the one that the ledger names. */
Test(ceremony_holder, another_process_says_nothing_of_shares)
{
    struct world *w = holders_new(4, 9, REFRESH);
    struct holders_node *n = &w->node[1];
    static struct assay_ceremony_holder other;
    static struct assay_ceremony_effect e;
    struct assay_ceremony_holder_config config;
    (void)holders_until(w, 1);
    config = n->holder.config;
    config.link_key[0] ^= 1;
    assay_ceremony_holder_init(&other, &config);
    assay_ceremony_holder_set_entry(&other, &n->entry);
    assay_ceremony_holder_on_close(&other, &w->ca, true, false);
    other.age = n->holder.age;
    other.age.is_stored = true;
    cr_assert_eq(assay_ceremony_holder_step(&other, &w->ca, &e), ASSAY_OK);
    cr_assert(e.action == ASSAY_CEREMONY_SUBMIT_BYTES && e.item.record == ASSAY_CEREMONY_OFFER,
              "it offers first, and is the holder's process once the ledger has that");
    cr_assert_eq(assay_ceremony_holder_step(&other, &w->ca, &e), ASSAY_OK);
    cr_assert_eq(e.action, ASSAY_CEREMONY_NOTHING);
    holders_free(w);
}

/* 3.14: fewer than t indices are left; those that lost theirs make the next number, too. */
Test(ceremony_holder, a_key_without_enough_shares_makes_way_for_the_next)
{
    struct world *w = holders_new(4, 10, REFRESH);
    w->ca.config.replaces_lost_key = true;
    for (uint32_t i = 0; i < 2; i++)
        w->node[i].copy = w->node[i].disk;
    (void)holders_until(w, 1);
    for (uint32_t i = 0; i < 2; i++)
        restore_first_disk(w, i);
    cr_assert_leq(holders_until(w, 2), ASSAY_CA_FEW_EPOCHS + 16);
    cr_assert_eq(w->ca.ca_number, 2);
    cr_assert_eq(assay_ca_live(&w->ca), 4);
    holders_must_sign(w);
    holders_free(w);
}

/* docs/identity.md 3.11: a ledger that is older than what is stored makes no holder deal again or
 * erase. */
Test(ceremony_holder, an_older_ledger_is_refused)
{
    struct world *w = holders_new(4, 9, REFRESH);
    struct assay_ceremony_effect e;
    (void)holders_until(w, 1);
    struct assay_ca *old = malloc(sizeof *old);
    cr_assert_not_null(old);
    *old = w->ca;
    while (w->ca.ceremony.phase != ASSAY_CA_HAVES)
        holders_epoch(w, true);
    cr_assert_eq(assay_ceremony_holder_step(&w->node[0].holder, old, &e), ASSAY_E_STALE);
    cr_assert_eq(e.action, ASSAY_CEREMONY_NOTHING);
    free(old);
    holders_free(w);
}

/* docs/identity.md 3.16. */
Test(ceremony_holder, a_fence_stops_at_once)
{
    struct world *w = holders_new(4, 10, REFRESH);
    struct assay_ceremony_effect e;
    while (w->ca.ceremony.phase != ASSAY_CA_DEALS)
        holders_epoch(w, true);
    assay_ceremony_holder_on_close(&w->node[0].holder, &w->ca, false, true);
    cr_assert_eq(assay_ceremony_holder_step(&w->node[0].holder, &w->ca, &e), ASSAY_OK);
    cr_assert_eq(e.action, ASSAY_CEREMONY_NOTHING);
    (void)holders_until(w, 1);
    assay_ceremony_holder_on_close(&w->node[0].holder, &w->ca, false, true);
    cr_assert(!assay_ceremony_holder_status(&w->node[0].holder, &w->ca).can_sign);
    holders_free(w);
}

/* The ledger of an era is that of the first generation, after the second was in force. */
static void undo_second_generation(struct world *w)
{
    struct assay_ca *before = malloc(sizeof *before);
    cr_assert_not_null(before);
    *before = w->ca;
    (void)holders_until(w, 2);
    const uint64_t epoch = w->ca.epoch;
    w->ca = *before;
    free(before);
    w->ca.epoch = epoch;
    w->ca.last_began = epoch;
    w->ca.since = epoch;
    assay_ca_set_era(&w->ca, 1);
}

/* docs/identity.md 3.16: an era undoes a switch. Shares that the ledger does not have any more are
 * kept until the operator names the era. */
Test(ceremony_holder, an_era_that_undoes_a_generation_erases_nothing_by_itself)
{
    struct world *w = holders_new(4, 11, REFRESH);
    struct holders_node *n = &w->node[0];
    (void)holders_until(w, 1);
    undo_second_generation(w);
    for (uint32_t i = 0; i < 12; i++)
        holders_epoch(w, true);
    cr_assert_eq(holders_items(&n->disk, ASSAY_CEREMONY_SHARES), 2, "both generations");
    cr_assert(assay_ceremony_holder_status(&n->holder, &w->ca).is_undone);
    holders_must_sign(w);
    n->holder.config.era = 1;
    holders_epoch(w, true);
    cr_assert_eq(holders_items(&n->disk, ASSAY_CEREMONY_SHARES), 1);
    cr_assert(!assay_ceremony_holder_status(&n->holder, &w->ca).is_undone);
    holders_must_sign(w);
    holders_free(w);
}

/* docs/identity.md 3.16: the era makes other generations of the same and of higher numbers. What it
 * had itself is erased as ever. */
Test(ceremony_holder, an_undone_generation_outlasts_another_of_its_number, .timeout = 60)
{
    struct world *w = holders_new(4, 15, REFRESH);
    struct holders_node *n = &w->node[0];
    struct assay_secret32 first[ASSAY_FROST_INDICES_MAX + 1], undone[ASSAY_FROST_INDICES_MAX + 1];
    (void)holders_until(w, 1);
    cr_assert_eq(assay_ceremony_holder_shares(&n->holder, &w->ca, w->ca.ca_number, first),
                 ASSAY_OK);
    undo_second_generation(w);
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_SHARINGS_MAX; i++)
        if (n->holder.sharing[i].name.generation == 2) undone[1] = n->holder.sharing[i].share[0];
    for (uint64_t generation = 2; generation <= 3; generation++) {
        (void)holders_until(w, generation);
        for (uint32_t i = 0; i < 2 * ASSAY_CEREMONY_HOLDER_ERASE_CLOSES; i++) {
            holders_epoch(w, true);
            if (i % 4 == 0) holders_restart(w, 0);
        }
        cr_assert(holders_disk_has(&n->disk, undone[1].bytes, 32));
        cr_assert(!holders_disk_has(&n->disk, first[1].bytes, 32), "it preceded that of the era");
        cr_assert(assay_ceremony_holder_status(&n->holder, &w->ca).is_undone);
        cr_assert_eq(holders_items(&n->disk, ASSAY_CEREMONY_SHARES), 2);
        holders_must_sign(w);
    }
    n->holder.config.era = 1;
    holders_epoch(w, true);
    cr_assert(!holders_disk_has(&n->disk, undone[1].bytes, 32));
    cr_assert(!assay_ceremony_holder_status(&n->holder, &w->ca).is_undone);
    holders_must_sign(w);
    holders_free(w);
}

/* A holder alone, with shares of one index. */
static void load_shares(struct assay_ceremony_holder *h, uint64_t era, uint64_t generation)
{
    const struct assay_ceremony_item item = {
        .kind = ASSAY_CEREMONY_SHARES,
        .name = { .era = era, .generation = generation, .attempt = generation, .ca_number = 1 }
    };
    uint8_t bytes[32 + 1 + 33] = { (uint8_t)era, (uint8_t)generation };
    bytes[32] = bytes[33] = bytes[34] = 1;
    cr_assert_eq(assay_ceremony_holder_load(h, &item, assay_slice_over(bytes, sizeof bytes)),
                 ASSAY_OK);
}

/* Closes with a generation of an era in force. Returns: whether shares were erased; *age: the last
 * that was stored */
static bool close_with(struct assay_ceremony_holder *h, struct assay_ca *ca, uint64_t era,
                       uint64_t generation, bool is_certified, struct assay_ceremony_effect *age)
{
    static struct assay_ceremony_effect e;
    ca->era = ca->force.era = era;
    ca->ca_number = 1;
    ca->attempts = ca->force.generation = generation;
    ca->force.table[0] = (uint8_t)era;
    ca->force.table[1] = (uint8_t)generation;
    assay_ceremony_holder_on_close(h, ca, is_certified, false);
    for (;;) {
        cr_assert_eq(assay_ceremony_holder_step(h, ca, &e), ASSAY_OK);
        if (e.action == ASSAY_CEREMONY_ERASE_SHARES) return true;
        if (e.action == ASSAY_CEREMONY_NOTHING) return false;
        cr_assert_eq(e.item.kind, ASSAY_CEREMONY_AGE);
        *age = e;
        assay_ceremony_holder_on_stored(h);
    }
}

/* docs/identity.md 3.13: the closes of one generation are not those of another of its number. */
Test(ceremony_holder, closes_are_counted_of_one_generation)
{
    struct world *w = holders_new(4, 16, REFRESH);
    struct assay_ceremony_holder *h = &w->node[0].holder;
    static struct assay_ceremony_effect age, other;
    static struct assay_ca ca;
    const struct assay_ceremony_holder_config config = h->config;
    for (uint32_t i = 0; i <= ASSAY_CEREMONY_HOLDER_ERASE_CLOSES; i++)
        cr_assert(!close_with(h, &ca, 1, 5, true, &age));
    assay_ceremony_holder_init(h, &config);
    cr_assert_eq(
        assay_ceremony_holder_load(h, &age.item, assay_slice_over(age.buffer, age.bytes.len)),
        ASSAY_OK);
    load_shares(h, 2, 4);
    cr_assert(!close_with(h, &ca, 2, 5, false, &other), "not one certified close of this one");
    for (uint32_t i = 1; i < ASSAY_CEREMONY_HOLDER_ERASE_CLOSES; i++)
        cr_assert(!close_with(h, &ca, 2, 5, true, &other));
    cr_assert(close_with(h, &ca, 2, 5, true, &other));
    holders_free(w);
}

/* docs/identity.md 3.16: the holder was away when an era undid the generation that it counted. */
Test(ceremony_holder, a_generation_of_before_an_absence_is_kept)
{
    struct world *w = holders_new(4, 18, REFRESH);
    struct assay_ceremony_holder *h = &w->node[0].holder;
    static struct assay_ceremony_effect age;
    static struct assay_ca ca;
    load_shares(h, 1, 5);
    cr_assert(!close_with(h, &ca, 1, 5, true, &age));
    for (uint32_t i = 0; i <= ASSAY_CEREMONY_HOLDER_ERASE_CLOSES + 1; i++)
        cr_assert(!close_with(h, &ca, 2, 6, true, &age), "the era may have made another fifth");
    cr_assert(assay_ceremony_holder_status(h, &ca).is_undone);
    h->config.era = 2;
    cr_assert(close_with(h, &ca, 2, 6, true, &age));
    holders_free(w);
}

/* docs/identity.md 3.11: secrets in memory alone are lost with the process; an offer of before is
 * none any more. */
Test(ceremony_holder, an_offer_without_its_secret_is_made_anew)
{
    struct world *w = holders_new(4, 17, REFRESH);
    struct holders_node *n = &w->node[0];
    static struct assay_ceremony_effect e;
    const struct assay_ceremony_entry entry = n->holder.entry;
    const struct assay_ceremony_holder_config config = n->holder.config;
    while (w->ca.ceremony.phase != ASSAY_CA_OFFERS)
        holders_epoch(w, true);
    const enum assay_ceremony_action expected[] = {
        ASSAY_CEREMONY_ERASE,
        ASSAY_CEREMONY_STORE, /* secret */
        ASSAY_CEREMONY_STORE, /* offer */
        ASSAY_CEREMONY_SUBMIT,
    };
    struct assay_ca_scope scope;
    cr_assert(assay_ca_current_scope(&w->ca, n->node_id, n->holder.key, &scope));
    const struct assay_ceremony_item old = { .kind = ASSAY_CEREMONY_RECORD,
                                             .name = { .era = scope.era,
                                                       .generation = scope.generation,
                                                       .attempt = scope.attempt,
                                                       .ca_number = scope.ca_number },
                                             .record = ASSAY_CEREMONY_OFFER };
    assay_ceremony_holder_init(&n->holder, &config);
    cr_assert_eq(assay_ceremony_holder_load(&n->holder, &old, assay_slice_over("old", 3)),
                 ASSAY_OK);
    assay_ceremony_holder_set_entry(&n->holder, &entry);
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert_eq(assay_ceremony_holder_step(&n->holder, &w->ca, &e), ASSAY_OK);
        cr_assert_eq(e.action, expected[i], "step %u", i);
        if (e.action == ASSAY_CEREMONY_ERASE) assay_ceremony_holder_on_erased(&n->holder, &e);
        if (e.action == ASSAY_CEREMONY_STORE) assay_ceremony_holder_on_stored(&n->holder);
    }
    cr_assert(n->holder.attempt[0].has_secret, "what is sealed to it is opened");
    holders_free(w);
}

/* docs/identity.md 3.11: lost holders are replaced by the next generation. */
Test(ceremony_holder, a_lost_holder_is_left_out_and_the_key_stays)
{
    struct world *w = holders_new(7, 12, REFRESH);
    (void)holders_until(w, 1);
    w->node[3].is_down = true;
    w->member[3].is_warning = w->member[3].is_full = false;
    (void)holders_until(w, 2);
    cr_assert_eq(assay_ca_holder_of_node(&w->ca.force, w->node[3].node_id), UINT32_MAX);
    holders_must_sign(w);
    holders_free(w);
}

/* docs/identity.md 4.15: the process of the newest offer counts. */
Test(ceremony_holder, a_restarted_process_renews_its_contact_and_another_one_is_superseded)
{
    struct world *w = holders_new(4, 13, REFRESH);
    (void)holders_until(w, 1);
    struct assay_ceremony_holder *first = malloc(sizeof *first);
    cr_assert_not_null(first);
    *first = w->node[2].holder;
    holders_restart(w, 2);
    holders_epoch(w, true);
    const uint32_t place = assay_ca_holder_of_node(&w->ca.force, w->node[2].node_id);
    cr_assert_arr_eq(w->ca.force.holder[place].link_key, w->node[2].link_key, 32);
    cr_assert(assay_ceremony_holder_status(first, &w->ca).is_superseded);
    cr_assert(!assay_ceremony_holder_status(&w->node[2].holder, &w->ca).is_superseded);
    free(first);
    holders_free(w);
}
