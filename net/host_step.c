/*
 * net/host_step.c - events into the engine; its effects signed, persisted, sent, done, in that
 * order.
 *
 * Several steps share one commit: everything that leaves the node (messages, orders, answers) waits
 * in two lists until the batch that holds every signed byte of these steps is durable. Own signed
 * messages are fed back before the commit; they stay inside the node, so that one commit covers a
 * proposal and our own vote for it. A commit that fails stops the node with nothing of these steps
 * sent (engine/engine.h).
 */
#include "net/host_internal.h"

#include "engine/consensus/block.h"

#include <stdlib.h>
#include <time.h>

uint64_t host_now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void host_clock(struct assay_host *host)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    host->now_ms = host_now_us() / 1000;
    host->at_unix_ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    host->log.now_ms = host->now_ms;
    host->log.at_unix_ms = host->at_unix_ms;
}

void host_fail(struct assay_host *host, enum assay_status status, const char *what)
{
    if (host->failure != ASSAY_OK) return;
    host->failure = status;
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_ERROR, "node_stopped")) {
        assay_log_text(&host->log, "what", what);
        assay_log_text(&host->log, "status", assay_status_symbol(status));
        assay_log_text(&host->log, "reason", assay_status_text(status));
    }
    assay_log_end(&host->log);
}

/* ------------------------------------------------------------ lists */

/* The one slice that an event carries, or NULL. */
static struct assay_slice *event_slice(struct assay_event *event)
{
    switch (event->kind) {
    case ASSAY_EVENT_MESSAGE: return &event->as.message.payload;
    case ASSAY_EVENT_EVIDENCE: return &event->as.evidence.bytes;
    case ASSAY_EVENT_QUOTE: return &event->as.quote.bytes;
    case ASSAY_EVENT_RESTORE:
    case ASSAY_EVENT_START:
    case ASSAY_EVENT_TICK:
    case ASSAY_EVENT_VERDICT:
    case ASSAY_EVENT_KEYS: return NULL;
    }
    ASSAY_UNREACHABLE("event kind");
}

static void *copy_of(const void *bytes, size_t len)
{
    uint8_t *copy = calloc(1, len > 0 ? len : 1);
    if (copy != NULL && len > 0) assay_bytes_copy(copy, len, bytes, len);
    return copy;
}

void host_queue(struct assay_host *host, const struct assay_event *event)
{
    struct host_event *item = calloc(1, sizeof *item);
    bool whole = item != NULL;
    if (whole) item->event = *event;
    struct assay_slice *slice = whole ? event_slice(&item->event) : NULL;
    if (slice != NULL) {
        item->owned = copy_of(slice->bytes, slice->len);
        whole = item->owned != NULL;
        *slice = assay_slice_over(item->owned, slice->len);
    } else if (whole && event->kind == ASSAY_EVENT_VERDICT && event->as.verdict.verdict != NULL) {
        item->owned = copy_of(event->as.verdict.verdict, sizeof *event->as.verdict.verdict);
        whole = item->owned != NULL;
        item->event.as.verdict.verdict = item->owned;
    }
    if (!whole) {
        free(item);
        host_fail(host, ASSAY_E_MEMORY, "event");
        return;
    }
    *host->events_end = item;
    host->events_end = &item->next;
    host->event_count++;
}

static void free_deeds(struct host_deed **list, struct host_deed ***end)
{
    while (*list != NULL) {
        struct host_deed *deed = *list;
        *list = deed->next;
        free(deed->bytes);
        free(deed);
    }
    *end = list;
}

void host_forget(struct assay_host *host)
{
    while (host->events != NULL) {
        struct host_event *item = host->events;
        host->events = item->next;
        free(item->owned);
        free(item);
    }
    host->events_end = &host->events;
    host->event_count = 0;
    free_deeds(&host->sends, &host->sends_end);
    free_deeds(&host->acts, &host->acts_end);
}

/* Effects' slices hold until the next step only: the list keeps a copy. */
static void defer(struct assay_host *host, struct host_deed ***end,
                  const struct assay_effect *effect, struct assay_slice slice)
{
    struct host_deed *deed = calloc(1, sizeof *deed);
    if (deed != NULL) deed->bytes = copy_of(slice.bytes, slice.len);
    if (deed == NULL || deed->bytes == NULL) {
        free(deed);
        host_fail(host, ASSAY_E_MEMORY, "effect");
        return;
    }
    deed->effect = *effect;
    const struct assay_slice kept = assay_slice_over(deed->bytes, slice.len);
    if (effect->kind == ASSAY_EFFECT_SEND) deed->effect.as.send.payload = kept;
    if (effect->kind == ASSAY_EFFECT_VERIFY) deed->effect.as.verify.bytes = kept;
    **end = deed;
    *end = &deed->next;
}

