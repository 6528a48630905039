/*
 * tests/unit/sim/report/test_report_sweep.c - the page of a sweep: lines, bands over seeds, and
 * laws where the scenario of a point is what they are about.
 */
#include "apps/sim/commands/sweep.h"
#include "apps/sim/sweep/report_sweep.h"
#include "base/file/file.h"
#include "sim/theory/laws.h"
#include "sim/yaml/read.h"
#include "sim/yaml/sweep.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/sim/report/report_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct folder folder;
static char message[ASSAY_SIM_MESSAGE_MAX];

static void make(void)
{
    folder = folder_make();
}

static void unmake(void)
{
    folder_remove(&folder);
}

TestSuite(sim_report_sweep, .init = make, .fini = unmake);

/* --- a sweep whose runs are made up: the score is the law and the seed moves it */

static enum assay_status fake(const struct assay_scenario *s, const struct assay_sim_options *o,
                              struct assay_sim_outcome *outcome)
{
    assay_sim_outcome_init(outcome);
    outcome->seed = o->seed;
    const struct assay_sim_law_case law = sim_law_of(s);
    const double b = (double)law.liars / law.nodes;
    const double score = law.law == ASSAY_SIM_LAW_NONE ? 0.5 : sim_law_score(law.law, b, s->nodes);
    outcome->figures[ASSAY_SIM_FIGURE_SCORE_MEAN_BP][0] = (int64_t)(10000 * score);
    outcome->figures[ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP][1] = (int64_t)(10000 * b + (double)o->seed);
    outcome->figures[ASSAY_SIM_FIGURE_DETECTION_EPOCHS][1] = b < 0.2 ? -1 : (int64_t)o->seed;
    outcome->figures[ASSAY_SIM_FIGURE_MESSAGES][0] = 77;
    return ASSAY_OK;
}

static const char base[] = "name: base\nfidelity: epoch\nnodes: 100\noperators: 100\nvendors: 5\n"
                           "cohorts:\n  - { name: liars, share_bp: 0 }\n"
                           "adversaries:\n  - { attack: badmouth, cohort: liars }\n";
static const char b_axis[] =
    "  - { name: b_bp, key: \"cohorts[1].share_bp\", from: 0, to: 4000, step: 1000 }\n";
static const char rule_axis[] =
    "  - name: rule\n    cases:\n"
    "      - { name: mean, set: [rule=mean, weight_source=one] }\n"
    "      - { name: \"by <score>\", set: [rule=mean, weight_source=score] }\n"
    "      - { name: none of them, set: [rule=beta] }\n";

/* A sweep of these axes, run and merged. */
static void sweep_of(const char *axes, const char *plot, struct assay_sweep *sweep)
{
    char *text = NULL;
    struct assay_scenario scenario;
    cr_assert_geq(
        asprintf(&text,
                 "sweep_version: 1\nname: made-up\ntitle: a <title>\nscenario: base.yaml\n"
                 "seed: 1\nrepeats: 3\naxes:\n%splot:\n%s",
                 axes, plot),
        0);
    cr_assert_eq(assay_sweep_parse_yaml((const uint8_t *)text, strlen(text), "it", sweep, message),
                 ASSAY_OK, "%s", message);
    cr_assert_eq(
        assay_scenario_parse_yaml((const uint8_t *)base, strlen(base), "base", &scenario, message),
        ASSAY_OK, "%s", message);
    cr_assert_eq(assay_sweep_prepare(sweep, &scenario, message), ASSAY_OK, "%s", message);
    free(text);
}

static void run(const struct assay_sweep *sweep, struct assay_sim_merged *merged)
{
    const char *const dirs[] = { folder.path };
    struct assay_sim_sweeping s = {
        .sweep = sweep, .shard = 1, .shards = 1, .quiet = true, .out_dir = folder.path, .run = fake
    };
    cr_assert_eq(sim_sweep_run(&s, message), ASSAY_OK, "%s", message);
    cr_assert_eq(sim_merge(dirs, 1, merged, message), ASSAY_OK, "%s", message);
}

