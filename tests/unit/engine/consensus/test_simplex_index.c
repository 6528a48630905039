/*
 * tests/unit/engine/consensus/test_simplex_index.c - the index of certificates (docs/protocol.md
 * 5.26) against a walk over all of them, through thousands of entries that come and go.
 */
#include "engine/consensus/simplex_internal.h"
#include "sim/scenario/random.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 4000, BODY = 64, VIEWS = 128, VIEWS_NAMED = 40 };

struct machine {
    struct assay_simplex *simplex;
    void *memory, *blocks_memory;
};

static struct machine machine_new(void)
{
    struct machine m = { 0 };
    const size_t blocks_len = assay_blocks_size(2, BODY);
    m.blocks_memory = aligned_alloc(64, blocks_len);
    cr_assert_not_null(m.blocks_memory);
    const struct assay_simplex_config config = {
        .voters_max = 4,
        .views_max = VIEWS,
        .certificate_max = 3 * VIEWS,
        .blocks = assay_blocks_init(m.blocks_memory, blocks_len, 2, BODY),
    };
    const size_t len = assay_simplex_size(&config);
    m.memory = aligned_alloc(64, len);
    cr_assert_not_null(m.memory);
    cr_assert_eq(assay_simplex_init(m.memory, len, &config, &m.simplex), ASSAY_OK);
    return m;
}

/* Few views and ids, so that statements come more than once under other names. */
static void add_one(struct assay_simplex *s, struct assay_sim_random *r)
{
    const uint32_t index = assay_sx_index_alloc(s);
    if (index == SX_NONE) return;
    struct sx_certificate *c = &s->certificates[index];
    c->used = true;
    c->stored = false;
    c->primary = false;
    c->statement = (struct assay_vote_statement){ 0 };
    c->statement.view = assay_sim_random_between(r, 1, VIEWS_NAMED);
    c->statement.type = (enum assay_vote_type)assay_sim_random_below(r, ASSAY_VOTE_TYPES);
    c->statement.block_id[31] = (uint8_t)assay_sim_random_below(r, 2);
    for (size_t i = 0; i < 32; i += 8) {
        const uint64_t word = assay_sim_random_next(r);
        assay_bytes_copy(c->commitment + i, 8, &word, 8);
    }
    if (assay_sim_random_permille(r, 500)) memset(c->commitment, 7, 4); /* one bucket */
    assay_sx_index_add(s, index);
    if (s->unstored++ == 0 || index < s->unstored_from) s->unstored_from = index;
}

static void require_found(const struct assay_simplex *s)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < s->config.certificate_max; i++) {
        const struct sx_certificate *c = &s->certificates[i];
        if (!c->used) continue;
        used++;
        cr_assert_eq(assay_sx_find_certificate(s, c->commitment), i);
        const uint32_t stating =
            assay_sx_find_statement(s, c->statement.type, c->statement.view, c->statement.block_id);
        cr_assert_neq(stating, SX_NONE);
        cr_assert_eq(s->certificates[stating].statement.view, c->statement.view);
        cr_assert_eq(s->certificates[stating].statement.type, c->statement.type);
    }
    cr_assert_eq(used, assay_simplex_count_certificates(s));
}

Test(simplex_index, finds_what_is_held_and_nothing_else)
{
    struct machine m = machine_new();
    struct assay_simplex *s = m.simplex;
    struct assay_sim_random r = { .key = 77 };
    const uint8_t never[32] = { 7, 7, 7, 7, 9 };
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t at = (uint32_t)assay_sim_random_below(&r, 3 * VIEWS);
        if (assay_sim_random_permille(&r, 600)) add_one(s, &r);
        else if (s->certificates[at].used) assay_sx_index_remove(s, at);
        else if (s->unstored > 0) assay_sx_set_stored(s, assay_sx_find_unstored(s));
        if (round % 64 == 0) require_found(s);
        cr_assert_eq(assay_sx_find_certificate(s, never), SX_NONE);
        cr_assert_eq(assay_sx_find_statement(s, ASSAY_VOTE_FINALISE, VIEWS_NAMED + 1, never),
                     SX_NONE);
    }
    while (assay_sx_index_alloc(s) != SX_NONE) {
    }
    require_found(s);
    assay_sx_index_clear(s);
    cr_expect_eq(assay_simplex_count_certificates(s), 0);
    cr_expect_eq(assay_sx_find_unstored(s), SX_NONE);
    free(m.memory);
    free(m.blocks_memory);
}

Test(simplex_index, what_a_view_names_is_found_before_others_that_say_the_same)
{
    struct machine m = machine_new();
    struct assay_simplex *s = m.simplex;
    for (uint8_t i = 0; i < 5; i++) {
        const uint32_t index = assay_sx_index_alloc(s);
        struct sx_certificate *c = &s->certificates[index];
        c->used = c->stored = true;
        c->primary = i == 2;
        c->statement = (struct assay_vote_statement){ .view = 9, .type = ASSAY_VOTE_NULLIFY };
        memset(c->commitment, 10 + i, 32);
        assay_sx_index_add(s, index);
    }
    const uint8_t none[32] = { 0 };
    const uint32_t found = assay_sx_find_statement(s, ASSAY_VOTE_NULLIFY, 9, none);
    cr_expect_eq(s->certificates[found].commitment[0], 12);
    free(m.memory);
    free(m.blocks_memory);
}
