/* tests/evm/network.c - see the header. */
#include "tests/evm/network.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/state/anchor.h"

#include <stdlib.h>

enum { WEIGHT = 10000 };

#define MUST(call)                                                                                 \
    do {                                                                                           \
        const enum assay_status status_ = (call);                                                  \
        ASSAY_ASSERT(status_ == ASSAY_OK);                                                         \
    } while (0)

static void draw_key(struct network *net, uint32_t slot)
{
    struct assay_member *const m = &net->state.members[slot];
    struct assay_writer w = assay_writer_over(net->secret[slot].bytes + 28, 4);
    assay_bytes_zero(net->secret[slot].bytes, 32);
    assay_writer_u32be(&w, ++net->keys);
    MUST(assay_p256_public(&net->secret[slot], m->lives[0].voting_public));
}

void network_make(struct network *net, uint32_t n)
{
    static struct assay_genesis genesis;
    ASSAY_ASSERT(n <= NETWORK_MAX);
    *net = (struct network){ .n = n };
    net->memory = calloc(1, assay_state_memory_len(n));
    ASSAY_ASSERT(net->memory != NULL);
    genesis.member_count = n;
    assay_sha256("a network", 9, genesis.chain_id);
    assay_bytes_copy(net->chain_id, 32, genesis.chain_id, 32);
    for (uint32_t i = 0; i < n; i++)
        assay_sha256(&i, sizeof i, genesis.members[i].node_id);
    assay_state_init(&net->state, net->memory, n);
    assay_state_genesis(&net->state, &genesis);
    for (uint32_t i = 0; i < n; i++) {
        net->state.members[i].weight = net->state.members[i].seat_weight = WEIGHT;
        network_judge(net, i, 9700, ASSAY_STANDING_FULL);
        draw_key(net, i);
    }
}

void network_judge(struct network *net, uint32_t slot, uint16_t score_bp,
                   enum assay_standing standing)
{
    struct assay_trust_state *const trust = &net->state.members[slot].trust;
    trust->integrity_bp = trust->availability_bp = score_bp;
    trust->score.standing = standing;
}

void network_free(struct network *net)
{
    free(net->memory);
}

/* As states look after a while: eight epochs are remembered, counters have some digits. */
static void close_state(struct network *net, const struct ending *ending)
{
    struct assay_state *const s = &net->state;
    s->epoch = s->certified_epoch = ending->epoch;
    s->certified = true;
    s->past_count = ASSAY_RETAINED_EPOCHS;
    for (uint32_t i = 0; i < ASSAY_RETAINED_EPOCHS; i++)
        s->past[i] = (struct assay_past_epoch){ .epoch = ending->epoch - i,
                                                .t0_ms = ending->time_ms - i * 60000,
                                                .has_roll = true,
                                                .members = net->n };
    for (uint32_t i = 0; i < ASSAY_RETAINED_EPOCHS; i++)
        for (size_t j = 0; j < 32; j++)
            s->past[i].base_id[j] = s->past[i].roll_root[j] = s->past[i].policy_digest[j] =
                s->past[i].endorsements_digest[j] = s->past[i].verifier_digest[j] =
                    (uint8_t)(7 * i + j + 1);
    for (uint32_t i = 0; i < net->n; i++)
        s->counters[i] = -1234 + (int64_t)i;
    assay_roster_digest(s, s->roster_digest);
}

/* What the engine makes of scores and voters, where the network has services. */
static void close_services(struct network *net, const struct ending *ending)
{
    struct assay_state *const s = &net->state;
    s->services = (struct assay_service_state){ 0 };
    if (ending->plain) return;
    s->services.count = 1;
    assay_sha256("a document", 10, s->services.documents[0]);
    assay_anchor_root(s, s->services.anchor);
}

