/*
 * net/runtime/runtime_receive.c - frames of peers, once host/peers/admission.h has taken them in:
 * to the engine, or answered here. Kinds from 32 on, and SYNC_ASK, the engine never sees.
 */
#include "net/runtime/runtime_internal.h"

static void say_banned(struct assay_host *host, uint16_t slot)
{
    char name[ASSAY_NAME_MAX + 1];
    host_name(host, slot, name, sizeof name);
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "peer_banned")) {
        assay_log_text(&host->log, "peer", name);
        assay_log_uint(&host->log, "for_ms", host->limits[slot].banned_until_ms - host->now_ms);
    }
    assay_log_end(&host->log);
    host_tell(host, "peer_banned", slot, 0, 0, "%s sent invalid signatures", name);
}

static void say_shut_out(struct assay_host *host, uint16_t slot)
{
    char name[ASSAY_NAME_MAX + 1];
    const struct assay_peer_score *conduct = &host->limits[slot].conduct;
    host_name(host, slot, name, sizeof name);
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "peer_shut_out")) {
        assay_log_text(&host->log, "peer", name);
        assay_log_uint(&host->log, "for_ms", conduct->shut_until_ms - host->now_ms);
        for (unsigned i = 0; i < ASSAY_PEER_SCORE_FAULTS; i++)
            assay_log_uint(&host->log, assay_peer_score_name((enum assay_peer_score_fault)i),
                           conduct->faults[i]);
    }
    assay_log_end(&host->log);
    host_tell(host, "peer_shut_out", slot, 0, 0, "%s floods, or sends what is no message", name);
}

static void to_engine(struct assay_host *host, uint16_t slot, enum assay_message_kind kind,
                      struct assay_slice payload)
{
    const bool floods = assay_admission_floods(kind);
    const bool passes = assay_admission_passes_on(&host->admission, kind);
    enum assay_passing passing = ASSAY_PASSING_NEW;
    uint8_t digest[32] = { 0 };
    if (floods || passes) {
        assay_sha256(payload.bytes, payload.len, digest);
        assay_transport_spare(host->link, slot, assay_outbox_tag(digest));
    }
    if (floods && !assay_admission_is_new(&host->admission, host->now_ms, digest)) return;
    if (passes) passing = assay_admission_passing(&host->admission, host->now_ms, digest);
    if (passing == ASSAY_PASSING_DUPLICATE) {
        host_neighbours_came(host, slot, kind, payload, ASSAY_E_DUPLICATE);
        return;
    }
    if (kind == ASSAY_MESSAGE_ENVELOPE) host_neighbours_announced(host, slot, payload);
    if (kind == ASSAY_MESSAGE_INVENTORY) host_neighbours_told(host, slot);
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE,
                                 .as.message = { .from = slot, .kind = kind, .payload = payload } };
    const enum assay_status status = host_step(host, &event);
    if (status == ASSAY_OK) host_neighbours_authored(host, kind, payload);
    /* What is passed on was verified, and nothing of it is ours: it may leave before a commit. */
    if (passes &&
        assay_admission_pass(&host->admission, host->now_ms, passing, status, digest))
        host_pass(host, slot, kind, payload, passing == ASSAY_PASSING_AGAIN);
    if (passes && passing == ASSAY_PASSING_NEW)
        host_neighbours_came(host, slot, kind, payload, status);
    if (assay_admission_judged(&host->admission, host->now_ms, slot, status,
                               floods ? digest : NULL))
        say_banned(host, slot);
}

/* ------------------------------------------------------------ what the host answers */

static void answer_sync(struct assay_host *host, uint16_t slot, struct assay_slice ask)
{
    struct assay_slice answer;
    const enum assay_status status =
        assay_serve_sync(&host->serve, &host->limits[slot], host->now_ms, ask, &answer);
    if (status == ASSAY_E_STORE) host_fail(host, status, "store read");
    if (status == ASSAY_OK)
        host_send(host, slot, ASSAY_SLOT_ALL, ASSAY_MESSAGE_SYNC_ANSWER, answer);
}

