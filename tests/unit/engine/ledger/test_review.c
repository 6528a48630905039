/*
 * tests/unit/engine/ledger/test_review.c - REVIEW records: only the named operator's key makes one,
 * none is valid elsewhere or later, and no operator takes the part of another (docs/protocol.md
 * 9.19).
 */
#include "engine/evidence/pool.h"
#include "engine/messages/message.h"
#include "tests/unit/engine/ledger/review_bench.h"

#include "base/cbor.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum assay_status offer(struct change_bench *b, struct assay_review *r, uint32_t signer)
{
    struct review_made *m = review_sign(b, r, signer);
    const enum assay_status status = review_offer(b, m);
    free(m);
    return status;
}

Test(review, an_operator_proposes_and_others_approve_and_withdraw)
{
    struct change_bench *b = review_make_bench();
    struct review_change c;
    uint8_t before[32], after[32];
    uint8_t *scratch = malloc(assay_state_scratch_len(CHANGE_MEMBERS));
    const size_t len = assay_state_scratch_len(CHANGE_MEMBERS);
    review_make_change(b, 1, "stricter", &c);
    assay_state_root(&b->state, scratch, len, before);
    struct assay_review propose = review_of(b, 0, ASSAY_REVIEW_PROPOSE, &c);
    struct assay_review approve = review_of(b, 1, ASSAY_REVIEW_APPROVE, &c);
    struct assay_review withdraw = review_of(b, 0, ASSAY_REVIEW_WITHDRAW, &c);
    cr_assert_eq(offer(b, &propose, 0), ASSAY_OK);
    cr_assert_eq(offer(b, &approve, 1), ASSAY_OK);
    cr_assert_eq(offer(b, &withdraw, 0), ASSAY_OK);
    cr_assert_eq(b->ledger.review_count, 3);
    cr_assert_eq(b->ledger.change_len, 0, "no REVIEW is a change");
    change_pass_epoch(b);
    cr_assert_eq(b->state.change_sequence, 0);
    cr_assert_eq(b->state.pending_count, 0);
    assay_state_root(&b->state, scratch, len, after);
    cr_assert_arr_neq(before, after, 32); /* the epoch itself */
    free(scratch);
    change_drop(b);
}

Test(review, nobody_but_the_named_operator_states_for_it)
{
    static const enum assay_review_act acts[] = { ASSAY_REVIEW_PROPOSE, ASSAY_REVIEW_APPROVE,
                                                  ASSAY_REVIEW_WITHDRAW };
    struct change_bench *b = review_make_bench();
    struct review_change c;
    review_make_change(b, 1, "stricter", &c);
    for (size_t i = 0; i < 3; i++) {
        struct assay_review r = review_of(b, 0, acts[i], &c);
        cr_assert_eq(offer(b, &r, 1), ASSAY_E_SIGNATURE, "signed by another operator");
        r.operator_id[0] ^= 1;
        cr_assert_eq(offer(b, &r, 0), ASSAY_E_STRANGER, "of no operator");
    }
    /* A comment or an expiry that another wrote under the same signature. */
    struct assay_review r = review_of(b, 0, ASSAY_REVIEW_PROPOSE, &c);
    struct review_made *m = review_sign(b, &r, 0);
    uint8_t *at = memmem(m->bytes, m->record.bytes.len, "why", 3);
    cr_assert_not_null(at);
    at[0] = 'W';
    struct review_made *changed = calloc(1, sizeof *changed);
    cr_assert_eq(assay_record_decode(m->record.bytes, &changed->record), ASSAY_OK);
    cr_assert_eq(review_offer(b, changed), ASSAY_E_SIGNATURE);
    free(changed);
    free(m);
    change_drop(b);
}

/* The signature over the change is what a CHANGE will have: an approval without a good one would
 * count and then fail. */
