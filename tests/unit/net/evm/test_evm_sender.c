/*
 * tests/unit/net/evm/test_evm_sender.c - one account's transactions behind a node that lies,
 * forgets and grows dear (docs/services.md 8.4, 8.5).
 */
#include "services/evm/abi.h"
#include "tests/support/evm_node.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define GWEI UINT64_C(1000000000)
enum { RESEND_MS = 1000, DEPTH = 6 };

static struct evm_node node;
static struct assay_evm_sender sender;
static char receipt[1024];

static void begin(void)
{
    const struct assay_evm_order order = { .to = { 1 } };
    cr_assert_eq(assay_eth_sender_begin(&sender, &order), ASSAY_OK);
}

static void set_up(void)
{
    const struct assay_evm_config config = { .chain_id = 7,
                                             .fee_limit_wei = 50 * GWEI,
                                             .tip_wei = GWEI,
                                             .gas_limit = 100000,
                                             .confirmations = DEPTH,
                                             .resend_ms = RESEND_MS };
    const struct assay_secret32 key = { .bytes = { [31] = 1 } };
    node = evm_node_make();
    cr_assert_eq(assay_eth_sender_init(&sender, &config, &key, evm_node_link(&node)), ASSAY_OK);
    begin();
}

static void tear_down(void)
{
    assay_eth_sender_deinit(&sender);
}

TestSuite(evm_sender, .init = set_up, .fini = tear_down);

static void step_is(uint64_t now_ms, enum assay_evm_phase phase, const char *why)
{
    const enum assay_evm_phase found = assay_eth_sender_step(&sender, now_ms);
    cr_assert_eq(found, phase, "%s, because: %s", assay_eth_phase_text(found), sender.progress.why);
    if (why != NULL) cr_assert_str_eq(sender.progress.why, why);
}

static void mine(uint64_t block)
{
    node.receipt = evm_node_receipt(&node, block, true, "null", receipt, sizeof receipt);
}

Test(evm_sender, counts_only_at_the_configured_depth)
{
    step_is(1, ASSAY_EVM_SENT, "");
    step_is(2, ASSAY_EVM_SENT, "");
    mine(101);
    for (unsigned depth = 1; depth < DEPTH; depth++) {
        node.head = 100 + depth;
        step_is(2 + depth, ASSAY_EVM_MINED, "");
        cr_assert_eq(sender.progress.depth, depth);
    }
    node.head = 100 + DEPTH;
    step_is(20, ASSAY_EVM_DONE, "");
    cr_assert_eq(node.sent, 1);
    const unsigned questions = node.questions;
    step_is(21, ASSAY_EVM_DONE, NULL);
    cr_assert_eq(node.questions, questions, "what is over asks nothing");
}

Test(evm_sender, what_was_in_blocks_that_are_gone_is_sent_again)
{
    step_is(1, ASSAY_EVM_SENT, "");
    mine(101);
    node.head = 105;
    step_is(2, ASSAY_EVM_MINED, "");
    node.receipt = NULL;
    step_is(3, ASSAY_EVM_SENT, "");
    cr_assert_eq(sender.progress.gone, 1);
    cr_assert_eq(sender.progress.depth, 0);
    cr_assert_eq(node.sent, 2);
    mine(104); /* in another block, at once: depth begins there */
    step_is(4, ASSAY_EVM_MINED, "");
    cr_assert_eq(sender.progress.depth, 2);
    mine(105);
    step_is(5, ASSAY_EVM_MINED, "");
    cr_assert_eq(sender.progress.gone, 2);
    cr_assert_eq(sender.progress.depth, 1);
}

Test(evm_sender, signs_nothing_for_another_chain)
{
    node.chain_id = 8;
    step_is(1, ASSAY_EVM_NEW, "the node is of another chain");
    cr_assert_eq(sender.progress.signed_, 0);
    cr_assert_eq(node.sent, 0);
    node.chain_id = 7;
    step_is(2, ASSAY_EVM_SENT, "");
    node.chain_id = 8; /* it is another one now: nothing of what it says counts */
    mine(50);
    step_is(3, ASSAY_EVM_SENT, "the node is of another chain");
    cr_assert_eq(node.sent, 1);
}

