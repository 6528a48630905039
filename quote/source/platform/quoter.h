/*
 * quote/source/platform/quoter.h - quoter thread: makes the quotes of one platform.
 *
 * Hardware takes a millisecond or a second for a quote, and a call that has entered the kernel is
 * not interrupted. The loop that owns the enclave must not block meanwhile: it submits a job, polls
 * a descriptor, and takes the answer. One quote is being made at a time; of those that wait the
 * newest counts, and an answer that is no longer waited for is dropped.
 *
 * All functions belong to the thread of the loop; the callbacks run in the quoter's.
 */
#ifndef ASSAY_QUOTE_SOURCE_PLATFORM_QUOTER_H
#define ASSAY_QUOTE_SOURCE_PLATFORM_QUOTER_H

#include "base/bytes.h"
#include "base/status.h"

struct assay_quoter;

struct assay_quoter_job {
    uint64_t id;          /* distinguishes its answer from those of older jobs */
    uint64_t deadline_ms; /* CLOCK_MONOTONIC; one that has passed is not begun any more */
    uint8_t measurement[32];
    uint8_t report_data[64];
};

/* None is called at the same time as another, and none after release. */
struct assay_quoter_config {
    void *context;
    size_t quote_len_max;
    /* Makes one quote; may block. Returns: ASSAY_OK and quote[*len] | why not */
    enum assay_status (*make_quote)(void *context, const struct assay_quoter_job *job,
                                    uint8_t *quote, size_t capacity, size_t *len);
    /* Before the first quote for an image that was loaded; may block. NULL: nothing to do.
     * Failures are retried by make_quote. */
    void (*load)(void *context, const uint8_t measurement[static 32]);
    /* The context is not used any more: after close, in its thread or in the quoter's when that
     * one came back late. NULL: nothing to do. */
    void (*release)(void *context);
};

/* Starts the thread; all signals are blocked in it. On failure release is not called.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_IO (no thread, no descriptor) */
ASSAY_CHECKED enum assay_status assay_quoter_open(const struct assay_quoter_config *config,
                                                  struct assay_quoter **out);
/* An image was loaded: config.load is called before the next quote begins. A quote that waits is
 * dropped, for it was the last image's. */
void assay_quoter_load(struct assay_quoter *quoter, const uint8_t measurement[static 32]);
/* Submits a job; it replaces a job that still waits. assay_quoter_take returns the result. */
void assay_quoter_submit(struct assay_quoter *quoter, const struct assay_quoter_job *job);
/* Returns: the descriptor that is readable when there may be an answer. */
int assay_quoter_fd(const struct assay_quoter *quoter);
/*
 * assay_quoter_take - the answer to one job, if it is there; any other is dropped.
 * Out:     *status of make_quote, ASSAY_E_TIMEOUT for one that was not begun; quote[*len],
 *          *len 0 unless ASSAY_OK
 * Returns: true once for each job that was not replaced
 */
bool assay_quoter_take(struct assay_quoter *quoter, uint64_t id, enum assay_status *status,
                       uint8_t *quote, size_t capacity, size_t *len);
/*
 * assay_quoter_close - no further call begins; wait for the running one, with a time limit.
 *
 * A call that does not come back is left alone: the thread ends when it does, and releases the
 * context then. Until then the data of the callbacks must remain valid.
 * In:      a pointer to NULL is fine (true)
 * Returns: true when the thread has ended and the context was released
 */
bool assay_quoter_close(struct assay_quoter **quoter, uint32_t wait_ms);

#endif
