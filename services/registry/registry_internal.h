/*
 * services/registry/registry_internal.h - interface between the files of the registry: records.c
 * applies records, registry.c has epochs and documents (docs/services.md 7).
 */
#ifndef ASSAY_SERVICES_REGISTRY_REGISTRY_INTERNAL_H
#define ASSAY_SERVICES_REGISTRY_REGISTRY_INTERNAL_H

#include "services/registry/registry.h"

struct assay_registry {
    struct assay_registry_plan plan;
    uint8_t chain_id[32];
    uint64_t era;                        /* of the current epoch */
    uint64_t epoch;                      /* the last closed one */
    uint64_t other_weight;               /* of the table, beside the members' seats */
    uint64_t missing;                    /* documents still to be decoded; bits */
    struct assay_cont_group *group;      /* [plan.group_count] */
    struct assay_share_registry *shares; /* NULL: none planned */
    struct assay_task_ledger *tasks;     /* NULL: none planned */
    struct assay_ca *identity;           /* NULL: none planned */
    struct assay_share_facts
        *discarded_facts; /* scratch for facts that are not needed; with shares */
};

/* Clears the facts. */
void assay_registry_clear_facts(struct assay_registry_facts *facts);

/* Records of the group key. Each Returns: as assay_registry_check_record, assay_registry_apply */
ASSAY_CHECKED enum assay_status assay_registry_check_identity(const uint8_t chain_id[static 32],
                                                              enum assay_service_kind kind,
                                                              struct assay_slice payload);
enum assay_ca_result assay_registry_apply_identity(struct assay_ca *ca, uint32_t slot,
                                                   const uint8_t node_id[static 32],
                                                   enum assay_service_kind kind,
                                                   struct assay_slice payload,
                                                   struct assay_ca_facts *facts);
/* Members in the terms of the group key. In: count: at most ASSAY_CA_SLOTS_MAX. */
void assay_registry_identity_members(const struct assay_registry_member *member, uint32_t count,
                                     struct assay_ca_member *out);

#endif
