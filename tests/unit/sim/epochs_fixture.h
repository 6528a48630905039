/* tests/unit/sim/epochs_fixture.h - scenarios and worlds of the tests of sim/epochs. */
#ifndef ASSAY_TESTS_UNIT_SIM_EPOCHS_FIXTURE_H
#define ASSAY_TESTS_UNIT_SIM_EPOCHS_FIXTURE_H

#include "sim/attack.h"
#include "sim/epochs/epochs.h"

struct fixture {
    struct assay_scenario scenario;
    struct assay_sim_options options;
    struct assay_sim_outcome outcome;
    struct assay_sim_epochs *world;
};

/* Returns: so many nodes, one platform and operator each, four vendors, 2 s epochs, no losses. */
struct assay_scenario fixture_scenario(uint32_t nodes);
/* A cohort of so many nodes. Returns: its number. */
uint32_t fixture_cohort(struct assay_scenario *s, const char *name, uint32_t count);
/* Returns: an adversary that acts in every epoch of [start, stop). */
struct assay_sim_adversary *fixture_attack(struct assay_scenario *s, enum assay_sim_attack attack,
                                           uint32_t cohort, uint32_t victims, uint64_t start,
                                           uint64_t stop);
/* Checks the scenario and makes its world. */
void fixture_open(struct fixture *f, const struct assay_scenario *s, uint64_t seed,
                  uint32_t threads);
/* Returns: how many epochs closed. */
uint64_t fixture_ticks(struct fixture *f, uint64_t ticks);
/* Ends the run; fails the test when a checker found something. */
void fixture_close(struct fixture *f);
/* Returns: some slot of a cohort. */
uint32_t fixture_slot(const struct fixture *f, uint32_t cohort);
const struct assay_trust_state *fixture_trust(const struct fixture *f, uint32_t slot);

#endif
