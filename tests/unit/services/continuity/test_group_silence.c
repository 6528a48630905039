/*
 * tests/unit/services/continuity/test_group_silence.c - tests of reports of silence.
 *
 * What the ledger makes of reports that a seat is silent, and of answers to them (docs/services.md
 * 1.11).
 */
#include "services/continuity/group_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Five members sit in a group of five, five more are listed; each of its own operator. */
enum { GROUP = 2, CROWD = 10, FIVE = 5 };

struct crowd {
    struct assay_cont_group group;
    struct assay_cont_instance_row rows[4];
    struct assay_cont_facts facts;
    enum assay_cont_standing standing[CROWD];
    uint16_t score[CROWD];
    uint32_t unheard; /* a slot and one: no seat hears it; 0: everybody is heard */
    uint64_t epoch;
};

static void crowd_close(struct crowd *b)
{
    assay_cont_group_close_epoch(&b->group, ++b->epoch, b->standing, b->score, NULL, CROWD,
                                 &b->facts);
    assay_cont_group_check(&b->group);
}

static struct crowd *crowd_of(uint32_t size)
{
    struct crowd *b = calloc(1, sizeof *b);
    const struct assay_cont_home home = { .group = GROUP };
    cr_assert_not_null(b);
    assay_cont_group_init(&b->group, &home, size, 4, b->rows);
    for (uint32_t i = 0; i < CROWD; i++) {
        const uint8_t key = (uint8_t)(10 + i);
        const struct assay_cont_replica_record record = { .group = GROUP,
                                                          .key = { key },
                                                          .contact = { .curve = { key } } };
        b->standing[i] = ASSAY_CONT_STAND_FULL;
        b->score[i] = (uint16_t)(100 + i);
        if (i == 0) crowd_close(b);
        b->group.member[i].standing = ASSAY_CONT_STAND_FULL;
        cr_assert_eq(assay_cont_group_apply_replica(&b->group, i, &record, &b->facts),
                     ASSAY_CONT_APPLIED);
    }
    crowd_close(b);
    crowd_close(b);
    cr_assert_eq(b->group.phase, ASSAY_CONT_SERVING);
    return b;
}

static enum assay_cont_result report_as(struct crowd *b, uint32_t reporter, uint32_t seat,
                                        uint64_t view, uint64_t epoch)
{
    struct assay_cont_silent_record record = {
        .group = GROUP, .view = view, .seat = seat, .epoch = epoch
    };
    for (uint32_t slot = 0; slot < CROWD; slot++)
        if (b->unheard != slot + 1) record.reachable[slot / 8] |= (uint8_t)(1u << slot % 8);
    assay_bytes_copy(record.key, 64, b->group.now.roster.key[reporter], 64);
    return assay_cont_group_apply_silent(&b->group, &record, &b->facts);
}

static enum assay_cont_result report(struct crowd *b, uint32_t reporter, uint32_t seat)
{
    return report_as(b, reporter, seat, b->group.now.roster.view, b->epoch + 1);
}

/* By the first `count` of the other seats. */
static void report_by(struct crowd *b, uint32_t count, uint32_t seat)
{
    for (uint32_t i = 0, said = 0; said < count; i++) {
        if (i == seat) continue;
        cr_assert_eq(report(b, i, seat), ASSAY_CONT_APPLIED);
        said++;
    }
}

static enum assay_cont_result alive(struct crowd *b, uint32_t slot)
{
    struct assay_cont_alive_record record = { .group = GROUP, .epoch = b->epoch + 1 };
    assay_bytes_copy(record.key, 64, b->group.member[slot].key, 64);
    return assay_cont_group_apply_alive(&b->group, slot, &record, &b->facts);
}

/* Whoever has no seat and is asked. */
static void spares_alive(struct crowd *b)
{
    for (uint32_t i = 0; i < CROWD; i++) {
        bool sits = false;
        for (uint32_t k = 0; k < b->group.size; k++)
            sits = sits || b->group.now.slot[k] == i;
        if (!sits && assay_cont_group_needs_alive(&b->group, i))
            cr_assert_eq(alive(b, i), ASSAY_CONT_APPLIED);
    }
}

