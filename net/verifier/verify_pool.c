/*
 * net/verifier/verify_pool.c - job queue of the verifier pool: appraised in order, collected in
 * order except for jobs that the supervisor set aside.
 *
 * Jobs are numbered in the order of submission and kept in that order. A job waits, is in hand
 * (its number is below `next`), and is done. It is removed when it was handed out, and when it
 * expired: while it waited at once, in hand as soon as it is done. So a job that takes long takes
 * one place and no more, however many pass it.
 */
#include "net/verifier/verify_pool.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "net/verifier/appraise_one.h"
#include "quote/verify.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct entry {
    uint64_t number;
    bool done, aside;
    bool expired; /* in the supervisor's hands when its epoch was closed */
    bool dropped; /* expired, and without a verdict */
    uint8_t digest[32];
    enum assay_evidence_kind kind;
    int64_t at_unix_s;
    bool before;
    uint64_t epoch;
    uint32_t set; /* of the verifier process */
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
    uint64_t next, tail; /* the numbers of the next job to start, and of the next to submit */
    size_t count;
    struct entry *entries[ASSAY_POOL_QUEUE_MAX]; /* [count], by number */
    struct worker workers[ASSAY_POOL_THREADS_MAX];

    /* --- with a verifier process: the thread that supervises it */
    pthread_t thread;
    bool minds;
    int bell;                                     /* rung when there is something to do for it */
    struct assay_verifier_supervisor *supervisor; /* the thread's alone, once it runs */
    struct assay_verifier_process_set sets[ASSAY_VERIFIER_PROCESS_SETS_MAX];
    size_t set_count;
    bool has_begun; /* the first process is ready, or failed */
    size_t news_count;
    struct assay_verifier_process_news news[ASSAY_POOL_NEWS_MAX];
    struct assay_verifier_process_losses losses,
        reported; /* the thread's copy; what the runtime has of it */
};

/* The counter is far from its limit; a write of eight bytes is atomic. */
static void ring_bell(int fd)
{
    const uint64_t one = 1;
    if (write(fd, &one, sizeof one) != (ssize_t)sizeof one) return;
}

static void drain_bell(int fd)
{
    uint64_t count = 0;
    if (read(fd, &count, sizeof count) < 0) return;
}

/* Called with the mutex locked. Returns: the index of the first job from that number on; count:
 * none */
