/*
 * net/services/identity/signing_work.c - processor time that frames of other holders take.
 *
 * Each time is in a bucket that drains: one of all other holders and one of each of them. While all
 * together take less than half of the time, nothing is refused; beyond that, what would be more
 * than the part of its sender of that half (docs/identity.md 4.17).
 */
#include "base/system_clock.h"
#include "net/services/identity/signing_host_internal.h"

#include <time.h>

enum {
    DRAIN_US = 500,  /* in a millisecond, of all holders */
    ALL_US = 100000, /* taken at once, by all */
    EACH_US = 25000, /* by one */
    US_OF_A_S = 1000000,
};

static void drain(struct work_bucket *b, uint64_t now_ms, uint64_t per_ms)
{
    const uint64_t passed = now_ms > b->at_ms ? now_ms - b->at_ms : 0;
    b->used_us = passed < b->used_us / per_ms + 1 ? b->used_us - passed * per_ms : 0;
    b->at_ms = now_ms;
}

/* Of all, whatever CA number a frame is about. */
static struct work_bucket *bucket_of_all(struct assay_keyholder_signing *h)
{
    return h->main != NULL ? &h->main->work_of_all : &h->work_of_all;
}

static struct work_bucket *bucket_of(struct assay_keyholder_signing *h,
                                     const uint8_t from[static 32])
{
    uint32_t place = 0; /* holders of another generation share the last one */
    while (place < h->group.holders && !assay_bytes_equal(h->group.holder[place].node_id, from, 32))
        place++;
    return &h->work[place];
}

bool signing_may_work(struct assay_keyholder_signing *h, const uint8_t from[static 32],
                      uint64_t expected_us, uint64_t now_ms)
{
    struct work_bucket *const all = bucket_of_all(h), *const own = bucket_of(h, from);
    drain(all, now_ms, DRAIN_US);
    drain(own, now_ms, DRAIN_US / h->group.holders);
    return all->used_us < ALL_US || own->used_us + expected_us < EACH_US;
}

void signing_note_work(struct assay_keyholder_signing *h, const uint8_t from[static 32],
                       uint64_t took_us)
{
    bucket_of_all(h)->used_us += took_us;
    bucket_of(h, from)->used_us += took_us;
}

uint64_t signing_cpu_us(const struct assay_keyholder_signing *h)
{
    if (h->config.cpu_us != NULL) return h->config.cpu_us(h->config.context);
    const struct timespec now = assay_system_clock_read(CLOCK_THREAD_CPUTIME_ID);
    return (uint64_t)now.tv_sec * US_OF_A_S + (uint64_t)now.tv_nsec / 1000;
}
