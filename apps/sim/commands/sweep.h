/*
 * apps/sim/commands/sweep.h - runs of a sweep, in shards that any scheduler can start.
 *
 * A shard is a folder: sweep.json names the sweep, the shard and the program; points.csv has one
 * row for each run, in order, appended as they end. A killed run continues after the last complete
 * row. apps/sim/sweep/merge.h joins the shards; apps/sim/commands/sweep.c has the command lines.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_SWEEP_H
#define ASSAY_APPS_SIM_COMMANDS_SWEEP_H

#include "apps/sim/commands/swarm.h"
#include "sim/sweep/sweep.h"

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
 * sim_sweep_run - run what the folder lacks.
 * Out:     counts; message unless ASSAY_OK
 * Returns: ASSAY_OK (also when stopped) | ASSAY_E_INVALID (the folder is of another sweep or shard)
 *          | ASSAY_E_VERSION (of another program) | ASSAY_E_SYNTAX (foreign files) |
 *          ASSAY_E_IO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status sim_sweep_run(struct assay_sim_sweeping *sweeping,
                                              char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
