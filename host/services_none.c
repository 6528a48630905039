/*
 * host/services_none.c - the ledger's callbacks in a build without services: networks that have
 * services, and changes that add them, are refused.
 */
#include "host/services.h"

enum assay_status assay_host_services_open(struct assay_host_services *services,
                                           const uint8_t chain_id[static 32],
                                           struct assay_slice plan, uint32_t level)
{
    (void)services;
    (void)chain_id;
    (void)plan;
    (void)level;
    return ASSAY_E_UNSUPPORTED;
}

enum assay_status assay_host_services_follow(struct assay_slice before, struct assay_slice after,
                                             struct assay_service_places *places, const char **why)
{
    (void)before;
    (void)after;
    (void)places;
    *why = "this build has no services (ASSAY_WITH_SERVICES=OFF)";
    return ASSAY_E_UNSUPPORTED;
}

static const struct assay_services *no_services(void *context, struct assay_slice plan,
                                                uint32_t level)
{
    (void)context;
    (void)plan;
    (void)level;
    return NULL;
}

void assay_host_plans_open(struct assay_host_plans *plans, const uint8_t chain_id[static 32])
{
    assay_bytes_copy(plans->chain_id, 32, chain_id, 32);
    plans->fold = (struct assay_service_plans){ .context = plans, .of = no_services };
}