Test(review, an_approval_has_a_good_signature_of_the_change)
{
    struct change_bench *b = review_make_bench();
    struct review_change c;
    uint8_t body[ASSAY_REVIEW_BODY_LEN_MAX], digest[32], signature[64];
    review_make_change(b, 1, "stricter", &c);
    struct assay_review r = review_of(b, 1, ASSAY_REVIEW_APPROVE, &c);
    r.has_signature = true;
    cr_assert_eq(assay_p256_sign(b->signers[2], r.digest, r.change_signature), ASSAY_OK);
    struct assay_writer w = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_review_encode(&r, &w), ASSAY_OK);
    assay_sha256(body, w.len, digest);
    cr_assert_eq(assay_p256_sign(b->signers[1], digest, signature), ASSAY_OK);
    struct review_made *m = calloc(1, sizeof *m);
    struct assay_writer all = assay_writer_over(m->bytes, sizeof m->bytes);
    cr_assert_eq(assay_record_put_review(&all, assay_slice_over(body, w.len), signature,
                                         (struct assay_slice){ 0 }),
                 ASSAY_OK);
    cr_assert_eq(assay_record_decode(assay_slice_over(m->bytes, all.len), &m->record), ASSAY_OK);
    cr_assert_eq(review_offer(b, m), ASSAY_E_SIGNATURE);
    free(m);
    change_drop(b);
}

Test(review, no_record_is_valid_in_another_chain_era_or_time)
{
    struct change_bench *b = review_make_bench();
    struct review_change c;
    review_make_change(b, 1, "stricter", &c);
    struct assay_review r = review_of(b, 1, ASSAY_REVIEW_APPROVE, &c);
    r.chain_id[5] ^= 1;
    cr_assert_eq(offer(b, &r, 1), ASSAY_E_CHAIN);
    r = review_of(b, 1, ASSAY_REVIEW_APPROVE, &c);
    r.era++;
    cr_assert_eq(offer(b, &r, 1), ASSAY_E_CHAIN);
    r = review_of(b, 1, ASSAY_REVIEW_APPROVE, &c);
    r.issued++;
    cr_assert_eq(offer(b, &r, 1), ASSAY_E_EARLY);
    r = review_of(b, 1, ASSAY_REVIEW_APPROVE, &c);
    b->context.epoch = b->state.epoch + 1;
    b->state.change_sequence = 1;
    cr_assert_eq(offer(b, &r, 1), ASSAY_E_STALE, "its number is taken");
    b->state.change_sequence = 0;
    b->state.rules.parameters.level = ASSAY_LEVEL_REVIEWS - 1;
    cr_assert_eq(offer(b, &r, 1), ASSAY_E_EARLY, "a build that cannot read it is not asked to");
    b->state.rules.parameters.level = ASSAY_LEVEL_REVIEWS;
    cr_assert_eq(offer(b, &r, 1), ASSAY_OK);
    change_drop(b);
}

/* docs/protocol.md 9.6.9: the body of a proposal is read like a change. */
Test(review, a_proposal_that_older_builds_cannot_read_waits_for_the_level)
{
    struct change_bench *b = review_make_bench();
    struct review_change c = { .sequence = 1 };
    const struct assay_change head = change_head_of(b, 1, REVIEW_ACTIVATION);
    struct assay_action action = change_about(ASSAY_ACTION_IDENTITY, b, 0);
    struct assay_writer w = assay_writer_over(c.bytes, sizeof c.bytes);
    cr_assert_eq(assay_change_encode(&head, &action, 1, &w), ASSAY_OK);
    c.body = assay_slice_over(c.bytes, w.len);
    assay_sha256(c.bytes, w.len, c.digest);
    struct assay_review r = review_of(b, 1, ASSAY_REVIEW_PROPOSE, &c);
    cr_expect_eq(offer(b, &r, 1), ASSAY_E_EARLY);
    b->state.rules.parameters.level = ASSAY_LEVEL_KEYS;
    cr_expect_eq(offer(b, &r, 1), ASSAY_OK);
    change_drop(b);
}

