/*
 * sim/adversary/spam.c - attack: a stream of INCARNATE records with junk evidence.
 *
 * Each is well formed and signed by the member's own identity: a recipient can only detect it by
 * verifying (docs/protocol.md 9.4). They are sent with every vote, and every block that the member
 * proposes contains them in place of an honest one, so that voters have to verify too.
 */
#include "sim/adversary/rows.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/consensus/block.h"

#include <stdlib.h>

enum { JUNK_LEN = 700, ALONGSIDE_A_VOTE = 12, RECORD_LEN_MAX = JUNK_LEN + 768 };

/* Each differs: the seed is the member's last signature digest. */
static struct assay_slice make_junk_record(const struct assay_attack_scene *scene,
                                           const struct assay_envelope *own,
                                           const uint8_t seed[static 32],
                                           uint8_t bytes[static RECORD_LEN_MAX])
{
    struct assay_incarnate i = { .era = own->era,
                                 .epoch = own->epoch,
                                 .incarnation = own->incarnation + 1,
                                 .evidence_len = JUNK_LEN };
    uint8_t evidence[JUNK_LEN] = { 0 };
    struct assay_secret32 secret;
    struct assay_p256_signer *key = NULL;
    uint8_t digest[32];
    size_t signature_at = 0;
    size_t possession_at = 0;
    assay_bytes_copy(evidence, sizeof evidence, seed, 32);
    assay_bytes_copy(i.chain_id, 32, own->chain_id, 32);
    assay_bytes_copy(i.node_id, 32, own->node_id, 32);
    assay_bytes_copy(i.transport_public, 32, seed, 32);
    assay_bytes_copy(secret.bytes, 32, seed, 32);
    secret.bytes[0] = 0; /* below the order of the group */
    assay_sha256(evidence, sizeof evidence, i.evidence_digest);
    struct assay_writer w = assay_writer_over(bytes, RECORD_LEN_MAX);
    if (assay_p256_public(&secret, i.voting_public) != ASSAY_OK ||
        assay_p256_signer_load(&secret, &key) != ASSAY_OK ||
        assay_record_put_incarnate(&w, &i, assay_slice_over(evidence, sizeof evidence), digest,
                                   &signature_at, &possession_at) != ASSAY_OK ||
        assay_p256_sign(key, digest, bytes + possession_at) != ASSAY_OK)
        ASSAY_UNREACHABLE("it has room, and 31 bytes are a key");
    scene->host->identity(scene->host->context, digest, bytes + signature_at);
    assay_p256_signer_free(&key);
    return assay_slice_over(bytes, w.len);
}

/* Returns: whether the payload is a block of the member's own without junk. */
static bool is_own_honest(const struct assay_attack_scene *scene, struct assay_slice payload)
{
    struct assay_proposal p;
    struct assay_cursor c;
    struct assay_slice first = { 0 };
    struct assay_record r;
    uint64_t count = 0;
    if (assay_proposal_decode(payload, &p) != ASSAY_OK) return false;
    if (p.header.leader != scene->node || p.header.kind != ASSAY_BLOCK_NORMAL) return false;
    if (assay_body_open(p.body, &c, &count) != ASSAY_OK || count != 1) return true;
    if (assay_body_next(&c, &first) != ASSAY_OK || assay_record_decode(first, &r) != ASSAY_OK)
        return true;
    return r.kind != ASSAY_RECORD_INCARNATE || r.evidence.len != JUNK_LEN;
}

static bool spam_passes(const struct assay_attack_scene *scene, uint32_t to,
                        enum assay_message_kind kind, struct assay_slice payload)
{
    (void)to;
    return kind != ASSAY_MESSAGE_PROPOSAL || !is_own_honest(scene, payload);
}

/* The same block with junk as its content. */
static void send_junk_proposal(const struct assay_attack_scene *scene,
                               const struct assay_slice honest, struct assay_slice record,
                               assay_attack_send *send, void *context)
{
    struct assay_proposal p;
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX];
    uint8_t body[RECORD_LEN_MAX + 16];
    uint8_t digest[32];
    size_t sign_at = 0;
    if (!is_own_honest(scene, honest) || assay_proposal_decode(honest, &p) != ASSAY_OK) return;
    struct assay_writer b = assay_writer_over(body, sizeof body);
    assay_cbor_put_array(&b, 1);
    assay_cbor_put_bytes(&b, record.bytes, record.len);
    const struct assay_slice content = assay_slice_over(body, b.len);
    if (assay_body_root(content, &p.header.record_count, p.header.body_root) != ASSAY_OK) return;
    struct assay_writer h = assay_writer_over(header, sizeof header);
    assay_block_header_encode(&p.header, &h);
    const struct assay_slice head = assay_slice_over(header, h.len);
    const size_t capacity = honest.len + sizeof body + sizeof header;
    uint8_t *bytes = malloc(capacity);
    ASSAY_ASSERT(bytes != NULL && !b.full && !h.full);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_block_id(head, digest);
    const enum assay_status status =
        assay_proposal_encode(head, NULL, content, p.nulls, &w, &sign_at);
    ASSAY_ASSERT(status == ASSAY_OK);
    for (uint32_t to = 0; to < scene->scenario->nodes; to++)
        if (to != scene->node)
            send(context, to, ASSAY_MESSAGE_PROPOSAL, bytes, w.len, digest, sign_at);
    free(bytes);
}

static void spam_sent(const struct assay_attack_scene *scene,
                      const struct assay_attack_signing *signing, assay_attack_send *send,
                      void *context)
{
    const struct assay_attack_host *host = scene->host;
    struct assay_envelope own;
    uint8_t bytes[RECORD_LEN_MAX];
    uint8_t seed[32];
    if (host == NULL || host->identity == NULL) return;
    if (signing->message != ASSAY_MESSAGE_VOTE && signing->message != ASSAY_MESSAGE_PROPOSAL)
        return;
    if (assay_envelope_decode(host->envelope(host->context, scene->node), &own) != ASSAY_OK) return;
    assay_bytes_copy(seed, 32, signing->digest, 32);
    if (signing->message == ASSAY_MESSAGE_PROPOSAL) {
        const struct assay_slice honest = assay_slice_over(signing->payload, signing->payload_len);
        send_junk_proposal(scene, honest, make_junk_record(scene, &own, seed, bytes), send,
                           context);
        return;
    }
    for (uint32_t k = 0; k < ALONGSIDE_A_VOTE; k++) {
        assay_sha256(seed, sizeof seed, seed);
        const struct assay_slice record = make_junk_record(scene, &own, seed, bytes);
        for (uint32_t to = 0; to < scene->scenario->nodes; to++)
            if (to != scene->node)
                send(context, to, ASSAY_MESSAGE_RECORD, bytes, record.len, NULL, SIZE_MAX);
    }
}

const struct assay_attack assay_attack_spam = {
    .attack = ASSAY_SIM_ATTACK_SPAM,
    .sent = spam_sent,
    .passes = spam_passes,
};
