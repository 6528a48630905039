/*
 * apps/assay/identity/identity_folder.h - folder of `assay identity fetch`: key, certificate chain
 * and CA certificates in a folder of their own, and one symbolic link to it that is swapped.
 *
 *   DIR/key.pem        the key, mode 0600
 *   DIR/key-name       kind and name of the key, and the audience of a token
 *   DIR/current        symbolic link to the newest of:
 *   DIR/set-NUMBER     key.pem, cert.pem, and ca.pem or bundle.json or both, complete before the
 *                      link names it; NUMBER: of the certificate, and of the chains
 *
 * A process that is killed at any call leaves the link as it was, or the new one.
 */
#ifndef ASSAY_APPS_ASSAY_IDENTITY_IDENTITY_FOLDER_H
#define ASSAY_APPS_ASSAY_IDENTITY_IDENTITY_FOLDER_H

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>

enum { CLI_IDENTITY_FOLDER_MESSAGE_LEN = 640, CLI_IDENTITY_OWNER_MAX = 256 };

struct cli_identity_set {
    struct assay_slice key, chain, ca; /* contents of the files */
    struct assay_slice bundle;         /* next to ca.pem; empty: none */
    const uint8_t *serial;             /* [16] of the certificate: names the folder */
};

/* Creates the folder, for this user alone, or checks that no other user may change it. Out:
 * message: the reason. Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_INVALID */
ASSAY_CHECKED enum assay_status cli_identity_folder_open(
    const char *dir, char message[static CLI_IDENTITY_FOLDER_MESSAGE_LEN]);
/* Names the key of the folder in DIR/key-name, if none is named. In: owner: "certificate api". Out:
 * message: the reason. Returns: ASSAY_OK | ASSAY_E_DUPLICATE (it is for another key) | ASSAY_E_IO |
 * ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status cli_identity_folder_claim(
    const char *dir, const char *owner, char message[static CLI_IDENTITY_FOLDER_MESSAGE_LEN]);
/*
 * cli_identity_folder_swap - writes a set, swaps the link and removes what is older than the set
 * before.
 * Out:     *is_new: false: the link names this set already, and its files are unchanged; what was
 *          removed or changed is written again. message: the reason of a failure
 * Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_RANGE (a path)
 */
ASSAY_CHECKED enum assay_status cli_identity_folder_swap(
    const char *dir, const struct cli_identity_set *set, bool *is_new,
    char message[static CLI_IDENTITY_FOLDER_MESSAGE_LEN]);

#endif
