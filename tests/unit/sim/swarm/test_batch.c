/*
 * tests/unit/sim/swarm/test_batch.c - jobs on threads, committed in order.
 */
#include "apps/sim/commands/batch.h"

#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>

struct story {
    uint64_t order[1000], count;
    uint64_t refuse_at; /* this commit says no */
    uint64_t dropped;
    volatile sig_atomic_t stop;
    uint64_t stop_at;
};

static void work(void *context, uint64_t index, void *result)
{
    (void)context;
    if (index % 7 == 0) /* some take longer */
        for (int i = 0; i < 50; i++)
            (void)sched_yield();
    cr_assert_eq(*(uint64_t *)result, 0, "results begin as zero");
    *(uint64_t *)result = index * index + 1;
}

static bool commit(void *context, uint64_t index, void *result)
{
    struct story *const s = context;
    cr_assert_eq(*(uint64_t *)result, index * index + 1);
    s->order[s->count++] = index;
    if (index == s->stop_at) s->stop = 1;
    return index != s->refuse_at;
}

static void drop(void *context, void *result)
{
    struct story *const s = context;
    (void)result;
    s->dropped++;
}

static uint64_t run(struct story *s, uint64_t count, uint32_t threads)
{
    const struct assay_sim_batch batch = { .count = count,
                                           .threads = threads,
                                           .result_size = sizeof(uint64_t),
                                           .context = s,
                                           .work = work,
                                           .commit = commit,
                                           .drop = drop,
                                           .stop = &s->stop };
    return sim_batch_run(&batch);
}

Test(sim_batch, commits_in_order_with_any_number_of_threads)
{
    for (uint32_t threads = 0; threads <= 9; threads++) {
        struct story s = { .refuse_at = UINT64_MAX, .stop_at = UINT64_MAX };
        cr_assert_eq(run(&s, 500, threads), 500);
        cr_assert_eq(s.count, 500);
        for (uint64_t i = 0; i < 500; i++)
            cr_assert_eq(s.order[i], i);
        cr_expect_eq(s.dropped, 0);
    }
}

Test(sim_batch, no_jobs_are_no_work)
{
    struct story s = { .refuse_at = UINT64_MAX, .stop_at = UINT64_MAX };
    cr_expect_eq(run(&s, 0, 3), 0);
    cr_expect_eq(run(&s, 1, 3), 1);
}

Test(sim_batch, commits_nothing_after_a_refusal)
{
    for (uint32_t threads = 1; threads <= 5; threads++) {
        struct story s = { .refuse_at = 20, .stop_at = UINT64_MAX };
        cr_expect_eq(run(&s, 500, threads), 21, "the refused one was taken over");
        cr_expect_eq(s.count, 21);
        cr_expect_lt(s.dropped, (uint64_t)threads * ASSAY_SIM_BATCH_AHEAD);
    }
}

Test(sim_batch, a_stop_commits_what_has_begun)
{
    for (uint32_t threads = 1; threads <= 5; threads++) {
        struct story s = { .refuse_at = UINT64_MAX, .stop_at = 30 };
        const uint64_t done = run(&s, 500, threads);
        cr_expect_geq(done, 31);
        cr_expect_leq(done, 31 + (uint64_t)threads * ASSAY_SIM_BATCH_AHEAD);
        cr_expect_eq(s.count, done);
        cr_expect_eq(s.dropped, 0);
    }
}

/* --- children */

static pid_t begin(void *context, uint64_t index, void *result)
{
    if (index % 7 == 3) { /* there is nothing to do for it */
        *(uint64_t *)result = index * index + 1;
        return 0;
    }
    (void)context;
    const pid_t pid = fork();
    if (pid == 0) _exit((int)(index % 200));
    return pid;
}

static void end(void *context, uint64_t index, void *result, int status)
{
    (void)context;
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == (int)(index % 200));
    *(uint64_t *)result = index * index + 1;
}

static uint64_t run_children(struct story *s, uint64_t count, uint32_t at_once)
{
    const struct assay_sim_batch batch = { .count = count,
                                           .threads = at_once,
                                           .result_size = sizeof(uint64_t),
                                           .context = s,
                                           .begin = begin,
                                           .end = end,
                                           .commit = commit,
                                           .drop = drop,
                                           .stop = &s->stop };
    return sim_batch_run(&batch);
}

Test(sim_batch, children_are_committed_in_order)
{
    for (uint32_t at_once = 0; at_once <= 5; at_once++) {
        struct story s = { .refuse_at = UINT64_MAX, .stop_at = UINT64_MAX };
        cr_assert_eq(run_children(&s, 60, at_once), 60);
        for (uint64_t i = 0; i < 60; i++)
            cr_assert_eq(s.order[i], i);
    }
    struct story none = { .refuse_at = UINT64_MAX, .stop_at = UINT64_MAX };
    cr_expect_eq(run_children(&none, 0, 3), 0);
}

Test(sim_batch, no_child_is_left_behind_after_a_refusal_or_a_stop)
{
    for (uint32_t at_once = 1; at_once <= 4; at_once++) {
        struct story refused = { .refuse_at = 20, .stop_at = UINT64_MAX };
        cr_expect_eq(run_children(&refused, 60, at_once), 21);
        struct story stopped = { .refuse_at = UINT64_MAX, .stop_at = 20 };
        const uint64_t done = run_children(&stopped, 60, at_once);
        cr_expect_geq(done, 21);
        cr_expect_eq(stopped.dropped, 0);
        cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left");
    }
}
