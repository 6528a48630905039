/*
 * net/services/tasks/task_client.h - client for requestors of tasks: chooses an executor, opens the
 * task, appraises its enclave, sends the sealed input, and pays for and stores the result of each
 * step (docs/services.md 6.12).
 *
 * It uses the daemon's socket for the ledger, and connects to the executor. Results and the state
 * of their chain are in the vault before the next step is requested, so a killed client continues
 * behind the last result. One task at a time; not thread-safe.
 */
#ifndef ASSAY_NET_SERVICES_TASKS_TASK_CLIENT_H
#define ASSAY_NET_SERVICES_TASKS_TASK_CLIENT_H

#include "base/secret.h"
#include "services/evm/task.h"
#include "services/tasks/requestor.h"

enum { ASSAY_TASK_CLIENT_MESSAGE_LEN = 512 };

struct assay_task_client_config {
    const char *ledger; /* path of the daemon's socket */
    const char *store;  /* path of the vault */
    const struct assay_secret32 *store_key;
    const struct assay_secret32 *key; /* P-256, of the account that pays; copied */
    /* The contract with the deposit, key being of secp256k1; copied. NULL: the ledger. */
    const struct assay_evm_place *place;
    uint64_t again_ms; /* interval of resubmission; 0: that of record_queue.h */
};

struct assay_task_request {
    uint8_t code[32];
    uint64_t price_max; /* a step */
    uint64_t hold_max;  /* an epoch's rent; 0: the lowest for the price */
    uint32_t steps;
    uint32_t ahead; /* epochs from the current one to the deadline, from 1 */
    uint16_t min_score_bp;
    enum assay_task_standing min_standing;
    bool named;               /* this executor only; false: the best offer */
    uint32_t executor;        /* slot */
    struct assay_slice input; /* 0 to ASSAY_TASK_BLOB_MAX bytes */
    const uint8_t *salt;      /* [32] of a state that is the input (6.10); NULL: a random one */
};

/* The last result of a task, with everything that a successor needs (docs/services.md 6.10). */
struct assay_requestor_last {
    uint8_t task[32], code[32];
    uint32_t step;
    uint8_t salt[32];
    uint8_t digest[32]; /* of the state: the input in the successor's terms */
    size_t state_len;
    uint8_t state[ASSAY_TASK_BLOB_MAX];
};

enum assay_task_client_state {
    ASSAY_TASK_CLIENT_IDLE,
    ASSAY_TASK_CLIENT_DRAFTS,   /* on a chain: waits for the executor's task key */
    ASSAY_TASK_CLIENT_REQUESTS, /* on a chain: evidence comes before the task is opened */
    ASSAY_TASK_CLIENT_OPENS,  /* waits for OPEN to become final; on a chain: the caller opens it */
    ASSAY_TASK_CLIENT_AWAITS, /* waits for the executor's ACCEPT */
    ASSAY_TASK_CLIENT_WORKS,
    ASSAY_TASK_CLIENT_DONE,     /* every result is here */
    ASSAY_TASK_CLIENT_CHEATED,  /* the enclave signed a false receipt: no further voucher */
    ASSAY_TASK_CLIENT_REJECTED, /* its evidence is invalid: nothing was sent */
    ASSAY_TASK_CLIENT_REFUSED,  /* the ledger rejects the task: nothing is locked; see why */
    ASSAY_TASK_CLIENT_FAILED,   /* see why */
};

struct assay_requestor_status {
    enum assay_task_client_state state;
    uint8_t task[32];
    uint32_t executor; /* slot */
    uint32_t results;  /* that are stored */
    uint32_t refused;  /* invalid frames of the executor */
    const char *why;   /* borrowed until the next turn */
};

struct assay_task_client;

/* A result is stored, and the next step is requested on return. In: bytes borrowed. */
typedef void assay_task_on_result(void *context, uint32_t step, struct assay_slice state,
                                  struct assay_slice output);

/* Continues the vault's task, if there is one. Returns: ASSAY_OK | as assay_vault_open |
 * ASSAY_E_RANGE (path) | ASSAY_E_VERSION (the vault's task cannot be read); message: the reason of
 * a failure */
