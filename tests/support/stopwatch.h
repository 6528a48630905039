/*
 * tests/support/stopwatch.h - monotonic stopwatch for benchmarks.
 *
 * How long something took, for programs that measure.
 */
#ifndef ASSAY_TESTS_SUPPORT_STOPWATCH_H
#define ASSAY_TESTS_SUPPORT_STOPWATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Started for a moment only, to see that it still can (tests/bench/start.sh). */
static inline bool stopwatch_is_short(void)
{
    const char *const how = getenv("ASSAY_BENCH");
    return how != NULL && strcmp(how, "short") == 0;
}

static inline uint64_t stopwatch_ns(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline double stopwatch_us(clockid_t clock)
{
    return (double)stopwatch_ns(clock) / 1e3;
}

/* The best of seven rounds of `count` turns each (one of one when it is short), by this thread's
 * own time, since the machine is shared; printed behind the heading. Returns: microseconds a turn.
 */
static inline double stopwatch_best_us(const char *heading, const char *name, unsigned count,
                                       void (*turn)(void *context), void *context)
{
    double best_us = 0;
    const unsigned rounds = stopwatch_is_short() ? 1 : 7;
    if (stopwatch_is_short()) count = 1;
    for (unsigned round = 0; round < rounds; round++) {
        const double start_us = stopwatch_us(CLOCK_THREAD_CPUTIME_ID);
        for (unsigned i = 0; i < count; i++)
            turn(context);
        const double each_us = (stopwatch_us(CLOCK_THREAD_CPUTIME_ID) - start_us) / count;
        if (round == 0 || each_us < best_us) best_us = each_us;
    }
    (void)printf("%-13s%-33s %9.2f us %10.0f /s\n", heading, name, best_us, 1e6 / best_us);
    return best_us;
}

#endif
