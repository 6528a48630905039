/*
 * apps/config/layers_read.c - readers of each configuration source into entries (layers.h).
 */
#include "apps/config/keys.h"
#include "apps/config/layers_internal.h"
#include "apps/config/yaml.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 160, SET_TEXT_MAX = 64 * 1024 };

/* ------------------------------------------------------------ one text */

/* One text that is read into entries. */
struct reading {
    struct assay_config_layers *layers;
    const struct assay_yaml *document;
    enum assay_config_layer layer;
    const char *name;
    bool placeless; /* of a generated text: its lines have no meaning */
    char **sections; /* [section_count] that it has opened */
    size_t section_count, section_capacity;
};

static enum assay_status report_duplicate(const struct reading *r, const char *path,
                                          struct assay_yaml_place place)
{
    char what[KEY_MAX + 40];
    const char *dot = strrchr(path, '.');
    (void)snprintf(what, sizeof what, "the key \"%.100s\" comes twice",
                   dot != NULL ? dot + 1 : path);
    assay_yaml_set_message(r->document, place, what);
    return ASSAY_E_SYNTAX;
}

static enum assay_status open_section(struct reading *r, const char *path,
                                      struct assay_yaml_place key)
{
    for (size_t i = 0; i < r->section_count; i++)
        if (strcmp(r->sections[i], path) == 0) return report_duplicate(r, path, key);
    if (r->section_count == r->section_capacity) {
        const size_t capacity = r->section_capacity != 0 ? 2 * r->section_capacity : 16;
        void *sections = realloc(r->sections, capacity * sizeof *r->sections);
        if (sections == NULL) return ASSAY_E_MEMORY;
        r->sections = sections;
        r->section_capacity = capacity;
    }
    r->sections[r->section_count] = strdup(path);
    return r->sections[r->section_count] != NULL ? (r->section_count++, ASSAY_OK) : ASSAY_E_MEMORY;
}

static bool is_item(const char *path)
{
    const size_t len = strlen(path);
    return len > 0 && path[len - 1] == ']';
}

static enum assay_status take_part(void *context, enum assay_yaml_part part, const char *path,
                                   const char *text, struct assay_yaml_place key,
                                   struct assay_yaml_place value)
{
    struct reading *const r = context;
    struct assay_config_entry entry = { .layer = r->layer, .name = r->name };
    if (part == ASSAY_YAML_END || (path[0] == '\0' && part == ASSAY_YAML_MAPPING)) return ASSAY_OK;
    if (path[0] == '\0') {
        assay_yaml_set_message(r->document, value, "expected keys and their values");
        return ASSAY_E_SYNTAX;
    }
    if (!r->placeless) {
        entry.key_place = key;
        entry.value_place = value;
    }
    if (part == ASSAY_YAML_SCALAR) {
        const struct assay_config_entry *same = assay_config_layers_find(r->layers, path);
        if (same != NULL && same->name == r->name) return report_duplicate(r, path, key);
        return assay_config_layers_put(r->layers, path, text, &entry);
    }
    if (!is_item(path)) ASSAY_TRY(open_section(r, path, key));
    entry.form = part == ASSAY_YAML_SEQUENCE ? ASSAY_CONFIG_NO_ITEMS : ASSAY_CONFIG_NO_KEYS;
    /* A list takes the place of the one before; a section that an earlier place has, too, goes on.
     * */
    if (part == ASSAY_YAML_MAPPING && assay_config_layers_have_section(r->layers, path))
        return ASSAY_OK;
    return assay_config_layers_put(r->layers, path, "", &entry);
}

static enum assay_status read_text(struct reading *r, struct assay_slice text, char *message)
{
    const struct assay_yaml document = { .name = r->name, .text = text, .message = message };
    /* A text of our own has one place, the name. */
    const struct assay_yaml_origin nowhere = { .name = r->name };
    struct assay_yaml placeless = document;
    placeless.lines = &nowhere;
    placeless.line_count = 1;
    r->document = r->placeless ? &placeless : &document;
    const enum assay_status status = assay_yaml_walk(r->document, take_part, r);
    for (size_t i = 0; i < r->section_count; i++)
        free(r->sections[i]);
    free(r->sections);
    return status;
}

/* ------------------------------------------------------------ files */

