/*
 * apps/assay/core/output.c - output files of commands, with uniform error messages.
 */
#include "apps/assay/core/output.h"

#include "apps/assay/core/command.h"

#include <stdio.h>

static int report_error(const char *command, const char *path, enum assay_status status,
                        const char *message)
{
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "%s: %s: %s\n", command, path, message);
    return status == ASSAY_E_DUPLICATE ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_INTERNAL;
}

int cli_output_write(const char *command, const char *path, enum assay_file_mode mode,
                     struct assay_slice content)
{
    char message[ASSAY_FILE_MESSAGE_LEN] = "";
    return report_error(command, path, assay_file_output(path, mode, content, message), message);
}

int cli_output_check(const char *command, const char *path, const char *kind_id)
{
    char message[ASSAY_FILE_MESSAGE_LEN] = "";
    return report_error(command, path, assay_file_output_check(path, kind_id, message), message);
}

int cli_output_check_signed(const char *command, const char *path, uint32_t signatures)
{
    if (signatures == 0) return ASSAY_EXIT_OK;
    (void)fprintf(stderr,
                  "%s: %s bears %u signature%s and is not overwritten; give --out another name, or "
                  "remove it\n",
                  command, path, (unsigned)signatures, signatures == 1 ? "" : "s");
    return ASSAY_EXIT_CONFLICT;
}
