/*
 * tests/unit/sim/services_fixture.h - scenarios with services, and runs of them that must keep
 * every promise.
 */
#ifndef ASSAY_TESTS_UNIT_SIM_SERVICES_FIXTURE_H
#define ASSAY_TESTS_UNIT_SIM_SERVICES_FIXTURE_H

#include "sim/outcome.h"
#include "sim/scenario/scenario.h"

struct served_total {
    int64_t figures[ASSAY_SIM_FIGURE_COUNT];
    uint64_t looked[ASSAY_SIM_CHECKER_COUNT];
};

#define SUM(total, figure) (total).figures[ASSAY_SIM_FIGURE_##figure]

/* Message by message, epochs of a second. */
struct assay_scenario served_scenario(uint32_t nodes, uint64_t epochs);
/* Links and machines of a seed. */
void served_disturb(struct assay_scenario *s, uint64_t seed);
/* Runs it and adds up; a checker that finds something fails the test. */
void served_run(const struct assay_scenario *s, uint64_t seed, struct served_total *total);

#endif
