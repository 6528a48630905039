/*
 * sim/yaml/sweep.h - parser of sweep files: a scenario, axes, seeds, and plots.
 *
 * docs/simulator.md 8 describes the language. The base scenario is named or included in the file;
 * the caller loads it and continues with assay_sweep_prepare.
 */
#ifndef ASSAY_SIM_YAML_SWEEP_H
#define ASSAY_SIM_YAML_SWEEP_H

#include "sim/sweep/sweep.h"

enum { ASSAY_SWEEP_YAML_MAX = 128 * 1024 };

/*
 * assay_sweep_parse_yaml - read one sweep.
 * In:      name: of the file, for messages
 * Out:     *sweep on ASSAY_OK, freed with assay_sweep_free; otherwise message is
 *          "NAME:LINE:COLUMN: key: the expected value, the found value"
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE | ASSAY_E_VERSION | ASSAY_E_NOT_FOUND (a
 *          plotted axis) | ASSAY_E_DUPLICATE (a name) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_sweep_parse_yaml(const uint8_t *text, size_t len,
                                                       const char *name, struct assay_sweep *sweep,
                                                       char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
