/*
 * enforce/restore.h - atomic replacement of an executable: complete or unchanged.
 */
#ifndef ASSAY_ENFORCE_RESTORE_H
#define ASSAY_ENFORCE_RESTORE_H

#include "enforce/driver.h"

enum { ASSAY_RESTORE_LEN_MAX = 64 * 1024 * 1024 };

/*
 * assay_enforce_restore_file - copy `from` over `to`: written next to it, synced, renamed, folder
 *          synced.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_RANGE (no regular file of 1 byte to 64 MiB; path
 *          too long) | ASSAY_E_IO; `to` is untouched then and message: the reason
 */
ASSAY_CHECKED enum assay_status assay_enforce_restore_file(
    const char *from, const char *to, char message[static ASSAY_DRIVER_MESSAGE_LEN]);

#endif
