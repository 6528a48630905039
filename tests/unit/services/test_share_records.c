/*
 * Payloads of shares (docs/services.md 5.4): what is encoded is read back, one meaning has one
 * encoding, and what is signed inside is checked with the keys beside it.
 */
#include "base/crypto.h"
#include "services/shares/records.h"

#include "base/merkle.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct key {
    struct assay_p256_signer *signer;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
};

static struct key key_make(void)
{
    struct key key;
    struct assay_secret32 secret;
    cr_assert_eq(assay_p256_generate(&secret, key.public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, &key.signer), ASSAY_OK);
    return key;
}

static const struct assay_share_home home = { .chain_id = { 3 } };

/* A decoder of any kind, by its number. */
union any {
    struct assay_share_holder_record holder;
    struct assay_share_put_record put;
    struct assay_share_list_record list;
    struct assay_share_ready_record ready;
    struct assay_share_read_record read;
    struct assay_share_lie_record lie;
};

enum { KINDS = 6 };

static enum assay_status decode(uint32_t kind, struct assay_slice bytes, union any *out)
{
    switch (kind) {
    case 0: return assay_share_holder_record_decode(bytes, &out->holder);
    case 1: return assay_share_put_record_decode(bytes, &out->put);
    case 2: return assay_share_list_record_decode(bytes, &out->list);
    case 3: return assay_share_ready_record_decode(bytes, &out->ready);
    case 4: return assay_share_read_record_decode(bytes, &out->read);
    default: return assay_share_lie_record_decode(bytes, &out->lie);
    }
}

static enum assay_status encode(uint32_t kind, const union any *in, uint8_t *bytes,
                                size_t capacity, struct assay_slice *out)
{
    switch (kind) {
    case 0: return assay_share_holder_record_encode(&in->holder, bytes, capacity, out);
    case 1: return assay_share_put_record_encode(&in->put, bytes, capacity, out);
    case 2: return assay_share_list_record_encode(&in->list, bytes, capacity, out);
    case 3: return assay_share_ready_record_encode(&in->ready, bytes, capacity, out);
    case 4: return assay_share_read_record_encode(&in->read, bytes, capacity, out);
    default: return assay_share_lie_record_encode(&in->lie, bytes, capacity, out);
    }
}

/* One of each kind, with every field at something. */
static union any example(uint32_t kind)
{
    union any any = { 0 };
    switch (kind) {
    case 0:
        any.holder = (struct assay_share_holder_record){ .cluster = 7, .key = { 1 }, .curve = { 2 },
                                                         .address = "tcp://h:1",
                                                         .address_len = 9 };
        break;
    case 1:
        any.put = (struct assay_share_put_record){ .cluster = 1, .k = 3, .owner = { 1 },
                                                   .name = { 2 }, .digest = { 3 },
                                                   .payload = { 4 }, .reader_count = 2,
                                                   .signature = { 5 } };
        any.put.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
        any.put.reader[0].name[0] = 9;
        any.put.reader[1].kind = ASSAY_SHARE_READER_MEASUREMENT;
        break;
    case 2:
        any.list.cluster = 2;
        any.list.seating = 70000;
        any.list.count = 3;
        for (uint8_t i = 0; i < 3; i++)
            any.list.line[i] = (struct assay_share_line){ .id = { i }, .generation = 70000,
                                                          .attempt = 300, .digest = { 1 } };
        break;
    case 3:
        any.ready = (struct assay_share_ready_record){ .cluster = 1, .slot = 15,
                                                       .seating = INT64_MAX, .count = 4096,
                                                       .digest = { 1 } };
        break;
    case 4:
        any.read = (struct assay_share_read_record){ .id = { 1 }, .nonce = { 2 }, .box = { 3 },
                                                     .key = { 4 }, .signature = { 5 } };
        any.read.reader.kind = ASSAY_SHARE_READER_MEASUREMENT;
        break;
    default:
        any.lie.cluster = 3;
        any.lie.dealer = 2;
        any.lie.slot = 4;
        any.lie.piece = (struct assay_share_piece){ .id = { 1 }, .generation = 2, .attempt = 9,
                                                    .share = { { 5 } }, .commitments = { .k = 3 } };
        any.lie.count = 5;
        any.lie.index = 4;
        any.lie.path_len = 2;
        any.lie.path[1][0] = 1;
        any.lie.current.k = 8;
        break;
    }
    return any;
}

