/*
 * apps/sim/report.c - the page of one run: what was simulated, what was found (apps/sim/report.h).
 */
#include "apps/sim/report.h"
#include "apps/sim/plot.h"

#include <inttypes.h>
#include <stdlib.h>

static void put_title(const struct assay_sim_result *r, FILE *out)
{
    (void)fputs("<h1>", out);
    assay_sim_html_text(r->scenario->name, out);
    (void)fputs("</h1>\n<p class=\"lead\">", out);
    assay_sim_html_text(r->scenario->title, out);
    (void)fputs("</p>\n<p>", out);
    if (r->interrupted) assay_sim_page_word(out, "none", "interrupted");
    else if (assay_sim_result_passed(r)) assay_sim_page_word(out, "good", "everything held");
    else assay_sim_page_word(out, "bad", "something did not hold");
    (void)fputs("</p>\n", out);
}

void assay_sim_page_network(FILE *out, const struct assay_sim_result *result)
{
    const struct assay_scenario *s = result->scenario;
    const struct assay_sim_outcome *o = result->outcome;
    char text[160];
    (void)snprintf(text, sizeof text,
                   "%u nodes, %u operators, %u vendor roots; %" PRIu64 " epochs of %u ms", s->nodes,
                   s->operators, s->vendors, s->epochs, s->epoch_ms);
    assay_sim_page_fact(out, "network", text);
    (void)snprintf(text, sizeof text, "%s: %s", assay_sim_fidelity_name(o->fidelity),
                   o->fidelity == ASSAY_SIM_FIDELITY_MESSAGE
                       ? "the whole engine, every message an event"
                       : "the same tally, records and rules; delivery drawn per epoch");
    assay_sim_page_fact(out, "fidelity", text);
    (void)snprintf(text, sizeof text, "evidence %s, signatures %s",
                   o->evidence_is_real ? "real (SOFT quotes, verified)" : "modelled",
                   o->signatures_are_real ? "real" : "modelled");
    assay_sim_page_fact(out, "cryptography", text);
    (void)snprintf(text, sizeof text, "%s, weight from %s", assay_sim_rule_name(s->rule),
                   assay_sim_weight_source_name(s->weight_source));
    assay_sim_page_fact(out, "rule", text);
}

static void put_facts(const struct assay_sim_result *r, FILE *out)
{
    const struct assay_sim_outcome *o = r->outcome;
    char text[64];
    (void)fputs("<dl>\n", out);
    assay_sim_page_network(out, r);
    if (o->row_count != r->scenario->epochs) {
        (void)snprintf(text, sizeof text, "%" PRIu64 " of %" PRIu64 " epochs", o->row_count,
                       r->scenario->epochs);
        assay_sim_page_fact(out, "closed", text);
    }
    (void)snprintf(text, sizeof text, "%" PRIu64, o->seed);
    assay_sim_page_fact(out, "seed", text);
    if (r->reproduce != NULL) assay_sim_page_code(out, "again", r->reproduce);
    assay_sim_page_hash(out, "trace hash", o->trace_hash);
    assay_sim_page_hash(out, "state root", o->state_root);
    assay_sim_page_hash(out, "root chain", o->root_chain);
    if (o->stopped[0] != '\0') assay_sim_page_fact(out, "stopped", o->stopped);
    (void)fputs("</dl>\n", out);
}

static void put_assertions(const struct assay_sim_result *r, FILE *out)
{
    if (r->scenario->assertion_count == 0) return;
    (void)fputs("<h2>What must come out</h2>\n<div class=\"wide\"><table><tr><th>assertion</th>"
                "<th class=\"number\">actual</th><th></th></tr>\n",
                out);
    for (uint32_t i = 0; i < r->scenario->assertion_count; i++) {
        const struct assay_sim_assertion *a = &r->scenario->assertions[i];
        int64_t actual = 0;
        const bool holds = assay_sim_assertion_holds(a, r->outcome, &actual);
        (void)fputs("<tr><td><code>", out);
        assay_sim_html_text(a->text, out);
        (void)fprintf(out, "</code></td><td class=\"number\">%" PRId64 "</td><td>", actual);
        assay_sim_page_word(out, holds ? "good" : "bad", holds ? "holds" : "fails");
        (void)fputs("</td></tr>\n", out);
    }
    (void)fputs("</table></div>\n", out);
}

