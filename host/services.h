/*
 * host/services.h - the services of a network, as its ledger asks for them: what
 * engine/ledger/services.h wants, by services/registry/registry.h (docs/services.md 7).
 */
#ifndef ASSAY_HOST_SERVICES_H
#define ASSAY_HOST_SERVICES_H

#include "engine/ledger/genesis.h"
#include "engine/ledger/services.h"
#include "services/registry/registry.h"

struct assay_host_services {
    uint8_t chain_id[32];
    struct assay_registry_plan plan;
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    struct assay_registry_facts facts; /* that nobody wants to hear */
    /* Of the engine's configuration; context is this struct. */
    struct assay_services ledger;
};

/* A genesis with a plan of services (asserted). Large: keep *services in static or heap memory, for
 * as long as what asks it lives. Used by one thread.
 * Returns: ASSAY_OK | as assay_registry_plan_decode */
ASSAY_CHECKED enum assay_status assay_host_services_open(struct assay_host_services *services,
                                                         const struct assay_genesis *genesis);
/* What the ledger says of members, in the words of services: count of them, at most
 * ASSAY_REGISTRY_SLOTS_MAX. Returns: how many. */
uint32_t assay_host_services_members(const struct assay_service_member *members, uint32_t count,
                                     struct assay_registry_member *out);

#endif
