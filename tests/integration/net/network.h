/*
 * tests/integration/net/network.h - a network of real hosts in one process, over loopback.
 *
 * Real sockets, keys, SOFT evidence, verifier and engine; stores in memory (or what the caller
 * gives); the enclave is scripted: it quotes at once, with the measurement it was given, and obeys
 * orders. Used by the integration tests and by the bench of finality.
 */
#ifndef ASSAY_TESTS_INTEGRATION_NET_NETWORK_H
#define ASSAY_TESTS_INTEGRATION_NET_NETWORK_H

#include "engine/store/store_memory.h"
#include "net/runtime/runtime.h"
#include "net/keys/keyring.h"
#include "quote/accept/policy.h"
#include "quote/collateral/endorsements.h"
#include "quote/source/soft/soft.h"

#include <limits.h>

enum {
    NETWORK_MAX = 10,
    NETWORK_ROOTS = 4,
    NETWORK_EVENTS_MAX = 64,
    NETWORK_ORDERS_MAX = 256,
};

/* What a network's enclave does. */
struct network_enclave {
    const struct assay_soft_node *platform;
    uint8_t measurement[32];
    uint8_t right[32]; /* what a RESTART puts back */
    bool dead;         /* gives no quotes */
    bool replays;      /* gives the recorded quote again and again */
    uint8_t recorded[ASSAY_SOFT_QUOTE_MAX];
    size_t recorded_len;
    size_t first, count;
    struct assay_enclave_event events[NETWORK_EVENTS_MAX]; /* a ring */
    uint8_t quotes[NETWORK_EVENTS_MAX][ASSAY_SOFT_QUOTE_MAX];
    size_t order_count;
    struct assay_order orders[NETWORK_ORDERS_MAX];
    uint32_t restarted; /* incarnation that the last RESTART ended */
};

struct network_node {
    char name[16];
    char keys_dir[PATH_MAX], admin[PATH_MAX], endpoint[64];
    uint8_t node_id[32];
    uint16_t slot;
    struct assay_soft_node platform;
    struct network_enclave enclave;
    struct assay_store *store;
    struct assay_runtime *host;  /* NULL: down */
    bool asleep;              /* up, but given no turn */
    enum assay_status status; /* of its last turn */
    struct assay_runtime_config config;
};

struct network {
    uint32_t count;
    char dir[PATH_MAX];
    struct assay_soft_ca cas[NETWORK_ROOTS];
    struct assay_policy policy;
    struct assay_collateral collateral[NETWORK_ROOTS];
    struct assay_endorsements endorsements;
    struct assay_genesis genesis;
    uint8_t *genesis_bytes;
    struct assay_runtime_peer peers[NETWORK_MAX];
    struct network_node nodes[NETWORK_MAX];
    uint8_t right[32], wrong[32]; /* measurements */
};

/*
 * Everything but the hosts: a folder, vendors, keys, genesis that begins delay_ms from now (or
 * ago). Aborts with words on stderr when something cannot be made. Returns: a network to free with
 * network_free.
 */
struct network *network_make(uint32_t count, uint32_t epoch_ms, int32_t delay_ms);
/* Closes hosts, removes the folder. */
void network_free(struct network **network);
/* Returns: true; false with the reason on stderr. */
bool network_up(struct network *network, uint32_t index);
void network_down(struct network *network, uint32_t index);
/*
 * Let all hosts turn for so long, or until done(context) says true. Returns: what done said last.
 */
bool network_run(struct network *network, uint32_t ms,
                 bool (*done)(const struct network *network, const void *context),
                 const void *context);
/* What node `index` sees of the member that node `about` is. */
void network_look(const struct network *network, uint32_t index, uint32_t about,
                  struct assay_member_snapshot *snapshot);
/* Returns: the epoch that a node is in; 0 when it is down. */
uint64_t network_epoch(const struct network *network, uint32_t index);
/* The callbacks of a node's scripted enclave. */
void network_enclave_callbacks(struct network_enclave *enclave,
                               struct assay_runtime_enclave *callbacks);

#endif
