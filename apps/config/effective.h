/*
 * apps/config/effective.h - effective configuration, key by key: configured values and defaults,
 * each with its source.
 */
#ifndef ASSAY_APPS_CONFIG_EFFECTIVE_H
#define ASSAY_APPS_CONFIG_EFFECTIVE_H

#include "apps/config/keys.h"
#include "apps/config/layers.h"

enum { ASSAY_CONFIG_ORIGIN_MAX = PATH_MAX + 64 };

/* Strings are those of layers, config and the table, which outlive it. */
struct assay_config_row {
    const char *key, *text; /* "peers[0].node"; "" for an empty list */
    enum assay_config_form form;
    const struct assay_config_key *known;
    enum assay_config_layer layer;
    const char *name; /* file, "$ASSAY_LOG__LEVEL", ...; NULL: not configured */
    unsigned long line; /* in a file; 0: none */
};

struct assay_config_rows {
    struct assay_config_row *rows; /* [count], in the order of the documents */
    size_t count, capacity;
};

/*
 * assay_config_rows_open - layers that were read into config, as rows.
 * Out:     *rows, which assay_config_rows_close frees whatever the status
 * Returns: ASSAY_OK | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_config_rows_open(const struct assay_config_layers *layers,
                                                       const struct assay_config *config,
                                                       struct assay_config_rows *rows);
/* */
void assay_config_rows_close(struct assay_config_rows *rows);
/* Returns: the row with this key, or NULL. */
const struct assay_config_row *assay_config_rows_find(const struct assay_config_rows *rows,
                                                      const char *key);
/* What may be printed of the value: "(hidden)" for what may hold a password. Returns: the text. */
const char *assay_config_row_text(const struct assay_config_row *row);
/* "assayd.yaml:12", "$ASSAY_LOG__LEVEL", "default". */
void assay_config_row_origin(const struct assay_config_row *row,
                             char origin[static ASSAY_CONFIG_ORIGIN_MAX]);
/* Do both have the same value? NULL: not configured. Returns: whether so */
bool assay_config_row_same(const struct assay_config_row *a, const struct assay_config_row *b);
/* Returns: "file", "folder", "environment", "flag", "default". */
const char *assay_config_layer_name(enum assay_config_layer layer);

#endif
