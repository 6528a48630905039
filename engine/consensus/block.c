/*
 * engine/consensus/block.c - encoding and decoding of headers, proposals and bodies
 * (engine/consensus/block.h).
 *
 * docs/protocol.md 5.7. Shape and roots only; the table of blocks is blocks.c, the rules are
 * simplex's and the ledger's.
 */
#include "engine/consensus/block.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "base/merkle.h"

enum { HEADER_FIELDS = 17, PROPOSAL_FIELDS = 4, HEAD_FIELDS = 2 };

void assay_block_header_encode(const struct assay_block_header *header, struct assay_writer *w)
{
    const size_t start = w->len;

    assay_cbor_put_array(w, HEADER_FIELDS);
    assay_cbor_put_text(w, "assay/block/v1");
    assay_cbor_put_bytes(w, header->chain_id, 32);
    assay_cbor_put_uint(w, header->era);
    assay_cbor_put_uint(w, header->epoch);
    assay_cbor_put_uint(w, header->view);
    assay_cbor_put_uint(w, header->height);
    assay_cbor_put_uint(w, (uint64_t)header->kind);
    assay_cbor_put_bytes(w, header->parent_id, 32);
    assay_cbor_put_uint(w, header->parent_view);
    assay_cbor_put_bytes(w, header->parent_proof, 32);
    assay_cbor_put_uint(w, header->null_count);
    assay_cbor_put_bytes(w, header->null_root, 32);
    assay_cbor_put_uint(w, header->time_ms);
    assay_cbor_put_uint(w, header->record_count);
    assay_cbor_put_bytes(w, header->body_root, 32);
    assay_cbor_put_bytes(w, header->state_root, 32);
    assay_cbor_put_uint(w, header->leader);
    ASSAY_ASSERT(w->full || w->len - start <= ASSAY_BLOCK_HEADER_LEN_MAX);
}

/* chain .. kind */
static enum assay_status decode_header_position(struct assay_cursor *c,
                                                struct assay_block_header *h)
{
    uint64_t era = 0;
    uint64_t kind = 0;
    ASSAY_TRY(assay_cbor_bytes_exact(c, h->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_COUNT_MAX, &h->epoch));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_COUNT_MAX, &h->view));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_COUNT_MAX, &h->height));
    ASSAY_TRY(assay_cbor_uint(c, &kind));
    if (h->view == 0) return ASSAY_E_RANGE;
    if (kind < ASSAY_BLOCK_NORMAL || kind > ASSAY_BLOCK_TAIL) return ASSAY_E_UNSUPPORTED;
    h->era = (uint32_t)era;
    h->kind = (enum assay_block_kind)kind;
    return ASSAY_OK;
}

/* parent_id .. null_root */
static enum assay_status decode_header_parent(struct assay_cursor *c, struct assay_block_header *h)
{
    uint64_t null_count = 0;
    ASSAY_TRY(assay_cbor_bytes_exact(c, h->parent_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_COUNT_MAX, &h->parent_view));
    ASSAY_TRY(assay_cbor_bytes_exact(c, h->parent_proof, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_BLOCK_NULLS_MAX, &null_count));
    ASSAY_TRY(assay_cbor_bytes_exact(c, h->null_root, 32));
    if (h->parent_view >= h->view) return ASSAY_E_RANGE;
    const uint64_t between = h->view - h->parent_view - 1;
    if (null_count > between) return ASSAY_E_RANGE;
    if (null_count < (between + ASSAY_RANGES_VIEWS - 1) / ASSAY_RANGES_VIEWS) return ASSAY_E_RANGE;
    h->null_count = (uint32_t)null_count;
    ASSAY_ASSERT((h->null_count == 0) == (between == 0));
    return ASSAY_OK;
}

