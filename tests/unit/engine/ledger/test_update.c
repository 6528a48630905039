/*
 * tests/unit/engine/ledger/test_update.c - collateral in blocks: when it may stand there, when it
 * serves, and what becomes of it (docs/protocol.md 8.8 to 8.14).
 *
 * Collateral is modelled: a set is "set" and for each of three roots a number, a date and an end;
 * an offer is "new", a root, and the same three. Both in seconds after the genesis.
 */
#include "tests/unit/engine/change_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ROOTS = 3, SET_LEN = 3 + 3 * ROOTS, OFFER_LEN = 7, T0_S = 1000, DAY_S = 86400 };

static unsigned asked; /* how often the vendors' signatures were looked at */
static bool is_equal;  /* what follows is the set in force with later dates */

static enum assay_status model_judge(void *context, struct assay_slice set,
                                     struct assay_slice offer, int64_t at_unix_s,
                                     struct assay_update_facts *facts)
{
    (void)context;
    asked++;
    if (offer.len != OFFER_LEN || !assay_bytes_equal(offer.bytes, "new", 3)) return ASSAY_E_SYNTAX;
    const uint8_t root = offer.bytes[3], number = offer.bytes[4], date = offer.bytes[5];
    if (root >= ROOTS) return ASSAY_E_INVALID;
    const uint8_t *own = set.bytes + 3 + (size_t)3 * root;
    if (number < own[0] || date < own[1]) return ASSAY_E_INVALID;
    if (T0_S + date > at_unix_s) return ASSAY_E_EARLY;
    if (number == own[0] && date == own[1]) return ASSAY_E_STALE;
    *facts = (struct assay_update_facts){ .number = number, .recovery = number > own[0] };
    memset(facts->root, root + 1, 32);
    memset(facts->part, root + 1, 32);
    return ASSAY_OK;
}

static enum assay_status model_follow(void *context, struct assay_slice set,
                                      const struct assay_slice *offers, size_t count,
                                      int64_t at_unix_s, struct assay_writer *w, bool *taken,
                                      int64_t *until_unix_s, bool *same)
{
    uint8_t next[SET_LEN];
    bool any = false;
    struct assay_update_facts facts;
    assay_bytes_copy(next, SET_LEN, set.bytes, SET_LEN);
    *until_unix_s = INT64_MAX;
    *same = is_equal;
    for (size_t i = 0; i < count; i++) {
        const struct assay_slice now = assay_slice_over(next, SET_LEN);
        taken[i] = model_judge(context, now, offers[i], at_unix_s, &facts) == ASSAY_OK;
        if (!taken[i]) continue;
        const size_t at = 3 + (size_t)3 * offers[i].bytes[3];
        if (T0_S + set.bytes[at + 2] < *until_unix_s) *until_unix_s = T0_S + set.bytes[at + 2];
        assay_bytes_copy(next + at, 3, offers[i].bytes + 4, 3);
        any = true;
    }
    assay_writer_put(w, next, SET_LEN);
    return any ? ASSAY_OK : ASSAY_E_STALE;
}

static const struct assay_updates model = { NULL, model_judge, model_follow };

/* Every root: number 1, of the day of the genesis, until 255 s later. */
static struct change_bench *make(uint32_t delay_s)
{
    static const uint8_t set[SET_LEN] = { 's', 'e', 't', 1, 0, 255, 1, 0, 255, 1, 0, 255 };
    struct change_bench *b = change_make();
    asked = 0;
    b->updates = &model;
    assay_bytes_copy(b->endorsements, sizeof b->endorsements, set, SET_LEN);
    b->genesis.endorsements = assay_slice_over(b->endorsements, SET_LEN);
    assay_sha256(set, SET_LEN, b->genesis.endorsements_digest);
    assay_sha256(set, SET_LEN, b->state.rules.endorsements_digest);
    b->state.rules.parameters.collateral_delay_s = delay_s;
    b->context.updates = &model;
    b->context.endorsements = b->genesis.endorsements;
    return b;
}

/* An epoch passes, and t0 of the next one is so many seconds after the genesis. */
static void pass_to(struct change_bench *b, uint64_t s)
{
    change_pass_epoch(b);
    b->state.head_time_ms = (T0_S + s) * 1000;
}

