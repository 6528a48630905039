/*
 * tests/unit/host/test_review_follow.c - a node follows proposals: no operator takes the room of
 * others in its queue, blocks of another era are read, and what is offered is a record that blocks
 * take (docs/protocol.md 9.19).
 */
#include "host/review_follow.h"

#include "base/cbor.h"
#include "base/merkle.h"
#include "engine/consensus/block.h"
#include "engine/engine.h"
#include "engine/store/store_memory.h"
#include "tests/unit/engine/ledger/review_bench.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the queue */

struct queue {
    struct change_bench *bench;
    struct review_change change;
    struct assay_review_waiting items[ASSAY_REVIEWS_WAITING_MAX];
    uint64_t number;
};

static struct queue *make_queue(void)
{
    struct queue *q = calloc(1, sizeof *q);
    q->bench = review_make_bench();
    review_make_change(q->bench, 1, "stricter", &q->change);
    return q;
}

static void drop_queue(struct queue *q)
{
    change_drop(q->bench);
    free(q);
}

static bool submit(struct queue *q, uint32_t operator_)
{
    struct assay_review r = review_of(q->bench, operator_, ASSAY_REVIEW_APPROVE, &q->change);
    r.number = ++q->number;
    struct review_made *m = review_sign(q->bench, &r, operator_);
    const uint32_t i = assay_reviews_find_waiting_place(q->items, r.operator_id);
    if (i < ASSAY_REVIEWS_WAITING_MAX) assay_reviews_set_waiting(&q->items[i], &m->record);
    free(m);
    return i < ASSAY_REVIEWS_WAITING_MAX;
}

static uint32_t count_of(const struct queue *q, uint32_t operator_)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ASSAY_REVIEWS_WAITING_MAX; i++)
        count += q->items[i].len > 0 &&
                 assay_bytes_equal(q->items[i].operator_id,
                                   q->bench->genesis.operators[operator_].operator_id, 32);
    return count;
}

Test(review_follow, no_operator_fills_the_queue_of_a_node)
{
    struct queue *q = make_queue();
    for (uint32_t i = 0; i < ASSAY_REVIEWS_WAITING_MAX; i++)
        cr_assert(submit(q, 0), "%u: while there is room", i);
    cr_assert_not(submit(q, 0), "it has its part");
    cr_assert(submit(q, 1));
    cr_assert(submit(q, 2));
    for (uint32_t round = 0; round < 20; round++)
        (void)submit(q, 0);
    cr_assert_eq(count_of(q, 1), 1, "a flood displaces no statement of another");
    cr_assert_eq(count_of(q, 2), 1);
    while (submit(q, 1) || submit(q, 2))
        ;
    for (uint32_t o = 0; o < CHANGE_OPERATORS; o++)
        cr_assert(count_of(q, o) >= ASSAY_REVIEWS_WAITING_MAX / CHANGE_OPERATORS,
                  "operator %u has %u", o, count_of(q, o));
    drop_queue(q);
}

/* What waited longest stays: the operator repeats the newest where it is told so. */
Test(review_follow, the_newest_of_the_greatest_part_makes_room)
{
    struct queue *q = make_queue();
    for (uint32_t i = 0; i < ASSAY_REVIEWS_WAITING_MAX; i++)
        cr_assert(submit(q, 0));
    const struct assay_review_waiting first = q->items[0];
    cr_assert(submit(q, 1));
    cr_assert_arr_eq(q->items[0].bytes, first.bytes, first.len);
    cr_assert_eq(count_of(q, 0), ASSAY_REVIEWS_WAITING_MAX - 1);
    drop_queue(q);
}

/* --- blocks */

struct chain {
    struct queue *q;
    struct assay_store *store;
    struct assay_record *record;
    struct assay_reviews_position position;
    uint64_t seen[16];
    uint32_t count;
};

static void take(void *context, const struct assay_record *record, uint64_t epoch)
{
    struct chain *c = context;
    cr_assert_eq(record->kind, ASSAY_RECORD_REVIEW);
    cr_assert_lt(c->count, 16);
    c->seen[c->count++] = epoch;
}

