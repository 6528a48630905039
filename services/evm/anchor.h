/*
 * services/evm/anchor.h - encoder of calls to the contract AssayAnchor (contracts/AssayAnchor.sol,
 * docs/services.md 8.2).
 */
#ifndef ASSAY_SERVICES_EVM_ANCHOR_H
#define ASSAY_SERVICES_EVM_ANCHOR_H

#include "services/evm/abi.h"

enum {
    ASSAY_EVM_ROW_LEN = 68, /* of a voter: X, Y, weight */
    ASSAY_EVM_SIGNERS_MAX = 255,
    ASSAY_EVM_SCORE_LEN = 47, /* node_id, epoch, score, standing, weight */
    ASSAY_EVM_ANCHOR_MAX_AGE_MS = 24 * 3600 * 1000,
};

/* The initial state of an anchor, and its later states. */
struct assay_evm_anchored {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch, time_ms;
    uint8_t voters[32]; /* SHA-256 of the rows of the next voters */
    uint8_t scores[32]; /* root over the score leaves of the epoch */
};

/* Fixed-size bytes that contracts read, as the engine makes them (engine/ledger/state/anchor.h),
 * for callers without a state: of a voter, a member's score, a complete epoch. */
void assay_evm_anchor_row(const uint8_t voting_public[static 64], uint32_t weight,
                          uint8_t row[static ASSAY_EVM_ROW_LEN]);
void assay_evm_anchor_root(const struct assay_evm_anchored *anchored, uint8_t root[static 32]);
/* The root of a state from its anchor: leaf: leaf hash of its leaf 0; path: audit path of index
 * 0. */
void assay_evm_anchor_lead(const uint8_t anchor[static 32], const uint8_t leaf[static 32],
                           const uint8_t (*path)[32], size_t path_len, uint8_t root[static 32]);

/* Arguments of the constructor, behind the code. */
void assay_evm_anchor_put_arguments(struct assay_writer *w, const struct assay_evm_anchored *from);

struct assay_evm_advance {
    struct assay_slice header;       /* of the EPOCH block */
    const struct assay_slice *tails; /* headers from the finalised block up to, not including, it */
    size_t tail_count;
    struct assay_slice rows;       /* ASSAY_EVM_ROW_LEN each: the voter table of the anchor */
    uint8_t signers[32];           /* big-endian, bit i for row i */
    struct assay_slice signatures; /* 64 bytes each, in the order of rows */
    uint8_t leaf[32];              /* leaf hash of leaf 0 of the state */
    const uint8_t (*path)[32];     /* of the node over leaf 0 and the anchor */
    size_t path_len;
    uint8_t voters[32], scores[32]; /* the parts of its anchor */
};
/* Encodes the call; sets full when there is no room. */
void assay_evm_anchor_put_advance(struct assay_writer *w, const struct assay_evm_advance *advance);

/*
 * assay_evm_path_sides - the sides of the steps of an audit path, for a contract without the number
 * of leaves.
 * In:      path_len: of assay_merkle_path for that leaf
 * Returns: bit i is set where step i is the left one
 */
uint64_t assay_evm_path_sides(uint64_t index, uint64_t count, size_t path_len);

#endif
