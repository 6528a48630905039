/*
 * tests/unit/engine/decide.c - a CHANGE signed by every operator of a world.
 */
#include "tests/unit/engine/decide.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { OPERATORS = 64, BODY_LEN = 4096 };

/* Whose key an operator has is drawn: it is found by looking. */
static void sign_as(const struct assay_sim_world *w, uint32_t operator_,
                    const uint8_t digest[static 32], uint8_t signature[static 64])
{
    for (uint32_t node = 0; node < w->options.nodes; node++) {
        struct assay_secret32 key;
        struct assay_p256_signer *signer = NULL;
        uint8_t public[64];
        world_key(w, node, KEY_OPERATOR, 0, &key);
        cr_assert_eq(assay_p256_signer_load(&key, &signer), ASSAY_OK);
        cr_assert_eq(assay_p256_public(&key, public), ASSAY_OK);
        const bool own = assay_bytes_equal(public, w->genesis->operators[operator_].public_key, 64);
        if (own) cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
        assay_p256_signer_free(&signer);
        if (own) return;
    }
    cr_assert_fail("an operator without a key");
}

void decide(struct assay_sim_world *w, uint64_t sequence, uint64_t activation,
            const struct assay_action *action)
{
    static uint8_t body[BODY_LEN], bytes[2 * BODY_LEN];
    uint8_t ids[OPERATORS][32], signatures[OPERATORS][64], digest[32];
    struct assay_change change = { .sequence = sequence, .activation = activation };
    const uint32_t count = w->genesis->operator_count;
    cr_assert_leq(count, OPERATORS);
    assay_bytes_copy(change.chain_id, 32, w->genesis->chain_id, 32);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_change_encode(&change, action, 1, &b), ASSAY_OK);
    assay_sha256(body, b.len, digest);
    bool done[OPERATORS] = { false };
    for (uint32_t i = 0; i < count; i++) { /* ids ascend */
        uint32_t next = OPERATORS;
        for (uint32_t k = 0; k < count; k++)
            if (!done[k] && (next == OPERATORS ||
                             assay_bytes_compare(w->genesis->operators[k].operator_id,
                                                 w->genesis->operators[next].operator_id, 32) < 0))
                next = k;
        done[next] = true;
        assay_bytes_copy(ids[i], 32, w->genesis->operators[next].operator_id, 32);
        sign_as(w, next, digest, signatures[i]);
    }
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_record_put_change(&out, assay_slice_over(body, b.len),
                                         (const uint8_t(*)[32])ids,
                                         (const uint8_t(*)[64])signatures, count),
                 ASSAY_OK);
    for (uint32_t node = 0; node < w->options.nodes; node++) {
        struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
        if (!w->nodes[node].alive || w->nodes[node].joining != NULL) continue;
        event.as.message.from = (uint16_t)((node + 1) % w->genesis->member_count);
        event.as.message.kind = ASSAY_MESSAGE_RECORD;
        event.as.message.payload = assay_slice_over(bytes, out.len);
        const enum assay_status status = world_step(w, node, &event);
        cr_assert(status == ASSAY_OK || status == ASSAY_E_DUPLICATE, "%s",
                  assay_status_symbol(status));
    }
}

void decide_operators(struct assay_sim_world *w, uint64_t sequence, uint64_t activation)
{
    static uint8_t document[ASSAY_OPERATORS_LEN_MAX];
    struct assay_genesis *next = calloc(1, sizeof *next);
    struct assay_secret32 key;
    *next = *w->genesis;
    struct assay_genesis_operator *o = &next->operators[next->operator_count++];
    world_set_key(w, 77, KEY_OPERATOR, &key);
    cr_assert_eq(assay_p256_public(&key, o->public_key), ASSAY_OK);
    o->name = assay_slice_over("operator", 8);
    next->threshold = next->operator_count;
    next->member_count = 0;
    assay_genesis_sort(next);
    struct assay_writer out = assay_writer_over(document, sizeof document);
    cr_assert_eq(assay_operators_encode(next, &out), ASSAY_OK);
    const struct assay_action action = { .kind = ASSAY_ACTION_OPERATORS,
                                         .document = assay_slice_over(document, out.len) };
    decide(w, sequence, activation, &action);
    free(next);
}
