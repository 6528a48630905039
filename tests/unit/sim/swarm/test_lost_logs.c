/*
 * tests/unit/sim/swarm/test_lost_logs.c - seeds of the swarm whose nodes lose their logs and are
 * killed before they are back (docs/protocol.md 2.7.3.1).
 *
 * The goal that the checker states has no rule in it: no key of an honest member signs two
 * different things of one epoch and view, whatever its disk lost.
 */
#include "sim/run.h"
#include "sim/swarm/promise.h"
#include "sim/swarm/random_scenario.h"

#include <criterion/criterion.h>

static const struct assay_sim_swarm_sizes any = { 0 };

static bool loses_log(const struct assay_scenario *s)
{
    for (uint32_t i = 0; i < s->crash_count; i++)
        if (s->crashes[i].loses_log) return true;
    return false;
}

static void run_seed(uint64_t seed, uint64_t *kills)
{
    const struct assay_scenario s = assay_sim_random_scenario(seed, any);
    const struct assay_sim_promise promise = assay_sim_promise_of(&s, seed);
    const struct assay_sim_options options = { .seed = seed, .threads = 1 };
    struct assay_sim_outcome o;
    cr_assert(loses_log(&s), "seed %d draws no lost log any more: choose others", (int)seed);
    cr_assert_eq(assay_sim_run(&s, &options, &o), ASSAY_OK);
    const struct assay_sim_breach breach = assay_sim_promise_breach(&s, &promise, &o);
    cr_assert_not(breach.broken, "seed %d: %s in epoch %d: %s", (int)seed, breach.what,
                  (int)breach.epoch, breach.message);
    cr_assert_gt(o.checks[ASSAY_SIM_CHECKER_SIGNED_ONCE].checked, 0);
    *kills += (uint64_t)o.figures[ASSAY_SIM_FIGURE_RECOVERY_KILLS][0];
    assay_sim_outcome_free(&o);
}

/* Each finds a planted fault (tests/mutants/planted/restarts.mutants). */
Test(lost_logs, no_seed_signs_twice, .timeout = 600)
{
    static const uint64_t seeds[] = { 69, 240 };
    uint64_t kills = 0;
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++)
        run_seed(seeds[i], &kills);
    cr_expect_gt(kills, 0, "none was killed before it was back");
}

/* Peers prove that the first epoch is over, and cannot lead the node to their own. */
Test(lost_logs, no_seed_signs_in_an_epoch_that_is_over, .timeout = 600)
{
    uint64_t kills = 0;
    run_seed(1608, &kills);
}
