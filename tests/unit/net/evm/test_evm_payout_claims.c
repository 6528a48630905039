/*
 * tests/unit/net/evm/test_evm_payout_claims.c - tests of payout claims on an EVM chain.
 *
 * What an executor is paid on a chain, behind a node that lies, forgets and grows dear
 * (docs/services.md 8.10).
 */
#include "net/evm/payout_claims.h"
#include "services/evm/abi.h"
#include "tests/support/evm_node.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define GWEI UINT64_C(1000000000)
enum { DEPTH = 6, STEPS = 100, DEADLINE_S = 100000, MARGIN_S = 1000, BATCH = 10 };

static struct evm_node node;
static struct assay_payout_claims *till;
static struct assay_evm_terms terms;
static uint8_t task[32];
static uint64_t now_ms;
static char receipt[1024];

/* A step is as much as a claim costs at 10 gwei and the tip. */
static void set_price(uint64_t wei)
{
    for (size_t i = ASSAY_EVM_PRICE_LEN; i-- > 0; wei >>= 8)
        terms.price[i] = (uint8_t)wei;
}

static void set_up(void)
{
    const struct assay_payout_claims_config config = {
        .place = { .chain_id = 7, .contract = { 1 } },
        .anchor = { 2 },
        .sender = { .chain_id = 7,
                    .fee_limit_wei = 50 * GWEI,
                    .tip_wei = GWEI,
                    .gas_limit = 200000,
                    .confirmations = DEPTH,
                    .resend_ms = 60000 },
        .margin_s = MARGIN_S,
        .batch = BATCH,
    };
    const struct assay_secret32 key = { .bytes = { [31] = 1 } };
    node = evm_node_make();
    node.call = "\"0x\"";
    now_ms = 0;
    cr_assert_eq(assay_payout_claims_create(&config, &key, evm_node_link(&node), &till), ASSAY_OK);
    terms = (struct assay_evm_terms){
        .requestor = { 3 }, .steps = STEPS, .deadline_s = DEADLINE_S, .standing = 1
    };
    assay_payout_claims_account(till, terms.executor);
    set_price(11 * GWEI * ASSAY_PAYOUT_CLAIMS_CLAIM_GAS);
    assay_evm_task_name(&config.place, &terms, task);
    cr_assert_eq(assay_payout_claims_add_task(till, &terms), ASSAY_OK);
}

static void tear_down(void)
{
    assay_payout_claims_destroy(&till);
}

TestSuite(evm_payout_claims, .init = set_up, .fini = tear_down);

/* What the contract says from now on: steps paid, and one; 0: no such task. */
static void chain_says(unsigned next)
{
    static char word[80];
    snprintf(word, sizeof word, "\"0x%064x\"", next);
    node.call = word;
}

static void turn(uint64_t now_s)
{
    now_ms += ASSAY_PAYOUT_CLAIMS_POLL_MS;
    assay_payout_claims_step(till, now_ms, now_s);
}

static void owe(uint32_t step, bool runs)
{
    const struct assay_evm_claim claim = { .step = step };
    assay_payout_claims_set_claim(till, task, &claim, runs);
}

Test(evm_payout_claims, a_task_is_open_when_the_chain_says_so_as_deep_as_configured)
{
    turn(1);
    cr_assert_not(assay_payout_claims_get_task(till, task).known, "no word of 32 bytes");
    chain_says(0);
    turn(1);
    cr_assert(assay_payout_claims_get_task(till, task).known);
    cr_assert_not(assay_payout_claims_get_task(till, task).open);
    chain_says(1);
    node.head = DEPTH - 1;
    turn(1);
    cr_assert_not(assay_payout_claims_get_task(till, task).open, "no block is so deep yet");
    node.head = DEPTH;
    turn(1);
    cr_assert(assay_payout_claims_get_task(till, task).open);
    cr_assert_eq(node.call_block, 1, "asked after block %llu", (unsigned long long)node.call_block);
    node.head = 100;
    turn(1);
    cr_assert_eq(node.call_block, 100 - DEPTH + 1);
}

Test(evm_payout_claims, a_claim_waits_until_it_is_worth_its_gas_many_times)
{
    chain_says(1);
    owe(BATCH, true); /* brings exactly ten times what it costs: not more */
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 0);
    owe(BATCH + 1, true);
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 1);
}