/* The document of a sweep; of its data the member `sweep`. Freed with assay_json_free. */
static struct assay_json *data_of(const char *axes, const char *plot, bool with_laws)
{
    struct assay_sweep sweep;
    struct assay_sim_merged merged;
    struct assay_sim_sweep_law *laws = NULL;
    char *page = NULL;
    sweep_of(axes, plot, &sweep);
    run(&sweep, &merged);
    if (with_laws)
        cr_assert_eq(sim_sweep_laws_write(&sweep, folder.path, message), ASSAY_OK, "%s", message);
    cr_assert_eq(sim_sweep_laws_load(folder.path, assay_sweep_points(&sweep), &laws, message),
                 ASSAY_OK, "%s", message);
    cr_expect_eq(laws != NULL, with_laws);
    cr_assert_eq(sim_report_sweep_text(&merged, laws, &page, message), ASSAY_OK, "%s", message);
    struct assay_json *document = report_document(page);
    cr_expect_str_eq(assay_json_text(document, "schema", ""), "assay.sim.page");
    struct assay_json *const data =
        assay_json_copy(assay_json_get(assay_json_get(document, "data"), "sweep"));
    assay_json_free(&document);
    free(page);
    free(laws);
    sim_merged_free(&merged);
    assay_sweep_free(&sweep);
    return data;
}

static char *axes_of(const char *one, const char *other)
{
    char *axes = NULL;
    cr_assert_geq(asprintf(&axes, "%s%s", one, other), 0);
    return axes;
}

static const char plot_rule[] = "  x: b_bp\n  series: rule\n  figure: score_mean_bp honest\n";

static const struct assay_json *plot_of(const struct assay_json *data, size_t plot)
{
    return assay_json_at(assay_json_get(data, "plots"), plot);
}

static const struct assay_json *curve_of(const struct assay_json *data, size_t plot, size_t curve)
{
    return assay_json_at(assay_json_get(plot_of(data, plot), "curves"), curve);
}

/* A value of a line, in hundredths; -1: null. */
static int64_t value_of(const struct assay_json *data, size_t plot, size_t line, size_t x,
                        const char *which)
{
    const struct assay_json *const lines = assay_json_get(plot_of(data, plot), "lines");
    int64_t value = -1;
    const struct assay_json *const point = assay_json_at(assay_json_at(lines, line), x);
    return assay_json_as_int(assay_json_get(point, which), &value) ? value : -1;
}

static void expect_texts(const struct assay_json *list, const char *const *texts, size_t count)
{
    cr_assert_eq(assay_json_count(list), count);
    for (size_t i = 0; i < count; i++)
        cr_expect_str_eq(assay_json_as_text(assay_json_at(list, i)), texts[i]);
}

Test(sim_report_sweep, lines_are_the_values_of_the_other_axis_with_their_laws_beside_them)
{
    char *axes = axes_of(b_axis, rule_axis);
    struct assay_json *data = data_of(axes, plot_rule, true);
    expect_texts(assay_json_get(data, "lines"),
                 (const char *[]){ "mean", "by <score>", "none of them" }, 3);
    expect_texts(assay_json_get(assay_json_get(data, "axis"), "values"),
                 (const char *[]){ "0", "1000", "2000", "3000", "4000" }, 5);
    cr_expect_str_eq(assay_json_text(data, "title", ""), "a <title>");
    cr_expect_eq(assay_json_uint(data, "points", 0), 15);
    cr_expect_eq(assay_json_uint(data, "repeats", 0), 3);
    cr_expect(assay_json_bool(data, "laws", false));
    for (size_t i = 0; i < 5; i++)
        cr_expect_eq(value_of(data, 0, 0, i, "middle"), 100 * (10000 - 1000 * (int64_t)i));
    /* L2 speaks of the weight too. */
    cr_expect_eq(assay_json_count(assay_json_get(plot_of(data, 0), "curves")), 2);
    cr_expect_str_eq(assay_json_text(curve_of(data, 0, 0), "law", ""), "L1");
    cr_expect_str_eq(assay_json_text(curve_of(data, 0, 0), "formula", ""), "1 - b");
    cr_expect_str_eq(assay_json_text(curve_of(data, 0, 1), "law", ""), "L2");
    cr_expect_str_eq(assay_json_text(curve_of(data, 1, 0), "formula", ""),
                     "b / (1 - b), 1 above 1/3");
    const struct assay_json *const values = assay_json_get(curve_of(data, 0, 0), "values");
    cr_assert_eq(assay_json_count(values), 4 * 16 + 1);
    for (size_t i = 0; i < 65; i++)
        cr_expect_eq(report_number(values, i),
                     llround(1000000 * assay_sim_law_mean((double)i / 160)), "%zu", i);
    assay_json_free(&data);
    free(axes);
}