static void put_checkers(const struct assay_sim_result *r, FILE *out)
{
    (void)fputs("<h2>What must always hold</h2>\n<div class=\"wide\"><table><tr><th>checker</th>"
                "<th>rule</th><th class=\"number\">looked</th><th></th><th></th></tr>\n",
                out);
    for (unsigned i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++) {
        const struct assay_sim_check *c = &r->outcome->checks[i];
        (void)fprintf(out, "<tr><td>%s</td><td>",
                      assay_sim_checker_name((enum assay_sim_checker)i));
        assay_sim_html_text(assay_sim_checker_line((enum assay_sim_checker)i), out);
        (void)fprintf(out, "</td><td class=\"number\">%" PRIu64 "</td><td>", c->checked);
        if (c->violated > 0) assay_sim_page_word(out, "bad", "violated");
        else if (c->checked > 0) assay_sim_page_word(out, "good", "held");
        else assay_sim_page_word(out, "none", "not applied");
        (void)fputs("</td><td>", out);
        if (c->violated > 0) {
            (void)fprintf(out, "epoch %" PRIu64 ": ", c->first_epoch);
            assay_sim_html_text(c->message, out);
        }
        (void)fputs("</td></tr>\n", out);
    }
    (void)fputs("</table></div>\n", out);
}

static void put_value(FILE *out, int64_t value)
{
    if (value < 0) (void)fputs("<td class=\"number\">&ndash;</td>", out);
    else (void)fprintf(out, "<td class=\"number\">%" PRId64 "</td>", value);
}

static void put_cohort_figures(const struct assay_sim_result *r, FILE *out)
{
    const struct assay_scenario *s = r->scenario;
    (void)fputs("<div class=\"wide\"><table><tr><th>figure of a cohort</th>", out);
    for (uint32_t c = 0; c < s->cohort_count; c++) {
        (void)fputs("<th class=\"number\">", out);
        assay_sim_html_text(s->cohorts[c].name, out);
        (void)fprintf(out, " (%u)</th>", r->outcome->cohort_members[c]);
    }
    (void)fputs("<th></th></tr>\n", out);
    for (unsigned f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++) {
        if (!assay_sim_figure_of_cohort((enum assay_sim_figure)f)) continue;
        (void)fprintf(out, "<tr><td>%s</td>", assay_sim_figure_name((enum assay_sim_figure)f));
        for (uint32_t c = 0; c < s->cohort_count; c++)
            put_value(out, r->outcome->figures[f][c]);
        (void)fputs("<td>", out);
        assay_sim_html_text(assay_sim_figure_line((enum assay_sim_figure)f), out);
        (void)fputs("</td></tr>\n", out);
    }
    (void)fputs("</table></div>\n", out);
}

static void put_network_figures(const struct assay_sim_result *r, FILE *out)
{
    (void)fputs("<div class=\"wide\"><table><tr><th>figure of the network</th>"
                "<th class=\"number\">value</th><th></th></tr>\n",
                out);
    for (unsigned f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++) {
        if (assay_sim_figure_of_cohort((enum assay_sim_figure)f)) continue;
        (void)fprintf(out, "<tr><td>%s</td>", assay_sim_figure_name((enum assay_sim_figure)f));
        put_value(out, r->outcome->figures[f][0]);
        (void)fputs("<td>", out);
        assay_sim_html_text(assay_sim_figure_line((enum assay_sim_figure)f), out);
        (void)fputs("</td></tr>\n", out);
    }
    (void)fputs("</table></div>\n", out);
}

enum assay_status assay_sim_report_text(const struct assay_sim_result *result, char **text)
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&bytes, &len);
    if (out == NULL) return ASSAY_E_MEMORY;
    assay_sim_page_open(result->scenario->name, out);
    put_title(result, out);
    put_facts(result, out);
    (void)fputs("<h2>How it went</h2>\n<div class=\"plots\">\n", out);
    enum assay_status status = assay_sim_report_plots(result, 1, out);
    (void)fputs("</div>\n", out);
    put_assertions(result, out);
    put_checkers(result, out);
    (void)fputs("<h2>Figures</h2>\n", out);
    put_cohort_figures(result, out);
    put_network_figures(result, out);
    assay_sim_page_close(out);
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) status = ASSAY_E_MEMORY;
    if (status == ASSAY_OK) *text = bytes;
    else free(bytes);
    return status;
}

enum assay_status assay_sim_report_write(const char *path, const struct assay_sim_result *result,
                                         char message[static ASSAY_SIM_MESSAGE_MAX])
{
    char *text = NULL;
    const enum assay_status status = assay_sim_report_text(result, &text);
    return assay_sim_page_write(path, status == ASSAY_OK ? text : NULL, message);
}
