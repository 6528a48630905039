/*
 * sim/adversary/quiet.c - attack: no evidence at all; the node votes and ballots as always.
 *
 * Absence is not guilt (docs/protocol.md 7.9): SUSPENDED after three epochs, integrity and weight
 * stay.
 */
#include "sim/adversary/rows.h"

static enum assay_sim_evidence quiet_evidence(const struct assay_attack_scene *scene)
{
    (void)scene;
    return ASSAY_SIM_EVIDENCE_NONE;
}

const struct assay_attack assay_attack_quiet = {
    .attack = ASSAY_SIM_ATTACK_QUIET,
    .evidence = quiet_evidence,
};
