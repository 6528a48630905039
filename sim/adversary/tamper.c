/*
 * sim/adversary/tamper.c - attack: the enclave runs wrong code, and its quote shows it.
 *
 * Evidence fails hard: one FAIL record takes all integrity (docs/protocol.md 7.4, P3: at once). A
 * restart helps only when the adversary has stopped: an INCARNATE needs evidence that passes.
 */
#include "sim/adversary/rows.h"

static enum assay_sim_evidence tamper_evidence(const struct assay_attack_scene *scene)
{
    (void)scene;
    return ASSAY_SIM_EVIDENCE_HARD;
}

const struct assay_attack assay_attack_tamper = {
    .attack = ASSAY_SIM_ATTACK_TAMPER,
    .evidence = tamper_evidence,
};
