/*
 * base/crypto/openssl_p384.c - ECDSA over P-384 through OpenSSL's low-level functions.
 *
 * The same manner as base/crypto/openssl.c has for P-256, whose opening says why low-level. The
 * curve is generic arithmetic in OpenSSL 3.0: 0.43 ms a signature.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto/p384.h"

#include "base/assert.h"

#include <pthread.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

enum { SCALAR_LEN = ASSAY_P384_SCALAR_LEN, POINT_LEN = 1 + ASSAY_P384_PUBLIC_LEN };

struct assay_p384_reference {
    EC_KEY *key;
};

/* n - 1 (FIPS 186-5 and SP 800-186 3.2.1.4): the largest r and s. */
static const uint8_t scalar_max[SCALAR_LEN] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x72,
};

/* Made once and never changed. */
static EC_GROUP *curve;
static pthread_once_t curve_once = PTHREAD_ONCE_INIT;

static void make_curve(void)
{
    curve = EC_GROUP_new_by_curve_name(NID_secp384r1);
}

/* Returns: the curve, NULL when there was no memory for it. */
static const EC_GROUP *get_curve(void)
{
    const int failed = pthread_once(&curve_once, make_curve);
    ASSAY_ASSERT(failed == 0);
    return curve;
}

/* Empties the error queue. Returns: true when memory ran out. */
static bool drain_errors(void)
{
    bool no_memory = false;
    unsigned long error = ERR_get_error();
    while (error != 0) {
        if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) no_memory = true;
        error = ERR_get_error();
    }
    return no_memory;
}

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

enum assay_status assay_p384_reference_load(
    const uint8_t public_key[static ASSAY_P384_PUBLIC_LEN], struct assay_p384_reference **key)
{
    ASSAY_ASSERT(key != NULL);
    uint8_t point[POINT_LEN];
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    assay_bytes_copy(point + 1, sizeof point - 1, public_key, ASSAY_P384_PUBLIC_LEN);

    const EC_GROUP *const group = get_curve();
    struct assay_p384_reference *loaded = OPENSSL_zalloc(sizeof *loaded);
    if (loaded != NULL && group != NULL) loaded->key = EC_KEY_new();
    const bool ready =
        loaded != NULL && loaded->key != NULL && EC_KEY_set_group(loaded->key, group) == 1;
    /* oct2key refuses coordinates >= p and points off the curve; the cofactor is 1, so a point of
     * the curve has the right order, and infinity has no uncompressed form. */
    if (ready && EC_KEY_oct2key(loaded->key, point, sizeof point, NULL) == 1) {
        *key = loaded;
        return ASSAY_OK;
    }
    assay_p384_reference_free(&loaded);
    const bool no_memory = drain_errors();
    return !ready || no_memory ? ASSAY_E_CRYPTO : ASSAY_E_KEY;
}

void assay_p384_reference_free(struct assay_p384_reference **key)
{
    ASSAY_ASSERT(key != NULL);
    if (*key == NULL) return;
    EC_KEY_free((*key)->key);
    OPENSSL_free(*key);
    *key = NULL;
}

/* Returns: r and s as OpenSSL wants them, NULL when memory ran out. */
static ECDSA_SIG *decode_signature(const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN])
{
    ECDSA_SIG *decoded = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, SCALAR_LEN, NULL);
    BIGNUM *s = BN_bin2bn(signature + SCALAR_LEN, SCALAR_LEN, NULL);
    if (decoded != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(decoded, r, s) == 1)
        return decoded; /* which owns r and s now */
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(decoded);
    return NULL;
}

__attribute__((noreturn, cold)) static void stop_without_memory(void)
{
    assay_assert_failed(__FILE__, __LINE__, __func__, "no memory to verify a signature");
}

bool assay_p384_reference_verify(const struct assay_p384_reference *key, const uint8_t *digest,
                                 size_t digest_len,
                                 const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN])
{
    ASSAY_ASSERT(key != NULL);
    ASSAY_ASSERT(digest_len == ASSAY_SHA256_LEN || digest_len == ASSAY_SHA384_LEN);
    if (!assay_p384_scalars_in_range(signature)) return false;
    ECDSA_SIG *const decoded = decode_signature(signature);
    if (decoded == NULL) stop_without_memory();
    const int answer = ECDSA_do_verify(digest, (int)digest_len, decoded, key->key);
    ECDSA_SIG_free(decoded);
    /* 0 is a wrong signature. Below 0 is a failure inside; whoever knows the private key can
     * provoke one (r = -digest / d makes the sum the point at infinity), and nobody any other:
     * then memory ran out, which the library does not always say. */
    if (answer < 0 && !at_infinity()) stop_without_memory();
    ERR_clear_error();
    return answer == 1;
}

bool assay_p384_reference_decides(const uint8_t public_key[static ASSAY_P384_PUBLIC_LEN],
                                  const uint8_t *digest, size_t digest_len,
                                  const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN])
{
    struct assay_p384_reference *reference = NULL;
    const enum assay_status status = assay_p384_reference_load(public_key, &reference);
    if (status == ASSAY_E_CRYPTO) stop_without_memory();
    ASSAY_ASSERT(status == ASSAY_OK); /* both libraries know the same curve */
    const bool ok = assay_p384_reference_verify(reference, digest, digest_len, signature);
    assay_p384_reference_free(&reference);
    return ok;
}
