/*
 * net/evm/contract.c - verification of deployed contract code (docs/services.md 8.1).
 */
#include "net/evm/contract.h"

#include <stdlib.h>

enum { WORD = 32 };

static bool differs_here(const struct assay_evm_contract *contract, const uint8_t *code,
                         size_t from, size_t to)
{
    ASSAY_ASSERT(from <= to && to <= contract->runtime.len);
    return !assay_bytes_equal(code + from, contract->runtime.bytes + from, to - from);
}

/* Where the next word stands at or after an offset. Returns: its index, immutable_count: none. */
static size_t next_word(const struct assay_evm_contract *contract, size_t from, size_t *at)
{
    ASSAY_ASSERT(from <= contract->runtime.len);
    size_t found = contract->immutable_count;
    *at = contract->runtime.len;
    for (size_t i = 0; i < contract->immutable_count; i++)
        for (size_t j = 0; j < contract->immutable[i].count; j++) {
            const size_t place = contract->immutable[i].at[j];
            if (place < from || place >= *at) continue;
            *at = place;
            found = i;
        }
    return found;
}

enum assay_status assay_eth_contract_read(const struct assay_evm_contract *contract,
                                          struct assay_slice code, uint8_t (*words)[32])
{
    if (code.len == 0) return ASSAY_E_NOT_FOUND;
    if (code.len != contract->runtime.len) return ASSAY_E_INVALID;
    for (size_t i = 0; i < contract->immutable_count; i++)
        assay_bytes_copy(words[i], WORD, code.bytes + contract->immutable[i].at[0], WORD);
    for (size_t from = 0, at = 0; from < code.len; from = at + WORD) {
        const size_t word = next_word(contract, from, &at);
        ASSAY_ASSERT(at >= from && at <= code.len);
        if (differs_here(contract, code.bytes, from, at)) return ASSAY_E_INVALID;
        if (word == contract->immutable_count) break;
        if (!assay_bytes_equal(code.bytes + at, words[word], WORD)) return ASSAY_E_INVALID;
    }
    return ASSAY_OK;
}

enum assay_status assay_eth_contract_verify(struct assay_evm_rpc *rpc,
                                            const struct assay_evm_contract *contract,
                                            const uint8_t address[static ASSAY_EVM_ADDRESS_LEN],
                                            uint8_t (*words)[32])
{
    ASSAY_ASSERT(contract->runtime.len > 0 && contract->runtime.len <= ASSAY_EVM_DATA_LEN_MAX);
    size_t len = 0;
    uint8_t *const code = malloc(ASSAY_EVM_DATA_LEN_MAX);
    if (code == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = assay_eth_get_code(rpc, address, code, ASSAY_EVM_DATA_LEN_MAX, &len);
    if (status == ASSAY_OK)
        status = assay_eth_contract_read(contract, assay_slice_over(code, len), words);
    free(code);
    return status;
}

/* RFC 6979 A.2.5, P-256 with SHA-256, message "sample": digest, r, s, x, y. */
static const char sample[] = "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"
                             "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                             "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
                             "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                             "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

enum assay_status assay_eth_p256_check(struct assay_evm_rpc *rpc)
{
    static const uint8_t precompile[ASSAY_EVM_ADDRESS_LEN] = { [18] = 1 };
    uint8_t question[5 * WORD], answer[WORD];
    size_t len = 0;
    const struct assay_evm_call call = { .to = precompile,
                                         .data = assay_slice_over(question, sizeof question) };
    ASSAY_TRY(assay_hex_decode(sample, sizeof sample - 1, question, sizeof question));
    ASSAY_TRY(assay_eth_get_call(rpc, &call, answer, sizeof answer, &len));
    if (len != WORD || !assay_bytes_all_zero(answer, WORD - 1) || answer[WORD - 1] != 1)
        return ASSAY_E_UNSUPPORTED;
    question[0] ^= 1;
    ASSAY_TRY(assay_eth_get_call(rpc, &call, answer, sizeof answer, &len));
    return len == 0 ? ASSAY_OK : ASSAY_E_UNSUPPORTED;
}