enum assay_status assay_config_read_file(struct assay_config_layers *layers, const char *path,
                                         enum assay_config_layer layer, char *message)
{
    struct assay_config_file file = { .path = path, .message = message };
    struct reading r = { .layers = layers, .layer = layer };
    r.name = assay_config_layers_name(layers, path);
    if (r.name == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = assay_config_read(&file);
    if (status == ASSAY_OK) status = read_text(&r, assay_slice_over(file.bytes, file.len), message);
    free(file.bytes);
    assay_yaml_sanitize(message);
    return status;
}

static int is_part(const struct dirent *entry)
{
    static const char yaml[] = ".yaml";
    const size_t len = strlen(entry->d_name), tail = sizeof yaml - 1;
    return entry->d_name[0] != '.' && len > tail && strcmp(entry->d_name + len - tail, yaml) == 0;
}

/* The order of bytes, in every locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum assay_status report_failure(char *message, enum assay_status status, const char *format,
                                        ...) __attribute__((format(printf, 3, 4)));

static enum assay_status report_failure(char *message, enum assay_status status, const char *format,
                                        ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, ASSAY_CONFIG_MESSAGE_MAX, format, args);
    va_end(args);
    return status;
}

static enum assay_status read_parts(struct assay_config_layers *layers, const char *folder,
                                    struct dirent **found, int count, char *message)
{
    if (count > ASSAY_CONFIG_FILES_MAX)
        return report_failure(message, ASSAY_E_RANGE, "%.300s: expected at most %d files, found %d",
                              folder, ASSAY_CONFIG_FILES_MAX, count);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/%s", folder, found[i]->d_name) >= (int)sizeof path)
            return report_failure(message, ASSAY_E_RANGE, "%.300s: the path is too long", folder);
        ASSAY_TRY(assay_config_read_file(layers, path, ASSAY_CONFIG_FOLDER, message));
        layers->folder_files++;
    }
    return ASSAY_OK;
}

enum assay_status assay_config_read_folder(struct assay_config_layers *layers, const char *path,
                                           char *message)
{
    static const char yaml[] = ".yaml";
    char folder[PATH_MAX];
    struct dirent **found = NULL;
    const size_t len = strlen(path), tail = sizeof yaml - 1;
    const bool named = len > tail && strcmp(path + len - tail, yaml) == 0;
    const int stem = (int)(named ? len - tail : len);
    if (snprintf(folder, sizeof folder, "%.*s.d", stem, path) >= (int)sizeof folder)
        return report_failure(message, ASSAY_E_RANGE, "%.300s: the path is too long", path);
    const int count = scandir(folder, &found, is_part, by_name);
    if (count < 0 && (errno == ENOENT || errno == ENOTDIR)) return ASSAY_OK;
    if (count < 0)
        return report_failure(message, ASSAY_E_IO, "%.300s: cannot be read: %s", folder,
                              strerror(errno));
    const enum assay_status status = read_parts(layers, folder, found, count, message);
    for (int i = 0; i < count; i++)
        free(found[i]);
    free(found);
    return status;
}

/* ------------------------------------------------------------ one value for one key */

/* {"log": {"level": ...}}: the sections of key around a value in YAML's flow style. */
static enum assay_status wrap_value(const char *key, const char *value, char *text, size_t text_len)
{
    size_t len = 0;
    unsigned depth = 0;
    while (len < text_len) {
        const size_t word = strcspn(key, ".");
        len += (size_t)snprintf(text + len, text_len - len, "{\"%.*s\": ", (int)word, key);
        depth++;
        key += word;
        if (*key == '\0' || len >= text_len) break;
        key++;
    }
    if (len < text_len) len += (size_t)snprintf(text + len, text_len - len, "%s", value);
    for (; depth > 0 && len < text_len; depth--)
        len += (size_t)snprintf(text + len, text_len - len, "}");
    return len < text_len ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status read_list(struct assay_config_layers *layers, const char *key,
                                   const char *value, const struct assay_config_entry *entry,
                                   char *message)
{
    struct reading r = {
        .layers = layers, .layer = entry->layer, .name = entry->name, .placeless = true
    };
    char *const text = malloc(SET_TEXT_MAX);
    if (text == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = wrap_value(key, value, text, SET_TEXT_MAX);
    if (status != ASSAY_OK)
        status = report_failure(message, status, "%.150s: expected at most %d bytes", entry->name,
                                SET_TEXT_MAX);
    else status = read_text(&r, assay_slice_over(text, strlen(text)), message);
    free(text);
    return status;
}

/* Entry of one variable or one --set; name is used in messages. */
static enum assay_status take_one(struct assay_config_layers *layers, enum assay_config_layer layer,
                                  const char *name, const char *key, const char *value,
                                  char *message)
{
    const struct assay_config_key *const known = assay_config_key_find(key);
    struct assay_config_entry entry = { .layer = layer };
    if (strchr(key, '[') != NULL)
        return report_failure(
            message, ASSAY_E_SYNTAX,
            "%.150s: items of a list are not set one by one: set the complete list, as in "
            "peers=[{node: ..., address: ...}]",
            name);
    if (known == NULL) {
        const char *const near = assay_config_key_near(key);
        return report_failure(message, ASSAY_E_SYNTAX, "%.150s: unknown key \"%.100s\"%s%s%s", name,
                              key, near != NULL ? "; is \"" : "", near != NULL ? near : "",
                              near != NULL ? "\" meant?" : "");
    }
    entry.name = assay_config_layers_name(layers, name);
    if (entry.name == NULL) return ASSAY_E_MEMORY;
    if (!known->is_list) return assay_config_layers_put(layers, key, value, &entry);
    if (value[0] == '[') return read_list(layers, key, value, &entry, message);
    return report_failure(message, ASSAY_E_SYNTAX,
                          "%.150s: expected a list, as in [a, b], found \"%.60s\"", name, value);
}

enum assay_status assay_config_read_set(struct assay_config_layers *layers, const char *set,
                                        char *message)
{
    char name[KEY_MAX + 8];
    const char *const equals = strchr(set, '=');
    const size_t len = equals != NULL ? (size_t)(equals - set) : 0;
    if (len == 0 || len >= KEY_MAX)
        return report_failure(message, ASSAY_E_SYNTAX,
                              "--set: expected KEY=VALUE, found \"%.100s\"", set);
    char *const copy = strdup(set);
    if (copy == NULL) return ASSAY_E_MEMORY;
    copy[len] = '\0';
    (void)snprintf(name, sizeof name, "--set %s", copy);
    const enum assay_status status =
        take_one(layers, ASSAY_CONFIG_FLAG, name, copy, copy + len + 1, message);
    free(copy);
    assay_yaml_sanitize(message);
    return status;
}

/* ASSAY_LOG__LEVEL -> log.level, ASSAY__PEERS -> peers. Returns: false for others, which belong to
 * other programs (ASSAY_SOCKET). */
static bool key_of_variable(const char *name, size_t name_len, char key[static KEY_MAX])
{
    static const char prefix[] = "ASSAY_";
    size_t len = 0;
    bool has_section = false;
    if (name_len < sizeof prefix || name_len >= KEY_MAX) return false;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0) return false;
    for (size_t i = sizeof prefix - 1; i < name_len; i++) {
        if (name[i] == '_' && i + 1 < name_len && name[i + 1] == '_') {
            has_section = true;
            if (len > 0) key[len++] = '.';
            i++;
        } else if (i == sizeof prefix - 1 && name[i] == '_') {
            has_section = true; /* no section: ASSAY__PEERS */
        } else {
            const char c = name[i];
            key[len++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        }
    }
    key[len] = '\0';
    return has_section && len > 0;
}

enum assay_status assay_config_read_environment(struct assay_config_layers *layers,
                                                const char *const *environment, char *message)
{
    for (; *environment != NULL; environment++) {
        char key[KEY_MAX], name[KEY_MAX + 2];
        const size_t len = strcspn(*environment, "=");
        if ((*environment)[len] != '=' || !key_of_variable(*environment, len, key)) continue;
        char *const value = strdup(*environment + len + 1);
        if (value == NULL) return ASSAY_E_MEMORY;
        (void)snprintf(name, sizeof name, "$%.*s", (int)len, *environment);
        const enum assay_status status =
            take_one(layers, ASSAY_CONFIG_ENVIRONMENT, name, key, value, message);
        free(value);
        assay_yaml_sanitize(message);
        ASSAY_TRY(status);
    }
    return ASSAY_OK;
}
