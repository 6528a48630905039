/*
 * tests/unit/quote/cose/test_cose.c - tests of the reader of foreign CBOR, COSE_Sign1, COSE_Key.
 */
#include "quote/cose.h"
#include "tests/unit/quote/cose/maker.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Hexadecimal text to bytes of exactly their length, on the heap. */
static uint8_t *unhex(const char *text, size_t *len)
{
    *len = strlen(text) / 2;
    uint8_t *const bytes = malloc(*len == 0 ? 1 : *len);
    cr_assert_eq(assay_hex_decode(text, strlen(text), bytes, *len), ASSAY_OK, "%s", text);
    return bytes;
}

static enum assay_status skip(const char *text, size_t *pos)
{
    size_t len = 0;
    uint8_t *const bytes = unhex(text, &len);
    struct assay_cursor in = assay_cursor_over(bytes, len);
    const enum assay_status status = assay_cose_skip(&in);
    *pos = in.pos;
    free(bytes);
    return status;
}

Test(quote_cose, skips_every_item_that_is_well_formed)
{
    static const char items[][64] = {
        "00",
        "1818",
        "1b00000001ffffffff",
        "20",
        "3bffffffffffffffff",
        "40",
        "4101",
        "60",
        "6161",
        "80",
        "820102",
        "a0",
        "a10102",
        "a12001",
        "a1f401",
        "c100",
        "d81800",
        "f4",
        "f5",
        "f6",
        "f7",
        "f0",
        "f820",
        "f93c00",
        "fa47c35000",
        "fb3ff199999999999a",
        "8181818181818100",
        "a1a10102a10304",
        "a201020102",
        "9f00ff", /* of indefinite length */
        "bf01029f03ff04ff",
        "9f9fffbfff8101ff",
        "c19fff",
    };
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        size_t len = 0;
        uint8_t *const bytes = unhex(items[i], &len);
        for (size_t cut = 0; cut <= len; cut++) { /* every truncation, and the whole */
            uint8_t *const exact = malloc(cut == 0 ? 1 : cut);
            assay_bytes_copy(exact, cut, bytes, cut);
            struct assay_cursor in = assay_cursor_over(exact, cut);
            const enum assay_status status = assay_cose_skip(&in);
            cr_assert_eq(status, cut == len ? ASSAY_OK : ASSAY_E_TRUNCATED, "%s", items[i]);
            cr_assert_eq(in.pos, cut == len ? len : 0, "%s", items[i]);
            free(exact);
        }
        free(bytes);
    }
}

Test(quote_cose, skips_nothing_that_is_not)
{
    static const struct {
        char text[64];
        enum assay_status status;
    } items[] = {
        { "1817", ASSAY_E_ENCODING }, /* not the shortest */
        { "190018", ASSAY_E_ENCODING },
        { "5800", ASSAY_E_ENCODING },
        { "5f4100ff", ASSAY_E_ENCODING }, /* a string in chunks */
        { "7f6161ff", ASSAY_E_ENCODING },
        { "bf00ff", ASSAY_E_ENCODING }, /* a key without a value */
        { "bf0001f6ff", ASSAY_E_ENCODING },
        { "ff", ASSAY_E_ENCODING }, /* a break alone */
        { "81ff", ASSAY_E_ENCODING },
        { "a100ff", ASSAY_E_ENCODING },
        { "9fc1ff", ASSAY_E_ENCODING }, /* in the place of what a tag is of */
        { "9f9f9f9f9f9f9f9fffffffffffffff", ASSAY_E_TRUNCATED },
        { "9f9f9f9f9f9f9f9f9fff", ASSAY_E_RANGE }, /* nine deep */
        { "fc", ASSAY_E_ENCODING },                /* reserved */
        { "1c", ASSAY_E_ENCODING },
        { "f800", ASSAY_E_ENCODING }, /* false has a shorter form */
        { "f81f", ASSAY_E_ENCODING },
        { "61ff", ASSAY_E_ENCODING }, /* no UTF-8 */
        { "5bffffffffffffffff", ASSAY_E_TRUNCATED },
        { "9bffffffffffffffff", ASSAY_E_TRUNCATED },
        { "bbffffffffffffffff", ASSAY_E_TRUNCATED },
        { "bb7fffffffffffffff", ASSAY_E_TRUNCATED },
        { "818181818181818100", ASSAY_OK }, /* eight deep */
        { "81818181818181818100", ASSAY_E_RANGE },
        { "c1c1c1c1c1c1c1c1c100", ASSAY_E_RANGE },
    };
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        size_t pos = 0;
        cr_assert_eq(skip(items[i].text, &pos), items[i].status, "%s", items[i].text);
        if (items[i].status != ASSAY_OK) cr_assert_eq(pos, 0, "%s", items[i].text);
    }
}

