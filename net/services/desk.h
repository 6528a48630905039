/*
 * net/services/desk.h - the daemon's side of the socket of services (net/services/wire.h,
 * docs/services.md 4.1): programs follow what the ledger makes, hand records in, ask for evidence
 * and have evidence judged.
 *
 * It keeps a registry of its own: that of the last close with every final record since. Nothing
 * here waits: a program that does not read is dropped, and dials again. One thread calls. Who may
 * connect is the daemon's own user, and root.
 */
#ifndef ASSAY_NET_SERVICES_DESK_H
#define ASSAY_NET_SERVICES_DESK_H

#include "services/registry/registry.h"

#include <poll.h>

enum {
    ASSAY_DESK_CLIENTS_MAX = 16,
    ASSAY_DESK_MESSAGE = 256,      /* for people */
    ASSAY_DESK_ASKS_MAX = 32,      /* quotes and verdicts that programs wait for, all together */
    ASSAY_DESK_PATIENCE_MS = 10000, /* then the answer is that there is none */
};

/* Evidence that a program was shown. */
struct assay_desk_proof {
    struct assay_slice evidence; /* borrowed for the call */
    uint8_t report_data[64];     /* that it must cover */
    uint8_t node_id[32];         /* zeros: of no node */
    bool has_measurement;
    uint8_t measurement[32];
};

/* The node behind it. Every pointer is set. */
struct assay_desk_world {
    void *context;
    /* Returns: ASSAY_OK | ASSAY_E_DUPLICATE, ASSAY_E_AGAIN, ASSAY_E_FULL (it may be said again
     * later) | why it will be in no block */
    enum assay_status (*submit)(void *context, enum assay_service_kind kind,
                                struct assay_slice payload);
    /* One at a time; answered by assay_desk_quoted. Returns: whether an answer will come. */
    bool (*quote)(void *context, const uint8_t report_data[static 64]);
    /* Answered by assay_desk_judged with the ticket, maybe within the call. Returns: whether it
     * will be. */
    bool (*judge)(void *context, uint64_t ticket, const struct assay_desk_proof *proof);
};

/* When the network is, and who it is. */
struct assay_desk_moment {
    uint64_t era, epoch; /* epoch: that closed last */
    uint8_t beacon[32];  /* of the one that runs */
    uint32_t members;    /* at most ASSAY_REGISTRY_SLOTS_MAX */
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    uint8_t node_id[ASSAY_REGISTRY_SLOTS_MAX][32]; /* zeros where nobody sits */
};

/* For people, and metrics. */
struct assay_desk_snapshot {
    uint32_t clients, following; /* connected; of them, who was told where the ledger is */
    uint64_t submitted, refused; /* records that programs handed in; that will be in no block */
    uint64_t quotes, verdicts;   /* that were answered with one */
    /* Final records by kind: those that changed something, and those that did not. */
    uint64_t applied[ASSAY_SERVICE_KIND_COUNT], idle[ASSAY_SERVICE_KIND_COUNT];
};

struct assay_desk;

/* Returns: whether its socket is for the group of its folder as well (net/unix_socket.h). */
bool assay_desk_is_shared(const struct assay_desk *desk);

/* plan: canonical bytes, copied; slot: this node's. message says why not. Returns: ASSAY_OK |
 * ASSAY_E_RANGE (a path too long for a socket) | ASSAY_E_IO (also: another daemon answers there) |
 * ASSAY_E_MEMORY | as assay_registry_plan_decode */
ASSAY_CHECKED enum assay_status assay_desk_open(const char *path, struct assay_slice plan,
                                                const uint8_t chain_id[static 32],
                                                const struct assay_desk_world *world,
                                                struct assay_desk **out,
                                                char message[static ASSAY_DESK_MESSAGE]);
/* Another node of the same network and process is behind it from now on, as the world says; what
 * was asked of the one before has no answer. plan: as in open; another one where a change added
 * services: then nothing of the registry is told until it begins anew. Returns: ASSAY_OK | as open,
 * and it is to be closed */
ASSAY_CHECKED enum assay_status assay_desk_hand_over(struct assay_desk *desk,
                                                     const struct assay_desk_world *world,
                                                     struct assay_slice plan);
/* Removes the socket. Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_desk_close(struct assay_desk **desk);
/* What to poll for. Returns: how many of fds[capacity] were written. */
size_t assay_desk_poll(const struct assay_desk *desk, struct pollfd *fds, size_t capacity);
/* Accept, read, answer, write what can be done without waiting. Returns: nothing. */
void assay_desk_step(struct assay_desk *desk, uint64_t now_ms);
/* Returns: when step wants to be called at the latest; UINT64_MAX: never. */
uint64_t assay_desk_wake_at(const struct assay_desk *desk);

/* --- what the ledger did, in its order. Each Returns: nothing. */
/* Everything anew, from the registry of the last close (copied): programs that followed before dial
 * again. slot: this node's; ASSAY_REGISTRY_SLOTS_MAX and above: none that may serve. */
void assay_desk_begin(struct assay_desk *desk, const struct assay_registry *registry,
                      uint32_t slot, const struct assay_desk_moment *moment);
/* Records that were final before programs are told to begin are given between begin and open. */
void assay_desk_ready(struct assay_desk *desk);
void assay_desk_record(struct assay_desk *desk, uint32_t slot, enum assay_service_kind kind,
                       struct assay_slice payload);
/* The next epoch closed: its registry, and what its close tells of members. */
void assay_desk_closed(struct assay_desk *desk, const struct assay_registry *registry,
                       const struct assay_desk_moment *moment);

/* --- answers of the world. Each Returns: nothing. */
/* bytes empty: there is none. */
void assay_desk_quoted(struct assay_desk *desk, struct assay_slice bytes);
void assay_desk_judged(struct assay_desk *desk, uint64_t ticket, bool good);

/* --- for people */
/* Returns: the registry as it is now; NULL before the first begin. */
const struct assay_registry *assay_desk_registry(const struct assay_desk *desk);
/* Returns: the plan. */
const struct assay_registry_plan *assay_desk_plan(const struct assay_desk *desk);
/* Returns: nothing. */
void assay_desk_look(const struct assay_desk *desk, struct assay_desk_snapshot *snapshot);

#endif
