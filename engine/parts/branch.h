/*
 * engine/parts/branch.h - validity of blocks above the final head, on the ledger of the branch
 * selected last.
 */
#ifndef ASSAY_ENGINE_PARTS_BRANCH_H
#define ASSAY_ENGINE_PARTS_BRANCH_H

#include "engine/consensus/block.h"
#include "engine/ledger/records/ledger.h"
#include "engine/ledger/records/recover.h"

struct assay_engine;

enum { ASSAY_CHECKS_MAX = 16 }; /* blocks whose check waits for a verdict */

struct assay_branch {
    struct assay_ledger ledger;
    bool good;             /* ledger is the one after ledger.tip_id */
    uint64_t
        block_ms; /* time of the last valid or own block: pace and cadence are measured from it */
    uint8_t (*path)[32];   /* [path_max] ids of the blocks between the final ledger and a tip */
    uint32_t path_max;
    uint8_t checks[ASSAY_CHECKS_MAX][32];
    size_t check_count;
    uint64_t
        early_ms; /* when one of them becomes valid by its time; UINT64_MAX: none is early */
};

enum assay_answer {
    ASSAY_ANSWER_VALID,
    ASSAY_ANSWER_INVALID,
    ASSAY_ANSWER_PENDING, /* evidence in it is being verified */
    ASSAY_ANSWER_EARLY,   /* its time arrives before its view times out */
    ASSAY_ANSWER_MISSING, /* an ancestor is missing */
};

/* An epoch begins: discards the state of the last one. */
void assay_branch_on_epoch(struct assay_engine *e);
/* Selects the branch that ends in a block. Returns: any answer; the branch is good only with
 * VALID. */
enum assay_answer assay_branch_select(struct assay_engine *e, const uint8_t id[static 32]);
/* Sets the branch to another ledger, which ends in no stored block. */
void assay_branch_set_ledger(struct assay_engine *e, const struct assay_ledger *ledger);
/* Sets the branch to this ledger closed by a RECOVER, which it borrows; nothing is built on it.
 * Returns: as assay_recover_apply */
ASSAY_CHECKED enum assay_status assay_branch_recover(struct assay_engine *e,
                                                     const struct assay_ledger *ledger,
                                                     const struct assay_recover *recover,
                                                     struct assay_fault *fault);
/* Applies one block to the branch, whose tip is its parent. PENDING and INVALID leave it broken.
 * Returns: VALID | INVALID | PENDING */
enum assay_answer assay_branch_apply(struct assay_engine *e,
                                     const struct assay_block_header *header,
                                     const uint8_t id[static 32], struct assay_slice body);
/* Checks whether a block may be voted for, on behalf of Simplex; answers at once or with the last
 * verdict. */
void assay_branch_check_block(struct assay_engine *e, const uint8_t id[static 32]);
/* Repeats pending checks after a verdict, or when an early block becomes due. */
void assay_branch_recheck(struct assay_engine *e);

/* --- a block in the making (proposal.c) */
/* Adds a record that fits the branch to the next block. */
void assay_branch_add(struct assay_engine *e, const struct assay_record *record);
/* The ledger is now that of a block which has no id yet. */
void assay_branch_open_block(struct assay_engine *e);
/* The block was made. */
void assay_branch_on_block_made(struct assay_engine *e);
/* Checks and judges one record, whatever the branch. Returns: VALID | INVALID | PENDING */
enum assay_answer assay_branch_check_record(struct assay_engine *e, struct assay_record *record);
/* Skips the check of a record that the pool has checked byte for byte. Returns: whether it has,
 * with the results of check and judge filled in. */
bool assay_branch_fill_known(const struct assay_engine *e, struct assay_record *record);

#endif
