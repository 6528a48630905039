/*
 * sim/adversary/equivocate.c - attack: two votes and two proposals in one view.
 *
 * Each N gets a second one for another block, each proposal a second valid one. Both go to every
 * member: two signed messages convict by themselves (docs/protocol.md 5.23, E1 and E4).
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool equivocate_convicted(const struct assay_attack_scene *scene)
{
    return !scene->no_vote;
}

static void equivocate_sent(const struct assay_attack_scene *scene,
                            const struct assay_attack_signing *signing, assay_attack_send *send,
                            void *context)
{
    assay_twist_second_vote(scene, signing, send, context);
    assay_twist_second_proposal(scene, signing, send, context);
}

const struct assay_attack assay_attack_equivocate = {
    .attack = ASSAY_SIM_ATTACK_EQUIVOCATE,
    .convicted = equivocate_convicted,
    .sent = equivocate_sent,
};
