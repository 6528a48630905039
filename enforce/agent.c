/* enforce/agent.c - see agent.h. */
#include "enforce/agent.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BACKOFF_MS = 100,
    BACKOFF_MS_MAX = 30000,
    STABLE_MS = 10000,
    RETRY_MS = 200,           /* a store or an enclave that could not be told */
    EVENTS_MAX = 32,          /* the host takes them every turn; the oldest goes when it does not */
    EPOCHS_REMEMBERED = 1024, /* of orders, for people; the last one is all that matters */
};

enum phase { DOWN, STARTING, UP, STOPPING };

struct assay_agent {
    struct assay_agent_config config;
    struct assay_agent_memory memory;
    enum phase phase;
    bool restore_due;    /* the right build has to be put in place before the next start */
    bool work_due;       /* the enclave does not know yet what it may do */
    bool rebuilt_due;    /* the host does not know yet that new keys are wanted */
    uint64_t start_ms;   /* DOWN: not before */
    uint64_t up_ms;      /* UP: since */
    uint64_t retry_ms;   /* work_due or an outcome to record: not before */
    uint32_t backoff_ms; /* before the next start after an end */
    uint32_t starts;
    struct assay_agent_event events[EVENTS_MAX];
    size_t event_first, event_count;
};

/* --------------------------------------------------------------- events */

static struct assay_agent_event *push(struct assay_agent *self, enum assay_agent_event_kind kind)
{
    if (self->event_count == EVENTS_MAX) {
        self->event_first = (self->event_first + 1) % EVENTS_MAX;
        self->event_count--;
    }
    struct assay_agent_event *event =
        &self->events[(self->event_first + self->event_count++) % EVENTS_MAX];
    *event = (struct assay_agent_event){ .kind = kind };
    return event;
}

static void tell_outcome(struct assay_agent *self, const struct assay_order *order,
                         enum assay_status status, const char *message)
{
    struct assay_agent_event *event = push(self, ASSAY_AGENT_OUTCOME);
    event->order = *order;
    event->status = status;
    snprintf(event->message, sizeof event->message, "%s", message);
}

bool assay_agent_next(struct assay_agent *agent, struct assay_agent_event *event)
{
    if (agent->event_count > 0) {
        *event = agent->events[agent->event_first];
        agent->event_first = (agent->event_first + 1) % EVENTS_MAX;
        agent->event_count--;
        return true;
    }
    if (!agent->rebuilt_due) return false; /* kept apart: it must not be lost in a full queue */
    agent->rebuilt_due = false;
    *event = (struct assay_agent_event){ .kind = ASSAY_AGENT_REBUILT };
    event->ended_incarnation = assay_agent_ended_incarnation(&agent->memory);
    return event->ended_incarnation != 0;
}

/* --------------------------------------------------------------- memory */

static struct assay_store_key key_of(const struct assay_order *order)
{
    return (
        struct assay_store_key){ .era = order->era, .epoch = order->epoch, .number = order->seq };
}

/* Returns: ASSAY_OK and self->memory is next, durably | ASSAY_E_STORE and nothing changed */
static enum assay_status remember(struct assay_agent *self, const struct assay_agent_memory *next)
{
    struct assay_store *store = self->config.store;
    const struct assay_store_key key = key_of(&next->last);
    uint8_t bytes[ASSAY_AGENT_MEMORY_LEN];
    assay_agent_memory_encode(next, bytes);
    enum assay_status status =
        assay_store_put(store, ASSAY_STORE_ORDER, &key, assay_slice_over(bytes, sizeof bytes));
    if (status == ASSAY_OK && key.epoch > EPOCHS_REMEMBERED)
        status =
            assay_store_prune(store, ASSAY_STORE_ORDER, key.era, key.epoch - EPOCHS_REMEMBERED);
    if (status == ASSAY_OK) status = assay_store_commit(store);
    if (status != ASSAY_OK) {
        store->ops->rollback(store);
        return status;
    }
    self->memory = *next;
    return ASSAY_OK;
}

struct recall {
    struct assay_agent_memory memory;
    enum assay_status status;
};

