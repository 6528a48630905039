/*
 * tests/unit/platform/plain_quoter.c - the quoter and its loop in two threads, for ThreadSanitizer:
 * many quotes, replaced ones, late ones, new images in between, and ends of both sorts.
 */
#include "quote/source/platform/quoter.h"

#include "base/system_clock.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 2000, QUOTE_LEN = 96, SLOW_MS = 300 };

/* What the thread of the quoter uses without a lock: a race here is a race of the quoter's. */
struct maker {
    unsigned calls, loads;
    uint8_t loaded[32];
    bool slow;
    atomic_bool *in_call;
    atomic_bool *released;
};

static int failures;

static void check(bool ok, const char *what)
{
    if (ok) return;
    failures += 1;
    (void)fprintf(stderr, "FAILED: %s\n", what);
}

static uint64_t now_ms(void)
{
    return assay_monotonic_ms();
}

static enum assay_status make_quote(void *context, const struct assay_quoter_job *job,
                                    uint8_t *quote, size_t capacity, size_t *len)
{
    struct maker *const maker = context;
    maker->calls += 1;
    *maker->in_call = true;
    if (maker->slow) (void)usleep(SLOW_MS * 1000);
    if (job->id % 7 == 0) return ASSAY_E_IO;
    assay_bytes_copy(quote, capacity, maker->loaded, 32);
    assay_bytes_copy(quote + 32, capacity - 32, job->report_data, 64);
    *len = QUOTE_LEN;
    return ASSAY_OK;
}

static void load(void *context, const uint8_t measurement[static 32])
{
    struct maker *const maker = context;
    maker->loads += 1;
    assay_bytes_copy(maker->loaded, sizeof maker->loaded, measurement, 32);
}

static void release(void *context)
{
    struct maker *const maker = context;
    atomic_bool *const released = maker->released;
    free(maker);
    *released = true;
}

static struct assay_quoter *open_quoter(bool slow, atomic_bool *in_call, atomic_bool *released)
{
    struct maker *const maker = calloc(1, sizeof *maker);
    struct assay_quoter *quoter = NULL;
    if (maker == NULL) abort();
    *maker = (struct maker){ .slow = slow, .in_call = in_call, .released = released };
    const struct assay_quoter_config config = { .context = maker,
                                                .quote_len_max = QUOTE_LEN,
                                                .make_quote = make_quote,
                                                .load = load,
                                                .release = release };
    if (assay_quoter_open(&config, &quoter) != ASSAY_OK) abort();
    return quoter;
}

static struct assay_quoter_job job_of(uint64_t id)
{
    struct assay_quoter_job job = { .id = id, .deadline_ms = now_ms() + 20000 };
    for (size_t i = 0; i < sizeof job.report_data; i++)
        job.report_data[i] = (uint8_t)id;
    return job;
}

/* Polls as a loop does. Returns: true when the answer to id came. */
static bool wait_for(struct assay_quoter *quoter, uint64_t id, enum assay_status *status,
                     uint8_t *quote, size_t *len)
{
    const uint64_t end_ms = now_ms() + 20000;
    while (now_ms() < end_ms) {
        struct pollfd fd = { .fd = assay_quoter_fd(quoter), .events = POLLIN };
        (void)poll(&fd, 1, 100);
        if (assay_quoter_take(quoter, id, status, quote, QUOTE_LEN, len)) return true;
    }
    return false;
}

static void answers_each_job_that_was_not_replaced(void)
{
    atomic_bool in_call = false, released = false;
    struct assay_quoter *quoter = open_quoter(false, &in_call, &released);
    uint8_t quote[QUOTE_LEN], image[32] = { 1 };
    assay_quoter_load(quoter, image);
    for (uint64_t id = 1; id <= ROUNDS; id++) {
        enum assay_status status = ASSAY_OK;
        size_t len = 0;
        if (id % 5 == 0) { /* an older one that may be running, waiting or done by now */
            const struct assay_quoter_job older = job_of(id + ROUNDS);
            assay_quoter_submit(quoter, &older);
        }
        if (id % 50 == 0) {
            image[0] = (uint8_t)id;
            assay_quoter_load(quoter, image);
        }
        const struct assay_quoter_job job = job_of(id);
        assay_quoter_submit(quoter, &job);
        check(wait_for(quoter, id, &status, quote, &len), "an answer to each job");
        check(status == (id % 7 == 0 ? ASSAY_E_IO : ASSAY_OK), "what make_quote said");
        check(len == (status == ASSAY_OK ? QUOTE_LEN : 0), "no bytes without a quote");
        if (status != ASSAY_OK) continue;
        check(assay_bytes_equal(quote, image, 32), "the image was loaded before");
        check(assay_bytes_equal(quote + 32, job.report_data, 64), "over its own report_data");
        check(!assay_quoter_take(quoter, id, &status, quote, QUOTE_LEN, &len), "once");
    }
    check(assay_quoter_close(&quoter, 5000), "an idle quoter ends");
    check(quoter == NULL && released, "and releases the context");
}

static void does_not_begin_what_is_past_its_deadline(void)
{
    atomic_bool in_call = false, released = false;
    struct assay_quoter *quoter = open_quoter(false, &in_call, &released);
    uint8_t quote[QUOTE_LEN];
    enum assay_status status = ASSAY_OK;
    size_t len = 1;
    struct assay_quoter_job job = job_of(1);
    job.deadline_ms = now_ms();
    assay_quoter_submit(quoter, &job);
    check(wait_for(quoter, 1, &status, quote, &len), "an answer");
    check(status == ASSAY_E_TIMEOUT && len == 0, "that it was too late");
    check(!in_call, "nobody was asked");
    check(assay_quoter_close(&quoter, 5000), "ends");
}

static void leaves_a_call_alone_that_does_not_come_back(void)
{
    atomic_bool in_call = false, released = false;
    struct assay_quoter *quoter = open_quoter(true, &in_call, &released);
    const struct assay_quoter_job job = job_of(1);
    assay_quoter_submit(quoter, &job);
    while (!in_call)
        (void)usleep(1000);
    const uint64_t begin_ms = now_ms();
    check(!assay_quoter_close(&quoter, 20), "it is still running");
    check(now_ms() - begin_ms < SLOW_MS - 100, "the bound holds");
    check(!released, "its context is in use");
    for (int i = 0; i < 1000 && !released; i++)
        (void)usleep(10000);
    check(released, "released when it came back");
    struct assay_quoter *none = NULL;
    check(assay_quoter_close(&none, 0), "none is ended");
}

int main(void)
{
    answers_each_job_that_was_not_replaced();
    does_not_begin_what_is_past_its_deadline();
    leaves_a_call_alone_that_does_not_come_back();
    return failures == 0 ? 0 : 1;
}
