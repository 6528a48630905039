/*
 * net/documents/document_rules.h - documents `policy` and `collateral`: appraisal rules
 * (docs/openapi.json).
 */
#ifndef ASSAY_NET_DOCUMENTS_DOCUMENT_RULES_H
#define ASSAY_NET_DOCUMENTS_DOCUMENT_RULES_H

#include "net/json/json.h"

struct assay_endorsements; /* quote/verify.h */
struct assay_policy;       /* quote/accept/policy.h */

/* Its digest, kinds, roots, reference values and what each TCB status earns. Returns: an object. */
struct assay_json *assay_document_policy(const struct assay_policy *policy);
/* Each root with its pieces and their validity. policy: for the names of roots. Returns: an object,
 * NULL without memory. */
struct assay_json *assay_document_collateral(const struct assay_endorsements *set,
                                             const struct assay_policy *policy);

#endif
