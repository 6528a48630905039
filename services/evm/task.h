/*
 * services/evm/task.h - attested tasks paid on an EVM chain: their terms and names, vouchers, and
 * calls of the contract AssayTasks (contracts/AssayTasks.sol, docs/services.md 8.3). Receipts,
 * locks and openings are those of services/tasks/.
 */
#ifndef ASSAY_SERVICES_EVM_TASK_H
#define ASSAY_SERVICES_EVM_TASK_H

#include "services/evm/abi.h"

enum {
    ASSAY_EVM_PRICE_LEN = 14,
    ASSAY_EVM_STEPS_MAX = 65535,
    ASSAY_EVM_STANDING_MAX = 2,     /* 0 full, 1 warning, 2 restricted; 3, suspended, is never
                                     * allowed */
    ASSAY_EVM_TASK_CALL_MAX = 4096, /* bytes of any call here */
    ASSAY_EVM_SCORE_PATH_MAX = 32,
};

/* The contract that holds the deposit. */
struct assay_evm_place {
    uint64_t chain_id;
    uint8_t contract[ASSAY_EVM_ADDRESS_LEN];
};

struct assay_evm_terms {
    uint8_t requestor[ASSAY_EVM_ADDRESS_LEN], executor[ASSAY_EVM_ADDRESS_LEN];
    uint8_t node_id[32];                /* the member with the proven score */
    uint8_t job[32];                    /* assay_evm_job_digest */
    uint8_t input[32];                  /* assay_task_blob_digest of the input */
    uint8_t key[64];                    /* the enclave's task key, P-256 */
    uint8_t price[ASSAY_EVM_PRICE_LEN]; /* wei a step, big-endian */
    uint32_t steps;                     /* 1 .. ASSAY_EVM_STEPS_MAX */
    uint64_t deadline_s;                /* Unix; below 2^40 */
    uint8_t standing;                   /* lowest; at most ASSAY_EVM_STANDING_MAX */
    uint16_t score_bp;                  /* lowest */
    uint64_t nonce;                     /* chosen by the requestor, so that equal terms differ */
};

/* The part of the terms that the contract does not read: code, and the box key for outputs. */
void assay_evm_job_digest(const uint8_t code[static 32], const uint8_t box[static 32],
                          uint8_t digest[static 32]);
/* Returns: ASSAY_OK | ASSAY_E_RANGE (a number that the contract would reject or truncate) */
ASSAY_CHECKED enum assay_status assay_evm_terms_check(const struct assay_evm_terms *terms);
/* The task's name, which covers chain, contract and all terms: `task` of its receipts. In: terms
 * that were checked (asserted, as below). */
void assay_evm_task_name(const struct assay_evm_place *place, const struct assay_evm_terms *terms,
                         uint8_t task[static 32]);
/* price x steps; always fits. */
void assay_evm_deposit(const struct assay_evm_terms *terms, uint8_t wei[static 32]);

/* The statement that the requestor's key signs to pay up to a step (EIP-712: Voucher of the domain
 * AssayTasks 1). */
void assay_evm_voucher_statement(const struct assay_evm_place *place, const uint8_t task[static 32],
                                 uint32_t step, const uint8_t lock[static 32],
                                 uint8_t digest[static 32]);
/* Returns: whether the account has signed it. */
bool assay_evm_voucher_check(const struct assay_evm_place *place, const uint8_t task[static 32],
                             uint32_t step, const uint8_t lock[static 32],
                             const struct assay_evm_signature *signature,
                             const uint8_t requestor[static ASSAY_EVM_ADDRESS_LEN]);

/* The parts of a receipt (services/tasks/receipt.h) that are not in the terms, and its payment. The
 * contract reassembles the receipt. */
struct assay_evm_claim {
    uint32_t step;
    uint64_t epoch;
    uint8_t opening[32];
    uint8_t state[32], ciphertext[32], previous[32];
    uint8_t receipt_signature[64]; /* of the task key */
    struct assay_evm_signature voucher;
};

/* Calls; set full when there is no room. */
void assay_evm_task_put_open(struct assay_writer *w, const struct assay_evm_terms *terms,
                             const uint8_t score[static 47], uint64_t sides,
                             const uint8_t (*path)[32], size_t path_len);
void assay_evm_task_put_claim(struct assay_writer *w, const struct assay_evm_terms *terms,
                              const struct assay_evm_claim *claim);
void assay_evm_task_put_close(struct assay_writer *w, const struct assay_evm_terms *terms);
/* Steps paid, plus one; 0: no such task. */
void assay_evm_task_put_paid(struct assay_writer *w, const uint8_t task[static 32]);

#endif
