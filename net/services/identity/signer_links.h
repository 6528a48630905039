/*
 * net/services/identity/signer_links.h - authenticated links between the holders of a group key;
 * the ledger lists link key and address of each (docs/identity.md 3.5, 4.17).
 *
 * They are those of peer_links.h: CURVE, with the X25519 form of the Ed25519 link key in the
 * newest CA_OFFER. Nodes refuse a process that the ledger does not list yet.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_SIGNER_LINKS_H
#define ASSAY_NET_SERVICES_IDENTITY_SIGNER_LINKS_H

#include "base/secret.h"
#include "services/identity/ceremony.h"

#include <poll.h>

enum { ASSAY_KEYHOLDER_LINKS_MESSAGE_LEN = 256 };

struct assay_keyholder_links;

/* In: listen: HOST:PORT, port 0 selects a free one; seed: of the link key. Out: message: the reason
 * of a failure. Returns: as assay_links_open */
ASSAY_CHECKED enum assay_status assay_keyholder_links_open(
    const char *listen, const struct assay_secret32 *seed, struct assay_keyholder_links **out,
    char message[static ASSAY_KEYHOLDER_LINKS_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_keyholder_links_close(struct assay_keyholder_links **links);
/* Out: the bound address, for the offer; host, unless NULL, replaces all but the port. Returns:
 * ASSAY_OK | ASSAY_E_RANGE (too long) */
ASSAY_CHECKED enum assay_status assay_keyholder_links_address(
    const struct assay_keyholder_links *links, const char *host,
    char address[static ASSAY_CA_ADDRESS_MAX + 1]);
/* The parties are the holders of the generations in force, of the active and of the next CA number,
 * and of the one that is being made, from DEALS on; no others. */
void assay_keyholder_links_apply(struct assay_keyholder_links *links, const struct assay_ca *ca);
/* Queues a frame to a holder; dropped when that is none, or has no address. */
void assay_keyholder_links_send(struct assay_keyholder_links *links,
                                const uint8_t node_id[static 32], struct assay_slice frame);
/* Waits for a frame, an event of fd or the timeout, and sends queued frames. Returns: ASSAY_OK |
 * ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_keyholder_links_wait(struct assay_keyholder_links *links,
                                                           struct pollfd *fd, int timeout_ms);
void assay_keyholder_links_flush(struct assay_keyholder_links *links);
/* The next frame of a holder. Out: from: its node id; *frame is borrowed until the next call.
 * Returns: ASSAY_OK | ASSAY_E_AGAIN */
ASSAY_CHECKED enum assay_status assay_keyholder_links_receive(struct assay_keyholder_links *links,
                                                              uint8_t from[static 32],
                                                              struct assay_slice *frame);

#endif
