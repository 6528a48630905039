/*
 * services/evm/keccak.h - Keccak-256, the hash of EVM chains (docs/services.md 8).
 *
 * SHA3-256 before NIST changed its padding. Implemented by keccak.c alone, over nettle's
 * permutation.
 */
#ifndef ASSAY_SERVICES_EVM_KECCAK_H
#define ASSAY_SERVICES_EVM_KECCAK_H

#include "base/bytes.h"

/* Cannot fail. */
void assay_keccak256(const void *bytes, size_t len, uint8_t digest[static 32]);

#endif
