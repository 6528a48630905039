/*
 * tests/support/faults/fault_crypto.c - injected failures of cryptographic calls.
 *
 * Random numbers, signing and sealing fail when fault.h requests it. The names are the linker's:
 * programs that link this file wrap every function in it (--wrap).
 */
#include "base/crypto.h"
#include "base/seal.h"
#include "tests/support/faults/fault.h"

enum assay_status __real_assay_random(void *out, size_t len);
enum assay_status __wrap_assay_random(void *out, size_t len);
enum assay_status __real_assay_p256_generate(struct assay_secret32 *secret, uint8_t *public_key);
enum assay_status __wrap_assay_p256_generate(struct assay_secret32 *secret, uint8_t *public_key);
enum assay_status __real_assay_p256_public(const struct assay_secret32 *secret, uint8_t *out);
enum assay_status __wrap_assay_p256_public(const struct assay_secret32 *secret, uint8_t *out);
enum assay_status __real_assay_p256_signer_load(const struct assay_secret32 *secret,
                                                struct assay_p256_signer **out);
enum assay_status __wrap_assay_p256_signer_load(const struct assay_secret32 *secret,
                                                struct assay_p256_signer **out);
enum assay_status __real_assay_p256_sign(const struct assay_p256_signer *signer,
                                         const uint8_t *digest, uint8_t *signature);
enum assay_status __wrap_assay_p256_sign(const struct assay_p256_signer *signer,
                                         const uint8_t *digest, uint8_t *signature);
enum assay_status __real_assay_seal_hmac(enum assay_seal_hash hash, struct assay_slice key,
                                         struct assay_slice bytes, uint8_t *mac);
enum assay_status __wrap_assay_seal_hmac(enum assay_seal_hash hash, struct assay_slice key,
                                         struct assay_slice bytes, uint8_t *mac);
enum assay_status __real_assay_seal_cfb(struct assay_slice key, uint8_t *bytes, size_t len);
enum assay_status __wrap_assay_seal_cfb(struct assay_slice key, uint8_t *bytes, size_t len);

enum assay_status __wrap_assay_random(void *out, size_t len)
{
    return fault_now() ? ASSAY_E_CRYPTO : __real_assay_random(out, len);
}

enum assay_status __wrap_assay_p256_generate(struct assay_secret32 *secret, uint8_t *public_key)
{
    return fault_now() ? ASSAY_E_CRYPTO : __real_assay_p256_generate(secret, public_key);
}

enum assay_status __wrap_assay_p256_public(const struct assay_secret32 *secret, uint8_t *out)
{
    return fault_now() ? ASSAY_E_CRYPTO : __real_assay_p256_public(secret, out);
}

enum assay_status __wrap_assay_p256_signer_load(const struct assay_secret32 *secret,
                                                struct assay_p256_signer **out)
{
    return fault_now() ? ASSAY_E_CRYPTO : __real_assay_p256_signer_load(secret, out);
}

enum assay_status __wrap_assay_p256_sign(const struct assay_p256_signer *signer,
                                         const uint8_t *digest, uint8_t *signature)
{
    return fault_now() ? ASSAY_E_CRYPTO : __real_assay_p256_sign(signer, digest, signature);
}

enum assay_status __wrap_assay_seal_hmac(enum assay_seal_hash hash, struct assay_slice key,
                                         struct assay_slice bytes, uint8_t *mac)
{
    return fault_now() ? ASSAY_E_CRYPTO : __real_assay_seal_hmac(hash, key, bytes, mac);
}

enum assay_status __wrap_assay_seal_cfb(struct assay_slice key, uint8_t *bytes, size_t len)
{
    return fault_now() ? ASSAY_E_CRYPTO : __real_assay_seal_cfb(key, bytes, len);
}
