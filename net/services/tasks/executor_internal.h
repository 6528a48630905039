/*
 * net/services/tasks/executor_internal.h - interface between the files of the executor node:
 * executor_node.c has the listener, the ledger and its claims, executor_chain.c tasks paid on an
 * EVM chain.
 */
#ifndef ASSAY_NET_SERVICES_TASKS_EXECUTOR_INTERNAL_H
#define ASSAY_NET_SERVICES_TASKS_EXECUTOR_INTERNAL_H

#include "net/services/server/client_listener.h"
#include "net/services/tasks/executor_node.h"
#include "net/services/server/record_queue.h"
#include "net/services/tasks/task_crypto.h"
#include "net/services/shares/vault.h"

enum { ASSAY_EXECUTOR_CLAIMS_MAX = 64 }; /* unpaid ones, including tasks before a restart */

struct assay_executor_work {
    bool runs;                /* false: free */
    uint8_t requestor[ASSAY_P256_PUBLIC_LEN]; /* account key; not on a chain */
    bool failed, uncertified; /* facts of the close being processed */
    uint64_t guest;           /* the client for which a quote is made */
    uint64_t turn;            /* of QUOTE */
    uint64_t quote_ms;        /* when it was requested; 0: none is made */
    struct assay_task_keys keys;
    struct assay_task_executor e;
    size_t state_len;
    uint8_t state[ASSAY_TASK_BLOB_MAX];
    /* Of a task on a chain. */
    bool on_chain;
    bool opened;       /* open there, with the configured confirmations */
    uint64_t since_ms; /* drafted */
    uint8_t draft[32];
    uint8_t site[16]; /* of its first requestor: as assay_listener_get_site */
    struct assay_evm_place place;
    struct assay_evm_terms terms;
    struct assay_task_payer payer;
};

/* A client's request for keys. Any client can make one: each has one place, and they are answered
 * in order (docs/services.md 6.5.1). */
struct assay_executor_ask {
    uint64_t guest;  /* 0: free */
    uint64_t number; /* in order of arrival */
    uint8_t task[32], nonce[32];
};

/* Of a task that may no longer be in memory: the newest claim, and the last that is certain to be
 * paid. */
struct assay_executor_claim {
    uint8_t task[32];
    struct assay_task_held newest, sure;
};

/* A claim on a chain, as stored in the vault. */
struct assay_executor_owed {
    uint8_t task[32];
    struct assay_evm_owed owed;
};

struct assay_executor_node {
    struct assay_executor_node_config config;
    struct assay_vault *vault;
    struct assay_client_listener *listener;
    struct assay_record_queue *pending;
    struct assay_follower *follower;
    struct assay_task_offer offer;
    uint64_t now_ms, offer_at_ms, chain_at_ms, turns, steps;
    bool offered;
    enum assay_status ledger; /* why it is not followed */
    enum assay_status failure;
    struct assay_task_open opened; /* of the record being processed */
    bool has_opened;
    bool is_own; /* it is of this member: the record being processed */
    uint64_t claims_paid, claims_refused;
    bool refuses; /* tasks of the ledger, for lack of room for claims */
    struct assay_executor_work work[ASSAY_EXECUTOR_TASKS_MAX];
    uint32_t claim_count, owed_count;
    uint64_t ask_count;
    struct assay_executor_ask ask[ASSAY_CLIENT_LISTENER_CLIENTS_MAX];
    struct assay_executor_claim claim[ASSAY_EXECUTOR_CLAIMS_MAX];
    struct assay_executor_owed owed[ASSAY_EXECUTOR_CLAIMS_MAX];
    uint8_t state[ASSAY_TASK_BLOB_MAX], output[ASSAY_TASK_BLOB_MAX];
};

/* --- executor_node.c */
/* Records the first failure. */
void assay_executor_set_failure(struct assay_executor_node *n, enum assay_status status);
/* Returns: whether there is a row for the claim of one more task of the ledger: each running one
 * may need one. */
bool assay_executor_has_room_for_claim(struct assay_executor_node *n);
/* Returns: a free place; NULL: there is none. */
struct assay_executor_work *assay_executor_free_work(struct assay_executor_node *n);
/* Wipes its keys and frees its place. */
void assay_executor_release(struct assay_executor_work *work);

/* --- executor_chain.c; without a chain each does nothing */
/* A frame of no running task. */
void assay_executor_on_frame(struct assay_executor_node *n, uint64_t guest,
                             const struct assay_task_frame *frame);
/* Returns: whether the input of a task may be accepted: on a chain, whether it is open there. */
bool assay_executor_may_start(struct assay_executor_node *n, struct assay_executor_work *work);
/* Ends a draft that was not opened: of the sites with most of them, the oldest. Returns: its place;
 * NULL: there is none. */
struct assay_executor_work *assay_executor_evict_draft(struct assay_executor_node *n);
/* Makes the claim of the vouched step durable, then passes it to the payout claims. */
void assay_executor_store_owed(struct assay_executor_node *n,
                               const struct assay_executor_work *work);
/* Loads the vault's claims. Returns: ASSAY_OK | as assay_vault_each | ASSAY_E_FULL | as
 * assay_evm_owed_decode */
ASSAY_CHECKED enum assay_status assay_executor_owed_load(struct assay_executor_node *n);
/* Frees what is paid or expired. */
void assay_executor_chain_step(struct assay_executor_node *n);

#endif
