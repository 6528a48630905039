/*
 * engine/ledger/state/genesis_signing.h - bytes that a founding operator signs, for signers that
 * hash them themselves.
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_GENESIS_SIGNING_H
#define ASSAY_ENGINE_LEDGER_STATE_GENESIS_SIGNING_H

#include "base/bytes.h"

enum { ASSAY_GENESIS_SIGNING_LEN_MAX = 96 };

/* ["assay/genesis-signature/v1", chain_id]; its SHA-256 is assay_genesis_signing_digest. Returns:
 * the bytes, in memory. */
struct assay_slice assay_genesis_signing_body(
    const uint8_t chain_id[static 32], uint8_t memory[static ASSAY_GENESIS_SIGNING_LEN_MAX]);

#endif
