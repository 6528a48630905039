/*
 * sim/checkers/watch_caps.c - whether the four cuts can meet both caps: docs/protocol.md 6.3,
 * repeated in real numbers from the scenario's families, for P9. The guard (6.3.1) may omit cuts
 * only where they cannot.
 *
 * Cuts of one family use up the half that may be cut at all, so two caps that can each be met may
 * not be met together.
 */
#include "sim/checkers/watch_internal.h"

#include "base/assert.h"

#include <math.h>
#include <stdlib.h>

enum { HALVINGS = 64, CUTS = 4 };

/* Limits closer to each other than rounding may have another order in integers. */
static const double NEAR = 8;

static void sum_groups(const struct assay_watch_family *f, uint32_t nodes, const double *weights,
                       double *sums)
{
    for (uint32_t g = 0; g < f->count; g++)
        sums[g] = 0;
    for (uint32_t slot = 0; slot < nodes; slot++)
        sums[f->group_of[slot]] += weights[slot];
}

static double sum_cut(const double *sums, uint32_t count, double limit)
{
    double total = 0;
    for (uint32_t g = 0; g < count; g++)
        total += sums[g] < limit ? sums[g] : limit;
    return total;
}

/* The largest limit that meets the cap. */
static double find_cap_limit(const struct assay_watch_family *f, const double *sums, double total)
{
    double good = 0, bad = total + 1;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (good + bad) / 2;
        const double most = f->num * sum_cut(sums, f->count, middle) * (1 + 1e-12);
        if (f->den * middle <= most) good = middle;
        else bad = middle;
    }
    return good;
}

/* The smallest limit that keeps half of the weight before all cuts. */
static double find_half_limit(const struct assay_watch_family *f, const double *sums, double most,
                              double before)
{
    double good = most, bad = 0;
    if (2 * sum_cut(sums, f->count, most) < before) return most;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (good + bad) / 2;
        if (2 * sum_cut(sums, f->count, middle) >= before) good = middle;
        else bad = middle;
    }
    return good;
}

struct cutting {
    uint32_t nodes;
    double *weights, *sums;
    double before;
    bool exact; /* weights are still integers, as in the product */
    bool sure;
};

static void cut_family(struct cutting *c, const struct assay_watch_family *f)
{
    double total = 0, most = 0, least = 0;
    sum_groups(f, c->nodes, c->weights, c->sums);
    for (uint32_t g = 0; g < f->count; g++) {
        total += c->sums[g];
        if (c->sums[g] > most) most = c->sums[g];
        if (c->sums[g] > 0 && (least <= 0 || c->sums[g] < least)) least = c->sums[g];
    }
    const double cap = floor(find_cap_limit(f, c->sums, total) + 1e-6);
    const double half = ceil(find_half_limit(f, c->sums, most, c->before) - 1e-6);
    const double floor_ = half > least ? half : least;
    const double limit = cap > floor_ ? cap : floor_;
    if (most <= limit) return; /* nothing to cut */
    if (!c->exact && fabs(cap - floor_) <= NEAR) c->sure = false;
    c->exact = false;
    for (uint32_t slot = 0; slot < c->nodes; slot++) {
        const double sum = c->sums[f->group_of[slot]];
        if (sum > limit) c->weights[slot] *= limit / sum;
    }
}

/* Whether a group has more than num of den of the table. */
static bool has_group_above(const struct cutting *c, const struct assay_watch_family *f, double num,
                            double den)
{
    double total = 0;
    sum_groups(f, c->nodes, c->weights, c->sums);
    for (uint32_t g = 0; g < f->count; g++)
        total += c->sums[g];
    for (uint32_t g = 0; g < f->count; g++)
        if (den * c->sums[g] > num * total * (1 + 1e-9)) return true;
    return false;
}

/* protocol.md 6.3.2: a cap leaves 1/B of each member at least, or nearly. A platform that became
 * one unit may have lost more; it counts as cut. */
static bool cuts_too_much(const struct cutting *c, const uint64_t *raw, uint32_t percent)
{
    for (uint32_t slot = 0; slot < c->nodes; slot++)
        if (percent * c->weights[slot] < 100.0 * (double)raw[slot] * (1 + 1e-6) && raw[slot] > 0)
            return true;
    return false;
}

struct assay_watch_caps assay_watch_caps(const struct assay_sim_watch *w, const uint64_t *raw,
                                         const struct assay_watch_family *operators,
                                         const struct assay_watch_family *vendors, uint32_t percent)
{
    const struct assay_watch_family *turn[CUTS] = { operators, vendors, operators, vendors };
    const struct assay_watch_family platforms = { .group_of = w->platform,
                                                  .count = w->platform_count };
    const size_t groups = (size_t)w->platform_count + w->operator_count + w->vendor_count;
    struct cutting c = { .nodes = w->nodes, .exact = true, .sure = true };
    struct assay_watch_caps met = { false, false };
    c.weights = calloc(w->nodes, sizeof *c.weights);
    c.sums = calloc(groups, sizeof *c.sums);
    ASSAY_ASSERT(c.weights != NULL && c.sums != NULL);
    for (uint32_t slot = 0; slot < w->nodes; slot++)
        c.weights[slot] = (double)raw[slot];
    sum_groups(&platforms, w->nodes, c.weights, c.sums);
    for (uint32_t slot = 0; slot < w->nodes; slot++) {
        const double sum = c.sums[w->platform[slot]];
        if (sum <= ASSAY_WEIGHT_UNIT) continue;
        c.weights[slot] *= ASSAY_WEIGHT_UNIT / sum;
        c.exact = false;
    }
    for (uint32_t slot = 0; slot < w->nodes; slot++)
        c.before += c.weights[slot];
    for (unsigned k = 0; k < CUTS; k++)
        cut_family(&c, turn[k]);
    /* No group is above a third, or near it: then the guard keeps all four cuts. */
    const bool stand = c.sure && !cuts_too_much(&c, raw, percent) &&
                       !has_group_above(&c, operators, 0.333, 1) &&
                       3 * vendors->num <= vendors->den &&
                       !has_group_above(&c, vendors, vendors->num, vendors->den);
    met.vendors = stand;
    met.operators = stand && !has_group_above(&c, operators, operators->num, operators->den);
    free(c.weights);
    free(c.sums);
    return met;
}
