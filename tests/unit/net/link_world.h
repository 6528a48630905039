/*
 * tests/unit/net/link_world.h - fixture of three nodes with links to one another, on loopback.
 */
#ifndef ASSAY_TESTS_UNIT_NET_LINK_WORLD_H
#define ASSAY_TESTS_UNIT_NET_LINK_WORLD_H

#include "net/zmq/link_internal.h"

enum { NODES = 3, STEP_MS = 5, LONG_MS = 60000, SILENCE_MS = 400 };

struct node {
    struct assay_secret32 bootstrap_secret, transport_secret;
    uint8_t bootstrap[32], transport[32];
    struct assay_roster_entry entries[NODES];
    struct assay_roster roster;
    struct assay_limit limits[NODES];
    struct assay_traffic_counters counters;
    struct assay_link *link;
};

extern struct node nodes[NODES];
extern assay_resolve *resolve; /* who resolves names for nodes that are opened; NULL: the system */
extern int handshake_ms;       /* how long nodes that are opened wait for a handshake: 200 */

uint64_t now_ms(void);
void make_keys(void);
/* listen: NULL: a free port of 127.0.0.1 */
void open_node(size_t self, const char *listen);
void open_all(void);
void close_all(void);
/* Node `from` learns where node `to` listens. */
void introduce(size_t from, size_t to);
/* Let every node work for a moment; what node `at` hears goes to text. Returns: true when it did.
 */
bool listen_for(size_t at, int wait_ms, char *text, size_t text_len, uint16_t *slot);
/* Let every node work until a counter of node `at` shows at least that much. Returns: true when it
 * did within LONG_MS. */
bool counts(size_t at, enum assay_counter counter, uint64_t least);
void say(size_t from, size_t to, const char *text);

#endif
