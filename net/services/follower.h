/*
 * net/services/follower.h - a program's side of the daemon's socket (net/services/wire.h): folds
 * what is final of one service, tells what follows from it, and asks for evidence and verdicts
 * (docs/services.md 4.1).
 *
 * The socket may go away and come back, as the daemon behind it does. Facts never go back: a ledger
 * that shows an older epoch than was seen, or another chain, is not followed. One thread calls.
 */
#ifndef ASSAY_NET_SERVICES_FOLLOWER_H
#define ASSAY_NET_SERVICES_FOLLOWER_H

#include "net/services/role.h"

#include <poll.h>

enum { ASSAY_FOLLOWER_REDIAL_MS = 500, ASSAY_FOLLOWER_PATH_MAX = 107 };

/* What is told, in its order; NULL is told nobody. None of them may destroy the follower. */
struct assay_follower_tells {
    /* Of a group: every fact, those of a beginning and of standings as well. */
    void (*fact)(void *context, const struct assay_cont_fact *fact);
    /* Documents were taken: facts may have been missed, everything is to be looked at. */
    void (*begun)(void *context);
    /* A record is final, whatever it means; its facts come after it. */
    void (*record)(void *context, uint32_t slot, enum assay_service_kind kind,
                   struct assay_slice payload);
    /* What it did: a word of assay_registry_apply. */
    void (*became)(void *context, enum assay_service_kind kind, struct assay_slice payload,
                   const char *word);
    /* Of one record, or of one close: those of the service that is followed. */
    void (*facts)(void *context, const struct assay_registry_facts *facts);
    /* An epoch closed; its facts were told before. */
    void (*closed)(void *context);
    void (*evidence)(void *context, uint64_t serial, struct assay_slice evidence);
    void (*verdict)(void *context, uint64_t serial, bool good,
                    enum assay_registry_standing standing);
    void (*refused)(void *context, enum assay_service_kind kind, struct assay_slice why);
};

struct assay_follower_config {
    /* The folder of the daemon's sockets, in which the role has its own; or that one itself. */
    const char *path;
    enum assay_service_role role;
    uint32_t group;
    struct assay_follower_tells tells;
    void *context;
    /* Of an earlier run: what shows less, or another chain, is not followed. */
    const uint8_t *chain_id; /* [32]; NULL: any */
    uint64_t era_min;
    uint64_t
        epoch_min; /* closed in that era; a later one may show less: see docs/services.md 4.1 */
    uint64_t records_min; /* since that epoch closed */
};

/* What the daemon said of itself and of the chain. */
struct assay_follower_home {
    uint8_t chain_id[32];
    uint32_t slot; /* ASSAY_REGISTRY_SLOTS_MAX: none that may serve */
    uint64_t era, epoch;
    uint64_t records; /* of the service, final since that epoch closed */
    uint8_t beacon[32];
    uint32_t members;
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    uint8_t node[ASSAY_REGISTRY_SLOTS_MAX][32];
};

struct assay_follower;

/* Returns: ASSAY_OK, and nothing was dialled yet | ASSAY_E_MEMORY | ASSAY_E_RANGE (a path too long
 * for a socket; of a folder: longer than ASSAY_SERVICE_FOLDER_MAX, as turn finds) */
ASSAY_CHECKED enum assay_status assay_follower_create(const struct assay_follower_config *config,
                                                      struct assay_follower **out);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_follower_destroy(struct assay_follower **follower);
/* What to poll for; fd -1 while there is no connection. Returns: it. */
struct pollfd assay_follower_poll(const struct assay_follower *f);
/* Dials when it is time, reads what is there, tells it. Returns: ASSAY_OK | ASSAY_E_CHAIN (the
 * ledger is another, or shows what is older than what was seen: it is dialled again later) |
 * ASSAY_E_NOT_FOUND (nobody listens) | ASSAY_E_STRANGER (its user may not connect) |
 * ASSAY_E_RANGE (as create) | ASSAY_E_UNSUPPORTED (the network has no such service
 * yet) | ASSAY_E_FULL (all places of the socket are taken, or its place went to another user) |
 * ASSAY_E_IO (it went away) | ASSAY_E_MEMORY | as assay_service_next */
ASSAY_CHECKED enum assay_status assay_follower_turn(struct assay_follower *f, uint64_t now_ms);
/* Hands a record in, once. Returns: ASSAY_OK | ASSAY_E_AGAIN (no connection) | ASSAY_E_IO |
 * ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_follower_submit(struct assay_follower *f,
                                                      enum assay_service_kind kind,
                                                      struct assay_slice payload);
/* QUOTE and VERIFY: m has their fields, its verb among them; what is answered comes with the serial
 * of m, or never. Returns: ASSAY_OK | ASSAY_E_AGAIN (no connection) | ASSAY_E_IO | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_follower_ask(struct assay_follower *f,
                                                   const struct assay_service_message *m);
/* Parts of what is followed, borrowed until the next turn. Each Returns: it; NULL before the ledger
 * has told, and of services that are not followed. */
const struct assay_cont_group *assay_follower_group(const struct assay_follower *f);
const struct assay_share_registry *assay_follower_shares(const struct assay_follower *f);
const struct assay_task_ledger *assay_follower_tasks(const struct assay_follower *f);
/* Returns: as told last; NULL before the ledger has told. */
const struct assay_follower_home *assay_follower_home(const struct assay_follower *f);
/* The member whose daemon is followed: records that are handed in are its records. Returns: its
 * node id, borrowed until the next turn; NULL before the ledger has told, and of a daemon that has
 * no slot that may serve. */
const uint8_t *assay_follower_node(const struct assay_follower *f);
/* Returns: whether a ledger is followed now. */
bool assay_follower_follows(const struct assay_follower *f);
/* Returns: a number that rises with whatever is told. */
uint64_t assay_follower_told(const struct assay_follower *f);

#endif
