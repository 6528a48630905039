/*
 * host/services.h - service registry behind the ledger's callbacks
 * (engine/ledger/state/services.h), for the plan of the genesis and each plan that a change brings
 * (docs/services.md 7, docs/protocol.md 12.7).
 */
#ifndef ASSAY_HOST_SERVICES_H
#define ASSAY_HOST_SERVICES_H

#include "engine/ledger/state/genesis.h"
#include "engine/ledger/state/services.h"
#include "services/registry/registry.h"

struct assay_host_services {
    uint8_t chain_id[32];
    struct assay_registry_plan plan;
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    struct assay_registry_facts facts; /* without a consumer */
    /* Of the engine's configuration; context is this struct. */
    struct assay_services ledger;
    struct assay_grants grants; /* names of the plan */
};

/* plan: of a genesis, or as a change left it; any bytes. Large: *services must be in static or heap
 * memory, and outlive its users. Used by one thread. level: as in
 * assay_service_plans.of.
 * Returns: ASSAY_OK | ASSAY_E_EARLY (the plan needs a higher level) | as
 * assay_registry_plan_decode */
ASSAY_CHECKED enum assay_status assay_host_services_open(struct assay_host_services *services,
                                                         const uint8_t chain_id[static 32],
                                                         struct assay_slice plan, uint32_t level);
/* An assay_plan_follow: services are added, and nothing else (docs/protocol.md 12.7.2). */
ASSAY_CHECKED enum assay_status assay_host_services_follow(struct assay_slice before,
                                                           struct assay_slice after,
                                                           struct assay_service_places *places,
                                                           const char **why);
/* Callbacks of a fold, for any changes. Large, as above. */
struct assay_host_plans {
    uint8_t chain_id[32];
    struct assay_host_services plan[2]; /* in turns */
    unsigned turn;
    struct assay_service_plans fold; /* its context is this struct; memory is the caller's to set */
};
/* Out: nothing is read yet. */
void assay_host_plans_open(struct assay_host_plans *plans, const uint8_t chain_id[static 32]);
/* The ledger's members as services see them: count of them, at most ASSAY_REGISTRY_SLOTS_MAX.
 * Returns: how many. */
uint32_t assay_host_services_members(const struct assay_service_member *members, uint32_t count,
                                     struct assay_registry_member *out);
/* Returns: the weight of the table of voters that those members have no seat with: of slots above
 * ASSAY_REGISTRY_SLOTS_MAX, and of rows without a key (docs/identity.md 3.1). */
uint64_t assay_host_services_other_weight(const struct assay_service_member *members,
                                          uint32_t count);

#endif
