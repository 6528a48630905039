/*
 * apps/sim/plot.c - the frame of a plot: scales, axes, marks (apps/sim/plot.h).
 */
#include "apps/sim/plot_internal.h"

#include "base/assert.h"

#include <math.h>

enum {
    WIDTH = ASSAY_SIM_PLOT_WIDTH,
    LEFT = ASSAY_SIM_PLOT_LEFT,
    TOP = ASSAY_SIM_PLOT_TOP,
    FLOOR = ASSAY_SIM_PLOT_FLOOR,
    TICKS = 5,
    TICK_LINE = 13,       /* from one line of small text to the next */
    CHARACTER = 65,       /* width of one, in tenths of a unit */
    MARK_CHARACTERS = 14, /* what fits beside the frame */
    SLANT_CHARACTERS = 18,
};

/* How names below the axis stand: all of one line, or slanted, every step-th of them. */
struct names {
    bool slanted;
    size_t step;
    int height;
};

/* --- scales */

static void widen(double value, double *min, double *max)
{
    if (!isfinite(value)) return;
    if (value < *min) *min = value;
    if (value > *max) *max = value;
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

static void widen_series(const struct assay_sim_series *series, struct assay_sim_scale *s)
{
    for (size_t i = 0; i < series->count; i++) {
        widen(series->x[i], &s->x_min, &s->x_max);
        widen(series->y[i], &s->y_min, &s->y_max);
        if (!isfinite(series->y[i])) continue;
        if (series->low != NULL) widen(series->low[i], &s->y_min, &s->y_max);
        if (series->high != NULL) widen(series->high[i], &s->y_min, &s->y_max);
    }
}

/* The end of the axis is a tick, so that nothing is drawn above the last line. */
static void round_y(const struct assay_sim_plot *plot, struct assay_sim_scale *s)
{
    if (plot->y_from_zero && s->y_min > 0) s->y_min = 0;
    if (plot->has_y_max) s->y_max = plot->y_max;
    if (s->y_max <= s->y_min) s->y_max = s->y_min + 1;
    const double step = step_of(s->y_max - s->y_min, plot->whole);
    if (!plot->has_y_max) s->y_max = ceil(s->y_max / step - 1e-9) * step;
    if (!plot->y_from_zero) s->y_min = floor(s->y_min / step + 1e-9) * step;
}

static struct assay_sim_scale scale_of(const struct assay_sim_plot *plot)
{
    struct assay_sim_scale s = {
        .x_min = HUGE_VAL, .x_max = -HUGE_VAL, .y_min = HUGE_VAL, .y_max = -HUGE_VAL
    };
    for (size_t k = 0; k < plot->series_count; k++)
        widen_series(&plot->series[k], &s);
    s.right = WIDTH - (plot->mark_count > 0 ? ASSAY_SIM_PLOT_RIGHT_MARKED : ASSAY_SIM_PLOT_RIGHT);
    s.empty = !isfinite(s.x_min) || !isfinite(s.y_min);
    for (size_t i = 0; i < plot->mark_count; i++)
        widen(plot->marks[i].y, &s.y_min, &s.y_max);
    if (!isfinite(s.x_min)) s.x_min = s.x_max = 0;
    if (!isfinite(s.y_min)) s.y_min = s.y_max = 0;
    round_y(plot, &s);
    if (plot->categories != NULL) {
        s.x_min = -0.5;
        s.x_max = (double)plot->category_count - 0.5;
    }
    if (s.x_max <= s.x_min) { /* one epoch stands in the middle */
        s.x_min -= 0.5;
        s.x_max += 0.5;
    }
    return s;
}

double assay_sim_plot_x(const struct assay_sim_scale *s, double x)
{
    return LEFT + (x - s->x_min) / (s->x_max - s->x_min) * (s->right - LEFT);
}

double assay_sim_plot_y(const struct assay_sim_scale *s, double y)
{
    return TOP + (s->y_max - y) / (s->y_max - s->y_min) * (FLOOR - TOP);
}

/* --- axes */

static void put_y_ticks(const struct assay_sim_plot *plot, const struct assay_sim_scale *s,
                        FILE *out)
{
    const double step = step_of(s->y_max - s->y_min, plot->whole);
    const double first = ceil(s->y_min / step - 1e-9);
    for (int i = 0; (first + i) * step <= s->y_max + step * 1e-6; i++) {
        const double at = assay_sim_plot_y(s, (first + i) * step);
        (void)fprintf(out,
                      "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"tick end\" "
                      "x=\"%d\" y=\"%.1f\">",
                      LEFT, at, s->right, LEFT - 7, at + 4);
        assay_sim_number_text((first + i) * step, out);
        (void)fputs("</text>\n", out);
    }
}

static void put_x_ticks(const struct assay_sim_plot *plot, const struct assay_sim_scale *s,
                        FILE *out)
{
    const double step = step_of(s->x_max - s->x_min, !plot->x_real);
    const double first = ceil(s->x_min / step - 1e-9);
    for (int i = 0; (first + i) * step <= s->x_max + step * 1e-6; i++) {
        const double at = assay_sim_plot_x(s, (first + i) * step);
        (void)fprintf(out,
                      "<path class=\"axis\" d=\"M%.1f %dv4\"/><text class=\"tick mid\" "
                      "x=\"%.1f\" y=\"%d\">",
                      at, FLOOR, at, FLOOR + 17);
        assay_sim_number_text((first + i) * step, out);
        (void)fputs("</text>\n", out);
    }
}

/* Names stand upright while the longest fits its slot; else they are slanted and cut, and where
 * even those would touch, some are left out (the table has all). */
static struct names names_of(const struct assay_sim_plot *plot, int axis_len)
{
    const size_t slot = (size_t)axis_len * 10 / plot->category_count;
    size_t longest = 0;
    for (size_t i = 0; i < plot->category_count; i++) {
        const size_t width = assay_sim_html_width(plot->categories[i]);
        if (width > longest) longest = width;
    }
    if ((longest + 1) * CHARACTER <= slot) return (struct names){ false, 1, TICK_LINE };
    if (longest > SLANT_CHARACTERS) longest = SLANT_CHARACTERS;
    const size_t line =
        (size_t)TICK_LINE * 15; /* slanted by 40 degrees they need half as much more */
    return (struct names){ true, slot >= line ? 1 : (line + slot - 1) / slot,
                           TICK_LINE + (int)(longest * CHARACTER * 65 / 1000) };
}

static void put_names(const struct assay_sim_plot *plot, const struct assay_sim_scale *s,
                      const struct names *names, FILE *out)
{
    for (size_t i = 0; i < plot->category_count; i += names->step) {
        const double at = assay_sim_plot_x(s, (double)i);
        (void)fprintf(out, "<path class=\"axis\" d=\"M%.1f %dv4\"/>", at, FLOOR);
        if (names->slanted)
            (void)fprintf(out,
                          "<text class=\"tick end\" transform=\"translate(%.1f %d) "
                          "rotate(-40)\">",
                          at + 4, FLOOR + 14);
        else (void)fprintf(out, "<text class=\"tick mid\" x=\"%.1f\" y=\"%d\">", at, FLOOR + 17);
        (void)fputs("<title>", out);
        assay_sim_html_text(plot->categories[i], out);
        (void)fputs("</title>", out);
        assay_sim_html_short(plot->categories[i], names->slanted ? SLANT_CHARACTERS : 200, out);
        (void)fputs("</text>\n", out);
    }
}

static void put_labels(const struct assay_sim_plot *plot, const struct assay_sim_scale *s,
                       int bottom, FILE *out)
{
    (void)fprintf(out, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP, FLOOR, s->right);
    (void)fprintf(out, "<text class=\"label mid\" x=\"%d\" y=\"%d\">", (LEFT + s->right) / 2,
                  bottom);
    assay_sim_html_text(plot->x_label, out);
    (void)fprintf(out,
                  "</text><text class=\"label mid\" transform=\"translate(12 %d) "
                  "rotate(-90)\">",
                  (TOP + FLOOR) / 2);
    assay_sim_html_text(plot->y_label, out);
    (void)fputs("</text>\n", out);
}

/* --- marks */

/* The highest first. */
static size_t sort_marks(const struct assay_sim_plot *plot, const struct assay_sim_scale *s,
                         const struct assay_sim_mark *sorted[])
{
    size_t count = 0;
    for (size_t i = 0; i < plot->mark_count; i++) {
        const struct assay_sim_mark *mark = &plot->marks[i];
        if (mark->y < s->y_min || mark->y > s->y_max) continue;
        size_t at = count++;
        for (; at > 0 && sorted[at - 1]->y < mark->y; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = mark;
    }
    return count;
}

/* Words that would stand on each other move down a line. */
static void put_marks(const struct assay_sim_plot *plot, const struct assay_sim_scale *s, FILE *out)
{
    const struct assay_sim_mark *sorted[ASSAY_SIM_PLOT_MARKS_MAX];
    const size_t count = sort_marks(plot, s, sorted);
    double last = -100;
    for (size_t i = 0; i < count; i++) {
        const double at = assay_sim_plot_y(s, sorted[i]->y);
        last = fmax(at, last + TICK_LINE);
        (void)fprintf(out,
                      "<path class=\"mark\" d=\"M%d %.1fH%d\"/><text class=\"tick\" x=\"%d\" "
                      "y=\"%.1f\">",
                      LEFT, at, s->right, s->right + 6, last + 4);
        assay_sim_html_short(sorted[i]->label, MARK_CHARACTERS, out);
        (void)fputs("</text>\n", out);
    }
}

/* --- the figure */

static void put_drawing(const struct assay_sim_plot *plot, FILE *out)
{
    const struct assay_sim_scale s = scale_of(plot);
    const bool named = plot->categories != NULL && plot->category_count > 0;
    const struct names names =
        named ? names_of(plot, s.right - LEFT) : (struct names){ false, 1, TICK_LINE };
    const int bottom = FLOOR + names.height + 26;
    (void)fprintf(out,
                  "<div class=\"wide\"><svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\" "
                  "aria-labelledby=\"%s-t\" data-x=\"%.17g %.17g %d %d\"%s><title "
                  "id=\"%s-t\">",
                  WIDTH, bottom + 6, plot->id, s.x_min, s.x_max, LEFT, s.right,
                  named ? " data-named" : "", plot->id);
    assay_sim_html_text(plot->title, out);
    (void)fputs("</title>\n", out);
    if (!s.empty) {
        assay_sim_plot_shade(plot, &s, out);
        put_y_ticks(plot, &s, out);
        if (named) put_names(plot, &s, &names, out);
        else put_x_ticks(plot, &s, out);
        put_marks(plot, &s, out);
        assay_sim_plot_series(plot, &s, out);
    } else
        (void)fprintf(out, "<text class=\"label mid\" x=\"%d\" y=\"%d\">nothing to draw</text>\n",
                      (LEFT + s.right) / 2, (TOP + FLOOR) / 2);
    put_labels(plot, &s, bottom, out);
    (void)fputs("</svg></div>\n", out);
    if (s.empty) return;
    assay_sim_plot_legend(plot, out);
    assay_sim_plot_numbers(plot, out);
}

void assay_sim_plot_write(const struct assay_sim_plot *plot, FILE *out)
{
    ASSAY_ASSERT(plot->series_count <= ASSAY_SIM_PLOT_SERIES_MAX);
    ASSAY_ASSERT(plot->mark_count <= ASSAY_SIM_PLOT_MARKS_MAX);
    (void)fprintf(out, "<figure id=\"%s\"><figcaption><h3>", plot->id);
    assay_sim_html_text(plot->title, out);
    (void)fputs("</h3><p>", out);
    assay_sim_html_text(plot->about, out);
    (void)fputs("</p></figcaption>\n", out);
    put_drawing(plot, out);
    (void)fputs("</figure>\n", out);
}
