/*
 * apps/assay/core/output.h - one function, in every command, for a file that its user named as
 * output.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_OUTPUT_H
#define ASSAY_APPS_ASSAY_CORE_OUTPUT_H

#include "base/file/output.h"

/*
 * assay_output_write - content to the file of --out (base/file/output.h); a failure says why, on
 * stderr.
 * In:      who: the command, "assay checkpoint"
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_CONFLICT (something else is there) | ASSAY_EXIT_INTERNAL
 */
int assay_output_write(const char *who, const char *path, enum assay_file_mode mode,
                       struct assay_slice content);
/* The refusals beforehand. In: kind_id: as assay_file_output_check. Returns: the same */
int assay_output_check(const char *who, const char *path, const char *kind_id);
/* A document that operators have signed is no output to replace by a draft: what they signed would
 * be lost, and a draft made twice has other bytes. In: signatures: of the one at path, 0: it has
 * none, or nothing is there. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_CONFLICT, said */
int assay_output_check_signed(const char *who, const char *path, uint32_t signatures);

#endif