Test(evm_sender, never_offers_more_than_its_limits)
{
    static const uint64_t fees[] = { 0, 1, 24 * GWEI, 25 * GWEI, 49 * GWEI };
    for (size_t i = 0; i < sizeof fees / sizeof *fees; i++) {
        node = evm_node_make();
        node.base_fee = fees[i];
        sender.progress.phase = ASSAY_EVM_IDLE;
        begin();
        step_is(1, ASSAY_EVM_SENT, "");
        cr_assert_leq(sender.progress.fee_wei, 50 * GWEI);
        cr_assert_geq(sender.progress.fee_wei, fees[i] + GWEI);
        cr_assert_leq(sender.gas, 100000);
    }
    static const uint64_t dear[] = { 49 * GWEI + 1, UINT64_MAX };
    for (size_t i = 0; i < sizeof dear / sizeof *dear; i++) {
        node = evm_node_make();
        node.base_fee = dear[i];
        sender.progress.phase = ASSAY_EVM_IDLE;
        begin();
        step_is(1, ASSAY_EVM_FEE_TOO_HIGH, "gas costs more than the configuration allows");
        step_is(2, ASSAY_EVM_FEE_TOO_HIGH, "gas costs more than the configuration allows");
        cr_assert_eq(node.sent, 0);
    }
    node.base_fee = GWEI;
    step_is(3, ASSAY_EVM_SENT, "");
    sender.progress.phase = ASSAY_EVM_IDLE;
    begin();
    node.gas = 100001;
    step_is(4, ASSAY_EVM_NEW, "it takes more gas than the configuration allows");
}

Test(evm_sender, a_spike_after_it_was_sent_is_followed_up_to_the_limit)
{
    step_is(1, ASSAY_EVM_SENT, "");
    const uint64_t first = sender.progress.fee_wei;
    cr_assert_eq(first, 21 * GWEI);
    step_is(RESEND_MS + 2, ASSAY_EVM_SENT, "");
    cr_assert_eq(node.sent, 2);
    cr_assert_eq(sender.progress.signed_, 1, "dear enough: the same again");
    node.base_fee = 30 * GWEI;
    step_is(2 * RESEND_MS + 3, ASSAY_EVM_SENT, "");
    cr_assert_eq(sender.progress.signed_, 2);
    cr_assert_eq(sender.progress.fee_wei, 50 * GWEI);
    cr_assert_eq(sender.progress.nonce, 5);
    node.base_fee = 400 * GWEI;
    step_is(3 * RESEND_MS + 4, ASSAY_EVM_SENT, "gas costs more than the configuration allows");
    cr_assert_eq(sender.progress.signed_, 2, "no more than that");
    cr_assert_eq(sender.progress.fee_wei, 50 * GWEI);
}

Test(evm_sender, what_was_signed_before_may_be_the_one_that_is_mined)
{
    step_is(1, ASSAY_EVM_SENT, "");
    uint8_t first[32];
    assay_bytes_copy(first, 32, node.hash, 32);
    node.base_fee = 30 * GWEI;
    step_is(RESEND_MS + 2, ASSAY_EVM_SENT, "");
    cr_assert_not(assay_bytes_equal(first, node.hash, 32));
    assay_bytes_copy(node.hash, 32, first, 32);
    mine(90);
    step_is(RESEND_MS + 3, ASSAY_EVM_DONE, "");
    cr_assert(assay_bytes_equal(sender.progress.hash, first, 32));
}

Test(evm_sender, a_stale_nonce_is_not_believed)
{
    step_is(1, ASSAY_EVM_SENT, "");
    mine(90);
    step_is(2, ASSAY_EVM_DONE, "");
    begin();
    step_is(3, ASSAY_EVM_NEW, "the node reports a used nonce");
    cr_assert_eq(node.sent, 1);
    node.nonce = 6;
    step_is(4, ASSAY_EVM_SENT, "");
    cr_assert_eq(sender.progress.nonce, 6);
}

