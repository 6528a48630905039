/*
 * net/runtime/runtime_enclave.c - local enclave: quote requests, orders and key renewal.
 */
#include "net/runtime/runtime_internal.h"

#include "engine/ledger/records/envelope.h"
#include "engine/ledger/state/workload_keys.h"

static void answer_quote(struct assay_runtime *runtime, uint64_t epoch, uint32_t incarnation,
                         struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.len <= ASSAY_EVIDENCE_LEN_MAX);
    const struct assay_event event = {
        .kind = ASSAY_EVENT_QUOTE,
        .as.quote = { .epoch = epoch, .incarnation = incarnation, .bytes = bytes },
    };
    runtime_queue_event(runtime, &event);
}

void runtime_request_quote(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->kind == ASSAY_EFFECT_QUOTE);
    const struct assay_slice none = { 0 };
    const struct assay_runtime_enclave *enclave = &runtime->config.enclave;
    runtime_services_on_quote(runtime, none); /* the newer request replaces the program's */
    runtime->quoting = true;
    const struct assay_binding keyed = {
        .chain_id = effect->as.quote.chain_id,
        .era = effect->as.quote.era,
        .epoch = effect->as.quote.epoch,
        .beacon = effect->as.quote.beacon,
        .node_id = effect->as.quote.node_id,
        .incarnation = effect->as.quote.incarnation,
        .voting_public = effect->as.quote.voting_public,
        .transport_public = effect->as.quote.transport_public,
        .keys_root = effect->as.quote.keys_root,
    };
    const enum assay_status status = enclave->request_quote(
        enclave->context, effect->as.quote.epoch, effect->as.quote.incarnation,
        effect->as.quote.report_data, effect->as.quote.binds_keys ? &keyed : NULL);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) {
        runtime_fail(runtime, status, "enclave quote");
    } else if (status != ASSAY_OK) {
        runtime->quoting = false;
        answer_quote(runtime, effect->as.quote.epoch, effect->as.quote.incarnation, none);
    }
}

static void log_declared(struct assay_runtime *runtime, uint32_t count, enum assay_status status)
{
    if (status == ASSAY_E_DUPLICATE) return; /* as before, or once in this epoch */
    if (status == ASSAY_E_AGAIN || status == ASSAY_E_EARLY) return; /* with the next quote */
    if (status != ASSAY_OK) {
        if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "keys_not_declared"))
            assay_log_text(&runtime->log, "status", assay_status_symbol(status));
        assay_log_end(&runtime->log);
        return;
    }
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "keys_declared"))
        assay_log_uint(&runtime->log, "keys", count);
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "keys_declared", runtime->self, count, 0,
                      "declares %u workload keys of its enclave", (unsigned)count);
}

/* docs/identity.md 6.12: the list of the enclave comes with each quote, and the engine declares it
 * when it is another one. Programs register again when the enclave has restarted: until they have
 * had time for it, what is declared stays, and evidence that binds none has ended it already. */
static void declare_keys(struct assay_runtime *runtime, struct assay_slice list)
{
    struct assay_declared_keys keys;
    if (list.len == 0) return; /* not of a quote that may bind keys */
    const enum assay_status shape = assay_declared_keys_decode(list, &keys);
    ASSAY_ASSERT(shape == ASSAY_OK); /* net/runtime/runtime.h */
    runtime->quotes_without_keys = keys.count > 0 ? 0 : runtime->quotes_without_keys + 1;
    if (keys.count == 0 && runtime->quotes_without_keys <= ASSAY_KEYS_AGE_MAX) return;
    struct assay_event declare = { .kind = ASSAY_EVENT_DECLARE, .as.declare = { .list = list } };
    const enum assay_status status = runtime_step_event(runtime, &declare);
    if (runtime->failure == ASSAY_OK) log_declared(runtime, keys.count, status);
}

/* Own evidence is stored before others can request it: its bytes are in the batch with the envelope
 * that announces it. */
static void on_quote(struct assay_runtime *runtime, const struct assay_enclave_event *event)
{
    struct assay_slice bytes = event->as.quote.bytes;
    struct assay_engine_snapshot snapshot;
    uint8_t digest[32], list[ASSAY_DECLARED_KEYS_LEN_MAX];
    if (runtime_services_is_quote(runtime, event->as.quote.epoch)) {
        runtime_services_on_quote(runtime, bytes);
        return;
    }
    runtime->quoting = false;
    if (event->as.quote.keys.len > 0) /* a step may call the enclave, which then has other bytes */
        assay_bytes_copy(list, sizeof list, event->as.quote.keys.bytes, event->as.quote.keys.len);
    if (bytes.len > ASSAY_EVIDENCE_LEN_MAX) bytes = (struct assay_slice){ 0 };
    if (bytes.len > 0) {
        assay_engine_snapshot(runtime->engine, &snapshot);
        assay_sha256(bytes.bytes, bytes.len, digest);
        assay_dispatch_request_commit(runtime->dispatch);
        const enum assay_status status = assay_evidence_cache_add(
            runtime->evidence_cache, snapshot.era, event->as.quote.epoch, digest, bytes);
        if (status != ASSAY_OK) runtime_fail(runtime, status, "store evidence");
    }
    answer_quote(runtime, event->as.quote.epoch, event->as.quote.incarnation, bytes);
    declare_keys(runtime, assay_slice_over(list, event->as.quote.keys.len));
}

