/*
 * net/runtime/runtime_step.c - callbacks of host/dispatch.h: engine, keys, store and link.
 */
#include "net/runtime/runtime_internal.h"

#include "base/system_clock.h"
#include "engine/consensus/block.h"

#include <stdlib.h>

void runtime_update_clock(struct assay_runtime *runtime)
{
    runtime->now_ms = assay_monotonic_ms();
    runtime->at_unix_ms = assay_unix_ms();
    runtime->log.now_ms = runtime->now_ms;
    runtime->log.at_unix_ms = runtime->at_unix_ms;
}

void runtime_fail(struct assay_runtime *runtime, enum assay_status status, const char *what)
{
    ASSAY_ASSERT(status != ASSAY_OK && what[0] != '\0');
    if (runtime->failure != ASSAY_OK) return;
    runtime->failure = status;
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_ERROR, "node_stopped")) {
        assay_log_text(&runtime->log, "what", what);
        assay_log_text(&runtime->log, "status", assay_status_symbol(status));
        assay_log_text(&runtime->log, "reason", assay_status_text(status));
    }
    assay_log_end(&runtime->log);
}

/* ------------------------------------------------------------ before the commit */

static void record_proposal(struct assay_runtime *runtime, struct assay_slice payload)
{
    struct assay_proposal proposal;
    if (assay_proposal_decode(payload, &proposal) != ASSAY_OK) return;
    if (proposal.header.kind == ASSAY_BLOCK_TAIL) return;
    assay_latency_open(&runtime->latency, proposal.header.view, proposal.header.height,
                       assay_monotonic_us());
}

static enum assay_status step_engine(void *context, struct assay_event *event,
                                     struct assay_effects *effects)
{
    struct assay_runtime *runtime = context;
    event->now_ms = runtime->now_ms;
    event->at_unix_ms = runtime->at_unix_ms;
    effects->count = 0;
#ifdef ASSAY_TEST_HOOKS
    const struct assay_runtime_hooks *hooks = &runtime->config.hooks;
    if (hooks->event != NULL && !hooks->event(hooks->context, runtime, event)) return ASSAY_OK;
#endif
    const enum assay_status status = assay_engine_step(runtime->engine, event, effects);
    ASSAY_ASSERT(effects->count <= ASSAY_EFFECTS_MAX);
    runtime->wake_at_ms = effects->wake_at_ms;
    if (effects->paused_ms > 0)
        assay_gossip_on_pause(runtime->gossip, runtime->now_ms, effects->paused_ms);
    assay_count_many(&runtime->counters, ASSAY_COUNT_SEND_NO_ROOM, effects->unsent);
#ifdef ASSAY_TEST_HOOKS
    size_t kept = 0;
    for (size_t i = 0; i < effects->count; i++)
        if (hooks->effect == NULL || hooks->effect(hooks->context, runtime, &effects->items[i]))
            effects->items[kept++] = effects->items[i];
    effects->count = kept;
#endif
    /* Own messages must be valid for this node; any other status is counted too. */
    if (status != ASSAY_OK && event->kind == ASSAY_EVENT_MESSAGE &&
        event->as.message.from == ASSAY_SLOT_SELF &&
        assay_log_begin(&runtime->log, ASSAY_SEVERITY_DEBUG, "own_message_refused")) {
        assay_log_text(&runtime->log, "kind", assay_message_name(event->as.message.kind));
        assay_log_text(&runtime->log, "status", assay_status_symbol(status));
        assay_log_end(&runtime->log);
    }
    return status;
}

static enum assay_status sign_effect(void *context, struct assay_effect *effect, uint8_t *payload)
{
    struct assay_runtime *runtime = context;
    const bool votes = effect->as.sign.key == ASSAY_KEY_VOTING;
    ASSAY_ASSERT(runtime->identity != NULL && runtime->voting != NULL);
    ASSAY_ASSERT(effect->as.sign.possession_at + ASSAY_P256_SIGNATURE_LEN <=
                 effect->as.sign.payload.len);
    enum assay_status status =
        assay_p256_sign(votes ? runtime->voting : runtime->identity, effect->as.sign.digest,
                        payload + effect->as.sign.signature_at);
    if (status == ASSAY_OK && effect->as.sign.possession_at != 0)
        status = assay_p256_sign(runtime->voting, effect->as.sign.digest,
                                 payload + effect->as.sign.possession_at);
    if (status == ASSAY_OK && effect->as.sign.message == ASSAY_MESSAGE_PROPOSAL)
        record_proposal(runtime, assay_slice_over(payload, effect->as.sign.payload.len));
    return status;
}

