/*
 * quote/said.h - what a verdict says already: two paths may share certificates.
 */
#ifndef ASSAY_QUOTE_SAID_H
#define ASSAY_QUOTE_SAID_H

#include "quote/verdict.h"

/* Is there a reason of this rule with this expectation? */
bool assay_verdict_says(const struct assay_verdict *verdict, enum assay_rule rule,
                        const char *expected);

#endif
