/*
 * sim/theory/laws.c - closed forms, as published.
 */
#include "sim/theory/laws.h"

#include <math.h>

static double clamp_share(double share)
{
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

double assay_sim_law_mean(double b)
{
    return clamp_share(1 - b);
}

double assay_sim_law_mean_score(double b)
{
    if (b > 1.0 / 3) return 0;
    return clamp_share((1 - 2 * b) / (1 - b));
}

double assay_sim_law_mean_score_share(double b)
{
    if (b > 1.0 / 3) return 1;
    return b / (1 - b);
}

double assay_sim_law_trimmed_collapse(void)
{
    return (8 - 2 * sqrt(3)) / 13;
}

double assay_sim_law_trimmed_score(double b)
{
    if (b <= 1.0 / 3) return 1;
    if (b > assay_sim_law_trimmed_collapse()) return 0;
    const double inside = 13 * b * b - 16 * b + 4;
    return (2 - 3 * b + sqrt(inside < 0 ? 0 : inside)) / (2 * (1 - b));
}

double assay_sim_law_interval(double b, uint32_t n)
{
    if (n < 2 || 3 * b <= 1) return 1;
    if (n == 2) return 0;
    return clamp_share((2.0 * (n - 1) - 3 * b * n) / (n - 2));
}

double assay_sim_law_evidence(double b)
{
    return b < 1 ? 1 : 0;
}

uint32_t assay_sim_law_detection_epochs(double high, double bound)
{
    if (high >= bound) return UINT32_MAX;
    double above = 1 - high;
    uint32_t epochs = 0;
    while (high + above >= bound) {
        above *= 0.75;
        epochs++;
    }
    return epochs;
}
