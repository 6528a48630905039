/*
 * apps/config/collateral.h - section collateral of assayd.yaml. Private to the folder.
 */
#ifndef ASSAY_APPS_CONFIG_COLLATERAL_H
#define ASSAY_APPS_CONFIG_COLLATERAL_H

#include "apps/config/yaml.h"

/* As YAML has it. */
struct assay_yaml_list {
    char *root, *url;
};
struct assay_yaml_fetch {
    char *intel, *amd, *early, *ca_file;
    struct assay_yaml_list *lists;
    unsigned lists_count;
};
struct assay_yaml_collateral {
    struct assay_yaml_fetch fetch;
    char *every_s;
};

extern const cyaml_schema_field_t assay_config_collateral_fields[];

/* Returns: ASSAY_OK and *out | as assay_config_load, with a message */
ASSAY_CHECKED enum assay_status assay_config_take_collateral(
    const struct assay_config_file *file, const struct assay_yaml_collateral *yaml,
    struct assay_config_collateral *out);

#endif