Test(evm_payout_claims, what_is_owed_is_claimed_before_the_deadline)
{
    chain_says(1);
    owe(2, true);
    turn(DEADLINE_S - MARGIN_S - 1);
    turn(DEADLINE_S - MARGIN_S - 1);
    cr_assert_eq(node.sent, 0, "more may come");
    turn(DEADLINE_S - MARGIN_S);
    turn(DEADLINE_S - MARGIN_S);
    cr_assert_eq(node.sent, 1);
}

Test(evm_payout_claims, nothing_is_claimed_after_the_deadline_or_for_a_task_that_is_not_open)
{
    chain_says(0);
    owe(STEPS, false);
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 0, "not open");
    chain_says(1);
    turn(DEADLINE_S);
    turn(DEADLINE_S);
    cr_assert_eq(node.sent, 0, "too late");
    turn(DEADLINE_S - 1);
    turn(DEADLINE_S - 1);
    cr_assert_eq(node.sent, 1);
}

Test(evm_payout_claims, the_last_claim_needs_to_be_worth_its_gas_alone)
{
    chain_says(1);
    owe(1, false); /* of a task from before a restart: exactly what it costs */
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 0);
    node.base_fee -= 1;
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 1);
    cr_assert_eq(assay_payout_claims_status(till).owed, 1);
}

Test(evm_payout_claims, gas_that_is_dear_is_waited_for)
{
    chain_says(1);
    owe(STEPS, true);
    node.base_fee = 50 * GWEI; /* worth it, and above the limit */
    turn(1);
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 0);
    cr_assert_str_eq(assay_payout_claims_status(till).why,
                     "gas costs more than the configuration allows");
    node.base_fee = 10 * GWEI;
    turn(1);
    cr_assert_eq(node.sent, 1);
}

Test(evm_payout_claims, a_claim_counts_when_it_is_deep_and_is_sent_again_when_its_block_is_gone)
{
    chain_says(1);
    owe(STEPS, true);
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 1);
    node.receipt = evm_node_receipt(&node, 101, true, "null", receipt, sizeof receipt);
    node.head = 104;
    turn(1);
    cr_assert_eq(assay_payout_claims_status(till).sent, 0);
    node.receipt = NULL; /* five blocks are gone */
    node.head = 105;
    turn(1);
    cr_assert_eq(node.sent, 2);
    node.receipt = evm_node_receipt(&node, 104, true, "null", receipt, sizeof receipt);
    node.head = 104 + DEPTH - 1;
    chain_says(STEPS + 1);
    turn(1);
    cr_assert_eq(assay_payout_claims_status(till).sent, 1);
    cr_assert_eq(assay_payout_claims_get_task(till, task).paid, STEPS);
    cr_assert_eq(assay_payout_claims_status(till).owed, 0);
    for (int i = 0; i < 5; i++)
        turn(1);
    cr_assert_eq(node.sent, 2, "what is paid is not claimed again");
}

/* What a block said that is gone counts no more. */
Test(evm_payout_claims, what_is_not_paid_any_more_is_claimed_again)
{
    chain_says(STEPS + 1);
    owe(STEPS, true);
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 0);
    chain_says(1);
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 1);
}

Test(evm_payout_claims, a_node_of_another_chain_is_asked_for_nothing_else)
{
    node.chain_id = 8;
    chain_says(1);
    owe(STEPS, true);
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 0);
    cr_assert_not(assay_payout_claims_get_task(till, task).known);
    cr_assert_str_eq(assay_payout_claims_status(till).why, "the node is of another chain");
    node.silent = true;
    turn(1);
    cr_assert_not(assay_payout_claims_status(till).answers);
    node = evm_node_make();
    chain_says(1);
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 1);
    cr_assert(assay_payout_claims_status(till).answers);
}

/* One that says no to a claim is asked again; whoever else has claimed is seen from the chain. */
Test(evm_payout_claims, a_refusal_is_not_the_end)
{
    chain_says(1);
    owe(STEPS, true);
    node.refusal = "{\"code\":3,\"message\":\"reverted\"}";
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 0);
    node.refusal = NULL;
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 1);
}

