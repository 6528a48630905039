/*
 * engine/consensus/vote_inventory.h - votes of an epoch that a node has (VOTE_INVENTORY) or
 * requests (VOTE_REQUEST_MISSING), for neighbours that do not get them relayed.
 *
 * docs/protocol.md 4.12.11. Payload of both: canonical CBOR [era, epoch, [[view, N,
 * X, F], ...]], views ascending, at most ASSAY_VOTE_INVENTORY_VIEWS. N, X and F are bitmaps by slot
 * of (members + 7) / 8 bytes, low bit first, or empty when no bit is set. X is that of one view.
 */
#ifndef ASSAY_ENGINE_CONSENSUS_VOTE_HAVE_H
#define ASSAY_ENGINE_CONSENSUS_VOTE_HAVE_H

#include "engine/consensus/vote.h"

enum {
    ASSAY_VOTE_INVENTORY_VIEWS = 4,
    ASSAY_VOTE_INVENTORY_LEN_MAX =
        ASSAY_VOTE_INVENTORY_VIEWS * (ASSAY_VOTE_TYPES * (ASSAY_MEMBERS_MAX / 8 + 3) + 16) + 32,
};

struct assay_vote_inventory_view {
    uint64_t view; /* from 1 */
    struct assay_slice bits[ASSAY_VOTE_TYPES]; /* by enum assay_vote_type; empty: none */
};

/* Slices borrow from the payload. */
struct assay_vote_inventory {
    uint32_t era;
    uint64_t epoch;
    uint32_t count; /* 1 .. ASSAY_VOTE_INVENTORY_VIEWS */
    struct assay_vote_inventory_view views[ASSAY_VOTE_INVENTORY_VIEWS];
};

/* have: of our own making (asserted). At most ASSAY_VOTE_INVENTORY_LEN_MAX bytes.
 */
void assay_vote_inventory_encode(const struct assay_vote_inventory *have, struct assay_writer *w);
/* Shape only: the number of members is checked once the epoch is known to be ours.
 * Returns: ASSAY_OK | ASSAY_CLASS_INPUT statuses */
ASSAY_CHECKED enum assay_status assay_vote_inventory_decode(struct assay_slice payload,
                                                            struct assay_vote_inventory *have);
/* Returns: ASSAY_OK | ASSAY_E_RANGE (a bitmap of another length) */
ASSAY_CHECKED enum assay_status assay_vote_inventory_fits(const struct assay_vote_inventory *have,
                                                          uint32_t members);

#endif
