/*
 * tests/unit/engine/test_lying_sync.c - peers that answer SYNC_ASK with lies.
 *
 * A finality proof is public: it does not make the blocks beside it true. What a liar serves must
 * leave no trace, cost a bounded number of pages, and delay only until an honest peer is asked.
 */
#include "sim/world/world_internal.h"

#include "base/cbor.h"
#include "base/merkle.h"
#include "engine/node/engine_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 4, PAGE_BLOCKS = 60, PAGE_LEN = 64 * 1024 };

/* A page as the honest peer 1 would answer what node 0 wants next. */
static void honest_page(struct assay_sim_world *w, uint8_t *bytes, size_t capacity,
                        struct assay_sync_page *page, uint64_t height)
{
    const struct assay_engine *e = w->nodes[0].engine;
    uint8_t ask_bytes[ASSAY_SYNC_ASK_LEN_MAX];
    struct assay_sync_ask ask = { .era = e->head->state.era,
                                  .epoch = e->head->context.epoch,
                                  .height = height };
    assay_bytes_copy(ask.chain_id, 32, e->head->state.chain_id, 32);
    struct assay_writer a = assay_writer_over(ask_bytes, sizeof ask_bytes);
    cr_assert_eq(assay_sync_ask_encode(&ask, &a), ASSAY_OK);
    struct assay_writer out = assay_writer_over(bytes, capacity);
    cr_assert_eq(assay_sync_answer(w->nodes[1].store, w->genesis->chain_id,
                                   assay_slice_over(ask_bytes, a.len), w->scratch,
                                   ASSAY_SYNC_ANSWER_LEN_MAX, &out),
                 ASSAY_OK);
    cr_assert_eq(assay_sync_page_decode(assay_slice_over(bytes, out.len), page), ASSAY_OK);
}

/* An empty block that nobody proposed. */
static void invent(const struct assay_engine *e, uint8_t parent[32], uint64_t height,
                   uint64_t time_ms, struct assay_writer *w)
{
    static const uint8_t empty[1] = { 0x80 };
    uint8_t bytes[ASSAY_BLOCK_HEADER_LEN_MAX];
    uint8_t payload[1024];
    struct assay_merkle tree;
    struct assay_block_header h = { .era = e->head->state.era,
                                    .epoch = e->head->context.epoch,
                                    .view = 1,
                                    .height = height,
                                    .kind = ASSAY_BLOCK_NORMAL,
                                    .time_ms = time_ms };
    assay_bytes_copy(h.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(h.parent_id, 32, parent, 32);
    assay_merkle_init(&tree);
    assay_merkle_root(&tree, h.null_root);
    assay_merkle_root(&tree, h.body_root);
    struct assay_writer header = assay_writer_over(bytes, sizeof bytes);
    assay_block_header_encode(&h, &header);
    struct assay_writer p = assay_writer_over(payload, sizeof payload);
    cr_assert_eq(assay_proposal_encode(assay_slice_over(bytes, header.len), NULL,
                                       assay_slice_over(empty, 1), assay_slice_over(empty, 0), &p,
                                       NULL),
                 ASSAY_OK);
    assay_block_id(assay_slice_over(bytes, header.len), parent); /* of the next one */
    assay_cbor_put_bytes(w, payload, p.len);
}

static void put_head(const struct assay_engine *e, uint64_t height, bool more,
                     struct assay_slice proof, uint64_t count, struct assay_writer *w)
{
    assay_cbor_put_array(w, 8);
    assay_cbor_put_text(w, "assay/sync-answer/v1");
    assay_cbor_put_bytes(w, e->head->state.chain_id, 32);
    assay_cbor_put_uint(w, e->head->state.era);
    assay_cbor_put_uint(w, e->head->context.epoch);
    assay_cbor_put_uint(w, height);
    assay_cbor_put_bool(w, more);
    assay_cbor_put_bytes(w, proof.bytes, proof.len);
    assay_cbor_put_array(w, count);
}

static void answer(struct assay_sim_world *w, struct assay_slice payload)
{
    const struct assay_engine *e = w->nodes[0].engine;
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = assay_eng_find_peer(e, e->sync->turn);
    event.as.message.kind = ASSAY_MESSAGE_SYNC_ANSWER;
    event.as.message.payload = payload;
    world_step(w, 0, &event);
}

/* A true proof, invented blocks, and always more of them. */
static void lie(struct assay_sim_world *w, uint8_t *genuine, uint8_t *bytes)
{
    const struct assay_engine *e = w->nodes[0].engine;
    struct assay_sync_page page;
    uint8_t parent[32];
    const uint64_t height = e->sync->ledger.height + 1;
    honest_page(w, genuine, ASSAY_SYNC_ANSWER_LEN_MAX, &page, e->head->state.head_height + 1);
    cr_assert_gt(page.proof.len, 0);
    assay_bytes_copy(parent, 32, e->sync->ledger.tip_id, 32);
    struct assay_writer out = assay_writer_over(bytes, PAGE_LEN);
    put_head(e, height, true, page.proof, PAGE_BLOCKS, &out);
    for (uint64_t i = 0; i < PAGE_BLOCKS; i++)
        invent(e, parent, height + i, e->sync->ledger.time_ms + 1 + i, &out);
    cr_assert_not(out.full);
    answer(w, assay_slice_over(bytes, out.len));
}

static bool count_one(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    (void)key;
    (void)value;
    ++*(size_t *)context;
    return true;
}

static size_t blocks_of(struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct assay_store *store = w->nodes[node].store;
    const struct assay_store_key from = { .epoch = epoch };
    struct assay_store_key to = { .epoch = epoch, .number = ASSAY_STORE_NUMBER_MAX };
    size_t count = 0;
    memset(to.id, 0xff, sizeof to.id);
    cr_assert_eq(store->ops->scan(store, ASSAY_STORE_BLOCK, &from, &to, false, count_one, &count),
                 ASSAY_OK);
    return count;
}

/* Node 0 was away, is back, hears nobody, and asks. */
static struct assay_sim_world *asking(void)
{
    static const uint32_t apart[ASSAY_SIM_WORLD_NODES_MAX] = { 1 };
    const struct assay_sim_world_options o = { .seed = 8, .nodes = NODES };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, 1, 10000));
    assay_sim_world_kill(w, 0);
    cr_assert(assay_sim_world_run_to_epoch(w, 5, 20000));
    assay_sim_world_partition(w, apart);
    assay_sim_world_restart(w, 0);
    for (int i = 0; i < 100 && !w->nodes[0].engine->sync->active; i++)
        cr_assert(assay_sim_world_run(w, 50));
    cr_assert(w->nodes[0].engine->sync->active);
    return w;
}

