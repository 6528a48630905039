/*
 * sim/adversary/on_off.c - attack: quiet for on_epochs, good for off_epochs, and so on.
 *
 * assay_attack_active counts the cycle, so only the bad phase is here. P8 bounds the gain of an
 * attacker that stays above a score.
 */
#include "sim/adversary/rows.h"

static enum assay_sim_evidence on_off_evidence(const struct assay_attack_scene *scene)
{
    (void)scene;
    return ASSAY_SIM_EVIDENCE_NONE;
}

const struct assay_attack assay_attack_on_off = {
    .attack = ASSAY_SIM_ATTACK_ON_OFF,
    .evidence = on_off_evidence,
};
