/*
 * apps/sim/report/report_load_internal.h - internal interface of the reader of a folder.
 */
#ifndef ASSAY_APPS_SIM_REPORT_REPORT_LOAD_INTERNAL_H
#define ASSAY_APPS_SIM_REPORT_REPORT_LOAD_INTERNAL_H

#include "apps/sim/report/report_load.h"

/* A message that names the file: "DIR/NAME: ...". Returns: status. */
__attribute__((format(printf, 5, 6))) enum assay_status sim_load_fail(char *message,
                                                                      const char *dir,
                                                                      const char *name,
                                                                      enum assay_status status,
                                                                      const char *format, ...);

/* report_summary.c: contents of summary.json, when the scenario has been read. Returns: ASSAY_OK |
 * ASSAY_E_SYNTAX | ASSAY_E_INVALID | ASSAY_E_MEMORY, with a message */
ASSAY_CHECKED enum assay_status sim_load_summary(const char *dir, const char *text, size_t len,
                                                 struct assay_sim_loaded *loaded, char *message);
/* report_rows.c: contents of epochs.csv and roots.csv; the texts end in NUL and are changed.
 * Returns: as above */
ASSAY_CHECKED enum assay_status sim_load_epochs(const char *dir, char *text,
                                                struct assay_sim_loaded *loaded, char *message);
ASSAY_CHECKED enum assay_status sim_load_roots(const char *dir, char *text,
                                               struct assay_sim_loaded *loaded, char *message);

#endif
