/*
 * sim/adversary/early_junk.c - attack: votes and proposals of the next epoch with invalid
 * signatures.
 *
 * With each vote of its own the node sends some to members drawn at random, each a different one. A
 * member that is still in the previous epoch cannot verify them; if it relayed them anyway to
 * members that can, they would ban it for junk that it did not make (docs/protocol.md 4.12.7,
 * 10.5).
 */
#include "sim/adversary/rows.h"

#include "engine/consensus/vote.h"
#include "sim/scenario/random.h"

enum { WITH_A_VOTE = 6 };

static void send_junk_vote(const struct assay_attack_scene *scene, const struct assay_vote *own,
                           struct assay_sim_random *random, assay_attack_send *send, void *context)
{
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    struct assay_vote_statement junk = { .era = own->statement.era,
                                         .epoch = own->statement.epoch + 1,
                                         .view = 1 + assay_sim_random_below(random, 8),
                                         .type = ASSAY_VOTE_NOTARISE };
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    const uint32_t to = (uint32_t)assay_sim_random_below(random, scene->scenario->nodes);
    assay_bytes_copy(junk.chain_id, 32, own->statement.chain_id, 32);
    for (size_t i = 0; i < sizeof junk.block_id; i++)
        junk.block_id[i] = (uint8_t)(1 + assay_sim_random_below(random, 255));
    for (size_t i = 0; i < sizeof signature; i++)
        signature[i] = (uint8_t)(1 + assay_sim_random_below(random, 100));
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_vote_encode(&junk, own->slot, signature, &w);
    if (to != scene->node)
        send(context, to, ASSAY_MESSAGE_VOTE, bytes, w.len, NULL, SIZE_MAX);
}

static void early_junk_sent(const struct assay_attack_scene *scene,
                            const struct assay_attack_signing *signing, assay_attack_send *send,
                            void *context)
{
    struct assay_vote own;
    uint64_t key = 0;
    if (signing->message != ASSAY_MESSAGE_VOTE) return;
    const struct assay_slice payload = assay_slice_over(signing->payload, signing->payload_len);
    if (assay_vote_decode(payload, &own) != ASSAY_OK) return;
    for (int i = 0; i < 8; i++)
        key = key << 8 | signing->digest[i];
    struct assay_sim_random random =
        assay_sim_random_of(scene->seed, ASSAY_SIM_STREAM_EARLY_JUNK, scene->node, key);
    for (uint32_t k = 0; k < WITH_A_VOTE; k++)
        send_junk_vote(scene, &own, &random, send, context);
}

const struct assay_attack assay_attack_early_junk = {
    .attack = ASSAY_SIM_ATTACK_EARLY_JUNK,
    .sent = early_junk_sent,
};
