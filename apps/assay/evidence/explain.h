/*
 * apps/assay/evidence/explain.h - a verdict as a page for people.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_EXPLAIN_H
#define ASSAY_APPS_ASSAY_EVIDENCE_EXPLAIN_H

#include "apps/assay/evidence/appraisal.h"

/*
 * assay_explain - print a judged appraisal: what it is, who vouches for whom, levels, advisories,
 * what the policy did, the trustworthiness vector, what to do.
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_INTERNAL
 */
int assay_explain(const struct assay_appraisal *a);

#endif
