/* tests/evm/bench.c - a chain and its accounts for the tests of EVM programs. */
#include "tests/evm/bench.h"

#include "base/file/file.h"

#include <time.h>

static struct assay_json *question(const char *method, const char *params)
{
    char text[512];
    struct assay_json *document = NULL;
    snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
             method, params);
    CHECK_OK(assay_json_parse(text, strlen(text), &document));
    return document;
}

/* Returns: the result, which the caller frees with *document. */
static const struct assay_json *asked(struct bench *b, const char *method, const char *params,
                                      struct assay_json **document)
{
    static uint8_t answer[ASSAY_EVM_ANSWER_LEN_MAX];
    struct assay_json *q = question(method, params);
    const struct assay_json *result = NULL;
    size_t len = 0;
    char *const text = assay_json_print(q, 0);
    assay_json_free(&q);
    CHECK_OK(b->rpc.link.ask(b->rpc.link.context, assay_slice_over(text, strlen(text)), answer,
                             sizeof answer, &len));
    free(text);
    const enum assay_status status =
        assay_eth_answer_parse(&b->rpc, assay_slice_over(answer, len), 1, document, &result);
    if (status != ASSAY_OK) printf("%s: %s\n", method, b->rpc.why);
    CHECK(status == ASSAY_OK);
    return result;
}

void bench_do(struct bench *b, const char *method, const char *params)
{
    struct assay_json *document = NULL;
    asked(b, method, params, &document);
    assay_json_free(&document);
}

uint64_t bench_now_s(struct bench *b)
{
    struct assay_json *document = NULL;
    const struct assay_json *block =
        asked(b, "eth_getBlockByNumber", "[\"latest\",false]", &document);
    uint64_t now = 0;
    CHECK_OK(assay_eth_quantity(assay_json_get(block, "timestamp"), &now));
    assay_json_free(&document);
    return now;
}

void bench_mine(struct bench *b, unsigned blocks)
{
    char params[32];
    snprintf(params, sizeof params, "[\"0x%x\"]", blocks);
    bench_do(b, "anvil_mine", params);
}

void bench_await_fee(struct bench *b, uint64_t wei)
{
    uint64_t found = 0;
    for (int i = 0; i < 600 && found != wei; i++) {
        struct assay_json *document = NULL;
        const struct assay_json *history =
            asked(b, "eth_feeHistory", "[\"0x1\",\"latest\",[]]", &document);
        const struct assay_json *fees = assay_json_get(history, "baseFeePerGas");
        if (assay_json_count(fees) != 2 ||
            assay_eth_quantity(assay_json_at(fees, 0), &found) != ASSAY_OK)
            found = 0;
        assay_json_free(&document);
        if (found != wei) nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    }
    CHECK(found == wei);
}

void bench_later(struct bench *b, uint64_t seconds)
{
    char params[32];
    snprintf(params, sizeof params, "[%llu]", (unsigned long long)seconds);
    bench_do(b, "evm_increaseTime", params);
    bench_mine(b, 1);
}

uint64_t bench_balance(struct bench *b, const uint8_t account[static ASSAY_EVM_ADDRESS_LEN])
{
    struct assay_json *document = NULL;
    char hex[2 * ASSAY_EVM_ADDRESS_LEN + 1], params[80];
    uint64_t wei = 0;
    assay_hex_encode(account, ASSAY_EVM_ADDRESS_LEN, hex, sizeof hex);
    snprintf(params, sizeof params, "[\"0x%s\",\"latest\"]", hex);
    CHECK_OK(assay_eth_quantity(asked(b, "eth_getBalance", params, &document), &wei));
    assay_json_free(&document);
    return wei;
}

void bench_give(struct bench *b, const uint8_t account[static ASSAY_EVM_ADDRESS_LEN])
{
    char hex[2 * ASSAY_EVM_ADDRESS_LEN + 1], params[96];
    assay_hex_encode(account, ASSAY_EVM_ADDRESS_LEN, hex, sizeof hex);
    snprintf(params, sizeof params, "[\"0x%s\",\"0x7000000000000000\"]", hex);
    bench_do(b, "anvil_setBalance", params);
}

