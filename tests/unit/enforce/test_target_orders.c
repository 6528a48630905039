/*
 * tests/unit/enforce/test_target_orders.c - orders and holds of a target that reached its limit of
 * restarts, whose engine is away, that is acted on, or whose order was not stored.
 */
#include "tests/unit/enforce/target_doll.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(target, .init = set_up, .fini = tear_down);

/* --------------------------------------------------------------- never unsupervised */

Test(target, that_reached_the_limit_is_suspended_when_something_else_starts_it)
{
    agent_settings.restarts_max = 2;
    agent_settings.restarts_window_ms = 3600000;
    settings.restrict_suspends = true;
    open_all();
    step_for(200);
    for (int i = 0; i < 4; i++) {
        doll.state = ASSAY_TARGET_DOWN;
        step_for(3000);
    }
    cr_assert_eq(doll.starts, 3, "the first, and two restarts: %u", doll.starts);
    doll.state = ASSAY_TARGET_RUNS; /* its manager, or an operator */
    give(ASSAY_ORDER_RESTRICT, 10, 1);
    step_for(1000);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN, "restricted: suspend");
    give(ASSAY_ORDER_RELEASE, 11, 1);
    step_for(1000);
    for (int i = 0; i < 4; i++) {
        doll.state = ASSAY_TARGET_DOWN;
        step_for(3000);
    }
    doll.acts[0] = '\0';
    doll.state = ASSAY_TARGET_RUNS;
    give(ASSAY_ORDER_SUSPEND, 12, 1);
    step_for(1000);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
    cr_assert_str_eq(doll.acts, "suspend ");
    cr_assert_not(assay_agent_get_memory(agent)->pending);
}

Test(target, that_reached_the_limit_is_stopped_by_a_restart_and_by_a_hold)
{
    for (int turn = 0; turn < 2; turn++) {
        doll = (struct doll){ .base = { &seeing }, .state = ASSAY_TARGET_DOWN };
        agent_settings.restarts_max = 1;
        agent_settings.restarts_window_ms = 3600000;
        open_all();
        step_for(200);
        for (int i = 0; i < 3; i++) {
            doll.state = ASSAY_TARGET_DOWN;
            step_for(3000);
        }
        cr_assert_eq(doll.state, ASSAY_TARGET_DOWN);
        doll.state = ASSAY_TARGET_RUNS;
        if (turn == 0) assay_agent_hold(agent, true, now_ms);
        else give(ASSAY_ORDER_RESTART, 10, 1);
        step_for(1000);
        cr_assert_eq(doll.state, turn == 0 ? ASSAY_TARGET_FROZEN : ASSAY_TARGET_DOWN);
        close_all();
    }
}

Test(target, whose_engine_comes_late_is_suspended_whatever_its_limit)
{
    agent_settings.restarts_max = 3;
    agent_settings.restarts_window_ms = 3600000;
    doll.state = ASSAY_TARGET_RUNS;
    doll.begin_says = ASSAY_E_IO;
    open_all();
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    step_for(5000);
    cr_assert_gt(take(ASSAY_AGENT_FAILED, NULL), 3);
    doll.begin_says = ASSAY_OK;
    step_for(600);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
    cr_assert_eq(doll.starts, 0);
}

/* The limit counts what ended, not a state that cannot be seen. */
Test(target, whose_engine_is_away_for_long_has_used_up_no_restart)
{
    agent_settings.restarts_max = 3;
    agent_settings.restarts_window_ms = 3600000;
    open_all();
    step_for(200);
    crash();
    doll.begin_says = ASSAY_E_IO;
    step_for(20000);
    doll.begin_says = ASSAY_OK;
    doll.state = ASSAY_TARGET_DOWN;
    step_for(1000);
    cr_assert_eq(doll.state, ASSAY_TARGET_RUNS);
}

Test(target, that_cannot_be_started_reaches_the_limit)
{
    agent_settings.restarts_max = 2;
    agent_settings.restarts_window_ms = 60000;
    doll.fails = ASSAY_TARGET_START;
    open_all();
    step_for(20000);
    cr_assert_str_eq(doll.acts, "start start start ");
    doll.fails = ASSAY_TARGET_INSPECT;
    step_for(60000);
    cr_assert_eq(doll.state, ASSAY_TARGET_RUNS, "the window went on");
}

Test(target, is_not_started_by_a_start_that_waits_when_it_is_suspended)
{
    doll.begin_says = ASSAY_E_IO; /* it cannot be seen yet */
    open_all();
    step_for(1000);
    doll.begin_says = ASSAY_OK;
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    step_for(3000);
    cr_assert_str_eq(doll.acts, "");
    cr_assert_eq(doll.state, ASSAY_TARGET_DOWN);
}