Test(review, it_is_forgotten_after_its_epochs)
{
    struct change_bench *b = review_make_bench();
    struct review_change c;
    review_make_change(b, 1, "stricter", &c);
    struct assay_review r = review_of(b, 1, ASSAY_REVIEW_APPROVE, &c);
    struct review_made *m = review_sign(b, &r, 1);
    b->state.epoch = r.issued + ASSAY_REVIEW_EPOCHS_MAX - 1;
    b->context.epoch = b->state.epoch + 1;
    cr_assert_eq(assay_record_check(&b->context, &m->record), ASSAY_OK, "at the limit");
    b->state.epoch++;
    b->context.epoch++;
    cr_assert_eq(assay_record_check(&b->context, &m->record), ASSAY_E_STALE, "one past it");
    free(m);
    change_drop(b);
}

Test(review, an_operator_has_its_part_of_an_epoch_and_no_more)
{
    struct change_bench *b = review_make_bench();
    struct review_change c;
    review_make_change(b, 1, "stricter", &c);
    for (uint32_t i = 0; i < ASSAY_REVIEWS_OPERATOR_MAX; i++) {
        struct assay_review r = review_of(b, 0, ASSAY_REVIEW_APPROVE, &c);
        r.number = i;
        struct review_made *m = review_sign(b, &r, 0);
        cr_assert_eq(review_offer(b, m), ASSAY_OK, "%u", i);
        cr_assert_eq(review_offer(b, m), ASSAY_E_DUPLICATE);
        free(m);
    }
    struct assay_review more = review_of(b, 0, ASSAY_REVIEW_APPROVE, &c);
    more.number = 99;
    cr_assert_eq(offer(b, &more, 0), ASSAY_E_FULL);
    struct assay_review other = review_of(b, 1, ASSAY_REVIEW_APPROVE, &c);
    cr_assert_eq(offer(b, &other, 1), ASSAY_OK, "its part is its own");
    struct assay_review first = review_of(b, 2, ASSAY_REVIEW_PROPOSE, &c);
    cr_assert_eq(offer(b, &first, 2), ASSAY_OK);
    for (uint64_t i = 1; i < ASSAY_REVIEW_BODIES_MAX; i++) {
        first.number = i;
        cr_assert_eq(offer(b, &first, 2), ASSAY_OK, "%llu", (unsigned long long)i);
    }
    first.number = ASSAY_REVIEW_BODIES_MAX;
    cr_assert_eq(offer(b, &first, 2), ASSAY_E_FULL, "four bodies of an operator in an epoch");
    change_pass_epoch(b);
    b->state.rules.parameters.level = ASSAY_LEVEL_REVIEWS;
    cr_assert_eq(offer(b, &first, 2), ASSAY_OK, "and one in the next");
    change_drop(b);
}

Test(review, every_operator_has_a_part)
{
    for (uint32_t n = 1; n <= ASSAY_OPERATORS_MAX; n++) {
        const uint32_t share = assay_review_share(n);
        cr_assert(share >= 2 && share <= ASSAY_REVIEWS_OPERATOR_MAX);
        cr_assert(share * n <= ASSAY_REVIEWS_EPOCH_MAX, "%u operators", n);
    }
}

/* --- shapes */

static enum assay_status decode_with(const struct change_bench *b, struct assay_review *r)
{
    uint8_t body[ASSAY_REVIEW_BODY_LEN_MAX];
    struct assay_review out;
    (void)b;
    r->has_signature = r->act != ASSAY_REVIEW_WITHDRAW;
    struct assay_writer w = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_review_encode(r, &w), ASSAY_OK);
    return assay_review_decode(assay_slice_over(body, w.len), &out);
}

