/*
 * apps/config/effective.c - effective configuration (effective.h).
 */
#include "apps/config/effective.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum assay_status add_row(struct assay_config_rows *rows, const struct assay_config_row *row)
{
    if (rows->count == rows->capacity) {
        const size_t capacity = rows->capacity != 0 ? 2 * rows->capacity : 64;
        void *const bigger = realloc(rows->rows, capacity * sizeof *rows->rows);
        if (bigger == NULL) return ASSAY_E_MEMORY;
        rows->rows = bigger;
        rows->capacity = capacity;
    }
    rows->rows[rows->count++] = *row;
    return ASSAY_OK;
}

static enum assay_status add_entry(struct assay_config_rows *rows,
                                   const struct assay_config_entry *entry)
{
    const struct assay_config_row row = { .key = entry->key,
                                          .text = entry->text,
                                          .form = entry->form,
                                          .known = assay_config_key_find(entry->key),
                                          .layer = entry->layer,
                                          .name = entry->name,
                                          .line = entry->value_place.line };
    return add_row(rows, &row);
}

/* A path as the file would have it, from its folder: however the file itself was named, so that one
 * file read by two names has the same values. */
static const char *in_folder(const struct assay_config_layers *layers, const char *path)
{
    const char *const file = layers->name_count > 0 ? layers->names[0] : "";
    const char *const slash = strrchr(file, '/');
    const size_t len = slash != NULL ? (size_t)(slash - file) + 1 : 0;
    return strncmp(path, file, len) == 0 ? path + len : path;
}

/* Default values derived from other keys. */
static const char *get_derived_value(const struct assay_config_layers *layers, const char *key,
                                     const struct assay_config *config)
{
    const struct assay_config_http *http = &config->http;
    if (strcmp(key, "listen.advertise") == 0) return config->gossip;
    if (strcmp(key, "enforcement.journal") == 0)
        return in_folder(layers, config->enforcement.journal);
    if (strcmp(key, "evidence.tcti") == 0 && config->evidence.kind == ASSAY_CONFIG_TPM)
        return config->evidence.tcti;
    if (strcmp(key, "listen.services") == 0)
        return config->services[0] != '\0' ? in_folder(layers, config->services) : "off";
    if (strcmp(key, "listen.http") != 0) return NULL;
    if (http->socket_path[0] != '\0') return in_folder(layers, http->socket_path);
    return http->address[0] != '\0' ? http->address : "off";
}

static bool is_in_list(const char *key, const char *list)
{
    const size_t len = strlen(list);
    return strncmp(key, list, len) == 0 && (key[len] == '[' || key[len] == '\0');
}

static enum assay_status add_key(const struct assay_config_layers *layers,
                                 const struct assay_config *config,
                                 const struct assay_config_key *key,
                                 struct assay_config_rows *rows)
{
    if (strstr(key->key, "[]") != NULL) return ASSAY_OK; /* with its list */
    bool said = false;
    for (size_t i = 0; i < layers->count; i++) {
        const struct assay_config_entry *entry = &layers->entries[i];
        if (key->is_list ? !is_in_list(entry->key, key->key) : strcmp(entry->key, key->key) != 0)
            continue;
        ASSAY_TRY(add_entry(rows, entry));
        said = true;
    }
    if (said) return ASSAY_OK;
    const char *const text =
        key->usual != NULL ? key->usual : get_derived_value(layers, key->key, config);
    if (text == NULL || text[0] == '\0') return ASSAY_OK;
    const struct assay_config_row row = {
        .key = key->key, .text = text, .known = key, .layer = ASSAY_CONFIG_DEFAULT
    };
    return add_row(rows, &row);
}

enum assay_status assay_config_rows_open(const struct assay_config_layers *layers,
                                         const struct assay_config *config,
                                         struct assay_config_rows *rows)
{
    size_t count = 0;
    const struct assay_config_key *const keys = assay_config_keys(&count);
    *rows = (struct assay_config_rows){ .rows = NULL };
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(add_key(layers, config, &keys[i], rows));
    return ASSAY_OK;
}

void assay_config_rows_close(struct assay_config_rows *rows)
{
    free(rows->rows);
    *rows = (struct assay_config_rows){ .rows = NULL };
}

const struct assay_config_row *assay_config_rows_find(const struct assay_config_rows *rows,
                                                      const char *key)
{
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(rows->rows[i].key, key) == 0) return &rows->rows[i];
    return NULL;
}

const char *assay_config_row_text(const struct assay_config_row *row)
{
    const bool hidden = row->known != NULL && row->known->shown == ASSAY_CONFIG_HIDDEN;
    return hidden && row->form == ASSAY_CONFIG_SCALAR ? "(hidden)" : row->text;
}

void assay_config_row_origin(const struct assay_config_row *row,
                             char origin[static ASSAY_CONFIG_ORIGIN_MAX])
{
    const char *const name = row->name != NULL ? row->name : "default";
    if (row->line > 0)
        (void)snprintf(origin, ASSAY_CONFIG_ORIGIN_MAX, "%s:%lu", name, row->line);
    else (void)snprintf(origin, ASSAY_CONFIG_ORIGIN_MAX, "%s", name);
}

bool assay_config_row_same(const struct assay_config_row *a, const struct assay_config_row *b)
{
    if (a == NULL || b == NULL) return a == b;
    return a->form == b->form && strcmp(a->text, b->text) == 0;
}

const char *assay_config_layer_name(enum assay_config_layer layer)
{
    static const char *const names[] = { "default", "file", "folder", "environment", "flag" };
    return names[layer];
}
