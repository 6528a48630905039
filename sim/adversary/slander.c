/*
 * sim/adversary/slander.c - attack: FAIL records about valid evidence, to force a restart.
 *
 * The ballot reports FAIL hard and the record carries the victim's own envelope and evidence. Every
 * member re-verifies before a block with it is notarised (docs/protocol.md 4.3.2): the record is
 * refused, the ballot is a false FAIL (E5).
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

#include "base/assert.h"

#include <stdlib.h>

static enum assay_outcome slander_vote(const struct assay_attack_scene *scene, uint32_t subject,
                                       enum assay_outcome honest)
{
    return assay_attack_victim(scene, subject) ? ASSAY_OUTCOME_FAIL_HARD : honest;
}

static void send_fail_record(const struct assay_attack_scene *scene, uint32_t victim,
                             assay_attack_send *send, void *context)
{
    const struct assay_attack_host *host = scene->host;
    const struct assay_slice payload = host->envelope(host->context, victim);
    struct assay_envelope envelope;
    if (assay_envelope_decode(payload, &envelope) != ASSAY_OK) return; /* none was received */
    const struct assay_slice evidence = host->evidence(host->context, envelope.evidence_digest);
    if (evidence.len == 0) return;
    const size_t capacity = payload.len + evidence.len + 64;
    uint8_t *bytes = malloc(capacity);
    ASSAY_ASSERT(bytes != NULL);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    const enum assay_status status = assay_record_put_fail(&w, payload, evidence);
    ASSAY_ASSERT(status == ASSAY_OK);
    for (uint32_t to = 0; to < scene->scenario->nodes; to++)
        if (to != scene->node)
            send(context, to, ASSAY_MESSAGE_RECORD, bytes, w.len, NULL, SIZE_MAX);
    free(bytes);
}

/* With its own ballot: by then it has the victims' evidence, if any. */
static void slander_sent(const struct assay_attack_scene *scene,
                         const struct assay_attack_signing *signing, assay_attack_send *send,
                         void *context)
{
    if (signing->class_ != ASSAY_STORE_BALLOT || scene->host == NULL) return;
    for (uint32_t slot = 0; slot < scene->scenario->nodes; slot++)
        if (assay_attack_victim(scene, slot)) send_fail_record(scene, slot, send, context);
}

const struct assay_attack assay_attack_slander = {
    .attack = ASSAY_SIM_ATTACK_SLANDER,
    .vote = slander_vote,
    .sign = assay_twist_ballot,
    .sent = slander_sent,
};