Test(quote_cose, declares_the_length_of_an_item_before_a_zero_tail)
{
    size_t len = 0, declared = 0;
    uint8_t *const bytes = unhex("820102000000", &len);
    cr_assert_eq(assay_cose_length(bytes, len, &declared), ASSAY_OK);
    cr_assert_eq(declared, 3);
    bytes[5] = 1;
    cr_assert_eq(assay_cose_length(bytes, len, &declared), ASSAY_E_TRAILING);
    free(bytes);
}

/* --- maps */
static enum assay_status walk(const char *text, uint64_t max, size_t *pairs)
{
    size_t len = 0;
    uint8_t *const bytes = unhex(text, &len);
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_cose_map map;
    struct assay_cose_label label;
    enum assay_status status = assay_cose_map_open(&in, max, &map);
    while (status == ASSAY_OK && assay_cose_map_more(&map, &in)) {
        status = assay_cose_map_next(&map, &in, &label);
        if (status == ASSAY_OK) status = assay_cose_skip(&in);
    }
    *pairs = status == ASSAY_OK ? map.count : 0;
    free(bytes);
    return status;
}

Test(quote_cose, walks_maps_of_any_order_without_a_key_twice)
{
    static const struct {
        char text[64];
        enum assay_status status;
        size_t pairs;
    } maps[] = {
        { "a0", ASSAY_OK, 0 },
        { "a3020001000300", ASSAY_OK, 3 },   /* 2, 1, 3 */
        { "a3616100200001f6", ASSAY_OK, 3 }, /* "a", -1, 1 */
        { "a201000100", ASSAY_E_DUPLICATE, 0 },
        { "a2616100616100", ASSAY_E_DUPLICATE, 0 },
        { "a220002000", ASSAY_E_DUPLICATE, 0 },
        { "a301000200010f", ASSAY_E_DUPLICATE, 0 },
        { "a201006131f6", ASSAY_OK, 2 }, /* 1 and "1" */
        { "a1410000", ASSAY_E_TYPE, 0 }, /* a byte string as key */
        { "a1f400", ASSAY_E_TYPE, 0 },
        { "a1", ASSAY_E_TRUNCATED, 0 },
        { "a101", ASSAY_E_TRUNCATED, 0 },
        { "80", ASSAY_E_TYPE, 0 },
        { "a50100020003000400", ASSAY_E_RANGE, 0 }, /* more than asked for */
        { "bfff", ASSAY_OK, 0 },
        { "bf020001000300ff", ASSAY_OK, 3 },
        { "bf01000200030004f6ff", ASSAY_OK, 4 },
        { "bf010002000300040005f6ff", ASSAY_E_RANGE, 0 },
        { "bf01000100ff", ASSAY_E_DUPLICATE, 0 },
        { "bf01bf010001f6ffff", ASSAY_OK, 1 }, /* keys of what is skipped are not compared */
        { "bf", ASSAY_E_TRUNCATED, 0 },
        { "bf0100", ASSAY_E_TRUNCATED, 0 },
        { "bf01ff", ASSAY_E_ENCODING, 0 }, /* a key without a value */
        { "9fff", ASSAY_E_ENCODING, 0 },
    };
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        size_t pairs = 0;
        cr_assert_eq(walk(maps[i].text, 4, &pairs), maps[i].status, "%s", maps[i].text);
        cr_assert_eq(pairs, maps[i].pairs, "%s", maps[i].text);
    }
}

