/*
 * engine/parts/restore.h - restart from the store: progress of the start.
 */
#ifndef ASSAY_ENGINE_PARTS_RESTORE_H
#define ASSAY_ENGINE_PARTS_RESTORE_H

#include "engine/store/store.h"

struct assay_engine;

/* What is known of the log of a key set that started with an empty store (docs/protocol.md 2.7.3).
 * Durable under ASSAY_META_LOG, so no restart and no other engine forgets it. */
enum assay_log_state {
    ASSAY_LOG_UNMARKED = 0, /* a log exists since the first signature of these keys */
    /* Perhaps keys of the first day: nothing is signed before peers and the ledger were queried. */
    ASSAY_LOG_UNPROVEN = 1,
    ASSAY_LOG_LOST = 2, /* the keys may have signed: history in which they took no part ends them */
    ASSAY_LOG_FINISHED = 3, /* a signature of theirs was found that the log lacks */
    ASSAY_LOG_KNOWN = 4,    /* peers have reported what is missing: nothing */
};

enum { ASSAY_LOG_NOTE_LEN_MAX = 80 };

struct assay_start_state {
    bool started; /* the store was read; events are processed */
    /* Our own signatures are known: from the store, or peers have reported them all. */
    bool restored;
    uint64_t ran_ms; /* monotonic: start time of Simplex */
    /* Listed keys and an empty store: nothing is signed before peers and the ledger were queried
     * for signatures of these keys (docs/protocol.md 2.7.3). */
    bool requests_first;
    enum assay_log_state log; /* of the key set in use */
    bool log_unsaved;         /* it differs from the note in the store */
    /* LOST: the running epoch when the loss was found; KNOWN: neither attests nor ballots in it. */
    uint64_t log_epoch;
    uint8_t log_note[ASSAY_LOG_NOTE_LEN_MAX]; /* the value that is persisted: valid between steps */
    bool voted_on; /* Simplex runs; not before it is known whether our vote log is missing */
    /* Since the start: the newest epoch that is proven to have begun. These keys may have signed in
     * all before it. */
    uint64_t begun_epoch;
};

/* Restores one item of the store, before the start. Returns: ASSAY_OK | ASSAY_E_INVALID (out of
 * order) | other statuses of items that cannot be decoded */
ASSAY_CHECKED enum assay_status assay_restore_item(struct assay_engine *e,
                                                   enum assay_store_class class_,
                                                   const struct assay_store_key *key,
                                                   struct assay_slice value);
/* Another key set is in use: its log is complete. The note of the earlier one stays. */
void assay_restore_forget_log(struct assay_engine *e);
/* At the end of each step: what it has found out about the log becomes durable with it. */
void assay_restore_save_log(struct assay_engine *e);
/* Starts after the last item. */
void assay_restore_start(struct assay_engine *e);
/* Peers have reported everything: starts Simplex, unless it runs, or a later epoch is proven. */
void assay_restore_complete(struct assay_engine *e);
/* A peer has proven that this epoch has begun. */
void assay_restore_note_begun(struct assay_engine *e, uint64_t epoch);
/* Returns: whether nothing may be signed yet: the log is not known to be complete, and the running
 * epoch here is proven to be over (docs/protocol.md 2.7.3). */
bool assay_restore_is_behind(const struct assay_engine *e);

#endif
