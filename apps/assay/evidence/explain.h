/*
 * apps/assay/evidence/explain.h - detailed explanation of a verdict.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_EXPLAIN_H
#define ASSAY_APPS_ASSAY_EVIDENCE_EXPLAIN_H

#include "apps/assay/evidence/appraisal.h"

/*
 * cli_explain - print a completed appraisal: kind, certificate chain, levels, advisories, effect
 * of the policy, trustworthiness vector, what was not checked, remedy. options: of the appraisal
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_INTERNAL
 */
int cli_explain(const struct cli_appraisal *a, const struct assay_appraisal_options *options);

#endif