static void crowd_start(struct crowd *b)
{
    struct assay_cont_table_record record = { .group = GROUP,
                                              .base = b->group.now.roster.view,
                                              .roster = b->group.next.roster,
                                              .last_count = assay_cont_quorum(b->group.size),
                                              .count = assay_cont_quorum(b->group.size) };
    for (uint32_t i = 0; i < record.count; i++) {
        assay_bytes_copy(record.last[i].key, 64, b->group.now.roster.key[i], 64);
        assay_bytes_copy(record.key[i], 64, b->group.next.roster.key[i], 64);
    }
    cr_assert_eq(assay_cont_group_apply_table(&b->group, &record, &b->facts), ASSAY_CONT_APPLIED);
}

Test(group_silence, a_seat_that_a_quorum_of_others_misses_moves)
{
    struct crowd *b = crowd_of(FIVE);
    const uint32_t out = b->group.now.slot[2];
    report_by(b, 3, 2);
    spares_alive(b);
    crowd_close(b);
    cr_assert_eq(b->facts.count, 1);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    for (uint32_t i = 0; i < FIVE; i++)
        cr_expect_eq(b->group.next.slot[i] != b->group.now.slot[i], i == 2);
    cr_expect_eq(assay_cont_group_seat(&b->group, 2), ASSAY_CONT_SEAT_MISSING);
    crowd_start(b);
    cr_expect_eq(b->facts.count, 1, "nothing else moves");
    cr_expect_eq(assay_cont_group_seat(&b->group, 2), ASSAY_CONT_SEAT_SERVES);
    cr_expect_gt(b->group.member[out].until, b->epoch + 60, "who was out gets no seat for a while");
    free(b);
}

Test(group_silence, fewer_than_a_quorum_that_miss_a_seat_move_nothing)
{
    struct crowd *b = crowd_of(FIVE);
    for (uint32_t i = 0; i < 20; i++) {
        report_by(b, 2, 2);
        spares_alive(b);
        crowd_close(b);
        cr_assert_eq(b->facts.count, 0);
        cr_assert_eq(assay_cont_group_seat(&b->group, 2), ASSAY_CONT_SEAT_SERVES);
    }
    report_by(b, 2, 2);
    cr_expect_eq(report(b, 0, 2), ASSAY_CONT_SAME, "one is one however often it says so");
    cr_expect_eq(report(b, 2, 2), ASSAY_CONT_NOT_HERE, "nor does it report itself");
    crowd_close(b);
    cr_expect_eq(b->facts.count, 0);
    free(b);
}

Test(group_silence, reports_of_lost_seats_do_not_count)
{
    struct crowd *b = crowd_of(FIVE);
    for (uint32_t i = 0; i < CROWD; i++) /* nobody may follow */
        b->standing[i] = ASSAY_CONT_STAND_WARNING;
    b->standing[b->group.now.slot[0]] = ASSAY_CONT_STAND_NONE;
    report_by(b, 3, 2);
    spares_alive(b);
    crowd_close(b);
    cr_expect_eq(b->group.silence[2].missing, 0);
    cr_expect_eq(b->facts.count, 0);
    free(b);
}

Test(group_silence, reports_are_of_their_view_and_of_two_epochs)
{
    struct crowd *b = crowd_of(FIVE);
    const uint64_t view = b->group.now.roster.view;
    cr_expect_eq(report_as(b, 0, 2, view, b->epoch + 2), ASSAY_CONT_EXPECTED);
    cr_expect_eq(report_as(b, 0, 2, view, b->epoch - 1), ASSAY_CONT_EXPECTED);
    cr_expect_eq(report_as(b, 0, 2, view + 1, b->epoch + 1), ASSAY_CONT_DEAD);
    report_by(b, 3, 2);
    spares_alive(b);
    crowd_close(b);
    cr_assert_eq(b->group.phase, ASSAY_CONT_CHANGING);
    report_by(b, 4, 3);
    crowd_start(b);
    spares_alive(b);
    crowd_close(b);
    cr_expect_eq(b->group.silence[3].missing, 0, "said in the view before");
    cr_expect_eq(report_as(b, 0, 3, view, b->epoch + 1), ASSAY_CONT_DEAD);
    report_by(b, 3, 3);
    for (uint32_t i = 0; i < 6; i++) { /* no other seat moves at the first two */
        spares_alive(b);
        crowd_close(b);
        cr_expect_eq(b->group.phase, ASSAY_CONT_SERVING, "what was said is over");
        const struct assay_cont_silence *s = &b->group.silence[3];
        if (i > 0) cr_expect_eq(s->by[0] | s->by[1], 0, "close %u", i);
    }
    free(b);
}

