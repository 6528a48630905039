/*
 * host/reviews.h - proposals of changes and what operators state about them: a pure function of the
 * REVIEW records in final blocks, in bounded memory (docs/protocol.md 9.19).
 *
 * Each operator has two places for proposals, and 32 for approvals, one a change. In each place the
 * record of the latest issue counts, of one issue the highest number, then the lowest key; a
 * withdrawal in a place of approvals counts as issued 8 epochs later, and first in its epoch. A
 * proposal that 32 later approvals follow counts as withdrawn: one of these may have displaced its
 * withdrawal. So the content depends on no order of records, and no operator takes a place of
 * another.
 */
#ifndef ASSAY_HOST_REVIEWS_H
#define ASSAY_HOST_REVIEWS_H

#include "engine/ledger/records/record.h"

enum {
    ASSAY_REVIEWS_APPROVALS = 32, /* of one operator */
    ASSAY_REVIEWS_OF_OPERATOR = ASSAY_REVIEW_PLACES + ASSAY_REVIEWS_APPROVALS,
    /* Epochs from the last block that has a record to the next one: a node that has passed over
     * blocks has all of them after two such spans. */
    ASSAY_REVIEWS_REPEAT_EPOCHS = 128,
};

/* Why a proposal is open no more. */
enum assay_review_end {
    ASSAY_REVIEW_OPEN = 0,
    ASSAY_REVIEW_WITHDRAWN, /* by its author */
    ASSAY_REVIEW_REPLACED,  /* by its author's next one in the same place */
    ASSAY_REVIEW_EXPIRED,   /* its last epoch is over, or the epoch of its change too near */
    ASSAY_REVIEW_OVERTAKEN, /* a block has a change of its number: this one, or another */
    ASSAY_REVIEW_ORPHANED,  /* its author is no operator any more */
};

/* One record, as far as it is needed. */
struct assay_review_entry {
    bool used;
    bool is_dirty;     /* changed since the host has stored it */
    bool is_over;      /* of a proposal: its end was reported, or was before a restart */
    bool is_withdrawn; /* a later withdrawal of its operator names the same change, in any place */
    uint8_t key[32];
    uint64_t since_epoch;       /* first block that had it here; 0 with used false */
    uint64_t last_epoch;        /* newest block that had it */
    uint64_t activation;        /* of a proposal */
    struct assay_review review; /* slices point into bytes and into the body */
    size_t body_len;
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    uint8_t bytes[ASSAY_REVIEW_BODY_LEN_MAX]; /* the signed body */
    uint32_t change;                          /* index of bodies; of a proposal */
};

/* What is evaluated against. */
struct assay_reviews_facts {
    uint32_t era;
    uint64_t epoch;           /* that runs */
    uint64_t change_sequence; /* of the newest CHANGE in a block */
    const struct assay_genesis *effective;
};

struct assay_reviews {
    uint32_t operators; /* that there is memory for */
    uint32_t count;     /* of entries */
    struct assay_review_entry *entries;
    uint8_t (*changes)[ASSAY_REVIEW_CHANGE_LEN_MAX]; /* [operators * ASSAY_REVIEW_PLACES] */
    bool *change_used;
};

/* The end of a proposal. entry: as it was while open. */
typedef void assay_reviews_report(void *context, const struct assay_review_entry *entry,
                                  enum assay_review_end end);

/* Returns: bytes of memory, a multiple of 64. */
size_t assay_reviews_memory_len(uint32_t operators);
/* memory: aligned to 64. Empty. */
void assay_reviews_init(struct assay_reviews *reviews, void *memory, uint32_t operators);
/* "withdrawn", ... Returns: never NULL. */
const char *assay_reviews_end_name(enum assay_review_end end);

/*
 * assay_reviews_apply - a decoded REVIEW of a final block of this epoch. One of an operator that is
 * not in force any more, which the last blocks before a change of the list may have, is not taken.
 * In:      report: NULL: none is wanted
 * Returns: whether it counts: it is the latest of its place
 */
