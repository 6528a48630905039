/*
 * apps/config/yaml.c - a YAML file through a schema, and the messages about what does not fit.
 *
 * One of the two adapters of libcyaml (the other reads policies). Whatever is wrong ends as one
 * line for a person: "file:line:column: what".
 */
#include "apps/config/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMPLAINT_MAX = 320, HINT_DISTANCE_MAX = 3, HINT_LEN_MAX = 32 };

/* What libcyaml logs about an error: the first line says what, the next ones where. */
struct complaint {
    char what[COMPLAINT_MAX];
    char field[ASSAY_CONFIG_KEY_MAX]; /* the innermost mapping field around it */
    struct assay_config_place place;
};

enum assay_status assay_config_fail(const struct assay_config_file *file, enum assay_status status,
                                    const char *key, const char *format, ...)
{
    char what[COMPLAINT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const struct assay_config_place place = assay_config_find(file, key);
    if (place.line != 0)
        (void)snprintf(file->message, ASSAY_CONFIG_MESSAGE_MAX, "%.150s:%lu:%lu: %.100s: %.200s",
                       file->path, place.line, place.column, key, what);
    else
        (void)snprintf(file->message, ASSAY_CONFIG_MESSAGE_MAX, "%.150s: %.100s: %.200s",
                       file->path, key, what);
    return status;
}

static enum assay_status fail_whole(const struct assay_config_file *file, enum assay_status status,
                                    const char *what, const char *why)
{
    (void)snprintf(file->message, ASSAY_CONFIG_MESSAGE_MAX, "%.300s: %.100s%.100s", file->path,
                   what, why);
    return status;
}

/* ------------------------------------------------------------ reading */

static enum assay_status read_stream(struct assay_config_file *file, FILE *in)
{
    const char *size = "is larger than 262144 bytes";
    _Static_assert(ASSAY_CONFIG_LEN_MAX == 262144, "as the message says");
    file->bytes = malloc(ASSAY_CONFIG_LEN_MAX + 1); /* one more: a longer file shows itself */
    if (file->bytes == NULL) return fail_whole(file, ASSAY_E_MEMORY, "no memory", "");
    file->len = fread(file->bytes, 1, ASSAY_CONFIG_LEN_MAX + 1, in);
    if (ferror(in)) return fail_whole(file, ASSAY_E_IO, "cannot be read: ", strerror(errno));
    if (file->len > ASSAY_CONFIG_LEN_MAX) return fail_whole(file, ASSAY_E_RANGE, size, "");
    return ASSAY_OK;
}

static enum assay_status read_file(struct assay_config_file *file)
{
    FILE *in = fopen(file->path, "rbe");
    if (in == NULL)
        return fail_whole(file, errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO,
                          "cannot be opened: ", strerror(errno));
    const enum assay_status status = read_stream(file, in);
    (void)fclose(in);
    return status;
}

/* ------------------------------------------------------------ libcyaml's complaints */

__attribute__((format(printf, 3, 0))) static void collect(cyaml_log_t level, void *context,
                                                          const char *format, va_list args)
{
    char line[COMPLAINT_MAX];
    struct complaint *complaint = context;
    (void)level;
    (void)vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';

    struct assay_config_place place = { 0, 0 };
    const char *where = strstr(line, "(line: ");
    if (where != NULL &&
        sscanf(where, "(line: %lu, column: %lu)", &place.line, &place.column) == 2) {
        if (complaint->place.line == 0) complaint->place = place; /* the innermost comes first */
        const char *field = strstr(line, "in mapping field '");
        if (field == NULL || complaint->field[0] != '\0') return;
        (void)snprintf(complaint->field, sizeof complaint->field, "%s", field + 18);
        complaint->field[strcspn(complaint->field, "'")] = '\0';
        return;
    }
    if (complaint->what[0] != '\0') return;
    const size_t head = strncmp(line, "Load: ", 6) == 0 ? 6 : 0;
    (void)snprintf(complaint->what, sizeof complaint->what, "%s", line + head);
}

/* Letters to change, leave out or put in to make one word of the other. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[HINT_LEN_MAX + 1];
    const size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len > HINT_LEN_MAX || b_len > HINT_LEN_MAX) return HINT_LEN_MAX;
    for (unsigned k = 0; k <= b_len; k++)
        row[k] = k;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned corner = row[0]++;
        for (size_t k = 1; k <= b_len; k++) {
            const unsigned swap = corner + (a[i - 1] != b[k - 1]);
            const unsigned step = 1 + (row[k] < row[k - 1] ? row[k] : row[k - 1]);
            corner = row[k];
            row[k] = swap < step ? swap : step;
        }
    }
    return row[b_len];
}

static void nearest(const cyaml_schema_field_t *fields, const char *key, unsigned *best,
                    const char **hint)
{
    for (; fields->key != NULL; fields++) {
        const unsigned apart = distance(fields->key, key);
        if (apart < *best) {
            *best = apart;
            *hint = fields->key;
        }
    }
}

/* The known key that looks most like this one, of the file or of one of its sections. */
static const char *hint_for(const cyaml_schema_value_t *schema, const char *key)
{
    const char *hint = NULL;
    unsigned best = HINT_DISTANCE_MAX;
    nearest(schema->mapping.fields, key, &best, &hint);
    for (const cyaml_schema_field_t *f = schema->mapping.fields; f->key != NULL; f++) {
        const cyaml_schema_value_t *value = &f->value;
        if (value->type == CYAML_SEQUENCE) value = value->sequence.entry;
        if (value->type == CYAML_MAPPING) nearest(value->mapping.fields, key, &best, &hint);
    }
    return hint;
}

/* Returns: what follows prefix in text; NULL when text begins otherwise. */
static const char *after(const char *text, const char *prefix)
{
    const size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* libcyaml's words into ours. For a key it names the place of the value before it. */
static void translate(const struct assay_config_file *file, const struct complaint *complaint,
                      char what[static COMPLAINT_MAX], struct assay_config_place *place)
{
    const char *key = after(complaint->what, "Unexpected key: ");
    if (key != NULL) {
        const char *hint = hint_for(file->schema, key);
        (void)snprintf(what, COMPLAINT_MAX, "unknown key \"%.100s\"%s%s%s", key,
                       hint != NULL ? "; is \"" : "", hint != NULL ? hint : "",
                       hint != NULL ? "\" meant?" : "");
        *place = assay_config_find_key(file, key, complaint->place.line);
        return;
    }
    key = after(complaint->what, "Mapping field already seen: ");
    if (key != NULL) {
        (void)snprintf(what, COMPLAINT_MAX, "the key \"%.100s\" comes twice", key);
        *place = assay_config_find_key(file, key, complaint->place.line + 1);
        return;
    }
    key = after(complaint->what, "Missing required mapping field: ");
    if (key != NULL)
        (void)snprintf(what, COMPLAINT_MAX, "a section that ends here lacks its key \"%.100s\"",
                       key);
    else if (after(complaint->what, "STRING length < 1") != NULL)
        (void)snprintf(what, COMPLAINT_MAX, "%s: expected a text, found nothing", complaint->field);
    else
        (void)snprintf(what, COMPLAINT_MAX, "%s%s%.150s", complaint->field,
                       complaint->field[0] != '\0' ? ": " : "", complaint->what);
}

static enum assay_status explain(const struct assay_config_file *file, cyaml_err_t error,
                                 struct complaint *complaint)
{
    char what[COMPLAINT_MAX] = "";
    struct assay_config_place place = { 0, 0 };
    if (error == CYAML_ERR_OOM) return fail_whole(file, ASSAY_E_MEMORY, "no memory", "");
    if (complaint->what[0] == '\0')
        (void)snprintf(complaint->what, sizeof complaint->what, "%s", cyaml_strerror(error));
    translate(file, complaint, what, &place);
    if (place.line == 0) place = complaint->place;
    if (place.line == 0) place.line = place.column = 1;
    (void)snprintf(file->message, ASSAY_CONFIG_MESSAGE_MAX, "%.150s:%lu:%lu: %.300s", file->path,
                   place.line, place.column, what);
    return ASSAY_E_SYNTAX;
}

/* ------------------------------------------------------------ the face */

static cyaml_config_t settings(struct complaint *complaint)
{
    return (cyaml_config_t){ .log_fn = collect,
                             .log_ctx = complaint,
                             .mem_fn = cyaml_mem,
                             .log_level = CYAML_LOG_ERROR,
                             .flags = CYAML_CFG_NO_ALIAS };
}

enum assay_status assay_config_open(struct assay_config_file *file)
{
    (void)fail_whole(file, ASSAY_E_MEMORY, "no memory", ""); /* until something else is wrong */
    ASSAY_TRY(read_file(file));
    ASSAY_TRY(assay_config_scan(file));
    struct complaint complaint = { .what = "", .field = "" };
    const cyaml_config_t config = settings(&complaint);
    const cyaml_err_t error =
        cyaml_load_data(file->bytes, file->len, &config, file->schema, &file->data, NULL);
    return error == CYAML_OK ? ASSAY_OK : explain(file, error, &complaint);
}

/* A message quotes the file, and ends at a terminal: nothing in it may be a command to one. */
static void tame(char *message)
{
    for (char *c = message; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == '\x7f') *c = '?';
}

void assay_config_close(struct assay_config_file *file)
{
    tame(file->message);
    struct complaint complaint = { .what = "", .field = "" };
    const cyaml_config_t config = settings(&complaint);
    (void)cyaml_free(&config, file->schema, file->data, 0);
    free(file->bytes);
    file->data = NULL;
    file->bytes = NULL;
}
