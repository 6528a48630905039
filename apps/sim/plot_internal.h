/*
 * apps/sim/plot_internal.h - what the files that draw a plot share: the frame and its scales.
 */
#ifndef ASSAY_APPS_SIM_PLOT_INTERNAL_H
#define ASSAY_APPS_SIM_PLOT_INTERNAL_H

#include "apps/sim/plot.h"

enum {
    ASSAY_SIM_PLOT_WIDTH = 640,
    ASSAY_SIM_PLOT_LEFT = 58,
    ASSAY_SIM_PLOT_RIGHT = 18,        /* half of the last tick */
    ASSAY_SIM_PLOT_RIGHT_MARKED = 84, /* words of the marks */
    ASSAY_SIM_PLOT_TOP = 16,
    ASSAY_SIM_PLOT_FLOOR = 256, /* y of the axis of x */
};

struct assay_sim_scale {
    double x_min, x_max, y_min, y_max;
    int right;  /* x of the end of the axis */
    bool empty; /* there is nothing to draw */
};

/* Returns: where a value stands in the drawing. */
double assay_sim_plot_x(const struct assay_sim_scale *s, double x);
double assay_sim_plot_y(const struct assay_sim_scale *s, double y);

/* Every series, and the ground below them (plot_series.c). Returns: nothing. */
void assay_sim_plot_series(const struct assay_sim_plot *plot, const struct assay_sim_scale *s,
                           FILE *out);
void assay_sim_plot_shade(const struct assay_sim_plot *plot, const struct assay_sim_scale *s,
                          FILE *out);
/* The legend, and the numbers behind the drawing (plot_text.c). Returns: nothing. */
void assay_sim_plot_legend(const struct assay_sim_plot *plot, FILE *out);
void assay_sim_plot_numbers(const struct assay_sim_plot *plot, FILE *out);

#endif
