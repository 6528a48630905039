/*
 * tests/unit/sim/checkers/attack_cases.h - each attack by a fifth of the network, and what the
 * rules promise of it (docs/protocol.md 7.12; docs/scenarios/ has a page for most): run at both
 * fidelities, each with the same expectations and a few of its own.
 */
#ifndef ASSAY_TESTS_UNIT_SIM_ATTACK_CASES_H
#define ASSAY_TESTS_UNIT_SIM_ATTACK_CASES_H

#include "sim/run.h"

/* X(name of the case, as in attack_cases.c and as a test) */
#define ATTACK_CASE_LIST(X)                                                                        \
    X(badmouth)                                                                                    \
    X(absent_vote)                                                                                 \
    X(stuff)                                                                                       \
    X(underrate)                                                                                   \
    X(stuff_for_the_absent)                                                                        \
    X(collusion_ring)                                                                              \
    X(equivocate)                                                                                  \
    X(two_envelopes)                                                                               \
    X(withhold)                                                                                    \
    X(censor)                                                                                      \
    X(eclipse)                                                                                     \
    X(replay)                                                                                      \
    X(relay)                                                                                       \
    X(relay_pinned)                                                                                \
    X(extract)                                                                                     \
    X(tamper)                                                                                      \
    X(old_tcb)                                                                                     \
    X(quiet)                                                                                       \
    X(on_off)                                                                                      \
    X(sleeper)                                                                                     \
    X(free_ride)                                                                                   \
    X(copy_votes)                                                                                  \
    X(fast_clock)                                                                                  \
    X(slow_clock)                                                                                  \
    X(lie_in_blocks)                                                                               \
    X(roll_back)                                                                                   \
    X(slander)                                                                                     \
    X(split_delivery)                                                                              \
    X(delay)                                                                                       \
    X(delay_too_long)                                                                              \
    X(other_roll)                                                                                  \
    X(unjudged)                                                                                    \
    X(shrug)                                                                                       \
    X(mute)                                        \
    X(spam)                                                                                        \
    X(dead_end)                                                                                    \
    X(resend)                                                                                      \
    X(drip)                                                                                        \
    X(early_junk)

#define ATTACK_CASE_ENUM(name) ATTACK_CASE_##name,
enum attack_case { ATTACK_CASE_LIST(ATTACK_CASE_ENUM) ATTACK_CASE_COUNT };
#undef ATTACK_CASE_ENUM

typedef enum assay_status attack_run(const struct assay_scenario *scenario,
                                     const struct assay_sim_options *options,
                                     struct assay_sim_outcome *outcome);

/* Runs a case with so many nodes at a fidelity, and fails the test for each expectation that does
 * not hold, each finding of a checker, and when the run is not what it says to be. */
void attack_case_run(enum attack_case which, uint32_t nodes, enum assay_sim_fidelity fidelity,
                     attack_run *run);
/* Returns: the scenario of a case; expectations are its assertions. */
struct assay_scenario attack_case_scenario(enum attack_case which, uint32_t nodes,
                                           enum assay_sim_fidelity fidelity);

#endif
