/*
 * sim/adversary/underrate.c - attack: ballots report PASS out of date for the victims, whatever the
 * verdict.
 *
 * It keeps a victim whose evidence reached few under the ceiling of an old platform, where a third
 * decides the median of levels; each such ballot is a falsehood (E5), as FAIL would be.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static enum assay_outcome underrate_vote(const struct assay_attack_scene *scene, uint32_t subject,
                                         enum assay_outcome honest)
{
    if (!assay_attack_victim(scene, subject) || !assay_outcome_is_pass(honest)) return honest;
    return ASSAY_OUTCOME_PASS_OUT_OF_DATE;
}

const struct assay_attack assay_attack_underrate = {
    .attack = ASSAY_SIM_ATTACK_UNDERRATE,
    .vote = underrate_vote,
    .sign = assay_twist_ballot,
};
