/*
 * sim/adversary/clocks/slow_clock.c - attack: the node's clock is behind by amount milliseconds.
 *
 * The only lower bound on times is the parent's (docs/protocol.md 4.5): slow clocks of a third
 * nullify nothing.
 */
#include "sim/adversary/rows.h"

static int64_t slow_clock_clock_ms(const struct assay_attack_scene *scene)
{
    return -(int64_t)scene->adversary->amount;
}

const struct assay_attack assay_attack_slow_clock = {
    .attack = ASSAY_SIM_ATTACK_SLOW_CLOCK,
    .clock_ms = slow_clock_clock_ms,
};