static enum assay_status put_item(void *context, enum assay_store_class class_,
                                  const struct assay_store_key *key, struct assay_slice value)
{
    const struct assay_runtime *runtime = context;
    return assay_store_put(runtime->config.store, class_, key, value);
}

static enum assay_status prune_store(void *context, enum assay_store_class class_, uint32_t era,
                                     uint64_t epoch)
{
    const struct assay_runtime *runtime = context;
    return assay_store_prune(runtime->config.store, class_, era, epoch);
}

static enum assay_status commit_batch(void *context)
{
    const struct assay_runtime *runtime = context;
    return assay_store_commit(runtime->config.store);
}

static void rollback_batch(void *context)
{
    const struct assay_runtime *runtime = context;
    runtime->config.store->ops->rollback(runtime->config.store);
}

/* ------------------------------------------------------------ after the commit */

static void send_frame_to(struct assay_runtime *runtime, uint16_t slot, struct assay_slice frame,
                          uint64_t relay)
{
    ASSAY_ASSERT(slot < runtime->members && frame.len > 0);
    const enum assay_status status = assay_transport_send(runtime->link, slot, frame, relay);
    if (status == ASSAY_E_RANGE) assay_count(&runtime->counters, ASSAY_COUNT_SEND_OVERSIZE);
    if (status == ASSAY_E_MEMORY) assay_count(&runtime->counters, ASSAY_COUNT_SEND_MEMORY);
}

static bool reaches_slot(void *context, uint16_t slot)
{
    const struct assay_runtime *runtime = context;
    ASSAY_ASSERT(slot < runtime->members);
    return assay_transport_has_peer(runtime->link, slot);
}

/* Sends one frame to each recipient of the walk, from its start. */
static void send_to_slot(struct assay_runtime *runtime, struct assay_relay walk, uint64_t relay,
                         enum assay_message_kind kind, struct assay_slice payload)
{
    uint16_t slot = 0;
    struct assay_writer w = assay_writer_over(runtime->outgoing, ASSAY_FRAME_LEN_MAX);
    struct assay_slice frame = { 0 };
    if (assay_frame_encode(runtime->config.genesis->chain_id, kind, payload, &w) != ASSAY_OK ||
        assay_writer_finish(&w, &frame) != ASSAY_OK) {
        assay_count(&runtime->counters, ASSAY_COUNT_SEND_OVERSIZE);
        return;
    }
    while (assay_relay_next(&walk, reaches_slot, runtime, &slot)) {
        runtime_overlay_poll(runtime); /* an transient dials */
        send_frame_to(runtime, slot, frame, relay);
    }
}

/* Uses its own buffer: while a link is dialled for a message, that message is in runtime->outgoing.
 */
