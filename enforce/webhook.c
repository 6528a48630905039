/*
 * enforce/webhook.c - webhook enforcement target. The spool is shared with the thread that
 * delivers, under one lock; the lock is never held while the network is asked.
 */
#include "enforce/webhook.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/crypto.h"
#include "base/rfc3339.h"
#include "base/secret.h"
#include "base/system_clock.h"
#include "enforce/spool.h"
#include "enforce/words.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    NAME_LEN_MAX = 64,
    SOURCE_LEN_MAX = 128,
    BACKOFF_MS = 1000,
    BACKOFF_MS_MAX = 300000,
    SIGNED_MAX = ASSAY_SPOOL_EVENT_MAX + ASSAY_WORDS_ID_LEN + 32,
};

struct webhook {
    struct assay_target base; /* first: a pointer to it is a pointer to this */
    char name[NAME_LEN_MAX + 1], url[ASSAY_WEBHOOK_URL_MAX + 1], source[SOURCE_LEN_MAX + 1];
    uint8_t secret[ASSAY_WEBHOOK_SECRET_MAX];
    size_t secret_len;
    uint32_t backoff_ms, backoff_ms_max;
    assay_webhook_post *post;
    const void *context;
    bool has_last, was_held; /* what was written last in this run */
    struct assay_order last;
    pthread_t thread;
    bool has_thread;
    atomic_bool stop;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    struct assay_spool spool;
    struct assay_webhook_get_status look;
};

static struct webhook *self_of(struct assay_target *target)
{
    return (struct webhook *)target;
}

/* --------------------------------------------------------------- events */

/* The event of an order is the same for each act that the order causes, held or not: it has one
 * type and one id. */
static const struct {
    const char *type;
    enum assay_target_verb verb;
} order_events[] = {
    [ASSAY_ORDER_NOTE] = { "org.assay.enforcement.note", ASSAY_TARGET_RUN },
    [ASSAY_ORDER_RESTRICT] = { "org.assay.enforcement.restrict", ASSAY_TARGET_RESTRICT },
    [ASSAY_ORDER_SUSPEND] = { "org.assay.enforcement.suspend", ASSAY_TARGET_SUSPEND },
    [ASSAY_ORDER_RESTART] = { "org.assay.enforcement.restart", ASSAY_TARGET_STOP },
    [ASSAY_ORDER_RELEASE] = { "org.assay.enforcement.release", ASSAY_TARGET_RUN },
};

/* Of malloc; NULL without memory. */
static char *build_event(const struct webhook *self, const struct assay_target_act *act,
                         const char *type, const char *id)
{
    char at[ASSAY_RFC3339_MS_LEN + 1];
    struct assay_json *event = assay_json_object();
    assay_rfc3339_format_ms(assay_unix_ms(), at);
    assay_json_set_text(event, "specversion", "1.0");
    assay_json_set_text(event, "id", id);
    assay_json_set_text(event, "source", self->source);
    assay_json_set_text(event, "type", type);
    assay_json_set_text(event, "subject", self->name);
    assay_json_set_text(event, "time", at);
    assay_json_set_text(event, "datacontenttype", "application/json");
    assay_json_set(event, "data", assay_enforce_order_words(self->name, act));
    char *const text = assay_json_print(event, 0);
    assay_json_free(&event);
    return text;
}

static enum assay_status append_event(struct webhook *self, const struct assay_target_act *act,
                                      const char *type, const char *id,
                                      char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    char *const event = build_event(self, act, type, id);
    if (event == NULL) return ASSAY_E_MEMORY;
    (void)pthread_mutex_lock(&self->lock);
    const enum assay_status status =
        assay_spool_append(&self->spool, assay_slice_over(event, strlen(event)));
    if (status == ASSAY_E_FULL)
        (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN,
                       "%u events wait; the last delivery: %.150s", (unsigned)self->spool.count_max,
                       self->look.trouble);
    else if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "spool %.100s: %s", self->spool.folder,
                       assay_status_text(status));
    (void)pthread_cond_signal(&self->wake);
    (void)pthread_mutex_unlock(&self->lock);
    free(event);
    return status;
}

