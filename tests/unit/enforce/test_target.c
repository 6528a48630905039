/* tests/unit/enforce/test_target.c - the driver of what others run, over a target made of strings.
 */
#include "tests/unit/enforce/target_doll.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(target, .init = set_up, .fini = tear_down);

Test(target, starts_what_is_down_and_adopts_what_runs)
{
    open_all();
    step_for(200);
    cr_assert_str_eq(doll.acts, "start ");
    cr_assert_eq(doll.starts, 1);
    crash();
    step_for(500);
    cr_assert_str_eq(doll.acts, "", "it runs, and nobody restarts it because we were restarted");
    cr_assert(assay_agent_is_settled(agent));
}

Test(target, without_memory_is_left_as_it_is_until_the_first_order)
{
    static const struct {
        enum assay_target_state state;
        const char *acts; /* of a RELEASE */
    } cases[] = { { ASSAY_TARGET_DOWN, "start " },
                  { ASSAY_TARGET_FROZEN, "run " },
                  { ASSAY_TARGET_RUNS, "" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        doll.state = cases[i].state;
        open_unordered();
        step_for(2000);
        cr_assert_str_eq(doll.acts, "");
        cr_assert_eq(assay_agent_wake_at(agent), UINT64_MAX, "nothing to wait for");
        cr_assert_not(assay_agent_is_settled(agent));
        give(ASSAY_ORDER_RELEASE, 0, 1); /* of a member that was never suspended */
        step_for(400);
        cr_assert_str_eq(doll.acts, cases[i].acts);
        cr_assert_eq(doll.state, ASSAY_TARGET_RUNS);
        cr_assert_eq(take(ASSAY_AGENT_OUTCOME, NULL), 1);
        doll.state = ASSAY_TARGET_DOWN;
        assay_agent_close(&agent);
        assay_target_close(&driver);
        assay_store_memory_crash(store);
        open_unordered();
        step_for(400);
        cr_assert_str_eq(doll.acts, "start ", "from now on it has a memory");
        close_all();
        assay_store_close(&store);
        cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    }
    doll.state = ASSAY_TARGET_FROZEN;
    open_unordered();
    step_for(400);
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    step_for(400);
    cr_assert_str_eq(doll.acts, "", "the state folder was lost, and it was never thawed");
    cr_assert(assay_agent_is_settled(agent));
}

Test(target, without_memory_is_suspended_by_a_hold_and_not_thawed_by_its_end)
{
    doll.state = ASSAY_TARGET_RUNS;
    open_unordered();
    step_for(400);
    assay_agent_hold(agent, true, now_ms);
    step_for(400);
    cr_assert_str_eq(doll.acts, "suspend ");
    assay_agent_hold(agent, false, now_ms);
    step_for(1000);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN, "nothing permits work yet");
    give(ASSAY_ORDER_RELEASE, 0, 1);
    step_for(400);
    cr_assert_str_eq(doll.acts, "suspend run ");
}

Test(target, is_stopped_by_a_restart_under_that_order)
{
    for (uint64_t pause_ms = 0; pause_ms <= 400; pause_ms += 400) {
        doll = (struct doll){ .base = { pause_ms == 0 ? &blind : &seeing } };
        open_all();
        step_for(400);
        give(ASSAY_ORDER_SUSPEND, 10 + pause_ms, 1 + (uint32_t)pause_ms);
        step_for(pause_ms);
        give(ASSAY_ORDER_RESTART, 11 + pause_ms, 1 + (uint32_t)pause_ms);
        step_for(1000);
        cr_assert_eq(doll.stops, 1);
        cr_assert_eq(doll.stopped_for.kind, ASSAY_ORDER_RESTART);
        cr_assert_eq(doll.stopped_for.epoch, 11 + pause_ms);
        close_all();
    }
}