void runtime_send_frame(struct assay_runtime *runtime, uint16_t to, enum assay_message_kind kind,
                        struct assay_slice payload)
{
    uint8_t bytes[ASSAY_FRAME_HEADER_LEN + ASSAY_PRUNE_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice frame = { 0 };
    ASSAY_ASSERT(to < runtime->members);
    enum assay_status status =
        assay_frame_encode(runtime->config.genesis->chain_id, kind, payload, &w);
    if (status == ASSAY_OK) status = assay_writer_finish(&w, &frame);
    ASSAY_ASSERT(status == ASSAY_OK);
    send_frame_to(runtime, to, frame, 0);
}

/* resent: its author retransmitted it. */
static void send_routed(struct assay_runtime *runtime, const struct assay_outbound_message *m,
                        bool resent)
{
    const enum assay_message_kind kind = m->kind;
    const struct assay_slice payload = m->payload;
    uint8_t digest[32] = { 0 };
    uint64_t relay = 0;
    if (m->to == ASSAY_SLOT_NEAR && !runtime_overlay_is_used(runtime))
        return; /* docs/protocol.md 4.1.1 */
    if (assay_relay_is_relay(m->to, m->except)) {
        assay_sha256(payload.bytes, payload.len, digest);
        relay = assay_outbox_tag(digest);
    }
    const struct assay_relay walk = assay_overlay_driver_route(
        &runtime->driver, runtime->engine, runtime->now_ms, runtime->members, m, digest, resent);
    if (payload.len <= ASSAY_PAGE_LEN) {
        send_to_slot(runtime, walk, relay, kind, payload);
        return;
    }
    const uint16_t count = assay_page_count(payload.len);
    if (count == 0) {
        assay_count(&runtime->counters, ASSAY_COUNT_SEND_OVERSIZE);
        return;
    }
    ASSAY_ASSERT(count > 1); /* it is longer than a page */
    assay_page_digest((uint16_t)kind, payload, digest);
    for (uint16_t i = 0; i < count; i++) {
        struct assay_writer w = assay_writer_over(runtime->paging, ASSAY_FRAME_LEN_MAX);
        struct assay_slice page = { 0 };
        if (assay_page_encode((uint16_t)kind, payload, digest, i, &w) == ASSAY_OK &&
            assay_writer_finish(&w, &page) == ASSAY_OK)
            send_to_slot(runtime, walk, 0, ASSAY_MESSAGE_PAGE, page);
    }
}

void runtime_send(struct assay_runtime *runtime, uint16_t to, uint16_t except,
                  enum assay_message_kind kind, struct assay_slice payload)
{
    const struct assay_outbound_message message = {
        .to = to, .except = except, .kind = kind, .payload = payload
    };
    if (kind == ASSAY_MESSAGE_VOTE_REQUEST_MISSING)
        assay_overlay_driver_on_request(&runtime->driver, runtime->now_ms, to, payload);
    send_routed(runtime, &message, false);
}

void runtime_relay(struct assay_runtime *runtime, uint16_t except, enum assay_message_kind kind,
                   struct assay_slice payload, bool resent)
{
    ASSAY_ASSERT(except < runtime->members); /* the member that sent it */
    const struct assay_outbound_message message = {
        .to = ASSAY_SLOT_ALL, .except = except, .kind = kind, .payload = payload
    };
    send_routed(runtime, &message, resent);
}

static void send_message(void *context, struct assay_effect *effect)
{
    const struct assay_outbound_message letter = assay_dispatch_get_outbound(effect);
    struct assay_runtime *runtime = context;
    runtime_send(runtime, letter.to, letter.except, letter.kind, letter.payload);
    /* The recipient of an envelope requests its evidence, so the answers are sent with other
     * traffic too. Never next to a vote, which would wait behind them. Neighbours are few, and are
     * asked while links are idle. */
    const bool alongside =
        effect->kind == ASSAY_EFFECT_SIGN && !runtime_overlay_is_used(runtime) &&
        (letter.kind == ASSAY_MESSAGE_ENVELOPE || letter.kind == ASSAY_MESSAGE_RECORD);
    if (alongside) runtime_peer_clocks_poll(runtime, true);
}

static void flush_link(void *context)
{
    struct assay_runtime *runtime = context;
    ASSAY_ASSERT(runtime->link != NULL);
    assay_transport_flush(runtime->link);
}

/* Signed once all earlier messages are durable, and for one member alone. */
static void announce_sources(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->as.confirm.to < runtime->members); /* never to all */
    uint8_t bytes[ASSAY_EFFECT_CONFIRM_LEN_MAX];
    const struct assay_slice payload = effect->as.confirm.payload;
    const size_t at = effect->as.confirm.signature_at;
    ASSAY_ASSERT(payload.len <= sizeof bytes && at + ASSAY_P256_SIGNATURE_LEN <= payload.len);
    assay_bytes_copy(bytes, sizeof bytes, payload.bytes, payload.len);
    const enum assay_status status =
        assay_p256_sign(runtime->identity, effect->as.confirm.digest, bytes + at);
    if (status == ASSAY_OK)
        runtime_send(runtime, effect->as.confirm.to, ASSAY_SLOT_ALL, effect->as.confirm.message,
                     assay_slice_over(bytes, payload.len));
    else runtime_fail(runtime, status, "vouch");
}

