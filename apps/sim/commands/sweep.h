/*
 * apps/sim/commands/sweep.h - runs of a sweep, in shards that any scheduler can start, and their
 * merge.
 *
 * A shard is a folder: sweep.json names the sweep, the shard and the program; points.csv has one
 * row for each run, in order, appended as they end. A killed run continues after the last complete
 * row. apps/sim/commands/sweep.c and merge_run.c have the command lines.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_SWEEP_H
#define ASSAY_APPS_SIM_COMMANDS_SWEEP_H

#include "apps/sim/report/grid.h"
#include "apps/sim/commands/swarm.h"
#include "sim/sweep/sweep.h"

enum { ASSAY_SIM_SHARDS_MAX = 100000 };

struct assay_sim_sweeping {
    const struct assay_sweep *sweep; /* prepared */
    uint32_t shard, shards;          /* from 1: runs shard - 1, shard - 1 + shards, ... */
    uint32_t threads;
    const char *out_dir;
    bool quiet;
    const volatile sig_atomic_t *stop;
    assay_sim_runner *run;
    /* Out. */
    uint64_t total, done; /* runs of this shard */
    uint64_t before;      /* of these, found in the folder */
    uint64_t violated;    /* of the finished runs: with a finding of a checker */
};

/*
 * assay_sim_sweep_run - run what the folder lacks.
 * Out:     counts; message unless ASSAY_OK
 * Returns: ASSAY_OK (also when stopped) | ASSAY_E_INVALID (the folder is of another sweep or shard)
 *          | ASSAY_E_VERSION (of another program) | ASSAY_E_SYNTAX (foreign files) |
 *          ASSAY_E_IO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_sim_sweep_run(struct assay_sim_sweeping *sweeping,
                                                    char message[static ASSAY_SIM_MESSAGE_MAX]);

/* Contents of sweep.json. */
struct assay_sim_sweep_note {
    char program[ASSAY_SIM_SWARM_PROGRAM_MAX];
    char name[ASSAY_SIM_NAME_MAX + 1], title[ASSAY_SIM_TITLE_MAX + 1];
    char digest[65];
    uint32_t shard, shards, repeats;
    uint64_t runs; /* of all shards */
    uint32_t axis_count;
    char axes[ASSAY_SWEEP_AXES_MAX][ASSAY_SIM_NAME_MAX + 1];
    uint32_t plot_x, plot_series; /* axes; axis_count: none */
    char plot_column[160];        /* of points.csv */
};

/* Reads and writes DIR/sweep.json. Each Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_SYNTAX |
 * ASSAY_E_IO | ASSAY_E_MEMORY, with a message */
ASSAY_CHECKED enum assay_status assay_sim_sweep_note_load(
    const char *dir, struct assay_sim_sweep_note *note, char message[static ASSAY_SIM_MESSAGE_MAX]);
ASSAY_CHECKED enum assay_status assay_sim_sweep_note_save(
    const char *dir, const struct assay_sim_sweep_note *note,
    char message[static ASSAY_SIM_MESSAGE_MAX]);

/* Merged runs, in order. */
struct assay_sim_merged {
    struct assay_sim_sweep_note note;
    uint32_t table_count;
    struct assay_sim_grid *tables; /* [table_count] */
    struct assay_sim_merged_row {
        uint32_t table;
        uint64_t row;
    } * rows; /* [note.runs] */
};

/*
 * assay_sim_merge - join the shards of one sweep.
 * Out:     *merged, freed with assay_sim_merged_free whatever the status; message
 * Returns: ASSAY_OK | ASSAY_E_INVALID (of different sweeps) | ASSAY_E_VERSION (of different
 *          programs) | ASSAY_E_DUPLICATE (a run twice) | ASSAY_E_NOT_FOUND (runs are missing) | as
 *          assay_sim_sweep_note_load and assay_sim_grid_load
 */
ASSAY_CHECKED enum assay_status assay_sim_merge(const char *const *dirs, uint32_t dir_count,
                                                struct assay_sim_merged *merged,
                                                char message[static ASSAY_SIM_MESSAGE_MAX]);
void assay_sim_merged_free(struct assay_sim_merged *merged);

/* sweep.csv (every run) and summary.csv (every point) into a folder, which is made. Returns:
 * ASSAY_OK | ASSAY_E_IO | ASSAY_E_INVALID (the folder is not writable) | ASSAY_E_MEMORY |
 * ASSAY_E_SYNTAX (a cell that is no number), with a message. Each file is complete or absent. */
ASSAY_CHECKED enum assay_status assay_sim_merged_write(const struct assay_sim_merged *merged,
                                                       const char *dir,
                                                       char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
