/*
 * sim/sweep/sweep.c - numbering and scenarios of a grid.
 */
#include "sim/sweep/sweep.h"

#include "base/assert.h"
#include "base/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void assay_sweep_free(struct assay_sweep *sweep)
{
    for (uint32_t i = 0; i < ASSAY_SWEEP_AXES_MAX; i++)
        free(sweep->axes[i].values);
    free(sweep->inline_text);
    *sweep = (struct assay_sweep){ 0 };
}

uint64_t assay_sweep_points(const struct assay_sweep *sweep)
{
    uint64_t points = 1; /* at most 1001^6, below 2^60 */
    for (uint32_t i = 0; i < sweep->axis_count; i++)
        points *= sweep->axes[i].value_count;
    return points;
}

uint64_t assay_sweep_runs(const struct assay_sweep *sweep)
{
    return assay_sweep_points(sweep) * sweep->repeats;
}

uint32_t assay_sweep_value_of(const struct assay_sweep *sweep, uint64_t point, uint32_t axis)
{
    ASSAY_ASSERT(axis < sweep->axis_count);
    for (uint32_t i = sweep->axis_count - 1; i > axis; i--)
        point /= sweep->axes[i].value_count;
    return (uint32_t)(point % sweep->axes[axis].value_count);
}

uint64_t assay_sweep_seed_of(const struct assay_sweep *sweep, uint64_t run)
{
    return sweep->seed + run % sweep->repeats;
}

static enum assay_status apply_sets(struct assay_scenario *scenario,
                                    const struct assay_sweep_set *sets, uint32_t count,
                                    char *message)
{
    for (uint32_t i = 0; i < count; i++)
        ASSAY_TRY(assay_scenario_set(scenario, sets[i].text, message));
    return ASSAY_OK;
}

enum assay_status assay_sweep_scenario(const struct assay_sweep *sweep, uint64_t run,
                                       struct assay_scenario *scenario,
                                       char message[static ASSAY_SIM_MESSAGE_MAX])
{
    struct assay_scenario made = sweep->base;
    const uint64_t point = run / sweep->repeats;
    ASSAY_ASSERT(run < assay_sweep_runs(sweep));
    for (uint32_t axis = 0; axis < sweep->axis_count; axis++) {
        const struct assay_sweep_value *const value =
            &sweep->axes[axis].values[assay_sweep_value_of(sweep, point, axis)];
        ASSAY_TRY(apply_sets(&made, value->sets, value->set_count, message));
    }
    made.seed = assay_sweep_seed_of(sweep, run);
    ASSAY_TRY(assay_scenario_check(&made, message));
    *scenario = made;
    return ASSAY_OK;
}

/* --- prepare */
static enum assay_status report_point(const struct assay_sweep *sweep, uint64_t point,
                                      enum assay_status status, char *message)
{
    char said[ASSAY_SIM_MESSAGE_MAX];
    (void)snprintf(said, sizeof said, "%s", message);
    int at = snprintf(message, ASSAY_SIM_MESSAGE_MAX, "point %llu (", (unsigned long long)point);
    for (uint32_t axis = 0; axis < sweep->axis_count && at < ASSAY_SIM_MESSAGE_MAX; axis++)
        at += snprintf(message + at, (size_t)(ASSAY_SIM_MESSAGE_MAX - at), "%s%s = %s",
                       axis == 0 ? "" : ", ", sweep->axes[axis].name,
                       sweep->axes[axis].values[assay_sweep_value_of(sweep, point, axis)].name);
    if (at < ASSAY_SIM_MESSAGE_MAX)
        (void)snprintf(message + at, (size_t)(ASSAY_SIM_MESSAGE_MAX - at), "): %s", said);
    return status;
}

/* Columns of the table are figures of the cohorts: all points must have the same. */
static bool has_same_cohorts(const struct assay_scenario *a, const struct assay_scenario *b)
{
    if (a->cohort_count != b->cohort_count) return false;
    for (uint32_t i = 0; i < a->cohort_count; i++)
        if (strcmp(a->cohorts[i].name, b->cohorts[i].name) != 0) return false;
    return true;
}

