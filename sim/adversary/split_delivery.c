/*
 * sim/adversary/split_delivery.c - attack: evidence for half of the voters only.
 *
 * The upper half of the roster gets no answer to its pulls. It asks further members before it votes
 * ABSENT (docs/protocol.md 4.3.1), and the lower half has the evidence.
 */
#include "sim/adversary/rows.h"

static enum assay_sim_evidence split_delivery_evidence(const struct assay_attack_scene *scene)
{
    (void)scene;
    return ASSAY_SIM_EVIDENCE_HALF;
}

static bool is_own_evidence(const struct assay_attack_scene *scene, struct assay_slice payload)
{
    struct assay_envelope envelope;
    if (scene->host == NULL || payload.len < 32) return true;
    const struct assay_slice own = scene->host->envelope(scene->host->context, scene->node);
    if (assay_envelope_decode(own, &envelope) != ASSAY_OK) return true;
    return assay_bytes_equal(payload.bytes, envelope.evidence_digest, 32);
}

static bool split_delivery_passes(const struct assay_attack_scene *scene, uint32_t to,
                                  enum assay_message_kind kind, struct assay_slice payload)
{
    if (kind != ASSAY_MESSAGE_EVIDENCE || to < scene->scenario->nodes / 2) return true;
    return !is_own_evidence(scene, payload); /* digest first: host/overlay/gossip.h */
}

const struct assay_attack assay_attack_split_delivery = {
    .attack = ASSAY_SIM_ATTACK_SPLIT_DELIVERY,
    .evidence = split_delivery_evidence,
    .passes = split_delivery_passes,
};
