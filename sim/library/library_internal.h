/* sim/library/library_internal.h - what embed.sh makes of the files. */
#ifndef ASSAY_SIM_LIBRARY_LIBRARY_INTERNAL_H
#define ASSAY_SIM_LIBRARY_LIBRARY_INTERNAL_H

#include "sim/library/library.h"

extern const struct assay_sim_library_file assay_sim_library_files[];
extern const size_t assay_sim_library_files_count;
extern const struct assay_sim_library_file assay_sim_library_sweeps[];
extern const size_t assay_sim_library_sweeps_count;

#endif
