/*
 * net/verifier/verify_pool.h - verifier pool: evidence in, verdicts out, in order of submission.
 *
 * A daemon's threads stand in a process of their own, which has no keys
 * (net/verifier/verifier_process.h); one thread here keeps it (net/verifier/verifier_supervisor.h).
 * Tests and tools have the threads in their own process. The interface is the same, and so is every
 * verdict.
 *
 * One verifier per thread; policy and endorsements are shared and constant. The queue is bounded: a
 * full one refuses a request, and the caller, which keeps it, stops reading from the network until
 * there is room. Results are handed out in the order of submission whatever the order of
 * completion, but for jobs that take so long that others pass them
 * (net/verifier/verifier_supervisor.h). A verdict depends on nothing but its request, so that n
 * threads say what one says.
 */
#ifndef ASSAY_NET_VERIFIER_VERIFY_POOL_H
#define ASSAY_NET_VERIFIER_VERIFY_POOL_H

#include "base/bytes.h"
#include "net/verifier/verifier_supervisor.h"
#include "quote/verify.h"

enum {
    ASSAY_POOL_QUEUE_MAX = 256,
    ASSAY_POOL_THREADS_MAX = 16,
    ASSAY_POOL_ENTRIES = 2048, /* chains remembered per thread */
    ASSAY_POOL_NEWS_MAX = 8,
};

struct assay_verify_pool;

struct assay_verify_job {
    uint8_t digest[32]; /* of the bytes: names the request in its answer */
    enum assay_evidence_kind kind;
    int64_t at_unix_s;
    struct assay_slice bytes; /* copied by submit */
    /* Of an epoch with other rules than those in force, for as long as the pool; NULL: the pool's.
     * */
    const struct assay_endorsements *endorsements;
    const struct assay_policy *policy;
    /* By the rules before those on trial: each piece of collateral is appraised at its last valid
     * second at the latest (quote/verify.h). Part of the request's identity in its answer, too. */
    bool before;
    uint64_t epoch; /* of no use once it is closed (assay_verify_pool_expire); 0: never expires */
};

/* What the threads do with a job; tests put in a slow or a counting one. */
typedef enum assay_status assay_verify_function(struct assay_verifier *verifier,
                                                const struct assay_evidence_request *request,
                                                struct assay_verdict *verdict);

struct assay_verify_pool_config {
    uint32_t threads;                              /* 1..ASSAY_POOL_THREADS_MAX */
    const struct assay_endorsements *endorsements; /* in force */
    const struct assay_policy *policy;
    assay_verify_function *verify; /* NULL: assay_evidence_verify */
    /* Verifier process; the rules of all jobs are among its sets. NULL: threads of this process. */
    const struct assay_verifier_process_config *judge;
    /* [ASSAY_VERIFIER_SUPERVISOR_WHY] why there is no verifier process; NULL: not waited for. */
    char *message;
    /* In ms, never going back, of any thread: what the verifier process's deadlines are counted by,
     * but for its processor time. NULL: the monotonic clock. */
    uint64_t (*clock)(void);
};

/*
 * Returns: ASSAY_OK | ASSAY_E_RANGE (threads, rules outside the verifier process's sets) |
 * ASSAY_E_MEMORY | ASSAY_E_IO (threads, eventfd, no judge can be had: message) | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_verify_pool_create(
    const struct assay_verify_pool_config *config, struct assay_verify_pool **out);
/* Changes the number of threads: surplus ones end after their job, and are joined. Returns:
 * ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_MEMORY, ASSAY_E_IO, ASSAY_E_FULL: as many as could be started,
 * one at least */
ASSAY_CHECKED enum assay_status assay_verify_pool_threads(struct assay_verify_pool *pool,
                                                          uint32_t threads);
/* Waits for the jobs that run in threads, forgets those that wait. Accepts a pointer to NULL; nulls
 * it. */
void assay_verify_pool_destroy(struct assay_verify_pool **pool);
/*
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (the queue is full: keep it and come back) | ASSAY_E_RANGE
 * (longer than evidence may be, or rules that the verifier process does not have) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_verify_pool_submit(struct assay_verify_pool *pool,
                                                         const struct assay_verify_job *job);
/*
 * assay_verify_pool_expire - an epoch is closed (docs/protocol.md 3.1.4).
 *
 * Jobs of it and of earlier ones that wait for a verifier, or for the second process that confirms
 * their verdict, get no answer: a pool that cannot keep up would otherwise appraise only evidence
 * that no ballot needs any longer.
 * Returns: the number of jobs that expired
 */
size_t assay_verify_pool_expire(struct assay_verify_pool *pool, uint64_t epoch);
/* Returns: a descriptor that is readable while answers wait, or news. */
int assay_verify_pool_fd(const struct assay_verify_pool *pool);
/*
 * assay_verify_pool_next - the next answer: in order of submission, but for slow jobs.
 * Out:     digest, at_unix_s and before of the job, *verdict. Evidence that cannot be parsed is an
 *          answer too: the verifier's verdict for it; a failure of the runtime gives a verdict that
 *          judges nothing
 * Returns: true | false when the next one is not done
 */
bool assay_verify_pool_next(struct assay_verify_pool *pool, uint8_t digest[static 32],
                            int64_t *at_unix_s, bool *before, struct assay_verdict *verdict);
/* The next of what happened to the verifier process, the oldest first; of more than
 * ASSAY_POOL_NEWS_MAX that wait the last ones are lost. Returns: whether there was one. */
bool assay_verify_pool_next_news(struct assay_verify_pool *pool,
                                 struct assay_verifier_process_news *news);
/* Losses of verifier processes since the last call; zero without one. */
void assay_verify_pool_get_losses(struct assay_verify_pool *pool,
                                  struct assay_verifier_process_losses *since);
/* Returns: how many jobs were submitted and not yet handed out. */
size_t assay_verify_pool_pending(struct assay_verify_pool *pool);

#endif
