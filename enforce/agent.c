/*
 * enforce/agent.c - enforcement agent: order handling, restarts and back-off.
 */
#include "enforce/agent.h"

#include "base/assert.h"
#include "base/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BACKOFF_MS = 100,
    BACKOFF_MS_MAX = 30000,
    STABLE_MS = 10000,
    RETRY_MS = 200,           /* a store or an enclave that could not be updated */
    EVENTS_MAX = 32,          /* the host takes them every turn; the oldest goes when it does not */
    EPOCHS_REMEMBERED = 1024, /* of orders, for operators; the last one is all that matters */
    WINDOW_MS = 3600000,
};

enum phase { DOWN, STARTING, UP, STOPPING };

struct assay_agent {
    struct assay_agent_config config;
    struct assay_agent_memory memory;
    enum phase phase;
    bool restore_due;    /* the right build has to be put in place before the next start */
    bool work_due;       /* the mode was not yet sent to the enclave */
    bool rebuilt_due;    /* the request for new keys was not yet sent to the host */
    uint64_t start_ms;   /* DOWN: not before */
    uint64_t up_ms;      /* UP: since */
    uint64_t retry_ms;   /* work_due or an outcome to record: not before */
    uint32_t backoff_ms; /* before the next start after an end */
    uint32_t starts;
    bool held;                /* manually */
    enum assay_work unstored; /* no more than this, by an order that could not be stored */
    bool resume_due;          /* what was begun before the start is not in the journal yet */
    bool restart_due;         /* DOWN: it ended, or could not be started, without an order */
    bool limit_reported;      /* that there were too many restarts */
    char last_message
        [ASSAY_DRIVER_MESSAGE_LEN]; /* last failure of the journal: logged once while it lasts */
    uint64_t restarts_ms[ASSAY_AGENT_RESTARTS_MAX]; /* when, the newest restarts_max of them */
    uint32_t restart_count;
    struct assay_agent_event events[EVENTS_MAX];
    size_t event_first, event_count;
};

/* --------------------------------------------------------------- events */

static struct assay_agent_event *push_event(struct assay_agent *self,
                                            enum assay_agent_event_kind kind)
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

static void write_journal(struct assay_agent *self, enum assay_journal_kind kind,
                          const struct assay_order *order, enum assay_status status,
                          const char *text)
{
    const struct assay_agent_config *config = &self->config;
    const bool judged = kind == ASSAY_JOURNAL_OUTCOME || kind == ASSAY_JOURNAL_FAILED;
    if (!judged || status == ASSAY_OK) self->last_message[0] = '\0';
    const struct assay_journal_entry entry = {
        .kind = kind,
        .target = config->name != NULL ? config->name : "enclave",
        .driver = config->driver_name != NULL ? config->driver_name : "process",
        .dry_run = config->dry_run,
        .order = order,
        .has_status = judged,
        .status = status,
        .text = text,
    };
    assay_journal_append(config->journal, &entry);
}

static void push_outcome(struct assay_agent *self, const struct assay_order *order,
                         enum assay_status status, const char *message)
{
    write_journal(self, ASSAY_JOURNAL_OUTCOME, order, status, message);
    struct assay_agent_event *event = push_event(self, ASSAY_AGENT_OUTCOME);
    event->order = *order;
    event->status = status;
    (void)snprintf(event->message, sizeof event->message, "%s", message);
}

bool assay_agent_next(struct assay_agent *agent, struct assay_agent_event *event)
{
    if (agent->event_count > 0) {
        *event = agent->events[agent->event_first];
        agent->event_first = (agent->event_first + 1) % EVENTS_MAX;
        agent->event_count--;
        return true;
    }
    if (!agent->rebuilt_due) return false; /* separate: must not be lost in a full queue */
    agent->rebuilt_due = false;
    *event = (struct assay_agent_event){ .kind = ASSAY_AGENT_REBUILT };
    event->ended_incarnation = assay_agent_ended_incarnation(&agent->memory);
    return event->ended_incarnation != 0;
}

/* --------------------------------------------------------------- memory */

static struct assay_store_key order_key(const struct assay_order *order)
{
    return (
        struct assay_store_key){ .era = order->era, .epoch = order->epoch, .number = order->seq };
}

/* A target's memory is one row that is replaced: pruning by epochs would forget targets that got no
 * order for long. */
static struct assay_store_key target_key(const char *name)
{
    struct assay_store_key key = { .number = ASSAY_AGENT_META };
    assay_sha256(name, strlen(name), key.id);
    return key;
}

