/*
 * base/crypto/key.c - verification with decoded public keys of any type: dispatch to the
 * implementation.
 *
 * Key type and algorithm must belong together (an explicit table); an ECDSA signature must fit its
 * curve.
 */
#include "base/assert.h"
#include "base/crypto/p384.h"
#include "base/crypto/rsa.h"

#include <stdlib.h>

enum { ECDSA_HALF = 48, P256_HALF = 32 };

_Static_assert(ASSAY_P384_SIGNATURE_LEN == 2 * ECDSA_HALF, "P-384 takes r | s as they are");

struct assay_verify_key {
    enum assay_key_type type;
    union {
        struct assay_p256 *p256;
        struct assay_p384 *p384;
        struct assay_rsa *rsa;
    } as;
};

static enum assay_status load_as(const struct assay_key *key, struct assay_verify_key *loaded)
{
    switch (key->type) {
    case ASSAY_KEY_P256: return assay_p256_load(key->bytes, &loaded->as.p256);
    case ASSAY_KEY_P384: return assay_p384_load(key->bytes, &loaded->as.p384);
    case ASSAY_KEY_RSA: return assay_rsa_load(key, &loaded->as.rsa);
    case ASSAY_KEY_NONE: return ASSAY_E_KEY;
    }
    return ASSAY_E_KEY;
}

enum assay_status assay_public_key_load(const struct assay_key *key, struct assay_verify_key **out)
{
    ASSAY_ASSERT(key != NULL && out != NULL);
    if (assay_key_type_of_len(key->len) != key->type) return ASSAY_E_KEY;
    struct assay_verify_key *const loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL) return ASSAY_E_MEMORY;
    loaded->type = key->type;
    const enum assay_status status = load_as(key, loaded);
    if (status != ASSAY_OK) {
        free(loaded);
        return status;
    }
    *out = loaded;
    return ASSAY_OK;
}

void assay_public_key_free(struct assay_verify_key **key)
{
    ASSAY_ASSERT(key != NULL);
    if (*key == NULL) return;
    switch ((*key)->type) {
    case ASSAY_KEY_P256: assay_p256_free(&(*key)->as.p256); break;
    case ASSAY_KEY_P384: assay_p384_free(&(*key)->as.p384); break;
    case ASSAY_KEY_RSA: assay_rsa_free(&(*key)->as.rsa); break;
    case ASSAY_KEY_NONE: ASSAY_UNREACHABLE("a loaded key has a type");
    }
    free(*key);
    *key = NULL;
}

/* The explicit table of what belongs together. Returns: true when such a key signs like that. */
static bool belong_together(enum assay_key_type type, enum assay_signature_alg alg)
{
    switch (alg) {
    case ASSAY_SIGNATURE_ECDSA_SHA256:
    case ASSAY_SIGNATURE_ECDSA_SHA384: return type == ASSAY_KEY_P256 || type == ASSAY_KEY_P384;
    case ASSAY_SIGNATURE_RSA_PKCS1_SHA256:
    case ASSAY_SIGNATURE_RSA_PKCS1_SHA384:
    case ASSAY_SIGNATURE_RSA_PKCS1_SHA512:
    case ASSAY_SIGNATURE_RSA_PSS_SHA256:
    case ASSAY_SIGNATURE_RSA_PSS_SHA384:
    case ASSAY_SIGNATURE_RSA_PSS_SHA512: return type == ASSAY_KEY_RSA;
    case ASSAY_SIGNATURE_NONE: return false;
    }
    return false;
}

/* r and s of 48 bytes each, narrowed to the 32 of P-256. */
static bool narrow_key(const struct assay_signature *signature, uint8_t out[2 * P256_HALF])
{
    enum { LEAD = ECDSA_HALF - P256_HALF };
    const uint8_t *const r = signature->bytes;
    const uint8_t *const s = signature->bytes + ECDSA_HALF;
    if (!assay_bytes_all_zero(r, LEAD) || !assay_bytes_all_zero(s, LEAD)) return false;
    assay_bytes_copy(out, P256_HALF, r + LEAD, P256_HALF);
    assay_bytes_copy(out + P256_HALF, P256_HALF, s + LEAD, P256_HALF);
    return true;
}

/* FIPS 186-5 6.4.2 step 2: of a longer digest its leftmost 256 bits count. */
static bool check_p256(const struct assay_p256 *key, const struct assay_signature *signature,
                       const uint8_t *digest)
{
    uint8_t narrowed[2 * P256_HALF];
    if (signature->len != 2 * ECDSA_HALF || !narrow_key(signature, narrowed)) return false;
    return assay_p256_verify(key, digest, narrowed, ASSAY_S_ANY);
}

bool assay_public_key_check(const struct assay_verify_key *key,
                            const struct assay_signature *signature, const uint8_t *digest,
                            size_t digest_len)
{
    ASSAY_ASSERT(key != NULL && signature != NULL && digest != NULL);
    if (!belong_together(key->type, signature->alg)) return false;
    if (digest_len != assay_signature_digest_len(signature->alg)) return false;
    switch (key->type) {
    case ASSAY_KEY_P256: return check_p256(key->as.p256, signature, digest);
    case ASSAY_KEY_P384:
        return signature->len == 2 * ECDSA_HALF &&
               assay_p384_verify(key->as.p384, digest, digest_len, signature->bytes);
    case ASSAY_KEY_RSA: return assay_rsa_verify(key->as.rsa, signature, digest);
    case ASSAY_KEY_NONE: return false;
    }
    return false;
}

bool assay_public_key_takes_table(const struct assay_verify_key *key)
{
    ASSAY_ASSERT(key != NULL);
    return key->type == ASSAY_KEY_P256;
}

bool assay_public_key_add_table(struct assay_verify_key *key)
{
    ASSAY_ASSERT(key != NULL);
    return assay_public_key_takes_table(key) && assay_p256_add_table(key->as.p256);
}

void assay_public_key_remove_table(struct assay_verify_key *key)
{
    ASSAY_ASSERT(key != NULL);
    if (assay_public_key_takes_table(key)) assay_p256_remove_table(key->as.p256);
}

/*
 * What loading takes from the heap, counted by tests/bench/base/bench_keys.c on 64 bits with
 * OpenSSL 3.0 (P-256 1656, RSA-4096 3080, RSA-2048 2056 bytes) and rounded up. OpenSSL computes
 * Montgomery numbers at the first verification; they are in.
 */
size_t assay_public_key_weight(const struct assay_verify_key *key)
{
    enum { P256_WEIGHT = 1792, RSA_WEIGHT = 3200, HEAP_WEIGHT = 64 /* of the structs */ };
    ASSAY_ASSERT(key != NULL);
    switch (key->type) {
    case ASSAY_KEY_P256:
        return sizeof *key + P256_WEIGHT +
               (assay_p256_has_table(key->as.p256) ? (size_t)ASSAY_P256_TABLE_LEN : 0);
    case ASSAY_KEY_P384: return sizeof *key + assay_p384_weight() + HEAP_WEIGHT;
    case ASSAY_KEY_RSA: return sizeof *key + RSA_WEIGHT;
    case ASSAY_KEY_NONE: break;
    }
    ASSAY_UNREACHABLE("a loaded key has a type");
}
