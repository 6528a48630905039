/*
 * engine/ledger/proofs/checkpoint.c - checkpoints (docs/protocol.md 11.3).
 */
#include "engine/ledger/proofs/checkpoint.h"

#include "base/assert.h"
#include "base/cbor.h"

static const char checkpoint_tag[] = "assay/checkpoint/v1";

void assay_checkpoint_of(const struct assay_state *state, struct assay_checkpoint *checkpoint)
{
    *checkpoint = (struct assay_checkpoint){ .era = state->era,
                                             .epoch = state->epoch,
                                             .time_ms = state->head_time_ms,
                                             .trusting_period_s = ASSAY_TRUSTING_PERIOD_S };
    assay_bytes_copy(checkpoint->chain_id, 32, state->chain_id, 32);
    assay_bytes_copy(checkpoint->id, 32, state->head_id, 32);
    assay_bytes_copy(checkpoint->roster_digest, 32, state->roster_digest, 32);
}

uint64_t assay_checkpoint_expires_ms(const struct assay_checkpoint *checkpoint)
{
    const uint64_t period_ms = (uint64_t)checkpoint->trusting_period_s * 1000;
    const uint64_t at = checkpoint->time_ms;
    return at > UINT64_MAX - period_ms ? UINT64_MAX : at + period_ms;
}

enum assay_status assay_checkpoint_encode(const struct assay_checkpoint *c, struct assay_writer *w)
{
    struct assay_slice all;
    ASSAY_ASSERT(c->epoch <= INT64_MAX && c->time_ms <= INT64_MAX);
    ASSAY_ASSERT(c->trusting_period_s >= ASSAY_TRUSTING_PERIOD_S_MIN);
    ASSAY_ASSERT(c->trusting_period_s <= ASSAY_TRUSTING_PERIOD_S_MAX);
    assay_cbor_put_array(w, 8);
    assay_cbor_put_text(w, checkpoint_tag);
    assay_cbor_put_bytes(w, c->chain_id, 32);
    assay_cbor_put_uint(w, c->era);
    assay_cbor_put_uint(w, c->epoch);
    assay_cbor_put_bytes(w, c->id, 32);
    assay_cbor_put_bytes(w, c->roster_digest, 32);
    assay_cbor_put_uint(w, c->time_ms);
    assay_cbor_put_uint(w, c->trusting_period_s);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_checkpoint_decode(struct assay_slice bytes,
                                          struct assay_checkpoint *checkpoint)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_checkpoint read = { 0 };
    uint64_t era = 0, period_s = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 8));
    ASSAY_TRY(assay_cbor_text_expect(&c, checkpoint_tag));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, read.chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &read.epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, read.id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, read.roster_digest, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &read.time_ms));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_TRUSTING_PERIOD_S_MAX, &period_s));
    ASSAY_TRY(assay_cursor_end(&c));
    if (period_s < ASSAY_TRUSTING_PERIOD_S_MIN) return ASSAY_E_RANGE;
    read.era = (uint32_t)era;
    read.trusting_period_s = (uint32_t)period_s;
    *checkpoint = read;
    return ASSAY_OK;
}