Test(review, shapes_that_no_tool_makes_are_refused)
{
    struct change_bench *b = review_make_bench();
    struct review_change c;
    review_make_change(b, 1, "stricter", &c);
    struct assay_review r = review_of(b, 0, ASSAY_REVIEW_PROPOSE, &c);
    cr_assert_eq(decode_with(b, &r), ASSAY_OK);
    r.place = ASSAY_REVIEW_PLACE_APPROVAL;
    cr_assert_eq(decode_with(b, &r), ASSAY_E_RANGE);
    r = review_of(b, 0, ASSAY_REVIEW_APPROVE, &c);
    r.place = 1;
    cr_assert_eq(decode_with(b, &r), ASSAY_E_RANGE);
    r = review_of(b, 0, ASSAY_REVIEW_APPROVE, &c);
    r.sequence = 0;
    cr_assert_eq(decode_with(b, &r), ASSAY_E_RANGE);
    r = review_of(b, 0, ASSAY_REVIEW_APPROVE, &c);
    r.expires = r.issued + ASSAY_REVIEW_EPOCHS_MAX;
    cr_assert_eq(decode_with(b, &r), ASSAY_OK);
    r.expires++;
    cr_assert_eq(decode_with(b, &r), ASSAY_E_RANGE);
    change_drop(b);
}

/* Tools make no such comment; an author that writes the bytes itself finds them refused. */
static void expect_no_comment(struct change_bench *b, const struct review_change *c,
                              const char *text)
{
    uint8_t body[ASSAY_REVIEW_BODY_LEN_MAX];
    struct assay_review out, r = review_of(b, 0, ASSAY_REVIEW_WITHDRAW, c);
    char filler[16] = "";
    cr_assert_not(assay_review_comment_is_fit(assay_slice_over(text, strlen(text))));
    memset(filler, 'x', strlen(text));
    r.comment = assay_slice_over(filler, strlen(text));
    struct assay_writer w = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_review_encode(&r, &w), ASSAY_OK);
    cr_assert_eq(assay_review_decode(assay_slice_over(body, w.len), &out), ASSAY_OK);
    const size_t at = (size_t)(out.comment.bytes - body);
    assay_bytes_copy(body + at, sizeof body - at, text, strlen(text));
    cr_assert_neq(assay_review_decode(assay_slice_over(body, w.len), &out), ASSAY_OK, "%s", text);
}

Test(review, a_comment_is_one_line_in_its_own_order)
{
    static const char *const good[] = { "", "disk of node-5", "Gr\303\274\303\237e \342\234\223" };
    static const char *const bad[] = { "a\nb",          "\x1b[31mred",   "a\x7f",
                                       "\302\23331m",   "a\tb",          "\342\200\256txt",
                                       "\xe2\x81\xa6x", "\xe2\x80\xa8x", "\xe2\x80\xa9x",
                                       "\xe2\x80\x8ex", "\xe2\x80\x8fx", "\xd8\x9cx",
                                       "\xff" };
    struct change_bench *b = review_make_bench();
    struct review_change c;
    char longest[ASSAY_REVIEW_COMMENT_MAX + 1];
    review_make_change(b, 1, "stricter", &c);
    struct assay_review r = review_of(b, 0, ASSAY_REVIEW_WITHDRAW, &c);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        r.comment = assay_slice_over(good[i], strlen(good[i]));
        cr_assert_eq(decode_with(b, &r), ASSAY_OK, "%zu", i);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_no_comment(b, &c, bad[i]);
    memset(longest, 'x', sizeof longest);
    r = review_of(b, 0, ASSAY_REVIEW_PROPOSE, &c);
    r.comment = assay_slice_over(longest, ASSAY_REVIEW_COMMENT_MAX);
    r.issued = r.number = r.sequence = INT64_MAX;
    r.expires = INT64_MAX;
    r.era = UINT32_MAX;
    cr_assert_eq(decode_with(b, &r), ASSAY_OK, "the longest body fits");
    change_drop(b);
}

