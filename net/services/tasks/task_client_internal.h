/*
 * net/services/tasks/task_client_internal.h - interface between the files of the task client:
 * task_client.c has the vault, the executor and the ledger, task_client_chain.c tasks paid on an
 * EVM chain.
 */
#ifndef ASSAY_NET_SERVICES_TASKS_TASK_CLIENT_INTERNAL_H
#define ASSAY_NET_SERVICES_TASKS_TASK_CLIENT_INTERNAL_H

#include "net/services/server/client_listener.h"
#include "net/services/server/record_queue.h"
#include "net/services/tasks/task_client.h"
#include "net/services/tasks/task_crypto.h"
#include "net/services/shares/vault.h"
#include "services/evm/task_codec.h"

enum {
    ASSAY_TASK_CLIENT_WHY_MAX = 160,
    ASSAY_TASK_CLIENT_AGAIN_MS = 500,
    ASSAY_TASK_CLIENT_RESULT_HEAD = 36, /* task and step, before a result in its row */
};

struct assay_task_client {
    struct assay_task_client_config config;
    assay_task_on_result *result_callback;
    void *context;
    struct assay_secret32 secret;
    struct assay_task_keys keys;
    struct assay_vault *vault;
    struct assay_follower *follower;
    struct assay_record_queue *pending;
    struct assay_client_connection *call;
    enum assay_task_client_state state;
    char why[ASSAY_TASK_CLIENT_WHY_MAX];
    enum assay_status failure;
    struct assay_task_open terms;
    uint8_t task[32], salt[32];
    size_t input_len;
    uint8_t input[ASSAY_TASK_BLOB_MAX];
    bool has_chain;
    struct assay_task_chain chain; /* of the vault */
    bool runs;                     /* the requestor is initialized */
    bool failed, uncertified;      /* facts of the close being processed */
    bool held;                     /* in the last close the executor was not certified */
    uint64_t now_ms, wake_at_ms, call_at_ms, turn;
    uint32_t results, refused;
    struct assay_task_requestor r;
    uint8_t row[ASSAY_TASK_CLIENT_RESULT_HEAD + ASSAY_TASK_PLAIN_MAX];
    size_t vouched_len; /* of an earlier run: 0 when it was processed, or there was none */
    uint8_t vouched[ASSAY_TASK_FRAME_MAX];
    /* Of a task on a chain. Its executor, code, steps and lowest standing are those of terms. */
    bool on_chain, has_keys;
    struct assay_evm_place place;
    struct assay_evm_draft draft; /* with account and task key when has_keys */
    uint8_t draft_name[32];
    uint64_t draft_at_ms;
    struct assay_task_payer payer;
};

extern const uint8_t assay_task_client_row[32]; /* name of the task's row */

/* --- task_client.c */
/* Ends the task, unless it is over. */
void assay_requestor_end(struct assay_task_client *c, enum assay_task_client_state state,
                         const char *why);
/* Records the first failure. */
void assay_requestor_set_failure(struct assay_task_client *c, enum assay_status status);
/* Generates keys; box_secret: NULL: a random one. Returns: as assay_requestor_keys_init. */
ASSAY_CHECKED enum assay_status assay_requestor_init_keys(struct assay_task_client *c,
                                                          const struct assay_secret32 *box_secret);
/* Stores the row of the task with the input. Returns: as assay_vault_put and _commit. */
ASSAY_CHECKED enum assay_status assay_requestor_store(struct assay_task_client *c,
                                                      struct assay_slice row);
/* The best offer; sets c->terms.executor. Returns: it, or NULL. */
const struct assay_task_offer *assay_requestor_choose(struct assay_task_client *c,
                                                      const struct assay_task_request *request);
/* Generates the salt, unless it is given, and sets the input. Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_requestor_take_input(
    struct assay_task_client *c, const struct assay_task_request *request);
/* Executes the events of a call of the requestor. */
void assay_requestor_execute(struct assay_task_client *c, const struct assay_task_outputs *outs);
/* The requestor starts, with evidence or behind the stored results. In: key: the task key. */
void assay_requestor_start(struct assay_task_client *c,
                           const uint8_t key[static ASSAY_P256_PUBLIC_LEN]);
/* Connects to the executor when due. */
void assay_requestor_connect(struct assay_task_client *c);

/* --- task_client_chain.c */
/* Decodes the row of a task on a chain. Returns: ASSAY_OK | ASSAY_E_VERSION | as the decoders */
ASSAY_CHECKED enum assay_status assay_requestor_chain_read(struct assay_task_client *c,
                                                           struct assay_slice row);
/* A turn, with a ledger. */
void assay_requestor_chain_look(struct assay_task_client *c);
/* A frame while terms are agreed. */
void assay_requestor_chain_frame(struct assay_task_client *c, struct assay_slice bytes);
/* An epoch closed. */
void assay_requestor_chain_closed(struct assay_task_client *c);

#endif
