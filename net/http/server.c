/*
 * net/http/server.c - adapter of libmicrohttpd: thread, connections, limits.
 *
 * The thread polls the library's own descriptor and a wake-up of ours. Requests are copied into
 * struct assay_http_request; what to say is decided in answer.c. Answers are kept while the view
 * that they were made of is the newest, so a thousand askers cost one rendering. Streams are
 * suspended while there is nothing to tell. What the library does not bound is bounded here: the
 * time for a whole request (a header a second would live for ever), the time to read an answer,
 * bytes that wait.
 */
#include "base/assert.h"
#include "base/file/file.h"
#include "base/system_clock.h"
#include "net/http/answer.h"
#include "net/http/listen.h"
#include "net/http/machine.h"
#include "net/http/request_check.h"
#include "net/http/stream.h"
#include "net/http/tls.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    NICE = 10, /* the node's loop and its verifiers come first */
    SWEEP_MS = 500,
    EVICT_ABOVE = ASSAY_HTTP_CONNECTIONS_MAX - 32, /* then idle ones make room */
    PER_ADDRESS_MAX = 64,                          /* beyond this machine */
    KEPT = 16,                                     /* cached responses */
    KEY_MAX = 192,
    PEM_MAX = 256 * 1024,
};

enum link_state { LINK_WAITING, LINK_ANSWERING, LINK_STREAMING };

/* One connection. */
struct link {
    struct assay_http *http;
    struct link *next, *before;
    struct MHD_Connection *connection;
    int fd;
    enum link_state state;
    bool suspended, cut;
    uint64_t since_ms; /* in this state; of a stream: since it took something */
    struct assay_http_stream *stream;
    struct assay_http_request_check check; /* of the request that is read */
};

/* A response while its snapshot is the newest. */
struct kept {
    char key[KEY_MAX], etag[ASSAY_HTTP_ETAG_MAX];
    uint64_t generation;
    struct MHD_Response *response;
    unsigned status;
};

struct assay_http {
    struct assay_http_snapshot_slot *slot;
    struct assay_timeline_log *timeline; /* borrowed */
    char *socket_path;
    int wake_fd;
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
    uint64_t now_ms, swept_ms, boot;
    uint64_t generation; /* of the last snapshot in use */
    struct assay_http_figures figures;
    struct kept kept[KEPT];
    size_t kept_next;
    char *certificate, *key, *authority; /* PEM, NUL-terminated */
    int64_t certificate_ends_unix_s;
    char *state_dir;
};

/* ------------------------------------------------------------ requests */

static enum MHD_Result take_parameter(void *context, enum MHD_ValueKind kind, const char *key,
                                      const char *value)
{
    struct assay_http_request *request = context;
    (void)kind;
    ASSAY_ASSERT(request->parameter_count <= ASSAY_HTTP_PARAMETERS_MAX);
    if (request->parameter_count == ASSAY_HTTP_PARAMETERS_MAX) {
        request->too_many_parameters = true;
        return MHD_NO;
    }
    request->parameters[request->parameter_count++] =
        (struct assay_http_pair){ .key = key, .value = value };
    return MHD_YES;
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *key,
                                   size_t key_len, const char *value, size_t value_len)
{
    (void)kind;
    assay_http_request_check_header(context, key, key_len, value != NULL ? value : "", value_len);
    return MHD_YES;
}

/* The target before the library decodes it, which would hide what follows a NUL. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct link *link = info != NULL ? info->socket_context : NULL;
    (void)context;
    if (link == NULL) return NULL;
    link->check = (struct assay_http_request_check){ 0 };
    assay_http_request_check_target(&link->check, target);
    return NULL; /* the state of a request that on_request has not seen */
}

static const char *on_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void read_request(const struct link *link, const char *method, const char *url,
                         struct assay_http_request *out)
{
    struct MHD_Connection *c = link->connection;
    const char *length = on_header(c, MHD_HTTP_HEADER_CONTENT_LENGTH);
    *out = (struct assay_http_request){
        .method = method,
        .path = url,
        .accept = on_header(c, MHD_HTTP_HEADER_ACCEPT),
        .if_none_match = on_header(c, MHD_HTTP_HEADER_IF_NONE_MATCH),
        .host = on_header(c, MHD_HTTP_HEADER_HOST),
        .last_event_id = on_header(c, "Last-Event-ID"),
        .has_body = (length != NULL && strcmp(length, "0") != 0) ||
                    on_header(c, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL,
        .malformed = link->check.fault,
        .loopback = link->http->loopback,
    };
    (void)MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, take_parameter, out);
}

