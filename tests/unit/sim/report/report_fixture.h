/*
 * tests/unit/sim/report/report_fixture.h - results made by hand, and the document that a page of
 * them holds.
 */
#ifndef ASSAY_TESTS_UNIT_SIM_REPORT_FIXTURE_H
#define ASSAY_TESTS_UNIT_SIM_REPORT_FIXTURE_H

#include "apps/sim/report/output.h"

/* A scenario of seven with the cohort "ring" of two, who badmouth everybody honest. Each further
 * text is one more --set. Aborts the test when one is refused. */
struct assay_scenario report_scenario(const char *const *sets, size_t set_count);
/* `epochs` rows that move: scores fall from 10000, some epochs are held; figures of everything.
 * The seed bends them, so that two seeds differ. Freed with assay_sim_outcome_free. */
struct assay_sim_outcome report_outcome(const struct assay_scenario *scenario, uint64_t seed,
                                        uint64_t epochs);
/* The document inside a page; the test ends where there is none, or where its bytes could be taken
 * for markup. Returns: it; freed with assay_json_free. */
struct assay_json *report_document(const char *page);
/* Returns: the first entry of a list whose text `key` is `name`; NULL: none. */
const struct assay_json *report_named(const struct assay_json *list, const char *key,
                                      const char *name);
/* Returns: a whole number of a list; -1: there is none (null). */
int64_t report_number(const struct assay_json *list, size_t index);
/* Returns: how often a text stands in another. */
size_t report_count(const char *page, const char *text);

#endif
