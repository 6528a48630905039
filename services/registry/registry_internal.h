/*
 * services/registry/registry_internal.h - the parts of the registry: records.c takes records,
 * registry.c epochs and documents (docs/services.md 7).
 */
#ifndef ASSAY_SERVICES_REGISTRY_REGISTRY_INTERNAL_H
#define ASSAY_SERVICES_REGISTRY_REGISTRY_INTERNAL_H

#include "services/registry/registry.h"

struct assay_registry {
    struct assay_registry_plan plan;
    uint8_t chain_id[32];
    uint64_t era;                   /* of the epoch that runs */
    uint64_t epoch;                 /* the last that was closed */
    uint64_t missing;               /* documents that are to be read before it is of use; bits */
    struct assay_cont_group *group; /* [plan.group_count] */
    struct assay_share_registry *shares; /* NULL: none planned */
    struct assay_task_ledger *tasks;     /* NULL: none planned */
    struct assay_share_facts *unheard;   /* room for what nobody wants to hear; with shares */
};

/* Returns: nothing; facts of nothing. */
void assay_registry_facts_none(struct assay_registry_facts *facts);

#endif
