/*
 * net/evm/contract.h - verification of deployed contract code against contracts/ (docs/services.md
 * 8.1).
 *
 * The tables are made of contracts/contract.json when Assay is built (contract.cmake).
 */
#ifndef ASSAY_NET_EVM_CONTRACT_H
#define ASSAY_NET_EVM_CONTRACT_H

#include "base/writer.h"
#include "net/evm/rpc.h"

/* What a constructor was given stands in the code, once or more often. */
struct assay_evm_immutable {
    const uint16_t *at; /* [count] offsets of its 32 bytes */
    size_t count;
};

struct assay_evm_contract {
    struct assay_slice creation;                 /* before the constructor's arguments */
    struct assay_slice runtime;                  /* with zeros where immutables stand */
    const struct assay_evm_immutable *immutable; /* in the order of their declaration */
    size_t immutable_count;
};

extern const struct assay_evm_contract assay_evm_contract_anchor; /* immutable: chain, era */
extern const struct assay_evm_contract assay_evm_contract_tasks;  /* immutable: the anchor */

/*
 * assay_eth_contract_read - is this the code of that contract, and what was it made with?
 * Out:     words[immutable_count][32]
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no code) | ASSAY_E_INVALID (other code)
 */
ASSAY_CHECKED enum assay_status assay_eth_contract_read(const struct assay_evm_contract *contract,
                                                        struct assay_slice code,
                                                        uint8_t (*words)[32]);
/* The same of what stands on a chain. Returns: the same | statuses of the request */
ASSAY_CHECKED enum assay_status assay_eth_contract_verify(
    struct assay_evm_rpc *rpc, const struct assay_evm_contract *contract,
    const uint8_t address[static ASSAY_EVM_ADDRESS_LEN], uint8_t (*words)[32]);
/* Has the chain ECDSA over P-256 at 0x100 (EIP-7951)? Called with a valid and an invalid signature.
 * Without it no contract here can verify a signature. Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED |
 * statuses of the request */
ASSAY_CHECKED enum assay_status assay_eth_p256_check(struct assay_evm_rpc *rpc);

#endif
