/*
 * tests/unit/quote/test_jwk.c - tests of JSON web keys: accepted ones, and each reason of
 * rejection.
 */
#include "quote/json.h"

#include <criterion/criterion.h>
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
