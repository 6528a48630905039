/*
 * host/effective_rules.h - rules and roster in force, from the newest state in a store
 * (docs/protocol.md 9.6).
 *
 * Run at each start of a process, and again at each boundary that changes rules or roster
 * (ASSAY_EFFECT_RENEW).
 */
#ifndef ASSAY_HOST_EFFECTIVE_RULES_H
#define ASSAY_HOST_EFFECTIVE_RULES_H

#include "engine/ledger/fold/effective_rules.h"
#include "engine/store/store.h"

struct assay_effective_rules {
    /* The genesis itself while nothing was changed; borrows from it and from the room. */
    const struct assay_genesis *genesis;
    const struct assay_state *state; /* NULL: the store has none, the chain begins */
};

/* Returns: bytes of memory that load needs, aligned to 64. */
size_t assay_host_rules_size(void);
/*
 * assay_host_rules_load - the effective rules after the newest state of a store.
 *
 * In:      memory: assay_host_rules_size() bytes, which *effective points into
 * Out:     *effective, undefined unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_STORE (it cannot be read) | ASSAY_E_CHAIN (another network's) |
 *          ASSAY_E_NOT_FOUND (a document that the state names is not in the store) | ASSAY_E_FULL
 *          (more slots than this version has seats for) | INPUT statuses: a damaged state
 */
ASSAY_CHECKED enum assay_status assay_host_rules_load(void *memory, size_t memory_len,
                                                      const struct assay_genesis *genesis,
                                                      struct assay_store *store,
                                                      struct assay_effective_rules *effective);
/*
 * assay_host_rules_document - policy, endorsements or operators by their SHA-256: the
 * genesis's own, or what a CHANGE in the store brought.
 *
 * Out:     *document, in memory[capacity] unless it is the genesis's
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_FULL (capacity) | ASSAY_E_STORE
 */
ASSAY_CHECKED enum assay_status assay_host_rules_document(const struct assay_genesis *genesis,
                                                          struct assay_store *store,
                                                          const uint8_t digest[static 32],
                                                          uint8_t *memory, size_t capacity,
                                                          struct assay_slice *document);

#endif