static bool recall_last(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct recall *recall = context;
    recall->status = assay_agent_memory_decode(value.bytes, value.len, &recall->memory);
    const struct assay_store_key expected = key_of(&recall->memory.last);
    if (recall->status == ASSAY_OK && assay_store_key_compare(key, &expected) != 0)
        recall->status = ASSAY_E_INVALID;
    return false;
}

enum assay_status assay_agent_open(const struct assay_agent_config *config,
                                   struct assay_agent **out)
{
    const struct assay_store_key first = { 0 };
    struct assay_store_key last = { UINT32_MAX, UINT64_MAX, UINT64_MAX, { 0 } };
    struct recall recall = { assay_agent_memory_none(), ASSAY_OK };
    ASSAY_TRY(assay_store_scan(config->store, ASSAY_STORE_ORDER, &first, &last, true, recall_last,
                               &recall));
    ASSAY_TRY(recall.status);
    struct assay_agent *self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    self->config = *config;
    if (self->config.backoff_ms == 0) self->config.backoff_ms = BACKOFF_MS;
    if (self->config.backoff_ms_max == 0) self->config.backoff_ms_max = BACKOFF_MS_MAX;
    if (self->config.stable_ms == 0) self->config.stable_ms = STABLE_MS;
    self->backoff_ms = self->config.backoff_ms;
    self->memory = recall.memory;
    /* Begun and not done: whatever of it had happened, it is done again as a whole. */
    self->restore_due = self->memory.pending && self->memory.last.kind == ASSAY_ORDER_RESTART;
    self->rebuilt_due = assay_agent_ended_incarnation(&self->memory) != 0;
    *out = self;
    return ASSAY_OK;
}

/* --------------------------------------------------------------- orders */

static void begin_restart(struct assay_agent *self, uint64_t now_ms)
{
    self->restore_due = true;
    self->backoff_ms = self->config.backoff_ms;
    if (self->phase == STARTING || self->phase == UP) {
        self->config.driver->ops->stop(self->config.driver, now_ms);
        self->phase = STOPPING;
    }
    self->start_ms = now_ms;
}

enum assay_status assay_agent_order(struct assay_agent *agent, const struct assay_order *order,
                                    uint64_t now_ms)
{
    const struct assay_agent_decision decision = assay_agent_decide(&agent->memory, order);
    switch (decision.action) {
    case ASSAY_AGENT_DONE_BEFORE: return ASSAY_OK;
    case ASSAY_AGENT_VOID:
        tell_outcome(agent, order, ASSAY_E_STALE, "for an incarnation that is no more");
        return ASSAY_OK;
    case ASSAY_AGENT_SAME:
    case ASSAY_AGENT_LATER:
        /* A higher incarnation than known is news all the same; it is recorded with the next act.
         */
        if (order->incarnation > agent->memory.incarnation)
            agent->memory.incarnation = order->incarnation;
        return ASSAY_OK;
    case ASSAY_AGENT_SET_WORK:
    case ASSAY_AGENT_RESTART: break;
    }
    const struct assay_agent_memory next = assay_agent_begin(&agent->memory, order, decision);
    ASSAY_TRY(remember(agent, &next));
    agent->work_due = true;
    agent->retry_ms = now_ms;
    if (decision.action == ASSAY_AGENT_RESTART) begin_restart(agent, now_ms);
    return ASSAY_OK;
}

/* Returns: true when what is pending has happened. */
static bool carried_out(const struct assay_agent *self)
{
    if (self->memory.last.kind == ASSAY_ORDER_RESTART)
        return self->phase == UP && !self->restore_due;
    /* An enclave that is not up does no work; when it is, it is told first. */
    return self->phase != UP || !self->work_due;
}

static void record_outcome(struct assay_agent *self, uint64_t now_ms)
{
    if (!self->memory.pending || !carried_out(self) || now_ms < self->retry_ms) return;
    const struct assay_agent_memory next = assay_agent_finish(&self->memory);
    if (remember(self, &next) != ASSAY_OK) {
        self->retry_ms = now_ms + RETRY_MS;
        return;
    }
    tell_outcome(self, &self->memory.last, ASSAY_OK, "");
    if (next.last.kind == ASSAY_ORDER_RESTART) self->rebuilt_due = true;
}

/* --------------------------------------------------------------- the enclave */

