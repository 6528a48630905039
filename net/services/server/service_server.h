/*
 * net/services/server/service_server.h - the daemon's server for programs of services
 * (net/services/wire.h, docs/services.md 4.1): programs follow the ledger, submit records, request
 * evidence, and have evidence appraised.
 *
 * Each role has a socket of its own (net/services/role.h), with a separate quota of connections,
 * records per epoch and requests. The server has a copy of the registry: that of the last epoch
 * close with every final record since. Nothing blocks: a program that does not read is dropped and
 * reconnects. Not thread-safe: one thread calls. The daemon's own user and root may connect; at a
 * socket whose folder has the setgid bit, that folder's group as well (net/system/unix_socket.h).
 *
 * Quotes and verdicts are processed one at a time each, round-robin over sockets, over the users of
 * a socket, and over the connections of a user. Proofs (PROVE, LIST) are read from the store in the
 * same turns, a limited number in each step and second. Connections are limited by user
 * (net/system/connection_quota.h).
 */
#ifndef ASSAY_NET_SERVICES_SERVER_SERVICE_SERVER_H
#define ASSAY_NET_SERVICES_SERVER_SERVICE_SERVER_H

#include "host/service_feed.h"
#include "net/services/role.h"
#include "net/services/server/issue_queue.h"

#include <poll.h>

enum {
    ASSAY_SERVICE_SERVER_CLIENTS_MAX = 124, /* of all sockets: assay_service_places */
    ASSAY_SERVICE_SERVER_FDS_MAX = ASSAY_SERVICE_SOCKETS_MAX + ASSAY_SERVICE_SERVER_CLIENTS_MAX,
    ASSAY_SERVICE_SERVER_MESSAGE_LEN = 256, /* length of an error text */
    ASSAY_SERVICE_SERVER_NAMES = ASSAY_SERVICE_SOCKETS_MAX * ASSAY_SERVICE_SOCKET_NAME,
    /* Sockets whose role may request something: of each group, and five more. */
    ASSAY_SERVICE_SERVER_REQUESTERS = ASSAY_PLAN_GROUPS_MAX + 5,
    ASSAY_SERVICE_SERVER_REQUESTS_EACH = 8, /* that programs of one socket wait for */
    ASSAY_SERVICE_SERVER_REQUESTS_MAX =
        ASSAY_SERVICE_SERVER_REQUESTERS * ASSAY_SERVICE_SERVER_REQUESTS_EACH,
    /* Limit of the time that a request waits for its turn, and of its turn; then it is answered
     * without a result. */
    ASSAY_SERVICE_SERVER_REQUEST_TIMEOUT_MS = 10000,
    /* Records that a member may have in one epoch. Half of them are reserved: the same number for
     * each socket of the plan, and of a socket for each connected user. The remainder is first
     * come, first served; a user takes no more of it than each other user of its socket may.
     * The socket of the group key has as many for itself, in equal parts for its users. */
    ASSAY_SERVICE_SERVER_RECORDS = 64,
    /* Records of one socket that the node may reject within that time, in equal parts for its
     * users: each costs a signature verification. */
    ASSAY_SERVICE_SERVER_REJECTED_MAX = 64,
    ASSAY_SERVICE_SERVER_REJECTED_WINDOW_MS = 1000,
    /* Proofs in one step, and of one socket within that time, in equal parts for its users: each
     * reads the store. A holder that was away for a day catches up in half a minute. One with
     * voters reads a state, and counts as many. */
    ASSAY_SERVICE_SERVER_PROOFS_PER_STEP = 2,
    ASSAY_SERVICE_SERVER_PROOFS_OF_VOTERS = 8,
    ASSAY_SERVICE_SERVER_PROOFS_MAX = 64,
    ASSAY_SERVICE_SERVER_PROOFS_WINDOW_MS = 1000,
    ASSAY_SERVICE_SERVER_CROWD_LOG_MS =
        60000, /* least interval of log events that one socket is crowded */
};

/* Evidence that a program received from another party. */
struct assay_service_server_proof {
    struct assay_slice evidence; /* borrowed for the call */
    uint8_t report_data[64];     /* that it must contain */
    uint8_t node_id[32];         /* zeros: of no node */
    bool has_measurement;
    uint8_t measurement[32];
};

