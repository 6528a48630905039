/*
 * engine/ledger/state/roster_digest.h - digest of the voters after a state.
 *
 * docs/protocol.md 11.3. The root of an RFC 6962 tree: leaf 0 ["assay/roster/v1", chain_id, era,
 * count], leaf i + 1 slot i: [node_id, voting key, weight]. A row without a key has zeros in its
 * place: nobody votes with its weight (docs/protocol.md 6.7).
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_ROSTER_DIGEST_H
#define ASSAY_ENGINE_LEDGER_STATE_ROSTER_DIGEST_H

#include "base/merkle.h"
#include "engine/ledger/state/state.h"

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

#endif
