/*
 * enforce/target.c - driver over an externally managed target.
 */
#include "enforce/target.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    ACTION_MS = 10000,
    POLL_MS = 2000,
    BACKOFF_MS = 200,
    BACKOFF_MS_MAX = 30000,
    TICK_MS = 20, /* while an act is under way: asking is cheaper than descriptors for everybody */
    EVENTS_MAX = 8,
};

enum phase { DOWN, STARTING, UP, STOPPING };

struct target_driver {
    struct assay_driver base; /* first: a pointer to it is a pointer to this */
    struct assay_target_config config;
    enum phase phase;
    enum assay_target_state state;
    bool looked;   /* the state is of now */
    bool stop_due; /* the build that ran must not run on: stop before anything else */
    bool acting;
    enum assay_target_verb verb; /* while acting */
    uint64_t action_ms;          /* since when */
    uint64_t now_ms;             /* of the last step */
    uint64_t retry_ms, poll_ms;  /* not before */
    uint32_t backoff_ms;
    bool has_order, held;
    struct assay_order order;
    enum assay_work wanted;
    uint64_t briefs, act_brief; /* how many differed; which of them the act is for */
    bool reached;               /* it is as wanted */
    struct assay_driver_event events[EVENTS_MAX]; /* the oldest trouble goes when nobody asks */
    size_t event_count;
};

const char *assay_target_verb_name(enum assay_target_verb verb)
{
    static const char *const names[] = { "look", "start", "stop", "run", "restrict", "suspend" };
    ASSAY_ASSERT((size_t)verb < sizeof names / sizeof names[0]);
    return names[verb];
}

const char *assay_target_state_name(enum assay_target_state state)
{
    static const char *const names[] = { "unknown", "down", "runs", "frozen" };
    ASSAY_ASSERT((size_t)state < sizeof names / sizeof names[0]);
    return names[state];
}

static struct target_driver *self_of(struct assay_driver *driver)
{
    return (struct target_driver *)driver;
}

/* --------------------------------------------------------------- events */

static struct assay_driver_event *push_event(struct target_driver *self,
                                             enum assay_driver_event_kind kind)
{
    /* STARTED, READY and ENDED of one life fit; only trouble comes again and again. */
    for (size_t i = 0; self->event_count == EVENTS_MAX && i < EVENTS_MAX; i++)
        if (self->events[i].kind == ASSAY_DRIVER_TROUBLE) {
            self->event_count--;
            for (; i < self->event_count; i++)
                self->events[i] = self->events[i + 1];
        }
    ASSAY_ASSERT(self->event_count < EVENTS_MAX);
    struct assay_driver_event *event = &self->events[self->event_count++];
    *event = (struct assay_driver_event){ .kind = kind };
    return event;
}

static bool target_next(struct assay_driver *driver, struct assay_driver_event *event)
{
    struct target_driver *self = self_of(driver);
    if (self->event_count == 0) return false;
    *event = self->events[0];
    self->event_count--;
    for (size_t i = 0; i < self->event_count; i++)
        self->events[i] = self->events[i + 1];
    return true;
}

static void end_act(struct target_driver *self, enum assay_driver_cause cause,
                    enum assay_status status, const char *message)
{
    struct assay_driver_event *event = push_event(self, ASSAY_DRIVER_ENDED);
    event->cause = cause;
    event->status = status;
    (void)snprintf(event->message, sizeof event->message, "%s", message);
    self->phase = DOWN;
    self->reached = false;
}

static enum assay_work wanted_of(const struct target_driver *self);

/* A target that may do no work and runs is not left alone for longer than between two polls: a unit
 * that its manager starts again and again cannot be frozen in between. */
static uint32_t longest_backoff(const struct target_driver *self)
{
    const struct assay_target_config *const config = &self->config;
    const bool urgent = config->target->ops->can_look && wanted_of(self) == ASSAY_WORK_SUSPENDED;
    return urgent && config->poll_ms < config->backoff_ms_max ? config->poll_ms
                                                              : config->backoff_ms_max;
}

