/*
 * tests/unit/sim/swarm/test_sweep_laws.c - the sweep of badmouthing, point by point, against the
 * closed forms of sim/theory/laws.h.
 */
#include "apps/sim/commands/sweep.h"
#include "apps/sim/sweep/merge.h"
#include "base/file/file.h"
#include "sim/theory/laws.h"
#include "sim/yaml/read.h"
#include "sim/yaml/sweep.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The laws are of a large network; here a member is judged by 99 others of 100. With one less in
 * the electorate the share of liars in it is b n / (n - 1), which is up to 0.6 % of the votes more
 * than b: 0.6 % of the score under L1, and with the slope of L2 (1 / (1 - b)^2, 2.04 at 30 %)
 * 0.62 %. L4 has n in it. Rounding to basis points adds less than 10 bp.
 */
enum { TOLERANCE_BP = 75 };

static char folder[] = "/tmp/assay-laws-XXXXXX";
static char message[ASSAY_SIM_MESSAGE_MAX];

static double law(const char *series, double b)
{
    if (strcmp(series, "mean, weight one") == 0) return assay_sim_law_mean(b);
    if (strcmp(series, "mean, weight by score") == 0) return assay_sim_law_mean_score(b);
    if (strcmp(series, "trimmed, weight by score") == 0) return assay_sim_law_trimmed_score(b);
    if (strcmp(series, "interval, ABSENT") == 0) return assay_sim_law_interval(b, 100);
    cr_assert_str_eq(series, "interval, FAIL");
    return assay_sim_law_evidence(b);
}

/* Columns: run, point, repeat, seed, two axes, violation, trace hash; then figures, of which the
 * first few have one column each. */
enum { COLUMN_B = 4, COLUMN_RULE = 5, COLUMN_SCORE = 8 + ASSAY_SIM_FIGURE_SCORE_MEAN_BP };

static void load(struct assay_sweep *sweep)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct assay_scenario base;
    static const char path[] = ASSAY_SOURCE_DIR "/sim/library/sweeps/badmouthing.yaml";
    cr_assert_eq(assay_file_read(path, ASSAY_SWEEP_YAML_MAX, &bytes, &len), ASSAY_OK);
    cr_assert_eq(assay_sweep_parse_yaml(bytes, len, path, sweep, message), ASSAY_OK, "%s", message);
    free(bytes);
    cr_assert_eq(assay_scenario_parse_yaml((const uint8_t *)sweep->inline_text,
                                           strlen(sweep->inline_text), path, &base, message),
                 ASSAY_OK, "%s", message);
    cr_assert_eq(assay_sweep_prepare(sweep, &base, message), ASSAY_OK, "%s", message);
}

static void run(const struct assay_sweep *sweep, struct assay_sim_merged *merged)
{
    const char *const dirs[] = { folder };
    struct assay_sim_sweeping s = { .sweep = sweep, .shard = 1, .shards = 1, .quiet = true };
    s.out_dir = folder;
    s.run = assay_sim_run_epochs;
    cr_assert_eq(sim_sweep_run(&s, message), ASSAY_OK, "%s", message);
    cr_assert_eq(sim_merge(dirs, 1, merged, message), ASSAY_OK, "%s", message);
}

Test(sim_sweep_laws, badmouthing_follows_the_closed_forms_at_every_point)
{
    struct assay_sweep sweep;
    struct assay_sim_merged merged;
    cr_assert_not_null(mkdtemp(folder));
    load(&sweep);
    /* One seed of each point is enough for a test: the network loses nothing. */
    sweep.repeats = 1;
    run(&sweep, &merged);
    const struct assay_sim_grid *const grid = &merged.tables[0];
    uint32_t checked = 0, telling = 0;
    for (uint64_t i = 0; i < grid->row_count; i++) {
        char series[ASSAY_SIM_CELL_MAX];
        int64_t b_bp = 0, score_bp = 0;
        sim_grid_cell(grid, i, COLUMN_RULE, series);
        cr_assert(sim_grid_number(grid, i, COLUMN_B, &b_bp));
        cr_assert(sim_grid_number(grid, i, COLUMN_SCORE, &score_bp));
        const double expected = 10000.0 * law(series, (double)b_bp / 10000.0);
        const double off = (double)score_bp - expected;
        cr_expect(off <= TOLERANCE_BP && off >= -TOLERANCE_BP,
                  "%s at b = %lld bp: expected %.0f, found %lld", series, (long long)b_bp, expected,
                  (long long)score_bp);
        checked++;
        /* Taken for the other rule's law it would be seen. */
        telling +=
            (double)score_bp - 10000.0 * assay_sim_law_mean((double)b_bp / 10000.0) > TOLERANCE_BP;
    }
    cr_expect_eq(checked, 65);
    cr_expect_gt(telling, 20, "the laws are further apart than the tolerance");
    sim_merged_free(&merged);
    assay_sweep_free(&sweep);
    static const char *const files[] = { "sweep.json", "points.csv" };
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}
