/*
 * host/overlay/intake.c - intake of admitted messages, step by step.
 */
#include "host/overlay/intake.h"

#include "base/assert.h"
#include "engine/ledger/records/envelope.h"

/* What a message says about its sender before the engine has checked it: it lists what it has, or
 * it has the evidence of an envelope (docs/protocol.md 4.12.10), which the engine may request at
 * once. Returns: whether evidence is announced, *envelope. */
static bool note_sender(const struct assay_intake *intake, uint64_t now_ms, uint16_t from,
                        enum assay_message_kind kind, struct assay_slice payload,
                        struct assay_envelope *envelope)
{
    if (kind == ASSAY_MESSAGE_INVENTORY)
        assay_overlay_driver_on_inventory(intake->driver, now_ms, from);
    if (kind != ASSAY_MESSAGE_ENVELOPE || !assay_overlay_driver_is_used(intake->driver) ||
        assay_envelope_decode(payload, envelope) != ASSAY_OK)
        return false;
    assay_gossip_on_announcement(intake->gossip, envelope->evidence_digest, from);
    return true;
}

void assay_intake_deliver(const struct assay_intake *intake, uint64_t now_ms, uint16_t from,
                          enum assay_message_kind kind, struct assay_slice payload)
{
    const struct assay_intake_operations *ops = &intake->operations;
    struct assay_admission *admission = intake->admission;
    const bool flooded = assay_admission_is_flooded(kind);
    const bool relayed = assay_admission_is_relayed(admission, kind);
    enum assay_repeat repeat = ASSAY_REPEAT_NONE;
    enum assay_status status = ASSAY_OK;
    uint8_t digest[32] = { 0 };
    ASSAY_ASSERT(from < admission->roster->count && !(flooded && relayed));
    if (flooded || relayed) ops->hash(ops->context, from, payload, digest);
    if (flooded && !assay_admission_is_new(admission, now_ms, digest)) return;
    if (relayed) repeat = assay_admission_find_repeat(admission, now_ms, digest);
    if (repeat == ASSAY_REPEAT_DUPLICATE) {
        assay_overlay_driver_on_relayed(intake->driver, now_ms, from, kind, payload,
                                        ASSAY_E_DUPLICATE);
        return;
    }
    struct assay_envelope envelope;
    const bool announces = note_sender(intake, now_ms, from, kind, payload, &envelope);
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE,
                                 .as.message = { .from = from, .kind = kind, .payload = payload } };
    if (!ops->step(ops->context, &event, &status)) return;
    /* Envelopes that are refused take no place from those of others. */
    if (announces && status != ASSAY_OK)
        assay_gossip_remove_announcement(intake->gossip, envelope.evidence_digest, from);
    if (relayed && assay_admission_on_relayed(admission, now_ms, repeat, status, digest))
        ops->relay(ops->context, from, kind, payload, repeat == ASSAY_REPEAT_RESENT);
    if (relayed && repeat == ASSAY_REPEAT_NONE)
        assay_overlay_driver_on_relayed(intake->driver, now_ms, from, kind, payload, status);
    if (assay_admission_on_result(admission, now_ms, from, status, flooded ? digest : NULL))
        ops->on_banned(ops->context, from);
}
