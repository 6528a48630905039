/*
 * engine/node/seat.c - state of each roster slot in the running epoch
 * (docs/protocol.md 4.3.2).
 */
#include "engine/parts/engine_internal.h"

/* A seat beyond EMPTY has an envelope. */
static bool seat_is_valid(const struct assay_seat *seat)
{
    if (seat->payload_len > ASSAY_ENVELOPE_LEN_MAX || seat->early_len > ASSAY_ENVELOPE_LEN_MAX)
        return false;
    if ((unsigned)seat->phase > ASSAY_SEAT_MISSING) return false;
    return seat->phase == ASSAY_SEAT_EMPTY || seat->payload_len > 0;
}

static struct assay_seat *seat_at(struct assay_engine *e, uint32_t slot)
{
    ASSAY_ASSERT(slot < e->members);
    ASSAY_ASSERT(seat_is_valid(&e->parts->seats[slot]));
    return &e->parts->seats[slot];
}

void assay_seat_init(struct assay_engine *e)
{
    assay_bytes_zero(e->parts->seats, e->members * sizeof *e->parts->seats);
    ASSAY_ASSERT(seat_is_valid(&e->seats[e->self]));
}

void assay_seat_on_epoch(struct assay_engine *e)
{
    for (uint32_t i = 0; i < e->members; i++) {
        struct assay_seat *seat = seat_at(e, i);
        seat->phase = ASSAY_SEAT_EMPTY;
        seat->outcome = ASSAY_OUTCOME_NONE;
        seat->payload_len = 0;
        seat->envelope = (struct assay_envelope){ 0 };
        seat->asked = 0;
        seat->refused = 0;
        seat->misled = 0;
        seat->proven = 0;
    }
}

void assay_seat_set_envelope(struct assay_engine *e, uint32_t slot,
                             const struct assay_envelope *envelope, struct assay_slice payload)
{
    struct assay_seat *seat = seat_at(e, slot);
    ASSAY_ASSERT(seat->phase == ASSAY_SEAT_EMPTY);
    ASSAY_ASSERT(seat->payload_len == 0 || slot == e->self); /* a second one of a peer is E8 */
    ASSAY_ASSERT(payload.len > 0 && payload.len <= sizeof seat->payload);
    seat->envelope = *envelope;
    assay_bytes_copy(seat->payload, sizeof seat->payload, payload.bytes, payload.len);
    seat->payload_len = payload.len;
    ASSAY_ASSERT(seat_is_valid(seat));
}

void assay_seat_set_early(struct assay_engine *e, uint32_t slot, struct assay_slice payload)
{
    struct assay_seat *seat = seat_at(e, slot);
    ASSAY_ASSERT(payload.len > 0 && payload.len <= sizeof seat->early);
    assay_bytes_copy(seat->early, sizeof seat->early, payload.bytes, payload.len);
    seat->early_len = payload.len;
    ASSAY_ASSERT(seat_is_valid(seat));
}

size_t assay_seat_take_early(struct assay_engine *e, uint32_t slot,
                             uint8_t payload[static ASSAY_ENVELOPE_LEN_MAX])
{
    struct assay_seat *seat = seat_at(e, slot);
    const size_t len = seat->early_len;
    ASSAY_ASSERT(len <= ASSAY_ENVELOPE_LEN_MAX);
    assay_bytes_copy(payload, ASSAY_ENVELOPE_LEN_MAX, seat->early, len);
    seat->early_len = 0;
    return len;
}

void assay_seat_add_asked(struct assay_engine *e, uint32_t slot, uint32_t peers)
{
    seat_at(e, slot)->asked += peers;
}

void assay_seat_set_fetching(struct assay_engine *e, uint32_t slot)
{
    struct assay_seat *seat = seat_at(e, slot);
    ASSAY_ASSERT(seat->payload_len > 0 && slot != e->self);
    seat->phase = ASSAY_SEAT_FETCHING;
    seat->last_attempt_epoch = e->head->context.epoch;
}

void assay_seat_set_missing(struct assay_engine *e, uint32_t slot)
{
    struct assay_seat *seat = seat_at(e, slot);
    ASSAY_ASSERT(seat->phase == ASSAY_SEAT_FETCHING);
    seat->phase = ASSAY_SEAT_MISSING;
}

