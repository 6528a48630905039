/*
 * engine/parts/chain_head.h - state after the last closed epoch, with the voters and rules derived
 * from it.
 *
 * The voters of the running epoch with keys and weights, the rules by which it will close, and the
 * state that a block at its end would make. Changes only at a close, or when a stored state is
 * restored.
 */
#ifndef ASSAY_ENGINE_PARTS_CHAIN_HEAD_H
#define ASSAY_ENGINE_PARTS_CHAIN_HEAD_H

#include "engine/consensus/vote.h"
#include "engine/ledger/fold/close.h"
#include "engine/ledger/records/context.h"
#include "engine/ledger/records/ledger.h"
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
    uint8_t (*loaded)[ASSAY_P256_PUBLIC_LEN]; /* the keys decoded into voting[] */
    uint32_t tables_max; /* voting keys with a table of multiples (base/crypto.h) */
    uint32_t *weights;                        /* of seats */
    uint8_t (*node_ids)[32];

    /* Closing. */
    struct assay_groups groups;
    struct assay_close close;
    struct assay_close_rules rules;
    struct assay_state next;  /* result of assay_head_compute_next */
    struct assay_state stage; /* scratch for simulating changes */
    uint8_t *operators;       /* the operators' document: [ASSAY_OPERATORS_LEN_MAX] */
    /* Records of the pending changes, as state.pending; len 0: unknown. */
    struct assay_slice pending[ASSAY_PENDING_MAX];
    uint8_t *pending_bytes[ASSAY_PENDING_MAX]; /* [ASSAY_CHANGE_RECORD_LEN_MAX] each */
    struct assay_update_cache update_cache;    /* records of the updates that the state names */
    struct assay_writer set;  /* set that head->next brings into force: [ASSAY_SET_LEN_MAX] */
    struct assay_tolerance next_tolerance;
    uint8_t *scratch;
    size_t scratch_len;
};

/* Makes a state, or the genesis (state NULL), the head: groups, rules, keys, voters. groups:
 * assay_groups_memory_len. key_tables: as configured.
 * Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_CRYPTO | ASSAY_E_RANGE (no member has weight) */
ASSAY_CHECKED enum assay_status assay_head_init(struct assay_engine *e,
                                                const struct assay_state *state,
                                                uint32_t key_tables, void *groups);
/* Frees the decoded keys. */
void assay_head_free(struct assay_engine *e);
/* Restores a stored state; an older one than the present head changes nothing. Returns: ASSAY_OK |
 * ASSAY_E_KEY | ASSAY_E_CRYPTO | ASSAY_E_CHAIN (of another roster or other rules) | INPUT
 * statuses */
ASSAY_CHECKED enum assay_status assay_head_restore(struct assay_engine *e,
                                                   struct assay_slice value);
/* Sets the commitment that view 1 of the running epoch builds on. */
void assay_head_set_proof(struct assay_engine *e, const uint8_t commitment[static 32]);
/* Computes the state after an EPOCH block of `view` on top of the ledger into head->next, with its
 * root. */
void assay_head_compute_next(struct assay_engine *e, const struct assay_ledger *ledger,
                             uint64_t view);
/* Sets the EPOCH block that made head->next. */
void assay_head_seal_next(struct assay_engine *e, const struct assay_block_header *header,
                          const uint8_t id[static 32]);
/* Sets the RECOVER that made head->next. */
void assay_head_seal_recover(struct assay_engine *e, const struct assay_recover *recover);
/* Restores a stored CHANGE, if it is pending. */
void assay_head_restore_change(struct assay_engine *e, struct assay_slice record);
/* Restores a stored COLLATERAL record, if the state names it. */
void assay_head_restore_update(struct assay_engine *e, struct assay_slice record);
/* Returns: whether the records of every pending change and update are here. */
bool assay_head_has_pending(const struct assay_engine *e);
/* Returns: whether these and all documents of services are here: without them no epoch can be
 * closed. */
bool assay_head_can_close(const struct assay_engine *e);
/* Returns: whether head->next needs another engine: other roster, rules or operators. */
bool assay_head_needs_new_engine(const struct assay_engine *e);
/* Makes head->next the state; it is one for this engine. ledger: of the epoch that closed. */
void assay_head_advance(struct assay_engine *e, const struct assay_ledger *ledger,
                        const uint8_t commitment[static 32]);

#endif
