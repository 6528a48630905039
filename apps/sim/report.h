/*
 * apps/sim/report.h - report.html: one self-contained page about one run.
 *
 * Readable without a network connection and without scripts; the script adds read-outs and the
 * choice of cohorts. The same result gives the same bytes. Texts of a scenario are escaped: it may
 * come from a stranger.
 */
#ifndef ASSAY_APPS_SIM_REPORT_H
#define ASSAY_APPS_SIM_REPORT_H

#include "apps/sim/output.h"

/*
 * assay_sim_report_text - the page.
 * Out:     *text of malloc, which the caller frees
 * Returns: ASSAY_OK | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_sim_report_text(const struct assay_sim_result *result,
                                                      char **text);

/* The page as a file, whole or not at all. Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_MEMORY, with a
 * message. */
ASSAY_CHECKED enum assay_status assay_sim_report_write(const char *path,
                                                       const struct assay_sim_result *result,
                                                       char message[static ASSAY_SIM_MESSAGE_MAX]);

/* --- shared by the pages of runs and of sweeps */

/* Everything before the content: head, styles, the title. Returns: nothing. */
void assay_sim_page_open(const char *title, FILE *out);
/* The script and the end. Returns: nothing. */
void assay_sim_page_close(FILE *out);
/* report_plots.c: the figures of a run. Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_sim_report_plots(const struct assay_sim_result *result,
                                                       FILE *out);

#endif
