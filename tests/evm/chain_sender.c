/* tests/evm/chain_sender.c - transactions on a chain that reorganises, grows dear or is another. */
#include "tests/evm/bench.h"

static struct assay_evm_sender sender;

static void sender_with(struct bench *b, const struct assay_evm_config *config)
{
    CHECK_OK(assay_eth_sender_init(&sender, config, &b->key, b->rpc.link));
}

/* One wei to somebody. */
static struct assay_evm_order gift(void)
{
    struct assay_evm_order order = { .to = { 0xaa, 1 } };
    order.value[31] = 1;
    return order;
}

static enum assay_evm_phase step(struct bench *b, uint64_t ms)
{
    return assay_eth_sender_step(&sender, b->clock_ms += ms);
}

static uint64_t received(struct bench *b)
{
    const struct assay_evm_order order = gift();
    return bench_balance(b, order.to);
}

/* Five blocks that had it are no blocks any more: it is seen, sent again, and counts once. */
static void outlives_a_reorganisation(struct bench *b)
{
    struct assay_evm_config config = b->config;
    const struct assay_evm_order order = gift();
    config.confirmations = 6;
    sender_with(b, &config);
    bench_do(b, "evm_setAutomine", "[false]");
    CHECK_OK(assay_eth_sender_begin(&sender, &order));
    CHECK(step(b, 1) == ASSAY_EVM_SENT);
    CHECK(step(b, 1) == ASSAY_EVM_SENT && sender.progress.depth == 0);
    bench_mine(b, 5);
    CHECK(step(b, 1) == ASSAY_EVM_MINED && sender.progress.depth == 5);
    const uint64_t before = received(b);
    bench_do(b, "anvil_reorg", "[5,[]]"); /* five blocks without what was in them */
    CHECK(received(b) == before - 1);
    const enum assay_evm_phase phase = step(b, 1);
    CHECK(phase == ASSAY_EVM_SENT && sender.progress.gone == 1);
    for (int i = 0; i < 20 && sender.progress.phase != ASSAY_EVM_MINED; i++) {
        bench_mine(b, 1); /* the node may need a while to take it up again */
        step(b, 1);
    }
    CHECK(sender.progress.phase == ASSAY_EVM_MINED && sender.progress.depth == 1);
    bench_mine(b, 4);
    CHECK(step(b, 1) == ASSAY_EVM_MINED && sender.progress.depth == 5);
    bench_mine(b, 1);
    CHECK(step(b, 1) == ASSAY_EVM_DONE);
    CHECK(received(b) == before);
    bench_do(b, "evm_setAutomine", "[true]");
    assay_eth_sender_deinit(&sender);
}

/* A block at so many gwei; the next one costs an eighth less when that is empty. */
static void base_fee(struct bench *b, unsigned gwei)
{
    char params[40];
    snprintf(params, sizeof params, "[\"0x%llx\"]", (unsigned long long)(gwei * GWEI));
    bench_do(b, "anvil_setNextBlockBaseFeePerGas", params);
    bench_mine(b, 1);
    bench_await_fee(b, gwei * GWEI);
}

/* Gas above the limit: it waits, says so, and pays what was allowed once it can. */
static void waits_when_gas_is_dear(struct bench *b)
{
    struct assay_evm_config config = b->config;
    const struct assay_evm_order order = gift();
    config.fee_limit_wei = 10 * GWEI;
    sender_with(b, &config);
    CHECK_OK(assay_eth_sender_begin(&sender, &order));
    for (int i = 0; i < 3; i++) {
        base_fee(b, 20);
        CHECK(step(b, 1) == ASSAY_EVM_FEE_TOO_HIGH);
        CHECK(strcmp(sender.progress.why, "gas costs more than the configuration allows") == 0);
    }
    CHECK(sender.progress.signed_ == 0);
    base_fee(b, 1);
    bench_do(b, "evm_setAutomine", "[false]");
    CHECK(step(b, 1) == ASSAY_EVM_SENT && sender.progress.fee_wei <= config.fee_limit_wei);
    /* Dearer than what was signed, cheaper than the limit: signed again in the same place. */
    const uint64_t nonce = sender.progress.nonce, fee = sender.progress.fee_wei;
    base_fee(b, 8);
    CHECK(step(b, config.resend_ms + 1) == ASSAY_EVM_SENT);
    CHECK(sender.progress.nonce == nonce && sender.progress.fee_wei > fee);
    CHECK(sender.progress.fee_wei <= config.fee_limit_wei && sender.progress.signed_ == 2);
    for (int i = 0; i < 20 && sender.progress.phase != ASSAY_EVM_DONE; i++) {
        bench_mine(b, 1);
        step(b, 1);
    }
    CHECK(sender.progress.phase == ASSAY_EVM_DONE);
    bench_do(b, "evm_setAutomine", "[true]");
    base_fee(b, 1);
    assay_eth_sender_deinit(&sender);
}

/* Somebody uses the account beside us: our nonce is stale, and it is signed for the next one. */
static void outlives_a_stale_nonce(struct bench *b)
{
    struct assay_evm_sender twin;
    const struct assay_evm_order order = gift();
    const uint64_t before = received(b);
    sender_with(b, &b->config);
    CHECK_OK(assay_eth_sender_init(&twin, &b->config, &b->key, b->rpc.link));
    bench_do(b, "evm_setAutomine", "[false]");
    CHECK_OK(assay_eth_sender_begin(&sender, &order));
    CHECK(step(b, 1) == ASSAY_EVM_SENT);
    const uint64_t nonce = sender.progress.nonce;
    bench_do(b, "anvil_dropAllTransactions", "[]"); /* the node forgets it */
    struct assay_evm_order other = order;
    other.value[31] = 2;
    CHECK_OK(assay_eth_sender_begin(&twin, &other));
    CHECK(assay_eth_sender_step(&twin, b->clock_ms) == ASSAY_EVM_SENT);
    bench_mine(b, 1);
    CHECK(assay_eth_sender_step(&twin, b->clock_ms) == ASSAY_EVM_DONE);
    CHECK(twin.progress.nonce == nonce);
    for (int i = 0; i < 20 && sender.progress.nonce == nonce; i++)
        CHECK(step(b, b->config.resend_ms + 1) == ASSAY_EVM_SENT);
    CHECK(sender.progress.nonce == nonce + 1);
    for (int i = 0; i < 20 && sender.progress.phase != ASSAY_EVM_DONE; i++) {
        bench_mine(b, 1);
        step(b, 1);
    }
    CHECK(sender.progress.phase == ASSAY_EVM_DONE && received(b) == before + 3);
    bench_do(b, "evm_setAutomine", "[true]");
    assay_eth_sender_deinit(&sender);
    assay_eth_sender_deinit(&twin);
}

static void asks_no_other_chain(struct bench *b)
{
    struct assay_evm_config config = b->config;
    const struct assay_evm_order order = gift();
    const uint64_t before = received(b);
    config.chain_id = 1;
    sender_with(b, &config);
    CHECK_OK(assay_eth_sender_begin(&sender, &order));
    CHECK(step(b, 1) == ASSAY_EVM_NEW && sender.progress.signed_ == 0);
    CHECK(strcmp(sender.progress.why, "the node is of another chain") == 0);
    CHECK(received(b) == before);
    assay_eth_sender_deinit(&sender);
}

void scenario_sender(struct bench *b)
{
    CHECK_OK(assay_eth_p256_check(&b->rpc));
    asks_no_other_chain(b);
    outlives_a_reorganisation(b);
    waits_when_gas_is_dear(b);
    outlives_a_stale_nonce(b);
}
