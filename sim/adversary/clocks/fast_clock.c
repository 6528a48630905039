/*
 * sim/adversary/clocks/fast_clock.c - attack: the node's clock is ahead by amount milliseconds.
 *
 * Blocks from more than min(5 s, T/8) ahead are refused (docs/protocol.md 4.5): its views as leader
 * are nullified.
 */
#include "sim/adversary/rows.h"

static int64_t fast_clock_clock_ms(const struct assay_attack_scene *scene)
{
    return (int64_t)scene->adversary->amount;
}

const struct assay_attack assay_attack_fast_clock = {
    .attack = ASSAY_SIM_ATTACK_FAST_CLOCK,
    .clock_ms = fast_clock_clock_ms,
};
