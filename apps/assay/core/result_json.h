/*
 * apps/assay/core/result_json.h - JSON result of verbs that create something.
 *
 * Text output is one line or none. With --json it is one document of schema assay.made: the verb,
 * the written files, and the values of the text output under the same names (docs/command-line.md
 * 4).
 */
#ifndef ASSAY_APPS_ASSAY_CORE_RESULT_JSON_H
#define ASSAY_APPS_ASSAY_CORE_RESULT_JSON_H

#include "apps/assay/core/json_mode.h"
#include "net/json/json.h"
#include "services/registry/plan.h"

/* In: files: paths, up to NULL. Returns: data of the document, to which more may be added. */
struct assay_json *cli_result_json(const char *verb, const char *const *files);
/* Prints the document, or its text by a view (view.h); takes data over. Returns: as below. */
int cli_result_print(struct assay_json *data, const char *view);
/* Prints the document; takes data over. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_INTERNAL */
int cli_result_json_print(struct assay_json *data);

/* The group key of a plan, with the names that it grants. In: plan: has one */
struct assay_json *cli_identity_plan_json(const struct assay_registry_plan *plan);

#endif
