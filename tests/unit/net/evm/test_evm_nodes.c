/*
 * tests/unit/net/evm/test_evm_nodes.c - several nodes of a chain asked as one, some of which lie,
 * lag or are silent (docs/services.md 8.5).
 */
#include "net/evm/http.h"
#include "tests/support/evm_node.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { NODES = 3 };

static struct evm_node node[NODES];
static struct assay_evm_nodes nodes;
static struct assay_evm_rpc rpc;
static const uint8_t contract[ASSAY_EVM_ADDRESS_LEN] = { 1 };

static void set_up(void)
{
    nodes = (struct assay_evm_nodes){ .count = NODES };
    for (uint32_t i = 0; i < NODES; i++) {
        node[i] = evm_node_make();
        node[i].call = "\"0x0000000000000000000000000000000000000000000000000000000000000005\"";
        node[i].code = "\"0x6001\"";
        nodes.link[i] = evm_node_link(&node[i]);
    }
    rpc = (struct assay_evm_rpc){ .link = assay_eth_nodes_link(&nodes) };
}

TestSuite(evm_nodes, .init = set_up);

static enum assay_status ask_word(uint8_t *last)
{
    uint8_t word[32] = { 0 };
    const enum assay_status status =
        assay_eth_get_word(&rpc, contract, assay_slice_over("data", 4), 90, word);
    *last = word[31];
    return status;
}

Test(evm_nodes, what_all_say_is_taken)
{
    uint64_t number = 0;
    uint8_t word = 0;
    cr_assert_eq(assay_eth_get_chain(&rpc, &number), ASSAY_OK);
    cr_expect_eq(number, 7);
    cr_assert_eq(ask_word(&word), ASSAY_OK);
    cr_expect_eq(word, 5);
    for (uint32_t i = 0; i < NODES; i++)
        cr_expect_eq(node[i].call_block, 90);
}

Test(evm_nodes, one_that_lies_makes_them_say_nothing)
{
    uint64_t number = 0;
    uint8_t word = 0, code[8];
    size_t len = 0;
    for (uint32_t liar = 0; liar < NODES; liar++) {
        set_up();
        node[liar].call =
            "\"0x0000000000000000000000000000000000000000000000000000000000000063\"";
        node[liar].code = "\"0x6002\"";
        node[liar].chain_id = 8;
        node[liar].deep_nonce = 6;
        cr_expect_eq(ask_word(&word), ASSAY_E_AGAIN);
        cr_expect(strstr(nodes.why, "contradict each other") != NULL, "%s", nodes.why);
        cr_expect(strstr(rpc.why, "eth_call: the nodes contradict") == rpc.why, "%s", rpc.why);
        cr_expect_eq(node[0].calls, NODES, "asked again before it is a lie");
        cr_expect_eq(assay_eth_get_code(&rpc, contract, code, sizeof code, &len), ASSAY_E_AGAIN);
        cr_expect_eq(assay_eth_get_chain(&rpc, &number), ASSAY_E_AGAIN);
        cr_expect_eq(assay_eth_get_nonce(&rpc, contract, 90, &number), ASSAY_E_AGAIN);
    }
}

Test(evm_nodes, the_receipt_that_one_invents_or_hides_does_not_count)
{
    static char real[512], invented[512];
    struct assay_evm_receipt receipt;
    const uint8_t raw[] = { 1, 2, 3 };
    uint8_t hash[32];
    cr_assert_eq(assay_eth_send_raw(&rpc, assay_slice_over(raw, sizeof raw), hash), ASSAY_OK);
    evm_node_receipt(&node[0], 90, true, "null", real, sizeof real);
    evm_node_receipt(&node[0], 91, true, "null", invented, sizeof invented);
    for (uint32_t i = 0; i < NODES; i++)
        node[i].receipt = real;
    cr_assert_eq(assay_eth_get_receipt(&rpc, hash, &receipt), ASSAY_OK);
    cr_expect(receipt.found && receipt.block == 90);
    node[2].receipt = NULL; /* hidden */
    cr_expect_eq(assay_eth_get_receipt(&rpc, hash, &receipt), ASSAY_E_AGAIN);
    node[2].receipt = invented;
    cr_expect_eq(assay_eth_get_receipt(&rpc, hash, &receipt), ASSAY_E_AGAIN);
}

