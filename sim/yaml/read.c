/*
 * sim/yaml/read.c - scenario files, parsed by a schema made from the table of keys
 * (sim/scenario/scenario_keys.c).
 *
 * Every section becomes a struct of texts, one for each key and in its order; every text is then
 * set as --set would. So a new key of the table works in files at once.
 */
#include "sim/yaml/read.h"

#include "base/assert.h"
#include "quote/yaml/document.h"
#include "sim/scenario/scenario_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_LEN_MAX = 128, SHARES_LEN_MAX = ASSAY_SCENARIO_VALUE_MAX };

/* A section in YAML: texts of its keys, NULL for missing ones. */
struct texts {
    char *of_key[ASSAY_SCENARIO_KEYS_MAX];
    char **shares; /* of the only key that is a list */
    unsigned shares_count;
};

/* The file: single sections at their number, lists next to them. */
struct file {
    struct texts single[ASSAY_SCENARIO_SECTIONS];
    struct texts *list[ASSAY_SCENARIO_SECTIONS];
    char **lines; /* a list of bare texts: the assertions */
    unsigned list_count[ASSAY_SCENARIO_SECTIONS];
};

struct schema {
    cyaml_schema_value_t text, share, top;
    cyaml_schema_value_t entry[ASSAY_SCENARIO_SECTIONS];
    /* One more than keys or sections: the end. Section 0 holds the others as well. */
    cyaml_schema_field_t fields[ASSAY_SCENARIO_SECTIONS]
                               [ASSAY_SCENARIO_KEYS_MAX + ASSAY_SCENARIO_SECTIONS + 1];
};

/* ------------------------------------------------------------ the schema */

static cyaml_schema_value_t text_value(void)
{
    return (cyaml_schema_value_t){ .type = CYAML_STRING,
                                   .flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                                   .data_size = sizeof(char),
                                   .string = { .min = 0, .max = ASSAY_SIM_YAML_MAX } };
}

static cyaml_schema_value_t list_value(const cyaml_schema_value_t *entry, uint32_t entry_len,
                                       uint32_t max)
{
    return (cyaml_schema_value_t){ .type = CYAML_SEQUENCE,
                                   .flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                                   .data_size = entry_len,
                                   .sequence = { .entry = entry, .min = 0, .max = max } };
}

static cyaml_schema_field_t key_field(const struct schema *schema,
                                      const struct assay_scenario_key *key, uint32_t index,
                                      uint32_t base)
{
    cyaml_schema_field_t field = {
        .key = key->name,
        .data_offset = base + (uint32_t)(offsetof(struct texts, of_key) + index * sizeof(char *)),
        .value = schema->text,
    };
    if (key->kind != ASSAY_SCENARIO_SHARES) return field;
    field.data_offset = base + (uint32_t)offsetof(struct texts, shares);
    field.count_offset = base + (uint32_t)offsetof(struct texts, shares_count);
    field.count_size = sizeof(unsigned);
    field.value = list_value(&schema->share, sizeof(char *), ASSAY_SIM_VENDORS_MAX);
    return field;
}

/* The fields of one section's keys; base: offset of its texts. */
static uint32_t put_keys(struct schema *schema, uint32_t section, uint32_t base)
{
    const struct assay_scenario_section *s = &assay_scenario_sections[section];
    ASSAY_ASSERT(s->key_count <= ASSAY_SCENARIO_KEYS_MAX);
    for (uint32_t k = 0; k < s->key_count; k++)
        schema->fields[section][k] = key_field(schema, &s->keys[k], k, base);
    return s->key_count;
}

static bool is_bare(const struct assay_scenario_section *section)
{
    return section->keys[0].name == NULL;
}

