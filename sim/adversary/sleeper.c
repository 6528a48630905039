/*
 * sim/adversary/sleeper.c - attack: good until start_epoch, then badmouthing of the victims and
 * false PASS.
 *
 * It vouches for its own cohort. A long good record gains nothing (docs/protocol.md 7.3): scores
 * end at 10000 and fall by quarters.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static enum assay_outcome sleeper_vote(const struct assay_attack_scene *scene, uint32_t subject,
                                       enum assay_outcome honest)
{
    if (scene->cohort_of[subject] == scene->cohort_of[scene->node])
        return ASSAY_OUTCOME_PASS_UP_TO_DATE;
    return assay_attack_victim(scene, subject) ? ASSAY_OUTCOME_FAIL_HARD : honest;
}

const struct assay_attack assay_attack_sleeper = {
    .attack = ASSAY_SIM_ATTACK_SLEEPER,
    .vote = sleeper_vote,
    .sign = assay_twist_ballot,
};
