/*
 * apps/config/rights.h - permissions of every file and folder that a configuration of assayd names:
 * one list for the daemon's start, --check-config and assay doctor.
 *
 * Changing one of these changes the behaviour of the node: they need the write permissions of keys
 * (docs/configuration.md 1).
 */
#ifndef ASSAY_APPS_CONFIG_RIGHTS_H
#define ASSAY_APPS_CONFIG_RIGHTS_H

#include "apps/config/layers.h"
#include "base/file/file.h"

/*
 * assay_config_rights_fault - may other users change a file of this configuration?
 * In:      path: of the configuration; layers: the files that it was read from
 * Out:     message on true: which path, what was found and what was expected
 * Returns: true: they may | false: no, or the file is not there
 */
bool assay_config_rights_fault(const char *path, const struct assay_config_layers *layers,
                               const struct assay_config *config,
                               char message[static ASSAY_FILE_MESSAGE_LEN]);

#endif
