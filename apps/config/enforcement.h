/*
 * apps/config/enforcement.h - section enforcement of assayd.yaml (docs/enforcement.md).
 */
#ifndef ASSAY_APPS_CONFIG_ENFORCEMENT_H
#define ASSAY_APPS_CONFIG_ENFORCEMENT_H

#include "apps/config/yaml.h"

struct assay_yaml_target {
    char *name, *driver, *severity, *restricted, *suspended, *dry_run;
    char *action_ms, *poll_ms, *restarts_max, *restarts_window_s;
    char *path, *socket, *container, *unit, *bus, *url, *secret, *spool, *spool_max, *ca_file;
    char **arguments;
    unsigned arguments_count;
};

struct assay_yaml_enforcement {
    char *journal, *restarts_max, *restarts_window_s;
    struct assay_yaml_target *targets;
    unsigned targets_count;
};

extern const cyaml_schema_field_t assay_config_enforcement_fields[];

/* state_dir: default folder of the journal and spools.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE | ASSAY_E_DUPLICATE, with a message */
ASSAY_CHECKED enum assay_status assay_config_take_enforcement(
    const struct assay_config_file *file, const struct assay_yaml_enforcement *yaml,
    const char *state_dir, struct assay_config_enforcement *out);

#endif
