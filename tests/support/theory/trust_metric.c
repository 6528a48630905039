/*
 * tests/support/theory/trust_metric.c - proportional, integral and (falling only) derivative.
 */
#include "tests/support/theory/trust_metric.h"

#include <math.h>

static const double PROPORTIONAL = 0.4;
static const double INTEGRAL = 0.6;
static const double OPTIMISM = 0.8; /* weight of an interval over that of the one after it */

void assay_sim_trust_metric_init(struct assay_sim_trust_metric *metric)
{
    *metric = (struct assay_sim_trust_metric){ .history_value = 1 };
}

double assay_sim_trust_metric_value(const struct assay_sim_trust_metric *metric, double current)
{
    const double change = current - metric->history_value;
    const double value =
        PROPORTIONAL * current + INTEGRAL * metric->history_value + (change < 0 ? change : 0);
    return value < 0 ? 0 : value;
}

/* Interval i ago lies in slot floor(log2(i)); the first two share slot 0. */
static uint32_t slot_of(uint32_t interval)
{
    uint32_t slot = 0;
    while (interval >> (slot + 1) > 0)
        slot++;
    return slot;
}

void assay_sim_trust_metric_next(struct assay_sim_trust_metric *metric, double current)
{
    const double value = assay_sim_trust_metric_value(metric, current);
    if (metric->slots < ASSAY_TRUST_METRIC_SLOTS) metric->slots++;
    for (uint32_t slot = metric->slots - 1; slot > 0; slot--)
        metric->history[slot] = metric->history[slot - 1];
    metric->history[0] = value;
    /* Each slot takes a little of the next newer one: the older, the less. */
    for (uint32_t slot = 1; slot < metric->slots; slot++) {
        const double share = ldexp(1, -(int)slot);
        metric->history[slot] =
            metric->history[slot] * (1 - share) + metric->history[slot - 1] * share;
    }
    if (metric->intervals < ASSAY_TRUST_METRIC_INTERVALS) metric->intervals++;
    double sum = 0;
    double weights = 0;
    double weight = 1;
    for (uint32_t interval = 0; interval < metric->intervals; interval++) {
        weight *= OPTIMISM;
        sum += weight * metric->history[slot_of(interval)];
        weights += weight;
    }
    metric->history_value = sum / weights;
}
