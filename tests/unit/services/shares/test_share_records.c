/*
 * tests/unit/services/shares/test_share_records.c - tests of payloads of shares.
 *
 * Payloads of shares (docs/services.md 5.4): what is encoded is read back, one meaning has one
 * encoding, and what is signed inside is checked with the keys beside it.
 */
#include "base/crypto.h"
#include "services/shares/records.h"

#include "base/merkle.h"
#include "tests/support/seed.h"

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
    struct assay_share_sum_record sum;
    struct assay_share_delete_record delete;
    struct assay_share_readers_record readers;
};

enum { KINDS = 9 };

static enum assay_status decode(uint32_t kind, struct assay_slice bytes, union any *out)
{
    switch (kind) {
    case 0: return assay_share_holder_record_decode(bytes, &out->holder);
    case 1: return assay_share_put_record_decode(bytes, &out->put);
    case 2: return assay_share_list_record_decode(bytes, &out->list);
    case 3: return assay_share_ready_record_decode(bytes, &out->ready);
    case 4: return assay_share_read_record_decode(bytes, &out->read);
    case 5: return assay_share_sum_record_decode(bytes, &out->sum);
    case 7: return assay_share_delete_record_decode(bytes, &out->delete);
    case 8: return assay_share_readers_record_decode(bytes, &out->readers);
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
    case 5: return assay_share_sum_record_encode(&in->sum, bytes, capacity, out);
    case 7: return assay_share_delete_record_encode(&in->delete, bytes, capacity, out);
    case 8: return assay_share_readers_record_encode(&in->readers, bytes, capacity, out);
    default: return assay_share_lie_record_encode(&in->lie, bytes, capacity, out);
    }
}

static union any example_of_a_change(uint32_t kind)
{
    union any any = { 0 };
    if (kind == 7) {
        any.delete.order = (struct assay_share_order){
            .owner = { 1 }, .name = { 2 }, .birth = { 3, 70000 }, .era = 4, .version = UINT32_MAX
        };
        any.delete.signature[0] = 5;
        return any;
    }
    any.readers.order = (struct assay_share_order){
        .owner = { 1 }, .name = { 2 }, .birth = { 3, INT64_MAX }, .era = 300, .version = 1
    };
    any.readers.reader_count = 2;
    any.readers.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
    any.readers.reader[0].name[0] = 9;
    any.readers.reader[1].kind = ASSAY_SHARE_READER_MEASUREMENT;
    any.readers.signature[0] = 5;
    return any;
}

