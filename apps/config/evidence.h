/*
 * apps/config/evidence.h - section evidence of assayd.yaml. Private to the folder.
 */
#ifndef ASSAY_APPS_CONFIG_EVIDENCE_H
#define ASSAY_APPS_CONFIG_EVIDENCE_H

#include "apps/config/yaml.h"

/* As YAML has it. */
struct assay_yaml_evidence {
    char *kind, *credential, *tcti, *path, *devices;
    char *privlevel, *service_provider, *service_guid, *service_manifest_version;
    char *deadline_ms, *close_ms;
};

extern const cyaml_schema_field_t assay_config_evidence_fields[];

/* Returns: ASSAY_OK and *source | as assay_config_load, with a message */
ASSAY_CHECKED enum assay_status assay_config_take_evidence(const struct assay_config_file *file,
                                                           const struct assay_yaml_evidence *yaml,
                                                           struct assay_config_source *source);

#endif
