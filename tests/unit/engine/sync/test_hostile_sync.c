/*
 * tests/unit/engine/sync/test_hostile_sync.c - peers that answer SYNC_ASK with lies.
 *
 * A finality proof is public: it does not make the blocks beside it true. What a liar serves must
 * leave no trace, cost a bounded number of pages, and delay only until an honest peer is asked.
 */
#include "sim/world/world_internal.h"

#include "base/cbor.h"
#include "base/merkle.h"
#include "engine/ledger/records/record.h"
#include "engine/parts/engine_internal.h"
#include "engine/sync/sync.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 4, PAGE_BLOCKS = 60, PAGE_LEN = 64 * 1024, BODY_LEN = 4096 };

static bool is_signed = true; /* invented blocks, by the peer that is asked */

/* A page as the honest peer 1 would answer what node 0 wants next. */
static void honest_page(struct assay_sim_world *w, uint8_t *bytes, size_t capacity,
                        struct assay_sync_page *page, uint64_t height)
{
    const struct assay_engine *e = w->nodes[0].engine;
    uint8_t ask_bytes[ASSAY_SYNC_REQUEST_LEN_MAX];
    struct assay_sync_request ask = { .era = e->head->state.era,
                                      .epoch = e->head->context.epoch,
                                      .height = height };
    assay_bytes_copy(ask.chain_id, 32, e->head->state.chain_id, 32);
    struct assay_writer a = assay_writer_over(ask_bytes, sizeof ask_bytes);
    cr_assert_eq(assay_sync_request_encode(&ask, &a), ASSAY_OK);
    struct assay_writer out = assay_writer_over(bytes, capacity);
    cr_assert_eq(assay_sync_answer(w->nodes[1].store, w->genesis->chain_id,
                                   assay_slice_over(ask_bytes, a.len), w->scratch,
                                   ASSAY_SYNC_ANSWER_LEN_MAX, &out),
                 ASSAY_OK);
    cr_assert_eq(assay_sync_page_decode(assay_slice_over(bytes, out.len), page), ASSAY_OK);
}

