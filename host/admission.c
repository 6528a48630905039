/*
 * host/admission.c - the checks in their order, each with its counter.
 */
#include "host/admission.h"

#include "base/assert.h"
#include "base/checked.h"

static void check(const struct assay_admission *a, uint16_t slot)
{
    ASSAY_ASSERT(a->roster != NULL && a->seen != NULL && a->counters != NULL);
    ASSAY_ASSERT(slot < a->roster->count);
}

static void count_decode(struct assay_admission *a, enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);

    enum assay_counter which = ASSAY_COUNT_FRAME_TRUNCATED;
    if (status == ASSAY_E_RANGE) which = ASSAY_COUNT_FRAME_OVERSIZE;
    if (status == ASSAY_E_VERSION) which = ASSAY_COUNT_FRAME_VERSION;
    if (status == ASSAY_E_CHAIN) which = ASSAY_COUNT_FRAME_CHAIN;
    if (status == ASSAY_E_UNSUPPORTED) which = ASSAY_COUNT_FRAME_KIND;
    assay_count(a->counters, which);
}

static bool within_budget(struct assay_admission *a, uint64_t now_ms, uint16_t slot, size_t len)
{
    if (a->limits == NULL) return true;
    switch (assay_limit_frame(&a->limits[slot], now_ms, len)) {
    case ASSAY_LIMIT_OK: return true;
    case ASSAY_LIMIT_BANNED: assay_count(a->counters, ASSAY_COUNT_FRAME_BANNED); return false;
    case ASSAY_LIMIT_MESSAGES: assay_count(a->counters, ASSAY_COUNT_RATE_MESSAGES); return false;
    case ASSAY_LIMIT_BYTES: assay_count(a->counters, ASSAY_COUNT_RATE_BYTES); return false;
    }
    ASSAY_UNREACHABLE("limit answer");
}

/* docs/protocol.md 10.5: standing gates service, weight gates consensus. */
static enum assay_admitted in_lane(struct assay_admission *a, uint16_t slot,
                                   enum assay_roster_key which, enum assay_message_kind kind,
                                   enum assay_lane lane)
{
    switch (assay_roster_admit(a->roster, slot, which, lane)) {
    case ASSAY_ADMITTED: return ASSAY_ADMIT_TAKEN;
    case ASSAY_REFUSED_NO_WEIGHT: assay_count(a->counters, ASSAY_COUNT_LANE_VOTER); break;
    case ASSAY_REFUSED_UNLISTED: assay_count(a->counters, ASSAY_COUNT_LANE_DOOR); break;
    case ASSAY_REFUSED_SUSPENDED:
        assay_count(a->counters, ASSAY_COUNT_LANE_SUSPENDED);
        if (kind == ASSAY_MESSAGE_SERVICE_ASK) return ASSAY_ADMIT_SUSPENDED;
        break;
    }
    return ASSAY_ADMIT_REFUSED;
}

static void count_page(struct assay_admission *a, enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK && status != ASSAY_E_AGAIN);

    enum assay_counter which = ASSAY_COUNT_PAGE_MALFORMED;
    if (status == ASSAY_E_DUPLICATE) which = ASSAY_COUNT_PAGE_DUPLICATE;
    if (status == ASSAY_E_SIGNATURE) which = ASSAY_COUNT_PAGE_DIGEST;
    if (status == ASSAY_E_FULL || status == ASSAY_E_MEMORY) which = ASSAY_COUNT_PAGE_FULL;
    assay_count(a->counters, which);
}

static enum assay_admitted take_page(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                                     enum assay_roster_key which, struct assay_slice payload,
                                     struct assay_admission_message *message)
{
    uint16_t number = 0;
    enum assay_lane lane = ASSAY_LANE_QUARANTINE;
    const enum assay_status status =
        assay_pages_take(a->pages, slot, now_ms, payload, &number, &message->payload);
    if (status == ASSAY_E_AGAIN) return ASSAY_ADMIT_REFUSED; /* kept, more to come */
    if (status != ASSAY_OK) {
        count_page(a, status);
        return ASSAY_ADMIT_REFUSED;
    }
    if (!assay_message_lane(number, &lane) || number == ASSAY_MESSAGE_PAGE) {
        assay_count(a->counters, ASSAY_COUNT_FRAME_KIND);
        return ASSAY_ADMIT_REFUSED;
    }
    ASSAY_ASSERT(message->payload.len > ASSAY_PAGE_LEN);
    message->kind = (enum assay_message_kind)number;
    return in_lane(a, slot, which, message->kind, lane);
}

enum assay_admitted assay_admission_frame(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                                          enum assay_roster_key which, struct assay_slice bytes,
                                          struct assay_admission_message *message)
{
    check(a, slot);
    ASSAY_ASSERT(a->pages != NULL && a->chain_id != NULL);
    struct assay_frame frame;
    if (!within_budget(a, now_ms, slot, bytes.len)) return ASSAY_ADMIT_REFUSED;
    const enum assay_status status = assay_frame_decode(a->chain_id, bytes, &frame);
    if (status != ASSAY_OK) {
        count_decode(a, status);
        return ASSAY_ADMIT_REFUSED;
    }
    if (frame.kind == ASSAY_MESSAGE_PAGE)
        return take_page(a, now_ms, slot, which, frame.payload, message);
    message->kind = frame.kind;
    message->payload = frame.payload;
    ASSAY_ASSERT(frame.payload.len <= ASSAY_FRAME_LEN_MAX - ASSAY_FRAME_HEADER_LEN);
    return in_lane(a, slot, which, frame.kind, frame.lane);
}

enum assay_admitted assay_admission_whole(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                                          enum assay_roster_key which,
                                          const struct assay_admission_message *message)
{
    check(a, slot);
    enum assay_lane lane = ASSAY_LANE_QUARANTINE;
    const int known = assay_message_lane(message->kind, &lane);
    ASSAY_ASSERT(known != 0);
    size_t left = message->payload.len;
    do {
        const size_t len = left < ASSAY_PAGE_LEN ? left : ASSAY_PAGE_LEN;
        if (!within_budget(a, now_ms, slot, len + ASSAY_FRAME_HEADER_LEN))
            return ASSAY_ADMIT_REFUSED;
        left -= len;
    } while (left > 0);
    return in_lane(a, slot, which, message->kind, lane);
}

/* ------------------------------------------------------------ duplicates, strikes */

bool assay_admission_floods(enum assay_message_kind kind)
{
    return kind == ASSAY_MESSAGE_ENVELOPE || kind == ASSAY_MESSAGE_RECORD;
}

bool assay_admission_is_new(struct assay_admission *a, uint64_t now_ms,
                            const uint8_t digest[static 32])
{
    if (!assay_seen_has(a->seen, now_ms, digest)) return true;
    assay_count(a->counters, ASSAY_COUNT_DUPLICATE);
    return false;
}

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

bool assay_admission_judged(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                            enum assay_status status, const uint8_t *digest)
{
    check(a, slot);
    assay_count(a->counters, counter_of(status));
    if (status == ASSAY_OK && digest != NULL) assay_seen_note(a->seen, now_ms, digest);
    if (status != ASSAY_E_SIGNATURE || a->limits == NULL) return false;
    if (!assay_limit_strike(&a->limits[slot], now_ms)) return false;
    ASSAY_ASSERT(assay_limit_banned(&a->limits[slot], now_ms));
    assay_count(a->counters, ASSAY_COUNT_BANS);
    return true;
}
