/*
 * engine/node/finalize.h - the final blocks of the running epoch: applied, persisted, closed.
 */
#ifndef ASSAY_ENGINE_NODE_FINALIZE_H
#define ASSAY_ENGINE_NODE_FINALIZE_H

#include "engine/consensus/block.h"
#include "engine/ledger/state/ledger.h"
#include "engine/ledger/records/recover.h"

struct assay_engine;

struct assay_chain {
    struct assay_ledger ledger; /* after the last final block that was applied */
    bool begun;                 /* Simplex stands on the head */
    bool turned;                /* the next epoch is another engine's: nothing is done any more */
    bool halted;                /* our state is not the network's, or waits: nothing is signed */
    bool waits;                 /* halted for no other reason than documents that are to come */
    bool wanted;                /* wanted_id is final but not applied */
    uint8_t wanted_id[32], wanted_proof[32];
    uint64_t tip_ms;       /* monotonic: since when the ledger's tip is held, in this run */
    uint64_t final_ms;     /* monotonic: when a block became final here that is no older than this
                              run of the process; 0: none did */
    uint64_t progress_ms;  /* last final block, or the epoch's beginning */
    uint8_t (*path)[32];   /* [path_max] ids from what is wanted down to the ledger's tip */
    uint32_t path_max;
    uint8_t (*leaf_hashes)[32]; /* [members + 1] scratch of a close */
};

/* The ledger stands on the head. */
void assay_finalize_init(struct assay_engine *e);
/* Simplex made a block final. proof: its certificate's commitment. */
void assay_finalize_set_target(struct assay_engine *e, const uint8_t id[static 32],
                               const uint8_t proof[static 32]);
/* Applies what is wanted, as far as the step has room for. */
void assay_finalize(struct assay_engine *e);
/* The epoch's E is final and head->next is the state after it: take it over, or leave it to the
 * next engine (chain->turned). ledger: E's branch. */
void assay_finalize_close(struct assay_engine *e, const struct assay_block_header *header,
                          const uint8_t id[static 32], struct assay_slice header_bytes,
                          const struct assay_ledger *ledger, const uint8_t commitment[static 32],
                          struct assay_slice proof);
/*
 * assay_finalize_fast_sync - a state that is proven or trusted by its block's id becomes the head; what
 * lies between is history (leap.c).
 * In:      snapshot: memory of the step; votes: commitment of the block's finality proof, or zero
 * Returns: ASSAY_OK | ASSAY_E_INVALID (another block's, or not what it says) | other INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_finalize_fast_sync(struct assay_engine *e,
                                                         struct assay_slice snapshot,
                                                         const uint8_t id[static 32],
                                                         const uint8_t votes[static 32]);
/*
 * assay_finalize_recover - the running epoch ends by decision of the operators: head->next is the
 * state that assay_era_check_recover made of the ledger. Its blocks up to the parent are kept before.
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (no room in this step; nothing is done)
 */
ASSAY_CHECKED enum assay_status assay_finalize_recover(struct assay_engine *e,
                                                       const struct assay_recover *recover,
                                                       const struct assay_ledger *ledger);
/* A block became final in this process, before this engine. */
void assay_finalize_restore_final_time(struct assay_engine *e, uint64_t final_ms);
/* Starts Simplex on the head, unless it runs there. */
void assay_finalize_start_epoch(struct assay_engine *e);
/* The head is held from now on: it came out of a store. */
void assay_finalize_set_tip_time(struct assay_engine *e);
/* The same, and peers showed it: it is final now. */
void assay_finalize_set_final_time(struct assay_engine *e);
/* Time counts as progress from here. */
void assay_finalize_note_progress(struct assay_engine *e);
/* Persists a final block and notes it. Returns: false when there was no room for it. */
bool assay_finalize_persist_block(struct assay_engine *e, const struct assay_block_header *header,
                                  const uint8_t id[static 32], struct assay_slice payload);
/* What closing needs is still to come: nothing is voted on before. */
void assay_finalize_wait(struct assay_engine *e);
/* It is here: a node that only waited for it takes part again, in the same epoch. */
void assay_finalize_resume(struct assay_engine *e);
/* The network's state was had after all. */
void assay_finalize_clear_halt(struct assay_engine *e);
/* Our state is not the network's: never vote on it again; found while catching up or not. */
void assay_finalize_halt(struct assay_engine *e, bool catching_up);

#endif
