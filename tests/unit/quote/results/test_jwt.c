/*
 * tests/unit/quote/results/test_jwt.c - tests of compact JSON web tokens, ES256.
 */
#include "quote/result/jwt.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 7515, appendix A.3: header, claims, key and a signature made by somebody else. */
static const char rfc_token[] =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djx"
    "La8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
static const uint8_t rfc_key[] = {
    0x7f, 0xcd, 0xce, 0x27, 0x70, 0xf6, 0xc4, 0x5d, 0x41, 0x83, 0xcb, 0xee, 0x6f, 0xdb, 0x4b, 0x7b,
    0x58, 0x07, 0x33, 0x35, 0x7b, 0xe9, 0xef, 0x13, 0xba, 0xcf, 0x6e, 0x3c, 0x7b, 0xd1, 0x54, 0x45,
    0xc7, 0xf1, 0x44, 0xcd, 0x1b, 0xbd, 0x9b, 0x7e, 0x87, 0x2c, 0xdf, 0xed, 0xb9, 0xee, 0xb9, 0xf4,
    0xb3, 0x69, 0x5d, 0x6e, 0xa9, 0x0b, 0x24, 0xad, 0x8a, 0x46, 0x23, 0x28, 0x85, 0x88, 0xe5, 0xad,
};

static bool checks(const char *text, size_t len)
{
    struct assay_p256 *key = NULL;
    struct assay_jwt jwt;
    cr_assert_eq(assay_p256_load(rfc_key, &key), ASSAY_OK);
    const bool good = assay_jwt_split(text, len, &jwt) == ASSAY_OK && assay_jwt_check(&jwt, key);
    assay_p256_free(&key);
    return good;
}

Test(quote_jwt, verifies_the_token_of_the_rfc)
{
    cr_assert(checks(rfc_token, strlen(rfc_token)));
}

Test(quote_jwt, refuses_every_other_character_anywhere)
{
    char text[sizeof rfc_token];
    for (size_t i = 0; i + 1 < sizeof rfc_token; i++) {
        (void)snprintf(text, sizeof text, "%s", rfc_token);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        cr_assert_not(checks(text, strlen(text)), "character %zu", i);
    }
}

Test(quote_jwt, refuses_every_truncation_and_a_tail)
{
    for (size_t len = 0; len + 1 < sizeof rfc_token; len++) {
        char *const exact = malloc(len == 0 ? 1 : len);
        cr_assert_not_null(exact);
        for (size_t i = 0; i < len; i++)
            exact[i] = rfc_token[i];
        cr_assert_not(checks(exact, len), "length %zu", len);
        free(exact);
    }
    char longer[sizeof rfc_token + 1];
    const char tails[] = "A.=\n";
    for (size_t i = 0; i + 1 < sizeof tails; i++) {
        (void)snprintf(longer, sizeof longer, "%s%c", rfc_token, tails[i]);
        cr_assert_not(checks(longer, strlen(longer)));
    }
}

Test(quote_jwt, says_what_is_wrong_with_the_form)
{
    struct assay_jwt jwt;
    cr_assert_eq(assay_jwt_split("", 0, &jwt), ASSAY_E_SYNTAX);
    cr_assert_eq(assay_jwt_split("a.b", 3, &jwt), ASSAY_E_SYNTAX);
    cr_assert_eq(assay_jwt_split("a.b.c.d", 7, &jwt), ASSAY_E_SYNTAX);
    cr_assert_eq(assay_jwt_split("a.b.", 4, &jwt), ASSAY_E_INVALID);
    cr_assert_eq(assay_jwt_split("a.b.AAAA", 8, &jwt), ASSAY_E_INVALID);
    cr_assert_eq(assay_jwt_split("a.b.A+AA", 8, &jwt), ASSAY_E_ENCODING);
    char *const large = calloc(1, ASSAY_JWT_LEN_MAX + 1);
    cr_assert_not_null(large);
    cr_assert_eq(assay_jwt_split(large, ASSAY_JWT_LEN_MAX + 1, &jwt), ASSAY_E_RANGE);
    cr_assert_eq(assay_jwt_split(large, ASSAY_JWT_LEN_MAX, &jwt), ASSAY_E_SYNTAX);
    free(large);
}

Test(quote_jwt, writes_what_it_reads)
{
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], digest[ASSAY_SHA256_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN], buffer[256];
    struct assay_p256_signer *signer = NULL;
    struct assay_p256 *key = NULL;
    struct assay_jwt jwt;
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
    struct assay_writer w = assay_writer_over(buffer, sizeof buffer);
    assay_jwt_put(&w, assay_slice_over("{\"alg\":\"ES256\"}", 15), assay_slice_over("{}", 2));
    assay_sha256(buffer, w.len, digest);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    assay_jwt_put_signature(&w, signature);
    cr_assert_not(w.full);
    cr_assert_eq(assay_jwt_split((const char *)buffer, w.len, &jwt), ASSAY_OK);
    cr_assert(assay_jwt_check(&jwt, key));
    cr_assert_eq(jwt.header.len, 20);
    cr_assert_eq(jwt.claims.len, 3);
    for (size_t capacity = 0; capacity < w.len; capacity++) {
        struct assay_writer narrow = assay_writer_over(buffer, capacity);
        assay_jwt_put(&narrow, assay_slice_over("{\"alg\":\"ES256\"}", 15),
                      assay_slice_over("{}", 2));
        assay_jwt_put_signature(&narrow, signature);
        cr_assert(narrow.full, "capacity %zu", capacity);
    }
    assay_p256_free(&key);
    assay_p256_signer_free(&signer);
}

Test(quote_jwt, names_a_key_by_its_thumbprint)
{
    /* RFC 7638 over {"crv":"P-256","kty":"EC","x":...,"y":...}, computed with Node.js. */
    char text[ASSAY_JWK_THUMBPRINT_LEN + 1];
    assay_jwk_thumbprint(rfc_key, text);
    cr_assert_str_eq(text, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}
