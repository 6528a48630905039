/*
 * apps/sim/commands/trial.h - trial of one scenario and seed in a process of its own.
 *
 * A run that aborts, crashes or never ends is a failure like any other: it is found, counted,
 * reproduced and shrunk. So the run happens in a child, which leaves its result in shared memory.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_TRIAL_H
#define ASSAY_APPS_SIM_COMMANDS_TRIAL_H

#include "sim/run.h"
#include "sim/swarm/drawn.h"
#include "sim/swarm/promise.h"
#include "sim/swarm/situation.h"

#include <sys/types.h>

typedef enum assay_status assay_sim_runner(const struct assay_scenario *scenario,
                                           const struct assay_sim_options *options,
                                           struct assay_sim_outcome *outcome);

enum { ASSAY_SIM_TRIAL_CPU_S = 600 }; /* a longer run counts as endless */

struct assay_sim_trial {
    struct assay_sim_breach breach;
    bool beyond; /* more than a third of traitors */
    uint8_t trace_hash[32], root_chain[32];
    uint64_t events, messages, epochs, simulated_ms;
    uint64_t cpu_us; /* of the run, twice or not */
    bool effects[ASSAY_SIM_EFFECT_COUNT];
    bool happened[ASSAY_SIM_SITUATIONS_MAX]; /* situations; none where the run did not end */
};

/*
 * sim_try - run a checked scenario and evaluate the outcome.
 *
 * In:       twice: run it again and compare the traces
 *           own_process: in a child; otherwise a crash is the caller's (for debuggers)
 * Returns:  the outcome; a breach named "crash" when the run did not end
 */
struct assay_sim_trial sim_try(assay_sim_runner *run, const struct assay_scenario *scenario,
                               bool twice, bool own_process);

/* A run in a child that has not been awaited yet. */
struct assay_sim_child {
    pid_t pid;                      /* 0: none */
    struct assay_sim_trial *shared; /* [1] mapped; NULL: no memory for it */
    int error;                      /* errno: the reason why there is none */
};

/* Starts it; the caller has no other threads, whose locks the child would inherit locked.
 * Returns: the child, to be passed to sim_try_end when it has ended, or at once if pid is
 * 0. */
struct assay_sim_child sim_try_begin(assay_sim_runner *run, const struct assay_scenario *scenario,
                                     bool twice);
/* status: of waitpid. Returns: as sim_try. */
struct assay_sim_trial sim_try_end(struct assay_sim_child *child, int status);

#endif
