/*
 * tests/unit/engine/test_past.c - cost of answering queries about past states (protocol.md 5.30.2).
 */
#include "sim/world/world_internal.h"

#include "base/cbor.h"
#include "engine/node/engine_internal.h"
#include "engine/sync/fast_sync_wire.h"
#include "engine/sync/sync.h"

#include <criterion/criterion.h>

/* A store that counts the values that a scan shows. */
static struct {
    struct assay_store_ops ops;
    const struct assay_store_ops *real;
    assay_store_visit *visit;
    void *context;
    size_t shown;
} counted;

static bool count_shown(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    (void)context;
    counted.shown++;
    return counted.visit(counted.context, key, value);
}

static enum assay_status counting_scan(struct assay_store *store, enum assay_store_class class_,
                                       const struct assay_store_key *from,
                                       const struct assay_store_key *to, bool backwards,
                                       assay_store_visit *visit, void *context)
{
    counted.visit = visit;
    counted.context = context;
    return counted.real->scan(store, class_, from, to, backwards, count_shown, NULL);
}

static void begin_counting(struct assay_store *store)
{
    counted.real = store->ops;
    counted.ops = *store->ops;
    counted.ops.scan = counting_scan;
    counted.shown = 0;
    store->ops = &counted.ops;
}

static void put_rows(struct assay_store *store, enum assay_store_class class_, uint64_t count)
{
    for (uint64_t i = 1; i <= count; i++) {
        uint8_t bytes[16];
        struct assay_store_key key = { .epoch = i, .number = i };
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_cbor_put_array(&w, 1);
        assay_cbor_put_uint(&w, i);
        assay_sha256(bytes, w.len, key.id);
        cr_assert_eq(assay_store_put(store, class_, &key, assay_slice_over(bytes, w.len)),
                     ASSAY_OK);
    }
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
}

/* Goal: who asks for a state again and again does not have the store read through each time. */
Test(past, an_ask_about_a_state_shows_each_change_at_most_once, .timeout = 600)
{
    enum { EPOCHS = 4, CHANGES = 100, SETS = 50 };
    static uint8_t asked[256], answer[ASSAY_SYNC_ANSWER_LEN_MAX], scratch[65536];
    const struct assay_sim_world_options o = { .seed = 17, .nodes = 4, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, EPOCHS, 4000 * EPOCHS), "%s",
              assay_sim_world_violation(w));
    struct assay_store *store = w->nodes[1].store;
    const struct assay_engine *e = assay_sim_world_engine(w, 1);
    put_rows(store, ASSAY_STORE_CHANGE, CHANGES);
    put_rows(store, ASSAY_STORE_COLLATERAL, SETS);
    struct assay_fast_sync_wire_ask ask = { .state = true, .epoch = e->head->state.epoch };
    assay_bytes_copy(ask.chain_id, 32, w->genesis->chain_id, 32);
    struct assay_writer a = assay_writer_over(asked, sizeof asked);
    struct assay_writer out = assay_writer_over(answer, sizeof answer);
    cr_assert_eq(assay_fast_sync_wire_ask_encode(&ask, &a), ASSAY_OK);
    begin_counting(store);
    cr_assert_eq(assay_fast_sync_wire_answer(store, w->genesis->chain_id,
                                             assay_slice_over(asked, a.len), scratch,
                                             sizeof scratch, &out),
                 ASSAY_OK);
    store->ops = counted.real;
    struct assay_fast_sync_wire_answer got;
    cr_assert_eq(assay_fast_sync_wire_answer_decode(assay_slice_over(answer, out.len), &got),
                 ASSAY_OK);
    cr_expect_gt(got.snapshot.len, 0);
    cr_expect_leq(counted.shown, CHANGES, "%zu values shown", counted.shown);
    assay_sim_world_destroy(&w);
}