static cyaml_schema_field_t section_field(struct schema *schema, uint32_t index)
{
    const struct assay_scenario_section *s = &assay_scenario_sections[index];
    cyaml_schema_field_t field = {
        .key = s->name,
        .data_offset = (uint32_t)(offsetof(struct file, single) + index * sizeof(struct texts)),
    };
    schema->entry[index] =
        (cyaml_schema_value_t){ .type = CYAML_MAPPING,
                                .flags = s->is_list ? CYAML_FLAG_DEFAULT : CYAML_FLAG_OPTIONAL,
                                .data_size = sizeof(struct texts),
                                .mapping = { .fields = schema->fields[index] } };
    field.value = schema->entry[index];
    if (!is_bare(s)) (void)put_keys(schema, index, 0);
    if (!s->is_list) return field;
    field.count_offset = (uint32_t)(offsetof(struct file, list_count) + index * sizeof(unsigned));
    field.count_size = sizeof(unsigned);
    field.data_offset = (uint32_t)(offsetof(struct file, list) + index * sizeof(struct texts *));
    field.value = list_value(&schema->entry[index], sizeof(struct texts), s->max - s->first);
    if (!is_bare(s)) return field;
    field.data_offset = (uint32_t)offsetof(struct file, lines);
    field.value = list_value(&schema->share, sizeof(char *), s->max);
    return field;
}

static void make_schema(struct schema *schema)
{
    *schema = (struct schema){ .text = text_value() };
    schema->share = schema->text;
    schema->share.flags = CYAML_FLAG_POINTER;
    uint32_t used = put_keys(schema, 0, (uint32_t)offsetof(struct file, single));
    for (uint32_t s = 1; s < ASSAY_SCENARIO_SECTIONS; s++)
        schema->fields[0][used++] = section_field(schema, s);
    schema->top = (cyaml_schema_value_t){ .type = CYAML_MAPPING,
                                          .flags = CYAML_FLAG_POINTER,
                                          .data_size = sizeof(struct file),
                                          .mapping = { .fields = schema->fields[0] } };
}

/* ------------------------------------------------------------ the values */

struct reading {
    const struct assay_yaml *document;
    const struct file *file;
    struct assay_scenario *scenario;
};

/* The path of the value in the file, with elements counted as in the file. */
static void put_path(const struct assay_scenario_section *section, uint32_t element,
                     const char *key, char path[static PATH_LEN_MAX])
{
    const char *dot = section->name[0] != '\0' && key != NULL ? "." : "";
    if (key == NULL) key = "";
    if (section->is_list)
        (void)snprintf(path, PATH_LEN_MAX, "%s[%u]%s%s", section->name, (unsigned)element, dot,
                       key);
    else (void)snprintf(path, PATH_LEN_MAX, "%s%s%s", section->name, dot, key);
}

static enum assay_status take_text(const struct reading *r,
                                   const struct assay_scenario_section *section, uint32_t element,
                                   const struct assay_scenario_key *key, const char *text)
{
    char path[PATH_LEN_MAX], why[ASSAY_SIM_MESSAGE_MAX] = "";
    void *part =
        assay_scenario_part(r->scenario, section, section->is_list ? element + section->first : 0);
    const enum assay_status status = assay_scenario_take(r->scenario, part, key, text, why);
    if (status == ASSAY_OK) return ASSAY_OK;
    put_path(section, element, key->name, path);
    return assay_yaml_fail(r->document, status, path, "%s", why);
}

static const char *text_of(const struct assay_scenario_section *section, const struct texts *texts,
                           const char *name)
{
    for (uint32_t k = 0; k < section->key_count; k++)
        if (strcmp(section->keys[k].name, name) == 0) return texts->of_key[k];
    return NULL;
}

static enum assay_status take_shares(const struct reading *r, const struct texts *texts,
                                     const struct assay_scenario_key *key)
{
    char joined[SHARES_LEN_MAX] = "";
    size_t used = 0;
    if (texts->shares == NULL) return ASSAY_OK;
    for (unsigned i = 0; i < texts->shares_count; i++) {
        const int more = snprintf(joined + used, sizeof joined - used, "%s%.10s", i == 0 ? "" : ",",
                                  texts->shares[i]);
        ASSAY_ASSERT(more > 0 && used + (size_t)more < sizeof joined);
        used += (size_t)more;
    }
    return take_text(r, &assay_scenario_sections[0], 0, key, joined);
}

