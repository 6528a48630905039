/*
 * tests/unit/host/test_reviews.c - the set of proposals: no operator displaces another's, the order
 * of records does not matter, ends have their reason, and a CHANGE of it is one that blocks take
 * (docs/protocol.md 9.19).
 */
#include "host/reviews.h"
#include "tests/unit/engine/ledger/review_bench.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct world {
    struct change_bench *bench;
    struct assay_reviews set;
    void *memory;
    struct assay_reviews_facts facts;
    enum assay_review_end ended;
    uint32_t ends;
};

static struct world *make(void)
{
    struct world *w = calloc(1, sizeof *w);
    w->bench = review_make_bench();
    w->memory = aligned_alloc(64, assay_reviews_memory_len(CHANGE_OPERATORS));
    cr_assert_not_null(w->memory);
    assay_reviews_init(&w->set, w->memory, CHANGE_OPERATORS);
    w->facts = (struct assay_reviews_facts){ .era = w->bench->state.era,
                                             .epoch = w->bench->context.epoch,
                                             .effective = &w->bench->genesis };
    return w;
}

static void drop(struct world *w)
{
    change_drop(w->bench);
    free(w->memory);
    free(w);
}

static void note_end(void *context, const struct assay_review_entry *entry,
                     enum assay_review_end end)
{
    struct world *w = context;
    cr_assert_eq(entry->review.act, ASSAY_REVIEW_PROPOSE);
    w->ended = end;
    w->ends++;
}

static bool state(struct world *w, struct assay_review *r, uint32_t signer)
{
    struct review_made *m = review_sign(w->bench, r, signer);
    const bool counts =
        assay_reviews_apply(&w->set, &m->record, w->facts.epoch, &w->facts, note_end, w);
    free(m);
    return counts;
}

static bool propose(struct world *w, uint32_t operator_, uint32_t place, uint64_t number,
                    const struct review_change *c)
{
    struct assay_review r = review_of(w->bench, operator_, ASSAY_REVIEW_PROPOSE, c);
    r.place = place;
    r.number = number;
    return state(w, &r, operator_);
}

static bool simply(struct world *w, uint32_t operator_, enum assay_review_act act, uint32_t place,
                   uint64_t number, const struct review_change *c)
{
    struct assay_review r = review_of(w->bench, operator_, act, c);
    r.place = place;
    r.number = number;
    return state(w, &r, operator_);
}

static uint32_t count_open(const struct world *w)
{
    uint32_t count = 0;
    for (uint32_t at = 0; assay_reviews_next(&w->set, &w->facts, &at) != NULL;)
        count++;
    return count;
}

static const struct assay_review_entry *first_open(const struct world *w)
{
    uint32_t at = 0;
    return assay_reviews_next(&w->set, &w->facts, &at);
}

enum { APPROVAL = ASSAY_REVIEW_PLACE_APPROVAL };

Test(reviews, a_change_is_made_once_enough_operators_approved)
{
    struct world *w = make();
    struct review_change c;
    struct change_made *made = calloc(1, sizeof *made);
    review_make_change(w->bench, 1, "stricter", &c);
    cr_assert(propose(w, 2, 0, 0, &c));
    struct assay_writer out = assay_writer_over(made->bytes, sizeof made->bytes);
    cr_assert_eq(assay_reviews_assemble(&w->set, &w->facts, first_open(w), 0, &out), ASSAY_E_EARLY);
    cr_assert(simply(w, 2, ASSAY_REVIEW_APPROVE, APPROVAL, 0, &c));
    cr_assert_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 1, "one operator counts once");
    cr_assert(simply(w, 0, ASSAY_REVIEW_APPROVE, APPROVAL, 0, &c));
    cr_assert_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 2);
    out = assay_writer_over(made->bytes, sizeof made->bytes);
    cr_assert_eq(assay_reviews_assemble(&w->set, &w->facts, first_open(w), 0, &out), ASSAY_OK);
    cr_assert_eq(assay_record_decode(assay_slice_over(made->bytes, out.len), &made->record),
                 ASSAY_OK);
    cr_assert_eq(change_offer(w->bench, made), ASSAY_OK, "the rules of CHANGE take it");
    free(made);
    drop(w);
}

