/*
 * net/runtime/runtime_receive.c - handling of admitted frames: delivery to the engine, or a local
 * response. Kinds from 32 on, and SYNC_ASK, the engine never sees.
 */
#include "net/runtime/runtime_internal.h"

static void log_banned(struct assay_runtime *runtime, uint16_t slot)
{
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

static void deliver_message(struct assay_runtime *runtime, uint16_t slot,
                            enum assay_message_kind kind, struct assay_slice payload)
{
    const bool floods = assay_admission_is_flooded(kind);
    const bool passes = assay_admission_is_relayed(&runtime->admission, kind);
    enum assay_repeat passing = ASSAY_REPEAT_NONE;
    uint8_t digest[32] = { 0 };
    if (floods || passes) {
        assay_sha256(payload.bytes, payload.len, digest);
        assay_transport_spare(runtime->link, slot, assay_outbox_tag(digest));
    }
    if (floods && !assay_admission_is_new(&runtime->admission, runtime->now_ms, digest)) return;
    if (passes) passing = assay_admission_find_repeat(&runtime->admission, runtime->now_ms, digest);
    if (passing == ASSAY_REPEAT_DUPLICATE) {
        runtime_overlay_on_relayed(runtime, slot, kind, payload, ASSAY_E_DUPLICATE);
        return;
    }
    if (kind == ASSAY_MESSAGE_ENVELOPE) runtime_overlay_on_envelope(runtime, slot, payload);
    if (kind == ASSAY_MESSAGE_INVENTORY) runtime_overlay_on_inventory(runtime, slot);
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE,
                                 .as.message = { .from = slot, .kind = kind, .payload = payload } };
    const enum assay_status status = runtime_step_event(runtime, &event);
    if (status == ASSAY_OK) runtime_overlay_on_accepted(runtime, kind, payload);
    /* Relayed messages are verified and not our own, so they may leave before a commit. */
    if (passes &&
        assay_admission_on_relayed(&runtime->admission, runtime->now_ms, passing, status, digest))
        runtime_relay(runtime, slot, kind, payload, passing == ASSAY_REPEAT_RESENT);
    if (passes && passing == ASSAY_REPEAT_NONE)
        runtime_overlay_on_relayed(runtime, slot, kind, payload, status);
    if (assay_admission_on_result(&runtime->admission, runtime->now_ms, slot, status,
                                  floods ? digest : NULL))
        log_banned(runtime, slot);
}

/* ------------------------------------------------------------ what the runtime answers */

static void answer_sync(struct assay_runtime *runtime, uint16_t slot, struct assay_slice ask)
{
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
    case ASSAY_MESSAGE_ROUTE: runtime_overlay_on_prune(runtime, slot, payload); return;
    case ASSAY_MESSAGE_PAGE: assay_count(&runtime->counters, ASSAY_COUNT_PAGE_MALFORMED); return;
    case ASSAY_MESSAGE_PROPOSAL:
    case ASSAY_MESSAGE_VOTE:
    case ASSAY_MESSAGE_CERTIFICATE:
    case ASSAY_MESSAGE_CERTIFICATE_PULL:
    case ASSAY_MESSAGE_BLOCK_PULL:
    case ASSAY_MESSAGE_RESUME_ASK:
    case ASSAY_MESSAGE_RESUME_ANSWER:
    case ASSAY_MESSAGE_ENVELOPE:
    case ASSAY_MESSAGE_ENVELOPE_PULL:
    case ASSAY_MESSAGE_RECORD:
    case ASSAY_MESSAGE_INVENTORY:
    case ASSAY_MESSAGE_REQUEST_MISSING:
    case ASSAY_MESSAGE_VOTE_INVENTORY:
    case ASSAY_MESSAGE_VOTE_REQUEST_MISSING:
    case ASSAY_MESSAGE_FENCE:
    case ASSAY_MESSAGE_RECOVER:
    case ASSAY_MESSAGE_SYNC_ANSWER: deliver_message(runtime, slot, kind, payload); return;
    }
    ASSAY_UNREACHABLE("message kind");
}

static void on_frame(struct assay_runtime *runtime, uint16_t slot, enum assay_roster_key which,
                     struct assay_slice bytes)
{
    struct assay_admission_message message;
    if (!assay_limit_is_banned(&runtime->limits[slot], runtime->now_ms))
        assay_peer_clocks_on_message(&runtime->peer_clocks, slot, runtime->now_ms);
    switch (assay_admission_check_frame(&runtime->admission, runtime->now_ms, slot, which, bytes,
                                        &message)) {
    case ASSAY_ADMIT_REFUSED: return;
    case ASSAY_ADMIT_TAKEN:
        runtime_overlay_on_frame(runtime, slot);
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
    enum assay_roster_key which = ASSAY_ROSTER_DOOR;
    struct assay_slice bytes;
    /* Back-pressure: while verifications wait for room, no frames are read. */
    for (int i = 0; i < RUNTIME_FRAMES_PER_POLL && runtime->waiting == NULL; i++) {
        if (runtime->failure != ASSAY_OK) return;
        if (assay_transport_receive(runtime->link, &slot, &which, &bytes) != ASSAY_OK) return;
#ifdef ASSAY_TEST_HOOKS
        const struct assay_runtime_hooks *hooks = &runtime->config.hooks;
        if (hooks->frame != NULL) hooks->frame(hooks->context, bytes);
#endif
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
        if (message.ask) {
            assay_service_probe_ask_encode(message.answer.ticket, &w);
        } else {
            assay_service_probe_answer_encode(&message.answer, &w);
        }
        if (assay_writer_finish(&w, &payload) != ASSAY_OK) continue;
        runtime_send(runtime, message.to, ASSAY_SLOT_ALL,
                     message.ask ? ASSAY_MESSAGE_SERVICE_ASK : ASSAY_MESSAGE_SERVICE_ANSWER,
                     payload);
    }
}
