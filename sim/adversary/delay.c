/*
 * sim/adversary/delay.c - everything leaves amount milliseconds later.
 *
 * Slow evidence is not absent evidence as long as the ballot can wait (docs/protocol.md 4.1.2);
 * what comes later than that is absent, as it is for an honest node behind a bad line.
 */
#include "sim/adversary/rows.h"

static uint32_t delay_ms(const struct assay_attack_scene *scene, enum assay_message_kind kind)
{
    (void)kind;
    return scene->adversary->amount;
}

const struct assay_attack assay_attack_delay = {
    .attack = ASSAY_SIM_ATTACK_DELAY,
    .delay_ms = delay_ms,
};
