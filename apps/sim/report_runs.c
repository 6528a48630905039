/*
 * apps/sim/report_runs.c - the page of several runs of one scenario (apps/sim/report.h).
 */
#include "apps/sim/plot.h"
#include "apps/sim/report.h"
#include "apps/sim/report_columns.h"

#include <inttypes.h>
#include <stdlib.h>

struct runs {
    const struct assay_sim_result *of;
    size_t count;
    double *scratch; /* [count] */
};

static size_t count_passed(const struct runs *r)
{
    size_t passed = 0;
    for (size_t k = 0; k < r->count; k++)
        passed += assay_sim_result_passed(&r->of[k]);
    return passed;
}

static const char *band_words(const struct runs *r)
{
    return r->count >= ASSAY_SIM_BAND_RUNS
               ? "median of the runs; the band is from 5 to 95 % of them"
               : "median of the runs; the band is from the lowest to the highest";
}

static void put_title(const struct runs *r, FILE *out)
{
    char text[96];
    const size_t passed = count_passed(r);
    (void)fputs("<h1>", out);
    assay_sim_html_text(r->of[0].scenario->name, out);
    (void)fprintf(out, ": %zu runs</h1>\n<p class=\"lead\">", r->count);
    assay_sim_html_text(r->of[0].scenario->title, out);
    (void)fputs("</p>\n<p>", out);
    (void)snprintf(text, sizeof text, "everything held in %zu of %zu runs", passed, r->count);
    assay_sim_page_word(out, passed == r->count ? "good" : "bad", text);
    (void)fputs("</p>\n<dl>\n", out);
    assay_sim_page_network(out, &r->of[0]);
    (void)snprintf(text, sizeof text, "%zu, seeds %" PRIu64 " to %" PRIu64, r->count,
                   r->of[0].outcome->seed, r->of[r->count - 1].outcome->seed);
    assay_sim_page_fact(out, "runs", text);
    assay_sim_page_fact(out, "drawn", band_words(r));
    (void)fputs("</dl>\n", out);
}

/* A middle and, where they are not all the same, its bounds. */
static void put_spread(const struct runs *r, size_t found, FILE *out)
{
    const struct assay_sim_spread s = assay_sim_spread_of(r->scratch, found);
    (void)fputs("<td class=\"number\">", out);
    if (found == 0) (void)fputs("&ndash;", out);
    else (void)fprintf(out, "%.12g", s.middle);
    (void)fputs("</td><td class=\"number\">", out);
    if (found > 0 && s.high > s.low) (void)fprintf(out, "%.12g .. %.12g", s.low, s.high);
    if (found > 0 && found < r->count) (void)fprintf(out, " (%zu runs)", found);
    (void)fputs("</td>", out);
}

static void put_assertions(const struct runs *r, FILE *out)
{
    const struct assay_scenario *s = r->of[0].scenario;
    if (s->assertion_count == 0) return;
    (void)fputs("<h2>What must come out</h2>\n<div class=\"wide\"><table><tr><th>assertion</th>"
                "<th class=\"number\">median</th><th class=\"number\">band</th><th></th></tr>\n",
                out);
    for (uint32_t i = 0; i < s->assertion_count; i++) {
        char text[64];
        size_t held = 0, found = 0;
        for (size_t k = 0; k < r->count; k++) {
            int64_t actual = 0;
            held += assay_sim_assertion_holds(&s->assertions[i], r->of[k].outcome, &actual);
            if (actual >= 0) r->scratch[found++] = (double)actual;
        }
        (void)fputs("<tr><td><code>", out);
        assay_sim_html_text(s->assertions[i].text, out);
        (void)fputs("</code></td>", out);
        put_spread(r, found, out);
        (void)snprintf(text, sizeof text, "holds in %zu of %zu", held, r->count);
        (void)fputs("<td>", out);
        assay_sim_page_word(out, held == r->count ? "good" : "bad", text);
        (void)fputs("</td></tr>\n", out);
    }
    (void)fputs("</table></div>\n", out);
}

static void put_checker(const struct runs *r, enum assay_sim_checker checker, FILE *out)
{
    char text[64];
    uint64_t looked = 0;
    size_t violated = 0, first = 0;
    for (size_t k = 0; k < r->count; k++) {
        const struct assay_sim_check *c = &r->of[k].outcome->checks[checker];
        looked += c->checked;
        if (c->violated > 0 && violated++ == 0) first = k;
    }
    (void)fprintf(out, "<tr><td>%s</td><td>", assay_sim_checker_name(checker));
    assay_sim_html_text(assay_sim_checker_line(checker), out);
    (void)fprintf(out, "</td><td class=\"number\">%" PRIu64 "</td><td>", looked);
    (void)snprintf(text, sizeof text, "violated in %zu of %zu", violated, r->count);
    if (violated > 0) assay_sim_page_word(out, "bad", text);
    else if (looked > 0) assay_sim_page_word(out, "good", "held");
    else assay_sim_page_word(out, "none", "not applied");
    (void)fputs("</td><td>", out);
    if (violated > 0) {
        const struct assay_sim_check *c = &r->of[first].outcome->checks[checker];
        (void)fprintf(out, "seed %" PRIu64 ", epoch %" PRIu64 ": ", r->of[first].outcome->seed,
                      c->first_epoch);
        assay_sim_html_text(c->message, out);
    }
    (void)fputs("</td></tr>\n", out);
}

