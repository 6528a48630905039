/*
 * tests/unit/quote/test_jwk.c - tests of JSON web keys: accepted ones, and each reason of
 * rejection.
 */
#include "quote/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static enum assay_status read(const char *text, struct assay_key *key)
{
    return assay_doc_web_key((const uint8_t *)text, strlen(text), key);
}

/* RFC 7517 appendix A.1, the first key. */
#define RFC_X "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
#define RFC_Y "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"

Test(quote_jwk, reads_the_key_of_the_document)
{
    struct assay_key key;
    struct assay_verify_key *loaded = NULL;
    cr_assert_eq(read(" \n{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC_X "\",\"y\":\"" RFC_Y
                      "\",\"use\":\"enc\",\"kid\":\"1\"}",
                      &key),
                 ASSAY_OK);
    cr_assert_eq(key.type, ASSAY_KEY_P256);
    cr_assert_eq(key.bytes[0], 0x30);
    cr_assert_eq(key.bytes[63], 0x23);
    cr_assert_eq(assay_public_key_load(&key, &loaded), ASSAY_OK, "it is a point of the curve");
    assay_public_key_free(&loaded);
}

Test(quote_jwk, says_why_it_refuses)
{
    static const struct {
        const char *text;
        enum assay_status status;
    } rows[] = {
        { "-----BEGIN PUBLIC KEY-----", ASSAY_E_NOT_FOUND },
        { "", ASSAY_E_NOT_FOUND },
        { "{\"kty\":\"EC\"", ASSAY_E_SYNTAX },
        { "{}", ASSAY_E_SYNTAX },
        { "{\"kty\":\"oct\",\"k\":\"AAAA\"}", ASSAY_E_UNSUPPORTED },
        { "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AA\",\"y\":\"AA\"}", ASSAY_E_UNSUPPORTED },
        { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}", ASSAY_E_RANGE },
        { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC_X "\"}", ASSAY_E_SYNTAX },
        { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC_X "\",\"y\":\"4Etl6SRW2YiL+w==\"}",
          ASSAY_E_SYNTAX },
        { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC_X "\",\"y\":\"" RFC_Y "\",\"d\":\"AA\"}",
          ASSAY_E_INVALID },
        { "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", ASSAY_E_UNSUPPORTED },
        { "{\"kty\":\"RSA\",\"kty\":\"RSA\"}", ASSAY_E_DUPLICATE },
        { "{\"kty\":7}", ASSAY_E_TYPE },
        { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":7,\"y\":7}", ASSAY_E_TYPE },
        { "{\"kty\":\"EC\"}", ASSAY_E_SYNTAX },
        { "{} {}", ASSAY_E_SYNTAX },
        { "{\"kty\":\"RSA\",\"n\":\"AQAB\"}", ASSAY_E_SYNTAX },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_key key;
        cr_assert_eq(read(rows[i].text, &key), rows[i].status, "row %zu: %s", i, rows[i].text);
    }
}

/* --- keys of a set */
#define EC_HEAD "{\"kid\":\"a\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC_X "\""
#define EC_FULL EC_HEAD ",\"y\":\"" RFC_Y "\"}"

struct set_row {
    const char *text;
    enum assay_status status;
};

Test(quote_jwk, of_a_set_is_found_by_its_id_or_the_reason_is_returned)
{
    static const struct set_row rows[] = {
        { "[]", ASSAY_E_TYPE },
        { "{\"a\":1}", ASSAY_E_NOT_FOUND },
        { "{\"keys\":{\"kid\":\"a\"}}", ASSAY_E_TYPE },
        { "{\"keys\":[7,{\"kid\":7},{\"kid\":\"b\"}]}", ASSAY_E_NOT_FOUND },
        { "{\"keys\":[" EC_FULL "," EC_FULL "]}", ASSAY_E_DUPLICATE },
        { "{\"keys\":[" EC_HEAD "}]}", ASSAY_E_SYNTAX },
        { "{\"keys\":[{\"kid\":\"a\",\"x\":\"AA\"}]}", ASSAY_E_SYNTAX },
        { "{\"keys\":[{\"kid\":\"a\",\"d\":\"AA\"}]}", ASSAY_E_INVALID },
        { "{\"keys\":[{\"kid\":\"b\"}," EC_FULL "]}", ASSAY_OK },
    };
    static struct assay_doc_tree tree;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_key key;
        const char *const text = rows[i].text;
        cr_expect_eq(assay_doc_key_of_set((const uint8_t *)text, strlen(text), "a", &tree, &key),
                     rows[i].status, "row %zu: %s", i, text);
        cr_expect_eq(tree.count > 0, rows[i].status == ASSAY_OK, "row %zu", i);
        if (rows[i].status == ASSAY_OK) cr_expect_eq(key.type, ASSAY_KEY_P256, "row %zu", i);
    }
}

