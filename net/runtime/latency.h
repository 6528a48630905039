/*
 * net/runtime/latency.h - time from own proposal to finality: the newest samples, in microseconds.
 *
 * Measured where it matters, between signing a proposal and the engine's word that it is final;
 * shown by `assay status` and by the bench of finality. Tail blocks are never final themselves and
 * not counted.
 */
#ifndef ASSAY_NET_RUNTIME_LATENCY_H
#define ASSAY_NET_RUNTIME_LATENCY_H

#include "base/bytes.h"

enum { ASSAY_LATENCY_SAMPLES = 1024, ASSAY_LATENCY_OPEN = 16 };

/* All zero is an empty one. */
struct assay_latency {
    uint64_t count;                     /* samples so far */
    uint32_t us[ASSAY_LATENCY_SAMPLES]; /* a ring */
    struct {
        uint64_t view, height, since_us;
    } open[ASSAY_LATENCY_OPEN]; /* own proposals on their way, a ring */
    uint64_t opened;
};

/* Starts the measurement of an own proposal. */
void assay_latency_open(struct assay_latency *latency, uint64_t view, uint64_t height,
                        uint64_t now_us);
/* A block became final; it is measured when it was ours. */
void assay_latency_final(struct assay_latency *latency, uint64_t view, uint64_t height,
                         uint64_t now_us);
/* Copies the newest samples, newest first. Returns: how many, count at most. */
uint32_t assay_latency_newest(const struct assay_latency *latency, uint32_t *us, uint32_t count);
/* Returns: the percentile in microseconds over the ring, 0 without samples; permille <= 1000. */
uint32_t assay_latency_us(const struct assay_latency *latency, uint32_t permille);

#endif
