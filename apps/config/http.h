/*
 * apps/config/http.h - listen.http and section http of assayd.yaml. Private to the folder.
 */
#ifndef ASSAY_APPS_CONFIG_HTTP_H
#define ASSAY_APPS_CONFIG_HTTP_H

#include "apps/config/yaml.h"

/* As YAML has it. */
struct assay_yaml_http {
    char *certificate, *key, *clients;
};

extern const cyaml_schema_field_t assay_config_http_fields[];

/* Where a socket is when its key says nothing: admin.sock with another end (".http"), in the same
 * folder, and never the socket of another node there. Where a longer name has no room, its end
 * gives way: a path that was good stays good. Returns: nothing. */
void assay_config_beside_admin(const char *admin, const char end[static 6],
                               char out[static PATH_MAX]);

/* listen: listen.http, NULL when it is not said: beside config->admin, which is taken already.
 * Returns: ASSAY_OK and config->http | as assay_config_load, with a message */
ASSAY_CHECKED enum assay_status assay_config_take_http(const struct assay_config_file *file,
                                                       const char *listen,
                                                       const struct assay_yaml_http *yaml,
                                                       struct assay_config *config);

#endif
