/*
 * quote/result/fix.h - what somebody can do about a reason: one sentence for every rule.
 *
 * For whoever runs the attester or the verifier. A remedy never tells how to look away: where
 * evidence is forged the advice is to find out why, not to accept it.
 */
#ifndef ASSAY_QUOTE_RESULT_FIX_H
#define ASSAY_QUOTE_RESULT_FIX_H

#include "quote/verdict.h"

/* Returns: a sentence, never empty, also for a number outside the list. */
const char *assay_rule_fix(enum assay_rule rule);

#endif
