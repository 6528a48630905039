/*
 * apps/sim/report/report.h - report pages of runs and sweeps: their data, and the page around it.
 *
 * The page draws (web/, docs/page.md); this is its document, of schema assay.sim.page
 * (docs/simulator.md 4): integers and texts, the same bytes for the same result. The scenario may
 * be untrusted: every text stays text.
 */
#ifndef ASSAY_APPS_SIM_REPORT_REPORT_H
#define ASSAY_APPS_SIM_REPORT_REPORT_H

#include "apps/sim/report/output.h"

struct assay_sim_spread;

/*
 * sim_report_text - the page of one run, or of several of a scenario: medians and bands.
 * In:      runs[run_count] of the same scenario, by rising seed; run_count > 0
 * Out:     *text of malloc, which the caller frees
 * Returns: ASSAY_OK | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status sim_report_text(const struct assay_sim_result *runs,
                                                size_t run_count, char **text);

/* The page of one run as a file, complete or absent. Returns: ASSAY_OK | ASSAY_E_IO |
 * ASSAY_E_MEMORY, with a message. */
ASSAY_CHECKED enum assay_status sim_report_write(const char *path,
                                                 const struct assay_sim_result *result,
                                                 char message[static ASSAY_SIM_MESSAGE_MAX]);

/* --- the parts of the document */

/* report_data.c: content of the page of runs, as the member `runs` of data. Returns: an object; the
 * caller puts or frees it; NULL without memory. */
struct assay_json *sim_report_data(const struct assay_sim_result *runs, size_t run_count);
/* report_epochs.c: every column by epoch. Returns: as above; *failed without memory. */
struct assay_json *sim_report_epochs(const struct assay_sim_result *runs, size_t run_count,
                                     unsigned scale, bool *failed);
/* report_schedule.c: planned events by epoch. Returns: an array. */
struct assay_json *sim_report_schedule(const struct assay_scenario *scenario);
/* Sets middle, low and high, each times scale and rounded; null where there is none. */
void sim_report_put_spread(struct assay_json *to, const struct assay_sim_spread *spread,
                           unsigned scale);

/* --- every page */

/*
 * sim_document_text - a document alone, as one line of JSON.
 * In:      kind, the member of data that it has: runs, sweep or swarm; data, of which it takes
 * ownership;
 *          NULL: there was no memory for it
 * Out:     *text of malloc, which the caller frees
 * Returns: ASSAY_OK | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status sim_document_text(const char *kind, struct assay_json *data,
                                                  char **text);
/* The page with that document. In, Out, Returns: as above. */
ASSAY_CHECKED enum assay_status sim_page_text(const char *kind, struct assay_json *data,
                                              char **text);
/* Writes text to a file, complete or absent; takes ownership of text. Returns: ASSAY_OK |
 * ASSAY_E_IO | ASSAY_E_MEMORY (text is NULL), with a message */
ASSAY_CHECKED enum assay_status sim_page_write(const char *path, char *text,
                                               char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
