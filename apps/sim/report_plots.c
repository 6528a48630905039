/*
 * apps/sim/report_plots.c - the figures of one run, and the closed forms beside them.
 *
 * A law is drawn only where the scenario is what it is about; docs/simulator-checks.md derives or
 * cites each.
 */
#include "apps/sim/plot.h"
#include "apps/sim/report.h"
#include "sim/theory/laws.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { COLUMNS = 3 * ASSAY_SIM_COHORTS_MAX + 8 };

/* The columns that the plots borrow: each [rows]. */
struct columns {
    size_t rows, used;
    double *memory; /* [COLUMNS * rows] */
    double *x;
};

typedef double column_value(const struct assay_sim_row *row, uint32_t cohort);

static double *column(struct columns *c, const struct assay_sim_result *r, column_value *value,
                      uint32_t cohort)
{
    double *out = c->memory + c->used++ * c->rows;
    for (size_t i = 0; i < c->rows; i++)
        out[i] = value(&r->outcome->rows[i], cohort);
    return out;
}

static void reset(struct columns *c)
{
    c->used = 1; /* the first is x */
}

/* --- values of a row */

static double per_cent(uint32_t bp)
{
    return bp / 100.0;
}

static double score_mean(const struct assay_sim_row *row, uint32_t c)
{
    return row->cohorts[c].members > 0 ? per_cent(row->cohorts[c].score_mean_bp) : (double)NAN;
}
static double score_min(const struct assay_sim_row *row, uint32_t c)
{
    return row->cohorts[c].members > 0 ? per_cent(row->cohorts[c].score_min_bp) : (double)NAN;
}
static double score_max(const struct assay_sim_row *row, uint32_t c)
{
    return row->cohorts[c].members > 0 ? per_cent(row->cohorts[c].score_max_bp) : (double)NAN;
}
static double integrity_mean(const struct assay_sim_row *row, uint32_t c)
{
    return row->cohorts[c].members > 0 ? per_cent(row->cohorts[c].integrity_mean_bp) : (double)NAN;
}
static double weight_share(const struct assay_sim_row *row, uint32_t c)
{
    return per_cent(row->cohorts[c].weight_share_bp);
}
static double suspended(const struct assay_sim_row *row, uint32_t c)
{
    return row->cohorts[c].suspended;
}
static double epoch_of(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return (double)row->epoch;
}
static double certified(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return row->certified ? 1 : 0;
}
static double false_suspensions(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return row->false_suspensions;
}
static double certificates(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return row->certificates_held;
}
static double messages(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return (double)row->messages;
}
static double kilobytes(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return (double)row->bytes / 1024.0;
}
static double verifications(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return (double)row->verifications;
}
static double nullified(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return row->views_nullified;
}
static double blocks(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return row->blocks;
}
static double crashes(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return row->crashes;
}
static double proofs(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return row->proofs;
}
static double largest_operator(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return per_cent(row->largest_operator_bp);
}
static double largest_vendor(const struct assay_sim_row *row, uint32_t c)
{
    (void)c;
    return per_cent(row->largest_vendor_bp);
}

/* --- one plot */

static void add(struct assay_sim_plot *p, const struct columns *c, const char *name,
                const double *y)
{
    p->series[p->series_count] = (struct assay_sim_series){
        .name = name, .colour = (unsigned)p->series_count, .count = c->rows, .x = c->x, .y = y
    };
    p->series_count++;
}

/* One line for each cohort that has members. */
static void add_cohorts(struct assay_sim_plot *p, struct columns *c,
                        const struct assay_sim_result *r, column_value *value)
{
    for (uint32_t k = 0; k < r->scenario->cohort_count; k++) {
        if (r->outcome->cohort_members[k] == 0) continue;
        add(p, c, r->scenario->cohorts[k].name, column(c, r, value, k));
        p->series[p->series_count - 1].colour = k;
    }
}