static enum assay_status check_points(const struct assay_sweep *sweep, char *message)
{
    const uint64_t points = assay_sweep_points(sweep);
    for (uint64_t point = 0; point < points; point++) {
        struct assay_scenario scenario;
        enum assay_status status =
            assay_sweep_scenario(sweep, point * sweep->repeats, &scenario, message);
        if (status == ASSAY_OK && !has_same_cohorts(&sweep->base, &scenario)) {
            (void)snprintf(
                message, ASSAY_SIM_MESSAGE_MAX,
                "expected the cohorts of the base scenario at every point, found others");
            status = ASSAY_E_INVALID;
        }
        if (status != ASSAY_OK) return report_point(sweep, point, status, message);
    }
    return ASSAY_OK;
}

/* "score_mean_bp honest", "epochs". */
static enum assay_status find_figure(struct assay_sweep *sweep, char *message)
{
    const char *const text = sweep->plot_figure;
    const size_t len = strcspn(text, " ");
    const char *const cohort = text[len] == ' ' ? text + len + 1 : "honest";
    for (uint32_t f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++) {
        const char *const name = assay_sim_figure_name((enum assay_sim_figure)f);
        if (strlen(name) != len || strncmp(name, text, len) != 0) continue;
        sweep->figure = (enum assay_sim_figure)f;
        sweep->figure_cohort = 0;
        for (uint32_t c = 0; c < sweep->base.cohort_count; c++) {
            sweep->figure_cohort = c;
            if (strcmp(sweep->base.cohorts[c].name, cohort) == 0) return ASSAY_OK;
        }
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "plot.figure: expected a cohort of the scenario, found \"%.60s\"", cohort);
        return ASSAY_E_NOT_FOUND;
    }
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "plot.figure: expected a figure as in \"score_mean_bp honest\", found \"%.60s\"",
                   text);
    return ASSAY_E_NOT_FOUND;
}

static void hash_text(uint8_t digest[32], const char *text)
{
    /* The closing NUL separates neighbours. */
    const struct assay_slice pieces[] = { { digest, 32 },
                                          { (const uint8_t *)text, strlen(text) + 1 } };
    assay_sha256_pieces(pieces, 2, digest);
}

static enum assay_status make_digest(struct assay_sweep *sweep)
{
    char number[80];
    uint8_t *const text = calloc(1, ASSAY_SIM_YAML_MAX + 1);
    if (text == NULL) return ASSAY_E_MEMORY;
    struct assay_writer w = assay_writer_over(text, ASSAY_SIM_YAML_MAX);
    assay_scenario_put_yaml(&sweep->base, &w);
    assay_bytes_zero(sweep->digest, sizeof sweep->digest);
    hash_text(sweep->digest, sweep->name);
    hash_text(sweep->digest, (const char *)text);
    free(text);
    if (w.full) return ASSAY_E_RANGE;
    (void)snprintf(number, sizeof number, "%llu %u %u", (unsigned long long)sweep->seed,
                   (unsigned)sweep->repeats, (unsigned)sweep->axis_count);
    hash_text(sweep->digest, number);
    for (uint32_t a = 0; a < sweep->axis_count; a++) {
        hash_text(sweep->digest, sweep->axes[a].name);
        for (uint32_t v = 0; v < sweep->axes[a].value_count; v++) {
            const struct assay_sweep_value *const value = &sweep->axes[a].values[v];
            hash_text(sweep->digest, value->name);
            for (uint32_t s = 0; s < value->set_count; s++)
                hash_text(sweep->digest, value->sets[s].text);
        }
        hash_text(sweep->digest, "");
    }
    return ASSAY_OK;
}

enum assay_status assay_sweep_prepare(struct assay_sweep *sweep, const struct assay_scenario *base,
                                      char message[static ASSAY_SIM_MESSAGE_MAX])
{
    message[0] = '\0';
    sweep->base = *base;
    sweep->base.assertion_count = 0;
    assay_bytes_zero(sweep->base.assertions, sizeof sweep->base.assertions);
    ASSAY_TRY(apply_sets(&sweep->base, sweep->sets, sweep->set_count, message));
    const uint64_t points = assay_sweep_points(sweep);
    if (points == 0 || points > ASSAY_SWEEP_RUNS_MAX / sweep->repeats) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "expected 1 to %d runs, found %llu points of %u repeats",
                       ASSAY_SWEEP_RUNS_MAX, (unsigned long long)points, (unsigned)sweep->repeats);
        return ASSAY_E_RANGE;
    }
    ASSAY_TRY(find_figure(sweep, message));
    ASSAY_TRY(check_points(sweep, message));
    return make_digest(sweep);
}
