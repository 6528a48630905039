/*
 * tests/unit/net/test_timeline.c - tests of the retention of events.
 *
 * The goal: whatever lasts, and whatever one member does, operators still find every change of a
 * standing, of the rules and of an era, with its time.
 */
#include "net/timeline/timeline.h"

#include "engine/messages/message.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct assay_timeline *timeline;

static void set_up(void)
{
    timeline = calloc(1, sizeof *timeline);
    cr_assert_not_null(timeline);
    assay_timeline_init(timeline, ASSAY_TIMELINE_KEPT_USUAL);
}

static void tear_down(void)
{
    free(timeline);
}

TestSuite(net_timeline, .init = set_up, .fini = tear_down);

/* Returns: the event as it stands now. */
static const struct assay_timeline_event *happen(const char *code, uint16_t slot, uint64_t epoch,
                                                 uint64_t b, const char *text)
{
    struct assay_timeline_event event = {
        .at_unix_ms = 1000 * epoch, .epoch = epoch, .slot = slot, .b = b
    };
    (void)snprintf(event.code, sizeof event.code, "%s", code);
    (void)snprintf(event.text, sizeof event.text, "%s", text);
    const uint32_t place = assay_timeline_add(timeline, &event);
    cr_assert_lt(place, ASSAY_TIMELINE_MAX);
    cr_assert_eq(timeline->events[place].seq, timeline->last);
    return &timeline->events[place];
}

static const struct assay_timeline_event *close_epoch(uint64_t epoch, bool certified)
{
    return happen("epoch_closed", ASSAY_SLOT_ALL, epoch, certified,
                  certified ? "closed, certified" : "closed without a certificate");
}

/* Numbers ascend, every place is used once, and both kinds are within their room. */
static void expect_sound(void)
{
    static bool used[ASSAY_TIMELINE_MAX];
    uint64_t before = 0;
    memset(used, 0, sizeof used);
    cr_assert_leq(timeline->routine_count, ASSAY_TIMELINE_ROUTINE_MAX);
    cr_assert_leq(timeline->count - timeline->routine_count, ASSAY_TIMELINE_KEPT_USUAL);
    for (uint32_t i = 0; i < ASSAY_TIMELINE_MAX; i++) {
        const uint16_t place = timeline->order[i];
        cr_assert_not(used[place]);
        used[place] = true;
        if (i >= timeline->count) continue;
        const struct assay_timeline_event *e = &timeline->events[place];
        cr_assert_gt(e->seq, before);
        cr_assert_leq(e->first_seq, e->seq);
        cr_assert_leq(e->first_epoch, e->epoch);
        before = e->seq;
    }
    cr_assert_leq(before, timeline->last);
}

static uint32_t count_of(const char *code, uint16_t slot)
{
    uint32_t count = 0;
    const struct assay_timeline_event *e = NULL;
    for (uint64_t since = 0; (e = assay_timeline_find_after(timeline, since)) != NULL;
         since = e->seq)
        count += e->slot == slot && strcmp(e->code, code) == 0;
    return count;
}

Test(net_timeline, keeps_the_newest_closes_and_says_from_where)
{
    cr_assert_null(assay_timeline_find_after(timeline, 0));
    for (uint64_t i = 1; i <= ASSAY_TIMELINE_ROUTINE_MAX + 10; i++)
        (void)close_epoch(i, true);
    const struct assay_timeline_event *event = assay_timeline_find_after(timeline, 0);
    cr_expect_eq(event->seq, 11);
    cr_expect_eq(timeline->gone, 10);
    for (uint64_t seq = 11; event != NULL; event = assay_timeline_find_after(timeline, seq++)) {
        cr_assert_eq(event->seq, seq == 11 && event->seq == 11 ? 11 : seq);
        cr_assert_eq(event->epoch, event->seq);
    }
    cr_assert_null(assay_timeline_find_after(timeline, UINT64_MAX));
    expect_sound();
}

Test(net_timeline, what_lasts_is_one_event_with_its_begin)
{
    for (uint64_t epoch = 7; epoch < 7 + 152; epoch++) {
        const uint64_t seen = timeline->last;
        (void)close_epoch(epoch, true);
        const struct assay_timeline_event *e =
            happen("evidence_missing", 4, epoch, 0, "node-4 is absent");
        cr_assert_eq(e->count, epoch - 6);
        cr_assert_eq(e->first_epoch, 7);
        cr_assert_eq(e->first_unix_ms, 7000);
        cr_assert_eq(e->epoch, epoch);
        /* A reader that has read so far gets it again. */
        cr_assert_eq(assay_timeline_find_after(timeline, seen + 1), e);
    }
    cr_expect_eq(count_of("evidence_missing", 4), 1);
    cr_expect_eq(timeline->gone, 0, "what an event stands for is not gone");
    expect_sound();
}