static void expect_change_of(uint32_t a, uint32_t b, bool reversed)
{
    struct world *w = make();
    struct review_change c;
    struct change_made *made = calloc(1, sizeof *made);
    if (reversed) {
        struct assay_genesis_operator *o = w->bench->genesis.operators;
        const struct assay_genesis_operator first = o[0];
        struct assay_p256_signer *signer = w->bench->signers[0];
        o[0] = o[2];
        o[2] = first;
        w->bench->signers[0] = w->bench->signers[2];
        w->bench->signers[2] = signer;
    }
    review_make_change(w->bench, 1, "stricter", &c);
    cr_assert(propose(w, a, 0, 0, &c));
    cr_assert(simply(w, b, ASSAY_REVIEW_APPROVE, APPROVAL, 0, &c));
    struct assay_writer out = assay_writer_over(made->bytes, sizeof made->bytes);
    cr_assert_eq(assay_reviews_assemble(&w->set, &w->facts, first_open(w), 0, &out), ASSAY_OK);
    cr_assert_eq(assay_record_decode(assay_slice_over(made->bytes, out.len), &made->record),
                 ASSAY_OK);
    cr_assert_eq(change_offer(w->bench, made), ASSAY_OK);
    free(made);
    drop(w);
}

/* Any pair of operators, in any order of the list: signatures ascend by id. */
Test(reviews, the_change_of_any_two_operators_is_taken)
{
    for (uint32_t a = 0; a < CHANGE_OPERATORS; a++)
        for (uint32_t b = 0; b < CHANGE_OPERATORS; b++)
            for (unsigned reversed = 0; a != b && reversed < 2; reversed++)
                expect_change_of(a, b, reversed == 1);
}

Test(reviews, no_operator_fills_the_inbox_or_displaces_another)
{
    struct world *w = make();
    struct review_change c, other;
    char policy[16];
    review_make_change(w->bench, 1, "of another", &other);
    cr_assert(propose(w, 1, 0, 0, &other));
    for (uint32_t i = 0; i < 40; i++) {
        (void)snprintf(policy, sizeof policy, "flood %u", i);
        review_make_change(w->bench, 1, policy, &c);
        cr_assert(propose(w, 0, i % 2, i, &c));
        cr_assert(simply(w, 0, ASSAY_REVIEW_APPROVE, APPROVAL, i, &c));
        cr_assert(count_open(w) <= 1 + ASSAY_REVIEW_PLACES, "after %u", i);
    }
    cr_assert_eq(count_open(w), 3);
    const uint8_t *id = w->bench->genesis.operators[1].operator_id;
    cr_assert_not_null(assay_reviews_find(&w->set, &w->facts, id, other.digest));
    cr_assert_eq(w->ended, ASSAY_REVIEW_REPLACED);
    cr_assert_eq(w->ends, 38);
    review_make_change(w->bench, 1, "later", &c);
    cr_assert(propose(w, 2, 1, 0, &c), "the third has both of its places");
    cr_assert_eq(count_open(w), 4);
    drop(w);
}

Test(reviews, what_was_withdrawn_does_not_return)
{
    struct world *w = make();
    struct review_change c;
    review_make_change(w->bench, 1, "stricter", &c);
    cr_assert(propose(w, 0, 0, 5, &c));
    cr_assert(simply(w, 1, ASSAY_REVIEW_APPROVE, APPROVAL, 5, &c));
    cr_assert(simply(w, 1, ASSAY_REVIEW_WITHDRAW, APPROVAL, 6, &c));
    cr_assert_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 1);
    cr_assert_not(simply(w, 1, ASSAY_REVIEW_APPROVE, APPROVAL, 5, &c), "replayed");
    cr_assert_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 1);
    cr_assert(simply(w, 0, ASSAY_REVIEW_WITHDRAW, 0, 6, &c));
    cr_assert_eq(w->ended, ASSAY_REVIEW_WITHDRAWN);
    cr_assert_not(propose(w, 0, 0, 5, &c), "replayed");
    cr_assert_eq(count_open(w), 0);
    /* Not after its expiry either: the withdrawal is retained as long as blocks take the record. */
    w->facts.epoch = REVIEW_EXPIRES + 2;
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_assert_not(propose(w, 0, 0, 5, &c));
    w->facts.epoch = w->bench->context.epoch + ASSAY_REVIEW_EPOCHS_MAX;
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_assert_not(propose(w, 0, 0, 5, &c));
    cr_assert_eq(w->ends, 1, "an end is reported once");
    drop(w);
}

