/*
 * services/tasks/seal.h - crypto callbacks of requestor and executor in addition to base/crypto.h:
 * they draw randomness or use secrets, so the host provides them (docs/services.md 6.5).
 *
 * Each function works on bytes of the caller, never beyond capacity, and leaves *len unchanged on
 * failure; context is the host's and passed through. They return: ASSAY_OK | ASSAY_E_FULL |
 * ASSAY_E_CRYPTO; open and decrypt: ASSAY_E_INVALID for input that was not sealed like that.
 */
#ifndef ASSAY_SERVICES_TASKS_SEAL_H
#define ASSAY_SERVICES_TASKS_SEAL_H

#include "services/tasks/frame.h"

struct assay_task_crypto {
    void *context;
    /* Seals to an X25519 key; adds at most ASSAY_TASK_OVERHEAD_MAX bytes. */
    enum assay_status (*seal)(void *context, const uint8_t box[static 32], struct assay_slice plain,
                              uint8_t *out, size_t capacity, size_t *len);
    /* With the context's own secret key. */
    enum assay_status (*open)(void *context, struct assay_slice sealed, uint8_t *out,
                              size_t capacity, size_t *len);
    /* Encrypts under a single-use key, authenticated together with `about`; adds at most
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

/* The label that binds a ciphertext to task and step. */
void assay_task_about(const uint8_t task[static 32], uint32_t step,
                      uint8_t about[static ASSAY_TASK_ABOUT_LEN]);

/* The product of a step: state and output, in one plaintext of at most ASSAY_TASK_PLAIN_MAX
 * bytes. */
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