void runtime_send_order(struct assay_runtime *runtime, const struct assay_order *order)
{
    ASSAY_ASSERT(order->slot == runtime->self); /* orders are for this node alone */
    const struct assay_runtime_enclave *enclave = &runtime->config.enclave;
    const enum assay_status status = enclave->order(enclave->context, order);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_DEBUG, "order")) {
        assay_log_text(&runtime->log, "kind", assay_order_name(order->kind));
        assay_log_uint(&runtime->log, "epoch", order->epoch);
        assay_log_uint(&runtime->log, "seq", order->seq);
        assay_log_uint(&runtime->log, "incarnation", order->incarnation);
    }
    assay_log_end(&runtime->log);
    if (status != ASSAY_OK) runtime_fail(runtime, status, "enclave order");
}

/* A RESTART for keys that are finished (docs/protocol.md 2.7.3, 2.8, 2.9): nothing on this machine
 * shows why the store lacks what the network has. */
static void log_finished_keys(struct assay_runtime *runtime, const struct assay_order *order)
{
    enum { SEQ_ROLLED_BACK = 2 }; /* engine/node/order.c */
    if (order->kind != ASSAY_ORDER_RESTART || order->seq != SEQ_ROLLED_BACK) return;
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "keys_finished")) {
        assay_log_uint(&runtime->log, "incarnation", order->incarnation);
        assay_log_text(&runtime->log, "note",
                       "the network has signatures of these keys that the store here lacks (an "
                       "older disk, or a copy that runs elsewhere): new keys; operations.md 9");
    }
    assay_log_end(&runtime->log);
}

static void log_outcome(struct assay_runtime *runtime, const struct assay_enclave_event *event)
{
    const struct assay_order *order = &event->as.outcome.order;
    const enum assay_status status = event->as.outcome.status;
    if (status == ASSAY_E_STALE) return; /* derived again from the head state, executed before */
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "order_done")) {
        assay_log_text(&runtime->log, "kind", assay_order_name(order->kind));
        assay_log_uint(&runtime->log, "epoch", order->epoch);
        assay_log_uint(&runtime->log, "seq", order->seq);
        assay_log_text(&runtime->log, "status", assay_status_symbol(status));
    }
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "order_done", runtime->self, order->kind, (uint64_t)status, "%s: %s",
                      assay_order_name(order->kind), assay_status_text(status));
    log_finished_keys(runtime, order);
}

static void log_started(struct assay_runtime *runtime, const struct assay_enclave_event *event)
{
    char hex[65];
    assay_hex_encode(event->as.started.measurement, 32, hex, sizeof hex);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "enclave_started")) {
        assay_log_uint(&runtime->log, "pid", (uint64_t)event->as.started.pid);
        assay_log_text(&runtime->log, "measurement", hex);
    }
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "enclave_started", runtime->self, (uint64_t)event->as.started.pid, 0,
                      "enclave runs with measurement %.64s", hex);
}

static void log_exited(struct assay_runtime *runtime, const struct assay_enclave_event *event)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "enclave_exited")) {
        assay_log_uint(&runtime->log, "pid", (uint64_t)event->as.exited.pid);
        if (event->as.exited.wait_status >= 0) /* else something else reaped it */
            assay_log_uint(&runtime->log, "status", (uint64_t)event->as.exited.wait_status);
    }
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "enclave_exited", runtime->self, (uint64_t)event->as.exited.pid,
                      (uint64_t)(unsigned)event->as.exited.wait_status, "enclave ended, status %d",
                      event->as.exited.wait_status);
}

void runtime_enclave_poll(struct assay_runtime *runtime)
{
    struct assay_enclave_event event;
    const struct assay_runtime_enclave *enclave = &runtime->config.enclave;
    while (runtime->failure == ASSAY_OK && enclave->next(enclave->context, &event)) {
        switch (event.kind) {
        case ASSAY_ENCLAVE_QUOTE: on_quote(runtime, &event); continue;
        case ASSAY_ENCLAVE_REBUILT:
            runtime_keys_renew(runtime, event.as.rebuilt.ended_incarnation);
            continue;
        case ASSAY_ENCLAVE_OUTCOME: log_outcome(runtime, &event); continue;
        case ASSAY_ENCLAVE_STARTED: log_started(runtime, &event); continue;
        case ASSAY_ENCLAVE_EXITED: log_exited(runtime, &event); continue;
        }
        ASSAY_UNREACHABLE("enclave event");
    }
}
