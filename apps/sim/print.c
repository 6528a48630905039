/* apps/sim/print.c - JSON envelopes and errors (apps/sim/command.h). */
#include "apps/sim/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { DETAIL_MAX = 1024 };

int assay_sim_print_envelope(const char *schema, struct assay_json *data)
{
    struct assay_json *envelope = assay_json_object();
    assay_json_set_text(envelope, "schema", schema);
    assay_json_set_uint(envelope, "schema_version", 1);
    assay_json_set(envelope, "data", data);
    char *const text = assay_json_print(envelope, 2);
    assay_json_free(&envelope);
    if (text == NULL) {
        (void)fputs("assay-sim: no memory\n", stderr);
        return ASSAY_SIM_EXIT_FAILED;
    }
    (void)puts(text);
    free(text);
    return ASSAY_SIM_EXIT_OK;
}

int assay_sim_print_error(bool json, int exit, const char *code, const char *format, ...)
{
    char detail[DETAIL_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    (void)fprintf(stderr, "assay-sim: %s\n", detail);
    if (!json) return exit;
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "code", code);
    assay_json_set_text(data, "detail", detail);
    const int printed = assay_sim_print_envelope("assay.error", data);
    return printed == ASSAY_SIM_EXIT_OK ? exit : printed;
}
