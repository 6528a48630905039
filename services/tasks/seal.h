/*
 * services/tasks/seal.h - what requestor and executor need of cryptography beside base/crypto.h:
 * it draws randomness or handles secrets, so a host hands it in (docs/services.md 6.5).
 *
 * Each function works on bytes of the caller, never past capacity, and leaves *len alone when it
 * fails; context is the host's and passed on untouched. They Return: ASSAY_OK | ASSAY_E_FULL |
 * ASSAY_E_CRYPTO; open and decrypt: ASSAY_E_INVALID for what nobody has sealed like that.
 */
#ifndef ASSAY_SERVICES_TASKS_SEAL_H
#define ASSAY_SERVICES_TASKS_SEAL_H

#include "services/tasks/frame.h"

struct assay_task_crypto {
    void *context;
    /* For whoever has the secret of an X25519 key, and nobody else; adds at most
     * ASSAY_TASK_OVERHEAD_MAX bytes. */
    enum assay_status (*seal)(void *context, const uint8_t box[static 32], struct assay_slice plain,
                              uint8_t *out, size_t capacity, size_t *len);
    /* With the context's own secret. */
    enum assay_status (*open)(void *context, struct assay_slice sealed, uint8_t *out,
                              size_t capacity, size_t *len);
    /* Under a key that is used for this once, authenticated together with `about`; adds at most
     * ASSAY_TASK_OVERHEAD_MAX bytes. */
    enum assay_status (*encrypt)(void *context, const uint8_t key[static 32],
                                 struct assay_slice about, struct assay_slice plain, uint8_t *out,
                                 size_t capacity, size_t *len);
    enum assay_status (*decrypt)(void *context, const uint8_t key[static 32],
                                 struct assay_slice about, struct assay_slice ciphertext,
                                 uint8_t *out, size_t capacity, size_t *len);
    /* Low s, with the context's own key: the executor's task key, the requestor's account key. */
    enum assay_status (*sign)(void *context, const uint8_t digest[static 32],
                              uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
};

enum { ASSAY_TASK_ABOUT_LEN = 36 };

/* What a ciphertext is bound to: task and step. Returns: nothing. */
void assay_task_about(const uint8_t task[static 32], uint32_t step,
                      uint8_t about[static ASSAY_TASK_ABOUT_LEN]);

/* What a step gives: state and output, in one plaintext of at most ASSAY_TASK_PLAIN_MAX bytes. */
struct assay_task_product {
    uint8_t salt[32]; /* of the state's digest */
    struct assay_slice state;
    struct assay_slice output;
};

/* Returns: ASSAY_OK and *out, borrowed from bytes | ASSAY_E_RANGE (longer than
 * ASSAY_TASK_BLOB_MAX) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_task_product_encode(const struct assay_task_product *result,
                                                          uint8_t *bytes, size_t capacity,
                                                          struct assay_slice *out);
/* Out: *result, written only on ASSAY_OK; its slices point into bytes. Returns: ASSAY_OK |
 * ASSAY_E_TRUNCATED | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_task_product_decode(struct assay_slice bytes,
                                                          struct assay_task_product *result);

#endif
