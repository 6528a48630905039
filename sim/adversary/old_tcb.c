/*
 * sim/adversary/old_tcb.c - attack: the platform is out of date beyond the grace of the policy.
 *
 * Evidence fails soft: integrity loses a quarter an epoch (docs/protocol.md 7.4).
 */
#include "sim/adversary/rows.h"

static enum assay_sim_evidence old_tcb_evidence(const struct assay_attack_scene *scene)
{
    (void)scene;
    return ASSAY_SIM_EVIDENCE_SOFTLY;
}

const struct assay_attack assay_attack_old_tcb = {
    .attack = ASSAY_SIM_ATTACK_OLD_TCB,
    .evidence = old_tcb_evidence,
};
