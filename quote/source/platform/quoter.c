/*
 * quote/source/platform/quoter.c - quoter thread (quoter.h). One mutex guards everything except the
 * data of the running call: its job and its buffer belong to the thread.
 */
#include "quote/source/platform/quoter.h"

#include "base/assert.h"
#include "base/system_clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct assay_quoter {
    struct assay_quoter_config config;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;  /* to the thread: something to do */
    pthread_cond_t ended; /* from the thread */
    int fd;
    bool stopping, has_ended, abandoned;
    bool has_load, has_job, has_answer;
    uint8_t loaded[32];
    struct assay_quoter_job job; /* waits */
    uint64_t answer_id;
    enum assay_status answer_status;
    size_t answer_len;
    uint8_t *answer; /* quote_len_max bytes each */
    uint8_t *work;
};

static void destroy_quoter(struct assay_quoter *self)
{
    ASSAY_ASSERT(self->answer != NULL && self->work != NULL);
    if (self->config.release != NULL) self->config.release(self->config.context);
    pthread_cond_destroy(&self->ended);
    pthread_cond_destroy(&self->wake);
    pthread_mutex_destroy(&self->mutex);
    (void)close(self->fd);
    free(self->answer);
    free(self->work);
    free(self);
}

/* ------------------------------------------------------------ in the quoter's thread */

/* The mutex is held on entry and on return, not meanwhile. */
static void run_load(struct assay_quoter *self)
{
    ASSAY_ASSERT(self->has_load);
    uint8_t measurement[32];
    assay_bytes_copy(measurement, sizeof measurement, self->loaded, sizeof self->loaded);
    self->has_load = false;
    if (self->config.load == NULL) return;
    pthread_mutex_unlock(&self->mutex);
    self->config.load(self->config.context, measurement);
    pthread_mutex_lock(&self->mutex);
}

static void run_job(struct assay_quoter *self)
{
    ASSAY_ASSERT(self->has_job);
    const uint64_t one = 1; /* a word for each job: the counter is far from full */
    const struct assay_quoter_job job = self->job;
    size_t len = 0;
    enum assay_status status = ASSAY_E_TIMEOUT;
    self->has_job = false;
    pthread_mutex_unlock(&self->mutex);
    if (!assay_monotonic_is_past(job.deadline_ms))
        status = self->config.make_quote(self->config.context, &job, self->work,
                                         self->config.quote_len_max, &len);
    ASSAY_ASSERT(len <= self->config.quote_len_max);
    pthread_mutex_lock(&self->mutex);
    self->has_answer = true;
    self->answer_id = job.id;
    self->answer_status = status;
    self->answer_len = status == ASSAY_OK ? len : 0;
    assay_bytes_copy(self->answer, self->config.quote_len_max, self->work, self->answer_len);
    const ssize_t written = write(self->fd, &one, sizeof one);
    ASSAY_ASSERT(written == (ssize_t)sizeof one);
}

static void *run_thread(void *context)
{
    struct assay_quoter *const self = context;
    pthread_mutex_lock(&self->mutex);
    while (!self->stopping) {
        if (self->has_load) run_load(self);
        else if (self->has_job) run_job(self);
        else pthread_cond_wait(&self->wake, &self->mutex);
    }
    self->has_ended = true;
    pthread_cond_signal(&self->ended);
    const bool abandoned = self->abandoned;
    pthread_mutex_unlock(&self->mutex);
    if (abandoned) destroy_quoter(self);
    return NULL;
}

/* ------------------------------------------------------------ in the thread of the loop */

/* Waits use the monotonic clock. */
static bool open_locks(struct assay_quoter *self)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) return false;
    bool ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(&self->ended, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    if (!ok) return false;
    if (pthread_cond_init(&self->wake, NULL) == 0) {
        if (pthread_mutex_init(&self->mutex, NULL) == 0) return true;
        pthread_cond_destroy(&self->wake);
    }
    pthread_cond_destroy(&self->ended);
    return false;
}

