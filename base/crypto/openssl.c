/*
 * base/crypto/openssl.c - cryptographic interface over OpenSSL 3.
 *
 * It calls the low-level functions (SHA256_Update, EC_KEY, ECDSA_do_verify), which OpenSSL 3 marks
 * as deprecated in favour of EVP. Measured on OpenSSL 3.0, one core, next to EVP in the same run:
 *
 *   load a public key    1.9 us; EC_KEY by curve name 10.0, EVP_PKEY_fromdata 16.7
 *   verify              58.0 us from r|s; EVP_PKEY_verify 58.6 with a context kept, 60.9 with one
 *                       made each time, and both need the signature in DER
 *   SHA-256, 64 bytes   0.07 us; EVP_Digest 0.16 with a fetched algorithm, 0.33 without
 *
 * Nothing is fetched, so nothing is cached but the curve, and a hash has no allocation that could
 * fail. tests/bench/base/bench_crypto.c repeats the measurement.
 *
 * Loaded keys are only read, hence one key may serve many threads. The library's error queue is
 * drained wherever a call of it fails, so no later caller mistakes our error for its own.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto.h"

#include "base/assert.h"
#include "base/crypto/configuration.h"
#include "base/crypto/low_s.h"
#include "base/crypto/openssl_curve.h"
#include "base/crypto/openssl_ecdsa.h"

#include <limits.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

enum { SCALAR_LEN = 32, POINT_LEN = 1 + ASSAY_P256_PUBLIC_LEN, HMAC_BLOCK_LEN = 64 };

_Static_assert(ASSAY_P256_SIGNATURE_LEN == 2 * SCALAR_LEN, "a signature is r | s");
_Static_assert(HMAC_BLOCK_LEN == SHA256_CBLOCK, "HMAC pads its key to the block of the hash");

struct assay_p256 {
    EC_KEY *key;
    struct assay_curve_table *table; /* NULL: none */
};

struct assay_p256_signer {
    EC_KEY *key;
};

/* The order n of P-256 and floor(n / 2) (FIPS 186-4 D.1.2.3). */
static const uint8_t order[SCALAR_LEN] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};
static const uint8_t half_order[SCALAR_LEN] = {
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
};

/* --- hashes */

static void sha256_update(SHA256_CTX *hash, const void *bytes, size_t len)
{
    ASSAY_ASSERT(bytes != NULL || len == 0);
    if (len == 0) return; /* OpenSSL's memcpy must not see NULL */
    const int ok = SHA256_Update(hash, bytes, len);
    ASSAY_ASSERT(ok == 1);
}

/* Init and Final of SHA-2 always return 1; the assertions document that this file relies on it. */

static void sha256_init(SHA256_CTX *hash)
{
    const int ok = SHA256_Init(hash);
    ASSAY_ASSERT(ok == 1);
}

static void sha256_final(SHA256_CTX *hash, uint8_t digest[static ASSAY_SHA256_LEN])
{
    const int ok = SHA256_Final(digest, hash);
    ASSAY_ASSERT(ok == 1);
}

void assay_sha256(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA256_LEN])
{
    SHA256_CTX hash;
    sha256_init(&hash);
    sha256_update(&hash, bytes, len);
    sha256_final(&hash, digest);
}

void assay_sha256_pieces(const struct assay_slice *pieces, size_t count,
                         uint8_t digest[static ASSAY_SHA256_LEN])
{
    ASSAY_ASSERT(pieces != NULL || count == 0);
    SHA256_CTX hash;
    sha256_init(&hash);
    for (size_t i = 0; i < count; i++) {
        sha256_update(&hash, pieces[i].bytes, pieces[i].len);
    }
    sha256_final(&hash, digest);
}

void assay_sha384(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA384_LEN])
{
    ASSAY_ASSERT(bytes != NULL || len == 0);
    SHA512_CTX hash;
    int ok = SHA384_Init(&hash);
    if (len > 0) ok &= SHA384_Update(&hash, bytes, len);
    ok &= SHA384_Final(digest, &hash);
    ASSAY_ASSERT(ok == 1);
}

void assay_sha384_pieces(const struct assay_slice *pieces, size_t count,
                         uint8_t digest[static ASSAY_SHA384_LEN])
{
    ASSAY_ASSERT(pieces != NULL || count == 0);
    SHA512_CTX hash;
    int ok = SHA384_Init(&hash);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > 0) ok &= SHA384_Update(&hash, pieces[i].bytes, pieces[i].len);
    }
    ok &= SHA384_Final(digest, &hash);
    ASSAY_ASSERT(ok == 1);
}

