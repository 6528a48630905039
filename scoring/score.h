/*
 * scoring/score.h - the arithmetic of one score in one epoch.
 *
 * protocol.md 7.3 to 7.6. Integers only; each rounding is named. tally.c decides queried peer what.
 */
#ifndef ASSAY_SCORING_SCORE_H
#define ASSAY_SCORING_SCORE_H

#include "scoring/trust.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ASSAY_RISE_AVAILABILITY_BP = 500,
    ASSAY_RISE_INTEGRITY_BP = 100, /* U without an earlier offence */
    ASSAY_RISE_INTEGRITY_MIN_BP = 12,
    ASSAY_OFFENCE_APART_EPOCHS = 32, /* at most one offence in so many */
    ASSAY_FORGET_EPOCHS = 512,       /* clean attested epochs that forget one offence */
    ASSAY_FALSE_FAIL_EPOCHS = 512,   /* a second false FAIL within so many costs everything */
    ASSAY_CEILING_WARNING_BP = 8999,
    ASSAY_CEILING_RESTRICTED_BP = 7499,
};

/* Votes of one electorate: P, N and W, with P + N <= W <= T. */
struct assay_votes {
    uint64_t pass_weight;
    uint64_t negative_weight;
    uint64_t electorate_weight;
    uint64_t table_weight; /* T: of all members, the subject's platform included */
};

struct assay_bounds {
    uint16_t lo_bp; /* the score that P alone supports, rounded down; 0 unless 3P > T */
    uint16_t hi_bp; /* the score that N still allows, rounded up; 10000 unless 3N > T; lo <= hi */
};

/* Returns: lo and hi; 0 and 10000 (which move nothing) for an empty electorate. */
struct assay_bounds assay_score_bounds(struct assay_votes votes);

/*
 * The one test of "enough voters passed it" (protocol.md 7.2: certified PASS, 7.6, 7.7, 7.15 and
 * 10.6). More than a third of the table has an honest voter in it, and an honest voter passes valid
 * evidence alone. A Byzantine third that votes `none` cannot withhold it.
 * Returns: true when 3P > T.
 */
bool assay_votes_passed(struct assay_votes votes);

/* Returns: A of the next epoch (certified epochs only): fall, rise or hold. */
uint16_t assay_score_availability_step(uint16_t availability_bp, struct assay_votes votes);

/* Returns: score - ceil(score / 4). */
uint16_t assay_score_quarter_off(uint16_t score_bp);

/* Returns: U, halved per offence before the newest one, at least 12. */
uint16_t assay_score_integrity_rise_bp(uint32_t offence_count);

#endif
