/*
 * tests/unit/engine/sync/test_fast_sync_wire.c - cost of answering requests for past states
 * (docs/protocol.md 5.30.2).
 */
#include "sim/world/world_internal.h"

#include "base/cbor.h"
#include "engine/parts/engine_internal.h"
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
Test(fast_sync_wire, an_ask_about_a_state_shows_each_change_at_most_once, .timeout = 600)
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
    struct assay_fast_sync_wire_request ask = { .state = true, .epoch = e->head->state.epoch };
    assay_bytes_copy(ask.chain_id, 32, w->genesis->chain_id, 32);
    struct assay_writer a = assay_writer_over(asked, sizeof asked);
    struct assay_writer out = assay_writer_over(answer, sizeof answer);
    cr_assert_eq(assay_fast_sync_wire_request_encode(&ask, &a), ASSAY_OK);
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

/* The epoch of a CHANGE that arrives with a state is what a peer claims. It is a key of the store,
 * and is passed on. */
Test(fast_sync_wire, a_change_is_stored_under_no_epoch_after_the_state)
{
    static uint8_t body[1024], bytes[2048];
    const uint8_t document[] = { 0x80 };
    const struct assay_change change = { .sequence = 3, .activation = 12 };
    const struct assay_action action = { .kind = ASSAY_ACTION_POLICY,
                                         .document = assay_slice_over(document, 1) };
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_change_encode(&change, &action, 1, &b), ASSAY_OK);
    cr_assert_eq(assay_record_put_change(&w, assay_slice_over(body, b.len), NULL, NULL, 0),
                 ASSAY_OK);
    static const uint64_t claimed[] = { 1, 9, 10, INT64_MAX };
    for (size_t i = 0; i < sizeof claimed / sizeof claimed[0]; i++) {
        struct assay_store_key key = { .epoch = claimed[i] };
        cr_expect_eq(assay_fast_sync_wire_class(assay_slice_over(bytes, w.len), 9, &key),
                     ASSAY_STORE_CHANGE);
        cr_expect_eq(key.epoch, claimed[i] < 9 ? claimed[i] : 9);
        cr_expect_eq(key.number, 3);
    }
}