/* ------------------------------------------------------------ answers and their headers */

/* Bytes of a response, counted until it is no longer read. */
struct held {
    struct assay_http *http;
    size_t len;
    char *body;
};

static void release_request(void *context)
{
    struct held *held = context;
    ASSAY_ASSERT(held->http->figures.held_bytes >= held->len);
    held->http->figures.held_bytes -= held->len;
    free(held->body);
    free(held);
}

static struct MHD_Response *response_of(struct assay_http *http, struct assay_http_answer *answer)
{
    ASSAY_ASSERT(answer->body != NULL || answer->fixed != NULL);
    union {
        const void *in;
        void *out;
    } fixed = { .in = answer->fixed }; /* the library does not write to persistent bytes */
    if (answer->body == NULL)
        return MHD_create_response_from_buffer(answer->len, fixed.out, MHD_RESPMEM_PERSISTENT);
    struct held *held = malloc(sizeof *held);
    struct MHD_Response *response = NULL;
    if (held != NULL) {
        *held = (struct held){ .http = http, .len = answer->len, .body = answer->body };
        response = MHD_create_response_from_buffer_with_free_callback_cls(answer->len, answer->body,
                                                                          release_request, held);
    }
    if (response != NULL) {
        http->figures.held_bytes += answer->len;
    } else {
        free(held);
        free(answer->body);
    }
    answer->body = NULL;
    return response;
}

static void add_headers(struct MHD_Response *response, const struct assay_http_answer *answer)
{
    static const char data_policy[] = "default-src 'none'; frame-ancestors 'none'";
    const struct {
        const char *name, *value;
    } headers[] = {
        { MHD_HTTP_HEADER_CONTENT_TYPE, answer->type },
        { MHD_HTTP_HEADER_CACHE_CONTROL, answer->etag[0] != '\0' ? "no-cache" : "no-store" },
        { MHD_HTTP_HEADER_ETAG, answer->etag[0] != '\0' ? answer->etag : NULL },
        { MHD_HTTP_HEADER_ALLOW, answer->allow },
        { MHD_HTTP_HEADER_RETRY_AFTER, answer->again ? "1" : NULL },
        { MHD_HTTP_HEADER_CONNECTION, answer->close ? "close" : NULL },
        { MHD_HTTP_HEADER_VARY, "Accept" },
        { "Content-Security-Policy", answer->policy != NULL ? answer->policy : data_policy },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Referrer-Policy", "no-referrer" },
        { "X-Content-Type-Options", "nosniff" },
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (headers[i].value != NULL)
            (void)MHD_add_response_header(response, headers[i].name, headers[i].value);
}

static void count_answer(struct assay_http *http, const char *path, unsigned status)
{
    if (strcmp(path, "/metrics") == 0) return; /* they do not count themselves */
    http->figures.answers[status / 100 < 6 ? status / 100 : 0]++;
}

/* ------------------------------------------------------------ response cache */

/* Returns: false when this response depends on more than the snapshot, or its key is too long. */
static bool cache_key(const struct assay_http_request *r, char key[static KEY_MAX])
{
    static const char *const never[] = { "/livez", "/readyz", "/v1/permit", "/v1/events",
                                         "/v1/timeline" };
    const bool open = r->accept != NULL && strstr(r->accept, "openmetrics") != NULL;
    if (!assay_http_host_is_allowed(r) || r->has_body || r->too_many_parameters) return false;
    if (strcmp(r->method, "GET") != 0 || (r->accept != NULL && strstr(r->accept, "*/*") == NULL))
        return false;
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (strcmp(r->path, never[i]) == 0) return false;
    int len = snprintf(key, KEY_MAX, "%s%c", r->path, open ? '+' : '?');
    for (size_t i = 0; i < r->parameter_count && len > 0 && len < KEY_MAX; i++)
        len += snprintf(key + len, (size_t)(KEY_MAX - len), "%s=%s&", r->parameters[i].key,
                        r->parameters[i].value != NULL ? r->parameters[i].value : "");
    return len > 0 && len < KEY_MAX;
}

static const struct kept *find_cached(const struct assay_http *http, const char *key,
                                      uint64_t generation)
{
    for (size_t i = 0; i < KEPT; i++)
        if (http->kept[i].response != NULL && http->kept[i].generation == generation &&
            strcmp(http->kept[i].key, key) == 0)
            return &http->kept[i];
    return NULL;
}

/* Acquires a reference of its own. */
static void cache_answer(struct assay_http *http, const char *key, const char *etag,
                         uint64_t generation, struct MHD_Response *response)
{
    struct kept *place = &http->kept[http->kept_next++ % KEPT];
    if (place->response != NULL) MHD_destroy_response(place->response);
    *place = (struct kept){ .generation = generation, .response = response, .status = 200 };
    (void)snprintf(place->key, sizeof place->key, "%s", key);
    (void)snprintf(place->etag, sizeof place->etag, "%s", etag);
}

/* Responses of an old snapshot get no new readers. */
static void clear_cached(struct assay_http *http, bool all)
{
    for (size_t i = 0; i < KEPT; i++) {
        struct kept *kept = &http->kept[i];
        if (kept->response == NULL || (!all && kept->generation == http->generation)) continue;
        MHD_destroy_response(kept->response);
        kept->response = NULL;
    }
}

/* ------------------------------------------------------------ streams */

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t capacity)
{
    struct link *link = context;
    ASSAY_ASSERT(link->stream != NULL);
    struct assay_http *http = link->http;
    (void)position;
    if (atomic_load(&http->stop)) return MHD_CONTENT_READER_END_OF_STREAM;
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(http->slot);
    const size_t len =
        assay_http_stream_read(link->stream, http->timeline, view, http->now_ms, out, capacity);
    assay_http_snapshot_release(&view);
    link->since_ms = http->now_ms;
    if (len > 0) return (ssize_t)len;
    MHD_suspend_connection(link->connection);
    link->suspended = true;
    return 0;
}

