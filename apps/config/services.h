/*
 * apps/config/services.h - section services of a plan: limits of service records (docs/services.md
 * 7.1: registry plan). Private to the folder.
 */
#ifndef ASSAY_APPS_CONFIG_SERVICES_H
#define ASSAY_APPS_CONFIG_SERVICES_H

#include "apps/config/yaml.h"
#include "services/registry/plan.h"

struct assay_yaml_group {
    char *name, *size, *instances;
};
struct assay_yaml_balance {
    char *account, *amount;
};
struct assay_yaml_shares {
    char *clusters, *slots, *threshold, *confirmations, *ids;
};
struct assay_yaml_tasks {
    char *accounts, *tasks;
    struct assay_yaml_balance *balances;
    unsigned balances_count;
};
struct assay_yaml_grant_reference {
    char *field, *value;
};
struct assay_yaml_grant {
    char *name, *min_standing;
    struct assay_yaml_grant_reference *references;
    unsigned references_count;
};
struct assay_yaml_identity {
    char *trust_domain, *issuer, *validity, *refresh, *rollover, *insecure;
    char *rollover_epochs, *next_epochs, *old_epochs, *replace, *retire;
    struct assay_yaml_grant *names;
    unsigned names_count;
};
struct assay_yaml_services {
    struct assay_yaml_group *groups;
    unsigned groups_count;
    struct assay_yaml_shares shares;
    struct assay_yaml_tasks tasks;
    struct assay_yaml_identity identity;
};

extern const cyaml_schema_field_t assay_config_services_fields[];

/* In: epoch_ms: of the network, from which epochs of CA numbers follow (docs/identity.md 3.15).
 * Out: *plan, *has: whether the section has entries. Returns: as the other sections */
ASSAY_CHECKED enum assay_status assay_config_take_services(const struct assay_config_file *file,
                                                           const struct assay_yaml_services *yaml,
                                                           uint32_t epoch_ms,
                                                           struct assay_registry_plan *plan,
                                                           bool *has);

#endif
