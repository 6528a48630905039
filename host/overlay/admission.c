/*
 * host/overlay/admission.c - admission checks in their order, each with its counter.
 */
#include "host/overlay/admission.h"

#include "base/assert.h"
#include "base/checked.h"

static void check_admission(const struct assay_admission *a, uint16_t slot)
{
    ASSAY_ASSERT(a->roster != NULL && a->seen != NULL && a->counters != NULL);
    ASSAY_ASSERT(slot < a->roster->count);
}

/* Effect of a refusal on the peer score. It may shut the peer out: the runtime sees that. */
static void add_strike(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                       enum assay_peer_score_fault fault)
{
    if (a->limits == NULL) return;
    if (assay_peer_score_add_fault(&a->limits[slot].peer_score, now_ms, fault))
        assay_count(a->counters, ASSAY_COUNT_SHUT);
}

/* An unknown kind may be from a newer build. */
static void refuse_header(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                          enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);

    enum assay_counter which = ASSAY_COUNT_FRAME_TRUNCATED;
    if (status == ASSAY_E_RANGE) which = ASSAY_COUNT_FRAME_OVERSIZE;
    if (status == ASSAY_E_VERSION) which = ASSAY_COUNT_FRAME_VERSION;
    if (status == ASSAY_E_CHAIN) which = ASSAY_COUNT_FRAME_CHAIN;
    if (status == ASSAY_E_UNSUPPORTED) which = ASSAY_COUNT_FRAME_KIND;
    assay_count(a->counters, which);
    add_strike(a, now_ms, slot,
               which == ASSAY_COUNT_FRAME_KIND ? ASSAY_PEER_SCORE_OF_DUPLICATE
                                               : ASSAY_PEER_SCORE_OF_INVALID);
}

static bool is_within_rate(struct assay_admission *a, uint64_t now_ms, uint16_t slot)
{
    if (a->limits == NULL) return true;
    switch (assay_limit_check_peer(&a->limits[slot], now_ms)) {
    case ASSAY_LIMIT_BANNED: assay_count(a->counters, ASSAY_COUNT_FRAME_BANNED); return false;
    case ASSAY_LIMIT_SHUT: assay_count(a->counters, ASSAY_COUNT_FRAME_SHUT); return false;
    case ASSAY_LIMIT_OK:
    case ASSAY_LIMIT_MESSAGES:
    case ASSAY_LIMIT_BYTES: break;
    }
    return true;
}

static bool within_budget(struct assay_admission *a, uint64_t now_ms, uint16_t slot, size_t len)
{
    if (a->limits == NULL) return true;
    switch (assay_limit_frame(&a->limits[slot], now_ms, len)) {
    case ASSAY_LIMIT_MESSAGES: assay_count(a->counters, ASSAY_COUNT_RATE_MESSAGES); break;
    case ASSAY_LIMIT_BYTES: assay_count(a->counters, ASSAY_COUNT_RATE_BYTES); break;
    case ASSAY_LIMIT_OK:
    case ASSAY_LIMIT_BANNED:
    case ASSAY_LIMIT_SHUT: return true;
    }
    add_strike(a, now_ms, slot, ASSAY_PEER_SCORE_OF_FLOODING);
    return false;
}

/* docs/protocol.md 10.5: standing gates service, weight gates consensus. */
static enum assay_admitted in_lane(struct assay_admission *a, uint16_t slot,
                                   enum assay_roster_key which, enum assay_message_kind kind,
                                   enum assay_lane lane)
{
    switch (assay_host_roster_admit(a->roster, slot, which, lane)) {
    case ASSAY_ADMITTED: return ASSAY_ADMIT_TAKEN;
    case ASSAY_REFUSED_NO_WEIGHT:
        /* 4.12.7: the peer relays messages of others, and the engine checks whose votes they are.
         */
        if (a->view != NULL && assay_overlay_is_used(a->view)) return ASSAY_ADMIT_TAKEN;
        assay_count(a->counters, ASSAY_COUNT_LANE_VOTER);
        break;
    case ASSAY_REFUSED_UNLISTED: assay_count(a->counters, ASSAY_COUNT_LANE_UNLISTED); break;
    case ASSAY_REFUSED_SUSPENDED:
        assay_count(a->counters, ASSAY_COUNT_LANE_SUSPENDED);
        if (kind == ASSAY_MESSAGE_SERVICE_ASK) return ASSAY_ADMIT_SUSPENDED;
        break;
    }
    return ASSAY_ADMIT_REFUSED;
}

