/*
 * net/evm/rpc.c - JSON-RPC calls to an EVM node (docs/services.md 8.4).
 */
#include "net/evm/rpc.h"

#include "services/evm/abi.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static enum assay_status set_rpc_error(struct assay_evm_rpc *rpc, enum assay_status status,
                                       const char *what)
{
    ASSAY_ASSERT(status != ASSAY_OK && what != NULL);
    const bool has_reason = rpc->link.why != NULL && rpc->link.why[0] != '\0';
    if (rpc->why[0] == '\0')
        snprintf(rpc->why, sizeof rpc->why, "%s: %s", what,
                 has_reason ? rpc->link.why : assay_status_text(status));
    return status;
}

/* --- values */

static const char *digits_of(const struct assay_json *value)
{
    const char *const text = assay_json_as_text(value);
    return text != NULL && text[0] == '0' && text[1] == 'x' ? text + 2 : NULL;
}

enum assay_status assay_eth_quantity(const struct assay_json *value, uint64_t *out)
{
    const char *const digits = digits_of(value);
    if (assay_json_as_text(value) == NULL) return ASSAY_E_TYPE;
    if (digits == NULL || *digits == '\0') return ASSAY_E_SYNTAX;
    if (digits[0] == '0' && digits[1] != '\0') return ASSAY_E_SYNTAX;
    const size_t len = strlen(digits);
    uint64_t number = 0;
    for (size_t i = 0; i < len; i++) {
        const char c = digits[i];
        unsigned digit = 0;
        if (c >= '0' && c <= '9') digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f') digit = (unsigned)(c - 'a') + 10;
        else return ASSAY_E_SYNTAX;
        if (i >= 16) continue; /* continue: a value that is no number is reported as such */
        number = number << 4 | digit;
    }
    if (len > 16) return ASSAY_E_RANGE;
    *out = number;
    return ASSAY_OK;
}

enum assay_status assay_eth_bytes(const struct assay_json *value, uint8_t *out, size_t capacity,
                                  size_t *len)
{
    ASSAY_ASSERT(capacity == 0 || out != NULL);
    const char *const digits = digits_of(value);
    if (assay_json_as_text(value) == NULL) return ASSAY_E_TYPE;
    if (digits == NULL) return ASSAY_E_SYNTAX;
    const size_t count = strlen(digits);
    if (count % 2 != 0) return ASSAY_E_SYNTAX;
    if (count / 2 > capacity) return ASSAY_E_RANGE;
    if (count > 0) ASSAY_TRY(assay_hex_decode(digits, count, out, count / 2));
    *len = count / 2;
    return ASSAY_OK;
}

enum assay_status assay_eth_bytes_exact(const struct assay_json *value, uint8_t *out, size_t len)
{
    size_t found = 0;
    ASSAY_TRY(assay_eth_bytes(value, out, len, &found));
    return found == len ? ASSAY_OK : ASSAY_E_RANGE;
}

enum assay_status assay_eth_receipt_parse(const struct assay_json *result,
                                          const uint8_t hash[static 32],
                                          struct assay_evm_receipt *receipt)
{
    struct assay_evm_receipt r = { 0 };
    uint8_t named[32];
    uint64_t status = 0;
    if (assay_json_kind_of(result) == ASSAY_JSON_NULL) {
        *receipt = r;
        return ASSAY_OK;
    }
    if (assay_json_kind_of(result) != ASSAY_JSON_OBJECT) return ASSAY_E_TYPE;
    ASSAY_TRY(
        assay_eth_bytes_exact(assay_json_get(result, "transactionHash"), named, sizeof named));
    if (!assay_bytes_equal(named, hash, sizeof named)) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_eth_quantity(assay_json_get(result, "blockNumber"), &r.block));
    ASSAY_TRY(assay_eth_bytes_exact(assay_json_get(result, "blockHash"), r.block_hash, 32));
    ASSAY_TRY(assay_eth_quantity(assay_json_get(result, "gasUsed"), &r.gas));
    ASSAY_TRY(assay_eth_quantity(assay_json_get(result, "status"), &status));
    if (status > 1) return ASSAY_E_RANGE;
    const struct assay_json *const contract = assay_json_get(result, "contractAddress");
    r.created = assay_json_kind_of(contract) == ASSAY_JSON_TEXT;
    if (r.created) ASSAY_TRY(assay_eth_bytes_exact(contract, r.contract, sizeof r.contract));
    r.good = status == 1;
    r.found = true;
    *receipt = r;
    return ASSAY_OK;
}

