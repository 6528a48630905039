/*
 * sim/adversary/on_off.c - quiet for on_epochs, good for off_epochs, and so on.
 *
 * assay_attack_active counts the cycle, so what stands here is the bad phase alone. P8 bounds what
 * an attacker gets out of it who stays above a score.
 */
#include "sim/adversary/rows.h"

static enum assay_sim_evidence evidence(const struct assay_attack_scene *scene)
{
    (void)scene;
    return ASSAY_SIM_EVIDENCE_NONE;
}

const struct assay_attack assay_attack_on_off = {
    .attack = ASSAY_SIM_ATTACK_ON_OFF,
    .evidence = evidence,
};
