/*
 * tests/unit/quote/verifier/test_verifier_tables.c - tables of multiples in a verifier: only
 * genuine quotes earn one, their number and memory are bounded, and no verdict changes.
 */
#include "tests/unit/quote/world.h"

#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct fixture {
    struct world *w;
    void *bytes;
    struct assay_verifier *verifier;
};

static struct fixture open_fixture(size_t entries, size_t tables)
{
    struct fixture f = { .w = world_open() };
    const size_t len = (assay_verifier_size(entries) + 63) / 64 * 64;
    f.bytes = aligned_alloc(64, len);
    cr_assert_not_null(f.bytes);
    cr_assert_eq(assay_verifier_init(f.bytes, len, entries, &f.verifier), ASSAY_OK);
    assay_verifier_limit_tables(f.verifier, tables);
    f.w->verifier = f.verifier;
    return f;
}

static void close_fixture(struct fixture *f)
{
    assay_verifier_deinit(&f->verifier);
    free(f->bytes);
    f->w->verifier = NULL;
    world_close(f->w);
}

static struct assay_verifier_counts counts_of(const struct fixture *f)
{
    struct assay_verifier_counts counts;
    assay_verifier_count(f->verifier, &counts);
    return counts;
}

static void judge_times(struct fixture *f, unsigned times, enum assay_genuine expected)
{
    for (unsigned i = 0; i < times; i++) {
        (void)world_judge(f->w);
        cr_assert_eq(f->w->verdict.genuine, expected, "turn %u", i);
    }
}

/* A quote of another platform in the place of the running one. */
static void quote_of(struct fixture *f, const struct assay_soft_node *node)
{
    cr_assert_eq(
        assay_soft_quote(node, &f->w->request, f->w->quote, sizeof f->w->quote, &f->w->quote_len),
        ASSAY_OK);
}

Test(quote_verifier_tables, a_platform_earns_one_by_genuine_quotes_and_no_verdict_changes)
{
    struct fixture f = open_fixture(4, 1);
    struct assay_verdict *const cold = malloc(sizeof *cold);
    cr_assert_not_null(cold);
    judge_times(&f, 1, ASSAY_GENUINE_TRUE); /* it is remembered from now on */
    const size_t plain = counts_of(&f).key_bytes;
    judge_times(&f, ASSAY_VERIFIER_HOT - 1, ASSAY_GENUINE_TRUE);
    cr_assert_eq(counts_of(&f).tables_used, 0);
    judge_times(&f, 1, ASSAY_GENUINE_TRUE);
    cr_assert_eq(counts_of(&f).tables_used, 1);
    cr_assert_eq(counts_of(&f).key_bytes, plain + ASSAY_P256_TABLE_LEN);
    judge_times(&f, 2 * ASSAY_VERIFIER_HOT, ASSAY_GENUINE_TRUE);
    cr_assert_eq(counts_of(&f).tables_used, 1);
    for (size_t at = 0; at < f.w->quote_len; at += 7) { /* every part of it, damaged */
        f.w->quote[at] ^= 4;
        f.w->verifier = NULL;
        const enum assay_status status = world_judge(f.w);
        *cold = f.w->verdict;
        f.w->verifier = f.verifier;
        cr_assert_eq(world_judge(f.w), status);
        cr_assert(assay_bytes_equal(cold, &f.w->verdict, sizeof *cold), "byte %zu", at);
        f.w->quote[at] ^= 4;
    }
    free(cold);
    close_fixture(&f);
}

Test(quote_verifier_tables, quotes_that_are_not_genuine_earn_none_however_many)
{
    enum { IN_THE_BODY = 100 };
    struct fixture f = open_fixture(4, 4);
    judge_times(&f, 1, ASSAY_GENUINE_TRUE);
    f.w->quote[IN_THE_BODY] ^= 1; /* of a remembered platform, with a wrong signature */
    judge_times(&f, 3 * ASSAY_VERIFIER_HOT, ASSAY_GENUINE_FALSE);
    f.w->quote[IN_THE_BODY] ^= 1;
    struct assay_key *const root = &f.w->endorsements.entries[0].root;
    root->bytes[0] ^= 1; /* signed by its key, under a root of its own */
    for (unsigned i = 0; i < 3 * ASSAY_VERIFIER_HOT; i++) {
        (void)world_judge(f.w);
        cr_assert_neq(f.w->verdict.genuine, ASSAY_GENUINE_TRUE);
    }
    root->bytes[0] ^= 1;
    cr_assert_gt(counts_of(&f).hits, 5 * ASSAY_VERIFIER_HOT, "the platform was found every time");
    cr_assert_eq(counts_of(&f).tables_used, 0);
    judge_times(&f, ASSAY_VERIFIER_HOT, ASSAY_GENUINE_TRUE);
    cr_assert_eq(counts_of(&f).tables_used, 1);
    close_fixture(&f);
}

