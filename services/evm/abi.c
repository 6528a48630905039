/*
 * services/evm/abi.c - encoder of contract arguments (docs/services.md 8).
 */
#include "services/evm/abi.h"

#include "services/evm/keccak.h"

enum { WORD = ASSAY_ABI_WORD_LEN };

void assay_abi_selector(const char *signature, uint8_t selector[static ASSAY_ABI_SELECTOR_LEN])
{
    uint8_t digest[32];
    assay_keccak256(signature, strlen(signature), digest);
    assay_bytes_copy(selector, ASSAY_ABI_SELECTOR_LEN, digest, ASSAY_ABI_SELECTOR_LEN);
}

void assay_abi_put_selector(struct assay_writer *w, const char *signature)
{
    uint8_t selector[ASSAY_ABI_SELECTOR_LEN];
    assay_abi_selector(signature, selector);
    assay_writer_put(w, selector, sizeof selector);
}

void assay_abi_put_word(struct assay_writer *w, const uint8_t word[static WORD])
{
    assay_writer_put(w, word, WORD);
}

void assay_abi_put_uint(struct assay_writer *w, uint64_t value)
{
    assay_writer_zero(w, WORD - 8);
    assay_writer_u64be(w, value);
}

void assay_abi_put_address(struct assay_writer *w,
                           const uint8_t address[static ASSAY_EVM_ADDRESS_LEN])
{
    assay_writer_zero(w, WORD - ASSAY_EVM_ADDRESS_LEN);
    assay_writer_put(w, address, ASSAY_EVM_ADDRESS_LEN);
}

void assay_abi_put_tail(struct assay_writer *w, struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.bytes != NULL || bytes.len == 0);
    assay_abi_put_uint(w, bytes.len);
    if (bytes.len > 0) assay_writer_put(w, bytes.bytes, bytes.len);
    assay_writer_zero(w, assay_abi_tail_len(bytes.len) - WORD - bytes.len);
}

void assay_abi_put_words(struct assay_writer *w, const uint8_t (*words)[32], size_t count)
{
    ASSAY_ASSERT(words != NULL || count == 0);
    assay_abi_put_uint(w, count);
    for (size_t i = 0; i < count; i++)
        assay_abi_put_word(w, words[i]);
}

size_t assay_abi_tail_len(size_t len)
{
    ASSAY_ASSERT(len <= SIZE_MAX - 2 * WORD);
    return WORD + (len + WORD - 1) / WORD * WORD;
}

size_t assay_abi_words_len(size_t count)
{
    ASSAY_ASSERT(count < SIZE_MAX / WORD);
    return WORD + WORD * count;
}
