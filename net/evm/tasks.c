/*
 * net/evm/tasks.c - see the header (docs/services.md 8.3).
 */
#include "net/evm/tasks.h"

#include "base/cursor.h"
#include "services/evm/anchor.h"

static enum assay_status finish(const struct assay_writer *w, const struct assay_evm_place *place,
                                struct assay_evm_order *order)
{
    *order = (struct assay_evm_order){ 0 };
    assay_bytes_copy(order->to, sizeof order->to, place->contract, sizeof order->to);
    return assay_writer_finish(w, &order->data);
}

enum assay_status assay_evm_tasks_deploy_order(const uint8_t anchor[static ASSAY_EVM_ADDRESS_LEN],
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

enum assay_status assay_evm_open_order(const struct assay_evm_place *place,
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
    ASSAY_TRY(finish(&w, place, order));
    assay_evm_deposit(terms, order->value);
    return ASSAY_OK;
}

enum assay_status assay_evm_claim_order(const struct assay_evm_place *place,
                                        const struct assay_evm_terms *terms,
                                        const struct assay_evm_claim *claim, uint8_t *bytes,
                                        size_t capacity, struct assay_evm_order *order)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_TRY(assay_evm_terms_check(terms));
    assay_evm_task_put_claim(&w, terms, claim);
    return finish(&w, place, order);
}

enum assay_status assay_evm_close_order(const struct assay_evm_place *place,
                                        const struct assay_evm_terms *terms, uint8_t *bytes,
                                        size_t capacity, struct assay_evm_order *order)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_TRY(assay_evm_terms_check(terms));
    assay_evm_task_put_close(&w, terms);
    return finish(&w, place, order);
}

enum assay_status assay_evm_tasks_check(struct assay_evm_rpc *rpc,
                                        const struct assay_evm_place *place,
                                        const uint8_t anchor[static ASSAY_EVM_ADDRESS_LEN])
{
    uint8_t word[1][32];
    ASSAY_TRY(assay_evm_contract_ask(rpc, &assay_evm_contract_tasks, place->contract, word));
    const size_t before = 32 - ASSAY_EVM_ADDRESS_LEN;
    return assay_bytes_all_zero(word[0], before) &&
                   assay_bytes_equal(word[0] + before, anchor, ASSAY_EVM_ADDRESS_LEN)
               ? ASSAY_OK
               : ASSAY_E_INVALID;
}

enum assay_status assay_evm_task_ask(struct assay_evm_rpc *rpc, const struct assay_evm_place *place,
                                     const uint8_t task[static 32], uint64_t block, bool *open,
                                     uint32_t *paid)
{
    uint8_t bytes[ASSAY_ABI_SELECTOR_LEN + ASSAY_ABI_WORD_LEN], word[32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_evm_task_put_paid(&w, task);
    ASSAY_TRY(
        assay_evm_ask_word(rpc, place->contract, assay_slice_over(bytes, w.len), block, word));
    struct assay_cursor c = assay_cursor_over(word + 28, 4);
    uint32_t next = 0;
    if (!assay_bytes_all_zero(word, 28)) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_u32be(&c, &next));
    *open = next != 0;
    *paid = next == 0 ? 0 : next - 1;
    return ASSAY_OK;
}