static void fall_back(struct assay_agent *self, uint64_t now_ms)
{
    self->start_ms = now_ms + self->backoff_ms;
    const uint64_t doubled = (uint64_t)self->backoff_ms * 2;
    self->backoff_ms =
        doubled < self->config.backoff_ms_max ? (uint32_t)doubled : self->config.backoff_ms_max;
}

static void take_event(struct assay_agent *self, const struct assay_driver_event *event,
                       uint64_t now_ms)
{
    switch (event->kind) {
    case ASSAY_DRIVER_STARTED: push(self, ASSAY_AGENT_STARTED)->process = *event; return;
    case ASSAY_DRIVER_READY:
        if (self->phase != STARTING) return; /* a stop is under way */
        self->phase = UP;
        self->up_ms = now_ms;
        self->work_due = true;
        self->retry_ms = now_ms;
        return;
    case ASSAY_DRIVER_ENDED:
        if (self->phase != STOPPING || event->cause != ASSAY_CAUSE_STOPPED) {
            push(self, ASSAY_AGENT_ENDED)->process = *event;
            fall_back(self, now_ms);
        }
        self->phase = DOWN;
        return;
    }
    ASSAY_UNREACHABLE("an event outside the list");
}

static void take_events(struct assay_agent *self, uint64_t now_ms)
{
    struct assay_driver *driver = self->config.driver;
    struct assay_driver_event event;
    while (driver->ops->next(driver, &event))
        take_event(self, &event, now_ms);
}

static void tell_failure(struct assay_agent *self, enum assay_status status, const char *message)
{
    struct assay_agent_event *event = push(self, ASSAY_AGENT_FAILED);
    event->status = status;
    snprintf(event->message, sizeof event->message, "%s", message);
    if (self->memory.pending && self->memory.last.kind == ASSAY_ORDER_RESTART)
        tell_outcome(self, &self->memory.last, status, message);
}

static void start(struct assay_agent *self, uint64_t now_ms)
{
    struct assay_driver *driver = self->config.driver;
    char message[ASSAY_DRIVER_MESSAGE_LEN] = "";
    enum assay_status status = ASSAY_OK;
    if (self->restore_due) status = driver->ops->restore(driver, message);
    if (status == ASSAY_OK) status = driver->ops->start(driver, now_ms, message);
    if (status != ASSAY_OK) {
        tell_failure(self, status, message);
        fall_back(self, now_ms);
        return;
    }
    self->restore_due = false;
    self->phase = STARTING;
    self->starts++;
}

static void tell_work(struct assay_agent *self, uint64_t now_ms)
{
    if (self->phase != UP || !self->work_due || now_ms < self->retry_ms) return;
    struct assay_driver *driver = self->config.driver;
    if (driver->ops->set_work(driver, self->memory.work) == ASSAY_OK) self->work_due = false;
    else self->retry_ms = now_ms + RETRY_MS;
}

void assay_agent_step(struct assay_agent *agent, uint64_t now_ms)
{
    agent->config.driver->ops->step(agent->config.driver, now_ms);
    take_events(agent, now_ms);
    if (agent->phase == DOWN && now_ms >= agent->start_ms) start(agent, now_ms);
    take_events(agent, now_ms);
    tell_work(agent, now_ms);
    record_outcome(agent, now_ms);
    if (agent->phase == UP && now_ms >= agent->up_ms + agent->config.stable_ms)
        agent->backoff_ms = agent->config.backoff_ms;
}

uint64_t assay_agent_wake_at(struct assay_agent *agent)
{
    struct assay_driver *driver = agent->config.driver;
    uint64_t at = driver->ops->wake_at(driver);
    if (agent->phase == DOWN && agent->start_ms < at) at = agent->start_ms;
    const bool waits =
        (agent->phase == UP && agent->work_due) || (agent->memory.pending && carried_out(agent));
    if (waits && agent->retry_ms < at) at = agent->retry_ms;
    return at;
}

const struct assay_agent_memory *assay_agent_look(const struct assay_agent *agent)
{
    return &agent->memory;
}

uint32_t assay_agent_starts(const struct assay_agent *agent)
{
    return agent->starts;
}

void assay_agent_close(struct assay_agent **agent)
{
    free(*agent);
    *agent = NULL;
}
