/*
 * net/evm/rpc.h - JSON-RPC calls to an EVM node, and checks of the responses (docs/services.md
 * 8.4).
 *
 * JSON-RPC 2.0 over a link, one question at a time. The node that answers may be Byzantine: each
 * decoder takes the canonical form alone, within bounds that were set before it was asked, and what
 * can be computed here is compared with it.
 */
#ifndef ASSAY_NET_EVM_RPC_H
#define ASSAY_NET_EVM_RPC_H

#include "net/json/json.h"
#include "services/evm/secp256k1.h"

enum {
    ASSAY_EVM_ANSWER_LEN_MAX = 256 * 1024,
    ASSAY_EVM_DATA_LEN_MAX = 48 * 1024, /* of a call, a transaction or a contract's code */
    ASSAY_EVM_WHY_LEN = 160,
};

/* How a question gets to the node. Out: *len bytes of the answer, at most capacity. Returns:
 * ASSAY_OK | LIMIT and HOST statuses (no answer) | ASSAY_E_RANGE (it is longer) */
struct assay_evm_link {
    enum assay_status (*ask)(void *context, struct assay_slice question, uint8_t *answer,
                             size_t capacity, size_t *len);
    void *context;
    const char
        *why; /* why the last question failed, for operators, "" where the status says it; NULL:
                      * it never says */
};

struct assay_evm_rpc {
    struct assay_evm_link link;
    uint64_t asked; /* the id of the last question */
    char why[ASSAY_EVM_WHY_LEN]; /* the last failure; a contract's revert reason if it has one */
    bool refused;                /* the last failure was a revert of a contract */
};

/* --- values. "0x" and digits, without zeros before. Returns: ASSAY_OK | ASSAY_E_TYPE (no text) |
 * ASSAY_E_SYNTAX | ASSAY_E_RANGE (above 64 bits) */
ASSAY_CHECKED enum assay_status assay_eth_quantity(const struct assay_json *value, uint64_t *out);
/* "0x" and two digits a byte. Returns: the same | ASSAY_E_RANGE (more than capacity) */
ASSAY_CHECKED enum assay_status assay_eth_bytes(const struct assay_json *value, uint8_t *out,
                                                size_t capacity, size_t *len);
/* Exactly so many. Returns: the same */
ASSAY_CHECKED enum assay_status assay_eth_bytes_exact(const struct assay_json *value, uint8_t *out,
                                                      size_t len);

/* What a chain says of a transaction. */
struct assay_evm_receipt {
    bool found;
    bool good; /* false: it was included and changed nothing */
    uint64_t block, gas;
    uint8_t block_hash[32];
    bool created;
    uint8_t contract[ASSAY_EVM_ADDRESS_LEN]; /* when created */
};
/* The result of that question; JSON's null: not found. In: hash: of which transaction it must be.
 * Returns: ASSAY_OK | ASSAY_E_INVALID (of another one) | ASSAY_E_TYPE, _SYNTAX, _RANGE */
ASSAY_CHECKED enum assay_status assay_eth_receipt_parse(const struct assay_json *result,
                                                        const uint8_t hash[static 32],
                                                        struct assay_evm_receipt *receipt);
/*
 * assay_eth_answer_parse - the result of an answer's bytes.
 * In:      id: of the question
 * Out:     *document (the caller frees it, also when it is not ASSAY_OK), *result borrows from it
 * Returns: ASSAY_OK | ASSAY_E_INVALID (an error, reported in rpc->why and rpc->refused) |
 *          ASSAY_E_CHAIN (of another question) | ASSAY_E_SYNTAX, _RANGE, _TYPE
 */
ASSAY_CHECKED enum assay_status assay_eth_answer_parse(struct assay_evm_rpc *rpc,
                                                       struct assay_slice answer, uint64_t id,
                                                       struct assay_json **document,
                                                       const struct assay_json **result);

/* --- questions. Each Returns: ASSAY_OK | what the link says | what reading the answer says; why is
 * in rpc->why then. */
ASSAY_CHECKED enum assay_status assay_eth_get_chain(struct assay_evm_rpc *rpc, uint64_t *chain_id);
ASSAY_CHECKED enum assay_status assay_eth_get_head(struct assay_evm_rpc *rpc, uint64_t *block);
/* Of the next block, in wei; ASSAY_E_RANGE above 64 bits. */
ASSAY_CHECKED enum assay_status assay_eth_get_base_fee(struct assay_evm_rpc *rpc, uint64_t *wei);
/* How many transactions of an account are in blocks, up to that one (UINT64_MAX: the newest). */
ASSAY_CHECKED enum assay_status assay_eth_get_nonce(
    struct assay_evm_rpc *rpc, const uint8_t account[static ASSAY_EVM_ADDRESS_LEN], uint64_t block,
    uint64_t *nonce);
ASSAY_CHECKED enum assay_status assay_eth_get_code(
    struct assay_evm_rpc *rpc, const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN], uint8_t *code,
    size_t capacity, size_t *len);

struct assay_evm_call {
    const uint8_t *from, *to; /* addresses; NULL: nobody, a contract is created */
    const uint8_t *value;     /* 32 bytes; NULL: none */
    struct assay_slice data;
    uint64_t block; /* as it was after that one; 0: the newest */
};
/* What a call would answer, without a transaction. Returns: as above */
ASSAY_CHECKED enum assay_status assay_eth_get_call(struct assay_evm_rpc *rpc,
                                                   const struct assay_evm_call *call, uint8_t *out,
                                                   size_t capacity, size_t *len);
/* One word alone, after a block as above. Returns: also ASSAY_E_RANGE for an answer of another
 * length */
ASSAY_CHECKED enum assay_status assay_eth_get_word(
    struct assay_evm_rpc *rpc, const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
    struct assay_slice data, uint64_t block, uint8_t word[static 32]);
ASSAY_CHECKED enum assay_status assay_eth_estimate_gas(struct assay_evm_rpc *rpc,
                                                       const struct assay_evm_call *call,
                                                       uint64_t *gas);
/* Transactions that made an event of a contract.
 * In: event: Keccak-256 of its signature; word: its first one; blocks from and to, both included.
 * Out: *count of them, the newest last; of more than capacity the oldest are left out. Returns: as
 * above */
ASSAY_CHECKED enum assay_status assay_eth_get_events(
    struct assay_evm_rpc *rpc, const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
    const uint8_t event[static 32], const uint8_t word[static 32], uint64_t from, uint64_t to,
    uint8_t (*hash)[32], size_t capacity, size_t *count);
/* What a transaction was sent with. Returns: also ASSAY_E_NOT_FOUND */
ASSAY_CHECKED enum assay_status assay_eth_get_input(struct assay_evm_rpc *rpc,
                                                    const uint8_t hash[static 32], uint8_t *out,
                                                    size_t capacity, size_t *len);
/* Out: *hash as the node names it: to be compared with one's own. Returns: as above */
ASSAY_CHECKED enum assay_status assay_eth_send_raw(struct assay_evm_rpc *rpc,
                                                   struct assay_slice raw, uint8_t hash[static 32]);
ASSAY_CHECKED enum assay_status assay_eth_get_receipt(struct assay_evm_rpc *rpc,
                                                      const uint8_t hash[static 32],
                                                      struct assay_evm_receipt *receipt);

#endif