Test(target, held_before_its_engine_is_there_is_suspended_once_it_is)
{
    open_all();
    step_for(200);
    crash();
    doll.begin_says = ASSAY_E_IO;
    assay_agent_hold(agent, true, now_ms);
    step_for(200);
    doll.begin_says = ASSAY_OK;
    step_for(1000);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
    cr_assert(doll.held);
}

Test(target, held_while_it_is_down_is_suspended_when_its_manager_starts_it)
{
    open_all();
    step_for(200);
    doll.state = ASSAY_TARGET_DOWN;
    for (int i = 0; i < 100 && take(ASSAY_AGENT_ENDED, NULL) == 0; i++)
        step_for(10);
    doll.acts[0] = '\0';
    assay_agent_hold(agent, true, now_ms);
    step_for(1000);
    cr_assert_str_eq(doll.acts, "", "stopped, and not started again");
    cr_assert_eq(take(ASSAY_AGENT_STARTED, NULL), 0, "nothing runs");
    doll.state = ASSAY_TARGET_RUNS;
    step_for(1000);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
    cr_assert_str_eq(doll.acts, "suspend ");
    assay_agent_hold(agent, false, now_ms);
    step_for(1000);
    cr_assert_eq(doll.state, ASSAY_TARGET_RUNS);
}

Test(target, reports_a_start_when_it_starts)
{
    open_all();
    step_for(200);
    cr_assert_eq(take(ASSAY_AGENT_STARTED, NULL), 1);
    give(ASSAY_ORDER_RESTART, 10, 1);
    step_for(1000);
    cr_assert_eq(take(ASSAY_AGENT_STARTED, NULL), 0, "it is stopped");
    give(ASSAY_ORDER_RELEASE, 11, 2);
    step_for(1000);
    cr_assert_eq(take(ASSAY_AGENT_STARTED, NULL), 1);
    doll.state = ASSAY_TARGET_DOWN;
    for (int i = 0; i < 100 && take(ASSAY_AGENT_ENDED, NULL) == 0; i++)
        step_for(10);
    doll.state = ASSAY_TARGET_RUNS; /* its manager was faster */
    doll.acts[0] = '\0';
    step_for(2000);
    cr_assert_str_eq(doll.acts, "", "the RESTART stops nothing that was started after it");
    cr_assert_eq(take(ASSAY_AGENT_STARTED, NULL), 1);
}

Test(target, that_cannot_be_frozen_yet_is_tried_again_at_each_poll)
{
    settings.backoff_ms_max = 30000;
    open_all();
    step_for(200);
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    doll.fails = ASSAY_TARGET_SUSPEND; /* a unit between an end and its next start */
    doll.acts[0] = '\0';
    for (int i = 0; i < 2000 && strlen(doll.acts) < 20 * strlen("suspend "); i++)
        step_for(10);
    doll.fails = ASSAY_TARGET_INSPECT;
    step_for(settings.poll_ms + 50);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
}

/* A start that fails delays no suspension: its target may come up after the time limit. */
Test(target, that_is_suspended_during_a_start_that_fails_is_looked_at_at_once)
{
    enum { STORED, UNSTORED, HOLD, TURNS };
    for (int turn = STORED; turn < TURNS; turn++) {
        doll = (struct doll){ .base = { &seeing }, .state = ASSAY_TARGET_DOWN };
        agent_settings.backoff_ms = agent_settings.backoff_ms_max = 30000;
        open_all();
        for (int i = 0; i < 100 && !(doll.acting && doll.verb == ASSAY_TARGET_START); i++)
            step_for(10);
        doll.hangs = true;
        step_for(settings.action_ms / 2);
        const struct assay_order order = { .kind = ASSAY_ORDER_SUSPEND,
                                           .epoch = 10,
                                           .incarnation = 1 };
        assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, turn == UNSTORED, true);
        if (turn == HOLD) assay_agent_hold(agent, true, now_ms);
        else
            cr_assert_eq(assay_agent_order(agent, &order, now_ms),
                         turn == STORED ? ASSAY_OK : ASSAY_E_STORE);
        step_for(settings.action_ms);
        cr_assert_eq(doll.abandoned, 1, "the start is given up: %u", doll.abandoned);
        doll.hangs = false;
        step_for(100);
        cr_assert_str_eq(doll.acts, "start ", "nothing runs, and it is not started again");
        doll.state = ASSAY_TARGET_RUNS; /* it took longer than its time limit */
        step_for(settings.poll_ms + 50);
        cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN, "turn %d", turn);
        cr_assert_not(assay_agent_is_suspending(agent));
        close_all();
        assay_store_close(&store);
        cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    }
}

/* --------------------------------------------------------------- one act for each order */