/* --- answers */

/* Refused(bytes32): a word that is meant for operators, as far as it has letters. */
static void read_refusal(struct assay_evm_rpc *rpc, const struct assay_json *data)
{
    uint8_t bytes[ASSAY_ABI_SELECTOR_LEN + ASSAY_ABI_WORD_LEN], selector[ASSAY_ABI_SELECTOR_LEN];
    size_t len = 0;
    if (assay_eth_bytes_exact(data, bytes, sizeof bytes) != ASSAY_OK) return;
    assay_abi_selector("Refused(bytes32)", selector);
    if (!assay_bytes_equal(bytes, selector, sizeof selector)) return;
    for (const uint8_t *c = bytes + sizeof selector; len < 32 && *c >= 'a' && *c <= 'z'; c++)
        rpc->why[len++] = (char)*c;
    rpc->why[len] = '\0';
    ASSAY_ASSERT(len < sizeof rpc->why);
    rpc->refused = true;
}

static void read_error(struct assay_evm_rpc *rpc, const struct assay_json *error)
{
    const char *const text = assay_json_text(error, "message", "an error without words");
    size_t len = 0;
    for (char c; (c = text[len]) != '\0' && len + 1 < sizeof rpc->why; len++) {
        if (c < ' ' || c > '~') c = '?';
        rpc->why[len] = c;
    }
    ASSAY_ASSERT(len < sizeof rpc->why);
    rpc->why[len] = '\0';
    read_refusal(rpc, assay_json_get(error, "data"));
}

enum assay_status assay_eth_answer_parse(struct assay_evm_rpc *rpc, struct assay_slice answer,
                                         uint64_t id, struct assay_json **document,
                                         const struct assay_json **result)
{
    int64_t named = 0;
    *document = NULL;
    ASSAY_TRY(assay_json_parse((const char *)answer.bytes, answer.len, document));
    const struct assay_json *const error = assay_json_get(*document, "error");
    const char *const version = assay_json_text(*document, "jsonrpc", "");
    if (strcmp(version, "2.0") != 0) return ASSAY_E_TYPE;
    if (!assay_json_as_int(assay_json_get(*document, "id"), &named)) return ASSAY_E_TYPE;
    if (named < 0 || (uint64_t)named != id) return ASSAY_E_CHAIN;
    *result = assay_json_get(*document, "result");
    if (assay_json_kind_of(error) == ASSAY_JSON_OBJECT) {
        read_error(rpc, error);
        return ASSAY_E_INVALID;
    }
    return *result != NULL ? ASSAY_OK : ASSAY_E_TYPE;
}

/* Words of nodes may have characters of number 0 in them, escaped, which no text in C can hold:
 * they are shown as question marks. */
static void without_zeros(uint8_t *answer, size_t len)
{
    ASSAY_ASSERT(len <= ASSAY_EVM_ANSWER_LEN_MAX);
    static const char zero[] = "u0000";
    for (size_t i = 0; i + sizeof zero <= len; i++) {
        if (answer[i] != '\\') continue;
        i++;
        if (assay_bytes_equal(answer + i, zero, sizeof zero - 1))
            assay_bytes_copy(answer + i, sizeof zero - 1, "u003f", sizeof zero - 1);
    }
}

