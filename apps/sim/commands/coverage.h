/*
 * apps/sim/commands/coverage.h - coverage report of a swarm: what its seeds drew, what happened,
 * what was never drawn, and how many seeds draw the rest.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_COVERAGE_H
#define ASSAY_APPS_SIM_COMMANDS_COVERAGE_H

#include "apps/sim/commands/swarm.h"

enum {
    ASSAY_SIM_AHEAD_SEEDS = 10000, /* default of --ahead */
    ASSAY_SIM_AHEAD_SEEDS_MAX = 1000000,
    ASSAY_SIM_NIGHT_HOURS = 12,
    ASSAY_SIM_NIGHT_PROCESSORS = 2,
};

struct assay_sim_coverage_report {
    const struct assay_sim_swarm_state *state;
    struct assay_sim_situations table;
    /* Drawable situations, and pairs of those that do not exclude each other: all of them, drawn in
     * at least one seed, happened in at least one. */
    uint32_t situations, situations_drawn, situations_happened;
    uint32_t pairs, pairs_drawn, pairs_happened;
    /* The estimate. Seeds decide what they draw, so the next ones are drawn and not run. */
    uint64_t seeds_an_hour;             /* on two processors; 0: unknown */
    uint32_t ahead;                     /* seeds that were drawn */
    uint32_t next[ASSAY_SIM_PAIRS_MAX]; /* of a pair never drawn: the n-th of them, from 1, draws it
                                         * first; 0: none */
    uint32_t pairs_ahead;               /* never drawn so far, and drawn by these seeds */
    uint32_t pairs_in_a_night;          /* of them: by the seeds of a night */
    uint32_t seeds_to_all;              /* of them: as many seeds draw each at least once */
};

/* Returns: whether a pair is counted in a report: both are drawable, and one scenario can contain
 * both; a < b < table->paired. */
bool sim_coverage_is_pair(const struct assay_sim_situations *table, uint32_t a, uint32_t b);
/*
 * sim_coverage_make - the report of a state, with a look at its next seeds.
 * In:      swarm: --nodes and --set as in the state; ahead: seeds, at most the maximum
 * Out:     *report, with a pointer to state; message unless ASSAY_OK
 * Returns: ASSAY_OK | as sim_swarm_scenario
 */
ASSAY_CHECKED enum assay_status sim_coverage_make(const struct assay_sim_swarm *swarm,
                                                  const struct assay_sim_swarm_state *state,
                                                  uint32_t ahead,
                                                  struct assay_sim_coverage_report *report,
                                                  char message[static ASSAY_SIM_MESSAGE_MAX]);
/* The report as text. */
void sim_coverage_print(FILE *out, const struct assay_sim_coverage_report *report);
/* The data of schema assay.sim.coverage. Returns: an object; the caller puts or frees it. */
struct assay_json *sim_coverage_data(const struct assay_sim_coverage_report *report);

#endif
