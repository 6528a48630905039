/*
 * engine/audit/audit.h - audit: verification of a store from its first block on, without trust in
 * any of it.
 *
 * docs/protocol.md 4.4, 5.7, 5.20, 11.1. Every epoch is folded again (engine/ledger/fold/fold.h):
 * links, leaders, kinds, records, state roots; with signatures, too, if they are wanted. What else
 * the store keeps is held against the same states: certificates, votes, envelopes, ballots,
 * evidence, proposals, snapshots, boundaries. The walk starts at genesis, or at the oldest snapshot
 * that blocks follow. Where blocks are missing (pruned, or the node leapt over them) the boundaries
 * and their finality proofs are verified from epoch to epoch, and the snapshot behind them must be
 * the state that they lead to. A gap without boundaries is reported as not audited, and so is all
 * behind it up to the checkpoint. A checkpoint counts only when it was compared. A RECOVER on
 * answers of a third of the weight or less is such a gap, too.
 *
 * Pure but for the store that it reads. It stops at the first thing that is wrong.
 */
#ifndef ASSAY_ENGINE_AUDIT_AUDIT_H
#define ASSAY_ENGINE_AUDIT_AUDIT_H

#include "engine/ledger/fold/fold.h"
#include "engine/ledger/proofs/checkpoint.h"
#include "engine/store/store.h"

/* The documents of the rules before those on trial (docs/protocol.md 9.9). */
struct assay_audit_rules {
    struct assay_slice policy, endorsements;
};

struct assay_audit_config {
    struct assay_store *store;
    const struct assay_genesis *genesis;
    /* Verdicts; its `known` and `placed` are not asked. */
    struct assay_fold_vet vet;
    /* Other rules are in force from the next epoch on: what `vet` judges by; before: NULL while
     * none are on trial. Returns: false when they cannot be judged by here, which ends the walk.
     * NULL: verdicts do not depend on rules. */
    bool (*ruled)(void *context, const struct assay_genesis *effective,
                  const struct assay_audit_rules *before);
    assay_document_check *document_check; /* as the engine's; NULL: they are not looked into */
    const struct assay_updates *updates;
    assay_plan_follow *plan_follow; /* as the engine's */
    /* With memory of assay_audit_services_len; NULL: a network with services is not audited. */
    const struct assay_service_plans *services;
    bool signatures;     /* of leaders, voters, members: all; false: roots and links, no proof */
    bool items;          /* the classes besides the chain, too */
    uint64_t from_epoch; /* begin at a kept snapshot no older than this; 0: as far back as can be */
    /* The chain must contain this EPOCH block; NULL: none is known. */
    const struct assay_checkpoint *checkpoint;
    void *memory; /* assay_audit_memory_len, aligned to 64 */
    /* After each block, the PROPOSAL payload as it is stored; NULL: not called. */
    void (*visited)(void *context, struct assay_slice payload);
    /* After each epoch. Returns: false to stop. NULL: nobody asks. */
    bool (*closed)(void *context, const struct assay_state *state);
    /* The same before it, with what services made of it (host/services.h). Not called for a network
     * without services; NULL: never. */
    bool (*served)(void *context, const struct assay_state *state, const void *registry);
    void *context;
};

/* What was seen. */
struct assay_audit_figures {
    uint64_t started_epoch; /* the state that the walk began with; 0: genesis */
    uint64_t epochs, blocks, records;
    uint64_t running_blocks;      /* final, of the epoch that is not closed */
    uint64_t leaps, leapt_epochs; /* where no blocks are kept: a snapshot goes on */
    /* protocol.md 11.4: a chain of blocks or of boundaries leads from genesis, or from the
     * checkpoint that was compared, to the head, and its signatures were verified; else nothing
     * here proves the head. */
    bool proven;
    uint64_t epochs_ahead; /* of the head: proven by boundaries, not audited: no blocks, no state */
    uint64_t gaps;         /* over which no boundaries lead */
    uint64_t unproven_from, unproven_to; /* epochs that are not audited; 0: none */
    uint64_t boundaries;
    uint64_t recovered; /* eras that ended by decision of the operators */
    uint64_t crossed;   /* ... of them behind genesis, or behind the checkpoint that was compared */
    /* protocol.md 11.4.3, of the last RECOVER: weight at its parent, and of the answers. */
    uint64_t recover_total, recover_answered;
    uint64_t certificates, votes, proposals, envelopes, ballots, waiting, held_evidence, snapshots;
    uint8_t head_id[32];
    uint32_t head_era;
    uint64_t head_epoch, head_height;
};

/* Where the first fault lies. */
struct assay_audit_fault {
    struct assay_fault fault; /* fault.what NULL: everything holds */
    enum assay_store_class class_;
    struct assay_store_key key;
};

/* Returns: bytes of memory, for rosters of any size. */
size_t assay_audit_memory_len(void);
/* Returns: additional bytes for services. */
size_t assay_audit_services_len(const struct assay_service_plans *services);
/*
 * assay_audit - walk the store.
 *
 * Out:     *figures as far as it came; *fault
 * Returns: ASSAY_OK (nothing is wrong, or `closed` stopped it; whether the head is proven is in
 *          *figures) | ASSAY_E_INVALID (see *fault) |
 *          ASSAY_E_STORE (it cannot be read; the store has the words) | ASSAY_E_KEY |
 * ASSAY_E_CRYPTO
 *          | ASSAY_E_RANGE (genesis)
 */
ASSAY_CHECKED enum assay_status assay_audit(const struct assay_audit_config *config,
                                            struct assay_audit_figures *figures,
                                            struct assay_audit_fault *fault);

#endif
