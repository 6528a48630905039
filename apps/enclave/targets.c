/* apps/enclave/targets.c - agents and drivers of the configured targets, without decisions. */
#include "apps/enclave/targets.h"

#include "apps/enclave/attester.h"
#include "base/assert.h"
#include "base/file/file.h"
#include "base/secret.h"
#include "enforce/cgroup.h"
#include "enforce/container.h"
#include "enforce/hook.h"
#include "enforce/systemd.h"
#include "enforce/webhook.h"
#include "quote/source/fetch/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POST_MS = 15000, ANSWER_MAX = 4096 };

struct one {
    const struct assay_config_target *config;
    struct assay_target *kind; /* the driver's, for reports */
    struct assay_driver *driver;
    struct assay_agent *agent;
    bool unopened;                          /* the kind refuses every act */
    char trouble[ASSAY_DRIVER_MESSAGE_LEN]; /* the last one; "" once an order was executed */
};

struct assay_targets {
    size_t count;
    struct one items[ASSAY_CONFIG_TARGETS_MAX];
};

static void report_target(const struct one *one, const char *level, const char *event,
                          enum assay_status status, const char *what, const char *message)
{
    char text[ASSAY_DRIVER_MESSAGE_LEN + 128];
    (void)snprintf(text, sizeof text, "%s: %s%s%s", one->config->name, what,
                   what[0] != '\0' && message[0] != '\0' ? ": " : "", message);
    assay_attester_log(level, event, status, text);
}

/* --------------------------------------------------------------- webhooks */

static enum assay_status post_event(
    const void *context, const char *url,
    char headers[static ASSAY_WEBHOOK_HEADERS][ASSAY_WEBHOOK_HEADER_MAX], struct assay_slice body,
    const atomic_bool *stop, unsigned *code, char message[static ASSAY_WEBHOOK_MESSAGE_LEN])
{
    const struct assay_config_target *const config = context;
    const char *lines[ASSAY_WEBHOOK_HEADERS];
    char why[ASSAY_HTTP_MESSAGE_LEN];
    struct assay_url_answer answer = { 0 };
    for (size_t i = 0; i < ASSAY_WEBHOOK_HEADERS; i++)
        lines[i] = headers[i];
    const struct assay_url_request request = {
        .url = url,
        .timeout_ms = POST_MS,
        .body_len_max = ANSWER_MAX,
        .ca_file = config->ca_file[0] != '\0' ? config->ca_file : NULL,
        /* The configuration accepts plain HTTP to this machine alone, and so does http.h. */
        .insecure_for_tests = strncmp(url, "http:", 5) == 0,
        .stop = stop,
        .post = true,
        .content = body,
        .headers = lines,
        .header_count = ASSAY_WEBHOOK_HEADERS,
    };
    const enum assay_status status = assay_url_send(&request, &answer, why);
    *code = answer.status;
    if (status != ASSAY_OK) (void)snprintf(message, ASSAY_WEBHOOK_MESSAGE_LEN, "%.190s", why);
    assay_url_answer_free(&answer);
    return status;
}

/* The caller wipes secret when this returns ASSAY_OK. */
static enum assay_status read_webhook_secret(const struct assay_config_target *config,
                                             uint8_t secret[static ASSAY_WEBHOOK_SECRET_MAX + 1],
                                             size_t *len, char *message)
{
    const size_t capacity = ASSAY_WEBHOOK_SECRET_MAX + 1;
    enum assay_status status = assay_file_read_secret(config->secret, secret, capacity, len);
    while (status == ASSAY_OK && *len > 0 && (secret[*len - 1] == '\n' || secret[*len - 1] == '\r'))
        --*len; /* what an editor adds */
    if (status == ASSAY_OK && *len < ASSAY_WEBHOOK_SECRET_MIN) status = ASSAY_E_RANGE;
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_secret_wipe(secret, capacity); /* one that is too short is secret too */
    (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN,
                   "%.120s: expected a regular file of mode 0600 with a key of %d to %d bytes",
                   config->secret, ASSAY_WEBHOOK_SECRET_MIN, ASSAY_WEBHOOK_SECRET_MAX);
    return status;
}

