/*
 * quote/yaml/document.c - YAML text read through a schema, with error messages.
 *
 * The only user of libcyaml's loader. Each error is reported as one line for the operator.
 */
#include "quote/yaml/document.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/words.h"

#include <stdio.h>
#include <string.h>

enum { COMPLAINT_MAX = 320 };

/* libcyaml's log of an error: the first line has the error, the next ones its place. */
struct complaint {
    char what[COMPLAINT_MAX];
    char field[ASSAY_YAML_KEY_MAX];   /* the innermost mapping field around it */
    char section[ASSAY_YAML_KEY_MAX]; /* the outermost */
    struct assay_yaml_place place;
};

/* ------------------------------------------------------------ our own messages */

/* Out: place, the source of the line. Returns: its name. */
static const char *origin_of(const struct assay_yaml *document, struct assay_yaml_place *place)
{
    if (document->lines == NULL || document->line_count == 0) return document->name;
    size_t index = place->line > 0 ? place->line - 1 : 0;
    if (index >= document->line_count) index = document->line_count - 1;
    ASSAY_ASSERT(index < document->line_count);
    const struct assay_yaml_origin *const line = &document->lines[index];
    *place = place->column < line->value_column ? line->key : line->value;
    return line->name;
}

void assay_yaml_set_message(const struct assay_yaml *document, struct assay_yaml_place place,
                            const char *what)
{
    ASSAY_ASSERT(document->message != NULL && what != NULL);
    const char *const name = origin_of(document, &place);
    const bool named = name != NULL;
    if (document->lines != NULL && place.line == 0) {
        (void)snprintf(document->message, ASSAY_YAML_MESSAGE_MAX, "%.150s: %.310s", name, what);
        return;
    }
    if (place.line == 0) place.line = place.column = 1;
    (void)snprintf(document->message, ASSAY_YAML_MESSAGE_MAX, "%.150s%s%lu:%lu: %.310s",
                   named ? name : "", named ? ":" : "", place.line, place.column, what);
}

enum assay_status assay_yaml_fail_list(const struct assay_yaml *document, enum assay_status status,
                                       const char *key, const char *format, va_list args)
{
    char what[COMPLAINT_MAX];
    const int used = snprintf(what, sizeof what, "%.100s: ", key);
    ASSAY_ASSERT(used > 0 && (size_t)used < sizeof what);
    (void)vsnprintf(what + used, sizeof what - (size_t)used, format, args);
    assay_yaml_set_message(document, assay_yaml_find(document, key), what);
    return status;
}

enum assay_status assay_yaml_fail(const struct assay_yaml *document, enum assay_status status,
                                  const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status = assay_yaml_fail_list(document, status, key, format, args);
    va_end(args);
    return status;
}

static enum assay_status no_memory(const struct assay_yaml *document)
{
    assay_yaml_set_message(document, (struct assay_yaml_place){ 1, 1 }, "no memory");
    return ASSAY_E_MEMORY;
}

/* Returns: what follows the digits at the start of text; NULL if there are none or too many. */
static const char *take_digits(const char *text, uint64_t *out)
{
    const char *c = text;
    *out = 0;
    for (; *c >= '0' && *c <= '9'; c++) {
        if (assay_mul_u64(*out, 10, out) != ASSAY_OK) return NULL;
        if (assay_add_u64(*out, (uint64_t)(*c - '0'), out) != ASSAY_OK) return NULL;
    }
    return c == text ? NULL : c;
}

bool assay_yaml_number(const char *text, uint64_t *out)
{
    ASSAY_ASSERT(text != NULL && out != NULL);
    uint64_t value = 0;
    if (text[0] == '0' && text[1] != '\0') return false;
    const char *rest = take_digits(text, &value);
    if (rest == NULL || *rest != '\0') return false;
    *out = value;
    return true;
}

/* ------------------------------------------------------------ libcyaml's complaints */

