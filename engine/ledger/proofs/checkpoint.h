/*
 * engine/ledger/proofs/checkpoint.h - checkpoint: a trusted epoch from which offline verifiers
 * start.
 *
 * docs/protocol.md 11.3. What a proof or a chain rests on for who was not there: the EPOCH block of
 * one epoch, and the digest of who votes after it. Canonical CBOR ["assay/checkpoint/v1", chain_id,
 * era, epoch, id, roster digest, time_ms, trusting_period_s].
 */
#ifndef ASSAY_ENGINE_LEDGER_PROOFS_CHECKPOINT_H
#define ASSAY_ENGINE_LEDGER_PROOFS_CHECKPOINT_H

#include "base/merkle.h"
#include "engine/ledger/state/state.h"

enum { ASSAY_CHECKPOINT_LEN_MAX = 192 };

/*
 * How long a checkpoint is trusted (docs/protocol.md 11.3.1): the keys of its voters may be stolen
 * or sold once they left, and nothing that an offline verifier holds says so. It is in the
 * checkpoint because that is what such a verifier trusts anyway.
 */
enum {
    ASSAY_TRUSTING_PERIOD_S = 14 * 86400,
    ASSAY_TRUSTING_PERIOD_S_MIN = 86400,
    ASSAY_TRUSTING_PERIOD_S_MAX = 90 * 86400,
};

struct assay_checkpoint {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;            /* closed; 0: genesis */
    uint8_t id[32];            /* of its EPOCH block; the chain id for genesis */
    uint8_t roster_digest[32]; /* of the voters of epoch + 1 */
    uint64_t time_ms;          /* of that block, Unix ms */
    uint32_t trusting_period_s;
};

/* What a state says about itself, trusted for ASSAY_TRUSTING_PERIOD_S. */
void assay_checkpoint_of(const struct assay_state *state, struct assay_checkpoint *checkpoint);
/* When it is trusted no longer, Unix ms. Returns: it; UINT64_MAX at most. */
uint64_t assay_checkpoint_expires_ms(const struct assay_checkpoint *checkpoint);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_checkpoint_encode(const struct assay_checkpoint *checkpoint,
                                                        struct assay_writer *w);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_checkpoint_decode(struct assay_slice bytes,
                                                        struct assay_checkpoint *checkpoint);

#endif
