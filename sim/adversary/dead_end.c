/*
 * sim/adversary/dead_end.c - what others vote and propose is passed on in every other view only.
 *
 * Over neighbours a message comes once, from the one that was first (docs/protocol.md 4.12.11). Who
 * is fast in one view becomes the parent of others, and is silent in the next one. What it says
 * itself leaves as ever, and in a mesh nobody misses anything.
 */
#include "sim/adversary/rows.h"

#include "engine/consensus/block.h"
#include "engine/consensus/vote.h"

static bool passes(const struct assay_attack_scene *scene, uint32_t to,
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
    .passes = passes,
};
