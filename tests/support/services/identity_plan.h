/*
 * tests/support/services/identity_plan.h - a plan's group key: what every test of one needs.
 */
#ifndef ASSAY_TESTS_SUPPORT_SERVICES_IDENTITY_PLAN_H
#define ASSAY_TESTS_SUPPORT_SERVICES_IDENTITY_PLAN_H

#include "services/registry/plan.h"

#include <stdio.h>

static inline void identity_plan_set(struct assay_registry_plan *plan, uint32_t refresh)
{
    plan->has_identity = true;
    plan->identity.refresh = refresh;
    plan->identity.validity_s = 900;
    (void)snprintf(plan->identity.trust_domain, sizeof plan->identity.trust_domain, "%s",
                   "example.org");
    (void)snprintf(plan->identity.issuer, sizeof plan->identity.issuer, "%s",
                   "https://id.example.org");
}

#endif
