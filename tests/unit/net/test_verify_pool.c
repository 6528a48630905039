/*
 * tests/unit/net/test_verify_pool.c - tests of the verification pool.
 *
 * The pool: every request answered once, in order, whatever the threads do; full means
 * back-pressure.
 */
#include "net/verifier/verify_pool.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { JOBS = 2000 };

static atomic_int gate_open = 1;
static atomic_uint verified;

static void sleep_us(long us)
{
    const struct timespec t = { .tv_nsec = us * 1000 };
    nanosleep(&t, NULL);
}

/* Judges by the bytes alone, after a time that depends on them, so that later jobs finish first. */
static enum assay_status scripted(struct assay_verifier *verifier,
                                  const struct assay_evidence_request *request,
                                  struct assay_verdict *verdict)
{
    cr_assert_not_null(verifier);
    while (!atomic_load(&gate_open))
        sleep_us(200);
    if (request->bytes[0] % 7 == 0) sleep_us(300);
    assay_verdict_init(verdict, request->kind, request->at_unix_s);
    verdict->report_data[0] = request->bytes[0];
    verdict->report_data[1] = request->bytes[1];
    atomic_fetch_add(&verified, 1);
    return request->bytes[0] == 99 ? ASSAY_E_CRYPTO : ASSAY_OK;
}

static struct assay_verify_pool *pool_of(uint32_t threads)
{
    struct assay_verify_pool *pool = NULL;
    const struct assay_verify_pool_config config = { .threads = threads, .verify = scripted };
    cr_assert_eq(assay_verify_pool_create(&config, &pool), ASSAY_OK);
    return pool;
}

static enum assay_status submit(struct assay_verify_pool *pool, unsigned number)
{
    const uint8_t bytes[2] = { (uint8_t)number, (uint8_t)(number >> 8) };
    struct assay_verify_job job = { .kind = ASSAY_KIND_SOFT,
                                    .at_unix_s = (int64_t)number,
                                    .bytes = assay_slice_over(bytes, sizeof bytes) };
    job.digest[0] = bytes[0];
    job.digest[1] = bytes[1];
    return assay_verify_pool_submit(pool, &job);
}

static void wait_readable(struct assay_verify_pool *pool)
{
    struct pollfd fd = { .fd = assay_verify_pool_fd(pool), .events = POLLIN };
    cr_assert_eq(poll(&fd, 1, 60000), 1, "the pool said nothing for a minute");
}

static void answers_all_in_order(uint32_t threads)
{
    struct assay_verify_pool *pool = pool_of(threads);
    static struct assay_verdict verdict;
    unsigned asked = 0, got = 0;
    while (got < JOBS) {
        while (asked < JOBS && submit(pool, asked) == ASSAY_OK)
            asked++;
        uint8_t digest[32];
        int64_t at = -1;
        bool before = false;
        while (assay_verify_pool_next(pool, digest, &at, &before, &verdict)) {
            cr_assert_eq(at, (int64_t)got);
            cr_assert_eq(digest[0], (uint8_t)got);
            cr_assert_eq(verdict.report_data[1], got % 256 == 99 ? 0 : (uint8_t)(got >> 8),
                         "job %u of %u threads", got, threads);
            got++;
        }
        /* All that was asked may be answered by now: then more is asked, nothing awaited. */
        if (got < asked) wait_readable(pool);
    }
    cr_assert_eq(assay_verify_pool_pending(pool), 0);
    assay_verify_pool_destroy(&pool);
    cr_assert_null(pool);
}

Test(net_verify_pool, one_thread_answers_all_in_order)
{
    answers_all_in_order(1);
}

Test(net_verify_pool, four_threads_answer_all_in_the_same_order)
{
    answers_all_in_order(4);
}

Test(net_verify_pool, a_full_queue_refuses_and_loses_nothing)
{
    struct assay_verify_pool *pool = pool_of(2);
    static struct assay_verdict verdict;
    uint8_t digest[32];
    int64_t at = 0;
    bool before = false;
    atomic_store(&gate_open, 0);
    for (unsigned i = 0; i < ASSAY_POOL_QUEUE_MAX; i++)
        cr_assert_eq(submit(pool, i), ASSAY_OK);
    cr_assert_eq(submit(pool, 500), ASSAY_E_AGAIN);
    cr_assert_eq(assay_verify_pool_pending(pool), ASSAY_POOL_QUEUE_MAX);
    cr_assert_not(assay_verify_pool_next(pool, digest, &at, &before, &verdict));
    atomic_store(&gate_open, 1);
    unsigned got = 0;
    while (got < ASSAY_POOL_QUEUE_MAX) {
        wait_readable(pool);
        while (assay_verify_pool_next(pool, digest, &at, &before, &verdict))
            cr_assert_eq(at, (int64_t)got++);
    }
    cr_assert_eq(submit(pool, 500), ASSAY_OK);
    assay_verify_pool_destroy(&pool);
}

