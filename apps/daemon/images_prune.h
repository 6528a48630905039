/*
 * apps/daemon/images_prune.h - pinned enclave images: verification of their names, and removal of
 * unused ones.
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

enum { DAEMON_PIN_WHY = 160 };

/* Is a name that of an image, 64 lowercase digits? Out: digest, from the name. Returns: whether it
 * is */
bool daemon_image_name(const char *name, uint8_t digest[static 32]);
/*
 * daemon_images_sound - is each DIGEST of a folder a regular file with that SHA-256?
 * Out:     name: of the first that is not; why, with what was found
 * Returns: so or not; true without a folder
 */
bool daemon_images_sound(const char *folder, size_t len_max, char name[static 65],
                         char why[static DAEMON_PIN_WHY]);
/*
 * daemon_images_prune - removes each DIGEST and DIGEST.run of a folder that is neither used nor
 * named, but for the newest such DIGEST: the one before, for a change that is taken back. Files of
 * other names stay.
 * Returns: how many were removed
 */
size_t daemon_images_prune(const char *folder, const struct daemon_image_needs *needs);

#endif