Test(target, freezes_and_thaws_as_ordered_and_says_so_when_it_is_so)
{
    open_all();
    step_for(600);
    doll.acts[0] = '\0';
    cr_assert_eq(take(ASSAY_AGENT_OUTCOME, NULL), 1, "of the first order");
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    cr_assert_eq(take(ASSAY_AGENT_OUTCOME, NULL), 0, "not before it is frozen");
    step_for(400);
    cr_assert_str_eq(doll.acts, "suspend ");
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
    struct assay_agent_event event;
    cr_assert_eq(take(ASSAY_AGENT_OUTCOME, &event), 1);
    cr_assert_eq(event.status, ASSAY_OK);
    give(ASSAY_ORDER_RELEASE, 11, 1);
    step_for(400);
    cr_assert_str_eq(doll.acts, "suspend run ");
    cr_assert_eq(doll.state, ASSAY_TARGET_RUNS);
}

Test(target, stops_on_restart_and_starts_when_it_is_trusted_again)
{
    open_all();
    step_for(200);
    doll.acts[0] = '\0';
    give(ASSAY_ORDER_RESTART, 10, 1);
    step_for(1000);
    cr_assert_str_eq(doll.acts, "stop ", "what may do no work is not started");
    cr_assert_eq(take(ASSAY_AGENT_OUTCOME, NULL), 1);
    for (uint64_t epoch = 11; epoch < 20; epoch++) {
        give(ASSAY_ORDER_RESTART, epoch, 1);
        step_for(50);
    }
    cr_assert_eq(doll.stops, 1, "at most one executed RESTART an incarnation");
    give(ASSAY_ORDER_RELEASE, 30, 2);
    step_for(400);
    cr_assert_str_eq(doll.acts, "stop start ");
    cr_assert_eq(doll.starts, 2);
}

Test(target, may_be_stopped_instead_of_frozen)
{
    settings.suspend_stops = true;
    open_all();
    step_for(200);
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    step_for(400);
    give(ASSAY_ORDER_RELEASE, 11, 1);
    step_for(400);
    cr_assert_str_eq(doll.acts, "start stop start ");
}

Test(target, is_never_started_while_it_is_suspended)
{
    open_all();
    step_for(200);
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    step_for(400);
    doll.state = ASSAY_TARGET_DOWN; /* it ended while frozen, or the machine was restarted */
    crash();
    step_for(2000);
    cr_assert_str_eq(doll.acts, "");
    cr_assert_eq(doll.starts, 1);
}

Test(target, is_suspended_again_when_somebody_lets_it_run)
{
    open_all();
    step_for(200);
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    step_for(400);
    take(ASSAY_AGENT_FAILED, NULL);
    doll.acts[0] = '\0';
    doll.state = ASSAY_TARGET_RUNS;
    step_for(1000);
    cr_assert_str_eq(doll.acts, "suspend ");
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
    struct assay_agent_event event;
    cr_assert_eq(take(ASSAY_AGENT_FAILED, &event), 1);
    cr_assert_not_null(strstr(event.message, "although it is suspended"), "%s", event.message);
}

Test(target, is_started_again_when_it_ends_by_itself_with_back_off)
{
    open_all();
    step_for(200);
    for (int i = 0; i < 3; i++) {
        doll.state = ASSAY_TARGET_DOWN;
        step_for(2000);
        cr_assert_eq(doll.state, ASSAY_TARGET_RUNS);
    }
    cr_assert_eq(doll.starts, 4);
    cr_assert_eq(take(ASSAY_AGENT_ENDED, NULL), 3);
}

Test(target, that_hangs_is_given_up_and_asked_again_and_the_outcome_waits)
{
    open_all();
    step_for(200);
    doll.acts[0] = '\0';
    doll.hangs = true;
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    step_for(2000);
    cr_assert_geq(doll.abandoned, 2);
    struct assay_agent_event event;
    cr_assert_geq(take(ASSAY_AGENT_OUTCOME, &event), 1);
    cr_assert_eq(event.status, ASSAY_E_TIMEOUT, "never OK before it is so");
    cr_assert(assay_agent_get_memory(agent)->pending);
    doll.hangs = false;
    step_for(3000);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
    cr_assert_geq(take(ASSAY_AGENT_OUTCOME, &event), 1);
    cr_assert_eq(event.status, ASSAY_OK);
}