static enum assay_status store_memory(struct assay_agent *self, const struct assay_order *order,
                                      struct assay_slice bytes)
{
    struct assay_store *store = self->config.store;
    if (self->config.name != NULL) {
        const struct assay_store_key own = target_key(self->config.name);
        return assay_store_put(store, ASSAY_STORE_META, &own, bytes);
    }
    const struct assay_store_key key = order_key(order);
    ASSAY_TRY(assay_store_put(store, ASSAY_STORE_ORDER, &key, bytes));
    if (key.epoch <= EPOCHS_REMEMBERED) return ASSAY_OK;
    return assay_store_prune(store, ASSAY_STORE_ORDER, key.era, key.epoch - EPOCHS_REMEMBERED);
}

/* Returns: ASSAY_OK and self->memory is next, durably | ASSAY_E_STORE and nothing changed */
static enum assay_status persist_memory(struct assay_agent *self,
                                        const struct assay_agent_memory *next)
{
    struct assay_store *store = self->config.store;
    uint8_t bytes[ASSAY_AGENT_MEMORY_LEN];
    assay_agent_memory_encode(next, bytes);
    enum assay_status status =
        store_memory(self, &next->last, assay_slice_over(bytes, sizeof bytes));
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
    const struct assay_store_key expected = order_key(&recall->memory.last);
    if (recall->status == ASSAY_OK && assay_store_key_compare(key, &expected) != 0)
        recall->status = ASSAY_E_INVALID;
    return false;
}

static enum assay_status recall_target(const struct assay_agent_config *config,
                                       struct assay_agent_memory *memory)
{
    uint8_t bytes[ASSAY_AGENT_MEMORY_LEN];
    const struct assay_store_key key = target_key(config->name);
    size_t len = 0;
    const enum assay_status status =
        assay_store_get(config->store, ASSAY_STORE_META, &key, bytes, sizeof bytes, &len);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    if (status == ASSAY_E_FULL) return ASSAY_E_VERSION;
    ASSAY_TRY(status);
    return assay_agent_memory_decode(bytes, len, memory);
}

static enum assay_status recall_enclave(const struct assay_agent_config *config,
                                        struct assay_agent_memory *memory)
{
    const struct assay_store_key first = { 0 };
    struct assay_store_key last = { UINT32_MAX, UINT64_MAX, UINT64_MAX, { 0 } };
    struct recall recall = { *memory, ASSAY_OK };
    ASSAY_TRY(assay_store_scan(config->store, ASSAY_STORE_ORDER, &first, &last, true, recall_last,
                               &recall));
    *memory = recall.memory;
    return recall.status;
}

enum assay_status assay_agent_open(const struct assay_agent_config *config,
                                   struct assay_agent **out)
{
    struct assay_agent_memory memory = assay_agent_memory_none();
    ASSAY_ASSERT(config->restarts_max <= ASSAY_AGENT_RESTARTS_MAX);
    ASSAY_TRY(config->name != NULL ? recall_target(config, &memory)
                                   : recall_enclave(config, &memory));
    struct assay_agent *self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    self->config = *config;
    if (self->config.backoff_ms == 0) self->config.backoff_ms = BACKOFF_MS;
    if (self->config.backoff_ms_max == 0) self->config.backoff_ms_max = BACKOFF_MS_MAX;
    if (self->config.stable_ms == 0) self->config.stable_ms = STABLE_MS;
    self->backoff_ms = self->config.backoff_ms;
    if (self->config.restarts_window_ms == 0) self->config.restarts_window_ms = WINDOW_MS;
    self->memory = memory;
    self->unstored = ASSAY_WORK_FULL;
    self->resume_due = memory.pending;
    /* Begun and not done: whatever of it had happened, it is done again as a whole. */
    self->restore_due = self->memory.pending && self->memory.last.kind == ASSAY_ORDER_RESTART;
    self->rebuilt_due = assay_agent_ended_incarnation(&self->memory) != 0;
    *out = self;
    return ASSAY_OK;
}

/* --------------------------------------------------------------- orders */

/* A target without memory (the first start, a lost state folder) is neither started nor thawed
 * before the first order, which follows a close (protocol.md 10.2): it may be one that was
 * suspended. The enclave starts without an order: it is attested before it is trusted. */
static bool awaits_order(const struct assay_agent *self)
{
    return self->config.name != NULL && !self->memory.has_last;
}

/* docs/protocol.md 10.8: a hold hides the order, and ends none. */
static enum assay_work current_work(const struct assay_agent *self)
{
    if (awaits_order(self)) return ASSAY_WORK_SUSPENDED; /* a hold began it */
    if (self->held) return ASSAY_WORK_SUSPENDED;
    return self->unstored > self->memory.work ? self->unstored : self->memory.work;
}

