/*
 * net/runtime/runtime_receive.c - handling of admitted frames: delivery to the engine, or a local
 * response. Kinds from 32 on, and SYNC_ASK, the engine never sees.
 */
#include "net/runtime/runtime_internal.h"

static void log_banned(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    char name[ASSAY_NAME_MAX + 1];
    runtime_slot_name(runtime, slot, name, sizeof name);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "peer_banned")) {
        assay_log_text(&runtime->log, "peer", name);
        assay_log_uint(&runtime->log, "for_ms",
                       runtime->limits[slot].banned_until_ms - runtime->now_ms);
    }
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "peer_banned", slot, 0, 0, "%s sent invalid signatures", name);
}

static void log_shut_out(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    char name[ASSAY_NAME_MAX + 1];
    const struct assay_peer_score *peer_score = &runtime->limits[slot].peer_score;
    runtime_slot_name(runtime, slot, name, sizeof name);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "peer_excluded")) {
        assay_log_text(&runtime->log, "peer", name);
        assay_log_uint(&runtime->log, "for_ms", peer_score->shut_until_ms - runtime->now_ms);
        for (unsigned i = 0; i < ASSAY_PEER_SCORE_FAULTS; i++)
            assay_log_uint(&runtime->log, assay_peer_score_name((enum assay_peer_score_fault)i),
                           peer_score->faults[i]);
    }
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "peer_excluded", slot, 0, 0,
                      "%s floods, or sends what is no message", name);
}

/* ------------------------------------------------------------ operations of the intake */

static void hash_message(void *context, uint16_t from, struct assay_slice payload,
                         uint8_t digest[static 32])
{
    struct assay_runtime *runtime = context;
    assay_sha256(payload.bytes, payload.len, digest);
    assay_transport_spare(runtime->link, from, assay_outbox_tag(digest));
}

static bool step_message(void *context, struct assay_event *event, enum assay_status *status)
{
    struct assay_runtime *runtime = context;
    *status = runtime_step_event(runtime, event);
    if (*status == ASSAY_OK)
        runtime_overlay_on_accepted(runtime, event->as.message.kind, event->as.message.payload);
    return runtime->failure == ASSAY_OK;
}

static void relay_message(void *context, uint16_t from, enum assay_message_kind kind,
                          struct assay_slice payload, bool resent)
{
    runtime_relay(context, from, kind, payload, resent);
}

static void on_banned(void *context, uint16_t slot)
{
    log_banned(context, slot);
}

void runtime_intake_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->gossip != NULL && runtime->admission.limits == runtime->limits);
    runtime->intake = (struct assay_intake){ .admission = &runtime->admission,
                                             .driver = &runtime->driver,
                                             .gossip = runtime->gossip,
                                             .operations = { .context = runtime,
                                                             .hash = hash_message,
                                                             .step = step_message,
                                                             .relay = relay_message,
                                                             .on_banned = on_banned } };
}

/* ------------------------------------------------------------ what the runtime answers */

static void answer_sync(struct assay_runtime *runtime, uint16_t slot, struct assay_slice ask)
{
    ASSAY_ASSERT(slot < runtime->members);
    struct assay_slice answer;
    const enum assay_status status =
        assay_serve_sync(&runtime->serve, &runtime->limits[slot], runtime->now_ms, ask, &answer);
    if (status == ASSAY_E_STORE) runtime_fail(runtime, status, "store read");
    if (status == ASSAY_OK)
        runtime_send(runtime, slot, ASSAY_SLOT_ALL, ASSAY_MESSAGE_SYNC_ANSWER, answer);
}

