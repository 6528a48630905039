/*
 * apps/sim/plot.h - one figure of a report: lines, points or bars over an axis, as SVG text.
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
    ASSAY_SIM_PLOT_SERIES_MAX = 24,
    ASSAY_SIM_PLOT_MARKS_MAX = 12,
    ASSAY_SIM_PLOT_POINTS_MAX = 400, /* more are drawn as the range of their neighbours */
    ASSAY_SIM_PLOT_COLOURS = 8,
};

enum assay_sim_draw {
    ASSAY_SIM_DRAW_LINE = 0,
    ASSAY_SIM_DRAW_POINTS = 1, /* marks, no line between them */
    ASSAY_SIM_DRAW_BARS = 2,   /* over categories, side by side with the other series of bars */
};

/* Arrays are borrowed and have `count` elements; x does not fall. A y that is not finite is a gap.
 */
struct assay_sim_series {
    const char *name;
    unsigned colour;
    enum assay_sim_draw draw;
    size_t count;
    const double *x, *y;
    const double *low, *high; /* a band around y; NULL: none */
    bool dashed;              /* theory, not measured */
    bool dots;                /* a line shows where its points are */
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
    bool whole;  /* ticks of y at whole numbers alone */
    bool x_real; /* ticks of x at fractions too; epochs and counts have whole ones */
    /* Names in place of numbers: x is an index of these. NULL: x is a number. */
    const char *const *categories;
    size_t category_count;
    /* Where the ground is darker, from 0 (nowhere) to 1, at each of shade_x; NULL: nowhere. */
    const double *shade, *shade_x;
    size_t shade_count;
    const char *shade_name; /* in the legend */
    size_t series_count;
    struct assay_sim_series series[ASSAY_SIM_PLOT_SERIES_MAX];
    size_t mark_count;
    struct assay_sim_mark marks[ASSAY_SIM_PLOT_MARKS_MAX];
};

/* A <figure> with the drawing, its legend and, folded, its numbers; without a finite number it says
 * that there is nothing to draw. Returns: nothing; the caller asks ferror. */
void assay_sim_plot_write(const struct assay_sim_plot *plot, FILE *out);

/* Text for HTML: & < > " ' escaped; control characters and what is no UTF-8 are left out.
 * Returns: nothing. */
void assay_sim_html_text(const char *text, FILE *out);
/* The same, of at most `max` characters: a longer one ends in an ellipsis. Returns: nothing. */
void assay_sim_html_short(const char *text, size_t max, FILE *out);
/* Returns: how many characters those functions write, an escaped one counted once. */
size_t assay_sim_html_width(const char *text);
/* A number for people: 12, 0.25, 15 k, 3 M. Returns: nothing. */
void assay_sim_number_text(double value, FILE *out);

#endif