static void add_bands(struct assay_sim_plot *p, struct columns *c, const struct assay_sim_result *r)
{
    size_t at = 0;
    for (uint32_t k = 0; k < r->scenario->cohort_count; k++) {
        if (r->outcome->cohort_members[k] == 0) continue;
        p->series[at].low = column(c, r, score_min, k);
        p->series[at++].high = column(c, r, score_max, k);
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

/* --- laws */

struct law {
    double score; /* of honest members at rest, 0 .. 1 */
    double share; /* of the liars' weight; below 0: the law says nothing of it */
    const char *name;
};

/* Liars against everybody honest, from the first epoch to the last and no other fault: what all of
 * L1 to L4 and L7 are about. Returns: their share, or -1. */
static double liars(const struct assay_sim_result *r, enum assay_sim_attack *attack)
{
    const struct assay_scenario *s = r->scenario;
    if (s->adversary_count != 1 || s->partition_count > 0 || s->crash_count > 0) return -1;
    const struct assay_sim_adversary *a = &s->adversaries[0];
    if (a->victims != 0 || a->stop_epoch != 0 || a->rate_permille != 1000) return -1;
    *attack = a->attack;
    return (double)r->outcome->cohort_members[a->cohort] / s->nodes;
}

static bool law_of(const struct assay_sim_result *r, struct law *law)
{
    enum assay_sim_attack attack = ASSAY_SIM_ATTACK_QUIET;
    const enum assay_sim_weight_source source = r->scenario->weight_source;
    const double b = liars(r, &attack);
    if (b < 0) return false;
    const bool against =
        attack == ASSAY_SIM_ATTACK_BADMOUTH || attack == ASSAY_SIM_ATTACK_ABSENT_VOTE;
    if (!against) return false;
    switch (r->scenario->rule) {
    case ASSAY_SIM_RULE_MEAN:
        if (source == ASSAY_SIM_WEIGHT_ONE)
            *law = (struct law){ assay_sim_law_mean(b), -1, "L1: 1 - b" };
        else if (source == ASSAY_SIM_WEIGHT_SCORE)
            *law = (struct law){ assay_sim_law_mean_score(b), assay_sim_law_mean_score_share(b),
                                 "L2: (1 - 2b) / (1 - b)" };
        else return false;
        return true;
    case ASSAY_SIM_RULE_TRIMMED:
        if (source != ASSAY_SIM_WEIGHT_SCORE) return false;
        *law = (struct law){ assay_sim_law_trimmed_score(b), -1, "L3: a third trimmed" };
        return true;
    case ASSAY_SIM_RULE_INTERVAL:
        if (source != ASSAY_SIM_WEIGHT_INTEGRITY) return false;
        *law =
            attack == ASSAY_SIM_ATTACK_BADMOUTH
                ? (struct law){ assay_sim_law_evidence(b), -1, "L7: evidence, flat" }
                : (struct law){ assay_sim_law_interval(b, r->scenario->nodes), -1, "L4: interval" };
        return true;
    case ASSAY_SIM_RULE_BETA:
    case ASSAY_SIM_RULE_EIGENTRUST:
    case ASSAY_SIM_RULE_LEAK: return false;
    }
    return false;
}

static void add_law(struct assay_sim_plot *p, struct columns *c, const char *name, double value)
{
    double *y = c->memory + c->used++ * c->rows;
    for (size_t i = 0; i < c->rows; i++)
        y[i] = value;
    add(p, c, name, y);
    p->series[p->series_count - 1].colour = 7;
    p->series[p->series_count - 1].dashed = true;
}

/* --- the figures, one function each */

static void plot_scores(struct columns *c, const struct assay_sim_result *r, FILE *out)
{
    struct assay_sim_plot p = {
        .id = "scores",
        .title = "Scores",
        .about = "Mean score of each cohort, with its lowest and highest member as a band.",
        .x_label = "epoch",
        .y_label = "score, %",
        .y_from_zero = true,
        .has_y_max = true,
        .y_max = 100,
    };
    struct law law;
    add_cohorts(&p, c, r, score_mean);
    add_bands(&p, c, r);
    add_standings(&p);
    if (law_of(r, &law)) add_law(&p, c, law.name, 100 * law.score);
    assay_sim_plot_write(&p, out);
}

static void plot_weight(struct columns *c, const struct assay_sim_result *r, FILE *out)
{
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
    struct law law;
    add_cohorts(&p, c, r, weight_share);
    if (law_of(r, &law) && law.share >= 0) add_law(&p, c, law.name, 100 * law.share);
    assay_sim_plot_write(&p, out);
}

static void plot_integrity(struct columns *c, const struct assay_sim_result *r, FILE *out)
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
    add_cohorts(&p, c, r, integrity_mean);
    add_standings(&p);
    assay_sim_plot_write(&p, out);
}

static void plot_suspended(struct columns *c, const struct assay_sim_result *r, FILE *out)
{
    struct assay_sim_plot p = {
        .id = "suspended",
        .title = "Suspended members",
        .about = "How many of each cohort are suspended, and how many of those are honest.",
        .x_label = "epoch",
        .y_label = "members",
        .y_from_zero = true,
        .whole = true,
    };
    add_cohorts(&p, c, r, suspended);
    add(&p, c, "false suspensions", column(c, r, false_suspensions, 0));
    p.series[p.series_count - 1].colour = 7;
    assay_sim_plot_write(&p, out);
}

/* A bar for each cohort would be the truth; a dot at its number says the same and needs no axis of
 * words. */
static void plot_detection(const struct assay_sim_result *r, FILE *out)
{
    double x[ASSAY_SIM_COHORTS_MAX], y[ASSAY_SIM_COHORTS_MAX], back[ASSAY_SIM_COHORTS_MAX];
    size_t count = 0;
    struct assay_sim_plot p = {
        .id = "detection",
        .title = "Detection and recovery",
        .about = "Epochs from the first bad epoch to suspension, and from there back to full, of "
                 "the slowest member of each cohort (numbered in the order of the tables).",
        .x_label = "cohort",
        .y_label = "epochs",
        .y_from_zero = true,
        .whole = true,
    };
    for (uint32_t k = 0; k < r->scenario->cohort_count; k++) {
        const int64_t found = r->outcome->figures[ASSAY_SIM_FIGURE_DETECTION_EPOCHS][k];
        const int64_t again = r->outcome->figures[ASSAY_SIM_FIGURE_RECOVERY_EPOCHS][k];
        x[count] = k;
        y[count] = found < 0 ? (double)NAN : (double)found;
        back[count++] = again < 0 ? (double)NAN : (double)again;
    }
    p.series[p.series_count++] = (struct assay_sim_series){
        .name = "to suspension", .colour = 1, .count = count, .x = x, .y = y, .points = true
    };
    p.series[p.series_count++] = (struct assay_sim_series){
        .name = "back to full", .colour = 2, .count = count, .x = x, .y = back, .points = true
    };
    p.marks[p.mark_count++] =
        (struct assay_sim_mark){ assay_sim_law_detection_epochs(0, 0.5), "L8: absent" };
    assay_sim_plot_write(&p, out);
}

static void plot_traffic(struct columns *c, const struct assay_sim_result *r, FILE *out)
{
    struct assay_sim_plot p = {
        .id = "traffic",
        .title = "Messages and verifications",
        .about = r->outcome->fidelity == ASSAY_SIM_FIDELITY_MESSAGE
                     ? "What was delivered and judged in each epoch, by all nodes together."
                     : "What was delivered and judged in each epoch, modelled.",
        .x_label = "epoch",
        .y_label = "per epoch",
        .y_from_zero = true,
    };
    add(&p, c, "messages", column(c, r, messages, 0));
    add(&p, c, "KiB", column(c, r, kilobytes, 0));
    add(&p, c, "verifications", column(c, r, verifications, 0));
    assay_sim_plot_write(&p, out);
}

static void plot_consensus(struct columns *c, const struct assay_sim_result *r, FILE *out)
{
    struct assay_sim_plot p = {
        .id = "consensus",
        .title = "Blocks, views and crashes",
        .about = "Final blocks, views that ended without one, proofs in blocks, and nodes that "
                 "died, in each epoch; the lowest line is 1 where the epoch closed certified.",
        .x_label = "epoch",
        .y_label = "per epoch",
        .y_from_zero = true,
        .whole = true,
    };
    add(&p, c, "blocks", column(c, r, blocks, 0));
    add(&p, c, "views nullified", column(c, r, nullified, 0));
    add(&p, c, "proofs", column(c, r, proofs, 0));
    add(&p, c, "crashes", column(c, r, crashes, 0));
    add(&p, c, "certified", column(c, r, certified, 0));
    assay_sim_plot_write(&p, out);
}

static void plot_certificates(struct columns *c, const struct assay_sim_result *r, FILE *out)
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
    add(&p, c, "certificates", column(c, r, certificates, 0));
    assay_sim_plot_write(&p, out);
}