static void end_stream(void *context)
{
    struct link *link = context;
    ASSAY_ASSERT(link->stream != NULL && link->http->figures.streams > 0);
    free(link->stream);
    link->stream = NULL;
    link->http->figures.streams--;
}

static struct MHD_Response *stream_of(struct link *link, const struct assay_http_answer *answer)
{
    ASSAY_ASSERT(link->stream == NULL && answer->stream);
    struct assay_http *http = link->http;
    link->stream = malloc(sizeof *link->stream);
    if (link->stream == NULL) return NULL;
    assay_http_stream_init(link->stream, http->boot, answer->stream_since, answer->stream_resync,
                           http->now_ms);
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, ASSAY_HTTP_CHUNK_MAX, read_stream, link, end_stream);
    if (response == NULL) {
        free(link->stream);
        link->stream = NULL;
        return NULL;
    }
    http->figures.streams++;
    return response;
}

/* ------------------------------------------------------------ one request */

static enum MHD_Result queue(struct link *link, unsigned status, struct MHD_Response *response)
{
    link->state = link->stream != NULL ? LINK_STREAMING : LINK_ANSWERING;
    link->since_ms = link->http->now_ms;
    return MHD_queue_response(link->connection, status, response);
}

/* Nothing more is rendered while too many bytes are unread. */
static enum MHD_Result answer_busy(struct link *link)
{
    static const char text[] =
        "{\"type\":\"about:blank\",\"title\":\"Too many requests at once, or the node is "
        "starting\",\"status\":503,\"detail\":\"\",\"instance\":\"\",\"code\":\"too_busy\","
        "\"hint\":\"retry in a second\"}";
    struct assay_http_answer answer = { .status = 503,
                                        .type = "application/problem+json",
                                        .fixed = text,
                                        .len = sizeof text - 1,
                                        .again = true };
    struct MHD_Response *response = response_of(link->http, &answer);
    if (response == NULL) return MHD_NO;
    add_headers(response, &answer);
    const enum MHD_Result result = queue(link, answer.status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_new(struct link *link, const struct assay_http_request *request,
                                  const struct assay_http_snapshot *view, const char *key)
{
    ASSAY_ASSERT(key == NULL || view != NULL);
    struct assay_http *http = link->http;
    struct assay_http_answer answer;
    struct assay_http_content book = {
        .view = view, .timeline = http->timeline, .figures = &http->figures, .now_ms = http->now_ms
    };
    if (strcmp(request->path, "/metrics") == 0) {
        assay_http_read_machine(http->state_dir, &book);
        book.certificate_ends_unix_s = http->certificate_ends_unix_s;
    }
    assay_http_answer(&book, request, &answer);
    count_answer(http, request->path, answer.status);
    if (answer.stream && http->figures.streams >= ASSAY_HTTP_STREAMS_MAX) return answer_busy(link);
    struct MHD_Response *response =
        answer.stream ? stream_of(link, &answer) : response_of(http, &answer);
    if (response == NULL) return MHD_NO; /* the connection is closed */
    add_headers(response, &answer);
    const enum MHD_Result result = queue(link, answer.status, response);
    if (key != NULL && answer.status == 200 && !answer.stream)
        cache_answer(http, key, answer.etag, view->generation, response);
    else MHD_destroy_response(response);
    return result;
}

/* The client has the cached response: no body, no rendering. */
static enum MHD_Result answer_unchanged(struct link *link, const char *etag)
{
    struct assay_http_answer answer = { .status = 304, .type = "application/json", .fixed = "" };
    (void)snprintf(answer.etag, sizeof answer.etag, "%s", etag);
    struct MHD_Response *response = response_of(link->http, &answer);
    if (response == NULL) return MHD_NO;
    add_headers(response, &answer);
    const enum MHD_Result result = queue(link, answer.status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_link(struct link *link, const struct assay_http_request *request)
{
    struct assay_http *http = link->http;
    char key[KEY_MAX];
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(http->slot);
    const bool may_keep = view != NULL && cache_key(request, key);
    const struct kept *kept = may_keep ? find_cached(http, key, view->generation) : NULL;
    enum MHD_Result result = MHD_NO;
    if (kept != NULL && assay_http_is_known(request, kept->etag)) {
        count_answer(http, request->path, 304);
        result = answer_unchanged(link, kept->etag);
    } else if (kept != NULL) {
        count_answer(http, request->path, kept->status);
        result = queue(link, kept->status, kept->response);
    } else if (http->figures.held_bytes > ASSAY_HTTP_HELD_MAX) {
        http->figures.answers[5]++;
        result = answer_busy(link);
    } else {
        result = answer_new(link, request, view, may_keep ? key : NULL);
    }
    assay_http_snapshot_release(&view);
    return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **state)
{
    struct assay_http_request request;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct link *link = info != NULL ? info->socket_context : NULL;
    (void)context;
    (void)upload;
    (void)upload_len;
    if (link == NULL || link->stream != NULL) return MHD_NO;
    /* The first call is for the headers: a response to those would close the connection, which is
     * correct for an unwanted body. */
    const bool first = *state == NULL;
    *state = link;
    if (first) {
        (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, &link->check);
        link->check.fault = assay_http_request_check_end(&link->check, version);
    }
    read_request(link, method, url, &request);
    if (first && !request.has_body && request.malformed == NULL) return MHD_YES;
    return answer_link(link, &request);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct link *link = *state;
    (void)context;
    (void)connection;
    (void)code;
    if (link == NULL) return;
    link->state = LINK_WAITING;
    link->suspended = false;
    link->since_ms = link->http->now_ms;
}

/* ------------------------------------------------------------ connections */

/* The library learns of it as if the other side had gone. */
static void cut_connection(struct link *link)
{
    if (link->cut) return;
    link->cut = true;
    (void)shutdown(link->fd, SHUT_RDWR);
    if (!link->suspended) return;
    link->suspended = false;
    MHD_resume_connection(link->connection);
}

/* A new connection with little room left: the longest idle one is closed. */
static void evict_connection(struct assay_http *http)
{
    struct link *oldest = NULL;
    if (http->figures.connections < EVICT_ABOVE) return;
    for (struct link *l = http->links; l != NULL; l = l->next)
        if (l->state == LINK_WAITING && !l->cut &&
            (oldest == NULL || l->since_ms < oldest->since_ms))
            oldest = l;
    if (oldest == NULL) return;
    http->figures.refused++;
    cut_connection(oldest);
}

/* A client shows a certificate of http.clients, or the handshake fails. */
static bool demand_certificate(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info == NULL || info->tls_session == NULL) return false;
    assay_http_tls_require_client(info->tls_session);
    return true;
}

static void on_socket(struct assay_http *http, struct MHD_Connection *connection, void **place)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const int fd = info != NULL ? info->connect_fd : -1;
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL || fd < 0 || (http->certificate != NULL && !demand_certificate(connection))) {
        if (fd >= 0) (void)shutdown(fd, SHUT_RDWR);
        free(link);
        return;
    }
    evict_connection(http);
    *link = (struct link){ .http = http,
                           .next = http->links,
                           .connection = connection,
                           .fd = fd,
                           .since_ms = http->now_ms };
    if (http->links != NULL) http->links->before = link;
    http->links = link;
    http->figures.connections++;
    http->figures.accepted++;
    *place = link;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **place,
                          enum MHD_ConnectionNotificationCode code)
{
    struct assay_http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        on_socket(http, connection, place);
    } else if (*place != NULL) {
        struct link *link = *place;
        if (link->next != NULL) link->next->before = link->before;
        if (link->before != NULL) link->before->next = link->next;
        else http->links = link->next;
        ASSAY_ASSERT(http->figures.connections > 0);
        http->figures.connections--;
        free(link);
        *place = NULL;
    }
    atomic_store(&http->clients, (uint32_t)http->figures.connections);
}

