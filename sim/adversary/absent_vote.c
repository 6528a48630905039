/*
 * sim/adversary/absent_vote.c - ballots say ABSENT about victims whose evidence came.
 *
 * What nobody can prove: it counts, and moves nothing up to a third of the weight (P1).
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static enum assay_outcome vote(const struct assay_attack_scene *scene, uint32_t subject,
                               enum assay_outcome honest)
{
    return assay_attack_victim(scene, subject) ? ASSAY_OUTCOME_ABSENT : honest;
}

const struct assay_attack assay_attack_absent_vote = {
    .attack = ASSAY_SIM_ATTACK_ABSENT_VOTE,
    .vote = vote,
    .sign = assay_twist_ballot,
};
