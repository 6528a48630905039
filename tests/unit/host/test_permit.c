/*
 * tests/unit/host/test_permit.c - tests of the permit rule.
 *
 * The permit rule of docs/protocol.md 10.6, each line of it at its limits.
 */
#include "base/system_clock.h"
#include "host/permit.h"

#include <criterion/criterion.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { T = 1000 };

/* How long the machine was suspended since it booted, in addition to what it really was: this
 * definition precedes that of the C library. Linux adds it to CLOCK_BOOTTIME alone. */
static time_t suspended_s;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    const long failed = syscall(SYS_clock_gettime, clock, now);
    if (failed == 0 && clock == CLOCK_BOOTTIME) now->tv_sec += suspended_s;
    return (int)failed;
}

static struct assay_engine_snapshot chain = { .epoch = 10, .final_at_ms = 50000 };
static struct assay_member_snapshot own = { .last_success_epoch = 9 };

static const char *ask(bool critical)
{
    const struct assay_permission p = assay_permit(&chain, &own, T, 50500, critical);
    cr_assert_eq(p.permitted, p.reason[0] == '\0');
    return p.reason;
}

Test(host_permit, a_node_in_good_standing_may_do_everything)
{
    own.trust.score.standing = ASSAY_STANDING_FULL;
    cr_assert_str_eq(ask(false), "");
    cr_assert_str_eq(ask(true), "");
    own.trust.score.standing = ASSAY_STANDING_WARNING;
    cr_assert_str_eq(ask(true), "");
}

Test(host_permit, a_restricted_node_does_nothing_critical)
{
    own.trust.score.standing = ASSAY_STANDING_RESTRICTED;
    cr_assert_str_eq(ask(false), "");
    cr_assert_str_eq(ask(true), "restricted");
}

Test(host_permit, a_suspended_node_does_nothing)
{
    own.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    cr_assert_str_eq(ask(false), "suspended");
    cr_assert_str_eq(ask(true), "suspended");
}

/* 9.6.2: suspended by its standing, and not by any fault. */
Test(host_permit, who_rests_is_told_so)
{
    own.stage = ASSAY_STAGE_RESTING;
    own.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    cr_assert_str_eq(ask(false), "resting");
    cr_assert_str_eq(ask(true), "resting");
}

Test(host_permit, a_node_in_maintenance_does_nothing)
{
    own.in_maintenance = true;
    cr_assert_str_eq(ask(false), "maintenance");
    cr_assert_str_eq(ask(true), "maintenance");
}

Test(host_permit, wants_a_certified_pass_of_the_last_three_epochs)
{
    own.last_success_epoch = 7;
    cr_assert_str_eq(ask(false), "");
    own.last_success_epoch = 6;
    cr_assert_str_eq(ask(false), "stale");
    own.last_success_epoch = 0; /* never */
    chain.epoch = 2;
    cr_assert_str_eq(ask(false), "stale");
}

Test(host_permit, wants_a_head_younger_than_three_epochs)
{
    cr_assert(assay_permit(&chain, &own, T, 50000 + 3 * T - 1, false).permitted);
    cr_assert_str_eq(assay_permit(&chain, &own, T, 50000 + 3 * T, false).reason, "stale");
    cr_assert(assay_permit(&chain, &own, T, 10, false).permitted);
    /* Whatever the dates say: no block has become final since the process came up. */
    chain.final_at_ms = 0;
    chain.head_time_ms = UINT64_MAX;
    cr_assert_str_eq(assay_permit(&chain, &own, T, 50500, false).reason, "stale");
}

/* An hour between the last block and now, of which the process ran for no millisecond. */
Test(host_permit, the_age_of_the_head_includes_the_time_suspended)
{
    enum { HOUR_S = 3600, QUARTER_MS = 900000 };
    const uint64_t awake_us = assay_awake_us(), later_us = awake_us + QUARTER_MS * UINT64_C(1000);
    chain.final_at_ms = assay_monotonic_ms();
    cr_assert(assay_permit(&chain, &own, QUARTER_MS, assay_monotonic_ms(), true).permitted);
    suspended_s = HOUR_S;
    const uint64_t now_ms = assay_monotonic_ms();
    cr_expect_geq(now_ms - chain.final_at_ms, HOUR_S * UINT64_C(1000));
    cr_expect_str_eq(assay_permit(&chain, &own, QUARTER_MS, now_ms, false).reason, "stale");
    /* Those of systemd and of timed waits are CLOCK_MONOTONIC. */
    cr_expect_lt(assay_awake_us(), later_us);
    cr_expect_lt((uint64_t)assay_monotonic_after(0).tv_sec * 1000000, later_us);
}
