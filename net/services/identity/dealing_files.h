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

struct assay_dealing_files;

/* Opens the folder, or creates it. Returns: ASSAY_OK | ASSAY_E_RANGE (path) | ASSAY_E_STORE |
 * ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_dealing_files_open(const char *folder,
                                                         struct assay_dealing_files **out);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_dealing_files_close(struct assay_dealing_files **files);
/* The payload of a CA_DEAL that counts. Returns: ASSAY_OK, also when it is stored already |
 * ASSAY_E_FULL (more than a ceremony has) | ASSAY_E_STORE | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_dealing_files_put(struct assay_dealing_files *files,
                                                        struct assay_slice payload);
/* Returns: the payload with this SHA-256, until the next call of put or retain; empty: not here. */
struct assay_slice assay_dealing_files_get(const struct assay_dealing_files *files,
                                           const uint8_t digest[static 32]);
/* Removes those that are not of the running ceremony. */
void assay_dealing_files_retain(struct assay_dealing_files *files, const struct assay_ca *ca);

#endif