Test(sim_report_sweep, another_attack_takes_the_law_away)
{
    char *axes =
        axes_of(b_axis, "  - name: attack\n    cases:\n"
                        "      - { name: lie, set: [] }\n"
                        "      - { name: stuff, set: [\"adversaries[0].attack=stuff\"] }\n");
    struct assay_json *data =
        data_of(axes, "  x: b_bp\n  series: attack\n  figure: score_mean_bp honest\n", true);
    cr_expect_eq(assay_json_count(assay_json_get(plot_of(data, 0), "curves")), 1);
    cr_expect_str_eq(assay_json_text(curve_of(data, 0, 0), "formula", ""), "1 for every b");
    cr_expect_eq(assay_json_uint(curve_of(data, 0, 0), "of_line", 9), 0);
    assay_json_free(&data);
    free(axes);
}

Test(sim_report_sweep, a_law_ends_where_the_axis_leaves_what_it_is_about)
{
    struct assay_json *data =
        data_of("  - { name: loss, key: link.loss_permille, from: 0, to: 200, step: 100 }\n",
                "  x: loss\n  figure: score_mean_bp honest\n", true);
    cr_expect_eq(value_of(data, 0, 0, 0, "middle"), 1000000);
    cr_expect_eq(value_of(data, 0, 0, 2, "middle"), 500000);
    const struct assay_json *const values = assay_json_get(curve_of(data, 0, 0), "values");
    cr_expect_eq(report_number(values, 0), 1000000);
    for (size_t i = 1; i < 33; i++)
        cr_expect_eq(report_number(values, i), -1, "%zu", i);
    assay_json_free(&data);
}

Test(sim_report_sweep, without_laws_csv_it_says_that_there_are_none)
{
    char *axes = axes_of(b_axis, rule_axis);
    struct assay_json *data = data_of(axes, plot_rule, false);
    cr_expect_eq(assay_json_count(assay_json_get(plot_of(data, 0), "curves")), 0);
    cr_expect_not(assay_json_bool(data, "laws", true));
    assay_json_free(&data);
    free(axes);
}

Test(sim_report_sweep, figures_that_move_are_drawn_and_all_are_listed)
{
    char *axes = axes_of(b_axis, rule_axis);
    struct assay_json *data = data_of(axes, plot_rule, true);
    static const char *const drawn[] = { "score_mean_bp", "weight_share_bp", "detection_epochs" };
    cr_assert_eq(assay_json_count(assay_json_get(data, "plots")), 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect_str_eq(assay_json_text(plot_of(data, i), "name", ""), drawn[i]);
    cr_expect_str_eq(assay_json_text(plot_of(data, 1), "cohort", ""), "liars");
    const struct assay_json *const messages =
        report_named(assay_json_get(data, "figures"), "name", "messages");
    cr_expect_eq(assay_json_uint(messages, "low", 0), 77);
    cr_expect_eq(assay_json_uint(messages, "high", 0), 77);
    cr_expect_null(assay_json_get(messages, "cohort"), "it is of the network");
    assay_json_free(&data);
    free(axes);
}

Test(sim_report_sweep, a_figure_that_never_happened_is_a_gap_and_bands_are_over_seeds)
{
    struct assay_json *data =
        data_of(b_axis, "  x: b_bp\n  figure: detection_epochs liars\n", true);
    /* Seeds 1, 2 and 3 from b = 20 % on. */
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(value_of(data, 0, 0, i, "middle"), i < 2 ? -1 : 200, "%zu", i);
        cr_expect_eq(value_of(data, 0, 0, i, "low"), i < 2 ? -1 : 100, "%zu", i);
        cr_expect_eq(value_of(data, 0, 0, i, "high"), i < 2 ? -1 : 300, "%zu", i);
    }
    expect_texts(assay_json_get(data, "lines"), (const char *[]){ "detection_epochs.liars" }, 1);
    assay_json_free(&data);
}