/* A proposal is shown by its change: a record that brings another one is none. */
Test(review, a_proposal_brings_the_change_of_its_digest)
{
    struct change_bench *b = review_make_bench();
    struct review_change c, other;
    struct assay_record r;
    uint8_t bytes[4096];
    review_make_change(b, 1, "stricter", &c);
    review_make_change(b, 1, "weaker", &other);
    struct assay_review propose = review_of(b, 0, ASSAY_REVIEW_PROPOSE, &c);
    struct review_made *m = review_sign(b, &propose, 0);
    const struct assay_slice changes[] = { other.body, { 0 }, assay_slice_over("x", 1) };
    for (size_t i = 0; i < 3; i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_record_put_review(&w, m->record.body, m->record.signature, changes[i]),
                     ASSAY_OK);
        cr_assert_neq(assay_record_decode(assay_slice_over(bytes, w.len), &r), ASSAY_OK);
    }
    struct assay_review approve = review_of(b, 0, ASSAY_REVIEW_APPROVE, &c);
    struct review_made *a = review_sign(b, &approve, 0);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_record_put_review(&w, a->record.body, a->record.signature, c.body),
                 ASSAY_OK);
    cr_assert_neq(assay_record_decode(assay_slice_over(bytes, w.len), &r), ASSAY_OK,
                  "an approval brings none");
    free(a);
    free(m);
    change_drop(b);
}

/* --- old records, which anybody has and may send again */

/* A hostile leader fills the part of an operator with all that it ever stated, in the order that
 * takes most: what the operator states now is in a block of the same epoch. */
static void expect_room(struct change_bench *b, bool descending, bool proposals,
                        enum assay_review_act act, uint64_t age)
{
    struct review_change old, c;
    const uint32_t count = 4 * ASSAY_REVIEWS_OPERATOR_MAX;
    review_make_change(b, 1, "old", &old);
    review_make_change(b, 1, "new", &c);
    for (uint32_t i = 0; i < count; i++) {
        static const enum assay_review_act acts[] = { ASSAY_REVIEW_PROPOSE, ASSAY_REVIEW_APPROVE,
                                                      ASSAY_REVIEW_WITHDRAW };
        struct assay_review r = review_of(b, 0, acts[proposals ? 0 : i % 3], &old);
        r.issued -= ASSAY_REVIEW_FRESH_EPOCHS + (descending ? i : count - i);
        r.number = i;
        r.expires = r.issued + 1;
        (void)offer(b, &r, 0);
    }
    struct assay_review now = review_of(b, 0, act, &c);
    now.issued -= age;
    now.expires = now.issued + 1;
    cr_assert_eq(offer(b, &now, 0), ASSAY_OK, "%s, %llu epochs old, after %s ones",
                 assay_review_act_name(act), (unsigned long long)age,
                 descending ? "younger" : "older");
}

Test(review, old_records_bar_no_later_one_from_a_block)
{
    for (unsigned descending = 0; descending < 2; descending++)
        for (unsigned act = ASSAY_REVIEW_PROPOSE; act <= ASSAY_REVIEW_WITHDRAW; act++)
            for (uint64_t age = 0; age < ASSAY_REVIEW_FRESH_EPOCHS; age++) {
                struct change_bench *b = review_make_bench();
                b->state.epoch += 1000;
                b->context.epoch += 1000;
                expect_room(b, descending == 1, age % 2 == 0, (enum assay_review_act)act, age);
                change_drop(b);
            }
}

/* What is repeated for nodes that passed over blocks is old: what is new leaves room for some. */
Test(review, old_records_have_a_half_of_the_part)
{
    struct change_bench *b = review_make_bench();
    struct review_change c;
    uint32_t taken = 0;
    b->state.epoch += 1000;
    b->context.epoch += 1000;
    review_make_change(b, 1, "stricter", &c);
    for (uint32_t i = 0; i < 2 * ASSAY_REVIEWS_OPERATOR_MAX; i++) {
        struct assay_review r = review_of(b, 0, ASSAY_REVIEW_APPROVE, &c);
        r.issued -= ASSAY_REVIEW_FRESH_EPOCHS;
        r.expires = r.issued + 1;
        r.number = i;
        taken += offer(b, &r, 0) == ASSAY_OK;
    }
    cr_assert_eq(taken, ASSAY_REVIEWS_OPERATOR_MAX / 2);
    change_drop(b);
}

