/*
 * tests/unit/engine/test_simplex.c - Simplex when nothing goes wrong, and its time-outs.
 */
#include "tests/support/simplex_world.h"

#include <criterion/criterion.h>

static struct world_options four(uint64_t seed)
{
    return (struct world_options){ .seed = seed,
                                   .slot_count = 4,
                                   .weights = { 1, 1, 1, 1 },
                                   .delay_min_ms = 1,
                                   .delay_max_ms = 10,
                                   .cadence_ms = 100 };
}

static void require_sound(const struct simplex_world *world)
{
    const char *violation = simplex_world_violation(world);
    cr_assert(violation == NULL, "%s", violation);
}

Test(simplex, finalises_block_after_block_over_epochs)
{
    const struct world_options options = four(1);
    struct simplex_world *world = simplex_world_create(&options);
    cr_assert(simplex_world_run_to_height(world, 40, 60000) || simplex_world_violation(world));
    require_sound(world);
    struct assay_simplex_view view;
    simplex_world_look(world, 0, &view);
    cr_expect(view.epoch >= 8);
    cr_expect(simplex_world_now(world) < 10000, "took %llu ms",
              (unsigned long long)simplex_world_now(world));
    struct world_counts counts;
    simplex_world_counts(world, &counts);
    cr_expect_eq(counts.empty_views, 0);
    simplex_world_destroy(&world);
}