static void put_checkers(const struct runs *r, FILE *out)
{
    (void)fputs("<h2>What must always hold</h2>\n<div class=\"wide\"><table><tr><th>checker</th>"
                "<th>rule</th><th class=\"number\">looked</th><th></th><th></th></tr>\n",
                out);
    for (unsigned i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++)
        put_checker(r, (enum assay_sim_checker)i, out);
    (void)fputs("</table></div>\n", out);
}

static void put_figure(const struct runs *r, enum assay_sim_figure figure, uint32_t cohort,
                       FILE *out)
{
    size_t found = 0;
    for (size_t k = 0; k < r->count; k++) {
        const int64_t value = r->of[k].outcome->figures[figure][cohort];
        if (value >= 0) r->scratch[found++] = (double)value;
    }
    (void)fprintf(out, "<tr><td>%s</td><td>", assay_sim_figure_name(figure));
    if (assay_sim_figure_of_cohort(figure))
        assay_sim_html_text(r->of[0].scenario->cohorts[cohort].name, out);
    (void)fputs("</td>", out);
    put_spread(r, found, out);
    (void)fputs("<td>", out);
    assay_sim_html_text(assay_sim_figure_line(figure), out);
    (void)fputs("</td></tr>\n", out);
}

static void put_figures(const struct runs *r, FILE *out)
{
    (void)fputs("<h2>Figures</h2>\n<div class=\"wide\"><table><tr><th>figure</th><th>cohort</th>"
                "<th class=\"number\">median</th><th class=\"number\">band</th><th></th></tr>\n",
                out);
    for (unsigned f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++) {
        const enum assay_sim_figure figure = (enum assay_sim_figure)f;
        const bool of_cohort = assay_sim_figure_of_cohort(figure);
        const uint32_t cohorts = of_cohort ? r->of[0].scenario->cohort_count : 1;
        for (uint32_t c = 0; c < cohorts; c++)
            put_figure(r, figure, c, out);
    }
    (void)fputs("</table></div>\n", out);
}

static void put_runs(const struct runs *r, FILE *out)
{
    (void)fputs("<h2>Runs</h2>\n<div class=\"wide\"><table><tr><th class=\"number\">seed</th>"
                "<th></th><th class=\"number\">epochs</th><th>trace hash</th><th>again</th></tr>\n",
                out);
    for (size_t k = 0; k < r->count; k++) {
        const struct assay_sim_outcome *o = r->of[k].outcome;
        char hash[2 * sizeof o->trace_hash + 1];
        const bool passed = assay_sim_result_passed(&r->of[k]);
        assay_hex_encode(o->trace_hash, sizeof o->trace_hash, hash, sizeof hash);
        (void)fprintf(out, "<tr><td class=\"number\">%" PRIu64 "</td><td>", o->seed);
        assay_sim_page_word(out, passed ? "good" : "bad",
                            passed                 ? "held"
                            : r->of[k].interrupted ? "interrupted"
                                                   : "failed");
        (void)fprintf(out, "</td><td class=\"number\">%" PRIu64 "</td><td><code>%s</code></td><td>",
                      o->row_count, hash);
        (void)fputs("<code>", out);
        assay_sim_html_text(r->of[k].reproduce, out);
        (void)fputs("</code></td></tr>\n", out);
    }
    (void)fputs("</table></div>\n", out);
}

enum assay_status assay_sim_report_runs_text(const struct assay_sim_result *runs, size_t run_count,
                                             char **text)
{
    char *bytes = NULL;
    size_t len = 0;
    const struct runs r = { runs, run_count, calloc(run_count, sizeof(double)) };
    FILE *out = r.scratch != NULL ? open_memstream(&bytes, &len) : NULL;
    if (out == NULL) {
        free(r.scratch);
        return ASSAY_E_MEMORY;
    }
    assay_sim_page_open(runs[0].scenario->name, out);
    put_title(&r, out);
    (void)fputs("<h2>How it went</h2>\n<div class=\"plots\">\n", out);
    enum assay_status status = assay_sim_report_plots(runs, run_count, out);
    (void)fputs("</div>\n", out);
    put_assertions(&r, out);
    put_checkers(&r, out);
    put_figures(&r, out);
    put_runs(&r, out);
    assay_sim_page_close(out);
    free(r.scratch);
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) status = ASSAY_E_MEMORY;
    if (status == ASSAY_OK) *text = bytes;
    else free(bytes);
    return status;
}
