/* tests/unit/enforce/test_agent.c - the agent over a puppet and a store in memory, by hand. */
#include "enforce/agent.h"
#include "engine/store/store_memory.h"
#include "tests/unit/enforce/scripted_driver.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct scripted scripted;
static struct assay_store *store;
static struct assay_agent *agent;
static uint64_t now_ms;

static enum assay_status open_agent(void)
{
    const struct assay_agent_config config = { .store = store,
                                               .driver = &scripted.base,
                                               .backoff_ms = 100,
                                               .backoff_ms_max = 1000,
                                               .stable_ms = 5000 };
    return assay_agent_open(&config, &agent);
}

static void set_up(void)
{
    now_ms = 1000;
    scripted_init(&scripted);
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    cr_assert_eq(open_agent(), ASSAY_OK);
}

static void tear_down(void)
{
    assay_agent_close(&agent);
    assay_store_close(&store);
}

TestSuite(agent, .init = set_up, .fini = tear_down);

static void step_for(uint64_t ms)
{
    for (uint64_t end_ms = now_ms + ms; now_ms < end_ms; now_ms += 10)
        assay_agent_step(agent, now_ms);
}

static void reboot(void)
{
    assay_agent_close(&agent);
    assay_store_memory_crash(store);
    const unsigned starts = scripted.starts;
    scripted_init(&scripted);
    scripted.starts = starts;
    cr_assert_eq(open_agent(), ASSAY_OK);
}

static struct assay_order order_of(enum assay_order_kind kind, uint64_t epoch, uint32_t incarnation)
{
    return (struct assay_order){ .kind = kind, .epoch = epoch, .incarnation = incarnation };
}

static void give(enum assay_order_kind kind, uint64_t epoch, uint32_t incarnation)
{
    const struct assay_order order = order_of(kind, epoch, incarnation);
    cr_assert_eq(assay_agent_order(agent, &order, now_ms), ASSAY_OK);
}

/* Take all events. Returns: how many were of this kind; *last is the last of them. */
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

Test(agent, starts_the_enclave_and_lets_it_work)
{
    step_for(50);
    cr_assert_eq(scripted.starts, 1);
    cr_assert_eq(scripted.works, 1);
    cr_assert_eq(scripted.work, ASSAY_WORK_FULL);
    cr_assert_eq(take(ASSAY_AGENT_STARTED, NULL), 1);
    cr_assert_eq(assay_agent_starts(agent), 1);
    cr_assert_eq(assay_agent_wake_at(agent), UINT64_MAX, "nothing to wait for");
}

Test(agent, obeys_each_kind_of_order_and_reports_it)
{
    static const struct {
        enum assay_order_kind kind;
        enum assay_work work;
    } cases[] = { { ASSAY_ORDER_RESTRICT, ASSAY_WORK_RESTRICTED },
                  { ASSAY_ORDER_SUSPEND, ASSAY_WORK_SUSPENDED },
                  { ASSAY_ORDER_NOTE, ASSAY_WORK_FULL },
                  { ASSAY_ORDER_SUSPEND, ASSAY_WORK_SUSPENDED },
                  { ASSAY_ORDER_RELEASE, ASSAY_WORK_FULL } };
    step_for(50);
    for (uint64_t i = 0; i < 5; i++) {
        take(ASSAY_AGENT_OUTCOME, NULL);
        give(cases[i].kind, 10 + i, 1);
        step_for(20);
        cr_assert_eq(scripted.work, cases[i].work);
        struct assay_agent_event event;
        cr_assert_eq(take(ASSAY_AGENT_OUTCOME, &event), 1);
        cr_assert_eq(event.order.kind, cases[i].kind);
        cr_assert_eq(event.status, ASSAY_OK);
    }
    cr_assert_eq(scripted.starts, 1);
}