Test(sim_report_sweep, numbers_stand_rising_whatever_their_order)
{
    struct assay_json *data = data_of("  - { name: n, key: nodes, values: [200, 9, 100, 25] }\n",
                                      "  x: n\n  figure: score_mean_bp honest\n", true);
    expect_texts(assay_json_get(assay_json_get(data, "axis"), "values"),
                 (const char *[]){ "9", "25", "100", "200" }, 4);
    cr_expect(assay_json_bool(assay_json_get(data, "axis"), "numeric", false));
    assay_json_free(&data);
}

Test(sim_report_sweep, words_are_an_axis_without_laws)
{
    struct assay_json *data =
        data_of(rule_axis, "  x: rule\n  figure: score_mean_bp honest\n", true);
    const struct assay_json *const axis = assay_json_get(data, "axis");
    cr_expect_not(assay_json_bool(axis, "numeric", true));
    expect_texts(assay_json_get(axis, "values"),
                 (const char *[]){ "mean", "by <score>", "none of them" }, 3);
    cr_expect_eq(assay_json_count(assay_json_get(plot_of(data, 0), "curves")), 0,
                 "a law is a curve over numbers");
    assay_json_free(&data);
}

Test(sim_report_sweep, more_lines_than_can_be_told_apart_are_left_out_and_counted)
{
    char *axes = axes_of(b_axis, "  - { name: e, key: epochs, from: 20, to: 33, step: 1 }\n"
                                 "  - { name: m, key: epoch_ms, values: [1000, 2000] }\n");
    struct assay_json *data =
        data_of(axes, "  x: b_bp\n  series: e\n  figure: score_mean_bp honest\n", true);
    cr_expect_eq(assay_json_count(assay_json_get(data, "lines")), 12);
    cr_expect_eq(assay_json_uint(data, "lines_in_all", 0), 28);
    cr_expect_str_eq(assay_json_as_text(assay_json_at(assay_json_get(data, "lines"), 0)),
                     "e 20, m 1000");
    /* All have the same law: it is there once. */
    cr_expect_eq(assay_json_count(assay_json_get(plot_of(data, 0), "curves")), 1);
    assay_json_free(&data);
    free(axes);
}

Test(sim_report_sweep, the_page_is_written_beside_the_table_and_the_same_again)
{
    struct assay_sweep sweep;
    struct assay_sim_merged merged;
    char *axes = axes_of(b_axis, rule_axis);
    uint8_t *one = NULL, *other = NULL;
    size_t one_len = 0, other_len = 0;
    sweep_of(axes, plot_rule, &sweep);
    run(&sweep, &merged);
    cr_assert_eq(sim_sweep_laws_write(&sweep, folder.path, message), ASSAY_OK);
    const char *path = folder_at(&folder, "sweep.html");
    cr_assert_eq(sim_report_sweep_write(&merged, folder.path, folder.path, message), ASSAY_OK, "%s",
                 message);
    cr_assert_eq(assay_file_read(path, 1 << 20, &one, &one_len), ASSAY_OK);
    cr_assert_eq(sim_report_sweep_write(&merged, folder.path, folder.path, message), ASSAY_OK);
    cr_assert_eq(assay_file_read(path, 1 << 20, &other, &other_len), ASSAY_OK);
    cr_expect_eq(one_len, other_len);
    cr_expect_arr_eq(one, other, one_len);
    cr_expect_neq(sim_report_sweep_write(&merged, folder.path, "/nowhere", message), ASSAY_OK);
    cr_expect_not_null(strstr(message, "/nowhere"), "%s", message);
    free(one);
    free(other);
    free(axes);
    sim_merged_free(&merged);
    assay_sweep_free(&sweep);
}

