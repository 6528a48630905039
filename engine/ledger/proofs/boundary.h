/*
 * engine/ledger/proofs/boundary.h - boundary of a closed epoch: enough to continue without its
 * blocks (docs/protocol.md 5.30).
 *
 * Canonical CBOR ["assay/boundary/v1", header, leaf 0, its path, members, changes]: the EPOCH
 * block's header, the state's header under its root, and the rows of the table of voters that are
 * others than before: [slot, node_id, voting key, weight]. With the finality proof, a verifier that
 * has the voters of an epoch gets those of the next: leaf 0 names their digest (checkpoint.h).
 */
#ifndef ASSAY_ENGINE_LEDGER_PROOFS_BOUNDARY_H
#define ASSAY_ENGINE_LEDGER_PROOFS_BOUNDARY_H

#include "engine/ledger/proofs/checkpoint.h"
#include "engine/ledger/state/leaf.h"
#include "engine/ledger/state/roster_digest.h"

/* Decoded; slices borrow from the bytes. */
struct assay_boundary {
    struct assay_slice header_bytes;
    struct assay_block_header header;
    uint8_t id[32];
    struct assay_leaf_head state;
    uint32_t change_count;
    struct assay_cursor changes;
};

/* Returns: an upper bound of one's length. */
size_t assay_boundary_len_max(uint32_t members);
/*
 * assay_boundary_encode - for the state `next`, which closed by this header, after `before`.
 * In:      scratch as of assay_state_root; hashes[members + 1]: scratch
 * Returns: ASSAY_OK and the bytes in w | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_boundary_encode(const struct assay_state *before,
                                                      const struct assay_state *next,
                                                      struct assay_slice header, void *scratch,
                                                      size_t scratch_len, uint8_t (*hashes)[32],
                                                      struct assay_writer *w);
/* Shape, and that leaf 0 is under the header's root and about its epoch; whether the header is the
 * chain is for the finality proof. Returns: ASSAY_OK | ASSAY_E_INVALID | other INPUT statuses */
ASSAY_CHECKED enum assay_status assay_boundary_decode(struct assay_slice bytes,
                                                      uint32_t members_max,
                                                      struct assay_boundary *boundary);
/* The voters of the epoch after it. In: rows[members_max]: `members` of its own epoch; as many as
 * leaf 0 says come out. Returns: ASSAY_OK | ASSAY_E_INVALID (what comes out is not what leaf 0
 * names; rows are of no use then) | INPUT */
ASSAY_CHECKED enum assay_status assay_boundary_apply(const struct assay_boundary *boundary,
                                                     struct assay_roster_row *rows,
                                                     uint32_t members);

#endif
