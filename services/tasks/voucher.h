/*
 * services/tasks/voucher.h - a requestor's promise to pay up to a step, for whoever shows the key
 * of its lock (docs/services.md 6.6).
 */
#ifndef ASSAY_SERVICES_TASKS_VOUCHER_H
#define ASSAY_SERVICES_TASKS_VOUCHER_H

#include "services/tasks/task.h"

struct assay_task_voucher {
    uint8_t task[32];
    uint32_t step; /* this one and all before it: a later voucher takes the place of earlier ones */
    uint8_t lock[32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN]; /* of the requestor's account key */
};

/* What the account key signs: canonical CBOR of type, chain, task, step and lock, hashed. Returns:
 * nothing. */
void assay_task_voucher_statement(const uint8_t chain_id[static 32],
                                  const struct assay_task_voucher *voucher,
                                  uint8_t digest[static 32]);
/* Returns: true when that key has signed it for that chain. */
bool assay_task_voucher_check(const uint8_t chain_id[static 32],
                              const struct assay_task_voucher *voucher,
                              const uint8_t key[static ASSAY_P256_PUBLIC_LEN]);

/* Where a task's money lies elsewhere than on the ledger: its name there, and its vouchers. */
struct assay_task_payer {
    uint8_t task[32];
    /* What the requestor signs. Returns: nothing. */
    void (*statement)(const void *context, const struct assay_task_voucher *voucher,
                      uint8_t digest[static 32]);
    /* Returns: whether the requestor has signed it. */
    bool (*check)(const void *context, const struct assay_task_voucher *voucher);
    const void *context; /* outlives whoever has this */
};

#endif
