/*
 * tests/unit/net/plain_threads.c - thread test of the verification pool.
 *
 * The verification pool under ThreadSanitizer: submit, collect, full queue, close with jobs
 * running.
 *
 * A plain program, because Criterion does not start under ThreadSanitizer. 0: passed.
 */
#include "net/verifier/verify_pool.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>

enum { ROUNDS = 20, JOBS = 1000, THREADS = 4 };

static enum assay_status judge(struct assay_verifier *verifier,
                               const struct assay_evidence_request *request,
                               struct assay_verdict *verdict)
{
    const struct timespec pause = { .tv_nsec = 20000 };
    if (verifier == NULL) return ASSAY_E_CRYPTO;
    assay_verdict_init(verdict, request->kind, request->at_unix_s);
    verdict->report_data[0] = request->bytes[0];
    if (request->bytes[0] % 16 == 0) (void)nanosleep(&pause, NULL);
    return ASSAY_OK;
}

static bool submit(struct assay_verify_pool *pool, unsigned number)
{
    const uint8_t byte = (uint8_t)number;
    const struct assay_verify_job job = { .kind = ASSAY_KIND_SOFT,
                                          .at_unix_s = (int64_t)number,
                                          .bytes = assay_slice_over(&byte, 1) };
    return assay_verify_pool_submit(pool, &job) == ASSAY_OK;
}

/* Returns: how many answers came back in order and right. */
static unsigned round_trip(struct assay_verify_pool *pool)
{
    static struct assay_verdict verdict;
    unsigned asked = 0, got = 0;
    while (got < JOBS) {
        uint8_t digest[32];
        int64_t at = 0;
        bool before = false;
        struct pollfd fd = { .fd = assay_verify_pool_fd(pool), .events = POLLIN };
        while (asked < JOBS && submit(pool, asked))
            asked++;
        if (poll(&fd, 1, 10000) != 1) return got;
        while (assay_verify_pool_next(pool, digest, &at, &before, &verdict)) {
            if (at != (int64_t)got || verdict.report_data[0] != (uint8_t)got) return got;
            got++;
        }
    }
    return got;
}

int main(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct assay_verify_pool *pool = NULL;
        const struct assay_verify_pool_config config = { .threads = THREADS, .verify = judge };
        if (assay_verify_pool_create(&config, &pool) != ASSAY_OK) return 1;
        const unsigned got = round_trip(pool);
        for (unsigned k = 0; k < 100; k++)
            (void)submit(pool, k); /* some will run at the end */
        assay_verify_pool_destroy(&pool);
        if (got == JOBS) continue;
        (void)fprintf(stderr, "round %u: %u of %u answers\n", i, got, (unsigned)JOBS);
        return 1;
    }
    return 0;
}