Test(reviews, a_proposal_ends_with_its_reason)
{
    struct world *w = make();
    struct review_change c;
    review_make_change(w->bench, 1, "stricter", &c);
    cr_assert(propose(w, 0, 0, 0, &c));
    w->facts.epoch = REVIEW_EXPIRES;
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_assert_eq(w->ends, 0, "its last epoch");
    w->facts.epoch++;
    cr_assert_eq(count_open(w), 0, "before the report as well");
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_assert_eq(w->ended, ASSAY_REVIEW_EXPIRED);
    w->facts.epoch = w->bench->context.epoch;
    cr_assert(propose(w, 0, 1, 0, &c));
    w->facts.change_sequence = 1;
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_assert_eq(w->ended, ASSAY_REVIEW_OVERTAKEN);
    w->facts.change_sequence = 0;
    cr_assert(propose(w, 1, 1, 0, &c));
    const uint32_t before = w->ends;
    w->bench->genesis.operator_count = 1; /* the others are replaced */
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_assert_eq(w->ends, before + 1);
    cr_assert_eq(w->ended, ASSAY_REVIEW_ORPHANED);
    w->bench->genesis.operator_count = CHANGE_OPERATORS;
    drop(w);
}

Test(reviews, a_change_whose_epoch_is_near_ends_before_its_expiry)
{
    struct world *w = make();
    struct review_change c;
    review_make_change(w->bench, 1, "stricter", &c);
    struct assay_review r = review_of(w->bench, 0, ASSAY_REVIEW_PROPOSE, &c);
    r.expires = REVIEW_ACTIVATION + 10;
    cr_assert(state(w, &r, 0));
    w->facts.epoch = REVIEW_ACTIVATION - ASSAY_ACTIVATION_AHEAD_MIN;
    cr_assert_eq(count_open(w), 1, "a block can still take it");
    w->facts.epoch++;
    cr_assert_eq(count_open(w), 0);
    drop(w);
}

/* --- order, restart, gaps */

enum { RECORDS = 60 };

static struct review_made *draw(struct world *w, uint32_t i, const struct review_change *changes)
{
    const uint32_t operator_ = i % CHANGE_OPERATORS;
    static const enum assay_review_act acts[] = { ASSAY_REVIEW_PROPOSE, ASSAY_REVIEW_APPROVE,
                                                  ASSAY_REVIEW_WITHDRAW };
    struct assay_review r = review_of(w->bench, operator_, acts[i / 3 % 3], &changes[i / 7 % 3]);
    if (r.place != APPROVAL || r.act == ASSAY_REVIEW_WITHDRAW) r.place = i % 2;
    if (r.act == ASSAY_REVIEW_WITHDRAW && i % 4 == 0) r.place = APPROVAL;
    r.number = i % 5; /* some of one number, too */
    return review_sign(w->bench, &r, operator_);
}

Test(reviews, the_order_of_records_does_not_matter)
{
    struct world *w = make();
    struct review_change changes[3];
    struct review_made *made[RECORDS];
    uint8_t first[32], digest[32];
    for (uint32_t i = 0; i < 3; i++)
        review_make_change(w->bench, 1, i == 0 ? "a" : i == 1 ? "b" : "c", &changes[i]);
    for (uint32_t i = 0; i < RECORDS; i++)
        made[i] = draw(w, i, changes);
    for (uint32_t round = 0; round < 50; round++) {
        assay_reviews_init(&w->set, w->memory, CHANGE_OPERATORS);
        for (uint32_t i = 0; i < RECORDS; i++) {
            const uint32_t at = (i * 7 + round * 13) % RECORDS;
            (void)assay_reviews_apply(&w->set,
                                      &made[round % 2 == 0 ? at : RECORDS - 1 - at]->record, 1,
                                      &w->facts, NULL, NULL);
        }
        assay_reviews_digest(&w->set, &w->facts, round == 0 ? first : digest);
        if (round > 0) cr_assert_arr_eq(first, digest, 32, "round %u", round);
    }
    cr_assert_not(assay_bytes_all_zero(first, 32));
    for (uint32_t i = 0; i < RECORDS; i++)
        free(made[i]);
    /* Two of one place and number: which of them counts is no matter of time. */
    for (uint32_t i = 0; i < 2; i++) {
        struct assay_review r = review_of(w->bench, 0, ASSAY_REVIEW_PROPOSE, &changes[i]);
        r.number = 9;
        made[i] = review_sign(w->bench, &r, 0);
    }
    for (uint32_t order = 0; order < 2; order++) {
        assay_reviews_init(&w->set, w->memory, CHANGE_OPERATORS);
        for (uint32_t i = 0; i < 2; i++)
            (void)assay_reviews_apply(&w->set, &made[i ^ order]->record, 1, &w->facts, NULL, NULL);
        assay_reviews_digest(&w->set, &w->facts, order == 0 ? first : digest);
    }
    cr_assert_arr_eq(first, digest, 32);
    free(made[0]);
    free(made[1]);
    drop(w);
}