static bool is_written(const struct webhook *self, const struct assay_order *order)
{
    return self->has_last && order->era == self->last.era && order->epoch == self->last.epoch &&
           order->seq == self->last.seq && order->kind == self->last.kind;
}

/* A hold and an order are events of their own: an order that arrives during a hold has its event
 * too, and one act may have both. */
static enum assay_status webhook_begin(struct assay_target *target,
                                       const struct assay_target_act *act, uint64_t now_ms,
                                       char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    struct webhook *self = self_of(target);
    const struct assay_order *const order = act->order;
    char id[ASSAY_WORDS_ID_LEN], delivery_id[ASSAY_WORDS_ID_LEN];
    (void)now_ms;
    if (act->held != self->was_held) { /* the operator may do so twice under one order */
        assay_enforce_order_event_id(self->name, act, id);
        (void)snprintf(delivery_id, sizeof delivery_id, "%.130s.%llu", id,
                       (unsigned long long)assay_unix_ms());
        ASSAY_TRY(append_event(self, act,
                               act->held ? "org.assay.enforcement.hold"
                                         : "org.assay.enforcement.hold_released",
                               delivery_id, message));
        self->was_held = act->held;
    }
    if (order == NULL || is_written(self, order)) return ASSAY_OK;
    ASSAY_ASSERT((size_t)order->kind < sizeof order_events / sizeof order_events[0]);
    const struct assay_target_act same = { .verb = order_events[order->kind].verb, .order = order };
    assay_enforce_order_event_id(self->name, &same, id);
    ASSAY_TRY(append_event(self, act, order_events[order->kind].type, id, message));
    self->has_last = true;
    self->last = *order;
    return ASSAY_OK;
}

static enum assay_status webhook_step(struct assay_target *target, uint64_t now_ms,
                                      enum assay_target_state *state,
                                      char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    (void)target;
    (void)now_ms;
    (void)state;
    (void)message;
    return ASSAY_OK; /* it is on disk */
}

/* --------------------------------------------------------------- delivery */

/* The id of an event that we wrote: what a spool holds is read again, also after a restart. */
static bool event_id(const uint8_t *event, size_t len, char id[static ASSAY_WORDS_ID_LEN])
{
    struct assay_json *document = NULL;
    if (assay_json_parse((const char *)event, len, &document) != ASSAY_OK) return false;
    const char *const text = assay_json_text(document, "id", "");
    const bool fit =
        text[0] != '\0' && strlen(text) < ASSAY_WORDS_ID_LEN && strpbrk(text, "\r\n") == NULL;
    if (fit) (void)snprintf(id, ASSAY_WORDS_ID_LEN, "%s", text);
    assay_json_free(&document);
    return fit;
}

static void sign_body(const struct webhook *self, const char *id, struct assay_slice body,
                      char headers[static ASSAY_WEBHOOK_HEADERS][ASSAY_WEBHOOK_HEADER_MAX])
{
    static _Thread_local uint8_t whole[SIGNED_MAX];
    uint8_t mac[ASSAY_SHA256_LEN];
    char text[64];
    size_t text_len = 0;
    const long long now_s = (long long)assay_unix_s();
    const int head = snprintf((char *)whole, sizeof whole, "%s.%lld.", id, now_s);
    ASSAY_ASSERT(head > 0 && (size_t)head + body.len <= sizeof whole);
    assay_bytes_copy(whole + head, sizeof whole - (size_t)head, body.bytes, body.len);
    assay_hmac_sha256(self->secret, self->secret_len, whole, (size_t)head + body.len, mac);
    const enum assay_status status =
        assay_base64_encode(ASSAY_BASE64_STANDARD, mac, sizeof mac, text, sizeof text, &text_len);
    ASSAY_ASSERT(status == ASSAY_OK);
    (void)snprintf(headers[0], ASSAY_WEBHOOK_HEADER_MAX,
                   "content-type: application/cloudevents+json; charset=utf-8");
    (void)snprintf(headers[1], ASSAY_WEBHOOK_HEADER_MAX, "webhook-id: %s", id);
    (void)snprintf(headers[2], ASSAY_WEBHOOK_HEADER_MAX, "webhook-timestamp: %lld", now_s);
    (void)snprintf(headers[3], ASSAY_WEBHOOK_HEADER_MAX, "webhook-signature: v1,%s", text);
}

