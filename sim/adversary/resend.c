/*
 * sim/adversary/resend.c - attack: messages of honest nodes, sent again epochs and eras later.
 *
 * With each vote of its own the node sends a few earlier received messages to members drawn at
 * random: envelopes, ballots, votes, records, fences and answers of past epochs and eras. Messages
 * of honest nodes must convict, ban and fence no honest node, whenever they arrive.
 */
#include "sim/adversary/rows.h"

#include "sim/scenario/random.h"

enum { WITH_A_VOTE = 3 };

static void resend_sent(const struct assay_attack_scene *scene,
                        const struct assay_attack_signing *signing, assay_attack_send *send,
                        void *context)
{
    const struct assay_attack_host *host = scene->host;
    if (host == NULL || host->received == NULL || signing->message != ASSAY_MESSAGE_VOTE) return;
    uint64_t key = 0;
    for (int i = 0; i < 8; i++)
        key = key << 8 | signing->digest[i];
    struct assay_sim_random random =
        assay_sim_random_of(scene->seed, ASSAY_SIM_STREAM_RESEND, scene->node, key);
    for (uint32_t k = 0; k < WITH_A_VOTE; k++) {
        enum assay_message_kind kind = ASSAY_MESSAGE_VOTE;
        const uint32_t to = (uint32_t)assay_sim_random_below(&random, scene->scenario->nodes);
        const struct assay_slice old =
            host->received(host->context, assay_sim_random_below(&random, UINT32_MAX), &kind);
        if (old.len > 0 && to != scene->node)
            send(context, to, kind, old.bytes, old.len, NULL, SIZE_MAX);
    }
}

const struct assay_attack assay_attack_resend = {
    .attack = ASSAY_SIM_ATTACK_RESEND,
    .sent = resend_sent,
};
