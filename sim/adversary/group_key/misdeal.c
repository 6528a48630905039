/*
 * sim/adversary/group_key/misdeal.c - attack: the node's holder of the group key deals, accuses and
 * vouches wrongly, or is silent after its offer (docs/identity.md 3.9).
 *
 * What it does is drawn for each epoch, or always the kind of number `amount`: 1 wrong value, 2
 * wrong point, 3 accusations, 4 wrong voucher, 5 silence, 6 several, 7 a copied R. Records of
 * a ceremony convict by themselves; a third of the weight that does so neither prevents a
 * generation nor gets a key.
 */
#include "sim/adversary/rows.h"

#include "sim/scenario/random.h"

static unsigned misdeal_holder(const struct assay_attack_scene *scene)
{
    static const unsigned faults[] = {
        ASSAY_MISDEAL_VALUE,   ASSAY_MISDEAL_POINT,
        ASSAY_MISDEAL_ACCUSES, ASSAY_MISDEAL_HAVE,
        ASSAY_MISDEAL_SILENT,  ASSAY_MISDEAL_VALUE | ASSAY_MISDEAL_ACCUSES | ASSAY_MISDEAL_HAVE,
        ASSAY_MISDEAL_COPIES,
    };
    const size_t count = sizeof faults / sizeof faults[0];
    const uint64_t amount = scene->adversary->amount;
    struct assay_sim_random random =
        assay_sim_random_of(scene->seed, ASSAY_SIM_STREAM_MISDEAL, scene->node, scene->epoch);
    return faults[amount > 0 ? (amount - 1) % count : assay_sim_random_below(&random, count)];
}

const struct assay_attack assay_attack_misdeal = {
    .attack = ASSAY_SIM_ATTACK_MISDEAL,
    .holder = misdeal_holder,
};
