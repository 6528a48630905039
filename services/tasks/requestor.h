/*
 * services/tasks/requestor.h - the requestor's side of a task: judge the enclave once, then step by
 * step verify a receipt, vouch, open what came (docs/services.md 6.5, 6.6).
 *
 * It asks, and asks again what may have been lost; the executor only answers. The host judges
 * evidence (quote/verify.h, a word that this library does not know), keeps chain and results
 * durable, hands facts of the ledger in. Memory is the caller's, in the struct (some 220 KiB).
 *
 * Frames that leave are borrowed from the struct until the next call. What a call refuses changes
 * nothing and lets no frame leave, but CHEATED, which is told once and ends the task.
 */
#ifndef ASSAY_SERVICES_TASKS_REQUESTOR_H
#define ASSAY_SERVICES_TASKS_REQUESTOR_H

#include "services/tasks/ledger.h"
#include "services/tasks/outs.h"
#include "services/tasks/seal.h"

enum assay_task_requestor_phase {
    ASSAY_TASK_ASKING,   /* for keys and evidence */
    ASSAY_TASK_JUDGING,  /* the host judges the evidence */
    ASSAY_TASK_AWAITING, /* the next step; until step 1 the input is said again */
    ASSAY_TASK_PAYING,   /* vouched for the step; its key is due, from the executor or the ledger */
    ASSAY_TASK_HOLDING,  /* the result is open; the host keeps it, then calls next */
    ASSAY_TASK_OVER,
};

struct assay_task_requestor_config {
    uint8_t chain_id[32];
    struct assay_task_open terms;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* task key, as the ledger has it from ACCEPT */
    uint64_t epoch;                     /* that runs */
    bool held;                          /* in the one before it the executor was not certified */
    const struct assay_task_crypto *crypto; /* outlives the requestor */
    const struct assay_task_payer *payer;   /* the same; NULL: the ledger. Else of terms are read
                                               input, box key, steps and deadline alone */
};

struct assay_task_requestor {
    struct assay_task_requestor_config config;
    enum assay_task_requestor_phase phase;
    uint8_t task[32];
    uint64_t epoch;
    bool held; /* the executor was not certified in the last epoch: nothing is vouched */
    bool cheated;
    bool ended; /* on the ledger */
    uint8_t nonce[32];
    struct assay_slice evidence; /* of the last KEYS; borrowed from the bytes of that frame */
    uint8_t statement[32];       /* what it has to vouch for */
    uint8_t box[32];             /* the enclave's */
    size_t input_len;
    uint8_t input[32 + ASSAY_TASK_BLOB_MAX + ASSAY_TASK_OVERHEAD_MAX]; /* sealed to it */
    struct assay_task_chain chain; /* of the results that are open */
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

/* Returns: nothing. */
void assay_task_requestor_init(struct assay_task_requestor *r,
                               const struct assay_task_requestor_config *config);
/* Asks for keys and evidence. In: nonce, 32 random bytes. Returns: ASSAY_OK | ASSAY_E_INVALID (that
 * is behind us) */
ASSAY_CHECKED enum assay_status assay_task_requestor_ask(struct assay_task_requestor *r,
                                                         const uint8_t nonce[static 32],
                                                         uint64_t now_ms,
                                                         struct assay_task_outs *outs);
/*
 * assay_task_requestor_trust - the evidence of the last KEYS vouches for r->statement, and for the
 * program of the terms: the input is sealed to that enclave and sent.
 * In:      input: salt and bytes, whose digest the terms name (asserted)
 * Returns: ASSAY_OK | ASSAY_E_INVALID (no evidence was asked for) | what crypto says
 */
ASSAY_CHECKED enum assay_status assay_task_requestor_trust(struct assay_task_requestor *r,
                                                           const uint8_t salt[static 32],
                                                           struct assay_slice input,
                                                           uint64_t now_ms,
                                                           struct assay_task_outs *outs);
/* The evidence does not hold: nothing was sent, nothing is owed. Returns: nothing. */
void assay_task_requestor_reject(struct assay_task_requestor *r);
/* After a crash, in place of ask and trust: goes on behind the last result that was kept. In:
 * chain, with at least one step, of this task and key. Returns: ASSAY_OK | ASSAY_E_INVALID (it is
 * not) */
ASSAY_CHECKED enum assay_status assay_task_requestor_resume(struct assay_task_requestor *r,
                                                            const struct assay_task_chain *chain,
                                                            uint64_t now_ms,
                                                            struct assay_task_outs *outs);
/* A frame of whoever says that it is the enclave. Returns: ASSAY_OK | what assay_task_frame_decode
 * and assay_task_chain_add say | ASSAY_E_LANE (a kind that requestors send) | ASSAY_E_STRANGER
 * (another task) | ASSAY_E_KEY (another task key than the ledger's) | ASSAY_E_STALE (answers
 * nothing that is asked) | ASSAY_E_EARLY (of an epoch that is to come) | ASSAY_E_AGAIN (held) |
 * ASSAY_E_INVALID (another ciphertext than the receipt's, a key that does not open the lock; after
 * CHEATED also what the receipt does not hold) | what crypto says */
ASSAY_CHECKED enum assay_status assay_task_requestor_frame(struct assay_task_requestor *r,
                                                           struct assay_slice bytes,
                                                           uint64_t now_ms,
                                                           struct assay_task_outs *outs);
/* The result is durable, with the chain: the next step, please. Wipes the result. Returns:
 * ASSAY_OK, OVER after the last step | ASSAY_E_INVALID (there is none) */
ASSAY_CHECKED enum assay_status assay_task_requestor_next(struct assay_task_requestor *r,
                                                          uint64_t now_ms,
                                                          struct assay_task_outs *outs);
/* The ledger told something: PAID brings the key of a claim, FAILED and ENDED end the task, but not
 * an end at which every step was paid: the last may still be on its way.
 * Returns: ASSAY_OK | as a KEY_IS of that step would */
ASSAY_CHECKED enum assay_status assay_task_requestor_fact(struct assay_task_requestor *r,
                                                          const struct assay_task_fact *fact,
                                                          struct assay_task_outs *outs);
/* An epoch begins. In: certified: as of assay_task_executor_epoch. Returns: nothing. */
void assay_task_requestor_epoch(struct assay_task_requestor *r, uint64_t epoch, bool certified);
/* Says again what may have been lost. Returns: nothing. */
void assay_task_requestor_tick(struct assay_task_requestor *r, uint64_t now_ms,
                               struct assay_task_outs *outs);
/* Asserts every invariant. Returns: nothing. */
void assay_task_requestor_check(const struct assay_task_requestor *r);

#endif