Test(share_records, what_is_encoded_is_read_back_and_nothing_else)
{
    static uint8_t bytes[ASSAY_SHARE_RECORD_MAX], again[ASSAY_SHARE_RECORD_MAX];
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        const union any any = example(kind);
        union any read;
        struct assay_slice out, second;
        cr_assert_eq(encode(kind, &any, bytes, sizeof bytes - 1, &out), ASSAY_OK);
        cr_assert_eq(decode(kind, out, &read), ASSAY_OK, "kind %u", kind);
        cr_assert_eq(encode(kind, &read, again, sizeof again, &second), ASSAY_OK);
        cr_assert(assay_slice_equal(out, second));
        for (size_t len = 0; len < out.len; len++)
            cr_assert_neq(decode(kind, assay_slice_over(bytes, len), &read), ASSAY_OK);
        for (size_t len = 0; len < out.len; len++)
            cr_assert_eq(encode(kind, &any, again, len, &second), ASSAY_E_FULL);
        bytes[out.len] = 0;
        cr_assert_eq(decode(kind, assay_slice_over(bytes, out.len + 1), &read), ASSAY_E_TRAILING);
        for (size_t bit = 0; bit < out.len * 8; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (decode(kind, out, &read) == ASSAY_OK) {
                cr_assert_eq(encode(kind, &read, again, sizeof again, &second), ASSAY_OK);
                cr_assert(assay_slice_equal(out, second), "kind %u bit %zu", kind, bit);
            }
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static enum assay_status through(uint32_t kind, const union any *any)
{
    static uint8_t bytes[ASSAY_SHARE_RECORD_MAX];
    union any read;
    struct assay_slice out;
    cr_assert_eq(encode(kind, any, bytes, sizeof bytes, &out), ASSAY_OK);
    return decode(kind, out, &read);
}

Test(share_records, a_list_of_a_hundred_fits_and_more_is_refused)
{
    static uint8_t bytes[ASSAY_SHARE_RECORD_MAX];
    static union any any, read;
    struct assay_slice out;
    any.list.cluster = ASSAY_SHARE_CLUSTERS_MAX - 1;
    any.list.seating = INT64_MAX;
    any.list.count = ASSAY_SHARE_LIST_MAX;
    for (uint32_t i = 0; i < ASSAY_SHARE_LIST_MAX; i++)
        any.list.line[i] = (struct assay_share_line){ .id = { (uint8_t)i },
                                                      .generation = UINT32_MAX,
                                                      .attempt = UINT16_MAX };
    cr_assert_eq(encode(2, &any, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(decode(2, out, &read), ASSAY_OK);
    cr_assert_eq(read.list.count, ASSAY_SHARE_LIST_MAX);
    cr_assert_eq(bytes[12], 100, "the head of the list: 0x98 and a byte");
    bytes[12] = 101;
    cr_assert_eq(decode(2, out, &read), ASSAY_E_RANGE);
}

Test(share_records, lists_ascend_and_numbers_count_from_one)
{
    union any any = example(2);
    cr_assert_eq(through(2, &any), ASSAY_OK);
    any.list.line[1].id[0] = 0;
    cr_assert_eq(through(2, &any), ASSAY_E_ENCODING, "an id twice");
    any = example(2);
    any.list.line[2].generation = 0;
    cr_assert_eq(through(2, &any), ASSAY_E_RANGE);
    any = example(2);
    any.list.line[2].attempt = 0;
    cr_assert_eq(through(2, &any), ASSAY_E_RANGE);
    any.list.line[2].attempt = UINT16_MAX + 1;
    cr_assert_eq(through(2, &any), ASSAY_E_RANGE);
    any = example(2);
    any.list.count = 0;
    cr_assert_eq(through(2, &any), ASSAY_E_RANGE);
    any = example(1);
    any.put.reader[1] = any.put.reader[0];
    cr_assert_eq(through(1, &any), ASSAY_E_ENCODING, "a reader twice");
    any = example(1);
    any.put.reader[0].kind = (enum assay_share_reader_kind)0;
    cr_assert_eq(through(1, &any), ASSAY_E_RANGE);
    any = example(1);
    any.put.k = 1;
    cr_assert_eq(through(1, &any), ASSAY_E_RANGE);
}

Test(share_records, numbers_beyond_their_limits_are_refused)
{
    union any any = example(0);
    any.holder.cluster = ASSAY_SHARE_CLUSTERS_MAX;
    cr_assert_eq(through(0, &any), ASSAY_E_RANGE);
    any = example(3);
    any.ready.slot = ASSAY_SHARE_SLOTS_MAX;
    cr_assert_eq(through(3, &any), ASSAY_E_RANGE);
    any = example(5);
    any.lie.index = any.lie.count;
    cr_assert_eq(through(5, &any), ASSAY_E_RANGE);
    any = example(5);
    any.lie.current.k = 1;
    cr_assert_eq(through(5, &any), ASSAY_E_RANGE);
    any = example(5);
    any.lie.dealer = ASSAY_SHARE_SLOTS_MAX;
    cr_assert_eq(through(5, &any), ASSAY_E_RANGE);
}

Test(share_records, an_owner_signs_every_field_of_a_put)
{
    struct key owner = key_make();
    union any any = example(1);
    uint8_t digest[32];
    assay_bytes_copy(any.put.owner, 64, owner.public_key, 64);
    assay_share_put_statement(&home, &any.put, digest);
    cr_assert_eq(assay_p256_sign(owner.signer, digest, any.put.signature), ASSAY_OK);
    cr_assert(assay_share_put_record_check(&home, &any.put));
    const struct assay_share_home other = { .chain_id = { 4 } };
    cr_assert(!assay_share_put_record_check(&other, &any.put), "another chain");
    for (uint32_t field = 0; field < 6; field++) {
        struct assay_share_put_record changed = any.put;
        if (field == 0) changed.cluster ^= 1;
        if (field == 1) changed.k ^= 1;
        if (field == 2) changed.name[31] ^= 1;
        if (field == 3) changed.digest[31] ^= 1;
        if (field == 4) changed.payload[31] ^= 1;
        if (field == 5) changed.reader_count--;
        cr_assert(!assay_share_put_record_check(&home, &changed), "field %u", field);
    }
    assay_p256_signer_free(&owner.signer);
}

Test(share_records, an_account_reads_for_itself_alone)
{
    struct key reader = key_make();
    union any any = example(4);
    uint8_t digest[32];
    assay_bytes_copy(any.read.key, 64, reader.public_key, 64);
    any.read.reader.kind = ASSAY_SHARE_READER_ACCOUNT;
    assay_share_read_statement(&home, &any.read, digest);
    cr_assert_eq(assay_p256_sign(reader.signer, digest, any.read.signature), ASSAY_OK);
    cr_assert(!assay_share_read_record_check(&home, &any.read), "another's account");
    assay_sha256(reader.public_key, 64, any.read.reader.name);
    assay_share_read_statement(&home, &any.read, digest);
    cr_assert_eq(assay_p256_sign(reader.signer, digest, any.read.signature), ASSAY_OK);
    cr_assert(assay_share_read_record_check(&home, &any.read));
    any.read.box[0] ^= 1;
    cr_assert(!assay_share_read_record_check(&home, &any.read), "another box");
    assay_p256_signer_free(&reader.signer);
}

/* --- lies */

static void fill(uint8_t *bytes, size_t len, uint8_t seed)
{
    for (size_t at = 0; at < len; at += 32) {
        const uint8_t number[2] = { seed, (uint8_t)(at / 32) };
        assay_sha256(number, sizeof number, bytes + at);
    }
}

enum { DEALERS = 1 | 1 << 1 };

/* What slot 0 deals on to slot 2, signed, one piece of three. */
static struct assay_share_lie_record dealt(const struct key *dealer, bool lies)
{
    struct assay_share_lie_record r = { .cluster = 1, .slot = 2, .count = 3, .index = 1 };
    struct assay_share_polynomial secret, polynomial;
    struct assay_secret32 own, lambda;
    uint8_t wide[2 * ASSAY_SODIUM_WIDE_LEN], bytes[ASSAY_SHARE_PIECE_MAX], leaf[3][32] = { { 0 } };
    uint8_t digest[32];
    size_t path_len = 0;
    struct assay_merkle tree;
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    fill(wide, sizeof wide, 1);
    cr_assert_eq(assay_share_deal(2, wide, &secret, &r.current), ASSAY_OK);
    cr_assert_eq(assay_share_of(&secret, 0, &own), ASSAY_OK);
    fill(wide, sizeof wide, 2);
    cr_assert_eq(assay_share_lambda(DEALERS, 0, &lambda), ASSAY_OK);
    assay_sodium_scalar_mul(&lambda, &own, &own);
    r.piece = (struct assay_share_piece){ .id = { 1 }, .generation = 2, .attempt = 1 };
    cr_assert_eq(assay_share_deal_on(2, &own, wide, &polynomial, &r.piece.commitments), ASSAY_OK);
    cr_assert_eq(assay_share_of(&polynomial, lies ? 3 : 2, &r.piece.share), ASSAY_OK);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_share_piece_put(&w, &r.piece);
    assay_merkle_leaf_hash(bytes, w.len, leaf[1]);
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < 3; i++)
        assay_merkle_add_hash(&tree, leaf[i]);
    assay_merkle_root(&tree, r.root);
    cr_assert_eq(assay_merkle_path((const uint8_t(*)[32])leaf, 3, 1, r.path, ASSAY_SHARE_PATH_MAX,
                                   &path_len),
                 ASSAY_OK);
    r.path_len = (uint32_t)path_len;
    assay_share_dealt_statement(&home, r.cluster, r.dealer, r.slot, r.root, r.count, digest);
    cr_assert_eq(assay_p256_sign(dealer->signer, digest, r.signature), ASSAY_OK);
    assay_bytes_copy(r.key, 64, dealer->public_key, 64);
    return r;
}

Test(share_records, a_lie_is_what_the_dealer_signed_and_nothing_else)
{
    struct key dealer = key_make();
    const struct assay_share_lie_record lie = dealt(&dealer, true);
    cr_assert(assay_share_lie_record_check(&home, &lie));
    cr_assert(assay_share_lie_stands(&lie, DEALERS));
    struct assay_share_lie_record honest = dealt(&dealer, false);
    cr_assert(assay_share_lie_record_check(&home, &honest));
    cr_assert(!assay_share_lie_stands(&honest, DEALERS));
    honest.piece.share.bytes[0] ^= 1; /* whoever changes it convicts nobody */
    cr_assert(assay_share_lie_stands(&honest, DEALERS));
    cr_assert(!assay_share_lie_record_check(&home, &honest));
    honest = dealt(&dealer, false);
    honest.slot = 3; /* nor who shows it as if it were for another slot */
    cr_assert(assay_share_lie_stands(&honest, DEALERS));
    cr_assert(!assay_share_lie_record_check(&home, &honest));
    honest = dealt(&dealer, false);
    honest.dealer = 1;
    cr_assert(!assay_share_lie_record_check(&home, &honest));
    honest = dealt(&dealer, false);
    honest.index = 0;
    cr_assert(!assay_share_lie_record_check(&home, &honest));
    honest = dealt(&dealer, false);
    cr_assert(assay_share_lie_stands(&honest, 1 | 1 << 2), "another number, with others");
    assay_p256_signer_free(&dealer.signer);
}