struct pooled {
    struct change_bench *bench;
    struct review_change change;
    struct assay_pool pool;
    void *memory;
    uint64_t age; /* of statements, in epochs */
};

static struct pooled *make_pool(void)
{
    struct pooled *p = calloc(1, sizeof *p);
    p->bench = review_make_bench();
    const size_t len = (assay_pool_memory_len(CHANGE_MEMBERS, NULL) + 63) & ~(size_t)63;
    p->memory = aligned_alloc(64, len);
    assay_pool_init(&p->pool, p->memory, CHANGE_MEMBERS, NULL);
    review_make_change(p->bench, 1, "old", &p->change);
    return p;
}

static void drop_pool(struct pooled *p)
{
    change_drop(p->bench);
    free(p->memory);
    free(p);
}

static enum assay_status pool_statement(struct pooled *p, uint32_t operator_,
                                        enum assay_review_act act, uint64_t number, bool final)
{
    const struct assay_pool_item *item = NULL;
    struct assay_review r = review_of(p->bench, operator_, act, &p->change);
    r.place = ASSAY_REVIEW_PLACE_APPROVAL;
    r.number = number;
    r.issued -= p->age;
    struct review_made *m = review_sign(p->bench, &r, operator_);
    cr_assert_eq(assay_record_check(&p->bench->context, &m->record), ASSAY_OK);
    const enum assay_status status = assay_pool_add(&p->pool, &m->record, 3, &item);
    if (status == ASSAY_OK) assay_pool_set_ready(&p->pool, item, &m->record);
    if (status == ASSAY_OK && final) assay_pool_set_final(&p->pool, item);
    free(m);
    return status;
}

Test(review, old_records_bar_no_later_one_from_the_pool)
{
    for (unsigned final = 0; final < 2; final++) {
        struct pooled *p = make_pool();
        for (uint32_t i = 0; i < 4; i++)
            cr_assert_eq(pool_statement(p, 1, ASSAY_REVIEW_APPROVE, 10 + i, final == 1), ASSAY_OK);
        if (final == 0)
            cr_assert_eq(pool_statement(p, 1, ASSAY_REVIEW_APPROVE, 9, false), ASSAY_E_DUPLICATE,
                         "older than all of them");
        cr_assert_eq(pool_statement(p, 1, ASSAY_REVIEW_WITHDRAW, 20, false), ASSAY_OK);
        drop_pool(p);
    }
}

/* Any of its operators could stop all nodes of such a network. */
Test(review, there_may_be_more_operators_than_members)
{
    struct change_bench *b = review_make_bench();
    struct review_change c;
    review_make_change(b, 1, "stricter", &c);
    b->state.member_count = 1;
    for (uint32_t i = 0; i < CHANGE_OPERATORS; i++) {
        struct assay_review r = review_of(b, i, ASSAY_REVIEW_APPROVE, &c);
        struct review_made *m = review_sign(b, &r, i);
        cr_assert_eq(assay_record_check(&b->context, &m->record), ASSAY_OK, "operator %u", i);
        free(m);
    }
    change_drop(b);
}

/* By any number of operators: proofs, ballots and CHANGEs find their places, and each operator has
 * its part of the rest. */
