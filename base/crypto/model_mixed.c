/*
 * base/crypto/model_mixed.c - modelled and real P-256 keys side by side (base/crypto/model.h).
 *
 * The program links the real seam too, and the linker sends every call of the functions here
 * through this file first (--wrap; the names are the linker's). The first bytes of a key identify
 * its kind; everything else, above all hashes, is the real implementation.
 *
 * Real signatures are repeatable ones here (assay_p256_sign_repeatable), and randomness comes from
 * a seed or fails: a simulation draws everything from its own seed.
 */
#include "base/crypto/model.h"

#include "base/assert.h"

#include <stdlib.h>

/* Ours; the real seam's own structs are behind `real`, NULL for a modelled key. */
struct assay_p256 {
    void *real;
    uint8_t private_key[32]; /* modelled */
};

struct assay_p256_signer {
    bool modelled;
    struct assay_secret32 private_key;
};

/* The names that ld --wrap gives.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
enum assay_status __real_assay_p256_load(const uint8_t *public_key, void **key);
void __real_assay_p256_free(void **key);
bool __real_assay_p256_add_table(void *key);
bool __real_assay_p256_has_table(const void *key);
void __real_assay_p256_remove_table(void *key);
bool __real_assay_p256_verify(const void *key, const uint8_t *digest, const uint8_t *signature,
                              enum assay_s_rule rule);
enum assay_status __real_assay_p256_public(const struct assay_secret32 *private_key,
                                           uint8_t *public_key);

enum assay_status __wrap_assay_p256_load(const uint8_t *public_key, struct assay_p256 **key);
void __wrap_assay_p256_free(struct assay_p256 **key);
bool __wrap_assay_p256_add_table(struct assay_p256 *key);
bool __wrap_assay_p256_has_table(const struct assay_p256 *key);
void __wrap_assay_p256_remove_table(struct assay_p256 *key);
bool __wrap_assay_p256_verify(const struct assay_p256 *key, const uint8_t *digest,
                              const uint8_t *signature, enum assay_s_rule rule);
enum assay_status __wrap_assay_random(void *out, size_t len);
enum assay_status __wrap_assay_p256_generate(struct assay_secret32 *private_key,
                                             uint8_t *public_key);
enum assay_status __wrap_assay_p256_public(const struct assay_secret32 *private_key,
                                           uint8_t *public_key);
enum assay_status __wrap_assay_p256_signer_load(const struct assay_secret32 *private_key,
                                                struct assay_p256_signer **signer);
void __wrap_assay_p256_signer_free(struct assay_p256_signer **signer);
enum assay_status __wrap_assay_p256_sign(const struct assay_p256_signer *signer,
                                         const uint8_t *digest, uint8_t *signature);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* --- public keys */

static enum assay_status load_modelled(const uint8_t *public_key, struct assay_p256 *loaded)
{
    uint8_t expected[ASSAY_P256_PUBLIC_LEN];
    assay_model_public(public_key, expected);
    if (!assay_bytes_equal(expected, public_key, sizeof expected)) return ASSAY_E_KEY;
    assay_bytes_copy(loaded->private_key, 32, public_key, 32);
    return ASSAY_OK;
}

enum assay_status __wrap_assay_p256_load(const uint8_t *public_key, struct assay_p256 **key)
{
    struct assay_p256 *loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL) return ASSAY_E_CRYPTO;
    const enum assay_status status = assay_model_marked(public_key)
                                         ? load_modelled(public_key, loaded)
                                         : __real_assay_p256_load(public_key, &loaded->real);
    if (status != ASSAY_OK) {
        free(loaded);
        return status;
    }
    *key = loaded;
    return ASSAY_OK;
}

void __wrap_assay_p256_free(struct assay_p256 **key)
{
    if (*key == NULL) return;
    __real_assay_p256_free(&(*key)->real);
    free(*key);
    *key = NULL;
}

bool __wrap_assay_p256_add_table(struct assay_p256 *key)
{
    return key->real != NULL && __real_assay_p256_add_table(key->real);
}

bool __wrap_assay_p256_has_table(const struct assay_p256 *key)
{
    return key->real != NULL && __real_assay_p256_has_table(key->real);
}

