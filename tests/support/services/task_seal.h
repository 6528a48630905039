/*
 * tests/support/services/task_seal.h - struct assay_task_crypto over OpenSSL, for tests: X25519
 * with a fresh key for each sealing, SHA-256 of both keys and the secret, AES-256-GCM.
 */
#ifndef ASSAY_TESTS_SUPPORT_TASK_SEAL_H
#define ASSAY_TESTS_SUPPORT_TASK_SEAL_H

#include "services/tasks/seal.h"

struct task_seal {
    struct assay_secret32 box_secret;
    uint8_t box[32];
    struct assay_secret32 sign_secret;
    struct assay_task_crypto crypto; /* context is this struct, so it stays where it was made */
};

/* In: sign_secret: of the key that `sign` signs with. It cannot fail (asserted).
 */
void task_seal_make(struct task_seal *seal, const struct assay_secret32 *sign_secret);

#endif