/* Leaf 0 and its path, as the state's tree has them. Out: the root that the engine makes. */
static void close_leaves(const struct network *net, struct closed *c, uint8_t root[static 32])
{
    static uint8_t scratch[NETWORK_LEAF_MAX], hashes[NETWORK_MAX + 1][32];
    const size_t scratch_len = assay_state_scratch_len(net->n);
    struct assay_writer w = assay_writer_over(c->leaf, sizeof c->leaf);
    ASSAY_ASSERT(scratch_len <= sizeof scratch);
    MUST(assay_state_header_encode(&net->state, &w));
    c->leaf_len = w.len;
    assay_merkle_leaf_hash(c->leaf, w.len, c->boundary.leaf);
    assay_state_header_hash(&net->state, scratch, scratch_len, hashes[0]);
    for (uint32_t i = 0; i < net->n; i++)
        assay_state_leaf_hash(&net->state, i, scratch, scratch_len, hashes[i + 1]);
    MUST(assay_merkle_path((const uint8_t(*)[32])hashes, net->n + 1, 0, c->path,
                           ASSAY_MERKLE_LEVELS, &c->boundary.path_len));
    c->boundary.path = (const uint8_t(*)[32])c->path;
    assay_state_root(&net->state, scratch, scratch_len, root);
}

/* Headers of tails, newest first, as a finality proof has them. Out: id of the newest. */
static void close_tails(const struct assay_block_header *epoch, uint32_t tails,
                        struct assay_writer *proof, struct assay_vote_statement *vote)
{
    uint8_t bytes[4][ASSAY_BLOCK_HEADER_LEN_MAX];
    size_t len[4];
    struct assay_block_header header = *epoch;
    ASSAY_ASSERT(tails <= 4);
    for (uint32_t i = 0; i < tails; i++) {
        header.kind = ASSAY_BLOCK_TAIL;
        header.parent_view = header.view;
        header.view++;
        header.null_count = 0; /* no view between */
        assay_bytes_copy(header.parent_id, 32, vote->block_id, 32);
        struct assay_writer w = assay_writer_over(bytes[i], sizeof bytes[i]);
        assay_block_header_encode(&header, &w);
        len[i] = w.len;
        assay_block_id(assay_slice_over(bytes[i], len[i]), vote->block_id);
    }
    vote->view = header.view;
    assay_cbor_put_array(proof, tails);
    for (uint32_t i = tails; i > 0; i--)
        assay_cbor_put_bytes(proof, bytes[i - 1], len[i - 1]);
}

/* As many votes as a quorum needs. */
static void close_votes(const struct network *net, const struct ending *ending,
                        const struct assay_vote_statement *vote, struct assay_writer *w)
{
    static uint8_t signatures[NETWORK_MAX * 64];
    uint8_t digest[32], bitmap[NETWORK_MAX / 8] = { 0 };
    uint32_t signers = 2 * net->n / 3 + 1;
    if (ending->few) signers--;
    assay_vote_statement_digest(vote, digest);
    for (uint32_t i = 0; i < signers; i++) {
        struct assay_p256_signer *signer = NULL;
        const uint32_t slot = net->n - signers + i;
        MUST(assay_p256_signer_load(&net->secret[slot], &signer));
        MUST(assay_p256_sign(signer, digest, signatures + (size_t)i * 64));
        assay_p256_signer_free(&signer);
        bitmap[slot / 8] = (uint8_t)(bitmap[slot / 8] | 1U << (slot % 8));
    }
    assay_certificate_encode(vote, assay_slice_over(bitmap, (net->n + 7) / 8),
                             assay_slice_over(signatures, (size_t)signers * 64), w);
}

static void close_finality(const struct network *net, const struct ending *ending,
                           const struct assay_block_header *header, struct closed *c)
{
    static uint8_t certificate[ASSAY_CERTIFICATE_LEN_MAX], tails[8192];
    struct assay_vote_statement vote = { .era = header->era,
                                         .epoch = header->epoch,
                                         .view = header->view,
                                         .type = ASSAY_VOTE_FINALISE };
    struct assay_writer cert = assay_writer_over(certificate, sizeof certificate);
    struct assay_writer tail = assay_writer_over(tails, sizeof tails);
    struct assay_writer w = assay_writer_over(c->finality, sizeof c->finality);
    assay_bytes_copy(vote.chain_id, 32, header->chain_id, 32);
    assay_block_id(c->boundary.header, vote.block_id);
    close_tails(header, ending->tails, &tail, &vote);
    close_votes(net, ending, &vote, &cert);
    assay_cbor_put_array(&w, 2);
    assay_cbor_put_bytes(&w, certificate, cert.len);
    assay_writer_put(&w, tails, tail.len);
    MUST(assay_writer_finish(&w, &c->boundary.finality));
}

