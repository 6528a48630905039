/*
 * apps/sim/commands/batch.c - a window of jobs over worker threads or child processes.
 */
#include "apps/sim/commands/batch.h"

#include "base/assert.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct window {
    const struct assay_sim_batch *batch;
    uint64_t width;
    uint8_t *results; /* [width * result_size]: job i at i mod width */
    bool *done;       /* [width] */
    uint64_t next;    /* first job that no worker has taken */
    uint64_t committed;
    bool refused; /* commit returned false */
    pthread_mutex_t mutex;
    pthread_cond_t moved;
};

uint32_t sim_batch_processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    const int count = CPU_COUNT(&set);
    return count < 1 ? 1 : (uint32_t)count;
}

static void *result_of(const struct window *w, uint64_t index)
{
    return w->results + (index % w->width) * w->batch->result_size;
}

static bool is_stopping(const struct window *w)
{
    return w->refused || (w->batch->stop != NULL && *w->batch->stop != 0);
}

static bool is_full(const struct window *w)
{
    return w->next - w->committed >= w->width;
}

/* Under the mutex. Returns: false when there is no job to take now. */
static bool take_available_job(struct window *w, uint64_t *index)
{
    if (is_stopping(w) || w->next >= w->batch->count || is_full(w)) return false;
    *index = w->next++;
    memset(result_of(w, *index), 0, w->batch->result_size);
    return true;
}

/* Under the mutex. Returns: false when no job is left. */
static bool take_job(struct window *w, uint64_t *index)
{
    while (!is_stopping(w) && w->next < w->batch->count && is_full(w))
        (void)pthread_cond_wait(&w->moved, &w->mutex);
    return take_available_job(w, index);
}

/* Under the mutex: commits the results that follow without a gap. */
static void commit_results(struct window *w)
{
    while (w->committed < w->next && w->done[w->committed % w->width] && !w->refused) {
        w->done[w->committed % w->width] = false;
        if (!w->batch->commit(w->batch->context, w->committed, result_of(w, w->committed))) {
            w->refused = true;
            /* commit owns the result that it refused; only the later ones are dropped here. */
        }
        w->committed++;
    }
    (void)pthread_cond_broadcast(&w->moved);
}

/* Under the mutex. */
static void finish_job(struct window *w, uint64_t index)
{
    w->done[index % w->width] = true;
    commit_results(w);
}

static void *run_worker(void *argument)
{
    struct window *const w = argument;
    uint64_t index = 0;
    (void)pthread_mutex_lock(&w->mutex);
    while (take_job(w, &index)) {
        (void)pthread_mutex_unlock(&w->mutex);
        w->batch->work(w->batch->context, index, result_of(w, index));
        (void)pthread_mutex_lock(&w->mutex);
        finish_job(w, index);
    }
    (void)pthread_cond_broadcast(&w->moved);
    (void)pthread_mutex_unlock(&w->mutex);
    return NULL;
}

static void run_threads(struct window *w, uint32_t threads)
{
    pthread_t thread[ASSAY_SIM_BATCH_THREADS_MAX];
    uint32_t started = 0;
    /* The calling thread is one of them; fewer threads than asked for are only slower. */
    while (started + 1 < threads && pthread_create(&thread[started], NULL, run_worker, w) == 0)
        started++;
    (void)run_worker(w);
    for (uint32_t i = 0; i < started; i++)
        (void)pthread_join(thread[i], NULL);
}

struct child {
    pid_t pid;
    uint64_t index;
};

/* Returns: the child that has ended. */
static uint32_t await_one(const struct child *running, uint32_t count, int *status)
{
    for (;;) {
        const pid_t ended = waitpid(-1, status, 0);
        ASSAY_ASSERT(ended > 0 ||
                     errno == EINTR); /* there are children, and only this thread waits */
        for (uint32_t i = 0; ended > 0 && i < count; i++)
            if (running[i].pid == ended) return i;
    }
}

static void run_processes(struct window *w, uint32_t at_once)
{
    const struct assay_sim_batch *const b = w->batch;
    struct child running[ASSAY_SIM_BATCH_THREADS_MAX];
    uint32_t count = 0;
    uint64_t index = 0;
    for (;;) {
        while (count < at_once && take_available_job(w, &index)) {
            const pid_t pid = b->begin(b->context, index, result_of(w, index));
            if (pid > 0) running[count++] = (struct child){ pid, index };
            else finish_job(w, index);
        }
        if (count == 0) return;
        int status = 0;
        const uint32_t at = await_one(running, count, &status);
        index = running[at].index;
        running[at] = running[--count];
        b->end(b->context, index, result_of(w, index), status);
        finish_job(w, index);
    }
}

uint64_t sim_batch_run(const struct assay_sim_batch *batch)
{
    uint32_t threads = batch->threads == 0 ? sim_batch_processors() : batch->threads;
    if (threads > ASSAY_SIM_BATCH_THREADS_MAX) threads = ASSAY_SIM_BATCH_THREADS_MAX;
    if (threads > batch->count) threads = batch->count == 0 ? 1 : (uint32_t)batch->count;
    ASSAY_ASSERT(batch->result_size > 0);

    struct window w = { .batch = batch, .width = (uint64_t)threads * ASSAY_SIM_BATCH_AHEAD };
    w.results = calloc(w.width, batch->result_size);
    w.done = calloc(w.width, sizeof *w.done);
    ASSAY_ASSERT(w.results != NULL);
    ASSAY_ASSERT(w.done != NULL);
    const int mutex_error = pthread_mutex_init(&w.mutex, NULL);
    const int condition_error = pthread_cond_init(&w.moved, NULL);
    ASSAY_ASSERT(mutex_error == 0 && condition_error == 0);
    if (batch->begin != NULL) run_processes(&w, threads);
    else run_threads(&w, threads);
    for (uint64_t i = w.committed; i < w.next; i++)
        if (batch->drop != NULL) batch->drop(batch->context, result_of(&w, i));
    (void)pthread_cond_destroy(&w.moved);
    (void)pthread_mutex_destroy(&w.mutex);
    free(w.done);
    free(w.results);
    return w.committed;
}