static void schedule_retry(struct target_driver *self)
{
    const uint32_t longest_ms = longest_backoff(self);
    const uint32_t wait_ms = self->backoff_ms < longest_ms ? self->backoff_ms : longest_ms;
    const uint64_t doubled = (uint64_t)wait_ms * 2;
    self->retry_ms = self->now_ms + wait_ms;
    self->backoff_ms = doubled < longest_ms ? (uint32_t)doubled : longest_ms;
}

static void on_trouble(struct target_driver *self, enum assay_status status, const char *message)
{
    struct assay_driver_event *event = push_event(self, ASSAY_DRIVER_TROUBLE);
    event->status = status;
    (void)snprintf(event->message, sizeof event->message, "%s: %.200s",
                   assay_target_verb_name(self->verb), message);
    schedule_retry(self);
}

/* --------------------------------------------------------------- what is wanted */

/* What this kind makes of the work: a target that cannot tell critical work from other work does
 * all of it or none. */
static enum assay_work wanted_of(const struct target_driver *self)
{
    if (self->wanted != ASSAY_WORK_RESTRICTED || self->config.target->ops->can_restrict)
        return self->wanted;
    return self->config.restrict_suspends ? ASSAY_WORK_SUSPENDED : ASSAY_WORK_FULL;
}

/* Returns: false when there is nothing to do: it is as wanted, and not for lack of looking. */
static bool verb_for_work(const struct target_driver *self, enum assay_target_verb *verb)
{
    const enum assay_work wanted = wanted_of(self);
    const bool seen = self->config.target->ops->can_look;
    if (wanted == ASSAY_WORK_SUSPENDED) {
        const bool notified = self->config.target->ops->notified;
        if (self->state == ASSAY_TARGET_DOWN && !notified) return false; /* it does none */
        if (seen && self->state == ASSAY_TARGET_FROZEN) return false;
        *verb = self->config.suspend_stops ? ASSAY_TARGET_STOP : ASSAY_TARGET_SUSPEND;
        return true;
    }
    if (self->state == ASSAY_TARGET_DOWN) *verb = ASSAY_TARGET_START;
    else if (wanted == ASSAY_WORK_RESTRICTED) *verb = ASSAY_TARGET_RESTRICT;
    else if (seen && self->state == ASSAY_TARGET_RUNS) return false;
    else *verb = ASSAY_TARGET_RUN;
    return true;
}

/* Returns: whether an act that was done is all that was wanted. */
static bool state_satisfies(const struct target_driver *self, enum assay_target_verb verb)
{
    switch (wanted_of(self)) {
    case ASSAY_WORK_FULL: return verb == ASSAY_TARGET_RUN || verb == ASSAY_TARGET_START;
    case ASSAY_WORK_RESTRICTED: return verb == ASSAY_TARGET_RESTRICT;
    case ASSAY_WORK_SUSPENDED: return verb == ASSAY_TARGET_SUSPEND || verb == ASSAY_TARGET_STOP;
    }
    ASSAY_UNREACHABLE("work outside the list");
}

/* --------------------------------------------------------------- acts */

static void finish_act(struct target_driver *self, enum assay_status status,
                       enum assay_target_state seen, const char *message);

static void begin_act(struct target_driver *self, enum assay_target_verb verb)
{
    char message[ASSAY_DRIVER_MESSAGE_LEN] = "";
    struct assay_target *const target = self->config.target;
    const struct assay_target_act act = { .verb = verb,
                                          .order = self->has_order ? &self->order : NULL,
                                          .held = self->held };
    self->verb = verb;
    self->act_brief = self->briefs;
    self->acting = true;
    self->action_ms = self->now_ms;
    if (self->config.dry_run) {
        finish_act(self, ASSAY_OK,
                   self->state == ASSAY_TARGET_UNKNOWN ? ASSAY_TARGET_RUNS : self->state, "");
        return;
    }
    const enum assay_status status = target->ops->begin(target, &act, self->now_ms, message);
    if (status != ASSAY_OK) finish_act(self, status, ASSAY_TARGET_UNKNOWN, message);
}