/* --- laws.csv */

static const char head[] = "point,law,liars,nodes,cohort\n";

static enum assay_status load(const char *rows, uint64_t points, struct assay_sim_sweep_law **laws)
{
    char *text = NULL;
    cr_assert_geq(asprintf(&text, "%s%s", head, rows), 0);
    (void)folder_put(&folder, "laws.csv", text, strlen(text), 0644);
    free(text);
    return sim_sweep_laws_load(folder.path, points, laws, message);
}

Test(sim_report_sweep, laws_come_back_as_they_were_written)
{
    struct assay_sweep sweep;
    struct assay_sim_sweep_law *laws = NULL;
    char *axes = axes_of(b_axis, rule_axis);
    sweep_of(axes, plot_rule, &sweep);
    const uint64_t points = assay_sweep_points(&sweep);
    cr_assert_eq(sim_sweep_laws_write(&sweep, folder.path, message), ASSAY_OK, "%s", message);
    cr_assert_eq(sim_sweep_laws_load(folder.path, points, &laws, message), ASSAY_OK, "%s", message);
    for (uint64_t point = 0; point < points; point++) {
        struct assay_scenario s;
        cr_assert_eq(assay_sweep_scenario(&sweep, point * sweep.repeats, &s, message), ASSAY_OK);
        const struct assay_sim_law_case law = sim_law_of(&s);
        cr_expect_eq(laws[point].at.law, law.law);
        cr_expect_eq(laws[point].at.liars, law.liars);
        cr_expect_eq(laws[point].at.nodes, 100);
        if (law.law != ASSAY_SIM_LAW_NONE) cr_expect_str_eq(laws[point].cohort, "liars");
    }
    free(laws);
    cr_expect_eq(sim_sweep_laws_load(folder.path, points + 1, &laws, message), ASSAY_E_SYNTAX);
    cr_expect_null(laws);
    free(axes);
    assay_sweep_free(&sweep);
}

Test(sim_report_sweep, a_table_of_laws_that_is_none_is_refused)
{
    static const char *const rows[] = {
        "0,1,5,100,liars\n",                    /* one point is missing */
        "0,1,5,100,liars\n2,1,5,100,liars\n",   /* another point */
        "0,1,5,100,liars\n1,5,5,100,liars\n",   /* no such law */
        "0,1,5,100,liars\n1,1,101,100,liars\n", /* more liars than nodes */
        "0,1,5,100,liars\n1,1,-1,100,liars\n",  /* fewer than none */
        "0,1,5,100,liars\n1,1,0,0,liars\n",     /* of nobody */
        "0,1,5,100,liars\n1,1,x,100,liars\n",   /* no number */
        "0,1,5,100,liars\n1,1,5,100\n",         /* a cell less */
        ("0,1,5,100,liars\n1,1,5,100,"
         "a-name-that-is-longer-than-any-name-of-a-cohort-may-be-0123456789\n"),
    };
    struct assay_sim_sweep_law *laws = NULL;
    cr_expect_eq(load("0,1,5,100,liars\n1,0,0,100,honest\n", 2, &laws), ASSAY_OK, "%s", message);
    free(laws);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_eq(load(rows[i], 2, &laws), ASSAY_E_SYNTAX, "%s", rows[i]);
        cr_expect_not_null(strstr(message, "laws.csv"), "%s", message);
        cr_expect_null(laws);
    }
}