Test(review, statements_do_not_fill_the_pool)
{
    struct pooled *p = make_pool();
    const struct assay_genesis rules = p->bench->genesis;
    struct review_made *made[4];
    uint32_t taken = 0;
    for (uint32_t i = 0; i < 4; i++) {
        struct assay_review r = review_of(p->bench, 0, ASSAY_REVIEW_APPROVE, &p->change);
        r.number = i;
        made[i] = review_sign(p->bench, &r, 0);
        cr_assert_eq(assay_record_check(&p->bench->context, &made[i]->record), ASSAY_OK);
    }
    for (uint32_t operator_ = 0; operator_ < ASSAY_OPERATORS_MAX; operator_++)
        for (uint32_t i = 0; i < 4; i++) {
            const struct assay_pool_item *item = NULL;
            struct assay_record r = made[i]->record;
            r.subject = operator_;
            r.key[1] = (uint8_t)operator_;
            taken += assay_pool_add(&p->pool, &r, ASSAY_SLOT_SELF, &item) == ASSAY_OK;
        }
    cr_assert_geq(taken, rules.operator_count);
    uint32_t places = 0;
    for (uint32_t i = 0; i < p->pool.count; i++)
        places += p->pool.items[i].phase != ASSAY_POOL_FREE;
    cr_assert_leq(places, p->pool.small_count / 3, "%u of %u", places, p->pool.small_count);
    for (uint32_t i = 0; i < 4; i++)
        free(made[i]);
    drop_pool(p);
}

Test(review, every_operator_has_its_own_count_in_the_pool)
{
    struct pooled *p = make_pool();
    /* Operator 1 has the first member, operator 0 none. */
    for (uint32_t i = 0; i < p->bench->state.member_count; i++)
        assay_bytes_copy(p->bench->state.members[i].operator_id, 32,
                         p->bench->genesis.operators[1].operator_id, 32);
    for (uint32_t i = 0; i < 4; i++)
        cr_assert_eq(pool_statement(p, 0, ASSAY_REVIEW_APPROVE, 10 + i, false), ASSAY_OK);
    cr_assert_eq(pool_statement(p, 1, ASSAY_REVIEW_APPROVE, 1, false), ASSAY_OK);
    drop_pool(p);
}

/* docs/protocol.md 9.19.7: all that a pool takes is relayed, also what displaces another one. */
Test(review, what_an_operator_has_nodes_relay_is_bounded)
{
    struct pooled *p = make_pool();
    const uint32_t share = assay_review_share(CHANGE_OPERATORS);
    uint32_t taken = 0;
    for (uint32_t i = 0; i < 4 * share; i++)
        taken += pool_statement(p, 1, ASSAY_REVIEW_APPROVE, i, false) == ASSAY_OK;
    cr_expect_eq(taken, share);
    cr_expect_eq(pool_statement(p, 0, ASSAY_REVIEW_APPROVE, 1, false), ASSAY_OK, "another's part");
    assay_pool_on_epoch(&p->pool, p->bench->context.epoch + 1);
    cr_expect_eq(pool_statement(p, 1, ASSAY_REVIEW_APPROVE, 4 * share, false), ASSAY_OK);
    drop_pool(p);
}

/* Anybody sends the old ones, in the order in which each displaces another. */
Test(review, old_records_take_half_of_what_nodes_relay)
{
    struct pooled *p = make_pool();
    const uint32_t share = assay_review_share(CHANGE_OPERATORS);
    uint32_t taken = 0;
    p->bench->context.epoch += ASSAY_REVIEW_FRESH_EPOCHS;
    p->age = ASSAY_REVIEW_FRESH_EPOCHS;
    for (uint32_t i = 0; i < 4 * share; i++)
        taken += pool_statement(p, 1, ASSAY_REVIEW_APPROVE, i, false) == ASSAY_OK;
    cr_expect_eq(taken, share / 2);
    p->age = 0;
    cr_expect_eq(pool_statement(p, 1, ASSAY_REVIEW_WITHDRAW, 4 * share, false), ASSAY_OK);
    drop_pool(p);
}

/* The operator of the lowest id is the first signer of each CHANGE that it approves. What it alone
 * signs leaves places for these. */
