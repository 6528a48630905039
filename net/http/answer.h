/*
 * net/http/answer.h - HTTP request handling without sockets or an HTTP library.
 *
 * docs/openapi.json is the contract: paths, parameters, documents, codes of problems. Everything is
 * rendered from one view (net/http/snapshot_slot.h). A request for too much gets one page.
 */
#ifndef ASSAY_NET_HTTP_ANSWER_H
#define ASSAY_NET_HTTP_ANSWER_H

#include "net/http/paths.h"
#include "net/http/request_check.h"
#include "net/http/snapshot_slot.h"
#include "net/timeline/timeline_log.h"

enum {
    ASSAY_HTTP_PARAMETERS_MAX = 8,
    ASSAY_HTTP_ROWS_MAX = 2000, /* rows of scores in one document: some 800 KiB */
    ASSAY_HTTP_ETAG_MAX = 64,
    ASSAY_HTTP_DEAD_MS = 5000, /* a loop that laid out nothing for this long hangs */
};

/* NULL: the header was not sent. Strings are hostile. */
struct assay_http_request {
    const char *method, *path;
    const char *accept, *if_none_match, *host, *last_event_id, *content_type;
    /* X-Assay-Certificate, X-Forwarded-Tls-Client-Cert, X-Forwarded-Client-Cert: of the client of a
     * proxy. */
    const char *certificate, *tls_client_cert, *forwarded_cert;
    /* Of the client, by its certificate or the address that it uses. NONE: nothing is answered. */
    enum assay_http_role role;
    const uint8_t *client;   /* [32] digest of the key of its certificate; NULL: it has none */
    uint64_t body_announced; /* Content-Length */
    struct assay_slice body; /* of a request that may have one, when it is complete */
    size_t parameter_count;
    struct assay_http_pair parameters[ASSAY_HTTP_PARAMETERS_MAX];
    /* What is wrong with its form or length (net/http/request_check.h); NULL: nothing. */
    const char *malformed;
    enum assay_http_request_fault fault; /* of malformed */
    bool too_many_parameters, has_body;
    bool is_coded;          /* Transfer-Encoding: its body is of unknown length, and is not read */
    bool is_unix_socket;    /* of this machine, mode 0600 */
    bool has_tls;           /* certificates of clients give their roles */
    bool loopback;          /* TCP of this machine: foreign names in Host are refused */
    bool is_certified_host; /* Host is a name of the server's certificate */
};

/* What became of a request for a workload key. */
enum assay_http_key_answer {
    ASSAY_HTTP_KEY_NONE, /* it was no such request, or a malformed one */
    ASSAY_HTTP_KEY_AUTHORIZED,
    ASSAY_HTTP_KEY_DENIED,
    ASSAY_HTTP_KEY_UNDECIDED,
    ASSAY_HTTP_KEY_ANSWERS,
};

/* What the server itself counts; written by its thread alone. */
struct assay_http_figures {
    uint64_t answers[6]; /* by hundreds of the status; [0]: none of them */
    uint64_t key_answers[ASSAY_HTTP_KEY_ANSWERS];
    uint64_t accepted, cut_slow, cut_idle, refused;
    uint64_t streams, connections; /* now */
    uint64_t held_bytes;           /* of answers, now */
};

/* What an answer is made of. */
struct assay_http_content {
    const struct assay_http_snapshot *view; /* NULL: the node is only starting */
    struct assay_timeline_log *timeline;
    const struct assay_http_figures *figures;
    uint64_t now_ms;                           /* monotonic, as the snapshot's */
    uint64_t rss_bytes, cpu_ms, fds;           /* of the process; 0: unknown */
    uint64_t disk_free_bytes, disk_size_bytes; /* of the state's folder; size 0: unknown */
    int64_t certificate_ends_unix_s;           /* of the server's own; 0: it has none */
    int64_t now_unix_s;                        /* by this machine's date */
    uint32_t metrics_members;                  /* rows of the metrics by member; 0: none */
};

struct assay_http_answer {
    unsigned status;
    const char *type;  /* static text */
    char *body;        /* of malloc, the caller's; NULL: fixed */
    const void *fixed; /* embedded in the program */
    size_t len;
    char etag[ASSAY_HTTP_ETAG_MAX]; /* "": none */
    const char *allow;              /* header Allow; NULL: none */
    const char *policy;             /* Content-Security-Policy; NULL: the one of data */
    char location[64];              /* header Location; "": none */
    bool is_of_epoch;               /* the same until the next one closes: era, epoch */
    uint32_t era;
    uint64_t epoch;
    uint64_t retry_after_s; /* header Retry-After; 0: none */
    const char *reason; /* headers Assay-Reason, Assay-Member, Assay-Key; NULL, "": none */
    char member[65], key_name[64];
    enum assay_http_key_answer key_answer;
    bool close;             /* the connection ends with it */
    bool stream;            /* not an answer: events, after stream_since */
    uint64_t stream_since;
    bool stream_resync; /* what was requested is of another run, or gone */
    char *core_line;    /* not an answer: a line that the node's loop answers; of malloc */
};

/* Returns: whether the request is well-formed, for this machine, and of a client that may read the
 * path: another one is refused before the cache of rendered documents is searched. */
bool assay_http_is_allowed(const struct assay_http_request *request);
/* Returns: whether the path is one of those where proxies request whether a key is active. Their
 * answers are small, and no reader of other documents may keep them from being made. */
bool assay_http_is_of_key(const struct assay_http_request *request);
/* Makes a failure (5xx) of /v1/ext-authz a denial, since Envoy may let requests pass on failures.
 * Other answers stay. In: answer: its reason may be set. */
void assay_http_deny_key(const struct assay_http_request *request,
                         struct assay_http_answer *answer);
/* Returns: whether the loop hangs: what is rendered of its last snapshot counts no longer. */
bool assay_http_is_stalled(const struct assay_http_snapshot *view, uint64_t now_ms);
/* Returns: how many bytes the body of this request may have; 0: it may have none. */
size_t assay_http_body_max(const struct assay_http_request *request);
/* Returns: whether answers to this request, which Accept admits, are of a closed epoch: one is
 * enough until the next. *is_named: whether Accept names the form that is not JSON. */
bool assay_http_is_of_epoch(const struct assay_http_request *request, bool *is_named);
/* The ETag of an answer of this epoch in this run of the node. */
void assay_http_epoch_etag(uint64_t boot, uint32_t era, uint64_t epoch,
                           char etag[static ASSAY_HTTP_ETAG_MAX]);
/* As above, of the newest closed epoch of a view. Returns: false: none was closed. */
bool assay_http_newest_etag(const struct assay_http_snapshot *view,
                            char etag[static ASSAY_HTTP_ETAG_MAX]);
/* Returns: whether an answer of this ETag is what the request has (If-None-Match, its list). */
bool assay_http_is_known(const struct assay_http_request *request, const char *etag);
/* Out: answer->body is the caller's to free. Without memory the status is 500 and
 * there is a fixed body. */
void assay_http_answer(const struct assay_http_content *book,
                       const struct assay_http_request *request, struct assay_http_answer *answer);
/* The answer of the node's loop to answer->core_line, as an answer of HTTP: its document, or the
 * problem that its refusal is. text: of malloc, consumed; NULL: there was no time or memory. */
void assay_http_core_answer(const struct assay_http_request *request, char *text,
                            struct assay_http_answer *answer);

#endif