static enum assay_status open_webhook(const struct assay_targets_config *all,
                                      const struct assay_config_target *config,
                                      struct assay_target **out, char *message)
{
    char source[96], hex[65], why[ASSAY_WEBHOOK_MESSAGE_LEN] = "";
    uint8_t secret[ASSAY_WEBHOOK_SECRET_MAX + 1];
    size_t len = 0;
    assay_hex_encode(all->node_id, 32, hex, sizeof hex);
    (void)snprintf(source, sizeof source, "/assay/nodes/%s", hex);
    ASSAY_TRY(read_webhook_secret(config, secret, &len, message));
    const struct assay_webhook_config webhook = {
        .name = config->name,
        .url = config->url,
        .source = source,
        .spool = config->spool,
        .spool_max = config->spool_max,
        .secret = secret,
        .secret_len = len,
        .post = post_event,
        .context = config,
    };
    const enum assay_status status = assay_webhook_open(&webhook, out, why);
    assay_secret_wipe(secret, sizeof secret);
    if (status != ASSAY_OK) (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "%s", why);
    return status;
}

/* --------------------------------------------------------------- targets that are not open */

/* Stands in for a target of the configuration that could not be opened again: each order for it is
 * persisted, fails with the reason, and stays pending. */
struct unopened {
    struct assay_target base; /* first: a pointer to it is a pointer to this */
    enum assay_status status;
    char why[ASSAY_DRIVER_MESSAGE_LEN];
};

static enum assay_status unopened_begin(struct assay_target *target,
                                        const struct assay_target_act *act, uint64_t now_ms,
                                        char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    const struct unopened *const self = (const struct unopened *)target;
    (void)act;
    (void)now_ms;
    (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "%s", self->why);
    return self->status;
}

static enum assay_status unopened_step(struct assay_target *target, uint64_t now_ms,
                                       enum assay_target_state *state,
                                       char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    (void)state;
    return unopened_begin(target, NULL, now_ms, message);
}

static void unopened_abandon(struct assay_target *target)
{
    (void)target; /* no act begins */
}

static void unopened_close(struct assay_target *target)
{
    free(target);
}

static const struct assay_target_ops unopened_ops = {
    .name = "unopened",
    .can_restrict = true,
    .begin = unopened_begin,
    .step = unopened_step,
    .abandon = unopened_abandon,
    .close = unopened_close,
};

static enum assay_status open_unopened(enum assay_status status, const char *why,
                                       struct assay_target **out)
{
    struct unopened *self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    self->base.ops = &unopened_ops;
    self->status = status;
    (void)snprintf(self->why, sizeof self->why, "not open, repair it and reload: %.180s",
                   why[0] != '\0' ? why : assay_status_text(status));
    *out = &self->base;
    return ASSAY_OK;
}

/* --------------------------------------------------------------- open and close */

static enum assay_status open_hook(const struct assay_targets_config *all,
                                   const struct assay_config_target *config,
                                   struct assay_target **out)
{
    const char *arguments[ASSAY_HOOK_ARGUMENTS_MAX];
    for (size_t i = 0; i < config->argument_count; i++)
        arguments[i] = config->arguments[i];
    const struct assay_hook_config hook = { .runs = all->hook_runs,
                                            .name = config->name,
                                            .path = config->path,
                                            .arguments = arguments,
                                            .argument_count = config->argument_count };
    return assay_hook_open(&hook, out);
}

static enum assay_status open_systemd(const struct assay_config_target *config,
                                      struct assay_target **out, char *message)
{
    const enum assay_status status = assay_systemd_open(config->bus, config->unit, out);
    if (status == ASSAY_E_IO)
        (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN,
                       "libsystemd.so.0 cannot be loaded: install it (libsystemd0)");
    return status;
}

static enum assay_status open_kind(const struct assay_targets_config *all,
                                   const struct assay_config_target *config,
                                   struct assay_target **out, char *message)
{
    switch (config->driver) {
    case ASSAY_CONFIG_HOOK: return open_hook(all, config, out);
    case ASSAY_CONFIG_CGROUP: return assay_cgroup_open(config->path, out);
    case ASSAY_CONFIG_CONTAINER:
        return assay_container_open(config->socket, config->container, out);
    case ASSAY_CONFIG_SYSTEMD: return open_systemd(config, out, message);
    case ASSAY_CONFIG_WEBHOOK: return open_webhook(all, config, out, message);
    }
    ASSAY_UNREACHABLE("a driver outside the list");
}

