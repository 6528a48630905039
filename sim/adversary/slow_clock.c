/*
 * sim/adversary/slow_clock.c - the node's clock is behind by amount milliseconds.
 *
 * There is no lower bound on times but the parent's (docs/protocol.md 4.5): slow clocks of a third
 * nullify nothing.
 */
#include "sim/adversary/rows.h"

static int64_t clock_ms(const struct assay_attack_scene *scene)
{
    return -(int64_t)scene->adversary->amount;
}

const struct assay_attack assay_attack_slow_clock = {
    .attack = ASSAY_SIM_ATTACK_SLOW_CLOCK,
    .clock_ms = clock_ms,
};