static enum assay_admitted refuse_page(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                                       enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK && status != ASSAY_E_AGAIN);

    enum assay_counter which = ASSAY_COUNT_PAGE_MALFORMED;
    if (status == ASSAY_E_DUPLICATE) which = ASSAY_COUNT_PAGE_DUPLICATE;
    if (status == ASSAY_E_SIGNATURE) which = ASSAY_COUNT_PAGE_DIGEST;
    if (status == ASSAY_E_FULL || status == ASSAY_E_MEMORY) which = ASSAY_COUNT_PAGE_FULL;
    assay_count(a->counters, which);
    if (which == ASSAY_COUNT_PAGE_DUPLICATE)
        add_strike(a, now_ms, slot, ASSAY_PEER_SCORE_OF_DUPLICATE);
    if (which == ASSAY_COUNT_PAGE_MALFORMED || which == ASSAY_COUNT_PAGE_DIGEST)
        add_strike(a, now_ms, slot, ASSAY_PEER_SCORE_OF_INVALID);
    return ASSAY_ADMIT_REFUSED;
}

/* The kind of the paged message decides the lane, before anything of it is stored. Returns:
 * ASSAY_OK | ASSAY_E_UNSUPPORTED | as assay_page_decode */
static enum assay_status kind_of_page(struct assay_slice payload, struct assay_frame *frame)
{
    struct assay_page page;
    ASSAY_TRY(assay_page_decode(payload, &page));
    if (!assay_message_lane(page.kind, &frame->lane)) return ASSAY_E_UNSUPPORTED;
    frame->kind = (enum assay_message_kind)page.kind;
    ASSAY_ASSERT(frame->kind != ASSAY_MESSAGE_PAGE); /* no page of pages is decoded */
    return ASSAY_OK;
}

static enum assay_admitted add_page(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                                    struct assay_slice payload,
                                    struct assay_admission_message *message)
{
    uint16_t number = 0;
    const enum assay_status status =
        assay_pages_add(a->pages, slot, now_ms, payload, &number, &message->payload);
    if (status == ASSAY_E_AGAIN) return ASSAY_ADMIT_REFUSED; /* stored, more pages follow */
    if (status != ASSAY_OK) return refuse_page(a, now_ms, slot, status);
    ASSAY_ASSERT(number == (uint16_t)message->kind);
    ASSAY_ASSERT(message->payload.len > ASSAY_PAGE_LEN);
    return ASSAY_ADMIT_TAKEN;
}

/* Size, header, peer, lane, rate: each before the next costs anything (docs/protocol.md 10.5.1). */
enum assay_admitted assay_admission_check_frame(struct assay_admission *a, uint64_t now_ms,
                                                uint16_t slot, enum assay_roster_key which,
                                                struct assay_slice bytes,
                                                struct assay_admission_message *message)
{
    check_admission(a, slot);
    ASSAY_ASSERT(a->pages != NULL && a->chain_id != NULL);
    struct assay_frame frame;
    const enum assay_status status = assay_frame_decode(a->chain_id, bytes, &frame);
    if (!is_within_rate(a, now_ms, slot)) return ASSAY_ADMIT_REFUSED;
    if (status != ASSAY_OK) {
        refuse_header(a, now_ms, slot, status);
        return ASSAY_ADMIT_REFUSED;
    }
    const bool is_page = frame.kind == ASSAY_MESSAGE_PAGE;
    const enum assay_status of_page = is_page ? kind_of_page(frame.payload, &frame) : ASSAY_OK;
    if (of_page == ASSAY_E_UNSUPPORTED) refuse_header(a, now_ms, slot, of_page);
    else if (of_page != ASSAY_OK) (void)refuse_page(a, now_ms, slot, of_page);
    if (of_page != ASSAY_OK) return ASSAY_ADMIT_REFUSED;
    const enum assay_admitted lane = in_lane(a, slot, which, frame.kind, frame.lane);
    if (lane == ASSAY_ADMIT_REFUSED || !within_budget(a, now_ms, slot, bytes.len))
        return ASSAY_ADMIT_REFUSED;
    message->kind = frame.kind;
    message->payload = frame.payload;
    ASSAY_ASSERT(frame.payload.len <= ASSAY_FRAME_LEN_MAX - ASSAY_FRAME_HEADER_LEN);
    if (is_page && lane == ASSAY_ADMIT_TAKEN)
        return add_page(a, now_ms, slot, frame.payload, message);
    return is_page ? ASSAY_ADMIT_REFUSED : lane;
}

enum assay_admitted assay_admission_check_message(struct assay_admission *a, uint64_t now_ms,
                                                  uint16_t slot, enum assay_roster_key which,
                                                  const struct assay_admission_message *message)
{
    check_admission(a, slot);
    enum assay_lane lane = ASSAY_LANE_QUARANTINE;
    const int known = assay_message_lane(message->kind, &lane);
    ASSAY_ASSERT(known != 0);
    if (!is_within_rate(a, now_ms, slot)) return ASSAY_ADMIT_REFUSED;
    const enum assay_admitted answer = in_lane(a, slot, which, message->kind, lane);
    if (answer == ASSAY_ADMIT_REFUSED) return answer;
    size_t left = message->payload.len;
    do {
        const size_t len = left < ASSAY_PAGE_LEN ? left : ASSAY_PAGE_LEN;
        if (!within_budget(a, now_ms, slot, len + ASSAY_FRAME_HEADER_LEN))
            return ASSAY_ADMIT_REFUSED;
        left -= len;
    } while (left > 0);
    return answer;
}