void assay_seat_set_outcome(struct assay_engine *e, uint32_t slot, bool own,
                            enum assay_outcome outcome, bool without_keys)
{
    struct assay_seat *seat = seat_at(e, slot);
    ASSAY_ASSERT(!without_keys || assay_outcome_is_pass(outcome));
    ASSAY_ASSERT(seat->phase == ASSAY_SEAT_FETCHING || seat->phase == ASSAY_SEAT_MISSING);
    seat->phase = own ? ASSAY_SEAT_JUDGED : ASSAY_SEAT_FOREIGN;
    seat->outcome = outcome;
    seat->without_keys = own && without_keys;
    seat->grants = 0;
    seat->last_outcome = own ? outcome : ASSAY_OUTCOME_ABSENT;
}

void assay_seat_set_grants(struct assay_engine *e, uint32_t slot, uint8_t grants)
{
    struct assay_seat *seat = seat_at(e, slot);
    ASSAY_ASSERT(seat->phase == ASSAY_SEAT_JUDGED && assay_outcome_is_pass(seat->outcome) &&
                 !seat->without_keys);
    seat->grants = grants;
}

void assay_seat_set_reason(struct assay_engine *e, uint32_t slot, const char *text)
{
    char *reason = seat_at(e, slot)->last_reason;
    size_t len = 0;
    for (; len + 1 < ASSAY_FINDING_REASON_LEN && text[len] != '\0'; len++)
        reason[len] = text[len];
    reason[len] = '\0';
}

void assay_seat_set_own_failure(struct assay_engine *e, uint64_t epoch, enum assay_outcome outcome,
                                const char *text)
{
    struct assay_seat *seat = seat_at(e, e->self);
    ASSAY_ASSERT(assay_outcome_is_fail(outcome));
    seat->last_outcome = outcome;
    seat->last_attempt_epoch = epoch;
    assay_seat_set_reason(e, e->self, text);
}

void assay_seat_add_refused(struct assay_engine *e, uint32_t slot, const uint8_t key[static 32])
{
    struct assay_seat *seat = seat_at(e, slot);
    if (seat->refused == ASSAY_REFUSED_MAX) return; /* it was in flight when the others arrived */
    assay_bytes_copy(seat->refused_keys[seat->refused++], 32, key, 32);
    ASSAY_ASSERT(assay_seat_was_refused(e, key));
}

void assay_seat_set_proven(struct assay_engine *e, uint32_t slot, unsigned number)
{
    ASSAY_ASSERT(number >= 1 && number <= 8);
    struct assay_seat *seat = seat_at(e, slot);
    seat->proven = (uint8_t)(seat->proven | 1u << (number - 1));
}

void assay_seat_clear_proven(struct assay_engine *e, uint32_t slot, unsigned number)
{
    ASSAY_ASSERT(assay_seat_is_proven(e, slot, number));
    struct assay_seat *seat = seat_at(e, slot);
    seat->proven = (uint8_t)(seat->proven & ~(1u << (number - 1)));
}

bool assay_seat_is_proven(const struct assay_engine *e, uint32_t slot, unsigned number)
{
    ASSAY_ASSERT(slot < e->members && number >= 1 && number <= 8);
    return (e->seats[slot].proven >> (number - 1) & 1) != 0;
}

void assay_seat_add_misled(struct assay_engine *e, uint32_t slot)
{
    struct assay_seat *seat = seat_at(e, slot);
    if (seat->misled < ASSAY_REFUSED_MAX) seat->misled++;
    ASSAY_ASSERT(seat->misled > 0 && seat->misled <= ASSAY_REFUSED_MAX);
}

bool assay_seat_was_refused(const struct assay_engine *e, const uint8_t key[static 32])
{
    for (uint32_t i = 0; i < e->members; i++)
        for (uint32_t k = 0; k < e->seats[i].refused; k++)
            if (assay_bytes_equal(e->seats[i].refused_keys[k], key, 32)) return true;
    return false;
}

void assay_seat_check(const struct assay_engine *e, uint32_t slot)
{
    const struct assay_seat *seat = &e->seats[slot];
    ASSAY_ASSERT(seat->payload_len <= ASSAY_ENVELOPE_LEN_MAX);
    ASSAY_ASSERT(seat->early_len <= ASSAY_ENVELOPE_LEN_MAX);
    ASSAY_ASSERT(seat->refused <= ASSAY_REFUSED_MAX && seat->misled <= ASSAY_REFUSED_MAX);
    if (seat->phase != ASSAY_SEAT_EMPTY) {
        ASSAY_ASSERT(seat->payload_len > 0);
        ASSAY_ASSERT(slot != e->self);
    }
    if (seat->payload_len == 0) return;
    ASSAY_ASSERT(seat->envelope.epoch == e->head->context.epoch);
    ASSAY_ASSERT(
        assay_bytes_equal(seat->envelope.node_id, e->head->state.members[slot].node_id, 32));
}
