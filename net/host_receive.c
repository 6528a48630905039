/*
 * net/host_receive.c - frames of peers: size, sender, rate, lane, duplicates, then the engine.
 *
 * Cheap before costly (reliability 3): a frame is refused by the first check that it fails, and
 * counted under that reason. Kinds from 32 on, and SYNC_ASK, are answered here; the engine never
 * sees them.
 */
#include "net/host_internal.h"

static void count_decode(struct assay_host *host, enum assay_status status)
{
    enum assay_counter which = ASSAY_COUNT_FRAME_TRUNCATED;
    if (status == ASSAY_E_RANGE) which = ASSAY_COUNT_FRAME_OVERSIZE;
    if (status == ASSAY_E_VERSION) which = ASSAY_COUNT_FRAME_VERSION;
    if (status == ASSAY_E_CHAIN) which = ASSAY_COUNT_FRAME_CHAIN;
    if (status == ASSAY_E_UNSUPPORTED) which = ASSAY_COUNT_FRAME_KIND;
    assay_count(&host->counters, which);
}

static bool within_budget(struct assay_host *host, uint16_t slot, size_t len)
{
    switch (assay_limit_frame(&host->limits[slot], host->now_ms, len)) {
    case ASSAY_LIMIT_OK: return true;
    case ASSAY_LIMIT_BANNED: assay_count(&host->counters, ASSAY_COUNT_FRAME_BANNED); return false;
    case ASSAY_LIMIT_MESSAGES:
        assay_count(&host->counters, ASSAY_COUNT_RATE_MESSAGES);
        return false;
    case ASSAY_LIMIT_BYTES: assay_count(&host->counters, ASSAY_COUNT_RATE_BYTES); return false;
    }
    ASSAY_UNREACHABLE("limit answer");
}

/* ------------------------------------------------------------ the engine's messages */

static enum assay_counter counter_of(enum assay_status status)
{
    if (status == ASSAY_OK) return ASSAY_COUNT_ENGINE_ACCEPTED;
    if (status == ASSAY_E_STALE) return ASSAY_COUNT_ENGINE_STALE;
    if (status == ASSAY_E_EARLY) return ASSAY_COUNT_ENGINE_EARLY;
    if (status == ASSAY_E_DUPLICATE) return ASSAY_COUNT_ENGINE_DUPLICATE;
    if (status == ASSAY_E_SIGNATURE) return ASSAY_COUNT_ENGINE_SIGNATURE;
    if (status == ASSAY_E_CHAIN) return ASSAY_COUNT_ENGINE_CHAIN;
    if (status == ASSAY_E_STRANGER) return ASSAY_COUNT_ENGINE_STRANGER;
    if (status == ASSAY_E_INVALID) return ASSAY_COUNT_ENGINE_INVALID;
    return assay_status_class(status) == ASSAY_CLASS_LIMIT ? ASSAY_COUNT_ENGINE_LIMIT
                                                           : ASSAY_COUNT_ENGINE_ENCODING;
}

static void strike(struct assay_host *host, uint16_t slot)
{
    char name[ASSAY_NAME_MAX + 1];
    if (!assay_limit_strike(&host->limits[slot], host->now_ms)) return;
    assay_count(&host->counters, ASSAY_COUNT_BANS);
    host_name(host, slot, name, sizeof name);
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "peer_banned")) {
        assay_log_text(&host->log, "peer", name);
        assay_log_uint(&host->log, "for_ms", host->limits[slot].banned_until_ms - host->now_ms);
    }
    assay_log_end(&host->log);
    host_tell(host, "peer_banned", slot, 0, 0, "%s sent invalid signatures", name);
}

static void to_engine(struct assay_host *host, uint16_t slot, enum assay_message_kind kind,
                      struct assay_slice payload)
{
    const bool floods = kind == ASSAY_MESSAGE_ENVELOPE || kind == ASSAY_MESSAGE_RECORD;
    uint8_t digest[32] = { 0 };
    if (floods) {
        assay_page_digest((uint16_t)kind, payload, digest);
        if (assay_seen_has(host->seen, host->now_ms, digest)) {
            assay_count(&host->counters, ASSAY_COUNT_DUPLICATE);
            return;
        }
    }
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE,
                                 .as.message = { .from = slot, .kind = kind, .payload = payload } };
    const enum assay_status status = host_step(host, &event);
    assay_count(&host->counters, counter_of(status));
    if (status == ASSAY_OK && floods) assay_seen_note(host->seen, host->now_ms, digest);
    if (status == ASSAY_E_SIGNATURE) strike(host, slot);
}

/* ------------------------------------------------------------ what the host answers */