Test(net_timeline, what_differs_or_comes_later_is_an_event_of_its_own)
{
    (void)happen("evidence_missing", 4, 10, 0, "node-4 is absent");
    cr_expect_eq(happen("evidence_missing", 5, 10, 0, "node-4 is absent")->count, 1, "slot");
    cr_expect_eq(happen("fail_proven", 4, 10, 0, "node-4 is absent")->count, 1, "code");
    cr_expect_eq(happen("evidence_missing", 4, 11, 0, "node-4 is late")->count, 1, "text");
    cr_expect_eq(happen("evidence_missing", 4, 11, 0, "node-4 is absent")->count, 1, "between");
    cr_expect_eq(happen("evidence_missing", 4, 13, 0, "node-4 is absent")->count, 2, "two apart");
    cr_expect_eq(happen("evidence_missing", 4, 16, 0, "node-4 is absent")->count, 1, "three");
    cr_expect_eq(happen("standing_changed", 4, 16, 3, "suspended")->count, 1);
    cr_expect_eq(happen("standing_changed", 4, 16, 3, "suspended")->count, 1, "a change");
    expect_sound();
}

/* An outage has its begin, length and end, however long it lasts. */
Test(net_timeline, epochs_without_a_certificate_are_not_routine)
{
    for (uint64_t epoch = 1; epoch <= 5; epoch++)
        (void)close_epoch(epoch, true);
    for (uint64_t epoch = 6; epoch <= 40; epoch++)
        (void)close_epoch(epoch, false);
    for (uint64_t epoch = 41; epoch <= 41 + 2 * ASSAY_TIMELINE_ROUTINE_MAX; epoch++)
        (void)close_epoch(epoch, true);
    const struct assay_timeline_event *e = assay_timeline_find_after(timeline, 0);
    cr_expect_eq(e->first_epoch, 6);
    cr_expect_eq(e->epoch, 40);
    cr_expect_eq(e->count, 35);
}

/* A year of seven members, one of which is absent throughout, one is proven to fail every epoch by
 * other evidence, and the rest rise and fall. */
Test(net_timeline, a_year_loses_no_change)
{
    enum { EPOCHS = 20000, EVERY = 100 };
    uint32_t changes[7] = { 0 };
    char text[ASSAY_TIMELINE_TEXT];
    for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++) {
        (void)happen("evidence_missing", 0, epoch, 0, "node-0 is absent");
        (void)snprintf(text, sizeof text, "node-1: measurement %llu", (unsigned long long)epoch);
        (void)happen("fail_proven", 1, epoch, 2, text);
        (void)happen("view_nullified", ASSAY_SLOT_ALL, epoch, 0, "view nullified");
        const uint16_t slot = (uint16_t)(2 + epoch / EVERY % 5);
        if (epoch % EVERY == 0) changes[slot]++;
        if (epoch % EVERY == 0) (void)happen("standing_changed", slot, epoch, 3, "suspended");
        if (epoch % 1000 == 0) (void)happen("change_active", ASSAY_SLOT_ALL, epoch, 0, "change");
        (void)close_epoch(epoch, true);
    }
    for (uint16_t slot = 2; slot < 7; slot++)
        cr_expect_eq(count_of("standing_changed", slot), changes[slot]);
    cr_expect_eq(count_of("change_active", ASSAY_SLOT_ALL), 20);
    cr_expect_eq(count_of("evidence_missing", 0), 1);
    cr_expect_eq(count_of("fail_proven", 1), ASSAY_TIMELINE_ALIKE_MAX);
    const struct assay_timeline_event *first = assay_timeline_find_after(timeline, 0);
    while (strcmp(first->code, "fail_proven") != 0)
        first = assay_timeline_find_after(timeline, first->seq);
    cr_expect_str_eq(first->text, "node-1: measurement 1", "the first proof stays");
    expect_sound();
}

