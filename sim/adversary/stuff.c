/*
 * sim/adversary/stuff.c - attack: ballots report PASS for the victims, whatever the verdict.
 *
 * With its own cohort as victims it is a ring that vouches for itself. PASS on failing evidence is
 * a false PASS (E5: all integrity); where no evidence arrived it raises no score up to a third
 * (P2).
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static enum assay_outcome stuff_vote(const struct assay_attack_scene *scene, uint32_t subject,
                                     enum assay_outcome honest)
{
    return assay_attack_victim(scene, subject) ? ASSAY_OUTCOME_PASS_UP_TO_DATE : honest;
}

const struct assay_attack assay_attack_stuff = {
    .attack = ASSAY_SIM_ATTACK_STUFF,
    .vote = stuff_vote,
    .sign = assay_twist_ballot,
};