/* One of each kind, with every field at something. */
static union any example(uint32_t kind)
{
    union any any = { 0 };
    switch (kind) {
    case 0:
        any.holder = (struct assay_share_holder_record){ .cluster = 7, .node = { 4 }, .key = { 1 },
                                                         .address = "tcp://h:1",
                                                         .address_len = 9,
                                                         .link_signature = { 5 },
                                                         .signature = { 6 } };
        assay_sodium_link_pair(&(struct assay_secret32){ { 3 } }, any.holder.link);
        break;
    case 1:
        any.put = (struct assay_share_put_record){ .cluster = 1, .k = 3, .birth = { 2, 70000 },
                                                   .owner = { 1 },
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
        any.list.era = 300;
        any.list.count = 3;
        for (uint8_t i = 0; i < 3; i++)
            any.list.line[i] = (struct assay_share_line){ .id = { i }, .generation = 70000,
                                                          .attempt = 300, .digest = { 1 } };
        break;
    case 3:
        any.ready = (struct assay_share_ready_record){ .cluster = 1, .slot = 15,
                                                       .seating = INT64_MAX, .era = 2,
                                                       .count = 4096,
                                                       .digest = { 1 } };
        break;
    case 4:
        any.read = (struct assay_share_read_record){ .id = { 1 }, .nonce = { 2 }, .box = { 3 },
                                                     .key = { 4 }, .signature = { 5 } };
        any.read.reader.kind = ASSAY_SHARE_READER_MEASUREMENT;
        break;
    case 5:
        any.sum = (struct assay_share_sum_record){ .era = 5, .id = { 1 }, .generation = 2,
                                                   .attempt = 3, .current = { .k = 2 }, .count = 2,
                                                   .dealt = { { .k = 2 }, { .k = 3 } } };
        break;
    case 7:
    case 8: any = example_of_a_change(kind); break;
    default:
        any.lie.given = (struct assay_share_given){
            .type = ASSAY_SHARE_GIFT_SUBSHARE, .era = 3, .cluster = 3, .dealer = 2,
            .node = { 7 }, .seating = 11, .slot = 4, .taker_seating = 12,
        };
        any.lie.dealers = 0xffff;
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

/* What the fuzzer begins with is of these formats. */
Test(share_records, seeds_of_the_fuzzer_are_read)
{
    static const struct {
        const char *name;
        uint8_t fuzzed; /* the decoder's number in tests/fuzz/services/fuzz_share_records.c */
    } seeds[KINDS] = { { "holder", 0 }, { "put", 1 }, { "have", 2 }, { "ready", 3 }, { "read", 4 },
                       { "sum", 6 }, { "lie", 5 }, { "delete", 7 }, { "readers", 8 } };
    static uint8_t bytes[1 + ASSAY_SHARE_RECORD_MAX];
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        const union any any = example(kind);
        union any read;
        struct assay_slice out;
        bytes[0] = seeds[kind].fuzzed;
        cr_assert_eq(encode(kind, &any, bytes + 1, sizeof bytes - 1, &out), ASSAY_OK);
        const struct assay_slice seed = seed_of("services_share_records", seeds[kind].name,
                                                assay_slice_over(bytes, out.len + 1));
        cr_assert_eq(seed.bytes[0], seeds[kind].fuzzed);
        cr_expect_eq(decode(kind, assay_slice_over(seed.bytes + 1, seed.len - 1), &read), ASSAY_OK,
                     "%s", seeds[kind].name);
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

Test(share_records, a_long_list_fits_and_more_is_refused)
{
    static uint8_t bytes[ASSAY_SHARE_RECORD_MAX];
    static union any any, read;
    struct assay_slice out;
    any.list.cluster = ASSAY_SHARE_CLUSTERS_MAX - 1;
    any.list.seating = INT64_MAX;
    any.list.era = INT64_MAX;
    any.list.count = ASSAY_SHARE_LIST_MAX;
    for (uint32_t i = 0; i < ASSAY_SHARE_LIST_MAX; i++)
        any.list.line[i] = (struct assay_share_line){ .id = { (uint8_t)i },
                                                      .generation = UINT32_MAX,
                                                      .attempt = INT64_MAX };
    cr_assert_eq(encode(2, &any, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(decode(2, out, &read), ASSAY_OK);
    cr_assert_eq(read.list.count, ASSAY_SHARE_LIST_MAX);
    cr_assert_eq(bytes[21], ASSAY_SHARE_LIST_MAX, "the head of the list: 0x98 and a byte");
    bytes[21]++;
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
    any.list.line[2].attempt = (uint64_t)INT64_MAX + 1;
    cr_assert_eq(through(2, &any), ASSAY_E_RANGE);
    any = example(2);
    any.list.count = 0;
    cr_assert_eq(through(2, &any), ASSAY_E_RANGE);
    any = example(7);
    any.delete.order.version = 0;
    cr_assert_eq(through(7, &any), ASSAY_E_RANGE);
    any = example(7);
    any.delete.order.era = (uint64_t)INT64_MAX + 1;
    cr_assert_eq(through(7, &any), ASSAY_E_RANGE);
    any = example(8);
    any.readers.reader[1] = any.readers.reader[0];
    cr_assert_eq(through(8, &any), ASSAY_E_ENCODING, "a reader twice");
    any = example(1);
    any.put.birth.epoch = UINT64_MAX;
    cr_assert_eq(through(1, &any), ASSAY_E_RANGE);
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
    any = example(6);
    any.lie.index = any.lie.count;
    cr_assert_eq(through(6, &any), ASSAY_E_RANGE);
    any = example(6);
    any.lie.current.k = 1;
    cr_assert_eq(through(6, &any), ASSAY_E_RANGE);
    any = example(6);
    any.lie.given.dealer = ASSAY_SHARE_SLOTS_MAX;
    cr_assert_eq(through(6, &any), ASSAY_E_RANGE);
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
    for (uint32_t field = 0; field < 8; field++) {
        struct assay_share_put_record changed = any.put;
        if (field == 0) changed.cluster ^= 1;
        if (field == 1) changed.k ^= 1;
        if (field == 2) changed.name[31] ^= 1;
        if (field == 3) changed.digest[31] ^= 1;
        if (field == 4) changed.payload[31] ^= 1;
        if (field == 5) changed.reader_count--;
        if (field == 6) changed.birth.era ^= 1;
        if (field == 7) changed.birth.epoch ^= 1;
        cr_assert(!assay_share_put_record_check(&home, &changed), "field %u", field);
    }
    assay_p256_signer_free(&owner.signer);
}

static void change_order(struct assay_share_order *order, uint32_t field)
{
    if (field == 0) order->owner[0] ^= 1;
    if (field == 1) order->name[31] ^= 1;
    if (field == 2) order->birth.era ^= 1;
    if (field == 3) order->birth.epoch ^= 1;
    if (field == 4) order->era ^= 1;
    if (field == 5) order->version ^= 2;
}

Test(share_records, an_owner_signs_every_field_of_what_it_changes)
{
    struct key owner = key_make();
    union any deletes = example(7), reads = example(8);
    const struct assay_share_home other = { .chain_id = { 4 } };
    uint8_t digest[32];
    assay_bytes_copy(deletes.delete.order.owner, 64, owner.public_key, 64);
    assay_share_delete_statement(&home, &deletes.delete, digest);
    cr_assert_eq(assay_p256_sign(owner.signer, digest, deletes.delete.signature), ASSAY_OK);
    assay_bytes_copy(reads.readers.order.owner, 64, owner.public_key, 64);
    assay_share_readers_statement(&home, &reads.readers, digest);
    cr_assert_eq(assay_p256_sign(owner.signer, digest, reads.readers.signature), ASSAY_OK);
    cr_assert(assay_share_delete_record_check(&home, &deletes.delete));
    cr_assert(assay_share_readers_record_check(&home, &reads.readers));
    cr_assert(!assay_share_delete_record_check(&other, &deletes.delete), "another chain");
    cr_assert(!assay_share_readers_record_check(&other, &reads.readers), "another chain");
    for (uint32_t field = 0; field < 8; field++) {
        struct assay_share_delete_record gone = deletes.delete;
        struct assay_share_readers_record changed = reads.readers;
        change_order(&gone.order, field);
        change_order(&changed.order, field);
        if (field == 6) changed.reader_count--;
        if (field == 7) changed.reader[1].name[0] ^= 1;
        cr_assert(field > 5 || !assay_share_delete_record_check(&home, &gone), "field %u", field);
        cr_assert(!assay_share_readers_record_check(&home, &changed), "field %u", field);
    }
    /* One is not the other, with whatever list. */
    struct assay_share_readers_record none = { .order = deletes.delete.order };
    assay_bytes_copy(none.signature, 64, deletes.delete.signature, 64);
    cr_assert(!assay_share_readers_record_check(&home, &none));
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
    struct assay_share_lie_record r = {
        .given = { .type = ASSAY_SHARE_GIFT_SUBSHARE, .era = 4, .cluster = 1, .node = { 8 },
                   .seating = 5, .slot = 2, .taker_seating = 9 },
        .dealers = DEALERS, .count = 3, .index = 1,
    };
    struct assay_share_polynomial secret, polynomial;
    struct assay_secret32 own, lambda;
    uint8_t wide[2 * ASSAY_SODIUM_WIDE_LEN], leaf[3][32] = { { 0 } }, digest[32];
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
    assay_share_piece_leaf(r.given.type, r.dealers, &r.piece, leaf[1]);
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < 3; i++)
        assay_merkle_add_hash(&tree, leaf[i]);
    assay_merkle_root(&tree, r.root);
    cr_assert_eq(assay_merkle_path((const uint8_t(*)[32])leaf, 3, 1, r.path, ASSAY_SHARE_PATH_MAX,
                                   &path_len),
                 ASSAY_OK);
    r.path_len = (uint32_t)path_len;
    assay_share_given_statement(&home, &r.given, r.root, r.count, digest);
    cr_assert_eq(assay_p256_sign(dealer->signer, digest, r.signature), ASSAY_OK);
    assay_bytes_copy(r.key, 64, dealer->public_key, 64);
    return r;
}

Test(share_records, a_lie_is_what_the_dealer_signed_and_nothing_else)
{
    struct key dealer = key_make();
    const struct assay_share_lie_record lie = dealt(&dealer, true);
    cr_assert(assay_share_lie_record_check(&home, &lie));
    cr_assert(assay_share_lie_is_valid(&lie));
    struct assay_share_lie_record honest = dealt(&dealer, false);
    cr_assert(assay_share_lie_record_check(&home, &honest));
    cr_assert(!assay_share_lie_is_valid(&honest));
    honest.piece.share.bytes[0] ^= 1; /* whoever changes it convicts nobody */
    cr_assert(assay_share_lie_is_valid(&honest));
    cr_assert(!assay_share_lie_record_check(&home, &honest));
    honest = dealt(&dealer, false);
    honest.given.slot = 3; /* nor who shows it as if it were for another slot */
    cr_assert(assay_share_lie_is_valid(&honest));
    cr_assert(!assay_share_lie_record_check(&home, &honest));
    honest = dealt(&dealer, false);
    honest.given.dealer = 1;
    cr_assert(!assay_share_lie_record_check(&home, &honest));
    honest = dealt(&dealer, false);
    honest.index = 0;
    cr_assert(!assay_share_lie_record_check(&home, &honest));
    honest = dealt(&dealer, false);
    honest.dealers = 1 | 1 << 2;
    cr_assert(assay_share_lie_is_valid(&honest), "another number, with others");
    cr_assert(!assay_share_lie_record_check(&home, &honest), "which its dealer did not sign");
    assay_p256_signer_free(&dealer.signer);
}

/* What an honest giver signed under one name is worth nothing under another. */
Test(share_records, what_was_given_is_named_in_full)
{
    struct key dealer = key_make();
    for (uint32_t i = 0; i < 9; i++) {
        struct assay_share_lie_record r = dealt(&dealer, false);
        struct assay_share_home there = home;
        switch (i) {
        case 0: r.given.type = ASSAY_SHARE_GIFT_FETCHED; break;
        case 1: r.given.era++; break;
        case 2: r.given.cluster = 0; break;
        case 3: r.given.node[31] ^= 1; break;
        case 4: r.given.seating++; break;
        case 5: r.given.taker_seating++; break;
        case 6: r.piece.generation++; break;
        case 7: r.piece.attempt++; break;
        default: there.chain_id[0] ^= 1; break;
        }
        cr_assert(!assay_share_lie_record_check(&there, &r), "item %u", i);
    }
    assay_p256_signer_free(&dealer.signer);
}

/* A leaf of one kind is none of the other, whatever statement stands over it. */
Test(share_records, a_leaf_is_of_one_kind)
{
    struct assay_share_piece piece = { .generation = 2, .attempt = 1, .commitments = { .k = 2 } };
    uint8_t fetched[32], dealt_on[32], others[32];
    assay_share_piece_leaf(ASSAY_SHARE_GIFT_FETCHED, 3, &piece, fetched);
    assay_share_piece_leaf(ASSAY_SHARE_GIFT_SUBSHARE, 3, &piece, dealt_on);
    assay_share_piece_leaf(ASSAY_SHARE_GIFT_SUBSHARE, 5, &piece, others);
    cr_assert(!assay_bytes_equal(fetched, dealt_on, 32));
    cr_assert(!assay_bytes_equal(others, dealt_on, 32));
}

Test(share_records, each_item_of_a_statement_is_signed)
{
    const struct assay_share_given given = { .type = ASSAY_SHARE_GIFT_SUBSHARE };
    const uint8_t root[32] = { 1 };
    uint8_t digest[32], other[32];
    assay_share_given_statement(&home, &given, root, 7, digest);
    for (uint32_t i = 0; i < 9; i++) {
        struct assay_share_given changed = given;
        switch (i) {
        case 0: changed.type = ASSAY_SHARE_GIFT_FETCHED; break;
        case 1: changed.era = 1; break;
        case 2: changed.cluster = 1; break;
        case 3: changed.dealer = 1; break;
        case 4: changed.node[0] = 1; break;
        case 5: changed.seating = 1; break;
        case 6: changed.slot = 1; break;
        case 7: changed.taker_seating = 1; break;
        default: break;
        }
        assay_share_given_statement(&home, &changed, root, i == 8 ? 8 : 7, other);
        cr_assert(!assay_bytes_equal(digest, other, 32), "item %u", i);
    }
}

/* --- possession */

static struct assay_share_holder_record listed(const struct key *key)
{
    const struct assay_secret32 seed = { { 8 } };
    struct assay_share_holder_record r = { .cluster = 1, .node = { 7 }, .address = "h:1/2",
                                           .address_len = 5 };
    uint8_t digest[32];
    assay_bytes_copy(r.key, 64, key->public_key, 64);
    assay_sodium_link_pair(&seed, r.link);
    assay_share_holder_statement(&home, &r, digest);
    assay_sodium_link_sign(&seed, digest, r.link_signature);
    cr_assert_eq(assay_p256_sign(key->signer, digest, r.signature), ASSAY_OK);
    return r;
}

/* A payload is of one member: who sees it and hands it in changed, or as another, gains nothing. */
Test(share_records, a_holder_proves_that_it_has_its_keys)
{
    struct key key = key_make(), stranger = key_make();
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    const struct assay_share_holder_record record = listed(&key);
    cr_assert(assay_share_holder_record_check(&home, &record));
    for (uint32_t item = 0; item < 8; item++) {
        struct assay_share_holder_record changed = record;
        struct assay_share_home there = home;
        switch (item) {
        case 0: changed.node[31] ^= 1; break;
        case 1: changed.cluster = 0; break;
        case 2: assay_bytes_copy(changed.key, 64, stranger.public_key, 64); break;
        case 3: assay_sodium_link_pair(&(struct assay_secret32){ { 9 } }, changed.link); break;
        case 4: changed.address[0] = 'i'; break;
        case 5: changed.link_signature[0] ^= 1; break;
        case 6: changed.signature[0] ^= 1; break;
        default: there.chain_id[0] ^= 1; break;
        }
        cr_assert(!assay_share_holder_record_check(&there, &changed), "item %u", item);
    }
    /* A member that lists another's link key beside a key of its own. */
    struct assay_share_holder_record other = listed(&stranger);
    other.node[0] = 6;
    uint8_t digest[32];
    assay_share_holder_statement(&home, &other, digest);
    cr_assert_eq(assay_p256_sign(stranger.signer, digest, other.signature), ASSAY_OK);
    cr_assert(!assay_share_holder_record_check(&home, &other));
    assay_p256_signer_free(&key.signer);
    assay_p256_signer_free(&stranger.signer);
}