static void dispatch(struct assay_host *host, uint16_t slot, enum assay_message_kind kind,
                     struct assay_slice payload)
{
    switch (kind) {
    case ASSAY_MESSAGE_SYNC_ASK: answer_sync(host, slot, payload); return;
    case ASSAY_MESSAGE_EVIDENCE_PULL: host_pull(host, slot, payload); return;
    case ASSAY_MESSAGE_EVIDENCE: host_pulled(host, slot, payload); return;
    case ASSAY_MESSAGE_SERVICE_ASK:
        assay_service_probe_ask(host->service, host->now_ms, slot, payload);
        return;
    case ASSAY_MESSAGE_SERVICE_ANSWER:
        assay_service_probe_answered(host->service, slot, payload);
        return;
    case ASSAY_MESSAGE_DATE: host_date(host, slot, payload); return;
    case ASSAY_MESSAGE_ADDRESS: host_address(host, slot, payload); return;
    case ASSAY_MESSAGE_NEIGHBOUR: host_neighbour(host, slot, payload); return;
    case ASSAY_MESSAGE_ROUTE: host_neighbours_route(host, slot, payload); return;
    case ASSAY_MESSAGE_PAGE: assay_count(&host->counters, ASSAY_COUNT_PAGE_MALFORMED); return;
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
    case ASSAY_MESSAGE_SYNC_ANSWER: to_engine(host, slot, kind, payload); return;
    }
    ASSAY_UNREACHABLE("message kind");
}

static void take_frame(struct assay_host *host, uint16_t slot, enum assay_roster_key which,
                       struct assay_slice bytes)
{
    struct assay_admission_message message;
    if (!assay_limit_banned(&host->limits[slot], host->now_ms))
        assay_peer_clocks_heard(&host->dates, slot, host->now_ms);
    switch (assay_admission_frame(&host->admission, host->now_ms, slot, which, bytes, &message)) {
    case ASSAY_ADMIT_REFUSED: return;
    case ASSAY_ADMIT_TAKEN:
        host_neighbours_alive(host, slot);
        dispatch(host, slot, message.kind, message.payload);
        return;
    case ASSAY_ADMIT_SUSPENDED:
        assay_service_probe_refuse(host->service, slot, message.payload);
        return;
    }
    ASSAY_UNREACHABLE("admission");
}

void host_receive(struct assay_host *host)
{
    uint16_t slot = 0;
    enum assay_roster_key which = ASSAY_ROSTER_DOOR;
    struct assay_slice bytes;
    /* Back-pressure: while verifications wait for room nothing more is taken in. */
    for (int i = 0; i < HOST_FRAMES_PER_TURN && host->waiting == NULL; i++) {
        if (host->failure != ASSAY_OK) return;
        if (assay_transport_receive(host->link, &slot, &which, &bytes) != ASSAY_OK) return;
#ifdef ASSAY_TEST_HOOKS
        const struct assay_host_hooks *hooks = &host->config.hooks;
        if (hooks->frame != NULL) hooks->frame(hooks->context, bytes);
#endif
        const uint32_t shut_before = host->limits[slot].conduct.shut_count;
        take_frame(host, slot, which, bytes);
        if (host->limits[slot].conduct.shut_count != shut_before) say_shut_out(host, slot);
    }
}

void host_service(struct assay_host *host)
{
    struct assay_service_probe_message message;
    while (assay_service_probe_next(host->service, &message)) {
        uint8_t bytes[32];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        struct assay_slice payload = { 0 };
        if (message.ask) {
            assay_service_probe_ask_encode(message.answer.ticket, &w);
        } else {
            assay_service_probe_answer_encode(&message.answer, &w);
        }
        if (assay_writer_finish(&w, &payload) != ASSAY_OK) continue;
        host_send(host, message.to, ASSAY_SLOT_ALL,
                  message.ask ? ASSAY_MESSAGE_SERVICE_ASK : ASSAY_MESSAGE_SERVICE_ANSWER, payload);
    }
}
