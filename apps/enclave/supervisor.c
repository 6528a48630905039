/*
 * apps/enclave/supervisor.c - wiring of the node's enclave: passes events and orders between host,
 * agent, driver and platform, without decisions.
 */
#include "apps/enclave/supervisor.h"

#include "apps/enclave/attester.h"
#include "apps/enclave/quote_request.h"
#include "apps/enclave/targets.h"
#include "base/assert.h"
#include "base/system_clock.h"
#include "enforce/agent.h"
#include "enforce/hold.h"
#include "enforce/hook_runs.h"
#include "enforce/process.h"
#include "quote/source/platform/platform.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    SERVICE_PATH_MAX = 108,
    QUOTE_MS = 2000,
    CLOSE_MS = 3000,
    SUSPEND_MS = 10000,
    SUSPEND_MS_MAX = 24000
};

struct assay_supervisor {
    struct assay_platform *platform;
    struct assay_attester *attester; /* the platform's */
    struct assay_driver *driver;
    struct assay_agent *agent;
    struct assay_store *store;
    struct assay_journal *journal;     /* NULL: none */
    struct assay_hook_runs *hook_runs; /* NULL: none; of the targets, and of those before */
    struct assay_targets *targets;     /* NULL: none */
    enum assay_status targets_status;  /* of NULL: why those of the configuration cannot be open */
    const struct assay_config_enforcement *enforcement; /* of the targets */
    uint8_t node_id[32];
    struct assay_hold hold;
    char hold_path[PATH_MAX]; /* "": no copy */
    bool loss_reported;       /* a line of the journal could not be written, and that was logged */
    char service_path[SERVICE_PATH_MAX];
    uint32_t key_user_count;
    struct assay_config_key_user key_users[ASSAY_CONFIG_KEY_USERS_MAX];
    uint32_t quote_ms, close_ms, suspend_ms;
    uint64_t now_ms; /* of the last step: the host's clock */
    struct quote_request request;
};

/* --------------------------------------------------------------- platform below the driver */

static enum assay_status source_start(void *context, const char *path, uint64_t now_ms,
                                      struct assay_process_child *child,
                                      char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    _Static_assert((int)ASSAY_PLATFORM_MESSAGE_LEN <= (int)ASSAY_DRIVER_MESSAGE_LEN, "fits");
    struct assay_supervisor *self = context;
    char name[] = "assay-enclave", option[] = "--key-user";
    char *argv[2 + 2 * ASSAY_CONFIG_KEY_USERS_MAX + 1] = { name, self->service_path };
    struct assay_platform_child born;
    for (uint32_t i = 0; i < self->key_user_count; i++) {
        argv[2 + 2 * i] = option;
        argv[3 + 2 * i] = self->key_users[i].text;
    }
    ASSAY_TRY(assay_platform_start(self->platform, path, argv, now_ms, &born, message));
    *child = (struct assay_process_child){ born.pid, born.pidfd };
    return ASSAY_OK;
}

static int source_ended(void *context)
{
    return assay_platform_ended(((struct assay_supervisor *)context)->platform);
}

static bool source_ready(void *context)
{
    return assay_platform_ready(((struct assay_supervisor *)context)->platform);
}

static uint64_t source_received_ms(void *context)
{
    return assay_platform_last_frame_ms(((struct assay_supervisor *)context)->platform);
}

static enum assay_channel_mode mode_of(enum assay_work work)
{
    switch (work) {
    case ASSAY_WORK_FULL: return ASSAY_CHANNEL_MODE_FULL;
    case ASSAY_WORK_RESTRICTED: return ASSAY_CHANNEL_MODE_RESTRICTED;
    case ASSAY_WORK_SUSPENDED: return ASSAY_CHANNEL_MODE_SUSPENDED;
    }
    ASSAY_UNREACHABLE("work outside the list");
}

static enum assay_status source_set_work(void *context, enum assay_work work)
{
    return assay_platform_set_mode(((struct assay_supervisor *)context)->platform, mode_of(work));
}

/* --------------------------------------------------------------- callbacks of the host */

static enum assay_status host_request_quote(void *context, uint64_t epoch, uint32_t incarnation,
                                            const uint8_t report_data[static 64],
                                            const struct assay_binding *keyed)
{
    struct assay_supervisor *self = context;
    quote_request_start(&self->request, epoch, incarnation, report_data, keyed,
                        self->now_ms + self->quote_ms);
    quote_request_propose(&self->request, self->platform, self->now_ms);
    return ASSAY_OK;
}

