/*
 * net/services/server/service_server_internal.h - types and functions shared by the files of the
 * service server: sockets, connections, pending requests.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_SERVICE_SERVER_INTERNAL_H
#define ASSAY_NET_SERVICES_SERVER_SERVICE_SERVER_INTERNAL_H

#include "net/services/server/service_server.h"
#include "net/services/server/users.h"
#include "net/system/accept_pause.h"

/* Connections accepted per turn and socket: a program that reconnects in a loop does not delay
 * others. */
enum { ACCEPTS_PER_STEP = 64 };
enum { SUBMITTED_MAX = 8 }; /* records whose results an enclave receives: the newest ones */

/* The socket of one role. */
struct listener {
    struct assay_service_socket is;
    int fd;             /* -1: not open */
    bool is_shared;     /* the mode of the socket decides who may connect */
    bool has_logged[2]; /* that it was crowded, at logged_ms; [1]: and a place was given */
    uint64_t logged_ms[2];
    uint64_t rejected_since_ms; /* start of the window in which rejected records are counted */
    uint64_t proofs_since_ms;   /* the same for proofs */
    char path[ASSAY_SERVICE_SOCKET_PATH];
    struct assay_user users[ASSAY_USERS_MAX];
    uint64_t served[ASSAY_USER_REQUESTS]; /* number of its last turn; 0: none */
};

struct client {
    struct assay_service_stream stream; /* fd -1: free */
    uint64_t number;                    /* never reused */
    struct listener *at;                /* whose role it has */
    struct assay_user *of;
    uint64_t served[ASSAY_USER_REQUESTS]; /* number of its last turn, or of its arrival */
    bool follows;                         /* it sent the service and group that it follows */
    bool is_following;                    /* it received the registry */
    uint32_t submissions;                 /* of an enclave; below, the digests of the last ones */
    uint8_t submitted[SUBMITTED_MAX][32];
};

/* A quote, verdict or proof that a program waits for. */
struct request {
    uint64_t ticket; /* 0: free */
    uint64_t client, serial;
    struct client *from; /* invalid once sent: the client may be disconnected */
    struct listener *at;
    struct assay_user *of;
    uint64_t until_ms;
    enum assay_user_request turn;
    bool sent;
    uint8_t report_data[64];
    /* Of a verdict; its evidence is server->evidence. */
    uint8_t node_id[32], measurement[32];
    bool has_measurement;
    size_t evidence_len;
    /* Of a proof. */
    enum assay_service_verb verb;
    uint64_t era, epoch;
    bool with_voters;
    uint32_t slot;
    uint8_t root[32]; /* of a row: the instance */
};

struct closed_group; /* service_server_rows.c */

struct assay_service_server {
    struct listener listeners[ASSAY_SERVICE_SOCKETS_MAX];
    uint8_t chain_id[32];
    struct assay_registry_plan plan;
    uint8_t plan_bytes[ASSAY_PLAN_LEN_MAX];
    size_t plan_len;
    struct assay_service_server_callbacks callbacks;
    struct client clients[ASSAY_SERVICE_SERVER_CLIENTS_MAX];
    struct request requests[ASSAY_SERVICE_SERVER_REQUESTS_MAX];
    uint8_t evidence[ASSAY_SERVICE_SERVER_REQUESTS_MAX]
                    [ASSAY_SERVICE_EVIDENCE_MAX]; /* [number of the request] */
    uint64_t numbers, tickets, turns;
    uint64_t now_ms;
    struct assay_accept_pause pause; /* of all listeners */
    bool ready; /* the registry is that of the ledger, and may be sent to programs */
    void *memory;
    struct assay_registry *registry; /* NULL before the first reset */
    struct assay_registry_facts facts;
    struct closed_group *closed[ASSAY_PLAN_GROUPS_MAX]; /* NULL: the plan has no such group */
    uint32_t slot;
    bool is_fenced;
    struct assay_service_epoch epoch;
    uint64_t records[ASSAY_SERVICE_COUNT]; /* by service, final since the last epoch close */
    uint8_t document[ASSAY_REGISTRY_DOCUMENT_LEN_MAX];
    struct assay_service_message message, answer;
    struct assay_issuance_queue issues;
    uint64_t issuer; /* number of the connection that the request at work was sent to */
    struct assay_service_server_snapshot figures;
};

static inline bool client_is_open(const struct client *c)
{
    return c->stream.fd >= 0;
}

/* --- service_server.c */
/* Returns: the message to be sent next, empty but for its verb. */
struct assay_service_message *server_new_message(struct assay_service_server *d,
                                                 enum assay_service_verb verb);
/* Drops a program that reads too slowly: it reconnects and receives everything again. */
void server_send(struct assay_service_server *d, struct client *c,
                 const struct assay_service_message *m);
/* Disconnects; cancels its requests. */
void server_drop_client(struct assay_service_server *d, struct client *c);

/* --- service_server_quotes.c: quotes, verdicts and proofs */
/* Adds the request of the last received message. */
void server_add_request(struct assay_service_server *d, struct client *c);
/* Cancels the requests of a closing connection, except one that is sent to the node. */
void server_cancel_requests(struct assay_service_server *d, const struct client *c);
/* Expires requests and starts the next ones. */
void server_poll_requests(struct assay_service_server *d);
/* The node was replaced. */
void server_reset_requests(struct assay_service_server *d);

/* --- service_server_rows.c: rows of a group after the last closed epoch */
/* Memory for the groups of the plan. Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status server_load_rows(struct assay_service_server *d);
void server_free_rows(struct assay_service_server *d);
/* An epoch closed with this registry. */
void server_close_rows(struct assay_service_server *d, const struct assay_registry *registry);
/* The answer to a ROW; empty: without looking. */
void server_send_row(struct assay_service_server *d, struct client *c, const struct request *a,
                     bool is_empty);
/* Remembers a record of an enclave. */
void server_add_submitted(struct client *c, struct assay_slice payload);
/* A record of this node's member is final: notifies the enclave that submitted it. */
void server_send_result(struct assay_service_server *d, enum assay_service_kind kind,
                        struct assay_slice payload, const char *word);

/* --- service_server_issues.c: certificates and tokens */
/* The answer of a holder's process, the last received message. */
void server_on_issued(struct assay_service_server *d, const struct client *c);
/* A connection ends: what was sent to it is sent to another one. */
void server_cancel_issues(struct assay_service_server *d, const struct client *c);
/* Expires requests and sends the next one. */
void server_poll_issues(struct assay_service_server *d);
/* Returns: when server_poll_issues has something to do; UINT64_MAX: never. */
uint64_t server_issues_wake_at(const struct assay_service_server *d);

/* --- service_server_clients.c: admission */
void server_accept_clients(struct assay_service_server *d, struct listener *l);

#endif
