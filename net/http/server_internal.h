/*
 * net/http/server_internal.h - data of the HTTP server, shared by the files of its adapter.
 *
 *   server.c           thread, connections, opening and closing, what the node's loop calls
 *   server_requests.c  one request: copied, answered; streams; what the loop renders
 *   server_cache.c     responses that more than one client gets
 */
#ifndef ASSAY_NET_HTTP_SERVER_INTERNAL_H
#define ASSAY_NET_HTTP_SERVER_INTERNAL_H

#include "net/http/answer.h"
#include "net/http/body_places.h"
#include "net/http/core_queue.h"
#include "net/http/http.h"
#include "net/http/request_check.h"
#include "net/http/stream.h"

#include <microhttpd.h>
#include <pthread.h>

enum {
    HTTP_SERVER_KEPT = 16,    /* cached responses */
    HTTP_SERVER_EPOCHAL = 64, /* the same, of a closed epoch: the node's loop renders them */
    HTTP_SERVER_KEY_MAX = 192,
    /* Memory of a connection in the library: head of a request, a value for each header, parameter
     * and cookie, and head of the response. Pages that no request needs are never touched. */
    HTTP_SERVER_POOL_LEN = 64 * 1024,
    HTTP_SERVER_VALUE_LEN = 72,
    HTTP_SERVER_POOL_RESERVE = 8 * 1024, /* for the head of a response: 2 KiB at most */
};

enum link_state { LINK_WAITING, LINK_ANSWERING, LINK_STREAMING, LINK_IN_CORE, LINK_IN_TURN };

/* The client of a connection: digest of a key, user or address. Of an IPv6 address the owner is the
 * /64, which one machine has, and the site the /48, the usual assignment of one subscriber; else
 * both are the same. */
struct http_server_origin {
    uint64_t owner, site;
};

/* One connection. */
struct link {
    struct assay_http *http;
    struct link *next, *before;
    struct MHD_Connection *connection;
    int fd;
    enum link_state state;
    bool suspended, cut;
    struct http_server_origin origin;
    uint64_t accepted_ms;
    uint64_t since_ms; /* in this state; of a stream: since it took something */
    uint64_t read_ms;  /* of an answer: since the client took bytes of it */
    int queued_len;    /* bytes in its socket behind the last turn of the library */
    struct assay_http_stream *stream;
    struct assay_http_request_check check; /* of the request that is read */
    bool too_many_parameters;              /* of it; they were cut off before they were parsed */
    bool has_role; /* role and client are of its certificate, which was read */
    enum assay_http_role role;
    uint8_t client[32]; /* digest of its key; without certificate: the same for all */
    bool has_turn;      /* its document is rendered now */
    uint64_t order;     /* of those that wait for a turn */
    size_t held_len;    /* of its response, unless that is a constant of the program */
    uint64_t ticket;    /* of the node's loop; 0: nothing is requested of it */
    bool has_text;      /* it has answered: text, NULL without memory or in time */
    char *text;
    uint8_t *body; /* of malloc; [body_len] of the request that is read */
    size_t body_len, body_max;
    size_t body_place; /* of a body */
    bool drops_body;   /* what is announced is read and dropped, then refused */
};

/* A response while its snapshot, or the epoch of its ETag, is the newest. */
struct kept {
    char key[HTTP_SERVER_KEY_MAX], etag[ASSAY_HTTP_ETAG_MAX];
    uint64_t generation;
    size_t len;
    struct MHD_Response *response;
    unsigned status;
};

struct assay_http {
    struct assay_http_snapshot_slot *slot;
    struct assay_http_core_queue *core;
    struct assay_timeline_log *timeline; /* borrowed */
    char *socket_path;
    int wake_fd;
    int core_fd; /* wakes the node's loop */
    pthread_t thread;
    bool has_thread, loopback;
    _Atomic bool stop;
    _Atomic uint32_t clients; /* for the loop: whether there are clients */
    /* the loop's */
    uint64_t published_ms;
    bool has_published; /* and no newer one is due at once */
    /* the thread's */
    struct MHD_Daemon *daemon;
    struct link *links;
    uint64_t now_ms, swept_ms, measured_ms, boot;
    uint64_t generation;                  /* of the last snapshot in use */
    uint64_t rendered_us, waits, ordered; /* since the last turn; requests that wait; so far */
    uint8_t turn_of[32];                  /* the client that had the last turn */
    struct assay_http_figures figures;
    char chain[65];    /* of every view; "": there was none yet */
    uint32_t epoch_ms; /* T of the last view; 0: there was none yet */
    struct kept kept[HTTP_SERVER_KEPT], epochal[HTTP_SERVER_EPOCHAL];
    size_t kept_next, epochal_next;
    struct assay_http_body_places bodies;
    char *certificate, *key, *authority; /* PEM, NUL-terminated */
    int64_t certificate_ends_unix_s;
    uint64_t held_max;
    uint32_t metrics_members; /* rows of the metrics by member */
    char *state_dir;
    enum assay_http_role local_role; /* NONE: viewer */
    size_t role_count;
    struct assay_http_role_rule roles[ASSAY_HTTP_ROLES_MAX];
};

/* --- server.c */
void http_server_wake(int fd);
/* For a new stream of the connection, where all places of streams are taken: one of the client with
 * most is closed. Returns: whether there is a place; false: no other client has more. */
bool http_server_has_stream_place(struct link *link);

/* --- server_requests.c: callbacks of the library */
void *http_server_on_target(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result http_server_on_request(void *context, struct MHD_Connection *connection,
                                       const char *url, const char *method, const char *version,
                                       const char *upload, size_t *upload_len, void **state);
void http_server_on_completed(void *context, struct MHD_Connection *connection, void **state,
                              enum MHD_RequestTerminationCode code);
/* Once in each turn of the thread: one of the requests that wait for theirs continues. */
void http_server_give_turn(struct assay_http *http);
/* Continues requests that the node's loop has answered, or did not answer in time. */
void http_server_resume_core(struct assay_http *http);
/* What the connection holds of a request that ended. */
void http_server_forget_request(struct link *link);

/* --- server_cache.c */
/* Returns: false when the response depends on more than the snapshot, as ages and roles do, or its
 * key is too long. */
bool http_server_cache_key(const struct assay_http_request *r,
                           char key[static HTTP_SERVER_KEY_MAX]);
/* Of a document of a closed epoch that the node's loop renders; with the form, which Accept may
 * choose. Returns: false: the request is for no such document. */
bool http_server_cache_epoch_key(const struct assay_http_request *r,
                                 char key[static HTTP_SERVER_KEY_MAX]);
/* Returns: the response of this generation, NULL: there is none. */
const struct kept *http_server_cache_find(const struct assay_http *http, const char *key,
                                          uint64_t generation);
/* Returns: the response of the epoch that the view ends with, NULL: there is none. */
const struct kept *http_server_cache_find_epoch(const struct assay_http *http, const char *key,
                                                const struct assay_http_snapshot *view);
/* Each consumes a reference to the response. len: of its body */
void http_server_cache_add(struct assay_http *http, const char *key, const char *etag,
                           uint64_t generation, struct MHD_Response *response, size_t len);
void http_server_cache_add_epoch(struct assay_http *http, const char *key, const char *etag,
                                 struct MHD_Response *response, size_t len);
/* Responses of an old snapshot, or all of them, get no new readers. */
void http_server_clear_cached(struct assay_http *http, bool all);

#endif
