/*
 * tests/unit/engine/sync/test_fast_sync_votes.c - fast sync next to a member that feeds the
 * certificates and blocks of past epochs, so that the node closes them by votes meanwhile.
 *
 * All that it sends is genuine. The node neither stops nor waits for a state that it no longer
 * needs (docs/protocol.md 5.30.3).
 */
#include "sim/world/world_internal.h"

#include "base/cbor.h"
#include "engine/parts/engine_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { NODES = 6, AWAY = 3, GONE = 14, BLOCKS_MAX = 1024, EPOCHS_MAX = 64, VALUE_LEN = 1 << 20 };

/* What a member archived. */
struct archive {
    struct value {
        uint64_t epoch;
        uint8_t *bytes;
        size_t len;
    } blocks[BLOCKS_MAX], proofs[EPOCHS_MAX];
    size_t block_count;
};

static uint8_t *copy_of(struct assay_slice value)
{
    uint8_t *copy = malloc(value.len);
    assay_bytes_copy(copy, value.len, value.bytes, value.len);
    return copy;
}

static bool add_block(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct archive *a = context;
    cr_assert_lt(a->block_count, BLOCKS_MAX);
    a->blocks[a->block_count++] = (struct value){ key->epoch, copy_of(value), value.len };
    return true;
}

static void archive_epoch(struct archive *a, struct assay_store *store, uint64_t epoch)
{
    static uint8_t bytes[VALUE_LEN];
    const struct assay_store_key from = { .epoch = epoch };
    struct assay_store_key to = { .epoch = epoch, .number = ASSAY_STORE_NUMBER_MAX };
    size_t len = 0;
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    cr_assert_eq(assay_store_scan(store, ASSAY_STORE_BLOCK, &from, &to, false, add_block, a),
                 ASSAY_OK);
    cr_assert_eq(assay_store_get(store, ASSAY_STORE_FINALITY, &from, bytes, sizeof bytes, &len),
                 ASSAY_OK);
    a->proofs[epoch] = (struct value){ epoch, copy_of(assay_slice_over(bytes, len)), len };
}

static void free_archive(struct archive *a)
{
    for (size_t i = 0; i < a->block_count; i++)
        free(a->blocks[i].bytes);
    for (size_t i = 0; i < EPOCHS_MAX; i++)
        free(a->proofs[i].bytes);
    free(a);
}

/* Node 0 was away, and the blocks that it lacks are pruned everywhere but in the archive. */
static struct assay_sim_world *away(struct archive *a)
{
    const struct assay_sim_world_options o = { .seed = 17, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, AWAY, 12000));
    assay_sim_world_kill(w, 0);
    cr_assert(assay_sim_world_run_to_epoch(w, GONE, 4000 * GONE));
    for (uint64_t epoch = 1; epoch < GONE; epoch++)
        archive_epoch(a, w->nodes[1].store, epoch);
    for (uint32_t node = 1; node < NODES; node++) {
        cr_assert_eq(assay_store_prune(w->nodes[node].store, ASSAY_STORE_BLOCK, 0, GONE), ASSAY_OK);
        cr_assert_eq(assay_store_commit(w->nodes[node].store), ASSAY_OK);
    }
    assay_sim_world_restart(w, 0);
    return w;
}

static enum assay_status send(struct assay_sim_world *w, uint16_t from,
                              enum assay_message_kind kind, struct assay_slice payload)
{
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = from;
    event.as.message.kind = kind;
    event.as.message.payload = payload;
    return world_step(w, 0, &event);
}

/* Certificates and blocks until node 0 has closed this epoch by votes. */
static void feed(struct assay_sim_world *w, const struct archive *a, uint16_t from, uint64_t last)
{
    const struct assay_engine *e = w->nodes[0].engine;
    for (uint64_t epoch = e->head->context.epoch; epoch <= last; epoch++) {
        const struct value *proof = &a->proofs[epoch];
        struct assay_cursor c = assay_cursor_over(proof->bytes, proof->len);
        struct assay_slice certificate;
        cr_assert_eq(assay_cbor_array_exact(&c, 2), ASSAY_OK);
        cr_assert_eq(assay_cbor_bytes(&c, VALUE_LEN, &certificate), ASSAY_OK);
        assay_status_ignore(send(w, from, ASSAY_MESSAGE_CERTIFICATE, certificate), "seen below");
        for (size_t k = a->block_count; k-- > 0 && e->head->context.epoch == epoch;) {
            const struct value *b = &a->blocks[k];
            if (b->epoch == epoch)
                assay_status_ignore(
                    send(w, from, ASSAY_MESSAGE_PROPOSAL, assay_slice_over(b->bytes, b->len)),
                    "seen below");
        }
        cr_assert_gt(e->head->context.epoch, epoch, "closed by votes");
    }
}

