/*
 * apps/sim/report_plots.c - the figures of one run or of many, and the closed forms beside them.
 */
#include "apps/sim/plot.h"
#include "apps/sim/report.h"
#include "apps/sim/report_columns.h"
#include "apps/sim/report_law.h"
#include "apps/sim/report_values.h"
#include "sim/theory/laws.h"

#include <math.h>

enum { LEGEND_MAX = 128 };

/* What a plot is made of: scenario and members are those of every run. */
static const struct assay_scenario *scenario_of(const struct assay_sim_columns *c)
{
    return c->runs[0].scenario;
}

static bool has_members(const struct assay_sim_columns *c, uint32_t cohort)
{
    return c->runs[0].outcome->cohort_members[cohort] > 0;
}

/* --- one plot */

static void add(struct assay_sim_plot *p, struct assay_sim_columns *c, const char *name,
                assay_sim_value *value, uint32_t cohort)
{
    const struct assay_sim_band band = assay_sim_columns_take(c, value, cohort);
    p->series[p->series_count] = (struct assay_sim_series){ .name = name,
                                                            .colour = (unsigned)p->series_count,
                                                            .count = c->rows,
                                                            .x = c->x,
                                                            .y = band.middle,
                                                            .low = band.low,
                                                            .high = band.high };
    p->series_count++;
}

/* One line for each cohort that has members. */
static void add_cohorts(struct assay_sim_plot *p, struct assay_sim_columns *c,
                        assay_sim_value *value)
{
    for (uint32_t k = 0; k < scenario_of(c)->cohort_count; k++) {
        if (!has_members(c, k)) continue;
        add(p, c, scenario_of(c)->cohorts[k].name, value, k);
        p->series[p->series_count - 1].colour = k;
    }
}

/* The lowest and highest member; of many runs the band is taken already. */
static void add_members(struct assay_sim_plot *p, struct assay_sim_columns *c)
{
    size_t at = 0;
    if (c->run_count > 1) return;
    for (uint32_t k = 0; k < scenario_of(c)->cohort_count; k++) {
        if (!has_members(c, k)) continue;
        p->series[at].low = assay_sim_columns_take(c, assay_sim_value_score_min, k).middle;
        p->series[at++].high = assay_sim_columns_take(c, assay_sim_value_score_max, k).middle;
    }
}

