/*
 * apps/assay/core/output.h - output files of commands, with uniform error messages.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_OUTPUT_H
#define ASSAY_APPS_ASSAY_CORE_OUTPUT_H

#include "base/file/output.h"

/*
 * cli_output_write - write content to the file of --out (base/file/output.h); reports errors on
 * stderr.
 * In:      who: the command, "assay checkpoint"
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_CONFLICT (something else is there) | ASSAY_EXIT_INTERNAL
 */
int cli_output_write(const char *command, const char *path, enum assay_file_mode mode,
                     struct assay_slice content);
/* The refusals beforehand. In: kind_id: as assay_file_output_check. Returns: the same */
int cli_output_check(const char *command, const char *path, const char *kind_id);
/* A document signed by operators must not be replaced by a draft: the signatures would be lost, and
 * a new draft has other bytes. In: signatures: of the one at path, 0: it has
 * none, or nothing is there. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_CONFLICT, said */
int cli_output_check_signed(const char *command, const char *path, uint32_t signatures);

#endif
