/* tests/unit/enforce/test_target.c - the driver of what others run, over a target made of strings.
 */
#include "enforce/agent.h"
#include "enforce/target.h"
#include "engine/store/store_memory.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A thing that is what it was last told to be, unless the test says otherwise. */
struct doll {
    struct assay_target base;
    enum assay_target_state state;
    enum assay_target_verb verb;
    bool acting, hangs;
    enum assay_status begin_says, step_says;
    enum assay_target_verb fails; /* this one alone; INSPECT: none */
    char acts[512];               /* every act that was begun, in order: "look start ..." */
    unsigned starts, stops, abandoned;
    bool held;
    struct assay_order stopped_for; /* the order of the last stop; epoch 0: none */
};

static struct doll doll;
static bool doll_open;
static struct assay_driver *driver;
static struct assay_agent *agent;
static struct assay_store *store;
static uint64_t now_ms;

static enum assay_status doll_begin(struct assay_target *target, const struct assay_target_act *act,
                                    uint64_t now, char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct doll *self = (struct doll *)target;
    (void)now;
    cr_assert_not(self->acting, "one act at a time");
    snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "the doll says so");
    const size_t len = strlen(self->acts);
    if (act->verb != ASSAY_TARGET_INSPECT)
        snprintf(self->acts + len, sizeof self->acts - len, "%s ",
                 assay_target_verb_name(act->verb));
    self->held = act->held;
    if (act->verb == ASSAY_TARGET_STOP)
        self->stopped_for = act->order != NULL ? *act->order : (struct assay_order){ 0 };
    if (self->begin_says != ASSAY_OK) return self->begin_says;
    self->verb = act->verb;
    self->acting = true;
    return ASSAY_OK;
}

static enum assay_status doll_step(struct assay_target *target, uint64_t now,
                                   enum assay_target_state *state,
                                   char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct doll *self = (struct doll *)target;
    (void)now;
    snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "the doll says so");
    if (self->hangs) return ASSAY_E_AGAIN;
    self->acting = false;
    if (self->step_says != ASSAY_OK) return self->step_says;
    if (self->fails != ASSAY_TARGET_INSPECT && self->fails == self->verb) return ASSAY_E_INVALID;
    switch (self->verb) {
    case ASSAY_TARGET_INSPECT: *state = self->state; break;
    case ASSAY_TARGET_START:
        self->starts += self->state == ASSAY_TARGET_DOWN;
        self->state = ASSAY_TARGET_RUNS;
        break;
    case ASSAY_TARGET_STOP:
        self->stops++;
        self->state = ASSAY_TARGET_DOWN;
        break;
    case ASSAY_TARGET_RUN:
    case ASSAY_TARGET_RESTRICT: self->state = ASSAY_TARGET_RUNS; break;
    case ASSAY_TARGET_SUSPEND: self->state = ASSAY_TARGET_FROZEN; break;
    }
    return ASSAY_OK;
}

static void doll_abandon(struct assay_target *target)
{
    ((struct doll *)target)->acting = false;
    ((struct doll *)target)->abandoned++;
}

static void doll_close(struct assay_target *target)
{
    (void)target;
    doll_open = false;
}

static const struct assay_target_ops seeing = { "doll",    true,         false,      doll_begin,
                                                doll_step, doll_abandon, doll_close, false };
static const struct assay_target_ops blind = { "blind",   false,        true,       doll_begin,
                                               doll_step, doll_abandon, doll_close, false };

static struct assay_target_config settings;
static struct assay_agent_config agent_settings;

static void open_unordered(void)
{
    doll.acts[0] = '\0';
    doll.acting = false;
    doll_open = true;
    settings.target = &doll.base;
    cr_assert_eq(assay_target_open(&settings, &driver), ASSAY_OK);
    agent_settings.store = store;
    agent_settings.driver = driver;
    agent_settings.name = "doll";
    cr_assert_eq(assay_agent_open(&agent_settings, &agent), ASSAY_OK);
}

static void give(enum assay_order_kind kind, uint64_t epoch, uint32_t incarnation)
{
    const struct assay_order order = { .kind = kind, .epoch = epoch, .incarnation = incarnation };
    cr_assert_eq(assay_agent_order(agent, &order, now_ms), ASSAY_OK);
}

/* What a member that was never suspended is ordered after each close. */
static void open_all(void)
{
    open_unordered();
    give(ASSAY_ORDER_RELEASE, 0, 1);
}

static void close_all(void)
{
    assay_agent_close(&agent);
    assay_target_close(&driver);
    cr_assert_not(doll_open);
}

static void set_up(void)
{
    now_ms = 1000;
    doll = (struct doll){ .base = { &seeing }, .state = ASSAY_TARGET_DOWN };
    settings = (struct assay_target_config){
        .action_ms = 500, .poll_ms = 300, .backoff_ms = 100, .backoff_ms_max = 800
    };
    agent_settings = (struct assay_agent_config){ .backoff_ms = 100, .backoff_ms_max = 800 };
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
}

static void tear_down(void)
{
    if (agent != NULL) close_all();
    assay_store_close(&store);
}

TestSuite(target, .init = set_up, .fini = tear_down);

static void step_for(uint64_t ms)
{
    for (const uint64_t end_ms = now_ms + ms; now_ms < end_ms; now_ms += 10)
        assay_agent_step(agent, now_ms);
}

/* The daemon is killed; what it drove goes on. */
static void crash(void)
{
    assay_agent_close(&agent);
    assay_target_close(&driver);
    assay_store_memory_crash(store);
    open_all();
}

static unsigned take(enum assay_agent_event_kind kind, struct assay_agent_event *last)
{
    unsigned count = 0;
    struct assay_agent_event event;
    while (assay_agent_next(agent, &event))
        if (event.kind == kind) {
            count++;
            if (last != NULL) *last = event;
        }
    return count;
}

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