static bool is_over(const struct assay_http *http, const struct link *link)
{
    const uint64_t age = http->now_ms - link->since_ms;
    if (link->cut || link->suspended) return false;
    return age > (link->state == LINK_WAITING ? ASSAY_HTTP_IDLE_MS : ASSAY_HTTP_SLOW_MS);
}

static void sweep_connections(struct assay_http *http)
{
    if (http->now_ms - http->swept_ms < SWEEP_MS) return;
    http->swept_ms = http->now_ms;
    for (struct link *l = http->links, *next = NULL; l != NULL; l = next) {
        next = l->next;
        if (!is_over(http, l)) continue;
        if (l->state == LINK_WAITING) http->figures.cut_idle++;
        else http->figures.cut_slow++;
        cut_connection(l);
    }
}

/* ------------------------------------------------------------ the thread */

static void resume_streams(struct assay_http *http)
{
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(http->slot);
    const uint64_t last = assay_timeline_log_last(http->timeline);
    if (view != NULL && view->generation != http->generation) {
        http->generation = view->generation;
        clear_cached(http, false);
    }
    assay_http_snapshot_release(&view);
    for (struct link *l = http->links; l != NULL; l = l->next) {
        if (!l->suspended || l->stream == NULL) continue;
        if (!assay_http_stream_is_ready(l->stream, last, http->generation, http->now_ms)) continue;
        l->suspended = false;
        MHD_resume_connection(l->connection);
    }
}

