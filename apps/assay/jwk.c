/*
 * apps/assay/jwk.c - RFC 7517 keys with the members of RFC 7518 section 6.
 */
#include "apps/assay/jwk.h"

#include "base/base64.h"
#include "net/json/json.h"

#include <string.h>

/* One member in base64url. Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE (too long) */
static enum assay_status take(const struct assay_json *object, const char *name, uint8_t *out,
                              size_t capacity, size_t *len)
{
    const char *const text = assay_json_as_text(assay_json_get(object, name));
    if (text == NULL) return ASSAY_E_SYNTAX;
    const enum assay_status status =
        assay_base64_decode(ASSAY_BASE64_URL, text, strlen(text), out, capacity, len);
    if (status == ASSAY_E_FULL) return ASSAY_E_RANGE;
    return status == ASSAY_OK ? ASSAY_OK : ASSAY_E_SYNTAX;
}

/* RFC 7518 6.2.1.2: the full length of a coordinate, leading zeros included. */
static enum assay_status read_ec(const struct assay_json *object, enum assay_key_type type,
                                 size_t half, struct assay_key *key)
{
    uint8_t point[ASSAY_P384_PUBLIC_LEN];
    size_t len = 0;
    ASSAY_TRY(take(object, "x", point, half, &len));
    if (len != half) return ASSAY_E_RANGE;
    ASSAY_TRY(take(object, "y", point + half, half, &len));
    if (len != half) return ASSAY_E_RANGE;
    assay_key_from(key, type, point, 2 * half);
    return ASSAY_OK;
}

static enum assay_status read_rsa(const struct assay_json *object, struct assay_key *key)
{
    enum { EXPONENT = 4 };
    uint8_t bytes[ASSAY_KEY_BYTES_MAX] = { 0 };
    uint8_t exponent[EXPONENT];
    size_t len = 0, e_len = 0;
    ASSAY_TRY(take(object, "n", bytes, ASSAY_RSA_MODULUS_MAX, &len));
    ASSAY_TRY(take(object, "e", exponent, sizeof exponent, &e_len));
    if (assay_key_type_of_len(len + EXPONENT) != ASSAY_KEY_RSA || e_len == 0) return ASSAY_E_RANGE;
    assay_bytes_zero(bytes + len, EXPONENT);
    assay_bytes_copy(bytes + len + EXPONENT - e_len, e_len, exponent, e_len);
    assay_key_from(key, ASSAY_KEY_RSA, bytes, len + EXPONENT);
    return ASSAY_OK;
}

static enum assay_status read_key(const struct assay_json *object, struct assay_key *key)
{
    const char *const kty = assay_json_as_text(assay_json_get(object, "kty"));
    const char *const crv = assay_json_as_text(assay_json_get(object, "crv"));
    if (kty == NULL) return ASSAY_E_SYNTAX;
    /* Whoever hands a private key over as a root has mixed two files up. */
    if (assay_json_get(object, "d") != NULL) return ASSAY_E_INVALID;
    if (strcmp(kty, "RSA") == 0) return read_rsa(object, key);
    if (strcmp(kty, "EC") != 0 || crv == NULL) return ASSAY_E_UNSUPPORTED;
    if (strcmp(crv, "P-256") == 0)
        return read_ec(object, ASSAY_KEY_P256, ASSAY_P256_PUBLIC_LEN / 2, key);
    if (strcmp(crv, "P-384") == 0)
        return read_ec(object, ASSAY_KEY_P384, ASSAY_P384_PUBLIC_LEN / 2, key);
    return ASSAY_E_UNSUPPORTED;
}

enum assay_status assay_jwk_read(const uint8_t *bytes, size_t len, struct assay_key *key)
{
    struct assay_json *object = NULL;
    size_t at = 0;
    while (at < len && (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\r' ||
                        bytes[at] == '\n'))
        at += 1;
    if (at == len || bytes[at] != '{') return ASSAY_E_NOT_FOUND;
    ASSAY_TRY(assay_json_parse((const char *)bytes, len, &object));
    const enum assay_status status = read_key(object, key);
    assay_json_free(&object);
    return status;
}
