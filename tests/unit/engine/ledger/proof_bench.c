/*
 * tests/unit/engine/ledger/proof_bench.c - states of a simulated node, and proofs that it makes of
 * them.
 */
#include "tests/unit/engine/ledger/proof_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static bool take_state(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct proof_states *k = context;
    uint8_t **into = k->now == NULL ? &k->now : &k->before;
    (void)key;
    *into = malloc(value.len);
    cr_assert_not_null(*into);
    assay_bytes_copy(*into, value.len, value.bytes, value.len);
    *(k->before == NULL ? &k->now_len : &k->before_len) = value.len;
    return k->before == NULL;
}

void proof_collect(struct assay_sim_world *w, uint32_t node, struct proof_states *k)
{
    struct assay_store *store = w->nodes[node].store;
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    memset(to.id, 0xff, sizeof to.id);
    k->now = k->before = NULL;
    cr_assert_eq(store->ops->scan(store, ASSAY_STORE_STATE, &from, &to, true, take_state, k),
                 ASSAY_OK);
    cr_assert_not_null(k->before);
    cr_assert_eq(assay_proof_checkpoint_of(assay_slice_over(k->now, k->now_len), &k->at), ASSAY_OK);
    cr_assert_eq(assay_proof_checkpoint_of(assay_slice_over(k->before, k->before_len), &k->from),
                 ASSAY_OK);
    const struct assay_store_key key = { .era = k->at.era, .epoch = k->at.epoch };
    cr_assert_eq(assay_store_get(store, ASSAY_STORE_FINALITY, &key, k->finality, sizeof k->finality,
                                 &k->finality_len),
                 ASSAY_OK);
}

void proof_drop(struct proof_states *k)
{
    free(k->now);
    free(k->before);
}

size_t proof_make(const struct proof_states *k, uint32_t slot, bool bare, uint8_t *bytes)
{
    uint8_t hashes[PROOF_MEMBERS_MAX + 1][32];
    struct assay_writer w = assay_writer_over(bytes, PROOF_LEN);
    cr_assert_eq(assay_proof_make(assay_slice_over(k->now, k->now_len),
                                  assay_slice_over(k->before, bare ? 0 : k->before_len),
                                  assay_slice_over(k->finality, bare ? 0 : k->finality_len), slot,
                                  hashes, &w),
                 ASSAY_OK);
    return w.len;
}
