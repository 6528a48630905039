/*
 * net/evm/finalized_epochs.h - closed epochs from a daemon's document `anchor`, and the choice of
 * the next one to anchor (docs/services.md 8.2).
 */
#ifndef ASSAY_NET_EVM_FINALIZED_EPOCHS_H
#define ASSAY_NET_EVM_FINALIZED_EPOCHS_H

#include "engine/ledger/state/roster_digest.h"
#include "net/evm/anchor.h"
#include "net/evm/tasks.h"
#include "net/json/json.h"

/* All zero to begin with; owned. */
struct assay_evm_finalized_epoch {
    struct assay_evm_anchored anchored; /* what an anchor holds that was brought there */
    uint64_t oldest;                    /* epoch that can be asked for */
    struct assay_evm_boundary boundary;
    struct assay_roster_row *voted, *next; /* by slot; without node ids */
    uint32_t voted_count, next_count;
    uint8_t (*scores)[ASSAY_EVM_SCORE_LEN]; /* [next_count] leaves */
    uint8_t *header, *finality, (*path)[32];
};

/*
 * assay_eth_finalized_epoch_parse - the data of a document `anchor`.
 * Out:     *closed, which assay_eth_finalized_epoch_free frees whatever the status
 * Returns: ASSAY_OK | ASSAY_E_TYPE, _SYNTAX, _RANGE (not of that form) | ASSAY_E_INVALID (header,
 *          rows, scores and path are not of one state) | ASSAY_E_MEMORY | INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_eth_finalized_epoch_parse(
    const struct assay_json *data, struct assay_evm_finalized_epoch *closed);
/* Out: *closed is zero then. */
void assay_eth_finalized_epoch_free(struct assay_evm_finalized_epoch *closed);

/*
 * assay_eth_finalized_epoch_score - what the anchor of that epoch says of a member, for opening a
 * task.
 * Out:     *proof, whose path lies in path[ASSAY_EVM_SCORE_PATH_MAX]
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such member) | ASSAY_E_MEMORY | as assay_merkle_path
 */
ASSAY_CHECKED enum assay_status assay_eth_finalized_epoch_score(
    const struct assay_evm_finalized_epoch *closed, const uint8_t node_id[static 32],
    uint8_t (*path)[32], struct assay_evm_score_proof *proof);

/* Source of closed epochs. epoch 0: the newest. Out: *closed, empty before, the caller frees it
 * whatever the status. Returns: ASSAY_OK | what stands in the way */
struct assay_evm_epoch_source {
    enum assay_status (*ask)(void *context, uint64_t epoch,
                             struct assay_evm_finalized_epoch *closed);
    void *context;
};

/*
 * assay_eth_anchor_next_order - the call that brings an anchor as far as one call can.
 *
 * The newest epoch when enough of the weight that the anchor knows has signed it, else the latest
 * that is found between.
 * Out:     *order: its data in bytes; *epoch: it leads to
 * Returns: ASSAY_OK | ASSAY_E_STALE (nothing is later) | ASSAY_E_CHAIN (another network or era) |
 *          ASSAY_E_STRANGER (no epoch that is known began with the voters that the anchor holds) |
 *          ASSAY_E_EARLY (not even the next one that is known is signed by enough of them) |
 *          ASSAY_E_FULL | statuses of the request | INPUT statuses
 * Cost:    at most two questions and those of a search among the epochs between
 */
ASSAY_CHECKED enum assay_status assay_eth_anchor_next_order(
    const struct assay_evm_anchored *held, const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
    const struct assay_evm_epoch_source *closings, uint8_t *bytes, size_t capacity,
    struct assay_evm_order *order, uint64_t *epoch);

#endif