static enum assay_status submit_for_epoch(struct assay_verify_pool *pool, unsigned number,
                                          uint64_t epoch)
{
    const uint8_t bytes[2] = { (uint8_t)number, (uint8_t)(number >> 8) };
    const struct assay_verify_job job = { .kind = ASSAY_KIND_SOFT,
                                          .at_unix_s = (int64_t)number,
                                          .bytes = assay_slice_over(bytes, sizeof bytes),
                                          .epoch = epoch };
    return assay_verify_pool_submit(pool, &job);
}

static void wait_for_answer(struct assay_verify_pool *pool, int64_t expected)
{
    static struct assay_verdict verdict;
    uint8_t digest[32];
    int64_t at = -1;
    bool before = false;
    while (!assay_verify_pool_next(pool, digest, &at, &before, &verdict))
        wait_readable(pool);
    cr_assert_eq(at, expected, "%ld, expected %ld", (long)at, (long)expected);
}

/* A node that is too slow for one epoch begins the next one with what that one needs. */
Test(net_verify_pool, what_waits_for_a_closed_epoch_is_not_verified)
{
    struct assay_verify_pool *pool = pool_of(1);
    atomic_store(&gate_open, 0);
    atomic_store(&verified, 0);
    cr_assert_eq(submit_for_epoch(pool, 0, 0), ASSAY_OK);
    for (unsigned i = 1; i <= 90; i++)
        cr_assert_eq(submit_for_epoch(pool, i, i % 3 == 0 ? 0 : 1 + i / 31), ASSAY_OK);
    cr_assert_eq(assay_verify_pool_expire(pool, 0), 0);
    cr_assert_eq(assay_verify_pool_expire(pool, 2), 41,
                 "of 61 jobs of two epochs, each third is of none");
    cr_assert_eq(assay_verify_pool_pending(pool), 50);
    atomic_store(&gate_open, 1);
    wait_for_answer(pool, 0);
    for (unsigned i = 1; i <= 90; i++)
        if (i % 3 == 0 || i >= 62) wait_for_answer(pool, i);
    cr_assert_eq(assay_verify_pool_pending(pool), 0);
    cr_assert_eq(atomic_load(&verified), 50);
    assay_verify_pool_destroy(&pool);
}

/* However many expire while one job takes long, later ones find room. */
Test(net_verify_pool, what_expired_takes_no_room)
{
    struct assay_verify_pool *pool = pool_of(1);
    unsigned number = 1;
    cr_assert_eq(submit_for_epoch(pool, 0, 0), ASSAY_OK);
    wait_for_answer(pool, 0);
    for (uint64_t epoch = 1; epoch <= 100; epoch++) {
        atomic_store(&gate_open, 0);
        const unsigned first = number;
        for (unsigned i = 0; i < 200; i++)
            cr_assert_eq(submit_for_epoch(pool, number++, epoch), ASSAY_OK, "epoch %u, job %u",
                         (unsigned)epoch, i);
        while (assay_verify_pool_expire(pool, epoch) == 0)
            sleep_us(200);
        atomic_store(&gate_open, 1);
        const unsigned left = (unsigned)assay_verify_pool_pending(pool);
        cr_assert_leq(left, 1, "the one that was being verified");
        if (left == 1) wait_for_answer(pool, first);
    }
    cr_assert_eq(assay_verify_pool_pending(pool), 0);
    assay_verify_pool_destroy(&pool);
}

Test(net_verify_pool, a_failing_host_judges_nothing)
{
    struct assay_verify_pool *pool = pool_of(1);
    static struct assay_verdict verdict;
    uint8_t digest[32];
    int64_t at = 0;
    bool before = false;
    cr_assert_eq(submit(pool, 99), ASSAY_OK);
    do {
        wait_readable(pool);
    } while (!assay_verify_pool_next(pool, digest, &at, &before, &verdict));
    cr_assert_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_NONE);
    assay_verify_pool_destroy(&pool);
}

/* The address of the policy is the verdict. */
static enum assay_status by_policy(struct assay_verifier *verifier,
                                   const struct assay_evidence_request *request,
                                   struct assay_verdict *verdict)
{
    (void)verifier;
    assay_verdict_init(verdict, request->kind, request->at_unix_s);
    verdict->report_data[0] = *(const uint8_t *)(const void *)request->policy;
    verdict->report_data[1] = *(const uint8_t *)(const void *)request->endorsements;
    return ASSAY_OK;
}