/* A member that changes again and again costs itself its oldest events, and others nothing. */
Test(net_timeline, what_one_member_does_leaves_the_events_of_others)
{
    for (uint16_t slot = 0; slot < 100; slot++)
        (void)happen("standing_changed", slot, 1, 3, "suspended");
    for (uint64_t i = 0; i < 3 * ASSAY_TIMELINE_KEPT_USUAL; i++) {
        (void)happen("standing_changed", 3, i, i, "again");
        if (i % 64 == 0) (void)happen("evidence_missing", 3, 4 * i, i, "absent");
    }
    for (uint16_t slot = 0; slot < 100; slot++)
        cr_assert_geq(count_of("standing_changed", slot), 1);
    cr_expect_eq(timeline->count, ASSAY_TIMELINE_KEPT_USUAL);
    cr_expect_eq(count_of("evidence_missing", 3), 0, "what repeats goes first");
    cr_expect_gt(timeline->gone, 0);
    expect_sound();
}

/* Without any event about a member, the oldest about none goes. */
Test(net_timeline, events_about_none_are_bounded_too)
{
    for (uint64_t i = 0; i < ASSAY_TIMELINE_KEPT_USUAL + 7; i++)
        (void)happen("change_active", ASSAY_SLOT_ALL, i, i, "change");
    cr_expect_eq(timeline->count, ASSAY_TIMELINE_KEPT_USUAL);
    cr_expect_eq(assay_timeline_find_after(timeline, 0)->b, 7);
    cr_expect_eq(timeline->gone, 7);
    expect_sound();
}

Test(net_timeline, what_is_restored_stands_where_it_was)
{
    for (uint64_t epoch = 1; epoch < 3000; epoch++) {
        (void)close_epoch(epoch, epoch % 7 != 0);
        (void)happen("evidence_missing", (uint16_t)(epoch % 5), epoch, 0, "absent");
    }
    struct assay_timeline *other = calloc(1, sizeof *other);
    cr_assert_not_null(other);
    assay_timeline_init(other, ASSAY_TIMELINE_KEPT_USUAL);
    for (uint32_t place = 0; place < ASSAY_TIMELINE_MAX; place++) {
        const struct assay_timeline_event *e = &timeline->events[place];
        cr_assert_eq(assay_timeline_restore(other, place, e), e->seq != 0);
        cr_assert_not(assay_timeline_restore(other, place, e), "twice");
    }
    cr_expect_eq(other->last, timeline->last);
    cr_expect_eq(other->count, timeline->count);
    cr_expect_eq(other->routine_count, timeline->routine_count);
    cr_expect_arr_eq(other->order, timeline->order, timeline->count * sizeof other->order[0]);
    free(other);
}

/* Members that do all that may repeat displace no change about another. */
Test(net_timeline, what_repeats_displaces_no_change)
{
    enum { CHANGES = 400, MEMBERS = 40, CODES = 8 };
    char code[ASSAY_TIMELINE_CODE], text[ASSAY_TIMELINE_TEXT];
    for (uint64_t i = 0; i < CHANGES; i++)
        (void)happen("standing_changed", 1, i, i, "again");
    for (uint64_t i = 0; i < 40 * MEMBERS * CODES; i++) {
        (void)snprintf(code, sizeof code, "code_%u", (unsigned)(i % CODES)); /* not known */
        (void)snprintf(text, sizeof text, "text of %u", (unsigned)i);
        (void)happen(code, (uint16_t)(2 + i / CODES % MEMBERS), CHANGES + i, 0, text);
    }
    cr_expect_eq(count_of("standing_changed", 1), CHANGES);
    cr_expect_leq(count_of("code_0", 2), ASSAY_TIMELINE_ALIKE_MAX, "no code is without a bound");
    expect_sound();
}

/* Events about the network do not displace all about members, either. */
Test(net_timeline, changes_of_the_network_lose_their_own_oldest)
{
    for (uint16_t slot = 0; slot < 20; slot++)
        (void)happen("standing_changed", slot, 1, 3, "suspended");
    for (uint64_t i = 0; i < ASSAY_TIMELINE_KEPT_USUAL + 100; i++)
        (void)happen("collateral_included", ASSAY_SLOT_ALL, i, i, "newer");
    for (uint16_t slot = 0; slot < 20; slot++)
        cr_expect_eq(count_of("standing_changed", slot), 1);
    expect_sound();
}

Test(net_timeline, another_member_in_the_slot_begins_anew)
{
    struct assay_timeline_event event = {
        .code = "evidence_missing", .slot = 3, .epoch = 8, .name = "old", .text = "absent"
    };
    for (int i = 0; i < 3; i++)
        (void)assay_timeline_add(timeline, &event);
    (void)snprintf(event.name, sizeof event.name, "new");
    event.epoch = 9;
    const struct assay_timeline_event *e = &timeline->events[assay_timeline_add(timeline, &event)];
    cr_expect_eq(e->count, 1);
    cr_expect_eq(e->first_epoch, 9);
    expect_sound();
}
