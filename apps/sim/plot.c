/*
 * apps/sim/plot.c - axes, lines, bands and legends as SVG (apps/sim/plot.h).
 *
 * Coordinates are printed with one decimal. Long series are thinned before they are drawn: each
 * bucket keeps its mean, its lowest low and its highest high, so that no peak is lost.
 */
#include "apps/sim/plot.h"

#include "base/assert.h"

#include <math.h>
#include <stdint.h>

enum {
    WIDTH = 640,
    HEIGHT = 300,
    LEFT = 58,
    RIGHT = 84, /* words of the marks */
    TOP = 14,
    BOTTOM = 44,
    TICKS = 5,
    TABLE_ROWS_MAX = 60,
};

struct scale {
    double x_min, x_max, y_min, y_max;
};

void assay_sim_html_text(const char *text, FILE *out)
{
    for (const char *at = text; *at != '\0'; at++) {
        switch (*at) {
        case '&': (void)fputs("&amp;", out); break;
        case '<': (void)fputs("&lt;", out); break;
        case '>': (void)fputs("&gt;", out); break;
        case '"': (void)fputs("&quot;", out); break;
        case '\'': (void)fputs("&#39;", out); break;
        default: /* a character, not an enumeration */
            if ((unsigned char)*at >= 0x20 && *at != 0x7f) (void)fputc(*at, out);
        }
    }
}

void assay_sim_number_text(double value, FILE *out)
{
    const double size = fabs(value);
    if (size >= 1e6) (void)fprintf(out, "%.3g M", value / 1e6);
    else if (size >= 1e4) (void)fprintf(out, "%.4g k", value / 1e3);
    else if (fabs(value - round(value)) < 1e-9) (void)fprintf(out, "%.0f", value);
    else (void)fprintf(out, "%.3g", value);
}

/* --- scales */

static void widen(double value, double *min, double *max)
{
    if (!isfinite(value)) return;
    if (value < *min) *min = value;
    if (value > *max) *max = value;
}

static struct scale scale_of(const struct assay_sim_plot *plot)
{
    struct scale s = { INFINITY, -INFINITY, INFINITY, -INFINITY };
    for (size_t k = 0; k < plot->series_count; k++) {
        const struct assay_sim_series *series = &plot->series[k];
        for (size_t i = 0; i < series->count; i++) {
            widen(series->x[i], &s.x_min, &s.x_max);
            widen(series->y[i], &s.y_min, &s.y_max);
            if (series->low != NULL) widen(series->low[i], &s.y_min, &s.y_max);
            if (series->high != NULL) widen(series->high[i], &s.y_min, &s.y_max);
        }
    }
    for (size_t i = 0; i < plot->mark_count; i++)
        if (!plot->has_y_max) widen(plot->marks[i].y, &s.y_min, &s.y_max);
    if (!isfinite(s.x_min)) s.x_min = s.x_max = 0;
    if (!isfinite(s.y_min)) s.y_min = s.y_max = 0;
    if (plot->y_from_zero && s.y_min > 0) s.y_min = 0;
    if (plot->has_y_max) s.y_max = plot->y_max;
    if (s.x_max <= s.x_min) s.x_max = s.x_min + 1;
    if (s.y_max <= s.y_min) s.y_max = s.y_min + 1;
    return s;
}

static double place_x(const struct scale *s, double x)
{
    return LEFT + (x - s->x_min) / (s->x_max - s->x_min) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const struct scale *s, double y)
{
    return TOP + (s->y_max - y) / (s->y_max - s->y_min) * (HEIGHT - TOP - BOTTOM);
}

/* Returns: a step of 1, 2 or 5 times a power of ten that gives about TICKS ticks. */
static double step_of(double range, bool whole)
{
    const double rough = range / TICKS;
    const double power = pow(10, floor(log10(rough)));
    const double lead = rough / power;
    const double step = power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
    return whole && step < 1 ? 1 : step;
}

/* --- axes */

