/*
 * tests/unit/enforce/target_doll.c - the target of target_doll.h.
 */
#include "tests/unit/enforce/target_doll.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct doll doll;
bool doll_open;
struct assay_driver *driver;
struct assay_agent *agent;
struct assay_store *store;
uint64_t now_ms;

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

const struct assay_target_ops seeing = { "doll",    true,         false,      doll_begin,
                                         doll_step, doll_abandon, doll_close, false };
const struct assay_target_ops blind = { "blind",   false,        true,       doll_begin,
                                        doll_step, doll_abandon, doll_close, false };

struct assay_target_config settings;
struct assay_agent_config agent_settings;

void open_unordered(void)
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

void give(enum assay_order_kind kind, uint64_t epoch, uint32_t incarnation)
{
    const struct assay_order order = { .kind = kind, .epoch = epoch, .incarnation = incarnation };
    cr_assert_eq(assay_agent_order(agent, &order, now_ms), ASSAY_OK);
}

void open_all(void)
{
    open_unordered();
    give(ASSAY_ORDER_RELEASE, 0, 1);
}

void close_all(void)
{
    assay_agent_close(&agent);
    assay_target_close(&driver);
    cr_assert_not(doll_open);
}

void set_up(void)
{
    now_ms = 1000;
    doll = (struct doll){ .base = { &seeing }, .state = ASSAY_TARGET_DOWN };
    settings = (struct assay_target_config){
        .action_ms = 500, .poll_ms = 300, .backoff_ms = 100, .backoff_ms_max = 800
    };
    agent_settings = (struct assay_agent_config){ .backoff_ms = 100, .backoff_ms_max = 800 };
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
}

void tear_down(void)
{
    if (agent != NULL) close_all();
    assay_store_close(&store);
}

void step_for(uint64_t ms)
{
    for (const uint64_t end_ms = now_ms + ms; now_ms < end_ms; now_ms += 10)
        assay_agent_step(agent, now_ms);
}

void crash(void)
{
    assay_agent_close(&agent);
    assay_target_close(&driver);
    assay_store_memory_crash(store);
    open_all();
}

unsigned take(enum assay_agent_event_kind kind, struct assay_agent_event *last)
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
