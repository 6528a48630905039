/*
 * tests/unit/engine/consensus/test_simplex_planted.c - built with a quorum that is one too small:
 * under weights 2,2,1,1 and 3,3,2,2 a voter that lives twice splits the chain, and the checkers see
 * it. (test_simplex_twins.c runs the same schedule with the true quorum.)
 */
#include "tests/support/planted_quorum.h"
#include "tests/support/simplex_twins.h"

#include <criterion/criterion.h>
#include <string.h>

static void require_split(const uint32_t weights[static 4])
{
    struct assay_sim_simplex *world = twins_split(weights);
    assay_sim_simplex_run(world, 20000);
    assay_sim_simplex_partition(world, NULL);
    assay_sim_simplex_run(world, 5000);
    const char *violation = assay_sim_simplex_violation(world);
    cr_assert(violation != NULL, "the planted fault went unseen");
    assay_sim_simplex_destroy(&world);
}

Test(simplex_planted, a_quorum_one_too_small_is_seen_under_2_2_1_1)
{
    const uint32_t weights[4] = { 2, 2, 1, 1 };
    require_split(weights);
}

Test(simplex_planted, a_quorum_one_too_small_is_seen_under_3_3_2_2)
{
    const uint32_t weights[4] = { 3, 3, 2, 2 };
    require_split(weights);
}