Test(agent, does_nothing_and_writes_nothing_for_orders_that_are_said_again)
{
    step_for(50);
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    step_for(20);
    const uint64_t commits = assay_store_memory_commits(store);
    cr_assert_eq(commits, 2, "before and after");
    for (uint64_t epoch = 10; epoch < 60; epoch++) {
        give(ASSAY_ORDER_SUSPEND, epoch, 1);
        step_for(20);
    }
    cr_assert_eq(assay_store_memory_commits(store), commits);
    cr_assert_eq(scripted.works, 2);
}

Test(agent, restarts_once_and_asks_for_new_keys)
{
    step_for(50);
    give(ASSAY_ORDER_RESTART, 10, 1);
    step_for(50);
    cr_assert_eq(scripted.stops, 1);
    cr_assert_eq(scripted.restores, 1);
    cr_assert_eq(scripted.starts, 2);
    cr_assert_eq(scripted.work, ASSAY_WORK_SUSPENDED, "not trusted before the network says so");
    struct assay_agent_event event;
    cr_assert_eq(take(ASSAY_AGENT_REBUILT, &event), 1);
    cr_assert_eq(event.ended_incarnation, 1);
    for (uint64_t epoch = 10; epoch < 40; epoch++) {
        give(ASSAY_ORDER_RESTART, epoch, 1);
        give(ASSAY_ORDER_RELEASE, epoch, 1); /* for the incarnation that ended: no effect */
        step_for(20);
    }
    cr_assert_eq(scripted.starts, 2);
    cr_assert_eq(scripted.work, ASSAY_WORK_SUSPENDED);
    give(ASSAY_ORDER_RESTART, 50, 2); /* it failed again */
    step_for(50);
    cr_assert_eq(scripted.starts, 3);
    cr_assert_eq(take(ASSAY_AGENT_REBUILT, &event), 1);
    cr_assert_eq(event.ended_incarnation, 2);
}

Test(agent, waits_for_the_old_enclave_to_end_before_it_starts_the_new_one)
{
    step_for(50);
    scripted.slow_to_stop = true;
    give(ASSAY_ORDER_RESTART, 10, 1);
    step_for(3000);
    cr_assert_eq(scripted.starts, 1);
    cr_assert_eq(scripted.restores, 0);
    cr_assert(assay_agent_get_memory(agent)->pending);
    scripted.slow_to_stop = false;
    step_for(50);
    cr_assert_eq(scripted.starts, 2);
    cr_assert_not(assay_agent_get_memory(agent)->pending);
}

Test(agent, keeps_a_restart_pending_until_the_right_build_is_ready)
{
    step_for(50);
    scripted.restore_says = ASSAY_E_NOT_FOUND;
    give(ASSAY_ORDER_RESTART, 10, 1);
    step_for(3000);
    cr_assert_eq(scripted.starts, 1, "the wrong build is not started in its place");
    struct assay_agent_event event;
    cr_assert_gt(take(ASSAY_AGENT_OUTCOME, &event), 1);
    cr_assert_eq(event.status, ASSAY_E_NOT_FOUND);
    cr_assert_str_eq(event.message, "no pristine copy");
    scripted.restore_says = ASSAY_OK;
    scripted.never_ready = true;
    step_for(2000);
    cr_assert_eq(scripted.starts, 2);
    cr_assert_eq(take(ASSAY_AGENT_REBUILT, NULL), 0, "it runs, but does not work yet");
    scripted_end(&scripted, ASSAY_CAUSE_NO_START);
    scripted.never_ready = false;
    step_for(2000);
    cr_assert_eq(scripted.starts, 3);
    cr_assert_eq(scripted.restores, 1);
    cr_assert_eq(take(ASSAY_AGENT_REBUILT, NULL), 1);
}

Test(agent, is_void_for_an_incarnation_that_is_no_more)
{
    step_for(50);
    give(ASSAY_ORDER_RESTRICT, 10, 3);
    step_for(20);
    take(ASSAY_AGENT_OUTCOME, NULL);
    give(ASSAY_ORDER_SUSPEND, 11, 2);
    step_for(20);
    struct assay_agent_event event;
    cr_assert_eq(take(ASSAY_AGENT_OUTCOME, &event), 1);
    cr_assert_eq(event.status, ASSAY_E_STALE);
    cr_assert_eq(scripted.work, ASSAY_WORK_RESTRICTED);
}