/* ------------------------------------------------------------ effects, before the commit */

static void put(struct assay_host *host, enum assay_store_class class_,
                const struct assay_store_key *key, struct assay_slice value)
{
    host->dirty = true;
    const enum assay_status status =
        host->config.store->ops->put(host->config.store, class_, key, value);
    if (status != ASSAY_OK) host_fail(host, status, "store put");
}

static void prune(struct assay_host *host, const struct assay_effect *effect)
{
    host->dirty = true;
    const enum assay_status status = host->config.store->ops->prune(
        host->config.store, effect->as.prune.class_, effect->as.prune.era, effect->as.prune.epoch);
    if (status != ASSAY_OK) host_fail(host, status, "store prune");
}

static void note_proposal(struct assay_host *host, struct assay_slice payload)
{
    struct assay_proposal proposal;
    if (assay_proposal_decode(payload, &proposal) != ASSAY_OK) return;
    if (proposal.header.kind == ASSAY_BLOCK_TAIL) return;
    assay_latency_open(&host->latency, proposal.header.view, proposal.header.height, host_now_us());
}

/* The signature goes into its hole in a copy; that copy is stored, sent and fed back. */
static void sign(struct assay_host *host, const struct assay_effect *effect)
{
    const struct assay_slice body = effect->as.sign.payload;
    const size_t at = effect->as.sign.signature_at;
    ASSAY_ASSERT(at <= body.len && body.len - at >= ASSAY_P256_SIGNATURE_LEN);
    const bool votes = effect->as.sign.key == ASSAY_KEY_VOTING;
    uint8_t *signed_bytes = copy_of(body.bytes, body.len);
    if (signed_bytes == NULL) {
        host_fail(host, ASSAY_E_MEMORY, "sign");
        return;
    }
    const enum assay_status status = assay_p256_sign(votes ? host->voting : host->identity,
                                                     effect->as.sign.digest, signed_bytes + at);
    const struct assay_slice payload = assay_slice_over(signed_bytes, body.len);
    if (status != ASSAY_OK) {
        host_fail(host, status, "sign");
        free(signed_bytes);
        return;
    }
    if (effect->as.sign.message == ASSAY_MESSAGE_PROPOSAL) note_proposal(host, payload);
    if (effect->as.sign.persist)
        put(host, effect->as.sign.class_, &effect->as.sign.store_key, payload);
    const struct assay_effect send = { .kind = ASSAY_EFFECT_SEND,
                                       .as.send = { .to = ASSAY_SLOT_ALL,
                                                    .except = ASSAY_SLOT_ALL,
                                                    .message = effect->as.sign.message } };
    defer(host, &host->sends_end, &send, payload);
    const struct assay_event own = { .kind = ASSAY_EVENT_MESSAGE,
                                     .as.message = { .from = ASSAY_SLOT_SELF,
                                                     .kind = effect->as.sign.message,
                                                     .payload = payload } };
    host_queue(host, &own);
    free(signed_bytes);
}

static void take_effect(struct assay_host *host, struct assay_effect *effect)
{
    const struct assay_slice none = { 0 };
#ifdef ASSAY_TEST_HOOKS
    if (host->config.hooks.effect != NULL &&
        !host->config.hooks.effect(host->config.hooks.context, host, effect))
        return;
#endif
    switch (effect->kind) {
    case ASSAY_EFFECT_SIGN: sign(host, effect); return;
    case ASSAY_EFFECT_PERSIST:
        put(host, effect->as.persist.class_, &effect->as.persist.key, effect->as.persist.value);
        return;
    case ASSAY_EFFECT_PRUNE: prune(host, effect); return;
    case ASSAY_EFFECT_SEND: defer(host, &host->sends_end, effect, effect->as.send.payload); return;
    case ASSAY_EFFECT_VERIFY: defer(host, &host->acts_end, effect, effect->as.verify.bytes); return;
    case ASSAY_EFFECT_FETCH:
    case ASSAY_EFFECT_LOAD:
    case ASSAY_EFFECT_QUOTE:
    case ASSAY_EFFECT_ORDER:
    case ASSAY_EFFECT_NOTE:
    case ASSAY_EFFECT_CLOSED: defer(host, &host->acts_end, effect, none); return;
    }
    ASSAY_UNREACHABLE("effect kind");
}

