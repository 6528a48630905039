/*
 * tests/unit/engine/test_key_tables.c - tables of multiples of voters' keys: one more an epoch, as
 * many as configured, made anew for new keys; and the network decides the same.
 */
#include "engine/parts/engine_internal.h"
#include "sim/world/world.h"

#include <criterion/criterion.h>

enum { NODES = 4, LIMIT = 3, RESTARTED = 1 };

static struct assay_sim_world *open_world(uint32_t key_tables)
{
    const struct assay_sim_world_options options = { .seed = 35,
                                                     .nodes = NODES,
                                                     .epoch_ms = 400,
                                                     .real_signatures = true,
                                                     .key_tables = key_tables };
    return assay_sim_world_create(&options);
}

static void pass(struct assay_sim_world *w, uint64_t epochs)
{
    const uint64_t goal = assay_sim_world_epoch(w, 0) + epochs;
    cr_assert(assay_sim_world_run_to_epoch(w, goal, 8000 * epochs), "%s",
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "no progress");
}

static uint32_t count_tables(struct assay_sim_world *w, uint32_t node)
{
    const struct assay_chain_head *const head = assay_sim_world_engine(w, node)->head;
    uint32_t count = 0;
    for (uint32_t i = 0; i < NODES; i++)
        count += assay_p256_has_table(head->voting[i]);
    return count;
}

static void get_root(struct assay_sim_world *w, uint8_t root[32])
{
    assay_bytes_copy(root, 32, assay_sim_world_engine(w, 0)->head->state.root, 32);
}

Test(key_tables, one_more_an_epoch_up_to_the_limit, .timeout = 600)
{
    struct assay_sim_world *w = open_world(LIMIT);
    cr_assert_eq(count_tables(w, 0), 0, "a start makes none");
    for (uint32_t i = 1; i <= LIMIT + 3; i++) {
        pass(w, 1);
        for (uint32_t n = 0; n < NODES; n++) {
            const uint32_t closed = (uint32_t)assay_sim_world_epoch(w, n);
            cr_expect_eq(count_tables(w, n), closed < LIMIT ? closed : LIMIT, "node %u, epoch %u",
                         n, closed);
        }
    }
    cr_expect(!assay_p256_has_table(assay_sim_world_engine(w, 0)->head->voting[NODES - 1]),
              "the first voters");
    assay_sim_world_destroy(&w);
}

Test(key_tables, a_member_with_new_keys_gets_a_new_one, .timeout = 600)
{
    struct assay_sim_world *w = open_world(NODES);
    pass(w, NODES + 1);
    cr_assert_eq(count_tables(w, 0), NODES);
    const struct assay_chain_head *const head = assay_sim_world_engine(w, 0)->head;
    uint8_t before[ASSAY_P256_PUBLIC_LEN];
    assay_bytes_copy(before, sizeof before, head->loaded[RESTARTED], sizeof before);
    assay_sim_world_kill(w, RESTARTED);
    assay_sim_world_acts(w, RESTARTED)->loses_store = true;
    assay_sim_world_restart(w, RESTARTED);
    pass(w, 8);
    cr_assert_arr_neq(head->loaded[RESTARTED], before, sizeof before, "it has new keys");
    cr_expect_eq(count_tables(w, 0), NODES);
    assay_sim_world_destroy(&w);
}

Test(key_tables, a_member_without_weight_gives_its_one_to_the_next, .timeout = 600)
{
    struct assay_sim_world *w = open_world(LIMIT);
    pass(w, LIMIT + 1);
    const struct assay_chain_head *const head = assay_sim_world_engine(w, 0)->head;
    cr_assert(assay_p256_has_table(head->voting[RESTARTED]) &&
              !assay_p256_has_table(head->voting[NODES - 1]));
    assay_sim_world_acts(w, RESTARTED)->tampered = true;
    for (uint32_t i = 0; i < 8 && head->weights[RESTARTED] > 0; i++)
        pass(w, 1);
    cr_assert_eq(head->weights[RESTARTED], 0);
    cr_expect_not(assay_p256_has_table(head->voting[RESTARTED]));
    cr_expect_eq(count_tables(w, 0), LIMIT, "in the same epoch");
    cr_expect(assay_p256_has_table(head->voting[NODES - 1]));
    assay_sim_world_destroy(&w);
}

Test(key_tables, the_ledger_is_the_same_without, .timeout = 600)
{
    uint8_t roots[2][32];
    for (uint32_t i = 0; i < 2; i++) {
        struct assay_sim_world *w = open_world(i == 0 ? 0 : NODES);
        pass(w, 8);
        cr_assert_eq(count_tables(w, 0), i == 0 ? 0 : NODES);
        get_root(w, roots[i]);
        assay_sim_world_destroy(&w);
    }
    cr_assert_arr_eq(roots[0], roots[1], 32);
}