/* --------------------------------------------------------------- back-off */

Test(agent, backs_off_exponentially_up_to_a_cap_and_forgets_after_a_stable_time)
{
    step_for(50);
    static const uint64_t waits_ms[] = { 100, 200, 400, 800, 1000, 1000, 1000 };
    for (size_t i = 0; i < sizeof waits_ms / sizeof waits_ms[0]; i++) {
        const unsigned starts = scripted.starts;
        scripted_end(&scripted, ASSAY_CAUSE_ITSELF);
        assay_agent_step(agent, now_ms);
        cr_assert_eq(assay_agent_wake_at(agent), now_ms + waits_ms[i], "end %zu", i);
        assay_agent_step(agent, now_ms + waits_ms[i] - 1);
        cr_assert_eq(scripted.starts, starts, "end %zu: too early", i);
        now_ms += waits_ms[i];
        assay_agent_step(agent, now_ms);
        cr_assert_eq(scripted.starts, starts + 1, "end %zu: too late", i);
        assay_agent_step(agent, now_ms); /* ready */
    }
    step_for(5100);
    scripted_end(&scripted, ASSAY_CAUSE_SILENT);
    assay_agent_step(agent, now_ms);
    cr_assert_eq(assay_agent_wake_at(agent), now_ms + 100);
    struct assay_agent_event event;
    cr_assert_eq(take(ASSAY_AGENT_ENDED, &event), 8);
    cr_assert_eq(event.process.cause, ASSAY_CAUSE_SILENT);
    cr_assert_eq(assay_store_memory_commits(store), 0, "an end without an order is no order");
}

Test(agent, backs_off_when_it_cannot_start_and_does_not_wait_when_ordered)
{
    scripted.start_says = ASSAY_E_IO;
    step_for(2000);
    struct assay_agent_event event;
    const unsigned failures = take(ASSAY_AGENT_FAILED, &event);
    cr_assert(failures >= 4 && failures <= 6, "%u", failures);
    cr_assert_eq(event.status, ASSAY_E_IO);
    cr_assert_str_eq(event.message, "the puppet says so");
    scripted.start_says = ASSAY_OK;
    give(ASSAY_ORDER_RESTART, 1, 1);
    step_for(20);
    cr_assert_eq(scripted.starts, 1);
}

/* --------------------------------------------------------------- memory */

Test(agent, keeps_orders_in_force_over_a_reboot)
{
    step_for(50);
    give(ASSAY_ORDER_RESTRICT, 10, 1);
    step_for(20);
    reboot();
    step_for(50);
    cr_assert_eq(scripted.work, ASSAY_WORK_RESTRICTED);
    give(ASSAY_ORDER_RESTRICT, 10, 1);
    give(ASSAY_ORDER_RELEASE, 9, 1); /* older than the last: history is not acted on */
    step_for(20);
    cr_assert_eq(scripted.work, ASSAY_WORK_RESTRICTED);
}

Test(agent, completes_what_was_begun_before_a_crash)
{
    step_for(50);
    give(ASSAY_ORDER_RESTART, 10, 1); /* recorded; no step carried it out */
    reboot();
    const unsigned starts = scripted.starts;
    step_for(50);
    cr_assert_eq(scripted.restores, 1);
    cr_assert_eq(scripted.starts, starts + 1);
    cr_assert_eq(take(ASSAY_AGENT_REBUILT, NULL), 1);
    reboot();
    step_for(50);
    cr_assert_eq(scripted.restores, 0, "done is done");
    cr_assert_eq(take(ASSAY_AGENT_REBUILT, NULL), 1, "but the keys are still wanted");
    give(ASSAY_ORDER_RESTART, 11, 1);
    step_for(50);
    cr_assert_eq(scripted.restores, 0);
}