static struct change_made *made(uint8_t root, uint8_t number, uint8_t date, uint8_t end)
{
    const uint8_t offer[OFFER_LEN] = { 'n', 'e', 'w', root, number, date, end };
    struct change_made *m = calloc(1, sizeof *m);
    struct assay_writer w = assay_writer_over(m->bytes, sizeof m->bytes);
    cr_assert_eq(assay_record_put_update(&w, assay_slice_over(offer, OFFER_LEN)), ASSAY_OK);
    cr_assert_eq(assay_record_decode(assay_slice_over(m->bytes, w.len), &m->record), ASSAY_OK);
    return m;
}

static enum assay_status offer(struct change_bench *b, uint8_t root, uint8_t number, uint8_t date)
{
    struct change_made *m = made(root, number, date, 255);
    const enum assay_status status = change_offer(b, m);
    free(m);
    return status;
}

static uint8_t number_in_force(const struct change_bench *b, uint8_t root)
{
    uint8_t digest[32];
    assay_sha256(b->genesis.endorsements.bytes, b->genesis.endorsements.len, digest);
    cr_assert_arr_eq(digest, b->state.rules.endorsements_digest, 32);
    return b->genesis.endorsements.bytes[3 + 3 * root];
}

static uint8_t date_in_force(const struct change_bench *b, uint8_t root)
{
    cr_assert_eq(number_in_force(b, root) > 0, true);
    return b->genesis.endorsements.bytes[4 + 3 * root];
}

/* --- when it may stand in a block, and when it serves */

Test(update, of_the_same_number_it_serves_from_the_next_epoch)
{
    struct change_bench *b = make(0);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 1, 9), ASSAY_OK);
    pass_to(b, 11);
    cr_assert_eq(date_in_force(b, 1), 9);
    cr_assert_eq(date_in_force(b, 0), 0);
    cr_assert_eq(b->state.update_count, 1);
    cr_assert_eq(b->state.updates[0].phase, ASSAY_UPDATE_TRIED);
    pass_to(b, 12);
    cr_assert(assay_trial_runs(&b->state.trial));
    pass_to(b, 13);
    cr_assert_not(assay_trial_runs(&b->state.trial));
    cr_assert_eq(b->state.update_count, 0, "it stays");
    cr_assert_eq(date_in_force(b, 1), 9);
    change_drop(b);
}

/* docs/protocol.md 8.12: anybody may hand in what a vendor signed anew, as often as it does. */
Test(update, what_moves_nothing_but_dates_starts_no_trial)
{
    struct change_bench *b = make(0);
    is_equal = true;
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 1, 9), ASSAY_OK);
    pass_to(b, 11);
    is_equal = false;
    cr_assert_eq(date_in_force(b, 1), 9);
    cr_assert_not(assay_trial_runs(&b->state.trial));
    cr_assert_eq(b->state.update_count, 0, "it stays");
    change_fell(b, 0, 2); /* whoever fails now has nobody to blame */
    change_close_epoch(b);
    cr_assert_eq(date_in_force(b, 1), 9);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_NONE);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 0);
    change_drop(b);
}

Test(update, of_a_higher_number_it_serves_after_the_delay)
{
    struct change_bench *b = make(20);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 2, 9), ASSAY_OK);
    pass_to(b, 11);
    cr_assert_eq(b->state.updates[0].due_ms, (T0_S + 30) * 1000);
    pass_to(b, 29);
    pass_to(b, 30); /* the close of the epoch that began at 29 */
    cr_assert_eq(number_in_force(b, 1), 1, "not yet");
    pass_to(b, 31);
    cr_assert_eq(number_in_force(b, 1), 2);
    change_drop(b);
}

Test(update, the_usual_delay_is_fourteen_days)
{
    struct change_bench *b = make(0);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 2, 9), ASSAY_OK);
    pass_to(b, 11);
    cr_assert_eq(b->state.updates[0].due_ms, (T0_S + 10 + 14 * DAY_S) * 1000ull);
    change_drop(b);
}

Test(update, what_goes_back_is_early_or_says_nothing_new_is_refused)
{
    struct change_bench *b = make(0);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 1, 9), ASSAY_OK);
    pass_to(b, 11);
    pass_to(b, 12);
    pass_to(b, 13);
    cr_assert_eq(offer(b, 1, 1, 8), ASSAY_E_INVALID, "an older date");
    cr_assert_eq(offer(b, 1, 0, 12), ASSAY_E_INVALID, "a lower number");
    cr_assert_eq(offer(b, 1, 1, 9), ASSAY_E_STALE);
    cr_assert_eq(offer(b, 1, 1, 14), ASSAY_E_EARLY);
    cr_assert_eq(offer(b, 7, 1, 12), ASSAY_E_INVALID, "no root of this network");
    change_drop(b);
}

