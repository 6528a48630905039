/* tests/unit/enforce/test_decide.c - every short story of orders, against a plain history. */
#include "enforce/decide.h"

#include <criterion/criterion.h>

enum { STORY_MAX = 3 };

/* What happened so far, as one would note it on paper. */
struct history {
    struct assay_order begun[STORY_MAX];
    bool done[STORY_MAX];
    size_t count;
    uint32_t highest; /* incarnation named by an order that was not void */
};

static bool restarted(const struct history *history, uint32_t incarnation)
{
    for (size_t i = 0; i < history->count; i++)
        if (history->begun[i].kind == ASSAY_ORDER_RESTART && history->done[i] &&
            history->begun[i].incarnation == incarnation)
            return true;
    return false;
}

static enum assay_work work_now(const struct history *history)
{
    if (history->count == 0) return ASSAY_WORK_FULL;
    switch (history->begun[history->count - 1].kind) {
    case ASSAY_ORDER_NOTE:
    case ASSAY_ORDER_RELEASE: return ASSAY_WORK_FULL;
    case ASSAY_ORDER_RESTRICT: return ASSAY_WORK_RESTRICTED;
    case ASSAY_ORDER_SUSPEND:
    case ASSAY_ORDER_RESTART: return ASSAY_WORK_SUSPENDED;
    }
    return ASSAY_WORK_FULL;
}

/*
 * Does a decision keep every sentence of docs/protocol.md 10.2 and 10.3? Returns: NULL, or the
 * broken one.
 */
static const char *judge(const struct history *history, const struct assay_order *order,
                         struct assay_agent_decision decision)
{
    const bool acts =
        decision.action == ASSAY_AGENT_SET_WORK || decision.action == ASSAY_AGENT_RESTART;
    const bool waiting = history->count > 0 && !history->done[history->count - 1] &&
                         history->begun[history->count - 1].kind == ASSAY_ORDER_RESTART;
    const bool restarts = order->kind == ASSAY_ORDER_RESTART; /* due until it was executed */
    for (size_t i = 0; i < history->count; i++) {
        const int than = assay_enforce_order_compare(order, &history->begun[i]);
        /* Numbers are unique; in these stories a RESTART may share them with another order. */
        const bool other = restarts && (history->begun[i].kind != ASSAY_ORDER_RESTART ||
                                        history->begun[i].incarnation != order->incarnation);
        if (acts && ((than == 0 && !other) || (than < 0 && !restarts)))
            return "an order is executed once, and none but a RESTART is older than the last";
    }
    if (acts && restarted(history, order->incarnation))
        return "at most one RESTART per incarnation, and nothing for one that ended";
    if (acts && order->incarnation < history->highest) return "void for another incarnation";
    if (acts && waiting) return "a restart under way is completed first";
    if ((decision.action == ASSAY_AGENT_RESTART) != (acts && order->kind == ASSAY_ORDER_RESTART))
        return "only RESTART restarts";
    if (acts) return NULL;
    /* Nothing is done: there must be a reason. */
    bool reason =
        waiting || restarted(history, order->incarnation) || order->incarnation < history->highest;
    for (size_t i = 0; i < history->count; i++) {
        const int than = assay_enforce_order_compare(order, &history->begun[i]);
        reason = reason || than == 0 || (than < 0 && !restarts);
    }
    struct history with = *history;
    with.begun[0] = *order;
    with.count = 1;
    reason = reason || (order->kind != ASSAY_ORDER_RESTART && work_now(&with) == work_now(history));
    return reason ? NULL : "an order that stands is executed";
}

static struct assay_order order_number(unsigned n, const struct history *history)
{
    struct assay_order order = { .kind = (enum assay_order_kind)(n % 5), .slot = 1 };
    order.incarnation = 1 + n / 5 % 3;
    const uint64_t last = history->count > 0 ? history->begun[history->count - 1].epoch
                                             : 10; /* before, same, after */
    order.epoch = last - 1 + n / 15 % 3;
    return order;
}

static unsigned stories;

static void check_memory(const struct assay_agent_memory *memory)
{
    uint8_t bytes[ASSAY_AGENT_MEMORY_LEN];
    struct assay_agent_memory back;
    if (!memory->has_last) return;
    assay_agent_memory_encode(memory, bytes);
    cr_assert_eq(assay_agent_memory_decode(bytes, sizeof bytes, &back), ASSAY_OK);
    cr_assert_eq(assay_enforce_order_compare(&back.last, &memory->last), 0);
    cr_assert(back.last.kind == memory->last.kind && back.pending == memory->pending &&
              back.last.incarnation == memory->last.incarnation &&
              back.incarnation == memory->incarnation && back.restarted == memory->restarted &&
              back.work == memory->work && back.last.slot == memory->last.slot);
}

