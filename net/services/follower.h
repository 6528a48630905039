/*
 * net/services/follower.h - client of the daemon's service socket (net/services/wire.h): applies
 * the final records of one service, reports the resulting facts, and requests evidence and verdicts
 * (docs/services.md 4.1).
 *
 * The socket may close and reopen with its daemon. Facts never go back: a ledger with an older
 * epoch than seen before, or of another chain, is not followed. A follower in the role of an
 * enclave has neither documents nor records: state and epochs are what the daemon says, and the
 * enclave verifies (host/light/light.h). Not thread-safe.
 */
#ifndef ASSAY_NET_SERVICES_FOLLOWER_H
#define ASSAY_NET_SERVICES_FOLLOWER_H

#include "net/services/role.h"

#include <poll.h>

enum { ASSAY_FOLLOWER_REDIAL_MS = 500, ASSAY_FOLLOWER_PATH_MAX = 107 };

/* Callbacks, called in order; NULL: not needed. None of them may destroy the follower. */
struct assay_follower_callbacks {
    /* Of a group: every fact, including those of BEGIN and of standings. */
    void (*fact)(void *context, const struct assay_cont_fact *fact);
    /* Documents were loaded: facts may have been missed, everything must be checked. */
    void (*begun)(void *context);
    /* A record is final, whatever its effect; its facts follow. */
    void (*record)(void *context, uint32_t slot, enum assay_service_kind kind,
                   struct assay_slice payload);
    /* Its result: a word of assay_registry_apply. */
    void (*became)(void *context, enum assay_service_kind kind, struct assay_slice payload,
                   const char *word);
    /* Of one record, or of one close: those of the followed service. */
    void (*facts)(void *context, const struct assay_registry_facts *facts);
    /* An epoch closed; its facts were reported before. */
    void (*closed)(void *context);
    void (*evidence)(void *context, uint64_t serial, struct assay_slice evidence);
    void (*verdict)(void *context, uint64_t serial, bool good,
                    enum assay_registry_standing standing);
    /* Answers to assay_follower_request: PROOF, KEYS and SHOWN. Nothing of them was verified. */
    void (*proof)(void *context, const struct assay_service_message *m);
    void (*keys)(void *context, const struct assay_service_message *m);
    void (*shown)(void *context, const struct assay_service_message *m);
    /* Of an enclave: ROWED and RESULT. Nothing of them was verified. */
    void (*row)(void *context, const struct assay_service_message *m);
    void (*result)(void *context, const struct assay_service_message *m);
    /* ISSUE: the daemon requests a certificate or token. Nothing of it was verified. */
    void (*issue)(void *context, const struct assay_service_message *m);
    /* Of the group key: whether the node signs nothing more in its era has changed. */
    void (*fenced)(void *context);
    /* Of a replica: an operator of the daemon has its seat moved. */
    void (*drained)(void *context);
    void (*refused)(void *context, enum assay_service_kind kind, struct assay_slice why);
};

struct assay_follower_config {
    /* The folder of the daemon's sockets, with one for each role; or the socket itself. */
    const char *path;
    enum assay_service_role role;
    uint32_t group;
    struct assay_follower_callbacks callbacks;
    void *context;
    /* From an earlier run: an older ledger, or another chain, is not followed. */
    const uint8_t *chain_id; /* [32]; NULL: any */
    uint64_t era_min;
    uint64_t
        epoch_min; /* closed in that era; a later one may show less: see docs/services.md 4.1 */
    uint64_t records_min; /* since that epoch closed */
};

/* State of the daemon and of the chain. */
struct assay_follower_state {
    uint8_t chain_id[32];
    uint32_t slot; /* ASSAY_REGISTRY_SLOTS_MAX: it may not serve */
    uint64_t era, epoch;
    uint64_t records; /* of the service, final since that epoch closed */
    uint8_t beacon[32];
    uint32_t members;
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    uint8_t node[ASSAY_REGISTRY_SLOTS_MAX][32];
};

struct assay_follower;

/* Returns: ASSAY_OK, not connected yet | ASSAY_E_MEMORY | ASSAY_E_RANGE (a path too long for a
 * socket; of a folder: longer than ASSAY_SERVICE_FOLDER_MAX, reported by turn) */
ASSAY_CHECKED enum assay_status assay_follower_create(const struct assay_follower_config *config,
                                                      struct assay_follower **out);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_follower_destroy(struct assay_follower **follower);
/* Returns: the descriptor to poll; fd -1 while there is no connection. */
struct pollfd assay_follower_poll(const struct assay_follower *f);
/* Connects when due, reads and reports. Returns: ASSAY_OK | ASSAY_E_CHAIN (another ledger, or older
 * than seen before: reconnects later) | ASSAY_E_NOT_FOUND (no daemon listens) | ASSAY_E_STRANGER
 * (the user may not connect) | ASSAY_E_RANGE (as create) | ASSAY_E_UNSUPPORTED (the network has no
 * such service yet) | ASSAY_E_FULL (all places of the socket are taken, or its place went to
 * another user) | ASSAY_E_IO (disconnected) | ASSAY_E_MEMORY | as assay_service_next */
ASSAY_CHECKED enum assay_status assay_follower_step(struct assay_follower *f, uint64_t now_ms);
/* Submits a record, once. Returns: ASSAY_OK | ASSAY_E_AGAIN (no connection) | ASSAY_E_IO |
 * ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_follower_submit(struct assay_follower *f,
                                                      enum assay_service_kind kind,
                                                      struct assay_slice payload);
/* QUOTE, VERIFY, PROVE, LIST and ROW: m has their fields, including the verb; the answer has the
 * serial of m (PROVE, LIST, ROW: its epoch or root), or never arrives. Returns: ASSAY_OK |
 * ASSAY_E_AGAIN (no connection) | ASSAY_E_IO | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_follower_request(struct assay_follower *f,
                                                       const struct assay_service_message *m);
/* Parts of the followed state, borrowed until the next turn. Each Returns: it; NULL before the
 * first BEGIN, of other services, and in an enclave. */
const struct assay_cont_group *assay_follower_group(const struct assay_follower *f);
const struct assay_share_registry *assay_follower_shares(const struct assay_follower *f);
const struct assay_task_ledger *assay_follower_tasks(const struct assay_follower *f);
const struct assay_ca *assay_follower_identity(const struct assay_follower *f);
/* Returns: the last received state; NULL before the first BEGIN. */
const struct assay_follower_state *assay_follower_state(const struct assay_follower *f);
/* The member whose daemon is followed: the author of submitted records. Returns: its node id,
 * borrowed until the next turn; NULL before the first BEGIN, and of a daemon without a slot that
 * may serve. */
const uint8_t *assay_follower_node(const struct assay_follower *f);
/* Returns: the followed service's part of the plan, as the daemon shows it; NULL before the first
 * BEGIN, and in an enclave. */
const struct assay_registry_plan *assay_follower_plan(const struct assay_follower *f);
/* Returns: whether a ledger is followed currently. */
bool assay_follower_follows(const struct assay_follower *f);
/* Returns: whether the node signs nothing more in its era, as it reported last. */
bool assay_follower_is_fenced(const struct assay_follower *f);
/* Disconnects; the documents of the service are loaded again when the daemon is dialled. Not from a
 * callback. */
void assay_follower_reconnect(struct assay_follower *f, uint64_t now_ms);
/* Returns: a number that increases with every report. */
uint64_t assay_follower_revision(const struct assay_follower *f);

#endif
