/*
 * base/crypto/key.c - a decoded public key of any type: which implementation verifies which.
 *
 * Key type and algorithm must belong together; an ECDSA signature must fit its curve.
 */
#include "base/assert.h"
#include "base/crypto.h"

#include <stdlib.h>

enum { ECDSA_HALF = 48, P256_HALF = 32 };

struct assay_verify_key {
    enum assay_key_type type;
    struct assay_p256 *p256;
};

enum assay_status assay_verify_key_load(const struct assay_key *key, struct assay_verify_key **out)
{
    ASSAY_ASSERT(key != NULL && out != NULL);
    if (assay_key_type_of_len(key->len) != key->type) return ASSAY_E_KEY;
    if (key->type != ASSAY_KEY_P256) return ASSAY_E_KEY;
    struct assay_verify_key *const loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL) return ASSAY_E_MEMORY;
    loaded->type = key->type;
    const enum assay_status status = assay_p256_load(key->bytes, &loaded->p256);
    if (status != ASSAY_OK) {
        free(loaded);
        return status;
    }
    *out = loaded;
    return ASSAY_OK;
}

void assay_verify_key_free(struct assay_verify_key **key)
{
    ASSAY_ASSERT(key != NULL);
    if (*key == NULL) return;
    assay_p256_free(&(*key)->p256);
    free(*key);
    *key = NULL;
}

/* r and s of 48 bytes each, narrowed to the 32 of P-256. */
static bool narrow(const struct assay_signature *signature, uint8_t out[2 * P256_HALF])
{
    enum { LEAD = ECDSA_HALF - P256_HALF };
    const uint8_t *const r = signature->bytes;
    const uint8_t *const s = signature->bytes + ECDSA_HALF;
    if (!assay_bytes_all_zero(r, LEAD) || !assay_bytes_all_zero(s, LEAD)) return false;
    assay_bytes_copy(out, P256_HALF, r + LEAD, P256_HALF);
    assay_bytes_copy(out + P256_HALF, P256_HALF, s + LEAD, P256_HALF);
    return true;
}

bool assay_verify_key_check(const struct assay_verify_key *key,
                            const struct assay_signature *signature, const uint8_t *digest,
                            size_t digest_len)
{
    uint8_t narrowed[2 * P256_HALF];
    if (digest_len != assay_signature_digest_len(signature->alg)) return false;
    if (signature->alg != ASSAY_SIGNATURE_ECDSA_SHA256 || signature->len != 2 * ECDSA_HALF)
        return false;
    return narrow(signature, narrowed) && assay_p256_verify(key->p256, digest, narrowed,
                                                            ASSAY_S_ANY);
}