Test(group_silence, a_seat_that_is_alive_stays_for_eight_closes)
{
    struct crowd *b = crowd_of(FIVE);
    const uint32_t own = b->group.now.slot[2];
    cr_expect_eq(alive(b, own), ASSAY_CONT_SAME, "nobody asks");
    for (uint32_t i = 0; i < 9; i++) {
        cr_assert_eq(b->group.phase, ASSAY_CONT_SERVING, "%u closes", i);
        report_by(b, 3, 2);
        cr_assert_eq(alive(b, own), ASSAY_CONT_APPLIED);
        spares_alive(b);
        crowd_close(b);
        cr_expect_eq(assay_cont_group_seat(&b->group, 2), ASSAY_CONT_SEAT_CUT);
    }
    cr_expect_eq(b->group.phase, ASSAY_CONT_CHANGING, "then as one that is missing");
    cr_expect(assay_cont_group_alarms(&b->group) & ASSAY_CONT_ALARM_CUT);
    free(b);
}

/* As a candidate it said that it is alive; then it got a seat, and was heard no more. */
Test(group_silence, what_was_said_before_a_report_does_not_answer_it)
{
    struct crowd *b = crowd_of(FIVE);
    report_by(b, 3, 2);
    spares_alive(b);
    crowd_close(b);
    crowd_start(b);
    report_by(b, 3, 2);
    crowd_close(b);
    cr_expect_eq(assay_cont_group_seat(&b->group, 2), ASSAY_CONT_SEAT_MISSING);
    free(b);
}

/* A replica signs one ALIVE an epoch, so it cannot answer once more when a view starts in between
 * and others miss its seat there, too. */
Test(group_silence, what_was_said_in_this_epoch_answers_a_report_of_the_next_view)
{
    struct crowd *b = crowd_of(FIVE);
    const uint32_t own = b->group.now.slot[2], drained = b->group.now.slot[4];
    struct assay_cont_replica_record drain = { .group = GROUP, .drains = true };
    report_by(b, 3, 2);
    cr_assert_eq(alive(b, own), ASSAY_CONT_APPLIED);
    assay_bytes_copy(drain.key, 64, b->group.member[drained].key, 64);
    cr_assert_eq(assay_cont_group_apply_replica(&b->group, drained, &drain, &b->facts),
                 ASSAY_CONT_APPLIED);
    crowd_start(b);
    cr_assert_eq(b->group.now.slot[2], own);
    report_by(b, 3, 2);
    spares_alive(b);
    crowd_close(b);
    cr_expect_eq(assay_cont_group_seat(&b->group, 2), ASSAY_CONT_SEAT_CUT);
    cr_expect_eq(b->group.phase, ASSAY_CONT_SERVING, "it stays for eight closes");
    free(b);
}

Test(group_silence, one_answer_does_not_last)
{
    struct crowd *b = crowd_of(FIVE);
    static const enum assay_cont_seat_state then[] = { ASSAY_CONT_SEAT_CUT, ASSAY_CONT_SEAT_CUT,
                                                       ASSAY_CONT_SEAT_MISSING };
    for (uint32_t i = 0; i < 3; i++) {
        report_by(b, 3, 2);
        if (i == 0) cr_assert_eq(alive(b, b->group.now.slot[2]), ASSAY_CONT_APPLIED);
        crowd_close(b);
        cr_expect_eq(assay_cont_group_seat(&b->group, 2), then[i], "close %u", i);
    }
    free(b);
}

Test(group_silence, no_seat_moves_for_silence_while_a_view_changes)
{
    struct crowd *b = crowd_of(FIVE);
    report_by(b, 3, 2);
    spares_alive(b);
    crowd_close(b);
    const struct assay_cont_seats next = b->group.next;
    for (uint32_t i = 1; i < 4 * ASSAY_CONT_STALL_CLOSES; i++) {
        report_by(b, 3, 4);
        spares_alive(b);
        crowd_close(b);
        uint32_t moved = 0;
        for (uint32_t k = 0; k < FIVE; k++)
            moved += b->group.next.slot[k] != b->group.now.slot[k];
        cr_assert_eq(moved, 1, "also when the view is decided anew: close %u", i);
        if (i >= ASSAY_CONT_STALL_CLOSES) continue;
        cr_expect_eq(b->group.view_last, next.roster.view);
        cr_expect(assay_bytes_equal(b->group.next.slot, next.slot, sizeof next.slot));
    }
    free(b);
}