static size_t count_acts(const char *verb)
{
    size_t count = 0;
    for (const char *at = doll.acts; (at = strstr(at, verb)) != NULL; at += strlen(verb))
        count++;
    return count;
}

Test(target, that_is_notified_has_an_act_for_an_order_that_arrives_during_one)
{
    doll = (struct doll){ .base = { &blind } };
    agent_settings.every_kind = true;
    settings.action_ms = 60000;
    open_all();
    step_for(400);
    static const struct {
        enum assay_order_kind first, second; /* equal: a hold instead of a second order */
        const char *verb;
    } cases[] = { { ASSAY_ORDER_RELEASE, ASSAY_ORDER_NOTE, "run " },
                  { ASSAY_ORDER_SUSPEND, ASSAY_ORDER_SUSPEND, "suspend " } };
    for (uint64_t i = 0; i < 2; i++) {
        give(i == 0 ? ASSAY_ORDER_SUSPEND : ASSAY_ORDER_RELEASE, 10 + i * 10, 1);
        step_for(400);
        doll.hangs = true;
        doll.acts[0] = '\0';
        give(cases[i].first, 11 + i * 10, 1);
        step_for(100);
        cr_assert_str_eq(doll.acts, cases[i].verb, "it is under way");
        if (cases[i].first == cases[i].second) assay_agent_hold(agent, true, now_ms);
        else give(cases[i].second, 12 + i * 10, 1);
        step_for(100);
        doll.hangs = false;
        step_for(1000);
        cr_assert_eq(count_acts(cases[i].verb), 2, "%s", doll.acts);
        cr_assert_eq(doll.held, i == 1);
        cr_assert(assay_agent_is_settled(agent));
    }
}

/* --------------------------------------------------------------- a look is of its own moment */

Test(target, that_was_looked_at_before_an_order_came_is_looked_at_again)
{
    open_all();
    step_for(200);
    doll.acts[0] = '\0';
    doll.hangs = true;
    step_for(400);
    cr_assert(doll.acting && doll.verb == ASSAY_TARGET_INSPECT, "a poll is under way");
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    take(ASSAY_AGENT_OUTCOME, NULL);
    doll.state = ASSAY_TARGET_DOWN; /* between an end and the next start by its manager */
    doll.hangs = false;
    assay_agent_step(agent, now_ms);
    doll.state = ASSAY_TARGET_RUNS;
    for (uint64_t ms = 0; ms < settings.poll_ms - 50; ms += 10) {
        step_for(10);
        cr_assert(take(ASSAY_AGENT_OUTCOME, NULL) == 0 || doll.state == ASSAY_TARGET_FROZEN);
    }
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN, "before the next poll");
    cr_assert_str_eq(doll.acts, "suspend ");
}

/* --------------------------------------------------------------- without a store, or an order */

Test(target, is_suspended_by_an_order_that_cannot_be_stored)
{
    for (int with_memory = 0; with_memory < 2; with_memory++) {
        doll = (struct doll){ .base = { &seeing }, .state = ASSAY_TARGET_RUNS };
        if (with_memory != 0) open_all();
        else open_unordered();
        step_for(200);
        const struct assay_order order = { .kind = with_memory != 0 ? ASSAY_ORDER_RESTART
                                                                    : ASSAY_ORDER_SUSPEND,
                                           .epoch = 10,
                                           .incarnation = 1 };
        assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, 1, true); /* a full disk */
        cr_assert_eq(assay_agent_order(agent, &order, now_ms), ASSAY_E_STORE);
        cr_assert(assay_agent_is_suspending(agent));
        step_for(600);
        cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
        cr_assert_not(assay_agent_is_suspending(agent));
        cr_assert_eq(doll.stops, 0, "at most once an incarnation: not before it is stored");
        cr_assert_eq(assay_agent_get_memory(agent)->has_last, with_memory != 0);
        assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, 0, false);
        give(ASSAY_ORDER_RELEASE, 11, 1);
        step_for(400);
        cr_assert_eq(doll.state, ASSAY_TARGET_RUNS, "the next order that is stored replaces it");
        close_all();
        assay_store_close(&store);
        cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    }
}

Test(target, without_memory_is_not_as_ordered_once_a_hold_of_it_ended)
{
    doll.state = ASSAY_TARGET_RUNS;
    open_unordered();
    assay_agent_hold(agent, true, now_ms);
    step_for(400);
    cr_assert(assay_agent_is_settled(agent));
    assay_agent_hold(agent, false, now_ms);
    step_for(400);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
    cr_assert_not(assay_agent_is_settled(agent), "nothing orders what it is");
    give(ASSAY_ORDER_RELEASE, 0, 1);
    step_for(400);
    cr_assert(assay_agent_is_settled(agent));
}