enum assay_status host_step(struct assay_host *host, struct assay_event *event)
{
    event->now_ms = host->now_ms;
    event->at_unix_ms = host->at_unix_ms;
#ifdef ASSAY_TEST_HOOKS
    if (host->config.hooks.event != NULL &&
        !host->config.hooks.event(host->config.hooks.context, host, event))
        return ASSAY_OK;
#endif
    const enum assay_status status = assay_engine_step(host->engine, event, host->effects);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) host_fail(host, status, "engine");
    host->wake_at_ms = host->effects->wake_at_ms;
    ASSAY_ASSERT(host->effects->count <= ASSAY_EFFECTS_MAX);
    for (size_t i = 0; i < host->effects->count && host->failure == ASSAY_OK; i++)
        take_effect(host, &host->effects->items[i]);
    return status;
}

/* ------------------------------------------------------------ effects, after the commit */

/* Who gets a message: one slot, everybody, or for a relay a few. */
struct recipients {
    uint16_t to, except;
    uint16_t first; /* of a relay: where the walk over the roster begins */
};

static bool is_relay(const struct recipients *who)
{
    return who->to == ASSAY_SLOT_ALL && who->except != ASSAY_SLOT_ALL;
}

/*
 * docs/protocol.md 4, gossip: the author of a message sends it to everybody that it can reach; each
 * holder passes it on to HOST_RELAY_PEERS others, and what still misses is pulled or sent again. A
 * relay to everybody would cost n * n frames a message and buy nothing in a full mesh. The walk
 * starts at a place drawn from the message, moved by the own slot: together the holders' walks
 * cover every slot equally often.
 */
static struct recipients choose_recipients(const struct assay_host *host, uint16_t to,
                                           uint16_t except, struct assay_slice payload)
{
    struct recipients who = { .to = to, .except = except };
    if (!is_relay(&who)) return who;
    uint8_t digest[32];
    assay_sha256(payload.bytes, payload.len, digest);
    const uint32_t drawn = (uint32_t)digest[0] << 16 | (uint32_t)digest[1] << 8 | digest[2];
    who.first = (uint16_t)((drawn + host->self) % host->members);
    return who;
}

static void send_frame_to(struct assay_host *host, uint16_t slot, struct assay_slice frame)
{
    const enum assay_status status = assay_link_send(host->link, slot, frame);
    if (status == ASSAY_E_RANGE) assay_count(&host->counters, ASSAY_COUNT_SEND_OVERSIZE);
    if (status == ASSAY_E_MEMORY) assay_count(&host->counters, ASSAY_COUNT_SEND_MEMORY);
}

static void send_frame(struct assay_host *host, const struct recipients *who,
                       struct assay_slice frame)
{
    uint32_t left = is_relay(who) ? (uint32_t)HOST_RELAY_PEERS : host->members;
    for (uint32_t i = 0; i < host->members && left > 0; i++) {
        const uint16_t slot = (uint16_t)((who->first + i) % host->members);
        if (slot == host->self || slot == who->except) continue;
        if (who->to != ASSAY_SLOT_ALL && slot != who->to) continue;
        if (is_relay(who) && !assay_link_has_peer(host->link, slot)) continue;
        send_frame_to(host, slot, frame);
        left--;
    }
}

static void send_one(struct assay_host *host, const struct recipients *who,
                     enum assay_message_kind kind, struct assay_slice payload)
{
    struct assay_writer w = assay_writer_over(host->outgoing, ASSAY_FRAME_LEN_MAX);
    struct assay_slice frame = { 0 };
    if (assay_frame_encode(host->config.genesis->chain_id, kind, payload, &w) != ASSAY_OK ||
        assay_writer_finish(&w, &frame) != ASSAY_OK) {
        assay_count(&host->counters, ASSAY_COUNT_SEND_OVERSIZE);
        return;
    }
    send_frame(host, who, frame);
}

