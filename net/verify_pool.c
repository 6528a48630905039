/*
 * net/verify_pool.c - a ring of jobs; threads take them in order, the host collects them in order.
 *
 * The ring's entries go through WAITING, RUNNING, DONE. `head` is the next to hand out, `next` the
 * next to run, `tail` the next free one; head <= next <= tail, and tail - head never exceeds the
 * ring.
 */
#include "net/verify_pool.h"

#include "base/assert.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct entry {
    bool done;
    uint8_t digest[32];
    enum assay_evidence_kind kind;
    int64_t at_unix_s;
    uint8_t *bytes;
    size_t len;
    const struct assay_endorsements *endorsements;
    const struct assay_policy *policy;
    struct assay_verdict verdict;
};

struct worker {
    pthread_t thread;
    bool started;
    bool surplus; /* it ends after what it does */
    void *memory;
    struct assay_verifier *verifier;
    struct assay_verify_pool *pool;
};

struct assay_verify_pool {
    struct assay_verify_pool_config config;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping;
    int fd;
    uint64_t head, next, tail;
    struct worker workers[ASSAY_POOL_THREADS_MAX];
    struct entry ring[ASSAY_POOL_QUEUE_MAX];
};

static struct entry *entry_at(struct assay_verify_pool *pool, uint64_t number)
{
    return &pool->ring[number % ASSAY_POOL_QUEUE_MAX];
}

static void judge(struct worker *worker, struct entry *entry)
{
    const struct assay_verify_pool_config *config = &worker->pool->config;
    const struct assay_evidence_request request = {
        .kind = entry->kind,
        .bytes = entry->bytes,
        .len = entry->len,
        .at_unix_s = entry->at_unix_s,
        .endorsements = entry->endorsements,
        .policy = entry->policy,
    };
    const enum assay_status status = config->verify(worker->verifier, &request, &entry->verdict);
    /*
     * A host that fails says nothing about the evidence: UNJUDGED, never FAIL (docs/protocol.md
     * 3.1).
     */
    if (assay_status_class(status) != ASSAY_CLASS_HOST) return;
    assay_verdict_init(&entry->verdict, entry->kind, entry->at_unix_s);
    assay_verdict_conclude(&entry->verdict);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct assay_verify_pool *pool = worker->pool;
    const uint64_t one = 1;
    pthread_mutex_lock(&pool->mutex);
    while (!pool->stopping && !worker->surplus) {
        if (pool->next == pool->tail) {
            pthread_cond_wait(&pool->wake, &pool->mutex);
            continue;
        }
        struct entry *entry = entry_at(pool, pool->next++);
        pthread_mutex_unlock(&pool->mutex);
        judge(worker, entry);
        pthread_mutex_lock(&pool->mutex);
        entry->done = true;
        /* The counter is far from its limit; a write of eight bytes is whole or not at all. */
        if (write(pool->fd, &one, sizeof one) != (ssize_t)sizeof one) continue;
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

static enum assay_status start(struct assay_verify_pool *pool, struct worker *worker)
{
    const size_t len = assay_verifier_size(ASSAY_POOL_ENTRIES);
    worker->pool = pool;
    worker->memory = aligned_alloc(64, (len + 63) / 64 * 64);
    if (worker->memory == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_verifier_init(worker->memory, len, ASSAY_POOL_ENTRIES, &worker->verifier));
    if (pthread_create(&worker->thread, NULL, work, worker) != 0) return ASSAY_E_IO;
    worker->started = true;
    return ASSAY_OK;
}

enum assay_status assay_verify_pool_create(const struct assay_verify_pool_config *config,
                                           struct assay_verify_pool **out)
{
    if (config->threads == 0 || config->threads > ASSAY_POOL_THREADS_MAX) return ASSAY_E_RANGE;
    struct assay_verify_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return ASSAY_E_MEMORY;
    pool->config = *config;
    if (pool->config.verify == NULL) pool->config.verify = assay_evidence_verify;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    enum assay_status status = pool->fd < 0 ? ASSAY_E_IO : ASSAY_OK;
    for (uint32_t i = 0; status == ASSAY_OK && i < config->threads; i++)
        status = start(pool, &pool->workers[i]);
    if (status != ASSAY_OK) {
        assay_verify_pool_destroy(&pool);
        return status;
    }
    *out = pool;
    return ASSAY_OK;
}

/* Its thread is told to end already. */
static void join(struct worker *worker)
{
    if (worker->started) pthread_join(worker->thread, NULL);
    assay_verifier_deinit(&worker->verifier);
    free(worker->memory);
    *worker = (struct worker){ .started = false };
}

enum assay_status assay_verify_pool_threads(struct assay_verify_pool *pool, uint32_t threads)
{
    enum assay_status status = ASSAY_OK;
    if (threads == 0 || threads > ASSAY_POOL_THREADS_MAX) return ASSAY_E_RANGE;
    pthread_mutex_lock(&pool->mutex);
    for (uint32_t i = threads; i < ASSAY_POOL_THREADS_MAX; i++)
        pool->workers[i].surplus = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (uint32_t i = threads; i < ASSAY_POOL_THREADS_MAX; i++)
        join(&pool->workers[i]);
    for (uint32_t i = 0; i < threads && status == ASSAY_OK; i++) {
        struct worker *const worker = &pool->workers[i];
        if (worker->started) continue;
        status = start(pool, worker);
        if (status != ASSAY_OK) join(worker);
    }
    return status;
}

void assay_verify_pool_destroy(struct assay_verify_pool **pool)
{
    struct assay_verify_pool *p = *pool;
    if (p == NULL) return;
    pthread_mutex_lock(&p->mutex);
    p->stopping = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->mutex);
    for (size_t i = 0; i < ASSAY_POOL_THREADS_MAX; i++)
        join(&p->workers[i]);
    for (size_t i = 0; i < ASSAY_POOL_QUEUE_MAX; i++)
        free(p->ring[i].bytes);
    if (p->fd >= 0) (void)close(p->fd);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->mutex);
    free(p);
    *pool = NULL;
}