static size_t index_from(const struct assay_verify_pool *pool, uint64_t number)
{
    size_t low = 0, high = pool->count;
    ASSAY_ASSERT(pool->count <= ASSAY_POOL_QUEUE_MAX && pool->next <= pool->tail);
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (pool->entries[middle]->number < number) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Called with the mutex locked. */
static struct entry *entry_at(struct assay_verify_pool *pool, uint64_t number)
{
    const size_t index = index_from(pool, number);
    ASSAY_ASSERT(index < pool->count && pool->entries[index]->number == number);
    return pool->entries[index];
}

/* A job in hand, which stays until it is done. */
static struct entry *entry_in_hand(struct assay_verify_pool *pool, uint64_t number)
{
    pthread_mutex_lock(&pool->mutex);
    struct entry *const entry = entry_at(pool, number);
    pthread_mutex_unlock(&pool->mutex);
    return entry;
}

/* Called with the mutex locked. Returns: the first job that waits; NULL: none */
static struct entry *first_waiting(struct assay_verify_pool *pool)
{
    const size_t index = index_from(pool, pool->next);
    return index < pool->count ? pool->entries[index] : NULL;
}

static void entry_free(struct entry *entry)
{
    if (entry != NULL) free(entry->bytes);
    free(entry);
}

static void appraise_job(struct worker *worker, struct entry *entry)
{
    ASSAY_ASSERT(entry->bytes != NULL && entry->len > 0);
    const struct assay_verify_pool_config *config = &worker->pool->config;
    const struct assay_evidence_request request = {
        .kind = entry->kind,
        .bytes = entry->bytes,
        .len = entry->len,
        .at_unix_s = entry->at_unix_s,
        .at_end = entry->before,
        .endorsements = entry->endorsements,
        .policy = entry->policy,
    };
    assay_verifier_process_one(config->verify, worker->verifier, &request, &entry->verdict);
}

static void *run_worker(void *context)
{
    struct worker *worker = context;
    struct assay_verify_pool *pool = worker->pool;
    pthread_mutex_lock(&pool->mutex);
    while (!pool->stopping && !worker->surplus) {
        struct entry *const entry = first_waiting(pool);
        if (entry == NULL) {
            pthread_cond_wait(&pool->wake, &pool->mutex);
            continue;
        }
        pool->next = entry->number + 1;
        pthread_mutex_unlock(&pool->mutex);
        appraise_job(worker, entry);
        pthread_mutex_lock(&pool->mutex);
        entry->done = true;
        ring_bell(pool->fd);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

static enum assay_status start_threads(struct assay_verify_pool *pool, struct worker *worker)
{
    ASSAY_ASSERT(!worker->started);
    const size_t len = assay_verifier_size(ASSAY_POOL_ENTRIES);
    worker->pool = pool;
    worker->memory = aligned_alloc(64, (len + 63) / 64 * 64);
    if (worker->memory == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_verifier_init(worker->memory, len, ASSAY_POOL_ENTRIES, &worker->verifier));
    if (pthread_create(&worker->thread, NULL, run_worker, worker) != 0) return ASSAY_E_IO;
    worker->started = true;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ a verifier in another process */

static uint64_t now_ms(const struct assay_verify_pool *pool)
{
    return pool->config.clock != NULL ? pool->config.clock() : assay_monotonic_ms();
}

/* What was submitted stays as it is until it is answered. */
static void load_job(void *context, uint64_t number, struct assay_verifier_process_job *job)
{
    const struct entry *entry = entry_in_hand(context, number);
    *job =
        (struct assay_verifier_process_job){ .number = number,
                                             .kind = entry->kind,
                                             .set = entry->set,
                                             .at_unix_s = entry->at_unix_s,
                                             .at_end = entry->before,
                                             .bytes = assay_slice_over(entry->bytes, entry->len) };
}

static bool is_expired(void *context, uint64_t number)
{
    struct assay_verify_pool *pool = context;
    pthread_mutex_lock(&pool->mutex);
    const bool expired = entry_at(pool, number)->expired;
    pthread_mutex_unlock(&pool->mutex);
    return expired;
}

static void on_answer(void *context, uint64_t number, const struct assay_verdict *verdict)
{
    struct assay_verify_pool *pool = context;
    struct entry *entry = entry_in_hand(pool, number);
    const bool dropped = verdict == NULL && is_expired(context, number);
    if (verdict != NULL) {
        entry->verdict = *verdict;
    } else if (!dropped) { /* docs/protocol.md 3.1: a failure of the verifier, never FAIL */
        assay_verdict_init(&entry->verdict, entry->kind, entry->at_unix_s);
        assay_verdict_conclude(&entry->verdict);
    }
    pthread_mutex_lock(&pool->mutex);
    ASSAY_ASSERT(!entry->done); /* once for each job */
    entry->dropped = dropped;   /* from here on the collector may remove it */
    entry->done = true;
    assay_verifier_supervisor_get_losses(pool->supervisor, &pool->losses);
    pthread_mutex_unlock(&pool->mutex);
    ring_bell(pool->fd);
}

static void skip_done(void *context, uint64_t number)
{
    struct assay_verify_pool *pool = context;
    pthread_mutex_lock(&pool->mutex);
    ASSAY_ASSERT(!entry_at(pool, number)->done);
    entry_at(pool, number)->aside = true;
    pthread_mutex_unlock(&pool->mutex);
    ring_bell(pool->fd);
}

static void read_news(void *context, const struct assay_verifier_process_news *news)
{
    struct assay_verify_pool *pool = context;
    pthread_mutex_lock(&pool->mutex);
    if (!pool->has_begun && !news->ready && pool->config.message != NULL)
        (void)snprintf(pool->config.message, ASSAY_VERIFIER_SUPERVISOR_WHY, "%s", news->why);
    else if (!pool->has_begun && pool->config.message != NULL) pool->config.message[0] = '\0';
    pool->config.message = NULL; /* the creator no longer waits */
    pool->has_begun = true;
    assay_verifier_supervisor_get_losses(pool->supervisor, &pool->losses);
    ASSAY_ASSERT(pool->news_count <= ASSAY_POOL_NEWS_MAX);
    if (pool->news_count < ASSAY_POOL_NEWS_MAX) {
        struct assay_verifier_process_news *const kept = &pool->news[pool->news_count++];
        *kept = *news;
        if (news->unjudged || news->contradicted)
            assay_bytes_copy(kept->digest, 32, entry_at(pool, news->number)->digest, 32);
    }
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    ring_bell(pool->fd);
}

/* Called with the mutex locked; unlocks it while the supervisor works. */
static void submit_jobs(struct assay_verify_pool *pool, uint64_t now)
{
    struct entry *entry;
    bool taken = true;
    while (taken && (entry = first_waiting(pool)) != NULL &&
           assay_verifier_supervisor_has_room(pool->supervisor, now)) {
        const uint64_t number = entry->number;
        pool->next = number + 1; /* before an answer to it can come */
        pthread_mutex_unlock(&pool->mutex);
        taken = assay_verifier_supervisor_submit(pool->supervisor, now, number);
        pthread_mutex_lock(&pool->mutex);
        if (!taken) pool->next = number;
    }
}

static void *run_thread(void *context)
{
    struct assay_verify_pool *pool = context;
    pthread_mutex_lock(&pool->mutex);
    while (!pool->stopping) {
        const uint32_t threads = pool->config.threads;
        pthread_mutex_unlock(&pool->mutex);
        assay_status_ignore(assay_verifier_supervisor_threads(pool->supervisor, threads),
                            "as many as before go on");
        assay_verifier_supervisor_run(pool->supervisor, now_ms(pool));
        pthread_mutex_lock(&pool->mutex);
        submit_jobs(pool, now_ms(pool));
        pthread_mutex_unlock(&pool->mutex);
        struct pollfd fds[1 + ASSAY_VERIFIER_SUPERVISOR_FDS] = { { .fd = pool->bell,
                                                                   .events = POLLIN } };
        assay_verifier_supervisor_poll(pool->supervisor, fds + 1);
        (void)poll(fds, 1 + ASSAY_VERIFIER_SUPERVISOR_FDS,
                   assay_verifier_supervisor_wait_ms(pool->supervisor, now_ms(pool)));
        drain_bell(pool->bell);
        pthread_mutex_lock(&pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

static enum assay_status start_thread(struct assay_verify_pool *pool,
                                      const struct assay_verifier_process_config *judge)
{
    ASSAY_ASSERT(pool->bell < 0 && pool->supervisor == NULL);
    const struct assay_verifier_supervisor_world world = { pool,      load_job,  is_expired,
                                                           on_answer, skip_done, read_news };
    pool->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (pool->bell < 0) return ASSAY_E_IO;
    ASSAY_TRY(
        assay_verifier_supervisor_create(judge, pool->config.threads, &world, &pool->supervisor));
    for (pool->set_count = 0; pool->set_count < judge->set_count; pool->set_count++)
        pool->sets[pool->set_count] = judge->sets[pool->set_count];
    ASSAY_ASSERT(pool->set_count <= ASSAY_VERIFIER_PROCESS_SETS_MAX);
    pool->config.judge = NULL; /* borrowed until here */
    char *const message = pool->config.message;
    if (pthread_create(&pool->thread, NULL, run_thread, pool) != 0) return ASSAY_E_IO;
    pool->minds = true;
    if (message == NULL) return ASSAY_OK;
    pthread_mutex_lock(&pool->mutex);
    while (!pool->has_begun)
        pthread_cond_wait(&pool->wake, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
    return message[0] == '\0' ? ASSAY_OK : ASSAY_E_IO;
}

/* Returns: whether the verifier process has these rules. */
static bool find_set(const struct assay_verify_pool *pool, struct entry *entry)
{
    ASSAY_ASSERT(pool->set_count <= ASSAY_VERIFIER_PROCESS_SETS_MAX);
    for (entry->set = 0; entry->set < pool->set_count; entry->set++)
        if (pool->sets[entry->set].policy == entry->policy &&
            pool->sets[entry->set].endorsements == entry->endorsements)
            return true;
    return false;
}

/* ------------------------------------------------------------ from outside */

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
    pool->bell = -1;
    pool->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    enum assay_status status = pool->fd < 0 ? ASSAY_E_IO : ASSAY_OK;
    if (status == ASSAY_OK && config->judge != NULL) status = start_thread(pool, config->judge);
    for (uint32_t i = 0; status == ASSAY_OK && config->judge == NULL && i < config->threads; i++)
        status = start_threads(pool, &pool->workers[i]);
    if (status != ASSAY_OK) {
        assay_verify_pool_destroy(&pool);
        return status;
    }
    *out = pool;
    return ASSAY_OK;
}

/* Its thread is stopping already. */
static void join_threads(struct worker *worker)
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
    if (pool->minds) { /* as soon as the verifier process has nothing in hand */
        pthread_mutex_lock(&pool->mutex);
        pool->config.threads = threads;
        pthread_mutex_unlock(&pool->mutex);
        ring_bell(pool->bell);
        return ASSAY_OK;
    }
    pthread_mutex_lock(&pool->mutex);
    for (uint32_t i = threads; i < ASSAY_POOL_THREADS_MAX; i++)
        pool->workers[i].surplus = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (uint32_t i = threads; i < ASSAY_POOL_THREADS_MAX; i++)
        join_threads(&pool->workers[i]);
    for (uint32_t i = 0; i < threads && status == ASSAY_OK; i++) {
        struct worker *const worker = &pool->workers[i];
        if (worker->started) continue;
        status = start_threads(pool, worker);
        if (status != ASSAY_OK) join_threads(worker);
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
    if (p->minds) {
        ring_bell(p->bell);
        (void)pthread_join(p->thread, NULL);
    }
    assay_verifier_supervisor_destroy(&p->supervisor);
    if (p->bell >= 0) (void)close(p->bell);
    for (size_t i = 0; i < ASSAY_POOL_THREADS_MAX; i++)
        join_threads(&p->workers[i]);
    for (size_t i = 0; i < p->count; i++)
        entry_free(p->entries[i]);
    if (p->fd >= 0) (void)close(p->fd);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->mutex);
    free(p);
    *pool = NULL;
}

/* Returns: NULL without memory. */
static struct entry *find_entry(const struct assay_verify_pool *pool,
                                const struct assay_verify_job *job)
{
    const struct assay_verify_pool_config *config = &pool->config;
    struct entry *entry = malloc(sizeof *entry); /* its verdict, of several KB, is written later */
    uint8_t *copy = malloc(job->bytes.len);
    if (entry == NULL || copy == NULL) {
        free(entry);
        free(copy);
        return NULL;
    }
    assay_bytes_copy(copy, job->bytes.len, job->bytes.bytes, job->bytes.len);
    entry->done = entry->aside = entry->expired = entry->dropped = false;
    entry->epoch = job->epoch;
    entry->kind = job->kind;
    entry->at_unix_s = job->at_unix_s;
    entry->before = job->before;
    entry->bytes = copy;
    entry->len = job->bytes.len;
    entry->endorsements = job->endorsements != NULL ? job->endorsements : config->endorsements;
    entry->policy = job->policy != NULL ? job->policy : config->policy;
    entry->set = 0;
    assay_bytes_copy(entry->digest, sizeof entry->digest, job->digest, sizeof job->digest);
    return entry;
}

enum assay_status assay_verify_pool_submit(struct assay_verify_pool *pool,
                                           const struct assay_verify_job *job)
{
    if (job->bytes.len == 0 || job->bytes.len > ASSAY_EVIDENCE_LEN_MAX) return ASSAY_E_RANGE;
    struct entry *entry = find_entry(pool, job);
    if (entry == NULL) return ASSAY_E_MEMORY;

    pthread_mutex_lock(&pool->mutex);
    enum assay_status status = pool->count == ASSAY_POOL_QUEUE_MAX ? ASSAY_E_AGAIN : ASSAY_OK;
    if (status == ASSAY_OK && pool->minds && !find_set(pool, entry)) status = ASSAY_E_RANGE;
    if (status == ASSAY_OK) {
        ASSAY_ASSERT(pool->count < ASSAY_POOL_QUEUE_MAX);
        entry->number = pool->tail++;
        pool->entries[pool->count++] = entry;
        pthread_cond_signal(&pool->wake);
    }
    pthread_mutex_unlock(&pool->mutex);
    if (status != ASSAY_OK) entry_free(entry);
    else if (pool->minds) ring_bell(pool->bell);
    return status;
}

static void remove_entry(struct assay_verify_pool *pool, size_t index)
{
    ASSAY_ASSERT(index < pool->count);
    entry_free(pool->entries[index]);
    pool->count--;
    for (size_t i = index; i < pool->count; i++)
        pool->entries[i] = pool->entries[i + 1];
}

size_t assay_verify_pool_expire(struct assay_verify_pool *pool, uint64_t epoch)
{
    size_t count = 0;
    pthread_mutex_lock(&pool->mutex);
    for (size_t i = pool->count; i-- > 0;) {
        struct entry *const entry = pool->entries[i];
        if (entry->done || entry->expired) continue;
        if (entry->epoch == 0 || entry->epoch > epoch) continue;
        count++;
        entry->expired = true;
        if (entry->number >= pool->next) remove_entry(pool, i);
    }
    pthread_mutex_unlock(&pool->mutex);
    if (count > 0 && pool->minds) ring_bell(pool->bell);
    return count;
}

int assay_verify_pool_fd(const struct assay_verify_pool *pool)
{
    return pool->fd;
}

/* Called with the mutex locked. The oldest that is done; behind one that is not, only if that was
 * set aside. Returns: its index; count: none */
static size_t find_done(struct assay_verify_pool *pool)
{
    size_t i = 0;
    while (i < pool->count && pool->entries[i]->number < pool->next) {
        const struct entry *const entry = pool->entries[i];
        if (entry->done && !entry->dropped) return i;
        if (!entry->done && !entry->aside) break;
        if (entry->dropped) remove_entry(pool, i);
        else i++;
    }
    return pool->count;
}

bool assay_verify_pool_next(struct assay_verify_pool *pool, uint8_t digest[static 32],
                            int64_t *at_unix_s, bool *before, struct assay_verdict *verdict)
{
    pthread_mutex_lock(&pool->mutex);
    const size_t index = find_done(pool);
    const bool found = index < pool->count;
    if (found) {
        const struct entry *const entry = pool->entries[index];
        ASSAY_ASSERT(entry->done && !entry->dropped);
        assay_bytes_copy(digest, 32, entry->digest, sizeof entry->digest);
        *at_unix_s = entry->at_unix_s;
        *before = entry->before;
        *verdict = entry->verdict;
        remove_entry(pool, index);
    } else {
        /* Drained under the lock: a later answer writes again. */
        drain_bell(pool->fd);
    }
    pthread_mutex_unlock(&pool->mutex);
    return found;
}

bool assay_verify_pool_next_news(struct assay_verify_pool *pool,
                                 struct assay_verifier_process_news *news)
{
    pthread_mutex_lock(&pool->mutex);
    const bool any = pool->news_count > 0;
    ASSAY_ASSERT(pool->news_count <= ASSAY_POOL_NEWS_MAX);
    if (any) {
        *news = pool->news[0];
        pool->news_count--;
        for (size_t i = 0; i < pool->news_count; i++)
            pool->news[i] = pool->news[i + 1];
    }
    pthread_mutex_unlock(&pool->mutex);
    return any;
}

void assay_verify_pool_get_losses(struct assay_verify_pool *pool,
                                  struct assay_verifier_process_losses *since)
{
    pthread_mutex_lock(&pool->mutex);
    const struct assay_verifier_process_losses now = pool->losses, before = pool->reported;
    pool->reported = now;
    pthread_mutex_unlock(&pool->mutex);
    *since = (struct assay_verifier_process_losses){ .restarts = now.restarts - before.restarts,
                                                     .stalls = now.stalls - before.stalls,
                                                     .retried = now.retried - before.retried,
                                                     .unjudged = now.unjudged - before.unjudged,
                                                     .contradicted =
                                                         now.contradicted - before.contradicted };
}

size_t assay_verify_pool_pending(struct assay_verify_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    const size_t pending = pool->count;
    ASSAY_ASSERT(pending <= ASSAY_POOL_QUEUE_MAX);
    pthread_mutex_unlock(&pool->mutex);
    return pending;
}