Test(update, one_of_a_root_stands_in_an_epoch_and_four_in_all)
{
    struct change_bench *b = make(0);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 0, 1, 3), ASSAY_OK);
    cr_assert_eq(offer(b, 0, 1, 4), ASSAY_E_DUPLICATE);
    cr_assert_eq(offer(b, 1, 1, 4), ASSAY_OK);
    cr_assert_eq(offer(b, 2, 1, 5), ASSAY_OK);
    pass_to(b, 11);
    cr_assert_eq(date_in_force(b, 0), 3, "they serve together");
    cr_assert_eq(date_in_force(b, 2), 5);
    change_drop(b);
}

Test(update, without_functions_no_block_may_have_any)
{
    struct change_bench *b = make(0);
    b->context.updates = NULL;
    cr_assert_eq(offer(b, 0, 1, 3), ASSAY_E_UNSUPPORTED);
    change_drop(b);
}

Test(update, what_waits_keeps_its_like_out_and_lets_a_higher_number_in)
{
    struct change_bench *b = make(100);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 2, 9), ASSAY_OK);
    pass_to(b, 11);
    cr_assert_eq(offer(b, 1, 2, 10), ASSAY_E_DUPLICATE, "or it would wait for ever");
    cr_assert_eq(offer(b, 1, 3, 10), ASSAY_OK);
    pass_to(b, 12);
    cr_assert_eq(b->state.update_count, 2);
    cr_assert_eq(offer(b, 1, 1, 11), ASSAY_OK, "what is in force goes on living meanwhile");
    pass_to(b, 13);
    cr_assert_eq(date_in_force(b, 1), 11);
    cr_assert_eq(number_in_force(b, 1), 1);
    change_drop(b);
}

static struct assay_update waiting_one(bool recovery, uint8_t part)
{
    struct assay_update u = { .phase = ASSAY_UPDATE_WAITING,
                              .facts = { .recovery = recovery, .number = 20 },
                              .due_ms = 1000000 };
    memset(u.facts.part, part, sizeof u.facts.part);
    memset(u.digest, part, sizeof u.digest);
    return u;
}

/* Recoveries wait for days, renewals for the next boundary, or for a trial. */
Test(update, neither_recoveries_nor_renewals_keep_the_others_out)
{
    for (int recovery = 0; recovery < 2; recovery++) {
        struct assay_update all[ASSAY_UPDATES_MAX];
        for (uint32_t n = 0; n <= ASSAY_UPDATES_ALIKE_MAX; n++) {
            const struct assay_update other = waiting_one(!recovery, 77);
            const struct assay_update alike = waiting_one(recovery, 78);
            cr_assert_eq(assay_update_fits(all, n, 1000, &other.facts), ASSAY_OK, "%u wait", n);
            cr_assert_eq(assay_update_fits(all, n, 1000, &alike.facts),
                         n < ASSAY_UPDATES_ALIKE_MAX ? ASSAY_OK : ASSAY_E_FULL, "%u wait", n);
            all[n] = waiting_one(recovery, (uint8_t)(n + 1));
        }
        /* Whatever was forced: all that waits and four that are tried have places. */
        const struct assay_update other = waiting_one(!recovery, 77);
        for (uint32_t n = 0; n < ASSAY_UPDATES_MAX; n++)
            all[n] = waiting_one(recovery, (uint8_t)(n + 1));
        cr_assert_eq(assay_update_fits(all, 2 * ASSAY_UPDATES_ALIKE_MAX - 1, 1000, &other.facts),
                     ASSAY_OK);
        cr_assert_eq(assay_update_fits(all, 2 * ASSAY_UPDATES_ALIKE_MAX, 1000, &other.facts),
                     ASSAY_E_FULL);
    }
}

/* What the same epoch took has its places already. */
Test(update, places_are_counted_with_those_of_the_running_epoch)
{
    struct change_bench *b = make(100);
    pass_to(b, 10);
    for (uint8_t i = 0; i + 1 < ASSAY_UPDATES_ALIKE_MAX; i++)
        b->state.updates[b->state.update_count++] = waiting_one(true, (uint8_t)(200 + i));
    cr_assert_eq(offer(b, 0, 2, 9), ASSAY_OK, "the last place");
    cr_assert_eq(offer(b, 1, 2, 9), ASSAY_E_FULL);
    cr_assert_eq(offer(b, 1, 1, 9), ASSAY_OK, "a renewal");
    cr_assert_eq(offer(b, 2, 2, 9), ASSAY_E_FULL);
    change_drop(b);
}

