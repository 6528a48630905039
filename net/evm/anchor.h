/*
 * net/evm/anchor.h - anchor contract calls: epoch boundaries of a network on an EVM chain, for
 * `assay anchor` (docs/services.md 8.2).
 *
 *   deploy:  _deploy_order from a checkpoint, a sender's steps; the address is in its receipt
 *   advance: _ask what the contract holds, _advance_order for a later boundary, a sender's steps
 *   show:    _ask
 */
#ifndef ASSAY_NET_EVM_ANCHOR_H
#define ASSAY_NET_EVM_ANCHOR_H

#include "engine/consensus/vote.h"
#include "engine/ledger/proofs/checkpoint.h"
#include "engine/ledger/state/roster_digest.h"
#include "net/evm/contract.h"
#include "net/evm/sender.h"
#include "services/evm/anchor.h"

enum { ASSAY_EVM_TAILS_MAX = 64 }; /* between a finalised block and its EPOCH block; each is gas */

/*
 * assay_eth_rows - a table of voters as the anchor has it: one row for each seat with weight, in
 * the order of slots.
 * In:      rows[count] by slot
 * Out:     bytes: ASSAY_EVM_ROW_LEN each; digest: the voters digest, optional
 * Returns: ASSAY_OK and *len | ASSAY_E_FULL | ASSAY_E_RANGE (more than ASSAY_EVM_SIGNERS_MAX)
 */
ASSAY_CHECKED enum assay_status assay_eth_rows(const struct assay_roster_row *rows, uint32_t count,
                                               uint8_t *bytes, size_t capacity, size_t *len,
                                               uint8_t *digest);

/* A closed epoch, as a store keeps it. All is borrowed. */
struct assay_evm_boundary {
    struct assay_slice header;   /* of its EPOCH block */
    struct assay_slice finality; /* finality proof (engine/consensus/vote.h) */
    uint8_t leaf[32];            /* leaf hash of leaf 0 of the state after it */
    const uint8_t (*path)[32];   /* of index 0 */
    size_t path_len;
    const struct assay_roster_row *voted; /* who voted in that epoch, by slot */
    uint32_t voted_count;
    uint8_t next_voters[32], next_scores[32]; /* of which its anchor is made */
};

/*
 * assay_eth_anchor_advance_order - the call that brings an anchor to a boundary.
 *
 * In:      known[known_count]: the table that the anchor holds, by slot; where it is the one that
 *          voted in that epoch, the same
 * Out:     *order: to the contract, its data in bytes; as few signatures as make a quorum
 * Returns: ASSAY_OK | ASSAY_E_STALE (not later than the anchor) | ASSAY_E_CHAIN | ASSAY_E_STRANGER
 *          (known is not the table that the anchor holds) | ASSAY_E_EARLY (too little of its
 *          weight has signed: bring an epoch between first) | ASSAY_E_INVALID (leaf, path and
 *          anchor do not lead to the header) | ASSAY_E_FULL | INPUT statuses
 * Cost:    what the contract checks is checked here first, but the signatures: estimating gas does
 */
ASSAY_CHECKED enum assay_status assay_eth_anchor_advance_order(
    const struct assay_evm_anchored *held, const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
    const struct assay_evm_boundary *boundary, const struct assay_roster_row *known,
    uint32_t known_count, uint8_t *bytes, size_t capacity, struct assay_evm_order *order);

/* Out: *order that makes a contract, its data in bytes. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_eth_anchor_deploy_order(const struct assay_evm_anchored *from,
                                                              uint8_t *bytes, size_t capacity,
                                                              struct assay_evm_order *order);
/*
 * assay_eth_anchor_read - what an anchor holds, when it is one: its code is compared first.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND, ASSAY_E_INVALID (no, or other code) | statuses of the
 * request
 */
ASSAY_CHECKED enum assay_status assay_eth_anchor_read(
    struct assay_evm_rpc *rpc, const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
    struct assay_evm_anchored *held);

#endif
