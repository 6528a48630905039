/*
 * apps/assay/core/json_mode.h - error documents of --json: every failure is one JSON document.
 *
 * The output of a command is buffered until it ends, and its stderr is captured. When it fails
 * without a document, one of schema assay.error is printed, with the captured text as detail
 * (docs/command-line.md 4: JSON output). stderr is forwarded as well.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_JSON_MODE_H
#define ASSAY_APPS_ASSAY_CORE_JSON_MODE_H

#include <stdbool.h>

/* Called before a command with --json runs. Without memory it changes nothing. */
void cli_json_mode_start(void);
/* After it, with its exit status. Returns: the status; ASSAY_EXIT_INTERNAL when stdout is gone. */
int cli_json_mode_finish(int status);
/* Returns: whether the command that runs was asked for JSON. */
bool cli_json_mode_is_on(void);

#endif
