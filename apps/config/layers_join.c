/*
 * apps/config/layers_join.c - layered entries joined to one text, with the source of each line.
 *
 * YAML's flow style, one value a line, every text in quotes: nothing in a value can be taken for
 * anything else than the value.
 */
#include "apps/config/layers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A key in its parts: "peers[0].node" is peers, [0], node. */
struct parts {
    size_t count;
    struct {
        const char *text;
        size_t len;
        bool item;
    } at[2 * ASSAY_YAML_DEPTH_MAX];
};

static struct parts parts_of(const char *key)
{
    struct parts parts = { .count = 0 };
    const size_t most = sizeof parts.at / sizeof parts.at[0];
    while (*key != '\0' && parts.count < most) {
        const bool item = *key == '[';
        const size_t len = item ? strcspn(key, "]") + 1 : strcspn(key, ".[");
        parts.at[parts.count].text = key;
        parts.at[parts.count].len = len;
        parts.at[parts.count++].item = item;
        key += len;
        if (*key == '.') key++;
    }
    return parts;
}

static size_t count_common_parts(const struct parts *a, const struct parts *b)
{
    size_t i = 0;
    while (i < a->count && i < b->count && a->at[i].len == b->at[i].len &&
           assay_bytes_equal(a->at[i].text, b->at[i].text, a->at[i].len))
        i++;
    return i;
}

/* ------------------------------------------------------------ text and lines */

static enum assay_status append_text(struct assay_config_joined *joined, const char *text,
                                     size_t len)
{
    if (len > ASSAY_CONFIG_JOINED_MAX - joined->len) return ASSAY_E_RANGE;
    if (joined->len + len > joined->capacity) {
        size_t capacity = joined->capacity != 0 ? joined->capacity : 4096;
        while (capacity < joined->len + len)
            capacity *= 2;
        char *const bigger = realloc(joined->text, capacity);
        if (bigger == NULL) return ASSAY_E_MEMORY;
        joined->text = bigger;
        joined->capacity = capacity;
    }
    assay_bytes_copy(joined->text + joined->len, joined->capacity - joined->len, text, len);
    joined->len += len;
    return ASSAY_OK;
}

static enum assay_status add_text(struct assay_config_joined *joined, const char *text)
{
    return append_text(joined, text, strlen(text));
}

static enum assay_status add_quoted(struct assay_config_joined *joined, const char *text,
                                    size_t len)
{
    ASSAY_TRY(add_text(joined, "\""));
    for (size_t i = 0; i < len; i++) {
        char escaped[8];
        const unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') (void)snprintf(escaped, sizeof escaped, "\\%c", c);
        else if (c < ' ' || c == 0x7f) (void)snprintf(escaped, sizeof escaped, "\\x%02x", c);
        else (void)snprintf(escaped, sizeof escaped, "%c", c);
        ASSAY_TRY(add_text(joined, escaped));
    }
    return add_text(joined, "\"");
}

/* The line ends: it is this entry's. */
static enum assay_status end_line(struct assay_config_joined *joined,
                                  const struct assay_config_entry *entry, size_t value_column)
{
    if (joined->line_count == joined->line_capacity) {
        const size_t capacity = joined->line_capacity != 0 ? 2 * joined->line_capacity : 64;
        void *const lines = realloc(joined->lines, capacity * sizeof *joined->lines);
        if (lines == NULL) return ASSAY_E_MEMORY;
        joined->lines = lines;
        joined->line_capacity = capacity;
    }
    joined->lines[joined->line_count++] = (struct assay_yaml_origin){
        .name = entry->name,
        .key = entry->key_place,
        .value = entry->value_place,
        .value_column = value_column,
    };
    return add_text(joined, "\n");
}

/* ------------------------------------------------------------ one entry after the other */

static enum assay_status put_close(struct assay_config_joined *joined, const struct parts *parts,
                                   size_t to, const struct assay_config_entry *entry)
{
    /* Part i stands in a list when it is an item, and what holds part i closes after it. */
    for (size_t i = parts->count - 1; i > to; i--) {
        ASSAY_TRY(add_text(joined, parts->at[i].item ? "]," : "},"));
        ASSAY_TRY(end_line(joined, entry, 0));
    }
    return ASSAY_OK;
}

static enum assay_status put_label(struct assay_config_joined *joined, const struct parts *parts,
                                   size_t index, size_t *value_column)
{
    const size_t before = joined->len;
    if (!parts->at[index].item) {
        ASSAY_TRY(add_quoted(joined, parts->at[index].text, parts->at[index].len));
        ASSAY_TRY(add_text(joined, ": "));
    }
    *value_column = joined->len - before + 1;
    return ASSAY_OK;
}

static enum assay_status put_entry(struct assay_config_joined *joined, const struct parts *parts,
                                   size_t from, const struct assay_config_entry *entry)
{
    size_t column = 0;
    for (size_t i = from; i + 1 < parts->count; i++) {
        ASSAY_TRY(put_label(joined, parts, i, &column));
        ASSAY_TRY(add_text(joined, parts->at[i + 1].item ? "[" : "{"));
        ASSAY_TRY(end_line(joined, entry, column));
    }
    ASSAY_TRY(put_label(joined, parts, parts->count - 1, &column));
    switch (entry->form) {
    case ASSAY_CONFIG_SCALAR:
        ASSAY_TRY(add_quoted(joined, entry->text, strlen(entry->text)));
        break;
    case ASSAY_CONFIG_NO_ITEMS: ASSAY_TRY(add_text(joined, "[]")); break;
    case ASSAY_CONFIG_NO_KEYS: ASSAY_TRY(add_text(joined, "{}")); break;
    }
    ASSAY_TRY(add_text(joined, ","));
    return end_line(joined, entry, column);
}

enum assay_status assay_config_layers_join(const struct assay_config_layers *layers,
                                           struct assay_config_joined *joined)
{
    const struct assay_config_entry nobody = { .name = layers->name_count > 0 ? layers->names[0]
                                                                              : "" };
    struct parts before = { .count = 0 };
    *joined = (struct assay_config_joined){ .text = NULL };
    ASSAY_TRY(add_text(joined, "{"));
    ASSAY_TRY(end_line(joined, layers->count > 0 ? &layers->entries[0] : &nobody, 0));
    for (size_t i = 0; i < layers->count; i++) {
        const struct parts parts = parts_of(layers->entries[i].key);
        const size_t same = count_common_parts(&before, &parts);
        if (before.count > 0)
            ASSAY_TRY(put_close(joined, &before, same, &layers->entries[i - 1]));
        ASSAY_TRY(put_entry(joined, &parts, same, &layers->entries[i]));
        before = parts;
    }
    const struct assay_config_entry *last =
        layers->count > 0 ? &layers->entries[layers->count - 1] : &nobody;
    if (before.count > 0) ASSAY_TRY(put_close(joined, &before, 0, last));
    ASSAY_TRY(add_text(joined, "}"));
    return end_line(joined, last, 0);
}

void assay_config_joined_close(struct assay_config_joined *joined)
{
    free(joined->text);
    free(joined->lines);
    *joined = (struct assay_config_joined){ .text = NULL };
}
