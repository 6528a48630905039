/*
 * services/tasks/executor.h - executor of a task, in the enclave: sends its keys, receives the
 * input, then for each step sends a receipt, receives a voucher, and sends the key
 * (docs/services.md 6.5, 6.6).
 *
 * One struct is one task. It only answers: the requestor sends requests, and retransmits them. The
 * host does the input and output: it quotes, runs the program, draws keys, persists claims and
 * submits them to the ledger. Memory is the caller's, in the struct (some 220 KiB).
 *
 * Outgoing frames are borrowed from the struct until the next call. A failed call changes nothing
 * and sends no frame.
 */
#ifndef ASSAY_SERVICES_TASKS_EXECUTOR_H
#define ASSAY_SERVICES_TASKS_EXECUTOR_H

#include "services/tasks/ledger.h"
#include "services/tasks/outputs.h"
#include "services/tasks/seal.h"

/* A requestor that is silent about a step for that many epochs counts as gone. */
enum { ASSAY_TASK_SILENT_EPOCHS = 4 };

enum assay_task_executor_phase {
    ASSAY_TASK_WAITING, /* for its input */
    ASSAY_TASK_RUNNING, /* the program computes step `step` */
    ASSAY_TASK_OFFERED, /* the step is done; its key is withheld until a voucher arrives */
    ASSAY_TASK_VOUCHED, /* the claim is complete, the key may be sent */
    ASSAY_TASK_STOPPED,
};

/* Payload of a CLAIM. */
struct assay_task_held {
    uint32_t step;  /* 0: none */
    uint64_t epoch; /* of its receipt */
    size_t len;
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
};

struct assay_task_executor_config {
    uint8_t chain_id[32];
    struct assay_task_open terms;           /* as on the ledger */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];     /* task key, generated in the enclave for this task
                                             * alone */
    uint8_t box[32];                        /* X25519 key, the same */
    uint64_t epoch;                         /* the current one */
    const struct assay_task_crypto *crypto; /* outlives the executor */
    const struct assay_task_payer *payer;   /* the same; NULL: the ledger. Otherwise only input, box
                                             * key, steps and deadline of the terms are read */
};

struct assay_task_executor {
    struct assay_task_executor_config config;
    enum assay_task_executor_phase phase;
    uint8_t task[32];
    uint64_t epoch;
    uint64_t until; /* the last epoch in which a claim is valid */
    bool released;  /* one side has released the task */
    bool asked;
    uint8_t nonce[32];     /* of the last ASK */
    uint8_t statement[32]; /* the statement that evidence must contain */
    size_t input_len;
    uint8_t input[32 + ASSAY_TASK_BLOB_MAX]; /* salt and input */
    uint32_t step;
    uint8_t head[32]; /* digest of the receipt of the previous step; zeros at 1 */
    struct assay_task_receipt receipt;
    uint8_t receipt_signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_secret32 opening; /* of the step's lock */
    struct assay_secret32 before;  /* of the previous step, which is vouched for */
    size_t ciphertext_len;
    uint8_t ciphertext[ASSAY_TASK_CIPHERTEXT_MAX];
    uint64_t certified; /* bit k: the ledger certified this executor in the epoch k + 1 before
                         * `epoch` */
    uint32_t paid;      /* steps, by the ledger */
    /* The last vouched claim, and the last one before it that the ledger would pay as well: the
     * epoch of the newest may still turn out uncertified. */
    struct assay_task_held claim, sure;
    uint8_t plain[ASSAY_TASK_PLAIN_MAX];
    uint8_t sealed[ASSAY_TASK_SEALED_MAX];
    uint8_t frame[ASSAY_TASK_FRAME_MAX];
};

/* In: config: copied. */
void assay_task_executor_init(struct assay_task_executor *e,
                              const struct assay_task_executor_config *config);
/* A frame of an unauthenticated client. Returns: ASSAY_OK | as assay_task_frame_decode |
 * ASSAY_E_LANE (a kind that executors send) | ASSAY_E_STRANGER (another task) | ASSAY_E_STALE (of
 * an earlier step) | ASSAY_E_EARLY (of a step that is not done) | ASSAY_E_RANGE, ASSAY_E_INVALID
 * (another input than in the terms, another lock) | ASSAY_E_SIGNATURE | ASSAY_E_AGAIN (stopped) | a
 * status of crypto */
ASSAY_CHECKED enum assay_status assay_task_executor_on_frame(struct assay_task_executor *e,
                                                             struct assay_slice bytes,
                                                             struct assay_task_outputs *outs);
/* The answer to the last ASK: evidence with e->statement. Returns: ASSAY_OK | ASSAY_E_INVALID (not
 * requested) | ASSAY_E_RANGE (empty, or above ASSAY_TASK_EVIDENCE_MAX) */
ASSAY_CHECKED enum assay_status assay_task_executor_on_evidence(struct assay_task_executor *e,
                                                                struct assay_slice evidence,
                                                                struct assay_task_outputs *outs);
/*
 * assay_task_executor_step - the program has computed a step.
 * In:      result: state, output and 32 random bytes of salt. opening: 32 random bytes, the key of
 *          this step's lock, never used before
 * Returns: ASSAY_OK, and the STEP is sent | ASSAY_E_INVALID (none runs) | ASSAY_E_STALE (a receipt
 *          of this epoch could not be claimed before the deadline) | ASSAY_E_RANGE | a status of
 *          crypto
 */
ASSAY_CHECKED enum assay_status assay_task_executor_step(struct assay_task_executor *e,
                                                         const struct assay_task_product *result,
                                                         const struct assay_secret32 *opening,
                                                         struct assay_task_outputs *outs);
/* Applies a fact of the ledger; those of other tasks are ignored. */
void assay_task_executor_on_fact(struct assay_task_executor *e, const struct assay_task_fact *fact);
/* An epoch starts. In: certified: the ledger certified this executor in the previous one, that is,
 * its close had no fact UNCERTIFIED or FAILED of the task. */
void assay_task_executor_on_epoch(struct assay_task_executor *e, uint64_t epoch, bool certified);
/* No step is computed and no frame answered any more; vouched steps stay claimable. Wipes keys and
 * input. */
void assay_task_executor_stop(struct assay_task_executor *e);
/* The claim of the most steps that the ledger would pay now: its epoch has closed, certified.
 * Returns: its payload, borrowed; len 0 when there is none above the paid steps. */
struct assay_slice assay_task_executor_claim(const struct assay_task_executor *e);
/* Returns: true when there is such a claim and it is due: the task has ended or is released, the
 * deadline is near, the requestor is silent for ASSAY_TASK_SILENT_EPOCHS, or half of the
 * ASSAY_TASK_CLOSED_EPOCHS in which the ledger would pay it is over. */
bool assay_task_executor_claim_due(const struct assay_task_executor *e);
/* Returns: true when the requestor sent no input, or was silent for ASSAY_TASK_SILENT_EPOCHS about
 * a received step, and there is nothing to claim. */
bool assay_task_executor_is_idle(const struct assay_task_executor *e);
/* Asserts every invariant. */
void assay_task_executor_check(const struct assay_task_executor *e);

#endif
