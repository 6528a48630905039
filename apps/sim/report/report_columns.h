/*
 * apps/sim/report/report_columns.h - one value of every epoch, of one run or of many.
 *
 * With one run a column has the values of its rows. With many it is the median over the runs that
 * closed the epoch, and a band: the full range, or from 20 runs on without the lowest and highest 5
 * %.
 */
#ifndef ASSAY_APPS_SIM_REPORT_REPORT_COLUMNS_H
#define ASSAY_APPS_SIM_REPORT_REPORT_COLUMNS_H

#include "apps/sim/report/output.h"

enum { ASSAY_SIM_BAND_RUNS = 20 /* 5 % of fewer is less than one */ };

struct assay_sim_columns {
    const struct assay_sim_result *runs;
    size_t run_count;
    uint64_t first_epoch;
    size_t rows; /* epochs from the first of any run to the last of any */
    size_t used;
    double *memory;
    double *scratch; /* [run_count] */
};

/* A value of a row; NAN: none. */
typedef double assay_sim_value(const struct assay_sim_row *row, uint32_t cohort);

struct assay_sim_band {
    const double *middle, *low, *high; /* low and high NULL with one run */
};

/* Reserves memory for two columns with their bands. In: at least one run, of the same scenario.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY; freed by sim_columns_free either way */
ASSAY_CHECKED enum assay_status sim_columns_init(struct assay_sim_columns *columns,
                                                 const struct assay_sim_result *runs,
                                                 size_t run_count);
void sim_columns_free(struct assay_sim_columns *columns);
/* Releases all columns. */
void sim_columns_reset(struct assay_sim_columns *columns);
/* Returns: a column, borrowed until the reset. */
struct assay_sim_band sim_columns_add(struct assay_sim_columns *columns, assay_sim_value *value,
                                      uint32_t cohort);
/* Returns: the mean over the runs that have the value; 0 where none has. */
const double *sim_columns_mean(struct assay_sim_columns *columns, assay_sim_value *value,
                               uint32_t cohort);

/* Sorts values in place. Returns: the middle of them (of two: half way), and the bounds of the band
 * as above; NAN where count is 0. */
struct assay_sim_spread {
    double middle, low, high;
};
struct assay_sim_spread sim_spread_of(double *values, size_t count);

#endif
