/*
 * engine/ledger/state/anchor.c - encoding of scores and voters for a contract
 * (docs/protocol.md 12.5).
 */
#include "engine/ledger/state/anchor.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/merkle.h"

static uint8_t *encode_number(uint8_t *at, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(value >> 8 * (len - 1 - i));
    return at + len;
}

static uint8_t *encode_bytes(uint8_t *at, const uint8_t *bytes, size_t len)
{
    assay_bytes_copy(at, len, bytes, len);
    return at + len;
}

void assay_anchor_leaf(const struct assay_state *state, uint32_t slot,
                       uint8_t leaf[static ASSAY_ANCHOR_LEAF_LEN])
{
    ASSAY_ASSERT(slot < state->member_count);
    const struct assay_member *m = &state->members[slot];
    uint8_t *at = encode_bytes(leaf, m->node_id, 32);
    at = encode_number(at, state->epoch, 8);
    at = encode_number(at, assay_trust_score_bp(&m->trust), 2);
    at = encode_number(at, (uint64_t)assay_member_standing(m, state->epoch), 1);
    at = encode_number(at, m->weight, 4);
    ASSAY_ASSERT(at == leaf + ASSAY_ANCHOR_LEAF_LEN);
}

void assay_anchor_voter(const struct assay_member *member,
                        uint8_t row[static ASSAY_ANCHOR_VOTER_LEN])
{
    static const uint8_t none[ASSAY_P256_PUBLIC_LEN];
    const uint8_t *key = member->keyless ? none : member->lives[0].voting_public;
    const uint8_t *end = encode_number(encode_bytes(row, key, ASSAY_P256_PUBLIC_LEN),
                                       assay_member_row_weight(member), 4);
    ASSAY_ASSERT(end == row + ASSAY_ANCHOR_VOTER_LEN);
}

void assay_anchor_scores(const struct assay_state *state, uint8_t root[static 32])
{
    struct assay_merkle tree;
    uint8_t leaf[ASSAY_ANCHOR_LEAF_LEN];
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < state->member_count; i++) {
        assay_anchor_leaf(state, i, leaf);
        assay_merkle_add(&tree, leaf, sizeof leaf);
    }
    assay_merkle_root(&tree, root);
}

void assay_anchor_voters(const struct assay_state *state, uint8_t digest[static 32])
{
    uint8_t rows[(ASSAY_VOTERS_MAX + 1) * ASSAY_ANCHOR_VOTER_LEN] = { 0 };
    uint64_t keyless = 0;
    size_t len = 0;
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        if (m->keyless) keyless += m->weight;
        if (m->seat_weight == 0) continue;
        ASSAY_ASSERT(len < sizeof rows - ASSAY_ANCHOR_VOTER_LEN); /* seats are counted */
        assay_anchor_voter(m, rows + len);
        len += ASSAY_ANCHOR_VOTER_LEN;
    }
    if (keyless > 0) {
        (void)encode_number(rows + len + ASSAY_P256_PUBLIC_LEN, keyless, 4);
        len += ASSAY_ANCHOR_VOTER_LEN;
    }
    assay_sha256(rows, len, digest);
}

void assay_anchor_root(const struct assay_state *state, uint8_t root[static 32])
{
    static const char label[] = "assay/anchor/v1";
    uint8_t bytes[sizeof label - 1 + 32 + 4 + 8 + 32 + 32];
    uint8_t *at = encode_bytes(bytes, (const uint8_t *)label, sizeof label - 1);
    at = encode_bytes(at, state->chain_id, 32);
    at = encode_number(at, state->era, 4);
    at = encode_number(at, state->epoch, 8);
    assay_anchor_scores(state, at);
    assay_anchor_voters(state, at + 32);
    assay_sha256(bytes, sizeof bytes, root);
}