/* The next block after `parent` that no leader proposed, signed by the peer that is asked. */
static void invent_with(struct assay_sim_world *world, struct assay_slice body, uint8_t parent[32],
                        uint64_t height, uint64_t time_ms, struct assay_writer *w)
{
    static uint8_t payload[BODY_LEN + 1024];
    const struct assay_engine *e = world->nodes[0].engine;
    const uint16_t peer = assay_eng_find_peer(e, e->sync->turn);
    const uint64_t view = e->sync->ledger.view + height - e->sync->ledger.height;
    uint8_t bytes[ASSAY_BLOCK_HEADER_LEN_MAX];
    struct assay_merkle tree;
    size_t signature_at = 0;
    uint32_t count = 0;
    struct assay_block_header h = { .era = e->head->state.era,
                                    .epoch = e->head->context.epoch,
                                    .view = view,
                                    .parent_view = view - 1,
                                    .height = height,
                                    .kind = ASSAY_BLOCK_NORMAL,
                                    .leader = peer,
                                    .time_ms = time_ms };
    assay_bytes_copy(h.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(h.parent_id, 32, parent, 32);
    assay_merkle_init(&tree);
    assay_merkle_root(&tree, h.null_root);
    cr_assert_eq(assay_body_root(body, &count, h.body_root), ASSAY_OK);
    h.record_count = count;
    struct assay_writer header = assay_writer_over(bytes, sizeof bytes);
    assay_block_header_encode(&h, &header);
    struct assay_writer p = assay_writer_over(payload, sizeof payload);
    cr_assert_eq(assay_proposal_encode(assay_slice_over(bytes, header.len), NULL, body,
                                       assay_slice_over(bytes, 0), &p, &signature_at),
                 ASSAY_OK);
    assay_block_id(assay_slice_over(bytes, header.len), parent); /* of the next one */
    if (is_signed)
        cr_assert_eq(assay_p256_sign(world->nodes[peer].voting, parent, payload + signature_at),
                     ASSAY_OK);
    assay_cbor_put_bytes(w, payload, p.len);
}

static void invent(struct assay_sim_world *world, uint8_t parent[32], uint64_t height,
                   uint64_t time_ms, struct assay_writer *w)
{
    static const uint8_t empty[1] = { 0x80 };
    invent_with(world, assay_slice_over(empty, 1), parent, height, time_ms, w);
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
        invent(w, parent, height + i, e->sync->ledger.time_ms + 1 + i, &out);
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

Test(hostile_sync, invented_blocks_leave_no_trace_and_come_to_an_end, .timeout = 600)
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

Test(hostile_sync, a_block_whose_signature_was_spoilt_is_not_kept, .timeout = 600)
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

Test(hostile_sync, a_chain_longer_than_a_page_is_kept_whole, .timeout = 600)
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
Test(hostile_sync, a_peer_that_serves_one_page_and_then_nothing_is_not_the_only_one_asked,
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

/* --- the turn of a peer (docs/protocol.md 5.20.3) */

/* The body of a block with a FAIL record about the peer's own envelope, over other bytes in the
 * place of evidence each time: a verdict has to be awaited. */
static struct assay_slice body_to_appraise(struct assay_sim_world *w, uint32_t peer)
{
    static uint8_t body[BODY_LEN], record[BODY_LEN], envelope[ASSAY_ENVELOPE_LEN_MAX];
    static uint32_t counter;
    const struct assay_engine *e = w->nodes[0].engine;
    const struct assay_member *m = &e->head->state.members[peer];
    uint8_t evidence[40] = { 0x41 };
    size_t at = 0;
    evidence[1] = (uint8_t)counter;
    evidence[2] = (uint8_t)(counter++ >> 8);
    struct assay_envelope v = { .era = e->head->state.era,
                                .epoch = e->head->context.epoch,
                                .incarnation = m->lives[0].incarnation,
                                .kind = m->evidence_kind,
                                .evidence_len = sizeof evidence };
    assay_bytes_copy(v.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(v.node_id, 32, m->node_id, 32);
    assay_sha256(evidence, sizeof evidence, v.evidence_digest);
    struct assay_writer a = assay_writer_over(envelope, sizeof envelope);
    cr_assert_eq(assay_envelope_encode(&v, &a, &at), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(w->nodes[peer].voting, v.digest, envelope + at), ASSAY_OK);
    struct assay_writer r = assay_writer_over(record, sizeof record);
    cr_assert_eq(assay_record_put_fail(&r, assay_slice_over(envelope, a.len),
                                       assay_slice_over(evidence, sizeof evidence)),
                 ASSAY_OK);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    assay_cbor_put_array(&b, 1);
    assay_cbor_put_bytes(&b, record, r.len);
    return assay_slice_over(body, b.len);
}

/* A true proof, and one block that no leader proposed. */
static void lie_with(struct assay_sim_world *w, struct assay_slice body, uint8_t *genuine,
                     uint8_t *bytes)
{
    const struct assay_engine *e = w->nodes[0].engine;
    struct assay_sync_page page;
    uint8_t parent[32];
    const uint64_t height = e->sync->ledger.height + 1;
    honest_page(w, genuine, ASSAY_SYNC_ANSWER_LEN_MAX, &page, e->head->state.head_height + 1);
    assay_bytes_copy(parent, 32, e->sync->ledger.tip_id, 32);
    struct assay_writer out = assay_writer_over(bytes, PAGE_LEN);
    put_head(e, height, true, page.proof, 1, &out);
    invent_with(w, body, parent, height, e->sync->ledger.time_ms + 1, &out);
    cr_assert_not(out.full);
    answer(w, assay_slice_over(bytes, out.len));
}

static void run_a_little(struct assay_sim_world *w)
{
    cr_assert(assay_sim_world_run(w, w->nodes[0].engine->genesis->parameters.epoch_ms / 20));
}

static void wait_below_time_out(struct assay_sim_world *w)
{
    for (int i = 0; i < 4; i++)
        run_a_little(w);
}

struct pages {
    uint8_t genuine[ASSAY_SYNC_ANSWER_LEN_MAX], bytes[PAGE_LEN];
};

static struct pages *pages_create(void)
{
    struct pages *p = malloc(sizeof *p);
    cr_assert_not_null(p);
    return p;
}

Test(hostile_sync, a_block_that_no_leader_signed_costs_no_verification, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    struct pages *p = pages_create();
    const uint16_t peer = assay_eng_find_peer(e, e->sync->turn);
    is_signed = false;
    lie_with(w, body_to_appraise(w, peer), p->genuine, p->bytes);
    cr_assert_not(e->sync->answered, "no verdict is awaited");
    cr_assert_neq(assay_eng_find_peer(e, e->sync->turn), peer);
    expect_recovery(w);
    free(p);
    assay_sim_world_destroy(&w);
}

/* Its own block, with other bytes to appraise in each answer: the verdict is always awaited. */
Test(hostile_sync, a_verdict_that_is_awaited_does_not_hold_the_turn, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    struct pages *p = pages_create();
    const uint32_t turn = e->sync->turn, epoch_ms = e->genesis->parameters.epoch_ms;
    const uint16_t peer = assay_eng_find_peer(e, turn);
    const uint64_t from_ms = e->now_ms;
    uint32_t awaited = 0;
    while (e->sync->turn == turn && e->now_ms < from_ms + 4 * epoch_ms) {
        if (!e->sync->answered) {
            lie_with(w, body_to_appraise(w, peer), p->genuine, p->bytes);
            if (e->sync->answered) awaited++;
        }
        run_a_little(w);
    }
    cr_expect_gt(awaited, 1, "it was asked again");
    cr_assert_neq(e->sync->turn, turn);
    cr_assert_leq(e->now_ms, from_ms + epoch_ms, "after %llu ms",
                  (unsigned long long)(e->now_ms - from_ms));
    expect_recovery(w);
    free(p);
    assay_sim_world_destroy(&w);
}

/* One genuine block in each answer. What was verified is not lost with the turn. */
Test(hostile_sync, a_peer_that_is_slow_does_not_hold_the_turn, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    struct pages *p = pages_create();
    const uint32_t turn = e->sync->turn, epoch_ms = e->genesis->parameters.epoch_ms;
    const uint64_t from_ms = e->now_ms, epoch = e->head->context.epoch;
    while (e->sync->turn == turn && e->now_ms < from_ms + 4 * epoch_ms) {
        struct assay_sync_page page;
        struct assay_slice one;
        const uint64_t height = e->sync->verified ? e->head->state.head_height + 1 + e->sync->kept
                                                  : e->sync->ledger.height + 1;
        honest_page(w, p->genuine, sizeof p->genuine, &page, height);
        struct assay_cursor c = assay_cursor_over(page.blocks.bytes, page.blocks.len);
        cr_assert_eq(assay_cbor_bytes(&c, SIZE_MAX, &one), ASSAY_OK);
        struct assay_writer out = assay_writer_over(p->bytes, sizeof p->bytes);
        put_head(e, height, true, page.proof, 1, &out);
        assay_cbor_put_bytes(&out, one.bytes, one.len);
        answer(w, assay_slice_over(p->bytes, out.len));
        cr_assert(e->sync->proven, "what it gave is genuine");
        if (e->sync->turn == turn) wait_below_time_out(w);
    }
    cr_assert_leq(e->now_ms, from_ms + epoch_ms);
    cr_assert_eq(e->head->context.epoch, epoch);
    cr_assert_gt(e->sync->ledger.height, e->head->state.head_height + 1,
                 "and the next peer goes on from there");
    expect_recovery(w);
    free(p);
    assay_sim_world_destroy(&w);
}

/* Blocks of an earlier turn were not of the chain: the peer that shows it is asked again at once.
 * (Else two liars, with an honest peer after each, would keep a node where it is.) */
static void honest_after_liar(struct assay_sim_world *w, struct pages *p, uint64_t lies)
{
    const struct assay_engine *e = w->nodes[0].engine;
    const uint64_t epoch = e->head->context.epoch, base = e->head->state.head_height;
    static const uint8_t empty[1] = { 0x80 };
    const uint32_t turn = e->sync->turn;
    const uint16_t peer = assay_eng_find_peer(e, turn);
    while (e->sync->turn == turn) {
        const bool pending = e->sync->ledger.height == base + lies;
        const struct assay_slice body =
            pending ? body_to_appraise(w, peer) : assay_slice_over(empty, 1);
        if (!e->sync->answered) lie_with(w, body, p->genuine, p->bytes);
        if (e->sync->turn == turn) wait_below_time_out(w);
    }
    cr_assert_gt(e->sync->ledger.height, base, "what it gave is not refuted yet");
    const uint32_t next = e->sync->turn;
    for (int i = 0; i < 2; i++) {
        struct assay_sync_page page;
        struct assay_writer out = assay_writer_over(p->bytes, sizeof p->bytes);
        const uint64_t height = e->sync->ledger.height + 1;
        cr_assert_eq(e->sync->turn, next);
        honest_page(w, p->genuine, sizeof p->genuine, &page, height);
        put_head(e, height, page.more, page.proof, page.block_count, &out);
        cr_assert_lt(out.len + page.blocks.len, sizeof p->bytes);
        assay_bytes_copy(p->bytes + out.len, sizeof p->bytes - out.len, page.blocks.bytes,
                         page.blocks.len);
        answer(w, assay_slice_over(p->bytes, out.len + page.blocks.len));
    }
    cr_assert_eq(e->head->context.epoch, epoch + 1, "the epoch is closed");
}

Test(hostile_sync, an_honest_peer_after_a_liar_is_asked_again, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    struct pages *p = pages_create();
    honest_after_liar(w, p, ASSAY_SYNC_BLOCKS_MAX); /* more blocks than the epoch has */
    expect_recovery(w);
    free(p);
    assay_sim_world_destroy(&w);
}

Test(hostile_sync, an_honest_peer_after_a_short_lie_is_asked_again, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    struct pages *p = pages_create();
    honest_after_liar(w, p, 1);
    expect_recovery(w);
    free(p);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 5.32: an end of this epoch is proven, so the others are ahead. */
Test(hostile_sync, a_node_that_has_seen_a_later_epoch_has_not_caught_up, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    struct pages *p = pages_create();
    static const uint8_t empty[1] = { 0x80 };
    const size_t caught_up = assay_sim_world_notes(w, 0, ASSAY_NOTE_CAUGHT_UP, ASSAY_SLOT_ALL);
    lie_with(w, assay_slice_over(empty, 1), p->genuine, p->bytes);
    cr_assert(e->sync->proven);
    for (int i = 0; i < 2000 && e->sync->active; i++)
        run_a_little(w);
    cr_assert_not(e->sync->active, "no peer answers: it goes on with what it has");
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_CAUGHT_UP, ASSAY_SLOT_ALL), caught_up);
    const struct assay_sim_world_note *n =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL);
    cr_assert_not_null(n);
    cr_assert_eq(n->b, ASSAY_MISSING_ANSWERS);
    expect_recovery(w);
    free(p);
    assay_sim_world_destroy(&w);
}

/* One peer has a proof and blocks that lead nowhere, the others nothing: the blocks are gone. */
Test(hostile_sync, a_proof_without_its_blocks_does_not_prevent_fast_sync, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    struct pages *p = pages_create();
    const uint16_t liar = assay_eng_find_peer(e, e->sync->turn);
    static const uint8_t empty[1] = { 0x80 };
    is_signed = false;
    for (int i = 0; i < 3 * NODES && e->fast_sync->phase == ASSAY_FAST_SYNC_OFF; i++) {
        if (assay_eng_find_peer(e, e->sync->turn) == liar) {
            lie_with(w, assay_slice_over(empty, 1), p->genuine, p->bytes);
        } else {
            struct assay_writer out = assay_writer_over(p->bytes, sizeof p->bytes);
            put_head(e, e->sync->ledger.height + 1, false, assay_slice_over(empty, 0), 0, &out);
            answer(w, assay_slice_over(p->bytes, out.len));
        }
        cr_assert(e->sync->active);
    }
    cr_assert_eq(e->fast_sync->phase, ASSAY_FAST_SYNC_BOUNDARIES);
    assay_sim_world_partition(w, NULL);
    cr_assert(assay_sim_world_run_to_epoch(w, 9, 60000), "%s", assay_sim_world_violation(w));
    free(p);
    assay_sim_world_destroy(&w);
}

/* The asked peer supplies one genuine block, and its turn ends. */
static void one_block_of_a_turn(struct assay_sim_world *w, struct pages *p)
{
    const struct assay_engine *e = w->nodes[0].engine;
    const uint32_t turn = e->sync->turn;
    const uint16_t peer = assay_eng_find_peer(e, turn);
    struct assay_sync_page page;
    struct assay_slice one;
    const uint64_t height = e->sync->ledger.height + 1;
    honest_page(w, p->genuine, sizeof p->genuine, &page, height);
    struct assay_cursor c = assay_cursor_over(page.blocks.bytes, page.blocks.len);
    cr_assert_eq(assay_cbor_bytes(&c, SIZE_MAX, &one), ASSAY_OK);
    struct assay_writer out = assay_writer_over(p->bytes, sizeof p->bytes);
    put_head(e, height, true, page.proof, 1, &out);
    assay_cbor_put_bytes(&out, one.bytes, one.len);
    answer(w, assay_slice_over(p->bytes, out.len));
    cr_assert_eq(e->sync->ledger.height, height);
    while (e->sync->turn == turn) { /* a verdict is awaited, until the turn is over */
        if (!e->sync->answered) lie_with(w, body_to_appraise(w, peer), p->genuine, p->bytes);
        run_a_little(w);
    }
    cr_assert_eq(e->sync->ledger.height, height);
}

Test(hostile_sync, what_was_verified_outlives_a_silent_peer, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    struct pages *p = pages_create();
    one_block_of_a_turn(w, p);
    const uint64_t reached = e->sync->ledger.height;
    const uint32_t turn = e->sync->turn;
    for (int i = 0; i < 2000 && e->sync->turn == turn; i++)
        run_a_little(w);
    cr_assert_neq(e->sync->turn, turn, "the peer did not answer");
    cr_expect_eq(e->sync->ledger.height, reached);
    expect_recovery(w);
    free(p);
    assay_sim_world_destroy(&w);
}

/* An answer that does not continue what others supplied. Returns: whether the same peer is asked
 * again */
static bool refutes(struct assay_sim_world *w, struct pages *p)
{
    const struct assay_engine *e = w->nodes[0].engine;
    static const uint8_t no_body[1] = { 0x80 };
    const uint32_t turn = e->sync->turn;
    struct assay_sync_page page;
    struct assay_writer out = assay_writer_over(p->bytes, sizeof p->bytes);
    honest_page(w, p->genuine, sizeof p->genuine, &page, e->head->state.head_height + 1);
    put_head(e, e->sync->ledger.height + 1, true, page.proof, 1, &out);
    assay_cbor_put_bytes(&out, no_body, sizeof no_body);
    answer(w, assay_slice_over(p->bytes, out.len));
    return e->sync->turn == turn;
}

/* Of two histories that were not proven yet none is preferred: what is discarded at the first such
 * answer survives the next one. */
Test(hostile_sync, what_was_verified_outlives_liars_after_the_first, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    const uint64_t base = e->head->state.head_height;
    struct pages *p = pages_create();
    one_block_of_a_turn(w, p);
    cr_assert(refutes(w, p));
    cr_assert_eq(e->sync->ledger.height, base, "discarded");
    for (uint32_t limit = 2; limit <= 4; limit *= 2) {
        one_block_of_a_turn(w, p);
        for (uint32_t lies = 1; lies < limit; lies++) {
            cr_assert_not(refutes(w, p), "%u of %u", lies, limit);
            cr_assert_eq(e->sync->ledger.height, base + 1, "%u of %u", lies, limit);
        }
        cr_assert(refutes(w, p));
        cr_assert_eq(e->sync->ledger.height, base, "discarded");
    }
    expect_recovery(w);
    free(p);
    assay_sim_world_destroy(&w);
}

/* An epoch may take more turns than a node tolerates failures. */
Test(hostile_sync, turns_that_lead_on_are_no_failures, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    const struct assay_engine *e = w->nodes[0].engine;
    struct pages *p = pages_create();
    one_block_of_a_turn(w, p);
    cr_expect_eq(e->sync->failures, 0);
    expect_recovery(w);
    free(p);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 5.20.3: blocks that are not proven are those of an earlier turn, whatever ended
 * that turn: a page without anything newer, too. */
Test(hostile_sync, an_empty_page_does_not_protect_invented_blocks, .timeout = 600)
{
    struct assay_sim_world *w = asking();
    uint8_t *genuine = malloc(ASSAY_SYNC_ANSWER_LEN_MAX), *bytes = malloc(PAGE_LEN);
    cr_assert(genuine != NULL && bytes != NULL);
    assay_sim_world_partition(w, NULL);
    lie(w, genuine, bytes);
    const struct assay_engine *e = w->nodes[0].engine;
    cr_assert_gt(e->sync->id_count, 0);
    struct assay_writer out = assay_writer_over(bytes, PAGE_LEN);
    put_head(e, e->sync->ledger.height + 1, false, assay_slice_over(bytes, 0), 0, &out);
    answer(w, assay_slice_over(bytes, out.len));
    expect_recovery(w);
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL), 0);
    free(bytes);
    free(genuine);
    assay_sim_world_destroy(&w);
}