static int idle_limit_ms(struct assay_http *http)
{
    MHD_UNSIGNED_LONG_LONG timeout = SWEEP_MS;
    const unsigned long long most = http->figures.streams > 0 ? ASSAY_HTTP_SNAPSHOT_MS : SWEEP_MS;
    if (MHD_get_timeout(http->daemon, &timeout) != MHD_YES || timeout > most) timeout = most;
    return (int)timeout;
}

static void *run_server(void *context)
{
    struct assay_http *http = context;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd fds[2] = { { .fd = info != NULL ? info->epoll_fd : -1, .events = POLLIN },
                             { .fd = http->wake_fd, .events = POLLIN } };
    (void)setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone, on Linux */
    while (!atomic_load(&http->stop)) {
        uint64_t woken = 0;
        (void)poll(fds, 2, idle_limit_ms(http));
        http->now_ms = assay_monotonic_ms();
        if (read(http->wake_fd, &woken, sizeof woken) > 0 || http->figures.streams > 0)
            resume_streams(http);
        sweep_connections(http);
        (void)MHD_run(http->daemon);
    }
    /* The library closes no connection that is suspended. */
    for (struct link *l = http->links; l != NULL; l = l->next) {
        if (!l->suspended) continue;
        l->suspended = false;
        MHD_resume_connection(l->connection);
    }
    (void)MHD_run(http->daemon);
    return NULL;
}

