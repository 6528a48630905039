/*
 * net/services/shares/holder_node.h - process of a holder of shares: its sealed storage (vault.h),
 * its links to other holders (peer_links.h), its listener for owners and readers
 * (client_listener.h), and the ledger that it follows (docs/services.md 5.13).
 *
 * Its keys are generated once and stored in the vault: it is the same holder after a restart.
 * Shares that it confirms are durable. When its member lists another holder instead, it ends, and
 * its vault remains.
 */
#ifndef ASSAY_NET_SERVICES_SHARES_HOLDER_NODE_H
#define ASSAY_NET_SERVICES_SHARES_HOLDER_NODE_H

#include "base/secret.h"
#include "services/shares/holder.h"

enum { ASSAY_HOLDER_NODE_MESSAGE_LEN = 512 };

/* First byte of a frame between a holder and its clients, then: */
enum assay_holder_frame_kind {
    ASSAY_HOLDER_HAND = 1,    /* owner: its name (32 bytes), an id: request its share from me */
    ASSAY_HOLDER_MESSAGE = 2, /* outsider: its name, then a message of services/shares/exchange.h;
                                 holder: the message */
    ASSAY_HOLDER_REFUSED = 3, /* holder: one byte, enum assay_holder_refusal */
};
enum assay_holder_refusal {
    ASSAY_HOLDER_LATER = 1, /* not now: the ledger is not up to date here, or there is no room */
    ASSAY_HOLDER_NEVER = 2,
};

struct assay_holder_node_config {
    const char *ledger;               /* path of the daemon's socket */
    const char *listen;               /* HOST:PORT, for other holders */
    const char *client_listen;        /* HOST:PORT, for owners and readers */
    const char *host;                 /* address for others; NULL: that of listen */
    const char *store;                /* path of the vault */
    const struct assay_secret32 *key; /* of the vault; copied */
    uint32_t cluster;
    uint64_t era;      /* era that may undo stored shares, with an operator's consent; 0: none */
    uint64_t again_ms; /* interval of resubmission; 0: that of record_queue.h */
    size_t pending_max; /* records that wait; 0: as many as in record_queue.h */
};

/* Stored shares that a new era of the ledger undoes (docs/services.md 5.15). */
struct assay_holder_undone {
    uint64_t era;
    uint32_t kept;    /* shares */
    uint32_t unknown; /* of these, of ids that the ledger does not have */
    uint32_t ahead;   /* of puts, generations, attempts or commitments that it does not have */
    bool moved;       /* the slot of all of them is not this holder's there */
};

struct assay_holder_node_status {
    struct assay_share_status share;
    bool follows;   /* a ledger, now */
    bool listed;    /* by its member */
    size_t pending; /* records that are not final */
    uint64_t epoch;
    enum assay_status ledger;          /* why it is not followed; ASSAY_OK: it is */
    struct assay_holder_undone undone; /* when a turn returned ASSAY_E_CHAIN */
};

struct assay_holder_node;

/* Returns: ASSAY_OK | as assay_vault_open, assay_links_open, assay_listener_open,
 * assay_follower_create; message: the reason of a failure */
ASSAY_CHECKED enum assay_status assay_holder_node_open(
    const struct assay_holder_node_config *config, struct assay_holder_node **out,
    char message[static ASSAY_HOLDER_NODE_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. Confirmed shares remain in the vault. */
void assay_holder_node_close(struct assay_holder_node **node);
/* Waits up to the timeout for events, and processes them. Returns: ASSAY_OK | ASSAY_E_STALE (its
 * member listed another holder: end) | ASSAY_E_CHAIN (a new era of the ledger undoes stored shares,
 * and nothing was erased: see status) | ASSAY_E_STORE (disk error) | ASSAY_E_SIGNATURE,
 * ASSAY_E_VERSION (the vault was modified) | ASSAY_E_CRYPTO | ASSAY_E_FULL (more shares in the
 * vault than the network may have) | ASSAY_E_IO | ASSAY_E_MEMORY. After anything but ASSAY_OK:
 * close */
ASSAY_CHECKED enum assay_status assay_holder_node_step(struct assay_holder_node *node,
                                                       int timeout_ms);
/* Returns: its state. */
struct assay_holder_node_status assay_holder_node_status(const struct assay_holder_node *node);

#endif
