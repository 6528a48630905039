/*
 * net/evm/nodes.h - majority queries over several EVM nodes (docs/services.md 8.5): a result counts
 * when more than half return it and none contradicts.
 *
 * Chain, code, calls, nonces and receipts are asked of all. The newest block is the lowest that
 * anybody names, so that what is asked as of a block is asked of nodes that have it. A transaction
 * goes to all, and is sent when one took it. Of events and transactions of others, which prove
 * themselves, the answer that shows most is taken. What only costs time, gas and its price, is the
 * first answer.
 */
#ifndef ASSAY_NET_EVM_NODES_H
#define ASSAY_NET_EVM_NODES_H

#include "net/evm/rpc.h"

enum { ASSAY_EVM_NODES_MAX = 5, ASSAY_EVM_NODES_WHY_LEN = 200 };

struct assay_evm_nodes {
    struct assay_evm_link link[ASSAY_EVM_NODES_MAX];
    uint32_t count;    /* from 1; of one node its answers are passed on as they are */
    uint32_t pause_ms; /* before nodes that contradict each other are asked again */
    char why[ASSAY_EVM_NODES_WHY_LEN]; /* the last failure that no single link has, for operators */
};

/*
 * assay_eth_nodes_link - one link to all of them.
 * In:      nodes: lives as long as the link
 * Returns: a link. It says also ASSAY_E_AGAIN: fewer than more than half answered, or they
 *          contradict each other (after three rounds of questions), which is in nodes->why
 */
struct assay_evm_link assay_eth_nodes_link(struct assay_evm_nodes *nodes);

#endif
