/*
 * apps/assay/members/identity_request.h - request for a new identity key of a node, in one file,
 * written by `assay keys rotate --identity` and read by `assay change draft --identity`.
 *
 * It contains no secrets: the new public key, the change in which it may follow the one in force,
 * and its signature to that (docs/protocol.md 9.6.8). It is not trusted by its readers: the change
 * is refused unless that signature is good.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_IDENTITY_REQUEST_H
#define ASSAY_APPS_ASSAY_MEMBERS_IDENTITY_REQUEST_H

#include "base/crypto.h"

struct cli_identity_request {
    uint8_t chain_id[32], node_id[32];
    uint32_t era; /* of the change, with its number */
    uint64_t sequence;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* To the file of --out, as cli_output_write (apps/assay/core/output.h). */
int cli_identity_request_write(const char *command, const char *path,
                               const struct cli_identity_request *request);
/* Out: *field: the one that is absent or malformed, NULL: none. Returns: ASSAY_OK |
 * ASSAY_E_NOT_FOUND | ASSAY_E_IO | ASSAY_E_VERSION | INPUT statuses */
ASSAY_CHECKED enum assay_status cli_identity_request_read(const char *path,
                                                          struct cli_identity_request *request,
                                                          const char **field);

#endif
