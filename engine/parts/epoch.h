/*
 * engine/parts/epoch.h - this node's duties in the running epoch: attest, ballot, reincarnate.
 */
#ifndef ASSAY_ENGINE_PARTS_EPOCH_H
#define ASSAY_ENGINE_PARTS_EPOCH_H

#include "engine/ledger/records/context.h"

struct assay_engine;

/* State of the duties of the running epoch. */
struct assay_epoch_state {
    uint64_t opened_ms; /* when E(e-1) became final here */
    bool opened;        /* own evidence was requested, or is not allowed */
    struct assay_moment moment;
    uint64_t quote_again_ms; /* UINT64_MAX: no repetition due */
    bool envelope_made, ballot_made, incarnate_made, keys_made;
    bool log_missing; /* it may have all of these: none is made, and one that a peer has retires the
                         keys */
    uint64_t
        own_asked_ms;  /* when peers were queried for an envelope of ours; 0: not in this epoch */
    uint32_t pulls;    /* rounds of ENVELOPE_PULL so far */
    uint64_t asked_ms; /* when peers were last queried for missing items of a seat; 0: never */
    bool paused;       /* the machine paused in this epoch: opened_ms was moved */
    bool clock_logged; /* the lead of the chain over our date was logged */
};

/* Starts the duties of the running epoch. */
void assay_epoch_open(struct assay_engine *e);
/* Does what is due. */
void assay_epoch_tick(struct assay_engine *e);
/* The machine paused: moves the deadlines of the epoch by that time. */
void assay_epoch_on_pause(struct assay_engine *e, uint64_t paused_ms);
/* Returns: the monotonic time at which a tick has something to do, UINT64_MAX for none. */
uint64_t assay_epoch_wake(const struct assay_engine *e);
/* Receives the requested quote; one of another epoch or key set is ignored, an empty one is a
 * failure. */
void assay_epoch_receive_quote(struct assay_engine *e, uint64_t epoch, uint32_t incarnation,
                               struct assay_slice evidence);
void assay_epoch_receive_keys(struct assay_engine *e, const uint8_t voting_public[static 64],
                              const uint8_t transport_public[static 32]);
/* Declares workload keys. Returns: as ASSAY_EVENT_DECLARE */
ASSAY_CHECKED enum assay_status assay_epoch_declare(struct assay_engine *e,
                                                    struct assay_slice list);
/* Records that the envelope of this epoch was made, here or by another holder of our keys: never a
 * second one. */
void assay_epoch_set_envelope_made(struct assay_engine *e);
/* The same for the ballot. */
void assay_epoch_set_ballot_made(struct assay_engine *e);
/* The same for INCARNATE. */
void assay_epoch_set_incarnate_made(struct assay_engine *e);
void assay_epoch_set_keys_made(struct assay_engine *e);
/* What these keys signed in this epoch may be in a log that is missing: nothing of it is made again
 * (docs/protocol.md 2.7). */
void assay_epoch_set_log_missing(struct assay_engine *e);

#endif
