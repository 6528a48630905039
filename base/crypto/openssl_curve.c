/*
 * base/crypto/openssl_curve.c - keys and signatures of both curves, through OpenSSL's low-level
 * functions (base/crypto/openssl.c gives the reason).
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto/openssl_curve.h"

#include "base/assert.h"

#include <pthread.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

enum { POINT_LEN_MAX = 1 + ASSAY_P384_PUBLIC_LEN };

/* Made once and never changed: making one costs more than loading five keys. */
static EC_GROUP *p256;
static EC_GROUP *p384;
static pthread_once_t p256_once = PTHREAD_ONCE_INIT;
static pthread_once_t p384_once = PTHREAD_ONCE_INIT;

static void make_p256(void)
{
    p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
}

static void make_p384(void)
{
    p384 = EC_GROUP_new_by_curve_name(NID_secp384r1);
}

/* Returns: the curve, NULL when there was no memory for it. */
static const EC_GROUP *get_group(enum assay_curve curve)
{
    const bool is_p256 = curve == ASSAY_CURVE_P256;
    const int failed =
        is_p256 ? pthread_once(&p256_once, make_p256) : pthread_once(&p384_once, make_p384);
    ASSAY_ASSERT(failed == 0);
    return is_p256 ? p256 : p384;
}

bool assay_openssl_drain(void)
{
    bool no_memory = false;
    unsigned long error = ERR_get_error();
    while (error != 0) {
        if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) no_memory = true;
        error = ERR_get_error();
    }
    return no_memory;
}

enum assay_status assay_openssl_failed(void)
{
    const bool no_memory = assay_openssl_drain();
    (void)no_memory; /* regardless of the library's result */
    return ASSAY_E_CRYPTO;
}

__attribute__((noreturn, cold)) void assay_openssl_stop(void)
{
    assay_assert_failed(__FILE__, __LINE__, __func__, "no memory to verify a signature");
}

EC_KEY *assay_curve_key(enum assay_curve curve)
{
    const EC_GROUP *const group = get_group(curve);
    EC_KEY *const key = group == NULL ? NULL : EC_KEY_new();
    if (key == NULL) return NULL;
    if (EC_KEY_set_group(key, group) == 1) return key;
    EC_KEY_free(key);
    return NULL;
}

enum assay_status assay_curve_load(enum assay_curve curve, const uint8_t *public_key, EC_KEY **key)
{
    uint8_t point[POINT_LEN_MAX];
    const size_t len = curve == ASSAY_CURVE_P256 ? ASSAY_P256_PUBLIC_LEN : ASSAY_P384_PUBLIC_LEN;
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    assay_bytes_copy(point + 1, sizeof point - 1, public_key, len);
    EC_KEY *const loaded = assay_curve_key(curve);
    if (loaded == NULL) return assay_openssl_failed();
    /* oct2key refuses coordinates >= p and points off the curve; the cofactor is 1, so a point of
     * the curve has the right order, and infinity has no uncompressed form. */
    if (EC_KEY_oct2key(loaded, point, 1 + len, NULL) == 1) {
        *key = loaded;
        return ASSAY_OK;
    }
    EC_KEY_free(loaded);
    return assay_openssl_drain() ? ASSAY_E_CRYPTO : ASSAY_E_KEY;
}

/* Returns: r and s as OpenSSL wants them, NULL when memory ran out. */
static ECDSA_SIG *decode_point(const uint8_t *signature, size_t scalar_len)
{
    ECDSA_SIG *decoded = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, (int)scalar_len, NULL);
    BIGNUM *s = BN_bin2bn(signature + scalar_len, (int)scalar_len, NULL);
    if (decoded != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(decoded, r, s) == 1)
        return decoded; /* which owns r and s now */
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(decoded);
    return NULL;
}

int assay_curve_verify(EC_KEY *key, const uint8_t *digest, size_t digest_len,
                       const uint8_t *signature, size_t scalar_len)
{
    ASSAY_ASSERT(digest_len <= ASSAY_DIGEST_MAX && scalar_len < POINT_LEN_MAX);
    ECDSA_SIG *const decoded = decode_point(signature, scalar_len);
    if (decoded == NULL) assay_openssl_stop();
    const int answer = ECDSA_do_verify(digest, (int)digest_len, decoded, key);
    ECDSA_SIG_free(decoded);
    return answer;
}