Test(update, a_change_of_the_operators_has_its_epochs_for_itself)
{
    struct change_bench *b = make(0);
    const struct assay_action policy = change_policy_of("another policy");
    pass_to(b, 10);
    cr_assert_eq(change_offer_one(b, 1, b->context.epoch + 2, &policy), ASSAY_OK);
    cr_assert_eq(offer(b, 1, 1, 9), ASSAY_OK);
    pass_to(b, 11);
    cr_assert_eq(date_in_force(b, 1), 0, "the change is near");
    pass_to(b, 12); /* the change is in force */
    cr_assert_eq(b->state.trial.sequence, 1);
    pass_to(b, 13);
    cr_assert_eq(date_in_force(b, 1), 0, "it is on trial");
    pass_to(b, 14);
    cr_assert_eq(date_in_force(b, 1), 9, "its trial is over");
    cr_assert_eq(b->state.trial.sequence, 0);
    cr_assert(assay_trial_runs(&b->state.trial));
    change_drop(b);
}

/* Of two that come into force at once nobody could say which fells whom. */
Test(update, nothing_serves_from_the_epoch_on_in_which_a_change_holds)
{
    struct change_bench *b = make(0);
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 5);
    pass_to(b, 10);
    cr_assert_eq(change_offer_one(b, 1, b->context.epoch + 2, &rest), ASSAY_OK);
    cr_assert_eq(offer(b, 1, 1, 9), ASSAY_OK);
    pass_to(b, 11);
    cr_assert_eq(date_in_force(b, 1), 0, "the change is near");
    pass_to(b, 12);
    cr_assert_eq(b->state.members[5].stage, ASSAY_STAGE_RESTING, "it is in force");
    cr_assert_eq(date_in_force(b, 1), 0);
    cr_assert_not(assay_trial_runs(&b->state.trial));
    pass_to(b, 13);
    cr_assert_eq(date_in_force(b, 1), 9);
    change_drop(b);
}

/* --- what fells many reverts itself */

Test(update, a_vendors_day_that_fells_more_than_a_fifth_goes_back_and_strikes_nobody)
{
    struct change_bench *b = make(1);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 2, 9), ASSAY_OK);
    pass_to(b, 11);
    pass_to(b, 12);
    cr_assert_eq(number_in_force(b, 1), 2);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    b->state.head_time_ms = (T0_S + 13) * 1000;
    cr_assert_eq(number_in_force(b, 1), 1);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.ended.sequence, 0);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 10000);
    cr_assert_eq(b->state.updates[0].phase, ASSAY_UPDATE_REVERTED);
    cr_assert_eq(b->state.reverted_sequence, 0, "no change of the operators was reverted");
    /* Never again, but of a higher number. */
    cr_assert_eq(offer(b, 1, 2, 12), ASSAY_E_DUPLICATE);
    cr_assert_eq(offer(b, 1, 3, 12), ASSAY_OK);
    pass_to(b, 14);
    pass_to(b, 16);
    cr_assert_eq(number_in_force(b, 1), 3);
    pass_to(b, 17);
    pass_to(b, 18);
    cr_assert_eq(b->state.update_count, 0, "nobody asks any more for the one that went back");
    change_drop(b);
}

Test(update, a_fifth_or_less_stays_and_strikes)
{
    struct change_bench *b = make(1);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 2, 9), ASSAY_OK);
    pass_to(b, 11);
    pass_to(b, 12);
    change_fell(b, 3, 4);
    change_close_epoch(b);
    cr_assert_eq(number_in_force(b, 1), 2);
    cr_assert_eq(b->state.members[3].trust.integrity_bp, 0);
    change_drop(b);
}

Test(update, of_the_same_number_a_reverted_one_is_kept_away_for_a_day)
{
    struct change_bench *b = make(0);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 1, 9), ASSAY_OK);
    pass_to(b, 11);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(date_in_force(b, 1), 0);
    b->state.head_time_ms = (T0_S + 12) * 1000;
    cr_assert_eq(offer(b, 1, 1, 12), ASSAY_E_DUPLICATE);
    pass_to(b, 11 + DAY_S - 1);
    cr_assert_eq(offer(b, 1, 1, 12), ASSAY_E_DUPLICATE);
    pass_to(b, 11 + DAY_S);
    cr_assert_eq(offer(b, 1, 1, 12), ASSAY_OK, "a vendor mends its mistakes");
    change_drop(b);
}