/* time_ms .. leader */
static enum assay_status decode_header_content(struct assay_cursor *c, struct assay_block_header *h)
{
    uint64_t record_count = 0;
    uint64_t leader = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_COUNT_MAX, &h->time_ms));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_BLOCK_RECORDS_MAX, &record_count));
    ASSAY_TRY(assay_cbor_bytes_exact(c, h->body_root, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, h->state_root, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT16_MAX, &leader));
    h->record_count = (uint32_t)record_count;
    h->leader = (uint16_t)leader;
    return ASSAY_OK;
}

enum assay_status assay_block_header_decode(struct assay_slice bytes,
                                            struct assay_block_header *header)
{
    ASSAY_ASSERT(header != NULL);

    if (bytes.len > ASSAY_BLOCK_HEADER_LEN_MAX) return ASSAY_E_RANGE;

    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_block_header h = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, HEADER_FIELDS));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/block/v1"));
    ASSAY_TRY(decode_header_position(&c, &h));
    ASSAY_TRY(decode_header_parent(&c, &h));
    ASSAY_TRY(decode_header_content(&c, &h));
    ASSAY_TRY(assay_cursor_end(&c));
    *header = h;
    return ASSAY_OK;
}

void assay_block_id(struct assay_slice header_bytes, uint8_t id[static 32])
{
    ASSAY_ASSERT(header_bytes.len <= ASSAY_BLOCK_HEADER_LEN_MAX);
    assay_sha256(header_bytes.bytes, header_bytes.len, id);
}

enum assay_status assay_body_open(struct assay_slice body, struct assay_cursor *c, uint64_t *count)
{
    struct assay_cursor in = assay_cursor_over(body.bytes, body.len);
    ASSAY_TRY(assay_cbor_array(&in, ASSAY_BLOCK_RECORDS_MAX, count));
    *c = in;
    ASSAY_ASSERT(*count <= ASSAY_BLOCK_RECORDS_MAX);
    return ASSAY_OK;
}

enum assay_status assay_body_next(struct assay_cursor *c, struct assay_slice *record)
{
    return assay_cbor_bytes(c, ASSAY_BLOCK_LEN_MAX, record);
}

enum assay_status assay_body_root(struct assay_slice body, uint32_t *count, uint8_t root[static 32])
{
    struct assay_cursor c = { 0 };
    struct assay_merkle tree;
    uint64_t records = 0;
    ASSAY_TRY(assay_body_open(body, &c, &records));
    assay_merkle_init(&tree);
    for (uint64_t i = 0; i < records; i++) {
        struct assay_slice record = { 0 };
        ASSAY_TRY(assay_body_next(&c, &record));
        assay_merkle_add(&tree, record.bytes, record.len);
    }
    ASSAY_TRY(assay_cursor_end(&c));
    assay_merkle_root(&tree, root);
    *count = (uint32_t)records; /* at most ASSAY_BLOCK_RECORDS_MAX */
    ASSAY_ASSERT(records <= ASSAY_BLOCK_RECORDS_MAX);
    return ASSAY_OK;
}

static enum assay_status check_roots(const struct assay_proposal *p)
{
    uint8_t root[32];
    uint32_t count = 0;
    ASSAY_TRY(assay_body_root(p->body, &count, root));
    if (count != p->header.record_count) return ASSAY_E_INVALID;
    if (!assay_bytes_equal(root, p->header.body_root, 32)) return ASSAY_E_INVALID;

    struct assay_merkle tree;
    assay_merkle_init(&tree);
    if (p->nulls.len != 32 * (size_t)p->header.null_count) return ASSAY_E_INVALID;
    for (uint32_t i = 0; i < p->header.null_count; i++)
        assay_merkle_add(&tree, p->nulls.bytes + 32 * (size_t)i, 32);
    assay_merkle_root(&tree, root);
    if (!assay_bytes_equal(root, p->header.null_root, 32)) return ASSAY_E_INVALID;
    return ASSAY_OK;
}

static enum assay_status decode_head(struct assay_cursor *c, struct assay_proposal *p)
{
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_BLOCK_HEADER_LEN_MAX, &p->header_bytes));
    ASSAY_TRY(assay_block_header_decode(p->header_bytes, &p->header));
    return assay_cbor_bytes_exact(c, p->signature, ASSAY_P256_SIGNATURE_LEN);
}

