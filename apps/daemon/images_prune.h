/*
 * apps/daemon/images_prune.h - removal of pinned enclave images that nothing needs any more.
 */
#ifndef ASSAY_APPS_DAEMON_IMAGES_PRUNE_H
#define ASSAY_APPS_DAEMON_IMAGES_PRUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct daemon_image_needs {
    const char *used[3]; /* paths, NULL where there is none */
    const void *context;
    bool (*is_named)(const void *context, const uint8_t digest[static 32]); /* by a policy */
};

/*
 * daemon_images_prune - removes each DIGEST and DIGEST.run of a folder that is neither used nor
 * named, but for the newest such DIGEST: the one before, for a change that is taken back. Files of
 * other names stay.
 * Returns: how many were removed
 */
size_t daemon_images_prune(const char *folder, const struct daemon_image_needs *needs);

#endif
