/*
 * services/tasks/executor.h - the enclave's side of a task: asked for its keys, handed its input,
 * then step by step a receipt, a voucher, a key (docs/services.md 6.5, 6.6).
 *
 * One struct is one task. It never acts by itself: a requestor asks, and asks again what was lost.
 * The host does what touches the world: it quotes, runs the program, draws keys, keeps claims
 * durable and hands them to the ledger. Memory is the caller's, in the struct (some 220 KiB).
 *
 * Frames that leave are borrowed from the struct until the next call. What a call refuses changes
 * nothing and lets no frame leave.
 */
#ifndef ASSAY_SERVICES_TASKS_EXECUTOR_H
#define ASSAY_SERVICES_TASKS_EXECUTOR_H

#include "services/tasks/ledger.h"
#include "services/tasks/outs.h"
#include "services/tasks/seal.h"

/* A requestor that says nothing of a step for so many epochs is taken for gone. */
enum { ASSAY_TASK_SILENT_EPOCHS = 4 };

enum assay_task_executor_phase {
    ASSAY_TASK_WAITING, /* for its input */
    ASSAY_TASK_RUNNING, /* the program makes step `step` */
    ASSAY_TASK_OFFERED, /* the step is made; without a voucher nobody gets its key */
    ASSAY_TASK_VOUCHED, /* the claim is whole, the key may be had */
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
    struct assay_task_open terms;           /* as they stand on the ledger */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];     /* task key, made in the enclave for this task alone */
    uint8_t box[32];                        /* X25519 key, the same */
    uint64_t epoch;                         /* that runs */
    const struct assay_task_crypto *crypto; /* outlives the executor */
    const struct assay_task_payer *payer;   /* the same; NULL: the ledger. Else of terms are read
                                               input, box key, steps and deadline alone */
};

struct assay_task_executor {
    struct assay_task_executor_config config;
    enum assay_task_executor_phase phase;
    uint8_t task[32];
    uint64_t epoch;
    uint64_t until; /* the last epoch in which a claim counts */
    bool released;  /* one side leaves */
    bool asked;
    uint8_t nonce[32];     /* of the last ASK */
    uint8_t statement[32]; /* what evidence has to vouch for */
    size_t input_len;
    uint8_t input[32 + ASSAY_TASK_BLOB_MAX]; /* salt and input */
    uint32_t step;
    uint8_t head[32]; /* digest of the receipt before this step; zeros at 1 */
    struct assay_task_receipt receipt;
    uint8_t receipt_signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_secret32 opening; /* of the step's lock */
    struct assay_secret32 before;  /* of the step before, which was vouched for */
    size_t ciphertext_len;
    uint8_t ciphertext[ASSAY_TASK_CIPHERTEXT_MAX];
    uint64_t certified; /* bit k: the ledger certified us in the epoch k + 1 before `epoch` */
    uint32_t paid;      /* steps, as the ledger says */
    /* The last that was vouched, and the last before it that the ledger would pay as well: the
     * epoch of the newest may turn out to be worth nothing. */
    struct assay_task_held claim, sure;
    uint8_t plain[ASSAY_TASK_PLAIN_MAX];
    uint8_t sealed[ASSAY_TASK_SEALED_MAX];
    uint8_t frame[ASSAY_TASK_FRAME_MAX];
};

/* Returns: nothing. */
void assay_task_executor_init(struct assay_task_executor *e,
                              const struct assay_task_executor_config *config);
/* A frame of whoever says that it is the requestor. Returns: ASSAY_OK | what
 * assay_task_frame_decode says | ASSAY_E_LANE (a kind that executors send) | ASSAY_E_STRANGER
 * (another task) | ASSAY_E_STALE (of a step that is behind) | ASSAY_E_EARLY (asks for what is not
 * made) | ASSAY_E_RANGE, ASSAY_E_INVALID (another input than the terms name, another lock) |
 * ASSAY_E_SIGNATURE | ASSAY_E_AGAIN (stopped) | what crypto says */
ASSAY_CHECKED enum assay_status assay_task_executor_frame(struct assay_task_executor *e,
                                                          struct assay_slice bytes,
                                                          struct assay_task_outs *outs);
/* The answer to the last ASK: evidence that vouches for e->statement. Returns: ASSAY_OK |
 * ASSAY_E_INVALID (nobody asked) | ASSAY_E_RANGE (empty, or above ASSAY_TASK_EVIDENCE_MAX) */
ASSAY_CHECKED enum assay_status assay_task_executor_evidence(struct assay_task_executor *e,
                                                             struct assay_slice evidence,
                                                             struct assay_task_outs *outs);
/*
 * assay_task_executor_step - the program has made a step.
 * In:      result: state, output and 32 random bytes of salt. opening: 32 random bytes, the key of
 *          this step's lock, never used before
 * Returns: ASSAY_OK, and the STEP leaves | ASSAY_E_INVALID (none runs) | ASSAY_E_STALE (a receipt
 *          of this epoch could not be claimed before the deadline) | ASSAY_E_RANGE | what crypto
 *          says
 */
ASSAY_CHECKED enum assay_status assay_task_executor_step(struct assay_task_executor *e,
                                                         const struct assay_task_product *result,
                                                         const struct assay_secret32 *opening,
                                                         struct assay_task_outs *outs);
/* The ledger told something; of other tasks it means nothing. Returns: nothing. */
void assay_task_executor_fact(struct assay_task_executor *e, const struct assay_task_fact *fact);
/* An epoch begins. In: certified: in the one before it the ledger certified this executor, which is
 * so when no fact UNCERTIFIED or FAILED of the task came with its close. Returns: nothing. */
void assay_task_executor_epoch(struct assay_task_executor *e, uint64_t epoch, bool certified);
/* No step is made any more and nothing is answered; what is vouched stays claimable. Wipes keys and
 * input. Returns: nothing. */
void assay_task_executor_stop(struct assay_task_executor *e);
/* The claim of the most steps that the ledger would pay now: its epoch has closed, certified.
 * Returns: its payload, borrowed; len 0 when there is none above what is paid. */
struct assay_slice assay_task_executor_claim(const struct assay_task_executor *e);
/* Returns: true when there is such a claim and it should be made now: the task is over or
 * released, the deadline near, the requestor silent for ASSAY_TASK_SILENT_EPOCHS, or half of the
 * ASSAY_TASK_CLOSED_EPOCHS over in which the ledger would pay it. */
bool assay_task_executor_claim_due(const struct assay_task_executor *e);
/* Returns: true when the requestor sent no input, or said nothing for ASSAY_TASK_SILENT_EPOCHS of
 * what it was shown, and there is nothing to be claimed. */
bool assay_task_executor_is_idle(const struct assay_task_executor *e);
/* Asserts every invariant. Returns: nothing. */
void assay_task_executor_check(const struct assay_task_executor *e);

#endif
