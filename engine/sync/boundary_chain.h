/*
 * engine/sync/boundary_chain.h - voters of epoch after epoch, proven by boundaries and their
 * finality proofs.
 *
 * docs/protocol.md 5.30: the voters of an epoch sign the finality proof of its boundary, and the
 * boundary names the voters of the next epoch. The chain starts at a state or a checkpoint that the
 * caller trusts. In an archive and an audit it stays within one era. A checkpoint that is carried
 * forward follows a RECOVER under docs/protocol.md 11.3.3.
 */
#ifndef ASSAY_ENGINE_SYNC_BOUNDARY_CHAIN_H
#define ASSAY_ENGINE_SYNC_BOUNDARY_CHAIN_H

#include "engine/consensus/vote.h"
#include "engine/ledger/fold/fold.h"
#include "engine/ledger/proofs/checkpoint.h"
#include "engine/ledger/state/roster_digest.h"
#include "engine/store/store.h"

/* A RECOVER that a chain has followed. Weights are of the voters of the epoch that it ends. */
struct assay_boundary_crossing {
    uint32_t era;   /* that it began */
    uint64_t epoch; /* that it closed */
    uint64_t total, answered;
    uint64_t confirmed; /* voted in the new era with the keys of then */
};

struct assay_boundary_chain {
    struct assay_checkpoint at; /* the last proven epoch */
    struct assay_voter_table voters;
    /* The caller's, after the init. 0: a RECOVER is no link. Otherwise one is whose block is
     * earlier, Unix ms. */
    uint64_t recovers_until_ms;
    uint32_t crossing_count;
    struct assay_boundary_crossing crossing; /* the last one */
    bool unsealed; /* nothing is proven before a certified close has confirmed it */
    /* Its own. */
    bool has_operators;
    uint8_t operators[32]; /* digest of those in force after `at` */
    uint32_t parent_count;
    struct assay_roster_row parent[ASSAY_MEMBERS_MAX]; /* voters of the epoch that RECOVER closed */
    bool confirms[ASSAY_MEMBERS_MAX];
    struct assay_roster_row rows[ASSAY_MEMBERS_MAX], next[ASSAY_MEMBERS_MAX];
    uint32_t weights[ASSAY_MEMBERS_MAX];
    uint8_t node_ids[ASSAY_MEMBERS_MAX][32];
    struct assay_p256 *keys[ASSAY_MEMBERS_MAX];
};

/* The memory is zero before the first init. Each init may follow another one. Returns: ASSAY_OK |
 * ASSAY_E_KEY | ASSAY_E_CRYPTO | ASSAY_E_RANGE (no voter has weight, or too many members) */
ASSAY_CHECKED enum assay_status assay_boundary_chain_init(struct assay_boundary_chain *chain,
                                                          const struct assay_state *state);
/*
 * assay_boundary_chain_from - the same from a checkpoint and the voters that it names.
 *
 * In:      rows, count: hostile; base: the boundary of the checkpoint's epoch, which proves the
 *          operators in force behind it; empty: a RECOVER next to the checkpoint is refused
 * Returns: ASSAY_OK | ASSAY_E_INVALID with *fault | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_boundary_chain_from(struct assay_boundary_chain *chain,
                                                          const struct assay_checkpoint *checkpoint,
                                                          const struct assay_roster_row *rows,
                                                          uint32_t count, struct assay_slice base,
                                                          struct assay_fault *fault);
/* Frees the decoded keys. */
void assay_boundary_chain_free(struct assay_boundary_chain *chain);

/*
 * assay_boundary_chain_add - verify the boundary of the epoch after `at`, and go on with its
 * voters.
 *
 * In:      boundary, finality: hostile bytes
 * Out:     chain->at is that epoch; on failure the chain is of no further use and *fault says why
 * Returns: ASSAY_OK | ASSAY_E_INVALID with *fault | ASSAY_E_CRYPTO. While chain->unsealed, `at` is
 *          not to be relied upon
 */
ASSAY_CHECKED enum assay_status assay_boundary_chain_add(struct assay_boundary_chain *chain,
                                                         struct assay_slice boundary,
                                                         struct assay_slice finality,
                                                         struct assay_fault *fault);

/* Walks the boundaries of a store. */
struct assay_boundary_walk {
    struct assay_store *store;
    uint64_t to_epoch; /* last one; below `at`: nothing is walked */
    uint8_t *scratch;  /* for one boundary and one finality proof */
    size_t scratch_len;
    /* After each boundary. Returns: ASSAY_OK, or what ends the walk. NULL: not needed. */
    enum assay_status (*proven)(void *context, const struct assay_checkpoint *at);
    void *context;
};
/*
 * Returns: ASSAY_OK (`at` is to_epoch) | ASSAY_E_NOT_FOUND (a boundary or its proof is missing, or
 * a RECOVER lies there; `at` is the epoch before) | ASSAY_E_INVALID with *fault | ASSAY_E_STORE |
 * ASSAY_E_CRYPTO | what `proven` returned
 */
ASSAY_CHECKED enum assay_status assay_boundary_chain_walk(struct assay_boundary_chain *chain,
                                                          const struct assay_boundary_walk *walk,
                                                          struct assay_fault *fault);

#endif