Test(evm_sender, a_nonce_that_is_far_ahead_is_given_up)
{
    node.nonce = 900;
    step_is(1, ASSAY_EVM_SENT, "");
    cr_assert_eq(sender.progress.nonce, 900);
    node.nonce = 5;
    step_is(RESEND_MS + 2, ASSAY_EVM_SENT, "");
    cr_assert_eq(sender.progress.nonce, 5);
}

/* The tip was raised with the first place's fee: that of the next one is no lower. */
Test(evm_sender, a_place_that_is_given_up_when_gas_is_cheap_again_keeps_its_tip)
{
    node.nonce = 900;
    step_is(1, ASSAY_EVM_SENT, "");
    node.base_fee = 30 * GWEI;
    step_is(RESEND_MS + 2, ASSAY_EVM_SENT, "");
    cr_assert_eq(sender.progress.signed_, 2);
    cr_assert_gt(sender.tip_wei, GWEI);
    node.base_fee = 0;
    node.nonce = 5;
    step_is(2 * RESEND_MS + 3, ASSAY_EVM_SENT, "");
    cr_assert_eq(sender.progress.nonce, 5);
    cr_assert_eq(sender.progress.fee_wei, sender.tip_wei);
}

Test(evm_sender, a_place_that_another_has_is_left_when_that_is_deep)
{
    step_is(1, ASSAY_EVM_SENT, "");
    node.nonce = 6;
    step_is(RESEND_MS + 2, ASSAY_EVM_SENT, "another transaction of this account has its place");
    cr_assert_eq(node.sent, 1);
    node.deep_nonce = 6;
    step_is(2 * RESEND_MS + 3, ASSAY_EVM_SENT, "");
    cr_assert_eq(node.sent, 2);
    cr_assert_eq(sender.progress.nonce, 6);
}

Test(evm_sender, what_is_included_while_it_is_looked_for_is_not_sent_twice)
{
    step_is(1, ASSAY_EVM_SENT, "");
    node.included = evm_node_receipt(&node, 90, true, "null", receipt, sizeof receipt);
    step_is(RESEND_MS + 2, ASSAY_EVM_SENT, "");
    cr_assert_eq(node.sent, 1);
    step_is(RESEND_MS + 3, ASSAY_EVM_DONE, "");
    cr_assert_eq(sender.progress.signed_, 1);
}

Test(evm_sender, what_the_contract_refuses_is_never_sent)
{
    char text[512], hex[9];
    uint8_t selector[4];
    assay_abi_selector("Refused(bytes32)", selector);
    assay_hex_encode(selector, 4, hex, sizeof hex);
    snprintf(text, sizeof text,
             "{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0x%s73746570%056d\"}", hex,
             0);
    node.refusal = text;
    step_is(1, ASSAY_EVM_REFUSED, "step");
    cr_assert_eq(node.sent, 0);
    begin();
    node.refusal = "{\"code\":-32000,\"message\":\"bad\\nday\"}";
    step_is(2, ASSAY_EVM_NEW, "bad?day"); /* no word of the contract: worth another try */
    cr_assert_eq(node.sent, 0);
}

Test(evm_sender, what_was_included_in_vain_is_refused_and_its_place_used)
{
    step_is(1, ASSAY_EVM_SENT, "");
    node.receipt = evm_node_receipt(&node, 90, false, "null", receipt, sizeof receipt);
    step_is(2, ASSAY_EVM_REFUSED, "it was reverted");
    begin();
    step_is(3, ASSAY_EVM_NEW, "the node reports a used nonce");
}

