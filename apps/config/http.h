/*
 * apps/config/http.h - listen.http and section http of assayd.yaml. Private to the folder.
 */
#ifndef ASSAY_APPS_CONFIG_HTTP_H
#define ASSAY_APPS_CONFIG_HTTP_H

#include "apps/config/yaml.h"

/* As YAML has it. */
struct assay_yaml_role {
    char *certificate, *role;
};
struct assay_yaml_http {
    char *certificate, *key, *clients, *local_role;
    struct assay_yaml_role *roles;
    unsigned roles_count;
};

extern const cyaml_schema_field_t assay_config_http_fields[];

/* Default path of a socket: admin.sock with another suffix (".http"), in the same folder, and never
 * the socket of another node there. If the name would be too long, its end is replaced: a valid
 * path stays valid. */
void assay_config_next_to_admin(const char *admin, const char end[static 6],
                                char out[static PATH_MAX]);

/* listen: listen.http, NULL when not configured: next to config->admin, which is set already.
 * Returns: ASSAY_OK and config->http | as assay_config_load, with a message */
ASSAY_CHECKED enum assay_status assay_config_take_http(const struct assay_config_file *file,
                                                       const char *listen,
                                                       const struct assay_yaml_http *yaml,
                                                       struct assay_config *config);

#endif
