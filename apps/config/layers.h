/*
 * apps/config/layers.h - layered configuration: one configuration from several sources, later ones
 * override earlier ones:
 *
 *   the file                      assayd.yaml
 *   its drop-in folder            assayd.d, its *.yaml in the order of their names
 *   the environment               ASSAY_LOG__LEVEL=debug is log.level (ASSAY__PEERS is peers)
 *   the command line              --set log.level=debug
 *
 * Sections are joined, values and whole lists replaced. The result is a text like one file's, read
 * by the same strict reader; each line has its source, so every message names the place to fix.
 */
#ifndef ASSAY_APPS_CONFIG_LAYERS_H
#define ASSAY_APPS_CONFIG_LAYERS_H

#include "apps/config.h"
#include "quote/yaml/document.h"

enum {
    ASSAY_CONFIG_FILES_MAX = 64,         /* in the folder */
    ASSAY_CONFIG_JOINED_MAX = 1024 * 1024, /* bytes of what comes out */
};

enum assay_config_form {
    ASSAY_CONFIG_SCALAR,
    ASSAY_CONFIG_NO_ITEMS, /* an empty list */
    ASSAY_CONFIG_NO_KEYS,  /* an empty section */
};

/* One value, and its source. */
struct assay_config_entry {
    char *key; /* "log.level", "peers[0].node" */
    enum assay_config_form form;
    char *text;
    enum assay_config_layer layer;
    const char *name; /* a file, "$ASSAY_LOG__LEVEL", "--set log.level" */
    struct assay_yaml_place key_place, value_place; /* in a file; line 0: not in one */
};

struct assay_config_layers {
    struct assay_config_entry *entries; /* [count], those of one section are adjacent */
    size_t count, capacity;
    char **names; /* [name_count], what entries name */
    size_t name_count, name_capacity;
    size_t folder_files;
    bool beyond_file; /* a source other than the file has entries */
};

/*
 * assay_config_layers_open - read every place.
 * Out:     *layers, which assay_config_layers_close frees whatever the status; message otherwise
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such file) | ASSAY_E_IO | ASSAY_E_MEMORY |
 *          ASSAY_E_SYNTAX (also: a key twice in one place, an unknown one in the environment or on
 *          the command line) | ASSAY_E_RANGE (size, depth, too many files)
 */
ASSAY_CHECKED enum assay_status assay_config_layers_open(
    const struct assay_config_sources *sources, struct assay_config_layers *layers,
    char message[static ASSAY_CONFIG_MESSAGE_MAX]);
/* */
void assay_config_layers_close(struct assay_config_layers *layers);
/* Returns: the entry with this very key, or NULL. */
const struct assay_config_entry *assay_config_layers_find(const struct assay_config_layers *layers,
                                                          const char *key);

/* Read what layers hold, as assay_config_load reads a file; path: sources->path. Returns: the same
 */
ASSAY_CHECKED enum assay_status assay_config_take_layers(
    const struct assay_config_layers *layers, const char *path, struct assay_config *config,
    char message[static ASSAY_CONFIG_MESSAGE_MAX]);

/* What comes out, as one text. */
struct assay_config_joined {
    char *text;
    size_t len, capacity;
    struct assay_yaml_origin *lines;
    size_t line_count, line_capacity;
};

/* Out: *joined, which assay_config_joined_close frees whatever the status.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_RANGE (longer than ASSAY_CONFIG_JOINED_MAX) */
ASSAY_CHECKED enum assay_status assay_config_layers_join(const struct assay_config_layers *layers,
                                                         struct assay_config_joined *joined);
/* */
void assay_config_joined_close(struct assay_config_joined *joined);

#endif
