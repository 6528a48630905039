/*
 * engine/ledger/proofs/checkpoint.h - checkpoint: a trusted epoch from which offline verifiers
 * start.
 *
 * docs/protocol.md 11.3. What a proof or a chain rests on for who was not there: the EPOCH block of
 * one epoch, and the digest of who votes after it. Canonical CBOR ["assay/checkpoint/v1", chain_id,
 * era, epoch, id, roster digest, time_ms, trusting_period_s]. The roster digest is the root of an
 * RFC 6962 tree: leaf 0 ["assay/roster/v1", chain_id, era, count], leaf i + 1 slot i: [node_id,
 * voting key, weight]. A row without a key has zeros in its place: nobody votes with its weight
 * (docs/protocol.md 6.7).
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
/* Digest of the voters after a state. */
void assay_roster_digest(const struct assay_state *state, uint8_t digest[static 32]);

/* One voter of a table. */
struct assay_roster_row {
    uint8_t node_id[32], voting_public[ASSAY_P256_PUBLIC_LEN];
    uint32_t weight;
};
enum { ASSAY_ROSTER_ROW_LEN_MAX = 1 + 34 + 66 + 5 };
/* The digest of a table, row by row: begin, add `count` times, then assay_merkle_root.
 * Each */
void assay_roster_begin(struct assay_merkle *tree, const uint8_t chain_id[static 32], uint32_t era,
                        uint32_t count);
void assay_roster_add(struct assay_merkle *tree, const struct assay_roster_row *row);
void assay_roster_row_of(const struct assay_member *member, struct assay_roster_row *row);
/* Returns: whether nobody can vote with its weight, which counts in the table all the same. */
bool assay_roster_row_is_keyless(const struct assay_roster_row *row);
/* At most ASSAY_ROSTER_ROW_LEN_MAX bytes. */
void assay_roster_row_encode(const struct assay_roster_row *row, struct assay_writer *w);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_roster_row_decode(struct assay_cursor *c,
                                                        struct assay_roster_row *row);

/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_checkpoint_encode(const struct assay_checkpoint *checkpoint,
                                                        struct assay_writer *w);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_checkpoint_decode(struct assay_slice bytes,
                                                        struct assay_checkpoint *checkpoint);

#endif
