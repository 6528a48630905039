/*
 * net/services/tasks/task_crypto.h - crypto callbacks of both sides of a task
 * (services/tasks/seal.h), on libsodium and base/crypto.h (docs/services.md 6.12).
 */
#ifndef ASSAY_NET_SERVICES_TASKS_TASK_CRYPTO_H
#define ASSAY_NET_SERVICES_TASKS_TASK_CRYPTO_H

#include "base/secret.h"
#include "services/tasks/seal.h"

struct assay_task_keys {
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* task key of an enclave, account key of a requestor */
    uint8_t box[32];
    struct assay_secret32 box_secret;
    struct assay_p256_signer *signer;
    bool on_chain; /* vouchers are signed by evm, of an account of an EVM chain */
    struct assay_secret32 evm;
    struct assay_task_crypto crypto; /* of these keys, which must not move */
};

/* In: secret, box_secret: NULL: random. Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_KEY |
 * ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_requestor_keys_init(struct assay_task_keys *keys,
                                                          const struct assay_secret32 *secret,
                                                          const struct assay_secret32 *box_secret);
/* Wipes them. */
void assay_requestor_keys_deinit(struct assay_task_keys *keys);

#endif