/* ------------------------------------------------------------ duplicates, strikes */

bool assay_admission_is_flooded(enum assay_message_kind kind)
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

bool assay_admission_is_relayed(const struct assay_admission *a, enum assay_message_kind kind)
{
    if (a->view == NULL || !assay_overlay_is_used(a->view)) return false;
    return kind == ASSAY_MESSAGE_VOTE || kind == ASSAY_MESSAGE_CERTIFICATE ||
           kind == ASSAY_MESSAGE_PROPOSAL;
}

uint64_t assay_admission_repeat_ms(uint32_t epoch_ms)
{
    const uint64_t delta_ms = assay_min_u64(assay_max_u64(epoch_ms / 16, 25), 2000);
    return 3 * delta_ms;
}

enum assay_repeat assay_admission_find_repeat(struct assay_admission *a, uint64_t now_ms,
                                              const uint8_t digest[static 32])
{
    ASSAY_ASSERT(a->again_ms > 0);
    if (!assay_seen_has(a->seen, now_ms, digest)) return ASSAY_REPEAT_NONE;
    if (!assay_seen_has_within(a->seen, now_ms, digest, a->again_ms)) return ASSAY_REPEAT_RESENT;
    assay_count(a->counters, ASSAY_COUNT_DUPLICATE);
    return ASSAY_REPEAT_DUPLICATE;
}

/* Only messages with a verified signature are relayed, verified now or when the same bytes were
 * received before: a node that relays invalid ones is banned for it. */
bool assay_admission_on_relayed(struct assay_admission *a, uint64_t now_ms,
                                enum assay_repeat passing, enum assay_status status,
                                const uint8_t digest[static 32])
{
    ASSAY_ASSERT(passing != ASSAY_REPEAT_DUPLICATE);
    const bool again = passing == ASSAY_REPEAT_RESENT && status == ASSAY_E_DUPLICATE;
    if (status != ASSAY_OK && !again) return false;
    assay_seen_add(a->seen, now_ms, digest);
    return true;
}

static enum assay_counter counter_of(enum assay_status status)
{
    if (status == ASSAY_OK) return ASSAY_COUNT_ENGINE_ACCEPTED;
    if (status == ASSAY_E_STALE) return ASSAY_COUNT_ENGINE_STALE;
    /* The request is for a block that is not in the store any more. */
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_COUNT_ENGINE_STALE;
    if (status == ASSAY_E_EARLY) return ASSAY_COUNT_ENGINE_EARLY;
    if (status == ASSAY_E_DUPLICATE) return ASSAY_COUNT_ENGINE_DUPLICATE;
    if (status == ASSAY_E_SIGNATURE) return ASSAY_COUNT_ENGINE_SIGNATURE;
    if (status == ASSAY_E_CHAIN) return ASSAY_COUNT_ENGINE_CHAIN;
    if (status == ASSAY_E_STRANGER) return ASSAY_COUNT_ENGINE_STRANGER;
    if (status == ASSAY_E_INVALID) return ASSAY_COUNT_ENGINE_INVALID;
    /* A local limit or failure is not the sender's fault. */
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_COUNT_ENGINE_ENCODING
                                                           : ASSAY_COUNT_ENGINE_LIMIT;
}

/* What a correct build may send in good faith, about a state that is not ours, is no fault. */
static void count_answer(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                         enum assay_status status)
{
    const enum assay_counter which = counter_of(status);
    const bool invalid = which == ASSAY_COUNT_ENGINE_SIGNATURE ||
                         (which == ASSAY_COUNT_ENGINE_ENCODING && status != ASSAY_E_UNSUPPORTED);
    const bool again = which == ASSAY_COUNT_ENGINE_DUPLICATE || which == ASSAY_COUNT_ENGINE_STALE ||
                       status == ASSAY_E_UNSUPPORTED;
    if (invalid) add_strike(a, now_ms, slot, ASSAY_PEER_SCORE_OF_INVALID);
    if (again) add_strike(a, now_ms, slot, ASSAY_PEER_SCORE_OF_DUPLICATE);
}

bool assay_admission_on_result(struct assay_admission *a, uint64_t now_ms, uint16_t slot,
                               enum assay_status status, const uint8_t *digest)
{
    check_admission(a, slot);
    assay_count(a->counters, counter_of(status));
    if (status == ASSAY_OK && digest != NULL) assay_seen_add(a->seen, now_ms, digest);
    count_answer(a, now_ms, slot, status);
    if (status != ASSAY_E_SIGNATURE || a->limits == NULL) return false;
    if (!assay_limit_add_strike(&a->limits[slot], now_ms)) return false;
    ASSAY_ASSERT(assay_limit_is_banned(&a->limits[slot], now_ms));
    assay_count(a->counters, ASSAY_COUNT_BANS);
    return true;
}
