/*
 * tests/unit/engine/consensus/test_simplex_twins.c - voters that equivocate: the chain does not
 * split, and what they signed convicts them and nobody else. And the checkers: each planted fault
 * is caught.
 */
#include "tests/support/simplex_twins.h"

#include <criterion/criterion.h>

static void require_sound(const struct assay_sim_simplex *world)
{
    const char *violation = assay_sim_simplex_violation(world);
    cr_assert(violation == NULL, "%s", violation);
}

static void require_no_split(const uint32_t weights[static 4])
{
    struct assay_sim_simplex *world = twins_split(weights);
    assay_sim_simplex_run(world, 20000);
    require_sound(world);
    assay_sim_simplex_partition(world, NULL);
    assay_sim_simplex_run(world, 20000);
    require_sound(world);
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(world, &counts);
    cr_expect(counts.accusations > 0);
    cr_expect_eq(counts.last_accused, 0);
    assay_sim_simplex_destroy(&world);
}

Test(simplex_twins, the_true_quorum_does_not_split_under_2_2_1_1)
{
    const uint32_t weights[4] = { 2, 2, 1, 1 };
    require_no_split(weights);
}

Test(simplex_twins, the_true_quorum_does_not_split_under_3_3_2_2)
{
    const uint32_t weights[4] = { 3, 3, 2, 2 };
    require_no_split(weights);
}

Test(simplex_twins, a_twin_among_seven_is_convicted_and_the_chain_goes_on)
{
    struct assay_sim_simplex_options options = { .slot_count = 7,
                                                 .weights = { 1, 1, 1, 1, 1, 1, 1 },
                                                 .machine_count = 8,
                                                 .slots = { 0, 1, 2, 3, 4, 5, 6, 0 },
                                                 .byzantine = { true, [7] = true },
                                                 .cadence_ms = 30,
                                                 .delay_min_ms = 1,
                                                 .delay_max_ms = 30,
                                                 .loss_permille = 30 };
    for (uint64_t seed = 1; seed <= 20; seed++) {
        options.seed = seed;
        struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
        cr_assert(assay_sim_simplex_run_to_height(world, 20, 200000), "seed %llu: %s",
                  (unsigned long long)seed, assay_sim_simplex_violation(world));
        struct assay_sim_simplex_counts counts;
        assay_sim_simplex_counts(world, &counts);
        cr_expect(counts.accusations > 0);
        cr_expect_eq(counts.last_accused, 0);
        assay_sim_simplex_destroy(&world);
    }
}

/* --- the checkers bite */

static bool is_caught(enum assay_sim_simplex_plant plant)
{
    struct assay_sim_simplex_options options = { .slot_count = 4,
                                                 .weights = { 1, 1, 1, 1 },
                                                 .delay_min_ms = 1,
                                                 .delay_max_ms = 40,
                                                 .loss_permille = 100,
                                                 .crash_permille = 60,
                                                 .plant = plant };
    bool caught = false;
    for (uint64_t seed = 1; seed <= 40 && !caught; seed++) {
        options.seed = seed;
        struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
        caught = !assay_sim_simplex_run(world, 10000);
        assay_sim_simplex_destroy(&world);
    }
    return caught;
}

Test(simplex_twins, sound_machines_pass_the_checkers)
{
    cr_assert_not(is_caught(ASSAY_SIM_SIMPLEX_SOUND));
}

Test(simplex_twins, the_checkers_see_votes_forgotten_in_a_crash)
{
    cr_assert(is_caught(ASSAY_SIM_SIMPLEX_FORGETS_VOTES));
}

Test(simplex_twins, the_checkers_see_certificates_that_were_not_stored)
{
    cr_assert(is_caught(ASSAY_SIM_SIMPLEX_FORGETS_CERTIFICATES));
}

Test(simplex_twins, the_checkers_see_what_was_sent_before_it_was_stored)
{
    cr_assert(is_caught(ASSAY_SIM_SIMPLEX_SENDS_FIRST));
}

Test(simplex_twins, the_checkers_see_a_store_that_loses_writes)
{
    cr_assert(is_caught(ASSAY_SIM_SIMPLEX_SKIPS_STORE));
}
