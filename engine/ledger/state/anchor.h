/*
 * engine/ledger/state/anchor.h - anchor: scores and voters of a boundary in fixed bytes, for
 * another chain (docs/protocol.md 12.5).
 *
 * The anchor is SHA-256("assay/anchor/v1" | chain id | era | closed epoch | scores root | voters
 * digest); numbers are big-endian, era of 4 bytes, epoch of 8. The scores root is RFC 6962 over a
 * leaf for each slot: node id | epoch | score in basis points (2) | standing (1) | weight (4). The
 * standing is what may be relied on (11.3.4): a contract reads no stage and no maintenance. The
 * voters digest is SHA-256 over X | Y | seat weight (4) of those who have a seat next, by slot.
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_ANCHOR_H
#define ASSAY_ENGINE_LEDGER_STATE_ANCHOR_H

#include "engine/ledger/state/state.h"

enum { ASSAY_ANCHOR_LEAF_LEN = 47, ASSAY_ANCHOR_VOTER_LEN = 68 };

/* Encodes the scores of one slot. */
void assay_anchor_leaf(const struct assay_state *state, uint32_t slot,
                       uint8_t leaf[static ASSAY_ANCHOR_LEAF_LEN]);
/* Encodes one voter. */
void assay_anchor_voter(const struct assay_member *member,
                        uint8_t row[static ASSAY_ANCHOR_VOTER_LEN]);
/* Merkle root over the scores of all slots. */
void assay_anchor_scores(const struct assay_state *state, uint8_t root[static 32]);
/* Digest over all voters. */
void assay_anchor_voters(const struct assay_state *state, uint8_t digest[static 32]);
/* Root of the anchor: scores and voters. */
void assay_anchor_root(const struct assay_state *state, uint8_t root[static 32]);

#endif