static void brief_driver(struct assay_agent *self)
{
    struct assay_driver *driver = self->config.driver;
    if (driver->ops->brief == NULL) return;
    driver->ops->brief(driver, self->memory.has_last ? &self->memory.last : NULL,
                       current_work(self), self->held);
}

/* A start under it starts nothing: the target is looked at, and suspended when it runs
 * (docs/protocol.md 10.7). So neither back-off nor limit of restarts delays it. */
static bool starts_nothing(const struct assay_agent *self)
{
    const struct assay_driver *const driver = self->config.driver;
    const enum assay_work work = current_work(self);
    if (!driver->outlives) return false;
    return work == ASSAY_WORK_SUSPENDED ||
           (work == ASSAY_WORK_RESTRICTED && driver->restrict_suspends);
}

/* The work that is permitted has changed. */
static void on_new_work(struct assay_agent *self, uint64_t now_ms)
{
    self->work_due = true;
    self->retry_ms = now_ms;
    /* At once: acts that begin before the next step, a stop among them, are of this order. */
    if (self->phase == STARTING || self->phase == UP) brief_driver(self);
    if (starts_nothing(self)) self->start_ms = now_ms;
}

static void begin_restart(struct assay_agent *self, uint64_t now_ms)
{
    self->restore_due = true;
    self->restart_due = false; /* ordered: no limit */
    self->backoff_ms = self->config.backoff_ms;
    if (self->phase == STARTING || self->phase == UP) {
        self->config.driver->ops->stop(self->config.driver, now_ms);
        self->phase = STOPPING;
    }
    self->start_ms = now_ms;
}

static unsigned severity_of(enum assay_order_kind kind)
{
    switch (kind) {
    case ASSAY_ORDER_RELEASE: return 0;
    case ASSAY_ORDER_NOTE: return 1;
    case ASSAY_ORDER_RESTRICT: return 2;
    case ASSAY_ORDER_SUSPEND: return 3;
    case ASSAY_ORDER_RESTART: return 4;
    }
    ASSAY_UNREACHABLE("an order outside the list");
}

/* Returns: whether an order that requires what the memory has is executed all the same. Targets
 * that are notified of every kind get it as well, and it ends what could not be stored. */
static bool is_news(const struct assay_agent *self, const struct assay_order *order,
                    enum assay_work work)
{
    const struct assay_agent_memory *memory = &self->memory;
    const bool restarts = memory->pending && memory->last.kind == ASSAY_ORDER_RESTART;
    if (order->incarnation == memory->restarted || restarts) return false;
    if (order->kind == ASSAY_ORDER_RESTART) return false;
    if (self->unstored > work) return true;
    if (!self->config.every_kind) return false;
    return memory->has_last ? memory->last.kind != order->kind : order->kind != ASSAY_ORDER_RELEASE;
}

/* Less work needs no memory to be safe: what the order forbids is forbidden at once. A RESTART that
 * is not stored is not executed (docs/protocol.md 10.3: at most one an incarnation). */
static void restrict_unstored(struct assay_agent *self, enum assay_work work, uint64_t now_ms)
{
    if (work <= self->unstored) return;
    self->unstored = work;
    on_new_work(self, now_ms);
}

