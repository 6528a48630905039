/*
 * tests/unit/engine/consensus/test_simplex_faults.c - random faults from many seeds: safety after
 * every step, then everything heals and the chain must go on.
 *
 * ASSAY_SEEDS: how many seeds each test runs; ASSAY_SEED: only this one.
 */
#include "sim/simplex/world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SEEDS_DEFAULT = 70, FAULTS_MS = 4000, HEAL_MS = 120000, PROGRESS = 6 };

struct table {
    uint32_t count;
    uint32_t weights[7];
};

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (*state >> 33) % below;
}

static struct assay_sim_simplex_options options_of(const struct table *table, uint64_t seed)
{
    uint64_t r = seed * 2654435761U + 12345;
    struct assay_sim_simplex_options options = { .seed = seed, .slot_count = table->count };
    for (uint32_t i = 0; i < table->count; i++)
        options.weights[i] = table->weights[i];
    options.rotate = draw(&r, 2) == 0;
    options.epoch_ms = 400 + draw(&r, 2000);
    options.epoch_blocks = 1 + (uint32_t)draw(&r, 6);
    options.cadence_ms = draw(&r, 2) == 0 ? 0 : draw(&r, 200);
    options.delay_min_ms = 1;
    options.delay_max_ms = 1 + draw(&r, 60);
    options.loss_permille = (uint32_t)draw(&r, 250);
    options.duplicate_permille = (uint32_t)draw(&r, 100);
    options.crash_permille = (uint32_t)draw(&r, 25);
    options.crowded_permille = draw(&r, 4) == 0 ? 300 : 0;
    options.check_ms_max = draw(&r, 3) == 0 ? draw(&r, 80) : 0;
    return options;
}

/* Random partitions come and go while the faults last. */
static bool run_with_partitions(struct assay_sim_simplex *world, const struct table *table,
                                uint64_t *r)
{
    for (uint64_t passed = 0; passed < FAULTS_MS; passed += 500) {
        uint32_t group_of[ASSAY_SIM_SIMPLEX_MACHINES_MAX] = { 0 };
        for (uint32_t i = 0; i < table->count; i++)
            group_of[i] = (uint32_t)draw(r, 2);
        assay_sim_simplex_partition(world, draw(r, 3) == 0 ? group_of : NULL);
        if (!assay_sim_simplex_run(world, 500)) return false;
    }
    assay_sim_simplex_partition(world, NULL);
    return true;
}

static void run_world(const struct assay_sim_simplex_options *options, const struct table *table,
                      uint64_t seed)
{
    uint64_t r = seed ^ 0x5eed;
    struct assay_sim_simplex *world = assay_sim_simplex_create(options);
    const bool sound = run_with_partitions(world, table, &r);
    cr_assert(sound, "seed %llu: %s", (unsigned long long)seed, assay_sim_simplex_violation(world));

    assay_sim_simplex_set_faults(world, 0, 0, 0);
    for (uint32_t i = 0; i < table->count; i++)
        if (!assay_sim_simplex_alive(world, i)) assay_sim_simplex_restart(world, i);
    const uint64_t goal = assay_sim_simplex_best_height(world) + PROGRESS;
    const bool went_on = assay_sim_simplex_run_to_height(world, goal, HEAL_MS);
    const char *violation = assay_sim_simplex_violation(world);
    cr_assert(violation == NULL, "seed %llu: %s", (unsigned long long)seed, violation);
    cr_assert(went_on, "seed %llu: no progress after everything healed", (unsigned long long)seed);
    assay_sim_simplex_destroy(&world);
}

static void run_seed(const struct table *table, uint64_t seed)
{
    const struct assay_sim_simplex_options options = options_of(table, seed);
    run_world(&options, table, seed);
}

/* One voter of four lives twice, with all the faults: nobody honest is accused (the world's ledger
 * sees to that), nothing splits, everything goes on. */
static void run_seed_with_twin(const struct table *table, uint64_t seed)
{
    uint64_t r = seed ^ 0x7315;
    struct assay_sim_simplex_options options = options_of(table, seed);
    const uint32_t twin = (uint32_t)draw(&r, table->count);
    options.rotate = false;
    options.machine_count = table->count + 1;
    for (uint16_t i = 0; i < table->count; i++)
        options.slots[i] = i;
    options.slots[table->count] = (uint16_t)twin;
    options.byzantine[twin] = options.byzantine[table->count] = true;
    const struct table machines = { table->count + 1, { 0 } };
    run_world(&options, &machines, seed);
}

static void run_seeds(const struct table *table, uint64_t first)
{
    const uint64_t only = number_from("ASSAY_SEED", 0);
    const uint64_t count = number_from("ASSAY_SEEDS", SEEDS_DEFAULT);
    if (only != 0) {
        run_seed(table, only);
        return;
    }
    for (uint64_t seed = first; seed < first + count; seed++)
        run_seed(table, seed);
}

Test(simplex_faults, four_equal_voters_stay_safe_and_go_on)
{
    const struct table table = { 4, { 1, 1, 1, 1 } };
    run_seeds(&table, 1);
    run_seeds(&table, 100001);
}

Test(simplex_faults, weights_2_2_1_1_stay_safe_and_go_on)
{
    const struct table table = { 4, { 2, 2, 1, 1 } };
    run_seeds(&table, 200001);
    run_seeds(&table, 300001);
}

Test(simplex_faults, weights_3_3_2_2_stay_safe_and_go_on)
{
    const struct table table = { 4, { 3, 3, 2, 2 } };
    run_seeds(&table, 400001);
    run_seeds(&table, 500001);
}

Test(simplex_faults, seven_equal_voters_stay_safe_and_go_on)
{
    const struct table table = { 7, { 1, 1, 1, 1, 1, 1, 1 } };
    run_seeds(&table, 600001);
}

Test(simplex_faults, a_weightless_member_among_voters_harms_nothing)
{
    const struct table table = { 5, { 1, 1, 0, 1, 1 } };
    run_seeds(&table, 700001);
}

Test(simplex_faults, a_voter_that_lives_twice_among_faults_splits_nothing)
{
    const struct table four = { 4, { 1, 1, 1, 1 } };
    const uint64_t count = number_from("ASSAY_SEEDS", SEEDS_DEFAULT);
    for (uint64_t seed = 800001; seed < 800001 + count; seed++)
        run_seed_with_twin(&four, seed);
}