/* docs/protocol.md 9.8 */
Test(net_verify_pool, a_job_brings_the_rules_of_its_epoch)
{
    static const uint8_t now[2] = { 10, 11 }, earlier[2] = { 20, 21 }, bytes[1] = { 1 };
    struct assay_verify_pool *pool = NULL;
    struct assay_verdict verdict;
    uint8_t digest[32];
    int64_t at = 0;
    bool before = false;
    const struct assay_verify_pool_config config = {
        .threads = 1,
        .policy = (const void *)&now[0],
        .endorsements = (const void *)&now[1],
        .verify = by_policy,
    };
    cr_assert_eq(assay_verify_pool_create(&config, &pool), ASSAY_OK);
    struct assay_verify_job job = { .kind = ASSAY_KIND_SOFT,
                                    .bytes = assay_slice_over(bytes, sizeof bytes) };
    cr_assert_eq(assay_verify_pool_submit(pool, &job), ASSAY_OK);
    job.policy = (const void *)&earlier[0];
    job.endorsements = (const void *)&earlier[1];
    cr_assert_eq(assay_verify_pool_submit(pool, &job), ASSAY_OK);
    for (unsigned i = 0; i < 2; i++) {
        while (!assay_verify_pool_next(pool, digest, &at, &before, &verdict))
            sleep_us(200);
        cr_expect_eq(verdict.report_data[0], i == 0 ? 10 : 20);
        cr_expect_eq(verdict.report_data[1], i == 0 ? 11 : 21);
    }
    assay_verify_pool_destroy(&pool);
}

Test(net_verify_pool, refuses_no_bytes_and_too_many)
{
    static uint8_t big[ASSAY_EVIDENCE_LEN_MAX + 1];
    struct assay_verify_pool *pool = pool_of(1);
    struct assay_verify_job job = { .bytes = assay_slice_over(big, 0) };
    cr_assert_eq(assay_verify_pool_submit(pool, &job), ASSAY_E_RANGE);
    job.bytes = assay_slice_over(big, sizeof big);
    cr_assert_eq(assay_verify_pool_submit(pool, &job), ASSAY_E_RANGE);
    job.bytes = assay_slice_over(big, ASSAY_EVIDENCE_LEN_MAX);
    cr_assert_eq(assay_verify_pool_submit(pool, &job), ASSAY_OK);
    assay_verify_pool_destroy(&pool);
}

Test(net_verify_pool, closes_with_jobs_waiting)
{
    struct assay_verify_pool *pool = pool_of(3);
    for (unsigned i = 0; i < 200; i++)
        cr_assert_eq(submit(pool, i), ASSAY_OK);
    assay_verify_pool_destroy(&pool);
    assay_verify_pool_destroy(&pool);
}

Test(net_verify_pool, refuses_a_wrong_number_of_threads)
{
    struct assay_verify_pool *pool = NULL;
    struct assay_verify_pool_config config = { .threads = 0, .verify = scripted };
    cr_assert_eq(assay_verify_pool_create(&config, &pool), ASSAY_E_RANGE);
    config.threads = ASSAY_POOL_THREADS_MAX + 1;
    cr_assert_eq(assay_verify_pool_create(&config, &pool), ASSAY_E_RANGE);
}

/* limits.verify_threads while a node runs. */
Test(net_verify_pool, takes_more_threads_and_fewer_without_losing_a_job, .timeout = 600)
{
    struct assay_verify_pool *pool = pool_of(2);
    static struct assay_verdict verdict;
    unsigned asked = 0, got = 0;
    static const uint32_t counts[] = { 1, 16, 3, 7, 1 };
    cr_assert_eq(assay_verify_pool_threads(pool, 0), ASSAY_E_RANGE);
    cr_assert_eq(assay_verify_pool_threads(pool, ASSAY_POOL_THREADS_MAX + 1), ASSAY_E_RANGE);
    while (got < JOBS) {
        while (asked < JOBS && submit(pool, asked) == ASSAY_OK)
            asked++;
        if (got % 100 == 0)
            cr_assert_eq(assay_verify_pool_threads(pool, counts[got / 100 % 5]), ASSAY_OK);
        uint8_t digest[32];
        int64_t at = -1;
        bool before = false;
        if (!assay_verify_pool_next(pool, digest, &at, &before, &verdict)) wait_readable(pool);
        else cr_assert_eq(at, (int64_t)got++);
    }
    assay_verify_pool_destroy(&pool);
}