/* RFC 7517 4.7: the key is in its certificate alone. */
Test(quote_jwk, without_numbers_has_no_key_and_all_other_members)
{
    static const char text[] = "{\"keys\":[{\"kid\":\"a\",\"x5c\":[\"AA==\"]}]}";
    static struct assay_doc_tree tree;
    struct assay_key key = { .type = ASSAY_KEY_P256 };
    cr_assert_eq(assay_doc_key_of_set((const uint8_t *)text, sizeof text - 1, "a", &tree, &key),
                 ASSAY_OK);
    cr_expect_eq(key.type, ASSAY_KEY_NONE);
    cr_expect_gt(tree.count, 0);
}

/* --- RSA */
enum { MODULUS_LEN = 256, MODULUS_DIGITS = 342 };

/* A set of one RSA key with a modulus of 2048 bits. */
static enum assay_status read_rsa(const char *exponent, struct assay_key *key)
{
    char digits[MODULUS_DIGITS + 1] = { 0 };
    char text[MODULUS_DIGITS + 128];
    memset(digits, 'q', MODULUS_DIGITS - 1);
    digits[MODULUS_DIGITS - 1] = 'g'; /* the bits behind the last byte are zero */
    const int len =
        snprintf(text, sizeof text, "{\"keys\":[{\"kid\":\"a\",\"kty\":\"RSA\",\"n\":\"%s\"%s}]}",
                 digits, exponent);
    cr_assert(len > 0 && (size_t)len < sizeof text);
    return assay_doc_runtime_key((const uint8_t *)text, (size_t)len, "a", key);
}

Test(quote_jwk, of_rsa_has_its_exponent_in_four_bytes)
{
    static const uint8_t usual[] = { 0, 1, 0, 1 }, three[] = { 0, 0, 0, 3 };
    struct assay_key key = { .type = ASSAY_KEY_NONE };
    cr_assert_eq(read_rsa(",\"e\":\"AQAB\"", &key), ASSAY_OK);
    cr_expect_eq(key.type, ASSAY_KEY_RSA);
    cr_expect_eq(key.len, MODULUS_LEN + sizeof usual);
    cr_expect_eq(key.bytes[0], 0xaa);
    cr_expect_arr_eq(key.bytes + MODULUS_LEN, usual, sizeof usual);
    cr_assert_eq(read_rsa(",\"e\":\"Aw\"", &key), ASSAY_OK);
    cr_expect_arr_eq(key.bytes + MODULUS_LEN, three, sizeof three);
}

Test(quote_jwk, of_rsa_with_a_damaged_exponent_leaves_the_key_untouched)
{
    struct assay_key key = { .type = ASSAY_KEY_NONE };
    cr_expect_eq(read_rsa("", &key), ASSAY_E_NOT_FOUND);
    cr_expect_eq(read_rsa(",\"e\":7", &key), ASSAY_E_TYPE);
    cr_expect_eq(read_rsa(",\"e\":\"\"", &key), ASSAY_E_RANGE);
    cr_expect_eq(read_rsa(",\"e\":\"AQABAQE\"", &key), ASSAY_E_RANGE); /* five bytes */
    cr_expect_eq(read_rsa(",\"e\":\"A*\"", &key), ASSAY_E_SYNTAX);
    cr_expect_eq(key.type, ASSAY_KEY_NONE);
}