/* A user that connected to a socket whose places were all taken. */
struct assay_service_server_crowd {
    const char *socket; /* its name */
    uint32_t uid, had;  /* the caller, and the number of places that it has */
    uint32_t of, held;  /* the user with the most places, and their number */
    uint32_t places;    /* of the socket */
    bool given;         /* the caller got one of them; otherwise it was refused */
};

/* Parts of a PROOF; empty: not stored here. Borrowed until the next call. */
struct assay_service_server_boundary {
    struct assay_slice voters, boundary, finality;
};

/* Parts of a SHOWN; empty: not stored here. Borrowed until the next call. */
struct assay_service_server_shown {
    struct assay_slice standing, keys, declared;
};

/* Callbacks to the node. Every pointer is set. */
struct assay_service_server_callbacks {
    void *context;
    /* Returns: ASSAY_OK | ASSAY_E_DUPLICATE, ASSAY_E_AGAIN, ASSAY_E_FULL (may be resent later) |
     * the permanent error */
    enum assay_status (*submit)(void *context, enum assay_service_kind kind,
                                struct assay_slice payload);
    /* One at a time; answered by assay_service_server_on_quote. Returns: whether an answer will
     * follow. */
    bool (*quote)(void *context, const uint8_t report_data[static 64]);
    /* Answered by assay_service_server_on_verdict with the ticket, possibly within the call.
     * Returns: whether an answer will follow. */
    bool (*judge)(void *context, uint64_t ticket, const struct assay_service_server_proof *proof);
    /* Out: *uid of the peer of the socket. Returns: whether it is known (assay_unix_user). */
    bool (*user)(void *context, int fd, uint32_t *uid);
    /* Reads the boundary that closed an epoch. In: era: of the epoch before it. Each Returns: at
     * most as many bytes as the message has room for */
    struct assay_service_server_boundary (*prove)(void *context, uint64_t era, uint64_t epoch,
                                                  bool with_voters);
    /* The list of workload keys of a member; empty: not stored here. */
    struct assay_slice (*list)(void *context, uint32_t slot, const uint8_t root[static 32]);
    /* Of a member after the newest closed epoch. In: node_id: [32]; NULL: of this member */
    struct assay_service_server_shown (*show)(void *context, uint64_t epoch,
                                              const uint8_t *node_id);
    /* For the log. */
    void (*crowded)(void *context, const struct assay_service_server_crowd *crowd);
};

/* For reports and metrics. */
struct assay_service_server_snapshot {
    uint32_t clients, following; /* connected; of them, those that follow the ledger */
    uint64_t submitted, refused; /* records that programs submitted; that were rejected
                                  * permanently */
    uint64_t quotes, verdicts;   /* answered with a result */
    /* Connections: refused, as there was no place; dropped, as its place went to another user.
     * Requests: the same. */
    uint64_t connections_refused, connections_preempted, requests_refused, requests_preempted;
    /* Final records by kind: those that changed something, and those that did not. */
    uint64_t applied[ASSAY_SERVICE_KIND_COUNT], idle[ASSAY_SERVICE_KIND_COUNT];
    bool has_signer; /* a holder's process is connected, and follows the ledger */
    /* Its answers to requests of certificates and tokens. */
    uint64_t issues[ASSAY_SERVICE_OUTCOMES];
};

struct assay_service_server;

/* Out: names of the sockets that are shared with the group of their folder, separated by blanks; ""
 * without one. */
void assay_service_server_get_shared_names(const struct assay_service_server *server,
                                           char names[static ASSAY_SERVICE_SERVER_NAMES]);

/*
 * assay_service_server_open - opens every socket, each in a folder of its own below `folder`.
 *
 * A missing folder is created for its owner alone: to share a socket, create its folder before,
 * with the setgid bit and the group that is to connect. Folders remain when the server is closed.
 * In:      plan: canonical bytes, copied
 * Out:     message: the reason of a failure
 * Returns: ASSAY_OK | ASSAY_E_RANGE (folder longer than ASSAY_SERVICE_FOLDER_MAX) | ASSAY_E_IO
 *          (also: another daemon answers there) | ASSAY_E_INVALID (others may replace the folder or
 *          socket) | ASSAY_E_MEMORY | as assay_registry_plan_decode
 */
