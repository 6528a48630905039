/*
 * sim/adversary/relay.c - attack: quotes of another machine's genuine enclave (cuckoo).
 *
 * report_data binds the keys of this node, so the other enclave quotes for them; the platform id,
 * which the roster pins (docs/protocol.md 3.9, 9.2), reveals it: FAIL hard. amount 1: the other
 * machine is the one that the roster pins, and nothing in the quote reveals it (threat-model.md).
 */
#include "sim/adversary/rows.h"

static enum assay_sim_evidence relay_evidence(const struct assay_attack_scene *scene)
{
    return scene->adversary->amount == 0 ? ASSAY_SIM_EVIDENCE_ELSEWHERE : ASSAY_SIM_EVIDENCE_FORGED;
}

const struct assay_attack assay_attack_relay = {
    .attack = ASSAY_SIM_ATTACK_RELAY,
    .evidence = relay_evidence,
};
