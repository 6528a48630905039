/*
 * tests/unit/net/evm/test_evm_claim_key.c - the key of a step, out of the claim that was paid for
 * it (docs/services.md 8.10), behind a node that shows whatever it likes.
 */
#include "base/crypto.h"
#include "net/evm/tasks.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLAIM_WORDS = 16, OPENING_AT = 4 + 8 * 32 };

/* One claim on a chain. */
static struct {
    uint64_t head, block; /* of its event */
    uint8_t opening[32];
    unsigned shift; /* bytes before it: another contract passed it on */
    bool forgotten; /* the event is there, the transaction not */
    unsigned events, first_events;
} chain;

static const struct assay_evm_place place = { .chain_id = 7, .contract = { 1 } };
static const uint8_t task[32] = { 9 };
static uint8_t lock[32];

static uint64_t number_behind(const char *text, const char *key)
{
    const char *const at = strstr(text, key);
    cr_assert_not_null(at, "%s: %s", key, text);
    return strtoull(at + strlen(key), NULL, 16);
}

static void put_claim(char *out, size_t len)
{
    uint8_t input[OPENING_AT + CLAIM_WORDS * 32] = { 0x12, 0x34 };
    char hex[2 * sizeof input + 1];
    assay_bytes_copy(input + OPENING_AT + chain.shift, 32, chain.opening, 32);
    assay_hex_encode(input, sizeof input, hex, sizeof hex);
    snprintf(out, len, "{\"to\":\"0x01\",\"input\":\"0x%s\"}", hex);
}

static enum assay_status ask(void *context, struct assay_slice question, uint8_t *answer,
                             size_t capacity, size_t *len)
{
    static char text[4096], result[4096];
    (void)context;
    snprintf(text, sizeof text, "%.*s", (int)question.len, (const char *)question.bytes);
    snprintf(result, sizeof result, "null");
    if (strstr(text, "eth_blockNumber") != NULL)
        snprintf(result, sizeof result, "\"0x%llx\"", (unsigned long long)chain.head);
    if (strstr(text, "eth_getLogs") != NULL) {
        const uint64_t from = number_behind(text, "\"fromBlock\":\"0x");
        const uint64_t to = number_behind(text, "\"toBlock\":\"0x");
        cr_assert(from <= to && to - from < ASSAY_EVM_OPENING_WINDOW);
        cr_assert_not_null(strstr(text, "\"0x0900000000"), "of the task: %s", text);
        chain.events++;
        const bool here = chain.block >= from && chain.block <= to;
        snprintf(result, sizeof result, here ? "[{\"transactionHash\":\"0x%064x\"}]" : "[]", 5);
    }
    if (strstr(text, "eth_getTransactionByHash") != NULL && !chain.forgotten)
        put_claim(result, sizeof result);
    const unsigned long long id = strtoull(strstr(text, "\"id\":") + 5, NULL, 10);
    *len = (size_t)snprintf((char *)answer, capacity,
                            "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":%s}", id, result);
    return ASSAY_OK;
}

static enum assay_status look(uint8_t opening[static 32])
{
    struct assay_evm_rpc rpc = { .link = { .ask = ask } };
    return assay_eth_task_opening(&rpc, &place, task, lock, opening);
}

static void set_up(void)
{
    memset(&chain, 0, sizeof chain);
    chain.head = 250000;
    chain.block = 249990;
    for (unsigned i = 0; i < 32; i++)
        chain.opening[i] = (uint8_t)(i + 1);
    assay_sha256(chain.opening, 32, lock);
}

TestSuite(evm_claim_key, .init = set_up);

Test(evm_claim_key, a_claim_shows_the_key)
{
    uint8_t opening[32] = { 0 };
    cr_assert_eq(look(opening), ASSAY_OK);
    cr_expect_arr_eq(opening, chain.opening, 32);
    chain.shift = 36; /* through another contract */
    cr_assert_eq(look(opening), ASSAY_OK);
    cr_expect_arr_eq(opening, chain.opening, 32);
}

Test(evm_claim_key, an_older_claim_is_found_as_far_back_as_is_looked)
{
    uint8_t opening[32];
    chain.block = chain.head - ASSAY_EVM_OPENING_BLOCKS + 1;
    cr_assert_eq(look(opening), ASSAY_OK);
    chain.block = chain.head - ASSAY_EVM_OPENING_BLOCKS - ASSAY_EVM_OPENING_WINDOW;
    cr_assert_eq(look(opening), ASSAY_E_NOT_FOUND);
    chain.head = 3; /* a young chain */
    chain.block = 0;
    chain.events = 0;
    cr_assert_eq(look(opening), ASSAY_OK);
    cr_expect_eq(chain.events, 1);
}

Test(evm_claim_key, what_does_not_open_the_lock_is_no_key)
{
    uint8_t opening[32] = { 0 };
    static const uint8_t nothing[32];
    chain.opening[31] ^= 1;
    cr_assert_eq(look(opening), ASSAY_E_NOT_FOUND);
    cr_expect_arr_eq(opening, nothing, 32);
    chain.forgotten = true;
    cr_assert_eq(look(opening), ASSAY_E_NOT_FOUND);
}
