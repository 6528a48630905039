/*
 * tests/bench/sim/bench_swarm.c - seeds per minute: random scenarios under all checkers, on one
 * thread and on all. The lower bound is the same work around runs that simulate nothing.
 */
#include "apps/sim/commands/batch.h"
#include "apps/sim/commands/swarm.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { SEEDS = 60, FLOOR_SEEDS = 2000, TARGET_A_MINUTE = 200 };

static enum assay_status run_nothing(const struct assay_scenario *scenario,
                                     const struct assay_sim_options *options,
                                     struct assay_sim_outcome *outcome)
{
    (void)scenario;
    (void)options;
    assay_sim_outcome_init(outcome);
    return ASSAY_OK;
}

static uint64_t of(const struct rusage *usage)
{
    return ((uint64_t)usage->ru_utime.tv_sec + (uint64_t)usage->ru_stime.tv_sec) * 1000 +
           ((uint64_t)usage->ru_utime.tv_usec + (uint64_t)usage->ru_stime.tv_usec) / 1000;
}

/* Of this process and of the runs, which are its children: neighbours disturb it least. */
static uint64_t processor_ms(void)
{
    struct rusage own, runs;
    (void)getrusage(RUSAGE_SELF, &own);
    (void)getrusage(RUSAGE_CHILDREN, &runs);
    return of(&own) + of(&runs);
}

/* Returns: seeds a minute of one core; 0 when it could not run. */
static uint64_t measure(const char *what, struct assay_sim_swarm *swarm)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    const uint64_t before_ms = processor_ms();
    struct assay_sim_swarm_state *const s = malloc(sizeof *s);
    if (s == NULL || sim_swarm_run(swarm, s, message) != ASSAY_OK) {
        (void)fprintf(stderr, "bench_sim_swarm: %s\n", s == NULL ? "out of memory" : message);
        free(s);
        return 0;
    }
    const uint64_t ms = s->wall_ms == 0 ? 1 : s->wall_ms;
    const uint64_t used_ms = processor_ms() - before_ms + 1;
    const uint64_t of_core = s->done * 60000 / used_ms;
    (void)printf("%-30s %6llu seeds a minute; of one core %6llu, %7llu messages/s, "
                 "%4llu simulated s/s; %llu failed\n",
                 what, (unsigned long long)(s->done * 60000 / ms), (unsigned long long)of_core,
                 (unsigned long long)(s->messages * 1000 / used_ms),
                 (unsigned long long)(s->simulated_ms / used_ms), (unsigned long long)s->failed);
    free(s);
    return of_core;
}

int main(void)
{
    const uint32_t threads = sim_batch_processors();
    char what[64];
    struct assay_sim_swarm swarm = { .from = 1, .seeds = SEEDS, .quiet = true };
    swarm.run = assay_sim_run;
    swarm.threads = 1;
    bool ok = measure("usual sizes, one thread", &swarm) > 0;
    swarm.threads = 0;
    (void)snprintf(what, sizeof what, "usual sizes, %u threads", (unsigned)threads);
    ok = measure(what, &swarm) > 0 && ok;
    swarm.sizes = (struct assay_sim_swarm_sizes){ 7, 7 };
    (void)snprintf(what, sizeof what, "seven nodes, %u threads", (unsigned)threads);
    const uint64_t seven = measure(what, &swarm);
    swarm.run = run_nothing;
    swarm.seeds = FLOOR_SEEDS;
    ok = measure("nothing simulated, all threads", &swarm) > 0 && ok;
    (void)printf("target: %d seeds a minute with seven nodes and full faults on two cores: %s\n",
                 TARGET_A_MINUTE, 2 * seven >= TARGET_A_MINUTE ? "met" : "NOT MET");
    return ok && seven > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