static void plot_shares(struct columns *c, const struct assay_sim_result *r, FILE *out)
{
    const struct assay_scenario *s = r->scenario;
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
    add(&p, c, "operator", column(c, r, largest_operator, 0));
    add(&p, c, "vendor root", column(c, r, largest_vendor, 0));
    assay_sim_plot_write(&p, out);
}

typedef void plot_function(struct columns *c, const struct assay_sim_result *r, FILE *out);

enum assay_status assay_sim_report_plots(const struct assay_sim_result *result, FILE *out)
{
    static plot_function *const plots[] = { plot_scores,    plot_weight,      plot_integrity,
                                            plot_suspended, plot_traffic,     plot_consensus,
                                            plot_shares,    plot_certificates };
    struct columns c = { .rows = result->outcome->row_count };
    if (c.rows == 0) {
        (void)fputs("<p>No epoch closed: there is nothing to draw.</p>\n", out);
        return ASSAY_OK;
    }
    if (c.rows > SIZE_MAX / (COLUMNS * sizeof(double))) return ASSAY_E_MEMORY;
    c.memory = malloc(COLUMNS * c.rows * sizeof(double));
    if (c.memory == NULL) return ASSAY_E_MEMORY;
    reset(&c);
    c.used = 0;
    c.x = column(&c, result, epoch_of, 0);
    for (size_t i = 0; i < sizeof plots / sizeof plots[0]; i++) {
        reset(&c);
        plots[i](&c, result, out);
        if (plots[i] == plot_suspended) plot_detection(result, out);
    }
    free(c.memory);
    return ASSAY_OK;
}
