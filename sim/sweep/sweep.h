/*
 * sim/sweep/sweep.h - a grid of scenarios: axes, points in a fixed order, seeds at each point.
 *
 * Shards rely on the numbering: the first axis moves slowest, the repeats of a point follow each
 * other, run r has the seed first + r mod repeats. All points have the same seeds, so that two of
 * them differ by their parameters and not by chance. sim/yaml/sweep.h parses the file.
 */
#ifndef ASSAY_SIM_SWEEP_SWEEP_H
#define ASSAY_SIM_SWEEP_SWEEP_H

#include "sim/outcome.h"

enum {
    ASSAY_SWEEP_AXES_MAX = 6,
    ASSAY_SWEEP_VALUES_MAX = 1001, /* of an axis: 0 .. 100 % in steps of a permille */
    ASSAY_SWEEP_SETS_MAX = 16,     /* of a value, and of the sweep itself */
    ASSAY_SWEEP_SET_LEN = 159,
    ASSAY_SWEEP_REPEATS_MAX = 100000,
    ASSAY_SWEEP_RUNS_MAX = 1000000,
};

struct assay_sweep_set {
    char text[ASSAY_SWEEP_SET_LEN + 1]; /* "key=value", as of --set */
};

/* One value of an axis: its name in tables, and its keys. */
struct assay_sweep_value {
    char name[ASSAY_SIM_NAME_MAX + 1];
    uint32_t set_count;
    struct assay_sweep_set sets[ASSAY_SWEEP_SETS_MAX];
};

struct assay_sweep_axis {
    char name[ASSAY_SIM_NAME_MAX + 1];
    uint32_t value_count;
    struct assay_sweep_value *values; /* [value_count], of malloc */
};

struct assay_sweep {
    char name[ASSAY_SIM_NAME_MAX + 1];
    char title[ASSAY_SIM_TITLE_MAX + 1];
    /* The base scenario: its name or path, or its own text. */
    char scenario[256];
    char *inline_text; /* of malloc; NULL: scenario names it */
    uint32_t set_count;
    struct assay_sweep_set sets[ASSAY_SWEEP_SETS_MAX];
    uint64_t seed;
    uint32_t repeats;
    uint32_t axis_count;
    struct assay_sweep_axis axes[ASSAY_SWEEP_AXES_MAX];
    /* The plot: axis against a figure, one line for each value of another axis. */
    uint32_t plot_x;                              /* axis */
    uint32_t plot_series;                         /* axis; axis_count: one line */
    char plot_figure[2 * ASSAY_SIM_NAME_MAX + 2]; /* "score_mean_bp honest" */
    /* Filled in by assay_sweep_prepare. */
    struct assay_scenario base;
    enum assay_sim_figure figure;
    uint32_t figure_cohort;
    uint8_t digest[32]; /* of all inputs of a result */
};

/* Frees what it owns and zeroes it. */
void assay_sweep_free(struct assay_sweep *sweep);

/* Returns: points of the grid, and runs: points times repeats. */
uint64_t assay_sweep_points(const struct assay_sweep *sweep);
uint64_t assay_sweep_runs(const struct assay_sweep *sweep);
/* Returns: the index of the value that an axis has at a point. */
uint32_t assay_sweep_value_of(const struct assay_sweep *sweep, uint64_t point, uint32_t axis);
/* Returns: the seed of a run. */
uint64_t assay_sweep_seed_of(const struct assay_sweep *sweep, uint64_t run);

/*
 * assay_sweep_prepare - set the base scenario and check every point.
 *
 * In:       base, checked. Its assertions refer to its own parameters: they are omitted
 * Out:      sweep->base, figure, digest; message unless ASSAY_OK
 * Returns:  ASSAY_OK | the status of assay_scenario_set or assay_scenario_check at a point |
 *           ASSAY_E_RANGE (too many runs) | ASSAY_E_INVALID (a point has other cohorts) |
 *           ASSAY_E_NOT_FOUND (the plotted figure)
 */
ASSAY_CHECKED enum assay_status assay_sweep_prepare(struct assay_sweep *sweep,
                                                    const struct assay_scenario *base,
                                                    char message[static ASSAY_SIM_MESSAGE_MAX]);

/* The scenario of a run, with its seed. Returns: ASSAY_OK | as assay_sweep_prepare */
ASSAY_CHECKED enum assay_status assay_sweep_scenario(const struct assay_sweep *sweep, uint64_t run,
                                                     struct assay_scenario *scenario,
                                                     char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
