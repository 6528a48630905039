/*
 * sim/adversary/unjudged.c - evidence under a certificate that is not valid at the time.
 *
 * Genuine for all anybody knows, and nobody can say: for eight certified epochs it holds what it
 * has, then it falls like the absent (docs/protocol.md 7.15).
 */
#include "sim/adversary/rows.h"

static enum assay_sim_evidence evidence(const struct assay_attack_scene *scene)
{
    (void)scene;
    return ASSAY_SIM_EVIDENCE_UNJUDGED;
}

const struct assay_attack assay_attack_unjudged = {
    .attack = ASSAY_SIM_ATTACK_UNJUDGED,
    .evidence = evidence,
};