/* Takes params over. Out: *document is the caller's to free, whatever comes back. */
static enum assay_status call_method(struct assay_evm_rpc *rpc, const char *method,
                                     struct assay_json *params, struct assay_json **document,
                                     const struct assay_json **result)
{
    ASSAY_ASSERT(method != NULL && rpc->link.ask != NULL);
    struct assay_json *question = assay_json_object();
    uint8_t *const answer = malloc(ASSAY_EVM_ANSWER_LEN_MAX);
    size_t len = 0;
    *document = NULL;
    rpc->why[0] = '\0';
    rpc->refused = false;
    assay_json_set_text(question, "jsonrpc", "2.0");
    assay_json_set_uint(question, "id", ++rpc->asked);
    assay_json_set_text(question, "method", method);
    assay_json_set(question, "params", params);
    char *const text = assay_json_print(question, 0);
    assay_json_free(&question);
    enum assay_status status = text != NULL && answer != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK)
        status = rpc->link.ask(rpc->link.context, assay_slice_over(text, strlen(text)), answer,
                               ASSAY_EVM_ANSWER_LEN_MAX, &len);
    if (status == ASSAY_OK) without_zeros(answer, len);
    if (status == ASSAY_OK)
        status = assay_eth_answer_parse(rpc, assay_slice_over(answer, len), rpc->asked, document,
                                        result);
    free(text);
    free(answer);
    return status == ASSAY_OK ? status : set_rpc_error(rpc, status, method);
}

/* --- questions */

static struct assay_json *no_params(void)
{
    return assay_json_array();
}

static void append_hex(struct assay_json *array, const uint8_t *bytes, size_t len)
{
    char text[2 + 2 * 32 + 1] = "0x";
    ASSAY_ASSERT(len <= 32);
    assay_hex_encode(bytes, len, text + 2, sizeof text - 2);
    assay_json_append_text(array, text);
}

static void append_block(struct assay_json *array, uint64_t block)
{
    char text[24] = "latest";
    if (block != UINT64_MAX) snprintf(text, sizeof text, "0x%llx", (unsigned long long)block);
    assay_json_append_text(array, text);
}

static enum assay_status call_quantity(struct assay_evm_rpc *rpc, const char *method,
                                       struct assay_json *params, uint64_t *out)
{
    struct assay_json *document = NULL;
    const struct assay_json *result = NULL;
    enum assay_status status = call_method(rpc, method, params, &document, &result);
    if (status == ASSAY_OK) status = assay_eth_quantity(result, out);
    assay_json_free(&document);
    return status == ASSAY_OK ? status : set_rpc_error(rpc, status, method);
}

enum assay_status assay_eth_get_chain(struct assay_evm_rpc *rpc, uint64_t *chain_id)
{
    return call_quantity(rpc, "eth_chainId", no_params(), chain_id);
}

enum assay_status assay_eth_get_head(struct assay_evm_rpc *rpc, uint64_t *block)
{
    return call_quantity(rpc, "eth_blockNumber", no_params(), block);
}

enum assay_status assay_eth_get_nonce(struct assay_evm_rpc *rpc,
                                      const uint8_t account[static ASSAY_EVM_ADDRESS_LEN],
                                      uint64_t block, uint64_t *nonce)
{
    struct assay_json *const params = assay_json_array();
    append_hex(params, account, ASSAY_EVM_ADDRESS_LEN);
    append_block(params, block);
    return call_quantity(rpc, "eth_getTransactionCount", params, nonce);
}

/* Of the newest block and the one that follows: the last of the list is the next one's. */
enum assay_status assay_eth_get_base_fee(struct assay_evm_rpc *rpc, uint64_t *wei)
{
    static const char method[] = "eth_feeHistory";
    struct assay_json *document = NULL, *const params = assay_json_array();
    const struct assay_json *result = NULL;
    assay_json_append_text(params, "0x1");
    append_block(params, UINT64_MAX);
    assay_json_append(params, assay_json_array());
    enum assay_status status = call_method(rpc, method, params, &document, &result);
    if (status == ASSAY_OK) {
        const struct assay_json *const fees = assay_json_get(result, "baseFeePerGas");
        status = assay_json_count(fees) == 2 ? assay_eth_quantity(assay_json_at(fees, 1), wei)
                                             : ASSAY_E_TYPE;
    }
    assay_json_free(&document);
    return status == ASSAY_OK ? status : set_rpc_error(rpc, status, method);
}