static enum assay_status open_one(const struct assay_targets_config *all,
                                  const struct assay_config_target *config, struct one *one,
                                  char *message)
{
    one->config = config;
    const enum assay_status status = open_kind(all, config, &one->kind, message);
    one->unopened = status != ASSAY_OK;
    if (one->unopened && !all->keep_unopened) return status;
    if (one->unopened) {
        ASSAY_TRY(open_unopened(status, message, &one->kind));
        (void)snprintf(one->trouble, sizeof one->trouble, "%s",
                       ((const struct unopened *)one->kind)->why);
        report_target(one, "error", "target_failed", status, "", one->trouble);
    }
    const struct assay_target_config target = {
        .target = one->kind,
        .dry_run = config->dry_run,
        .suspend_stops = config->suspend_stops,
        .restrict_suspends = config->restrict_suspends,
        .action_ms = config->action_ms,
        .poll_ms = config->poll_ms,
    };
    ASSAY_TRY(assay_target_open(&target, &one->driver));
    const struct assay_agent_config agent = {
        .store = all->store,
        .driver = one->driver,
        .name = config->name,
        .driver_name = assay_config_driver_text(config->driver),
        .journal = all->journal,
        .dry_run = config->dry_run,
        .severity = config->severity,
        /* A target that is notified, not driven, receives every order. */
        .every_kind = !one->kind->ops->can_look,
        .restarts_max = config->restarts_max,
        .restarts_window_ms = config->restarts_window_s * 1000,
    };
    return assay_agent_open(&agent, &one->agent);
}

static enum assay_status name_target(const struct assay_config_target *target,
                                     enum assay_status status, const char *why,
                                     char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "enforcement.targets: %.40s: %.160s",
                   target->name, why[0] != '\0' ? why : assay_status_text(status));
    return status;
}

enum assay_status assay_targets_check(const struct assay_config_enforcement *enforcement,
                                      char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    for (size_t i = 0; i < enforcement->target_count; i++) {
        const struct assay_config_target *const target = &enforcement->targets[i];
        char why[ASSAY_RUNTIME_MESSAGE_LEN] = "";
        uint8_t secret[ASSAY_WEBHOOK_SECRET_MAX + 1];
        size_t len = 0;
        if (target->driver != ASSAY_CONFIG_WEBHOOK) continue;
        const enum assay_status status = read_webhook_secret(target, secret, &len, why);
        if (status != ASSAY_OK) return name_target(target, status, why, message);
        assay_secret_wipe(secret, sizeof secret);
    }
    return ASSAY_OK;
}

enum assay_status assay_targets_open(const struct assay_targets_config *config,
                                     struct assay_targets **out,
                                     char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    struct assay_targets *self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    for (size_t i = 0; i < config->enforcement->target_count; i++) {
        const struct assay_config_target *const target = &config->enforcement->targets[i];
        char why[ASSAY_RUNTIME_MESSAGE_LEN] = "";
        self->count++;
        const enum assay_status status = open_one(config, target, &self->items[i], why);
        if (status == ASSAY_OK) continue;
        assay_targets_close(&self);
        return name_target(target, status, why, message);
    }
    *out = self;
    return ASSAY_OK;
}

void assay_targets_close(struct assay_targets **targets)
{
    struct assay_targets *self = *targets;
    if (self == NULL) return;
    for (size_t i = 0; i < self->count; i++) {
        assay_agent_close(&self->items[i].agent);
        assay_target_close(&self->items[i].driver);
    }
    free(self);
    *targets = NULL;
}

bool assay_targets_are_open(const struct assay_targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        if (targets->items[i].unopened) return false;
    return true;
}

/* --------------------------------------------------------------- running */

enum assay_status assay_targets_order(struct assay_targets *targets,
                                      const struct assay_order *order, uint64_t now_ms)
{
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; i < targets->count; i++) {
        const enum assay_status one = assay_agent_order(targets->items[i].agent, order, now_ms);
        if (one != ASSAY_OK) status = one;
    }
    return status;
}

bool assay_targets_are_suspending(const struct assay_targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        if (assay_agent_is_suspending(targets->items[i].agent)) return true;
    return false;
}

