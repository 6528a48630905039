/*
 * tests/support/evm_node.h - a node of an EVM chain that answers as a test defines.
 */
#ifndef ASSAY_TESTS_SUPPORT_EVM_NODE_H
#define ASSAY_TESTS_SUPPORT_EVM_NODE_H

#include "net/evm/sender.h"

enum { EVM_NODE_RAW_MAX = 4096 };

struct evm_node {
    uint64_t chain_id, head, base_fee, gas;
    uint64_t nonce;                    /* newest */
    uint64_t deep_nonce;               /* at blocks that are named */
    const char *refusal;               /* error object of estimates and calls; NULL: none */
    const char *answer;                /* whole answer of every question; NULL: as below */
    const char *send_result, *receipt; /* JSON; NULL: the hash of what came, null */
    const char *code, *call;           /* JSON of results */
    const char *second_call;           /* of every call but the first; NULL: the same */
    const char *included; /* the receipt from the next question for a nonce on, which is one more */
    bool silent;          /* no connection */
    bool replays;         /* answers carry the id of the first one */
    /* Requests that it received. */
    unsigned questions, calls, sent;
    uint64_t call_block; /* of the last call; 0: the newest */
    uint8_t raw[EVM_NODE_RAW_MAX], hash[32];
    size_t raw_len;
};

/* Returns: a node of chain 7 at block 100, gas 21,000 at 10 gwei, nonce 5. */
struct evm_node evm_node_make(void);
/* Returns: a link to it. */
struct assay_evm_link evm_node_link(struct evm_node *node);
/* JSON of a receipt of what was sent last, in text. Returns: text. */
const char *evm_node_receipt(const struct evm_node *node, uint64_t block, bool good,
                             const char *contract, char *text, size_t len);

#endif