void assay_sha512(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA512_LEN])
{
    const struct assay_slice whole = assay_slice_over(bytes, len);
    assay_sha512_pieces(&whole, 1, digest);
}

void assay_sha512_pieces(const struct assay_slice *pieces, size_t count,
                         uint8_t digest[static ASSAY_SHA512_LEN])
{
    ASSAY_ASSERT(pieces != NULL || count == 0);
    SHA512_CTX hash;
    int ok = SHA512_Init(&hash);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > 0) ok &= SHA512_Update(&hash, pieces[i].bytes, pieces[i].len);
    }
    ok &= SHA512_Final(digest, &hash);
    ASSAY_ASSERT(ok == 1);
}

/* RFC 2104. All data that depends on the key is in one struct, so one wipe covers it. */
void assay_hmac_sha256(const uint8_t *key, size_t key_len, const void *bytes, size_t len,
                       uint8_t mac[static ASSAY_SHA256_LEN])
{
    ASSAY_ASSERT(key != NULL || key_len == 0);
    struct {
        SHA256_CTX hash;
        uint8_t key[HMAC_BLOCK_LEN];
        uint8_t pad[HMAC_BLOCK_LEN];
        uint8_t inner[ASSAY_SHA256_LEN];
    } local = { .key = { 0 } };

    if (key_len > HMAC_BLOCK_LEN) assay_sha256(key, key_len, local.key);
    else assay_bytes_copy(local.key, sizeof local.key, key, key_len);

    for (size_t i = 0; i < HMAC_BLOCK_LEN; i++) {
        local.pad[i] = local.key[i] ^ 0x36;
    }
    sha256_init(&local.hash);
    sha256_update(&local.hash, local.pad, HMAC_BLOCK_LEN);
    sha256_update(&local.hash, bytes, len);
    sha256_final(&local.hash, local.inner);

    for (size_t i = 0; i < HMAC_BLOCK_LEN; i++) {
        local.pad[i] = local.key[i] ^ 0x5c;
    }
    sha256_init(&local.hash);
    sha256_update(&local.hash, local.pad, HMAC_BLOCK_LEN);
    sha256_update(&local.hash, local.inner, ASSAY_SHA256_LEN);
    sha256_final(&local.hash, mac);
    assay_secret_wipe(&local, sizeof local);
}

/* --- public keys and verification */

enum assay_status assay_p256_load(const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                                  struct assay_p256 **key)
{
    ASSAY_ASSERT(key != NULL);
    struct assay_p256 *loaded = OPENSSL_malloc(sizeof *loaded);
    if (loaded == NULL) return assay_openssl_failed();
    const enum assay_status status = assay_curve_load(ASSAY_CURVE_P256, public_key, &loaded->key);
    if (status != ASSAY_OK) {
        OPENSSL_free(loaded);
        return status;
    }
    loaded->table = NULL;
    *key = loaded;
    return ASSAY_OK;
}

void assay_p256_free(struct assay_p256 **key)
{
    ASSAY_ASSERT(key != NULL);
    if (*key == NULL) return;
    assay_curve_table_free(&(*key)->table);
    EC_KEY_free((*key)->key);
    OPENSSL_free(*key);
    *key = NULL;
}

bool assay_p256_add_table(struct assay_p256 *key)
{
    ASSAY_ASSERT(key != NULL);
    if (key->table == NULL) key->table = assay_curve_table_make(key->key);
    return key->table != NULL;
}

bool assay_p256_has_table(const struct assay_p256 *key)
{
    ASSAY_ASSERT(key != NULL);
    return key->table != NULL;
}

void assay_p256_remove_table(struct assay_p256 *key)
{
    ASSAY_ASSERT(key != NULL);
    assay_curve_table_free(&key->table);
}

/* Returns: true when a public number lies in 1..max. */
static bool in_range_var(const uint8_t scalar[static SCALAR_LEN], const uint8_t *max)
{
    if (assay_bytes_all_zero(scalar, SCALAR_LEN)) return false;
    return assay_bytes_compare(scalar, max, SCALAR_LEN) <= 0;
}