Test(reviews, a_stored_set_is_restored_as_it_was)
{
    struct world *w = make();
    struct review_change changes[3];
    struct assay_reviews copy;
    struct assay_record r;
    uint8_t before[32], after[32], *bytes = malloc(ASSAY_CHANGE_RECORD_LEN_MAX);
    void *memory = aligned_alloc(64, assay_reviews_memory_len(CHANGE_OPERATORS));
    for (uint32_t i = 0; i < 3; i++)
        review_make_change(w->bench, 1, i == 0 ? "a" : i == 1 ? "b" : "c", &changes[i]);
    for (uint32_t i = 0; i < RECORDS; i++) {
        struct review_made *m = draw(w, i, changes);
        (void)assay_reviews_apply(&w->set, &m->record, 1 + i, &w->facts, NULL, NULL);
        free(m);
    }
    assay_reviews_init(&copy, memory, CHANGE_OPERATORS);
    uint32_t used = 0;
    for (uint32_t i = 0; i < w->set.count; i++) {
        const struct assay_review_entry *e = &w->set.entries[i];
        if (!e->used) continue;
        struct assay_writer out = assay_writer_over(bytes, ASSAY_CHANGE_RECORD_LEN_MAX);
        cr_assert_eq(assay_reviews_record(&w->set, e, &out), ASSAY_OK);
        cr_assert_eq(assay_record_decode(assay_slice_over(bytes, out.len), &r), ASSAY_OK);
        cr_assert(assay_reviews_restore(&copy, i, &r, e->since_epoch, e->last_epoch, &w->facts));
        cr_assert_not(assay_reviews_restore(&copy, i, &r, 1, 1, &w->facts), "its place is taken");
        used++;
    }
    cr_assert(used > 0);
    assay_reviews_digest(&w->set, &w->facts, before);
    assay_reviews_digest(&copy, &w->facts, after);
    cr_assert_arr_eq(before, after, 32);
    free(memory);
    free(bytes);
    drop(w);
}

Test(reviews, a_record_is_repeated_while_a_block_may_have_it)
{
    struct world *w = make();
    struct review_change c;
    review_make_change(w->bench, 1, "stricter", &c);
    cr_assert(simply(w, 0, ASSAY_REVIEW_WITHDRAW, 0, 0, &c));
    const struct assay_review_entry *e =
        assay_reviews_in_place(&w->set, w->bench->genesis.operators[0].operator_id, 0, c.digest);
    const uint64_t at = w->facts.epoch;
    cr_assert_not(assay_reviews_must_repeat(e, at + ASSAY_REVIEWS_REPEAT_EPOCHS - 1));
    cr_assert(assay_reviews_must_repeat(e, at + ASSAY_REVIEWS_REPEAT_EPOCHS));
    cr_assert_not(assay_reviews_must_repeat(e, at + ASSAY_REVIEW_EPOCHS_MAX + 1));
    w->facts.epoch += ASSAY_REVIEWS_REPEAT_EPOCHS;
    cr_assert(simply(w, 0, ASSAY_REVIEW_WITHDRAW, 0, 0, &c), "the same record again");
    cr_assert_not(assay_reviews_must_repeat(e, w->facts.epoch + 1));
    drop(w);
}

/* --- lists that become shorter, replays, other readers */

/* A node that renews itself for a shorter list reads the last blocks of the longer one. */
Test(reviews, a_record_of_an_operator_that_was_removed_is_not_taken)
{
    struct world *w = make();
    struct review_change c;
    assay_reviews_init(&w->set, w->memory, 1);
    w->bench->genesis.operator_count = 1;
    for (uint32_t place = 0; place < ASSAY_REVIEW_PLACES; place++) {
        review_make_change(w->bench, 2, place == 0 ? "a" : "b", &c);
        cr_assert_not(propose(w, 2, place, 0, &c));
        cr_assert_not(propose(w, 1, place, 0, &c));
        cr_assert(propose(w, 0, place, 0, &c));
    }
    cr_assert_eq(count_open(w), 2);
    w->bench->genesis.operator_count = CHANGE_OPERATORS;
    cr_assert_not(propose(w, 1, 0, 0, &c), "no body is left: it is not taken, and nothing stops");
    cr_assert(propose(w, 0, 1, 1, &c), "a later one follows in its place");
    drop(w);
}

