/*
 * tests/differential/gpu/memo.c - P-384 of answers.c: a signature that was verified once is not
 * verified again. Cases share nearly all their certificates and responses.
 *
 * The linker puts these functions in front of those of base/crypto. An answer is a function of the
 * key, the digest and the signature alone, all of which are compared; keys that are equal are one
 * object, which lives as long as the process.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/crypto.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 8192, ANSWERS = 1 << 15, FNV_PRIME = 16777619 };

struct loaded_key {
    uint8_t public_key[ASSAY_P384_PUBLIC_LEN];
    struct assay_p384 *key;
};

struct answer {
    const struct assay_p384 *key;
    size_t digest_len;
    uint8_t digest[ASSAY_SHA384_LEN];
    uint8_t signature[ASSAY_P384_SIGNATURE_LEN];
    bool is_valid;
};

static struct loaded_key keys[KEYS_MAX];
static struct answer answers[ANSWERS];

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): names of the linker. */
enum assay_status __real_assay_p384_load(const uint8_t *public_key, struct assay_p384 **key);
enum assay_status __wrap_assay_p384_load(const uint8_t *public_key, struct assay_p384 **key);
void __wrap_assay_p384_free(struct assay_p384 **key);
bool __real_assay_p384_verify(const struct assay_p384 *key, const uint8_t *digest, size_t len,
                              const uint8_t *signature);
bool __wrap_assay_p384_verify(const struct assay_p384 *key, const uint8_t *digest, size_t len,
                              const uint8_t *signature);

static uint32_t hash_more(uint32_t hash, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * FNV_PRIME;
    return hash;
}

static uint32_t hash_of(const uint8_t *bytes, size_t len)
{
    return hash_more(2166136261U, bytes, len);
}

enum assay_status __wrap_assay_p384_load(const uint8_t *public_key, struct assay_p384 **key)
{
    size_t at = hash_of(public_key, ASSAY_P384_PUBLIC_LEN) % KEYS_MAX;
    for (size_t tries = 0; tries < KEYS_MAX && keys[at].key != NULL; tries++) {
        if (assay_bytes_equal(keys[at].public_key, public_key, ASSAY_P384_PUBLIC_LEN)) {
            *key = keys[at].key;
            return ASSAY_OK;
        }
        at = (at + 1) % KEYS_MAX;
    }
    /* Each case brings few keys of its own: a run of a million has room. */
    ASSAY_ASSERT(keys[at].key == NULL);
    ASSAY_TRY(__real_assay_p384_load(public_key, key));
    assay_bytes_copy(keys[at].public_key, sizeof keys[at].public_key, public_key,
                     ASSAY_P384_PUBLIC_LEN);
    keys[at].key = *key;
    return ASSAY_OK;
}

void __wrap_assay_p384_free(struct assay_p384 **key)
{
    *key = NULL;
}

bool __wrap_assay_p384_verify(const struct assay_p384 *key, const uint8_t *digest, size_t len,
                              const uint8_t *signature)
{
    /* The key as well: a search for an issuer tries one signature with several. */
    const uint8_t *const at = (const uint8_t *)&key;
    const uint32_t hash = hash_more(hash_of(signature, ASSAY_P384_SIGNATURE_LEN), at, sizeof key);
    struct answer *const a = &answers[hash_more(hash, digest, len) % ANSWERS];
    if (a->key == key && a->digest_len == len && assay_bytes_equal(a->digest, digest, len) &&
        assay_bytes_equal(a->signature, signature, ASSAY_P384_SIGNATURE_LEN))
        return a->is_valid;
    a->is_valid = __real_assay_p384_verify(key, digest, len, signature);
    a->key = key;
    a->digest_len = len;
    assay_bytes_copy(a->digest, sizeof a->digest, digest, len);
    assay_bytes_copy(a->signature, sizeof a->signature, signature, ASSAY_P384_SIGNATURE_LEN);
    return a->is_valid;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