static void continue_act(struct target_driver *self)
{
    char message[ASSAY_DRIVER_MESSAGE_LEN] = "";
    struct assay_target *const target = self->config.target;
    enum assay_target_state seen = ASSAY_TARGET_UNKNOWN;
    enum assay_status status = target->ops->step(target, self->now_ms, &seen, message);
    if (status == ASSAY_E_AGAIN && self->now_ms >= self->action_ms + self->config.action_ms) {
        target->ops->abandon(target);
        status = ASSAY_E_TIMEOUT;
        (void)snprintf(message, sizeof message, "no end of it in %u ms",
                       (unsigned)self->config.action_ms);
    }
    if (status != ASSAY_E_AGAIN) finish_act(self, status, seen, message);
}

static enum assay_target_state state_after(enum assay_target_verb verb,
                                           enum assay_target_state seen)
{
    switch (verb) {
    case ASSAY_TARGET_INSPECT: return seen;
    case ASSAY_TARGET_STOP: return ASSAY_TARGET_DOWN;
    case ASSAY_TARGET_SUSPEND: return ASSAY_TARGET_FROZEN;
    case ASSAY_TARGET_START:
    case ASSAY_TARGET_RUN:
    case ASSAY_TARGET_RESTRICT: return ASSAY_TARGET_RUNS;
    }
    ASSAY_UNREACHABLE("a verb outside the list");
}

/* What a look found while it should be at work, or not. */
static void compare_state(struct target_driver *self)
{
    const bool suspended = wanted_of(self) == ASSAY_WORK_SUSPENDED;
    if (!suspended && self->state == ASSAY_TARGET_DOWN) {
        end_act(self, ASSAY_CAUSE_ITSELF, ASSAY_OK, "it does not run any more");
    } else if (suspended && self->state == ASSAY_TARGET_RUNS) {
        /* Somebody thawed it, or its manager started it again. */
        self->reached = false;
        on_trouble(self, ASSAY_E_INVALID, "it runs although it is suspended: suspended again");
        self->retry_ms = self->now_ms;
    }
}

static void push_started(struct target_driver *self)
{
    struct assay_driver_event *event = push_event(self, ASSAY_DRIVER_STARTED);
    (void)snprintf(event->message, sizeof event->message, "%s",
                   assay_target_state_name(self->state));
}

/* A start ends with a START that fails. A state that cannot be seen yet, or a STOP, is tried again
 * without an end: nothing was started, so no restart was used up. */
static void on_failed_act(struct target_driver *self, enum assay_status status, const char *message)
{
    char why[ASSAY_DRIVER_MESSAGE_LEN];
    /* What was under way may have happened or not. */
    if (self->verb != ASSAY_TARGET_INSPECT) self->state = ASSAY_TARGET_UNKNOWN;
    self->looked = false;
    if (self->phase != STARTING || self->verb != ASSAY_TARGET_START) {
        on_trouble(self, status, message);
        return;
    }
    (void)snprintf(why, sizeof why, "%s: %.200s", assay_target_verb_name(self->verb), message);
    end_act(self, ASSAY_CAUSE_NO_START, status, why);
}

/* Of an order or hold that arrived during the act, a target without a state to look at has no act
 * yet. */
static bool is_reached(const struct target_driver *self)
{
    const bool can_look = self->config.target->ops->can_look;
    return (can_look || self->act_brief == self->briefs) && state_satisfies(self, self->verb);
}

static void finish_act(struct target_driver *self, enum assay_status status,
                       enum assay_target_state seen, const char *message)
{
    ASSAY_ASSERT(self->acting);
    self->acting = false;
    if (status != ASSAY_OK) {
        on_failed_act(self, status, message);
        return;
    }
    self->state = state_after(self->verb, seen);
    self->poll_ms = self->now_ms + self->config.poll_ms;
    if (self->verb == ASSAY_TARGET_INSPECT) {
        /* An order that arrived during the look is about what is so now. */
        self->looked = self->act_brief == self->briefs;
        if (self->phase == UP && self->reached) compare_state(self);
        return;
    }
    self->backoff_ms = self->config.backoff_ms;
    if (self->verb == ASSAY_TARGET_STOP) self->stop_due = false;
    if (self->phase != UP) return;
    if (self->verb == ASSAY_TARGET_START) push_started(self);
    self->reached = is_reached(self);
}

