/*
 * net/services/replica_node.h - a replica as a process: its memory (services/continuity), its
 * links, and the ledger that it follows (docs/services.md 4.3).
 *
 * It makes its keys when it opens, has the ledger list them, and serves as long as it lives. When
 * its member lists another process instead, it ends: its memory is of no use any more.
 */
#ifndef ASSAY_NET_SERVICES_REPLICA_NODE_H
#define ASSAY_NET_SERVICES_REPLICA_NODE_H

#include "services/continuity/replica.h"

enum { ASSAY_REPLICA_NODE_MESSAGE_LEN = 256 };

struct assay_replica_node_config {
    const char *ledger; /* path of its socket */
    const char *listen; /* HOST:PORT */
    const char *host;   /* that others dial instead; NULL: that of listen */
    uint32_t group;
    uint32_t instances_max; /* at least the group's, at most ASSAY_CONT_INSTANCES_MAX */
};

/* Since it opened. */
struct assay_replica_node_figures {
    uint64_t frames, refused; /* that came over links: taken; of strangers, of other views */
};

struct assay_replica_node;

/* Returns: ASSAY_OK | as assay_peer_links_open, assay_follower_create; message says why, for people
 */
ASSAY_CHECKED enum assay_status assay_replica_node_open(
    const struct assay_replica_node_config *config, struct assay_replica_node **out,
    char message[static ASSAY_REPLICA_NODE_MESSAGE_LEN]);
/* Accepts a pointer to NULL; nulls it. Its memory is lost. Returns: nothing. */
void assay_replica_node_close(struct assay_replica_node **node);
/* Waits up to so long for something to do, and does it. Returns: ASSAY_OK | ASSAY_E_STALE (its
 * member listed another process: end) | ASSAY_E_RANGE (the group may have more instances than there
 * is room for: end) | ASSAY_E_CRYPTO (it cannot sign) | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_replica_node_turn(struct assay_replica_node *node,
                                                        int timeout_ms);
/* Returns: what it is doing. */
struct assay_cont_status assay_replica_node_status(const struct assay_replica_node *node);
/* Returns: what it has counted. */
struct assay_replica_node_figures assay_replica_node_figures(const struct assay_replica_node *node);
/* Why the ledger was not followed last. Returns: ASSAY_OK when it is. */
enum assay_status assay_replica_node_ledger(const struct assay_replica_node *node);
/* Its seat shall move to another member, with its memory; it goes on until then.
 * Returns: nothing. */
void assay_replica_node_drain(struct assay_replica_node *node);
/* Returns: whether it drains and has no seat any more: it may end, and costs its group nothing. */
bool assay_replica_node_is_drained(const struct assay_replica_node *node);
/* Returns: whether the ledger has listed it. */
bool assay_replica_node_is_listed(const struct assay_replica_node *node);

#endif
