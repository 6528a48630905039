/*
 * apps/sim/commands/swarm.h - random scenarios, one a seed, and those that broke a guarantee.
 *
 * apps/sim/commands/swarm.c has the command line; this is the implementation, with the runner as an
 * argument so that its tests need no world.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_SWARM_H
#define ASSAY_APPS_SIM_COMMANDS_SWARM_H

#include "apps/sim/commands/command.h"
#include "apps/sim/commands/swarm_state.h"
#include "apps/sim/commands/trial.h"
#include "sim/swarm/random_scenario.h"

#include <signal.h>

struct assay_sim_swarm {
    uint64_t from, seeds;
    uint32_t threads; /* 0: all processors */
    struct assay_sim_swarm_sizes sizes;
    const char *sets[ASSAY_SIM_SETS_MAX]; /* "key=value", over each scenario */
    uint32_t set_count;
    const char *state_path; /* NULL: no state is stored */
    const char *out_dir;    /* failing scenarios as files; NULL: none */
    bool stop_at_first, twice, quiet;
    bool one_process; /* a crash ends this process: for debuggers */
    const volatile sig_atomic_t *stop;
    assay_sim_runner *run;
};

/* The scenario of a seed under these options. Returns: ASSAY_OK | the status of assay_scenario_set
 * or _check, with its message */
ASSAY_CHECKED enum assay_status sim_swarm_scenario(const struct assay_sim_swarm *swarm,
                                                   uint64_t seed, struct assay_scenario *scenario,
                                                   char message[static ASSAY_SIM_MESSAGE_MAX]);

/* The options that decide scenarios besides seeds, as in the reproduction line, quoted for a shell;
 * "" for the defaults. Returns: false when it does not fit: a truncated line would reproduce
 * something else. */
bool sim_swarm_arguments(const struct assay_sim_swarm *swarm,
                         char text[static ASSAY_SIM_SWARM_ARGUMENTS_MAX]);

/*
 * sim_swarm_run - run the seeds that the state lacks, with progress on a terminal.
 *
 * Out:      *state: up to the last seed that ran; message unless ASSAY_OK
 * Returns:  ASSAY_OK (also when stopped: state->done < swarm->seeds then) | as loading and saving
 *           the state | as sim_swarm_scenario of the first seed
 */
ASSAY_CHECKED enum assay_status sim_swarm_run(const struct assay_sim_swarm *swarm,
                                              struct assay_sim_swarm_state *state,
                                              char message[static ASSAY_SIM_MESSAGE_MAX]);

enum { ASSAY_SIM_SWARM_LINE_MAX = ASSAY_SIM_SWARM_ARGUMENTS_MAX + 80 };

/* swarm_data.c: the command that runs one seed again. */
void sim_swarm_reproduction(const struct assay_sim_swarm_state *state, uint64_t seed,
                            char line[static ASSAY_SIM_SWARM_LINE_MAX]);
/* The data of schema assay.sim.swarm, without times: the same seeds give the same. Returns: an
 * object; the caller puts or frees it. */
struct assay_json *sim_swarm_data(const struct assay_sim_swarm *swarm,
                                  const struct assay_sim_swarm_state *state);

/* --nodes: "7" or "4..10". Returns: NULL; otherwise the expected value */
const char *sim_swarm_parse_sizes(const char *text, struct assay_sim_swarm_sizes *sizes);

#endif
