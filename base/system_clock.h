/*
 * base/system_clock.h - the clocks of the operating system: monotonic time and Unix time.
 *
 * For hosts and tools; the core gets its times as arguments. Linux always has both clocks, so a
 * failure to read one is a bug.
 */
#ifndef ASSAY_BASE_SYSTEM_CLOCK_H
#define ASSAY_BASE_SYSTEM_CLOCK_H

#include "base/assert.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline struct timespec assay_system_clock_read(clockid_t clock)
{
    struct timespec now;
    const int failed = clock_gettime(clock, &now);
    ASSAY_ASSERT(failed == 0);
    return now;
}

/* Microseconds of the monotonic clock, which no change of the date moves. It includes the time that
 * the machine was suspended (to memory or disk): CLOCK_MONOTONIC stops meanwhile, and a permit
 * would outlive its 3T (docs/protocol.md 10.6). */
static inline uint64_t assay_monotonic_us(void)
{
    const struct timespec now = assay_system_clock_read(CLOCK_BOOTTIME);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Microseconds of CLOCK_MONOTONIC, without the time suspended: for programs that compare it with
 * theirs (systemd). No age and no deadline. */
static inline uint64_t assay_awake_us(void)
{
    const struct timespec now = assay_system_clock_read(CLOCK_MONOTONIC);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Milliseconds of the monotonic clock. */
static inline uint64_t assay_monotonic_ms(void)
{
    return assay_monotonic_us() / 1000;
}

/* Returns: whether a deadline of assay_monotonic_ms has passed */
static inline bool assay_monotonic_is_past(uint64_t deadline_ms)
{
    return assay_monotonic_ms() >= deadline_ms;
}

/* CLOCK_MONOTONIC in some milliseconds, for pthread_cond_timedwait, which has no CLOCK_BOOTTIME.
 * The wait is longer by the time suspended. */
static inline struct timespec assay_monotonic_after(uint64_t wait_ms)
{
    struct timespec then = assay_system_clock_read(CLOCK_MONOTONIC);
    const uint64_t nanoseconds = (uint64_t)then.tv_nsec + wait_ms % 1000 * 1000000;
    then.tv_sec += (time_t)(wait_ms / 1000 + nanoseconds / 1000000000);
    then.tv_nsec = (long)(nanoseconds % 1000000000);
    return then;
}

/* Seconds since 1970, below 0 before. */
static inline int64_t assay_unix_s(void)
{
    return (int64_t)assay_system_clock_read(CLOCK_REALTIME).tv_sec;
}

/* Milliseconds since 1970; 0 before. */
static inline uint64_t assay_unix_ms(void)
{
    const struct timespec now = assay_system_clock_read(CLOCK_REALTIME);
    if (now.tv_sec < 0) return 0;
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif
