/*
 * net/services/tasks/task_client.h - the requestor's side of a task: an executor is chosen, the
 * task opened, its enclave judged, the input sealed to it, and each step's result paid and taken
 * (docs/services.md 6.12).
 *
 * It speaks through the daemon's socket with the ledger, and with the executor at its door. Results
 * and the end of their chain are in the vault before the next step is asked for, so a client that
 * is killed goes on behind the last result. One task at a time; one thread calls.
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
    /* The contract that has the money, and key is of secp256k1; copied. NULL: the ledger. */
    const struct assay_evm_place *place;
    uint64_t again_ms; /* records are handed in again; 0: as pending.h has it */
};

struct assay_task_wish {
    uint8_t code[32];
    uint64_t price_max; /* a step */
    uint64_t hold_max;  /* an epoch's rent; 0: the lowest that there is for the price */
    uint32_t steps;
    uint32_t ahead; /* epochs from the one that runs to the deadline, from 1 */
    uint16_t min_score_bp;
    enum assay_task_standing min_standing;
    bool named;               /* this executor and no other, if it fits; else the best that does */
    uint32_t executor;        /* slot */
    struct assay_slice input; /* 0 to ASSAY_TASK_BLOB_MAX bytes */
    const uint8_t *salt;      /* [32] of a state that is the input (6.10); NULL: one is drawn */
};

/* The last result of a task, and all that a successor of it needs (docs/services.md 6.10). */
struct assay_task_client_last {
    uint8_t task[32], code[32];
    uint32_t step;
    uint8_t salt[32];
    uint8_t digest[32]; /* of the state: what the successor's terms name as input */
    size_t state_len;
    uint8_t state[ASSAY_TASK_BLOB_MAX];
};

enum assay_task_client_state {
    ASSAY_TASK_CLIENT_IDLE,
    ASSAY_TASK_CLIENT_DRAFTS, /* on a chain: the executor is to name its task key */
    ASSAY_TASK_CLIENT_ASKS,   /* on a chain: evidence comes before the task is opened */
    ASSAY_TASK_CLIENT_OPENS,  /* OPEN is to become final; on a chain: the caller opens it */
    ASSAY_TASK_CLIENT_AWAITS, /* the executor is to accept */
    ASSAY_TASK_CLIENT_WORKS,
    ASSAY_TASK_CLIENT_DONE,     /* every result is here */
    ASSAY_TASK_CLIENT_CHEATED,  /* the enclave signed what it did not give: nothing is vouched */
    ASSAY_TASK_CLIENT_REJECTED, /* its evidence does not hold: nothing was sent */
    ASSAY_TASK_CLIENT_REFUSED,  /* the ledger takes no such task: nothing is locked; see why */
    ASSAY_TASK_CLIENT_FAILED,   /* see why */
};

struct assay_task_client_status {
    enum assay_task_client_state state;
    uint8_t task[32];
    uint32_t executor; /* slot */
    uint32_t results;  /* that are kept */
    uint32_t refused;  /* frames of the executor that were not what they should be */
    const char *why;   /* borrowed until the next turn */
};

struct assay_task_client;

/* A result is kept, and the next step is asked for when this returns. In: bytes borrowed. Returns:
 * nothing. */
typedef void assay_task_result_told(void *context, uint32_t step, struct assay_slice state,
                                    struct assay_slice output);

/* Goes on with the task that the vault has, if it has one. Returns: ASSAY_OK | as
 * assay_vault_open | ASSAY_E_RANGE (path) | ASSAY_E_VERSION (the vault's task cannot be read);
 * message says why, for people */
ASSAY_CHECKED enum assay_status assay_task_client_open(
    const struct assay_task_client_config *config, assay_task_result_told *told, void *context,
    struct assay_task_client **out, char message[static ASSAY_TASK_CLIENT_MESSAGE_LEN]);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_task_client_close(struct assay_task_client **client);
/* Tells every result that is kept, in any order. Returns: ASSAY_OK | as assay_vault_each |
 * ASSAY_E_VERSION (one cannot be read) */
ASSAY_CHECKED enum assay_status assay_task_client_tell(struct assay_task_client *client,
                                                       assay_task_result_told *told, void *context);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no result is kept) | as assay_vault_get |
 * ASSAY_E_VERSION (it cannot be read) */
ASSAY_CHECKED enum assay_status assay_task_client_last(const struct assay_task_client *client,
                                                       struct assay_task_client_last *last);
/* Returns: the terms of the task, borrowed; NULL when there is none. */
const struct assay_task_open *assay_task_client_terms(const struct assay_task_client *client);
/* In: salt: as of a wish. Returns: whether these bytes, under that salt, are the input of the task.
 */
bool assay_task_client_has_input(const struct assay_task_client *client, struct assay_slice input,
                                 const uint8_t *salt);
/*
 * assay_task_client_submit - chooses an executor and opens a task.
 * Returns: ASSAY_OK, and turn does the rest | ASSAY_E_AGAIN (no ledger yet) |
 *          ASSAY_E_INVALID (not idle) | ASSAY_E_RANGE | ASSAY_E_NOT_FOUND (nobody offers that, at
 *          that price, standing and score) | ASSAY_E_KEY (the account was never paid) |
 *          ASSAY_E_FULL (its balance is lower than what is locked) | ASSAY_E_STORE | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_task_client_submit(struct assay_task_client *client,
                                                         const struct assay_task_wish *wish);
/*
 * assay_task_client_draft - the same for a task whose money lies on a chain (docs/services.md 8.9):
 * chooses an executor, agrees terms with it, and has its enclave judged. Then the state is OPENS,
 * and the caller opens the task and calls assay_task_client_opened.
 * In:      wish: its prices and its deadline are not read; price: wei a step; deadline_s: Unix
 * Returns: as submit, but what it says of balances
 */
ASSAY_CHECKED enum assay_status assay_task_client_draft(
    struct assay_task_client *client, const struct assay_task_wish *wish,
    const uint8_t price[static ASSAY_EVM_PRICE_LEN], uint64_t deadline_s);
/* The terms of a task on a chain, which it is opened with. Returns: them, borrowed; NULL when there
 * are none that are whole. */
const struct assay_evm_terms *assay_task_client_evm(const struct assay_task_client *client);
/* The task is open, as deep as the caller wants: the input leaves. Returns: ASSAY_OK |
 * ASSAY_E_INVALID (the state is not OPENS, or not on a chain) | as assay_task_requestor_trust */
ASSAY_CHECKED enum assay_status assay_task_client_opened(struct assay_task_client *client);
/* Has it vouched for a step of a task on a chain, and waits for the key? Out: lock of that key.
 * Returns: whether it does. */
bool assay_task_client_awaits_key(const struct assay_task_client *client, uint8_t lock[static 32]);
/* That key, from wherever: a claim on the chain shows it. Returns: ASSAY_OK | ASSAY_E_STALE (none
 * is waited for) | as assay_task_requestor_fact */
ASSAY_CHECKED enum assay_status assay_task_client_key(struct assay_task_client *client,
                                                      const uint8_t opening[static 32]);
/* Waits up to so long for something to do, and does it. Returns: ASSAY_OK | ASSAY_E_STORE (the disk
 * refuses: close) */
ASSAY_CHECKED enum assay_status assay_task_client_turn(struct assay_task_client *client,
                                                       int timeout_ms);
/* Returns: whether turns change nothing any more. */
bool assay_task_client_is_over(enum assay_task_client_state state);
/* Returns: what it is doing. */
struct assay_task_client_status assay_task_client_status(const struct assay_task_client *client);

#endif
