/*
 * apps/config/layers_internal.h - declarations shared by layers.c, layers_read.c and layers_join.c.
 */
#ifndef ASSAY_APPS_CONFIG_LAYERS_INTERNAL_H
#define ASSAY_APPS_CONFIG_LAYERS_INTERNAL_H

#include "apps/config/layers.h"

/* --- layers.c */

/* Over what stands there. In: key and text are copied; the rest of entry is taken as it is.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_config_layers_put(struct assay_config_layers *layers,
                                                        const char *key, const char *text,
                                                        const struct assay_config_entry *entry);
/* Returns: whether the section has a key. */
bool assay_config_layers_have_section(const struct assay_config_layers *layers,
                                      const char *key);
/* Returns: a copy that lives as long as layers; NULL without memory. */
const char *assay_config_layers_name(struct assay_config_layers *layers, const char *name);

/* --- layers_read.c. Each Returns: as assay_config_layers_open. */

ASSAY_CHECKED enum assay_status assay_config_read_file(struct assay_config_layers *layers,
                                                       const char *path,
                                                       enum assay_config_layer layer,
                                                       char *message);
/* The folder of a file: assayd.yaml -> assayd.d. */
ASSAY_CHECKED enum assay_status assay_config_read_folder(struct assay_config_layers *layers,
                                                         const char *path, char *message);
ASSAY_CHECKED enum assay_status assay_config_read_environment(struct assay_config_layers *layers,
                                                              const char *const *environment,
                                                              char *message);
/* KEY=VALUE */
ASSAY_CHECKED enum assay_status assay_config_read_set(struct assay_config_layers *layers,
                                                      const char *set, char *message);

#endif
