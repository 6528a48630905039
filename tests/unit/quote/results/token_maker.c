/*
 * tests/unit/quote/results/token_maker.c - tokens and key sets by keys of the tests' own.
 */
#include "tests/unit/quote/results/token_maker.h"

#include "base/assert.h"
#include "base/base64.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_MAX = 8192 };
static char *kept[TEXTS_MAX];
static size_t kept_count;

static char *keep_text(char *text)
{
    ASSAY_ASSERT(text != NULL && kept_count < TEXTS_MAX);
    kept[kept_count++] = text;
    return text;
}

void maker_forget(void)
{
    while (kept_count > 0)
        free(kept[--kept_count]);
}

char *maker_text(const char *format, ...)
{
    char *out = NULL;
    va_list args;
    va_start(args, format);
    const int len = vasprintf(&out, format, args);
    va_end(args);
    ASSAY_ASSERT(len >= 0);
    return keep_text(out);
}

static char *encode(enum assay_base64_alphabet alphabet, const void *bytes, size_t len)
{
    const size_t capacity = assay_base64_len(alphabet, len) + 1;
    size_t text_len = 0;
    char *const out = keep_text(malloc(capacity));
    ASSAY_ASSERT(assay_base64_encode(alphabet, bytes, len, out, capacity, &text_len) == ASSAY_OK);
    return out;
}

char *maker_base64url(const void *bytes, size_t len)
{
    return encode(ASSAY_BASE64_URL, bytes, len);
}

char *maker_base64(const void *bytes, size_t len)
{
    return encode(ASSAY_BASE64_STANDARD, bytes, len);
}

char *maker_token(const struct authority_key *key, enum assay_signature_alg alg, const char *header,
                  const char *claims)
{
    struct assay_signature signature;
    char *const signed_text = maker_text("%s.%s", maker_base64url(header, strlen(header)),
                                         maker_base64url(claims, strlen(claims)));
    authority_sign(key, alg, signed_text, strlen(signed_text), &signature);
    return maker_text("%s.%s", signed_text, maker_base64url(signature.bytes, signature.len));
}

char *maker_key_members(const struct authority_key *key)
{
    enum { EXPONENT_LEN = 4 };
    struct assay_key public_key;
    authority_key_public(key, &public_key);
    const size_t len = public_key.len;
    const uint8_t *const b = public_key.bytes;
    if (public_key.type == ASSAY_KEY_RSA) {
        const size_t modulus_len = len - EXPONENT_LEN;
        return maker_text("\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"",
                          maker_base64url(b, modulus_len),
                          maker_base64url(b + modulus_len + 1, EXPONENT_LEN - 1)); /* 65537 */
    }
    return maker_text("\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"",
                      public_key.type == ASSAY_KEY_P256 ? "P-256" : "P-384",
                      maker_base64url(b, len / 2), maker_base64url(b + len / 2, len / 2));
}

char *maker_key_set(const char *kid, const char *members)
{
    return maker_text("{\"keys\":[{\"kid\":\"%s\",\"use\":\"sig\",%s}]}", kid, members);
}

char *maker_digest(const char *text)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    char hex[2 * ASSAY_SHA256_LEN + 1];
    assay_sha256(text, strlen(text), digest);
    assay_hex_encode(digest, sizeof digest, hex, sizeof hex);
    return maker_text("%s", hex);
}

char *maker_certificate_text(const struct authority_certificate *terms)
{
    static uint8_t der[AUTHORITY_DER_MAX];
    const size_t len = authority_certificate_make(terms, der);
    return maker_base64(der, len);
}