/* "(line: 3, column: 7)" */
static bool take_place(const char *text, struct assay_yaml_place *place)
{
    static const char line_is[] = "(line: ", column_is[] = ", column: ";
    uint64_t line = 0, column = 0;
    if (strncmp(text, line_is, sizeof line_is - 1) != 0) return false;
    text = take_digits(text + sizeof line_is - 1, &line);
    if (text == NULL || strncmp(text, column_is, sizeof column_is - 1) != 0) return false;
    text = take_digits(text + sizeof column_is - 1, &column);
    if (text == NULL || *text != ')') return false;
    *place = (struct assay_yaml_place){ line, column };
    return true;
}

__attribute__((format(printf, 3, 0))) static void collect(cyaml_log_t level, void *context,
                                                          const char *format, va_list args)
{
    char line[COMPLAINT_MAX];
    struct complaint *complaint = context;
    ASSAY_ASSERT(complaint != NULL);
    (void)level;
    (void)vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';

    struct assay_yaml_place place = { 0, 0 };
    const char *where = strstr(line, "(line: ");
    if (where != NULL && take_place(where, &place)) {
        if (complaint->place.line == 0) complaint->place = place; /* the innermost comes first */
        const char *field = strstr(line, "in mapping field '");
        if (field == NULL) return;
        (void)snprintf(complaint->section, sizeof complaint->section, "%s", field + 18);
        complaint->section[strcspn(complaint->section, "'")] = '\0';
        if (complaint->field[0] == '\0')
            (void)snprintf(complaint->field, sizeof complaint->field, "%s", complaint->section);
        return;
    }
    if (complaint->what[0] != '\0') return;
    const size_t head = strncmp(line, "Load: ", 6) == 0 ? 6 : 0;
    (void)snprintf(complaint->what, sizeof complaint->what, "%s", line + head);
}

static void find_nearest_key(const cyaml_schema_field_t *fields, const char *key, unsigned *best,
                             const char **hint)
{
    for (; fields->key != NULL; fields++)
        assay_words_nearest(key, fields->key, best, hint);
}

/* The known key that looks most like this one, of the file or of one of its sections. */
static const char *hint_for(const cyaml_schema_value_t *schema, const char *key)
{
    ASSAY_ASSERT(schema->type == CYAML_MAPPING);
    const char *hint = NULL;
    unsigned best = ASSAY_WORDS_APART_MAX;
    find_nearest_key(schema->mapping.fields, key, &best, &hint);
    for (const cyaml_schema_field_t *f = schema->mapping.fields; f->key != NULL; f++) {
        const cyaml_schema_value_t *value = &f->value;
        if (value->type == CYAML_SEQUENCE) value = value->sequence.entry;
        if (value->type == CYAML_MAPPING)
            find_nearest_key(value->mapping.fields, key, &best, &hint);
    }
    return hint;
}

