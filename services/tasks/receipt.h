/*
 * services/tasks/receipt.h - signed receipts of an enclave for single steps, and chains of them,
 * verified offline (docs/services.md 6.5).
 *
 * A receipt is 204 bytes, big-endian, in the order of the struct. The task key signs only SHA-256
 * digests of receipts, so the bytes need no type; the task's name binds them to their chain.
 */
#ifndef ASSAY_SERVICES_TASKS_RECEIPT_H
#define ASSAY_SERVICES_TASKS_RECEIPT_H

#include "services/tasks/task.h"

enum {
    ASSAY_TASK_RECEIPT_LEN = 204,
    ASSAY_TASK_RECEIPT_SIGNED_LEN = ASSAY_TASK_RECEIPT_LEN + ASSAY_P256_SIGNATURE_LEN,
    ASSAY_TASK_CHAIN_MAX = 512, /* encoded state of a chain */
};

struct assay_task_receipt {
    uint8_t task[32];
    uint32_t step;          /* from 1 */
    uint8_t lock[32];       /* SHA-256 of the key that encrypts the ciphertext */
    uint8_t input[32];      /* as in the terms */
    uint8_t state[32];      /* assay_task_blob_digest of the state after this step */
    uint8_t ciphertext[32]; /* SHA-256 */
    uint64_t epoch;         /* of the step */
    uint8_t previous[32];   /* digest of the previous receipt; zeros in that of step 1 */
};

/* 204 bytes. */
void assay_task_receipt_encode(struct assay_writer *w, const struct assay_task_receipt *receipt);
/* Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_RANGE (no such step) | ASSAY_E_INVALID (a first
 * step with a predecessor, a later one without) */
ASSAY_CHECKED enum assay_status assay_task_receipt_decode(struct assay_cursor *in,
                                                          struct assay_task_receipt *receipt);
/* SHA-256 of the bytes: signed by the task key, and contained in the next receipt. */
void assay_task_receipt_digest(const struct assay_task_receipt *receipt, uint8_t digest[static 32]);

/* The state of a verified chain, which the next receipt must continue. */
struct assay_task_chain {
    uint8_t task[32];
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* the task key */
    uint8_t input[32];
    uint32_t step; /* of the last receipt; 0: none */
    uint64_t epoch;
    uint8_t head[32];  /* digest of the last receipt */
    uint8_t state[32]; /* after it */
};

/* Starts an empty chain. */
void assay_task_chain_init(struct assay_task_chain *chain, const uint8_t task[static 32],
                           const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                           const uint8_t input[static 32]);
/*
 * assay_task_chain_add - verifies and adds the receipt of the next step.
 * Out:     *chain, changed only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_STALE, ASSAY_E_EARLY (a step before or behind the next) |
 *          ASSAY_E_INVALID (another task, input or predecessor, a decreasing epoch) |
 *          ASSAY_E_SIGNATURE
 */
ASSAY_CHECKED enum assay_status assay_task_chain_add(
    struct assay_task_chain *chain, const struct assay_task_receipt *receipt,
    const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
/*
 * assay_task_chain_verify - verifies a file of receipts: each 204 bytes and 64 of its signature.
 * Out:     *chain: the valid part, even on failure
 * Returns: ASSAY_OK | as assay_task_receipt_decode and assay_task_chain_add
 */
ASSAY_CHECKED enum assay_status assay_task_chain_verify(struct assay_slice receipts,
                                                        struct assay_task_chain *chain);
/* Canonical CBOR, stored by the requestor with its outputs to resume after a crash.
 * Returns: ASSAY_OK and *out, borrowed from bytes | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_task_chain_encode(const struct assay_task_chain *chain,
                                                        uint8_t *bytes, size_t capacity,
                                                        struct assay_slice *out);
/* Out: *chain, written only on ASSAY_OK. Returns: ASSAY_OK | what base/cbor.h says |
 * ASSAY_E_TRAILING | ASSAY_E_INVALID (a head without a step, or a step without one) */
ASSAY_CHECKED enum assay_status assay_task_chain_decode(struct assay_slice bytes,
                                                        struct assay_task_chain *chain);

#endif