/* Returns: whether the event was taken, or is none. */
static bool deliver_event(struct webhook *self, const uint8_t *event, size_t len,
                          char message[static ASSAY_WEBHOOK_MESSAGE_LEN])
{
    char headers[ASSAY_WEBHOOK_HEADERS][ASSAY_WEBHOOK_HEADER_MAX], id[ASSAY_WORDS_ID_LEN];
    unsigned code = 0;
    message[0] = '\0';
    if (!event_id(event, len, id)) return true; /* somebody else's file */
    sign_body(self, id, assay_slice_over(event, len), headers);
    const enum assay_status status =
        self->post(self->context, self->url, headers, assay_slice_over(event, len), &self->stop,
                   &code, message);
    if (status != ASSAY_OK) {
        if (message[0] == '\0')
            (void)snprintf(message, ASSAY_WEBHOOK_MESSAGE_LEN, "%s", assay_status_text(status));
        return false;
    }
    if (code >= 200 && code < 300) return true;
    (void)snprintf(message, ASSAY_WEBHOOK_MESSAGE_LEN, "the receiver answered %u", code);
    return false;
}

static void retry_wait_ms(struct webhook *self, uint32_t ms)
{
    const struct timespec until = assay_monotonic_after(ms);
    /* Woken by new events too; they wait behind the one that fails. */
    while (!atomic_load(&self->stop) &&
           pthread_cond_timedwait(&self->wake, &self->lock, &until) == 0)
        continue;
}

/* Locked before and after. Returns: as deliver_event */
static bool send_unlocked(struct webhook *self, const uint8_t *event, size_t len,
                          char message[static ASSAY_WEBHOOK_MESSAGE_LEN])
{
    (void)pthread_mutex_unlock(&self->lock);
    const bool taken = deliver_event(self, event, len, message);
    (void)pthread_mutex_lock(&self->lock);
    return taken;
}

/* Locked. message: "" when the last delivery went well. */
static void set_trouble(struct webhook *self, const char *message)
{
    const unsigned long long count = self->spool.set_aside;
    if (message[0] == '\0' && count > 0)
        (void)snprintf(self->look.trouble, sizeof self->look.trouble,
                       "%llu events cannot be read: *.unreadable in %.100s", count,
                       self->spool.folder);
    else (void)snprintf(self->look.trouble, sizeof self->look.trouble, "%s", message);
}

static void *run_delivery(void *argument)
{
    struct webhook *self = argument;
    uint8_t event[ASSAY_SPOOL_EVENT_MAX];
    char message[ASSAY_WEBHOOK_MESSAGE_LEN];
    uint32_t backoff_ms = self->backoff_ms;
    size_t len = 0;
    (void)pthread_mutex_lock(&self->lock);
    while (!atomic_load(&self->stop)) {
        const enum assay_status status = assay_spool_peek(&self->spool, event, &len);
        if (status == ASSAY_E_NOT_FOUND) {
            set_trouble(self, "");
            (void)pthread_cond_wait(&self->wake, &self->lock);
            continue;
        }
        bool taken = false;
        if (status == ASSAY_OK) taken = send_unlocked(self, event, len, message);
        else
            (void)snprintf(message, sizeof message, "spool %.100s: %s", self->spool.folder,
                           assay_status_text(status));
        set_trouble(self, message);
        if (taken) {
            assay_spool_remove(&self->spool);
            self->look.delivered++;
            backoff_ms = self->backoff_ms;
            continue;
        }
        self->look.failed++;
        retry_wait_ms(self, backoff_ms);
        backoff_ms = backoff_ms > self->backoff_ms_max / 2 ? self->backoff_ms_max : backoff_ms * 2;
    }
    (void)pthread_mutex_unlock(&self->lock);
    return NULL;
}