/* A failure in between belongs to the runtime: the effect must not be applied any more. */
static void apply_effect(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    switch (effect->kind) {
    case ASSAY_EFFECT_FETCH: runtime_fetch_evidence(runtime, effect); return;
    case ASSAY_EFFECT_VERIFY: runtime_verify_evidence(runtime, effect); return;
    case ASSAY_EFFECT_LOAD: runtime_load_evidence(runtime, effect->as.load.digest); return;
    case ASSAY_EFFECT_QUOTE: runtime_request_quote(runtime, effect); return;
    case ASSAY_EFFECT_ORDER: runtime_send_order(runtime, &effect->as.order); return;
    case ASSAY_EFFECT_NOTE: runtime_log_note(runtime, effect); return;
    case ASSAY_EFFECT_CONFIRM: announce_sources(runtime, effect); return;
    case ASSAY_EFFECT_KEYS: runtime_keys_replace(runtime); return;
    case ASSAY_EFFECT_CLOSED: runtime_on_epoch_closed(runtime, effect->as.closed.epoch); return;
    case ASSAY_EFFECT_RENEW: runtime->renewing = true; return;
    case ASSAY_EFFECT_PRUNE: return; /* done; the cache in front of the store evicts on its own */
    case ASSAY_EFFECT_SIGN:
    case ASSAY_EFFECT_PERSIST:
    case ASSAY_EFFECT_SEND: break;
    }
    ASSAY_UNREACHABLE("not an act");
}

static bool on_effect(void *context, const struct assay_effect *effect)
{
    struct assay_runtime *runtime = context;
    apply_effect(runtime, effect);
    return runtime->failure == ASSAY_OK;
}

static bool has_answer_budget(void *context, uint16_t to, size_t len)
{
    struct assay_runtime *runtime = context;
    if (to >= runtime->members || assay_limit_answer(&runtime->limits[to], runtime->now_ms, len))
        return true;
    assay_count(&runtime->counters, ASSAY_COUNT_RATE_ANSWERS);
    return false;
}

/* ------------------------------------------------------------ the dispatch */

enum assay_status runtime_dispatch_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->dispatch == NULL && runtime->engine != NULL);
    const struct assay_dispatch_config config = { .world = { .context = runtime,
                                                             .step = step_engine,
                                                             .sign = sign_effect,
                                                             .put = put_item,
                                                             .prune = prune_store,
                                                             .commit = commit_batch,
                                                             .rollback = rollback_batch,
                                                             .affords = has_answer_budget,
                                                             .send = send_message,
                                                             .flush = flush_link,
                                                             .act = on_effect },
                                                  .events_per_commit = RUNTIME_EVENTS_PER_COMMIT };
    const size_t len = assay_dispatch_size();
    runtime->dispatch_memory = aligned_alloc(64, len);
    if (runtime->dispatch_memory == NULL) return ASSAY_E_MEMORY;
    return assay_dispatch_init(runtime->dispatch_memory, len, &config, &runtime->dispatch);
}

/* A failed dispatch stops the node. */
static void stop_if_failed(struct assay_runtime *runtime)
{
    const char *what = "";
    const enum assay_status status = assay_dispatch_get_failure(runtime->dispatch, &what);
    if (status != ASSAY_OK) runtime_fail(runtime, status, what);
}

void runtime_queue_event(struct assay_runtime *runtime, const struct assay_event *event)
{
    ASSAY_ASSERT(runtime->dispatch != NULL);
    const enum assay_status status = assay_dispatch_queue(runtime->dispatch, event);
    assay_status_ignore(status, "it is the dispatch's failure, which is looked at");
    stop_if_failed(runtime);
}

enum assay_status runtime_step_event(struct assay_runtime *runtime, struct assay_event *event)
{
    ASSAY_ASSERT(runtime->dispatch != NULL);
    const enum assay_status status = assay_dispatch_step(runtime->dispatch, event);
    stop_if_failed(runtime);
    return status;
}

void runtime_process_events(struct assay_runtime *runtime)
{
    if (runtime->failure == ASSAY_OK) {
        const enum assay_status status = assay_dispatch_process(runtime->dispatch);
        assay_status_ignore(status, "it is the dispatch's failure, which is looked at");
        stop_if_failed(runtime);
    }
    if (runtime->failure == ASSAY_OK) {
        ASSAY_ASSERT(!assay_dispatch_has_queued(runtime->dispatch));
        return;
    }
    /* Nothing leaves the node before it is durable. */
    assay_dispatch_clear(runtime->dispatch);
    rollback_batch(runtime);
}