/* The bodies of removed operators make room for those of operators that joined. */
Test(reviews, entries_of_removed_operators_end_orphaned)
{
    for (unsigned close = 0; close < 2; close++) {
        struct world *w = make();
        struct review_change c;
        review_make_change(w->bench, 2, "target", &c);
        assay_reviews_init(&w->set, w->memory, 1);
        cr_assert(propose(w, 2, 0, 0, &c));
        w->bench->genesis.operator_count = 1;
        if (close == 1) {
            assay_reviews_close(&w->set, &w->facts, note_end, w);
            assay_reviews_close(&w->set, &w->facts, note_end, w);
        } else {
            cr_assert(propose(w, 0, 0, 0, &c));
            cr_assert(propose(w, 0, 1, 0, &c), "in the body of the one that was removed");
        }
        cr_assert_eq(w->ends, 1);
        cr_assert_eq(w->ended, ASSAY_REVIEW_ORPHANED);
        w->bench->genesis.operator_count = CHANGE_OPERATORS;
        drop(w);
    }
}

/* Attack: an operator withdraws, leaves the list and returns, and anybody repeats what it stated
 * before: it does not count, as if it had never left. */
Test(reviews, what_was_withdrawn_or_replaced_stays_so_when_its_operator_returns)
{
    struct world *w = make();
    struct review_change c, other;
    review_make_change(w->bench, 3, "target", &c);
    review_make_change(w->bench, 4, "another", &other);
    cr_assert(propose(w, 0, 0, 1, &c));
    cr_assert(simply(w, 2, ASSAY_REVIEW_APPROVE, APPROVAL, 1, &c));
    cr_assert(simply(w, 2, ASSAY_REVIEW_WITHDRAW, APPROVAL, 2, &c));
    cr_assert(propose(w, 2, 0, 1, &c));
    cr_assert(propose(w, 2, 0, 3, &other), "in the place of the one before");
    w->bench->genesis.operator_count = 2; /* a CHANGE replaces the list */
    w->facts.change_sequence = 1;
    w->facts.epoch++;
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_expect_eq(w->ended, ASSAY_REVIEW_ORPHANED);
    cr_expect_eq(assay_reviews_count(&w->set, &w->facts, other.digest), 0, "it is no operator");
    w->bench->genesis.operator_count = CHANGE_OPERATORS; /* and another one brings it back */
    w->facts.change_sequence = 2;
    w->facts.epoch++;
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_expect_not(simply(w, 2, ASSAY_REVIEW_APPROVE, APPROVAL, 1, &c), "by anybody");
    cr_expect_not(propose(w, 2, 0, 1, &c), "by anybody");
    cr_expect_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 1, "of the author alone");
    cr_expect_eq(assay_reviews_count(&w->set, &w->facts, other.digest), 1, "what it states still");
    const uint32_t before = w->ends;
    cr_expect(simply(w, 2, ASSAY_REVIEW_WITHDRAW, 0, 4, &other));
    cr_expect_eq(w->ends, before + 1, "the end of one that was open again");
    drop(w);
}

/* The bodies of the others' proposals take the room of its own one, not that of its withdrawal. */
Test(reviews, what_was_withdrawn_stays_so_where_bodies_run_out)
{
    struct world *w = make();
    struct review_change c, other;
    assay_reviews_init(&w->set, w->memory, 2);
    review_make_change(w->bench, 3, "target", &c);
    review_make_change(w->bench, 4, "another", &other);
    cr_assert(propose(w, 0, 0, 1, &c));
    cr_assert(simply(w, 2, ASSAY_REVIEW_APPROVE, APPROVAL, 1, &c));
    cr_assert(simply(w, 2, ASSAY_REVIEW_WITHDRAW, APPROVAL, 2, &c));
    cr_assert(propose(w, 2, 0, 1, &other));
    w->bench->genesis.operator_count = 2;
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_assert(propose(w, 0, 1, 1, &other));
    cr_assert(propose(w, 1, 0, 1, &c));
    cr_assert(propose(w, 1, 1, 1, &other), "in the body of the one that was removed");
    w->bench->genesis.operator_count = CHANGE_OPERATORS;
    cr_expect_not(simply(w, 2, ASSAY_REVIEW_APPROVE, APPROVAL, 1, &c), "by anybody");
    cr_expect_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 2, "of those that propose it");
    drop(w);
}

