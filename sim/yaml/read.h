/*
 * sim/yaml/read.h - parser of scenario files.
 *
 * YAML through the strict reader of quote/yaml/: one document, no anchors, aliases and tags, plain
 * decimal numbers; an unknown or repeated key is an error with its line. The keys are those of
 * --set; docs/simulator.md lists them. Missing keys have the values of assay_scenario_default.
 */
#ifndef ASSAY_SIM_YAML_READ_H
#define ASSAY_SIM_YAML_READ_H

#include "sim/scenario/scenario.h"

/*
 * assay_scenario_parse_yaml - read and check one scenario.
 * In:      name: of the file, for messages
 * Out:     *scenario on ASSAY_OK; otherwise message is "NAME:LINE:COLUMN: key: the expected value,
 *          the found value", printable on a terminal
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE | ASSAY_E_NOT_FOUND (a cohort) |
 *          ASSAY_E_INVALID (inconsistent) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_scenario_parse_yaml(
    const uint8_t *text, size_t len, const char *name, struct assay_scenario *scenario,
    char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