enum assay_status assay_agent_order(struct assay_agent *agent, const struct assay_order *given,
                                    uint64_t now_ms)
{
    struct assay_order applied = *given;
    const struct assay_order *const order = &applied;
    const bool softer = given->kind != ASSAY_ORDER_RELEASE &&
                        severity_of(given->kind) < severity_of(agent->config.severity);
    if (softer) applied.kind = ASSAY_ORDER_RELEASE;
    struct assay_agent_decision decision = assay_agent_decide(&agent->memory, order);
    if (decision.action == ASSAY_AGENT_SAME &&
        (awaits_order(agent) || is_news(agent, order, decision.work)))
        decision.action = ASSAY_AGENT_SET_WORK;
    switch (decision.action) {
    case ASSAY_AGENT_DONE_BEFORE: return ASSAY_OK;
    case ASSAY_AGENT_VOID:
        push_outcome(agent, order, ASSAY_E_STALE, "for an incarnation that is no more");
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
    const struct assay_agent_memory next = assay_agent_begin_order(&agent->memory, order, decision);
    const enum assay_status stored = persist_memory(agent, &next);
    if (stored != ASSAY_OK) {
        restrict_unstored(agent, next.work, now_ms);
        return stored;
    }
    agent->unstored = ASSAY_WORK_FULL;
    write_journal(agent, ASSAY_JOURNAL_ORDER, order, ASSAY_OK,
                  softer ? "what was ordered is less severe than what this target obeys" : "");
    agent->resume_due = false;
    on_new_work(agent, now_ms);
    if (decision.action == ASSAY_AGENT_RESTART) begin_restart(agent, now_ms);
    return ASSAY_OK;
}

/* Returns: true when what is pending has happened. */
static bool on_done(const struct assay_agent *self)
{
    if (self->memory.last.kind == ASSAY_ORDER_RESTART)
        return self->phase == UP && !self->restore_due;
    /* An enclave that is not up does no work; when it is, it is told first. What goes on without us
     * may be at work all the same (docs/protocol.md 10.7). */
    if (self->config.driver->outlives) return self->phase == UP && !self->work_due;
    return self->phase != UP || !self->work_due;
}

static void record_outcome(struct assay_agent *self, uint64_t now_ms)
{
    if (!self->memory.pending || !on_done(self) || now_ms < self->retry_ms) return;
    const struct assay_agent_memory next = assay_agent_finish_order(&self->memory);
    if (persist_memory(self, &next) != ASSAY_OK) {
        self->retry_ms = now_ms + RETRY_MS;
        return;
    }
    push_outcome(self, &self->memory.last, ASSAY_OK, "");
    if (next.last.kind == ASSAY_ORDER_RESTART) self->rebuilt_due = true;
}

/* --------------------------------------------------------------- the enclave */

static void use_fallback(struct assay_agent *self, uint64_t now_ms)
{
    self->start_ms = now_ms + self->backoff_ms;
    const uint64_t doubled = (uint64_t)self->backoff_ms * 2;
    self->backoff_ms =
        doubled < self->config.backoff_ms_max ? (uint32_t)doubled : self->config.backoff_ms_max;
}

static void push_failure(struct assay_agent *self, enum assay_status status, const char *message)
{
    const struct assay_order *const last = &self->memory.last;
    const bool ordered = self->memory.pending && (last->kind == ASSAY_ORDER_RESTART ||
                                                  self->config.driver->outlives);
    struct assay_agent_event *event = push_event(self, ASSAY_AGENT_FAILED);
    event->status = status;
    (void)snprintf(event->message, sizeof event->message, "%s", message);
    if (ordered) {
        event = push_event(self, ASSAY_AGENT_OUTCOME);
        event->order = *last;
        event->status = status;
        (void)snprintf(event->message, sizeof event->message, "%s", message);
    }
    if (self->last_message[0] != '\0' &&
        strncmp(self->last_message, message, sizeof self->last_message - 1) == 0)
        return;
    (void)snprintf(self->last_message, sizeof self->last_message, "%s", message);
    write_journal(self, ordered ? ASSAY_JOURNAL_OUTCOME : ASSAY_JOURNAL_FAILED,
                  ordered ? last : NULL, status, message);
}

static void on_ended(struct assay_agent *self, const struct assay_driver_event *event,
                     uint64_t now_ms)
{
    if (self->config.driver->outlives && event->cause == ASSAY_CAUSE_NO_START) {
        push_failure(self, event->status, event->message);
    } else {
        write_journal(self, ASSAY_JOURNAL_ENDED, NULL, ASSAY_OK, event->message);
        push_event(self, ASSAY_AGENT_ENDED)->process = *event;
    }
    self->restart_due = self->phase != STOPPING; /* what a RESTART was about to stop */
    /* An order or hold came during a start that failed: its target may come up all the same. */
    if (!starts_nothing(self)) use_fallback(self, now_ms);
    else self->start_ms = now_ms;
}

static void handle_driver_event(struct assay_agent *self, const struct assay_driver_event *event,
                                uint64_t now_ms)
{
    switch (event->kind) {
    case ASSAY_DRIVER_STARTED:
        write_journal(self, ASSAY_JOURNAL_STARTED, NULL, ASSAY_OK, event->message);
        push_event(self, ASSAY_AGENT_STARTED)->process = *event;
        return;
    case ASSAY_DRIVER_TROUBLE: push_failure(self, event->status, event->message); return;
    case ASSAY_DRIVER_READY:
        if (self->phase != STARTING) return; /* a stop is under way */
        self->phase = UP;
        self->up_ms = now_ms;
        self->work_due = true;
        self->retry_ms = now_ms;
        return;
    case ASSAY_DRIVER_ENDED:
        if (self->phase != STOPPING || event->cause != ASSAY_CAUSE_STOPPED)
            on_ended(self, event, now_ms);
        self->phase = DOWN;
        return;
    }
    ASSAY_UNREACHABLE("an event outside the list");
}

static void handle_driver_events(struct assay_agent *self, uint64_t now_ms)
{
    struct assay_driver *driver = self->config.driver;
    struct assay_driver_event event;
    while (driver->ops->next(driver, &event))
        handle_driver_event(self, &event, now_ms);
}

/* Returns: whether a start is no restart, or another one fits into the window; when not, start_ms
 * says when it does. */
static bool may_restart(struct assay_agent *self, uint64_t now_ms)
{
    const uint32_t max = self->config.restarts_max, window_ms = self->config.restarts_window_ms;
    if (max == 0 || !self->restart_due || starts_nothing(self)) return true;
    const uint64_t oldest_ms = self->restarts_ms[self->restart_count % max];
    if (self->restart_count >= max && now_ms < oldest_ms + window_ms) {
        self->start_ms = oldest_ms + window_ms;
        if (!self->limit_reported)
            push_failure(self, ASSAY_E_RATE, "as many restarts as the window allows");
        self->limit_reported = true;
        return false;
    }
    self->limit_reported = false;
    self->restarts_ms[self->restart_count++ % max] = now_ms;
    return true;
}

static bool may_start(const struct assay_agent *self)
{
    const bool suspends = self->held || self->unstored != ASSAY_WORK_FULL;
    return self->phase == DOWN && (suspends || !awaits_order(self));
}

static void start_enclave(struct assay_agent *self, uint64_t now_ms)
{
    struct assay_driver *driver = self->config.driver;
    char message[ASSAY_DRIVER_MESSAGE_LEN] = "";
    enum assay_status status = ASSAY_OK;
    if (!may_restart(self, now_ms)) return;
    brief_driver(self);
    if (self->restore_due) status = driver->ops->restore(driver, message);
    if (status == ASSAY_OK) status = driver->ops->start(driver, now_ms, message);
    if (status != ASSAY_OK) {
        push_failure(self, status, message);
        use_fallback(self, now_ms);
        return;
    }
    self->restore_due = self->restart_due = false;
    self->phase = STARTING;
    self->starts++;
}

static void set_driver_work(struct assay_agent *self, uint64_t now_ms)
{
    if (self->phase != UP || !self->work_due || now_ms < self->retry_ms) return;
    struct assay_driver *driver = self->config.driver;
    brief_driver(self);
    if (driver->ops->set_work(driver, current_work(self)) == ASSAY_OK) self->work_due = false;
    else self->retry_ms = now_ms + RETRY_MS;
}

void assay_agent_hold(struct assay_agent *agent, bool held, uint64_t now_ms)
{
    if (agent->held == held) return;
    agent->held = held;
    on_new_work(agent, now_ms);
}

void assay_agent_step(struct assay_agent *agent, uint64_t now_ms)
{
    if (agent->resume_due) {
        write_journal(agent, ASSAY_JOURNAL_RESUMED, &agent->memory.last, ASSAY_OK, "");
        agent->resume_due = false;
    }
    agent->config.driver->ops->step(agent->config.driver, now_ms);
    handle_driver_events(agent, now_ms);
    if (may_start(agent) && now_ms >= agent->start_ms) start_enclave(agent, now_ms);
    handle_driver_events(agent, now_ms);
    set_driver_work(agent, now_ms);
    record_outcome(agent, now_ms);
    if (agent->phase == UP && now_ms >= agent->up_ms + agent->config.stable_ms)
        agent->backoff_ms = agent->config.backoff_ms;
}

uint64_t assay_agent_wake_at(struct assay_agent *agent)
{
    struct assay_driver *driver = agent->config.driver;
    uint64_t at = driver->ops->wake_at(driver);
    if (may_start(agent) && agent->start_ms < at) at = agent->start_ms;
    const bool waits =
        (agent->phase == UP && agent->work_due) || (agent->memory.pending && on_done(agent));
    if (waits && agent->retry_ms < at) at = agent->retry_ms;
    return at;
}

const struct assay_agent_memory *assay_agent_get_memory(const struct assay_agent *agent)
{
    return &agent->memory;
}

bool assay_agent_is_suspending(const struct assay_agent *agent)
{
    return agent->unstored != ASSAY_WORK_FULL && (agent->phase != UP || agent->work_due);
}

bool assay_agent_is_settled(const struct assay_agent *agent)
{
    if (awaits_order(agent) && !agent->held) return false; /* no order says what it shall be */
    return agent->phase == UP && !agent->work_due && !agent->memory.pending;
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