static void approve_others(struct world *w, uint32_t operator_)
{
    struct review_change c;
    char policy[16];
    for (uint32_t i = 0; i < ASSAY_REVIEWS_APPROVALS; i++) {
        (void)snprintf(policy, sizeof policy, "other %u", i);
        review_make_change(w->bench, 1, policy, &c);
        cr_assert(simply(w, operator_, ASSAY_REVIEW_APPROVE, APPROVAL, 10 + i, &c));
    }
}

/* Later approvals, whose number is taken then, do not make its approval count again. */
Test(reviews, a_withdrawal_that_later_ones_displaced_holds)
{
    struct world *w = make();
    struct review_change c;
    review_make_change(w->bench, 2, "target", &c);
    cr_assert(propose(w, 0, 0, 1, &c));
    cr_assert(simply(w, 1, ASSAY_REVIEW_APPROVE, APPROVAL, 1, &c));
    cr_assert(simply(w, 1, ASSAY_REVIEW_WITHDRAW, APPROVAL, 2, &c));
    approve_others(w, 1);
    w->facts.change_sequence = 1;
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_assert_not(simply(w, 1, ASSAY_REVIEW_APPROVE, APPROVAL, 1, &c), "by anybody");
    cr_assert_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 1);
    drop(w);
}

Test(reviews, it_does_not_matter_how_many_epochs_are_read_at_once)
{
    uint32_t counts[2];
    for (unsigned live = 0; live < 2; live++) {
        struct world *w = make();
        struct review_change c;
        review_make_change(w->bench, 2, "target", &c);
        cr_assert(propose(w, 0, 0, 1, &c));
        approve_others(w, 1);
        w->facts.change_sequence = 1;
        if (live == 1) assay_reviews_close(&w->set, &w->facts, note_end, w);
        (void)simply(w, 1, ASSAY_REVIEW_APPROVE, APPROVAL, 1, &c);
        assay_reviews_close(&w->set, &w->facts, note_end, w);
        counts[live] = assay_reviews_count(&w->set, &w->facts, c.digest);
        drop(w);
    }
    cr_assert_eq(counts[0], counts[1]);
}

Test(reviews, one_withdrawal_ends_all_that_its_operator_stated)
{
    struct world *w = make();
    struct review_change c;
    review_make_change(w->bench, 2, "target", &c);
    cr_assert(propose(w, 0, 0, 1, &c));
    cr_assert(propose(w, 0, 1, 2, &c));
    cr_assert(simply(w, 0, ASSAY_REVIEW_APPROVE, APPROVAL, 3, &c));
    cr_assert(simply(w, 0, ASSAY_REVIEW_WITHDRAW, 0, 4, &c));
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_assert_eq(count_open(w), 0);
    cr_assert_eq(w->ends, 2);
    cr_assert_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 0);
    cr_assert(simply(w, 0, ASSAY_REVIEW_APPROVE, APPROVAL, 5, &c), "stated again later");
    cr_assert_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 1);
    drop(w);
}

/* A node had an approval, and gave it to no other: its operator withdraws at another node, which
 * shows nothing of it and may be some epochs behind. */
Test(reviews, an_approval_that_a_node_held_back_does_not_outlive_its_withdrawal)
{
    for (uint64_t behind = 0; behind < ASSAY_REVIEW_WITHDRAWAL_EPOCHS; behind++)
        for (unsigned first = 0; first < 2; first++) {
            struct world *w = make();
            struct review_change c;
            review_make_change(w->bench, 2, "target", &c);
            w->bench->context.epoch = w->facts.epoch = 10;
            struct assay_review held = review_of(w->bench, 1, ASSAY_REVIEW_APPROVE, &c);
            struct assay_review own = review_of(w->bench, 1, ASSAY_REVIEW_PROPOSE, &c);
            struct assay_review end = review_of(w->bench, 1, ASSAY_REVIEW_WITHDRAW, &c);
            end.place = APPROVAL;
            end.issued -= behind;
            struct assay_review author = review_of(w->bench, 0, ASSAY_REVIEW_PROPOSE, &c);
            held.number = own.number = 900; /* by what the node answered */
            author.expires = held.expires = own.expires = end.expires = 1000;
            cr_assert(state(w, &author, 0));
            if (first == 0) cr_assert(state(w, &end, 1));
            (void)state(w, &held, 1);
            (void)state(w, &own, 1);
            if (first == 1) cr_assert(state(w, &end, 1), "%u epochs behind", (unsigned)behind);
            cr_assert_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 1,
                         "it was withdrawn %u epochs behind", (unsigned)behind);
            held.issued = end.issued + ASSAY_REVIEW_WITHDRAWAL_EPOCHS + 1;
            cr_assert(state(w, &held, 1), "its operator may approve again later");
            cr_assert_not(state(w, &end, 1), "and a replay of the withdrawal ends nothing");
            cr_assert_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 2);
            drop(w);
        }
}

