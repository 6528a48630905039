/*
 * apps/assay/core/folder.h - regular files of one folder, in byte order of their names.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_FOLDER_H
#define ASSAY_APPS_ASSAY_CORE_FOLDER_H

#include "base/bytes.h"

enum { ASSAY_FOLDER_FILES_MAX = 1024 };

struct assay_folder {
    size_t count;
    char *names[ASSAY_FOLDER_FILES_MAX];
};

/*
 * cli_folder_open - the names; "." and "..", folders and pipes are among them.
 * Out:     *out, whatever the status: cli_folder_close frees it
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such folder) | ASSAY_E_IO | ASSAY_E_FULL |
 *          ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_folder_open(const char *dir, struct assay_folder *out);
/*
 * cli_folder_read - one file. What is no plain file (a pipe would be waited for) or too long is
 * not there.
 * Out:     *bytes of malloc, the caller's
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_RANGE (too long, a path too) | ASSAY_E_IO |
 *          ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_folder_read(const char *dir, const char *name, size_t len_max,
                                                uint8_t **bytes, size_t *len);
/* */
void cli_folder_close(struct assay_folder *folder);
/* Removes a folder of this program with all that is in it, as far as it can; links are not
 * followed. */
void cli_folder_remove(const char *dir);

#endif
