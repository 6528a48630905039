/*
 * net/services/tasks/executor_internal.h - what the files of executor_node.h share: executor_node.c
 * has the door, the ledger and its claims, executor_chain.c tasks whose money lies on an EVM chain.
 */
#ifndef ASSAY_NET_SERVICES_TASKS_EXECUTOR_INTERNAL_H
#define ASSAY_NET_SERVICES_TASKS_EXECUTOR_INTERNAL_H

#include "net/services/server/client_listener.h"
#include "net/services/tasks/executor_node.h"
#include "net/services/server/record_queue.h"
#include "net/services/tasks/task_crypto.h"
#include "net/services/shares/vault.h"

enum { ASSAY_EXECUTOR_CLAIMS_MAX = 64 }; /* that are not paid, of tasks before a restart as well */

struct assay_executor_work {
    bool runs;                /* else the place is free */
    uint8_t requestor[ASSAY_P256_PUBLIC_LEN]; /* account key; not on a chain */
    bool failed, uncertified; /* said in the close that is being told */
    uint64_t guest;           /* who asked for keys last */
    uint64_t turn;            /* of QUOTE */
    struct assay_task_keys keys;
    struct assay_task_executor e;
    size_t state_len;
    uint8_t state[ASSAY_TASK_BLOB_MAX];
    /* Of a task on a chain. */
    bool on_chain;
    bool opened;       /* there, as deep as configured */
    uint64_t since_ms; /* drafted */
    uint8_t draft[32];
    uint8_t site[16]; /* of who drafted it first: as assay_client_listener_site */
    struct assay_evm_place place;
    struct assay_evm_terms terms;
    struct assay_task_payer payer;
};

/* Of a task that may be gone from memory: the newest, and the last that is sure to be paid. */
struct assay_executor_claim {
    uint8_t task[32];
    struct assay_task_held newest, sure;
};

/* A claim on a chain, as the vault has it. */
struct assay_executor_owed {
    uint8_t task[32];
    struct assay_evm_owed owed;
};

struct assay_executor_node {
    struct assay_executor_node_config config;
    struct assay_vault *vault;
    struct assay_client_listener *door;
    struct assay_record_queue *pending;
    struct assay_follower *follower;
    struct assay_task_offer offer;
    uint64_t now_ms, offer_at_ms, chain_at_ms, turns, steps;
    bool offered;
    enum assay_status ledger; /* why it is not followed */
    enum assay_status failure;
    struct assay_task_open opened; /* of the record that is being told */
    bool has_opened;
    bool is_own; /* of its member: the record that is being told */
    uint64_t claims_paid, claims_refused;
    bool refuses; /* tasks of the ledger, for want of room for a claim */
    struct assay_executor_work work[ASSAY_EXECUTOR_TASKS_MAX];
    uint32_t claim_count, owed_count;
    struct assay_executor_claim claim[ASSAY_EXECUTOR_CLAIMS_MAX];
    struct assay_executor_owed owed[ASSAY_EXECUTOR_CLAIMS_MAX];
    uint8_t state[ASSAY_TASK_BLOB_MAX], output[ASSAY_TASK_BLOB_MAX];
};

/* --- executor_node.c */
/* Remembers the first failure. Returns: nothing. */
void assay_executor_keep(struct assay_executor_node *n, enum assay_status status);
/* Returns: whether there is a row for the claim of one more task of the ledger: each that runs may
 * need one. */
bool assay_executor_has_room_for_claim(struct assay_executor_node *n);
/* Returns: a free place; NULL: there is none. */
struct assay_executor_work *assay_executor_free_work(struct assay_executor_node *n);
/* Wipes its keys; the place is free. Returns: nothing. */
void assay_executor_leave(struct assay_executor_work *work);

/* --- executor_chain.c; without a chain none does anything */
/* A frame of no task that runs. Returns: nothing. */
void assay_executor_hear(struct assay_executor_node *n, uint64_t guest,
                         const struct assay_task_frame *frame);
/* Returns: whether the input of a task may be taken: on a chain, that it is open there. */
bool assay_executor_may_begin(struct assay_executor_node *n, struct assay_executor_work *work);
/* Ends a draft that was not opened: of the sites with most of them, the oldest. Returns: its place;
 * NULL: there is none. */
struct assay_executor_work *assay_executor_evict_draft(struct assay_executor_node *n);
/* The claim of the step that was vouched is durable, then the till has it. Returns: nothing. */
void assay_executor_owed_keep(struct assay_executor_node *n,
                              const struct assay_executor_work *work);
/* What the vault has, to be claimed. Returns: ASSAY_OK | as assay_vault_each | ASSAY_E_FULL | as
 * assay_evm_owed_take */
ASSAY_CHECKED enum assay_status assay_executor_owed_load(struct assay_executor_node *n);
/* Lets go what is paid or too late. Returns: nothing. */
void assay_executor_chain_turn(struct assay_executor_node *n);

#endif
