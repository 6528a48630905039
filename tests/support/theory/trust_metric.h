/*
 * tests/support/theory/trust_metric.h - the metric of TrustGuard as Tendermint built it, to compare
 * how scores fall and rise.
 *
 * Srivatsa, Xiong, Liu, WWW 2005; Tendermint ADR 006: TV = 0.4 R + 0.6 H + c D with D = R - H, c =
 * 0 if D >= 0 and 1 otherwise; H is the mean of past values with weights 0.8^k, stored in slots
 * that are merged over time (2^m - 1 intervals in m slots). Local to one observer, in floats: no
 * part of a run may depend on it.
 */
#ifndef ASSAY_TESTS_SUPPORT_THEORY_TRUST_METRIC_H
#define ASSAY_TESTS_SUPPORT_THEORY_TRUST_METRIC_H

#include <stdint.h>

enum {
    ASSAY_TRUST_METRIC_INTERVALS = 14 * 24 * 60, /* two weeks of minutes */
    ASSAY_TRUST_METRIC_SLOTS = 15,               /* floor(log2(intervals)) + 1 */
};

struct assay_sim_trust_metric {
    uint32_t intervals;                       /* passed, at most ASSAY_TRUST_METRIC_INTERVALS */
    uint32_t slots;                           /* in use */
    double history[ASSAY_TRUST_METRIC_SLOTS]; /* newest first */
    double history_value;                     /* H of the running interval */
};

/* Nothing is known yet, which counts as perfect. */
void assay_sim_trust_metric_init(struct assay_sim_trust_metric *metric);
/* In: current: good events of all events in the running interval. Returns: TV, 0 .. 1. */
double assay_sim_trust_metric_value(const struct assay_sim_trust_metric *metric, double current);
/* The interval ends with that much good behaviour. */
void assay_sim_trust_metric_next(struct assay_sim_trust_metric *metric, double current);

#endif