static enum assay_status host_order(void *context, const struct assay_order *order)
{
    struct assay_supervisor *self = context;
    const enum assay_status status = assay_agent_order(self->agent, order, self->now_ms);
    if (self->targets == NULL) return status != ASSAY_OK ? status : self->targets_status;
    /* A target that cannot persist it does not keep others from obeying. */
    const enum assay_status others = assay_targets_order(self->targets, order, self->now_ms);
    return status != ASSAY_OK ? status : others;
}

static size_t host_poll_set(void *context, struct pollfd *fds, size_t capacity)
{
    struct assay_supervisor *self = context;
    const size_t count = assay_platform_poll_set(self->platform, fds, capacity);
    return count + self->driver->ops->poll_set(self->driver, fds + count, capacity - count);
}

static uint64_t host_wake_at(void *context)
{
    struct assay_supervisor *self = context;
    const uint64_t platform = assay_platform_wake_at(self->platform);
    const uint64_t agent = assay_agent_wake_at(self->agent);
    uint64_t at = platform < agent ? platform : agent;
    const uint64_t targets = self->targets != NULL ? assay_targets_wake_at(self->targets) : at;
    if (targets < at) at = targets;
    return self->request.active && self->request.expires_ms < at ? self->request.expires_ms : at;
}

static void host_step(void *context, uint64_t now_ms, const struct pollfd *fds, size_t count)
{
    (void)fds; /* few descriptors: polling each is as cheap as searching */
    (void)count;
    struct assay_supervisor *self = context;
    self->now_ms = now_ms;
    assay_platform_step(self->platform, now_ms);
    assay_agent_step(self->agent, now_ms);
    if (self->targets != NULL) assay_targets_step(self->targets, now_ms);
    if (self->hook_runs != NULL) assay_hook_runs_reap(self->hook_runs, now_ms);
    quote_request_propose(&self->request, self->platform, now_ms);
    const bool lost = assay_journal_count_lost(self->journal) > 0;
    if (lost && !self->loss_reported)
        assay_attester_log("error", "orders_log_failed", ASSAY_E_IO,
                           "a line cannot be written; orders are obeyed all the same");
    self->loss_reported = lost;
}

/* Returns: false when the agent's event is not one for the host. */
static bool translate(const struct assay_supervisor *self, const struct assay_agent_event *from,
                      struct assay_enclave_event *to)
{
    switch (from->kind) {
    case ASSAY_AGENT_STARTED:
        to->kind = ASSAY_ENCLAVE_STARTED;
        to->as.started.pid = from->process.pid;
        assay_platform_measurement(self->platform, to->as.started.measurement);
        return true;
    case ASSAY_AGENT_ENDED:
        to->kind = ASSAY_ENCLAVE_EXITED;
        to->as.exited.pid = from->process.pid;
        to->as.exited.wait_status = from->process.wait_status;
        return true;
    case ASSAY_AGENT_FAILED:
        assay_attester_log("error", "enclave_not_started", from->status, from->message);
        return false;
    case ASSAY_AGENT_OUTCOME:
        to->kind = ASSAY_ENCLAVE_OUTCOME;
        to->as.outcome.order = from->order;
        to->as.outcome.status = from->status;
        return true;
    case ASSAY_AGENT_REBUILT:
        to->kind = ASSAY_ENCLAVE_REBUILT;
        to->as.rebuilt.ended_incarnation = from->ended_incarnation;
        return true;
    }
    ASSAY_UNREACHABLE("an event outside the list");
}

static bool host_next(void *context, struct assay_enclave_event *event)
{
    struct assay_supervisor *self = context;
    if (quote_request_answer(&self->request, self->platform, self->now_ms, event)) return true;
    struct assay_agent_event from;
    while (assay_agent_next(self->agent, &from))
        if (translate(self, &from, event)) return true;
    return false;
}

static void host_look(void *context, struct assay_enclave_snapshot *snapshot)
{
    struct assay_supervisor *self = context;
    *snapshot = (struct assay_enclave_snapshot){ .pid = assay_process_pid(self->driver),
                                                 .starts = assay_agent_starts(self->agent) };
    snapshot->paused = assay_agent_get_memory(self->agent)->work == ASSAY_WORK_SUSPENDED;
    assay_platform_measurement(self->platform, snapshot->measurement);
}