Test(target, whose_engine_is_gone_is_not_taken_for_one_that_does_no_work)
{
    open_all();
    step_for(200);
    crash();
    doll.begin_says = ASSAY_E_IO; /* the engine's socket is not there; the container runs */
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    step_for(3000);
    struct assay_agent_event event;
    cr_assert_geq(take(ASSAY_AGENT_OUTCOME, &event), 1);
    cr_assert_eq(event.status, ASSAY_E_IO);
    cr_assert(assay_agent_get_memory(agent)->pending, "it runs on: nothing was executed");
    doll.begin_says = ASSAY_OK;
    step_for(3000);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
    cr_assert_not(assay_agent_get_memory(agent)->pending);
}

Test(target, is_asked_later_and_later_when_it_fails)
{
    open_all();
    step_for(200);
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    doll.step_says = ASSAY_E_INVALID;
    doll.acts[0] = '\0';
    step_for(10000);
    const unsigned failures = take(ASSAY_AGENT_FAILED, NULL);
    cr_assert(failures >= 10 && failures <= 20, "100 + 200 + 400 + 800 ...: %u", failures);
}

Test(target, a_crash_at_any_moment_of_a_restart_neither_loses_nor_doubles_it, .timeout = 600)
{
    for (unsigned at = 0; at < 120; at++) {
        doll = (struct doll){ .base = { &seeing }, .state = ASSAY_TARGET_DOWN };
        struct assay_store *outer = store;
        cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
        open_all();
        step_for(200);
        const struct assay_order order = { .kind = ASSAY_ORDER_RESTART,
                                           .epoch = 9,
                                           .incarnation = 1 };
        cr_assert_eq(assay_agent_order(agent, &order, now_ms), ASSAY_OK);
        for (unsigned i = 0; i < at; i++, now_ms += 10)
            assay_agent_step(agent, now_ms);
        crash();
        cr_assert_eq(assay_agent_order(agent, &order, now_ms), ASSAY_OK);
        step_for(1000);
        cr_assert_eq(doll.state, ASSAY_TARGET_DOWN, "at %u: it was stopped", at);
        cr_assert_eq(doll.starts, 1, "at %u: started before it was released", at);
        crash();
        give(ASSAY_ORDER_RELEASE, 12, 2);
        step_for(1000);
        cr_assert_eq(doll.state, ASSAY_TARGET_RUNS, "at %u", at);
        cr_assert_eq(doll.starts, 2, "at %u: one restart", at);
        give(ASSAY_ORDER_RESTART, 13, 1);
        step_for(500);
        cr_assert_eq(doll.state, ASSAY_TARGET_RUNS, "at %u: that incarnation is over", at);
        close_all();
        assay_store_close(&store);
        store = outer;
    }
}

Test(target, obeys_what_is_as_severe_as_it_was_told)
{
    agent_settings.severity = ASSAY_ORDER_SUSPEND;
    settings.restrict_suspends = true;
    open_all();
    step_for(200);
    doll.acts[0] = '\0';
    give(ASSAY_ORDER_NOTE, 10, 1);
    give(ASSAY_ORDER_RESTRICT, 11, 1);
    step_for(400);
    cr_assert_str_eq(doll.acts, "");
    give(ASSAY_ORDER_SUSPEND, 12, 1);
    step_for(400);
    give(ASSAY_ORDER_RESTRICT, 13, 1); /* better than it was: for this target all is well */
    step_for(400);
    cr_assert_str_eq(doll.acts, "suspend run ");
}

Test(target, restrict_is_what_the_operator_says_for_those_that_cannot_tell)
{
    settings.restrict_suspends = true;
    open_all();
    step_for(200);
    give(ASSAY_ORDER_RESTRICT, 11, 1);
    step_for(400);
    cr_assert_str_eq(doll.acts, "start suspend ");
    close_all();
    settings.restrict_suspends = false;
    doll = (struct doll){ .base = { &blind }, .state = ASSAY_TARGET_DOWN };
    open_all();
    step_for(400);
    cr_assert_str_eq(doll.acts, "start restrict ", "remembered; and this one can tell");
}

