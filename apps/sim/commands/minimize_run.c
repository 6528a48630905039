/*
 * apps/sim/commands/minimize_run.c - comparison of failures for the minimisation.
 */
#include "apps/sim/commands/minimize.h"

#include "apps/sim/commands/progress.h"

#include <string.h>

struct attempt {
    struct assay_sim_shrinking *shrinking;
    struct assay_sim_promise promise; /* of the original */
    char what[sizeof((struct assay_sim_breach *)NULL)->what];
    struct assay_sim_progress line; /* on a terminal, below the steps; of all tries, mostly fewer */
    uint64_t candidates;
};

static bool has_weaker_promise(const struct assay_sim_promise *now,
                               const struct assay_sim_promise *then)
{
    return (then->safety && !now->safety) || (then->progress && !now->progress);
}

static bool fails_in_same_way(struct attempt *a, const struct assay_scenario *candidate)
{
    const struct assay_sim_promise promise = assay_sim_promise_of(candidate, candidate->seed);
    if (has_weaker_promise(&promise, &a->promise)) return false;
    const bool twice = strcmp(a->what, "determinism") == 0;
    const struct assay_sim_breach breach =
        sim_try(a->shrinking->run, candidate, twice, true).breach;
    if (!breach.broken || strcmp(breach.what, a->what) != 0) return false;
    a->shrinking->breach = breach;
    return true;
}

static bool try_seeds(void *context, struct assay_scenario *candidate)
{
    struct attempt *const a = context;
    const uint64_t first = candidate->seed;
    const uint32_t seeds = a->shrinking->seeds == 0 ? 1 : a->shrinking->seeds;
    sim_progress_show(&a->line, a->candidates++, ASSAY_SIM_PROGRESS_UNCOUNTED);
    for (uint32_t i = 0; i < seeds; i++) {
        if (a->shrinking->stop != NULL && *a->shrinking->stop != 0) return false;
        candidate->seed = first + i;
        if (fails_in_same_way(a, candidate)) return true;
    }
    candidate->seed = first;
    return false;
}

static void on_smaller(void *context, const struct assay_scenario *now, const char *what,
                       uint64_t tried)
{
    struct attempt *const a = context;
    if (a->shrinking->out == NULL) return;
    sim_progress_end(&a->line);
    (void)fprintf(a->shrinking->out,
                  "%5llu tried: fewer or smaller %s; %u nodes, %llu epochs, %u adversaries, "
                  "%u partitions, %u crashes, size %u\n",
                  (unsigned long long)tried, what, (unsigned)now->nodes,
                  (unsigned long long)now->epochs, (unsigned)now->adversary_count,
                  (unsigned)now->partition_count, (unsigned)now->crash_count,
                  (unsigned)assay_sim_minimize_size(now));
    (void)fflush(a->shrinking->out);
}

bool sim_shrink(struct assay_sim_shrinking *shrinking, struct assay_scenario *scenario)
{
    struct attempt a = { .shrinking = shrinking };
    a.promise = assay_sim_promise_of(scenario, scenario->seed);
    /* Twice at first: traces that differ are a failure, too. */
    shrinking->breach = sim_try(shrinking->run, scenario, true, true).breach;
    shrinking->size_before = shrinking->size_after = assay_sim_minimize_size(scenario);
    shrinking->tried = 1;
    if (!shrinking->breach.broken) return false;
    (void)snprintf(a.what, sizeof a.what, "%s", shrinking->breach.what);
    const struct assay_sim_minimize how = {
        .fails = try_seeds, .smaller = on_smaller, .context = &a, .tries_max = shrinking->tries_max
    };
    a.line = sim_progress_start(
        "tries", shrinking->tries_max > 0 ? shrinking->tries_max : ASSAY_SIM_MINIMIZE_TRIES, 0,
        shrinking->out == NULL);
    shrinking->tried += assay_sim_minimize(scenario, &how);
    sim_progress_end(&a.line);
    shrinking->size_after = assay_sim_minimize_size(scenario);
    return true;
}
