/*
 * apps/sim/report/output.h - output of a run: files for programs, tables for users.
 *
 * epochs.csv, roots.csv and summary.json contain everything of an outcome; report.html is derived
 * from the same.
 */
#ifndef ASSAY_APPS_SIM_REPORT_OUTPUT_H
#define ASSAY_APPS_SIM_REPORT_OUTPUT_H

#include "apps/sim/report/files.h"
#include "net/json/json.h"
#include "sim/outcome.h"

#include <stdio.h>

struct assay_sim_result {
    const struct assay_scenario *scenario;
    const struct assay_sim_outcome *outcome;
    const char *reproduce; /* the command that reproduces it */
    bool interrupted;      /* by the user: assertions do not apply to an incomplete run */
};

/* Returns: whether there is no finding, every assertion holds and nothing stopped the run. */
bool sim_result_passed(const struct assay_sim_result *result);

/* --- csv.c: RFC 4180 with LF. Each Returns: text of malloc (the caller frees); NULL: no memory. */
/* One row per epoch and cohort. */
char *sim_csv_epochs(const struct assay_sim_result *result);
/* One row per epoch: the root of the state after it. */
char *sim_csv_roots(const struct assay_sim_result *result);

/* --- summary.c */
/* The data of schema assay.sim.run. Returns: an object; the caller puts or frees it. */
struct assay_json *sim_summary(const struct assay_sim_result *result);

/* --- table.c: for users, to stdout */
void sim_print_result(const struct assay_sim_result *result);
/* Failures, line by line, to out; nothing when there is none. */
void sim_print_failures(const struct assay_sim_result *result, FILE *out);

/* --- output.c */
/*
 * sim_output_write - epochs.csv, roots.csv, summary.json, scenario.yaml, report.html. Each is
 * written under another name and renamed, so that no half of one is ever found.
 * Returns: ASSAY_OK | ASSAY_E_IO (the disk is full ...) | ASSAY_E_RANGE (path) | ASSAY_E_MEMORY,
 *          with a message
 */
ASSAY_CHECKED enum assay_status sim_output_write(const char *dir,
                                                 const struct assay_sim_result *result,
                                                 char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