uint32_t assay_targets_suspending_action_ms(const struct assay_targets *targets)
{
    uint32_t longest_ms = 0;
    for (size_t i = 0; i < targets->count; i++) {
        const struct one *const one = &targets->items[i];
        if (assay_agent_is_suspending(one->agent) && one->config->action_ms > longest_ms)
            longest_ms = one->config->action_ms;
    }
    return longest_ms;
}

void assay_targets_report_suspending(const struct assay_targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        if (assay_agent_is_suspending(targets->items[i].agent))
            report_target(&targets->items[i], "error", "target_failed", ASSAY_E_TIMEOUT,
                          "not suspended at the end", targets->items[i].trouble);
}

void assay_targets_hold(struct assay_targets *targets, bool held, uint64_t now_ms)
{
    for (size_t i = 0; i < targets->count; i++)
        assay_agent_hold(targets->items[i].agent, held, now_ms);
}

static void on_event(struct one *one, const struct assay_agent_event *event)
{
    switch (event->kind) {
    case ASSAY_AGENT_STARTED:
        report_target(one, "info", "target_started", ASSAY_OK, "", event->process.message);
        return;
    case ASSAY_AGENT_ENDED:
        report_target(one, "warning", "target_ended", ASSAY_OK, "", event->process.message);
        return;
    case ASSAY_AGENT_FAILED:
        if (strcmp(one->trouble, event->message) == 0) return; /* logged once while it lasts */
        (void)snprintf(one->trouble, sizeof one->trouble, "%s", event->message);
        report_target(one, "error", "target_failed", event->status, "", event->message);
        return;
    case ASSAY_AGENT_OUTCOME:
        if (event->status == ASSAY_E_STALE) return;
        if (event->status != ASSAY_OK) return; /* FAILED has the reason */
        one->trouble[0] = '\0';
        report_target(one, "info", "target_order_done", event->status,
                      assay_order_name(event->order.kind),
                      one->config->dry_run ? "dry run, nothing was done" : "");
        return;
    case ASSAY_AGENT_REBUILT: return; /* keys are the enclave's */
    }
    ASSAY_UNREACHABLE("an event outside the list");
}

void assay_targets_step(struct assay_targets *targets, uint64_t now_ms)
{
    struct assay_agent_event event;
    for (size_t i = 0; i < targets->count; i++) {
        struct one *const one = &targets->items[i];
        assay_agent_step(one->agent, now_ms);
        while (assay_agent_next(one->agent, &event))
            on_event(one, &event);
        if (assay_agent_is_settled(one->agent)) one->trouble[0] = '\0';
    }
}

uint64_t assay_targets_wake_at(struct assay_targets *targets)
{
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < targets->count; i++) {
        const uint64_t one = assay_agent_wake_at(targets->items[i].agent);
        if (one < at) at = one;
    }
    return at;
}

static const char *work_name(enum assay_work work)
{
    switch (work) {
    case ASSAY_WORK_FULL: return "full";
    case ASSAY_WORK_RESTRICTED: return "restricted";
    case ASSAY_WORK_SUSPENDED: return "suspended";
    }
    ASSAY_UNREACHABLE("work outside the list");
}

size_t assay_targets_inspect(const struct assay_targets *targets,
                             struct assay_enforcement_target *views, size_t capacity)
{
    const size_t count = targets->count < capacity ? targets->count : capacity;
    for (size_t i = 0; i < count; i++) {
        const struct one *const one = &targets->items[i];
        struct assay_enforcement_target *const view = &views[i];
        *view = (struct assay_enforcement_target){
            .driver = assay_config_driver_text(one->config->driver),
            .state = assay_target_state_name(assay_target_state_of(one->driver)),
            .ordered = assay_agent_get_memory(one->agent)->has_last
                           ? work_name(assay_agent_get_memory(one->agent)->work)
                           : "none",
            .dry_run = one->config->dry_run,
            .settled = assay_agent_is_settled(one->agent),
        };
        (void)snprintf(view->name, sizeof view->name, "%s", one->config->name);
        (void)snprintf(view->trouble, sizeof view->trouble, "%s", one->trouble);
        if (one->config->driver != ASSAY_CONFIG_WEBHOOK || one->unopened) continue;
        struct assay_webhook_get_status look;
        assay_webhook_get_status(one->kind, &look);
        view->waiting = look.waiting;
        if (view->trouble[0] == '\0')
            (void)snprintf(view->trouble, sizeof view->trouble, "%s", look.trouble);
    }
    return count;
}
