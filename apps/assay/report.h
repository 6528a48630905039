/*
 * apps/assay/report.h - what a report says of the rules, as the page wants it (docs/page.md).
 */
#ifndef ASSAY_APPS_REPORT_H
#define ASSAY_APPS_REPORT_H

#include "apps/assay/change.h"

struct assay_endorsements; /* quote/verify.h */
struct assay_policy;       /* quote/accept/policy.h */

/* Each Returns: an object, or NULL without memory. report_rules.c */
struct assay_json *assay_report_policy(const struct assay_policy *policy);
struct assay_json *assay_report_collateral(const struct assay_endorsements *set,
                                           const struct assay_policy *policy);

/*
 * The newest evidence of every member, decoded beside the policy in force, into data (`policy`,
 * `collateral`, `evidence`). Errors are printed. Returns: an enum assay_exit. report_evidence.c
 */
int assay_report_add_rules(const struct assay_change_options *options, struct assay_json *data);

#endif
