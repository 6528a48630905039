/*
 * engine/parts/finalize.h - final blocks of the running epoch: apply, persist, close.
 */
#ifndef ASSAY_ENGINE_PARTS_FINALIZE_H
#define ASSAY_ENGINE_PARTS_FINALIZE_H

#include "engine/consensus/block.h"
#include "engine/ledger/records/ledger.h"
#include "engine/ledger/records/recover.h"

struct assay_engine;

struct assay_chain_state {
    struct assay_ledger ledger; /* after the last final block that was applied here */
    bool begun;                 /* Simplex runs on the head */
    bool turned; /* the next epoch belongs to another engine: this one does nothing more */
    bool halted; /* our state differs from the network's, or waits: nothing is signed */
    bool waits;                 /* halted only for documents that are missing */
    bool wanted;                /* wanted_id is final but not applied */
    uint8_t wanted_id[32], wanted_proof[32];
    uint64_t tip_ms;       /* monotonic: since when this run has the ledger's tip */
    /* Monotonic: when a block that is not older than this run became final here; 0: none. */
    uint64_t final_ms;
    /* Monotonic: when a block or a state that peers sent in catch-up became final here; 0: none. It
     * counts for final_ms when they have nothing newer. */
    uint64_t synced_ms;
    uint64_t progress_ms;  /* last final block, or start of the epoch */
    uint8_t (*path)[32];   /* [path_max] ids from the wanted block down to the ledger's tip */
    uint32_t path_max;
    uint8_t (*leaf_hashes)[32]; /* [members + 1] scratch of a close */
};

/* Places the ledger at the head. */
void assay_finalize_init(struct assay_engine *e);
/* Simplex made a block final. proof: its certificate's commitment. */
void assay_finalize_set_target(struct assay_engine *e, const uint8_t id[static 32],
                               const uint8_t proof[static 32]);
/* Applies the wanted block and its ancestors, as far as the step has room. */
void assay_finalize(struct assay_engine *e);
/* The epoch's E is final and head->next is the state after it: advances to it, or leaves it to the
 * next engine (chain->turned). ledger: E's branch. */
void assay_finalize_close(struct assay_engine *e, const struct assay_block_header *header,
                          const uint8_t id[static 32], struct assay_slice header_bytes,
                          const struct assay_ledger *ledger, const uint8_t commitment[static 32],
                          struct assay_slice proof);
/*
 * assay_finalize_fast_sync - makes a state that is proven, or trusted by its block's id, the head
 * (fast_sync.c).
 * In:      snapshot: memory of the step; votes: commitment of the block's finality proof, or zero
 * Returns: ASSAY_OK | ASSAY_E_INVALID (of another block, or inconsistent) | other INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_finalize_fast_sync(struct assay_engine *e,
                                                         struct assay_slice snapshot,
                                                         const uint8_t id[static 32],
                                                         const uint8_t votes[static 32]);
/*
 * assay_finalize_recover - closes the running epoch by decision of the operators: head->next is the
 * state that assay_era_check_recover computed. Its blocks up to the parent are persisted first.
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (no room in this step; no effect)
 */
ASSAY_CHECKED enum assay_status assay_finalize_recover(struct assay_engine *e,
                                                       const struct assay_recover *recover,
                                                       const struct assay_ledger *ledger);
/* A block became final in this process before this engine started. */
void assay_finalize_restore_final_time(struct assay_engine *e, uint64_t final_ms);
/* Starts Simplex on the head, unless it runs there. */
void assay_finalize_start_epoch(struct assay_engine *e);
/* Sets the time since which the head is here: it was restored from a store. */
void assay_finalize_set_tip_time(struct assay_engine *e);
/* The same for a head that peers sent in catch-up. */
void assay_finalize_set_synced_time(struct assay_engine *e);
/* The peers have nothing newer than what they sent. */
void assay_finalize_count_synced(struct assay_engine *e);
/* Restarts the measurement of progress. */
void assay_finalize_note_progress(struct assay_engine *e);
/* Persists and reports a final block, and the lists of workload keys in it. body: a part of
 * payload. Returns: false when there was no room for it. */
bool assay_finalize_persist_block(struct assay_engine *e, const struct assay_block_header *header,
                                  const uint8_t id[static 32], struct assay_slice payload,
                                  struct assay_slice body);
/* Suspends voting until everything that closing needs is here. */
void assay_finalize_wait(struct assay_engine *e);
/* Everything is here: a node that only waited for it takes part again, in the same epoch. */
void assay_finalize_resume(struct assay_engine *e);
/* The network's state was fetched: clears the halt. */
void assay_finalize_clear_halt(struct assay_engine *e);
/* Our state differs from the network's: stops voting on it for good. catching_up: found during
 * sync. */
void assay_finalize_halt(struct assay_engine *e, bool catching_up);

#endif