static void answer_sync(struct assay_host *host, uint16_t slot, struct assay_slice ask)
{
    struct assay_slice answer;
    const enum assay_status status =
        assay_serve_sync(host->serve, &host->limits[slot], host->now_ms, ask, &answer);
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
        assay_service_ask(host->service, host->now_ms, slot, payload);
        return;
    case ASSAY_MESSAGE_SERVICE_ANSWER: assay_service_answered(host->service, slot, payload); return;
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
    case ASSAY_MESSAGE_SYNC_ANSWER: to_engine(host, slot, kind, payload); return;
    }
    ASSAY_UNREACHABLE("message kind");
}

/* docs/protocol.md 10: standing gates service, weight gates consensus. */
static bool in_lane(struct assay_host *host, uint16_t slot, enum assay_roster_key which,
                    enum assay_message_kind kind, enum assay_lane lane, struct assay_slice payload)
{
    switch (assay_roster_admit(&host->roster, slot, which, lane)) {
    case ASSAY_ADMITTED: return true;
    case ASSAY_REFUSED_NO_WEIGHT:
        assay_count(&host->counters, ASSAY_COUNT_LANE_VOTER);
        return false;
    case ASSAY_REFUSED_UNLISTED: assay_count(&host->counters, ASSAY_COUNT_LANE_DOOR); return false;
    case ASSAY_REFUSED_SUSPENDED:
        assay_count(&host->counters, ASSAY_COUNT_LANE_SUSPENDED);
        if (kind == ASSAY_MESSAGE_SERVICE_ASK) assay_service_refuse(host->service, slot, payload);
        return false;
    }
    ASSAY_UNREACHABLE("admission");
}

static void count_page(struct assay_host *host, enum assay_status status)
{
    enum assay_counter which = ASSAY_COUNT_PAGE_MALFORMED;
    if (status == ASSAY_E_DUPLICATE) which = ASSAY_COUNT_PAGE_DUPLICATE;
    if (status == ASSAY_E_SIGNATURE) which = ASSAY_COUNT_PAGE_DIGEST;
    if (status == ASSAY_E_FULL || status == ASSAY_E_MEMORY) which = ASSAY_COUNT_PAGE_FULL;
    assay_count(&host->counters, which);
}

static void take_page(struct assay_host *host, uint16_t slot, enum assay_roster_key which,
                      struct assay_slice payload)
{
    uint16_t number = 0;
    struct assay_slice object;
    enum assay_lane lane = ASSAY_LANE_QUARANTINE;
    const enum assay_status status =
        assay_pages_take(host->pages, slot, host->now_ms, payload, &number, &object);
    if (status == ASSAY_E_AGAIN) return;
    if (status != ASSAY_OK) {
        count_page(host, status);
        return;
    }
    if (!assay_message_lane(number, &lane) || number == ASSAY_MESSAGE_PAGE) {
        assay_count(&host->counters, ASSAY_COUNT_FRAME_KIND);
        return;
    }
    const enum assay_message_kind kind = (enum assay_message_kind)number;
    if (in_lane(host, slot, which, kind, lane, object)) dispatch(host, slot, kind, object);
}

static void take_frame(struct assay_host *host, uint16_t slot, enum assay_roster_key which,
                       struct assay_slice bytes)
{
    struct assay_frame frame;
    if (!within_budget(host, slot, bytes.len)) return;
    const enum assay_status status =
        assay_frame_decode(host->config.genesis->chain_id, bytes, &frame);
    if (status != ASSAY_OK) {
        count_decode(host, status);
        return;
    }
    if (frame.kind == ASSAY_MESSAGE_PAGE) {
        take_page(host, slot, which, frame.payload);
    } else if (in_lane(host, slot, which, frame.kind, frame.lane, frame.payload)) {
        dispatch(host, slot, frame.kind, frame.payload);
    }
}

void host_receive(struct assay_host *host)
{
    uint16_t slot = 0;
    enum assay_roster_key which = ASSAY_ROSTER_DOOR;
    struct assay_slice bytes;
    /* Back-pressure: while verifications wait for room nothing more is taken in. */
    for (int i = 0; i < HOST_FRAMES_PER_TURN && host->waiting == NULL; i++) {
        if (host->failure != ASSAY_OK) return;
        if (assay_link_receive(host->link, &slot, &which, &bytes) != ASSAY_OK) return;
        take_frame(host, slot, which, bytes);
    }
}

void host_service(struct assay_host *host)
{
    struct assay_service_message message;
    while (assay_service_next(host->service, &message)) {
        uint8_t bytes[32];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        struct assay_slice payload = { 0 };
        if (message.ask) {
            assay_service_ask_encode(message.answer.ticket, &w);
        } else {
            assay_service_answer_encode(&message.answer, &w);
        }
        if (assay_writer_finish(&w, &payload) != ASSAY_OK) continue;
        host_send(host, message.to, ASSAY_SLOT_ALL,
                  message.ask ? ASSAY_MESSAGE_SERVICE_ASK : ASSAY_MESSAGE_SERVICE_ANSWER, payload);
    }
}
