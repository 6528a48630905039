/*
 * services/tasks/receipt.h - an enclave's word on one step, and chains of them, which anybody can
 * check without a network (docs/services.md 6.5).
 *
 * A receipt is 204 bytes, big-endian, in the order of the struct. The task key signs SHA-256 of
 * them and signs nothing else, so the bytes need no type; which chain they belong to follows from
 * the task's name.
 */
#ifndef ASSAY_SERVICES_TASKS_RECEIPT_H
#define ASSAY_SERVICES_TASKS_RECEIPT_H

#include "services/tasks/task.h"

enum {
    ASSAY_TASK_RECEIPT_LEN = 204,
    ASSAY_TASK_RECEIPT_SIGNED_LEN = ASSAY_TASK_RECEIPT_LEN + ASSAY_P256_SIGNATURE_LEN,
    ASSAY_TASK_CHAIN_MAX = 512, /* bytes of a chain's end, as it is kept */
};

struct assay_task_receipt {
    uint8_t task[32];
    uint32_t step;          /* from 1 */
    uint8_t lock[32];       /* SHA-256 of the key under which the ciphertext lies */
    uint8_t input[32];      /* as the terms name it */
    uint8_t state[32];      /* assay_task_blob_digest of the state after this step */
    uint8_t ciphertext[32]; /* SHA-256 */
    uint64_t epoch;         /* in which the step was made */
    uint8_t previous[32];   /* digest of the receipt before; zeros in that of step 1 */
};

/* 204 bytes. Returns: nothing. */
void assay_task_receipt_put(struct assay_writer *w, const struct assay_task_receipt *receipt);
/* Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_RANGE (no such step) | ASSAY_E_INVALID (a first
 * step behind another, a later one behind none) */
ASSAY_CHECKED enum assay_status assay_task_receipt_take(struct assay_cursor *in,
                                                        struct assay_task_receipt *receipt);
/* SHA-256 of the bytes: what the task key signs, and what the next receipt names. Returns: nothing.
 */
void assay_task_receipt_digest(const struct assay_task_receipt *receipt, uint8_t digest[static 32]);

/* The end of a chain that was verified: what the next receipt has to continue. */
struct assay_task_chain {
    uint8_t task[32];
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* the task key */
    uint8_t input[32];
    uint32_t step; /* of the last receipt; 0: there is none yet */
    uint64_t epoch;
    uint8_t head[32];  /* digest of the last receipt */
    uint8_t state[32]; /* after it */
};

/* Returns: nothing. */
void assay_task_chain_init(struct assay_task_chain *chain, const uint8_t task[static 32],
                           const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                           const uint8_t input[static 32]);
/*
 * assay_task_chain_add - is this the receipt of the next step?
 * Out:     *chain, changed only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_STALE, ASSAY_E_EARLY (a step before or behind the next) |
 *          ASSAY_E_INVALID (another task, input or receipt before, an epoch that goes back) |
 *          ASSAY_E_SIGNATURE
 */
ASSAY_CHECKED enum assay_status assay_task_chain_add(
    struct assay_task_chain *chain, const struct assay_task_receipt *receipt,
    const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
/*
 * assay_task_chain_verify - a whole file of receipts: each 204 bytes and 64 of its signature.
 * Out:     *chain: how far it holds, also when it does not to the end
 * Returns: ASSAY_OK | what assay_task_receipt_take and assay_task_chain_add say
 */
ASSAY_CHECKED enum assay_status assay_task_chain_verify(struct assay_slice receipts,
                                                        struct assay_task_chain *chain);
/* For whoever comes back after a crash: canonical CBOR, kept by the requestor beside its outputs.
 * Returns: ASSAY_OK and *out, borrowed from bytes | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_task_chain_encode(const struct assay_task_chain *chain,
                                                        uint8_t *bytes, size_t capacity,
                                                        struct assay_slice *out);
/* Out: *chain, written only on ASSAY_OK. Returns: ASSAY_OK | what base/cbor.h says |
 * ASSAY_E_TRAILING | ASSAY_E_INVALID (a head without a step, or a step without one) */
ASSAY_CHECKED enum assay_status assay_task_chain_decode(struct assay_slice bytes,
                                                        struct assay_task_chain *chain);

#endif
