/*
 * engine/ledger/fold/effective_rules.h - effective rules of an epoch in the form of a genesis:
 * rules, operators and roster after all changes (docs/protocol.md 9.6).
 *
 * A state names policy, endorsements, operators and an added plan of services by their digests; the
 * documents themselves stand in the genesis and in the CHANGE records that brought them, which
 * every store keeps.
 */
#ifndef ASSAY_ENGINE_LEDGER_FOLD_EFFECTIVE_RULES_H
#define ASSAY_ENGINE_LEDGER_FOLD_EFFECTIVE_RULES_H

#include "engine/ledger/records/change.h"
#include "engine/ledger/records/update.h"

/* Hands out a document by its SHA-256. Returns: whether it is there; *document outlives the
 * effective rules. */
typedef bool assay_document_find(void *context, const uint8_t digest[static 32],
                                 struct assay_slice *document);

/*
 * assay_effective_rules_of - the effective rules after a state.
 *
 * In:      genesis, state (both outlive *effective, which borrows names of state, documents of
 *          genesis and find)
 * Out:     *effective, without signatures; undefined unless ASSAY_OK (large: keep it in static or
 *          heap memory)
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (another chain's state) | ASSAY_E_NOT_FOUND (a document)
 */
ASSAY_CHECKED enum assay_status assay_effective_rules_of(const struct assay_genesis *genesis,
                                                         const struct assay_state *state,
                                                         assay_document_find *find, void *context,
                                                         struct assay_genesis *effective);
/* Memory for documents in force whose finder forgets them. */
struct assay_effective_rules_room {
    uint8_t *policy;       /* [ASSAY_CHANGE_RECORD_LEN_MAX] */
    uint8_t *endorsements; /* [ASSAY_SET_LEN_MAX] */
    uint8_t *operators;    /* [ASSAY_OPERATORS_LEN_MAX] */
    size_t operators_len;
};
/* The operators of effective rules as a document. Out: room->operators; without operators: nothing.
 */
void assay_effective_rules_encode_operators(const struct assay_genesis *effective,
                                            struct assay_effective_rules_room *room);
/*
 * assay_effective_rules_copy - copies what *effective borrows from a finder: policy, endorsements,
 * and operators with their names. Documents of genesis stay where they are, and endorsements if the
 * caller keeps them.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (longer than any) | as assay_operators_decode
 */
ASSAY_CHECKED enum assay_status assay_effective_rules_copy(struct assay_genesis *effective,
                                                           const struct assay_genesis *genesis,
                                                           bool keeps_endorsements,
                                                           struct assay_effective_rules_room *room);
/* The document of this digest in what a store keeps of decisions: a CHANGE record that brought it,
 * or a set of endorsements by itself, as collateral that was renewed made it. Any bytes.
 * Returns: whether it is in them. */
bool assay_effective_rules_in_kept(struct assay_slice kept, const uint8_t digest[static 32],
                                   struct assay_slice *document);

#endif