Test(quote_cose, compares_labels_by_their_whole_text)
{
    struct assay_cose_label label = { .is_text = true, .text = assay_slice_over("pcrs", 4) };
    cr_assert(assay_cose_label_is(&label, "pcrs"));
    cr_assert_not(assay_cose_label_is(&label, "pcr"));
    cr_assert_not(assay_cose_label_is(&label, "pcrss"));
    label.is_text = false;
    cr_assert_not(assay_cose_label_is(&label, "pcrs"));
}

/* --- COSE_Sign1 */
static enum assay_status parse(const char *text, struct assay_cose_sign1 *s)
{
    static uint8_t kept[256]; /* slices borrow */
    size_t len = 0;
    uint8_t *const bytes = unhex(text, &len);
    cr_assert_leq(len, sizeof kept);
    const enum assay_status status = assay_cose_sign1_parse(bytes, len, s);
    assay_bytes_copy(kept, sizeof kept, bytes, len);
    free(bytes);
    return status == ASSAY_OK ? assay_cose_sign1_parse(kept, len, s) : status;
}

Test(quote_cose, reads_sign1_tagged_and_untagged)
{
    struct assay_cose_sign1 s;
    cr_assert_eq(parse("8444a1013822a043010203420506", &s), ASSAY_OK);
    cr_assert_not(s.tagged);
    cr_assert_eq(s.algorithm, ASSAY_COSE_ES384);
    cr_assert_eq(s.payload.len, 3);
    cr_assert_eq(s.payload.bytes[0], 1);
    cr_assert_eq(s.offset_payload, 8);
    cr_assert_eq(s.offset_signature, 12);
    cr_assert_eq(parse("d28443a10126a1044131434102034105", &s), ASSAY_OK);
    cr_assert(s.tagged);
    cr_assert_eq(s.algorithm, ASSAY_COSE_ES256);
    cr_assert_eq(s.offset_payload, 11);
}

Test(quote_cose, refuses_every_other_shape_of_sign1)
{
    static const struct {
        char text[64];
        enum assay_status status;
    } wrong[] = {
        { "d18443a10126a041014102", ASSAY_E_TYPE }, /* tag 17: COSE_Mac0 */
        { "8343a10126a04101", ASSAY_E_RANGE },      /* three parts */
        { "8543a10126a04101410200", ASSAY_E_RANGE },
        { "8440a041014102", ASSAY_E_INVALID },           /* no protected header */
        { "8441a0a041014102", ASSAY_E_INVALID },         /* without an algorithm */
        { "8440a1012641014102", ASSAY_E_INVALID },       /* the algorithm outside alone */
        { "8443a10126a1012641014102", ASSAY_E_INVALID }, /* and in both */
        { "8445a201260126a041014102", ASSAY_E_DUPLICATE },
        { "8446a20126028101a041014102", ASSAY_E_INVALID },         /* crit */
        { "8443a10126a102810141014102", ASSAY_E_INVALID },         /* crit outside */
        { "8446a20126044131a104413141014102", ASSAY_E_DUPLICATE }, /* kid in both */
        { "8444a1012600a041014102", ASSAY_E_TRAILING },            /* behind the header's map */
        { "8444a1016161a041014102", ASSAY_E_TYPE },                /* a text as algorithm */
        { "8443a10126a0f64102", ASSAY_E_TYPE },                    /* a detached payload */
        { "8443a10126a0410141020000", ASSAY_E_TRAILING },
        { "8443a10126a041015f4102ff", ASSAY_E_ENCODING }, /* indefinite signature */
        { "9f43a10126a041014102ff", ASSAY_E_ENCODING },
        { "8443a101268041014102", ASSAY_E_TYPE },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct assay_cose_sign1 s;
        cr_assert_eq(parse(wrong[i].text, &s), wrong[i].status, "%s: %s", wrong[i].text,
                     assay_status_symbol(parse(wrong[i].text, &s)));
    }
}