/* ------------------------------------------------------------ opening and closing */

static enum assay_status read_pem(const char *path, char **out, char *message, size_t message_len)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (path == NULL) return ASSAY_OK;
    enum assay_status status = assay_file_read(path, PEM_MAX, &bytes, &len);
    char *text = status == ASSAY_OK ? malloc(len + 1) : NULL;
    if (status == ASSAY_OK && text == NULL) status = ASSAY_E_MEMORY;
    if (text != NULL) {
        assay_bytes_copy(text, len, bytes, len);
        text[len] = '\0';
    }
    if (bytes != NULL) explicit_bzero(bytes, len);
    free(bytes);
    *out = text;
    if (status != ASSAY_OK)
        (void)snprintf(message, message_len, "%.200s: %s", path, assay_status_text(status));
    return status;
}

static enum assay_status open_daemon(struct assay_http *http, int fd, bool within, char *message,
                                     size_t message_len)
{
    ASSAY_ASSERT(fd >= 0 && http->daemon == NULL);
    const bool tls = http->certificate != NULL;
    static char priorities[] = ASSAY_HTTP_TLS_PRIORITIES;
    const struct MHD_OptionItem tls_options[] = {
        { MHD_OPTION_HTTPS_PRIORITIES, 0, priorities },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, http->key },
        { MHD_OPTION_HTTPS_MEM_CERT, 0, http->certificate },
        { MHD_OPTION_HTTPS_MEM_TRUST, 0, http->authority },
        { MHD_OPTION_END, 0, NULL },
    };
    const struct MHD_OptionItem plain_options[] = { { MHD_OPTION_END, 0, NULL } };
    union {
        const struct MHD_OptionItem *in;
        void *out;
    } options = { .in = tls ? tls_options : plain_options };
    const unsigned flags = (unsigned)MHD_USE_EPOLL | (unsigned)MHD_ALLOW_SUSPEND_RESUME |
                           (tls ? (unsigned)MHD_USE_TLS : 0U);
    http->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)ASSAY_HTTP_CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, within ? 0U : (unsigned)PER_ADDRESS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(ASSAY_HTTP_SLOW_MS / 1000),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)ASSAY_HTTP_REQUEST_LEN_MAX,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, http, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, http, MHD_OPTION_ARRAY, options.out,
        MHD_OPTION_END);
    if (http->daemon != NULL) return ASSAY_OK;
    (void)close(fd);
    (void)snprintf(message, message_len, "%s",
                   tls ? "HTTP: certificate and key are not of a kind that TLS takes, or not of "
                         "each other"
                       : "HTTP: the server cannot be set up");
    return ASSAY_E_IO;
}

static enum assay_status open_all(struct assay_http *http, const struct assay_http_config *config,
                                  char *message, size_t message_len)
{
    ASSAY_ASSERT(http->wake_fd < 0 && http->slot == NULL && http->daemon == NULL);
    ASSAY_ASSERT(config->timeline != NULL);
    int fd = -1;
    ASSAY_TRY(assay_http_check(config, message, message_len));
    ASSAY_TRY(read_pem(config->certificate, &http->certificate, message, message_len));
    ASSAY_TRY(read_pem(config->key, &http->key, message, message_len));
    ASSAY_TRY(read_pem(config->clients, &http->authority, message, message_len));
    (void)snprintf(message, message_len, "HTTP cannot be set up");
    http->certificate_ends_unix_s = assay_http_tls_get_expiry(http->certificate);
    http->state_dir = config->state_dir != NULL ? strdup(config->state_dir) : NULL;
    if (config->state_dir != NULL && http->state_dir == NULL) return ASSAY_E_MEMORY;
    http->slot = assay_http_snapshot_slot_create(http->boot);
    http->timeline = config->timeline;
    if (http->slot == NULL) return ASSAY_E_MEMORY;
    http->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (http->wake_fd < 0) return ASSAY_E_IO;
    ASSAY_TRY(assay_http_listen(config, &fd, &http->loopback, message, message_len));
    if (config->socket_path != NULL) {
        http->socket_path = strdup(config->socket_path);
        if (http->socket_path == NULL) {
            (void)unlink(config->socket_path);
            (void)close(fd);
            return ASSAY_E_MEMORY;
        }
    }
    ASSAY_TRY(
        open_daemon(http, fd, config->socket_path != NULL || http->loopback, message, message_len));
    http->now_ms = assay_monotonic_ms();
    http->has_thread = pthread_create(&http->thread, NULL, run_server, http) == 0;
    return http->has_thread ? ASSAY_OK : ASSAY_E_MEMORY;
}

