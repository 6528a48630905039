/*
 * engine/messages/effect.c - construction of SIGN effects, and names of notes and orders.
 */
#include "engine/messages/effect.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/crypto.h"

void assay_effect_sign(struct assay_effect *effect, const struct assay_signing *signing)
{
    ASSAY_ASSERT(signing->payload.len >= ASSAY_P256_SIGNATURE_LEN);
    ASSAY_ASSERT(signing->signature_at <= signing->payload.len - ASSAY_P256_SIGNATURE_LEN);
    ASSAY_ASSERT(signing->possession_at <= signing->payload.len - ASSAY_P256_SIGNATURE_LEN);
    effect->kind = ASSAY_EFFECT_SIGN;
    effect->as.sign.key = signing->key;
    assay_bytes_copy(effect->as.sign.digest, 32, signing->digest, 32);
    effect->as.sign.message = signing->message;
    effect->as.sign.payload = signing->payload;
    effect->as.sign.signature_at = signing->signature_at;
    effect->as.sign.possession_at = signing->possession_at;
    effect->as.sign.class_ = signing->class_;
    effect->as.sign.store_key = signing->store_key;
}

const char *assay_note_name(enum assay_note note)
{
#define ASSAY_NOTE_NAME(symbol, number, name)                                                      \
    case symbol: return name;
    switch (note) {
        ASSAY_NOTE_LIST(ASSAY_NOTE_NAME)
    }
#undef ASSAY_NOTE_NAME
    return "unknown";
}

const char *assay_order_name(enum assay_order_kind kind)
{
    switch (kind) {
    case ASSAY_ORDER_NOTE: return "NOTE";
    case ASSAY_ORDER_RESTRICT: return "RESTRICT";
    case ASSAY_ORDER_SUSPEND: return "SUSPEND";
    case ASSAY_ORDER_RESTART: return "RESTART";
    case ASSAY_ORDER_RELEASE: return "RELEASE";
    }
    return "unknown";
}
