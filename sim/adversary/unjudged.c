/*
 * sim/adversary/unjudged.c - attack: evidence under a certificate that is not valid at the time.
 *
 * Neither valid nor invalid: for eight certified epochs the score stays, then it falls like that of
 * an absent member (docs/protocol.md 7.15).
 */
#include "sim/adversary/rows.h"

static enum assay_sim_evidence unjudged_evidence(const struct assay_attack_scene *scene)
{
    (void)scene;
    return ASSAY_SIM_EVIDENCE_UNJUDGED;
}

const struct assay_attack assay_attack_unjudged = {
    .attack = ASSAY_SIM_ATTACK_UNJUDGED,
    .evidence = unjudged_evidence,
};
