/* tests/support/evm_node.c - see the header. */
#include "tests/support/evm_node.h"

#include "services/evm/keccak.h"

#include <stdio.h>
#include <stdlib.h>

struct evm_node evm_node_make(void)
{
    return (struct evm_node){ .chain_id = 7,
                              .head = 100,
                              .base_fee = UINT64_C(10000000000),
                              .gas = 21000,
                              .nonce = 5,
                              .deep_nonce = 5 };
}

static bool asks(const char *question, const char *method)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", method);
    return strstr(question, quoted) != NULL;
}

static void take_raw(struct evm_node *node, const char *question)
{
    const char *const digits = strstr(question, "\"params\":[\"0x") + 13;
    const size_t len = strcspn(digits, "\"");
    ASSAY_ASSERT(len / 2 <= sizeof node->raw);
    ASSAY_ASSERT(assay_hex_decode(digits, len, node->raw, len / 2) == ASSAY_OK);
    node->raw_len = len / 2;
    assay_keccak256(node->raw, node->raw_len, node->hash);
    node->sent++;
}

/* Returns: false when it has written an error. */
static bool result_of(struct evm_node *n, const char *question, char *text, size_t len)
{
    const bool latest = strstr(question, "\"latest\"") != NULL;
    char hex[65];
    if (asks(question, "eth_chainId")) {
        snprintf(text, len, "\"0x%llx\"", (unsigned long long)n->chain_id);
    } else if (asks(question, "eth_blockNumber")) {
        snprintf(text, len, "\"0x%llx\"", (unsigned long long)n->head);
    } else if (asks(question, "eth_feeHistory")) {
        snprintf(text, len, "{\"baseFeePerGas\":[\"0x1\",\"0x%llx\"]}",
                 (unsigned long long)n->base_fee);
    } else if (asks(question, "eth_getTransactionCount")) {
        if (n->included != NULL && n->receipt == NULL) {
            n->receipt = n->included;
            n->deep_nonce = ++n->nonce;
        }
        snprintf(text, len, "\"0x%llx\"", (unsigned long long)(latest ? n->nonce : n->deep_nonce));
    } else if (asks(question, "eth_estimateGas")) {
        snprintf(text, len, "\"0x%llx\"", (unsigned long long)n->gas);
        if (n->refusal != NULL) snprintf(text, len, "%s", n->refusal);
        return n->refusal == NULL;
    } else if (asks(question, "eth_sendRawTransaction")) {
        take_raw(n, question);
        assay_hex_encode(n->hash, 32, hex, sizeof hex);
        if (n->send_result != NULL) snprintf(text, len, "%s", n->send_result);
        else snprintf(text, len, "\"0x%s\"", hex);
    } else if (asks(question, "eth_getTransactionReceipt")) {
        assay_hex_encode(n->hash, 32, hex, sizeof hex);
        const bool of_it = n->sent > 0 && strstr(question, hex) != NULL;
        snprintf(text, len, "%s", n->receipt != NULL && of_it ? n->receipt : "null");
    } else if (asks(question, "eth_getCode")) {
        snprintf(text, len, "%s", n->code);
    } else {
        const char *const block = strstr(question, "},\"0x"); /* behind the call's object */
        n->call_block = block != NULL ? strtoull(block + 5, NULL, 16) : 0;
        const bool second = n->calls++ > 0 && n->second_call != NULL;
        snprintf(text, len, "%s", second ? n->second_call : n->call);
    }
    return true;
}

static enum assay_status ask(void *context, struct assay_slice question, uint8_t *answer,
                             size_t capacity, size_t *len)
{
    struct evm_node *const n = context;
    static char text[64 * 1024], asked[64 * 1024];
    unsigned long long id = 0;
    n->questions++;
    if (n->silent) return ASSAY_E_AGAIN;
    ASSAY_ASSERT(question.len < sizeof asked);
    assay_bytes_copy(asked, sizeof asked, question.bytes, question.len);
    asked[question.len] = '\0';
    const char *const at = strstr(asked, "\"id\":");
    ASSAY_ASSERT(at != NULL);
    id = n->replays ? 1 : strtoull(at + 5, NULL, 10);
    const char *kind = "result";
    text[0] = '\0';
    if (n->answer == NULL && !result_of(n, asked, text, sizeof text)) kind = "error";
    const int made = n->answer != NULL
                         ? snprintf((char *)answer, capacity, "%s", n->answer)
                         : snprintf((char *)answer, capacity,
                                    "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"%s\":%s}", id, kind, text);
    *len = (size_t)made;
    return *len < capacity ? ASSAY_OK : ASSAY_E_RANGE;
}

struct assay_evm_link evm_node_link(struct evm_node *node)
{
    return (struct assay_evm_link){ .ask = ask, .context = node };
}

const char *evm_node_receipt(const struct evm_node *node, uint64_t block, bool good,
                             const char *contract, char *text, size_t len)
{
    char hash[65], block_hash[65];
    uint8_t id[32] = { (uint8_t)block, 1 };
    assay_hex_encode(node->hash, 32, hash, sizeof hash);
    assay_hex_encode(id, 32, block_hash, sizeof block_hash);
    snprintf(text, len,
             "{\"transactionHash\":\"0x%s\",\"blockNumber\":\"0x%llx\",\"blockHash\":\"0x%s\","
             "\"gasUsed\":\"0x5208\",\"status\":\"0x%d\",\"contractAddress\":%s}",
             hash, (unsigned long long)block, block_hash, good, contract);
    return text;
}
