/*
 * apps/sim/report_sweep_internal.h - what the files of the page of a sweep share.
 */
#ifndef ASSAY_APPS_SIM_REPORT_SWEEP_INTERNAL_H
#define ASSAY_APPS_SIM_REPORT_SWEEP_INTERNAL_H

#include "apps/sim/report_sweep_table.h"

#include <stdio.h>

enum {
    ASSAY_SIM_SWEEP_LAW_STEPS = 16, /* of a curve, from one value of the axis to the next */
    ASSAY_SIM_SWEEP_TEXT_MAX = 512,
};

struct assay_sim_sweep_page {
    const struct assay_sim_merged *merged;
    const struct assay_sim_sweep_law *laws;
    struct assay_sim_sweep_table table;
    uint32_t line_count; /* that are drawn */
    double *values;      /* [repeats] */
    double *lines;       /* [line_count * 3 * x_count] */
    double *curves;      /* [line_count * 2 * x_count * ASSAY_SIM_SWEEP_LAW_STEPS] */
    double *x;           /* [x_count]: as drawn */
    const char **names;  /* [x_count] */
    char (*legends)[ASSAY_SIM_SWEEP_TEXT_MAX]; /* [line_count], of laws */
    FILE *out;
};

/* A column of sweep.csv: a figure, of a cohort or of the network. */
struct assay_sim_sweep_shown {
    uint32_t column;
    char name[ASSAY_SIM_CELL_MAX];
    size_t cohort_at; /* in name, behind the dot; 0: of the network */
    bool known;
    enum assay_sim_figure figure;
    bool bp; /* drawn in per cent */
};

/* Over all runs; NAN: it never happened. */
struct assay_sim_sweep_range {
    double low, high;
};

/* Returns: whether a text has this end. */
bool assay_sim_sweep_ends(const char *text, const char *end);
/* Returns: the cohort of a figure, borrowed from it; NULL: it is of the network. */
const char *assay_sim_sweep_cohort(const struct assay_sim_sweep_shown *shown);
/* Returns: what a column of sweep.csv shows. */
struct assay_sim_sweep_shown assay_sim_sweep_shown_of(const struct assay_sim_sweep_page *page,
                                                      uint32_t column);
/* Returns: false: a cell is no number. */
bool assay_sim_sweep_range_of(const struct assay_sim_sweep_page *page,
                              const struct assay_sim_sweep_shown *shown,
                              struct assay_sim_sweep_range *range);
/* report_sweep_draw.c: one plot, with the closed forms. Returns: false: a cell is no number. */
bool assay_sim_sweep_draw(const struct assay_sim_sweep_page *page,
                          const struct assay_sim_sweep_shown *shown, const char *id);

#endif
