/*
 * base/file/output.h - output files named by the user of a tool (--out).
 */
#ifndef ASSAY_BASE_FILE_OUTPUT_H
#define ASSAY_BASE_FILE_OUTPUT_H

#include "base/file/file.h"

/*
 * assay_file_output - writes content to path, and destroys nothing that is no earlier output.
 *
 * A regular file is replaced (atomically, with the mode that it has; a secret is never wider than
 * 0600) when it is empty, has this very content, or is a document of the same kind
 * (base/file/kind.h); keys and stores never are. Character devices and pipes, /dev/stdout among
 * them, are written to and stay what they are. Links, folders, sockets and disks are refused.
 * Out:     message, unless ASSAY_OK: why, without the path
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (something else is there, left alone) | ASSAY_E_IO
 */
ASSAY_CHECKED enum assay_status assay_file_output(const char *path, enum assay_file_mode mode,
                                                  struct assay_slice content,
                                                  char message[static ASSAY_FILE_MESSAGE_LEN]);
/*
 * assay_file_output_check - the same refusals before there is content, so that no work is lost.
 * In:      kind_id: the kind that content will have (base/file/kind.h), NULL: not known
 */
ASSAY_CHECKED enum assay_status
assay_file_output_check(const char *path, const char *kind_id,
                        char message[static ASSAY_FILE_MESSAGE_LEN]);

#endif
