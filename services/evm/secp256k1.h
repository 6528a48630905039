/*
 * services/evm/secp256k1.h - signatures of EVM chains: recoverable ECDSA over secp256k1
 * (docs/services.md 8).
 *
 * Implemented by secp256k1.c alone, over libsecp256k1. A private key is 32 bytes big-endian, an
 * account the last 20 bytes of the Keccak-256 of its public key. Nonces are derived from key and
 * digest (RFC 6979), so nothing is drawn. Aborts when memory runs out.
 */
#ifndef ASSAY_SERVICES_EVM_SECP256K1_H
#define ASSAY_SERVICES_EVM_SECP256K1_H

#include "base/bytes.h"
#include "base/secret.h"

enum { ASSAY_EVM_ADDRESS_LEN = 20 };

struct assay_evm_signature {
    uint8_t r[32], s[32]; /* s <= n/2 */
    bool odd;             /* parity of y of the point of r, needed for recovery */
};

/* The account of a key. Returns: ASSAY_OK | ASSAY_E_KEY (0 or >= n) */
ASSAY_CHECKED enum assay_status assay_evm_address(const struct assay_secret32 *key,
                                                  uint8_t address[static ASSAY_EVM_ADDRESS_LEN]);
/* Returns: ASSAY_OK | ASSAY_E_KEY */
ASSAY_CHECKED enum assay_status assay_evm_sign(const struct assay_secret32 *key,
                                               const uint8_t digest[static 32],
                                               struct assay_evm_signature *signature);
/* Recovers the signer of a digest. Returns: ASSAY_OK | ASSAY_E_SIGNATURE (there is none, or s is
 * high) */
ASSAY_CHECKED enum assay_status assay_evm_recover(const uint8_t digest[static 32],
                                                  const struct assay_evm_signature *signature,
                                                  uint8_t address[static ASSAY_EVM_ADDRESS_LEN]);

#endif