static void host_enforcement(void *context, struct assay_enforcement *view)
{
    struct assay_supervisor *self = context;
    const struct assay_journal_head head = assay_journal_get_head(self->journal);
    _Static_assert((int)ASSAY_ENFORCEMENT_REASON_MAX == (int)ASSAY_HOLD_REASON_MAX, "one text");
    _Static_assert((int)ASSAY_ENFORCEMENT_TARGETS_MAX >= (int)ASSAY_CONFIG_TARGETS_MAX,
                   "all are shown");
    *view = (struct assay_enforcement){ .held = self->hold.held,
                                        .held_since_unix_ms = self->hold.since_unix_ms,
                                        .journal_lines = head.number,
                                        .journal_lost = assay_journal_count_lost(self->journal) };
    (void)snprintf(view->held_reason, sizeof view->held_reason, "%s", self->hold.reason);
    assay_bytes_copy(view->journal_hash, 32, head.hash, 32);
    if (self->targets != NULL)
        view->target_count =
            assay_targets_inspect(self->targets, view->targets, ASSAY_ENFORCEMENT_TARGETS_MAX);
}

static enum assay_status copy_hold(const struct assay_supervisor *self,
                                   const struct assay_hold *hold)
{
    const enum assay_status status = assay_hold_save_file(self->hold_path, hold);
    if (status != ASSAY_OK)
        assay_attester_log("warning", "hold_not_copied", status, self->hold_path);
    return status;
}

/* Held when the store or its copy says so: the copy survives the loss of the state folder. The
 * place that lacks the hold (it could not be written then, or was lost) receives it. */
static enum assay_status load_hold(struct assay_supervisor *self)
{
    struct assay_hold copy;
    ASSAY_TRY(assay_hold_load(self->store, &self->hold));
    if (self->hold_path[0] == '\0') return ASSAY_OK;
    const enum assay_status status = assay_hold_load_file(self->hold_path, &copy);
    if (self->hold.held) {
        if (status != ASSAY_OK || !copy.held)
            assay_status_ignore(copy_hold(self, &self->hold), "the store has it, and it is logged");
        return ASSAY_OK;
    }
    if (status != ASSAY_OK) {
        copy = (struct assay_hold){ .held = true, .since_unix_ms = assay_unix_ms() };
        (void)snprintf(copy.reason, sizeof copy.reason, "%.120s cannot be read: %s",
                       self->hold_path, assay_status_symbol(status));
    }
    if (!copy.held) return ASSAY_OK;
    self->hold = copy;
    if (status == ASSAY_OK)
        assay_status_ignore(assay_hold_save(self->store, &copy), "the copy has it");
    return ASSAY_OK;
}

/* A release removes the copy first: a crash in between leaves the hold. A folder of keys that
 * cannot be written (a mount that is read-only) has no copies.
 * Returns: ASSAY_OK (a hold: one place has it; a release: none has it any more) | why not */
static enum assay_status save_hold(struct assay_supervisor *self, const struct assay_hold *next)
{
    const bool has_copy = self->hold_path[0] != '\0';
    const enum assay_status copied = has_copy ? copy_hold(self, next) : ASSAY_OK;
    if (copied != ASSAY_OK && !next->held) return copied;
    const enum assay_status stored = assay_hold_save(self->store, next);
    return next->held && has_copy && copied == ASSAY_OK ? ASSAY_OK : stored;
}

/* A release is persisted before anything works again. A hold takes effect also where it cannot be
 * persisted: then the error says that it ends with the daemon. */
static enum assay_status host_hold(void *context, bool held, const char *reason)
{
    struct assay_supervisor *self = context;
    struct assay_hold next = { .held = held, .since_unix_ms = assay_unix_ms() };
    (void)snprintf(next.reason, sizeof next.reason, "%s", reason);
    const enum assay_status status = save_hold(self, &next);
    if (status != ASSAY_OK && !held) return status;
    self->hold = next;
    const struct assay_journal_entry entry = { .kind = held ? ASSAY_JOURNAL_HOLD
                                                            : ASSAY_JOURNAL_HOLD_RELEASED,
                                               .text = reason };
    assay_journal_append(self->journal, &entry);
    assay_agent_hold(self->agent, held, self->now_ms);
    if (self->targets != NULL) assay_targets_hold(self->targets, held, self->now_ms);
    return status;
}

void assay_supervisor_pack_devices(struct assay_supervisor *supervisor, bool packs)
{
    atomic_store(&supervisor->attester->packs, packs);
}

void assay_supervisor_callbacks(struct assay_supervisor *supervisor,
                                struct assay_runtime_enclave *enclave)
{
    *enclave = (struct assay_runtime_enclave){
        .context = supervisor,
        .request_quote = host_request_quote,
        .order = host_order,
        .poll_set = host_poll_set,
        .wake_at = host_wake_at,
        .step = host_step,
        .next = host_next,
        .look = host_look,
        .enforcement = host_enforcement,
        .hold = host_hold,
    };
}