static void run_until(struct assay_sim_world *w, enum assay_fast_sync_phase phase)
{
    for (int i = 0; i < 4000 && w->nodes[0].engine->fast_sync->phase != phase; i++)
        cr_assert(assay_sim_world_run(w, 1));
    cr_assert_eq(w->nodes[0].engine->fast_sync->phase, phase);
}

/* Returns: the member that is asked to confirm a page */
static uint16_t run_until_confirming(struct assay_sim_world *w)
{
    for (int i = 0; i < 4000; i++) {
        const struct assay_fast_sync *l = w->nodes[0].engine->fast_sync;
        if (l->phase == ASSAY_FAST_SYNC_CONFIRM && l->waits_for < NODES) return l->waits_for;
        cr_assert(assay_sim_world_run(w, 1));
    }
    cr_assert_fail("no page was to be confirmed");
    return NODES;
}

/* A page of the confirming peer with the first boundary alone. */
static void confirm_first(struct assay_sim_world *w, const struct archive *a, uint16_t from)
{
    static uint8_t boundary[VALUE_LEN], bytes[VALUE_LEN];
    const struct assay_engine *e = w->nodes[0].engine;
    const struct assay_fast_sync_page *page = &e->fast_sync->page;
    const struct assay_store_key key = { .epoch = page->epoch + 1 };
    size_t len = 0;
    cr_assert_eq(assay_store_get(w->nodes[1].store, ASSAY_STORE_BOUNDARY, &key, boundary,
                                 sizeof boundary, &len),
                 ASSAY_OK);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&out, 5);
    assay_cbor_put_text(&out, "assay/boundary-answer/v1");
    assay_cbor_put_bytes(&out, e->head->state.chain_id, 32);
    assay_cbor_put_uint(&out, page->era);
    assay_cbor_put_uint(&out, key.epoch);
    assay_cbor_put_array(&out, 1);
    assay_cbor_put_array(&out, 2);
    assay_cbor_put_bytes(&out, boundary, len);
    assay_cbor_put_bytes(&out, a->proofs[key.epoch].bytes, a->proofs[key.epoch].len);
    assay_status_ignore(send(w, from, ASSAY_MESSAGE_SYNC_ANSWER, assay_slice_over(bytes, out.len)),
                        "its head is above");
}

static void expect_level(struct assay_sim_world *w, uint32_t epochs)
{
    const uint64_t goal = assay_sim_world_epoch(w, 1) + epochs;
    cr_assert(assay_sim_world_run_to_epoch(w, goal, 4000 * epochs), "%s",
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "not level");
    cr_expect_geq(w->nodes[0].engine->head->state.epoch + 1, assay_sim_world_epoch(w, 1));
    cr_expect_null(assay_sim_world_violation(w));
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL), 0);
}

/* The member that is asked to confirm a page feeds three of its epochs, and confirms the first: the
 * page would end below the node's own head. */
Test(fast_sync_votes, a_page_that_ends_below_the_head_ends_fast_sync, .timeout = 600)
{
    struct archive *a = calloc(1, sizeof *a);
    struct assay_sim_world *w = away(a);
    const uint16_t member = run_until_confirming(w);
    feed(w, a, member, w->nodes[0].engine->fast_sync->page.epoch + 3);
    confirm_first(w, a, member);
    expect_level(w, 4);
    assay_sim_world_destroy(&w);
    free_archive(a);
}

/* Its answers are late, and a member feeds all epochs up to that of the state that it requests. */
Test(fast_sync_votes, a_state_that_the_head_has_reached_is_not_awaited, .timeout = 600)
{
    static const uint32_t apart[ASSAY_SIM_WORLD_NODES_MAX] = { 1 };
    struct archive *a = calloc(1, sizeof *a);
    struct assay_sim_world *w = away(a);
    run_until(w, ASSAY_FAST_SYNC_STATE);
    const uint64_t epoch = w->nodes[0].engine->fast_sync->epoch;
    assay_sim_world_partition(w, apart);
    for (uint64_t past = GONE; past <= epoch; past++)
        archive_epoch(a, w->nodes[1].store, past);
    const uint64_t goal = assay_sim_world_epoch(w, 1) + 3;
    for (int i = 0; i < 4000 && assay_sim_world_epoch(w, 1) < goal; i++)
        cr_assert(assay_sim_world_run(w, 1));
    feed(w, a, 3, epoch);
    cr_assert_eq(w->nodes[0].engine->head->state.epoch, epoch);
    cr_expect_eq(w->nodes[0].engine->fast_sync->phase, ASSAY_FAST_SYNC_OFF, "blocks are next");
    assay_sim_world_partition(w, NULL);
    expect_level(w, 8);
    assay_sim_world_destroy(&w);
    free_archive(a);
}
