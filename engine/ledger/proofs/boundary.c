/*
 * engine/ledger/proofs/boundary.c - encoding and decoding of epoch boundaries
 * (docs/protocol.md 5.30).
 */
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/state/leaf.h"

#include "base/assert.h"
#include "base/cbor.h"

static const char tag[] = "assay/boundary/v1";

enum { CHANGE_LEN_MAX = 3 + ASSAY_ROSTER_ROW_LEN_MAX };

size_t assay_boundary_len_max(uint32_t members)
{
    return ASSAY_BLOCK_HEADER_LEN_MAX + assay_state_scratch_len(members) +
           (size_t)ASSAY_MERKLE_LEVELS * 34 + (size_t)members * CHANGE_LEN_MAX + 128;
}

static bool same_voter(const struct assay_member *a, const struct assay_member *b)
{
    return a->seat_weight == b->seat_weight && a->keyless == b->keyless &&
           assay_member_row_weight(a) == assay_member_row_weight(b) &&
           assay_bytes_equal(a->node_id, b->node_id, 32) &&
           assay_bytes_equal(a->lives[0].voting_public, b->lives[0].voting_public,
                             ASSAY_P256_PUBLIC_LEN);
}

static bool is_unchanged(const struct assay_state *before, const struct assay_state *next,
                         uint32_t slot)
{
    return slot < before->member_count &&
           same_voter(&before->members[slot], &next->members[slot]);
}

static void encode_changes(struct assay_writer *w, const struct assay_state *before,
                           const struct assay_state *next)
{
    uint64_t count = 0;
    ASSAY_ASSERT(before->member_count <= next->member_count); /* slots are for good */
    for (uint32_t i = 0; i < next->member_count; i++)
        count += !is_unchanged(before, next, i);
    assay_cbor_put_array(w, count);
    for (uint32_t i = 0; i < next->member_count; i++) {
        struct assay_roster_row row;
        if (is_unchanged(before, next, i)) continue;
        assay_roster_row_of(&next->members[i], &row);
        assay_cbor_put_array(w, 2);
        assay_cbor_put_uint(w, i);
        assay_roster_row_encode(&row, w);
    }
}

enum assay_status assay_boundary_encode(const struct assay_state *before,
                                        const struct assay_state *next, struct assay_slice header,
                                        void *scratch, size_t scratch_len, uint8_t (*hashes)[32],
                                        struct assay_writer *w)
{
    const uint32_t leaves = next->member_count + 1;
    uint8_t path[ASSAY_MERKLE_LEVELS][32];
    size_t path_len = 0;
    struct assay_slice all;
    const size_t start = w->len;
    assay_state_header_hash(next, scratch, scratch_len, hashes[0]);
    for (uint32_t i = 1; i < leaves; i++)
        assay_state_leaf_hash(next, i - 1, scratch, scratch_len, hashes[i]);
    ASSAY_TRY(assay_merkle_path((const uint8_t(*)[32])hashes, leaves, 0, path, ASSAY_MERKLE_LEVELS,
                                &path_len));
    assay_cbor_put_array(w, 6);
    assay_cbor_put_text(w, tag);
    assay_cbor_put_bytes(w, header.bytes, header.len);
    struct assay_writer leaf = assay_writer_over(scratch, scratch_len);
    ASSAY_TRY(assay_state_header_encode(next, &leaf));
    assay_cbor_put_bytes(w, scratch, leaf.len);
    assay_cbor_put_array(w, path_len);
    for (size_t i = 0; i < path_len; i++)
        assay_cbor_put_bytes(w, path[i], 32);
    assay_cbor_put_uint(w, next->member_count);
    encode_changes(w, before, next);
    ASSAY_ASSERT(w->full || w->len - start <= assay_boundary_len_max(next->member_count));
    return assay_writer_finish(w, &all);
}

static enum assay_status decode_change(struct assay_cursor *c, uint32_t members, uint32_t *slot,
                                       struct assay_roster_row *row)
{
    uint64_t number = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 2));
    ASSAY_TRY(assay_cbor_uint_max(c, members - 1, &number));
    *slot = (uint32_t)number;
    return assay_roster_row_decode(c, row);
}