static enum assay_status take_part(const struct reading *r,
                                   const struct assay_scenario_section *section, uint32_t element,
                                   const struct texts *texts)
{
    for (uint32_t k = 0; k < section->key_count; k++) {
        const struct assay_scenario_key *key = &section->keys[k];
        if (key->kind == ASSAY_SCENARIO_SHARES) ASSAY_TRY(take_shares(r, texts, key));
        const char *text = texts->of_key[k];
        if (text == NULL) continue;
        if (key->instead != NULL && text_of(section, texts, key->instead) != NULL) {
            char path[PATH_LEN_MAX];
            put_path(section, element, key->name, path);
            return assay_yaml_fail(r->document, ASSAY_E_INVALID, path,
                                   "expected this or %s, found both", key->instead);
        }
        ASSAY_TRY(take_text(r, section, element, key, text));
    }
    return ASSAY_OK;
}

static enum assay_status take_section(const struct reading *r, uint32_t index)
{
    const struct assay_scenario_section *section = &assay_scenario_sections[index];
    if (!section->is_list) return take_part(r, section, 0, &r->file->single[index]);
    for (unsigned i = 0; i < r->file->list_count[index]; i++) {
        const bool has_room = assay_scenario_append(r->scenario, section);
        ASSAY_ASSERT(has_room); /* the schema has counted */
    }
    for (unsigned i = 0; i < r->file->list_count[index]; i++) {
        if (is_bare(section))
            ASSAY_TRY(take_text(r, section, i, &section->keys[0], r->file->lines[i]));
        else ASSAY_TRY(take_part(r, section, i, &r->file->list[index][i]));
    }
    return ASSAY_OK;
}

/* The key at the start of a message of assay_scenario_check, as a path of the file, which counts
 * cohorts; a key that the file does not have is reported at its top. */
static void format_blamed_key(const struct assay_scenario *scenario, const char *why,
                              char path[static PATH_LEN_MAX])
{
    static const char cohorts[] = "cohorts[";
    uint32_t index = 0;
    const size_t len = strcspn(why, ": ");
    (void)snprintf(path, PATH_LEN_MAX, "%.*s", (int)(len < 100 ? len : 100), why);
    if (strncmp(why, cohorts, sizeof cohorts - 1) != 0) return;
    const char *name = why + sizeof cohorts - 1;
    if (!assay_scenario_find_cohort(scenario, name, strcspn(name, "]"), &index) || index == 0)
        return;
    (void)snprintf(path, PATH_LEN_MAX, "cohorts[%u]", (unsigned)index - 1);
}

static enum assay_status take_file(const struct assay_yaml *document,
                                   struct assay_scenario *scenario)
{
    *scenario = assay_scenario_default();
    const struct reading r = { document, document->data, scenario };
    for (uint32_t s = 0; s < ASSAY_SCENARIO_SECTIONS; s++)
        ASSAY_TRY(take_section(&r, s));
    char why[ASSAY_SIM_MESSAGE_MAX];
    const enum assay_status status = assay_scenario_check(scenario, why);
    if (status == ASSAY_OK) return ASSAY_OK;
    char path[PATH_LEN_MAX];
    format_blamed_key(scenario, why, path);
    assay_yaml_set_message(document, assay_yaml_find(document, path), why);
    return status;
}

enum assay_status assay_scenario_parse_yaml(const uint8_t *text, size_t len, const char *name,
                                            struct assay_scenario *scenario,
                                            char message[static ASSAY_SIM_MESSAGE_MAX])
{
    _Static_assert((int)ASSAY_SIM_MESSAGE_MAX == (int)ASSAY_YAML_MESSAGE_MAX, "one buffer");
    struct schema *schema = malloc(sizeof *schema);
    struct assay_scenario *found = malloc(sizeof *found);
    struct assay_yaml document = { .name = name, .message = message };
    enum assay_status status = ASSAY_E_MEMORY;
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.200s: no memory", name);
    if (schema != NULL && found != NULL) {
        make_schema(schema);
        document.schema = &schema->top;
        document.text = assay_slice_over(text, len);
        status = assay_yaml_open(&document);
        if (status == ASSAY_OK) status = take_file(&document, found);
        assay_yaml_close(&document);
    }
    if (status == ASSAY_OK) *scenario = *found;
    free(found);
    free(schema);
    return status;
}
