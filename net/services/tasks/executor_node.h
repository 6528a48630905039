/*
 * net/services/tasks/executor_node.h - process of an executor of tasks: offers programs, accepts
 * tasks that are opened for it, runs them step by step for its clients, and claims vouched steps
 * (docs/services.md 6.12).
 *
 * A claim is in the vault before the key that it pays for is sent. Task keys are in memory alone:
 * after a restart vouched steps are claimed, and no further step is computed.
 */
#ifndef ASSAY_NET_SERVICES_TASKS_EXECUTOR_NODE_H
#define ASSAY_NET_SERVICES_TASKS_EXECUTOR_NODE_H

#include "base/secret.h"
#include "net/evm/payout_claims.h"
#include "services/tasks/executor.h"

enum { ASSAY_EXECUTOR_NODE_MESSAGE_LEN = 512, ASSAY_EXECUTOR_TASKS_MAX = 8 };

/* A program: a function of its input, the state before (empty at step 1) and the step. */
struct assay_task_program {
    uint8_t code[32]; /* as in offers and terms */
    /* Out: state and output of at most ASSAY_TASK_BLOB_MAX bytes each. Returns: ASSAY_OK | anything
     * else: the task cannot continue */
    enum assay_status (*step)(struct assay_slice input, struct assay_slice before, uint32_t step,
                              uint8_t state[static ASSAY_TASK_BLOB_MAX], size_t *state_len,
                              uint8_t output[static ASSAY_TASK_BLOB_MAX], size_t *output_len);
};

/* Also executes tasks paid on an EVM chain (docs/services.md 8.9). */
struct assay_executor_chain {
    struct assay_payout_claims *payouts; /* started; outlives the node */
    struct assay_evm_place place;
    uint8_t price[ASSAY_EVM_PRICE_LEN]; /* wei a step, at least */
    uint64_t margin_s; /* of the payout claims: no task is started that ends sooner than twice
                        * that */
};

struct assay_executor_node_config {
    const char *ledger;                       /* path of the daemon's socket */
    const char *client_listen;                /* HOST:PORT, for requestors */
    const char *host;                         /* address for them; NULL: that of client_listen */
    const char *store;                        /* path of the vault */
    const struct assay_secret32 *key;         /* of the vault; copied */
    const struct assay_task_program *program; /* outlives the node */
    uint64_t price;                           /* a step */
    uint64_t hold;       /* an epoch, as in offers; 0: the lowest for the price */
    uint8_t account[32]; /* the payee */
    uint64_t again_ms;   /* as in holder_node.h */
    const struct assay_executor_chain *chain; /* outlives the node; NULL: the ledger alone */
};

struct assay_executor_node_status {
    bool follows;
    enum assay_status ledger; /* the last reason why it is not followed */
    bool offered;             /* its offer is on the ledger */
    uint32_t tasks;           /* that run */
    uint64_t steps;           /* computed since the start */
    uint32_t claims;          /* that are not paid yet */
    bool refuses;             /* tasks of the ledger: its table of claims is full */
    /* Of its member, since the start: those that paid, and final ones of steps not paid. */
    uint64_t claims_paid, claims_refused;
    /* On the chain, if there is one. */
    bool on_chain;
    uint32_t owed; /* tasks with unpaid steps */
    uint64_t sent; /* claims since the start */
    bool chain_answers;
    char chain_why[ASSAY_EVM_WHY_LEN]; /* the reason of a failure there; "": none */
};

struct assay_executor_node;

/* Returns: ASSAY_OK | as assay_vault_open, assay_listener_open, assay_follower_create;
 * message: the reason of a failure */
ASSAY_CHECKED enum assay_status assay_executor_node_open(
    const struct assay_executor_node_config *config, struct assay_executor_node **out,
    char message[static ASSAY_EXECUTOR_NODE_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_executor_node_close(struct assay_executor_node **node);
/* Waits up to the timeout for events, and processes them. Returns: ASSAY_OK | ASSAY_E_STORE (disk
 * error) | ASSAY_E_CRYPTO | ASSAY_E_FULL | ASSAY_E_MEMORY. After anything but ASSAY_OK: close */
ASSAY_CHECKED enum assay_status assay_executor_node_step(struct assay_executor_node *node,
                                                         int timeout_ms);
/* Returns: its state. */
struct assay_executor_node_status assay_executor_node_status(
    const struct assay_executor_node *node);

#endif
