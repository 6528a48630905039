/*
 * net/evm/nodes.c - majority queries over several EVM nodes.
 */
#include "net/evm/nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 3 };

/* What one node said. */
struct said {
    enum assay_status status; /* of its link; ASSAY_OK: document is there */
    uint8_t *bytes;           /* [ASSAY_EVM_ANSWER_LEN_MAX] */
    size_t len;
    struct assay_json *document;
    const struct assay_json *result; /* NULL: an error */
    bool counts;                     /* a result, or a contract's refusal */
};

/* --- one answer */

static bool is_refusal(const struct assay_json *error)
{
    int64_t code = 0;
    return assay_json_as_text(assay_json_get(error, "data")) != NULL ||
           (assay_json_as_int(assay_json_get(error, "code"), &code) && code == 3);
}

static void read_answer(struct said *s)
{
    ASSAY_ASSERT(s->document == NULL && s->result == NULL);
    if (s->status != ASSAY_OK) return;
    s->status = assay_json_parse((const char *)s->bytes, s->len, &s->document);
    if (s->status != ASSAY_OK) return;
    const struct assay_json *const error = assay_json_get(s->document, "error");
    if (error == NULL) s->result = assay_json_get(s->document, "result");
    s->counts = s->result != NULL || is_refusal(error);
}

static void query_node(const struct assay_evm_link *link, struct assay_slice question,
                       struct said *s)
{
    ASSAY_ASSERT(link->ask != NULL);
    *s = (struct said){ .status = ASSAY_E_MEMORY, .bytes = malloc(ASSAY_EVM_ANSWER_LEN_MAX) };
    if (s->bytes == NULL) return;
    s->status = link->ask(link->context, question, s->bytes, ASSAY_EVM_ANSWER_LEN_MAX, &s->len);
    read_answer(s);
}

static void free_answers(struct said *s, uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_EVM_NODES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        assay_json_free(&s[i].document);
        free(s[i].bytes);
    }
}

/* --- do they agree? */

static bool same_text(const struct assay_json *a, const struct assay_json *b)
{
    const char *const x = assay_json_as_text(a), *const y = assay_json_as_text(b);
    return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

/* Of a receipt what is read of it: nodes name what they like next to. */
static bool same_receipt(const struct assay_json *a, const struct assay_json *b)
{
    static const char *const read[] = { "transactionHash", "status",  "blockNumber",
                                        "blockHash",       "gasUsed", "contractAddress" };
    for (size_t i = 0; i < sizeof read / sizeof read[0]; i++)
        if (!same_text(assay_json_get(a, read[i]), assay_json_get(b, read[i]))) return false;
    return true;
}

static bool is_same(const struct said *a, const struct said *b)
{
    if (a->result == NULL || b->result == NULL) {
        const struct assay_json *const x = assay_json_get(a->document, "error");
        const struct assay_json *const y = assay_json_get(b->document, "error");
        return a->result == b->result &&
               same_text(assay_json_get(x, "data"), assay_json_get(y, "data"));
    }
    const enum assay_json_kind kind = assay_json_kind_of(a->result);
    if (kind != assay_json_kind_of(b->result)) return false;
    return kind == ASSAY_JSON_OBJECT ? same_receipt(a->result, b->result)
                                     : same_text(a->result, b->result);
}

/* --- which answer is everybody's. Each Returns: its number; count: none. */

static uint32_t first_answer(const struct said *said, uint32_t count, bool result)
{
    for (uint32_t i = 0; i < count; i++)
        if (result ? said[i].result != NULL : said[i].status == ASSAY_OK) return i;
    return count;
}

static uint32_t lowest_answer(const struct said *said, uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_EVM_NODES_MAX);
    uint32_t lowest = count, answers = 0;
    uint64_t number = 0, least = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        if (said[i].result == NULL || assay_eth_quantity(said[i].result, &number) != ASSAY_OK)
            continue;
        answers++;
        if (number <= least) lowest = i;
        if (number <= least) least = number;
    }
    return 2 * answers > count ? lowest : count;
}

/* What is looked for proves itself: who shows most hides least. */
static uint32_t fullest_answer(const struct said *said, uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_EVM_NODES_MAX);
    uint32_t fullest = first_answer(said, count, false);
    size_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        const size_t size = assay_json_count(said[i].result) + assay_json_size(said[i].result);
        if (size > most) fullest = i;
        if (size > most) most = size;
    }
    return fullest;
}

