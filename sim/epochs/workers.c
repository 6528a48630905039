/*
 * sim/epochs/workers.c - pool of waiting threads.
 */
#include "sim/epochs/workers.h"

#include "base/assert.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct worker {
    struct workers *all;
    uint32_t number;
    pthread_t thread;
};

struct workers {
    uint32_t count; /* the caller is number 0 */
    struct worker *each;
    pthread_mutex_t mutex;
    pthread_cond_t begin, end;
    uint64_t turn; /* counts calls of workers_run */
    uint32_t busy;
    bool over;
    /* The work of this turn. */
    workers_share *share;
    void *context;
    uint32_t slots, piece, next;
};

static void lock_mutex(struct workers *w)
{
    const int failed = pthread_mutex_lock(&w->mutex);
    ASSAY_ASSERT(failed == 0);
}

static void unlock_mutex(struct workers *w)
{
    const int failed = pthread_mutex_unlock(&w->mutex);
    ASSAY_ASSERT(failed == 0);
}

/* Takes one piece after the other until none is left. Called and returns with the mutex held. */
static void run_pieces(struct workers *w, uint32_t number)
{
    while (w->next < w->slots) {
        const uint32_t from = w->next;
        const uint32_t to = w->piece < w->slots - from ? from + w->piece : w->slots;
        w->next = to;
        unlock_mutex(w);
        w->share(w->context, number, from, to);
        lock_mutex(w);
    }
}

static void *run_worker(void *argument)
{
    const struct worker *self = argument;
    struct workers *w = self->all;
    uint64_t seen = 0;
    lock_mutex(w);
    for (;;) {
        while (w->turn == seen && !w->over)
            (void)pthread_cond_wait(&w->begin, &w->mutex);
        if (w->over) break;
        seen = w->turn;
        run_pieces(w, self->number);
        if (--w->busy == 0) (void)pthread_cond_signal(&w->end);
    }
    unlock_mutex(w);
    return NULL;
}

struct workers *workers_create(uint32_t threads)
{
    ASSAY_ASSERT(threads >= 1 && threads <= WORKERS_MAX);
    struct workers *w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    w->each = calloc(threads, sizeof *w->each);
    ASSAY_ASSERT(w->each != NULL);
    int failed = pthread_mutex_init(&w->mutex, NULL);
    failed |= pthread_cond_init(&w->begin, NULL);
    failed |= pthread_cond_init(&w->end, NULL);
    ASSAY_ASSERT(failed == 0);
    w->count = 1;
    for (uint32_t i = 1; i < threads; i++) {
        struct worker *one = &w->each[i];
        *one = (struct worker){ .all = w, .number = i };
        if (pthread_create(&one->thread, NULL, run_worker, one) != 0) break;
        w->count++;
    }
    return w;
}

void workers_destroy(struct workers **workers)
{
    struct workers *w = *workers;
    if (w == NULL) return;
    lock_mutex(w);
    w->over = true;
    (void)pthread_cond_broadcast(&w->begin);
    unlock_mutex(w);
    for (uint32_t i = 1; i < w->count; i++)
        (void)pthread_join(w->each[i].thread, NULL);
    (void)pthread_cond_destroy(&w->end);
    (void)pthread_cond_destroy(&w->begin);
    (void)pthread_mutex_destroy(&w->mutex);
    free(w->each);
    free(w);
    *workers = NULL;
}

uint32_t workers_count(const struct workers *workers)
{
    return workers->count;
}

void workers_run(struct workers *workers, uint32_t count, uint32_t piece, workers_share *share,
                 void *context)
{
    ASSAY_ASSERT(piece > 0);
    if (workers->count == 1 || count <= piece) {
        if (count > 0) share(context, 0, 0, count);
        return;
    }
    lock_mutex(workers);
    workers->share = share;
    workers->context = context;
    workers->slots = count;
    workers->piece = piece;
    workers->next = 0;
    workers->busy = workers->count - 1;
    workers->turn++;
    (void)pthread_cond_broadcast(&workers->begin);
    run_pieces(workers, 0);
    while (workers->busy > 0)
        (void)pthread_cond_wait(&workers->end, &workers->mutex);
    unlock_mutex(workers);
}