static void expect_recovery(struct assay_sim_world *w)
{
    assay_sim_world_partition(w, NULL);
    cr_assert(assay_sim_world_run_to_epoch(w, 9, 60000), "%s",
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w)
                                                   : "an honest peer was never heard");
    for (uint64_t epoch = 1; epoch <= 5; epoch++)
        cr_assert_eq(blocks_of(w, 0, epoch), blocks_of(w, 1, epoch),
                     "epoch %llu is as others have it", (unsigned long long)epoch);
}

Test(lying_sync, invented_blocks_leave_no_trace_and_come_to_an_end, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    uint8_t *genuine = malloc(ASSAY_SYNC_ANSWER_LEN_MAX);
    uint8_t *bytes = malloc(PAGE_LEN);
    cr_assert(genuine != NULL && bytes != NULL);
    const uint64_t epoch = e->head->context.epoch;
    const uint32_t turn = e->sync->turn;
    const size_t held = blocks_of(w, 0, epoch);
    const size_t finals = assay_sim_world_notes(w, 0, ASSAY_NOTE_FINALISED, ASSAY_SLOT_ALL);
    size_t pages = 0;
    while (e->sync->turn == turn && pages < 200) {
        lie(w, genuine, bytes);
        pages++;
        cr_assert_eq(e->head->context.epoch, epoch);
    }
    cr_assert_lt(pages, 200, "one peer may not lead us on for ever");
    cr_assert_eq(blocks_of(w, 0, epoch), held, "nothing unproven is stored");
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_FINALISED, ASSAY_SLOT_ALL), finals);
    expect_recovery(w);
    free(genuine);
    free(bytes);
    assay_sim_world_destroy(&w);
}

