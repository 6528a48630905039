/*
 * sim/adversary/withhold.c - no ballots and no votes.
 *
 * Missing is of neither sign: denominators are the whole electorate (docs/protocol.md 7.1), and
 * below a quorum everything is HELD. Its proposals leave: silence there is what time-outs are for.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool ballots(const struct assay_attack_scene *scene)
{
    (void)scene;
    return false;
}

static bool passes(const struct assay_attack_scene *scene, uint32_t to,
                   enum assay_message_kind kind, struct assay_slice payload)
{
    (void)to;
    /* A certificate that it puts together holds its own vote. */
    if (kind == ASSAY_MESSAGE_VOTE || kind == ASSAY_MESSAGE_CERTIFICATE) return false;
    return kind != ASSAY_MESSAGE_RECORD || !assay_twist_own_ballot(scene, payload);
}

const struct assay_attack assay_attack_withhold = {
    .attack = ASSAY_SIM_ATTACK_WITHHOLD,
    .ballots = ballots,
    .passes = passes,
};