static void tell(struct assay_agent_memory memory, struct history history, unsigned depth)
{
    for (unsigned n = 0; n < 45; n++) {
        const struct assay_order order = order_number(n, &history);
        const struct assay_agent_decision decision = assay_agent_decide(&memory, &order);
        const char *broken = judge(&history, &order, decision);
        cr_assert_null(broken, "%s: kind %d incarnation %u epoch %lu", broken, (int)order.kind,
                       order.incarnation, (unsigned long)order.epoch);
        stories++;
        if (depth == 1) continue;
        if (decision.action != ASSAY_AGENT_SET_WORK && decision.action != ASSAY_AGENT_RESTART)
            continue;
        struct history next = history;
        next.begun[next.count] = order;
        next.highest = order.incarnation;
        next.done[next.count++] = false;
        const struct assay_agent_memory begun = assay_agent_begin_order(&memory, &order, decision);
        cr_assert_eq(begun.work, work_now(&next));
        check_memory(&begun);
        tell(begun, next, depth - 1);
        next.done[next.count - 1] = true;
        const struct assay_agent_memory done = assay_agent_finish_order(&begun);
        check_memory(&done);
        cr_assert_eq(assay_agent_ended_incarnation(&done),
                     order.kind == ASSAY_ORDER_RESTART ? order.incarnation : 0);
        tell(done, next, depth - 1);
    }
}

Test(decide, keeps_every_rule_in_every_short_story)
{
    tell(assay_agent_memory_none(), (struct history){ 0 }, STORY_MAX);
    cr_assert_gt(stories, 20000, "%u", stories);
}

/* A member that failed hard, was taken out of service by its operators and came back: its standing
 * is of a later epoch than the failure, and the enclave is restarted all the same. */
Test(decide, a_restart_is_due_behind_a_later_standing)
{
    const struct assay_order suspend = { .kind = ASSAY_ORDER_SUSPEND,
                                         .epoch = 31,
                                         .incarnation = 1 };
    const struct assay_order restart = {
        .kind = ASSAY_ORDER_RESTART, .epoch = 18, .seq = 1, .incarnation = 1
    };
    const struct assay_order before = { .kind = ASSAY_ORDER_RELEASE,
                                        .epoch = 20,
                                        .incarnation = 1 };
    struct assay_agent_memory memory = assay_agent_memory_none();
    memory = assay_agent_begin_order(&memory, &suspend, assay_agent_decide(&memory, &suspend));
    memory = assay_agent_finish_order(&memory);
    const struct assay_agent_decision due = assay_agent_decide(&memory, &restart);
    cr_assert_eq(due.action, ASSAY_AGENT_RESTART);
    memory = assay_agent_begin_order(&memory, &restart, due);
    cr_expect_eq(assay_agent_decide(&memory, &restart).action, ASSAY_AGENT_SAME);
    memory = assay_agent_finish_order(&memory);
    cr_expect_eq(assay_agent_decide(&memory, &restart).action, ASSAY_AGENT_SAME, "executed once");
    cr_expect_eq(assay_agent_decide(&memory, &before).action, ASSAY_AGENT_DONE_BEFORE,
                 "the numbers did not go back");
    check_memory(&memory);
}

Test(decide, judge_of_the_stories_notices_each_broken_rule)
{
    const struct assay_order restart = { .kind = ASSAY_ORDER_RESTART,
                                         .epoch = 5,
                                         .incarnation = 2 };
    struct assay_order order = restart;
    struct history history = { .begun = { restart }, .done = { true }, .count = 1, .highest = 2 };
    const struct assay_agent_decision act = { ASSAY_AGENT_RESTART, ASSAY_WORK_SUSPENDED };
    const struct assay_agent_decision none = { ASSAY_AGENT_SAME, ASSAY_WORK_SUSPENDED };
    cr_assert_not_null(judge(&history, &order, act), "twice");
    order.epoch = 6;
    cr_assert_not_null(judge(&history, &order, act), "twice for one incarnation");
    cr_assert_null(judge(&history, &order, none));
    order.incarnation = 1;
    cr_assert_not_null(judge(&history, &order, act), "for one that is no more");
    order.incarnation = 3;
    cr_assert_null(judge(&history, &order, act));
    cr_assert_not_null(judge(&history, &order, none), "not executed at all");
    history.done[0] = false;
    cr_assert_not_null(judge(&history, &order, act), "while another is under way");
    history.done[0] = true;
    order.kind = ASSAY_ORDER_SUSPEND;
    cr_assert_not_null(judge(&history, &order, act), "a restart that nobody ordered");
}