static enum assay_status decode_changes(struct assay_cursor *c, uint32_t members,
                                        struct assay_boundary *b)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, members, &count));
    b->change_count = (uint32_t)count;
    b->changes = *c;
    uint32_t next = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct assay_roster_row row;
        uint32_t slot = 0;
        ASSAY_TRY(decode_change(c, members, &slot, &row));
        if (slot < next) return ASSAY_E_ENCODING; /* ascending: one meaning, one encoding */
        next = slot + 1;
    }
    return ASSAY_OK;
}

/* Leaf 0 with its path to the root that the header names. */
static enum assay_status decode_state(struct assay_cursor *c, uint32_t members_max,
                                      struct assay_boundary *b)
{
    struct assay_slice leaf;
    uint8_t hash[32], path[ASSAY_MERKLE_LEVELS][32];
    uint64_t path_len = 0, count = 0;
    ASSAY_TRY(assay_cbor_bytes(c, assay_state_scratch_len(members_max), &leaf));
    ASSAY_TRY(assay_leaf_head(leaf, &b->state));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_MERKLE_LEVELS, &path_len));
    for (uint64_t i = 0; i < path_len; i++)
        ASSAY_TRY(assay_cbor_bytes_exact(c, path[i], 32));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_MEMBERS_MAX, &count));
    if (count == 0 || count > members_max || count != b->state.member_count) return ASSAY_E_RANGE;
    assay_leaf_head_hash(leaf, hash);
    return assay_merkle_verify(hash, 0, count + 1, (const uint8_t(*)[32])path, (size_t)path_len,
                               b->header.state_root)
               ? ASSAY_OK
               : ASSAY_E_INVALID;
}

enum assay_status assay_boundary_decode(struct assay_slice bytes, uint32_t members_max,
                                        struct assay_boundary *boundary)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_boundary b;
    ASSAY_ASSERT(members_max > 0 && members_max <= ASSAY_MEMBERS_MAX);
    ASSAY_TRY(assay_cbor_array_exact(&c, 6));
    ASSAY_TRY(assay_cbor_text_expect(&c, tag));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, &b.header_bytes));
    ASSAY_TRY(assay_block_header_decode(b.header_bytes, &b.header));
    ASSAY_TRY(decode_state(&c, members_max, &b));
    ASSAY_TRY(decode_changes(&c, b.state.member_count, &b));
    ASSAY_TRY(assay_cursor_end(&c));
    const struct assay_block_header *h = &b.header;
    if (h->kind != ASSAY_BLOCK_EPOCH || b.state.epoch != h->epoch || b.state.era != h->era ||
        !assay_bytes_equal(b.state.chain_id, h->chain_id, 32))
        return ASSAY_E_INVALID;
    assay_block_id(b.header_bytes, b.id);
    *boundary = b;
    return ASSAY_OK;
}

enum assay_status assay_boundary_apply(const struct assay_boundary *boundary,
                                       struct assay_roster_row *rows, uint32_t members)
{
    struct assay_cursor c = boundary->changes;
    struct assay_merkle tree;
    uint8_t digest[32];
    const uint32_t after = boundary->state.member_count;
    uint32_t known = members; /* new slots come in order, so none is left out */
    if (after < members) return ASSAY_E_INVALID;
    for (uint32_t i = 0; i < boundary->change_count; i++) {
        struct assay_roster_row row;
        uint32_t slot = 0;
        ASSAY_TRY(decode_change(&c, after, &slot, &row));
        ASSAY_ASSERT(slot < after);
        if (slot > known) return ASSAY_E_INVALID;
        if (slot == known) known++;
        rows[slot] = row;
    }
    if (known != after) return ASSAY_E_INVALID;
    assay_roster_begin(&tree, boundary->state.chain_id, boundary->state.era, after);
    for (uint32_t i = 0; i < after; i++)
        assay_roster_add(&tree, &rows[i]);
    assay_merkle_root(&tree, digest);
    return assay_bytes_equal(digest, boundary->state.roster_digest, 32) ? ASSAY_OK
                                                                        : ASSAY_E_INVALID;
}
