/*
 * engine/node/epoch.h - this node's own part in the running epoch: attest, judge, ballot,
 * reincarnate.
 */
#ifndef ASSAY_ENGINE_NODE_EPOCH_H
#define ASSAY_ENGINE_NODE_EPOCH_H

#include "engine/ledger/state/context.h"

struct assay_engine;

/* The running epoch, seen from here. */
struct assay_epoch_state {
    uint64_t opened_ms; /* when E(e-1) was seen final */
    bool opened;        /* own evidence was asked for, or may not be */
    struct assay_moment moment;
    uint64_t quote_again_ms; /* UINT64_MAX: nothing to ask again */
    bool envelope_made, ballot_made, incarnate_made;
    uint64_t own_asked_ms;   /* peers were asked for an envelope of ours; 0: not in this epoch */
    uint32_t pulls;          /* rounds of ENVELOPE_PULL so far */
    uint64_t asked_ms;       /* when peers were asked last for what a seat lacks; 0: never */
    bool paused;     /* the machine stood still in this epoch: opened_ms was moved */
    bool clock_logged; /* that the chain is ahead of our date */
};

void assay_epoch_open(struct assay_engine *e);
void assay_epoch_tick(struct assay_engine *e);
/* The machine stood still for so long: deadlines of the epoch that it slept through are moved. */
void assay_epoch_on_pause(struct assay_engine *e, uint64_t paused_ms);
/* Returns: the monotonic time at which a tick has something to do, UINT64_MAX for none. */
uint64_t assay_epoch_wake(const struct assay_engine *e);
/* The quote that was asked for; of another epoch or key set it is ignored, empty it failed. */
void assay_epoch_receive_quote(struct assay_engine *e, uint64_t epoch, uint32_t incarnation,
                               struct assay_slice evidence);
void assay_epoch_receive_keys(struct assay_engine *e, const uint8_t voting_public[static 64],
                              const uint8_t transport_public[static 32]);
/* Made in this epoch, here or by who holds our keys: never a second one. */
void assay_epoch_set_envelope_made(struct assay_engine *e);
/* The same of the ballot. */
void assay_epoch_set_ballot_made(struct assay_engine *e);
/* And of INCARNATE. */
void assay_epoch_set_incarnate_made(struct assay_engine *e);

#endif