enum assay_status assay_verify_pool_submit(struct assay_verify_pool *pool,
                                           const struct assay_verify_job *job)
{
    if (job->bytes.len == 0 || job->bytes.len > ASSAY_EVIDENCE_LEN_MAX) return ASSAY_E_RANGE;
    uint8_t *copy = malloc(job->bytes.len);
    if (copy == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(copy, job->bytes.len, job->bytes.bytes, job->bytes.len);

    pthread_mutex_lock(&pool->mutex);
    const bool full = pool->tail - pool->head == ASSAY_POOL_QUEUE_MAX;
    if (!full) {
        struct entry *entry = entry_at(pool, pool->tail++);
        ASSAY_ASSERT(entry->bytes == NULL);
        entry->done = false;
        entry->kind = job->kind;
        entry->at_unix_s = job->at_unix_s;
        entry->bytes = copy;
        entry->len = job->bytes.len;
        entry->endorsements =
            job->endorsements != NULL ? job->endorsements : pool->config.endorsements;
        entry->policy = job->policy != NULL ? job->policy : pool->config.policy;
        assay_bytes_copy(entry->digest, sizeof entry->digest, job->digest, sizeof job->digest);
        pthread_cond_signal(&pool->wake);
    }
    pthread_mutex_unlock(&pool->mutex);
    if (!full) return ASSAY_OK;
    free(copy);
    return ASSAY_E_AGAIN;
}

int assay_verify_pool_fd(const struct assay_verify_pool *pool)
{
    return pool->fd;
}

bool assay_verify_pool_next(struct assay_verify_pool *pool, uint8_t digest[static 32],
                            int64_t *at_unix_s, struct assay_verdict *verdict)
{
    pthread_mutex_lock(&pool->mutex);
    struct entry *entry = entry_at(pool, pool->head);
    const bool ready = pool->head < pool->next && entry->done;
    if (ready) {
        assay_bytes_copy(digest, 32, entry->digest, sizeof entry->digest);
        *at_unix_s = entry->at_unix_s;
        *verdict = entry->verdict;
        free(entry->bytes);
        entry->bytes = NULL;
        entry->done = false;
        pool->head++;
    } else {
        /* Drained under the lock: an answer that comes later writes again. */
        uint64_t count = 0;
        if (read(pool->fd, &count, sizeof count) < 0) count = 0;
    }
    pthread_mutex_unlock(&pool->mutex);
    return ready;
}

size_t assay_verify_pool_pending(struct assay_verify_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    const size_t pending = (size_t)(pool->tail - pool->head);
    pthread_mutex_unlock(&pool->mutex);
    return pending;
}
