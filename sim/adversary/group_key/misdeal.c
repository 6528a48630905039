/*
 * sim/adversary/group_key/misdeal.c - attack: the node's holder of the group key deals, accuses and
 * vouches wrongly, or is silent after its offer (docs/identity.md 3.9).
 *
 * What it does is drawn for each epoch. Records of a ceremony convict by themselves; a third of the
 * weight that does so neither prevents a generation nor gets a key.
 */
#include "sim/adversary/rows.h"

#include "sim/scenario/random.h"

static unsigned misdeal_holder(const struct assay_attack_scene *scene)
{
    static const unsigned faults[] = {
        ASSAY_MISDEAL_VALUE,   ASSAY_MISDEAL_POINT,
        ASSAY_MISDEAL_ACCUSES, ASSAY_MISDEAL_HAVE,
        ASSAY_MISDEAL_SILENT,  ASSAY_MISDEAL_VALUE | ASSAY_MISDEAL_ACCUSES | ASSAY_MISDEAL_HAVE,
    };
    struct assay_sim_random random =
        assay_sim_random_of(scene->seed, ASSAY_SIM_STREAM_MISDEAL, scene->node, scene->epoch);
    return faults[assay_sim_random_below(&random, sizeof faults / sizeof faults[0])];
}

const struct assay_attack assay_attack_misdeal = {
    .attack = ASSAY_SIM_ATTACK_MISDEAL,
    .holder = misdeal_holder,
};