ASSAY_CHECKED enum assay_status assay_service_server_open(
    const char *folder, struct assay_slice plan, const uint8_t chain_id[static 32],
    const struct assay_service_server_callbacks *callbacks, struct assay_service_server **out,
    char message[static ASSAY_SERVICE_SERVER_MESSAGE_LEN]);
/* Replaces the node behind the callbacks by another one of the same network and process; requests
 * that the previous one had are answered without a result. plan: as in open; a different one when a
 * change added services: then nothing of the registry is sent until the next reset. Returns:
 * ASSAY_OK | as open, and the server must be closed */
ASSAY_CHECKED enum assay_status assay_service_server_rebind(
    struct assay_service_server *server, const struct assay_service_server_callbacks *callbacks,
    struct assay_slice plan);
/* Removes the sockets. Accepts a pointer to NULL; sets it to NULL. */
void assay_service_server_close(struct assay_service_server **server);
/* The descriptors to poll. Returns: how many of fds[capacity] were written. */
size_t assay_service_server_poll(const struct assay_service_server *server, struct pollfd *fds,
                                 size_t capacity);
/* Accepts, reads, answers and writes as far as possible without blocking. */
void assay_service_server_step(struct assay_service_server *server, uint64_t now_ms);
/* Returns: the time at which step must be called at the latest; UINT64_MAX: never. */
uint64_t assay_service_server_wake_at(const struct assay_service_server *server);

/* --- ledger events, in their order (host/service_feed.h) */
/* Replaces the registry by that of the last epoch close (copied): programs that followed reconnect.
 * slot: this node's; ASSAY_REGISTRY_SLOTS_MAX and above: it may not serve. */
void assay_service_server_reset(struct assay_service_server *server,
                                const struct assay_registry *registry, uint32_t slot,
                                const struct assay_service_epoch *epoch);
/* Lets programs follow. Records that were final before are passed between reset and set_ready. */
void assay_service_server_set_ready(struct assay_service_server *server);
/* Whether this node signs nothing more in its era (docs/protocol.md 9.12): holders of the group key
 * stop as well. */
void assay_service_server_set_fenced(struct assay_service_server *server, bool is_fenced);
/* Has the seats of the replicas of a group that follow this daemon moved (docs/services.md 1.9.2).
 * Returns: how many were notified */
uint32_t assay_service_server_drain(struct assay_service_server *server, uint32_t group);
void assay_service_server_on_record(struct assay_service_server *server, uint32_t slot,
                                    enum assay_service_kind kind, struct assay_slice payload);
/* The next epoch closed, with its registry and members. */
void assay_service_server_on_epoch_closed(struct assay_service_server *server,
                                          const struct assay_registry *registry,
                                          const struct assay_service_epoch *epoch);

/* --- results of requests */
/* bytes empty: no evidence is available. */
void assay_service_server_on_quote(struct assay_service_server *server, struct assay_slice bytes);
void assay_service_server_on_verdict(struct assay_service_server *server, uint64_t ticket,
                                     bool good);

/* --- certificates and tokens of workload keys (docs/identity.md 4.18) */
/*
 * assay_service_server_issue - a product of the newest closed epoch, or of the last seconds, from
 * the holder's process that connected last.
 * In:      name: of a key that is active by the ledger: other requests are the caller's to refuse
 * Out:     *issue: what it answered; borrowed for the call
 * Returns: as assay_issuance_request | ASSAY_E_NOT_FOUND (no holder's process is connected)
 */
ASSAY_CHECKED enum assay_status assay_service_server_issue(struct assay_service_server *server,
                                                           const struct assay_issuance_name *name,
                                                           bool is_own,
                                                           const struct assay_issuance **issue);

/* Returns: whether a holder's process is connected, and follows the ledger. */
bool assay_service_server_has_signer(const struct assay_service_server *server);

/* --- reports */
/* Returns: the current registry; NULL before the first reset. */
const struct assay_registry *assay_service_server_registry(
    const struct assay_service_server *server);
void assay_service_server_get_snapshot(const struct assay_service_server *server,
                                       struct assay_service_server_snapshot *snapshot);

#endif
