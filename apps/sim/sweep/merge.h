/*
 * apps/sim/sweep/merge.h - finished runs of a sweep: the note of a shard, and the merge of
 * all shards.
 */
#ifndef ASSAY_APPS_SIM_SWEEP_MERGE_H
#define ASSAY_APPS_SIM_SWEEP_MERGE_H

#include "apps/sim/report/files.h"
#include "apps/sim/report/grid.h"
#include "sim/sweep/sweep.h"

enum { ASSAY_SIM_SHARDS_MAX = 100000 };

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
ASSAY_CHECKED enum assay_status sim_sweep_note_load(const char *dir,
                                                    struct assay_sim_sweep_note *note,
                                                    char message[static ASSAY_SIM_MESSAGE_MAX]);
ASSAY_CHECKED enum assay_status sim_sweep_note_save(const char *dir,
                                                    const struct assay_sim_sweep_note *note,
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
 * sim_merge - join the shards of one sweep.
 * Out:     *merged, freed with sim_merged_free whatever the status; message
 * Returns: ASSAY_OK | ASSAY_E_INVALID (of different sweeps) | ASSAY_E_VERSION (of different
 *          programs) | ASSAY_E_DUPLICATE (a run twice) | ASSAY_E_NOT_FOUND (runs are missing) | as
 *          sim_sweep_note_load and sim_grid_load
 */
ASSAY_CHECKED enum assay_status sim_merge(const char *const *dirs, uint32_t dir_count,
                                          struct assay_sim_merged *merged,
                                          char message[static ASSAY_SIM_MESSAGE_MAX]);
void sim_merged_free(struct assay_sim_merged *merged);

/* sweep.csv (every run) and summary.csv (every point) into a folder, which is made. Returns:
 * ASSAY_OK | ASSAY_E_IO | ASSAY_E_INVALID (the folder is not writable) | ASSAY_E_MEMORY |
 * ASSAY_E_SYNTAX (a cell that is no number), with a message. Each file is complete or absent. */
ASSAY_CHECKED enum assay_status sim_merged_write(const struct assay_sim_merged *merged,
                                                 const char *dir,
                                                 char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