static void dispatch_message(struct assay_runtime *runtime, uint16_t slot,
                             enum assay_message_kind kind, struct assay_slice payload)
{
    ASSAY_ASSERT(slot < runtime->members);
    switch (kind) {
    case ASSAY_MESSAGE_SYNC_ASK: answer_sync(runtime, slot, payload); return;
    case ASSAY_MESSAGE_EVIDENCE_PULL: runtime_on_pull(runtime, slot, payload); return;
    case ASSAY_MESSAGE_EVIDENCE: runtime_on_pulled(runtime, slot, payload); return;
    case ASSAY_MESSAGE_SERVICE_ASK:
        assay_service_probe_on_request(runtime->service, runtime->now_ms, slot, payload);
        return;
    case ASSAY_MESSAGE_SERVICE_ANSWER:
        assay_service_probe_on_answer(runtime->service, slot, payload);
        return;
    case ASSAY_MESSAGE_DATE: runtime_on_date(runtime, slot, payload); return;
    case ASSAY_MESSAGE_ADDRESS: runtime_on_address(runtime, slot, payload); return;
    case ASSAY_MESSAGE_NEIGHBOUR: runtime_overlay_on_neighbour(runtime, slot, payload); return;
    case ASSAY_MESSAGE_PRUNE: runtime_overlay_on_prune(runtime, slot, payload); return;
    case ASSAY_MESSAGE_PAGE: assay_count(&runtime->counters, ASSAY_COUNT_PAGE_MALFORMED); return;
    case ASSAY_MESSAGE_RECORD:
        if (runtime_reviews_wants(runtime, payload))
            assay_intake_deliver(&runtime->intake, runtime->now_ms, slot, kind, payload);
        return;
    case ASSAY_MESSAGE_PROPOSAL:
    case ASSAY_MESSAGE_VOTE:
    case ASSAY_MESSAGE_CERTIFICATE:
    case ASSAY_MESSAGE_CERTIFICATE_PULL:
    case ASSAY_MESSAGE_BLOCK_PULL:
    case ASSAY_MESSAGE_RESUME_ASK:
    case ASSAY_MESSAGE_RESUME_ANSWER:
    case ASSAY_MESSAGE_ENVELOPE:
    case ASSAY_MESSAGE_ENVELOPE_PULL:
    case ASSAY_MESSAGE_INVENTORY:
    case ASSAY_MESSAGE_REQUEST_MISSING:
    case ASSAY_MESSAGE_VOTE_INVENTORY:
    case ASSAY_MESSAGE_VOTE_REQUEST_MISSING:
    case ASSAY_MESSAGE_FENCE:
    case ASSAY_MESSAGE_RECOVER:
    case ASSAY_MESSAGE_SYNC_ANSWER:
        assay_intake_deliver(&runtime->intake, runtime->now_ms, slot, kind, payload);
        return;
    }
    ASSAY_UNREACHABLE("message kind");
}

static void on_frame(struct assay_runtime *runtime, uint16_t slot, enum assay_roster_key which,
                     struct assay_slice bytes)
{
    ASSAY_ASSERT(slot < runtime->members);
    struct assay_admission_message message;
    if (!assay_limit_is_banned(&runtime->limits[slot], runtime->now_ms))
        assay_peer_clocks_on_message(&runtime->peer_clocks, slot, runtime->now_ms);
    switch (assay_admission_check_frame(&runtime->admission, runtime->now_ms, slot, which, bytes,
                                        &message)) {
    case ASSAY_ADMIT_REFUSED: return;
    case ASSAY_ADMIT_TAKEN:
        assay_overlay_driver_on_admitted(&runtime->driver, runtime->now_ms, slot);
        dispatch_message(runtime, slot, message.kind, message.payload);
        return;
    case ASSAY_ADMIT_SUSPENDED:
        assay_service_probe_refuse(runtime->service, slot, message.payload);
        return;
    }
    ASSAY_UNREACHABLE("admission");
}

void runtime_receive(struct assay_runtime *runtime)
{
    uint16_t slot = 0;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    struct assay_slice bytes;
    /* Back-pressure: while verifications wait for room, no frames are read. */
    for (int i = 0; i < RUNTIME_FRAMES_PER_POLL && runtime->waiting == NULL; i++) {
        if (runtime->failure != ASSAY_OK) return;
        if (assay_transport_receive(runtime->link, &slot, &which, &bytes) != ASSAY_OK) return;
#ifdef ASSAY_TEST_HOOKS
        const struct assay_runtime_hooks *hooks = &runtime->config.hooks;
        if (hooks->frame != NULL) hooks->frame(hooks->context, bytes);
#endif
        ASSAY_ASSERT(slot < runtime->members);
        const uint32_t shut_before = runtime->limits[slot].peer_score.shut_count;
        on_frame(runtime, slot, which, bytes);
        if (runtime->limits[slot].peer_score.shut_count != shut_before) log_shut_out(runtime, slot);
    }
}

void runtime_workload_poll(struct assay_runtime *runtime)
{
    struct assay_service_probe_message message;
    while (assay_service_probe_next(runtime->service, &message)) {
        uint8_t bytes[32];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        struct assay_slice payload = { 0 };
        ASSAY_ASSERT(message.to < runtime->members);
        if (message.ask) {
            assay_service_probe_request_encode(message.answer.ticket, &w);
        } else {
            assay_service_probe_answer_encode(&message.answer, &w);
        }
        if (assay_writer_finish(&w, &payload) != ASSAY_OK) continue;
        runtime_send(runtime, message.to, ASSAY_SLOT_ALL,
                     message.ask ? ASSAY_MESSAGE_SERVICE_ASK : ASSAY_MESSAGE_SERVICE_ANSWER,
                     payload);
    }
}
