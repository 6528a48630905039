/*
 * tests/unit/sim/test_planted.c - a fault planted in the tally: the swarm finds it in the world of
 * whole engines, and minimizing leaves what it needs.
 *
 * The linker puts the function here before the one of scoring/score.c (--wrap): who said nothing
 * counts as one who said no.
 */
#include "apps/sim/commands/minimize.h"
#include "scoring/score.h"

#include <criterion/criterion.h>
#include <string.h>

uint16_t __real_assay_score_availability_step(uint16_t availability_bp, struct assay_votes votes);
uint16_t __wrap_assay_score_availability_step(uint16_t availability_bp, struct assay_votes votes);

static bool planted;

uint16_t __wrap_assay_score_availability_step(uint16_t availability_bp, struct assay_votes votes)
{
    if (planted) votes.negative_weight = votes.electorate_weight - votes.pass_weight;
    return __real_assay_score_availability_step(availability_bp, votes);
}

enum { SEEDS = 60 };

static struct assay_sim_swarm swarm_of_small_ones(void)
{
    struct assay_sim_swarm swarm = { .from = 1, .seeds = SEEDS, .quiet = true };
    swarm.sizes = (struct assay_sim_swarm_sizes){ 4, 5 };
    swarm.stop_at_first = true;
    swarm.run = assay_sim_run;
    return swarm;
}

Test(sim_planted, the_sound_tally_keeps_every_promise, .timeout = 600)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_sim_swarm_state state;
    struct assay_sim_swarm swarm = swarm_of_small_ones();
    swarm.seeds = 20;
    cr_assert_eq(sim_swarm_run(&swarm, &state, message), ASSAY_OK, "%s", message);
    cr_expect_eq(state.failed, 0, "seed %llu: %s", (unsigned long long)state.failures[0].seed,
                 state.failures[0].message);
    cr_expect_eq(state.done, 20);
}

Test(sim_planted, a_fault_of_the_tally_is_found_and_shrunk, .timeout = 600)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_sim_swarm_state state;
    struct assay_scenario s;
    const struct assay_sim_swarm swarm = swarm_of_small_ones();
    planted = true;
    cr_assert_eq(sim_swarm_run(&swarm, &state, message), ASSAY_OK, "%s", message);
    cr_assert_eq(state.failed, 1, "nothing found in %d seeds", SEEDS);
    /* The fall that should not be, or its recount; of who is absent as announced, changes. */
    static const char *const right[] = { "P1", "P10", "P11", "changes" };
    const char *const what = state.failures[0].what;
    bool known = false;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        known = known || strcmp(what, right[i]) == 0;
    cr_assert(known, "%s: %s", what, state.failures[0].message);
    cr_assert_eq(sim_swarm_scenario(&swarm, state.failures[0].seed, &s, message), ASSAY_OK);

    struct assay_sim_shrinking how = { .run = assay_sim_run, .tries_max = 150 };
    cr_assert(sim_shrink(&how, &s));
    cr_expect_str_eq(how.breach.what, what);
    cr_expect_lt(how.size_after, how.size_before);
    cr_expect_leq(how.size_after, 4, "%u of %u things are left", how.size_after, how.size_before);
    cr_expect_leq(s.epochs, 6);

    planted = false; /* the smallest scenario fails by the fault and by nothing else */
    cr_expect_not(sim_try(assay_sim_run, &s, false, true).breach.broken);
}
