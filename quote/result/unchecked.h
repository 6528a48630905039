/*
 * quote/result/unchecked.h - list of checks that a verdict does not include.
 *
 * A verdict reports what was verified. A relying party also has to know what was not: evidence that
 * is affirming may be a recording, of any program, of a key that was revoked since.
 */
#ifndef ASSAY_QUOTE_RESULT_UNCHECKED_H
#define ASSAY_QUOTE_RESULT_UNCHECKED_H

#include "quote/accept/policy.h"

enum { ASSAY_UNCHECKED_MAX = 8 };
struct assay_open_check {
    const char *what; /* one word: freshness, time, policy, program, revocation, proof */
    const char *why;  /* and how to have it checked */
};

/*
 * assay_unchecked_list - what the verdict leaves open, by itself and by its policy.
 * In:      policy: of the appraisal; NULL: the default
 * Returns: how many; 0 for evidence that could not be read
 */
size_t assay_unchecked_list(const struct assay_verdict *verdict, const struct assay_policy *policy,
                            struct assay_open_check out[static ASSAY_UNCHECKED_MAX]);

#endif