static void add_standings(struct assay_sim_plot *p)
{
    static const struct assay_sim_mark marks[] = {
        { 90, "full 90" }, { 75, "warning 75" }, { 50, "restricted 50" }, { 0, "suspended" }
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        p->marks[p->mark_count++] = marks[i];
}

/* The ground is darker where the tally was not certified. */
static void add_held(struct assay_sim_plot *p, struct assay_sim_columns *c)
{
    const double *const held = assay_sim_columns_mean(c, assay_sim_value_held, 0);
    bool any = false;
    for (size_t i = 0; i < c->rows; i++)
        any = any || held[i] > 0;
    if (!any) return;
    p->shade = held;
    p->shade_x = c->x;
    p->shade_count = c->rows;
    p->shade_name = c->run_count == 1 ? "held: no certified tally"
                                      : "held: no certified tally (the darker, the more runs)";
}

static void add_law(struct assay_sim_plot *p, struct assay_sim_columns *c, const char *formula,
                    const struct assay_sim_law_case *law, double value, char *legend)
{
    const double b = law->liars / (double)law->nodes;
    (void)snprintf(legend, LEGEND_MAX, "%s: %s; b = %.4g %%", assay_sim_law_name(law->law), formula,
                   100 * b);
    p->series[p->series_count++] = (struct assay_sim_series){
        .name = legend,
        .colour = 7,
        .count = c->rows,
        .x = c->x,
        .y = assay_sim_columns_level(c, 100 * value),
        .dashed = true,
    };
}

/* --- the figures, one function each */

static void plot_scores(struct assay_sim_columns *c, FILE *out)
{
    char legend[LEGEND_MAX];
    struct assay_sim_plot p = {
        .id = "scores",
        .title = "Scores",
        .about = c->run_count == 1
                     ? "Mean score of each cohort, with its lowest and highest member as a band."
                     : "Mean score of each cohort.",
        .x_label = "epoch",
        .y_label = "score, %",
        .y_from_zero = true,
        .has_y_max = true,
        .y_max = 100,
    };
    const struct assay_sim_law_case law = assay_sim_law_of(scenario_of(c));
    add_cohorts(&p, c, assay_sim_value_score_mean);
    add_members(&p, c);
    add_standings(&p);
    add_held(&p, c);
    if (law.law != ASSAY_SIM_LAW_NONE)
        add_law(&p, c, assay_sim_law_score_formula(law.law), &law,
                assay_sim_law_score(law.law, law.liars / (double)law.nodes, law.nodes), legend);
    assay_sim_plot_write(&p, out);
}

static void plot_weight(struct assay_sim_columns *c, FILE *out)
{
    char legend[LEGEND_MAX];
    struct assay_sim_plot p = {
        .id = "weight",
        .title = "Voting weight",
        .about = "Share of each cohort in the weight of the next epoch.",
        .x_label = "epoch",
        .y_label = "share, %",
        .y_from_zero = true,
        .has_y_max = true,
        .y_max = 100,
        .mark_count = 2,
        .marks = { { 100 * 2.0 / 3, "two thirds" }, { 100 / 3.0, "a third" } },
    };
    const struct assay_sim_law_case law = assay_sim_law_of(scenario_of(c));
    add_cohorts(&p, c, assay_sim_value_weight);
    if (law.law != ASSAY_SIM_LAW_NONE && assay_sim_law_share_formula(law.law) != NULL)
        add_law(&p, c, assay_sim_law_share_formula(law.law), &law,
                assay_sim_law_share(law.law, law.liars / (double)law.nodes), legend);
    assay_sim_plot_write(&p, out);
}

static void plot_integrity(struct assay_sim_columns *c, FILE *out)
{
    struct assay_sim_plot p = {
        .id = "integrity",
        .title = "Integrity",
        .about = "Mean integrity of each cohort: it moves on proofs alone and makes weight.",
        .x_label = "epoch",
        .y_label = "integrity, %",
        .y_from_zero = true,
        .has_y_max = true,
        .y_max = 100,
    };
    add_cohorts(&p, c, assay_sim_value_integrity);
    add_standings(&p);
    assay_sim_plot_write(&p, out);
}

static void plot_suspended(struct assay_sim_columns *c, FILE *out)
{
    struct assay_sim_plot p = {
        .id = "suspended",
        .title = "Suspended members",
        .about = "How many of each cohort are suspended, and how many of those are honest: a false "
                 "suspension.",
        .x_label = "epoch",
        .y_label = "members",
        .y_from_zero = true,
        .whole = true,
    };
    add_cohorts(&p, c, assay_sim_value_suspended);
    add(&p, c, "false suspensions", assay_sim_value_false_suspensions, 0);
    p.series[p.series_count - 1].colour = 7;
    assay_sim_plot_write(&p, out);
}

/* A figure of each cohort, as a bar: the middle of all runs in which it happened. */
struct bars {
    size_t count;
    double x[ASSAY_SIM_COHORTS_MAX], y[ASSAY_SIM_COHORTS_MAX];
    double low[ASSAY_SIM_COHORTS_MAX], high[ASSAY_SIM_COHORTS_MAX];
};

static void add_bars(struct assay_sim_plot *p, struct assay_sim_columns *c, struct bars *bars,
                     enum assay_sim_figure figure, const char *name)
{
    for (uint32_t cohort = 0; cohort < scenario_of(c)->cohort_count; cohort++) {
        size_t found = 0;
        if (!has_members(c, cohort)) continue;
        for (size_t k = 0; k < c->run_count; k++) {
            const int64_t value = c->runs[k].outcome->figures[figure][cohort];
            if (value >= 0) c->scratch[found++] = (double)value;
        }
        const struct assay_sim_spread spread = assay_sim_spread_of(c->scratch, found);
        bars->x[bars->count] = (double)bars->count;
        bars->y[bars->count] = spread.middle;
        bars->low[bars->count] = spread.low;
        bars->high[bars->count++] = spread.high;
    }
    p->series[p->series_count] =
        (struct assay_sim_series){ .name = name,
                                   .colour = (unsigned)p->series_count + 1,
                                   .draw = ASSAY_SIM_DRAW_BARS,
                                   .count = bars->count,
                                   .x = bars->x,
                                   .y = bars->y,
                                   .low = c->run_count > 1 ? bars->low : NULL,
                                   .high = c->run_count > 1 ? bars->high : NULL };
    p->series_count++;
}

/* L8 speaks of members who are absent in every epoch, under the rule of the protocol. */
static bool is_about_absence(const struct assay_scenario *s)
{
    if (s->rule != ASSAY_SIM_RULE_INTERVAL) return false;
    for (uint32_t i = 0; i < s->adversary_count; i++)
        if (s->adversaries[i].attack == ASSAY_SIM_ATTACK_QUIET &&
            s->adversaries[i].rate_permille == 1000 && s->adversaries[i].start_epoch <= s->epochs)
            return true;
    return false;
}

static void plot_detection(struct assay_sim_columns *c, FILE *out)
{
    struct bars found = { 0 }, again = { 0 };
    const char *names[ASSAY_SIM_COHORTS_MAX];
    struct assay_sim_plot p = {
        .id = "detection",
        .title = "Detection and recovery",
        .about = "Epochs from the first bad one of a member to its suspension, and from there back "
                 "to full: the slowest member of each cohort; a dash where it never happened.",
        .x_label = "cohort",
        .y_label = "epochs",
        .y_from_zero = true,
        .whole = true,
        .categories = names,
    };
    for (uint32_t k = 0; k < scenario_of(c)->cohort_count; k++)
        if (has_members(c, k)) names[p.category_count++] = scenario_of(c)->cohorts[k].name;
    add_bars(&p, c, &found, ASSAY_SIM_FIGURE_DETECTION_EPOCHS, "to suspension");
    add_bars(&p, c, &again, ASSAY_SIM_FIGURE_RECOVERY_EPOCHS, "back to full");
    if (is_about_absence(scenario_of(c)))
        p.marks[p.mark_count++] =
            (struct assay_sim_mark){ (double)assay_sim_law_detection_epochs(0, 0.5), "L8: absent" };
    assay_sim_plot_write(&p, out);
}

static const char *of_fidelity(const struct assay_sim_columns *c, const char *message,
                               const char *epoch)
{
    return c->runs[0].outcome->fidelity == ASSAY_SIM_FIDELITY_MESSAGE ? message : epoch;
}

static void plot_traffic(struct assay_sim_columns *c, FILE *out)
{
    struct assay_sim_plot p = {
        .id = "traffic",
        .title = "Messages and verifications",
        .about = of_fidelity(c, "What was delivered and judged in each epoch, by all nodes.",
                             "What was delivered and judged in each epoch, modelled."),
        .x_label = "epoch",
        .y_label = "per epoch",
        .y_from_zero = true,
    };
    add(&p, c, "messages", assay_sim_value_messages, 0);
    add(&p, c, "verifications", assay_sim_value_verifications, 0);
    assay_sim_plot_write(&p, out);
}

static void plot_bytes(struct assay_sim_columns *c, FILE *out)
{
    struct assay_sim_plot p = {
        .id = "bytes",
        .title = "Bytes",
        .about = of_fidelity(c, "What the network carried in each epoch, to all nodes.",
                             "What the network carried in each epoch, modelled."),
        .x_label = "epoch",
        .y_label = "KiB per epoch",
        .y_from_zero = true,
    };
    add(&p, c, "delivered", assay_sim_value_kilobytes, 0);
    assay_sim_plot_write(&p, out);
}

static void plot_consensus(struct assay_sim_columns *c, FILE *out)
{
    struct assay_sim_plot p = {
        .id = "consensus",
        .title = "Blocks, views and crashes",
        .about = "Final blocks, views that ended without one, proofs in blocks, and nodes that "
                 "died, in each epoch.",
        .x_label = "epoch",
        .y_label = "per epoch",
        .y_from_zero = true,
        .whole = true,
    };
    add(&p, c, "blocks", assay_sim_value_blocks, 0);
    add(&p, c, "views nullified", assay_sim_value_nullified, 0);
    add(&p, c, "proofs", assay_sim_value_proofs, 0);
    add(&p, c, "crashes", assay_sim_value_crashes, 0);
    add_held(&p, c);
    assay_sim_plot_write(&p, out);
}

static void plot_certificates(struct assay_sim_columns *c, FILE *out)
{
    struct assay_sim_plot p = {
        .id = "certificates",
        .title = "Certificates held",
        .about = "The most that any node held at the close of an epoch.",
        .x_label = "epoch",
        .y_label = "certificates",
        .y_from_zero = true,
        .whole = true,
    };
    add(&p, c, "certificates", assay_sim_value_certificates, 0);
    assay_sim_plot_write(&p, out);
}

static void plot_shares(struct assay_sim_columns *c, FILE *out)
{
    const struct assay_scenario *s = scenario_of(c);
    struct assay_sim_plot p = {
        .id = "shares",
        .title = "Largest groups",
        .about = "Share of the weight that the largest operator and the largest vendor root hold.",
        .x_label = "epoch",
        .y_label = "share, %",
        .y_from_zero = true,
        .mark_count = 2,
        .marks = { { 100.0 * s->vendor_cap_num / s->vendor_cap_den, "vendor cap" },
                   { 100.0 * s->operator_cap_num / s->operator_cap_den, "operator cap" } },
    };
    add(&p, c, "operator", assay_sim_value_largest_operator, 0);
    add(&p, c, "vendor root", assay_sim_value_largest_vendor, 0);
    assay_sim_plot_write(&p, out);
}

typedef void plot_function(struct assay_sim_columns *c, FILE *out);

enum assay_status assay_sim_report_plots(const struct assay_sim_result *runs, size_t run_count,
                                         FILE *out)
{
    static plot_function *const plots[] = { plot_scores,      plot_weight,    plot_integrity,
                                            plot_suspended,   plot_detection, plot_consensus,
                                            plot_shares,      plot_traffic,   plot_bytes,
                                            plot_certificates };
    struct assay_sim_columns c;
    const enum assay_status status = assay_sim_columns_init(&c, runs, run_count);
    if (status == ASSAY_OK && c.rows == 0)
        (void)fputs("<p>No epoch closed: there is nothing to draw.</p>\n", out);
    for (size_t i = 0; status == ASSAY_OK && c.rows > 0 && i < sizeof plots / sizeof plots[0];
         i++) {
        assay_sim_columns_reset(&c);
        plots[i](&c, out);
    }
    assay_sim_columns_free(&c);
    return status;
}
