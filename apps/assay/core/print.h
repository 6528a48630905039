/*
 * apps/assay/core/print.h - output of all commands: envelopes and errors.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_PRINT_H
#define ASSAY_APPS_ASSAY_CORE_PRINT_H

#include "net/json/json.h"

/*
 * cli_print_envelope - {"schema", "schema_version", "data"} to stdout; takes data over.
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_INTERNAL
 */
int cli_print_envelope(const char *schema, struct assay_json *data);
/*
 * The same envelope in pieces, where the data is too much for one tree: open; the members of "data"
 * as text, or by item, which prints `before` and a value on one line and takes the value over;
 * close. Returns: false when it could not be printed; close: ASSAY_EXIT_OK | ASSAY_EXIT_INTERNAL
 */
void cli_print_envelope_open(const char *schema);
bool cli_print_envelope_item(const char *before, struct assay_json *item);
int cli_print_envelope_close(bool ok);
/*
 * cli_print_error - the reason to stderr, and as an envelope of schema assay.error to stdout when
 * JSON was asked for (docs/command-line.md 4).
 * In:      code: usage, not_found, malformed, unsupported, internal
 * Returns: exit | ASSAY_EXIT_INTERNAL (stdout is gone)
 */
__attribute__((format(printf, 4, 5))) int cli_print_error(bool json, int exit, const char *code,
                                                          const char *format, ...);

#endif
