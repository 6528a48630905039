/*
 * tests/unit/engine/consensus/test_block.c - headers, proposals, and the table of blocks.
 */
#include "engine/consensus/block.h"

#include "base/cbor.h"
#include "base/merkle.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { PAYLOAD_MAX = 4096, BODY_MAX = 256 };

struct made {
    uint8_t bytes[PAYLOAD_MAX];
    size_t len;
    uint8_t id[32];
};

static struct assay_block_header header_with(uint64_t view, uint32_t nulls)
{
    struct assay_block_header h = { .era = 1,
                                    .epoch = 2,
                                    .view = view,
                                    .height = 4,
                                    .kind = ASSAY_BLOCK_NORMAL,
                                    .parent_view = view - 1 - nulls,
                                    .null_count = nulls,
                                    .time_ms = 1700000000000,
                                    .leader = 3 };
    memset(h.chain_id, 0xcc, 32);
    memset(h.parent_id, 0xaa, 32);
    memset(h.parent_proof, 0xab, 32);
    memset(h.state_root, 0x55, 32);
    return h;
}

static size_t body_of(uint32_t records, uint8_t *body)
{
    struct assay_writer w = assay_writer_over(body, BODY_MAX);
    assay_cbor_put_array(&w, records);
    for (uint32_t i = 0; i < records; i++) {
        const uint8_t record[3] = { 1, 2, (uint8_t)i };
        assay_cbor_put_bytes(&w, record, sizeof record);
    }
    cr_assert(!w.full);
    return w.len;
}

static void encode(struct assay_block_header *h, struct assay_slice body, struct assay_slice nulls,
                   struct made *out)
{
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    size_t signature_at = 0;
    memset(signature, 0x51, sizeof signature);
    struct assay_writer hw = assay_writer_over(header, sizeof header);
    assay_block_header_encode(h, &hw);
    cr_assert(!hw.full);
    assay_block_id(assay_slice_over(header, hw.len), out->id);
    struct assay_writer w = assay_writer_over(out->bytes, sizeof out->bytes);
    cr_assert_eq(assay_proposal_encode(assay_slice_over(header, hw.len), signature, body, nulls, &w,
                                       &signature_at),
                 ASSAY_OK);
    cr_assert_eq(out->bytes[signature_at], 0x51);
    cr_assert_eq(out->bytes[signature_at + 63], 0x51);
    out->len = w.len;
}

static struct made make(uint64_t view, uint32_t records, uint32_t nulls)
{
    struct made out = { .len = 0 };
    uint8_t body[BODY_MAX];
    uint8_t names[32 * 8];
    struct assay_block_header h = header_with(view, nulls);
    const size_t body_len = body_of(records, body);
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < nulls; i++) {
        memset(names + 32 * i, (int)(i + 1), 32);
        assay_merkle_add(&tree, names + 32 * i, 32);
    }
    assay_merkle_root(&tree, h.null_root);
    cr_assert_eq(assay_body_root(assay_slice_over(body, body_len), &h.record_count, h.body_root),
                 ASSAY_OK);
    encode(&h, assay_slice_over(body, body_len), assay_slice_over(names, 32 * nulls), &out);
    return out;
}

Test(block, comes_back_as_it_went)
{
    const struct made m = make(9, 3, 2);
    struct assay_proposal p;
    cr_assert_eq(assay_proposal_decode(assay_slice_over(m.bytes, m.len), &p), ASSAY_OK);
    cr_expect_eq(p.header.view, 9);
    cr_expect_eq(p.header.parent_view, 6);
    cr_expect_eq(p.header.record_count, 3);
    cr_expect_eq(p.nulls.len, 64);
    cr_expect_arr_eq(p.id, m.id, 32);
    struct assay_cursor c;
    struct assay_slice record;
    uint64_t count = 0;
    cr_assert_eq(assay_body_open(p.body, &c, &count), ASSAY_OK);
    for (uint64_t i = 0; i < count; i++) {
        cr_assert_eq(assay_body_next(&c, &record), ASSAY_OK);
        cr_expect_eq(record.bytes[2], i);
    }
    cr_expect_eq(assay_cursor_end(&c), ASSAY_OK);
    uint8_t again[PAYLOAD_MAX];
    struct assay_writer w = assay_writer_over(again, sizeof again);
    cr_assert_eq(assay_proposal_encode(p.header_bytes, p.signature, p.body, p.nulls, &w, NULL),
                 ASSAY_OK);
    cr_expect_eq(w.len, m.len);
    cr_expect_arr_eq(again, m.bytes, m.len);
}