static enum assay_status call_bytes(struct assay_evm_rpc *rpc, const char *method,
                                    struct assay_json *params, uint8_t *out, size_t capacity,
                                    size_t *len)
{
    ASSAY_ASSERT(capacity == 0 || out != NULL);
    struct assay_json *document = NULL;
    const struct assay_json *result = NULL;
    enum assay_status status = call_method(rpc, method, params, &document, &result);
    if (status == ASSAY_OK) status = assay_eth_bytes(result, out, capacity, len);
    assay_json_free(&document);
    return status == ASSAY_OK ? status : set_rpc_error(rpc, status, method);
}

enum assay_status assay_eth_get_code(struct assay_evm_rpc *rpc,
                                     const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
                                     uint8_t *code, size_t capacity, size_t *len)
{
    struct assay_json *const params = assay_json_array();
    append_hex(params, contract, ASSAY_EVM_ADDRESS_LEN);
    append_block(params, UINT64_MAX);
    return call_bytes(rpc, "eth_getCode", params, code, capacity, len);
}

/* Returns: NULL without memory. */
static char *hex_text(struct assay_slice bytes)
{
    char *const text = malloc(2 * bytes.len + 3);
    if (text == NULL) return NULL;
    text[0] = '0';
    text[1] = 'x';
    text[2] = '\0';
    if (bytes.len > 0) assay_hex_encode(bytes.bytes, bytes.len, text + 2, 2 * bytes.len + 1);
    return text;
}

static void set_address(struct assay_json *object, const char *key, const uint8_t *address)
{
    char text[2 + 2 * ASSAY_EVM_ADDRESS_LEN + 1] = "0x";
    if (address == NULL) return;
    assay_hex_encode(address, ASSAY_EVM_ADDRESS_LEN, text + 2, sizeof text - 2);
    assay_json_set_text(object, key, text);
}

static struct assay_json *call_params(const struct assay_evm_call *call)
{
    ASSAY_ASSERT(call->data.len <= ASSAY_EVM_DATA_LEN_MAX);
    char *const data = hex_text(call->data);
    char value[2 + 64 + 1];
    if (data == NULL) return NULL; /* a question without them is refused */
    struct assay_json *const params = assay_json_array(), *const object = assay_json_object();
    set_address(object, "from", call->from);
    set_address(object, "to", call->to);
    if (call->value != NULL && !assay_bytes_all_zero(call->value, 32)) {
        assay_hex_encode(call->value, 32, value + 2, sizeof value - 2);
        char *digits = value + 2;
        while (*digits == '0')
            digits++;
        *--digits = 'x';
        *--digits = '0';
        assay_json_set_text(object, "value", digits);
    }
    assay_json_set_text(object, "data", data);
    free(data);
    assay_json_append(params, object);
    return params;
}

enum assay_status assay_eth_get_call(struct assay_evm_rpc *rpc, const struct assay_evm_call *call,
                                     uint8_t *out, size_t capacity, size_t *len)
{
    struct assay_json *const params = call_params(call);
    append_block(params, call->block != 0 ? call->block : UINT64_MAX);
    return call_bytes(rpc, "eth_call", params, out, capacity, len);
}

enum assay_status assay_eth_get_word(struct assay_evm_rpc *rpc,
                                     const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
                                     struct assay_slice data, uint64_t block,
                                     uint8_t word[static 32])
{
    const struct assay_evm_call call = { .to = contract, .data = data, .block = block };
    size_t len = 0;
    ASSAY_TRY(assay_eth_get_call(rpc, &call, word, 32, &len));
    return len == 32 ? ASSAY_OK : set_rpc_error(rpc, ASSAY_E_RANGE, "eth_call");
}

enum assay_status assay_eth_estimate_gas(struct assay_evm_rpc *rpc,
                                         const struct assay_evm_call *call, uint64_t *gas)
{
    return call_quantity(rpc, "eth_estimateGas", call_params(call), gas);
}

