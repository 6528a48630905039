/*
 * tests/unit/net/evm/test_evm_contract.c - code of contracts, and answers of nodes
 * (docs/services.md 8.1, 8.5).
 */
#include "net/evm/contract.h"
#include "net/evm/tasks.h"
#include "tests/support/evm_node.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { CODE_MAX = 16 * 1024 };

static uint8_t code[CODE_MAX];

/* As a chain has it: immutables in their places. Returns: its length. */
static size_t deployed(const struct assay_evm_contract *c, const uint8_t (*words)[32])
{
    cr_assert_leq(c->runtime.len, sizeof code);
    assay_bytes_copy(code, sizeof code, c->runtime.bytes, c->runtime.len);
    for (size_t i = 0; i < c->immutable_count; i++)
        for (size_t j = 0; j < c->immutable[i].count; j++)
            assay_bytes_copy(code + c->immutable[i].at[j], 32, words[i], 32);
    return c->runtime.len;
}

static enum assay_status read_code(const struct assay_evm_contract *c, size_t len,
                                   uint8_t (*words)[32])
{
    return assay_eth_contract_read(c, assay_slice_over(code, len), words);
}

Test(evm_contract, only_the_committed_code_is_believed)
{
    const struct assay_evm_contract *const all[] = { &assay_evm_contract_anchor,
                                                     &assay_evm_contract_tasks };
    static const uint8_t words[2][32] = { { 1, 2, 3 }, { 9, [31] = 8 } };
    uint8_t found[2][32];
    for (size_t i = 0; i < 2; i++) {
        const size_t len = deployed(all[i], words);
        cr_assert_eq(read_code(all[i], len, found), ASSAY_OK);
        cr_assert(assay_bytes_equal(found, words, 32 * all[i]->immutable_count));
        cr_assert_eq(read_code(all[i], 0, found), ASSAY_E_NOT_FOUND);
        cr_assert_eq(read_code(all[i], len - 1, found), ASSAY_E_INVALID);
        cr_assert_eq(read_code(all[i], len + 1, found), ASSAY_E_INVALID);
        size_t believed = 0;
        for (size_t at = 0; at < len; at++) {
            code[at] ^= 1;
            believed += read_code(all[i], len, found) == ASSAY_OK;
            code[at] ^= 1;
        }
        cr_assert_eq(believed, 0, "an immutable stands in several places, which must agree");
    }
}

static enum assay_status probe(struct evm_node *node)
{
    struct assay_evm_rpc rpc = { .link = evm_node_link(node) };
    return assay_eth_p256_check(&rpc);
}

#define ONE "\"0x0000000000000000000000000000000000000000000000000000000000000001\""

Test(evm_contract, an_empty_success_is_no_precompile)
{
    struct evm_node node = evm_node_make();
    node.call = "\"0x\"";
    cr_assert_eq(probe(&node), ASSAY_E_UNSUPPORTED);
    node = evm_node_make();
    node.call = ONE; /* whatever was signed */
    cr_assert_eq(probe(&node), ASSAY_E_UNSUPPORTED);
    node = evm_node_make();
    node.call = "\"0x01\"";
    node.second_call = "\"0x\"";
    cr_assert_eq(probe(&node), ASSAY_E_UNSUPPORTED);
    node = evm_node_make();
    node.call = ONE;
    node.second_call = "\"0x\"";
    cr_assert_eq(probe(&node), ASSAY_OK);
}

static enum assay_status paid_of(const char *answer, bool *open, uint32_t *paid)
{
    static const uint8_t task[32] = { 5 };
    const struct assay_evm_place place = { .chain_id = 7 };
    struct evm_node node = evm_node_make();
    struct assay_evm_rpc rpc = { .link = evm_node_link(&node) };
    node.call = answer;
    return assay_eth_task_read(&rpc, &place, task, 0, open, paid);
}

Test(evm_contract, a_word_is_a_word)
{
    bool open = true;
    uint32_t paid = 9;
    cr_assert_eq(paid_of(ONE, &open, &paid), ASSAY_OK);
    cr_assert(open && paid == 0);
    cr_assert_neq(paid_of("\"0x\"", &open, &paid), ASSAY_OK, "of an address without a contract");
    cr_assert_neq(paid_of("\"0x01\"", &open, &paid), ASSAY_OK);
    cr_assert_neq(paid_of("null", &open, &paid), ASSAY_OK);
    cr_assert_neq(paid_of("1", &open, &paid), ASSAY_OK);
    cr_assert_neq(
        paid_of("\"0x0000000000000000000000000000000000000000000000000000000000000000ff\"", &open,
                &paid),
        ASSAY_OK);
    cr_assert_neq(paid_of("\"0x0100000000000000000000000000000000000000000000000000000000000001\"",
                          &open, &paid),
                  ASSAY_OK);
    cr_assert(open && paid == 0);
}

static enum assay_status quantity_of(const char *text, uint64_t *out)
{
    struct assay_json *document = NULL;
    char whole[128];
    snprintf(whole, sizeof whole, "[%s]", text);
    cr_assert_eq(assay_json_parse(whole, strlen(whole), &document), ASSAY_OK);
    const enum assay_status status = assay_eth_quantity(assay_json_at(document, 0), out);
    assay_json_free(&document);
    return status;
}

Test(evm_contract, a_quantity_has_one_form)
{
    uint64_t n = 5;
    cr_assert_eq(quantity_of("\"0x0\"", &n), ASSAY_OK);
    cr_assert_eq(n, 0);
    cr_assert_eq(quantity_of("\"0xffffffffffffffff\"", &n), ASSAY_OK);
    cr_assert_eq(n, UINT64_MAX);
    n = 5;
    cr_assert_eq(quantity_of("\"0x10000000000000000\"", &n), ASSAY_E_RANGE);
    cr_assert_eq(quantity_of("\"0x\"", &n), ASSAY_E_SYNTAX);
    cr_assert_eq(quantity_of("\"\"", &n), ASSAY_E_SYNTAX);
    cr_assert_eq(quantity_of("\"0x00\"", &n), ASSAY_E_SYNTAX);
    cr_assert_eq(quantity_of("\"0x1g\"", &n), ASSAY_E_SYNTAX);
    cr_assert_eq(quantity_of("\"0x1000000000000000g\"", &n), ASSAY_E_SYNTAX);
    cr_assert_eq(quantity_of("\"1\"", &n), ASSAY_E_SYNTAX);
    cr_assert_eq(quantity_of("1", &n), ASSAY_E_TYPE);
    cr_assert_eq(quantity_of("null", &n), ASSAY_E_TYPE);
    cr_assert_eq(n, 5);
}