static void write_axes(const struct assay_sim_plot *plot, const struct scale *s, FILE *out)
{
    const double dy = step_of(s->y_max - s->y_min, plot->whole);
    for (double y = ceil(s->y_min / dy) * dy; y <= s->y_max + dy * 1e-6; y += dy) {
        const double at = place_y(s, y);
        (void)fprintf(out,
                      "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"tick end\" "
                      "x=\"%d\" y=\"%.1f\">",
                      LEFT, at, WIDTH - RIGHT, LEFT - 7, at + 4);
        assay_sim_number_text(fabs(y) < dy * 1e-6 ? 0 : y, out);
        (void)fputs("</text>\n", out);
    }
    const double dx = step_of(s->x_max - s->x_min, true);
    for (double x = ceil(s->x_min / dx) * dx; x <= s->x_max + dx * 1e-6; x += dx) {
        const double at = place_x(s, x);
        (void)fprintf(out,
                      "<path class=\"axis\" d=\"M%.1f %dv4\"/><text class=\"tick mid\" "
                      "x=\"%.1f\" y=\"%d\">",
                      at, HEIGHT - BOTTOM, at, HEIGHT - BOTTOM + 17);
        assay_sim_number_text(x, out);
        (void)fputs("</text>\n", out);
    }
    (void)fprintf(out, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP, HEIGHT - BOTTOM,
                  WIDTH - RIGHT);
    (void)fprintf(out, "<text class=\"label mid\" x=\"%d\" y=\"%d\">", (LEFT + WIDTH - RIGHT) / 2,
                  HEIGHT - 6);
    assay_sim_html_text(plot->x_label, out);
    (void)fprintf(out,
                  "</text><text class=\"label mid\" transform=\"translate(12 %d) "
                  "rotate(-90)\">",
                  (TOP + HEIGHT - BOTTOM) / 2);
    assay_sim_html_text(plot->y_label, out);
    (void)fputs("</text>\n", out);
}

/* Words of marks that would stand on each other move down a line. */
static void write_marks(const struct assay_sim_plot *plot, const struct scale *s, FILE *out)
{
    double last = -100;
    for (size_t i = 0; i < plot->mark_count; i++) {
        const double y = plot->marks[i].y;
        if (y < s->y_min || y > s->y_max) continue;
        const double at = place_y(s, y);
        const double word = at - last < 12 ? last + 12 : at;
        (void)fprintf(out,
                      "<path class=\"mark\" d=\"M%d %.1fH%d\"/><text class=\"tick\" x=\"%d\" "
                      "y=\"%.1f\">",
                      LEFT, at, WIDTH - RIGHT, WIDTH - RIGHT + 6, word + 4);
        assay_sim_html_text(plot->marks[i].label, out);
        (void)fputs("</text>\n", out);
        last = word;
    }
}

/* --- series */

struct bucket {
    double x, y, low, high;
    bool gap;
};

