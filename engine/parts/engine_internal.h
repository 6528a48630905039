/*
 * engine/parts/engine_internal.h - the complete engine: its parts, and what each of its files may
 * include.
 *
 * The engine is one state machine in parts, which call one another. This folder has the data of
 * each part, which all may read, and the functions that others call; the files below implement
 * them, one for each part, and include this header. One file owns each part and changes it through
 * e->parts; all other files read it through the const pointer of the same name. The compiler checks
 * the const pointers, a tidy rule the owner: `parts->NAME` occurs in the owner's file alone.
 *
 * Layers, each includes only those before it: engine/parts, engine/evidence and engine/sync,
 * engine/node.
 *
 * node/output.c              effects of the step
 * node/chain_head.c          state after the last close, voters
 * node/finalize.c            final blocks, closing of epochs
 * node/branch.c              validity of blocks above the final head
 * node/proposal.c            contents and time of own proposals
 * node/seat.c                what each member sent in this epoch
 * node/epoch.c               own evidence, verdicts and ballot of the epoch
 * node/key_state.c           own keys
 * node/restore.c             restart from the store
 * node/era.c                 end of an era: fences, answers, RECOVER
 * node/acceptance.c          manual acceptance of a RECOVER
 * node/confirmations.c               members that confirm a RECOVER
 * node/services.c            registry of services, own records of them
 * node/key_lists.c           lists of workload keys that the state names
 * evidence/verdicts.c       verdicts known and requested
 * evidence/evidence.c        appraisal of each seat by verdicts
 * evidence/pending_proofs.c  proofs of FAIL and of offence E5 to be made
 * evidence/message_intake.c  envelopes and records of peers
 * evidence/inventory.c       what neighbours have, and what is requested of them
 * sync/catchup.c             requests for past blocks
 * sync/fast_sync.c           requests for boundaries, over many epochs at once
 *
 * Files without a part: node/engine.c (memory), node/step.c (control flow), node/order.c,
 * node/snapshot.c, sync/fast_sync_state.c. consensus/blocks, consensus/simplex and evidence/pool
 * are state machines of their own behind their headers.
 */
#ifndef ASSAY_ENGINE_PARTS_ENGINE_INTERNAL_H
#define ASSAY_ENGINE_PARTS_ENGINE_INTERNAL_H

#include "base/assert.h"
#include "base/checked.h"
#include "engine/consensus/simplex.h"
#include "engine/engine.h"
#include "engine/ledger/fold/fold.h"
#include "engine/ledger/records/row.h"
#include "engine/parts/acceptance.h"
#include "engine/parts/branch.h"
#include "engine/parts/catchup.h"
#include "engine/parts/chain_head.h"
#include "engine/parts/clock.h"
#include "engine/parts/confirmations.h"
#include "engine/parts/epoch.h"
#include "engine/parts/era.h"
#include "engine/parts/evidence.h"
#include "engine/parts/fast_sync.h"
#include "engine/parts/finalize.h"
#include "engine/parts/inventory.h"
#include "engine/parts/key_lists.h"
#include "engine/parts/key_state.h"
#include "engine/parts/message_intake.h"
#include "engine/parts/output.h"
#include "engine/parts/pending_proofs.h"
#include "engine/parts/proposal.h"
#include "engine/parts/restore.h"
#include "engine/parts/seat.h"
#include "engine/parts/services.h"
#include "engine/parts/verdicts.h"

/* Decisions that a close retains: a change, and collateral. */
enum {
    ASSAY_DECISIONS_LEN_MAX =
        ASSAY_CHANGE_RECORD_LEN_MAX + ASSAY_UPDATES_EPOCH_MAX * (ASSAY_UPDATE_RECORD_LEN_MAX + 16)
};

/* Each part with the file that owns it. */
struct assay_parts {
    struct assay_output output;       /* node/output.c */
    struct assay_chain_head head;           /* node/chain_head.c */
    struct assay_chain_state chain;         /* node/finalize.c */
    struct assay_branch branch;       /* node/branch.c */
    struct assay_proposal_state proposal;         /* node/proposal.c */
    struct assay_verdicts verdicts; /* evidence/verdicts.c */
    struct assay_seat *seats;         /* node/seat.c: [members] */
    struct assay_appraisal evidence;  /* evidence/evidence.c */
    struct assay_pending_proofs_state pending_proofs;         /* evidence/pending_proofs.c */
    struct assay_message_intake_state message_intake;    /* evidence/message_intake.c */
    struct assay_inventory_state inventory;       /* evidence/inventory.c */
    struct assay_epoch_state epoch_state;             /* node/epoch.c */
    struct assay_key_state key_state;             /* node/key_state.c */
    struct assay_sync_state sync;        /* sync/catchup.c */
    struct assay_fast_sync fast_sync;           /* sync/fast_sync.c */
    struct assay_era_state era;       /* node/era.c */
    struct assay_acceptance acceptance; /* node/acceptance.c */
    struct assay_confirmations confirmations; /* node/confirmations.c */
    struct assay_start_state start_state;       /* node/restore.c */
    struct assay_services_state service_state;     /* node/services.c */
    struct assay_declared_lists_state key_lists; /* node/key_lists.c */
};

struct assay_pool; /* engine/evidence/pool.h */

struct assay_engine {
    const struct assay_genesis *genesis; /* or the effective rules in force */
    assay_document_check *document_check;
    const struct assay_updates *updates;
    const struct assay_services *services; /* NULL: the network has none */
    assay_plan_follow *plan_follow;
    uint32_t members;
    uint16_t self;
    uint64_t history_epochs;
    uint32_t level; /* the highest feature level that this build supports */
    bool newcomer; /* oneself is the last slot, and in no state that is known (9.6.3) */
    uint8_t verifier_digest[32];

    /* The step (step.c). */
    uint64_t now_ms, at_unix_ms;
    uint64_t refused[16];

    struct assay_parts *parts; /* for owners */
    const struct assay_output *output;
    const struct assay_chain_head *head;
    const struct assay_chain_state *chain;
    const struct assay_branch *branch;
    const struct assay_proposal_state *proposal;
    const struct assay_verdicts *verdicts;
    const struct assay_seat *seats;
    const struct assay_appraisal *evidence;
    const struct assay_pending_proofs_state *pending_proofs;
    const struct assay_message_intake_state *message_intake;
    const struct assay_inventory_state *inventory;
    const struct assay_epoch_state *epoch_state;
    const struct assay_key_state *key_state;
    const struct assay_sync_state *sync;
    const struct assay_fast_sync *fast_sync;
    const struct assay_era_state *era;
    const struct assay_acceptance *acceptance;
    const struct assay_confirmations *confirmations;
    const struct assay_start_state *start_state;
    const struct assay_services_state *service_state;
    const struct assay_declared_lists_state *key_lists;

    struct assay_blocks *blocks;
    struct assay_simplex *simplex;
    struct assay_pool *pool;
    struct assay_simplex_actions *actions;
};

/* Returns: T of the network. */
uint64_t assay_eng_epoch_ms(const struct assay_engine *e);
/* Returns: the next peer in turn, never oneself; ASSAY_SLOT_ALL when there is none. */
uint16_t assay_eng_find_peer(const struct assay_engine *e, uint32_t turn);
/* Returns: how many others serve. */
uint32_t assay_eng_count_peers(const struct assay_engine *e);
/* order.c: orders for the own agent, from the head. */
void assay_order_derive(struct assay_engine *e);

#endif
