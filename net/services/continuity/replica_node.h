/*
 * net/services/continuity/replica_node.h - process of a replica: its memory (services/continuity),
 * its links, and the ledger that it follows (docs/services.md 4.3).
 *
 * It generates its keys when it opens, has the ledger list them, and serves until it ends. When its
 * member lists another process instead, it ends: its memory is useless then.
 */
#ifndef ASSAY_NET_SERVICES_CONTINUITY_REPLICA_NODE_H
#define ASSAY_NET_SERVICES_CONTINUITY_REPLICA_NODE_H

#include "services/continuity/replica.h"

enum { ASSAY_REPLICA_NODE_MESSAGE_LEN = 256 };

struct assay_replica_node_config {
    const char *ledger; /* path of its socket */
    const char *listen; /* HOST:PORT */
    const char *host;   /* address for others; NULL: that of listen */
    uint32_t group;
    uint32_t instances_max; /* at least the group's, at most ASSAY_CONT_INSTANCES_MAX */
};

/* Since it opened. */
struct assay_replica_node_figures {
    uint64_t frames, refused; /* received over links: accepted; of strangers, of other views */
};

struct assay_replica_node;

/* Returns: ASSAY_OK | as assay_links_open, assay_follower_create; message: the reason of a
 * failure */
ASSAY_CHECKED enum assay_status assay_replica_node_open(
    const struct assay_replica_node_config *config, struct assay_replica_node **out,
    char message[static ASSAY_REPLICA_NODE_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. Its memory is lost. */
void assay_replica_node_close(struct assay_replica_node **node);
/* Waits up to the timeout for events, and processes them. Returns: ASSAY_OK | ASSAY_E_STALE (its
 * member listed another process: end) | ASSAY_E_RANGE (the group may have more instances than
 * configured: end) | ASSAY_E_CRYPTO (it cannot sign) | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_replica_node_step(struct assay_replica_node *node,
                                                        int timeout_ms);
/* Returns: its state. */
struct assay_cont_status assay_replica_node_status(const struct assay_replica_node *node);
/* Returns: its counters. */
struct assay_replica_node_figures assay_replica_node_figures(const struct assay_replica_node *node);
/* Returns: ASSAY_OK, or why the ledger is not followed. */
enum assay_status assay_replica_node_ledger(const struct assay_replica_node *node);
/* Moves its seat to another member, with its memory; it serves until then. */
void assay_replica_node_drain(struct assay_replica_node *node);
/* Returns: whether it drains, by the call above or by the daemon's word. */
bool assay_replica_node_drains(const struct assay_replica_node *node);
/* Returns: whether it was drained and has no seat: it may end without cost to its group. */
bool assay_replica_node_is_drained(const struct assay_replica_node *node);
/* Returns: whether the ledger has listed it. */
bool assay_replica_node_is_listed(const struct assay_replica_node *node);

#endif
