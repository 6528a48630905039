/*
 * net/http/http.h - HTTP server of a node: one thread that renders snapshots and never touches the
 * node.
 *
 * The node's loop lays out a copy of its snapshot (net/http/snapshot_slot.h) a few times a second;
 * the thread, of lower priority than the loop, answers from it. Connections, memory and time are
 * bounded; slow clients are disconnected. docs/openapi.json is the contract, docs/http.md the page
 * for operators.
 *
 * A UNIX socket (mode 0600), or TCP on a loopback address; on any other address only with mutual
 * TLS.
 */
#ifndef ASSAY_NET_HTTP_HTTP_H
#define ASSAY_NET_HTTP_HTTP_H

#include "net/http/roles.h"
#include "net/http/snapshot_slot.h"
#include "net/timeline/timeline_log.h"

enum {
    ASSAY_HTTP_CONNECTIONS_MAX = 512,
    ASSAY_HTTP_STREAMS_MAX = 200,
    ASSAY_HTTP_HELD_MAX = 64 << 20,         /* bytes of answers that clients have not read yet */
    ASSAY_HTTP_DROP_MAX = 1024 * 1024,      /* of a body that is refused and read all the same */
    ASSAY_HTTP_IDLE_MS = 10 * 1000,         /* for a complete request, from the connection on */
    ASSAY_HTTP_SLOW_MS = 30 * 1000,         /* for an answer to be read ... */
    ASSAY_HTTP_UNREAD_MS = 1000,            /* ... and while new connections need places */
    ASSAY_HTTP_PUBLISH_MS = 250,            /* between two snapshots with clients ... */
    ASSAY_HTTP_ALONE_MS = 1000,             /* ... and without */
    ASSAY_HTTP_LISTEN_MAX = 160,
    ASSAY_HTTP_METRICS_MEMBERS_MAX = 128, /* of members with metrics of their own */
};

struct assay_http_config {
    const char *socket_path; /* a UNIX socket; NULL: address */
    const char *address;     /* HOST:PORT, HOST a numeric address or localhost */
    /* PEM files for mutual TLS; all or none. clients: the CA of client certificates. */
    const char *certificate, *key, *clients;
    /* Roles of client certificates, [role_count]; with TLS alone. */
    const struct assay_http_role_rule *roles;
    size_t role_count;
    enum assay_http_role local_role;     /* of a loopback address without TLS; NONE: viewer */
    bool accept_plain;                   /* remote access without TLS, accepted by the operator */
    const char *state_dir;               /* directory for disk metrics; NULL: none */
    uint32_t metrics_members;            /* rows of the metrics by member; 0: none */
    uint64_t held_max;                   /* 0: ASSAY_HTTP_HELD_MAX */
    struct assay_timeline_log *timeline; /* borrowed, beyond assay_http_close */
};

struct assay_http;

/*
 * assay_http_check - may HTTP listen like this?
 * Out:     message: why not, for operators
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX (no such address) | ASSAY_E_INVALID (not a loopback address,
 *          and no mutual TLS; or TLS on a UNIX socket, or not whole)
 */
ASSAY_CHECKED enum assay_status assay_http_check(const struct assay_http_config *config,
                                                 char *message, size_t message_len);
/* Returns: whether other machines reach it, and it has no TLS. False for an address that is none.
 */
bool assay_http_is_open(const struct assay_http_config *config);
/*
 * assay_http_open - listen, and start the thread.
 * In:      boot: names this run of the node
 * Out:     *out; message: the reason
 * Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_MEMORY | as assay_http_check | as assay_file_read
 */
ASSAY_CHECKED enum assay_status assay_http_open(const struct assay_http_config *config,
                                                uint64_t boot, struct assay_http **out,
                                                char *message, size_t message_len);
/* Ends the thread, removes the socket. Accepts a pointer to NULL; nulls it. */
void assay_http_close(struct assay_http **http);

/* --- by the node's loop alone; none of them waits */

/* Returns: whether a snapshot is due. */
bool assay_http_due(const struct assay_http *http, uint64_t now_ms);
/* The next one is due: the last one permits what is permitted no more, or the reverse. */
void assay_http_set_due(struct assay_http *http);
/* As assay_http_snapshot_slot_publish. */
void assay_http_publish(struct assay_http *http, const struct assay_snapshot *snapshot,
                        bool draining);
/* Adds a closed epoch, which is consumed (NULL: out of memory). */
void assay_http_epoch(struct assay_http *http, struct assay_http_epoch *epoch);
void assay_http_false_vote(struct assay_http *http, const struct assay_http_false_vote *lie);
/* Sets the appraisal rules in force, which are consumed (NULL: out of memory). */
void assay_http_rules(struct assay_http *http, struct assay_http_rules *rules);
/* The timeline has new events: readers of streams are woken. */
void assay_http_notify(struct assay_http *http);
/* Returns: a descriptor that is readable while clients wait for the loop. */
int assay_http_core_fd(const struct assay_http *http);
/* Renders the document of a request line of the admin socket. Returns: text of malloc, or NULL. */
typedef char *assay_http_core_render(void *context, const char *line);
/* Answers a few requests of clients, and wakes their thread. */
void assay_http_core_step(struct assay_http *http, assay_http_core_render *render, void *context);

#endif
