/*
 * sim/adversary/withhold.c - attack: no ballots and no votes.
 *
 * A missing ballot counts for neither side: denominators are the complete electorate
 * (docs/protocol.md 7.1), and below a quorum everything is HELD. Its proposals are sent: time-outs
 * handle missing ones.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool withhold_ballots(const struct assay_attack_scene *scene)
{
    (void)scene;
    return false;
}

static bool withhold_passes(const struct assay_attack_scene *scene, uint32_t to,
                            enum assay_message_kind kind, struct assay_slice payload)
{
    (void)to;
    /* A certificate that it assembles contains its own vote. */
    if (kind == ASSAY_MESSAGE_VOTE || kind == ASSAY_MESSAGE_CERTIFICATE) return false;
    return kind != ASSAY_MESSAGE_RECORD || !assay_twist_own_ballot(scene, payload);
}

const struct assay_attack assay_attack_withhold = {
    .attack = ASSAY_SIM_ATTACK_WITHHOLD,
    .ballots = withhold_ballots,
    .passes = withhold_passes,
};
