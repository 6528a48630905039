/*
 * tests/unit/engine/decide.c - a CHANGE signed by every operator of a world.
 */
#include "tests/unit/engine/decide.h"

#include "engine/parts/engine_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { BODY_LEN = 4096, ADDED_SET = 77 };

/* Ids ascend. */
static void sign_by(const struct assay_sim_world *w, uint32_t set, const uint8_t digest[static 32],
                    struct signers *s)
{
    struct assay_secret32 key;
    struct assay_p256_signer *signer = NULL;
    uint8_t public[64], id[32];
    world_set_key(w, set, KEY_OPERATOR, &key);
    cr_assert_eq(assay_p256_public(&key, public), ASSAY_OK);
    assay_sha256(public, sizeof public, id);
    uint32_t at = s->count++;
    cr_assert_lt(at, SIGNERS_MAX);
    for (; at > 0 && assay_bytes_compare(s->ids[at - 1], id, 32) > 0; at--) {
        assay_bytes_copy(s->ids[at], 32, s->ids[at - 1], 32);
        assay_bytes_copy(s->signatures[at], 64, s->signatures[at - 1], 64);
    }
    assay_bytes_copy(s->ids[at], 32, id, 32);
    cr_assert_eq(assay_p256_signer_load(&key, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, s->signatures[at]), ASSAY_OK);
    assay_p256_signer_free(&signer);
}

void sign_all(const struct assay_sim_world *w, bool added, const uint8_t digest[static 32],
              struct signers *s)
{
    s->count = 0;
    for (uint32_t set = 0; set < w->genesis->operator_count; set++)
        sign_by(w, set, digest, s);
    if (added) sign_by(w, ADDED_SET, digest, s);
}

static void tell(struct assay_sim_world *w, struct assay_slice record)
{
    for (uint32_t node = 0; node < w->options.nodes; node++) {
        struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
        if (!w->nodes[node].alive || w->nodes[node].joining != NULL) continue;
        event.as.message.from = (uint16_t)((node + 1) % w->genesis->member_count);
        event.as.message.kind = ASSAY_MESSAGE_RECORD;
        event.as.message.payload = record;
        const enum assay_status status = world_step(w, node, &event);
        cr_assert(status == ASSAY_OK || status == ASSAY_E_DUPLICATE, "%s",
                  assay_status_symbol(status));
    }
}

/* added: the operator of set 77 signs, too. */
static void decide_with(struct assay_sim_world *w, bool added, uint64_t sequence,
                        uint64_t activation, const struct assay_action *action)
{
    static uint8_t body[BODY_LEN], bytes[2 * BODY_LEN];
    struct signers s;
    uint8_t digest[32];
    struct assay_change change = { .sequence = sequence, .activation = activation };
    assay_bytes_copy(change.chain_id, 32, w->genesis->chain_id, 32);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_change_encode(&change, action, 1, &b), ASSAY_OK);
    assay_sha256(body, b.len, digest);
    sign_all(w, added, digest, &s);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_record_put_change(&out, assay_slice_over(body, b.len),
                                         (const uint8_t(*)[32])s.ids,
                                         (const uint8_t(*)[64])s.signatures, s.count),
                 ASSAY_OK);
    tell(w, assay_slice_over(bytes, out.len));
}

void decide(struct assay_sim_world *w, uint64_t sequence, uint64_t activation,
            const struct assay_action *action)
{
    decide_with(w, false, sequence, activation, action);
}

/* number: in the document, of the change that brings it. */
static struct assay_action operators_of(struct assay_sim_world *w, bool adds, uint64_t number)
{
    static uint8_t document[ASSAY_OPERATORS_LEN_MAX];
    struct assay_genesis *next = calloc(1, sizeof *next);
    struct assay_secret32 key;
    *next = *w->genesis;
    next->operators_number = number;
    next->member_count = 0;
    if (adds) {
        struct assay_genesis_operator *o = &next->operators[next->operator_count++];
        world_set_key(w, ADDED_SET, KEY_OPERATOR, &key);
        cr_assert_eq(assay_p256_public(&key, o->public_key), ASSAY_OK);
        o->name = assay_slice_over("operator", 8);
        next->threshold = next->operator_count;
        assay_genesis_sort(next);
    }
    struct assay_writer out = assay_writer_over(document, sizeof document);
    cr_assert_eq(assay_operators_encode(next, &out), ASSAY_OK);
    free(next);
    return (struct assay_action){ .kind = ASSAY_ACTION_OPERATORS,
                                  .document = assay_slice_over(document, out.len) };
}

void decide_operators(struct assay_sim_world *w, uint64_t sequence, uint64_t activation)
{
    const struct assay_action action = operators_of(w, true, sequence);
    decide_with(w, false, sequence, activation, &action);
}

void decide_operators_back(struct assay_sim_world *w, uint64_t sequence, uint64_t activation)
{
    const struct assay_action action = operators_of(w, false, sequence);
    decide_with(w, true, sequence, activation, &action);
}
