/*
 * engine/ledger/state/leaf.h - decoding of single leaves of the state, for readers without the
 * complete state (docs/protocol.md 11.1).
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_LEAF_H
#define ASSAY_ENGINE_LEDGER_STATE_LEAF_H

#include "engine/ledger/state/state.h"

enum {
    ASSAY_LEAF_DOCUMENTS_MAX = 6 + 2 * ASSAY_RETAINED_EPOCHS,
    ASSAY_LEAF_RECORDS_MAX = ASSAY_PENDING_MAX + ASSAY_UPDATES_MAX,
};

/* The first fields of leaf 0; the rest is private to the ledger. */
struct assay_leaf_head {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    bool certified;
    uint64_t certified_epoch;
    uint8_t policy_digest[32], endorsements_digest[32], verifier_digest[32];
    uint8_t operators_digest[32], roster_digest[32];
    uint32_t epoch_ms;      /* T */
    uint32_t pending_count; /* records of changes that wait and of updates, by digest */
    uint8_t pending[ASSAY_LEAF_RECORDS_MAX][32];
    uint32_t member_count;
    /* Every document that it names by digest, some of them twice: rules, operators and an added
     * plan of services in force, the rules before those on trial, and those of the epochs that
     * proofs may still be about. */
    uint32_t document_count;
    uint8_t documents[ASSAY_LEAF_DOCUMENTS_MAX][32];
    /* Those of services, in the order of the plan; 0: the network has none. */
    uint32_t service_count;
    uint8_t services[ASSAY_SERVICE_DOCUMENTS_MAX][32];
};

/* The documents of a state, as leaf 0 names them. Returns: how many. */
uint32_t assay_leaf_documents(const struct assay_state *state,
                              uint8_t documents[static ASSAY_LEAF_DOCUMENTS_MAX][32]);

/* Leaf 0; every item behind those of this build is only checked to be one.
 * Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_leaf_head(struct assay_slice leaf,
                                                struct assay_leaf_head *head);
/* What leaf 0 counts in the state's tree: its leaf hash, of a network that has services the node
 * over that and the leaf hash of the anchor, its last 32 bytes (docs/protocol.md 12.5). Any bytes.
  */
void assay_leaf_head_hash(struct assay_slice leaf, uint8_t hash[static 32]);
/* Leaf 0, the whole of it, into a state with its arrays placed and its chain id. Returns: ASSAY_OK
 * | ASSAY_E_CHAIN | ASSAY_E_FULL (more slots than there is room for) | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_leaf_header_decode(struct assay_slice leaf,
                                                         struct assay_state *state);
/* The leaf of any member. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_leaf_member(struct assay_slice leaf,
                                                  struct assay_member *member);

#endif