void assay_webhook_get_status(struct assay_target *target, struct assay_webhook_get_status *look)
{
    struct webhook *self = self_of(target);
    (void)pthread_mutex_lock(&self->lock);
    *look = self->look;
    look->waiting = assay_spool_count(&self->spool);
    (void)pthread_mutex_unlock(&self->lock);
}

/* --------------------------------------------------------------- open and close */

static void webhook_abandon(struct assay_target *target)
{
    (void)target; /* an act ends in the call that begins it */
}

static void webhook_close(struct assay_target *target)
{
    struct webhook *self = self_of(target);
    if (self->has_thread) {
        (void)pthread_mutex_lock(&self->lock);
        atomic_store(&self->stop, true);
        (void)pthread_cond_broadcast(&self->wake);
        (void)pthread_mutex_unlock(&self->lock);
        (void)pthread_join(self->thread, NULL);
    }
    (void)pthread_cond_destroy(&self->wake);
    (void)pthread_mutex_destroy(&self->lock);
    assay_secret_wipe(self->secret, sizeof self->secret);
    free(self);
}

static const struct assay_target_ops webhook_ops = {
    .name = "webhook",
    .can_restrict = true,
    .begin = webhook_begin,
    .step = webhook_step,
    .abandon = webhook_abandon,
    .close = webhook_close,
    .notified = true,
};

static bool copy_text(char *to, size_t capacity, const char *from)
{
    const int len = snprintf(to, capacity, "%s", from);
    return len > 0 && (size_t)len < capacity;
}

static enum assay_status start_thread(struct webhook *self)
{
    pthread_condattr_t clock;
    if (pthread_condattr_init(&clock) != 0) return ASSAY_E_MEMORY;
    (void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&self->lock, NULL);
    (void)pthread_cond_init(&self->wake, &clock);
    (void)pthread_condattr_destroy(&clock);
    self->has_thread = pthread_create(&self->thread, NULL, run_delivery, self) == 0;
    return self->has_thread ? ASSAY_OK : ASSAY_E_MEMORY;
}

enum assay_status assay_webhook_open(const struct assay_webhook_config *config,
                                     struct assay_target **out,
                                     char message[static ASSAY_WEBHOOK_MESSAGE_LEN])
{
    struct webhook *self = calloc(1, sizeof *self);
    message[0] = '\0';
    if (self == NULL) return ASSAY_E_MEMORY;
    self->base.ops = &webhook_ops;
    self->post = config->post;
    self->context = config->context;
    self->backoff_ms = config->backoff_ms != 0 ? config->backoff_ms : BACKOFF_MS;
    self->backoff_ms_max = config->backoff_ms_max != 0 ? config->backoff_ms_max : BACKOFF_MS_MAX;
    enum assay_status status = ASSAY_E_RANGE;
    if (config->secret_len >= ASSAY_WEBHOOK_SECRET_MIN &&
        config->secret_len <= ASSAY_WEBHOOK_SECRET_MAX &&
        copy_text(self->name, sizeof self->name, config->name) &&
        copy_text(self->url, sizeof self->url, config->url) &&
        copy_text(self->source, sizeof self->source, config->source))
        status = assay_spool_open(config->spool, config->spool_max, &self->spool, message);
    if (status == ASSAY_OK) {
        self->secret_len = config->secret_len;
        assay_bytes_copy(self->secret, sizeof self->secret, config->secret, config->secret_len);
        status = start_thread(self);
    }
    if (status == ASSAY_OK) {
        *out = &self->base;
        return ASSAY_OK;
    }
    assay_secret_wipe(self->secret, sizeof self->secret);
    free(self);
    return status;
}
