/*
 * sim/adversary/other_roll.c - ballots name another roll than the one that is final.
 *
 * Another electorate (docs/protocol.md 7.5): such a ballot is excluded and never punished. It is as
 * good as none.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool ballots(const struct assay_attack_scene *scene)
{
    (void)scene;
    return false;
}

static void sign(const struct assay_attack_scene *scene, struct assay_attack_signing *signing)
{
    (void)scene;
    assay_twist_ballot_roll(signing);
}

const struct assay_attack assay_attack_other_roll = {
    .attack = ASSAY_SIM_ATTACK_OTHER_ROLL,
    .ballots = ballots,
    .sign = sign,
};
