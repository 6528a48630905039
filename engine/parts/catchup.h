/*
 * engine/parts/catchup.h - sync client: catches up one epoch at a time (docs/protocol.md 5.19,
 * 5.20, 9, 11).
 */
#ifndef ASSAY_ENGINE_PARTS_CATCHUP_H
#define ASSAY_ENGINE_PARTS_CATCHUP_H

#include "engine/ledger/records/ledger.h"

struct assay_engine;

enum { ASSAY_SYNC_FIRST_ASKED = 6 }; /* peers at once, at a first start */
enum {
    ASSAY_SYNC_BLOCKS_MAX = 1024
}; /* maximum of blocks of one epoch in an honest chain (proposal.c, pace) */

struct assay_sync_state {
    bool active;
    uint64_t target_epoch; /* epoch in which a member was seen */
    uint64_t asked_ms;
    uint32_t turn;     /* next peer */
    uint32_t timed_turn; /* the turn that began at turn_ms */
    uint64_t turn_ms, turn_height; /* ... and the height that was verified then */
    uint32_t failures; /* in a row */
    uint32_t silent;   /* consecutive peers without an answer in time, over all requests */
    uint32_t patience; /* number of doublings of the time-out */
    uint32_t empty;    /* consecutive peers that had nothing newer */
    bool several;      /* several peers were queried at once */
    /* Peers that had nothing newer than the running epoch, each once. */
    uint32_t replied_count;
    uint8_t replied[ASSAY_MEMBERS_MAX / 8];
    bool proven;       /* the running epoch's proof was seen */
    bool recovers;     /* by a RECOVER: final_id is its parent */
    bool unaccepted;   /* ... that needs the acceptance of the operator here */
    bool verified;     /* and its blocks up to E: ids[] are the chain, to be kept */
    bool answered;     /* by the one asked, as far as a verdict of our own allows */
    bool inherited;    /* what the ledger below contains is from the peer of an earlier turn */
    uint32_t doubts, doubts_max; /* answers that did not continue it; at the maximum it goes */
    struct assay_ledger ledger; /* after the blocks that were verified */
    uint8_t (*ids)[32];
    uint32_t id_count, kept;
    uint8_t final_id[32], commitment[32];
    uint8_t *proof;
    size_t proof_len;
};

/* A member was seen in a later epoch: starts sync. */
void assay_sync_start(struct assay_engine *e, uint64_t epoch_seen);
void assay_sync_tick(struct assay_engine *e);
/* The machine paused: the times of the present request do not count it. */
void assay_sync_on_pause(struct assay_engine *e, uint64_t paused_ms);
/* An epoch closed: discards what was gathered about it. */
void assay_sync_on_epoch(struct assay_engine *e);
/* The epoch closed by votes that this node received, not by a page. A node that was syncing because
 * others were one epoch ahead is level, and attests at once; otherwise it requests the epoch that
 * is open now. */
void assay_sync_closed_by_votes(struct assay_engine *e);
/* Returns: the monotonic time at which a tick has something to do, UINT64_MAX for none. */
uint64_t assay_sync_wake(const struct assay_engine *e);
/* Receives a page. Returns: ASSAY_OK | ASSAY_E_STALE (not requested) | other INPUT statuses */
ASSAY_CHECKED enum assay_status assay_sync_on_answer(struct assay_engine *e, uint16_t from,
                                                     struct assay_slice payload);

#endif
