/*
 * apps/sim/sweep/report_sweep_table.h - a merged sweep as lines over an axis.
 */
#ifndef ASSAY_APPS_SIM_SWEEP_REPORT_SWEEP_TABLE_H
#define ASSAY_APPS_SIM_SWEEP_REPORT_SWEEP_TABLE_H

#include "apps/sim/sweep/report_sweep.h"

#define ASSAY_SIM_SWEEP_NO_POINT UINT32_MAX

enum { ASSAY_SIM_SWEEP_LINE_NAME_MAX = ASSAY_SWEEP_AXES_MAX * (2 * ASSAY_SIM_NAME_MAX + 4) };

struct assay_sim_sweep_table {
    const struct assay_sim_merged *merged;
    uint32_t point_count;
    /* The values of the plotted axis, rising when all are numbers. */
    uint32_t x_count;
    char (*x_names)[ASSAY_SIM_NAME_MAX + 1]; /* [x_count] */
    bool numeric;
    double *x; /* [x_count]: the numbers, or 0, 1, 2 ... */
    /* The values of all other axes together. */
    uint32_t line_count;
    char (*line_names)[ASSAY_SIM_SWEEP_LINE_NAME_MAX]; /* [line_count] */
    uint32_t *point_at; /* [line_count * x_count], or ASSAY_SIM_SWEEP_NO_POINT */
};

/* Returns: ASSAY_OK | ASSAY_E_MEMORY; freed with sim_sweep_table_free either way. */
ASSAY_CHECKED enum assay_status sim_sweep_table_init(struct assay_sim_sweep_table *table,
                                                     const struct assay_sim_merged *merged);
void sim_sweep_table_free(struct assay_sim_sweep_table *table);
/* Returns: the point of a line at an x. */
uint32_t sim_sweep_point(const struct assay_sim_sweep_table *table, uint32_t line, uint32_t x);
/* The name of a column of sweep.csv. */
void sim_sweep_column(const struct assay_sim_merged *merged, uint32_t column,
                      char name[static ASSAY_SIM_CELL_MAX]);
/* Returns: the first column of a figure; columns before it are of the sweep. */
uint32_t sim_sweep_first_figure(const struct assay_sim_merged *merged);
/* Returns: the column of a name, from the first figure on; the number of columns when there is
 * none. */
uint32_t sim_sweep_find(const struct assay_sim_merged *merged, const char *name);

#endif
