/*
 * sim/adversary/roll_back.c - attack: restart from an older disk image every amount epochs.
 *
 * The image is amount epochs old, or two where amount is more. Peers return the node's own votes
 * (docs/protocol.md 2.8): it stays silent through the epoch, and its keys are finished.
 */
#include "sim/adversary/rows.h"

static uint32_t roll_back_rolls_back(const struct assay_attack_scene *scene)
{
    const struct assay_sim_adversary *a = scene->adversary;
    const uint64_t first = a->start_epoch == 0 ? 1 : a->start_epoch;
    const uint32_t every = a->amount == 0 ? 1 : a->amount;
    if ((scene->epoch - first + 1) % every != 0) return 0;
    return every < 2 ? every : 2;
}

const struct assay_attack assay_attack_roll_back = {
    .attack = ASSAY_SIM_ATTACK_ROLL_BACK,
    .rolls_back = roll_back_rolls_back,
};