Test(update, nothing_goes_back_to_a_set_that_has_ended)
{
    struct change_bench *b = make(1);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 2, 9), ASSAY_OK);
    pass_to(b, 11);
    pass_to(b, 255); /* the set before is good for nothing from here on */
    cr_assert_eq(number_in_force(b, 1), 2);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(number_in_force(b, 1), 2);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 0);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_NONE);
    change_drop(b);
}

/* Two of six are away, so it would be tried on: until there is nothing to go back to. */
Test(update, a_trial_of_collateral_ends_with_the_set_before)
{
    struct change_bench *b = make(1);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 2, 9), ASSAY_OK);
    pass_to(b, 11);
    pass_to(b, 12);
    for (uint32_t k = 0; k < 4; k++) {
        cr_assert(assay_trial_runs(&b->state.trial), "epoch %u", k);
        change_away(b, 0, 2);
        change_close_epoch(b);
        b->state.head_time_ms = (T0_S + 13 + k) * 1000;
    }
    b->state.head_time_ms = (T0_S + 254) * 1000;
    change_away(b, 0, 2);
    change_close_epoch(b);
    cr_assert(assay_trial_runs(&b->state.trial), "a second before");
    b->state.head_time_ms = (T0_S + 255) * 1000;
    change_away(b, 0, 2);
    change_close_epoch(b);
    cr_assert_not(assay_trial_runs(&b->state.trial));
    cr_assert_eq(number_in_force(b, 1), 2);
    cr_assert_eq(b->state.update_count, 0, "it is no update any more, but in force");
    change_drop(b);
}

Test(update, what_waits_of_the_operators_does_not_go_with_it)
{
    struct change_bench *b = make(0);
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 5);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 1, 9), ASSAY_OK);
    cr_assert_eq(change_offer_one(b, 1, b->context.epoch + 6, &rest), ASSAY_OK);
    pass_to(b, 11);
    cr_assert_eq(date_in_force(b, 1), 9);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.pending_count, 1);
    change_drop(b);
}

/* A change that comes into force as a vendor's day goes back stands on what came back, and not on
 * the rules of the epoch before. */
Test(update, the_rules_before_a_trial_are_those_that_came_back)
{
    struct change_bench *b = make(0);
    const struct assay_action policy = change_policy_of("another policy");
    uint8_t founding[32];
    pass_to(b, 10);
    assay_bytes_copy(founding, 32, b->state.rules.endorsements_digest, 32);
    cr_assert_eq(offer(b, 1, 1, 9), ASSAY_OK);
    cr_assert_eq(change_offer_one(b, 1, b->context.epoch + 3, &policy), ASSAY_OK);
    pass_to(b, 11);
    cr_assert_arr_neq(b->state.rules.endorsements_digest, founding, 32);
    change_away(b, 0, 2);
    change_close_epoch(b);
    b->state.head_time_ms = (T0_S + 12) * 1000;
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.trial.sequence, 1);
    cr_assert_arr_eq(b->state.trial.before.endorsements_digest, founding, 32);
    change_drop(b);
}

/* --- what operators say */

static struct assay_action force(const uint8_t digest[static 32])
{
    struct assay_action a = { .kind = ASSAY_ACTION_COLLATERAL };
    assay_bytes_copy(a.digest, 32, digest, 32);
    return a;
}

Test(update, operators_force_what_was_reverted_and_it_has_no_trial)
{
    struct change_bench *b = make(1);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 2, 9), ASSAY_OK);
    pass_to(b, 11);
    pass_to(b, 12);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    b->state.head_time_ms = (T0_S + 13) * 1000;
    const struct assay_action again = force(b->state.updates[0].digest);
    cr_assert_eq(change_offer_one(b, 1, b->context.epoch + 2, &again), ASSAY_OK);
    pass_to(b, 14);
    cr_assert_eq(number_in_force(b, 1), 1);
    pass_to(b, 15);
    cr_assert_eq(number_in_force(b, 1), 2);
    cr_assert_not(assay_trial_runs(&b->state.trial));
    cr_assert_eq(b->state.update_count, 0);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.members[1].trust.integrity_bp, 0);
    cr_assert_eq(number_in_force(b, 1), 2);
    change_drop(b);
}