/* --------------------------------------------------------------- what to do next */

/* One that is down is not reported as started: it is when it starts. */
static void on_ready(struct target_driver *self)
{
    self->phase = UP;
    self->reached = self->stop_due = false; /* it was stopped, or is down */
    if (self->state != ASSAY_TARGET_DOWN) push_started(self);
    push_event(self, ASSAY_DRIVER_READY);
}

/* docs/protocol.md 10.7: what may do no work is not started. */
static void next_while_starting(struct target_driver *self)
{
    if (self->now_ms < self->retry_ms) return;
    if (self->config.target->ops->can_look && !self->looked) {
        begin_act(self, ASSAY_TARGET_INSPECT);
    } else if (self->stop_due && self->state != ASSAY_TARGET_DOWN) {
        begin_act(self, ASSAY_TARGET_STOP);
    } else if (wanted_of(self) == ASSAY_WORK_SUSPENDED || self->state == ASSAY_TARGET_RUNS ||
               self->state == ASSAY_TARGET_FROZEN) {
        on_ready(self);
    } else {
        begin_act(self, ASSAY_TARGET_START);
    }
}

static void next_while_up(struct target_driver *self)
{
    enum assay_target_verb verb = ASSAY_TARGET_INSPECT;
    const bool can_look = self->config.target->ops->can_look;
    if (self->now_ms < self->retry_ms) return;
    if (self->reached) {
        if (can_look && self->now_ms >= self->poll_ms) begin_act(self, ASSAY_TARGET_INSPECT);
        return;
    }
    /* What was seen before an order came is not what is so now. */
    if (can_look && !self->looked) begin_act(self, ASSAY_TARGET_INSPECT);
    else if (verb_for_work(self, &verb)) begin_act(self, verb);
    else {
        self->reached = true;
        self->backoff_ms = self->config.backoff_ms;
    }
}

static void target_step(struct assay_driver *driver, uint64_t now_ms)
{
    struct target_driver *self = self_of(driver);
    self->now_ms = now_ms;
    if (self->acting) continue_act(self);
    if (self->acting || self->event_count > 0) return; /* the agent is notified of it first */
    switch (self->phase) {
    case DOWN: return;
    case STARTING: next_while_starting(self); return;
    case UP: next_while_up(self); return;
    case STOPPING:
        if (!self->stop_due) end_act(self, ASSAY_CAUSE_STOPPED, ASSAY_OK, "");
        else if (now_ms >= self->retry_ms) begin_act(self, ASSAY_TARGET_STOP);
        return;
    }
    ASSAY_UNREACHABLE("a phase outside the list");
}

/* --------------------------------------------------------------- what the agent calls */

static bool same_order(const struct target_driver *self, const struct assay_order *order)
{
    if (order == NULL || !self->has_order) return order == NULL && !self->has_order;
    return order->era == self->order.era && order->epoch == self->order.epoch &&
           order->seq == self->order.seq && order->kind == self->order.kind;
}

static void target_brief(struct assay_driver *driver, const struct assay_order *order,
                         enum assay_work work, bool held)
{
    struct target_driver *self = self_of(driver);
    if (work == self->wanted && held == self->held && same_order(self, order)) return;
    self->briefs++;
    self->has_order = order != NULL;
    if (order != NULL) self->order = *order;
    self->wanted = work;
    self->held = held;
    self->reached = self->looked = false;
    self->backoff_ms = self->config.backoff_ms;
    self->retry_ms = 0; /* news: whatever failed before */
}