Test(block, rejects_every_truncation_and_any_byte_more)
{
    struct made m = make(9, 3, 2);
    struct assay_proposal p;
    for (size_t cut = 0; cut < m.len; cut++) {
        uint8_t *exact = malloc(cut == 0 ? 1 : cut);
        cr_assert_not_null(exact);
        assay_bytes_copy(exact, cut, m.bytes, cut);
        cr_expect_neq(assay_proposal_decode(assay_slice_over(exact, cut), &p), ASSAY_OK);
        free(exact);
    }
    m.bytes[m.len] = 0;
    cr_expect_eq(assay_proposal_decode(assay_slice_over(m.bytes, m.len + 1), &p), ASSAY_E_TRAILING);
}

/* Header bits change the id, body and name bits break their roots; a signature is in no id. */
Test(block, any_flipped_bit_is_refused_or_is_another_block)
{
    struct made m = make(9, 2, 1);
    struct assay_proposal good;
    cr_assert_eq(assay_proposal_decode(assay_slice_over(m.bytes, m.len), &good), ASSAY_OK);
    for (size_t bit = 0; bit < 8 * m.len; bit++) {
        struct assay_proposal p;
        m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (assay_proposal_decode(assay_slice_over(m.bytes, m.len), &p) == ASSAY_OK) {
            const bool same_id = assay_bytes_equal(p.id, m.id, 32);
            const bool same_signature = assay_bytes_equal(p.signature, good.signature, 64);
            cr_expect(same_id != same_signature, "bit %zu", bit);
        }
        m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(block, holds_exactly_the_nullifications_between_its_views)
{
    uint8_t body[BODY_MAX];
    struct made m = { .len = 0 };
    struct assay_proposal p;
    const struct assay_slice none = { body, 0 };
    struct assay_block_header h = header_with(9, 0);
    const struct assay_slice empty = assay_slice_over(body, body_of(0, body));
    cr_assert_eq(assay_body_root(empty, &h.record_count, h.body_root), ASSAY_OK);
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    assay_merkle_root(&tree, h.null_root);
    encode(&h, empty, none, &m);
    cr_expect_eq(assay_proposal_decode(assay_slice_over(m.bytes, m.len), &p), ASSAY_OK);

    h.parent_view = 7; /* one view between, no certificate for it */
    encode(&h, empty, none, &m);
    cr_expect_eq(assay_proposal_decode(assay_slice_over(m.bytes, m.len), &p), ASSAY_E_RANGE);
    h.null_count = 1;
    encode(&h, empty, none, &m);
    cr_expect_eq(assay_proposal_decode(assay_slice_over(m.bytes, m.len), &p), ASSAY_E_INVALID);
    h.parent_view = 9; /* its own parent */
    encode(&h, empty, none, &m);
    cr_expect_eq(assay_proposal_decode(assay_slice_over(m.bytes, m.len), &p), ASSAY_E_RANGE);
}

Test(block, refuses_unknown_kinds_and_view_0)
{
    struct assay_block_header h = header_with(9, 0);
    struct assay_block_header out;
    uint8_t bytes[ASSAY_BLOCK_HEADER_LEN_MAX];
    for (int kind = 0; kind < 7; kind++) {
        h.kind = (enum assay_block_kind)kind;
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_block_header_encode(&h, &w);
        cr_expect_eq(assay_block_header_decode(assay_slice_over(bytes, w.len), &out),
                     kind >= 1 && kind <= 4 ? ASSAY_OK : ASSAY_E_UNSUPPORTED);
    }
    h = header_with(1, 0);
    h.view = 0;
    h.parent_view = 0;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_block_header_encode(&h, &w);
    cr_expect_eq(assay_block_header_decode(assay_slice_over(bytes, w.len), &out), ASSAY_E_RANGE);
}

Test(block, the_largest_header_fits)
{
    struct assay_block_header h = header_with(UINT64_MAX / 16, 0);
    uint8_t bytes[ASSAY_BLOCK_HEADER_LEN_MAX];
    struct assay_block_header out;
    h.era = UINT32_MAX;
    h.epoch = h.height = h.time_ms = UINT64_MAX / 16;
    h.record_count = ASSAY_BLOCK_RECORDS_MAX;
    h.leader = UINT16_MAX;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_block_header_encode(&h, &w);
    cr_assert(!w.full);
    cr_expect_eq(assay_block_header_decode(assay_slice_over(bytes, w.len), &out), ASSAY_OK);
    h.epoch++;
    w = assay_writer_over(bytes, sizeof bytes);
    assay_block_header_encode(&h, &w);
    cr_expect_eq(assay_block_header_decode(assay_slice_over(bytes, w.len), &out), ASSAY_E_RANGE);
}

Test(block, head_of_a_proposal_comes_back_as_it_went)
{
    const struct made m = make(9, 3, 2);
    struct assay_proposal p;
    struct assay_proposal head;
    uint8_t bytes[ASSAY_PROPOSAL_HEAD_LEN_MAX];
    cr_assert_eq(assay_proposal_decode(assay_slice_over(m.bytes, m.len), &p), ASSAY_OK);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_proposal_head_encode(p.header_bytes, p.signature, &w);
    cr_assert(!w.full);
    cr_assert_eq(assay_proposal_head_decode(assay_slice_over(bytes, w.len), &head), ASSAY_OK);
    cr_expect_arr_eq(head.id, p.id, 32);
    cr_expect_arr_eq(head.signature, p.signature, 64);
    for (size_t cut = 0; cut < w.len; cut++)
        cr_expect_neq(assay_proposal_head_decode(assay_slice_over(bytes, cut), &head), ASSAY_OK);
}

/* --- the table */

static bool keeps_even(const struct assay_block *block, const void *context)
{
    (void)context;
    return block->header.view % 2 == 0;
}

Test(block, table_keeps_finds_refuses_and_forgets)
{
    enum { COUNT = 3 };
    const size_t size = assay_blocks_size(COUNT, BODY_MAX);
    void *memory = aligned_alloc(64, size);
    cr_assert_not_null(memory);
    struct assay_blocks *blocks = assay_blocks_init(memory, size, COUNT, BODY_MAX);
    struct made made[COUNT + 1];
    struct assay_block *block = NULL;
    for (uint32_t i = 0; i <= COUNT; i++) {
        made[i] = make(9 + i, i, 1);
        const enum assay_status status =
            assay_blocks_add(blocks, assay_slice_over(made[i].bytes, made[i].len), &block);
        cr_expect_eq(status, i < COUNT ? ASSAY_OK : ASSAY_E_FULL);
        if (i >= COUNT) continue;
        cr_expect_arr_eq(block->id, made[i].id, 32);
        cr_expect(block->body.bytes > block->payload &&
                  block->body.bytes < block->payload + block->payload_len);
    }
    cr_expect_eq(assay_blocks_add(blocks, assay_slice_over(made[1].bytes, made[1].len), &block),
                 ASSAY_E_DUPLICATE);
    cr_expect_eq(block, assay_blocks_find(blocks, made[1].id));
    cr_expect_null(assay_blocks_find(blocks, made[COUNT].id));

    assay_blocks_sweep(blocks, keeps_even, NULL); /* views 9, 10, 11 */
    cr_expect_null(assay_blocks_find_const(blocks, made[0].id));
    cr_expect_not_null(assay_blocks_find_const(blocks, made[1].id));
    cr_expect_eq(
        assay_blocks_add(blocks, assay_slice_over(made[COUNT].bytes, made[COUNT].len), &block),
        ASSAY_OK);
    free(memory);
}

Test(block, table_refuses_a_body_above_its_limit)
{
    const size_t size = assay_blocks_size(2, 10);
    void *memory = aligned_alloc(64, size);
    cr_assert_not_null(memory);
    struct assay_blocks *blocks = assay_blocks_init(memory, size, 2, 10);
    struct assay_block *block = NULL;
    const struct made fits = make(9, 2, 0);     /* 1 + 2 * 4 = 9 bytes */
    const struct made too_long = make(9, 3, 0); /* 13 */
    cr_expect_eq(assay_blocks_add(blocks, assay_slice_over(fits.bytes, fits.len), &block),
                 ASSAY_OK);
    cr_expect_eq(assay_blocks_add(blocks, assay_slice_over(too_long.bytes, too_long.len), &block),
                 ASSAY_E_RANGE);
    free(memory);
}
