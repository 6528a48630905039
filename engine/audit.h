/*
 * engine/audit.h - a store read from its first block on, and believed in nothing.
 *
 * docs/protocol.md 4.4, 5.7, 5.20, 11.1. Every epoch is folded again (engine/ledger/fold.h): links,
 * leaders, kinds, records, state roots; with signatures, too, if they are wanted. What else the
 * store keeps is held against the same states: certificates, votes, envelopes, ballots, evidence,
 * proposals, snapshots, boundaries. The walk starts at genesis, or at the oldest snapshot that
 * blocks follow. Where the node leapt over epochs it goes on with the snapshot behind, and says so:
 * what lies between rests on boundaries, or on the checkpoint that the node was given.
 *
 * Pure but for the store that it reads. It stops at the first thing that is wrong.
 */
#ifndef ASSAY_ENGINE_AUDIT_H
#define ASSAY_ENGINE_AUDIT_H

#include "engine/ledger/checkpoint.h"
#include "engine/ledger/fold.h"
#include "engine/store/store.h"

struct assay_audit_config {
    struct assay_store *store;
    const struct assay_genesis *genesis;
    /* Verdicts; its `known` and `placed` are not asked. */
    struct assay_fold_vet vet;
    /* Other rules are in force from the next epoch on: what `vet` judges by. Returns: false when
     * they cannot be judged by here, which ends the walk. NULL: verdicts do not depend on rules. */
    bool (*ruled)(void *context, const struct assay_genesis *charter);
    assay_document_check *document_check; /* as the engine's; NULL: they are not looked into */
    const struct assay_updates *updates;
    assay_plan_follow *plan_follow; /* as the engine's */
    /* With memory of assay_audit_services_len; NULL: a network with services is not audited. */
    const struct assay_service_plans *services;
    bool signatures;     /* of leaders, voters, members: all; false: roots and links alone */
    bool items;          /* the classes beside the chain, too */
    uint64_t from_epoch; /* begin at a kept snapshot no older than this; 0: as far back as can be */
    /* The chain must contain this EPOCH block; NULL: none is known. */
    const struct assay_checkpoint *checkpoint;
    void *memory; /* assay_audit_memory_len, aligned to 64 */
    /* After each epoch. Returns: false to stop. NULL: nobody asks. */
    bool (*closed)(void *context, const struct assay_state *state);
    void *context;
};

/* What was seen. */
struct assay_audit_figures {
    uint64_t started_epoch; /* the state that the walk began with; 0: genesis */
    uint64_t epochs, blocks, records;
    uint64_t running_blocks; /* final, of the epoch that is not closed */
    uint64_t leaps, leapt_epochs; /* where no blocks are kept: a snapshot goes on */
    uint64_t boundaries;
    uint64_t recovered; /* eras that ended by decision of the operators */
    uint64_t certificates, votes, proposals, envelopes, ballots, waiting, held_evidence, snapshots;
    uint8_t head_id[32];
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
/* Returns: bytes that services take beside it. */
size_t assay_audit_services_len(const struct assay_service_plans *services);
/*
 * assay_audit - walk the store.
 *
 * Out:     *figures as far as it came; *fault
 * Returns: ASSAY_OK (all holds, or `closed` stopped it) | ASSAY_E_INVALID (see *fault) |
 *          ASSAY_E_STORE (it cannot be read; the store has the words) | ASSAY_E_KEY |
 * ASSAY_E_CRYPTO
 *          | ASSAY_E_RANGE (genesis)
 */
ASSAY_CHECKED enum assay_status assay_audit(const struct assay_audit_config *config,
                                            struct assay_audit_figures *figures,
                                            struct assay_audit_fault *fault);

#endif
