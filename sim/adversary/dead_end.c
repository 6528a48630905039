/*
 * sim/adversary/dead_end.c - attack: votes and proposals of others are relayed in every other view
 * only.
 *
 * Over neighbours a message arrives once, from the fastest one (docs/protocol.md 4.12.11). A node
 * that is fast in one view becomes the parent of others, and relays nothing in the next. Its own
 * messages are sent as always, and in a full mesh no member misses any.
 */
#include "sim/adversary/rows.h"

#include "engine/consensus/block.h"
#include "engine/consensus/vote.h"

static bool dead_end_passes(const struct assay_attack_scene *scene, uint32_t to,
                            enum assay_message_kind kind, struct assay_slice payload)
{
    struct assay_vote vote;
    struct assay_proposal p;
    (void)to;
    if (kind == ASSAY_MESSAGE_VOTE && assay_vote_decode(payload, &vote) == ASSAY_OK)
        return vote.slot == scene->node || vote.statement.view % 2 == 1;
    if (kind == ASSAY_MESSAGE_PROPOSAL && assay_proposal_decode(payload, &p) == ASSAY_OK)
        return p.header.leader == scene->node || p.header.view % 2 == 1;
    return true;
}

const struct assay_attack assay_attack_dead_end = {
    .attack = ASSAY_SIM_ATTACK_DEAD_END,
    .passes = dead_end_passes,
};
