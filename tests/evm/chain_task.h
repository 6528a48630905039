/*
 * tests/evm/chain_task.h - a task on a chain, for scenarios.
 */
#ifndef ASSAY_TESTS_EVM_CHAIN_TASK_H
#define ASSAY_TESTS_EVM_CHAIN_TASK_H

#include "services/tasks/receipt.h"
#include "tests/evm/bench.h"
#include "tests/support/services/task_kit.h"

struct task {
    struct network net;
    struct closed closed;
    struct kit_key enclave;
    struct assay_secret32 other_key, executor_key;
    uint8_t executor[ASSAY_EVM_ADDRESS_LEN];
    struct assay_evm_terms terms;
    uint8_t name[32];
    struct assay_evm_claim claim;
};

/* The network of 7, its anchor and the contract of tasks. */
void task_network(struct bench *bench, struct task *task);
/* Terms of 26 steps at 1000 wei. */
void task_make(struct bench *bench, struct task *task);
void task_open_order(struct bench *bench, struct task *task, uint32_t slot,
                     struct assay_evm_order *order);
/* Returns: the receipt of a step; the claim has its opening. */
struct assay_task_receipt task_receipt(struct task *task, uint32_t step);
/* Receipt and voucher into the claim. */
void task_sign(struct bench *bench, struct task *task, const struct assay_task_receipt *receipt);
void task_claim_order(struct bench *bench, struct task *task, struct assay_evm_order *order);
void scenario_task_on_old_fork(struct bench *bench);

#endif
