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

/*
 * assay_sim_report_runs_text - one page about several runs of a scenario: medians and bands.
 * In:      runs[run_count] of the same scenario, by rising seed; run_count > 0
 * Out:     *text of malloc, which the caller frees
 * Returns: ASSAY_OK | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_sim_report_runs_text(const struct assay_sim_result *runs,
                                                           size_t run_count, char **text);

/* --- shared by the pages of runs and of sweeps */

/* A word in a frame: class good, bad or none. Returns: nothing. */
void assay_sim_page_word(FILE *out, const char *class_, const char *word);
/* A pair of a list of facts; the value is escaped. Returns: nothing. */
void assay_sim_page_fact(FILE *out, const char *name, const char *value);
void assay_sim_page_code(FILE *out, const char *name, const char *value);
void assay_sim_page_hash(FILE *out, const char *name, const uint8_t hash[static 32]);
/* What was simulated, as facts that all runs of a scenario share. Returns: nothing. */
void assay_sim_page_network(FILE *out, const struct assay_sim_result *result);
/* Everything before the content: head, styles, the title. Returns: nothing. */
void assay_sim_page_open(const char *title, FILE *out);
/* The script and the end. Returns: nothing. */
void assay_sim_page_close(FILE *out);
/* Made text as a file, whole or not at all; takes text of malloc over. Returns: ASSAY_OK |
 * ASSAY_E_IO | ASSAY_E_MEMORY (text is NULL), with a message */
ASSAY_CHECKED enum assay_status assay_sim_page_write(const char *path, char *text,
                                                     char message[static ASSAY_SIM_MESSAGE_MAX]);
/* report_plots.c: the figures of a run, or of many of one scenario. Returns: ASSAY_OK |
 * ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_sim_report_plots(const struct assay_sim_result *runs,
                                                       size_t run_count, FILE *out);

#endif