Test(evm_payout_claims, what_is_over_first_is_claimed_first)
{
    struct assay_evm_terms sooner = terms;
    const struct assay_evm_place place = { .chain_id = 7, .contract = { 1 } };
    const struct assay_evm_claim claim = { .step = 7 };
    uint8_t name[32];
    sooner.deadline_s--;
    assay_evm_task_name(&place, &sooner, name);
    cr_assert_eq(assay_payout_claims_add_task(till, &sooner), ASSAY_OK);
    chain_says(1);
    owe(STEPS, true);
    assay_payout_claims_set_claim(till, name, &claim, false);
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 1);
    /* In the terms of the call stands the deadline, before it the steps. */
    const uint8_t wanted[] = { 0,
                               STEPS,
                               0,
                               0,
                               (DEADLINE_S - 1) >> 16,
                               (DEADLINE_S - 1) >> 8 & 0xff,
                               (DEADLINE_S - 1) & 0xff };
    bool found = false;
    for (size_t i = 0; i + sizeof wanted <= node.raw_len; i++)
        found = found || assay_bytes_equal(node.raw + i, wanted, sizeof wanted);
    cr_assert(found);
}

Test(evm_payout_claims, tasks_are_watched_up_to_a_number_and_forgotten)
{
    for (uint64_t i = 1; i < ASSAY_PAYOUT_CLAIMS_TASKS_MAX; i++) {
        terms.nonce = i;
        cr_assert_eq(assay_payout_claims_add_task(till, &terms), ASSAY_OK);
    }
    terms.nonce = 0;
    cr_assert_eq(assay_payout_claims_add_task(till, &terms), ASSAY_OK, "it is known");
    terms.nonce = ASSAY_PAYOUT_CLAIMS_TASKS_MAX;
    cr_assert_eq(assay_payout_claims_add_task(till, &terms), ASSAY_E_FULL);
    assay_payout_claims_remove_task(till, task);
    cr_assert_eq(assay_payout_claims_add_task(till, &terms), ASSAY_OK);
    chain_says(1);
    owe(STEPS, false);
    turn(1);
    turn(1);
    cr_assert_eq(node.sent, 0, "what is forgotten is not claimed");
}

/* In a thread of its own: it does the same, and ends when it is told to. */
Test(evm_payout_claims, its_thread_claims_and_ends, .timeout = 120)
{
    chain_says(1);
    set_price(UINT64_C(1) << 60);
    terms.deadline_s = UINT64_C(1) << 39;
    const struct assay_evm_place place = { .chain_id = 7, .contract = { 1 } };
    const struct assay_evm_claim claim = { .step = STEPS };
    assay_evm_task_name(&place, &terms, task);
    cr_assert_eq(assay_payout_claims_add_task(till, &terms), ASSAY_OK);
    assay_payout_claims_set_claim(till, task, &claim, true);
    cr_assert_eq(assay_payout_claims_start(till), ASSAY_OK);
    while (!assay_payout_claims_get_task(till, task).open) {
    }
    assay_payout_claims_destroy(&till);
    cr_assert_null(till);
}

Test(evm_payout_claims, a_chain_on_which_nothing_can_be_paid_is_told)
{
    char why[ASSAY_EVM_WHY_LEN] = "";
    node.chain_id = 8;
    cr_assert_eq(assay_payout_claims_check(till, why), ASSAY_E_CHAIN);
    cr_assert_str_eq(why, "it is a node of chain 8, not of 7");
    node.chain_id = 7;
    cr_assert_eq(assay_payout_claims_check(till, why), ASSAY_E_UNSUPPORTED);
    cr_assert(strstr(why, "P-256") != NULL, "%s", why);
    node.call = "\"0x0000000000000000000000000000000000000000000000000000000000000001\"";
    node.second_call = "\"0x\"";
    node.calls = 0;
    node.code = "\"0x\"";
    cr_assert_eq(assay_payout_claims_check(till, why), ASSAY_E_NOT_FOUND);
    cr_assert(strstr(why, "no contract") != NULL, "%s", why);
    node.calls = 0;
    node.code = "\"0x6001\"";
    cr_assert_eq(assay_payout_claims_check(till, why), ASSAY_E_INVALID);
    cr_assert(strstr(why, "not AssayTasks") != NULL, "%s", why);
    node.silent = true;
    cr_assert_neq(assay_payout_claims_check(till, why), ASSAY_OK);
}
