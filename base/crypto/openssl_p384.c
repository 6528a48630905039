/*
 * base/crypto/openssl_p384.c - ECDSA over P-384 through OpenSSL's low-level functions.
 *
 * Like base/crypto/openssl.c for P-256, which gives the reason for low-level functions. The
 * curve is generic arithmetic in OpenSSL 3.0: 0.43 ms a signature.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto/p384.h"

#include "base/assert.h"
#include "base/crypto/openssl_curve.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>

enum { SCALAR_LEN = ASSAY_P384_SCALAR_LEN };

struct assay_p384_reference {
    EC_KEY *key;
};

/* n - 1 (FIPS 186-5 and SP 800-186 3.2.1.4): the largest r and s. */
static const uint8_t scalar_max[SCALAR_LEN] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x72,
};

/* Empties the error queue. Returns: true when the sum of the products was infinity. */
static bool at_infinity(void)
{
    bool found = false;
    for (unsigned long error = ERR_get_error(); error != 0; error = ERR_get_error())
        if (ERR_GET_LIB(error) == ERR_LIB_EC && ERR_GET_REASON(error) == EC_R_POINT_AT_INFINITY)
            found = true;
    return found;
}

bool assay_p384_scalars_in_range(const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN])
{
    const uint8_t *const s = signature + SCALAR_LEN;
    if (assay_bytes_all_zero(signature, SCALAR_LEN)) return false;
    if (assay_bytes_all_zero(s, SCALAR_LEN)) return false;
    return assay_bytes_compare(signature, scalar_max, SCALAR_LEN) <= 0 &&
           assay_bytes_compare(s, scalar_max, SCALAR_LEN) <= 0;
}

enum assay_status assay_p384_reference_load(const uint8_t public_key[static ASSAY_P384_PUBLIC_LEN],
                                            struct assay_p384_reference **key)
{
    ASSAY_ASSERT(key != NULL);
    struct assay_p384_reference *const loaded = OPENSSL_malloc(sizeof *loaded);
    if (loaded == NULL) return assay_openssl_failed();
    const enum assay_status status = assay_curve_load(ASSAY_CURVE_P384, public_key, &loaded->key);
    if (status != ASSAY_OK) {
        OPENSSL_free(loaded);
        return status;
    }
    *key = loaded;
    return ASSAY_OK;
}

void assay_p384_reference_free(struct assay_p384_reference **key)
{
    ASSAY_ASSERT(key != NULL);
    if (*key == NULL) return;
    EC_KEY_free((*key)->key);
    OPENSSL_free(*key);
    *key = NULL;
}

bool assay_p384_reference_verify(const struct assay_p384_reference *key, const uint8_t *digest,
                                 size_t digest_len,
                                 const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN])
{
    ASSAY_ASSERT(key != NULL);
    ASSAY_ASSERT(digest_len == ASSAY_SHA256_LEN || digest_len == ASSAY_SHA384_LEN);
    if (!assay_p384_scalars_in_range(signature)) return false;
    const int answer = assay_curve_verify(key->key, digest, digest_len, signature, SCALAR_LEN);
    /* 0 is a wrong signature. Below 0 is a failure inside; the holder of the private key can
     * provoke one (r = -digest / d makes the sum the point at infinity); all others mean that
     * memory ran out, which the library does not always report. */
    if (answer < 0 && !at_infinity()) assay_openssl_stop();
    ERR_clear_error();
    return answer == 1;
}

bool assay_p384_reference_decides(const uint8_t public_key[static ASSAY_P384_PUBLIC_LEN],
                                  const uint8_t *digest, size_t digest_len,
                                  const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN])
{
    struct assay_p384_reference *reference = NULL;
    const enum assay_status status = assay_p384_reference_load(public_key, &reference);
    if (status == ASSAY_E_CRYPTO) assay_openssl_stop();
    ASSAY_ASSERT(status == ASSAY_OK); /* both libraries know the same curve */
    const bool ok = assay_p384_reference_verify(reference, digest, digest_len, signature);
    assay_p384_reference_free(&reference);
    return ok;
}
