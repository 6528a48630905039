/* tests/support/services/task_kit.c - see the header. */
#include "tests/support/services/task_kit.h"

void kit_key_make(struct kit_key *key, uint32_t number)
{
    struct assay_writer w = assay_writer_over(key->secret.bytes + 28, 4);
    assay_bytes_zero(key->secret.bytes, 32);
    assay_writer_u32be(&w, number);
    ASSAY_ASSERT(number > 0);
    ASSAY_ASSERT(assay_p256_public(&key->secret, key->key) == ASSAY_OK);
    assay_task_account(key->key, key->account);
}

void kit_sign(const struct kit_key *key, const uint8_t digest[static 32],
              uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256_signer *signer = NULL;
    ASSAY_ASSERT(assay_p256_signer_load(&key->secret, &signer) == ASSAY_OK);
    ASSAY_ASSERT(assay_p256_sign(signer, digest, signature) == ASSAY_OK);
    assay_p256_signer_free(&signer);
}

void kit_bytes(uint8_t tag, uint32_t number, uint8_t bytes[static 32])
{
    uint8_t seed[5] = { tag };
    struct assay_writer w = assay_writer_over(seed + 1, 4);
    assay_writer_u32be(&w, number);
    assay_sha256(seed, sizeof seed, bytes);
}

void kit_sign_transfer(const uint8_t chain_id[static 32], const struct kit_key *key,
                       struct assay_task_transfer *record)
{
    uint8_t digest[32];
    assay_bytes_copy(record->key, sizeof record->key, key->key, sizeof key->key);
    assay_task_transfer_statement(chain_id, record, digest);
    kit_sign(key, digest, record->signature);
}

void kit_sign_open(const uint8_t chain_id[static 32], const struct kit_key *key,
                   struct assay_task_open *record)
{
    uint8_t digest[32];
    assay_bytes_copy(record->key, sizeof record->key, key->key, sizeof key->key);
    assay_task_open_statement(chain_id, record, digest);
    kit_sign(key, digest, record->signature);
}

void kit_sign_close(const uint8_t chain_id[static 32], const struct kit_key *key,
                    struct assay_task_close *record)
{
    uint8_t digest[32];
    assay_bytes_copy(record->key, sizeof record->key, key->key, sizeof key->key);
    assay_task_close_statement(chain_id, record, digest);
    kit_sign(key, digest, record->signature);
}

void kit_sign_release(const uint8_t chain_id[static 32], const struct kit_key *key,
                      struct assay_task_release *record)
{
    uint8_t digest[32];
    record->is_signed = true;
    assay_bytes_copy(record->key, sizeof record->key, key->key, sizeof key->key);
    assay_task_release_statement(chain_id, record, digest);
    kit_sign(key, digest, record->signature);
}

void kit_sign_claim(const uint8_t chain_id[static 32], const struct kit_key *account,
                    const struct kit_key *task_key, struct assay_task_claim *claim)
{
    uint8_t digest[32];
    assay_bytes_copy(claim->task_key, sizeof claim->task_key, task_key->key, sizeof task_key->key);
    assay_bytes_copy(claim->requestor, sizeof claim->requestor, account->key, sizeof account->key);
    assay_task_receipt_digest(&claim->receipt, digest);
    kit_sign(task_key, digest, claim->receipt_signature);
    assay_task_voucher_statement(chain_id, &claim->voucher, digest);
    kit_sign(account, digest, claim->voucher.signature);
}

void kit_claim(const uint8_t chain_id[static 32], const struct kit_key *account,
               const struct kit_key *task_key, const uint8_t task[static 32],
               const uint8_t input[static 32], uint32_t step, uint64_t epoch,
               struct assay_task_claim *claim)
{
    *claim = (struct assay_task_claim){
        .receipt = { .step = step, .epoch = epoch },
        .voucher = { .step = step },
    };
    assay_bytes_copy(claim->receipt.task, 32, task, 32);
    assay_bytes_copy(claim->voucher.task, 32, task, 32);
    assay_bytes_copy(claim->receipt.input, 32, input, 32);
    kit_bytes('K', step, claim->opening);
    assay_sha256(claim->opening, 32, claim->receipt.lock);
    assay_bytes_copy(claim->voucher.lock, 32, claim->receipt.lock, 32);
    kit_bytes('S', step, claim->receipt.state);
    kit_bytes('C', step, claim->receipt.ciphertext);
    if (step > 1) kit_bytes('P', step, claim->receipt.previous);
    kit_sign_claim(chain_id, account, task_key, claim);
}
