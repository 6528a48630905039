/*
 * services/tasks/frame.h - frames between a requestor and the enclave of its executor
 * (docs/services.md 6.5, 6.6).
 *
 * A frame is fixed and big-endian: version, kind, task, then the fields of its kind in the order of
 * struct assay_task_frame; one meaning has one encoding. The link authenticates nothing: evidence
 * contains the keys, receipts and vouchers are signed, inputs are sealed, and a key is valid if it
 * opens its lock.
 */
#ifndef ASSAY_SERVICES_TASKS_FRAME_H
#define ASSAY_SERVICES_TASKS_FRAME_H

#include "services/tasks/receipt.h"

enum {
    ASSAY_TASK_BLOB_MAX = 24 * 1024, /* an input, a state, an output */
    ASSAY_TASK_OVERHEAD_MAX = 128,   /* bytes that one sealing adds at most */
    ASSAY_TASK_EVIDENCE_MAX = 32 * 1024,
    ASSAY_TASK_DRAFT_MAX = 512,
    ASSAY_TASK_PAYEE_MAX = 32, /* an account on another chain */
    ASSAY_TASK_NO_MAX = 64,
    /* salt, length of the state, state, output */
    ASSAY_TASK_PLAIN_MAX = 32 + 4 + 2 * ASSAY_TASK_BLOB_MAX,
    ASSAY_TASK_SEALED_MAX = ASSAY_TASK_PLAIN_MAX + ASSAY_TASK_OVERHEAD_MAX,
    ASSAY_TASK_CIPHERTEXT_MAX = ASSAY_TASK_SEALED_MAX + ASSAY_TASK_OVERHEAD_MAX,
    /* the longest, a STEP: below the 64 KiB of the network's frames */
    ASSAY_TASK_FRAME_MAX = 34 + ASSAY_TASK_RECEIPT_SIGNED_LEN + 4 + ASSAY_TASK_CIPHERTEXT_MAX,
};

/* Wire values: never reused. */
enum assay_task_kind {
    ASSAY_TASK_ASK = 1,     /* requestor: requests the keys. nonce */
    ASSAY_TASK_KEYS = 2,    /* enclave: nonce key box list; the list is evidence */
    ASSAY_TASK_INPUT = 3,   /* requestor: list; the sealed input */
    ASSAY_TASK_STEP_IS = 4, /* enclave: receipt signature list; the list is the ciphertext */
    ASSAY_TASK_VOUCH = 5,   /* requestor: step nonce signature; the nonce is the lock */
    ASSAY_TASK_KEY_IS = 6,  /* enclave: step nonce; the nonce is the key */
    ASSAY_TASK_NEXT = 7,    /* requestor: step; its result is persisted, continue */
    /* Before a task on another chain is opened (docs/services.md 8.9): `task` is the SHA-256 of the
     * draft. */
    ASSAY_TASK_DRAFT = 8,    /* requestor: list; terms without task key and account */
    ASSAY_TASK_DRAFT_IS = 9, /* enclave: key box list; its keys for the draft, and the payee */
    ASSAY_TASK_NO = 10,      /* enclave: list; the reason of a refusal, a word for operators */
};

struct assay_task_frame {
    enum assay_task_kind kind;
    uint8_t task[32];
    uint32_t step; /* 1 to ASSAY_TASK_STEPS_MAX */
    uint8_t nonce[32];
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t box[32];
    struct assay_task_receipt receipt; /* of the same task */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_slice list; /* borrowed; 1 byte to the limit of its kind */
};

/*
 * assay_task_frame_encode - encodes a frame.
 * In:      f: only the fields of its kind are read; they are within their ranges (asserted)
 * Returns: ASSAY_OK and *out, borrowed from bytes | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_task_frame_encode(const struct assay_task_frame *f,
                                                        uint8_t *bytes, size_t capacity,
                                                        struct assay_slice *out);
/*
 * assay_task_frame_decode - decodes a frame from a hostile network.
 * Out:     *f, written only on ASSAY_OK; its list points into bytes. Fields of other kinds are zero
 * Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (version, kind) | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 *          ASSAY_E_RANGE (a step, a list too short or too long) | ASSAY_E_INVALID (an invalid
 *          receipt, or of another task than the frame)
 */
ASSAY_CHECKED enum assay_status assay_task_frame_decode(struct assay_slice bytes,
                                                        struct assay_task_frame *f);

#endif
