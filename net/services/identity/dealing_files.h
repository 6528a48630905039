/*
 * net/services/identity/dealing_files.h - dealings of the running ceremony, which the ledger names
 * by digest alone (docs/identity.md 3.19): read from final records, stored across restarts.
 *
 * Public bytes, in a folder of their own; each file has the name of its digest, which is verified
 * when it is read. A file that a crash left incomplete is removed. Not thread-safe.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_DEALING_FILES_H
#define ASSAY_NET_SERVICES_IDENTITY_DEALING_FILES_H

#include "services/identity/ceremony.h"

struct assay_keyholder_dealings;

/* Opens the folder, or creates it. Returns: ASSAY_OK | ASSAY_E_RANGE (path) | ASSAY_E_STORE |
 * ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_keyholder_dealings_open(
    const char *folder, struct assay_keyholder_dealings **out);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_keyholder_dealings_close(struct assay_keyholder_dealings **files);
/* The payload of a CA_DEAL that counts. Returns: ASSAY_OK, also when it is stored already |
 * ASSAY_E_FULL (more than a ceremony has) | ASSAY_E_STORE | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_keyholder_dealings_put(struct assay_keyholder_dealings *files,
                                                             struct assay_slice payload);
/* Returns: the payload with this SHA-256, until the next call of put or retain; empty: not here. */
struct assay_slice assay_keyholder_dealings_get(const struct assay_keyholder_dealings *files,
                                                const uint8_t digest[static 32]);
/* Removes those that are not of the running ceremony. */
void assay_keyholder_dealings_retain(struct assay_keyholder_dealings *files,
                                     const struct assay_ca *ca);

#endif