/* Out: *apart: two of them say different things. */
static uint32_t agreed_answer(const struct said *said, uint32_t count, bool *apart)
{
    uint32_t first = count, answers = 0;
    *apart = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!said[i].counts) continue;
        if (first == count) first = i;
        else *apart = *apart || !is_same(&said[first], &said[i]);
        answers++;
    }
    ASSAY_ASSERT(answers <= count);
    return 2 * answers > count && !*apart ? first : count;
}

static uint32_t choose_answer(const char *method, const struct said *said, uint32_t count,
                              bool *apart)
{
    *apart = false;
    if (strcmp(method, "eth_sendRawTransaction") == 0) {
        const uint32_t taken = first_answer(said, count, true);
        return taken < count ? taken : first_answer(said, count, false);
    }
    if (strcmp(method, "eth_feeHistory") == 0 || strcmp(method, "eth_estimateGas") == 0)
        return first_answer(said, count, false);
    if (strcmp(method, "eth_getLogs") == 0 || strcmp(method, "eth_getTransactionByHash") == 0)
        return fullest_answer(said, count);
    if (strcmp(method, "eth_blockNumber") == 0) return lowest_answer(said, count);
    return agreed_answer(said, count, apart);
}

/* --- */

static void set_pause(uint32_t ms)
{
    const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&time, NULL);
}

/* Says why nothing came of it. */
static enum assay_status node_fails(struct assay_evm_nodes *nodes, const struct said *said,
                                    bool apart)
{
    ASSAY_ASSERT(nodes->count <= ASSAY_EVM_NODES_MAX);
    uint32_t answers = 0;
    for (uint32_t i = 0; i < nodes->count; i++)
        answers += said[i].counts;
    if (apart)
        (void)snprintf(nodes->why, sizeof nodes->why,
                       "the nodes contradict each other: one is behind, or lies");
    else
        (void)snprintf(nodes->why, sizeof nodes->why,
                       "%u of %u nodes answered, more than half must", answers, nodes->count);
    return ASSAY_E_AGAIN;
}

static enum assay_status query_round(struct assay_evm_nodes *nodes, const char *method,
                                     struct assay_slice question, uint8_t *answer, size_t capacity,
                                     size_t *len, bool *apart)
{
    struct said said[ASSAY_EVM_NODES_MAX];
    enum assay_status status = ASSAY_OK;
    nodes->why[0] = '\0';
    for (uint32_t i = 0; i < nodes->count; i++)
        query_node(&nodes->link[i], question, &said[i]);
    const uint32_t chosen = choose_answer(method, said, nodes->count, apart);
    ASSAY_ASSERT(chosen <= nodes->count);
    if (chosen == nodes->count) status = node_fails(nodes, said, *apart);
    else if (said[chosen].len > capacity) status = ASSAY_E_RANGE;
    if (status == ASSAY_OK) {
        assay_bytes_copy(answer, capacity, said[chosen].bytes, said[chosen].len);
        *len = said[chosen].len;
    }
    free_answers(said, nodes->count);
    return status;
}

static enum assay_status query_nodes(void *context, struct assay_slice question, uint8_t *answer,
                                     size_t capacity, size_t *len)
{
    struct assay_evm_nodes *const nodes = context;
    struct assay_json *document = NULL;
    bool apart = false;
    ASSAY_ASSERT(nodes->count > 0 && nodes->count <= ASSAY_EVM_NODES_MAX);
    if (nodes->count == 1)
        return nodes->link[0].ask(nodes->link[0].context, question, answer, capacity, len);
    enum assay_status status =
        assay_json_parse((const char *)question.bytes, question.len, &document);
    const char *const method =
        status == ASSAY_OK ? assay_json_text(document, "method", "") : "";
    for (uint32_t i = 0; status == ASSAY_OK || (apart && i < ROUNDS); i++) {
        if (i > 0) set_pause(nodes->pause_ms);
        status = query_round(nodes, method, question, answer, capacity, len, &apart);
        if (status == ASSAY_OK) break;
    }
    assay_json_free(&document);
    return status;
}

struct assay_evm_link assay_eth_nodes_link(struct assay_evm_nodes *nodes)
{
    ASSAY_ASSERT(nodes->count > 0 && nodes->count <= ASSAY_EVM_NODES_MAX);
    return (struct assay_evm_link){ .ask = query_nodes, .context = nodes, .why = nodes->why };
}
