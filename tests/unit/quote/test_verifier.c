/*
 * tests/unit/quote/test_verifier.c - a verifier that remembers gives the same verdicts, bit by bit.
 */
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

struct memory {
    void *bytes;
    size_t len;
    struct assay_verifier *verifier;
};

static struct memory make(size_t entries)
{
    struct memory m = { .len = assay_verifier_size(entries) };
    m.bytes = aligned_alloc(64, (m.len + 63) / 64 * 64);
    cr_assert_not_null(m.bytes);
    cr_assert_eq(assay_verifier_init(m.bytes, m.len, entries, &m.verifier), ASSAY_OK);
    return m;
}

static void drop(struct memory *m)
{
    assay_verifier_deinit(&m->verifier);
    cr_assert_null(m->verifier);
    free(m->bytes);
}

Test(quote_verifier, says_how_much_memory_it_wants)
{
    struct assay_verifier *verifier = NULL;
    const size_t len = assay_verifier_size(8);
    void *const bytes = aligned_alloc(64, (len + 63) / 64 * 64);
    cr_assert_not_null(bytes);
    cr_assert_eq(assay_verifier_init(bytes, len - 1, 8, &verifier), ASSAY_E_FULL);
    cr_assert_null(verifier);
    cr_assert_eq(assay_verifier_init(bytes, len, 8, &verifier), ASSAY_OK);
    assay_verifier_deinit(&verifier);
    assay_verifier_deinit(&verifier); /* NULL is accepted */
    cr_assert_lt(assay_verifier_size(1), assay_verifier_size(5));
    free(bytes);
}

Test(quote_verifier, aborts_without_entries, .signal = SIGABRT)
{
    cr_assert_eq(assay_verifier_size(0), 0);
}

/* A small generator, so that a failure can be had again from its seed. */
static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void expect_equal(struct world *w, struct assay_verifier *verifier, uint32_t round)
{
    struct assay_verdict *const cold = malloc(sizeof *cold);
    cr_assert_not_null(cold);
    w->verifier = NULL;
    const enum assay_status status = world_judge(w);
    *cold = w->verdict;
    for (int again = 0; again < 2; again++) {
        w->verifier = verifier;
        cr_assert_eq(world_judge(w), status, "round %u", round);
        cr_assert(assay_bytes_equal(cold, &w->verdict, sizeof *cold), "round %u: %s and %s", round,
                  assay_tier_text(cold->tier), assay_tier_text(w->verdict.tier));
    }
    free(cold);
}

enum { NODES = 7, ROUNDS = 250 };

Test(quote_verifier, changes_no_verdict)
{
    struct world *const w = world_open();
    struct memory m = make(4); /* fewer than nodes: entries are thrown out all the time */
    struct assay_soft_node nodes[NODES];
    uint32_t seed = 20261120;
    size_t affirming = 0;
    for (size_t i = 0; i < NODES; i++)
        cr_assert_eq(assay_soft_node_create(&w->ca, "node", NULL, &nodes[i]), ASSAY_OK);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const uint32_t dice = next(&seed) % 8;
        cr_assert_eq(assay_soft_quote(&nodes[next(&seed) % NODES], &w->request, w->quote,
                                      sizeof w->quote, &w->quote_len),
                     ASSAY_OK);
        if (dice < 3) w->quote[next(&seed) % w->quote_len] ^= (uint8_t)(1u << next(&seed) % 8);
        w->at_unix_s = dice == 3 ? WORLD_TO + 1 : WORLD_AT;
        w->policy.profile = dice == 4 ? ASSAY_PROFILE_PRODUCTION : ASSAY_PROFILE_DEVELOPMENT;
        expect_equal(w, m.verifier, round);
        if (w->verdict.tier == ASSAY_TIER_AFFIRMING) affirming += 1;
    }
    cr_assert_gt(affirming, ROUNDS / 4); /* otherwise the comparison saw refusals only */
    cr_assert_lt(affirming, ROUNDS);
    for (size_t i = 0; i < NODES; i++)
        assay_soft_node_deinit(&nodes[i]);
    drop(&m);
    w->verifier = NULL;
    world_close(w);
}

/* What is remembered is about bytes, never about collateral: a new list counts at once. */
Test(quote_verifier, obeys_a_new_revocation_list_at_once)
{
    struct world *const w = world_open();
    struct memory m = make(4);
    w->verifier = m.verifier;
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    assay_bytes_copy(w->terms.revoked[0], 20, w->node.pck_serial, 20);
    w->terms.revoked_count = 1;
    world_publish(w);
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_CERT_REVOKED));
    drop(&m);
    w->verifier = NULL;
    world_close(w);
}
