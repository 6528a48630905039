/*
 * tests/unit/sim/sim_fake.h - a runner that simulates nothing: outcomes are functions of scenario
 * and seed, so that what stands around the runs can be tested in no time.
 */
#ifndef ASSAY_TESTS_UNIT_SIM_SIM_FAKE_H
#define ASSAY_TESTS_UNIT_SIM_SIM_FAKE_H

#include "sim/run.h"

/* Breaks P1 where the seed is 17 mod 100, agreement where it is 42 mod 100.
 * Returns: ASSAY_OK */
enum assay_status sim_fake_run(const struct assay_scenario *scenario,
                               const struct assay_sim_options *options,
                               struct assay_sim_outcome *outcome);

#endif
