/*
 * tests/unit/net/test_runtime_evidence.c - tests of the runtime's queue of appraisals.
 *
 * Appraisals for ballots of a closed epoch expire wherever they are: in the pool, behind it, and
 * when their evidence arrives late (docs/protocol.md 3.1.4).
 */
#include "engine/store/store_memory.h"
#include "net/runtime/runtime_internal.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <time.h>

enum { BEHIND = 20 }; /* appraisals that find the pool full */

static struct assay_runtime host; /* large */
static atomic_int gate_open;

static enum assay_status wait_at_gate(struct assay_verifier *verifier,
                                      const struct assay_evidence_request *request,
                                      struct assay_verdict *verdict)
{
    (void)verifier;
    while (!atomic_load(&gate_open))
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    assay_verdict_init(verdict, request->kind, request->at_unix_s);
    return ASSAY_OK;
}

static void start(void)
{
    const struct assay_verify_pool_config config = { .threads = 1, .verify = wait_at_gate };
    host = (struct assay_runtime){ .members = 1 };
    host.waiting_end = &host.waiting;
    cr_assert_eq(assay_store_memory_create(&host.config.store), ASSAY_OK);
    cr_assert_eq(assay_evidence_cache_create(host.config.store, 8, &host.evidence_cache), ASSAY_OK);
    cr_assert_eq(assay_verify_pool_create(&config, &host.pool), ASSAY_OK);
    cr_assert_eq(runtime_appraisals_open(&host), ASSAY_OK);
    runtime_evidence_open(&host);
}

static void stop(void)
{
    atomic_store(&gate_open, 1);
    runtime_evidence_clear(&host);
    runtime_appraisals_close(&host);
    assay_verify_pool_destroy(&host.pool);
    assay_evidence_cache_destroy(&host.evidence_cache);
    host.config.store->ops->close(&host.config.store);
}

/* As host/overlay/evidence_pull.c asks for it once it has the bytes. */
static void appraise(uint64_t epoch, bool for_ballot)
{
    static uint32_t number;
    const uint32_t bytes = ++number;
    struct assay_fetch_request request = { .len = sizeof bytes,
                                           .epoch = epoch,
                                           .kind = ASSAY_KIND_SOFT,
                                           .for_ballot = for_ballot };
    assay_bytes_copy(request.digest, 32, &bytes, sizeof bytes);
    cr_assert_eq(host.evidence_pull.world.judge(host.evidence_pull.world.context, &request,
                                                assay_slice_over(&bytes, sizeof bytes)),
                 ASSAY_OK);
}

static uint32_t count_waiting(void)
{
    uint32_t count = 0;
    for (const struct runtime_waiting_job *job = host.waiting; job != NULL; job = job->next)
        count++;
    return count;
}

static void expect_expired(uint64_t expired)
{
    cr_expect_eq(host.counters.value[ASSAY_COUNT_VERIFY_EXPIRED], expired, "%lu, expected %lu",
                 (unsigned long)host.counters.value[ASSAY_COUNT_VERIFY_EXPIRED],
                 (unsigned long)expired);
}

TestSuite(net_runtime_evidence, .init = start, .fini = stop, .timeout = 600);

Test(net_runtime_evidence, what_waits_for_a_closed_epoch_expires_in_the_pool_and_behind_it)
{
    appraise(0, false); /* occupies the thread, or waits for it: it is no ballot's */
    for (uint32_t i = 1; i < ASSAY_POOL_QUEUE_MAX + BEHIND; i++)
        appraise(7 + i % 2, i % 4 != 3);
    cr_assert_eq(count_waiting(), BEHIND);
    cr_assert_eq(host.counters.value[ASSAY_COUNT_VERIFY_BACKPRESSURE], BEHIND);
    runtime_evidence_on_epoch_closed(&host, 6);
    expect_expired(0);
    runtime_evidence_on_epoch_closed(&host, 7);
    /* Of i = 1..275: those for ballots of epoch 7 have i % 4 of 0 and 2. */
    expect_expired(137);
    cr_expect_eq(count_waiting(), BEHIND / 2);
    runtime_evidence_on_epoch_closed(&host, 8);
    expect_expired(137 + 69);
    cr_expect_eq(count_waiting(), BEHIND / 4, "each fourth is of no ballot, and stays");
    cr_expect_eq(assay_verify_pool_pending(host.pool), ASSAY_POOL_QUEUE_MAX / 4 + 1, "and i = 0");
}

Test(net_runtime_evidence, evidence_that_arrives_after_its_epoch_is_not_appraised)
{
    runtime_evidence_on_epoch_closed(&host, 7);
    appraise(7, true);
    appraise(6, true);
    cr_expect_eq(assay_verify_pool_pending(host.pool), 0);
    expect_expired(2);
    appraise(8, true);
    appraise(7, false);
    cr_expect_eq(assay_verify_pool_pending(host.pool), 2);
    expect_expired(2);
    cr_expect_eq(count_waiting(), 0);
}
