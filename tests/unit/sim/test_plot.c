/*
 * tests/unit/sim/test_plot.c - one drawing: axes, gaps, names that do not touch, escaped text.
 */
#include "apps/sim/plot.h"
#include "tests/unit/sim/report_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 10000 };

static struct assay_sim_plot plot;
static double x[MANY], y[MANY], low[MANY], high[MANY];

static void make(void)
{
    plot = (struct assay_sim_plot){ .id = "it",
                                    .title = "title",
                                    .about = "about",
                                    .x_label = "epoch",
                                    .y_label = "score",
                                    .y_from_zero = true };
    for (size_t i = 0; i < MANY; i++) {
        x[i] = (double)(i + 1);
        y[i] = 50;
        low[i] = 40;
        high[i] = 60;
    }
}

TestSuite(sim_plot, .init = make);

static struct assay_sim_series *add(size_t count)
{
    struct assay_sim_series *s = &plot.series[plot.series_count++];
    *s = (struct assay_sim_series){ .name = "line", .count = count, .x = x, .y = y };
    return s;
}

/* The figure, looked at as a page. The caller frees it. */
static char *drawn(void)
{
    char *text = NULL, *page = NULL;
    const char *why = NULL;
    size_t len = 0, page_len = 0;
    FILE *out = open_memstream(&text, &len);
    assay_sim_plot_write(&plot, out);
    cr_assert_eq(fclose(out), 0);
    out = open_memstream(&page, &page_len);
    (void)fprintf(out, "<!doctype html>%s", text);
    cr_assert_eq(fclose(out), 0);
    cr_expect(report_well_formed(page, &why), "%s", why);
    cr_expect_null(strstr(text, "nan"));
    cr_expect_null(strstr(text, "inf"));
    free(page);
    return text;
}

/* The d of the first path of a class. */
static char *path_of(const char *svg, const char *class_)
{
    char head[64];
    (void)snprintf(head, sizeof head, "<path class=\"%s", class_);
    const char *at = strstr(svg, head);
    cr_assert_not_null(at, "%s", class_);
    at = strstr(at, " d=\"") + 4;
    return strndup(at, strcspn(at, "\""));
}

static size_t strokes(const char *svg, const char *class_)
{
    char *d = path_of(svg, class_);
    const size_t count = report_count(d, "M");
    free(d);
    return count;
}

Test(sim_plot, a_value_that_is_missing_is_a_gap_in_line_and_band)
{
    struct assay_sim_series *s = add(9);
    s->low = low;
    s->high = high;
    char *text = drawn();
    cr_expect_eq(strokes(text, "line c0"), 1);
    cr_expect_eq(strokes(text, "band c0"), 1);
    free(text);
    y[4] = (double)NAN;
    text = drawn();
    cr_expect_eq(strokes(text, "line c0"), 2);
    cr_expect_eq(strokes(text, "band c0"), 2);
    cr_expect_not_null(strstr(text, "&ndash;"), "the table has the gap too");
    free(text);
}

Test(sim_plot, a_point_between_gaps_is_a_dot)
{
    (void)add(5);
    char *text = drawn();
    cr_expect_eq(report_count(text, "<circle class=\"dot"), 0);
    free(text);
    y[1] = y[3] = (double)NAN;
    text = drawn();
    cr_expect_eq(report_count(text, "<circle class=\"dot"), 3);
    free(text);
}

Test(sim_plot, one_epoch_stands_in_the_middle_with_its_number_and_no_other)
{
    (void)add(1);
    char *text = drawn();
    cr_expect_eq(report_count(text, "<circle class=\"dot c0\" cx=\"340.0\""), 1, "%s", text);
    cr_expect_eq(report_count(text, "y=\"273\">"), 1);
    cr_expect_not_null(strstr(text, "y=\"273\">1</text>"));
    free(text);
}

Test(sim_plot, ticks_of_epochs_are_whole_and_of_real_axes_are_not)
{
    (void)add(3);
    char *text = drawn();
    cr_expect_eq(report_count(text, "y=\"273\">"), 3);
    free(text);
    plot.x_real = true;
    text = drawn();
    cr_expect_not_null(strstr(text, "y=\"273\">1.5</text>"), "%s", text);
    free(text);
}

Test(sim_plot, the_axis_of_y_ends_at_a_tick_at_or_above_everything)
{
    y[0] = 1234;
    (void)add(2);
    char *text = drawn();
    cr_expect_not_null(strstr(text, ">1400</text>"), "%s", text);
    free(text);
    plot.whole = true;
    y[0] = 1;
    y[1] = 0;
    text = drawn();
    cr_expect_null(strstr(text, ">0.5</text>"));
    free(text);
}

