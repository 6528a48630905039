/*
 * tests/support/services/identity_plan.h - a plan's group key: what every test of one needs.
 */
#ifndef ASSAY_TESTS_SUPPORT_SERVICES_IDENTITY_PLAN_H
#define ASSAY_TESTS_SUPPORT_SERVICES_IDENTITY_PLAN_H

#include "services/identity/ceremony.h"
#include "services/registry/plan.h"

#include <stdio.h>

static inline void identity_plan_set(struct assay_registry_plan *plan, uint32_t refresh)
{
    plan->has_identity = true;
    plan->identity.refresh = refresh;
    plan->identity.validity_s = 900;
    plan->identity.next_epochs = ASSAY_CA_OVERLAP_MIN;
    plan->identity.old_epochs = ASSAY_CA_OVERLAP_MIN;
    (void)snprintf(plan->identity.trust_domain, sizeof plan->identity.trust_domain, "%s",
                   "mesh.example");
    (void)snprintf(plan->identity.issuer, sizeof plan->identity.issuer, "%s",
                   "https://id.mesh.example");
}

#endif