void __wrap_assay_p256_remove_table(struct assay_p256 *key)
{
    if (key->real != NULL) __real_assay_p256_remove_table(key->real);
}

bool __wrap_assay_p256_verify(const struct assay_p256 *key, const uint8_t *digest,
                              const uint8_t *signature, enum assay_s_rule rule)
{
    ASSAY_ASSERT(key != NULL);
    if (key->real != NULL) return __real_assay_p256_verify(key->real, digest, signature, rule);
    uint8_t expected[ASSAY_P256_SIGNATURE_LEN];
    assay_model_sign(key->private_key, digest, expected); /* which makes low s only */
    return assay_bytes_equal(expected, signature, sizeof expected);
}

/* --- private keys */

/* What assay_random gives to a thread between begin and end. */
static _Thread_local struct {
    bool seeded;
    uint8_t input[32 + 8]; /* seed | number of the next 32 bytes */
} drawing;

void assay_model_random_begin(const uint8_t seed[static 32])
{
    ASSAY_ASSERT(!drawing.seeded);
    drawing.seeded = true;
    assay_bytes_copy(drawing.input, sizeof drawing.input, seed, 32);
    assay_bytes_zero(drawing.input + 32, 8);
}

void assay_model_random_end(void)
{
    ASSAY_ASSERT(drawing.seeded);
    drawing.seeded = false;
}

enum assay_status __wrap_assay_random(void *out, size_t len)
{
    uint8_t *at = out;
    if (!drawing.seeded) {
        assay_bytes_zero(out, len);
        return ASSAY_E_CRYPTO;
    }
    while (len > 0) {
        uint8_t block[32];
        const size_t take = len < sizeof block ? len : sizeof block;
        assay_sha256(drawing.input, sizeof drawing.input, block);
        for (size_t i = 32; i < sizeof drawing.input && ++drawing.input[i] == 0; i++)
            continue;
        assay_bytes_copy(at, take, block, take);
        at += take;
        len -= take;
    }
    return ASSAY_OK;
}

enum assay_status __wrap_assay_p256_generate(struct assay_secret32 *private_key,
                                             uint8_t *public_key)
{
    enum assay_status status = __wrap_assay_random(private_key->bytes, sizeof private_key->bytes);
    private_key->bytes[0] &= 0x7f; /* below the group's order; a real key */
    if (status == ASSAY_OK) status = __real_assay_p256_public(private_key, public_key);
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_secret_wipe(private_key, sizeof *private_key);
    assay_bytes_zero(public_key, ASSAY_P256_PUBLIC_LEN);
    return ASSAY_E_CRYPTO;
}

enum assay_status __wrap_assay_p256_public(const struct assay_secret32 *private_key,
                                           uint8_t *public_key)
{
    if (!assay_model_marked(private_key->bytes))
        return __real_assay_p256_public(private_key, public_key);
    assay_model_public(private_key->bytes, public_key);
    return ASSAY_OK;
}

enum assay_status __wrap_assay_p256_signer_load(const struct assay_secret32 *private_key,
                                                struct assay_p256_signer **signer)
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    ASSAY_TRY(__wrap_assay_p256_public(private_key, public_key)); /* refuses what is no key */
    struct assay_p256_signer *loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL) return ASSAY_E_CRYPTO;
    loaded->modelled = assay_model_marked(private_key->bytes);
    loaded->private_key = *private_key;
    *signer = loaded;
    return ASSAY_OK;
}

void __wrap_assay_p256_signer_free(struct assay_p256_signer **signer)
{
    if (*signer == NULL) return;
    assay_secret_wipe(*signer, sizeof **signer);
    free(*signer);
    *signer = NULL;
}

enum assay_status __wrap_assay_p256_sign(const struct assay_p256_signer *signer,
                                         const uint8_t *digest, uint8_t *signature)
{
    ASSAY_ASSERT(signer != NULL);
    if (!signer->modelled)
        return assay_p256_sign_repeatable(&signer->private_key, digest, signature);
    assay_model_sign(signer->private_key.bytes, digest, signature);
    return ASSAY_OK;
}
