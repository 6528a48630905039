/*
 * tests/unit/net/http/test_view.c - tests of HTTP snapshots.
 *
 * Copies in a slot: what was laid out does not change, and goes when nobody holds it.
 */
#include "net/http/snapshot_slot.h"
#include "tests/unit/net/http/book.h"

#include <criterion/criterion.h>
#include <string.h>

static struct book book;

static void open_book(void)
{
    book_open(&book, 4);
}

static void close_book(void)
{
    book_close(&book);
}

TestSuite(net_http_view, .init = open_book, .fini = close_book);

Test(net_http_view, what_was_laid_out_does_not_change)
{
    cr_expect_null(assay_http_snapshot_slot_acquire(book.slot));
    cr_assert(assay_http_snapshot_slot_publish(book.slot, &book.snapshot, false));
    struct assay_http_snapshot *old = assay_http_snapshot_slot_acquire(book.slot);
    book.names[1][0] = 'X';
    book.members[1].ledger.weight = 5;
    book.snapshot.chain.epoch = 43;
    assay_http_snapshot_slot_add_epoch(book.slot, book_epoch(&book, 42));
    cr_assert(assay_http_snapshot_slot_publish(book.slot, &book.snapshot, true));
    struct assay_http_snapshot *now = assay_http_snapshot_slot_acquire(book.slot);
    cr_expect_eq(old->snapshot.chain.epoch, 42);
    cr_expect_eq(old->snapshot.members[1].ledger.weight, 10000);
    cr_expect_eq(old->snapshot.members[1].ledger.name.bytes[0], 'n');
    cr_expect_eq(old->epoch_count, 0);
    cr_expect_not(old->draining);
    cr_expect_eq(now->generation, old->generation + 1);
    cr_expect_eq(now->snapshot.members[1].ledger.name.bytes[0], 'X');
    cr_expect_eq(now->epoch_count, 1);
    assay_http_snapshot_release(&old);
    cr_expect_null(old);
    assay_http_snapshot_release(&now);
}

Test(net_http_view, a_view_keeps_its_epochs_when_the_slot_has_dropped_them)
{
    for (uint64_t e = 1; e <= ASSAY_HTTP_EPOCHS; e++)
        assay_http_snapshot_slot_add_epoch(book.slot, book_epoch(&book, e));
    cr_assert(assay_http_snapshot_slot_publish(book.slot, &book.snapshot, false));
    struct assay_http_snapshot *old = assay_http_snapshot_slot_acquire(book.slot);
    for (uint64_t e = 301; e <= 700; e++)
        assay_http_snapshot_slot_add_epoch(book.slot, book_epoch(&book, e));
    cr_assert(assay_http_snapshot_slot_publish(book.slot, &book.snapshot, false));
    struct assay_http_snapshot *now = assay_http_snapshot_slot_acquire(book.slot);
    cr_expect_eq(now->epoch_count, ASSAY_HTTP_EPOCHS);
    cr_expect_eq(now->epochs[0]->epoch, 700 - ASSAY_HTTP_EPOCHS + 1);
    cr_expect_eq(now->epochs[ASSAY_HTTP_EPOCHS - 1]->epoch, 700);
    cr_expect_eq(old->epochs[0]->epoch, 1);
    cr_expect_eq(old->epochs[0]->said[1], 'P');
    assay_http_snapshot_release(&old);
    assay_http_snapshot_release(&now);
}

Test(net_http_view, an_epoch_that_came_before_is_not_taken_again)
{
    assay_http_snapshot_slot_add_epoch(book.slot, book_epoch(&book, 7));
    assay_http_snapshot_slot_add_epoch(book.slot, book_epoch(&book, 7));
    assay_http_snapshot_slot_add_epoch(book.slot, book_epoch(&book, 6));
    assay_http_snapshot_slot_add_epoch(book.slot, NULL);
    cr_assert(assay_http_snapshot_slot_publish(book.slot, &book.snapshot, false));
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(book.slot);
    cr_expect_eq(view->epoch_count, 1);
    assay_http_snapshot_release(&view);
}