Test(update, operators_cut_a_delay_short_and_name_nothing_else)
{
    struct change_bench *b = make(1000);
    uint8_t nothing[32] = { 7 };
    const struct assay_action wrong = force(nothing);
    pass_to(b, 10);
    cr_assert_eq(change_offer_one(b, 1, b->context.epoch + 2, &wrong), ASSAY_E_INVALID);
    cr_assert_eq(offer(b, 1, 2, 9), ASSAY_OK);
    pass_to(b, 11);
    cr_assert_eq(change_offer_one(b, 1, b->context.epoch + 2, &wrong), ASSAY_E_INVALID);
    const struct assay_action now = force(b->state.updates[0].digest);
    cr_assert_eq(change_offer_one(b, 1, b->context.epoch + 2, &now), ASSAY_OK);
    pass_to(b, 12);
    pass_to(b, 13);
    cr_assert_eq(number_in_force(b, 1), 2);
    change_drop(b);
}

/* A set that operators put in force may be older than what an update was judged by. */
Test(update, nothing_that_should_have_waited_serves_at_once)
{
    static const uint8_t older[SET_LEN] = { 's', 'e', 't', 1, 0, 255, 0, 0, 255, 1, 0, 255 };
    struct change_bench *b = make(1000);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 1, 9), ASSAY_OK);
    /* As if a change had put it in force: number 1 is a recovery beside it. */
    change_all_pass(b);
    assay_bytes_copy(b->endorsements, sizeof b->endorsements, older, SET_LEN);
    assay_sha256(older, SET_LEN, b->state.rules.endorsements_digest);
    change_close_epoch(b);
    cr_assert_eq(number_in_force(b, 1), 0);
    cr_assert_eq(b->state.update_count, 0, "void");
    change_drop(b);
}

/* --- records, digests, states */

Test(update, a_record_comes_back_as_it_was_written)
{
    struct change_made *m = made(1, 2, 3, 4);
    struct assay_slice offer;
    uint8_t bytes[64];
    cr_assert_eq(m->record.kind, ASSAY_RECORD_COLLATERAL);
    cr_assert_eq(assay_update_offer(m->record.bytes, &offer), ASSAY_OK);
    cr_assert_eq(offer.len, OFFER_LEN);
    for (size_t len = 0; len < m->record.bytes.len; len++) {
        struct assay_record r;
        uint8_t *exact = malloc(len > 0 ? len : 1);
        assay_bytes_copy(exact, len, m->record.bytes.bytes, len);
        cr_assert_neq(assay_record_decode(assay_slice_over(exact, len), &r), ASSAY_OK);
        free(exact);
    }
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_record_put_update(&w, assay_slice_over(bytes, 0)), ASSAY_E_RANGE);
    static uint8_t large[ASSAY_UPDATE_LEN_MAX + 1];
    w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_record_put_update(&w, assay_slice_over(large, sizeof large)),
                 ASSAY_E_RANGE);
    free(m);
}

Test(update, the_cache_holds_what_the_state_names)
{
    struct change_bench *b = make(100);
    pass_to(b, 10);
    cr_assert_eq(offer(b, 1, 2, 9), ASSAY_OK);
    pass_to(b, 11);
    const uint8_t *digest = b->state.updates[0].digest;
    cr_assert_gt(assay_update_cache_find(&b->update_cache, digest).len, 0);
    b->state.update_count = 0;
    assay_update_cache_prune(&b->update_cache, &b->state);
    cr_assert_eq(assay_update_cache_find(&b->update_cache, digest).len, 0);
    b->state.update_count = 1;
    cr_assert_not(assay_update_cache_is_complete(&b->update_cache, &b->state));
    change_drop(b);
}

Test(update, it_costs_a_verification_and_is_known_by_its_offer)
{
    struct change_made *m = made(1, 2, 3, 4), *n = made(1, 2, 3, 5);
    cr_assert(assay_record_costs(ASSAY_RECORD_COLLATERAL));
    cr_assert_not(assay_record_costs(ASSAY_RECORD_CHANGE));
    cr_assert(assay_record_costs(ASSAY_RECORD_FAIL));
    cr_assert_not(assay_bytes_equal(m->record.key, n->record.key, 32));
    free(m);
    free(n);
}
