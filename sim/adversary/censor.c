/*
 * sim/adversary/censor.c - attack: a leader omits the victims' ballots and envelopes.
 *
 * Its engine does not receive the victims' ballots, so its blocks contain none; its rolls name the
 * wrong envelope for them. A roll is a hint, and honest ballots name what it omits as exceptions;
 * ballots wait for the next leader (docs/protocol.md 4.3).
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool censor_censors(const struct assay_attack_scene *scene, uint32_t voter)
{
    return assay_attack_victim(scene, voter);
}

static void censor_sign(const struct assay_attack_scene *scene,
                        struct assay_attack_signing *signing)
{
    assay_twist_roll(scene, censor_censors, signing);
}

static bool censor_takes(const struct assay_attack_scene *scene, enum assay_message_kind kind,
                         struct assay_slice payload)
{
    struct assay_slice row;
    uint64_t epoch = 0;
    uint8_t voter[32];
    if (kind != ASSAY_MESSAGE_RECORD || scene->node_ids == NULL) return true;
    if (!assay_twist_ballot_row(payload, &row, &epoch, voter)) return true;
    for (uint32_t slot = 0; slot < scene->scenario->nodes; slot++)
        if (assay_bytes_equal(voter, scene->node_ids[slot], 32))
            return !censor_censors(scene, slot);
    return true;
}

const struct assay_attack assay_attack_censor = {
    .attack = ASSAY_SIM_ATTACK_CENSOR,
    .censors = censor_censors,
    .sign = censor_sign,
    .takes = censor_takes,
};
