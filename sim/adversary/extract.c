/*
 * sim/adversary/extract.c - attack: wrong code under an extracted attestation key.
 *
 * Not detectable; weight is bounded by platform unit and caps (docs/protocol.md 1.2, 6.2, 6.3).
 */
#include "sim/adversary/rows.h"

static enum assay_sim_evidence extract_evidence(const struct assay_attack_scene *scene)
{
    (void)scene;
    return ASSAY_SIM_EVIDENCE_FORGED;
}

const struct assay_attack assay_attack_extract = {
    .attack = ASSAY_SIM_ATTACK_EXTRACT,
    .evidence = extract_evidence,
};
