/*
 * net/services/task_client.h - the requestor's side of a task: an executor is chosen, the task
 * opened, its enclave judged, the input sealed to it, and each step's result paid and taken
 * (docs/services.md 6.12).
 *
 * It speaks through the daemon's socket with the ledger, and with the executor at its door. Results
 * and the end of their chain are in the vault before the next step is asked for, so a client that
 * is killed goes on behind the last result. One task at a time; one thread calls.
 */
#ifndef ASSAY_NET_SERVICES_TASK_CLIENT_H
#define ASSAY_NET_SERVICES_TASK_CLIENT_H

#include "base/secret.h"
#include "services/tasks/requestor.h"

enum { ASSAY_TASK_CLIENT_MESSAGE_LEN = 512 };

struct assay_task_client_config {
    const char *ledger; /* path of the daemon's socket */
    const char *store;  /* path of the vault */
    const struct assay_secret32 *store_key;
    const struct assay_secret32 *key; /* P-256, of the account that pays; copied */
    uint64_t again_ms;                /* records are handed in again; 0: as pending.h has it */
};

struct assay_task_wish {
    uint8_t code[32];
    uint64_t price_max; /* a step */
    uint32_t steps;
    uint64_t deadline;  /* epoch */
    enum assay_task_standing min_standing;
    struct assay_slice input; /* 0 to ASSAY_TASK_BLOB_MAX bytes */
};

enum assay_task_client_state {
    ASSAY_TASK_CLIENT_IDLE,
    ASSAY_TASK_CLIENT_OPENS,    /* OPEN is to become final */
    ASSAY_TASK_CLIENT_AWAITS,   /* the executor is to accept */
    ASSAY_TASK_CLIENT_WORKS,
    ASSAY_TASK_CLIENT_DONE,     /* every result is here */
    ASSAY_TASK_CLIENT_CHEATED,  /* the enclave signed what it did not give: nothing is vouched */
    ASSAY_TASK_CLIENT_REJECTED, /* its evidence does not hold: nothing was sent */
    ASSAY_TASK_CLIENT_FAILED,   /* see why */
};

struct assay_task_client_status {
    enum assay_task_client_state state;
    uint8_t task[32];
    uint32_t executor; /* slot */
    uint32_t results;  /* that are kept */
    uint32_t refused;  /* frames of the executor that were not what they should be */
    const char *why;   /* static text */
};

struct assay_task_client;

/* A result was kept. In: bytes borrowed. Returns: nothing. */
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
/*
 * assay_task_client_submit - chooses an executor and opens a task.
 * Returns: ASSAY_OK, and turn does the rest | ASSAY_E_AGAIN (no ledger yet) |
 *          ASSAY_E_INVALID (not idle) | ASSAY_E_RANGE | ASSAY_E_NOT_FOUND (nobody offers that, at
 *          that price and standing; or the account is unknown) | ASSAY_E_STORE | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_task_client_submit(struct assay_task_client *client,
                                                         const struct assay_task_wish *wish);
/* Waits up to so long for something to do, and does it. Returns: ASSAY_OK | ASSAY_E_STORE (the disk
 * refuses: close) */
ASSAY_CHECKED enum assay_status assay_task_client_turn(struct assay_task_client *client,
                                                       int timeout_ms);
/* Returns: what it is doing. */
struct assay_task_client_status assay_task_client_status(const struct assay_task_client *client);

#endif
