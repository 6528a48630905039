/*
 * sim/adversary/group_key/misname.c - attack: ballots state granted names that evidence does not
 * have, and leave out those that it has (docs/protocol.md 2.17).
 *
 * The victims have every name, others none. A third of the weight neither grants a name nor ends
 * one; each wrong bit is a false outcome (E5).
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static void misname_sign(const struct assay_attack_scene *scene,
                         struct assay_attack_signing *signing)
{
    assay_twist_ballot_names(scene, assay_attack_victim, signing);
}

const struct assay_attack assay_attack_misname = {
    .attack = ASSAY_SIM_ATTACK_MISNAME,
    .sign = misname_sign,
};
