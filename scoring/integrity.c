/*
 * scoring/integrity.c - strikes, ceilings and rises of I.
 *
 * protocol.md 7.4 to 7.7. Integrity moves on re-verifiable objects only, so strikes need no quorum:
 * they fall in an epoch that was not certified too. Ceilings and rises need a certified close.
 */
#include "scoring/integrity.h"

#include "base/assert.h"
#include "scoring/standing.h"

/* docs/protocol.md 7.7: more than a third of the table has an honest voter in it. */
static enum assay_outcome low_level(enum assay_outcome level, uint64_t said, uint64_t table)
{
    ASSAY_ASSERT(said <= table);
    return 3 * said > table ? level : ASSAY_OUTCOME_NONE;
}

enum assay_outcome assay_integrity_level(struct assay_level_votes levels, uint64_t table_weight)
{
    const uint64_t total = levels.up_to_date + levels.needs_hardening + levels.out_of_date;
    if (total == 0) return ASSAY_OUTCOME_NONE;
    /*
     * protocol.md 7.7: counted from the worst level, so that an exact half decides for the lower
     * one.
     */
    const uint64_t lower = levels.out_of_date + levels.needs_hardening;
    if (2 * levels.out_of_date >= total)
        return low_level(ASSAY_OUTCOME_PASS_OUT_OF_DATE, levels.out_of_date, table_weight);
    if (2 * lower >= total)
        return low_level(ASSAY_OUTCOME_PASS_NEEDS_HARDENING, lower, table_weight);
    return ASSAY_OUTCOME_PASS_UP_TO_DATE;
}

/* protocol.md 7.4: is this false FAIL a second one, within 512 epochs or within one epoch? */
static bool false_fail_again(const struct assay_tally_input *input,
                             const struct assay_tally_member *member,
                             const struct assay_trust_state *trust)
{
    ASSAY_ASSERT(trust->last_false_fail_epoch <= input->epoch);
    if (member->faults.false_fails == 0) return false;
    if (member->faults.false_fails > 1) return true;
    return trust->last_false_fail_epoch != 0 &&
           input->epoch - trust->last_false_fail_epoch < ASSAY_FALSE_FAIL_EPOCHS;
}

/* Returns the strongest reason why I must be set to 0, or HELD_UNCERTIFIED when none does. */
static enum assay_integrity_reason zero_reason(const struct assay_faults *faults, bool again)
{
    if (faults->own_fail_hard) return ASSAY_INTEGRITY_FAIL_HARD;
    if (faults->equivocation) return ASSAY_INTEGRITY_EQUIVOCATION;
    if (faults->false_pass) return ASSAY_INTEGRITY_FALSE_PASS;
    if (again) return ASSAY_INTEGRITY_FALSE_FAIL_AGAIN;
    return ASSAY_INTEGRITY_HELD_UNCERTIFIED;
}

/* docs/protocol.md 7.4. Returns true when a fault struck; then there is no rise. */
static bool apply_strike(const struct assay_tally_input *input,
                         const struct assay_tally_member *member, struct assay_trust_state *trust,
                         struct assay_tally_result *result)
{
    ASSAY_ASSERT(trust->integrity_bp <= ASSAY_SCORE_BP_MAX);
    const struct assay_faults *faults = &member->faults;
    const bool again = false_fail_again(input, member, trust);
    if (faults->false_fails > 0) trust->last_false_fail_epoch = input->epoch;

    const enum assay_integrity_reason zero = zero_reason(faults, again);
    if (zero != ASSAY_INTEGRITY_HELD_UNCERTIFIED) {
        /* Once a failed incarnation stands at 0, striking it again is no new failure. */
        result->integrity_failed = trust->integrity_bp > 0 || trust->listed_after_failure;
        result->integrity_reason = zero;
        trust->integrity_bp = 0;
        return true;
    }
    if (faults->false_fails > 0) {
        trust->integrity_bp = assay_score_quarter_off(trust->integrity_bp);
        result->integrity_reason = ASSAY_INTEGRITY_FALSE_FAIL;
    }
    if (faults->own_fail_soft) {
        trust->integrity_bp = assay_score_quarter_off(trust->integrity_bp);
        result->integrity_reason = ASSAY_INTEGRITY_FAIL_SOFT;
    }
    return faults->false_fails > 0 || faults->own_fail_soft;
}

