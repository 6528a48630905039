/*
 * apps/sim/commands/batch.h - many independent jobs on all cores, by threads or each in a process
 * of its own.
 *
 * Jobs run in any order and are committed strictly in rising order, so that the sum of the commits
 * (a digest, a file) is the same for any number of threads, and the committed jobs are always a
 * prefix: a stopped run continues at its end.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_BATCH_H
#define ASSAY_APPS_SIM_COMMANDS_BATCH_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Jobs of each thread, or child, that may be ahead of the first uncommitted one. A kill -9 loses at
 * most these. */
enum { ASSAY_SIM_BATCH_AHEAD = 4, ASSAY_SIM_BATCH_THREADS_MAX = 256 };

struct assay_sim_batch {
    uint64_t count;   /* jobs 0 .. count - 1 */
    uint32_t threads; /* or concurrent children; 0: one for each processor */
    size_t result_size;
    void *context;
    /* Called from several threads at once; *result is zero before. */
    void (*work)(void *context, uint64_t index, void *result);
    /* Instead of work: begin gives the job to a child, and end takes its status of waitpid. Both
     * are called by the only thread: a child that is forked next to threads may inherit a locked
     * mutex. begin returns the child; 0: none, *result is complete. */
    pid_t (*begin)(void *context, uint64_t index, void *result);
    void (*end)(void *context, uint64_t index, void *result, int status);
    /* Called one at a time, in order; false: start and commit no more. */
    bool (*commit)(void *context, uint64_t index, void *result);
    /* Called once for each result that is not committed after all. NULL: it owns nothing. */
    void (*drop)(void *context, void *result);
    const volatile sig_atomic_t
        *stop; /* not 0: start no more, commit what has started; NULL: none */
};

/* Returns: number of committed jobs: 0 .. n - 1. */
uint64_t sim_batch_run(const struct assay_sim_batch *batch);

/* Returns: processors that this process may use, at least 1. */
uint32_t sim_batch_processors(void);

#endif