enum assay_status assay_eth_send_raw(struct assay_evm_rpc *rpc, struct assay_slice raw,
                                     uint8_t hash[static 32])
{
    struct assay_json *const params = assay_json_array();
    char *const text = hex_text(raw);
    uint8_t named[32];
    size_t len = 0;
    if (text != NULL) assay_json_append_text(params, text);
    free(text);
    ASSAY_TRY(call_bytes(rpc, "eth_sendRawTransaction", params, named, sizeof named, &len));
    if (len != sizeof named) return set_rpc_error(rpc, ASSAY_E_RANGE, "eth_sendRawTransaction");
    assay_bytes_copy(hash, 32, named, 32);
    return ASSAY_OK;
}

enum assay_status assay_eth_get_receipt(struct assay_evm_rpc *rpc, const uint8_t hash[static 32],
                                        struct assay_evm_receipt *receipt)
{
    static const char method[] = "eth_getTransactionReceipt";
    struct assay_json *document = NULL, *const params = assay_json_array();
    const struct assay_json *result = NULL;
    append_hex(params, hash, 32);
    enum assay_status status = call_method(rpc, method, params, &document, &result);
    if (status == ASSAY_OK) status = assay_eth_receipt_parse(result, hash, receipt);
    assay_json_free(&document);
    return status == ASSAY_OK ? status : set_rpc_error(rpc, status, method);
}

/* --- what was sent by others */

static struct assay_json *event_params(const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
                                       const uint8_t event[static 32],
                                       const uint8_t word[static 32], uint64_t from, uint64_t to)
{
    ASSAY_ASSERT(from <= to);
    struct assay_json *const params = assay_json_array(), *const object = assay_json_object();
    struct assay_json *const topics = assay_json_array();
    char block[24];
    set_address(object, "address", contract);
    append_hex(topics, event, 32);
    append_hex(topics, word, 32);
    assay_json_set(object, "topics", topics);
    (void)snprintf(block, sizeof block, "0x%llx", (unsigned long long)from);
    assay_json_set_text(object, "fromBlock", block);
    (void)snprintf(block, sizeof block, "0x%llx", (unsigned long long)to);
    assay_json_set_text(object, "toBlock", block);
    assay_json_append(params, object);
    return params;
}

enum assay_status assay_eth_get_events(struct assay_evm_rpc *rpc,
                                       const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
                                       const uint8_t event[static 32],
                                       const uint8_t word[static 32], uint64_t from, uint64_t to,
                                       uint8_t (*hash)[32], size_t capacity, size_t *count)
{
    static const char method[] = "eth_getLogs";
    struct assay_json *document = NULL;
    const struct assay_json *result = NULL;
    *count = 0;
    enum assay_status status =
        call_method(rpc, method, event_params(contract, event, word, from, to), &document, &result);
    if (status == ASSAY_OK && assay_json_kind_of(result) != ASSAY_JSON_ARRAY) status = ASSAY_E_TYPE;
    const size_t all = status == ASSAY_OK ? assay_json_count(result) : 0;
    const size_t first = all > capacity ? all - capacity : 0;
    for (size_t i = first; status == ASSAY_OK && i < all; i++) {
        const struct assay_json *const one = assay_json_at(result, i);
        status = assay_eth_bytes_exact(assay_json_get(one, "transactionHash"), hash[*count], 32);
        *count += status == ASSAY_OK;
    }
    ASSAY_ASSERT(*count <= capacity);
    assay_json_free(&document);
    return status == ASSAY_OK ? status : set_rpc_error(rpc, status, method);
}

enum assay_status assay_eth_get_input(struct assay_evm_rpc *rpc, const uint8_t hash[static 32],
                                      uint8_t *out, size_t capacity, size_t *len)
{
    static const char method[] = "eth_getTransactionByHash";
    struct assay_json *document = NULL, *const params = assay_json_array();
    const struct assay_json *result = NULL;
    append_hex(params, hash, 32);
    enum assay_status status = call_method(rpc, method, params, &document, &result);
    if (status == ASSAY_OK && assay_json_kind_of(result) == ASSAY_JSON_NULL)
        status = ASSAY_E_NOT_FOUND;
    if (status == ASSAY_OK)
        status = assay_eth_bytes(assay_json_get(result, "input"), out, capacity, len);
    assay_json_free(&document);
    return status == ASSAY_OK ? status : set_rpc_error(rpc, status, method);
}