/* What stands for the points [from, to) of a series. */
static struct bucket bucket_of(const struct assay_sim_series *s, size_t from, size_t to)
{
    struct bucket b = { .low = INFINITY, .high = -INFINITY };
    size_t count = 0;
    for (size_t i = from; i < to; i++) {
        if (!isfinite(s->y[i])) continue;
        b.x += s->x[i];
        b.y += s->y[i];
        widen(s->low != NULL ? s->low[i] : s->y[i], &b.low, &b.high);
        widen(s->high != NULL ? s->high[i] : s->y[i], &b.low, &b.high);
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

static void write_band(const struct scale *s, const struct bucket *b, size_t count, unsigned colour,
                       FILE *out)
{
    bool open = false;
    (void)fprintf(out, "<path class=\"band c%u\" d=\"", colour % ASSAY_SIM_PLOT_COLOURS);
    for (size_t i = 0; i < count; i++) {
        if (b[i].gap) continue;
        (void)fprintf(out, "%c%.1f %.1f", open ? 'L' : 'M', place_x(s, b[i].x),
                      place_y(s, b[i].high));
        open = true;
    }
    for (size_t i = count; open && i > 0; i--) {
        if (b[i - 1].gap) continue;
        (void)fprintf(out, "L%.1f %.1f", place_x(s, b[i - 1].x), place_y(s, b[i - 1].low));
    }
    (void)fprintf(out, "%s\"/>\n", open ? "Z" : "");
}

static void write_line(const struct scale *s, const struct bucket *b, size_t count,
                       const struct assay_sim_series *series, FILE *out)
{
    bool pen = false;
    (void)fprintf(out, "<path class=\"line c%u%s\" d=\"", series->colour % ASSAY_SIM_PLOT_COLOURS,
                  series->dashed ? " theory" : "");
    for (size_t i = 0; i < count; i++) {
        if (b[i].gap) {
            pen = false;
            continue;
        }
        (void)fprintf(out, "%c%.1f %.1f", pen ? 'L' : 'M', place_x(s, b[i].x), place_y(s, b[i].y));
        if (!pen) (void)fputs("h0", out); /* a single point is a dot of the round cap */
        pen = true;
    }
    (void)fputs("\"/>\n", out);
}

static void write_points(const struct scale *s, const struct bucket *b, size_t count,
                         const struct assay_sim_series *series, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        if (b[i].gap) continue;
        if (series->low != NULL)
            (void)fprintf(out, "<path class=\"line c%u thin\" d=\"M%.1f %.1fV%.1f\"/>",
                          series->colour % ASSAY_SIM_PLOT_COLOURS, place_x(s, b[i].x),
                          place_y(s, b[i].low), place_y(s, b[i].high));
        (void)fprintf(out, "<circle class=\"dot c%u\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n",
                      series->colour % ASSAY_SIM_PLOT_COLOURS, place_x(s, b[i].x),
                      place_y(s, b[i].y));
    }
}

static void write_series(const struct assay_sim_plot *plot, const struct scale *s, FILE *out)
{
    struct bucket buckets[ASSAY_SIM_PLOT_POINTS_MAX];
    for (size_t k = 0; k < plot->series_count; k++) {
        const struct assay_sim_series *series = &plot->series[k];
        const size_t count = thin(series, buckets);
        const bool band = series->low != NULL || series->count > count;
        (void)fprintf(out, "<g class=\"series\" data-series=\"%zu\" data-points=\"", k);
        for (size_t i = 0; i < count; i++)
            if (!buckets[i].gap) (void)fprintf(out, "%.6g,%.6g ", buckets[i].x, buckets[i].y);
        (void)fputs("\">\n", out);
        if (band && !series->points) write_band(s, buckets, count, series->colour, out);
        if (series->points) write_points(s, buckets, count, series, out);
        else write_line(s, buckets, count, series, out);
        (void)fputs("</g>\n", out);
    }
}

static void write_legend(const struct assay_sim_plot *plot, FILE *out)
{
    (void)fputs("<ul class=\"legend\">", out);
    for (size_t k = 0; k < plot->series_count; k++) {
        const struct assay_sim_series *series = &plot->series[k];
        (void)fprintf(out,
                      "<li data-series=\"%zu\"><svg width=\"26\" height=\"10\" "
                      "aria-hidden=\"true\"><path class=\"line c%u%s\" d=\"M2 5H24\"/></svg>",
                      k, series->colour % ASSAY_SIM_PLOT_COLOURS, series->dashed ? " theory" : "");
        assay_sim_html_text(series->name, out);
        (void)fputs("</li>", out);
    }
    (void)fputs("</ul>\n", out);
}

/* --- the numbers behind the drawing */

static void write_cell(double value, FILE *out)
{
    (void)fputs("<td>", out);
    if (isfinite(value)) assay_sim_number_text(value, out);
    else (void)fputs("&ndash;", out);
    (void)fputs("</td>", out);
}

static void write_table(const struct assay_sim_plot *plot, FILE *out)
{
    (void)fputs("<details><summary>numbers</summary>\n", out);
    for (size_t k = 0; k < plot->series_count; k++) {
        const struct assay_sim_series *s = &plot->series[k];
        const size_t rows = s->count < TABLE_ROWS_MAX ? s->count : TABLE_ROWS_MAX;
        (void)fputs("<table><caption>", out);
        assay_sim_html_text(s->name, out);
        if (rows < s->count) (void)fprintf(out, " (%zu of %zu)", rows, s->count);
        (void)fputs("</caption><tr><th>", out);
        assay_sim_html_text(plot->x_label, out);
        (void)fputs("</th><th>", out);
        assay_sim_html_text(plot->y_label, out);
        (void)fputs(s->low != NULL ? "</th><th>low</th><th>high</th></tr>\n" : "</th></tr>\n", out);
        for (size_t i = 0; i < rows; i++) {
            const size_t at = rows < 2 ? i : i * (s->count - 1) / (rows - 1);
            (void)fputs("<tr>", out);
            write_cell(s->x[at], out);
            write_cell(s->y[at], out);
            if (s->low != NULL) write_cell(s->low[at], out);
            if (s->low != NULL) write_cell(s->high[at], out);
            (void)fputs("</tr>\n", out);
        }
        (void)fputs("</table>\n", out);
    }
    (void)fputs("</details>\n", out);
}

void assay_sim_plot_write(const struct assay_sim_plot *plot, FILE *out)
{
    ASSAY_ASSERT(plot->series_count <= ASSAY_SIM_PLOT_SERIES_MAX);
    ASSAY_ASSERT(plot->mark_count <= ASSAY_SIM_PLOT_MARKS_MAX);
    const struct scale s = scale_of(plot);
    (void)fprintf(out, "<figure id=\"%s\"><figcaption><h3>", plot->id);
    assay_sim_html_text(plot->title, out);
    (void)fputs("</h3><p>", out);
    assay_sim_html_text(plot->about, out);
    (void)fprintf(out,
                  "</p></figcaption>\n<svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\" "
                  "aria-labelledby=\"%s-t\" data-x=\"%.17g %.17g %d %d\"><title id=\"%s-t\">",
                  WIDTH, HEIGHT, plot->id, s.x_min, s.x_max, LEFT, WIDTH - RIGHT, plot->id);
    assay_sim_html_text(plot->title, out);
    (void)fputs("</title>\n", out);
    write_axes(plot, &s, out);
    write_marks(plot, &s, out);
    write_series(plot, &s, out);
    (void)fputs("</svg>\n", out);
    write_legend(plot, out);
    write_table(plot, out);
    (void)fputs("</figure>\n", out);
}
