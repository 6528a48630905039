/*
 * sim/adversary/delay.c - attack: every message is sent amount milliseconds late.
 *
 * Slow evidence is not absent evidence as long as the ballot can wait (docs/protocol.md 4.1.2);
 * later evidence is absent, as for an honest node on a bad line.
 */
#include "sim/adversary/rows.h"

static uint32_t delay_delay_ms(const struct assay_attack_scene *scene, enum assay_message_kind kind)
{
    (void)kind;
    return scene->adversary->amount;
}

const struct assay_attack assay_attack_delay = {
    .attack = ASSAY_SIM_ATTACK_DELAY,
    .delay_ms = delay_delay_ms,
};
