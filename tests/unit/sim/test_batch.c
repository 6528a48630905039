/*
 * tests/unit/sim/test_batch.c - jobs on threads, committed in order.
 */
#include "apps/sim/batch.h"

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
    return assay_sim_batch_run(&batch);
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
