/*
 * sim/adversary/shrug.c - attack: ballots report UNJUDGED for the victims, whatever the verdict.
 *
 * No conviction: a verifier may have its limits (docs/protocol.md 5.23). It has the effect of no
 * ballot, and a third of the weight never makes 3U > 2W (7.15).
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static enum assay_outcome shrug_vote(const struct assay_attack_scene *scene, uint32_t subject,
                                     enum assay_outcome honest)
{
    return assay_attack_victim(scene, subject) ? ASSAY_OUTCOME_UNJUDGED : honest;
}

const struct assay_attack assay_attack_shrug = {
    .attack = ASSAY_SIM_ATTACK_SHRUG,
    .vote = shrug_vote,
    .sign = assay_twist_ballot,
};