void bench_open(struct bench *b, const char *url, const char *contracts)
{
    *b = (struct bench){ .http = { .url = url }, .contracts = contracts };
    b->rpc.link = assay_eth_http_link(&b->http);
    b->config = (struct assay_evm_config){ .chain_id = 31337,
                                           .fee_limit_wei = 50 * GWEI,
                                           .tip_wei = GWEI,
                                           .gas_limit = 8000000,
                                           .confirmations = 1,
                                           .resend_ms = 1000 };
    b->key.bytes[31] = 7;
    CHECK_OK(assay_eth_sender_init(&b->sender, &b->config, &b->key, b->rpc.link));
    bench_give(b, b->sender.account);
    b->tasks.chain_id = b->config.chain_id;
    bench_mine(b, 1);
}

void bench_close(struct bench *b)
{
    assay_eth_sender_deinit(&b->sender);
}

uint64_t bench_send(struct bench *b, struct assay_evm_sender *sender,
                    const struct assay_evm_order *order)
{
    CHECK_OK(assay_eth_sender_begin(sender, order));
    for (int i = 0; i < 1000; i++) {
        const enum assay_evm_phase phase = assay_eth_sender_step(sender, b->clock_ms += 10);
        if (phase == ASSAY_EVM_DONE) return sender->progress.receipt.gas;
        if (phase == ASSAY_EVM_REFUSED) break;
    }
    snprintf(b->rpc.why, sizeof b->rpc.why, "%s", sender->progress.why);
    printf("%s: %s\n", assay_eth_phase_text(sender->progress.phase), b->rpc.why);
    return 0;
}

const char *bench_would(struct bench *b, const uint8_t *from, const struct assay_evm_order *order)
{
    const struct assay_evm_call call = {
        .from = from, .to = order->to, .value = order->value, .data = order->data
    };
    uint8_t out[64];
    size_t len = 0;
    if (assay_eth_get_call(&b->rpc, &call, out, sizeof out, &len) == ASSAY_OK) return "";
    return b->rpc.why;
}

/* --- contracts */

/* Creation code of a contract.json before the arguments. Returns: its length. */
static size_t code_of(const struct bench *b, const char *name, uint8_t *code, size_t capacity)
{
    uint8_t *text = NULL;
    size_t len = 0;
    struct assay_json *document = NULL;
    CHECK_OK(assay_file_read(b->contracts, 1 << 20, &text, &len));
    CHECK_OK(assay_json_parse((const char *)text, len, &document));
    const char *const hex = assay_json_text(assay_json_get(document, name), "bytecode", "");
    const size_t count = strlen(hex) / 2;
    CHECK(count > 0 && count <= capacity);
    CHECK_OK(assay_hex_decode(hex, 2 * count, code, count));
    assay_json_free(&document);
    free(text);
    return count;
}

/* The order has committed code and arguments; the code is replaced by that of contract.json. */
static uint64_t deploy(struct bench *b, const char *name, const struct assay_evm_contract *contract,
                       struct assay_evm_order *order, uint8_t address[static ASSAY_EVM_ADDRESS_LEN])
{
    static uint8_t code[CALL_MAX];
    const size_t old = contract->creation.len, arguments = order->data.len - old;
    const size_t len = code_of(b, name, code, sizeof code - arguments);
    assay_bytes_copy(code + len, sizeof code - len, order->data.bytes + old, arguments);
    b->committed = len == old && assay_bytes_equal(code, order->data.bytes, len);
    order->data = assay_slice_over(code, len + arguments);
    const uint64_t gas = bench_send(b, &b->sender, order);
    CHECK(gas > 0 && b->sender.progress.receipt.created);
    assay_bytes_copy(address, ASSAY_EVM_ADDRESS_LEN, b->sender.progress.receipt.contract,
                     ASSAY_EVM_ADDRESS_LEN);
    return gas;
}

uint64_t bench_deploy_anchor(struct bench *b, const struct assay_evm_anchored *from)
{
    struct assay_evm_order order;
    CHECK_OK(assay_eth_anchor_deploy_order(from, b->data, sizeof b->data, &order));
    return deploy(b, "AssayAnchor", &assay_evm_contract_anchor, &order, b->anchor);
}

uint64_t bench_deploy_tasks(struct bench *b)
{
    struct assay_evm_order order;
    CHECK_OK(assay_eth_tasks_deploy_order(b->anchor, b->data, sizeof b->data, &order));
    return deploy(b, "AssayTasks", &assay_evm_contract_tasks, &order, b->tasks.contract);
}
