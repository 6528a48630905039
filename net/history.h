/*
 * net/history.h - the score history that a node keeps for people (ASSAY_STORE_SCORE).
 *
 * One row per member and closed epoch, written by the host; the engine never reads it. Canonical
 * CBOR: ["assay/score/v2", incarnation, score, I, A, standing, weight, P, N, W, reason, certified,
 * U, lo, hi, rule of A]; rows of version 1 end before U and are still read.
 */
#ifndef ASSAY_NET_HISTORY_H
#define ASSAY_NET_HISTORY_H

#include "base/writer.h"

enum { ASSAY_HISTORY_ROW_MAX = 128 };

struct assay_history_row {
    uint32_t incarnation;
    uint32_t score_bp, integrity_bp, availability_bp;
    uint32_t standing;  /* enum assay_standing */
    uint32_t weight; /* of the epoch that begins */
    uint64_t positive_bp, negative_bp, electorate_bp;
    uint32_t reason; /* enum assay_integrity_reason */
    bool certified;
    /* Zero in rows of version 1. */
    uint64_t unjudged_bp;
    uint32_t lo_bp, hi_bp;
    uint32_t availability_rule; /* enum assay_availability_rule */
};

/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_history_encode(const struct assay_history_row *row,
                                                     struct assay_writer *w);
/* Returns: ASSAY_OK | statuses of base/cbor.h */
ASSAY_CHECKED enum assay_status assay_history_decode(struct assay_slice bytes,
                                                     struct assay_history_row *row);

#endif
