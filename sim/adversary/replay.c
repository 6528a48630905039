/*
 * sim/adversary/replay.c - attack: every answer is the node's first quote.
 *
 * Bound to another beacon it is not evidence for this epoch: ABSENT, never FAIL (docs/protocol.md
 * 3.6). In the first epoch there is no older one.
 */
#include "sim/adversary/rows.h"

static enum assay_sim_evidence replay_evidence(const struct assay_attack_scene *scene)
{
    return scene->epoch == 1 ? ASSAY_SIM_EVIDENCE_GOOD : ASSAY_SIM_EVIDENCE_FIRST;
}

const struct assay_attack assay_attack_replay = {
    .attack = ASSAY_SIM_ATTACK_REPLAY,
    .evidence = replay_evidence,
};
