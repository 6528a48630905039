/*
 * net/evm/tasks.c - task contract calls (docs/services.md 8.3).
 */
#include "net/evm/tasks.h"

#include "base/crypto.h"
#include "base/cursor.h"
#include "services/evm/anchor.h"
#include "services/evm/keccak.h"

enum { CLAIMS_LOOKED_AT = 8, CLAIM_INPUT_MAX = 4096 };

static enum assay_status finish_order(const struct assay_writer *w,
                                      const struct assay_evm_place *place,
                                      struct assay_evm_order *order)
{
    *order = (struct assay_evm_order){ 0 };
    assay_bytes_copy(order->to, sizeof order->to, place->contract, sizeof order->to);
    return assay_writer_finish(w, &order->data);
}

enum assay_status assay_eth_tasks_deploy_order(const uint8_t anchor[static ASSAY_EVM_ADDRESS_LEN],
                                               uint8_t *bytes, size_t capacity,
                                               struct assay_evm_order *order)
{
    const struct assay_slice code = assay_evm_contract_tasks.creation;
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_writer_put(&w, code.bytes, code.len);
    assay_abi_put_address(&w, anchor);
    *order = (struct assay_evm_order){ .creates = true };
    return assay_writer_finish(&w, &order->data);
}

enum assay_status assay_eth_open_order(const struct assay_evm_place *place,
                                       const struct assay_evm_terms *terms,
                                       const struct assay_evm_score_proof *proof, uint8_t *bytes,
                                       size_t capacity, struct assay_evm_order *order)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_TRY(assay_evm_terms_check(terms));
    if (proof->index >= proof->count || proof->path_len > ASSAY_EVM_SCORE_PATH_MAX)
        return ASSAY_E_RANGE;
    const uint64_t sides = assay_evm_path_sides(proof->index, proof->count, proof->path_len);
    assay_evm_task_put_open(&w, terms, proof->leaf, sides, proof->path, proof->path_len);
    ASSAY_TRY(finish_order(&w, place, order));
    assay_evm_deposit(terms, order->value);
    return ASSAY_OK;
}

enum assay_status assay_eth_claim_order(const struct assay_evm_place *place,
                                        const struct assay_evm_terms *terms,
                                        const struct assay_evm_claim *claim, uint8_t *bytes,
                                        size_t capacity, struct assay_evm_order *order)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_TRY(assay_evm_terms_check(terms));
    assay_evm_task_put_claim(&w, terms, claim);
    return finish_order(&w, place, order);
}

enum assay_status assay_eth_close_order(const struct assay_evm_place *place,
                                        const struct assay_evm_terms *terms, uint8_t *bytes,
                                        size_t capacity, struct assay_evm_order *order)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_TRY(assay_evm_terms_check(terms));
    assay_evm_task_put_close(&w, terms);
    return finish_order(&w, place, order);
}

enum assay_status assay_eth_tasks_check(struct assay_evm_rpc *rpc,
                                        const struct assay_evm_place *place,
                                        const uint8_t anchor[static ASSAY_EVM_ADDRESS_LEN])
{
    uint8_t word[1][32];
    ASSAY_TRY(assay_eth_contract_verify(rpc, &assay_evm_contract_tasks, place->contract, word));
    const size_t before = 32 - ASSAY_EVM_ADDRESS_LEN;
    return assay_bytes_all_zero(word[0], before) &&
                   assay_bytes_equal(word[0] + before, anchor, ASSAY_EVM_ADDRESS_LEN)
               ? ASSAY_OK
               : ASSAY_E_INVALID;
}

enum assay_status assay_eth_task_read(struct assay_evm_rpc *rpc,
                                      const struct assay_evm_place *place,
                                      const uint8_t task[static 32], uint64_t block, bool *open,
                                      uint32_t *paid)
{
    ASSAY_ASSERT(open != NULL && paid != NULL);
    uint8_t bytes[ASSAY_ABI_SELECTOR_LEN + ASSAY_ABI_WORD_LEN], word[32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_evm_task_put_paid(&w, task);
    ASSAY_TRY(
        assay_eth_get_word(rpc, place->contract, assay_slice_over(bytes, w.len), block, word));
    struct assay_cursor c = assay_cursor_over(word + 28, 4);
    uint32_t next = 0;
    if (!assay_bytes_all_zero(word, 28)) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_u32be(&c, &next));
    *open = next != 0;
    *paid = next == 0 ? 0 : next - 1;
    return ASSAY_OK;
}

/* --- keys in claims */

/* The 32 bytes that open the lock: behind terms and numbers when the claim was sent to the contract
 * itself, anywhere when another contract passed it on. */
static bool find_opening(const uint8_t *input, size_t len, const uint8_t lock[static 32],
                         uint8_t opening[static 32])
{
    ASSAY_ASSERT(input != NULL);
    uint8_t digest[32];
    for (size_t at = 0; at + 32 <= len; at++) {
        assay_sha256(input + at, 32, digest);
        if (!assay_bytes_equal(digest, lock, 32)) continue;
        assay_bytes_copy(opening, 32, input + at, 32);
        return true;
    }
    return false;
}

/* Of the newest claims in these blocks. */
static enum assay_status search_openings(struct assay_evm_rpc *rpc,
                                         const struct assay_evm_place *place,
                                         const uint8_t task[static 32], uint64_t from, uint64_t to,
                                         const uint8_t lock[static 32], uint8_t opening[static 32])
{
    ASSAY_ASSERT(from <= to);
    static const char paid[] = "Paid(bytes32,uint256)";
    uint8_t event[32], hash[CLAIMS_LOOKED_AT][32], input[CLAIM_INPUT_MAX];
    size_t count = 0, len = 0;
    assay_keccak256((const uint8_t *)paid, sizeof paid - 1, event);
    ASSAY_TRY(assay_eth_get_events(rpc, place->contract, event, task, from, to, hash,
                                   CLAIMS_LOOKED_AT, &count));
    while (count-- > 0) {
        ASSAY_ASSERT(count < CLAIMS_LOOKED_AT);
        const enum assay_status status =
            assay_eth_get_input(rpc, hash[count], input, sizeof input, &len);
        if (status == ASSAY_OK && find_opening(input, len, lock, opening)) return ASSAY_OK;
        if (status != ASSAY_OK && assay_status_class(status) != ASSAY_CLASS_INPUT) return status;
    }
    return ASSAY_E_NOT_FOUND;
}

enum assay_status assay_eth_task_opening(struct assay_evm_rpc *rpc,
                                         const struct assay_evm_place *place,
                                         const uint8_t task[static 32],
                                         const uint8_t lock[static 32], uint8_t opening[static 32])
{
    uint64_t to = 0;
    ASSAY_TRY(assay_eth_get_head(rpc, &to));
    const uint64_t end = to > ASSAY_EVM_OPENING_BLOCKS ? to - ASSAY_EVM_OPENING_BLOCKS : 0;
    for (;;) {
        const uint64_t from = to >= end + ASSAY_EVM_OPENING_WINDOW
                                  ? to - ASSAY_EVM_OPENING_WINDOW + 1
                                  : end;
        const enum assay_status status = search_openings(rpc, place, task, from, to, lock, opening);
        if (status != ASSAY_E_NOT_FOUND || from <= end) return status;
        to = from - 1;
    }
}
