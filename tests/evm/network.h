/*
 * tests/evm/network.h - epoch boundaries of a network, made at the time of the test by the engine's
 * own code: states and their leaves, headers, votes, certificates.
 *
 * The anchor is the engine's (docs/protocol.md 12.5): the network has services.
 */
#ifndef ASSAY_TESTS_EVM_NETWORK_H
#define ASSAY_TESTS_EVM_NETWORK_H

#include "base/merkle.h"
#include "engine/ledger/state/roster_digest.h"
#include "engine/ledger/state/state.h"
#include "net/evm/anchor.h"
#include "net/evm/tasks.h"

enum { NETWORK_MAX = 128, NETWORK_LEAF_MAX = 16 * 1024 };

struct network {
    uint32_t n;
    uint32_t keys; /* drawn so far */
    uint8_t chain_id[32];
    struct assay_state state; /* of the last closed epoch; who votes next */
    void *memory;
    struct assay_secret32 secret[NETWORK_MAX];
};

struct closed {
    struct assay_evm_anchored anchored;
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX], leaf[NETWORK_LEAF_MAX];
    size_t leaf_len;
    uint8_t finality[ASSAY_FINALITY_LEN_MAX];
    uint8_t path[ASSAY_MERKLE_LEVELS][32];
    uint8_t scores[NETWORK_MAX][ASSAY_EVM_SCORE_LEN];
    uint8_t score_path[ASSAY_MERKLE_LEVELS][32];
    struct assay_roster_row voted[NETWORK_MAX], next[NETWORK_MAX];
    struct assay_evm_boundary boundary; /* of the above */
};

/* What an epoch's end is made of, beside the members as they are. */
struct ending {
    uint64_t epoch, time_ms;
    uint32_t tails;   /* headers above the EPOCH block, the last of which is finalised */
    uint32_t rekeyed; /* so many members, from slot 0 on, vote with other keys from now on */
    bool plain;       /* the network has no services in it */
    bool few;         /* one vote less than a quorum of equal weights needs */
};

/* n members of equal weight, each with a seat. Aborts without memory. */
void network_make(struct network *network, uint32_t n);
void network_free(struct network *network);
/* How a member stands from now on. */
void network_judge(struct network *network, uint32_t slot, uint16_t score_bp,
                   enum assay_standing standing);
/* The next epoch. */
void network_close(struct network *network, const struct ending *ending, struct closed *closed);
/* The proof of a slot's score in an epoch; its path lies in closed. */
void network_score(const struct network *network, struct closed *closed, uint32_t slot,
                   struct assay_evm_score_proof *proof);

#endif