/* docs/protocol.md 7.7. Beyond the grace of the policy evidence counts as nothing (3.11). */
static uint16_t ladder_ceiling_bp(const struct assay_tally_input *input, enum assay_outcome level,
                                  struct assay_trust_state *trust)
{
    ASSAY_ASSERT(trust->out_of_date_since_epoch <= input->epoch);
    if (level != ASSAY_OUTCOME_PASS_OUT_OF_DATE) trust->out_of_date_since_epoch = 0;
    if (level == ASSAY_OUTCOME_PASS_NEEDS_HARDENING) return input->rules->hardening_ceiling_bp;
    if (level != ASSAY_OUTCOME_PASS_OUT_OF_DATE) return ASSAY_SCORE_BP_MAX;

    if (trust->out_of_date_since_epoch == 0) trust->out_of_date_since_epoch = input->epoch;
    const uint64_t age_epochs = input->epoch - trust->out_of_date_since_epoch;
    ASSAY_ASSERT(input->rules->hardening_ceiling_bp <= ASSAY_SCORE_BP_MAX);
    return age_epochs < input->rules->grace_epochs ? (uint16_t)ASSAY_CEILING_WARNING_BP
                                                   : (uint16_t)ASSAY_CEILING_RESTRICTED_BP;
}

/* docs/protocol.md 7.6, the second half. Called where 3P > T and nothing struck. */
static enum assay_integrity_reason apply_rise(const struct assay_tally_member *member,
                                              const struct assay_tally_result *result,
                                              struct assay_trust_state *trust)
{
    ASSAY_ASSERT(result->lo_bp <= ASSAY_SCORE_BP_MAX && result->ceiling_bp <= ASSAY_SCORE_BP_MAX);
    const uint16_t top = result->lo_bp < result->ceiling_bp ? result->lo_bp : result->ceiling_bp;
    if (trust->integrity_bp >= top) return ASSAY_INTEGRITY_HELD_BOUND;
    if (!trust->listed_after_failure) return ASSAY_INTEGRITY_HELD_UNLISTED;
    if (member->duty && !member->balloted) return ASSAY_INTEGRITY_HELD_NO_BALLOT;
    const uint16_t step = assay_score_integrity_rise_bp(trust->offences.count);
    const uint16_t risen = (uint16_t)(trust->integrity_bp + step);
    trust->integrity_bp = risen < top ? risen : top;
    ASSAY_ASSERT(trust->integrity_bp <= top);
    return ASSAY_INTEGRITY_RISE;
}

/* Ceiling, then rise, as far as the epoch allows. */
static void settle_integrity(const struct assay_tally_input *input,
                             const struct assay_tally_member *member, bool struck,
                             struct assay_trust_state *trust, struct assay_tally_result *result)
{
    ASSAY_ASSERT(result->level != ASSAY_OUTCOME_NONE);

    result->ceiling_bp = ladder_ceiling_bp(input, result->level, trust);
    const bool lowered = trust->integrity_bp > result->ceiling_bp;
    if (lowered) trust->integrity_bp = result->ceiling_bp;
    ASSAY_ASSERT(trust->integrity_bp <= result->ceiling_bp);
    if (struck) return; /* protocol.md 7.5: a fall, so no rise */
    result->integrity_reason =
        lowered ? ASSAY_INTEGRITY_CEILING : apply_rise(member, result, trust);
}

void assay_integrity_step(const struct assay_tally_input *input,
                          const struct assay_tally_member *member, bool certified,
                          struct assay_trust_state *trust, struct assay_tally_result *result)
{
    ASSAY_ASSERT(input != NULL && member != NULL && trust != NULL && result != NULL);
    ASSAY_ASSERT(trust->integrity_bp <= ASSAY_SCORE_BP_MAX);
    const enum assay_standing standing_before = trust->integrity.standing;
    result->ceiling_bp = ASSAY_SCORE_BP_MAX;
    result->integrity_failed = false;
    result->integrity_reason =
        certified ? ASSAY_INTEGRITY_HELD_FEW : ASSAY_INTEGRITY_HELD_UNCERTIFIED;

    const bool struck = apply_strike(input, member, trust, result);
    if (certified && result->level != ASSAY_OUTCOME_NONE)
        settle_integrity(input, member, struck, trust, result);

    trust->integrity = assay_standing_step(trust->integrity, trust->integrity_bp, certified);
    if (standing_before != ASSAY_STANDING_SUSPENDED &&
        trust->integrity.standing == ASSAY_STANDING_SUSPENDED)
        result->integrity_failed = true;
    if (result->integrity_failed) trust->listed_after_failure = false;
    /* No rise beyond what the epoch allows, and no listing of members that failed in it. */
    ASSAY_ASSERT(trust->integrity_bp <= ASSAY_SCORE_BP_MAX);
    ASSAY_ASSERT(!result->integrity_failed || !trust->listed_after_failure);
    ASSAY_ASSERT(!struck || result->integrity_reason != ASSAY_INTEGRITY_RISE);
}
