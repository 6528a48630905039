/*
 * apps/daemon/recover.h - RECOVER files named in the configuration (node.recovers).
 */
#ifndef ASSAY_APPS_DAEMON_RECOVER_H
#define ASSAY_APPS_DAEMON_RECOVER_H

#include "net/runtime/runtime.h"

/*
 * daemon_read_recover - out of a file, in the form that the engine accepts
 *
 * Out:     out->accepting is freed by the caller
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (of another network) | ASSAY_E_MEMORY | as assay_file_read,
 *          assay_recover_decode, assay_recover_self_approved
 */
ASSAY_CHECKED enum assay_status daemon_read_recover(const char *path,
                                                    const uint8_t chain_id[static 32],
                                                    struct assay_accepted_recover *out);

#endif