Test(sim_plot, without_a_number_it_says_that_there_is_nothing_to_draw)
{
    char *text = drawn();
    cr_expect_eq(report_count(text, "nothing to draw"), 1, "no series");
    free(text);
    (void)add(0);
    for (size_t i = 0; i < 3; i++)
        y[i] = (double)NAN;
    (void)add(3);
    text = drawn();
    cr_expect_eq(report_count(text, "nothing to draw"), 1, "all of it gaps");
    cr_expect_null(strstr(text, "legend"));
    free(text);
    y[1] = 7;
    text = drawn();
    cr_expect_eq(report_count(text, "nothing to draw"), 0);
    free(text);
}

Test(sim_plot, a_peak_of_one_epoch_in_ten_thousand_is_not_lost)
{
    y[5432] = 1000;
    y[7777] = 0;
    struct assay_sim_series *s = add(MANY);
    s->name = "traffic";
    char *text = drawn(), *band = path_of(text, "band");
    cr_expect_not_null(strstr(band, " 16.0"), "the top: %s", band);
    cr_expect_not_null(strstr(band, " 256.0"), "the bottom");
    cr_expect_lt(strlen(text), 60000, "%zu", strlen(text));
    cr_expect_not_null(strstr(text, "(60 of 10000)"), "the table is thinned too and says so");
    free(band);
    free(text);
}

/* --- names below the axis */

/* Where names stand; *slanted: how. Returns: how many. */
static size_t places_of(const char *svg, double *places, bool *slanted)
{
    size_t count = 0;
    *slanted = strstr(svg, "rotate(-40)") != NULL;
    for (const char *at = svg; (at = strstr(at, "<title>")) != NULL; at++) {
        const char *mark = at;
        const char *const key = *slanted ? "translate(" : " x=\"";
        while (strncmp(mark, key, strlen(key)) != 0)
            mark--;
        places[count++] = strtod(mark + strlen(key), NULL);
    }
    return count;
}

static void name_all(const char **names, size_t count)
{
    plot.categories = names;
    plot.category_count = count;
    for (size_t i = 0; i < count; i++)
        x[i] = (double)i;
    struct assay_sim_series *s = add(count);
    s->draw = ASSAY_SIM_DRAW_BARS;
}

Test(sim_plot, short_names_stand_upright_below_their_bars)
{
    const char *names[] = { "honest", "ring" };
    double places[8];
    bool slanted = true;
    name_all(names, 2);
    char *text = drawn();
    cr_expect_eq(places_of(text, places, &slanted), 2);
    cr_expect_not(slanted);
    cr_expect_not_null(strstr(text, "<title>honest</title>honest</text>"));
    cr_expect_eq(report_count(text, "<path class=\"bar c0\""), 2);
    free(text);
}

Test(sim_plot, a_bar_that_never_came_is_a_dash)
{
    const char *names[] = { "honest", "ring" };
    name_all(names, 2);
    y[0] = (double)NAN;
    char *text = drawn();
    cr_expect_eq(report_count(text, "<path class=\"bar c0\""), 1);
    cr_expect_eq(report_count(text, "&ndash;</text>"), 1);
    free(text);
}

Test(sim_plot, names_never_stand_on_each_other)
{
    static const char *long_name =
        "a-cohort-with-a-name-of-sixty-three-letters-and-not-one-of-less";
    static const size_t counts[] = { 2, 8, 30, 100, 1001 };
    const char *names[1001];
    double places[1001];
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        bool slanted = false;
        make();
        for (size_t i = 0; i < counts[k]; i++)
            names[i] = k == 0 ? "twenty-two-letters-now" : long_name;
        name_all(names, counts[k]);
        char *text = drawn();
        const size_t count = places_of(text, places, &slanted);
        cr_expect_geq(count, counts[k] < 8 ? counts[k] : 8, "%zu", count);
        cr_expect_eq(slanted, k > 0);
        for (size_t i = 1; i < count; i++)
            /* A line of 11 units, slanted by 40 degrees, takes 17 along the axis. */
            cr_expect_geq(places[i] - places[i - 1], slanted ? 17 : 22 * 6, "%zu of %zu", i, count);
        cr_expect_eq(report_count(text, "\xe2\x80\xa6"), slanted ? count : 0, "cut, with a sign");
        free(text);
    }
}

