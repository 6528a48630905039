/*
 * sim/adversary/lie_in_blocks.c - attack: proposals name a wrong state root.
 *
 * Every voter recomputes the root before it notarises (docs/protocol.md 5.2): the view is
 * nullified. It is no offence of this version.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static void lie_in_blocks_sign(const struct assay_attack_scene *scene,
                               struct assay_attack_signing *signing)
{
    (void)scene;
    assay_twist_state_root(signing);
}

const struct assay_attack assay_attack_lie_in_blocks = {
    .attack = ASSAY_SIM_ATTACK_LIE_IN_BLOCKS,
    .sign = lie_in_blocks_sign,
};
