/*
 * apps/config/yaml.c - bounded configuration files, through the strict reader of quote/yaml/.
 */
#include "apps/config/yaml.h"

#include "base/file/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum assay_status assay_config_fail(const struct assay_config_file *file, enum assay_status status,
                                    const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status = assay_yaml_fail_list(&file->document, status, key, format, args);
    va_end(args);
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

static enum assay_status read_file(struct assay_config_file *file)
{
    char why[ASSAY_FILE_MESSAGE_LEN];
    _Static_assert(ASSAY_CONFIG_LEN_MAX == 262144, "as the message says");
    const enum assay_status status =
        assay_file_read(file->path, ASSAY_CONFIG_LEN_MAX, &file->bytes, &file->len);
    if (status == ASSAY_OK) return ASSAY_OK;
    if (status == ASSAY_E_MEMORY) return fail_whole(file, status, "no memory", "");
    if (status == ASSAY_E_RANGE) return fail_whole(file, status, "is larger than 262144 bytes", "");
    if (status == ASSAY_E_IO && assay_file_read_fault(file->path, status, why))
        return fail_whole(file, status, why, "");
    return fail_whole(file, status, "cannot be opened: ", strerror(errno));
}

bool assay_config_other_kind(struct assay_slice text, struct assay_file_kind *kind)
{
    static const char *const written[] = { "empty", "text",        "json",      "card",
                                           "html",  "policy-yaml", "plan-yaml", "config-yaml" };
    *kind = assay_file_kind_of(text);
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        if (strcmp(kind->id, written[i]) == 0) return false;
    return true;
}

enum assay_status assay_config_read(struct assay_config_file *file)
{
    const enum assay_status status = read_file(file);
    struct assay_file_kind kind;
    char what[8 + ASSAY_FILE_KIND_TEXT];
    if (status != ASSAY_OK ||
        !assay_config_other_kind(assay_slice_over(file->bytes, file->len), &kind))
        return status;
    (void)snprintf(what, sizeof what, "is %s", kind.text);
    return fail_whole(file, ASSAY_E_SYNTAX, what, ", expected a text in YAML");
}

/* ------------------------------------------------------------ the face */

static enum assay_status open_text(struct assay_config_file *file, struct assay_slice text)
{
    file->document.text = text;
    const enum assay_status status = assay_yaml_open(&file->document);
    file->data = file->document.data;
    return status;
}

enum assay_status assay_config_open(struct assay_config_file *file)
{
    _Static_assert((int)ASSAY_CONFIG_MESSAGE_MAX == (int)ASSAY_YAML_MESSAGE_MAX, "one buffer");
    file->document =
        (struct assay_yaml){ .name = file->path, .schema = file->schema, .message = file->message };
    (void)fail_whole(file, ASSAY_E_MEMORY, "no memory", ""); /* until something else is wrong */
    ASSAY_TRY(assay_config_read(file));
    return open_text(file, assay_slice_over(file->bytes, file->len));
}

enum assay_status assay_config_open_text(struct assay_config_file *file, struct assay_slice text,
                                         const struct assay_yaml_origin *lines, size_t line_count)
{
    file->document = (struct assay_yaml){ .name = file->path,
                                          .schema = file->schema,
                                          .message = file->message,
                                          .lines = lines,
                                          .line_count = line_count };
    (void)fail_whole(file, ASSAY_E_MEMORY, "no memory", "");
    return open_text(file, text);
}

void assay_config_close(struct assay_config_file *file)
{
    assay_yaml_close(&file->document);
    free(file->bytes);
    file->data = NULL;
    file->bytes = NULL;
}
