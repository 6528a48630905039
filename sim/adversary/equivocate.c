/*
 * sim/adversary/equivocate.c - two votes and two proposals in one view.
 *
 * Each N gets a twin for another block, each proposal a twin that is as valid as the first. Both go
 * to everybody: two signed messages convict by themselves (docs/protocol.md 5.23, E1 and E4).
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool convicted(const struct assay_attack_scene *scene)
{
    return !scene->no_vote;
}

static void sent(const struct assay_attack_scene *scene, const struct assay_attack_signing *signing,
                 assay_attack_send *send, void *context)
{
    assay_twist_second_vote(scene, signing, send, context);
    assay_twist_second_proposal(scene, signing, send, context);
}

const struct assay_attack assay_attack_equivocate = {
    .attack = ASSAY_SIM_ATTACK_EQUIVOCATE,
    .convicted = convicted,
    .sent = sent,
};