bool assay_p256_verify(const struct assay_p256 *key, const uint8_t digest[static ASSAY_SHA256_LEN],
                       const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                       enum assay_s_rule rule)
{
    ASSAY_ASSERT(key != NULL);
    /* r in 1..n-1: the largest allowed value has the last bit of n, which is odd, cleared. */
    uint8_t max[SCALAR_LEN];
    assay_bytes_copy(max, sizeof max, order, sizeof order);
    max[SCALAR_LEN - 1] &= 0xfe;
    if (!in_range_var(signature, max)) return false;
    if (!in_range_var(signature + SCALAR_LEN, rule == ASSAY_S_LOW ? half_order : max)) return false;

    int answer = assay_curve_verify_p256(key->key, key->table, digest, signature);
    if (answer >= 0) return answer == 1;
    answer = assay_curve_verify(key->key, digest, ASSAY_SHA256_LEN, signature, SCALAR_LEN);
    /* Below 0 is a failure inside; the holder of the private key can provoke one (r = -digest / d
     * makes the sum the point at infinity), hence it is a bad signature unless memory ran out. */
    if (answer != 1 && assay_openssl_drain()) assay_openssl_stop();
    return answer == 1;
}

/* --- private keys of P-256 */

void assay_crypto_ignore_configuration(void)
{
    const int done = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    ASSAY_ASSERT(done == 1);
}

enum assay_status assay_random(void *out, size_t len)
{
    ASSAY_ASSERT(out != NULL || len == 0);
    ASSAY_ASSERT(len <= INT_MAX);
    if (len == 0) return ASSAY_OK;
    if (RAND_bytes(out, (int)len) == 1) return ASSAY_OK;
    assay_secret_wipe(out, len);
    return assay_openssl_failed();
}

/* Constant time in the scalar. Returns: true when it lies in 1..n-1. */
static bool in_range_ct(const uint8_t scalar[static SCALAR_LEN])
{
    uint32_t borrow = 0;
    uint32_t any = 0;
    for (size_t i = SCALAR_LEN; i > 0; i--) { /* the borrow of scalar - n */
        const uint32_t digit = (uint32_t)scalar[i - 1] - order[i - 1] - borrow;
        borrow = digit >> 31;
        any |= scalar[i - 1];
    }
    const uint32_t not_zero = (0u - any) >> 31; /* any <= 255, so its negative has the top bit */
    return (borrow & not_zero) != 0;
}

/*
 * A key with its private half alone, which is all that signing reads.
 * Returns: ASSAY_OK | ASSAY_E_KEY (0 or >= n) | ASSAY_E_CRYPTO
 */
static enum assay_status new_private_key(const struct assay_secret32 *private_key, EC_KEY **out)
{
    if (!in_range_ct(private_key->bytes)) return ASSAY_E_KEY;
    EC_KEY *key = assay_curve_key(ASSAY_CURVE_P256);
    BIGNUM *scalar = BN_bin2bn(private_key->bytes, SCALAR_LEN, NULL);
    /* set_private_key copies the number into one of fixed width with constant-time arithmetic */
    const bool ok = key != NULL && scalar != NULL && EC_KEY_set_private_key(key, scalar) == 1;
    BN_clear_free(scalar);
    if (!ok) {
        EC_KEY_free(key);
        return assay_openssl_failed();
    }
    *out = key;
    return ASSAY_OK;
}

enum assay_status assay_p256_public(const struct assay_secret32 *private_key,
                                    uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    ASSAY_ASSERT(private_key != NULL);
    EC_KEY *key = NULL;
    ASSAY_TRY(new_private_key(private_key, &key));
    const EC_GROUP *group = EC_KEY_get0_group(key);
    EC_POINT *point = EC_POINT_new(group);
    uint8_t encoded[POINT_LEN];
    const bool ok =
        point != NULL &&
        EC_POINT_mul(group, point, EC_KEY_get0_private_key(key), NULL, NULL, NULL) == 1 &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, encoded, sizeof encoded,
                           NULL) == sizeof encoded;
    EC_POINT_clear_free(point);
    EC_KEY_free(key); /* which wipes the private half */
    if (!ok) return assay_openssl_failed();
    assay_bytes_copy(public_key, ASSAY_P256_PUBLIC_LEN, encoded + 1, ASSAY_P256_PUBLIC_LEN);
    return ASSAY_OK;
}

enum assay_status assay_p256_generate(struct assay_secret32 *private_key,
                                      uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    ASSAY_ASSERT(private_key != NULL);
    enum { TRIES_MAX = 8 }; /* one fails with a chance of 2^-32, eight: a broken source */
    enum assay_status status = ASSAY_E_KEY;
    for (int i = 0; i < TRIES_MAX && status == ASSAY_E_KEY; i++) {
        const bool drawn = RAND_priv_bytes(private_key->bytes, SCALAR_LEN) == 1;
        status = drawn ? assay_p256_public(private_key, public_key) : assay_openssl_failed();
    }
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_secret_wipe(private_key, sizeof *private_key);
    assay_bytes_zero(public_key, ASSAY_P256_PUBLIC_LEN);
    return ASSAY_E_CRYPTO;
}

