/*
 * services/tasks/voucher.h - vouchers: a requestor's promise to pay up to a step against the key of
 * its lock (docs/services.md 6.6).
 */
#ifndef ASSAY_SERVICES_TASKS_VOUCHER_H
#define ASSAY_SERVICES_TASKS_VOUCHER_H

#include "services/tasks/task.h"

struct assay_task_voucher {
    uint8_t task[32];
    uint32_t step; /* this one and all before it: a later voucher supersedes earlier ones */
    uint8_t lock[32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN]; /* of the requestor's account key */
};

/* The statement that the account key signs: canonical CBOR of type, chain, task, step and lock,
 * hashed. */
void assay_task_voucher_statement(const uint8_t chain_id[static 32],
                                  const struct assay_task_voucher *voucher,
                                  uint8_t digest[static 32]);
/* Returns: true when that key has signed it for that chain. */
bool assay_task_voucher_check(const uint8_t chain_id[static 32],
                              const struct assay_task_voucher *voucher,
                              const uint8_t key[static ASSAY_P256_PUBLIC_LEN]);

/* Payment on another chain than the ledger: its task names and vouchers. */
struct assay_task_payer {
    uint8_t task[32];
    /* The statement that the requestor signs. */
    void (*statement)(const void *context, const struct assay_task_voucher *voucher,
                      uint8_t digest[static 32]);
    /* Returns: whether the requestor has signed it. */
    bool (*check)(const void *context, const struct assay_task_voucher *voucher);
    const void *context; /* outlives the owner of this struct */
};

#endif
