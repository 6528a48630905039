/*
 * net/services/server/service_server_internal.h - types and functions shared by the files of
 * desk.h: sockets, connections, pending requests.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_SERVICE_SERVER_INTERNAL_H
#define ASSAY_NET_SERVICES_SERVER_SERVICE_SERVER_INTERNAL_H

#include "net/services/server/service_server.h"
#include "net/services/server/users.h"

/* Of one socket: so many dials are looked at in a turn, so who dials again and again holds nothing
 * up. */
enum { CALLS_PER_TURN = 64 };

/* Where programs of one role dial. */
struct listener {
    struct assay_service_socket is;
    int fd;           /* -1: it is not open */
    bool is_shared;   /* the mode of the socket says who may connect */
    bool has_told[2]; /* that it was crowded, at told_ms: [1]: and a place was given */
    uint64_t told_ms[2];
    uint64_t vain_ms; /* since when records are counted that the node did not take */
    char path[ASSAY_SERVICE_SOCKET_PATH];
    struct assay_user users[ASSAY_USERS_MAX];
    uint64_t served[ASSAY_TURNS]; /* number of its last turn; 0: it had none */
};

struct client {
    struct assay_service_stream stream; /* fd -1: free */
    uint64_t number;                    /* never used again */
    struct listener *at;                /* whose role it has */
    struct assay_user *of;
    uint64_t served[ASSAY_TURNS]; /* number of its last turn, or when it came */
    bool follows;                 /* it has said what it follows: that of its role */
    bool told;                    /* where the ledger is, and so on */
};

/* A quote or a verdict that a program waits for. */
struct ask {
    uint64_t ticket; /* 0: free */
    uint64_t client, serial;
    struct client *from; /* not when it is sent: that one may be gone */
    struct listener *at;
    struct assay_user *of;
    uint64_t until_ms;
    enum assay_turn turn;
    bool sent;
    uint8_t report_data[64];
    /* Of a verdict; its evidence is desk->evidence. */
    uint8_t node_id[32], measurement[32];
    bool has_measurement;
    size_t evidence_len;
};

struct assay_service_server {
    struct listener listeners[ASSAY_SERVICE_SOCKETS_MAX];
    uint8_t chain_id[32];
    struct assay_registry_plan plan;
    uint8_t plan_bytes[ASSAY_PLAN_LEN_MAX];
    size_t plan_len;
    struct assay_service_server_world world;
    struct client clients[ASSAY_SERVICE_SERVER_CLIENTS_MAX];
    struct ask asks[ASSAY_SERVICE_SERVER_ASKS_MAX];
    uint8_t evidence[ASSAY_SERVICE_SERVER_ASKS_MAX]
                    [ASSAY_SERVICE_EVIDENCE_MAX]; /* [number of the ask] */
    uint64_t numbers, tickets, turns;
    uint64_t now_ms;
    bool ready; /* the registry is that of the ledger, and programs may be told */
    void *memory;
    struct assay_registry *registry; /* NULL before the first begin */
    struct assay_registry_facts facts;
    uint32_t slot;
    struct assay_service_server_moment moment;
    uint64_t records[ASSAY_SERVICE_TASKS + 1]; /* by service, final since that moment's close */
    uint8_t document[ASSAY_REGISTRY_DOCUMENT_LEN_MAX];
    struct assay_service_message message, answer;
    struct assay_service_server_snapshot figures;
};

static inline bool desk_is_open(const struct client *c)
{
    return c->stream.fd >= 0;
}

/* --- desk.c */
/* Returns: the message that is written next, empty but for its verb. */
struct assay_service_message *desk_fresh(struct assay_service_server *d,
                                         enum assay_service_verb verb);
/* Who reads too slowly is dropped, dials again, and is told everything anew. Returns: nothing. */
void desk_send(struct assay_service_server *d, struct client *c,
               const struct assay_service_message *m);
/* Hangs up. What it waits for is forgotten. Returns: nothing. */
void desk_drop(struct assay_service_server *d, struct client *c);

/* --- desk_ask.c: quotes and verdicts */
/* Of the message that came last. Returns: nothing. */
void desk_ask_take(struct assay_service_server *d, struct client *c);
/* Questions of a connection that ends, but for what the node is at. Returns: nothing. */
void desk_ask_forget(struct assay_service_server *d, const struct client *c);
/* Who waited too long has no answer; the next ones are asked for. Returns: nothing. */
void desk_ask_turn(struct assay_service_server *d);
/* Another node is behind the desk. Returns: nothing. */
void desk_ask_hand_over(struct assay_service_server *d);

/* --- desk_door.c: who is let in */
void desk_door_turn(struct assay_service_server *d, struct listener *l); /* Returns: nothing. */

#endif