Test(evm_sender, receipts_that_cannot_be_are_not_believed)
{
    char other[1024];
    step_is(1, ASSAY_EVM_SENT, "");
    mine(101);
    step_is(2, ASSAY_EVM_SENT, "a receipt of a block that is to come");
    node.receipt = evm_node_receipt(
        &node, 90, true, "\"0x0101010101010101010101010101010101010101\"", other, sizeof other);
    step_is(3, ASSAY_EVM_SENT, "a receipt of another kind");
    mine(90);
    snprintf(other, sizeof other, "%s", receipt);
    assay_bytes_copy(strstr(other, "0x5208"), 6, "0xffff", 6);
    node.receipt = other;
    step_is(4, ASSAY_EVM_SENT, "a receipt of more gas than was given");
    snprintf(other, sizeof other, "%s", receipt);
    char *const hash = strstr(other, "\"transactionHash\":\"0x") + 21;
    *hash = *hash == '0' ? '1' : '0';
    step_is(5, ASSAY_EVM_SENT, NULL);
    cr_assert_str_neq(sender.progress.why, "");
    cr_assert_not(sender.progress.receipt.found);
}

Test(evm_sender, a_contract_has_the_address_that_its_maker_computes)
{
    char text[64], hex[41];
    uint8_t made[20];
    const struct assay_evm_order order = { .creates = true };
    sender.progress.phase = ASSAY_EVM_IDLE;
    cr_assert_eq(assay_eth_sender_begin(&sender, &order), ASSAY_OK);
    cr_assert_eq(assay_eth_sender_begin(&sender, &order), ASSAY_E_AGAIN);
    step_is(1, ASSAY_EVM_SENT, "");
    node.receipt = evm_node_receipt(
        &node, 90, true, "\"0x0101010101010101010101010101010101010101\"", receipt, sizeof receipt);
    step_is(2, ASSAY_EVM_SENT, "a receipt that names another contract");
    assay_evm_created(sender.account, 5, made);
    assay_hex_encode(made, 20, hex, sizeof hex);
    snprintf(text, sizeof text, "\"0x%s\"", hex);
    node.receipt = evm_node_receipt(&node, 90, true, text, receipt, sizeof receipt);
    step_is(3, ASSAY_EVM_DONE, "");
}

Test(evm_sender, a_name_that_is_not_the_one_of_what_was_sent_is_told)
{
    node.send_result = "\"0x0000000000000000000000000000000000000000000000000000000000000001\"";
    step_is(1, ASSAY_EVM_SENT, "the node names another transaction than it was sent");
}

Test(evm_sender, answers_to_other_questions_and_no_answers_change_nothing)
{
    static const char *const answers[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"jsonrpc\":\"2.0\",\"id\":1}",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"result\":\"0x7\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":\"0x7\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":\"0x7\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x7\"",
        "<html>502</html>",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        node.answer = answers[i];
        step_is(i, ASSAY_EVM_NEW, NULL);
        cr_assert_str_neq(sender.progress.why, "", "%s", answers[i]);
    }
    node.answer = NULL;
    node.silent = true;
    step_is(50, ASSAY_EVM_NEW, NULL);
    cr_assert_str_neq(sender.progress.why, "");
    node.silent = false;
    node.replays = true; /* the first answer of all, again and again */
    step_is(51, ASSAY_EVM_NEW, NULL);
    cr_assert_eq(node.sent, 0);
    node.replays = false;
    step_is(52, ASSAY_EVM_SENT, "");
}

Test(evm_sender, a_configuration_without_sense_is_refused)
{
    struct assay_evm_sender other;
    struct assay_secret32 key = { .bytes = { 0 } };
    struct assay_evm_config c = sender.config;
    const struct assay_evm_link link = evm_node_link(&node);
    cr_assert_eq(assay_eth_sender_init(&other, &c, &key, link), ASSAY_E_KEY);
    key.bytes[0] = 1;
    c.confirmations = 0;
    cr_assert_eq(assay_eth_sender_init(&other, &c, &key, link), ASSAY_E_RANGE);
    c.confirmations = ASSAY_EVM_CONFIRMATIONS_MAX + 1;
    cr_assert_eq(assay_eth_sender_init(&other, &c, &key, link), ASSAY_E_RANGE);
    c = sender.config;
    c.tip_wei = c.fee_limit_wei + 1;
    cr_assert_eq(assay_eth_sender_init(&other, &c, &key, link), ASSAY_E_RANGE);
    c = sender.config;
    c.chain_id = 0;
    cr_assert_eq(assay_eth_sender_init(&other, &c, &key, link), ASSAY_E_RANGE);
}