Test(quote_cose, knows_algorithms_by_number_and_by_name)
{
    cr_assert_eq(assay_cose_key_type(-7), ASSAY_KEY_P256);
    cr_assert_eq(assay_cose_key_type(-35), ASSAY_KEY_P384);
    cr_assert_eq(assay_cose_key_type(-36), ASSAY_KEY_NONE);
    cr_assert_eq(assay_cose_key_type(7), ASSAY_KEY_NONE);
    cr_assert_str_eq(assay_cose_algorithm_text(-7), "ES256");
    cr_assert_str_eq(assay_cose_algorithm_text(-35), "ES384");
    cr_assert_str_eq(assay_cose_algorithm_text(-36), "ES512");
    cr_assert_str_eq(assay_cose_algorithm_text(0), "another algorithm");
}

/* The maker writes the whole Sig_structure; here it is hashed in pieces. */
Test(quote_cose, verifies_what_another_implementation_signed)
{
    static const size_t lengths[] = { 0, 1, 23, 24, 255, 256, 4000, 65535, 65536 };
    static uint8_t payload[65536], bytes[70000];
    for (int i = 0; i < 2; i++) {
        struct maker_key key = maker_key_make(i == 0 ? ASSAY_KEY_P256 : ASSAY_KEY_P384);
        struct assay_verify_key *loaded = NULL;
        cr_assert_eq(assay_public_key_load(&key.public, &loaded), ASSAY_OK);
        for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
            const struct maker_sign1 terms = { .key = &key,
                                               .algorithm = i == 0 ? -7 : -35,
                                               .tagged = k % 2 == 0 };
            struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
            struct assay_slice written;
            struct assay_cose_sign1 s;
            struct assay_signature signature;
            uint8_t digest[ASSAY_DIGEST_MAX];
            maker_sign1_put(&terms, assay_slice_over(payload, lengths[k]), &w);
            cr_assert_eq(assay_writer_finish(&w, &written), ASSAY_OK);
            cr_assert(assay_cose_sign1_looks(written.bytes, written.len));
            cr_assert_eq(assay_cose_sign1_parse(written.bytes, written.len, &s), ASSAY_OK);
            cr_assert_eq(assay_cose_sign1_signature(&s, &signature, digest), ASSAY_OK);
            const size_t len = assay_signature_digest_len(signature.alg);
            cr_assert(assay_public_key_check(loaded, &signature, digest, len), "%zu", lengths[k]);
            digest[len - 1] ^= 1;
            cr_assert_not(assay_public_key_check(loaded, &signature, digest, len));
            s.signature.len -= 1;
            cr_assert_eq(assay_cose_sign1_signature(&s, &signature, digest), ASSAY_E_SIGNATURE);
            s.algorithm = ASSAY_COSE_ES512;
            cr_assert_eq(assay_cose_sign1_signature(&s, &signature, digest), ASSAY_E_UNSUPPORTED);
        }
        assay_public_key_free(&loaded);
        maker_key_free(&key);
    }
}

Test(quote_cose, looks_at_the_opening_alone)
{
    static const char yes[][32] = { "8443a10126", "d28443a10126", "8444a1013822a0ffff" };
    static const char no[][32] = { "", "84", "8443a101", "8440", "8441a0", "8343a10126", "a0" };
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        size_t len = 0;
        uint8_t *const bytes = unhex(yes[i], &len);
        cr_assert(assay_cose_sign1_looks(bytes, len), "%s", yes[i]);
        free(bytes);
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        size_t len = 0;
        uint8_t *const bytes = unhex(no[i], &len);
        cr_assert_not(assay_cose_sign1_looks(bytes, len), "%s", no[i]);
        free(bytes);
    }
}

/* --- COSE_Key */
#define X256                                                                                       \
    "5820"                                                                                         \
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define Y256                                                                                       \
    "5820"                                                                                         \
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

