/*
 * apps/sim/report/report_columns.c - epochs of runs as columns.
 */
#include "apps/sim/report/report_columns.h"

#include "base/assert.h"

#include <math.h>
#include <stdlib.h>

enum { COLUMNS = 2 * 3 /* a middle, low and high of each */ };

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct assay_sim_spread sim_spread_of(double *values, size_t count)
{
    if (count == 0) return (struct assay_sim_spread){ (double)NAN, (double)NAN, (double)NAN };
    qsort(values, count, sizeof *values, compare_doubles);
    const size_t outside = count >= ASSAY_SIM_BAND_RUNS ? count / 20 : 0;
    return (struct assay_sim_spread){ .middle = (values[(count - 1) / 2] + values[count / 2]) / 2,
                                      .low = values[outside],
                                      .high = values[count - 1 - outside] };
}

static double *reserve_columns(struct assay_sim_columns *c)
{
    ASSAY_ASSERT(c->used < COLUMNS);
    return c->memory + c->used++ * c->rows;
}

/* The epochs of all runs together. Returns: false: none closed. */
static bool find_epochs(struct assay_sim_columns *c)
{
    uint64_t first = UINT64_MAX, last = 0;
    for (size_t k = 0; k < c->run_count; k++) {
        const struct assay_sim_outcome *o = c->runs[k].outcome;
        if (o->row_count == 0) continue;
        if (o->rows[0].epoch < first) first = o->rows[0].epoch;
        if (o->rows[o->row_count - 1].epoch > last) last = o->rows[o->row_count - 1].epoch;
    }
    if (first > last) return false;
    c->first_epoch = first;
    c->rows = (size_t)(last - first) + 1;
    return true;
}

enum assay_status sim_columns_init(struct assay_sim_columns *columns,
                                   const struct assay_sim_result *runs, size_t run_count)
{
    ASSAY_ASSERT(run_count > 0);
    *columns = (struct assay_sim_columns){ .runs = runs, .run_count = run_count };
    if (!find_epochs(columns)) return ASSAY_OK;
    if (columns->rows > SIZE_MAX / (COLUMNS * sizeof(double))) return ASSAY_E_MEMORY;
    columns->memory = calloc(COLUMNS * columns->rows, sizeof(double));
    columns->scratch = calloc(run_count, sizeof(double));
    if (columns->memory == NULL || columns->scratch == NULL) return ASSAY_E_MEMORY;
    return ASSAY_OK;
}

void sim_columns_free(struct assay_sim_columns *columns)
{
    free(columns->memory);
    free(columns->scratch);
    *columns = (struct assay_sim_columns){ .runs = NULL };
}

void sim_columns_reset(struct assay_sim_columns *columns)
{
    columns->used = 0;
}

/* Rows of a run are in the order of their epochs. Returns: that of `epoch`; NULL: not closed. */
static const struct assay_sim_row *find_row(const struct assay_sim_outcome *o, uint64_t epoch)
{
    if (o->row_count == 0 || epoch < o->rows[0].epoch) return NULL;
    uint64_t low = 0, high = o->row_count;
    const uint64_t guess = epoch - o->rows[0].epoch; /* exact when none is missing */
    if (guess < o->row_count && o->rows[guess].epoch == epoch) return &o->rows[guess];
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (o->rows[middle].epoch < epoch) low = middle + 1;
        else high = middle;
    }
    return low < o->row_count && o->rows[low].epoch == epoch ? &o->rows[low] : NULL;
}

/* The value in one epoch of every run that has it, into the scratch. Returns: the count. */
static size_t gather_values(struct assay_sim_columns *c, assay_sim_value *value, uint32_t cohort,
                            size_t i)
{
    size_t count = 0;
    for (size_t k = 0; k < c->run_count; k++) {
        const struct assay_sim_row *row = find_row(c->runs[k].outcome, c->first_epoch + i);
        const double at = row != NULL ? value(row, cohort) : (double)NAN;
        if (isfinite(at)) c->scratch[count++] = at;
    }
    return count;
}

struct assay_sim_band sim_columns_add(struct assay_sim_columns *columns, assay_sim_value *value,
                                      uint32_t cohort)
{
    const bool many = columns->run_count > 1;
    double *const middle = reserve_columns(columns),
                  *const low = many ? reserve_columns(columns) : NULL,
                  *const high = many ? reserve_columns(columns) : NULL;
    for (size_t i = 0; i < columns->rows; i++) {
        const struct assay_sim_spread spread =
            sim_spread_of(columns->scratch, gather_values(columns, value, cohort, i));
        middle[i] = spread.middle;
        if (many) low[i] = spread.low;
        if (many) high[i] = spread.high;
    }
    return (struct assay_sim_band){ middle, low, high };
}

const double *sim_columns_mean(struct assay_sim_columns *columns, assay_sim_value *value,
                               uint32_t cohort)
{
    double *const mean = reserve_columns(columns);
    for (size_t i = 0; i < columns->rows; i++) {
        const size_t count = gather_values(columns, value, cohort, i);
        double sum = 0;
        for (size_t k = 0; k < count; k++)
            sum += columns->scratch[k];
        mean[i] = count > 0 ? sum / (double)count : 0;
    }
    return mean;
}
