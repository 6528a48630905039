/*
 * net/services/shares/holder_node.h - a holder of shares as a process: what it keeps sealed on disk
 * (vault.h), its links to other holders (board.h), its door for owners and readers (door.h), and
 * the ledger that it follows (docs/services.md 5.13).
 *
 * Its keys are made once and stand in the vault: it is the same holder after a restart. What it
 * confirms is durable. When its member lists another holder instead, it ends, and keeps its vault.
 */
#ifndef ASSAY_NET_SERVICES_SHARES_HOLDER_NODE_H
#define ASSAY_NET_SERVICES_SHARES_HOLDER_NODE_H

#include "base/secret.h"
#include "services/shares/holder.h"

enum { ASSAY_HOLDER_NODE_MESSAGE_LEN = 512 };

/* What passes the door: the first byte of a frame, then. */
enum assay_holder_word {
    ASSAY_HOLDER_HAND = 1,    /* owner: its name (32 bytes), an id: ask me for its share */
    ASSAY_HOLDER_MESSAGE = 2, /* outsider: its name, then a message of services/shares/exchange.h;
                                 holder: the message */
    ASSAY_HOLDER_REFUSED = 3, /* holder: one byte, enum assay_holder_refusal */
};
enum assay_holder_refusal {
    ASSAY_HOLDER_LATER = 1, /* not now: the ledger has not said it here yet, or there is no room */
    ASSAY_HOLDER_NEVER = 2,
};

struct assay_holder_node_config {
    const char *ledger;               /* path of the daemon's socket */
    const char *listen;               /* HOST:PORT, for other holders */
    const char *door;                 /* HOST:PORT, for owners and readers */
    const char *host;                 /* that others dial instead; NULL: that of listen */
    const char *store;                /* path of the vault */
    const struct assay_secret32 *key; /* of the vault; copied */
    uint32_t cluster;
    uint64_t era;      /* that may undo what is kept: an operator said so; 0: none */
    uint64_t again_ms; /* records are handed in again after so long; 0: as pending.h has it */
};

/* What a new era of the ledger undoes of what is kept (docs/services.md 5.15). */
struct assay_holder_undone {
    uint64_t era;
    uint32_t kept;    /* shares */
    uint32_t unknown; /* of them, of ids that the ledger does not have */
    uint32_t ahead;   /* of generations or attempts that it does not have */
    bool moved;       /* the slot that all are of is not this holder's there */
};

struct assay_holder_node_status {
    struct assay_share_status share;
    bool follows;   /* a ledger, now */
    bool listed;    /* by its member */
    size_t pending; /* records that are not final */
    uint64_t epoch;
    enum assay_status ledger;          /* why it is not followed; ASSAY_OK: it is */
    struct assay_holder_undone undone; /* when a turn said ASSAY_E_CHAIN */
};

struct assay_holder_node;

/* Returns: ASSAY_OK | as assay_vault_open, assay_peer_links_open, assay_client_listener_open,
 * assay_follower_create; message says why, for people */
ASSAY_CHECKED enum assay_status assay_holder_node_open(
    const struct assay_holder_node_config *config, struct assay_holder_node **out,
    char message[static ASSAY_HOLDER_NODE_MESSAGE_LEN]);
/* Accepts a pointer to NULL; nulls it. What it confirmed stays in the vault. Returns: nothing. */
void assay_holder_node_close(struct assay_holder_node **node);
/* Waits up to so long for something to do, and does it. Returns: ASSAY_OK | ASSAY_E_STALE (its
 * member listed another holder: end) | ASSAY_E_CHAIN (a new era of the ledger undoes what is kept,
 * and nothing was erased: status tells) | ASSAY_E_STORE (the disk refuses) | ASSAY_E_SIGNATURE,
 * ASSAY_E_VERSION (what the vault holds was changed) | ASSAY_E_CRYPTO | ASSAY_E_FULL | ASSAY_E_IO |
 * ASSAY_E_MEMORY. After anything but ASSAY_OK: close */
ASSAY_CHECKED enum assay_status assay_holder_node_turn(struct assay_holder_node *node,
                                                       int timeout_ms);
/* Returns: what it is doing. */
struct assay_holder_node_status assay_holder_node_status(const struct assay_holder_node *node);
/* Returns: what it keeps; NULL before the ledger has told. For tests. */
const struct assay_share_holder *assay_holder_node_holder(const struct assay_holder_node *node);

#endif
