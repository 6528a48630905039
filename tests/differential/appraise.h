/*
 * tests/differential/appraise.h - verdict of this verifier on a case, computed as by the
 * command line.
 */
#ifndef ASSAY_TESTS_DIFFERENTIAL_APPRAISE_H
#define ASSAY_TESTS_DIFFERENTIAL_APPRAISE_H

#include "quote/accept/policy.h"
#include "quote/verify.h"
#include "tests/differential/case.h"

/* Memory of the appraiser, allocated once. */
struct diff_appraiser {
    struct assay_collateral collateral;
    struct assay_endorsements endorsements;
    struct assay_policy policy;
};

struct diff_answer {
    enum assay_status status; /* of the bytes; the verdict counts when it is ASSAY_OK */
    struct assay_verdict verdict;
};

/* NULL without memory. */
struct diff_appraiser *diff_appraiser_open(void);
void diff_appraiser_close(struct diff_appraiser *appraiser);
/*
 * Detect, cut the zero tail, build the collateral, appraise; nothing is remembered from case to
 * case.
 */
void diff_appraise_case(struct diff_appraiser *appraiser, const struct diff_case *c,
                        struct diff_answer *answer);

#endif
