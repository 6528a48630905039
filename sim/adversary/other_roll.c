/*
 * sim/adversary/other_roll.c - attack: ballots name another roll than the final one.
 *
 * Another electorate (docs/protocol.md 7.5): such a ballot is excluded and never punished, like no
 * ballot.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool other_roll_ballots(const struct assay_attack_scene *scene)
{
    (void)scene;
    return false;
}

static void other_roll_sign(const struct assay_attack_scene *scene,
                            struct assay_attack_signing *signing)
{
    (void)scene;
    assay_twist_ballot_roll(signing);
}

const struct assay_attack assay_attack_other_roll = {
    .attack = ASSAY_SIM_ATTACK_OTHER_ROLL,
    .ballots = other_roll_ballots,
    .sign = other_roll_sign,
};