/* Who controls the network for a while gets few seats for it. */
Test(group_silence, seats_move_for_silence_one_by_one_and_few_in_all)
{
    struct crowd *b = crowd_of(FIVE);
    uint32_t moves = 0;
    uint64_t last = 0;
    for (uint32_t i = 0; i < 60; i++) {
        uint32_t moved = 0;
        report_by(b, 4, 1);
        report_by(b, 4, 3);
        spares_alive(b);
        crowd_close(b);
        if (b->group.phase != ASSAY_CONT_CHANGING) continue;
        for (uint32_t k = 0; k < FIVE; k++)
            moved += b->group.next.slot[k] != b->group.now.slot[k];
        cr_assert_eq(moved, 1);
        cr_assert(last == 0 || b->epoch - last >= 4);
        last = b->epoch;
        moves++;
        crowd_start(b);
    }
    cr_expect_eq(moves, 2, "n - q in 64 closes");
    free(b);
}

Test(group_silence, a_seat_moves_to_nobody_who_is_not_there)
{
    struct crowd *b = crowd_of(FIVE);
    for (uint32_t i = 0; i < 3; i++) {
        report_by(b, 4, 1);
        crowd_close(b);
        cr_assert_eq(b->group.phase, ASSAY_CONT_SERVING, "no spare has said that it is alive");
    }
    for (uint32_t i = 0; i < CROWD; i++) { /* all of one standing that keeps a seat */
        bool sits = false;
        for (uint32_t k = 0; k < FIVE; k++)
            sits = sits || b->group.now.slot[k] == i;
        if (!sits) b->standing[i] = ASSAY_CONT_STAND_WARNING;
    }
    report_by(b, 4, 1);
    crowd_close(b);
    for (uint32_t i = 0; i < CROWD; i++)
        b->standing[i] = ASSAY_CONT_STAND_FULL;
    report_by(b, 4, 1);
    crowd_close(b);
    report_by(b, 4, 1);
    spares_alive(b);
    crowd_close(b);
    cr_expect_eq(b->group.phase, ASSAY_CONT_CHANGING, "FULL at two closes");
    free(b);
}

/* docs/services.md 1.10: a memory that was missing for long is one that is lost. */
/* The goal C5, also for whoever cuts links until a seat moves: with no candidate of another
 * operator it stays, and the alarm says why. */
Test(group_silence, a_seat_moves_to_no_operator_that_has_its_seats)
{
    /* Slots 0 to 4 sit; two of them, and every spare, are of one operator. */
    static const uint8_t operators[CROWD] = { 5, 5, 1, 2, 3, 5, 5, 5, 5, 5 };
    struct crowd *b = crowd_of(FIVE);
    const uint32_t seat = 4;
    cr_assert_eq(b->group.now.slot[seat], seat);
    for (uint32_t closes = 0; closes < 20; closes++) {
        report_by(b, 4, seat);
        spares_alive(b);
        assay_cont_group_close_epoch(&b->group, ++b->epoch, b->standing, b->score, operators, CROWD,
                                     &b->facts);
        cr_assert_eq(b->facts.count, 0, "close %u", closes);
        cr_assert_eq(b->group.now.slot[seat], seat);
    }
    cr_expect_eq(assay_cont_group_alarms(&b->group) & ASSAY_CONT_ALARM_OPERATORS,
                 ASSAY_CONT_ALARM_OPERATORS);
    free(b);
}