Test(evm_nodes, a_refusal_is_one_when_all_say_so)
{
    uint8_t out[32];
    uint64_t gas = 0;
    size_t len = 0;
    const struct assay_evm_call call = { .to = contract };
    for (uint32_t i = 0; i < NODES; i++)
        node[i].answer = "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":3,\"message\":\"no\","
                         "\"data\":\"0x7061696400000000000000000000000000000000000000000000000000"
                         "000000\"}}";
    cr_expect_eq(assay_eth_get_call(&rpc, &call, out, sizeof out, &len), ASSAY_E_INVALID);
    node[1].answer = "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"0x\"}";
    cr_expect_eq(assay_eth_get_call(&rpc, &call, out, sizeof out, &len), ASSAY_E_AGAIN);
    cr_expect_eq(assay_eth_estimate_gas(&rpc, &call, &gas), ASSAY_E_CHAIN, "the first, as it is");
}

Test(evm_nodes, more_than_half_must_answer)
{
    uint8_t word = 0;
    node[0].silent = true;
    cr_expect_eq(ask_word(&word), ASSAY_OK);
    node[1].answer = "not JSON";
    cr_expect_eq(ask_word(&word), ASSAY_E_AGAIN);
    cr_expect(strstr(nodes.why, "1 of 3 nodes answered") != NULL, "%s", nodes.why);
    node[1].answer = "{\"jsonrpc\":\"2.0\",\"id\":1,"
                     "\"error\":{\"code\":-32000,\"message\":\"late\"}}";
    cr_expect_eq(ask_word(&word), ASSAY_E_AGAIN, "an error that is no contract's is no answer");
}

Test(evm_nodes, the_newest_block_is_one_that_all_have)
{
    uint64_t head = 0;
    node[1].head = 97;
    node[2].head = 1000;
    cr_assert_eq(assay_eth_get_head(&rpc, &head), ASSAY_OK);
    cr_expect_eq(head, 97);
    node[1].silent = node[2].silent = true;
    cr_expect_eq(assay_eth_get_head(&rpc, &head), ASSAY_E_AGAIN);
}

Test(evm_nodes, a_transaction_goes_to_all_and_one_is_enough)
{
    const uint8_t raw[] = { 1, 2, 3 };
    uint8_t hash[32];
    node[0].silent = true;
    node[1].answer = "{\"jsonrpc\":\"2.0\",\"id\":1,"
                     "\"error\":{\"code\":-32000,\"message\":\"known\"}}";
    cr_assert_eq(assay_eth_send_raw(&rpc, assay_slice_over(raw, sizeof raw), hash), ASSAY_OK);
    cr_expect_eq(node[2].sent, 1);
    cr_expect_arr_eq(hash, node[2].hash, 32);
    node[2].silent = true;
    node[1].answer = "{\"jsonrpc\":\"2.0\",\"id\":2,"
                     "\"error\":{\"code\":-32000,\"message\":\"known\"}}";
    const enum assay_status status =
        assay_eth_send_raw(&rpc, assay_slice_over(raw, sizeof raw), hash);
    cr_expect_eq(status, ASSAY_E_INVALID);
}

Test(evm_nodes, a_list_of_urls_is_read)
{
    static const struct {
        const char *urls;
        enum assay_status status;
        uint32_t count;
    } cases[] = {
        { "https://a", ASSAY_OK, 1 },
        { "https://a,http://127.0.0.1:1", ASSAY_OK, 2 },
        { " https://a , https://b,https://c ", ASSAY_OK, 3 },
        { "", ASSAY_E_RANGE, 0 },
        { "https://a,", ASSAY_E_SYNTAX, 0 },
        { "ftp://a", ASSAY_E_SYNTAX, 0 },
        { "https://a,https://b, https://a", ASSAY_E_DUPLICATE, 0 },
        { "https://1,https://2,https://3,https://4,https://5", ASSAY_OK, 5 },
        { "https://1,https://2,https://3,https://4,https://5,https://6", ASSAY_E_RANGE, 0 },
    };
    static struct assay_evm_https https;
    struct assay_evm_link link;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(assay_eth_https_link(&https, cases[i].urls, NULL, 0, &link), cases[i].status,
                     "%s", cases[i].urls);
        if (cases[i].status == ASSAY_OK) cr_expect_eq(https.nodes.count, cases[i].count);
    }
    cr_expect_eq(assay_eth_https_link(&https, " https://a , https://b", NULL, 0, &link), ASSAY_OK);
    cr_expect_str_eq(https.node[0].url, "https://a");
    cr_expect_str_eq(https.node[1].url, "https://b");
}
