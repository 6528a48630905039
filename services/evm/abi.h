/*
 * services/evm/abi.h - encoder of contract arguments: words of 32 bytes, big-endian, followed by
 * the data of variable length (Solidity's contract ABI specification).
 */
#ifndef ASSAY_SERVICES_EVM_ABI_H
#define ASSAY_SERVICES_EVM_ABI_H

#include "base/writer.h"
#include "services/evm/secp256k1.h"

enum { ASSAY_ABI_WORD_LEN = 32, ASSAY_ABI_SELECTOR_LEN = 4 };

/* The first bytes of a call, by the function's name and types: "close(uint256)". */
void assay_abi_selector(const char *signature, uint8_t selector[static ASSAY_ABI_SELECTOR_LEN]);
/* Sets full when there is no room. */
void assay_abi_put_selector(struct assay_writer *w, const char *signature);
void assay_abi_put_word(struct assay_writer *w, const uint8_t word[static ASSAY_ABI_WORD_LEN]);
void assay_abi_put_uint(struct assay_writer *w, uint64_t value);
void assay_abi_put_address(struct assay_writer *w,
                           const uint8_t address[static ASSAY_EVM_ADDRESS_LEN]);
/* Length and bytes, padded to full words. */
void assay_abi_put_tail(struct assay_writer *w, struct assay_slice bytes);
void assay_abi_put_words(struct assay_writer *w, const uint8_t (*words)[32], size_t count);
/* Returns: the length of either. */
size_t assay_abi_tail_len(size_t len);
size_t assay_abi_words_len(size_t count);

#endif