void host_send(struct assay_host *host, uint16_t to, uint16_t except, enum assay_message_kind kind,
               struct assay_slice payload)
{
    const struct recipients who = choose_recipients(host, to, except, payload);
    if (payload.len <= ASSAY_PAGE_LEN) {
        send_one(host, &who, kind, payload);
        return;
    }
    const uint16_t count = assay_page_count(payload.len);
    if (count == 0) {
        assay_count(&host->counters, ASSAY_COUNT_SEND_OVERSIZE);
        return;
    }
    uint8_t digest[32];
    assay_page_digest((uint16_t)kind, payload, digest);
    for (uint16_t i = 0; i < count; i++) {
        struct assay_writer w = assay_writer_over(host->paging, ASSAY_FRAME_LEN_MAX);
        struct assay_slice page = { 0 };
        if (assay_page_encode((uint16_t)kind, payload, digest, i, &w) == ASSAY_OK &&
            assay_writer_finish(&w, &page) == ASSAY_OK)
            send_one(host, &who, ASSAY_MESSAGE_PAGE, page);
    }
}

static void act(struct assay_host *host, const struct assay_effect *effect)
{
    switch (effect->kind) {
    case ASSAY_EFFECT_FETCH: host_fetch(host, effect); return;
    case ASSAY_EFFECT_VERIFY:
        host_verify(host, effect->as.verify.digest, effect->as.verify.bytes,
                    effect->as.verify.epoch, effect->as.verify.at_unix_s,
                    effect->as.verify.evidence_kind);
        return;
    case ASSAY_EFFECT_LOAD: host_load(host, effect->as.load.digest); return;
    case ASSAY_EFFECT_QUOTE: host_quote(host, effect); return;
    case ASSAY_EFFECT_ORDER: host_order(host, &effect->as.order); return;
    case ASSAY_EFFECT_NOTE: host_note(host, effect); return;
    case ASSAY_EFFECT_CLOSED: host_closed(host, effect->as.closed.epoch); return;
    case ASSAY_EFFECT_SIGN:
    case ASSAY_EFFECT_PERSIST:
    case ASSAY_EFFECT_PRUNE:
    case ASSAY_EFFECT_SEND: break;
    }
    ASSAY_UNREACHABLE("not an act");
}

static struct host_deed *pop(struct host_deed **list, struct host_deed ***end)
{
    struct host_deed *deed = *list;
    if (deed == NULL) return NULL;
    *list = deed->next;
    if (*list == NULL) *end = list;
    return deed;
}

static void carry_out(struct assay_host *host)
{
    struct host_deed *deed;
    while (host->failure == ASSAY_OK && (deed = pop(&host->sends, &host->sends_end)) != NULL) {
        host_send(host, deed->effect.as.send.to, deed->effect.as.send.except,
                  deed->effect.as.send.message, deed->effect.as.send.payload);
        free(deed->bytes);
        free(deed);
    }
    while (host->failure == ASSAY_OK && (deed = pop(&host->acts, &host->acts_end)) != NULL) {
        act(host, &deed->effect);
        free(deed->bytes);
        free(deed);
    }
}

static void step_queued(struct assay_host *host)
{
    for (int i = 0; i < HOST_EVENTS_PER_COMMIT && host->events != NULL; i++) {
        struct host_event *item = host->events;
        host->events = item->next;
        if (host->events == NULL) host->events_end = &host->events;
        host->event_count--;
        const enum assay_status status = host_step(host, &item->event);
        /* Our own word must be right for ourselves; anything else shows in the counters too. */
        if (status != ASSAY_OK && item->event.kind == ASSAY_EVENT_MESSAGE &&
            assay_log_begin(&host->log, ASSAY_SEVERITY_DEBUG, "own_message_refused")) {
            assay_log_text(&host->log, "kind", assay_message_name(item->event.as.message.kind));
            assay_log_text(&host->log, "status", assay_status_symbol(status));
            assay_log_end(&host->log);
        }
        free(item->owned);
        free(item);
        if (host->failure != ASSAY_OK) return;
    }
}

void host_settle(struct assay_host *host)
{
    while (host->failure == ASSAY_OK) {
        step_queued(host);
        if (host->failure == ASSAY_OK && host->dirty) {
            const enum assay_status status = host->config.store->ops->commit(host->config.store);
            host->dirty = false;
            if (status != ASSAY_OK) host_fail(host, status, "store commit");
        }
        if (host->failure != ASSAY_OK) break;
        carry_out(host);
        if (host->events == NULL && !host->dirty) return;
    }
    /* Nothing of what was not made durable leaves the node. */
    host->config.store->ops->rollback(host->config.store);
    host_forget(host);
}
