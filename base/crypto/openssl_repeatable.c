/*
 * base/crypto/openssl_repeatable.c - deterministic ECDSA: the nonce is derived from key and digest
 * (RFC 6979).
 *
 * For the simulator alone: the same key and digest give the same signature, so that a run can be
 * repeated byte for byte. Daemons sign with OpenSSL's own nonces (assay_p256_sign), which do not
 * betray the key when a machine computes one signature wrong.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto.h"

#include "base/assert.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

enum { SCALAR_LEN = 32, DRAWS_MAX = 64 };

/* HMAC_DRBG of RFC 6979 3.2: K, V and everything that is hashed into them. */
struct nonces {
    uint8_t k[32];
    uint8_t v[32 + 1 + 2 * SCALAR_LEN]; /* V | tag | x | h1 */
};

static void update_state(struct nonces *n, size_t len)
{
    uint8_t out[32];
    assay_hmac_sha256(n->k, sizeof n->k, n->v, len, out);
    assay_bytes_copy(n->k, sizeof n->k, out, sizeof out);
    assay_hmac_sha256(n->k, sizeof n->k, n->v, 32, out);
    assay_bytes_copy(n->v, sizeof n->v, out, sizeof out);
}

static void init_state(struct nonces *n, const uint8_t *private_key, const uint8_t *reduced_digest)
{
    assay_bytes_zero(n->k, sizeof n->k);
    for (size_t i = 0; i < 32; i++)
        n->v[i] = 1;
    for (uint8_t tag = 0; tag < 2; tag++) {
        n->v[32] = tag;
        assay_bytes_copy(n->v + 33, SCALAR_LEN, private_key, SCALAR_LEN);
        assay_bytes_copy(n->v + 33 + SCALAR_LEN, SCALAR_LEN, reduced_digest, SCALAR_LEN);
        update_state(n, sizeof n->v);
    }
}

static void generate_next(struct nonces *n, uint8_t nonce[static SCALAR_LEN])
{
    uint8_t out[32];
    assay_hmac_sha256(n->k, sizeof n->k, n->v, 32, out);
    assay_bytes_copy(n->v, sizeof n->v, out, sizeof out);
    assay_bytes_copy(nonce, SCALAR_LEN, out, sizeof out);
    n->v[32] = 0; /* should this one not do */
}

/* Everything of one signature; freed together. */
struct work {
    EC_KEY *key;
    BN_CTX *ctx;
    BIGNUM *d, *z, *k, *r, *kinv;
    EC_POINT *point;
    ECDSA_SIG *made;
};

static bool open_work(struct work *w, const struct assay_secret32 *private_key)
{
    w->key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    w->ctx = BN_CTX_new();
    w->d = BN_bin2bn(private_key->bytes, SCALAR_LEN, NULL);
    w->k = BN_new();
    w->r = BN_new();
    w->kinv = BN_new();
    if (w->key == NULL || w->ctx == NULL || w->d == NULL || w->k == NULL || w->r == NULL ||
        w->kinv == NULL)
        return false;
    w->point = EC_POINT_new(EC_KEY_get0_group(w->key));
    return w->point != NULL && EC_KEY_set_private_key(w->key, w->d) == 1;
}

static void close_work(struct work *w)
{
    ECDSA_SIG_free(w->made);
    EC_POINT_clear_free(w->point);
    BN_clear_free(w->kinv);
    BN_clear_free(w->r);
    BN_clear_free(w->k);
    BN_clear_free(w->z);
    BN_clear_free(w->d);
    BN_CTX_free(w->ctx);
    EC_KEY_free(w->key);
    ERR_clear_error();
}

/* k into r = x(kG) mod n and 1/k. Returns: false when this k does not do. */
static bool try_nonce(struct work *w, const uint8_t nonce[static SCALAR_LEN])
{
    const EC_GROUP *group = EC_KEY_get0_group(w->key);
    const BIGNUM *n = EC_GROUP_get0_order(group);
    if (BN_bin2bn(nonce, SCALAR_LEN, w->k) == NULL) return false;
    if (BN_is_zero(w->k) || BN_cmp(w->k, n) >= 0) return false;
    if (EC_POINT_mul(group, w->point, w->k, NULL, NULL, w->ctx) != 1) return false;
    if (EC_POINT_get_affine_coordinates(group, w->point, w->r, NULL, w->ctx) != 1) return false;
    if (BN_nnmod(w->r, w->r, n, w->ctx) != 1 || BN_is_zero(w->r)) return false;
    return BN_mod_inverse(w->kinv, w->k, n, w->ctx) != NULL;
}

/* docs/protocol.md 2.14: low s. Returns: false when memory ran out. */
static bool write_low(struct work *w, uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    const BIGNUM *n = EC_GROUP_get0_order(EC_KEY_get0_group(w->key));
    const BIGNUM *s = ECDSA_SIG_get0_s(w->made);
    if (BN_sub(w->k, n, s) != 1) return false; /* k is used up: it holds n - s now */
    if (BN_cmp(s, w->k) > 0) s = w->k;
    return BN_bn2binpad(ECDSA_SIG_get0_r(w->made), signature, SCALAR_LEN) == SCALAR_LEN &&
           BN_bn2binpad(s, signature + SCALAR_LEN, SCALAR_LEN) == SCALAR_LEN;
}

static bool sign_repeatable(struct work *w, const struct assay_secret32 *private_key,
                            const uint8_t digest[static ASSAY_SHA256_LEN], uint8_t *signature)
{
    uint8_t reduced[SCALAR_LEN];
    uint8_t nonce[SCALAR_LEN];
    struct nonces nonces;
    const BIGNUM *n = EC_GROUP_get0_order(EC_KEY_get0_group(w->key));
    w->z = BN_bin2bn(digest, ASSAY_SHA256_LEN, NULL);
    if (w->z == NULL || BN_nnmod(w->z, w->z, n, w->ctx) != 1) return false;
    if (BN_bn2binpad(w->z, reduced, SCALAR_LEN) != SCALAR_LEN) return false;
    init_state(&nonces, private_key->bytes, reduced);
    for (int i = 0; i < DRAWS_MAX && w->made == NULL; i++) {
        generate_next(&nonces, nonce);
        if (try_nonce(w, nonce))
            w->made = ECDSA_do_sign_ex(digest, ASSAY_SHA256_LEN, w->kinv, w->r, w->key);
        if (w->made == NULL) update_state(&nonces, 33);
    }
    assay_secret_wipe(&nonces, sizeof nonces);
    assay_secret_wipe(nonce, sizeof nonce);
    return w->made != NULL && write_low(w, signature);
}

enum assay_status assay_p256_sign_repeatable(const struct assay_secret32 *private_key,
                                             const uint8_t digest[static ASSAY_SHA256_LEN],
                                             uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct work w = { 0 };
    const bool made =
        open_work(&w, private_key) && sign_repeatable(&w, private_key, digest, signature);
    close_work(&w);
    return made ? ASSAY_OK : ASSAY_E_CRYPTO;
}
