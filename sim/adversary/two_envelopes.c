/*
 * sim/adversary/two_envelopes.c - attack: two different envelopes in one epoch.
 *
 * The second names nonexistent evidence. Both under one incarnation are E8 (docs/protocol.md 5.23),
 * whether the node has weight or not.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool two_envelopes_convicted(const struct assay_attack_scene *scene)
{
    (void)scene;
    return true;
}

const struct assay_attack assay_attack_two_envelopes = {
    .attack = ASSAY_SIM_ATTACK_TWO_ENVELOPES,
    .convicted = two_envelopes_convicted,
    .sent = assay_twist_second_envelope,
};
