/*
 * apps/config/layers.c - entries of the layered configuration, and how a later layer overrides
 * them.
 */
#include "apps/config/layers.h"

#include "apps/config/layers_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ keys as paths */

/* Does key stand inside container ("log" of "log.level", "peers" of "peers[0].node")? */
static bool is_inside(const char *key, const char *container, size_t container_len)
{
    return strncmp(key, container, container_len) == 0 &&
           (key[container_len] == '.' || key[container_len] == '[');
}

/* The length of what key stands in, itself cut off; 0: nothing but the whole. */
static size_t container_len(const char *key, size_t len)
{
    while (len > 0 && key[len - 1] != '.' && key[len - 1] != '[')
        len--;
    return len > 0 ? len - 1 : 0;
}

/* ------------------------------------------------------------ the entries */

static void drop_at(struct assay_config_layers *layers, size_t index)
{
    const struct assay_config_entry gone = layers->entries[index];
    layers->count--;
    for (size_t i = index; i < layers->count; i++)
        layers->entries[i] = layers->entries[i + 1];
    free(gone.key);
    free(gone.text);
}

/* What was a section or a list is a value now, or another list. */
static void drop_below(struct assay_config_layers *layers, const char *key)
{
    const size_t len = strlen(key);
    for (size_t i = layers->count; i-- > 0;)
        if (is_inside(layers->entries[i].key, key, len)) drop_at(layers, i);
}

/* What is a section now was a value, or was empty. */
static void drop_above(struct assay_config_layers *layers, const char *key)
{
    for (size_t i = layers->count; i-- > 0;) {
        const char *const other = layers->entries[i].key;
        if (is_inside(key, other, strlen(other))) drop_at(layers, i);
    }
}

/* Behind the last entry of the innermost section that has one, so that sections stay together. */
static size_t place_for(const struct assay_config_layers *layers, const char *key)
{
    for (size_t len = container_len(key, strlen(key)); len > 0; len = container_len(key, len))
        for (size_t i = layers->count; i-- > 0;)
            if (is_inside(layers->entries[i].key, key, len)) return i + 1;
    return layers->count;
}

static enum assay_status make_room(struct assay_config_layers *layers)
{
    if (layers->count < layers->capacity) return ASSAY_OK;
    const size_t capacity = layers->capacity != 0 ? 2 * layers->capacity : 64;
    void *entries = realloc(layers->entries, capacity * sizeof *layers->entries);
    if (entries == NULL) return ASSAY_E_MEMORY;
    layers->entries = entries;
    layers->capacity = capacity;
    return ASSAY_OK;
}

static enum assay_status insert_entry(struct assay_config_layers *layers, const char *key,
                                      const char *text, const struct assay_config_entry *entry)
{
    ASSAY_TRY(make_room(layers));
    struct assay_config_entry own = *entry;
    own.key = strdup(key);
    own.text = strdup(text);
    if (own.key == NULL || own.text == NULL) {
        free(own.key);
        free(own.text);
        return ASSAY_E_MEMORY;
    }
    const size_t at = place_for(layers, own.key);
    for (size_t i = layers->count; i > at; i--)
        layers->entries[i] = layers->entries[i - 1];
    layers->entries[at] = own;
    layers->count++;
    return ASSAY_OK;
}

enum assay_status assay_config_layers_put(struct assay_config_layers *layers, const char *key,
                                          const char *text,
                                          const struct assay_config_entry *entry)
{
    struct assay_config_entry *same = NULL;
    if (entry->layer != ASSAY_CONFIG_FILE) layers->beyond_file = true;
    drop_above(layers, key);
    drop_below(layers, key);
    for (size_t i = 0; i < layers->count; i++)
        if (strcmp(layers->entries[i].key, key) == 0) same = &layers->entries[i];
    if (same == NULL) return insert_entry(layers, key, text, entry);
    char *const own_text = strdup(text);
    char *const own_key = same->key;
    if (own_text == NULL) return ASSAY_E_MEMORY;
    free(same->text);
    *same = *entry;
    same->key = own_key;
    same->text = own_text;
    return ASSAY_OK;
}

bool assay_config_layers_have_section(const struct assay_config_layers *layers, const char *key)
{
    const size_t len = strlen(key);
    for (size_t i = 0; i < layers->count; i++) {
        const char *const other = layers->entries[i].key;
        if (is_inside(other, key, len) && other[len] == '.') return true;
    }
    return false;
}

const struct assay_config_entry *assay_config_layers_find(const struct assay_config_layers *layers,
                                                          const char *key)
{
    for (size_t i = 0; i < layers->count; i++)
        if (strcmp(layers->entries[i].key, key) == 0) return &layers->entries[i];
    return NULL;
}

const char *assay_config_layers_name(struct assay_config_layers *layers, const char *name)
{
    if (layers->name_count == layers->name_capacity) {
        const size_t capacity = layers->name_capacity != 0 ? 2 * layers->name_capacity : 16;
        void *names = realloc(layers->names, capacity * sizeof *layers->names);
        if (names == NULL) return NULL;
        layers->names = names;
        layers->name_capacity = capacity;
    }
    char *const own = strdup(name);
    if (own != NULL) layers->names[layers->name_count++] = own;
    return own;
}

void assay_config_layers_close(struct assay_config_layers *layers)
{
    for (size_t i = 0; i < layers->count; i++) {
        free(layers->entries[i].key);
        free(layers->entries[i].text);
    }
    for (size_t i = 0; i < layers->name_count; i++)
        free(layers->names[i]);
    free(layers->entries);
    free(layers->names);
    *layers = (struct assay_config_layers){ .entries = NULL };
}

enum assay_status assay_config_layers_open(const struct assay_config_sources *sources,
                                           struct assay_config_layers *layers,
                                           char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    *layers = (struct assay_config_layers){ .entries = NULL };
    (void)snprintf(message, ASSAY_CONFIG_MESSAGE_MAX, "%.300s: no memory", sources->path);
    ASSAY_TRY(assay_config_read_file(layers, sources->path, ASSAY_CONFIG_FILE, message));
    if (!sources->file_alone) ASSAY_TRY(assay_config_read_folder(layers, sources->path, message));
    if (sources->environment != NULL)
        ASSAY_TRY(assay_config_read_environment(layers, sources->environment, message));
    for (size_t i = 0; i < sources->set_count; i++)
        ASSAY_TRY(assay_config_read_set(layers, sources->sets[i], message));
    return ASSAY_OK;
}