static void put_review(struct chain *c, uint32_t era, uint64_t epoch, const struct review_made *m)
{
    uint8_t bytes[8192], body[4096], header[ASSAY_BLOCK_HEADER_LEN_MAX];
    struct assay_block_header h = {
        .era = era, .epoch = epoch, .view = 1, .height = epoch, .kind = ASSAY_BLOCK_NORMAL
    };
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    assay_merkle_root(&tree, h.null_root);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    assay_cbor_put_array(&b, 1);
    assay_cbor_put_bytes(&b, m->record.bytes.bytes, m->record.bytes.len);
    const struct assay_slice content = assay_slice_over(body, b.len);
    cr_assert_eq(assay_body_root(content, &h.record_count, h.body_root), ASSAY_OK);
    struct assay_writer hw = assay_writer_over(header, sizeof header);
    assay_block_header_encode(&h, &hw);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_proposal_encode(assay_slice_over(header, hw.len), NULL, content,
                                       assay_slice_over(header, 0), &w, NULL),
                 ASSAY_OK);
    const struct assay_store_key key = { .era = era, .epoch = epoch, .number = epoch };
    cr_assert_eq(assay_store_put(c->store, ASSAY_STORE_BLOCK, &key, assay_slice_over(bytes, w.len)),
                 ASSAY_OK);
    cr_assert_eq(assay_store_commit(c->store), ASSAY_OK);
}

static void put_block(struct chain *c, uint32_t era, uint64_t epoch)
{
    struct assay_review r = review_of(c->q->bench, 0, ASSAY_REVIEW_APPROVE, &c->q->change);
    struct review_made *m = review_sign(c->q->bench, &r, 0);
    put_review(c, era, epoch, m);
    free(m);
}

static void read_all(struct chain *c, uint32_t era, uint64_t running)
{
    const struct assay_reviews_facts facts = { .era = era,
                                               .epoch = running,
                                               .effective = &c->q->bench->genesis };
    c->count = 0;
    cr_assert_eq(assay_reviews_read(c->store, &facts, &c->position, c->record, take, c), ASSAY_OK);
}

Test(review_follow, each_block_is_read_once_and_gaps_are_known)
{
    struct chain c = { .q = make_queue(), .record = malloc(sizeof *c.record) };
    cr_assert_eq(assay_store_memory_create(&c.store), ASSAY_OK);
    put_block(&c, 0, 1);
    put_block(&c, 0, 2);
    read_all(&c, 0, 3);
    cr_assert_eq(c.count, 2);
    cr_assert_eq(c.position.complete_from, 0, "nothing is missing");
    put_block(&c, 0, 5);
    read_all(&c, 0, 6);
    cr_assert_eq(c.count, 1);
    cr_assert_eq(c.seen[0], 5);
    cr_assert_eq(c.position.complete_from, 5 + 2 * ASSAY_REVIEWS_REPEAT_EPOCHS,
                 "two spans of repetition after a gap");
    assay_store_close(&c.store);
    free(c.record);
    drop_queue(c.q);
}

/* Operators begin an era on a lower head: the numbers of its epochs were read in the era before. */
Test(review_follow, epochs_that_an_era_numbers_again_are_read)
{
    struct chain c = { .q = make_queue(), .record = malloc(sizeof *c.record) };
    cr_assert_eq(assay_store_memory_create(&c.store), ASSAY_OK);
    for (uint64_t epoch = 1; epoch <= 9; epoch++)
        put_block(&c, 0, epoch);
    read_all(&c, 0, 10);
    cr_assert_eq(c.count, 9);
    put_block(&c, 1, 8);
    read_all(&c, 1, 9);
    cr_assert_eq(c.count, 1, "the first epoch of the new era");
    cr_assert_eq(c.seen[0], 8);
    assay_store_close(&c.store);
    free(c.record);
    drop_queue(c.q);
}

/* The RECOVER of this height began the era here. */
static void put_began(struct chain *c, uint32_t era, uint64_t height)
{
    const uint8_t id[32] = { 1 };
    const struct assay_store_key key = { .era = era, .epoch = height, .number = ASSAY_META_BEGAN };
    cr_assert_eq(assay_store_put(c->store, ASSAY_STORE_META, &key, assay_slice_over(id, sizeof id)),
                 ASSAY_OK);
    cr_assert_eq(assay_store_commit(c->store), ASSAY_OK);
}

