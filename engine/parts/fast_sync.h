/*
 * engine/parts/fast_sync.h - fast sync over many epochs: boundary after boundary, then one state
 * (docs/protocol.md 5.30).
 */
#ifndef ASSAY_ENGINE_PARTS_FAST_SYNC_H
#define ASSAY_ENGINE_PARTS_FAST_SYNC_H

#include "engine/consensus/vote.h"
#include "engine/ledger/proofs/boundary.h"

struct assay_engine;
struct assay_engine_config;

enum {
    ASSAY_FAST_SYNC_EPOCHS = 64, /* distance from which boundaries are cheaper than blocks */
};

/* CONFIRM: peers of other operators are queried for the same boundaries (docs/protocol.md
 * 5.30.1). */
enum assay_fast_sync_phase {
    ASSAY_FAST_SYNC_OFF,
    ASSAY_FAST_SYNC_BOUNDARIES,
    ASSAY_FAST_SYNC_CONFIRM,
    ASSAY_FAST_SYNC_STATE
};

enum {
    ASSAY_FAST_SYNC_OPERATORS = 3,
    ASSAY_FAST_SYNC_NOTHING = 3,   /* operators whose peers have nothing, before that is trusted */
    ASSAY_FAST_SYNC_PAGE_MAX = 200 /* ASSAY_FAST_SYNC_WIRE_BOUNDARIES_MAX */
};

/* A page of boundaries, until peers of several operators have sent the same. */
/* The last proven boundary at a place of a page. */
struct assay_fast_sync_mark {
    uint8_t id[32], votes[32];
    bool unsealed;
};

struct assay_fast_sync_page {
    uint64_t epoch; /* before the first of them, with the state of that time */
    uint32_t era;
    uint8_t operators[32];
    uint32_t row_count, tip_row_count; /* before the first, after the last */
    struct assay_roster_row *rows, *tip_rows;
    uint32_t count;
    struct assay_fast_sync_mark
        marks[ASSAY_FAST_SYNC_PAGE_MAX + 1]; /* before the first, then after each */
    uint32_t replied_count;                  /* operators that sent or confirmed them */
    uint8_t replied[ASSAY_FAST_SYNC_OPERATORS][32];
    uint8_t *lacking; /* [members] bits: has none of them, and is not queried for them again */
};

struct assay_fast_sync {
    enum assay_fast_sync_phase phase;
    bool tried;       /* it failed; blocks are requested until a member is seen ahead again */
    bool missing;     /* no peer has what it needs: logged, and requested again at a slow pace */
    bool starved;     /* no peer has the next blocks: any boundary is worth it */
    bool unsealed;    /* it crossed a RECOVER, and no certified close is proven behind it (9.17) */
    bool unconfirmed; /* the next boundary is of a RECOVER that others have to confirm (9.17.1) */
    bool unaccepted;  /* ... that this node takes only when its operator accepts it (9.17) */
    bool conflict; /* two histories are proven: stopped until a newer checkpoint is configured */
    uint16_t waits_for; /* the peer that was queried to confirm; ASSAY_SLOT_ALL: none */
    uint8_t *silent;    /* [members] bits: did not confirm when asked, in this leap */
    struct assay_fast_sync_page page;
    /* [members] bits: in this fast sync did not answer in time, or not usefully; in this round has
     * nothing newer, or sent all that it has. */
    uint8_t *unresponsive, *done;
    uint32_t nothing_count; /* operators whose peers have nothing newer, each once */
    uint8_t nothing_of[ASSAY_FAST_SYNC_NOTHING][32];
    bool thorough;    /* a state was unavailable: all peers must have nothing before the next one */
    bool repeated;    /* all peers had no way on once: they are asked once more */
    uint32_t rounds;  /* how often the state of the last boundary was unavailable */
    /* The last epoch that is proven; votes: commitment of its proof, zero: it has none. */
    uint64_t epoch;
    uint32_t era; /* that it left: a RECOVER in between begins another */
    uint8_t operators[32]; /* digest of the operators in force after it */
    uint8_t id[32], votes[32];
    uint8_t first[3][32]; /* documents of the genesis: they are known */
    bool has_checkpoint;
    struct assay_checkpoint checkpoint;
    /* The voters of the epoch after it. */
    struct assay_roster_row *rows, *rows_next; /* [members] */
    struct assay_p256 **keys;
    uint32_t *weights;
    uint8_t (*node_ids)[32];
    struct assay_voter_table voters;
};

/* Takes the configuration's checkpoint. */
void assay_fast_sync_init(struct assay_engine *e, const struct assay_engine_config *config);
/* Frees the decoded keys. */
void assay_fast_sync_free(struct assay_engine *e);
/* A member was seen ahead: retries what failed. */
void assay_fast_sync_retry(struct assay_engine *e);
/* docs/protocol.md 9.16.9: the operator accepted a RECOVER: what was proven of the chain that it
 * ends, and is not taken yet, no longer counts. Fast sync starts again from the own head. */
void assay_fast_sync_restart(struct assay_engine *e);
/* Returns: whether the state of the operator's checkpoint must come before any block
 * (docs/protocol.md 5.31) */
bool assay_fast_sync_awaits_checkpoint(const struct assay_engine *e);
/* An epoch closed: nothing is missing, and earlier history is not skipped any more. */
void assay_fast_sync_on_epoch_closed(struct assay_engine *e);
/* No peer has the next blocks. */
void assay_fast_sync_on_blocks_gone(struct assay_engine *e);
/* The peer that was asked for boundaries or a state did not answer in time, or not usefully. */
void assay_fast_sync_on_no_answer(struct assay_engine *e, uint16_t peer);
/* The others are ahead, and no peer has boundaries or blocks from here on (protocol.md 5.32).
 * Logged once. */
void assay_fast_sync_fail(struct assay_engine *e);
/* Starts if it is the best way to the epoch that was seen. */
void assay_fast_sync_start_if_better(struct assay_engine *e, uint64_t target_epoch);
/* Returns: whether another peer than this one should be queried. */
bool assay_fast_sync_is_skipped(const struct assay_engine *e, uint16_t peer);
/* Requests the next boundaries or state from a peer. */
void assay_fast_sync_request(struct assay_engine *e, uint16_t peer);
/*
 * assay_fast_sync_on_answer - an answer of the peer that was asked.
 * Returns: ASSAY_OK (it helped, or ended the leap) | ASSAY_E_NOT_FOUND (nothing there) |
 * ASSAY_E_STALE
 *          (not asked for) | other INPUT statuses (it lies)
 */
ASSAY_CHECKED enum assay_status assay_fast_sync_on_answer(struct assay_engine *e, uint16_t from,
                                                          struct assay_slice payload);

#endif