Test(net_http_view, the_newest_lies_are_remembered)
{
    for (uint64_t i = 1; i <= ASSAY_HTTP_FALSE_VOTES + 5; i++) {
        const struct assay_http_false_vote lie = { .epoch = i };
        assay_http_snapshot_slot_add_false_vote(book.slot, &lie);
    }
    cr_assert(assay_http_snapshot_slot_publish(book.slot, &book.snapshot, false));
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(book.slot);
    cr_expect_eq(view->lie_count, ASSAY_HTTP_FALSE_VOTES);
    cr_expect_eq(view->false_votes[0].epoch, 6);
    assay_http_snapshot_release(&view);
}

Test(net_http_view, a_view_keeps_the_rules_that_it_was_laid_out_with)
{
    cr_expect_null(assay_http_rules_create(NULL, strdup("x")));
    cr_expect_null(assay_http_rules_create(strdup("x"), NULL));
    assay_http_snapshot_slot_set_rules(book.slot,
                                       assay_http_rules_create(strdup("old"), strdup("c")));
    cr_assert(assay_http_snapshot_slot_publish(book.slot, &book.snapshot, false));
    struct assay_http_snapshot *old = assay_http_snapshot_slot_acquire(book.slot);
    assay_http_snapshot_slot_set_rules(book.slot,
                                       assay_http_rules_create(strdup("new"), strdup("c")));
    cr_assert(assay_http_snapshot_slot_publish(book.slot, &book.snapshot, false));
    struct assay_http_snapshot *now = assay_http_snapshot_slot_acquire(book.slot);
    cr_expect_str_eq(old->rules->policy, "old");
    cr_expect_str_eq(now->rules->policy, "new");
    assay_http_snapshot_release(&old);
    assay_http_snapshot_release(&now);
}

Test(net_http_view, every_outcome_has_its_letter)
{
    cr_expect_eq(assay_http_letter(ASSAY_OUTCOME_NONE), '-');
    cr_expect_eq(assay_http_letter(ASSAY_OUTCOME_ABSENT), 'A');
    cr_expect_eq(assay_http_letter(ASSAY_OUTCOME_FAIL_SOFT), 'S');
    cr_expect_eq(assay_http_letter(ASSAY_OUTCOME_FAIL_HARD), 'F');
    cr_expect_eq(assay_http_letter(ASSAY_OUTCOME_PASS_UP_TO_DATE), 'P');
    cr_expect_eq(assay_http_letter(ASSAY_OUTCOME_PASS_NEEDS_HARDENING), 'H');
    cr_expect_eq(assay_http_letter(ASSAY_OUTCOME_PASS_OUT_OF_DATE), 'O');
    cr_expect_eq(assay_http_letter(ASSAY_OUTCOME_UNJUDGED), 'U');
    for (unsigned i = ASSAY_OUTCOME_COUNT; i < 256; i++)
        cr_expect_eq(assay_http_letter((uint8_t)i), '-');
}

Test(net_http_view, a_ring_says_what_is_gone)
{
    struct assay_http_event event;
    bool gap = true;
    cr_expect_not(assay_http_ring_find_after(book.ring, 0, &event, &gap));
    cr_expect_not(gap);
    for (uint64_t seq = 5; seq < 5 + ASSAY_HTTP_EVENTS; seq++) /* a host that was renewed */
        book_tell(&book, seq, "x");
    cr_assert(assay_http_ring_find_after(book.ring, 0, &event, &gap));
    cr_expect(gap);
    cr_expect_eq(event.event.seq, 5);
    cr_assert(assay_http_ring_find_after(book.ring, 4, &event, &gap));
    cr_expect_not(gap);
    book_tell(&book, 5 + ASSAY_HTTP_EVENTS, "x");
    cr_assert(assay_http_ring_find_after(book.ring, 4, &event, &gap));
    cr_expect(gap);
    cr_expect_eq(event.event.seq, 6);
    cr_expect_eq(assay_http_ring_last(book.ring), 5 + ASSAY_HTTP_EVENTS);
    cr_expect_not(assay_http_ring_find_after(book.ring, 5 + ASSAY_HTTP_EVENTS, &event, &gap));
}
