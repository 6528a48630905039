/*
 * net/services/identity/dealing_files.h - dealings of the running ceremony, which the ledger names
 * by digest alone (docs/identity.md 3.19): read from final records or received from other holders
 * (3.11.2), stored across restarts.
 *
 * Public bytes, in a folder of their own; each file has the name of its digest, which is verified
 * when it is read. A file that a crash left incomplete is removed. Not thread-safe.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_DEALING_FILES_H
#define ASSAY_NET_SERVICES_IDENTITY_DEALING_FILES_H

#include "services/identity/ceremony.h"

struct assay_keyholder_dealings;

/* Queues a frame to another holder: its first byte is an enum assay_signing_frame. */
typedef void assay_keyholder_send_fn(void *context, const uint8_t node_id[static 32],
                                     struct assay_slice frame);

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
/* Removes those that are not of the running ceremony; at each close, else they would leave no room
 * for the next one's. */
void assay_keyholder_dealings_retain(struct assay_keyholder_dealings *files,
                                     const struct assay_ca *ca);

/* --- from other holders */
/* From now on this is the holder of a member, with links to others. */
void assay_keyholder_dealings_connect(struct assay_keyholder_dealings *files,
                                      const uint8_t node_id[static 32],
                                      assay_keyholder_send_fn *send, void *context);
/* An epoch closed, is verified. */
void assay_keyholder_dealings_on_close(struct assay_keyholder_dealings *files);
/* Requests what is missing in the running ceremony, when it is time to. */
void assay_keyholder_dealings_request(struct assay_keyholder_dealings *files,
                                      const struct assay_ca *ca, uint64_t now_ms);
/* A frame of another holder, hostile. Out: *is_new: it was a dealing that was missing. Returns:
 * ASSAY_OK, also when it is no frame of this kind, or there is no room | ASSAY_E_STORE |
 * ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_keyholder_dealings_on_frame(
    struct assay_keyholder_dealings *files, const struct assay_ca *ca,
    const uint8_t from[static 32], struct assay_slice frame, bool *is_new);

#endif
