/*
 * sim/adversary/mute.c - attack: no ballots; everything else as an honest node.
 *
 * A member that does not judge is not judged (docs/protocol.md 7.14): from the eighth certified
 * epoch on it falls like an absent one, though every ballot reports PASS for it.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool mute_ballots(const struct assay_attack_scene *scene)
{
    (void)scene;
    return false;
}

/* Its host drops the ballot that the engine makes and relays those of others. Its own blocks still
 * contain one, over another roll, which does not count. */
static void mute_sign(const struct assay_attack_scene *scene, struct assay_attack_signing *signing)
{
    (void)scene;
    assay_twist_ballot_roll(signing);
}

static bool mute_passes(const struct assay_attack_scene *scene, uint32_t to,
                        enum assay_message_kind kind, struct assay_slice payload)
{
    (void)to;
    return kind != ASSAY_MESSAGE_RECORD || !assay_twist_own_ballot(scene, payload);
}

const struct assay_attack assay_attack_mute = {
    .attack = ASSAY_SIM_ATTACK_MUTE,
    .ballots = mute_ballots,
    .sign = mute_sign,
    .passes = mute_passes,
};