static bool wants(const struct world *w, struct assay_review *r, uint64_t epoch)
{
    struct review_made *m = review_sign(w->bench, r, 1);
    const bool wanted = assay_reviews_wants(&w->set, &m->record, epoch);
    free(m);
    return wanted;
}

/* Anybody has an operator's old records, and may send them again. */
Test(reviews, what_is_superseded_or_present_is_not_wanted)
{
    struct world *w = make();
    struct review_change c, other;
    review_make_change(w->bench, 2, "old", &other);
    review_make_change(w->bench, 2, "new", &c);
    struct assay_review r = review_of(w->bench, 1, ASSAY_REVIEW_PROPOSE, &c);
    r.number = 5;
    struct review_made *m = review_sign(w->bench, &r, 1);
    const uint64_t later = w->facts.epoch + ASSAY_REVIEWS_REPEAT_EPOCHS;
    cr_assert(assay_reviews_wants(&w->set, &m->record, w->facts.epoch));
    cr_assert(assay_reviews_apply(&w->set, &m->record, w->facts.epoch, &w->facts, NULL, NULL));
    cr_assert_not(assay_reviews_wants(&w->set, &m->record, w->facts.epoch), "present");
    cr_assert(assay_reviews_wants(&w->set, &m->record, later), "to be repeated");
    free(m);
    r = review_of(w->bench, 1, ASSAY_REVIEW_PROPOSE, &other);
    cr_assert_not(wants(w, &r, later), "superseded");
    r.number = 6;
    cr_assert(wants(w, &r, w->facts.epoch), "later");
    approve_others(w, 1);
    r = review_of(w->bench, 1, ASSAY_REVIEW_APPROVE, &c);
    cr_assert_not(wants(w, &r, w->facts.epoch), "older than all that have a place");
    r.number = 50;
    cr_assert(wants(w, &r, w->facts.epoch));
    drop(w);
}

/* xa: a withdrawal is one of 32 places; what displaces it gives back what it ended */
Test(reviews, a_withdrawn_proposal_stays_withdrawn)
{
    struct world *w = make();
    struct review_change c;
    review_make_change(w->bench, 2, "withdrawn", &c);
    cr_assert(propose(w, 0, 0, 0, &c));
    cr_assert(simply(w, 1, ASSAY_REVIEW_APPROVE, APPROVAL, 0, &c));
    cr_assert_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 2);
    cr_assert(simply(w, 0, ASSAY_REVIEW_WITHDRAW, APPROVAL, 1, &c));
    cr_assert_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 1);
    for (uint32_t i = 0; i < 32; i++) {
        struct review_change other;
        char name[16];
        (void)snprintf(name, sizeof name, "other-%u", (unsigned)i);
        review_make_change(w->bench, 3, name, &other);
        struct assay_review r = review_of(w->bench, 0, ASSAY_REVIEW_APPROVE, &other);
        r.issued += 9 + i / 8; /* 8 epochs and more later */
        cr_assert(state(w, &r, 0));
    }
    cr_expect_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 1, "its author withdrew it");
    cr_expect_null(first_open(w), "it is open again");
    drop(w);
}

