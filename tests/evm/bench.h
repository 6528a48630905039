/*
 * tests/evm/bench.h - fixture of the scenarios on an EVM chain.
 *
 * What the scenarios on a chain share: a node of it, accounts with money, contracts, and how a
 * scenario fails.
 */
#ifndef ASSAY_TESTS_EVM_BENCH_H
#define ASSAY_TESTS_EVM_BENCH_H

#include "net/evm/http.h"
#include "tests/evm/network.h"

#include <stdio.h>
#include <stdlib.h>

enum { CALL_MAX = ASSAY_EVM_DATA_LEN_MAX, DAY_S = 24 * 3600 };
#define GWEI UINT64_C(1000000000)

/* A scenario that does not hold ends the program, with the name of what failed. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("FAILED %s: %s (%s:%d)\n", __func__, #condition, __FILE__, __LINE__);           \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)
#define CHECK_OK(call) CHECK((call) == ASSAY_OK)

struct bench {
    struct assay_evm_http http;
    struct assay_evm_rpc rpc;
    struct assay_evm_sender sender; /* of the requestor, who also pays for anchors */
    struct assay_evm_config config;
    struct assay_secret32 key;
    uint8_t anchor[ASSAY_EVM_ADDRESS_LEN];
    struct assay_evm_place tasks;
    uint64_t clock_ms; /* of senders: made up */
    uint8_t data[CALL_MAX];
    bool committed;        /* what was deployed last is the committed code */
    const char *contracts; /* contract.json to deploy, which may have a planted fault */
};

/* The chain answers, its newest block is now, accounts have money. */
void bench_open(struct bench *bench, const char *url, const char *contracts);
void bench_close(struct bench *bench);
/* What the node's own methods do, by JSON of their parameters: "[5]". */
void bench_do(struct bench *bench, const char *method, const char *params);
/* Time and blocks of the chain. Returns: seconds of the newest block. */
uint64_t bench_now_s(struct bench *bench);
void bench_later(struct bench *bench, uint64_t seconds);
void bench_mine(struct bench *bench, unsigned blocks);
/* Until the chain's history of fees, which follows its blocks, has the fee of the newest one. */
void bench_await_fee(struct bench *bench, uint64_t wei);
/* An order to its end. Returns: gas that it took, or 0 and rpc.why when the contract refuses. */
uint64_t bench_send(struct bench *bench, struct assay_evm_sender *sender,
                    const struct assay_evm_order *order);
/* Returns: the contract's word when it would refuse that call, "" when it would not. */
const char *bench_would(struct bench *bench, const uint8_t *from,
                        const struct assay_evm_order *order);
/* Deploys; the code is the committed one, or that of bench->contracts. Returns: gas. */
uint64_t bench_deploy_anchor(struct bench *bench, const struct assay_evm_anchored *from);
uint64_t bench_deploy_tasks(struct bench *bench);
/* Eight ether. */
void bench_give(struct bench *bench, const uint8_t account[static ASSAY_EVM_ADDRESS_LEN]);
/* wei of an account, as 64 bits. Returns: them. */
uint64_t bench_balance(struct bench *bench, const uint8_t account[static ASSAY_EVM_ADDRESS_LEN]);

/* Scenarios. Each ends the program when it does not hold. */
void scenario_anchor(struct bench *bench);
void scenario_anchor_refusals(struct bench *bench);
void scenario_old_fork(struct bench *bench);
void scenario_task(struct bench *bench);
void scenario_sender(struct bench *bench);
void scenario_gas(struct bench *bench);

#endif
