/*
 * engine/leap.h - over many epochs at once: boundary after boundary, then one state
 * (docs/protocol.md 5.30).
 */
#ifndef ASSAY_ENGINE_LEAP_H
#define ASSAY_ENGINE_LEAP_H

#include "engine/consensus/vote.h"
#include "engine/ledger/boundary.h"

struct assay_engine;
struct assay_engine_config;

enum {
    ASSAY_LEAP_EPOCHS = 64, /* so far behind that blocks are not worth their bytes */
};

enum assay_leap_phase { ASSAY_LEAP_OFF, ASSAY_LEAP_BOUNDARIES, ASSAY_LEAP_STATE };

struct assay_leap {
    enum assay_leap_phase phase;
    bool tried;       /* it led nowhere; blocks are asked for until somebody is seen ahead again */
    bool missing;     /* what it needs nobody has: said, and asked for again in peace */
    bool starved;     /* nobody has the next blocks: any boundary is worth a leap */
    uint32_t nothing; /* peers in a row that had nothing */
    uint32_t rounds;  /* how often the state of the last boundary was not to be had */
    /* The last epoch that is proven; votes: commitment of its proof, zero: it has none. */
    uint64_t epoch;
    uint32_t era; /* that it left: a RECOVER in between begins another */
    uint8_t operators[32]; /* digest of the operators in force after it */
    uint8_t id[32], votes[32];
    uint8_t first[3][32]; /* documents of the genesis: they are known */
    bool has_checkpoint;
    struct assay_checkpoint checkpoint;
    /* Who votes in the epoch after it. */
    struct assay_roster_row *rows, *rows_next; /* [members] */
    struct assay_p256 **keys;
    uint32_t *weights;
    uint8_t (*node_ids)[32];
    struct assay_voter_table voters;
};

/* Takes the configuration's checkpoint. Returns: nothing. */
void assay_leap_init(struct assay_engine *e, const struct assay_engine_config *config);
/* Frees the decoded keys. Returns: nothing. */
void assay_leap_free(struct assay_engine *e);
/* Somebody was seen ahead: what led nowhere may lead somewhere now. Returns: nothing. */
void assay_leap_again(struct assay_engine *e);
/* An epoch closed: nothing is missing, and what lies behind it is leapt over no more. Returns:
 * nothing. */
void assay_leap_closed(struct assay_engine *e);
/* Nobody has the next blocks. Returns: nothing. */
void assay_leap_starve(struct assay_engine *e);
/* Begins where that is the way to the epoch that was seen. Returns: nothing. */
void assay_leap_consider(struct assay_engine *e, uint64_t target_epoch);
/* Asks a peer for what is next. Returns: nothing. */
void assay_leap_ask(struct assay_engine *e, uint16_t peer);
/*
 * assay_leap_take - an answer of the peer that was asked.
 * Returns: ASSAY_OK (it helped, or ended the leap) | ASSAY_E_NOT_FOUND (nothing there) |
 * ASSAY_E_STALE
 *          (not asked for) | other INPUT statuses (it lies)
 */
ASSAY_CHECKED enum assay_status assay_leap_take(struct assay_engine *e, struct assay_slice payload);

#endif
