/*
 * apps/sim/sweep/report_sweep.h - page of a sweep: a figure against an axis, one line for each of
 * the other axes' values, bands over the seeds, and closed forms.
 *
 * The parameters of a law depend on the scenario of each point, which only the sweep has: it writes
 * laws.csv into the folder of each shard, and the page reads that of the first.
 */
#ifndef ASSAY_APPS_SIM_SWEEP_REPORT_SWEEP_H
#define ASSAY_APPS_SIM_SWEEP_REPORT_SWEEP_H

#include "apps/sim/report/report_law.h"
#include "apps/sim/sweep/merge.h"

enum { ASSAY_SIM_SWEEP_LINES_MAX = 12 /* that are distinguishable; sweep.csv has all */ };

/*
 * sim_sweep_laws_write - laws.csv: a row for each point, with the number of the law (0:
 * none), the numbers of liars and of nodes, and the liars' cohort.
 * Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_MEMORY | as assay_sweep_scenario, with a message
 */
ASSAY_CHECKED enum assay_status sim_sweep_laws_write(const struct assay_sweep *sweep,
                                                     const char *dir,
                                                     char message[static ASSAY_SIM_MESSAGE_MAX]);

struct assay_sim_sweep_law {
    struct assay_sim_law_case at;
    char cohort[ASSAY_SIM_NAME_MAX + 1]; /* of the liars */
};

/*
 * sim_sweep_laws_load - laws.csv of a folder.
 * Out:     *laws of malloc, [points]; NULL when there is no such file: nothing is drawn then
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_IO | ASSAY_E_RANGE | ASSAY_E_MEMORY, with a message
 */
ASSAY_CHECKED enum assay_status sim_sweep_laws_load(const char *dir, uint64_t points,
                                                    struct assay_sim_sweep_law **laws,
                                                    char message[static ASSAY_SIM_MESSAGE_MAX]);

/*
 * sim_report_sweep_text - the page.
 * In:      laws[points], or NULL
 * Out:     *text of malloc, which the caller frees
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX (a cell that is no number) | ASSAY_E_MEMORY, with a message
 */
ASSAY_CHECKED enum assay_status sim_report_sweep_text(const struct assay_sim_merged *merged,
                                                      const struct assay_sim_sweep_law *laws,
                                                      char **text,
                                                      char message[static ASSAY_SIM_MESSAGE_MAX]);

/* The same as DIR/sweep.html, with laws.csv from the folder `from`. Returns: as these three. */
ASSAY_CHECKED enum assay_status sim_report_sweep_write(const struct assay_sim_merged *merged,
                                                       const char *from, const char *dir,
                                                       char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