ASSAY_CHECKED enum assay_status assay_requestor_open(
    const struct assay_task_client_config *config, assay_task_on_result *result_callback,
    void *context, struct assay_task_client **out,
    char message[static ASSAY_TASK_CLIENT_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_requestor_close(struct assay_task_client **client);
/* Reports every stored result, in any order. Returns: ASSAY_OK | as assay_vault_each |
 * ASSAY_E_VERSION (one cannot be read) */
ASSAY_CHECKED enum assay_status assay_requestor_report_results(
    struct assay_task_client *client, assay_task_on_result *result_callback, void *context);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no result is stored) | as assay_vault_get |
 * ASSAY_E_VERSION (it cannot be read) */
ASSAY_CHECKED enum assay_status assay_requestor_last(const struct assay_task_client *client,
                                                     struct assay_requestor_last *last);
/* Returns: the terms of the task, borrowed; NULL when there is none. */
const struct assay_task_open *assay_requestor_terms(const struct assay_task_client *client);
/* In: salt: as of a request. Returns: whether these bytes, under that salt, are the input of the
 * task. */
bool assay_requestor_has_input(const struct assay_task_client *client, struct assay_slice input,
                               const uint8_t *salt);
/*
 * assay_requestor_submit - chooses an executor and opens a task.
 * Returns: ASSAY_OK, and turn continues | ASSAY_E_AGAIN (no ledger yet) | ASSAY_E_INVALID (not
 *          idle) | ASSAY_E_RANGE | ASSAY_E_NOT_FOUND (no offer at that price, standing and score) |
 *          ASSAY_E_KEY (the account was never paid) | ASSAY_E_FULL (its balance is lower than the
 *          amount to lock) | ASSAY_E_STORE | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_requestor_submit(struct assay_task_client *client,
                                                       const struct assay_task_request *request);
/*
 * assay_requestor_draft - the same for a task paid on a chain (docs/services.md 8.9): chooses an
 * executor, agrees terms with it, and has its enclave appraised. Then the state is OPENS, and the
 * caller opens the task and calls assay_requestor_opened.
 * In:      wish: its prices and its deadline are not read; price: wei a step; deadline_s: Unix
 * Returns: as submit, except for balances
 */
ASSAY_CHECKED enum assay_status assay_requestor_draft(
    struct assay_task_client *client, const struct assay_task_request *request,
    const uint8_t price[static ASSAY_EVM_PRICE_LEN], uint64_t deadline_s);
/* The terms of a task on a chain, for opening it. Returns: them, borrowed; NULL when they are
 * incomplete. */
const struct assay_evm_terms *assay_requestor_evm(const struct assay_task_client *client);
/* The task is open, with the caller's confirmations: the input is sent. Returns: ASSAY_OK |
 * ASSAY_E_INVALID (the state is not OPENS, or not on a chain) | as assay_task_requestor_trust */
ASSAY_CHECKED enum assay_status assay_requestor_opened(struct assay_task_client *client);
/* Whether it has vouched for a step of a task on a chain, and waits for the key. Out: lock of that
 * key.
 * Returns: so. */
bool assay_requestor_awaits_key(const struct assay_task_client *client, uint8_t lock[static 32]);
/* That key, from any source: a claim on the chain publishes it. Returns: ASSAY_OK | ASSAY_E_STALE
 * (not waiting) | as assay_task_requestor_on_fact */
ASSAY_CHECKED enum assay_status assay_requestor_key(struct assay_task_client *client,
                                                    const uint8_t opening[static 32]);
/* Waits up to the timeout for events, and processes them. Returns: ASSAY_OK | ASSAY_E_STORE (disk
 * error: close) */
ASSAY_CHECKED enum assay_status assay_requestor_step(struct assay_task_client *client,
                                                     int timeout_ms);
/* Returns: whether the state is final. */
bool assay_requestor_is_over(enum assay_task_client_state state);
/* Returns: its state. */
struct assay_requestor_status assay_requestor_status(const struct assay_task_client *client);

#endif
