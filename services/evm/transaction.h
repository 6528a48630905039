/*
 * services/evm/transaction.h - signed transactions with a fee market (EIP-1559, type 2).
 */
#ifndef ASSAY_SERVICES_EVM_TRANSACTION_H
#define ASSAY_SERVICES_EVM_TRANSACTION_H

#include "base/writer.h"
#include "services/evm/secp256k1.h"

enum { ASSAY_EVM_TRANSACTION_OVERHEAD_MAX = 256 }; /* of one, without its data */

struct assay_evm_transaction {
    uint64_t chain_id, nonce;
    uint64_t tip_wei, fee_wei; /* per unit of gas: to the block producer, and the limit in total */
    uint64_t gas;
    bool creates; /* a contract, by its data; `to` is ignored then */
    uint8_t to[ASSAY_EVM_ADDRESS_LEN];
    uint8_t value[32]; /* wei, big-endian */
    struct assay_slice data;
};

/*
 * assay_evm_transaction_sign - encodes and signs a transaction for submission to a node.
 * Out:     *raw: borrowed from bytes; hash: Keccak-256 of them
 * Returns: ASSAY_OK | ASSAY_E_FULL (capacity below data and overhead may be) | ASSAY_E_KEY
 */
ASSAY_CHECKED enum assay_status assay_evm_transaction_sign(
    const struct assay_evm_transaction *transaction, const struct assay_secret32 *key,
    uint8_t *bytes, size_t capacity, struct assay_slice *raw, uint8_t hash[static 32]);
/* The address of the contract that an account creates by its transaction of that nonce. */
void assay_evm_created(const uint8_t account[static ASSAY_EVM_ADDRESS_LEN], uint64_t nonce,
                       uint8_t address[static ASSAY_EVM_ADDRESS_LEN]);

#endif