Test(lying_sync, a_block_whose_signature_was_spoilt_is_not_kept, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    struct assay_sync_page page;
    struct assay_proposal p;
    struct assay_slice first;
    uint8_t *bytes = malloc(ASSAY_SYNC_ANSWER_LEN_MAX);
    cr_assert_not_null(bytes);
    const uint64_t epoch = e->head->context.epoch;
    honest_page(w, bytes, ASSAY_SYNC_ANSWER_LEN_MAX, &page, e->head->state.head_height + 1);
    struct assay_cursor c = assay_cursor_over(page.blocks.bytes, page.blocks.len);
    cr_assert_eq(assay_cbor_bytes(&c, SIZE_MAX, &first), ASSAY_OK);
    cr_assert_eq(assay_proposal_decode(first, &p), ASSAY_OK);
    /* The signature follows the header; no hash covers it. */
    const size_t at = (size_t)(p.header_bytes.bytes - bytes) + p.header_bytes.len + 2;
    cr_assert(assay_bytes_equal(bytes + at, p.signature, 64));
    bytes[at + 40] ^= 1;
    const size_t len = (size_t)(page.blocks.bytes - bytes) + page.blocks.len;
    answer(w, assay_slice_over(bytes, len));
    cr_assert_eq(e->head->context.epoch, epoch, "the page is refused");
    expect_recovery(w);
    free(bytes);
    assay_sim_world_destroy(&w);
}

Test(lying_sync, a_chain_longer_than_a_page_is_kept_whole, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    uint8_t *genuine = malloc(ASSAY_SYNC_ANSWER_LEN_MAX);
    uint8_t *bytes = malloc(PAGE_LEN);
    cr_assert(genuine != NULL && bytes != NULL);
    const uint64_t epoch = e->head->context.epoch;
    const uint64_t base = e->head->state.head_height;
    struct assay_sync_page page;
    honest_page(w, genuine, ASSAY_SYNC_ANSWER_LEN_MAX, &page, base + 1);
    const uint32_t blocks = page.block_count;
    cr_assert_gt(blocks, 2);
    /* One block a page: everything is verified before the first is kept, then all come again. */
    size_t pages = 0;
    for (uint64_t height = base + 1; e->head->context.epoch == epoch && pages < 3 * (size_t)blocks;
         pages++) {
        struct assay_slice one;
        honest_page(w, genuine, ASSAY_SYNC_ANSWER_LEN_MAX, &page, height);
        struct assay_cursor c = assay_cursor_over(page.blocks.bytes, page.blocks.len);
        cr_assert_eq(assay_cbor_bytes(&c, SIZE_MAX, &one), ASSAY_OK);
        struct assay_writer out = assay_writer_over(bytes, PAGE_LEN);
        put_head(e, height, page.block_count > 1, page.proof, 1, &out);
        assay_cbor_put_bytes(&out, one.bytes, one.len);
        answer(w, assay_slice_over(bytes, out.len));
        height = height == base + blocks ? base + 1 : height + 1;
    }
    cr_assert_eq(e->head->context.epoch, epoch + 1);
    cr_assert_eq(pages, 2 * (size_t)blocks);
    cr_assert_eq(blocks_of(w, 0, epoch), blocks_of(w, 1, epoch));
    expect_recovery(w);
    free(genuine);
    free(bytes);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 5.20: whoever goes silent is not asked for ever, whatever it gave before. */
Test(lying_sync, a_peer_that_serves_one_page_and_then_nothing_is_not_the_only_one_asked,
     .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    uint8_t *genuine = malloc(ASSAY_SYNC_ANSWER_LEN_MAX);
    uint8_t *bytes = malloc(PAGE_LEN);
    cr_assert(genuine != NULL && bytes != NULL);
    struct assay_sync_page page;
    struct assay_slice one;
    honest_page(w, genuine, ASSAY_SYNC_ANSWER_LEN_MAX, &page, e->head->state.head_height + 1);
    cr_assert_gt(page.block_count, 1);
    struct assay_cursor c = assay_cursor_over(page.blocks.bytes, page.blocks.len);
    cr_assert_eq(assay_cbor_bytes(&c, SIZE_MAX, &one), ASSAY_OK);
    struct assay_writer out = assay_writer_over(bytes, PAGE_LEN);
    put_head(e, e->head->state.head_height + 1, true, page.proof, 1, &out);
    assay_cbor_put_bytes(&out, one.bytes, one.len);
    const uint16_t peer = assay_eng_find_peer(e, e->sync->turn);
    answer(w, assay_slice_over(bytes, out.len));
    cr_assert(e->sync->proven && !e->sync->verified, "the page was good, and more is to come");
    cr_assert_gt(e->sync->ledger.height, e->head->state.head_height);
    cr_assert_eq(assay_eng_find_peer(e, e->sync->turn), peer, "it is asked for the rest");
    /* twice the time for an answer */
    cr_assert(assay_sim_world_run(w, e->genesis->parameters.epoch_ms / 2));
    cr_assert_neq(assay_eng_find_peer(e, e->sync->turn), peer, "and then somebody else is");
    expect_recovery(w);
    free(genuine);
    free(bytes);
    assay_sim_world_destroy(&w);
}
