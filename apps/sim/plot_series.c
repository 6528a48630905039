/*
 * apps/sim/plot_series.c - lines, bands, points and bars of a plot.
 *
 * Coordinates are printed with one decimal. Long series are thinned before they are drawn: each
 * bucket keeps its mean, its lowest low and its highest high, so that no peak is lost.
 */
#include "apps/sim/plot_internal.h"

#include <math.h>

struct bucket {
    double x, y, low, high;
    bool gap;
};

static unsigned colour_of(const struct assay_sim_series *series)
{
    return series->colour % ASSAY_SIM_PLOT_COLOURS;
}

/* What stands for the points [from, to) of a series. */
static struct bucket bucket_of(const struct assay_sim_series *s, size_t from, size_t to)
{
    struct bucket b = { .low = HUGE_VAL, .high = -HUGE_VAL };
    size_t count = 0;
    for (size_t i = from; i < to; i++) {
        if (!isfinite(s->y[i])) continue;
        const double low = s->low != NULL ? s->low[i] : s->y[i];
        const double high = s->high != NULL ? s->high[i] : s->y[i];
        b.x += s->x[i];
        b.y += s->y[i];
        b.low = fmin(b.low, isfinite(low) ? low : s->y[i]);
        b.high = fmax(b.high, isfinite(high) ? high : s->y[i]);
        count++;
    }
    b.gap = count == 0;
    if (count == 0) return b;
    b.x /= (double)count;
    b.y /= (double)count;
    return b;
}

static size_t thin(const struct assay_sim_series *s, struct bucket *buckets)
{
    const size_t count =
        s->count < ASSAY_SIM_PLOT_POINTS_MAX ? s->count : ASSAY_SIM_PLOT_POINTS_MAX;
    for (size_t i = 0; i < count; i++)
        buckets[i] = bucket_of(s, i * s->count / count, (i + 1) * s->count / count);
    return count;
}

/* [from, *to): buckets without a gap. Returns: false when there are no more. */
static bool next_run(const struct bucket *b, size_t count, size_t *from, size_t *to)
{
    while (*from < count && b[*from].gap)
        (*from)++;
    for (*to = *from; *to < count && !b[*to].gap; (*to)++) {
    }
    return *from < count;
}

static void put_band(const struct assay_sim_scale *s, const struct bucket *b, size_t count,
                     unsigned colour, FILE *out)
{
    (void)fprintf(out, "<path class=\"band c%u\" d=\"", colour);
    for (size_t from = 0, to = 0; next_run(b, count, &from, &to); from = to) {
        for (size_t i = from; i < to; i++)
            (void)fprintf(out, "%c%.1f %.1f", i == from ? 'M' : 'L', assay_sim_plot_x(s, b[i].x),
                          assay_sim_plot_y(s, b[i].high));
        for (size_t i = to; i > from; i--)
            (void)fprintf(out, "L%.1f %.1f", assay_sim_plot_x(s, b[i - 1].x),
                          assay_sim_plot_y(s, b[i - 1].low));
        (void)fputc('Z', out);
    }
    (void)fputs("\"/>\n", out);
}

static void put_line(const struct assay_sim_scale *s, const struct bucket *b, size_t count,
                     const struct assay_sim_series *series, FILE *out)
{
    (void)fprintf(out, "<path class=\"line c%u%s\" d=\"", colour_of(series),
                  series->dashed ? " theory" : "");
    for (size_t from = 0, to = 0; next_run(b, count, &from, &to); from = to)
        for (size_t i = from; i < to; i++)
            (void)fprintf(out, "%c%.1f %.1f", i == from ? 'M' : 'L', assay_sim_plot_x(s, b[i].x),
                          assay_sim_plot_y(s, b[i].y));
    (void)fputs("\"/>\n", out);
}

/* The spread of a point, when it has one that can be seen. */
static void put_whisker(const struct assay_sim_scale *s, const struct bucket *b, double at,
                        unsigned colour, FILE *out)
{
    const double low = assay_sim_plot_y(s, b->low), high = assay_sim_plot_y(s, b->high);
    if (low - high < 0.1) return;
    (void)fprintf(out, "<path class=\"line c%u thin\" d=\"M%.1f %.1fV%.1f\"/>", colour, at, low,
                  high);
}

static void put_point(const struct assay_sim_scale *s, const struct bucket *b, unsigned colour,
                      FILE *out)
{
    const double at = assay_sim_plot_x(s, b->x);
    put_whisker(s, b, at, colour, out);
    (void)fprintf(out, "<circle class=\"dot c%u\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", colour, at,
                  assay_sim_plot_y(s, b->y));
}

/* A line of one point would not be seen without it. */
static void put_dots(const struct assay_sim_scale *s, const struct bucket *b, size_t count,
                     const struct assay_sim_series *series, FILE *out)
{
    for (size_t from = 0, to = 0; next_run(b, count, &from, &to); from = to)
        for (size_t i = from; i < to; i++)
            if (to - from == 1 || series->dots) put_point(s, &b[i], colour_of(series), out);
}

