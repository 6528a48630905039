/*
 * sim/adversary/badmouth.c - attack: ballots report FAIL for the victims, without proof.
 *
 * Without a FAIL record it counts for nothing, and where the victim's evidence passes it is a false
 * FAIL that E5 convicts (docs/protocol.md 5.23, 7.4): the first costs a quarter of integrity, two
 * all.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static enum assay_outcome badmouth_vote(const struct assay_attack_scene *scene, uint32_t subject,
                                        enum assay_outcome honest)
{
    return assay_attack_victim(scene, subject) ? ASSAY_OUTCOME_FAIL_HARD : honest;
}

const struct assay_attack assay_attack_badmouth = {
    .attack = ASSAY_SIM_ATTACK_BADMOUTH,
    .vote = badmouth_vote,
    .sign = assay_twist_ballot,
};
