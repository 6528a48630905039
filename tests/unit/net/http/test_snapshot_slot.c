/*
 * tests/unit/net/http/test_snapshot_slot.c - tests of HTTP snapshots.
 *
 * Copies in a slot: what was laid out does not change, and goes when nobody holds it.
 */
#include "net/http/snapshot_slot.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static struct http_fixture fixture;

static void open_fixture(void)
{
    http_fixture_open(&fixture, 4);
}

static void close_fixture(void)
{
    http_fixture_close(&fixture);
}

TestSuite(net_http_snapshot_slot, .init = open_fixture, .fini = close_fixture);

Test(net_http_snapshot_slot, what_was_laid_out_does_not_change)
{
    static char operator_[] = "alpha";
    cr_expect_null(assay_http_snapshot_slot_acquire(fixture.slot));
    fixture.members[1].ledger.operator_name = assay_slice_over(operator_, 5);
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
    struct assay_http_snapshot *old = assay_http_snapshot_slot_acquire(fixture.slot);
    fixture.names[1][0] = 'X';
    operator_[0] = 'X';
    fixture.members[1].ledger.weight = 5;
    fixture.snapshot.chain.epoch = 43;
    assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, 42));
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, true));
    struct assay_http_snapshot *now = assay_http_snapshot_slot_acquire(fixture.slot);
    cr_expect_eq(old->snapshot.chain.epoch, 42);
    cr_expect_eq(old->snapshot.members[1].ledger.weight, 10000);
    cr_expect_eq(old->snapshot.members[1].ledger.name.bytes[0], 'n');
    cr_expect_eq(old->snapshot.members[1].ledger.operator_name.bytes[0], 'a');
    cr_expect_eq(now->snapshot.members[1].ledger.operator_name.bytes[0], 'X');
    cr_expect_eq(old->epoch_count, 0);
    cr_expect_not(old->draining);
    cr_expect_eq(now->generation, old->generation + 1);
    cr_expect_eq(now->snapshot.members[1].ledger.name.bytes[0], 'X');
    cr_expect_eq(now->epoch_count, 1);
    assay_http_snapshot_release(&old);
    cr_expect_null(old);
    assay_http_snapshot_release(&now);
}

Test(net_http_snapshot_slot, a_view_keeps_its_epochs_when_the_slot_has_dropped_them)
{
    for (uint64_t e = 1; e <= ASSAY_HTTP_EPOCHS; e++)
        assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, e));
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
    struct assay_http_snapshot *old = assay_http_snapshot_slot_acquire(fixture.slot);
    for (uint64_t e = 301; e <= 700; e++)
        assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, e));
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
    struct assay_http_snapshot *now = assay_http_snapshot_slot_acquire(fixture.slot);
    cr_expect_eq(now->epoch_count, ASSAY_HTTP_EPOCHS);
    cr_expect_eq(now->epochs[0]->epoch, 700 - ASSAY_HTTP_EPOCHS + 1);
    cr_expect_eq(now->epochs[ASSAY_HTTP_EPOCHS - 1]->epoch, 700);
    cr_expect_eq(old->epochs[0]->epoch, 1);
    cr_expect_eq(old->epochs[0]->outcomes[1], 'P');
    assay_http_snapshot_release(&old);
    assay_http_snapshot_release(&now);
}

Test(net_http_snapshot_slot, an_epoch_that_came_before_is_not_taken_again)
{
    assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, 7));
    assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, 7));
    assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, 6));
    assay_http_snapshot_slot_add_epoch(fixture.slot, NULL);
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    cr_expect_eq(view->epoch_count, 1);
    assay_http_snapshot_release(&view);
}

Test(net_http_snapshot_slot, the_newest_lies_are_remembered)
{
    for (uint64_t i = 1; i <= ASSAY_HTTP_FALSE_VOTES + 5; i++) {
        const struct assay_http_false_vote lie = { .epoch = i };
        assay_http_snapshot_slot_add_false_vote(fixture.slot, &lie);
    }
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    cr_expect_eq(view->lie_count, ASSAY_HTTP_FALSE_VOTES);
    cr_expect_eq(view->false_votes[0].epoch, 6);
    assay_http_snapshot_release(&view);
}

Test(net_http_snapshot_slot, a_view_keeps_the_rules_that_it_was_laid_out_with)
{
    cr_expect_null(assay_http_rules_create(NULL, strdup("x")));
    cr_expect_null(assay_http_rules_create(strdup("x"), NULL));
    assay_http_snapshot_slot_set_rules(fixture.slot,
                                       assay_http_rules_create(strdup("old"), strdup("c")));
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
    struct assay_http_snapshot *old = assay_http_snapshot_slot_acquire(fixture.slot);
    assay_http_snapshot_slot_set_rules(fixture.slot,
                                       assay_http_rules_create(strdup("new"), strdup("c")));
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
    struct assay_http_snapshot *now = assay_http_snapshot_slot_acquire(fixture.slot);
    cr_expect_str_eq(old->rules->policy, "old");
    cr_expect_str_eq(now->rules->policy, "new");
    assay_http_snapshot_release(&old);
    assay_http_snapshot_release(&now);
}

Test(net_http_snapshot_slot, every_outcome_has_its_letter)
{
    cr_expect_eq(assay_http_outcome_letter(ASSAY_OUTCOME_NONE), '-');
    cr_expect_eq(assay_http_outcome_letter(ASSAY_OUTCOME_ABSENT), 'A');
    cr_expect_eq(assay_http_outcome_letter(ASSAY_OUTCOME_FAIL_SOFT), 'S');
    cr_expect_eq(assay_http_outcome_letter(ASSAY_OUTCOME_FAIL_HARD), 'F');
    cr_expect_eq(assay_http_outcome_letter(ASSAY_OUTCOME_PASS_UP_TO_DATE), 'P');
    cr_expect_eq(assay_http_outcome_letter(ASSAY_OUTCOME_PASS_NEEDS_HARDENING), 'H');
    cr_expect_eq(assay_http_outcome_letter(ASSAY_OUTCOME_PASS_OUT_OF_DATE), 'O');
    cr_expect_eq(assay_http_outcome_letter(ASSAY_OUTCOME_UNJUDGED), 'U');
    for (unsigned i = ASSAY_OUTCOME_COUNT; i < 256; i++)
        cr_expect_eq(assay_http_outcome_letter((uint8_t)i), '-');
}