Test(target, in_a_dry_run_nothing_is_asked_of_it)
{
    settings.dry_run = agent_settings.dry_run = true;
    open_all();
    step_for(600);
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    step_for(400);
    give(ASSAY_ORDER_RESTART, 11, 1);
    step_for(400);
    cr_assert_str_eq(doll.acts, "");
    cr_assert_eq(take(ASSAY_AGENT_OUTCOME, NULL), 3);
    cr_assert_eq(doll.state, ASSAY_TARGET_DOWN);
}

Test(target, held_by_hand_does_no_work_whatever_the_network_says)
{
    open_all();
    step_for(200);
    doll.acts[0] = '\0';
    assay_agent_hold(agent, true, now_ms);
    step_for(400);
    cr_assert_str_eq(doll.acts, "suspend ");
    cr_assert(doll.held);
    give(ASSAY_ORDER_NOTE, 10, 1);
    give(ASSAY_ORDER_RELEASE, 11, 1);
    step_for(1000);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN);
    give(ASSAY_ORDER_SUSPEND, 12, 1);
    step_for(400);
    assay_agent_hold(agent, false, now_ms);
    step_for(400);
    cr_assert_eq(doll.state, ASSAY_TARGET_FROZEN, "the network's order came meanwhile and stands");
    give(ASSAY_ORDER_RELEASE, 13, 1);
    step_for(400);
    cr_assert_eq(doll.state, ASSAY_TARGET_RUNS);
}

Test(target, is_restarted_no_more_often_than_the_window_allows)
{
    agent_settings.restarts_max = 2;
    agent_settings.restarts_window_ms = 60000;
    open_all();
    step_for(200);
    for (int i = 0; i < 5; i++) {
        doll.state = ASSAY_TARGET_DOWN;
        step_for(3000);
    }
    cr_assert_eq(doll.starts, 3, "the first, and two restarts: %u", doll.starts);
    struct assay_agent_event event;
    cr_assert_eq(take(ASSAY_AGENT_FAILED, &event), 1);
    cr_assert_eq(event.status, ASSAY_E_RATE);
    step_for(60000);
    cr_assert_eq(doll.starts, 4, "the window went on");
}

Test(target, memories_of_two_do_not_mix_and_are_not_pruned_with_the_enclaves)
{
    open_all();
    step_for(200);
    give(ASSAY_ORDER_RESTART, 10, 1);
    step_for(500);
    struct doll enclave = { .base = { &blind } };
    struct assay_driver *other_driver = NULL;
    struct assay_agent *other = NULL;
    const struct assay_target_config other_settings = { .target = &enclave.base };
    cr_assert_eq(assay_target_open(&other_settings, &other_driver), ASSAY_OK);
    const struct assay_agent_config config = { .store = store, .driver = other_driver };
    cr_assert_eq(assay_agent_open(&config, &other), ASSAY_OK);
    for (uint64_t epoch = 2000; epoch < 2010; epoch++) {
        const struct assay_order order = { .kind = epoch % 2 == 0 ? ASSAY_ORDER_SUSPEND
                                                                  : ASSAY_ORDER_RELEASE,
                                           .epoch = epoch,
                                           .incarnation = 5 };
        cr_assert_eq(assay_agent_order(other, &order, now_ms), ASSAY_OK);
        assay_agent_step(other, now_ms);
    }
    assay_agent_close(&other);
    assay_target_close(&other_driver);
    doll_open = true;
    crash();
    cr_assert_eq(assay_agent_get_memory(agent)->restarted, 1);
    cr_assert_eq(assay_agent_get_memory(agent)->last.epoch, 10);
    give(ASSAY_ORDER_RESTART, 11, 1);
    step_for(500);
    cr_assert_str_eq(doll.acts, "");
}