/* docs/services.md 1.11.3: heard by a quorum of the seats that report. */
Test(group_silence, a_seat_moves_to_nobody_whom_too_few_hear)
{
    for (uint32_t few = 0; few <= 4; few++) {
        struct crowd *b = crowd_of(FIVE);
        const uint32_t seat = 1, best = CROWD - 1;
        uint32_t said = 0;
        for (uint32_t i = 0; i < FIVE; i++) {
            if (i == seat) continue;
            b->unheard = said++ < few ? 0 : best + 1;
            cr_assert_eq(report(b, i, seat), ASSAY_CONT_APPLIED);
        }
        spares_alive(b);
        crowd_close(b);
        cr_assert_eq(b->group.phase, ASSAY_CONT_CHANGING);
        cr_expect_eq(b->group.next.slot[seat], few >= 3 ? best : best - 1, "heard by %u", few);
        crowd_start(b);
        for (uint32_t i = 0; i < CROWD; i++) /* in the view that is over */
            cr_expect(b->group.member[i].reachable[0] == 0 && b->group.member[i].reachable[1] == 0);
        free(b);
    }
}

/* What was heard counts in the epoch of the report and in the next, as the report does. */
Test(group_silence, what_was_heard_long_ago_counts_no_more)
{
    struct crowd *b = crowd_of(FIVE);
    report_by(b, 4, 1);
    crowd_close(b); /* nobody is alive */
    for (uint32_t i = 0; i < CROWD; i++)
        cr_assert_eq(b->group.member[i].reachable[1], 0x1d);
    crowd_close(b);
    for (uint32_t i = 0; i < CROWD; i++)
        cr_assert_eq(b->group.member[i].reachable[0] | b->group.member[i].reachable[1], 0);
    free(b);
}

Test(group_silence, a_seat_that_is_missing_for_long_counts_no_more)
{
    for (uint32_t back = 0; back < 2; back++) {
        struct crowd *b = crowd_of(3);
        const uint32_t gone = b->group.now.slot[0];
        for (uint32_t i = 0; i < CROWD; i++)
            if (i != gone && i != b->group.now.slot[1] && i != b->group.now.slot[2])
                b->standing[i] = ASSAY_CONT_STAND_WARNING; /* nobody may follow */
        report_by(b, 2, 0);
        crowd_close(b);
        cr_assert_eq(assay_cont_group_seat(&b->group, 0), ASSAY_CONT_SEAT_MISSING);
        cr_expect_eq(assay_cont_group_alarms(&b->group),
                     ASSAY_CONT_ALARM_MISSING | ASSAY_CONT_ALARM_NO_CANDIDATE);
        const struct assay_cont_replica_record again = { .group = GROUP,
                                                         .key = { 99 },
                                                         .contact = { .curve = { 99 } } };
        cr_assert_eq(
            assay_cont_group_apply_replica(&b->group, b->group.now.slot[1], &again, &b->facts),
            ASSAY_CONT_APPLIED);
        if (back) cr_assert_eq(alive(b, gone), ASSAY_CONT_APPLIED, "it still remembers");
        for (uint32_t i = 0; i < 70; i++)
            crowd_close(b);
        cr_expect_eq(b->group.phase == ASSAY_CONT_GONE, back == 0);
        free(b);
    }
}

/* docs/services.md 1.9: the table of a suspended member does not count, however long it was silent
 * before: it may come back and give one. */
Test(group_silence, a_memory_that_was_missing_for_long_is_barred_when_its_member_is_suspended)
{
    struct crowd *b = crowd_of(FIVE);
    const uint32_t gone = b->group.now.slot[0];
    bool sits[CROWD] = { false };
    for (uint32_t i = 0; i < FIVE; i++)
        sits[b->group.now.slot[i]] = true;
    for (uint32_t i = 0; i < CROWD; i++)
        if (!sits[i]) b->standing[i] = ASSAY_CONT_STAND_WARNING; /* nobody may follow */
    report_by(b, 4, 0);
    for (uint32_t i = 0; i < 70; i++)
        crowd_close(b);
    cr_assert(assay_cont_silence_is_forgotten(&b->group, 0));
    cr_assert_eq(b->group.phase, ASSAY_CONT_SERVING);
    for (uint32_t i = 0; i < CROWD; i++)
        b->standing[i] = ASSAY_CONT_STAND_FULL;
    b->standing[gone] = ASSAY_CONT_STAND_SUSPENDED;
    crowd_close(b);
    cr_assert_eq(b->facts.count, 1);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_DECIDED);
    cr_expect_eq(b->facts.fact[0].barred, 1);
    free(b);
}
