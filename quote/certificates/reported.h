/*
 * quote/certificates/reported.h - search of the reasons of a verdict: two paths may share
 * certificates.
 */
#ifndef ASSAY_QUOTE_CERTIFICATES_REPORTED_H
#define ASSAY_QUOTE_CERTIFICATES_REPORTED_H

#include "quote/verdict.h"

/* Returns: true if there is a reason of this rule with this expectation. */
bool assay_verdict_reports(const struct assay_verdict *verdict, enum assay_rule rule,
                           const char *expected);

#endif
