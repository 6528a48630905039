/*
 * tests/mutants/trial.h - suites of seeds that try a build.
 *
 * What a build, sound or not, is tried with: suites of seeds.
 *
 * Each suite is a function of the seed. A finding names the checker, so that a fault is known to be
 * caught by what was meant to catch it. Lines to stdout, flushed, so that whoever reads them knows
 * how far a build came that died:
 *     at SUITE SEED
 *     caught CHECKER MESSAGE
 *     clean SEEDS
 */
#ifndef ASSAY_TESTS_MUTANTS_TRIAL_H
#define ASSAY_TESTS_MUTANTS_TRIAL_H

#include "sim/outcome.h"
#include "sim/scenario/scenario.h"
#include "sim/simplex/world.h"

struct trial_finding {
    enum assay_sim_checker checker; /* ASSAY_SIM_CHECKER_COUNT: none */
    char message[320];
};

/* The first finding stands. */
__attribute__((format(printf, 3, 4))) void trial_found(struct trial_finding *finding,
                                                       enum assay_sim_checker checker,
                                                       const char *format, ...);

/* A line that must hold of an outcome, under the name of the checker whose promise it is. */
struct trial_expectation {
    enum assay_sim_checker checker;
    const char *text;
};
#define NEEDS(name, text)                                                                          \
    {                                                                                              \
        ASSAY_SIM_CHECKER_##name, text                                                             \
    }
/* Adds each line to the scenario's assertions and looks at it; a line without text ends them. */
void trial_expect(struct assay_scenario *s, const struct assay_sim_outcome *o,
                  const struct trial_expectation *expected, size_t max,
                  struct trial_finding *finding);

/* Runs the scenario on one thread; the watch's violations are found. The outcome
 * is the caller's to free. */
void trial_scenario(const struct assay_scenario *s, uint64_t seed, struct assay_sim_outcome *o,
                    struct trial_finding *finding);

/* suite_simplex.c: Simplex machines under random faults, slow links, disks that lost their end, a
 * Byzantine voter that makes things up; then progress. */
void trial_simplex(uint64_t seed, struct trial_finding *finding);
/* suite_twins.c: drawn schedules of four and seven. */
void trial_twins(uint64_t seed, struct trial_finding *finding);
/* suite_scoring.c: histories of ballots and proofs, held against the invariants and against the
 * rules written a second time. */
void trial_scoring(uint64_t seed, struct trial_finding *finding);

/* suite_run.c: whole networks under attack, every message or every epoch an event. */
void trial_messages(uint64_t seed, struct trial_finding *finding);
void trial_epochs(uint64_t seed, struct trial_finding *finding);

/* suite_links.c: whole networks in which one kind of message, or time to judge, is scarce. */
void trial_links(uint64_t seed, struct trial_finding *finding);
/* suite_clocks.c: whole networks whose dates are wrong, or whose machines stand still. */
void trial_clocks(uint64_t seed, struct trial_finding *finding);
/* suite_collateral.c: whole networks whose vendors renew collateral. */
void trial_collateral(uint64_t seed, struct trial_finding *finding);
/* suite_changes.c: whole networks whose operators change roster, rules and themselves. */
void trial_changes(uint64_t seed, struct trial_finding *finding);
/* suite_eras.c: whole networks whose operators begin a new era. */
void trial_eras(uint64_t seed, struct trial_finding *finding);
/* suite_seats.c: whole networks with more members than seats. */
void trial_seats(uint64_t seed, struct trial_finding *finding);

/* disrupter.c: a voter that signs whatever does harm: proposals out of turn, certificates without a
 * quorum, votes in the names of others. */
struct trial_disrupter;
struct trial_disrupter *trial_disrupter_create(struct assay_sim_simplex *world, uint16_t slot,
                                               uint32_t machines, uint32_t slots, uint64_t seed);
void trial_disrupter_destroy(struct trial_disrupter **disrupter);
/* Once; between runs of the world. */
void trial_disrupter_act(struct trial_disrupter *disrupter);

/* The suites by name, as in "twins simplex". Returns: exit status of the program: 0 clean,
 * 1 caught, 2 usage. */
int trial_run(const char *suites, uint64_t seeds);

#endif
