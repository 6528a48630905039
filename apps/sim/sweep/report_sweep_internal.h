/*
 * apps/sim/sweep/report_sweep_internal.h - internal interface of the report page of a sweep.
 */
#ifndef ASSAY_APPS_SIM_SWEEP_REPORT_SWEEP_INTERNAL_H
#define ASSAY_APPS_SIM_SWEEP_REPORT_SWEEP_INTERNAL_H

#include "apps/sim/sweep/report_sweep_table.h"

enum {
    ASSAY_SIM_SWEEP_LAW_STEPS = 16, /* of a curve, between adjacent values of the axis */
    ASSAY_SIM_SWEEP_SCALE = 100,    /* of every value in the document */
};

struct assay_sim_sweep_page {
    const struct assay_sim_merged *merged;
    const struct assay_sim_sweep_law *laws;
    struct assay_sim_sweep_table table;
    uint32_t line_count; /* shown ones */
    double *values;      /* [repeats] */
    double *curves;      /* [line_count * x_count * ASSAY_SIM_SWEEP_LAW_STEPS] */
};

/* A column of sweep.csv: a figure, of a cohort or of the network. */
struct assay_sim_sweep_shown {
    uint32_t column;
    char name[ASSAY_SIM_CELL_MAX];   /* of the figure, without cohort */
    char cohort[ASSAY_SIM_CELL_MAX]; /* "": of the network */
    bool known;
    enum assay_sim_figure figure;
};

/* Over all runs; NAN: it never happened. */
struct assay_sim_sweep_range {
    double low, high;
};

/* Returns: the figure of a column of sweep.csv. */
struct assay_sim_sweep_shown sim_sweep_shown_of(const struct assay_sim_sweep_page *page,
                                                uint32_t column);
/* Figure, cohort and line, as in every entry about a column. */
void sim_sweep_put_shown(struct assay_json *to, const struct assay_sim_sweep_shown *shown);
/* Returns: false: a cell is no number. */
bool sim_sweep_range_of(const struct assay_sim_sweep_page *page,
                        const struct assay_sim_sweep_shown *shown,
                        struct assay_sim_sweep_range *range);
/* report_sweep_plot.c: a figure by the axis, with the closed forms. Returns: an object, which the
 * caller puts or frees; NULL: a cell is no number. */
struct assay_json *sim_sweep_plot(const struct assay_sim_sweep_page *page,
                                  const struct assay_sim_sweep_shown *shown);

#endif