/* --------------------------------------------------------------- open and close */

static enum assay_status open_platform(struct assay_supervisor *self,
                                       const struct assay_supervisor_config *config)
{
    struct assay_attester *const attester = calloc(1, sizeof *attester);
    if (attester == NULL) return ASSAY_E_MEMORY;
    attester->credential = config->credential;
    attester->tpm = config->tpm;
    attester->source = config->source;
    attester->devices = config->devices;
    const struct assay_platform_config platform = {
        .make_quote = assay_attester_quote,
        .load = assay_attester_load,
        .release = assay_attester_release,
        .context = attester,
        .quote_deadline_ms = self->quote_ms,
    };
    const enum assay_status status = assay_platform_open(&platform, &self->platform);
    if (status != ASSAY_OK) free(attester);
    else self->attester = attester;
    return status;
}

static enum assay_status open_journal(struct assay_supervisor *self,
                                      const struct assay_supervisor_config *config,
                                      char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    _Static_assert((int)ASSAY_JOURNAL_MESSAGE_LEN <= (int)ASSAY_RUNTIME_MESSAGE_LEN, "fits");
    const struct assay_journal_config journal = { .path = config->enforcement->journal,
                                                  .store = config->store };
    ASSAY_TRY(assay_journal_open(&journal, &self->journal, message));
    if (message[0] == '\0') return ASSAY_OK;
    const bool broken = assay_journal_get_head(self->journal).number == 1;
    assay_attester_log(broken ? "error" : "warning",
                       broken ? "orders_log_broken" : "orders_log_repaired", ASSAY_OK, message);
    message[0] = '\0';
    return ASSAY_OK;
}

static enum assay_status open_targets(struct assay_supervisor *self,
                                      const struct assay_config_enforcement *enforcement,
                                      bool keep_unopened,
                                      char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    const struct assay_targets_config targets = { .enforcement = enforcement,
                                                  .store = self->store,
                                                  .journal = self->journal,
                                                  .hook_runs = self->hook_runs,
                                                  .node_id = self->node_id,
                                                  .keep_unopened = keep_unopened };
    self->targets_status = assay_targets_open(&targets, &self->targets, message);
    if (self->targets_status != ASSAY_OK) return self->targets_status;
    self->enforcement = enforcement;
    assay_targets_hold(self->targets, self->hold.held, self->now_ms);
    return ASSAY_OK;
}

/* Previous targets are closed first: two of one name would share a spool. Their pending orders are
 * in the store, and are read again. What fails before that changes nothing; after it, those of the
 * previous ones that open work on, and the others fail each order until a reload opens them. */
enum assay_status assay_supervisor_targets(struct assay_supervisor *self,
                                           const struct assay_config_enforcement *enforcement,
                                           char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    char again[ASSAY_RUNTIME_MESSAGE_LEN] = "";
    ASSAY_ASSERT(self->enforcement != NULL);
    ASSAY_TRY(assay_targets_check(enforcement, message));
    assay_targets_close(&self->targets);
    const enum assay_status status = open_targets(self, enforcement, false, message);
    if (status == ASSAY_OK) return status;
    const enum assay_status previous = open_targets(self, self->enforcement, true, again);
    if (previous != ASSAY_OK) assay_attester_log("error", "target_failed", previous, again);
    return status;
}

bool assay_supervisor_targets_are_open(const struct assay_supervisor *supervisor)
{
    return supervisor->targets != NULL && assay_targets_are_open(supervisor->targets);
}

static enum assay_status open_parts(struct assay_supervisor *self,
                                    const struct assay_supervisor_config *config,
                                    char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    const struct assay_config_enforcement *const enforcement = config->enforcement;
    self->store = config->store;
    if (config->hold_path != NULL) {
        const int len = snprintf(self->hold_path, sizeof self->hold_path, "%s", config->hold_path);
        if (len < 0 || (size_t)len >= sizeof self->hold_path) return ASSAY_E_RANGE;
    }
    ASSAY_TRY(load_hold(self));
    if (enforcement != NULL) ASSAY_TRY(open_journal(self, config, message));
    ASSAY_TRY(open_platform(self, config));
    const struct assay_process_config process = {
        .path = config->path,
        .restore_path = config->restore_path,
        .source = { self, source_start, source_ended, source_ready, source_received_ms,
                    source_set_work },
        .grace_ms = config->grace_ms,
    };
    ASSAY_TRY(assay_process_open(&process, &self->driver));
    const struct assay_agent_config agent = {
        .store = config->store,
        .driver = self->driver,
        .backoff_ms = config->backoff_ms,
        .backoff_ms_max = config->backoff_ms_max,
        .journal = self->journal,
        .restarts_max = enforcement != NULL ? enforcement->restarts_max : 0,
        .restarts_window_ms = enforcement != NULL ? enforcement->restarts_window_s * 1000 : 0,
    };
    ASSAY_TRY(assay_agent_open(&agent, &self->agent));
    assay_agent_hold(self->agent, self->hold.held, self->now_ms);
    if (enforcement == NULL) return ASSAY_OK;
    assay_bytes_copy(self->node_id, sizeof self->node_id, config->node_id, 32);
    ASSAY_TRY(assay_hook_runs_open(&self->hook_runs));
    return open_targets(self, enforcement, false, message);
}