enum assay_status assay_p256_signer_load(const struct assay_secret32 *private_key,
                                         struct assay_p256_signer **signer)
{
    ASSAY_ASSERT(private_key != NULL);
    ASSAY_ASSERT(signer != NULL);
    EC_KEY *key = NULL;
    ASSAY_TRY(new_private_key(private_key, &key));
    struct assay_p256_signer *loaded = OPENSSL_malloc(sizeof *loaded);
    if (loaded == NULL) {
        EC_KEY_free(key);
        return assay_openssl_failed();
    }
    loaded->key = key;
    *signer = loaded;
    return ASSAY_OK;
}

void assay_p256_signer_free(struct assay_p256_signer **signer)
{
    ASSAY_ASSERT(signer != NULL);
    if (*signer == NULL) return;
    EC_KEY_free((*signer)->key); /* which wipes the private half */
    OPENSSL_free(*signer);
    *signer = NULL;
}

/* docs/protocol.md 2.14: our own signatures have s <= n/2; with (r, s) also (r, n - s) is one. */
void assay_p256_lower_s(uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    uint8_t *const s = signature + SCALAR_LEN;
    if (assay_bytes_compare(s, half_order, SCALAR_LEN) <= 0) return;
    if (assay_bytes_compare(s, order, SCALAR_LEN) >= 0) return; /* verifies with no key */
    uint32_t borrow = 0;
    for (size_t i = SCALAR_LEN; i > 0; i--) { /* s = n - s */
        const uint32_t digit = (uint32_t)order[i - 1] - s[i - 1] - borrow;
        borrow = digit >> 31;
        s[i - 1] = (uint8_t)(digit & 0xff);
    }
    ASSAY_ASSERT(borrow == 0);
}

enum assay_status assay_p256_sign(const struct assay_p256_signer *signer,
                                  const uint8_t digest[static ASSAY_SHA256_LEN],
                                  uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    ASSAY_ASSERT(signer != NULL);
    uint8_t made[ASSAY_P256_SIGNATURE_LEN];
    ECDSA_SIG *decoded = ECDSA_do_sign(digest, ASSAY_SHA256_LEN, signer->key);
    if (decoded == NULL) return assay_openssl_failed();
    const bool ok =
        BN_bn2binpad(ECDSA_SIG_get0_r(decoded), made, SCALAR_LEN) == SCALAR_LEN &&
        BN_bn2binpad(ECDSA_SIG_get0_s(decoded), made + SCALAR_LEN, SCALAR_LEN) == SCALAR_LEN;
    ECDSA_SIG_free(decoded);
    if (!ok) return assay_openssl_failed();
    assay_p256_lower_s(made);
    assay_bytes_copy(signature, ASSAY_P256_SIGNATURE_LEN, made, sizeof made);
    return ASSAY_OK;
}

/* --- the transport's key pairs; rare, hence plainly through EVP */

enum assay_status assay_x25519_public(const struct assay_secret32 *private_key,
                                      uint8_t public_key[static 32])
{
    ASSAY_ASSERT(private_key != NULL);
    uint8_t made[32] = { 0 };
    size_t made_len = sizeof made;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key->bytes,
                                                 sizeof private_key->bytes);
    const bool ok = key != NULL && EVP_PKEY_get_raw_public_key(key, made, &made_len) == 1 &&
                    made_len == sizeof made;
    EVP_PKEY_free(key);
    if (!ok) return assay_openssl_failed();
    assay_bytes_copy(public_key, 32, made, sizeof made);
    return ASSAY_OK;
}

enum assay_status assay_x25519_generate(struct assay_secret32 *private_key,
                                        uint8_t public_key[static 32])
{
    ASSAY_ASSERT(private_key != NULL);
    /* RFC 7748 section 5: any 32 bytes are a key, the function itself clamps them. */
    const bool drawn = RAND_priv_bytes(private_key->bytes, sizeof private_key->bytes) == 1;
    const enum assay_status status =
        drawn ? assay_x25519_public(private_key, public_key) : assay_openssl_failed();
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_secret_wipe(private_key, sizeof *private_key);
    assay_bytes_zero(public_key, 32);
    return status;
}