Test(review_follow, nothing_is_missing_before_the_first_block_of_an_era)
{
    struct chain c = { .q = make_queue(), .record = malloc(sizeof *c.record) };
    cr_assert_eq(assay_store_memory_create(&c.store), ASSAY_OK);
    for (uint64_t epoch = 1; epoch <= 6; epoch++)
        put_block(&c, 0, epoch);
    read_all(&c, 0, 7);
    put_began(&c, 1, 7);
    read_all(&c, 1, 8);
    cr_assert_eq(c.count, 0, "its RECOVER is the last block");
    put_block(&c, 1, 8);
    put_block(&c, 1, 9);
    read_all(&c, 1, 10);
    cr_assert_eq(c.count, 2);
    cr_assert_eq(c.position.complete_from, 0, "the first block follows the RECOVER");
    put_began(&c, 2, 10);
    put_block(&c, 2, 12);
    read_all(&c, 2, 13);
    cr_assert_eq(c.position.complete_from, 12 + 2 * ASSAY_REVIEWS_REPEAT_EPOCHS,
                 "a block between them was passed over");
    put_block(&c, 3, 14);
    read_all(&c, 3, 15);
    cr_assert_eq(c.position.complete_from, 14 + 2 * ASSAY_REVIEWS_REPEAT_EPOCHS,
                 "it is not known here which one is the first");
    assay_store_close(&c.store);
    free(c.record);
    drop_queue(c.q);
}

/* --- withdrawals in blocks that were passed over */

/* A node with its set, which reads a chain. */
struct reader {
    struct chain chain;
    struct assay_reviews set;
    void *memory;
    struct assay_reviews_facts facts;
    uint32_t offered;
};

static struct reader *make_reader(void)
{
    struct reader *n = calloc(1, sizeof *n);
    n->chain = (struct chain){ .q = make_queue(), .record = malloc(sizeof *n->chain.record) };
    n->memory = aligned_alloc(64, assay_reviews_memory_len(CHANGE_OPERATORS));
    cr_assert_not_null(n->memory);
    assay_reviews_init(&n->set, n->memory, CHANGE_OPERATORS);
    cr_assert_eq(assay_store_memory_create(&n->chain.store), ASSAY_OK);
    n->facts.effective = &n->chain.q->bench->genesis;
    return n;
}

static void drop_reader(struct reader *n)
{
    assay_store_close(&n->chain.store);
    free(n->chain.record);
    drop_queue(n->chain.q);
    free(n->memory);
    free(n);
}

/* What an operator states when this epoch runs, in a block of a later one. */
static void put_statement(struct reader *n, uint32_t operator_, enum assay_review_act act,
                          uint64_t issued, uint64_t epoch)
{
    struct assay_review r = review_of(n->chain.q->bench, operator_, act, &n->chain.q->change);
    r.issued = issued;
    r.expires = issued + REVIEW_EXPIRES;
    struct review_made *m = review_sign(n->chain.q->bench, &r, operator_);
    put_review(&n->chain, 0, epoch, m);
    free(m);
}

static void apply_record(void *context, const struct assay_record *record, uint64_t epoch)
{
    struct reader *n = context;
    (void)assay_reviews_apply(&n->set, record, epoch, &n->facts, NULL, NULL);
}

static void count_offer(void *context, struct assay_slice record)
{
    struct reader *n = context;
    cr_assert_gt(record.len, 0);
    n->offered++;
}

/* Returns: how many CHANGEs it offers in this epoch. */
static uint32_t run_epoch(struct reader *n, uint64_t running)
{
    uint8_t *row = malloc(ASSAY_REVIEWS_RECORD_LEN_MAX);
    cr_assert_not_null(row);
    n->facts.epoch = running;
    n->offered = 0;
    cr_assert_eq(assay_reviews_read(n->chain.store, &n->facts, &n->chain.position, n->chain.record,
                                    apply_record, n),
                 ASSAY_OK);
    assay_reviews_close(&n->set, &n->facts, NULL, NULL);
    assay_reviews_offer_changes(&n->set, &n->facts, &n->chain.position, row, count_offer, n);
    free(row);
    return n->offered;
}

/* Operator 1 withdraws in epoch 6: the node passes over that block, and knows that it did. */
Test(review_follow, what_may_be_withdrawn_where_blocks_are_missing_makes_no_change)
{
    struct reader *n = make_reader();
    put_statement(n, 0, ASSAY_REVIEW_PROPOSE, 1, 1);
    put_statement(n, 1, ASSAY_REVIEW_APPROVE, 2, 2);
    cr_assert_eq(run_epoch(n, 3), 1, "two of three approve");
    put_statement(n, 2, ASSAY_REVIEW_APPROVE, 7, 7);
    cr_assert_eq(run_epoch(n, 8), 0, "both may be withdrawn, and so is one of them");
    cr_assert_eq(assay_reviews_count(&n->set, &n->facts, n->chain.q->change.digest), 3,
                 "it shows what it has");
    const uint64_t complete = 7 + 2 * ASSAY_REVIEWS_REPEAT_EPOCHS;
    cr_assert_eq(assay_reviews_certain_after(&n->chain.position, complete - 1),
                 7 + ASSAY_REVIEW_WITHDRAWAL_EPOCHS);
    cr_assert_eq(assay_reviews_certain_after(&n->chain.position, complete), 0,
                 "what counts has been repeated");
    drop_reader(n);
}

