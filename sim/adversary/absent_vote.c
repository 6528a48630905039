/*
 * sim/adversary/absent_vote.c - attack: ballots report ABSENT for victims whose evidence arrived.
 *
 * Not provable: it counts, and has no effect up to a third of the weight (P1).
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static enum assay_outcome absent_vote_vote(const struct assay_attack_scene *scene, uint32_t subject,
                                           enum assay_outcome honest)
{
    return assay_attack_victim(scene, subject) ? ASSAY_OUTCOME_ABSENT : honest;
}

const struct assay_attack assay_attack_absent_vote = {
    .attack = ASSAY_SIM_ATTACK_ABSENT_VOTE,
    .vote = absent_vote_vote,
    .sign = assay_twist_ballot,
};