/*
 * Two platforms and one table, which the first one has. The second one sends a thousand quotes, the
 * first one a single quote among them, or none. Then a third platform evicts the first, with the
 * table if it still has it.
 * Returns: tables after that
 */
static size_t tables_after_a_newcomer(bool first_sends_too)
{
    struct fixture f = open_fixture(2, 1);
    struct assay_soft_node others[2];
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(assay_soft_node_create(&f.w->ca, "node", NULL, &others[i]), ASSAY_OK);
    judge_times(&f, 1 + ASSAY_VERIFIER_HOT, ASSAY_GENUINE_TRUE);
    cr_assert_eq(counts_of(&f).tables_used, 1);
    quote_of(&f, &others[0]);
    judge_times(&f, 1 + ASSAY_VERIFIER_HOT / 2, ASSAY_GENUINE_TRUE);
    world_quote(f.w);
    if (first_sends_too) judge_times(&f, 1, ASSAY_GENUINE_TRUE);
    quote_of(&f, &others[0]);
    judge_times(&f, ASSAY_VERIFIER_HOT - ASSAY_VERIFIER_HOT / 2, ASSAY_GENUINE_TRUE);
    cr_assert_eq(counts_of(&f).tables_used, 1);
    quote_of(&f, &others[1]);
    judge_times(&f, 1, ASSAY_GENUINE_TRUE);
    const size_t tables = counts_of(&f).tables_used;
    for (size_t i = 0; i < 2; i++)
        assay_soft_node_deinit(&others[i]);
    close_fixture(&f);
    return tables;
}

Test(quote_verifier_tables, a_newcomer_takes_none_from_a_platform_that_sends_too)
{
    cr_assert_eq(tables_after_a_newcomer(true), 0,
                 "the first platform had it until it was evicted");
}

Test(quote_verifier_tables, a_newcomer_takes_the_one_of_a_platform_that_sends_no_more)
{
    cr_assert_eq(tables_after_a_newcomer(false), 1, "the second platform has it");
}

Test(quote_verifier_tables, frees_them_with_the_platform_and_by_a_lower_limit)
{
    struct fixture f = open_fixture(2, 2);
    struct assay_soft_node others[2];
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(assay_soft_node_create(&f.w->ca, "node", NULL, &others[i]), ASSAY_OK);
    judge_times(&f, 1, ASSAY_GENUINE_TRUE);
    const size_t authorities = counts_of(&f).key_bytes;
    judge_times(&f, ASSAY_VERIFIER_HOT, ASSAY_GENUINE_TRUE);
    quote_of(&f, &others[0]);
    judge_times(&f, 1 + ASSAY_VERIFIER_HOT, ASSAY_GENUINE_TRUE);
    cr_assert_eq(counts_of(&f).tables_used, 2);
    quote_of(&f, &others[1]); /* evicts the first platform */
    judge_times(&f, 1, ASSAY_GENUINE_TRUE);
    cr_assert_eq(counts_of(&f).tables_used, 1);
    assay_verifier_limit_tables(f.verifier, 0);
    cr_assert_eq(counts_of(&f).tables_used, 0);
    cr_assert_lt(counts_of(&f).key_bytes, authorities + ASSAY_P256_TABLE_LEN);
    judge_times(&f, 2 * ASSAY_VERIFIER_HOT, ASSAY_GENUINE_TRUE);
    cr_assert_eq(counts_of(&f).tables_used, 0);
    for (size_t i = 0; i < 2; i++)
        assay_soft_node_deinit(&others[i]);
    close_fixture(&f);
}