static bool start_thread(struct assay_quoter *self)
{
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return false;
    const bool ok = pthread_create(&self->thread, NULL, run_thread, self) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

enum assay_status assay_quoter_open(const struct assay_quoter_config *config,
                                    struct assay_quoter **out)
{
    ASSAY_ASSERT(config->make_quote != NULL);
    ASSAY_ASSERT(config->quote_len_max > 0);
    struct assay_quoter *const self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    self->config = *config;
    self->config.release = NULL; /* until it is open */
    self->answer = calloc(1, config->quote_len_max);
    self->work = calloc(1, config->quote_len_max);
    self->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    const bool has_memory = self->answer != NULL && self->work != NULL;
    if (!has_memory || self->fd < 0 || !open_locks(self)) {
        if (self->fd >= 0) (void)close(self->fd);
        free(self->answer);
        free(self->work);
        free(self);
        return has_memory ? ASSAY_E_IO : ASSAY_E_MEMORY;
    }
    if (!start_thread(self)) {
        destroy_quoter(self);
        return ASSAY_E_IO;
    }
    pthread_mutex_lock(&self->mutex);
    self->config.release = config->release;
    pthread_mutex_unlock(&self->mutex);
    *out = self;
    return ASSAY_OK;
}

void assay_quoter_load(struct assay_quoter *quoter, const uint8_t measurement[static 32])
{
    pthread_mutex_lock(&quoter->mutex);
    assay_bytes_copy(quoter->loaded, sizeof quoter->loaded, measurement, 32);
    quoter->has_load = true;
    quoter->has_job = false;
    pthread_cond_signal(&quoter->wake);
    pthread_mutex_unlock(&quoter->mutex);
}

void assay_quoter_submit(struct assay_quoter *quoter, const struct assay_quoter_job *job)
{
    ASSAY_ASSERT(job != NULL);
    pthread_mutex_lock(&quoter->mutex);
    quoter->job = *job;
    quoter->has_job = true;
    quoter->has_answer = false;
    pthread_cond_signal(&quoter->wake);
    pthread_mutex_unlock(&quoter->mutex);
}

int assay_quoter_fd(const struct assay_quoter *quoter)
{
    ASSAY_ASSERT(quoter->fd >= 0);
    return quoter->fd;
}

bool assay_quoter_take(struct assay_quoter *quoter, uint64_t id, enum assay_status *status,
                       uint8_t *quote, size_t capacity, size_t *len)
{
    uint64_t news = 0;
    ASSAY_ASSERT(capacity >= quoter->config.quote_len_max);
    pthread_mutex_lock(&quoter->mutex);
    const ssize_t got = read(quoter->fd, &news, sizeof news);
    const bool found = got > 0 && quoter->has_answer && quoter->answer_id == id;
    quoter->has_answer = false;
    if (found) {
        *status = quoter->answer_status;
        *len = quoter->answer_len;
        ASSAY_ASSERT(quoter->answer_len <= quoter->config.quote_len_max);
        assay_bytes_copy(quote, capacity, quoter->answer, quoter->answer_len);
    }
    pthread_mutex_unlock(&quoter->mutex);
    return found;
}

/* Returns: true when the thread ended in time. The mutex is held. */
static bool wait_for_end(struct assay_quoter *self, uint32_t wait_ms)
{
    const struct timespec end = assay_monotonic_after(wait_ms);
    while (!self->has_ended)
        if (pthread_cond_timedwait(&self->ended, &self->mutex, &end) != 0) break;
    return self->has_ended;
}

bool assay_quoter_close(struct assay_quoter **quoter, uint32_t wait_ms)
{
    struct assay_quoter *const self = *quoter;
    if (self == NULL) return true;
    *quoter = NULL;
    pthread_mutex_lock(&self->mutex);
    self->stopping = true;
    pthread_cond_signal(&self->wake);
    const bool ended = wait_for_end(self, wait_ms);
    const pthread_t thread = self->thread;
    self->abandoned = !ended;
    pthread_mutex_unlock(&self->mutex); /* an abandoned one may be gone from here on */
    if (!ended) {
        (void)pthread_detach(thread);
        return false;
    }
    (void)pthread_join(thread, NULL);
    ASSAY_ASSERT(self->has_ended);
    destroy_quoter(self);
    return true;
}