/* The engine believes it, unless there are too few votes. */
static void check_finality(const struct network *net, const struct ending *ending,
                           const struct closed *c)
{
    static uint32_t weight[NETWORK_MAX];
    static uint8_t ids[NETWORK_MAX][32];
    struct assay_p256 *key[NETWORK_MAX] = { NULL };
    uint8_t id[32], commitment[32], wanted[32];
    for (uint32_t i = 0; i < net->n; i++) {
        weight[i] = c->voted[i].weight;
        assay_bytes_copy(ids[i], 32, c->voted[i].node_id, 32);
        MUST(assay_p256_load(c->voted[i].voting_public, &key[i]));
    }
    const struct assay_voter_table voters = { .count = net->n,
                                              .weight = weight,
                                              .node_id = (const uint8_t(*)[32])ids,
                                              .voting_key = key,
                                              .total_weight = (uint64_t)net->n * WEIGHT };
    const enum assay_status status = assay_finality_verify(c->boundary.finality, net->chain_id, 0,
                                                           ending->epoch, &voters, id, commitment);
    ASSAY_ASSERT(status == (ending->few ? ASSAY_E_INVALID : ASSAY_OK));
    assay_block_id(c->boundary.header, wanted);
    ASSAY_ASSERT(ending->few || assay_bytes_equal(id, wanted, 32));
    for (uint32_t i = 0; i < net->n; i++)
        assay_p256_free(&key[i]);
}

static void close_anchored(const struct network *net, const struct ending *ending, struct closed *c)
{
    c->anchored.epoch = ending->epoch;
    c->anchored.time_ms = ending->time_ms;
    assay_bytes_copy(c->anchored.chain_id, 32, net->chain_id, 32);
    assay_anchor_voters(&net->state, c->anchored.voters);
    assay_anchor_scores(&net->state, c->anchored.scores);
    for (uint32_t i = 0; i < net->n; i++)
        assay_anchor_leaf(&net->state, i, c->scores[i]);
    assay_bytes_copy(c->boundary.next_voters, 32, c->anchored.voters, 32);
    assay_bytes_copy(c->boundary.next_scores, 32, c->anchored.scores, 32);
}

void network_close(struct network *net, const struct ending *ending, struct closed *c)
{
    struct network before = *net; /* who votes in this epoch signs with the keys that it had */
    struct assay_block_header header = { .epoch = ending->epoch,
                                         .view = 5,
                                         .height = ending->epoch * 4,
                                         .kind = ASSAY_BLOCK_EPOCH,
                                         .parent_view = 3,
                                         .null_count = 1,
                                         .time_ms = ending->time_ms,
                                         .record_count = 30,
                                         .leader = 2 };
    *c = (struct closed){ 0 };
    c->boundary.voted = c->voted;
    c->boundary.voted_count = net->n;
    for (uint32_t i = 0; i < net->n; i++)
        assay_roster_row_of(&net->state.members[i], &c->voted[i]);
    for (uint32_t i = 0; i < ending->rekeyed; i++)
        draw_key(net, i);
    for (uint32_t i = 0; i < net->n; i++)
        assay_roster_row_of(&net->state.members[i], &c->next[i]);
    close_state(net, ending);
    close_anchored(net, ending, c);
    close_services(net, ending);
    close_leaves(net, c, header.state_root);
    assay_bytes_copy(header.chain_id, 32, net->chain_id, 32);
    assay_sha256("parent", 6, header.parent_id);
    assay_sha256("body", 4, header.body_root);
    struct assay_writer w = assay_writer_over(c->header, sizeof c->header);
    assay_block_header_encode(&header, &w);
    MUST(assay_writer_finish(&w, &c->boundary.header));
    close_finality(&before, ending, &header, c);
    check_finality(net, ending, c);
}

void network_score(const struct network *net, struct closed *c, uint32_t slot,
                   struct assay_evm_score_proof *proof)
{
    uint8_t hashes[NETWORK_MAX][32];
    for (uint32_t i = 0; i < net->n; i++)
        assay_merkle_leaf_hash(c->scores[i], ASSAY_EVM_SCORE_LEN, hashes[i]);
    *proof = (struct assay_evm_score_proof){ .index = slot, .count = net->n };
    assay_bytes_copy(proof->leaf, sizeof proof->leaf, c->scores[slot], ASSAY_EVM_SCORE_LEN);
    MUST(assay_merkle_path((const uint8_t(*)[32])hashes, net->n, slot, c->score_path,
                           ASSAY_MERKLE_LEVELS, &proof->path_len));
    proof->path = (const uint8_t(*)[32])c->score_path;
}