/* Returns: how many statements it offers again. */
static uint32_t count_repeats(struct reader *n)
{
    uint8_t *row = malloc(ASSAY_REVIEWS_RECORD_LEN_MAX);
    cr_assert_not_null(row);
    n->offered = 0;
    n->facts.epoch = 4 * ASSAY_REVIEWS_REPEAT_EPOCHS;
    assay_reviews_offer_repeats(&n->set, &n->facts, 0, row, count_offer, n);
    free(row);
    return n->offered;
}

/* Its statements stay, and a block with one of them would be invalid (docs/protocol.md 9.19). */
Test(review_follow, statements_of_an_operator_that_left_are_offered_when_it_is_back)
{
    struct reader *n = make_reader();
    put_statement(n, 0, ASSAY_REVIEW_PROPOSE, 1, 1);
    put_statement(n, CHANGE_OPERATORS - 1, ASSAY_REVIEW_WITHDRAW, 2, 2);
    (void)run_epoch(n, 3);
    cr_assert_eq(count_repeats(n), 2);
    n->chain.q->bench->genesis.operator_count = CHANGE_OPERATORS - 1;
    cr_assert_eq(count_repeats(n), 1);
    n->chain.q->bench->genesis.operator_count = CHANGE_OPERATORS;
    cr_assert_eq(count_repeats(n), 2);
    drop_reader(n);
}

/* A withdrawal of the last block that was passed over, 7, ends what is issued up to epoch 15. */
Test(review_follow, what_no_missing_block_can_have_withdrawn_makes_a_change)
{
    const uint64_t last = 7 + ASSAY_REVIEW_WITHDRAWAL_EPOCHS;
    for (uint64_t issued = last; issued <= last + 1; issued++) {
        struct reader *n = make_reader();
        for (uint64_t epoch = 7; epoch <= last + 2; epoch++)
            put_block(&n->chain, 0, epoch);
        (void)run_epoch(n, 8);
        cr_assert_gt(n->chain.position.complete_from, 0);
        put_statement(n, 1, ASSAY_REVIEW_PROPOSE, last + 1, last + 2);
        put_statement(n, 2, ASSAY_REVIEW_APPROVE, issued, last + 3);
        cr_assert_eq(run_epoch(n, last + 4), issued > last, "issued in epoch %u", (unsigned)issued);
        drop_reader(n);
    }
    for (uint64_t issued = last; issued <= last + 1; issued++) { /* its author */
        struct reader *n = make_reader();
        put_block(&n->chain, 0, 7);
        (void)run_epoch(n, 8);
        for (uint64_t epoch = 8; epoch <= last; epoch++)
            put_block(&n->chain, 0, epoch);
        put_statement(n, 0, ASSAY_REVIEW_PROPOSE, issued, last + 1);
        put_statement(n, 1, ASSAY_REVIEW_APPROVE, last + 1, last + 2);
        put_statement(n, 2, ASSAY_REVIEW_APPROVE, last + 1, last + 3);
        cr_assert_eq(run_epoch(n, last + 4), issued > last, "issued in epoch %u", (unsigned)issued);
        drop_reader(n);
    }
}

/* --- length */

Test(review_follow, the_longest_change_fits_with_the_signatures_of_its_threshold)
{
    static uint8_t body[ASSAY_CHANGE_RECORD_LEN_MAX], out[ASSAY_RECORD_LEN_MAX];
    for (uint32_t n = 1; n <= ASSAY_OPERATORS_MAX; n++) {
        uint8_t ids[ASSAY_OPERATORS_MAX][32] = { { 0 } };
        uint8_t signatures[ASSAY_OPERATORS_MAX][ASSAY_P256_SIGNATURE_LEN] = { { 0 } };
        for (uint32_t i = 0; i < n; i++)
            ids[i][0] = (uint8_t)i;
        const size_t most = assay_change_body_len_max(n);
        for (size_t more = 0; more < 2; more++) {
            struct assay_writer w = assay_writer_over(out, sizeof out);
            const enum assay_status status = assay_record_put_change(
                &w, assay_slice_over(body, most + more), (const uint8_t(*)[32])ids,
                (const uint8_t(*)[ASSAY_P256_SIGNATURE_LEN])signatures, n);
            cr_assert_eq(status, more == 0 ? ASSAY_OK : ASSAY_E_FULL, "%u signatures, %zu more", n,
                         more);
        }
    }
}
