/*
 * engine/node/branch.h - which blocks are valid: the ledger of the branch that was looked at last.
 */
#ifndef ASSAY_ENGINE_NODE_BRANCH_H
#define ASSAY_ENGINE_NODE_BRANCH_H

#include "engine/consensus/block.h"
#include "engine/ledger/state/ledger.h"
#include "engine/ledger/records/recover.h"

struct assay_engine;

enum { ASSAY_CHECKS_MAX = 16 }; /* blocks whose judgement waits for a verdict */

struct assay_branch {
    struct assay_ledger ledger;
    bool good;             /* ledger is the one after ledger.tip_id */
    uint64_t block_ms;     /* last block that was valid or made here: pace and cadence count */
    uint8_t (*path)[32];   /* [path_max] ids of the blocks between the final ledger and a tip */
    uint32_t path_max;
    uint8_t checks[ASSAY_CHECKS_MAX][32];
    size_t check_count;
    uint64_t
        early_ms; /* when one of them may be valid by its time; UINT64_MAX: none waits for it */
};

enum assay_answer {
    ASSAY_ANSWER_VALID,
    ASSAY_ANSWER_INVALID,
    ASSAY_ANSWER_PENDING, /* evidence in it is being verified */
    ASSAY_ANSWER_EARLY,   /* its time comes before its view is given up */
    ASSAY_ANSWER_MISSING, /* a block on the way down is not held */
};

/* An epoch begins: nothing of the last one is of use. */
void assay_branch_on_epoch(struct assay_engine *e);
/* Brings the branch to a block. Returns: any answer; the branch is good only with VALID. */
enum assay_answer assay_branch_select(struct assay_engine *e, const uint8_t id[static 32]);
/* Brings it to another ledger, which names no held block. */
void assay_branch_set_ledger(struct assay_engine *e, const struct assay_ledger *ledger);
/* The branch is this ledger as it closes by a RECOVER, which it borrows; nothing is built on it.
 * Returns: as assay_recover_onto */
ASSAY_CHECKED enum assay_status assay_branch_recover(struct assay_engine *e,
                                                     const struct assay_ledger *ledger,
                                                     const struct assay_recover *recover,
                                                     struct assay_fault *fault);
/* Applies one block to the branch, whose tip is its parent. PENDING and INVALID leave it broken.
 * Returns: VALID | INVALID | PENDING */
enum assay_answer assay_branch_apply(struct assay_engine *e,
                                     const struct assay_block_header *header,
                                     const uint8_t id[static 32], struct assay_slice body);
/* Simplex asks whether a block may be voted for; it is told at once or with the last verdict. */
void assay_branch_check_block(struct assay_engine *e, const uint8_t id[static 32]);
/* A verdict came, or the time of a block that was early. */
void assay_branch_recheck(struct assay_engine *e);

/* --- a block in the making (offer.c) */
/* A record that fits the branch becomes part of the next block. */
void assay_branch_add(struct assay_engine *e, const struct assay_record *record);
/* The ledger is that of a block which has no id yet. */
void assay_branch_open_block(struct assay_engine *e);
/* And it was made. */
void assay_branch_on_block_made(struct assay_engine *e);
/* Check and judge one record, whatever the branch. Returns: VALID | INVALID | PENDING */
enum assay_answer assay_branch_check_record(struct assay_engine *e, struct assay_record *record);
/* What the pool has checked byte for byte need not be checked again. Returns: whether it did, and
 * filled in what check and judge fill in. */
bool assay_branch_fill_known(const struct assay_engine *e, struct assay_record *record);

#endif
