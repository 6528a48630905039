/*
 * services/evm/secp256k1.c - adapter of libsecp256k1 (docs/services.md 8).
 */
#include "services/evm/secp256k1.h"

#include "services/evm/keccak.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

enum { POINT_LEN = 65 };

static void account_of(const secp256k1_pubkey *point, uint8_t address[static ASSAY_EVM_ADDRESS_LEN])
{
    uint8_t bytes[POINT_LEN], digest[32];
    size_t len = sizeof bytes;
    secp256k1_ec_pubkey_serialize(secp256k1_context_static, bytes, &len, point,
                                  SECP256K1_EC_UNCOMPRESSED);
    ASSAY_ASSERT(len == POINT_LEN);
    assay_keccak256(bytes + 1, POINT_LEN - 1, digest); /* without the format byte */
    assay_bytes_copy(address, ASSAY_EVM_ADDRESS_LEN, digest + 12, ASSAY_EVM_ADDRESS_LEN);
}

/* Blinded by the key itself: against side channels, and without randomness. */
static secp256k1_context *signing(const struct assay_secret32 *key)
{
    struct assay_secret32 seed;
    secp256k1_context *const context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    ASSAY_ASSERT(context != NULL);
    assay_keccak256(key->bytes, sizeof key->bytes, seed.bytes);
    const int blinded = secp256k1_context_randomize(context, seed.bytes);
    assay_secret_wipe(&seed, sizeof seed);
    ASSAY_ASSERT(blinded == 1);
    return context;
}

enum assay_status assay_evm_address(const struct assay_secret32 *key,
                                    uint8_t address[static ASSAY_EVM_ADDRESS_LEN])
{
    secp256k1_pubkey point;
    secp256k1_context *const context = signing(key);
    const int good = secp256k1_ec_pubkey_create(context, &point, key->bytes);
    if (good == 1) account_of(&point, address);
    secp256k1_context_destroy(context);
    return good == 1 ? ASSAY_OK : ASSAY_E_KEY;
}

enum assay_status assay_evm_sign(const struct assay_secret32 *key, const uint8_t digest[static 32],
                                 struct assay_evm_signature *signature)
{
    secp256k1_ecdsa_recoverable_signature made;
    uint8_t bytes[64];
    int id = 0;
    secp256k1_context *const context = signing(key);
    const int good = secp256k1_ecdsa_sign_recoverable(context, &made, digest, key->bytes,
                                                      secp256k1_nonce_function_rfc6979, NULL);
    secp256k1_context_destroy(context);
    if (good != 1) return ASSAY_E_KEY;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(secp256k1_context_static, bytes, &id,
                                                            &made);
    ASSAY_ASSERT(id == 0 || id == 1); /* 2 and 3 are as unlikely as a collision of SHA-256 */
    assay_bytes_copy(signature->r, 32, bytes, 32);
    assay_bytes_copy(signature->s, 32, bytes + 32, 32);
    signature->odd = id == 1;
    return ASSAY_OK;
}

enum assay_status assay_evm_recover(const uint8_t digest[static 32],
                                    const struct assay_evm_signature *signature,
                                    uint8_t address[static ASSAY_EVM_ADDRESS_LEN])
{
    secp256k1_ecdsa_recoverable_signature read;
    secp256k1_ecdsa_signature plain;
    secp256k1_pubkey point;
    uint8_t bytes[64];
    assay_bytes_copy(bytes, 32, signature->r, 32);
    assay_bytes_copy(bytes + 32, 32, signature->s, 32);
    const secp256k1_context *const context = secp256k1_context_static;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(context, &read, bytes,
                                                            signature->odd ? 1 : 0) != 1)
        return ASSAY_E_SIGNATURE;
    secp256k1_ecdsa_recoverable_signature_convert(context, &plain, &read);
    if (secp256k1_ecdsa_signature_normalize(context, NULL, &plain) == 1) return ASSAY_E_SIGNATURE;
    if (secp256k1_ecdsa_recover(context, &point, &read, digest) != 1) return ASSAY_E_SIGNATURE;
    account_of(&point, address);
    return ASSAY_OK;
}