Test(sim_plot, words_of_marks_keep_their_distance)
{
    (void)add(3);
    plot.mark_count = 4;
    plot.marks[0] = (struct assay_sim_mark){ 10, "ten" };
    plot.marks[1] = (struct assay_sim_mark){ 12, "a word too long for it" };
    plot.marks[2] = (struct assay_sim_mark){ 11, "eleven" };
    plot.marks[3] = (struct assay_sim_mark){ 11, "also" };
    char *text = drawn();
    double last = -100;
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "x=\"562\" y=\"")) != NULL; at++) {
        const double place = strtod(at + 11, NULL);
        cr_expect_geq(place - last, 12.9);
        last = place;
        count++;
    }
    cr_expect_eq(count, 4);
    cr_expect_null(strstr(text, "a word too long"));
    free(text);
}

Test(sim_plot, ground_is_darker_where_it_is_said)
{
    static const double shade[] = { 0, 1, 1, 0, 0.5 };
    (void)add(5);
    plot.shade = shade;
    plot.shade_x = x;
    plot.shade_count = 5;
    plot.shade_name = "held";
    char *text = drawn();
    cr_expect_eq(report_count(text, "<path class=\"shade\" opacity=\"0.30\""), 1);
    cr_expect_eq(report_count(text, "<path class=\"shade\" opacity=\"0.15\""), 1);
    cr_expect_not_null(strstr(text, "<span>held</span>"));
    free(text);
}

/* --- text */

static char *text_of(const char *text, size_t max)
{
    char *out = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&out, &len);
    if (max == 0) assay_sim_html_text(text, file);
    else assay_sim_html_short(text, max, file);
    cr_assert_eq(fclose(file), 0);
    return out;
}

Test(sim_plot, text_is_escaped_and_what_is_none_left_out)
{
    static const struct {
        const char *text, *html;
        size_t width;
    } cases[] = {
        { "<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;", 27 },
        { "\" onload=\"x & y", "&quot; onload=&quot;x &amp; y", 15 },
        { "a\x01\x1b[2J\x7f\nb", "a[2Jb", 5 },
        { "Gr\xc3\xbc\xc3\x9f"
          "e \xe2\x9c\x93 \xf0\x9f\x98\x80",
          "Gr\xc3\xbc\xc3\x9f"
          "e \xe2\x9c\x93 \xf0\x9f\x98\x80",
          9 },
        { "\xc3", "", 0 },
        { "\xff\xfe"
          "x\xe2\x9c",
          "x", 1 },
        { "\xc0\xbc"
          "b",
          "b", 1 }, /* an overlong '<' */
        { "", "", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *html = text_of(cases[i].text, 0);
        cr_expect_str_eq(html, cases[i].html);
        cr_expect_eq(assay_sim_html_width(cases[i].text), cases[i].width, "%zu", i);
        free(html);
    }
}

Test(sim_plot, a_long_name_is_cut_between_characters)
{
    char *html = text_of("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 3);
    cr_expect_str_eq(html, "\xc3\xbc\xc3\xbc\xe2\x80\xa6");
    free(html);
    html = text_of("a<b", 3);
    cr_expect_str_eq(html, "a&lt;b");
    free(html);
}

Test(sim_plot, numbers_are_short_and_have_the_right_size)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = { { 0, "0" },           { -0.0, "0" },
                  { 7, "7" },           { 9999, "9999" },
                  { 10000, "10 k" },    { 12500, "12.5 k" },
                  { 0.25, "0.25" },     { 33.333333, "33.33" },
                  { 2500000, "2.5 M" }, { 11948310000.0, "11.95 G" },
                  { 4e12, "4 T" },      { -5, "-5" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        assay_sim_number_text(cases[i].value, out);
        cr_assert_eq(fclose(out), 0);
        cr_expect_str_eq(text, cases[i].text);
        free(text);
    }
}

Test(sim_plot, hostile_names_stay_text_everywhere)
{
    const char *names[] = { "<b>&\"'", "x" };
    plot.title = plot.about = plot.x_label = plot.y_label = "</figure><script>";
    plot.mark_count = 1;
    plot.marks[0] = (struct assay_sim_mark){ 1, "<i>" };
    name_all(names, 2);
    plot.series[0].name = "<script>";
    char *text = drawn();
    cr_expect_null(strstr(text, "<script"));
    cr_expect_null(strstr(text, "<b>"));
    cr_expect_null(strstr(text, "<i>"));
    cr_expect_eq(report_count(text, "</figure>"), 1);
    free(text);
}

Test(sim_plot, aborts_on_more_series_than_it_has, .signal = SIGABRT)
{
    plot.series_count = ASSAY_SIM_PLOT_SERIES_MAX + 1;
    assay_sim_plot_write(&plot, stdout);
}
