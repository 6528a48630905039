/*
 * apps/assay/services/task.h - helpers shared by the verbs of `assay task`: options, a requestor
 * (task_run.c), and payment on an EVM chain (task_chain.c).
 */
#ifndef ASSAY_APPS_ASSAY_SERVICES_TASK_H
#define ASSAY_APPS_ASSAY_SERVICES_TASK_H

#include "apps/assay/core/record_submit.h"
#include "net/services/tasks/task_client.h"

enum {
    ASSAY_TASK_SILENCE_MS = 300000, /* an executor that is not certified waits for the next epoch */
    ASSAY_TASK_SCORE_MAX = 10000
};

struct task_command {
    struct assay_daemon_request q; /* run, deploy: its timeout is without progress */
    const char *key, *out, *code, *price, *executor, *standing, *deadline, *evm, *after;
    uint64_t steps, hold, score; /* 0: not given */
    const char *word;
};

/* Its settings, its node, and what was sent; task_chain.c alone knows what is in it. */
struct task_chain;

struct task_running {
    const struct task_command *d;
    struct assay_json *services; /* the daemon's document: offering members, by name */
    char socket[ASSAY_FOLLOWER_PATH_MAX + 1];
    struct assay_secret32 key, store_key;
    struct assay_task_client *client;
    struct assay_task_request request;
    uint8_t *input; /* of the command line; NULL: none was named */
    size_t input_len;
    struct assay_requestor_last *after; /* of another task, whose state is the input; or NULL */
    struct assay_requestor_status now;
    bool lost;                          /* a file could not be written */
    struct task_chain *chain;           /* NULL: the ledger has the money */
    uint8_t price[ASSAY_EVM_PRICE_LEN]; /* on a chain */
    uint64_t price_wei, ahead_s;
};

/* One line on stderr. */
__attribute__((format(printf, 1, 2))) void task_say(const char *format, ...);
/* task_run.c. Returns: an enum assay_exit. */
int task_run(struct task_command *command);

/* --- task_chain.c; each Returns: an enum assay_exit, unless noted */
/* Reads the file, the price and the deadline, and the key of the account. */
int task_chain_begin(struct task_running *r);
/* Accepts a pointer to NULL; nulls it. */
void task_chain_end(struct task_chain **chain);
/* Returns: where the money lies, borrowed. */
const struct assay_evm_place *task_chain_place(const struct task_chain *chain);
/* Opens the task, unless it is open, and waits until that is deep. */
int task_chain_open(struct task_running *r);
/* For a signed-off step whose key does not arrive: read from the executor's claim, if there is one;
 * polled occasionally. */
void task_chain_key(struct task_running *r);
/* Takes back what was not paid, when the deadline is over and something is there. Out: *closed */
int task_chain_close(struct task_running *r, bool *closed);
/* `assay task deploy`. */
int task_chain_deploy(struct task_command *command);

#endif
