/*
 * sim/adversary/eclipse.c - the victims' messages pass through the adversary, who drops them.
 *
 * A victim hears the adversary and is heard by it; every other link of it is dead, to other victims
 * too. Its evidence reaches nobody honest: absence, which costs service but neither integrity nor
 * weight (docs/protocol.md 7.9). The victim sees no finality and acts on nothing.
 */
#include "sim/adversary/rows.h"

static bool carries(const struct assay_attack_scene *scene, uint32_t from, uint32_t to)
{
    const uint32_t victims = scene->adversary->victims;
    const uint32_t own = scene->adversary->cohort;
    if (scene->cohort_of[from] == own || scene->cohort_of[to] == own) return true;
    return scene->cohort_of[from] != victims && scene->cohort_of[to] != victims;
}

const struct assay_attack assay_attack_eclipse = {
    .attack = ASSAY_SIM_ATTACK_ECLIPSE,
    .carries = carries,
};
