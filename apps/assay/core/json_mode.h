/*
 * apps/assay/core/json_mode.h - with --json every failure is a document, too.
 *
 * What a command prints is kept until it ends, and what it says on stderr is listened to. When it
 * fails and has printed no document, one of schema assay.error is printed in its place, with what
 * was said as detail (docs/command-line.md 4). stderr says the same to people.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_JSON_MODE_H
#define ASSAY_APPS_ASSAY_CORE_JSON_MODE_H

#include <stdbool.h>

/* Before a command that was asked for JSON runs. Returns: nothing; without memory all is as it
 * was. */
void assay_json_mode_begin(void);
/* After it, with its exit status. Returns: the status; ASSAY_EXIT_INTERNAL when stdout is gone. */
int assay_json_mode_end(int status);
/* Returns: whether the command that runs was asked for JSON. */
bool assay_json_mode_asked(void);

#endif
