/*
 * net/evm/payout_claims.h - payout claims of an executor on an EVM chain: open tasks, paid amounts,
 * and claims that are sent once they exceed their gas cost (docs/services.md 8.10).
 *
 * It never decides what is owed: its owner stores a claim durably before it hands it over, and
 * hands it over again after a start. What the chain says counts as deep as the configuration wants,
 * so blocks that go away take nothing with them. A step asks a node and may wait for it, so start
 * runs steps in a thread of their own; the other calls never wait for a node, and may come from any
 * thread. Without start, the caller step is that thread.
 */
#ifndef ASSAY_NET_EVM_PAYOUT_CLAIMS_H
#define ASSAY_NET_EVM_PAYOUT_CLAIMS_H

#include "net/evm/tasks.h"
#include "services/evm/task_codec.h"

enum {
    ASSAY_PAYOUT_CLAIMS_TASKS_MAX = 64,
    ASSAY_PAYOUT_CLAIMS_POLL_MS = 1000,
    /* A claim that pays an account for the first time, and a little more. */
    ASSAY_PAYOUT_CLAIMS_CLAIM_GAS = 90000,
};

struct assay_payout_claims_config {
    struct assay_evm_place place;
    uint8_t anchor[ASSAY_EVM_ADDRESS_LEN]; /* that the contract of tasks trusts */
    struct assay_evm_config sender;
    uint64_t margin_s; /* before a deadline: what is worth its gas is claimed */
    uint32_t batch;    /* before: when it brings so many times its gas; from 1 */
};

/* State of a task, as deep as configured. */
struct assay_payout_claims_get_task {
    bool known; /* the chain has been asked */
    bool open;
    uint32_t paid; /* steps */
};

/* For operators. */
struct assay_payout_claims_status {
    bool answers;                /* the node did, last time */
    uint32_t owed;               /* tasks with steps that are vouched and not paid */
    uint64_t sent;               /* claims that were as deep as configured, since the start */
    char why[ASSAY_EVM_WHY_LEN]; /* of what does not go on; empty when nothing is wrong */
};

struct assay_payout_claims;

/* Copies all. Returns: ASSAY_OK | as assay_eth_sender_init | ASSAY_E_RANGE (batch) */
ASSAY_CHECKED enum assay_status assay_payout_claims_create(
    const struct assay_payout_claims_config *config, const struct assay_secret32 *key,
    struct assay_evm_link link, struct assay_payout_claims **out);
/* Stops its thread. Accepts a pointer to NULL; nulls it. */
void assay_payout_claims_destroy(struct assay_payout_claims **claims);
/* Is this a chain, and a contract, on which claims can be paid? Before start. Out: why, for
 * operators.
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (another chain) | ASSAY_E_UNSUPPORTED (no P-256 there) |
 * ASSAY_E_NOT_FOUND, ASSAY_E_INVALID (no, or another contract) | statuses of the request */
ASSAY_CHECKED enum assay_status assay_payout_claims_check(struct assay_payout_claims *claims,
                                                          char why[static ASSAY_EVM_WHY_LEN]);
/* Returns: ASSAY_OK | ASSAY_E_MEMORY (no thread) */
ASSAY_CHECKED enum assay_status assay_payout_claims_start(struct assay_payout_claims *claims);

/* A task that may be opened, or has been. One that is known is one. Returns: ASSAY_OK |
 * ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_payout_claims_add_task(struct assay_payout_claims *claims,
                                                             const struct assay_evm_terms *terms);
/* The newest claim of a task that is watched; runs: more may come. */
void assay_payout_claims_set_claim(struct assay_payout_claims *claims,
                                   const uint8_t task[static 32],
                                   const struct assay_evm_claim *claim, bool runs);
void assay_payout_claims_remove_task(struct assay_payout_claims *claims,
                                     const uint8_t task[static 32]);
struct assay_payout_claims_get_task assay_payout_claims_get_task(struct assay_payout_claims *claims,
                                                                 const uint8_t task[static 32]);
/* Who is paid, and pays for gas. */
void assay_payout_claims_account(const struct assay_payout_claims *claims,
                                 uint8_t account[static ASSAY_EVM_ADDRESS_LEN]);
struct assay_payout_claims_status assay_payout_claims_status(struct assay_payout_claims *claims);
/* In: now_ms: monotonic; now_s: Unix. */
void assay_payout_claims_step(struct assay_payout_claims *claims, uint64_t now_ms, uint64_t now_s);

#endif
