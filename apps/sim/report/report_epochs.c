/*
 * apps/sim/report/report_epochs.c - columns of the epochs of one run or of several.
 *
 * Of more epochs than PIECES_MAX each piece aggregates several: its middle is the mean of theirs,
 * its bounds their lowest and highest, so that no peak is lost.
 */
#include "apps/sim/report/report.h"
#include "apps/sim/report/report_columns.h"
#include "apps/sim/report/report_values.h"

#include <math.h>

enum { PIECES_MAX = 400 };

struct column {
    const char *name;
    assay_sim_value *value;
};

static const struct column of_cohorts[] = {
    { "score_mean_bp", assay_sim_value_score_mean },
    { "score_min_bp", assay_sim_value_score_min },
    { "score_max_bp", assay_sim_value_score_max },
    { "integrity_mean_bp", assay_sim_value_integrity },
    { "availability_mean_bp", assay_sim_value_availability },
    { "weight_share_bp", assay_sim_value_weight },
    { "full", assay_sim_value_full },
    { "warning", assay_sim_value_warning },
    { "restricted", assay_sim_value_restricted },
    { "suspended", assay_sim_value_suspended },
};
static const struct column of_network[] = {
    { "false_suspensions", assay_sim_value_false_suspensions },
    { "messages", assay_sim_value_messages },
    { "bytes", assay_sim_value_bytes },
    { "verifications", assay_sim_value_verifications },
    { "views_nullified", assay_sim_value_nullified },
    { "blocks", assay_sim_value_blocks },
    { "proofs", assay_sim_value_proofs },
    { "crashes", assay_sim_value_crashes },
    { "certificates_held", assay_sim_value_certificates },
    { "largest_operator_bp", assay_sim_value_largest_operator },
    { "largest_vendor_bp", assay_sim_value_largest_vendor },
};

struct drawing {
    struct assay_sim_columns columns;
    size_t step, pieces; /* epochs of a piece, and number of pieces */
    unsigned scale;
};

static void append_rounded(struct assay_json *list, double value, unsigned scale)
{
    if (isfinite(value)) assay_json_append_uint(list, (uint64_t)llround(value * scale));
    else assay_json_append_null(list);
}

/* The mean, lowest and highest of one piece; NAN where no epoch of it has a value. */
static struct assay_sim_spread piece_of(const struct drawing *d, const struct assay_sim_band *band,
                                        size_t piece)
{
    struct assay_sim_spread s = { .middle = 0, .low = (double)NAN, .high = (double)NAN };
    size_t count = 0;
    const size_t from = piece * d->step;
    for (size_t i = from; i < from + d->step && i < d->columns.rows; i++) {
        if (!isfinite(band->middle[i])) continue;
        s.middle += band->middle[i];
        s.low = fmin(s.low, band->low != NULL ? band->low[i] : band->middle[i]);
        s.high = fmax(s.high, band->high != NULL ? band->high[i] : band->middle[i]);
        count++;
    }
    s.middle = count > 0 ? s.middle / (double)count : (double)NAN;
    return s;
}

static struct assay_json *column_of(struct drawing *d, const struct column *column, uint32_t cohort)
{
    struct assay_json *const entry = assay_json_object(), *const middle = assay_json_array();
    const struct assay_sim_band band = sim_columns_add(&d->columns, column->value, cohort);
    const bool bounds = band.low != NULL || d->step > 1;
    struct assay_json *const low = bounds ? assay_json_array() : NULL, *const high =
                                                                           bounds
                                                                               ? assay_json_array()
                                                                               : NULL;
    for (size_t i = 0; i < d->pieces; i++) {
        const struct assay_sim_spread s = piece_of(d, &band, i);
        append_rounded(middle, s.middle, d->scale);
        if (bounds) append_rounded(low, s.low, d->scale);
        if (bounds) append_rounded(high, s.high, d->scale);
    }
    assay_json_set(entry, "middle", middle);
    if (bounds) assay_json_set(entry, "low", low);
    if (bounds) assay_json_set(entry, "high", high);
    sim_columns_reset(&d->columns);
    return entry;
}

static void put_columns(struct drawing *d, const struct column *columns, size_t count,
                        uint32_t cohort, struct assay_json *to)
{
    for (size_t i = 0; i < count; i++)
        assay_json_set(to, columns[i].name, column_of(d, &columns[i], cohort));
}

/* Percentage of runs in which the epoch was held: of a piece the maximum. */
static struct assay_json *held_of(struct drawing *d)
{
    struct assay_json *const list = assay_json_array();
    const double *const held = sim_columns_mean(&d->columns, assay_sim_value_held, 0);
    for (size_t i = 0; i < d->pieces; i++) {
        double most = 0;
        for (size_t k = i * d->step; k < (i + 1) * d->step && k < d->columns.rows; k++)
            most = fmax(most, held[k]);
        append_rounded(list, most, 100);
    }
    sim_columns_reset(&d->columns);
    return list;
}

static struct assay_json *epochs_of(struct drawing *d)
{
    const struct assay_sim_columns *const c = &d->columns;
    const struct assay_sim_result *const first = &c->runs[0];
    struct assay_json *const epochs = assay_json_object(), *const cohorts = assay_json_array();
    assay_json_set_uint(epochs, "first", c->first_epoch);
    assay_json_set_uint(epochs, "last", c->first_epoch + c->rows - 1);
    assay_json_set_uint(epochs, "step", d->step);
    assay_json_set_uint(epochs, "scale", d->scale);
    assay_json_set(epochs, "held", held_of(d));
    for (uint32_t k = 0; k < first->scenario->cohort_count; k++) {
        struct assay_json *const cohort = assay_json_object();
        /* Skips a cohort without members. */
        if (first->outcome->cohort_members[k] > 0)
            put_columns(d, of_cohorts, sizeof of_cohorts / sizeof of_cohorts[0], k, cohort);
        assay_json_append(cohorts, cohort);
    }
    assay_json_set(epochs, "cohorts", cohorts);
    put_columns(d, of_network, sizeof of_network / sizeof of_network[0], 0, epochs);
    return epochs;
}

struct assay_json *sim_report_epochs(const struct assay_sim_result *runs, size_t run_count,
                                     unsigned scale, bool *failed)
{
    struct drawing d;
    struct assay_json *epochs = NULL;
    *failed = sim_columns_init(&d.columns, runs, run_count) != ASSAY_OK;
    d.step = (d.columns.rows + PIECES_MAX - 1) / PIECES_MAX;
    d.pieces = d.step > 0 ? (d.columns.rows + d.step - 1) / d.step : 0;
    d.scale = run_count > 1 || d.step > 1 ? scale : 1;
    if (!*failed && d.columns.rows > 0) epochs = epochs_of(&d);
    sim_columns_free(&d.columns);
    return epochs;
}
