/*
 * tests/support/services/task_kit.h - keys by number, and signed records of tasks made with them.
 * Works with whichever implementation of base/crypto.h the program links.
 */
#ifndef ASSAY_TESTS_SUPPORT_TASK_KIT_H
#define ASSAY_TESTS_SUPPORT_TASK_KIT_H

#include "services/tasks/ledger.h"

struct kit_key {
    struct assay_secret32 secret;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t account[32];
};

/* Number from 1; the same number gives the same key. */
void kit_key_make(struct kit_key *key, uint32_t number);
/* It cannot fail (asserted). */
void kit_sign(const struct kit_key *key, const uint8_t digest[static 32],
              uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
/* 32 bytes that are other for every tag and number. */
void kit_bytes(uint8_t tag, uint32_t number, uint8_t bytes[static 32]);

/* Records with their signatures, over the fields that the caller has set. Each Returns: nothing. */
void kit_sign_transfer(const uint8_t chain_id[static 32], const struct kit_key *key,
                       struct assay_task_transfer *record);
void kit_sign_open(const uint8_t chain_id[static 32], const struct kit_key *key,
                   struct assay_task_open *record);
void kit_sign_close(const uint8_t chain_id[static 32], const struct kit_key *key,
                    struct assay_task_close *record);
void kit_sign_release(const uint8_t chain_id[static 32], const struct kit_key *key,
                      struct assay_task_release *record);
/* Receipt of step `step` and, by account, its voucher; previous is zero bytes for step 1. The key
 * of the lock is kit_bytes('K', step). */
void kit_claim(const uint8_t chain_id[static 32], const struct kit_key *account,
               const struct kit_key *task_key, const uint8_t task[static 32],
               const uint8_t input[static 32], uint32_t step, uint64_t epoch,
               struct assay_task_claim *claim);
/* Signs receipt and voucher of the claim with their current fields. */
void kit_sign_claim(const uint8_t chain_id[static 32], const struct kit_key *account,
                    const struct kit_key *task_key, struct assay_task_claim *claim);

#endif
