/*
 * apps/sim/report/files.h - files and folders named by the user, with error messages.
 */
#ifndef ASSAY_APPS_SIM_REPORT_FILES_H
#define ASSAY_APPS_SIM_REPORT_FILES_H

#include "sim/scenario/scenario.h"

/* Name of the program that wrote a file, by version and build. */
enum { ASSAY_SIM_SWARM_PROGRAM_MAX = 64 };

/*
 * sim_input_read - read a file of the user completely, into memory of malloc.
 * In:      len_max: larger ones are refused
 * Out:     *bytes (the caller frees), *len on ASSAY_OK; otherwise message, with the path
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO (a folder, not readable) | ASSAY_E_RANGE |
 *          ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status sim_input_read(const char *path, size_t len_max, uint8_t **bytes,
                                               size_t *len,
                                               char message[static ASSAY_SIM_MESSAGE_MAX]);

/*
 * sim_output_folder - make a folder for output, before hours of work and not after.
 * An existing writable one is fine.
 * Returns: ASSAY_OK | ASSAY_E_IO, with a message that begins with the path
 */
ASSAY_CHECKED enum assay_status sim_output_folder(const char *dir,
                                                  char message[static ASSAY_SIM_MESSAGE_MAX]);

/*
 * sim_output_file - check a file that will be replaced atomically (base/file/file.h), before
 * hours of work and not after: its folder is writable, and an existing file is a plain file. A
 * device or a link would itself be replaced.
 * Returns: ASSAY_OK | ASSAY_E_IO, with a message that begins with the path
 */
ASSAY_CHECKED enum assay_status sim_output_file(const char *path,
                                                char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
