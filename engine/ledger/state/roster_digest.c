/*
 * engine/ledger/state/roster_digest.c - digest of the voters (docs/protocol.md 11.3).
 */
#include "engine/ledger/state/roster_digest.h"

#include "base/assert.h"
#include "base/cbor.h"

static const char roster_tag[] = "assay/roster/v1";

void assay_roster_row_of(const struct assay_member *member, struct assay_roster_row *row)
{
    ASSAY_ASSERT(member->seat_weight <= ASSAY_SEAT_WEIGHT_MAX);
    assay_bytes_copy(row->node_id, 32, member->node_id, 32);
    if (member->keyless) assay_bytes_zero(row->voting_public, ASSAY_P256_PUBLIC_LEN);
    else
        assay_bytes_copy(row->voting_public, ASSAY_P256_PUBLIC_LEN, member->lives[0].voting_public,
                         ASSAY_P256_PUBLIC_LEN);
    row->weight = assay_member_row_weight(member);
}

bool assay_roster_row_is_keyless(const struct assay_roster_row *row)
{
    return assay_bytes_all_zero(row->voting_public, ASSAY_P256_PUBLIC_LEN);
}

void assay_roster_row_encode(const struct assay_roster_row *row, struct assay_writer *w)
{
    const size_t start = w->len;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_bytes(w, row->node_id, 32);
    assay_cbor_put_bytes(w, row->voting_public, ASSAY_P256_PUBLIC_LEN);
    assay_cbor_put_uint(w, row->weight);
    ASSAY_ASSERT(w->full || w->len - start <= ASSAY_ROSTER_ROW_LEN_MAX);
}

enum assay_status assay_roster_row_decode(struct assay_cursor *c, struct assay_roster_row *row)
{
    uint64_t weight = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 3));
    ASSAY_TRY(assay_cbor_bytes_exact(c, row->node_id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, row->voting_public, ASSAY_P256_PUBLIC_LEN));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_SEAT_WEIGHT_MAX, &weight));
    row->weight = (uint32_t)weight;
    return ASSAY_OK;
}

void assay_roster_begin(struct assay_merkle *tree, const uint8_t chain_id[static 32], uint32_t era,
                        uint32_t count)
{
    uint8_t bytes[96];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_text(&w, roster_tag);
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_uint(&w, era);
    assay_cbor_put_uint(&w, count);
    ASSAY_ASSERT(!w.full);
    assay_merkle_init(tree);
    assay_merkle_add(tree, bytes, w.len);
}

void assay_roster_add(struct assay_merkle *tree, const struct assay_roster_row *row)
{
    uint8_t bytes[ASSAY_ROSTER_ROW_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_roster_row_encode(row, &w);
    ASSAY_ASSERT(!w.full);
    assay_merkle_add(tree, bytes, w.len);
}

void assay_roster_digest(const struct assay_state *state, uint8_t digest[static 32])
{
    struct assay_merkle tree;
    ASSAY_ASSERT(assay_state_holds(state));
    assay_roster_begin(&tree, state->chain_id, state->era, state->member_count);
    for (uint32_t i = 0; i < state->member_count; i++) {
        struct assay_roster_row row;
        assay_roster_row_of(&state->members[i], &row);
        assay_roster_add(&tree, &row);
    }
    assay_merkle_root(&tree, digest);
}
