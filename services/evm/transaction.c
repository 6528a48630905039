/*
 * services/evm/transaction.c - encoder and signer of EIP-1559 transactions (docs/services.md 8).
 */
#include "services/evm/transaction.h"

#include "services/evm/keccak.h"
#include "services/evm/rlp.h"

enum { TYPE = 2 };

/* 0x02 | rlp([chain, nonce, tip, fee, gas, to, value, data, access list, odd, r, s]), or without
 * the last three: the signed bytes. */
static void encode_fields(struct assay_writer *w, const struct assay_evm_transaction *t,
                          const struct assay_evm_signature *signature)
{
    ASSAY_ASSERT(t->data.bytes != NULL || t->data.len == 0);
    assay_writer_u8(w, TYPE);
    const size_t list = assay_rlp_begin(w);
    assay_rlp_put_uint(w, t->chain_id);
    assay_rlp_put_uint(w, t->nonce);
    assay_rlp_put_uint(w, t->tip_wei);
    assay_rlp_put_uint(w, t->fee_wei);
    assay_rlp_put_uint(w, t->gas);
    assay_rlp_put_bytes(w, t->to, t->creates ? 0 : sizeof t->to);
    assay_rlp_put_number(w, t->value, sizeof t->value);
    assay_rlp_put_bytes(w, t->data.bytes, t->data.len);
    assay_rlp_end(w, assay_rlp_begin(w)); /* no access list */
    if (signature != NULL) {
        assay_rlp_put_uint(w, signature->odd ? 1 : 0);
        assay_rlp_put_number(w, signature->r, 32);
        assay_rlp_put_number(w, signature->s, 32);
    }
    assay_rlp_end(w, list);
}

enum assay_status assay_evm_transaction_sign(const struct assay_evm_transaction *transaction,
                                             const struct assay_secret32 *key, uint8_t *bytes,
                                             size_t capacity, struct assay_slice *raw,
                                             uint8_t hash[static 32])
{
    struct assay_evm_signature signature;
    uint8_t digest[32];
    struct assay_writer w = assay_writer_over(bytes, capacity);
    encode_fields(&w, transaction, NULL);
    if (w.full) return ASSAY_E_FULL;
    assay_keccak256(bytes, w.len, digest);
    ASSAY_TRY(assay_evm_sign(key, digest, &signature));
    w = assay_writer_over(bytes, capacity);
    encode_fields(&w, transaction, &signature);
    ASSAY_TRY(assay_writer_finish(&w, raw));
    ASSAY_ASSERT(raw->len > 0 && raw->len <= capacity);
    assay_keccak256(raw->bytes, raw->len, hash);
    return ASSAY_OK;
}

void assay_evm_created(const uint8_t account[static ASSAY_EVM_ADDRESS_LEN], uint64_t nonce,
                       uint8_t address[static ASSAY_EVM_ADDRESS_LEN])
{
    uint8_t bytes[48], digest[32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const size_t list = assay_rlp_begin(&w);
    assay_rlp_put_bytes(&w, account, ASSAY_EVM_ADDRESS_LEN);
    assay_rlp_put_uint(&w, nonce);
    assay_rlp_end(&w, list);
    ASSAY_ASSERT(!w.full);
    assay_keccak256(bytes, w.len, digest);
    assay_bytes_copy(address, ASSAY_EVM_ADDRESS_LEN, digest + 12, ASSAY_EVM_ADDRESS_LEN);
}
