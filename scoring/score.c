/*
 * scoring/score.c - interval bounds of a score, its drops and rises.
 *
 * protocol.md 7.3, 7.6. Unit tests prove the invariants of these formulas (P1, P2, P3, P4, P11).
 */
#include "scoring/score.h"

#include "base/assert.h"
#include "scoring/groups.h"
#include "scoring/weight.h"

_Static_assert(UINT64_C(1) * ASSAY_SCORING_MEMBERS_MAX * ASSAY_WEIGHT_UNIT * 3 <=
                   UINT64_MAX / (2 * ASSAY_SCORE_BP_MAX),
               "ten thousand times three times the total weight must fit in 64 bits");

static uint16_t clamp_bp(uint64_t value)
{
    return value > ASSAY_SCORE_BP_MAX ? (uint16_t)ASSAY_SCORE_BP_MAX : (uint16_t)value;
}

static void check_votes(struct assay_votes votes)
{
    ASSAY_ASSERT(votes.table_weight <= UINT64_C(1) * ASSAY_SCORING_MEMBERS_MAX * ASSAY_WEIGHT_UNIT);
    ASSAY_ASSERT(votes.electorate_weight <= votes.table_weight);
    ASSAY_ASSERT(votes.pass_weight <= votes.electorate_weight);
    ASSAY_ASSERT(votes.negative_weight <= votes.electorate_weight - votes.pass_weight);
}

/*
 * protocol.md 7.3, the score that N still allows. Whether N counts at all is decided against the
 * table, of which a coalition holds a third at most; the electorate is smaller, so a third of the
 * table may be more than a third of it. How far N lowers the score is decided against the
 * electorate, so that an absence that all voters report lowers it to 0.
 */
static uint16_t upper_bound_bp(struct assay_votes votes)
{
    const uint64_t electorate2 = 2 * votes.electorate_weight;
    const uint64_t negative3 = 3 * votes.negative_weight;
    if (negative3 <= votes.table_weight) return ASSAY_SCORE_BP_MAX;
    if (electorate2 <= votes.table_weight || negative3 >= electorate2) return 0;
    const uint64_t span = electorate2 - votes.table_weight;
    return clamp_bp((ASSAY_SCORE_BP_MAX * (electorate2 - negative3) + span - 1) / span);
}

/* protocol.md 7.3: lo is rounded down and hi up, so that rounding never moves a score. */
struct assay_bounds assay_score_bounds(struct assay_votes votes)
{
    check_votes(votes);
    const uint64_t total = votes.electorate_weight;
    struct assay_bounds bounds = { .lo_bp = 0, .hi_bp = ASSAY_SCORE_BP_MAX };
    if (total == 0) return bounds; /* no voter: HOLD */

    if (assay_votes_passed(votes))
        bounds.lo_bp = clamp_bp(ASSAY_SCORE_BP_MAX * (3 * votes.pass_weight - total) / total);
    bounds.hi_bp = upper_bound_bp(votes);
    ASSAY_ASSERT(bounds.lo_bp <= bounds.hi_bp);
    return bounds;
}

bool assay_votes_passed(struct assay_votes votes)
{
    ASSAY_ASSERT(votes.pass_weight <= votes.electorate_weight);
    ASSAY_ASSERT(votes.electorate_weight <= votes.table_weight);
    return 3 * votes.pass_weight > votes.table_weight;
}

uint16_t assay_score_availability_step(uint16_t availability_bp, struct assay_votes votes)
{
    ASSAY_ASSERT(availability_bp <= ASSAY_SCORE_BP_MAX);
    const struct assay_bounds bounds = assay_score_bounds(votes);
    /*
     * protocol.md 7.3: missing votes are of neither sign, a drop requires more than 2W/3 explicit
     * ones (P11).
     */
    const bool quorum =
        3 * (votes.pass_weight + votes.negative_weight) > 2 * votes.electorate_weight;
    if (quorum && availability_bp > bounds.hi_bp) {
        const uint16_t above_ceil = (uint16_t)((availability_bp - bounds.hi_bp + 3) / 4);
        ASSAY_ASSERT(above_ceil > 0 && above_ceil <= availability_bp);
        return (uint16_t)(availability_bp - above_ceil);
    }
    if (availability_bp < bounds.lo_bp) {
        const uint16_t risen = (uint16_t)(availability_bp + ASSAY_RISE_AVAILABILITY_BP);
        return risen < bounds.lo_bp ? risen : bounds.lo_bp;
    }
    return availability_bp;
}

uint16_t assay_score_quarter_off(uint16_t score_bp)
{
    ASSAY_ASSERT(score_bp <= ASSAY_SCORE_BP_MAX);
    return (uint16_t)(score_bp - (score_bp + 3) / 4);
}

uint16_t assay_score_integrity_rise_bp(uint32_t offence_count)
{
    /*
     * protocol.md 7.6, "U = 100 halved per earlier offence": the current offence is not an earlier
     * one, in agreement with the closed forms (54 and 94 epochs after a first hard
     * failure).
     */
    const uint32_t earlier = offence_count == 0 ? 0 : offence_count - 1;
    const uint32_t rise = earlier >= 8 ? 0u : (uint32_t)ASSAY_RISE_INTEGRITY_BP >> earlier;
    ASSAY_ASSERT(rise <= ASSAY_RISE_INTEGRITY_BP);
    return rise < ASSAY_RISE_INTEGRITY_MIN_BP ? (uint16_t)ASSAY_RISE_INTEGRITY_MIN_BP
                                              : (uint16_t)rise;
}
