/*
 * engine/parts/key_lists.h - lists of workload keys that the state names by their root: which of
 * them the store has, and requests for the others (docs/protocol.md 2.16.7 to 2.16.9).
 *
 * No vote, ballot or state depends on a list: what evidence binds is compared with the root that
 * the state has. A node without a list cannot report its keys to relying parties, and that is all.
 */
#ifndef ASSAY_ENGINE_PARTS_KEY_LISTS_H
#define ASSAY_ENGINE_PARTS_KEY_LISTS_H

#include "engine/engine.h"
#include "engine/store/store.h"

/* What the store has of one member: a place each. */
struct assay_declared_list_places {
    uint8_t roots[ASSAY_DECLARED_LIST_PLACES][32];
    uint8_t stored; /* a bit each */
    uint8_t fresh;  /* of a final block of the running epoch: named by the next state */
};

struct assay_declared_lists_state {
    struct assay_declared_list_places *places; /* [members] */
    uint32_t missing;                          /* lists that the head names and the store lacks */
    uint32_t swept; /* members whose places have nothing that could be dropped */
    /* A round requests each missing list of one peer, each of another one. */
    uint32_t round, position; /* of the round; of the next request in it */
    uint32_t cursor;          /* next list to look at: 2 * slot, + 1 for the second */
    uint64_t next_ms;         /* nothing is requested before */
    uint64_t asked_ms;        /* of the request that is under way; 0: none is */
    uint16_t asked_peer;
    uint32_t asked_slot;
    uint8_t asked_root[32];
};

/* The head has another state. */
void assay_declared_lists_on_head(struct assay_engine *e);
/* Number of lists in a body. Returns: 0 below the feature level. */
uint32_t assay_declared_lists_count(struct assay_engine *e, struct assay_slice body);
/* Maximum number of effects of one final block. Returns: 0 below the feature level. */
uint32_t assay_declared_lists_effects(const struct assay_engine *e);
/* A block became final: persists the lists that it declares, in the same batch. body: valid until
 * the next step. The caller has checked that there is room (assay_declared_lists_count). */
void assay_declared_lists_on_final_block(struct assay_engine *e, struct assay_slice body);
/* Restores a stored list. Returns: ASSAY_OK | INPUT statuses: damaged */
ASSAY_CHECKED enum assay_status assay_declared_lists_restore(struct assay_engine *e,
                                                             const struct assay_store_key *key,
                                                             struct assay_slice value);
/* Drops lists that nothing names, and requests those that are missing. */
void assay_declared_lists_tick(struct assay_engine *e);
/* Returns: when that is due; UINT64_MAX: never. */
uint64_t assay_declared_lists_wake(const struct assay_engine *e);
/* Receives a requested list. Returns: ASSAY_OK | ASSAY_E_STALE (not requested, or the peer has
 * none) | ASSAY_E_CHAIN | ASSAY_E_INVALID (another root) | ASSAY_E_AGAIN (no room) | INPUT
 * statuses */
ASSAY_CHECKED enum assay_status assay_declared_lists_receive(struct assay_engine *e, uint16_t from,
                                                             struct assay_slice payload);

#endif