Test(quote_cose, reads_cose_keys_strictly)
{
    static const struct {
        char text[256];
        enum assay_status status;
    } keys[] = {
        { "a40102200121" X256 "22" Y256, ASSAY_OK },
        { "a422" Y256 "21" X256 "20010102", ASSAY_OK }, /* any order */
        { "a5010203262001"
          "21" X256 "22" Y256,
          ASSAY_OK },                                             /* alg ES256 */
        { "a50102033822200121" X256 "22" Y256, ASSAY_E_INVALID }, /* alg ES384 */
        { "a501020481022001"
          "21" X256 "22" Y256,
          ASSAY_OK }, /* key_ops: verify */
        { "a50102048361610102200121" X256 "22" Y256, ASSAY_OK }, /* "a", sign, verify */
        { "a501020481012001"
          "21" X256 "22" Y256,
          ASSAY_E_INVALID }, /* sign alone */
        { "a5010204816676657269667920"
          "0121" X256 "22" Y256,
          ASSAY_E_INVALID }, /* a text that COSE has not registered */
        { "a5010204802001"
          "21" X256 "22" Y256,
          ASSAY_E_INVALID }, /* none */
        { "a5010204022001"
          "21" X256 "22" Y256,
          ASSAY_E_TYPE }, /* no array */
        { "a5010220012161"
          "78",
          ASSAY_E_TYPE },
        { "a40102200221" X256 "22" Y256, ASSAY_E_INVALID },     /* P-384, too short */
        { "a40102200821" X256 "22" Y256, ASSAY_E_UNSUPPORTED }, /* secp256k1 */
        { "a40101200121" X256 "22" Y256, ASSAY_E_UNSUPPORTED }, /* OKP */
        { "a3200121" X256 "22" Y256, ASSAY_E_INVALID },         /* no kty */
        { "a3010221" X256 "22" Y256, ASSAY_E_INVALID },         /* no crv */
        { "a30102200122" Y256, ASSAY_E_INVALID },               /* no x */
        { "a30102200121" X256, ASSAY_E_INVALID },
        { "a40102200121" X256 "22f5", ASSAY_E_TYPE },                 /* a compressed point */
        { "a50102200121" X256 "22" Y256 "23" X256, ASSAY_E_INVALID }, /* d */
        { "a50102010220012101"
          "02",
          ASSAY_E_DUPLICATE },
        { "a40102200121" X256 "22" Y256 "00", ASSAY_E_TRAILING },
        { "f6", ASSAY_E_TYPE },
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct assay_key key = { 0 };
        size_t len = 0;
        uint8_t *const bytes = unhex(keys[i].text, &len);
        cr_assert_eq(assay_cose_key_parse(bytes, len, &key), keys[i].status, "%zu: %s", i,
                     assay_status_symbol(assay_cose_key_parse(bytes, len, &key)));
        if (keys[i].status == ASSAY_OK) {
            cr_assert_eq(key.type, ASSAY_KEY_P256);
            cr_assert_eq(key.bytes[0], 0x6b);
            cr_assert_eq(key.bytes[32], 0x4f);
        } else {
            cr_assert_eq(key.type, ASSAY_KEY_NONE); /* all or nothing */
        }
        free(bytes);
    }
}

Test(quote_cose, says_which_field_could_not_be_read)
{
    const struct assay_where where = { .field = "pcrs", .offset = 77 };
    struct assay_verdict v;
    assay_verdict_init(&v, ASSAY_KIND_NITRO, 0);
    assay_cose_note(ASSAY_OK, &where, &v);
    assay_cose_note(ASSAY_E_MEMORY, &where, &v);
    cr_assert_eq(v.reason_count, 0);
    assay_cose_note(ASSAY_E_NOT_FOUND, &where, &v);
    cr_assert_eq(v.reasons[0].rule, ASSAY_RULE_FORMAT);
    cr_assert_eq(v.reasons[0].offset, 77);
    cr_assert_str_eq(v.reasons[0].expected, "pcrs");
    cr_assert_str_eq(v.reasons[0].observed, "missing");
    assay_cose_note(ASSAY_E_UNSUPPORTED, &where, &v);
    cr_assert_eq(v.reasons[1].rule, ASSAY_RULE_UNSUPPORTED);
}