enum assay_status assay_supervisor_open(const struct assay_supervisor_config *config,
                                        struct assay_supervisor **out,
                                        char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    ASSAY_ASSERT((config->credential != NULL) + (config->tpm != NULL) + (config->source != NULL) ==
                 1);
    struct assay_supervisor *self = calloc(1, sizeof *self);
    enum assay_status status = self != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    message[0] = '\0';
    if (status == ASSAY_OK) {
        self->now_ms = assay_monotonic_ms();
        self->quote_ms = config->quote_ms != 0 ? config->quote_ms : QUOTE_MS;
        self->close_ms = config->close_ms != 0 ? config->close_ms : CLOSE_MS;
        self->suspend_ms = config->suspend_ms != 0 ? config->suspend_ms : SUSPEND_MS;
        const char *service = config->service_path != NULL ? config->service_path : "";
        const size_t service_len = strlen(service);
        if (service_len == 0 || service_len >= sizeof self->service_path) status = ASSAY_E_RANGE;
        snprintf(self->service_path, sizeof self->service_path, "%s", service);
        ASSAY_ASSERT(config->key_user_count <= ASSAY_CONFIG_KEY_USERS_MAX);
        self->key_user_count = config->key_user_count;
        for (uint32_t i = 0; i < self->key_user_count; i++)
            self->key_users[i] = config->key_users[i];
    }
    if (status == ASSAY_OK) status = open_parts(self, config, message);
    if (status != ASSAY_OK) {
        const char *why =
            status == ASSAY_E_RANGE ? "a path is missing or too long" : assay_status_text(status);
        if (status == ASSAY_E_STORE) why = config->store->ops->error(config->store);
        if (message[0] == '\0')
            (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "enclave: %s", why);
        assay_supervisor_close(&self); /* the platform has no request yet */
        return status;
    }
    *out = self;
    return ASSAY_OK;
}

/* Returns: how long to wait for the slowest target that is not suspended yet; 0: all are. An act
 * may be under way, and the suspension is the next one. The daemon's own manager limits how long
 * its end may take. */
static uint64_t suspension_ms(const struct assay_supervisor *self)
{
    if (self->targets == NULL || !assay_targets_are_suspending(self->targets)) return 0;
    const uint64_t acts_ms = 2 * (uint64_t)assay_targets_suspending_action_ms(self->targets);
    const uint64_t wait_ms = acts_ms > self->suspend_ms ? acts_ms : self->suspend_ms;
    return wait_ms < SUSPEND_MS_MAX ? wait_ms : SUSPEND_MS_MAX;
}

/* An order that could not be stored stops the host, and no later run has it: targets that it
 * forbids to work would run on. The enclave ends with the host. */
static void finish_suspensions(struct assay_supervisor *self)
{
    const uint64_t begin_ms = assay_monotonic_ms();
    for (uint64_t now_ms = begin_ms; now_ms < begin_ms + suspension_ms(self);
         now_ms = assay_monotonic_ms()) {
        assay_targets_step(self->targets, now_ms);
        (void)nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    }
    if (self->targets != NULL) assay_targets_report_suspending(self->targets);
}

bool assay_supervisor_close(struct assay_supervisor **supervisor)
{
    struct assay_supervisor *self = *supervisor;
    if (self == NULL) return true;
    finish_suspensions(self);
    assay_targets_close(&self->targets);
    assay_hook_runs_close(&self->hook_runs);
    assay_agent_close(&self->agent);
    assay_journal_close(&self->journal);
    if (self->driver != NULL) assay_process_close(&self->driver);
    const bool ended = assay_platform_close(&self->platform, self->close_ms);
    /* A killed enclave could not remove its socket; clients must not find a dead one. */
    (void)unlink(self->service_path);
    free(self);
    *supervisor = NULL;
    return ended;
}