enum assay_status assay_http_open(const struct assay_http_config *config, uint64_t boot,
                                  struct assay_http **out, char *message, size_t message_len)
{
    struct assay_http *http = calloc(1, sizeof *http);
    if (http == NULL) return ASSAY_E_MEMORY;
    http->wake_fd = -1;
    http->boot = boot;
    const enum assay_status status = open_all(http, config, message, message_len);
    if (status != ASSAY_OK) assay_http_close(&http);
    else message[0] = '\0';
    *out = http;
    return status;
}

static void wake_server(struct assay_http *http)
{
    const uint64_t one = 1;
    /* A counter that is full wakes as well. */
    const ssize_t written = write(http->wake_fd, &one, sizeof one);
    ASSAY_ASSERT(written == (ssize_t)sizeof one || errno == EAGAIN);
}

void assay_http_close(struct assay_http **http)
{
    struct assay_http *h = *http;
    *http = NULL;
    if (h == NULL) return;
    atomic_store(&h->stop, true);
    if (h->has_thread) wake_server(h);
    if (h->has_thread) (void)pthread_join(h->thread, NULL);
    clear_cached(h, true);
    if (h->daemon != NULL) MHD_stop_daemon(h->daemon); /* closes the listener, too */
    if (h->socket_path != NULL) (void)unlink(h->socket_path);
    free(h->socket_path);
    assay_http_snapshot_slot_destroy(&h->slot);
    if (h->wake_fd >= 0) (void)close(h->wake_fd);
    if (h->key != NULL) explicit_bzero(h->key, strlen(h->key));
    free(h->state_dir);
    free(h->certificate);
    free(h->key);
    free(h->authority);
    free(h);
}

/* ------------------------------------------------------------ from the node's loop */

bool assay_http_due(const struct assay_http *http, uint64_t now_ms)
{
    const uint64_t every =
        atomic_load(&http->clients) > 0 ? ASSAY_HTTP_PUBLISH_MS : ASSAY_HTTP_ALONE_MS;
    return !http->has_published || now_ms - http->published_ms >= every;
}

void assay_http_set_due(struct assay_http *http)
{
    http->has_published = false;
}

void assay_http_publish(struct assay_http *http, const struct assay_snapshot *snapshot,
                        bool draining)
{
    http->published_ms = snapshot->now_ms;
    http->has_published = assay_http_snapshot_slot_publish(http->slot, snapshot, draining);
    wake_server(http);
}

void assay_http_epoch(struct assay_http *http, struct assay_http_epoch *epoch)
{
    assay_http_snapshot_slot_add_epoch(http->slot, epoch);
}

void assay_http_rules(struct assay_http *http, struct assay_http_rules *rules)
{
    assay_http_snapshot_slot_set_rules(http->slot, rules);
}

void assay_http_changes(struct assay_http *http, char *text)
{
    assay_http_snapshot_slot_set_changes(http->slot, assay_http_changes_create(text));
}

void assay_http_false_vote(struct assay_http *http, const struct assay_http_false_vote *lie)
{
    assay_http_snapshot_slot_add_false_vote(http->slot, lie);
}

void assay_http_notify(struct assay_http *http)
{
    wake_server(http);
}
