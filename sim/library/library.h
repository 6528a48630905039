/*
 * sim/library/library.h - scenarios that are built into the program, the files of this folder, and
 * sweeps, those of sweeps/.
 */
#ifndef ASSAY_SIM_LIBRARY_LIBRARY_H
#define ASSAY_SIM_LIBRARY_LIBRARY_H

#include "sim/scenario/scenario.h"

struct assay_sim_library_file {
    const char *name; /* of the file, without .yaml */
    struct assay_slice text;
};

/* Returns: number of scenarios. */
size_t assay_sim_library_count(void);
/* Returns: a scenario, in the order of names; index is below the count (asserted). */
const struct assay_sim_library_file *assay_sim_library_at(size_t index);
/* Returns: the file of that name; NULL: none, and then *hint is the most similar name, or NULL. */
const struct assay_sim_library_file *assay_sim_library_find(const char *name, const char **hint);
/* The same of the sweeps, which have names of their own. */
size_t assay_sim_library_sweep_count(void);
const struct assay_sim_library_file *assay_sim_library_sweep_at(size_t index);
const struct assay_sim_library_file *assay_sim_library_sweep_find(const char *name,
                                                                  const char **hint);
/*
 * assay_sim_library_read - the scenario of one file.
 * Returns: as assay_scenario_parse_yaml
 */
ASSAY_CHECKED enum assay_status assay_sim_library_read(const struct assay_sim_library_file *file,
                                                       struct assay_scenario *scenario,
                                                       char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
