/*
 * tests/fuzz/net/fuzz_evm_rpc.c - whatever a node of an EVM chain answers, to each question in turn
 * (docs/services.md 8.5): nothing overruns, and nothing is signed above a limit.
 */
#include "net/evm/anchor.h"
#include "net/evm/tasks.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Pieces of the input, each the answer of one question: a length of two bytes, and they. With the
 * top bit set the piece is the result alone, of an answer that is sound. */
struct script {
    struct assay_cursor in;
};

static size_t number_in(struct assay_slice question)
{
    static const char key[] = "\"id\":";
    size_t id = 0;
    for (size_t i = 0; i + sizeof key <= question.len; i++) {
        if (!assay_bytes_equal(question.bytes + i, key, sizeof key - 1)) continue;
        for (i += sizeof key - 1; i < question.len; i++) {
            const uint8_t c = question.bytes[i];
            if (c < '0' || c > '9') return id;
            id = 10 * id + (size_t)(c - '0');
        }
    }
    return id;
}

static enum assay_status ask(void *context, struct assay_slice question, uint8_t *answer,
                             size_t capacity, size_t *len)
{
    struct script *const script = context;
    struct assay_slice piece;
    uint16_t head = 0;
    struct assay_writer w = assay_writer_over(answer, capacity);
    if (assay_cursor_u16be(&script->in, &head) != ASSAY_OK) return ASSAY_E_AGAIN;
    const size_t left = assay_cursor_left(&script->in), wanted = head & 0x7fff;
    if (assay_cursor_slice(&script->in, wanted < left ? wanted : left, &piece) != ASSAY_OK) abort();
    if ((head & 0x8000) != 0) {
        static const char before[] = "{\"jsonrpc\":\"2.0\",\"id\":", middle[] = ",\"result\":";
        char digits[24];
        size_t id = number_in(question), at = sizeof digits;
        do {
            digits[--at] = (char)('0' + id % 10);
        } while ((id /= 10) > 0);
        assay_writer_put(&w, before, sizeof before - 1);
        assay_writer_put(&w, digits + at, sizeof digits - at);
        assay_writer_put(&w, middle, sizeof middle - 1);
    }
    if (piece.len > 0) assay_writer_put(&w, piece.bytes, piece.len);
    if ((head & 0x8000) != 0) assay_writer_put(&w, "}", 1);
    *len = w.len;
    return w.full ? ASSAY_E_RANGE : ASSAY_OK;
}

static void follow(struct assay_evm_link link)
{
    const struct assay_evm_config config = { .chain_id = 7,
                                             .fee_limit_wei = 1000,
                                             .tip_wei = 1,
                                             .gas_limit = 50000,
                                             .confirmations = 2,
                                             .resend_ms = 5 };
    const struct assay_secret32 key = { .bytes = { [31] = 1 } };
    const struct assay_evm_order order = { .to = { 1 } };
    struct assay_evm_sender sender;
    if (assay_eth_sender_init(&sender, &config, &key, link) != ASSAY_OK) abort();
    if (assay_eth_sender_begin(&sender, &order) != ASSAY_OK) abort();
    for (uint64_t now = 0; now < 12; now++) {
        const enum assay_evm_phase phase = assay_eth_sender_step(&sender, now);
        if (sender.progress.fee_wei > config.fee_limit_wei || sender.gas > config.gas_limit)
            abort();
        if (phase == ASSAY_EVM_DONE && sender.progress.depth < config.confirmations) abort();
    }
    assay_eth_sender_deinit(&sender);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t name[32] = { 3 };
    const struct assay_evm_place place = { .chain_id = 7 };
    struct script script = { .in = assay_cursor_over(data, size) };
    struct assay_evm_rpc rpc = { .link = { .ask = ask, .context = &script } };
    struct assay_evm_anchored held;
    bool open = false;
    uint32_t paid = 0;
    uint8_t which = 0;
    if (assay_cursor_u8(&script.in, &which) != ASSAY_OK) return 0;
    static const char why[] = "only crashes count";
    if (which % 4 == 0) follow(rpc.link);
    if (which % 4 == 1) assay_status_ignore(assay_eth_anchor_read(&rpc, name, &held), why);
    if (which % 4 == 2) assay_status_ignore(assay_eth_p256_check(&rpc), why);
    if (which % 4 == 3)
        assay_status_ignore(assay_eth_task_read(&rpc, &place, name, 0, &open, &paid), why);
    if (rpc.why[sizeof rpc.why - 1] != '\0') abort();
    return 0;
}