/* Returns: what follows prefix in text; NULL when text begins otherwise. */
static const char *skip_prefix(const char *text, const char *prefix)
{
    const size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* "STRING, got event: SEQUENCE_START" in words that need no knowledge of a parser. */
static void say_types(const struct complaint *complaint, const char *types,
                      char what[static COMPLAINT_MAX])
{
    static const struct {
        const char *word, *text;
    } expected[] = { { "MAPPING", "keys with values" },
                     { "SEQUENCE", "a list" },
                     { "STRING", "a text" },
                     { "ENUM", "a word" } },
      found[] = { { "SCALAR", "a text" },
                  { "SEQUENCE_START", "a list" },
                  { "MAPPING_START", "keys with values" },
                  { "ALIAS", "an alias" } };
    const char *want = "something else", *have = "something else";
    const char *const event = strstr(types, ", got event: ");
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        if (skip_prefix(types, expected[i].word) != NULL) want = expected[i].text;
    for (size_t i = 0; event != NULL && i < sizeof found / sizeof found[0]; i++)
        if (skip_prefix(event + 13, found[i].word) != NULL) have = found[i].text;
    (void)snprintf(what, COMPLAINT_MAX, "%.60s%sexpected %s, found %s", complaint->field,
                   complaint->field[0] != '\0' ? ": " : "", want, have);
}

static const cyaml_schema_field_t *find_field(const cyaml_schema_value_t *schema, const char *key)
{
    if (schema->type == CYAML_SEQUENCE) schema = schema->sequence.entry;
    if (schema->type != CYAML_MAPPING) return NULL;
    for (const cyaml_schema_field_t *f = schema->mapping.fields; f->key != NULL; f++)
        if (strcmp(f->key, key) == 0) return f;
    return NULL;
}

/* Whether the outermost section itself has such a key, and not only what is inside of it. */
static bool is_of_section(const cyaml_schema_value_t *schema, const char *section, const char *key)
{
    const cyaml_schema_field_t *const inside = find_field(schema, section);
    return inside != NULL && find_field(&inside->value, key) != NULL;
}

/* Whether the file itself lacks the key, and none of its sections: libcyaml names the last one. */
static bool is_of_file(const cyaml_schema_value_t *schema, const char *section, const char *key)
{
    return find_field(schema, key) != NULL && !is_of_section(schema, section, key);
}

/* "expected allowed, retiring or denied, found "alowed"", with what the schema knows. */
static void say_words(const struct assay_yaml *document, const struct complaint *complaint,
                      const char *found, char what[static COMPLAINT_MAX])
{
    ASSAY_ASSERT(document->schema != NULL);
    const cyaml_schema_field_t *field = find_field(document->schema, complaint->section);
    if (field != NULL && strcmp(complaint->section, complaint->field) != 0)
        field = find_field(&field->value, complaint->field);
    int used = snprintf(what, COMPLAINT_MAX, "%.60s: expected ", complaint->field);
    const uint32_t count =
        field != NULL && field->value.type == CYAML_ENUM ? field->value.enumeration.count : 0;
    for (uint32_t i = 0; i < count && used > 0 && used < COMPLAINT_MAX; i++)
        used += snprintf(what + used, (size_t)(COMPLAINT_MAX - used), "%s%s",
                         i == 0           ? ""
                         : i + 1 == count ? " or "
                                          : ", ",
                         field->value.enumeration.strings[i].str);
    if (used > 0 && used < COMPLAINT_MAX)
        (void)snprintf(what + used, (size_t)(COMPLAINT_MAX - used), "%s, found \"%.60s\"",
                       count == 0 ? "another word" : "", found);
}

/* libcyaml's words into ours. For a key it names the place of the value before it. */
static void translate_complaint(const struct assay_yaml *document,
                                const struct complaint *complaint, char what[static COMPLAINT_MAX],
                                struct assay_yaml_place *place)
{
    const char *key = skip_prefix(complaint->what, "Unexpected key: ");
    if (key != NULL) {
        const char *hint = hint_for(document->schema, key);
        (void)snprintf(what, COMPLAINT_MAX, "unknown key \"%.100s\"%s%s%s", key,
                       hint != NULL ? "; is \"" : "", hint != NULL ? hint : "",
                       hint != NULL ? "\" meant?" : "");
        *place = assay_yaml_find_key(document, key, complaint->place.line);
        return;
    }
    key = skip_prefix(complaint->what, "Mapping field already seen: ");
    if (key != NULL) {
        (void)snprintf(what, COMPLAINT_MAX, "the key \"%.100s\" comes twice", key);
        *place = assay_yaml_find_key(document, key, complaint->place.line + 1);
        return;
    }
    key = skip_prefix(complaint->what, "Invalid ENUM value: ");
    if (key != NULL) {
        say_words(document, complaint, key, what);
        return;
    }
    key = skip_prefix(complaint->what, "Expecting ");
    if (key != NULL) {
        say_types(complaint, key, what);
        return;
    }
    key = skip_prefix(complaint->what, "Missing required mapping field: ");
    if (key != NULL && is_of_file(document->schema, complaint->section, key)) {
        (void)snprintf(what, COMPLAINT_MAX, "the file lacks its key \"%.100s\"", key);
        *place = (struct assay_yaml_place){ 1, 1 };
    } else if (key != NULL && is_of_section(document->schema, complaint->section, key))
        (void)snprintf(what, COMPLAINT_MAX, "the section \"%.60s\" lacks its key \"%.100s\"",
                       complaint->section, key);
    else if (key != NULL)
        (void)snprintf(what, COMPLAINT_MAX, "a section that ends here lacks its key \"%.100s\"",
                       key);
    else if (skip_prefix(complaint->what, "STRING length < 1") != NULL)
        (void)snprintf(what, COMPLAINT_MAX, "%s: expected a text, found nothing", complaint->field);
    else
        (void)snprintf(what, COMPLAINT_MAX, "%s%s%.150s", complaint->field,
                       complaint->field[0] != '\0' ? ": " : "", complaint->what);
}

static enum assay_status report_complaint(const struct assay_yaml *document, cyaml_err_t error,
                                          struct complaint *complaint)
{
    ASSAY_ASSERT(error != CYAML_OK);
    char what[COMPLAINT_MAX] = "";
    struct assay_yaml_place place = { 0, 0 };
    if (error == CYAML_ERR_OOM) return no_memory(document);
    if (complaint->what[0] == '\0')
        (void)snprintf(complaint->what, sizeof complaint->what, "%s", cyaml_strerror(error));
    translate_complaint(document, complaint, what, &place);
    if (place.line == 0) place = complaint->place;
    ASSAY_ASSERT(what[0] != '\0');
    assay_yaml_set_message(document, place, what);
    return ASSAY_E_SYNTAX;
}

/* ------------------------------------------------------------ the face */

static cyaml_config_t make_settings(struct complaint *complaint)
{
    return (cyaml_config_t){ .log_fn = collect,
                             .log_ctx = complaint,
                             .mem_fn = cyaml_mem,
                             .log_level = CYAML_LOG_ERROR,
                             .flags = CYAML_CFG_NO_ALIAS };
}

enum assay_status assay_yaml_open(struct assay_yaml *document)
{
    ASSAY_ASSERT(document != NULL && document->schema != NULL && document->message != NULL);

    const enum assay_status scanned = assay_yaml_scan(document);
    if (scanned == ASSAY_E_MEMORY) return no_memory(document);
    if (scanned != ASSAY_OK) return scanned;
    struct complaint complaint = { .what = "", .field = "" };
    const cyaml_config_t config = make_settings(&complaint);
    const cyaml_err_t error = cyaml_load_data(document->text.bytes, document->text.len, &config,
                                              document->schema, &document->data, NULL);
    return error == CYAML_OK ? ASSAY_OK : report_complaint(document, error, &complaint);
}

/* U+0080 to U+009f: commands of one character, "\xc2\x9b" is ESC [. */
static bool is_c1(const char *c)
{
    const unsigned char first = (unsigned char)c[0], second = (unsigned char)c[1];
    return first == 0xc2 && second >= 0x80 && second <= 0x9f;
}

/* Marks that turn the direction of text, so that it reads otherwise than its bytes: U+061C, U+200E,
 * U+200F, U+202A to U+202E, U+2066 to U+2069; with the separators of lines U+2028 and U+2029.
 * Returns: how many bytes it has; 0: none */
static size_t direction_len(const char *c)
{
    const unsigned char *const u = (const unsigned char *)c;
    if (u[0] == 0xd8 && u[1] == 0x9c) return 2;
    if (u[0] != 0xe2 || u[1] == 0) return 0;
    const bool in_80 =
        u[1] == 0x80 && (u[2] == 0x8e || u[2] == 0x8f || (u[2] >= 0xa8 && u[2] <= 0xae));
    const bool in_81 = u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9;
    return in_80 || in_81 ? 3 : 0;
}

/* A message quotes the file, and ends at a terminal: nothing in it may be a command to one. */
void assay_yaml_sanitize(char *message)
{
    ASSAY_ASSERT(message != NULL);
    for (char *c = message; *c != '\0'; c++) {
        const size_t len = direction_len(c);
        if (len > 0) c = (char *)memset(c, '?', len) + len - 1;
        else if (is_c1(c)) c[0] = c[1] = '?';
        else if ((unsigned char)*c < ' ' || *c == '\x7f') *c = '?';
    }
}

void assay_yaml_close(struct assay_yaml *document)
{
    ASSAY_ASSERT(document != NULL);

    assay_yaml_sanitize(document->message);
    struct complaint complaint = { .what = "", .field = "" };
    const cyaml_config_t config = make_settings(&complaint);
    (void)cyaml_free(&config, document->schema, document->data, 0);
    document->data = NULL;
}
