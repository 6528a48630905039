/*
 * apps/sim/plot.h - one figure of a report: lines over an axis, as SVG text.
 *
 * The same data give the same bytes. Everything is drawn by the text itself: no script, no font and
 * no file of somebody else's is needed to see it. Colours are classes c0 .. c7, which the page
 * defines for light and dark (Okabe and Ito's palette, which the colour-blind can tell apart).
 */
#ifndef ASSAY_APPS_SIM_PLOT_H
#define ASSAY_APPS_SIM_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
    ASSAY_SIM_PLOT_SERIES_MAX = 16,
    ASSAY_SIM_PLOT_MARKS_MAX = 12,
    ASSAY_SIM_PLOT_POINTS_MAX = 600, /* more are drawn as the range of their neighbours */
    ASSAY_SIM_PLOT_COLOURS = 8,
};

/* Arrays are borrowed and have `count` elements; x does not fall. A y that is not finite is a gap.
 */
struct assay_sim_series {
    const char *name;
    unsigned colour;
    size_t count;
    const double *x, *y;
    const double *low, *high; /* a band around y; NULL: none */
    bool dashed;              /* theory, not measured */
    bool points;              /* marks at the points, no line */
};

/* A horizontal line with a word at its right end. */
struct assay_sim_mark {
    double y;
    const char *label;
};

struct assay_sim_plot {
    const char *id;    /* of the element: letters, digits, "-" */
    const char *title; /* texts are escaped here */
    const char *about; /* one sentence: what is drawn, with the unit */
    const char *x_label, *y_label;
    bool y_from_zero; /* the axis begins at 0 */
    bool has_y_max;   /* and ends here, whatever the data */
    double y_max;
    bool whole; /* ticks at whole numbers alone */
    size_t series_count;
    struct assay_sim_series series[ASSAY_SIM_PLOT_SERIES_MAX];
    size_t mark_count;
    struct assay_sim_mark marks[ASSAY_SIM_PLOT_MARKS_MAX];
};

/* A <figure> with the drawing, its legend and, folded, its numbers. Returns: nothing; the caller
 * asks ferror. */
void assay_sim_plot_write(const struct assay_sim_plot *plot, FILE *out);

/* Text for HTML: & < > " ' escaped, control characters left out. Returns: nothing. */
void assay_sim_html_text(const char *text, FILE *out);
/* A number for people: 12, 0.25, 1.5 k, 3 M. Returns: nothing. */
void assay_sim_number_text(double value, FILE *out);

#endif
