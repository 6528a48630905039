/*
 * net/runtime/runtime_reviews.h - proposals of changes on this node; private to net/runtime.
 */
#ifndef ASSAY_NET_RUNTIME_RUNTIME_REVIEWS_H
#define ASSAY_NET_RUNTIME_RUNTIME_REVIEWS_H

#include "host/reviews.h"

enum {
    RUNTIME_REVIEWS_WAITING_MAX = 8, /* submitted, not in a block yet */
    RUNTIME_PROPOSALS_ENDED = 16,    /* shown; the timeline has all */
};

struct runtime_waiting_review {
    size_t len;               /* 0: free */
    uint8_t bytes[48 * 1024]; /* ASSAY_RECORD_LEN_MAX */
};

struct runtime_ended_proposal {
    uint8_t digest[32], operator_id[32];
    uint64_t sequence, epoch;
    enum assay_review_end end;
    bool is_recorded; /* a block has its change */
};

struct runtime_reviews {
    struct assay_reviews set;
    void *memory;
    uint64_t read_epoch;    /* the last one whose blocks were read */
    uint64_t complete_from; /* first epoch in which nothing is missing; 0: always */
    uint64_t published_epoch, published_sequence;
    uint64_t ended_count;
    struct runtime_ended_proposal ended[RUNTIME_PROPOSALS_ENDED];
    struct runtime_waiting_review waiting[RUNTIME_REVIEWS_WAITING_MAX];
    struct assay_record *record; /* scratch */
    uint8_t row[16 + 48 * 1024]; /* scratch */
};

/* What proposals are evaluated against now. */
void runtime_reviews_facts(const struct assay_runtime *runtime, struct assay_reviews_facts *facts);
/* Returns: the name of an operator in force, else its id; in text. */
const char *runtime_operator_name(const struct assay_runtime *runtime, const uint8_t id[static 32],
                                  char text[static 65]);

#endif
