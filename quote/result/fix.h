/*
 * quote/result/fix.h - remedy for each rule, one sentence.
 *
 * For operators of the attester or the verifier. A remedy never weakens a check: for forged
 * evidence it is to find the cause, not to accept it.
 */
#ifndef ASSAY_QUOTE_RESULT_FIX_H
#define ASSAY_QUOTE_RESULT_FIX_H

#include "quote/verdict.h"

/* Returns: a sentence, never empty, also for a number outside the list. */
const char *assay_rule_fix(enum assay_rule rule);

#endif
