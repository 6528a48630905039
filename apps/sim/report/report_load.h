/*
 * apps/sim/report/report_load.h - reader of the files of `assay-sim run --out`.
 *
 * scenario.yaml, summary.json, epochs.csv and roots.csv contain everything of a page: the page made
 * of them equals the one that the run wrote, byte for byte.
 */
#ifndef ASSAY_APPS_SIM_REPORT_REPORT_LOAD_H
#define ASSAY_APPS_SIM_REPORT_REPORT_LOAD_H

#include "apps/sim/report/output.h"

struct assay_sim_loaded {
    struct assay_scenario scenario;
    struct assay_sim_outcome outcome;
    char *reproduce; /* of malloc */
    bool interrupted;
};

/*
 * sim_load - the files of one folder.
 * Out:     *loaded, freed with sim_loaded_free whatever the status; message unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (a file) | ASSAY_E_IO | ASSAY_E_RANGE | ASSAY_E_SYNTAX
 *          (foreign files, or of another version) | ASSAY_E_INVALID (files of different runs) |
 *          ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status sim_load(const char *dir, struct assay_sim_loaded *loaded,
                                         char message[static ASSAY_SIM_MESSAGE_MAX]);
void sim_loaded_free(struct assay_sim_loaded *loaded);
/* Returns: the result for a page; borrows from loaded. */
struct assay_sim_result sim_loaded_result(const struct assay_sim_loaded *loaded);

#endif
