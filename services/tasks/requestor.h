/*
 * services/tasks/requestor.h - requestor of a task: appraises the enclave once, then for each step
 * verifies a receipt, sends a voucher, and decrypts the result (docs/services.md 6.5, 6.6).
 *
 * It sends requests and retransmits them; the executor only answers. The host appraises evidence
 * (quote/verify.h, not used by this library), persists chain and results, and passes facts of the
 * ledger. Memory is the caller's, in the struct (some 220 KiB).
 *
 * Outgoing frames are borrowed from the struct until the next call. A failed call changes nothing
 * and sends no frame, except CHEATED, which is reported once and ends the task.
 */
#ifndef ASSAY_SERVICES_TASKS_REQUESTOR_H
#define ASSAY_SERVICES_TASKS_REQUESTOR_H

#include "services/tasks/ledger.h"
#include "services/tasks/outputs.h"
#include "services/tasks/seal.h"

enum assay_task_requestor_phase {
    ASSAY_TASK_ASKING,   /* requests keys and evidence */
    ASSAY_TASK_JUDGING,  /* the host appraises the evidence */
    ASSAY_TASK_AWAITING, /* the next step; resends the input until step 1 */
    ASSAY_TASK_PAYING,   /* sent a voucher for the step; waits for its key, from the executor or the
                          * ledger */
    ASSAY_TASK_HOLDING,  /* the result is decrypted; the host persists it, then calls next */
    ASSAY_TASK_OVER,
};

struct assay_task_requestor_config {
    uint8_t chain_id[32];
    struct assay_task_open terms;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* task key, as the ledger has it from ACCEPT */
    uint64_t epoch;                     /* the current one */
    bool held;                          /* in the previous one the executor was not certified */
    const struct assay_task_crypto *crypto; /* outlives the requestor */
    const struct assay_task_payer *payer;   /* the same; NULL: the ledger. Otherwise only input, box
                                             * key, steps and deadline of the terms are read */
};

struct assay_task_requestor {
    struct assay_task_requestor_config config;
    enum assay_task_requestor_phase phase;
    uint8_t task[32];
    uint64_t epoch;
    bool held; /* the executor was not certified in the last epoch: no vouchers are sent */
    bool cheated;
    bool ended; /* on the ledger */
    uint8_t nonce[32];
    struct assay_slice evidence; /* of the last KEYS; borrowed from the bytes of that frame */
    uint8_t statement[32];       /* the statement that it must contain */
    uint8_t box[32];             /* the enclave's */
    size_t input_len;
    uint8_t input[32 + ASSAY_TASK_BLOB_MAX + ASSAY_TASK_OVERHEAD_MAX]; /* sealed to it */
    struct assay_task_chain chain; /* of the decrypted results */
    struct assay_task_chain next;  /* with the receipt that is being paid */
    uint8_t lock[32];
    uint8_t voucher_signature[ASSAY_P256_SIGNATURE_LEN];
    size_t ciphertext_len;
    uint8_t ciphertext[ASSAY_TASK_CIPHERTEXT_MAX];
    uint8_t sealed[ASSAY_TASK_SEALED_MAX];
    uint8_t plain[ASSAY_TASK_PLAIN_MAX];
    struct assay_task_product result; /* of the last step; in plain, until next */
    uint64_t again_at_ms;
    uint64_t pause_ms;
    uint8_t frame[ASSAY_TASK_FRAME_MAX];
};

/* In: config: copied. */
void assay_task_requestor_init(struct assay_task_requestor *r,
                               const struct assay_task_requestor_config *config);
/* Requests keys and evidence. In: nonce, 32 random bytes. Returns: ASSAY_OK | ASSAY_E_INVALID (done
 * already) */
ASSAY_CHECKED enum assay_status assay_task_requestor_request_keys(struct assay_task_requestor *r,
                                                                  const uint8_t nonce[static 32],
                                                                  uint64_t now_ms,
                                                                  struct assay_task_outputs *outs);
/*
 * assay_task_requestor_trust - the evidence of the last KEYS is valid for r->statement, and for the
 * program of the terms: the input is sealed to that enclave and sent.
 * In:      input: salt and bytes, whose digest is in the terms (asserted)
 * Returns: ASSAY_OK | ASSAY_E_INVALID (no evidence was requested) | a status of crypto
 */
ASSAY_CHECKED enum assay_status assay_task_requestor_trust(struct assay_task_requestor *r,
                                                           const uint8_t salt[static 32],
                                                           struct assay_slice input,
                                                           uint64_t now_ms,
                                                           struct assay_task_outputs *outs);
/* The evidence is invalid: nothing was sent, nothing is owed. */
void assay_task_requestor_reject(struct assay_task_requestor *r);
/* After a crash, instead of ask and trust: continues behind the last persisted result. In: chain,
 * with at least one step, of this task and key. Returns: ASSAY_OK | ASSAY_E_INVALID (it is not) */
ASSAY_CHECKED enum assay_status assay_task_requestor_resume(struct assay_task_requestor *r,
                                                            const struct assay_task_chain *chain,
                                                            uint64_t now_ms,
                                                            struct assay_task_outputs *outs);
/* A frame of an unauthenticated peer. Returns: ASSAY_OK | as assay_task_frame_decode and
 * assay_task_chain_add | ASSAY_E_LANE (a kind that requestors send) | ASSAY_E_STRANGER (another
 * task) | ASSAY_E_KEY (another task key than the ledger's) | ASSAY_E_STALE (unsolicited) |
 * ASSAY_E_EARLY (of a future epoch) | ASSAY_E_AGAIN (held) | ASSAY_E_INVALID (another ciphertext
 * than the receipt's, a key that does not open the lock; after CHEATED also contents that
 * contradict the receipt) | a status of crypto */
ASSAY_CHECKED enum assay_status assay_task_requestor_on_frame(struct assay_task_requestor *r,
                                                              struct assay_slice bytes,
                                                              uint64_t now_ms,
                                                              struct assay_task_outputs *outs);
/* The result and the chain are durable: requests the next step. Wipes the result. Returns:
 * ASSAY_OK, OVER after the last step | ASSAY_E_INVALID (there is none) */
ASSAY_CHECKED enum assay_status assay_task_requestor_next(struct assay_task_requestor *r,
                                                          uint64_t now_ms,
                                                          struct assay_task_outputs *outs);
/* Applies a fact of the ledger: PAID contains the key of a claim, FAILED and ENDED end the task,
 * except an end with every step paid: the last result may still be in transit.
 * Returns: ASSAY_OK | as a KEY_IS of that step */
ASSAY_CHECKED enum assay_status assay_task_requestor_on_fact(struct assay_task_requestor *r,
                                                             const struct assay_task_fact *fact,
                                                             struct assay_task_outputs *outs);
/* An epoch starts. In: certified: as of assay_task_executor_on_epoch. */
void assay_task_requestor_on_epoch(struct assay_task_requestor *r, uint64_t epoch, bool certified);
/* Resends what may have been lost. */
void assay_task_requestor_tick(struct assay_task_requestor *r, uint64_t now_ms,
                               struct assay_task_outputs *outs);
/* Asserts every invariant. */
void assay_task_requestor_check(const struct assay_task_requestor *r);

#endif
