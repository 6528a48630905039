/*
 * sim/adversary/sleeper.c - good until start_epoch, then badmouths the victims and stuffs.
 *
 * It vouches for its own cohort. A long good record buys nothing (docs/protocol.md 7.3): scores end
 * at 10000 and fall by quarters.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static enum assay_outcome vote(const struct assay_attack_view *view, uint32_t subject,
                               enum assay_outcome honest)
{
    if (view->cohort_of[subject] == view->cohort_of[view->node])
        return ASSAY_OUTCOME_PASS_UP_TO_DATE;
    return assay_attack_victim(view, subject) ? ASSAY_OUTCOME_FAIL_HARD : honest;
}

const struct assay_attack assay_attack_sleeper = {
    .attack = ASSAY_SIM_ATTACK_SLEEPER,
    .vote = vote,
    .sign = assay_twist_ballot,
};
