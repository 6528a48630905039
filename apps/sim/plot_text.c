/*
 * apps/sim/plot_text.c - the words and numbers of a plot: escaped text, legend, table.
 */
#include "apps/sim/plot_internal.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { TABLE_ROWS_MAX = 60 };

/* Returns: the bytes of the character that begins here; 0: none does (RFC 3629, without its finer
 * points on overlong forms and surrogates, which a browser replaces). */
static size_t character_len(const char *at)
{
    const unsigned char first = (unsigned char)at[0];
    const size_t len = first < 0x80                     ? 1
                       : first >= 0xc2 && first <= 0xdf ? 2
                       : first >= 0xe0 && first <= 0xef ? 3
                       : first >= 0xf0 && first <= 0xf4 ? 4
                                                        : 0;
    for (size_t i = 1; i < len; i++)
        if (((unsigned char)at[i] & 0xc0) != 0x80) return 0; /* the end of the text too */
    return len;
}

static bool is_shown(const char *at, size_t len)
{
    return len > 1 || (len == 1 && (unsigned char)*at >= 0x20 && *at != 0x7f);
}

static void put_character(const char *at, size_t len, FILE *out)
{
    switch (*at) {
    case '&': (void)fputs("&amp;", out); break;
    case '<': (void)fputs("&lt;", out); break;
    case '>': (void)fputs("&gt;", out); break;
    case '"': (void)fputs("&quot;", out); break;
    case '\'': (void)fputs("&#39;", out); break;
    default: /* a character, not an enumeration */ (void)fwrite(at, 1, len, out);
    }
}

/* The first `max` characters. */
static void put_text(const char *text, size_t max, FILE *out)
{
    for (const char *at = text; *at != '\0' && max > 0;) {
        const size_t len = character_len(at);
        if (is_shown(at, len)) {
            put_character(at, len, out);
            max--;
        }
        at += len > 0 ? len : 1;
    }
}

void assay_sim_html_text(const char *text, FILE *out)
{
    put_text(text, SIZE_MAX, out);
}

size_t assay_sim_html_width(const char *text)
{
    size_t width = 0;
    for (const char *at = text; *at != '\0';) {
        const size_t len = character_len(at);
        if (is_shown(at, len)) width++;
        at += len > 0 ? len : 1;
    }
    return width;
}

void assay_sim_html_short(const char *text, size_t max, FILE *out)
{
    const bool whole = assay_sim_html_width(text) <= max;
    put_text(text, whole || max == 0 ? max : max - 1, out);
    if (!whole) (void)fputs("\xe2\x80\xa6", out);
}

void assay_sim_number_text(double value, FILE *out)
{
    const double size = fabs(value);
    if (size >= 1e12) (void)fprintf(out, "%.4g T", value / 1e12);
    else if (size >= 1e9) (void)fprintf(out, "%.4g G", value / 1e9);
    else if (size >= 1e6) (void)fprintf(out, "%.4g M", value / 1e6);
    else if (size >= 1e4) (void)fprintf(out, "%.4g k", value / 1e3);
    else if (fabs(value - round(value)) < 1e-9) (void)fprintf(out, "%.0f", round(value) + 0.0);
    else (void)fprintf(out, "%.4g", value);
}

/* --- legend */

static void put_key(const struct assay_sim_series *series, FILE *out)
{
    static const char *const shapes[] = {
        [ASSAY_SIM_DRAW_LINE] = "<path class=\"line%s\" d=\"M2 5H24\"/>",
        [ASSAY_SIM_DRAW_POINTS] = "<circle class=\"dot%s\" cx=\"13\" cy=\"5\" r=\"4\"/>",
        [ASSAY_SIM_DRAW_BARS] = "<path class=\"bar%s\" d=\"M6 0H20V10H6Z\"/>",
    };
    (void)fprintf(out, "<svg class=\"c%u\" width=\"26\" height=\"10\" aria-hidden=\"true\">",
                  series->colour % ASSAY_SIM_PLOT_COLOURS);
    const char *const shape = shapes[series->draw], *const word = strstr(shape, "%s");
    (void)fprintf(out, "%.*s%s%s</svg>", (int)(word - shape), shape,
                  series->dashed ? " theory" : "", word + 2);
}

void assay_sim_plot_legend(const struct assay_sim_plot *plot, FILE *out)
{
    (void)fputs("<ul class=\"legend\">", out);
    for (size_t k = 0; k < plot->series_count; k++) {
        (void)fprintf(out, "<li data-series=\"%zu\">", k);
        put_key(&plot->series[k], out);
        (void)fputs("<span>", out);
        assay_sim_html_text(plot->series[k].name, out);
        (void)fputs("</span></li>", out);
    }
    if (plot->shade != NULL) {
        (void)fputs("<li><svg width=\"26\" height=\"10\" aria-hidden=\"true\"><path "
                    "class=\"shade\" d=\"M2 0H24V10H2Z\" opacity=\".3\"/></svg><span>",
                    out);
        assay_sim_html_text(plot->shade_name, out);
        (void)fputs("</span></li>", out);
    }
    (void)fputs("</ul>\n", out);
}

/* --- the numbers behind the drawing */

static void put_cell(double value, FILE *out)
{
    (void)fputs("<td class=\"number\">", out);
    if (isfinite(value)) assay_sim_number_text(value, out);
    else (void)fputs("&ndash;", out);
    (void)fputs("</td>", out);
}

static void put_row(const struct assay_sim_plot *plot, const struct assay_sim_series *s, size_t at,
                    FILE *out)
{
    (void)fputs("<tr>", out);
    if (plot->categories != NULL) {
        (void)fputs("<td>", out);
        assay_sim_html_text(plot->categories[(size_t)s->x[at]], out);
        (void)fputs("</td>", out);
    } else put_cell(s->x[at], out);
    put_cell(s->y[at], out);
    if (s->low != NULL) put_cell(s->low[at], out);
    if (s->low != NULL) put_cell(s->high[at], out);
    (void)fputs("</tr>\n", out);
}

static void put_table(const struct assay_sim_plot *plot, const struct assay_sim_series *s,
                      FILE *out)
{
    const size_t rows = s->count < TABLE_ROWS_MAX ? s->count : TABLE_ROWS_MAX;
    (void)fputs("<table><caption>", out);
    assay_sim_html_text(s->name, out);
    if (rows < s->count) (void)fprintf(out, " (%zu of %zu)", rows, s->count);
    (void)fputs("</caption><tr><th>", out);
    assay_sim_html_text(plot->x_label, out);
    (void)fputs("</th><th class=\"number\">", out);
    assay_sim_html_text(plot->y_label, out);
    (void)fputs("</th>", out);
    if (s->low != NULL)
        (void)fputs("<th class=\"number\">low</th><th class=\"number\">high</th>", out);
    (void)fputs("</tr>\n", out);
    for (size_t i = 0; i < rows; i++)
        put_row(plot, s, rows < 2 ? i : i * (s->count - 1) / (rows - 1), out);
    (void)fputs("</table>\n", out);
}

void assay_sim_plot_numbers(const struct assay_sim_plot *plot, FILE *out)
{
    (void)fputs("<details><summary>numbers</summary><div class=\"wide\">\n", out);
    for (size_t k = 0; k < plot->series_count; k++)
        put_table(plot, &plot->series[k], out);
    (void)fputs("</div></details>\n", out);
}
