/*
 * tests/unit/sim/report_fixture.h - results made by hand, and what every page must be.
 */
#ifndef ASSAY_TESTS_REPORT_FIXTURE_H
#define ASSAY_TESTS_REPORT_FIXTURE_H

#include "apps/sim/output.h"

/* A scenario of seven with the cohort "ring" of two, who badmouth everybody honest. Each further
 * text is one more --set. Aborts the test when one is refused. */
struct assay_scenario report_scenario(const char *const *sets, size_t set_count);
/* `epochs` rows that move: scores fall from 10000, some epochs are held; figures of everything.
 * The seed bends them, so that two seeds differ. Freed with assay_sim_outcome_free. */
struct assay_sim_outcome report_outcome(const struct assay_scenario *scenario, uint64_t seed,
                                        uint64_t epochs);
/* Returns: whether every tag that opens closes in its turn, quotes and entities are right, and no
 * id stands twice; otherwise *why names what is wrong, in a static buffer. */
bool report_well_formed(const char *page, const char **why);
/* Returns: the first thing in the bytes by which a page could fetch something; NULL: there is none.
 */
const char *report_reference(const char *page);
/* Returns: how often a text stands in another. */
size_t report_count(const char *page, const char *text);

#endif