bool assay_reviews_apply(struct assay_reviews *reviews, const struct assay_record *record,
                         uint64_t epoch, const struct assay_reviews_facts *facts,
                         assay_reviews_report *report, void *context);
/* After the records of an epoch: removes what no block may have any more, and reports the proposals
 * that ended. */
void assay_reviews_close(struct assay_reviews *reviews, const struct assay_reviews_facts *facts,
                         assay_reviews_report *report, void *context);

/*
 * assay_reviews_restore - an entry as a host has stored it, into its place of an empty set. The end
 * of a proposal that does not count any more is not reported again.
 * Returns: false where it does not belong: another place, a second record of one place, or no room
 */
bool assay_reviews_restore(struct assay_reviews *reviews, uint32_t index,
                           const struct assay_record *record, uint64_t since_epoch,
                           uint64_t last_epoch, const struct assay_reviews_facts *facts);

/* Returns: ASSAY_REVIEW_OPEN, or why an entry does not count any more. */
enum assay_review_end assay_reviews_state(const struct assay_review_entry *entry,
                                          const struct assay_reviews_facts *facts);
/* Iterates over open proposals, by operator and place; *at: 0 at first. Returns: NULL behind the
 * last. */
const struct assay_review_entry *assay_reviews_next(const struct assay_reviews *reviews,
                                                    const struct assay_reviews_facts *facts,
                                                    uint32_t *at);
/* What this operator states about a change now: PROPOSE or APPROVE. NULL: nothing. */
const struct assay_review_entry *assay_reviews_find(const struct assay_reviews *reviews,
                                                    const struct assay_reviews_facts *facts,
                                                    const uint8_t operator_id[static 32],
                                                    const uint8_t digest[static 32]);
/* The newest of a place, or of an approval of this change, whatever it states. NULL: none. */
const struct assay_review_entry *assay_reviews_in_place(const struct assay_reviews *reviews,
                                                        const uint8_t operator_id[static 32],
                                                        uint32_t place,
                                                        const uint8_t digest[static 32]);
/* Returns: how many operators in force approve of this change, authors included. */
uint32_t assay_reviews_count(const struct assay_reviews *reviews,
                             const struct assay_reviews_facts *facts,
                             const uint8_t digest[static 32]);
/*
 * assay_reviews_assemble - the CHANGE record of a proposal, signed by the threshold: of all nodes
 * with the same reviews the same bytes.
 * In:      certain_after: what was issued up to this epoch may be withdrawn in a block that was
 *          passed over, and does not count; 0: none was
 * Returns: ASSAY_OK | ASSAY_E_EARLY (signatures are missing) | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_reviews_assemble(const struct assay_reviews *reviews,
                                                       const struct assay_reviews_facts *facts,
                                                       const struct assay_review_entry *entry,
                                                       uint64_t certain_after,
                                                       struct assay_writer *w);
/* The record of an entry. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_reviews_record(const struct assay_reviews *reviews,
                                                     const struct assay_review_entry *entry,
                                                     struct assay_writer *w);
/*
 * assay_reviews_wants - a record that anybody may send again: it is superseded, or present and need
 * not be repeated yet.
 * Returns: whether a block should have it in this epoch
 */
bool assay_reviews_wants(const struct assay_reviews *reviews, const struct assay_record *record,
                         uint64_t epoch);
/* Must a block have it again, so that nodes that passed over blocks receive it? Returns: so or not
 */
bool assay_reviews_must_repeat(const struct assay_review_entry *entry, uint64_t epoch);
/* SHA-256 over the keys of all entries that count, in order: equal on nodes with equal content. */
void assay_reviews_digest(const struct assay_reviews *reviews,
                          const struct assay_reviews_facts *facts, uint8_t digest[static 32]);

#endif
