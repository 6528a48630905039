/*
 * net/runtime/latency.c - samples of finality latency.
 */
#include "net/runtime/latency.h"

#include "base/assert.h"

#include <stdlib.h>

void assay_latency_open(struct assay_latency *latency, uint64_t view, uint64_t height,
                        uint64_t now_us)
{
    const size_t at = latency->opened++ % ASSAY_LATENCY_OPEN;
    latency->open[at].view = view;
    latency->open[at].height = height;
    latency->open[at].since_us = now_us;
}

void assay_latency_final(struct assay_latency *latency, uint64_t view, uint64_t height,
                         uint64_t now_us)
{
    for (size_t i = 0; i < ASSAY_LATENCY_OPEN; i++) {
        if (latency->open[i].since_us == 0 || latency->open[i].view != view ||
            latency->open[i].height != height)
            continue;
        const uint64_t us = now_us - latency->open[i].since_us;
        latency->us[latency->count++ % ASSAY_LATENCY_SAMPLES] =
            us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
        latency->open[i].since_us = 0;
        return;
    }
}

static int compare_sample(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

uint32_t assay_latency_newest(const struct assay_latency *latency, uint32_t *us, uint32_t count)
{
    ASSAY_ASSERT(us != NULL || count == 0);
    uint32_t n = 0;
    while (n < count && n < latency->count && n < ASSAY_LATENCY_SAMPLES) {
        us[n] = latency->us[(latency->count - 1 - n) % ASSAY_LATENCY_SAMPLES];
        n++;
    }
    return n;
}

uint32_t assay_latency_us(const struct assay_latency *latency, uint32_t permille)
{
    uint32_t sorted[ASSAY_LATENCY_SAMPLES];
    const size_t n =
        latency->count < ASSAY_LATENCY_SAMPLES ? (size_t)latency->count : ASSAY_LATENCY_SAMPLES;
    ASSAY_ASSERT(permille <= 1000);
    if (n == 0) return 0;
    assay_bytes_copy(sorted, sizeof sorted, latency->us, n * sizeof sorted[0]);
    qsort(sorted, n, sizeof sorted[0], compare_sample);
    const size_t at = n * permille / 1000;
    return sorted[at < n ? at : n - 1];
}
