/*
 * apps/assay/core/print.c - output of envelopes and errors, to stdout and stderr.
 */
#include "apps/assay/core/print.h"

#include "apps/assay/core/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCHEMA_VERSION = 1, DETAIL_MAX = 1536 };

int cli_print_envelope(const char *schema, struct assay_json *data)
{
    struct assay_json *envelope = assay_json_object();
    assay_json_set_text(envelope, "schema", schema);
    assay_json_set_uint(envelope, "schema_version", SCHEMA_VERSION);
    assay_json_set(envelope, "data", data);
    char *const text = assay_json_print(envelope, 2);
    assay_json_free(&envelope);
    if (text == NULL) {
        (void)fputs("assay: out of memory\n", stderr);
        return ASSAY_EXIT_INTERNAL;
    }
    const bool ok = puts(text) >= 0 && fflush(stdout) == 0;
    free(text);
    return ok ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

void cli_print_envelope_open(const char *schema)
{
    (void)printf("{\n  \"schema\": \"%s\",\n  \"schema_version\": %d,\n  \"data\": {", schema,
                 (int)SCHEMA_VERSION);
}

bool cli_print_envelope_item(const char *before, struct assay_json *item)
{
    char *const text = assay_json_print(item, 0);
    assay_json_free(&item);
    const bool ok = text != NULL && printf("%s%s", before, text) >= 0;
    free(text);
    return ok;
}

int cli_print_envelope_close(bool ok)
{
    ok = puts("\n  }\n}") >= 0 && fflush(stdout) == 0 && ok;
    return ok ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

int cli_print_error(bool json, int exit, const char *code, const char *format, ...)
{
    char detail[DETAIL_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    (void)fprintf(stderr, "assay: %s\n", detail);
    if (!json) return exit;
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "code", code);
    assay_json_set_text(data, "detail", detail);
    const int printed = cli_print_envelope("assay.error", data);
    return printed == ASSAY_EXIT_OK ? exit : printed;
}