/* --- bars */

static size_t bars_of(const struct assay_sim_plot *plot, size_t before)
{
    size_t count = 0;
    for (size_t k = 0; k < before; k++)
        count += plot->series[k].draw == ASSAY_SIM_DRAW_BARS;
    return count;
}

/* Each with its number on top; a bar that is not there is a stroke where it would stand. */
static void put_bars(const struct assay_sim_plot *plot, const struct assay_sim_scale *s, size_t k,
                     FILE *out)
{
    const struct assay_sim_series *series = &plot->series[k];
    const size_t bars = bars_of(plot, plot->series_count), place = bars_of(plot, k);
    const double slot = assay_sim_plot_x(s, 1) - assay_sim_plot_x(s, 0);
    const double width = fmin(0.8 * slot / (double)bars, 46);
    for (size_t i = 0; i < series->count; i++) {
        const double left = assay_sim_plot_x(s, series->x[i]) - width * (double)bars / 2 +
                            width * (double)place + width * 0.06;
        const double middle = left + width * 0.44;
        const bool there = isfinite(series->y[i]);
        const double top = there ? assay_sim_plot_y(s, series->y[i]) : (double)ASSAY_SIM_PLOT_FLOOR;
        if (there)
            (void)fprintf(out, "<path class=\"bar c%u\" d=\"M%.1f %dV%.1fh%.1fV%dZ\"/>",
                          colour_of(series), left, ASSAY_SIM_PLOT_FLOOR, top, width * 0.88,
                          ASSAY_SIM_PLOT_FLOOR);
        if (there && series->low != NULL) {
            const struct bucket b = bucket_of(series, i, i + 1);
            put_whisker(s, &b, middle, colour_of(series), out);
        }
        if (width < 18) continue; /* the numbers would stand on each other */
        (void)fprintf(out, "<text class=\"tick mid\" x=\"%.1f\" y=\"%.1f\">", middle, top - 4);
        if (there) assay_sim_number_text(series->y[i], out);
        else (void)fputs("&ndash;", out);
        (void)fputs("</text>\n", out);
    }
}

/* --- all of them */

static void put_data(const struct bucket *buckets, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++)
        if (!buckets[i].gap) (void)fprintf(out, "%.6g,%.6g ", buckets[i].x, buckets[i].y);
}

void assay_sim_plot_series(const struct assay_sim_plot *plot, const struct assay_sim_scale *s,
                           FILE *out)
{
    struct bucket buckets[ASSAY_SIM_PLOT_POINTS_MAX];
    for (size_t k = 0; k < plot->series_count; k++) {
        const struct assay_sim_series *series = &plot->series[k];
        const size_t count = thin(series, buckets);
        const bool band = series->low != NULL || series->count > count;
        (void)fprintf(out, "<g class=\"series\" data-series=\"%zu\" data-points=\"", k);
        put_data(buckets, count, out);
        (void)fputs("\">\n", out);
        switch (series->draw) {
        case ASSAY_SIM_DRAW_LINE:
            if (band) put_band(s, buckets, count, colour_of(series), out);
            put_line(s, buckets, count, series, out);
            put_dots(s, buckets, count, series, out);
            break;
        case ASSAY_SIM_DRAW_POINTS:
            for (size_t i = 0; i < count; i++)
                if (!buckets[i].gap) put_point(s, &buckets[i], colour_of(series), out);
            break;
        case ASSAY_SIM_DRAW_BARS: put_bars(plot, s, k, out); break;
        }
        (void)fputs("</g>\n", out);
    }
}

/* Neighbours that are alike are one piece of ground; each x owns half of the way to the next. */
void assay_sim_plot_shade(const struct assay_sim_plot *plot, const struct assay_sim_scale *s,
                          FILE *out)
{
    const size_t count = plot->shade == NULL ? 0 : plot->shade_count;
    const size_t step = 1 + count / ASSAY_SIM_PLOT_POINTS_MAX;
    for (size_t from = 0, to = 0; from < count; from = to) {
        double most = 0;
        for (to = from; to < count && to < from + step; to++)
            most = fmax(most, plot->shade[to]);
        for (; to < count && fabs(plot->shade[to] - most) < 1e-9; to++) {
        }
        if (most <= 0) continue;
        const double left =
            from == 0 ? s->x_min : (plot->shade_x[from - 1] + plot->shade_x[from]) / 2;
        const double right =
            to == count ? s->x_max : (plot->shade_x[to - 1] + plot->shade_x[to]) / 2;
        (void)fprintf(out,
                      "<path class=\"shade\" opacity=\"%.2f\" d=\"M%.1f %dH%.1fV%dH%.1fZ\"/>\n",
                      0.3 * most, assay_sim_plot_x(s, left), ASSAY_SIM_PLOT_TOP,
                      assay_sim_plot_x(s, right), ASSAY_SIM_PLOT_FLOOR, assay_sim_plot_x(s, left));
    }
}