enum assay_status assay_proposal_decode(struct assay_slice payload, struct assay_proposal *proposal)
{
    ASSAY_ASSERT(proposal != NULL);

    if (payload.len > (size_t)ASSAY_BLOCK_LEN_MAX + ASSAY_PROPOSAL_OVERHEAD_MAX)
        return ASSAY_E_RANGE;

    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_proposal p = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, PROPOSAL_FIELDS));
    ASSAY_TRY(decode_head(&c, &p));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BLOCK_LEN_MAX, &p.body));
    ASSAY_TRY(assay_cbor_bytes(&c, 32 * (size_t)ASSAY_BLOCK_NULLS_MAX, &p.nulls));
    ASSAY_TRY(assay_cursor_end(&c));
    ASSAY_TRY(check_roots(&p));
    assay_block_id(p.header_bytes, p.id);
    *proposal = p;
    ASSAY_ASSERT(p.header_bytes.len + p.body.len + p.nulls.len < payload.len);
    ASSAY_ASSERT(p.nulls.len == 32 * (size_t)p.header.null_count);
    return ASSAY_OK;
}

/* [header bytes, signature, ...]. Returns: the offset of the signature in w. */
static size_t encode_head(struct assay_slice header_bytes, const uint8_t *signature,
                          struct assay_writer *w)
{
    static const uint8_t hole[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    assay_cbor_put_bytes(w, header_bytes.bytes, header_bytes.len);
    assay_cbor_put_bytes(w, signature != NULL ? signature : hole, sizeof hole);
    ASSAY_ASSERT(w->full || w->len >= sizeof hole);
    return w->len - (w->full ? 0 : sizeof hole);
}

enum assay_status assay_proposal_encode(struct assay_slice header_bytes, const uint8_t *signature,
                                        struct assay_slice body, struct assay_slice nulls,
                                        struct assay_writer *w, size_t *signature_at)
{
    ASSAY_ASSERT(header_bytes.len <= ASSAY_BLOCK_HEADER_LEN_MAX);
    ASSAY_ASSERT(nulls.len <= 32 * (size_t)ASSAY_BLOCK_NULLS_MAX);

    assay_cbor_put_array(w, PROPOSAL_FIELDS);
    const size_t hole_at = encode_head(header_bytes, signature, w);
    assay_cbor_put_bytes(w, body.bytes, body.len);
    assay_cbor_put_bytes(w, nulls.bytes, nulls.len);
    if (w->full) return ASSAY_E_FULL;
    if (signature_at != NULL) *signature_at = hole_at;
    ASSAY_ASSERT(hole_at + ASSAY_P256_SIGNATURE_LEN <= w->len);
    return ASSAY_OK;
}

enum assay_status assay_proposal_head_decode(struct assay_slice bytes,
                                             struct assay_proposal *proposal)
{
    ASSAY_ASSERT(proposal != NULL);

    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_proposal p = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, HEAD_FIELDS));
    ASSAY_TRY(decode_head(&c, &p));
    ASSAY_TRY(assay_cursor_end(&c));
    assay_block_id(p.header_bytes, p.id);
    *proposal = p;
    ASSAY_ASSERT(p.body.len == 0 && p.nulls.len == 0);
    return ASSAY_OK;
}

void assay_proposal_head_encode(struct assay_slice header_bytes,
                                const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                                struct assay_writer *w)
{
    ASSAY_ASSERT(header_bytes.len <= ASSAY_BLOCK_HEADER_LEN_MAX);
    const size_t start = w->len;
    assay_cbor_put_array(w, HEAD_FIELDS);
    (void)encode_head(header_bytes, signature, w);
    ASSAY_ASSERT(w->full || w->len - start <= ASSAY_PROPOSAL_HEAD_LEN_MAX);
}
