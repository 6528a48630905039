/*
 * sim/adversary/shrug.c - ballots say UNJUDGED about the victims, whatever was found.
 *
 * Nobody is convicted of it: a verifier may have its limits (docs/protocol.md 5.23). It is as good
 * as saying nothing, and a third of the weight never makes 3U > 2W (7.15).
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static enum assay_outcome vote(const struct assay_attack_scene *scene, uint32_t subject,
                               enum assay_outcome honest)
{
    return assay_attack_victim(scene, subject) ? ASSAY_OUTCOME_UNJUDGED : honest;
}

const struct assay_attack assay_attack_shrug = {
    .attack = ASSAY_SIM_ATTACK_SHRUG,
    .vote = vote,
    .sign = assay_twist_ballot,
};
