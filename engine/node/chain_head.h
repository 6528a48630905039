/*
 * engine/node/chain_head.h - the state after the last closed epoch, and what follows from it alone.
 *
 * Who votes with which key and weight in the running epoch, by which rules it will close, and the
 * state that a block at its end would make. Moves only at a close, or when a stored state is read.
 */
#ifndef ASSAY_ENGINE_NODE_CHAIN_HEAD_H
#define ASSAY_ENGINE_NODE_CHAIN_HEAD_H

#include "engine/consensus/vote.h"
#include "engine/ledger/state/context.h"
#include "engine/ledger/state/ledger.h"
#include "engine/ledger/records/recover.h"

struct assay_engine;

struct assay_chain_head {
    uint32_t capacity; /* slots: the roster's and those that one boundary may add */
    struct assay_state state;
    struct assay_tolerance tolerance;
    uint8_t proof[32];            /* commitment of the finality proof of its EPOCH block */
    struct assay_context context; /* of the running epoch: state.epoch + 1 */

    /* The voters of the running epoch, by slot. */
    struct assay_voter_table voters;
    struct assay_p256 **voting, **identity;
    uint8_t (*loaded)[ASSAY_P256_PUBLIC_LEN]; /* whose decoded key stands in voting[] */
    uint32_t *weights;                        /* of seats */
    uint8_t (*node_ids)[32];

    /* Closing. */
    struct assay_groups groups;
    struct assay_close close;
    struct assay_close_rules rules;
    struct assay_state next; /* what assay_chain_head_compute_next worked out last */
    struct assay_state stage; /* for trying changes */
    uint8_t *operators;       /* the operators' document: [ASSAY_OPERATORS_LEN_MAX] */
    /* Records of the changes that wait, as state.pending; len 0: not known. */
    struct assay_slice pending[ASSAY_PENDING_MAX];
    uint8_t *pending_bytes[ASSAY_PENDING_MAX]; /* [ASSAY_CHANGE_RECORD_LEN_MAX] each */
    struct assay_shelf shelf; /* of the updates that the state names */
    struct assay_writer set;  /* that head->next brings into force: [ASSAY_SET_LEN_MAX] */
    struct assay_tolerance next_tolerance;
    uint8_t *scratch;
    size_t scratch_len;
};

/* A state, or the genesis (state NULL), is the head: groups, rules, keys, voters. groups:
 * assay_groups_memory_len.
 * Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_CRYPTO | ASSAY_E_RANGE (nobody has weight) */
ASSAY_CHECKED enum assay_status assay_chain_head_init(struct assay_engine *e,
                                                      const struct assay_state *state,
                                                      void *groups);
/* Frees the decoded keys. */
void assay_chain_head_free(struct assay_engine *e);
/* A stored state; an older one than that held changes nothing. Returns: ASSAY_OK | ASSAY_E_KEY |
 * ASSAY_E_CRYPTO | ASSAY_E_CHAIN (of another roster or other rules) | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_chain_head_restore(struct assay_engine *e,
                                                         struct assay_slice value);
/* The commitment that view 1 of the running epoch builds on. */
void assay_chain_head_set_proof(struct assay_engine *e, const uint8_t commitment[static 32]);
/* The state after an EPOCH block of `view` on top of the ledger, into head->next, with its root. */
void assay_chain_head_compute_next(struct assay_engine *e, const struct assay_ledger *ledger,
                                   uint64_t view);
/* Names the EPOCH block that made head->next. */
void assay_chain_head_seal_next(struct assay_engine *e, const struct assay_block_header *header,
                                const uint8_t id[static 32]);
/* Or the RECOVER that did. */
void assay_chain_head_seal_recover(struct assay_engine *e, const struct assay_recover *recover);
/* A stored CHANGE: kept when it is one that waits. */
void assay_chain_head_restore_change(struct assay_engine *e, struct assay_slice record);
/* A stored COLLATERAL record: kept when the state names it. */
void assay_chain_head_restore_update(struct assay_engine *e, struct assay_slice record);
/* Is every change and every update that waits known? Returns: whether so. */
bool assay_chain_head_has_pending(const struct assay_engine *e);
/* Returns: whether that and all documents of services are here: else no epoch can be closed. */
bool assay_chain_head_can_close(const struct assay_engine *e);
/* Does head->next need another engine: other roster, rules or operators? Returns: whether so. */
bool assay_chain_head_needs_new_engine(const struct assay_engine *e);
/* head->next becomes the state; it is one for this engine. ledger: of the epoch that closed. */
void assay_chain_head_advance(struct assay_engine *e, const struct assay_ledger *ledger,
                              const uint8_t commitment[static 32]);

#endif