Test(review, an_operator_keeps_no_change_out)
{
    struct pooled *p = make_pool();
    struct change_bench *b = p->bench;
    const struct assay_pool_item *item = NULL;
    uint32_t liar = 0, own = 0;
    for (uint32_t i = 1; i < CHANGE_OPERATORS; i++)
        if (assay_bytes_compare(b->genesis.operators[i].operator_id,
                                b->genesis.operators[liar].operator_id, 32) < 0)
            liar = i;
    while (!assay_bytes_equal(b->state.members[own].operator_id,
                              b->genesis.operators[liar].operator_id, 32))
        own++;
    for (uint32_t i = 0; i < 5; i++) {
        struct assay_action a = change_about(ASSAY_ACTION_MAINTENANCE, b, own);
        a.epochs = 1;
        const struct assay_change head = change_head_of(b, 0, b->context.epoch + 2 + i);
        struct change_made *m = change_make_change(b, &head, &a, 1, 1u << liar);
        cr_assert_eq(assay_record_check(&b->context, &m->record), ASSAY_OK);
        cr_assert_eq(assay_ledger_fits(&b->context, &b->ledger, &m->record), ASSAY_OK);
        cr_assert_eq(assay_pool_add(&p->pool, &m->record, 1, &item),
                     i < 4 ? ASSAY_OK : ASSAY_E_DUPLICATE);
        if (i < 4) assay_pool_set_ready(&p->pool, item, &m->record);
        free(m);
    }
    for (uint32_t i = 0; i < 6; i++) { /* also none of those that it signs with others */
        const struct assay_action a = change_policy_of("honest");
        const struct assay_change head = change_head_of(b, 1, b->context.epoch + 3 + i);
        struct change_made *m = change_make_change(b, &head, &a, 1, 7);
        cr_assert_eq(assay_record_check(&b->context, &m->record), ASSAY_OK);
        cr_assert_eq(assay_ledger_fits(&b->context, &b->ledger, &m->record), ASSAY_OK);
        cr_expect_eq(assay_pool_add(&p->pool, &m->record, ASSAY_SLOT_SELF, &item), ASSAY_OK);
        free(m);
    }
    drop_pool(p);
}

/* 24 members, an operator each: 9 that let go of no place take all places of long statements. */
Test(review, a_minority_keeps_no_proposal_out)
{
    enum { MEMBERS = 24, LIARS = 9, OTHERS = 3 };
    static const uint8_t bytes[40 * 1024];
    struct assay_pool pool;
    void *memory = aligned_alloc(64, (assay_pool_memory_len(MEMBERS, NULL) + 63) & ~(size_t)63);
    const struct assay_pool_item *item = NULL;
    assay_pool_init(&pool, memory, MEMBERS, NULL);
    for (uint32_t i = 0; i < LIARS + OTHERS; i++) {
        struct assay_record r = { .kind = ASSAY_RECORD_REVIEW, .slot = i, .subject = i, .epoch = 5,
                                  .share = ASSAY_REVIEWS_OPERATOR_MAX,
                                  .bytes = assay_slice_over(bytes, sizeof bytes) };
        r.key[0] = (uint8_t)(i + 1);
        cr_assert_eq(assay_pool_add(&pool, &r, (uint16_t)i, &item), ASSAY_OK, "operator %u", i);
        assay_pool_set_ready(&pool, item, &r);
    }
    for (uint32_t i = 0; i < LIARS; i++) { /* and none comes back in the place of another's first */
        struct assay_record r = { .kind = ASSAY_RECORD_REVIEW, .slot = i, .subject = i, .epoch = 5,
                                  .share = ASSAY_REVIEWS_OPERATOR_MAX,
                                  .bytes = assay_slice_over(bytes, sizeof bytes) };
        r.key[0] = (uint8_t)(100 + i);
        cr_expect_neq(assay_pool_add(&pool, &r, (uint16_t)i, &item), ASSAY_OK, "operator %u", i);
    }
    for (uint32_t i = LIARS; i < LIARS + OTHERS; i++) {
        const uint8_t key[32] = { (uint8_t)(i + 1) };
        cr_expect_not_null(assay_pool_find(&pool, key), "operator %u", i);
    }
    free(memory);
}