Test(decide, orders_sort_by_era_epoch_and_seq)
{
    const struct assay_order a = { .era = 1, .epoch = 9, .seq = 9 };
    const struct assay_order b = { .era = 2, .epoch = 1, .seq = 1 };
    const struct assay_order c = { .era = 2, .epoch = 2, .seq = 0 };
    const struct assay_order d = { .era = 2, .epoch = 2, .seq = 1 };
    const struct assay_order *sorted[] = { &a, &b, &c, &d };
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            const int sign = assay_enforce_order_compare(sorted[i], sorted[j]);
            cr_assert_eq((sign > 0) - (sign < 0), (i > j) - (i < j));
        }
}

/* Carries an order out. Returns: the memory afterwards. */
static struct assay_agent_memory carry_out(struct assay_agent_memory memory,
                                           const struct assay_order *order)
{
    const struct assay_agent_decision decision = assay_agent_decide(&memory, order);
    memory = assay_agent_begin_order(&memory, order, decision);
    check_memory(&memory);
    memory = assay_agent_finish_order(&memory);
    check_memory(&memory);
    return memory;
}

/* A forced RECOVER undoes listings: its era assigns their numbers again, to other key sets. */
Test(decide, a_later_era_numbers_incarnations_again)
{
    struct assay_order order = { .kind = ASSAY_ORDER_RESTART, .epoch = 9, .incarnation = 5 };
    const struct assay_agent_memory before = carry_out(assay_agent_memory_none(), &order);
    order.epoch = 10;
    cr_expect_eq(assay_agent_decide(&before, &order).action, ASSAY_AGENT_SAME);
    order.incarnation = 4;
    cr_expect_eq(assay_agent_decide(&before, &order).action, ASSAY_AGENT_VOID);
    order.era = 1;
    for (order.incarnation = 4; order.incarnation <= 5; order.incarnation++) {
        cr_expect_eq(assay_agent_decide(&before, &order).action, ASSAY_AGENT_RESTART, "%u",
                     order.incarnation);
        struct assay_order later = order;
        const struct assay_agent_memory after = carry_out(before, &order);
        cr_expect_eq(assay_agent_ended_incarnation(&after), order.incarnation);
        later.epoch++;
        cr_expect_eq(assay_agent_decide(&after, &later).action, ASSAY_AGENT_SAME, "once in an era");
        later.incarnation--;
        cr_expect_eq(assay_agent_decide(&after, &later).action, ASSAY_AGENT_VOID);
        later.era = 0;
        later.incarnation = 6;
        cr_expect_eq(assay_agent_decide(&after, &later).action, ASSAY_AGENT_DONE_BEFORE);
    }
    order.kind = ASSAY_ORDER_RESTRICT; /* the RESTART of the era before is no news of this one */
    order.incarnation = 2;
    const struct assay_agent_memory restricted = carry_out(before, &order);
    cr_expect_eq(restricted.restarted, 0);
    cr_expect_eq(assay_agent_ended_incarnation(&restricted), 0);
}

Test(decide, refuses_a_memory_that_was_never_written)
{
    const struct assay_order order = { .kind = ASSAY_ORDER_RESTART, .epoch = 3, .incarnation = 2 };
    struct assay_agent_memory memory = assay_agent_memory_none(), out;
    memory = assay_agent_begin_order(&memory, &order, assay_agent_decide(&memory, &order));
    uint8_t bytes[ASSAY_AGENT_MEMORY_LEN + 1] = { 0 };
    assay_agent_memory_encode(&memory, bytes);
    for (size_t len = 0; len < ASSAY_AGENT_MEMORY_LEN; len++)
        cr_assert_eq(assay_agent_memory_decode(bytes, len, &out), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_agent_memory_decode(bytes, sizeof bytes, &out), ASSAY_E_TRAILING);
    static const struct {
        size_t at;
        uint8_t value;
        enum assay_status status;
    } cases[] = {
        { 0, 2, ASSAY_E_VERSION }, { 1, 2, ASSAY_E_RANGE },  { 2, 0, ASSAY_E_RANGE },
        { 2, 4, ASSAY_E_RANGE },   { 3, 5, ASSAY_E_RANGE },  { 25, 3, ASSAY_E_RANGE },
        { 29, 1, ASSAY_E_RANGE },  { 33, 3, ASSAY_E_RANGE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint8_t before = bytes[cases[i].at];
        bytes[cases[i].at] = cases[i].value;
        cr_assert_eq(assay_agent_memory_decode(bytes, ASSAY_AGENT_MEMORY_LEN, &out),
                     cases[i].status, "byte %zu", cases[i].at);
        bytes[cases[i].at] = before;
    }
    cr_assert_eq(assay_agent_memory_decode(bytes, ASSAY_AGENT_MEMORY_LEN, &out), ASSAY_OK);
}
