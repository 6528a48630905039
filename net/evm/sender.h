/*
 * net/evm/sender.h - transaction sender of one account: one transaction at a time, until the
 * configured confirmation depth (docs/services.md 8.4).
 *
 * A state machine without a clock: `step` asks the node what it needs and says how far it is. It
 * signs for one chain, never above the configured price of gas, never for more gas than allowed,
 * and only what the contract would not refuse now. A node may lie: then nothing happens, or what it
 * said is taken back in a later step; no lie makes it pay more, or sign anything else.
 *
 * What is begun may be included more than once (a node hides a transaction, another nonce is used):
 * so begin only what the contract refuses the second time, as every call of contracts/ is.
 */
#ifndef ASSAY_NET_EVM_SENDER_H
#define ASSAY_NET_EVM_SENDER_H

#include "net/evm/rpc.h"
#include "services/evm/transaction.h"

enum {
    ASSAY_EVM_HASHES_MAX = 8, /* of one transaction: each price that it was signed with */
    ASSAY_EVM_CONFIRMATIONS_MAX = 1024,
};

struct assay_evm_config {
    uint64_t chain_id;
    uint64_t fee_limit_wei; /* a unit of gas, in all: never more */
    uint64_t tip_wei;       /* to who makes the block; at most the limit */
    uint64_t gas_limit;     /* of one transaction: never more */
    uint32_t confirmations; /* blocks, its own included, until it counts: 1 .. 1024 */
    uint64_t resend_ms;     /* unseen for this long: it is sent again, dearer if blocks are */
};

enum assay_evm_phase {
    ASSAY_EVM_IDLE,
    ASSAY_EVM_NEW,          /* not signed yet */
    ASSAY_EVM_FEE_TOO_HIGH, /* nor will it be, as long as gas costs more than the limit */
    ASSAY_EVM_SENT,         /* a node has it */
    ASSAY_EVM_MINED,        /* in a block, not deep enough */
    ASSAY_EVM_DONE,         /* deep enough, and good */
    ASSAY_EVM_REFUSED, /* not sent, or included in vain: the contract refuses; `why` has its word */
};
/* "idle", "new", "dear", ... Returns: never NULL. */
const char *assay_eth_phase_text(enum assay_evm_phase phase);

struct assay_evm_order {
    bool creates; /* data is code and arguments */
    uint8_t to[ASSAY_EVM_ADDRESS_LEN];
    uint8_t value[32];       /* wei */
    struct assay_slice data; /* at most ASSAY_EVM_DATA_LEN_MAX */
};

/* How far it is. */
struct assay_evm_progress {
    enum assay_evm_phase phase;
    char why[ASSAY_EVM_WHY_LEN]; /* of what did not go on; empty when nothing is wrong */
    uint8_t hash[32];            /* newest, or of the one that is in a block */
    uint64_t nonce, fee_wei;     /* it was signed with */
    uint64_t base_fee_wei;       /* newest that was reported */
    struct assay_evm_receipt receipt;
    uint64_t depth;   /* blocks from its own on */
    uint32_t gone;    /* times that a block which had it was no block any more */
    uint32_t signed_; /* times that it was signed, at one price or nonce or another */
};

struct assay_evm_sender {
    struct assay_evm_rpc rpc;
    struct assay_evm_config config;
    struct assay_secret32 key;
    uint8_t account[ASSAY_EVM_ADDRESS_LEN];
    struct assay_evm_order order; /* its data are `data` */
    uint8_t *data, *raw;          /* owned */
    size_t raw_len;
    uint64_t gas, tip_wei, sent_ms;
    uint64_t next; /* least nonce that this process accepts: a confirmed one is not taken back */
    uint8_t hashes[ASSAY_EVM_HASHES_MAX][32];
    uint64_t nonces[ASSAY_EVM_HASHES_MAX]; /* it was signed with, by hash */
    uint32_t hash_count;
    struct assay_evm_progress progress;
};

/* Copies key and configuration. Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_RANGE (configuration) |
 * ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_eth_sender_init(struct assay_evm_sender *sender,
                                                      const struct assay_evm_config *config,
                                                      const struct assay_secret32 *key,
                                                      struct assay_evm_link link);
/* Wipes the key. */
void assay_eth_sender_deinit(struct assay_evm_sender *sender);
/* Copies the order. Returns: ASSAY_OK | ASSAY_E_AGAIN (another one is not over) | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_eth_sender_begin(struct assay_evm_sender *sender,
                                                       const struct assay_evm_order *order);
/*
 * assay_eth_sender_step - go on as far as it can without waiting.
 * In:      now_ms: monotonic
 * Returns: what sender->progress says then; call again after a while unless it is DONE or REFUSED
 */
enum assay_evm_phase assay_eth_sender_step(struct assay_evm_sender *sender, uint64_t now_ms);

#endif
