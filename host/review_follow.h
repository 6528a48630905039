/*
 * host/review_follow.h - reader of REVIEWs in final blocks, queue of statements that wait for a
 * block, and what a node offers in each epoch (docs/protocol.md 9.19).
 */
#ifndef ASSAY_HOST_REVIEW_FOLLOW_H
#define ASSAY_HOST_REVIEW_FOLLOW_H

#include "engine/store/store.h"
#include "host/reviews.h"

enum {
    ASSAY_REVIEWS_WAITING_MAX = 8, /* submitted to this node, not in a block yet */
    ASSAY_REVIEWS_OFFERS_MAX = 8,  /* in an epoch: of each kind; the queue of events is bounded */
    ASSAY_REVIEWS_RECORD_LEN_MAX = 48 * 1024, /* ASSAY_RECORD_LEN_MAX */
};

/* How far blocks were read. */
struct assay_reviews_position {
    uint32_t era;
    uint64_t read_epoch;    /* the last one whose blocks were read */
    uint64_t complete_from; /* first epoch in which nothing is missing; 0: always */
};

/* A statement that waits for a block. */
struct assay_review_waiting {
    size_t len;              /* 0: free */
    uint8_t operator_id[32]; /* its author's */
    uint8_t bytes[ASSAY_REVIEWS_RECORD_LEN_MAX];
};

typedef void assay_reviews_take(void *context, const struct assay_record *record, uint64_t epoch);
typedef void assay_reviews_offer(void *context, struct assay_slice record);

/*
 * assay_reviews_read - the REVIEWs of the blocks that a store has of epochs after the position, in
 * their order: of 256 epochs at most, since what counts stands in blocks of so many. Another era,
 * or a store that ends before the position, is read from its beginning; no block is missing before
 * the first one of an era whose RECOVER this node has accepted.
 * In:      record: scratch. Out: *position
 * Returns: ASSAY_OK | ASSAY_E_STORE
 */
ASSAY_CHECKED enum assay_status assay_reviews_read(struct assay_store *store,
                                                   const struct assay_reviews_facts *facts,
                                                   struct assay_reviews_position *position,
                                                   struct assay_record *record,
                                                   assay_reviews_take *take, void *context);

/*
 * assay_reviews_certain_after - blocks that were passed over may have withdrawals of what is issued
 * up to some epochs after them. What is issued later is certain: all that could end it was read.
 * Returns: an epoch, for assay_reviews_assemble; 0: nothing is missing
 */
uint64_t assay_reviews_certain_after(const struct assay_reviews_position *position, uint64_t epoch);

/* Fills a place with a decoded REVIEW. Returns: nothing */
void assay_reviews_set_waiting(struct assay_review_waiting *item,
                               const struct assay_record *record);
/* No operator fills the places of others: where none is free, the operator with the most statements
 * gives one to an operator that has fewer by two at least.
 * Returns: a place for a statement of this operator; ASSAY_REVIEWS_WAITING_MAX: there is none */
uint32_t assay_reviews_find_waiting_place(const struct assay_review_waiting items[static 8],
                                          const uint8_t operator_id[static 32]);
/* Can a block still take it with effect: it is neither in one, nor superseded, nor overtaken?
 * Returns: so or not */
bool assay_reviews_is_awaited(const struct assay_reviews *reviews,
                              const struct assay_reviews_facts *facts,
                              const struct assay_record *record);

/* Records that blocks must have again. self: nodes begin in different epochs, and the first block
 * with it stops the others. row: scratch of ASSAY_REVIEWS_RECORD_LEN_MAX bytes. */
void assay_reviews_offer_repeats(const struct assay_reviews *reviews,
                                 const struct assay_reviews_facts *facts, uint64_t self,
                                 uint8_t *row, assay_reviews_offer *offer, void *context);
/* The CHANGEs of the next number that enough operators approve: every node makes the same, so no
 * operator is needed for it. Of what may be withdrawn in blocks that were passed over, none. row:
 * as above. */
void assay_reviews_offer_changes(const struct assay_reviews *reviews,
                                 const struct assay_reviews_facts *facts,
                                 const struct assay_reviews_position *position, uint8_t *row,
                                 assay_reviews_offer *offer, void *context);

#endif
