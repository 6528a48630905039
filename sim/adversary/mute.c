/*
 * sim/adversary/mute.c - no ballots; everything else as an honest node does it.
 *
 * Who does not judge is not judged (docs/protocol.md 7.14): from the eighth certified epoch on it
 * falls like the absent, though everybody says PASS of it.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool ballots(const struct assay_attack_scene *scene)
{
    (void)scene;
    return false;
}

/* Its host drops the ballot that the engine makes; those of others are passed on. In blocks of its
 * own there is one still, over another roll: it counts for nobody. */
static void sign(const struct assay_attack_scene *scene, struct assay_attack_signing *signing)
{
    (void)scene;
    assay_twist_ballot_roll(signing);
}

static bool passes(const struct assay_attack_scene *scene, uint32_t to,
                   enum assay_message_kind kind, struct assay_slice payload)
{
    (void)to;
    return kind != ASSAY_MESSAGE_RECORD || !assay_twist_own_ballot(scene, payload);
}

const struct assay_attack assay_attack_mute = {
    .attack = ASSAY_SIM_ATTACK_MUTE,
    .ballots = ballots,
    .sign = sign,
    .passes = passes,
};