Test(agent, does_nothing_that_it_could_not_record)
{
    step_for(50);
    const struct assay_order order = order_of(ASSAY_ORDER_RESTART, 10, 1);
    for (int fault = ASSAY_STORE_FAULT_PUT; fault <= ASSAY_STORE_FAULT_COMMIT; fault += 2) {
        assay_store_memory_fail(store, (enum assay_store_fault)fault, 1, false);
        cr_assert_eq(assay_agent_order(agent, &order, now_ms), ASSAY_E_STORE);
        step_for(50);
        cr_assert_eq(scripted.stops, 0);
        cr_assert_not(assay_agent_get_memory(agent)->has_last);
    }
    cr_assert_eq(assay_agent_order(agent, &order, now_ms), ASSAY_OK);
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, 1, false);
    step_for(1000);
    cr_assert_not(assay_agent_get_memory(agent)->pending,
                  "the outcome was recorded at the second try");
    cr_assert_eq(scripted.starts, 2);
    cr_assert_eq(take(ASSAY_AGENT_REBUILT, NULL), 1);
}

Test(agent, tells_the_enclave_again_when_it_did_not_listen)
{
    step_for(50);
    scripted.work_says = ASSAY_E_AGAIN;
    give(ASSAY_ORDER_SUSPEND, 10, 1);
    step_for(1000);
    cr_assert(assay_agent_get_memory(agent)->pending);
    scripted.work_says = ASSAY_OK;
    step_for(1000);
    cr_assert_eq(scripted.work, ASSAY_WORK_SUSPENDED);
    cr_assert_not(assay_agent_get_memory(agent)->pending);
}

Test(agent, refuses_a_memory_that_it_did_not_write)
{
    const struct assay_store_key key = { .epoch = 9 };
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_ORDER, &key, assay_slice_over("?", 1)),
                 ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    assay_agent_close(&agent);
    cr_assert_eq(open_agent(), ASSAY_E_VERSION);
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_READ, 1, false);
    cr_assert_eq(open_agent(), ASSAY_E_STORE);
}

Test(agent, forgets_orders_of_long_ago)
{
    step_for(50);
    for (uint64_t epoch = 1; epoch < 3000; epoch++) {
        give(epoch % 2 == 0 ? ASSAY_ORDER_RELEASE : ASSAY_ORDER_SUSPEND, epoch, 1);
        assay_agent_step(agent, now_ms += 10);
    }
    cr_assert_leq(assay_store_memory_count(store, ASSAY_STORE_ORDER), 1025);
    reboot();
    step_for(50);
    cr_assert_eq(scripted.work, ASSAY_WORK_SUSPENDED);
}

Test(agent, loses_no_call_for_new_keys_when_nobody_takes_its_events)
{
    step_for(50);
    give(ASSAY_ORDER_RESTART, 1, 1);
    step_for(50);
    for (uint64_t epoch = 2; epoch < 200; epoch++) {
        give(epoch % 2 == 0 ? ASSAY_ORDER_RELEASE : ASSAY_ORDER_SUSPEND, epoch, 1);
        scripted_end(&scripted, ASSAY_CAUSE_ITSELF);
        step_for(2000);
    }
    cr_assert_eq(take(ASSAY_AGENT_REBUILT, NULL), 1);
}

Test(agent, a_restart_that_is_ordered_has_no_limit)
{
    assay_agent_close(&agent);
    const struct assay_agent_config config = { .store = store,
                                               .driver = &scripted.base,
                                               .backoff_ms = 100,
                                               .restarts_max = 1,
                                               .restarts_window_ms = 3600000 };
    cr_assert_eq(assay_agent_open(&config, &agent), ASSAY_OK);
    step_for(50);
    for (int i = 0; i < 2; i++) {
        scripted_end(&scripted, ASSAY_CAUSE_ITSELF);
        step_for(3000);
    }
    cr_assert_eq(scripted.starts, 2, "the first, and one restart");
    give(ASSAY_ORDER_RESTART, 10, 1);
    step_for(50);
    cr_assert_eq(scripted.starts, 3);
    cr_assert_not(assay_agent_get_memory(agent)->pending);
    scripted_end(&scripted, ASSAY_CAUSE_ITSELF);
    step_for(3000);
    cr_assert_eq(scripted.starts, 3, "it ended by itself again");
}
