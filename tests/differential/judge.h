/*
 * tests/differential/judge.h - our answer to a case, exactly as the command line comes to it.
 */
#ifndef ASSAY_TESTS_DIFFERENTIAL_JUDGE_H
#define ASSAY_TESTS_DIFFERENTIAL_JUDGE_H

#include "quote/accept/policy.h"
#include "quote/verify.h"
#include "tests/differential/case.h"

/* Memory of the judge, made once. */
struct diff_judge {
    struct assay_collateral collateral;
    struct assay_endorsements endorsements;
    struct assay_policy policy;
};

struct diff_answer {
    enum assay_status status; /* of the bytes; the verdict counts when it is ASSAY_OK */
    struct assay_verdict verdict;
};

/* NULL without memory. */
struct diff_judge *diff_judge_open(void);
void diff_judge_close(struct diff_judge *judge);
/*
 * Detect, cut the zero tail, build the collateral, appraise; nothing is remembered from case to
 * case.
 */
void diff_judge_case(struct diff_judge *judge, const struct diff_case *c,
                     struct diff_answer *answer);

#endif
