/*
 * services/shares/piece.c - codec of ids and pieces, and the statements signed for them
 * (docs/services.md 5.4).
 */
#include "services/shares/piece.h"

#include "base/cbor.h"
#include "base/merkle.h"
#include "base/secret.h"

enum { LEAF_MAX = 3 + ASSAY_SHARE_PIECE_MAX };

void assay_share_id(const uint8_t owner[static ASSAY_P256_PUBLIC_LEN],
                    const uint8_t name[static 32], uint8_t id[static 32])
{
    static const char type[] = "assay/share/v1";
    const struct assay_slice pieces[] = {
        assay_slice_over(type, sizeof type - 1),
        assay_slice_over(owner, ASSAY_P256_PUBLIC_LEN),
        assay_slice_over(name, 32),
    };
    assay_sha256_pieces(pieces, 3, id);
}

void assay_share_piece_encode(struct assay_writer *w, const struct assay_share_piece *piece)
{
    ASSAY_ASSERT(piece->commitments.k <= ASSAY_SHARE_K_MAX);
    assay_writer_put(w, piece->id, sizeof piece->id);
    assay_writer_u32be(w, piece->generation);
    assay_writer_u64be(w, piece->attempt);
    assay_writer_u8(w, (uint8_t)piece->commitments.k);
    assay_writer_put(w, piece->share.bytes, sizeof piece->share.bytes);
    assay_writer_put(w, piece->commitments.point,
                     (size_t)piece->commitments.k * ASSAY_SODIUM_POINT_LEN);
}

enum assay_status assay_share_piece_decode(struct assay_cursor *in, struct assay_share_piece *piece)
{
    struct assay_share_piece read = { 0 };
    uint8_t k = 0;
    ASSAY_TRY(assay_cursor_copy(in, read.id, sizeof read.id));
    ASSAY_TRY(assay_cursor_u32be(in, &read.generation));
    ASSAY_TRY(assay_cursor_u64be(in, &read.attempt));
    ASSAY_TRY(assay_cursor_u8(in, &k));
    if (k < ASSAY_SHARE_K_MIN || k > ASSAY_SHARE_K_MAX) return ASSAY_E_RANGE;
    if (read.generation == 0 || read.attempt == 0 || read.attempt > INT64_MAX) return ASSAY_E_RANGE;
    read.commitments.k = k;
    ASSAY_TRY(assay_cursor_copy(in, read.share.bytes, sizeof read.share.bytes));
    ASSAY_TRY(assay_cursor_copy(in, read.commitments.point, (size_t)k * ASSAY_SODIUM_POINT_LEN));
    *piece = read;
    assay_secret_wipe(&read, sizeof read);
    return ASSAY_OK;
}

void assay_share_piece_leaf(enum assay_share_gift_type type, uint32_t dealers,
                            const struct assay_share_piece *piece, uint8_t leaf[static 32])
{
    uint8_t bytes[LEAF_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_ASSERT(piece->commitments.k <= ASSAY_SHARE_K_MAX && dealers <= UINT16_MAX);
    assay_writer_u8(&w, (uint8_t)type);
    assay_writer_put(&w, piece->id, sizeof piece->id);
    assay_writer_u32be(&w, piece->generation);
    assay_writer_u64be(&w, piece->attempt);
    assay_writer_u16be(&w, (uint16_t)dealers);
    assay_writer_u8(&w, (uint8_t)piece->commitments.k);
    assay_writer_put(&w, piece->share.bytes, sizeof piece->share.bytes);
    assay_writer_put(&w, piece->commitments.point,
                     (size_t)piece->commitments.k * ASSAY_SODIUM_POINT_LEN);
    ASSAY_ASSERT(!w.full);
    assay_merkle_leaf_hash(bytes, w.len, leaf);
    assay_secret_wipe(bytes, sizeof bytes);
}

void assay_share_given_statement(const struct assay_share_home *home,
                                 const struct assay_share_given *given,
                                 const uint8_t root[static 32], uint32_t count,
                                 uint8_t digest[static 32])
{
    const bool fetched = given->type == ASSAY_SHARE_GIFT_FETCHED;
    uint8_t bytes[256];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 11);
    assay_cbor_put_text(&w, fetched ? "assay/share/fetched/v3" : "assay/share/subshare/v3");
    assay_cbor_put_bytes(&w, home->chain_id, sizeof home->chain_id);
    assay_cbor_put_uint(&w, given->era);
    assay_cbor_put_uint(&w, given->cluster);
    assay_cbor_put_bytes(&w, given->node, sizeof given->node);
    assay_cbor_put_uint(&w, given->dealer);
    assay_cbor_put_uint(&w, given->seating);
    assay_cbor_put_uint(&w, given->slot);
    assay_cbor_put_uint(&w, given->taker_seating);
    assay_cbor_put_bytes(&w, root, 32);
    assay_cbor_put_uint(&w, count);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

bool assay_share_verify_signature(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                  const uint8_t digest[static 32],
                                  const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256 *loaded = NULL;
    if (assay_p256_load(key, &loaded) != ASSAY_OK) return false;
    const bool good = assay_p256_verify(loaded, digest, signature, ASSAY_S_LOW);
    assay_p256_free(&loaded);
    return good;
}

/* --- rows of records */

enum assay_status assay_share_rows_decode(struct assay_cursor *in, uint32_t min, uint32_t max,
                                          uint8_t (*rows)[32], uint32_t *count)
{
    ASSAY_ASSERT(min <= max);
    struct assay_slice bytes;
    ASSAY_TRY(assay_cbor_bytes(in, (size_t)max * 32, &bytes));
    if (bytes.len % 32 != 0 || bytes.len < (size_t)min * 32) return ASSAY_E_RANGE;
    assay_bytes_copy(rows, (size_t)max * 32, bytes.bytes, bytes.len);
    *count = (uint32_t)(bytes.len / 32);
    ASSAY_ASSERT(*count >= min && *count <= max);
    return ASSAY_OK;
}

void assay_share_points_encode(struct assay_writer *w, const struct assay_share_commitments *c)
{
    ASSAY_ASSERT(c->k <= ASSAY_SHARE_K_MAX);
    assay_cbor_put_bytes(w, c->point, (size_t)c->k * ASSAY_SODIUM_POINT_LEN);
}

enum assay_status assay_share_points_decode(struct assay_cursor *in,
                                            struct assay_share_commitments *c)
{
    return assay_share_rows_decode(in, ASSAY_SHARE_K_MIN, ASSAY_SHARE_K_MAX, c->point, &c->k);
}