/* xa: a withdrawal ends what was issued up to 8 epochs after it, and is dropped before that is */
Test(reviews, a_withdrawal_is_kept_as_long_as_what_it_ends)
{
    struct world *w = make();
    struct review_change c;
    review_make_change(w->bench, 1, "held-back", &c);
    const uint64_t at = w->bench->context.epoch;
    struct assay_review r = review_of(w->bench, 0, ASSAY_REVIEW_WITHDRAW, &c);
    r.place = APPROVAL;
    cr_assert(state(w, &r, 0));
    struct assay_review held = review_of(w->bench, 0, ASSAY_REVIEW_APPROVE, &c);
    held.issued = at + 7; /* at a node that was 7 epochs ahead, which holds it back */
    held.expires = held.issued + ASSAY_REVIEW_EPOCHS_MAX;
    w->facts.epoch = at + 8;
    cr_assert_not(state(w, &held, 0), "the withdrawal ends it");
    w->facts.epoch = at + ASSAY_REVIEW_EPOCHS_MAX + 1;
    assay_reviews_close(&w->set, &w->facts, note_end, w);
    cr_assert_leq(w->facts.epoch, held.issued + ASSAY_REVIEW_EPOCHS_MAX, "blocks take it");
    cr_expect_not(state(w, &held, 0), "it counts after all");
    cr_expect_eq(assay_reviews_count(&w->set, &w->facts, c.digest), 0);
    drop(w);
}

/* --- as many operators as there may be */

/* The keys of what counts, one after the other: the next higher one by a search of all. */
static uint32_t slow_digest(const struct assay_reviews *set, const bool *counts,
                            uint8_t digest[static 32])
{
    static const uint8_t none[32] = { 0 };
    const uint8_t *last = none, *next = none;
    uint32_t found = 0;
    assay_bytes_zero(digest, 32);
    for (;; last = next, found++) {
        uint8_t both[64];
        next = NULL;
        for (uint32_t i = 0; i < set->count; i++)
            if (counts[i] && assay_bytes_compare(set->entries[i].key, last, 32) > 0 &&
                (next == NULL || assay_bytes_compare(set->entries[i].key, next, 32) < 0))
                next = set->entries[i].key;
        if (next == NULL) return found;
        assay_bytes_copy(both, 32, digest, 32);
        assay_bytes_copy(both + 32, 32, next, 32);
        assay_sha256(both, sizeof both, digest);
    }
}

static void fill_set(struct assay_reviews *set, const struct assay_genesis *g, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct assay_review_entry *e = &set->entries[i];
        const uint8_t seed[4] = { (uint8_t)i, (uint8_t)(i >> 8), 7, 7 };
        *e = (struct assay_review_entry){ .used = i % 11 != 3 };
        assay_sha256(seed, sizeof seed, e->key);
        e->review.act = ASSAY_REVIEW_APPROVE;
        e->review.place = ASSAY_REVIEW_PLACE_APPROVAL;
        e->review.sequence = 9;
        e->review.expires = i % 5 == 0 ? 1 : 100; /* some are over */
        assay_bytes_copy(e->review.operator_id, 32, g->operators[i % g->operator_count].operator_id,
                         32);
    }
}

/* It is a part of each answer about proposals, so the most that operators can state must not keep
 * the daemon from its epochs. With a search for each key this took seconds. */
Test(reviews, the_digest_of_the_largest_set_is_made_at_once, .timeout = 120)
{
    struct world *w = make();
    struct assay_genesis *g = calloc(1, sizeof *g);
    struct assay_reviews set;
    void *memory = aligned_alloc(64, assay_reviews_memory_len(ASSAY_OPERATORS_MAX));
    uint8_t digest[32], slow[32];
    assay_reviews_init(&set, memory, ASSAY_OPERATORS_MAX);
    bool *counts = calloc(set.count, sizeof *counts);
    g->operator_count = ASSAY_OPERATORS_MAX;
    for (uint32_t i = 0; i < g->operator_count; i++)
        assay_sha256((const uint8_t *)&i, sizeof i, g->operators[i].operator_id);
    const struct assay_reviews_facts facts = { .epoch = 50, .effective = g };
    const uint32_t sizes[] = { 0, 1, 2, 3, 10, 700 };
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        fill_set(&set, g, sizes[k]);
        for (uint32_t i = 0; i < sizes[k]; i++)
            counts[i] = i % 11 != 3 && i % 5 != 0;
        const uint32_t found = slow_digest(&set, counts, slow);
        assay_reviews_digest(&set, &facts, digest);
        cr_expect_arr_eq(digest, slow, 32, "%u entries, %u count", sizes[k], found);
    }
    fill_set(&set, g, set.count);
    const clock_t began = clock();
    assay_reviews_digest(&set, &facts, digest);
    const double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
    cr_expect_lt(seconds, 2.0, "%u entries took %.1f s of the processor", set.count, seconds);
    cr_log_info("%u entries: %.4f s", set.count, seconds);
    free(counts);
    free(memory);
    free(g);
    drop(w);
}
