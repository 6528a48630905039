/*
 * apps/assay/file_fault.c - one text, in every command, for an input file that cannot be read.
 */
#include "apps/assay/file_fault.h"

#include "apps/assay/command.h"
#include "apps/assay/evidence_print.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* NULL: a regular file, or nothing that stat knows. */
static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
    return NULL;
}

const char *assay_file_fault(const char *path, enum assay_status status)
{
    static char text[160];
    struct stat info;
    const bool is_there = stat(path, &info) == 0;
    const int why = errno;
    if (status == ASSAY_E_NOT_FOUND && !is_there && why == ENOENT) return "no such file";
    /* A file that could not be written is not there either: what hindered that is not known here.
     */
    if (status == ASSAY_E_IO && !is_there && why != ENOENT) return strerror(why);
    if (status == ASSAY_E_IO && is_there && kind_of(info.st_mode) != NULL) {
        (void)snprintf(text, sizeof text, "is %s, expected a regular file", kind_of(info.st_mode));
        return text;
    }
    if (status == ASSAY_E_IO && is_there && access(path, R_OK) != 0) return strerror(errno);
    (void)snprintf(text, sizeof text, "%s (%s)", assay_status_text(status),
                   assay_status_symbol(status));
    return text;
}

int assay_print_file_fault(bool json, const char *option, const char *path,
                           enum assay_status status)
{
    if (status == ASSAY_E_MEMORY)
        return assay_print_error(json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    const bool is_missing = status == ASSAY_E_NOT_FOUND;
    return assay_print_error(json, is_missing ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_USAGE,
                             is_missing ? "not_found" : "usage", "%s%s: %s", option, path,
                             assay_file_fault(path, status));
}
