/*
 * scoring/integrity.h - update of one member's integrity in one epoch.
 *
 * protocol.md 7.4 to 7.7 and 7.10. Private to this room: tally.c
 * gathers the votes, this decides, and the platform's offence record is settled by tally.c after
 * all members are known.
 */
#ifndef ASSAY_SCORING_INTEGRITY_H
#define ASSAY_SCORING_INTEGRITY_H

#include "scoring/score.h"
#include "scoring/tally.h"

/* Votes on the TCB level of one subject, by weight; the sum is P. */
struct assay_level_votes {
    uint64_t up_to_date;
    uint64_t needs_hardening;
    uint64_t out_of_date;
};

/*
 * Returns: the weighted median, the lower level on a tie. NONE when no vote is PASS, or when the
 * votes for so low a level are at most a third of the table: they may all be Byzantine.
 */
enum assay_outcome assay_integrity_level(struct assay_level_votes levels, uint64_t table_weight);

/*
 * assay_integrity_step - strikes, ceiling, rise, in this order.
 *
 * In:       input: epoch and rules; member: faults, ballot; certified close?
 *           result: P, N, W, lo and level are filled in
 * Out:      *trust: I, its standing, listed_after_failure, last false FAIL, TCB run.
 *           *result: ceiling, reason, integrity_failed. Not the offences.
 * Returns:  nothing
 */
void assay_integrity_step(const struct assay_tally_input *input,
                          const struct assay_tally_member *member, bool certified,
                          struct assay_trust_state *trust, struct assay_tally_result *result);

#endif
