/*
 * quote/result/jwt.c - compact form of JSON web tokens, ES256.
 */
#include "quote/result/jwt.h"

#include "base/assert.h"
#include "base/base64.h"

static size_t find_dot(struct assay_slice text)
{
    size_t at = 0;
    while (at < text.len && text.bytes[at] != '.')
        at += 1;
    ASSAY_ASSERT(at <= text.len);
    return at;
}

/* Up to the next dot, which is taken off with it. Returns: false without one. */
static bool take_part(struct assay_slice *rest, struct assay_slice *part)
{
    const size_t len = find_dot(*rest);
    if (len == rest->len) return false;
    *part = assay_slice_over(rest->bytes, len);
    *rest = assay_slice_over(rest->bytes + len + 1, rest->len - len - 1);
    return true;
}

enum assay_status assay_jws_split(const char *text, size_t len, struct assay_jws *jws)
{
    struct assay_jws out = { 0 };
    if (len > ASSAY_JWT_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_slice rest = assay_slice_over(text, len);
    if (!take_part(&rest, &out.header) || !take_part(&rest, &out.claims)) return ASSAY_E_SYNTAX;
    if (find_dot(rest) != rest.len) return ASSAY_E_SYNTAX;
    out.signature = rest;
    out.signed_text = assay_slice_over(text, out.header.len + 1 + out.claims.len);
    ASSAY_ASSERT(out.signed_text.len < len);
    *jws = out;
    return ASSAY_OK;
}

enum assay_status assay_jwt_split(const char *text, size_t len, struct assay_jwt *jwt)
{
    struct assay_jws jws;
    struct assay_jwt out = { 0 };
    size_t signature_len = 0;
    ASSAY_TRY(assay_jws_split(text, len, &jws));
    out.signed_text = jws.signed_text;
    out.header = jws.header;
    out.claims = jws.claims;
    const enum assay_status status = assay_base64_decode(
        ASSAY_BASE64_URL, (const char *)jws.signature.bytes, jws.signature.len, out.signature,
        sizeof out.signature, &signature_len);
    if (status == ASSAY_E_FULL) return ASSAY_E_INVALID;
    ASSAY_TRY(status);
    if (signature_len != sizeof out.signature) return ASSAY_E_INVALID;
    *jwt = out;
    return ASSAY_OK;
}

bool assay_jwt_check(const struct assay_jwt *jwt, const struct assay_p256 *key)
{
    ASSAY_ASSERT(jwt->signed_text.len > 0);
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256(jwt->signed_text.bytes, jwt->signed_text.len, digest);
    return assay_p256_verify(key, digest, jwt->signature, ASSAY_S_ANY);
}

/* Encodes in place: the closing NUL that the encoder wants room for is written over by the next. */
static void put_base64(struct assay_writer *w, const uint8_t *bytes, size_t len)
{
    size_t text_len = 0;
    if (w->full) return;
    if (assay_base64_encode(ASSAY_BASE64_URL, bytes, len, (char *)w->bytes + w->len,
                            w->capacity - w->len, &text_len) != ASSAY_OK) {
        w->full = true;
        return;
    }
    w->len += text_len;
    ASSAY_ASSERT(w->len <= w->capacity);
}

void assay_jwt_put(struct assay_writer *w, struct assay_slice header, struct assay_slice claims)
{
    put_base64(w, header.bytes, header.len);
    assay_writer_u8(w, '.');
    put_base64(w, claims.bytes, claims.len);
}

void assay_jwt_put_signature(struct assay_writer *w,
                             const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    assay_writer_u8(w, '.');
    put_base64(w, signature, ASSAY_P256_SIGNATURE_LEN);
}

static void put_text(struct assay_writer *w, const char *text)
{
    size_t len = 0;
    while (text[len] != '\0')
        len += 1;
    assay_writer_put(w, text, len);
}

void assay_jwk_thumbprint(const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                          char text[static ASSAY_JWK_THUMBPRINT_LEN + 1])
{
    uint8_t buffer[160], digest[ASSAY_SHA256_LEN];
    struct assay_writer w = assay_writer_over(buffer, sizeof buffer);
    size_t text_len = 0;
    /* RFC 7638 3.2: the required members in lexicographic order, without white space. */
    put_text(&w, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"");
    put_base64(&w, public_key, ASSAY_P256_PUBLIC_LEN / 2);
    put_text(&w, "\",\"y\":\"");
    put_base64(&w, public_key + ASSAY_P256_PUBLIC_LEN / 2, ASSAY_P256_PUBLIC_LEN / 2);
    put_text(&w, "\"}");
    ASSAY_ASSERT(!w.full);
    assay_sha256(buffer, w.len, digest);
    const enum assay_status status = assay_base64_encode(
        ASSAY_BASE64_URL, digest, sizeof digest, text, ASSAY_JWK_THUMBPRINT_LEN + 1, &text_len);
    ASSAY_ASSERT(status == ASSAY_OK);
    ASSAY_ASSERT(text_len == ASSAY_JWK_THUMBPRINT_LEN);
}
