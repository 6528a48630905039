/*
 * sim/adversary/group_key/missign.c - attack: in signing sessions of the group key, the holder
 * answers wrongly or not at all, and its host coordinates sessions with several lists or foreign
 * texts, and restores the signer's memory (docs/identity.md 4.7, 4.10).
 *
 * What it does is drawn for each epoch, or always the kind of number `amount`: 1 silent, 2 several
 * lists, 3 foreign texts, 4 and 5 several lists and restored memory, 6 wrong answers. A wrong
 * answer convicts by itself; whatever else a third of the weight does, no commitment is answered
 * twice, and the others get their certificates.
 */
#include "sim/adversary/rows.h"

#include "sim/scenario/random.h"

static unsigned missign_holder(const struct assay_attack_scene *scene)
{
    static const unsigned faults[] = {
        ASSAY_MISSIGN_SILENT,
        ASSAY_MISSIGN_LISTS,
        ASSAY_MISSIGN_FOREIGN,
        ASSAY_MISSIGN_LISTS | ASSAY_MISSIGN_RESTORES,
        ASSAY_MISSIGN_LISTS | ASSAY_MISSIGN_RESTORES | ASSAY_MISSIGN_SILENT,
        ASSAY_MISSIGN_ANSWER | ASSAY_MISSIGN_LISTS,
    };
    const size_t count = sizeof faults / sizeof faults[0];
    const uint64_t amount = scene->adversary->amount;
    struct assay_sim_random random =
        assay_sim_random_of(scene->seed, ASSAY_SIM_STREAM_SIGNING, scene->node, scene->epoch);
    if (amount > 0) return faults[(amount - 1) % count];
    /* Wrong answers end its part, so they are rare. */
    const bool is_wrong = assay_sim_random_permille(&random, 30);
    return is_wrong ? faults[count - 1] : faults[assay_sim_random_below(&random, count - 1)];
}

const struct assay_attack assay_attack_missign = {
    .attack = ASSAY_SIM_ATTACK_MISSIGN,
    .holder = missign_holder,
};
