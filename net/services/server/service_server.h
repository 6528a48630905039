/*
 * net/services/server/service_server.h - the daemon's side of the sockets of services
 * (net/services/wire.h, docs/services.md 4.1): programs follow what the ledger makes, hand records
 * in, ask for evidence and have evidence judged.
 *
 * Each role has a socket of its own (net/services/role.h), and with it places, records of an epoch
 * and questions that no other role takes from it. It keeps a registry of its own: that of the last
 * close with every final record since. Nothing here waits: a program that does not read is dropped,
 * and dials again. One thread calls. Who may connect is the daemon's own user, and root; at a
 * socket whose folder has the setgid bit, that folder's group as well (net/system/unix_socket.h).
 *
 * Quotes and verdicts are given one at a time, each: to sockets in turn, at a socket to users in
 * turn, and to a user's connections in turn. Places are given by user
 * (net/system/connection_quota.h).
 */
#ifndef ASSAY_NET_SERVICES_SERVER_SERVICE_SERVER_H
#define ASSAY_NET_SERVICES_SERVER_SERVICE_SERVER_H

#include "net/services/role.h"

#include <poll.h>

enum {
    ASSAY_SERVICE_SERVER_CLIENTS_MAX = 120, /* of all sockets: assay_service_places */
    ASSAY_SERVICE_SERVER_FDS_MAX = ASSAY_SERVICE_SOCKETS_MAX + ASSAY_SERVICE_SERVER_CLIENTS_MAX,
    ASSAY_SERVICE_SERVER_MESSAGE = 256, /* for people */
    ASSAY_SERVICE_SERVER_NAMES = ASSAY_SERVICE_SOCKETS_MAX * ASSAY_SERVICE_SOCKET_NAME,
    ASSAY_SERVICE_SERVER_ASKERS = 4, /* sockets that may ask at all */
    ASSAY_SERVICE_SERVER_ASKS_EACH =
        8, /* quotes and verdicts that one socket's programs wait for */
    ASSAY_SERVICE_SERVER_ASKS_MAX = ASSAY_SERVICE_SERVER_ASKERS * ASSAY_SERVICE_SERVER_ASKS_EACH,
    /* So long a question waits for its turn, and so long is its turn; then the answer is that there
     * is none. */
    ASSAY_SERVICE_SERVER_PATIENCE_MS = 10000,
    /* Records that a member may have in one epoch. Half of them are kept for the sockets of the
     * plan, the same number for each, and at a socket for the users that are connected; the rest is
     * for whoever comes first, but for one user no more than for each other one of its socket. */
    ASSAY_SERVICE_SERVER_RECORDS = 64,
    /* Records of one socket that the node may look at in vain within that time, in equal parts for
     * its users: looking costs it the check of a signature. */
    ASSAY_SERVICE_SERVER_VAIN = 64,
    ASSAY_SERVICE_SERVER_VAIN_MS = 1000,
    ASSAY_SERVICE_SERVER_CROWD_MS =
        60000, /* so often at most it is told that one socket is crowded */
};

/* Evidence that a program was shown. */
struct assay_service_server_proof {
    struct assay_slice evidence; /* borrowed for the call */
    uint8_t report_data[64];     /* that it must cover */
    uint8_t node_id[32];         /* zeros: of no node */
    bool has_measurement;
    uint8_t measurement[32];
};

/* Of a user that came to a socket whose places were all taken. */
struct assay_service_server_crowd {
    const char *socket;     /* its name */
    uint32_t uid, had;      /* who called, and how many places that user had */
    uint32_t of, held;      /* the user with the most, and how many */
    uint32_t places;        /* of the socket */
    bool given;             /* the caller got one of them; else it was turned away */
};

/* The node behind it. Every pointer is set. */
struct assay_service_server_world {
    void *context;
    /* Returns: ASSAY_OK | ASSAY_E_DUPLICATE, ASSAY_E_AGAIN, ASSAY_E_FULL (it may be said again
     * later) | why it will be in no block */
    enum assay_status (*submit)(void *context, enum assay_service_kind kind,
                                struct assay_slice payload);
    /* One at a time; answered by assay_service_server_quoted. Returns: whether an answer will come.
     */
    bool (*quote)(void *context, const uint8_t report_data[static 64]);
    /* Answered by assay_service_server_judged with the ticket, maybe within the call. Returns:
     * whether it will be. */
    bool (*judge)(void *context, uint64_t ticket, const struct assay_service_server_proof *proof);
    /* Out: *uid of who connected. Returns: whether it is known (assay_unix_user). */
    bool (*user)(void *context, int fd, uint32_t *uid);
    /* For the log. Returns: nothing. */
    void (*crowded)(void *context, const struct assay_service_server_crowd *crowd);
};