static enum assay_status target_start(struct assay_driver *driver, uint64_t now_ms,
                                      char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct target_driver *self = self_of(driver);
    ASSAY_ASSERT(self->phase == DOWN);
    message[0] = '\0';
    self->now_ms = now_ms;
    self->phase = STARTING;
    self->looked = false;
    self->retry_ms = 0;
    return ASSAY_OK;
}

static void target_stop(struct assay_driver *driver, uint64_t now_ms)
{
    struct target_driver *self = self_of(driver);
    if (self->phase != STARTING && self->phase != UP) return;
    self->now_ms = now_ms;
    self->phase = STOPPING;
    self->stop_due = true;
    self->reached = false;
    self->retry_ms = 0;
}

/* Which build is right is the business of who starts it (a unit, an image): here it is only made
 * sure that what ran does not run on. */
static enum assay_status target_restore(struct assay_driver *driver,
                                        char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    message[0] = '\0';
    self_of(driver)->stop_due = true;
    return ASSAY_OK;
}

static enum assay_status target_set_work(struct assay_driver *driver, enum assay_work work)
{
    struct target_driver *self = self_of(driver);
    ASSAY_ASSERT(work == self->wanted); /* brief comes before */
    return self->phase == UP && self->reached && !self->acting ? ASSAY_OK : ASSAY_E_AGAIN;
}

static size_t target_poll_set(struct assay_driver *driver, struct pollfd *fds, size_t capacity)
{
    (void)driver;
    (void)fds;
    (void)capacity;
    return 0;
}

static uint64_t target_wake_at(struct assay_driver *driver)
{
    const struct target_driver *self = self_of(driver);
    if (self->event_count > 0) return 0;
    if (self->acting) return self->now_ms + TICK_MS;
    switch (self->phase) {
    case DOWN: return UINT64_MAX;
    case STARTING:
    case STOPPING: return self->retry_ms;
    case UP:
        if (!self->reached) return self->retry_ms;
        if (!self->config.target->ops->can_look) return UINT64_MAX;
        return self->poll_ms > self->retry_ms ? self->poll_ms : self->retry_ms;
    }
    ASSAY_UNREACHABLE("a phase outside the list");
}

static const struct assay_driver_ops target_ops = {
    .brief = target_brief,
    .start = target_start,
    .stop = target_stop,
    .restore = target_restore,
    .set_work = target_set_work,
    .poll_set = target_poll_set,
    .wake_at = target_wake_at,
    .step = target_step,
    .next = target_next,
};

static uint32_t text_or(uint32_t said, uint32_t usual)
{
    return said != 0 ? said : usual;
}

enum assay_status assay_target_open(const struct assay_target_config *config,
                                    struct assay_driver **out)
{
    struct target_driver *self = calloc(1, sizeof *self);
    if (self == NULL) {
        config->target->ops->close(config->target);
        return ASSAY_E_MEMORY;
    }
    self->base = (struct assay_driver){ .ops = &target_ops, .outlives = true };
    self->base.restrict_suspends = config->restrict_suspends && !config->target->ops->can_restrict;
    self->config = *config;
    self->config.action_ms = text_or(config->action_ms, ACTION_MS);
    self->config.poll_ms = text_or(config->poll_ms, POLL_MS);
    self->config.backoff_ms = text_or(config->backoff_ms, BACKOFF_MS);
    self->config.backoff_ms_max = text_or(config->backoff_ms_max, BACKOFF_MS_MAX);
    self->backoff_ms = self->config.backoff_ms;
    self->wanted = ASSAY_WORK_FULL;
    *out = &self->base;
    return ASSAY_OK;
}

void assay_target_close(struct assay_driver **driver)
{
    struct target_driver *self = self_of(*driver);
    if (self == NULL) return;
    struct assay_target *const target = self->config.target;
    if (self->acting) target->ops->abandon(target);
    target->ops->close(target);
    free(self);
    *driver = NULL;
}

enum assay_target_state assay_target_state_of(const struct assay_driver *driver)
{
    return ((const struct target_driver *)driver)->state;
}
