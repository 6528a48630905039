/*
 * scoring/fall.h - the last fall of a member's standing: since when, how far and by which rule.
 *
 * docs/protocol.md 7.16. Part of the state of the ledger, so that every node and every surface of a
 * node names the same cause, epoch and time of a standing, however long ago it fell.
 */
#ifndef ASSAY_SCORING_FALL_H
#define ASSAY_SCORING_FALL_H

#include "scoring/tally.h"
#include "scoring/trust.h"

#include <stdbool.h>
#include <stdint.h>

/* Which of the two numbers made a standing worse. Encoded, hence never reused. */
enum assay_fall_number {
    ASSAY_FALL_INTEGRITY = 0,
    ASSAY_FALL_AVAILABILITY = 1,
};

/* One close that made the standing of the score worse, or left it and made that of integrity worse,
 * or left it and integrity failed. */
struct assay_fall_step {
    uint64_t epoch;    /* closed by it; 0: none did */
    uint64_t begin_ms; /* of that epoch: header time, Unix ms */
    enum assay_fall_number number;
    uint32_t rule; /* enum assay_integrity_reason or enum assay_availability_rule, by number */
};

/* A run of such closes, without one between them that made the standing of the score better. */
struct assay_fall {
    struct assay_fall_step first, last; /* equal where the run is one step */
    enum assay_standing from, to;       /* of the score, before the first and after the last */
    /* The newest step by integrity, of this run or of one before: integrity rises slowly, and may
     * be low by it when the run has other causes. epoch 0: none. */
    struct assay_fall_step integrity;
};

/* One closed epoch of one member. */
struct assay_fall_close {
    uint64_t epoch, begin_ms;
    uint64_t stage_epoch; /* first epoch of the member's stage: a drain ends a run */
    const struct assay_trust_state *before, *after;
    bool integrity_failed; /* docs/protocol.md 7.5 */
    enum assay_integrity_reason integrity_reason;
    enum assay_availability_rule availability_rule;
};

/* A close without a fall leaves *fall as it is; one with a fall continues its run, or begins one.
 */
void assay_fall_on_close(struct assay_fall *fall, const struct assay_fall_close *close);

/* Returns: whether *fall is that of a member that has fallen. */
static inline bool assay_fall_is_set(const struct assay_fall *fall)
{
    return fall->last.epoch != 0;
}

/* Returns: whether closes can have made *fall. */
bool assay_fall_holds(const struct assay_fall *fall);

#endif