/* When the network is, and who it is. */
struct assay_service_server_moment {
    uint64_t era, epoch; /* epoch: that closed last */
    uint8_t beacon[32];  /* of the one that runs */
    uint32_t members;    /* at most ASSAY_REGISTRY_SLOTS_MAX */
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    uint8_t node_id[ASSAY_REGISTRY_SLOTS_MAX][32]; /* zeros where nobody sits */
};

/* For people, and metrics. */
struct assay_service_server_snapshot {
    uint32_t clients, following; /* connected; of them, who was told where the ledger is */
    uint64_t submitted, refused; /* records that programs handed in; that will be in no block */
    uint64_t quotes, verdicts;   /* that were answered with one */
    /* Connections: turned away, as there was no place; dropped, as its place went to another user.
     * Questions: the same. */
    uint64_t calls_refused, calls_yielded, asks_refused, asks_yielded;
    /* Final records by kind: those that changed something, and those that did not. */
    uint64_t applied[ASSAY_SERVICE_KIND_COUNT], idle[ASSAY_SERVICE_KIND_COUNT];
};

struct assay_service_server;

/* Out: names of the sockets that are for the group of their folder as well, blanks between them; ""
 * without one. Returns: nothing. */
void assay_service_server_shared(const struct assay_service_server *desk,
                                 char names[static ASSAY_SERVICE_SERVER_NAMES]);

/*
 * assay_service_server_open - every socket, each in a folder of its own below `folder`.
 *
 * A folder that is missing is made, for its owner alone: to share a socket, make its folder before,
 * with the setgid bit and the group that is to connect. Folders stay when the desk is closed.
 * In:      plan: canonical bytes, copied
 * Out:     message says why not
 * Returns: ASSAY_OK | ASSAY_E_RANGE (folder longer than ASSAY_SERVICE_FOLDER_MAX) | ASSAY_E_IO
 *          (also: another daemon answers there) | ASSAY_E_INVALID (others may put another folder or
 *          socket there) | ASSAY_E_MEMORY | as assay_registry_plan_decode
 */
ASSAY_CHECKED enum assay_status assay_service_server_open(
    const char *folder, struct assay_slice plan, const uint8_t chain_id[static 32],
    const struct assay_service_server_world *world, struct assay_service_server **out,
    char message[static ASSAY_SERVICE_SERVER_MESSAGE]);
/* Another node of the same network and process is behind it from now on, as the world says; what
 * was asked of the one before has no answer. plan: as in open; another one where a change added
 * services: then nothing of the registry is told until it begins anew. Returns: ASSAY_OK | as open,
 * and it is to be closed */
ASSAY_CHECKED enum assay_status assay_service_server_hand_over(
    struct assay_service_server *desk, const struct assay_service_server_world *world,
    struct assay_slice plan);
/* Removes the sockets. Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_service_server_close(struct assay_service_server **desk);
/* What to poll for. Returns: how many of fds[capacity] were written. */
size_t assay_service_server_poll(const struct assay_service_server *desk, struct pollfd *fds,
                                 size_t capacity);
/* Accept, read, answer, write what can be done without waiting. Returns: nothing. */
void assay_service_server_step(struct assay_service_server *desk, uint64_t now_ms);
/* Returns: when step wants to be called at the latest; UINT64_MAX: never. */
uint64_t assay_service_server_wake_at(const struct assay_service_server *desk);

/* --- what the ledger did, in its order. Each Returns: nothing. */
/* Everything anew, from the registry of the last close (copied): programs that followed before dial
 * again. slot: this node's; ASSAY_REGISTRY_SLOTS_MAX and above: none that may serve. */
void assay_service_server_begin(struct assay_service_server *desk,
                                const struct assay_registry *registry, uint32_t slot,
                                const struct assay_service_server_moment *moment);
/* Records that were final before programs are told to begin are given between begin and open. */
void assay_service_server_ready(struct assay_service_server *desk);
void assay_service_server_record(struct assay_service_server *desk, uint32_t slot,
                                 enum assay_service_kind kind, struct assay_slice payload);
/* The next epoch closed: its registry, and what its close tells of members. */
void assay_service_server_closed(struct assay_service_server *desk,
                                 const struct assay_registry *registry,
                                 const struct assay_service_server_moment *moment);

/* --- answers of the world. Each Returns: nothing. */
/* bytes empty: there is none. */
void assay_service_server_quoted(struct assay_service_server *desk, struct assay_slice bytes);
void assay_service_server_judged(struct assay_service_server *desk, uint64_t ticket, bool good);

/* --- for people */
/* Returns: the registry as it is now; NULL before the first begin. */
const struct assay_registry *assay_service_server_registry(const struct assay_service_server *desk);
/* Returns: the plan. */
const struct assay_registry_plan *assay_service_server_plan(
    const struct assay_service_server *desk);
/* Returns: nothing. */
void assay_service_server_look(const struct assay_service_server *desk,
                               struct assay_service_server_snapshot *snapshot);

#endif
