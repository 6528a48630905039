/*
 * net/http/server_requests.c - adapter of libmicrohttpd: one request and its response.
 *
 * Requests are copied into struct assay_http_request; what to say is decided in answer.c. Answers
 * are cached (server_cache.c). A request that the node's loop renders is suspended until that has
 * answered.
 */
#include "net/http/server_internal.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "net/documents/document.h"
#include "net/http/machine.h"
#include "net/http/tls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

/* More parameters than any path has are cut off before the library parses them: where they do not
 * fit into its memory, version 0.9.75 queues a refusal, forgets it, and closes the connection. The
 * text is the library's own buffer, which it writes to behind this call. */
static bool cut_parameters(const char *target)
{
    size_t others = 0;
    const char *const query = strchr(target, '?');
    for (const char *at = query; at != NULL; at = strchr(at + 1, '&'))
        others++;
    if (others <= ASSAY_HTTP_PARAMETERS_MAX) return false;
    union {
        const char *in;
        char *out;
    } const text = { .in = query };
    text.out[1] = '\0';
    return true;
}

/* The target before the library decodes it, which would hide what follows a NUL. */
void *http_server_on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct link *link = info != NULL ? info->socket_context : NULL;
    (void)context;
    if (link == NULL) return NULL;
    link->check = (struct assay_http_request_check){ 0 };
    assay_http_request_check_target(&link->check, target);
    link->too_many_parameters = cut_parameters(target);
    return NULL; /* the state of a request that on_request has not seen */
}

static const char *on_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* By the certificate, which the handshake has verified. Without TLS the address decides: a UNIX
 * socket of mode 0600 has the readers of the admin socket. */
static enum assay_http_role get_role(struct link *link)
{
    struct assay_http *http = link->http;
    if (http->certificate == NULL && http->socket_path != NULL) return ASSAY_HTTP_ROLE_AUDITOR;
    if (http->certificate == NULL && http->loopback && http->local_role != ASSAY_HTTP_ROLE_NONE)
        return http->local_role;
    if (http->certificate == NULL) return ASSAY_HTTP_ROLE_VIEWER;
    if (link->has_role) return link->role;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(link->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    struct assay_http_identity identity;
    const bool read = info != NULL && info->tls_session != NULL &&
                      assay_http_tls_read_client(info->tls_session, &identity);
    link->role = assay_http_role_find(http->roles, http->role_count, read ? &identity : NULL);
    if (read) assay_bytes_copy(link->client, sizeof link->client, identity.key_sha256, 32);
    struct http_server_origin *const origin = &link->origin;
    if (read) assay_bytes_copy(&origin->owner, sizeof origin->owner, link->client, 8);
    if (read) origin->site = origin->owner;
    link->has_role = true;
    return link->role;
}

static void read_request(struct link *link, const char *method, const char *url,
                         struct assay_http_request *out)
{
    struct MHD_Connection *c = link->connection;
    const char *length = on_header(c, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const bool is_coded = on_header(c, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
    uint64_t announced = 0; /* of a number that is none the check has made a fault */
    if (length != NULL && !assay_document_number(length, &announced)) announced = 0;
    *out = (struct assay_http_request){
        .method = method,
        .path = url,
        .accept = on_header(c, MHD_HTTP_HEADER_ACCEPT),
        .if_none_match = on_header(c, MHD_HTTP_HEADER_IF_NONE_MATCH),
        .host = on_header(c, MHD_HTTP_HEADER_HOST),
        .last_event_id = on_header(c, "Last-Event-ID"),
        .content_type = on_header(c, MHD_HTTP_HEADER_CONTENT_TYPE),
        .certificate = on_header(c, "X-Assay-Certificate"),
        .tls_client_cert = on_header(c, "X-Forwarded-Tls-Client-Cert"),
        .forwarded_cert = on_header(c, "X-Forwarded-Client-Cert"),
        .role = get_role(link),
        .client = link->client,
        .body_announced = announced,
        .has_body = announced > 0 || is_coded,
        .is_coded = is_coded,
        .malformed = link->check.fault,
        .fault = link->check.kind,
        .too_many_parameters = link->too_many_parameters,
        .has_tls = link->http->certificate != NULL,
        .is_unix_socket = link->http->certificate == NULL && link->http->socket_path != NULL,
        .loopback = link->http->loopback,
        .is_certified_host =
            link->http->loopback &&
            assay_http_tls_has_name(link->http->certificate, on_header(c, MHD_HTTP_HEADER_HOST)),
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

/* The client of the connection counts the bytes of what was rendered for it. */
static struct MHD_Response *response_of(struct link *link, struct assay_http_answer *answer)
{
    struct assay_http *http = link->http;
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
        link->held_len = answer->len;
    } else {
        free(held);
        free(answer->body);
    }
    answer->body = NULL;
    return response;
}

/* Clients that pin a chain compare it for every answer, whatever its document. */
static void add_headers(const struct assay_http *http, struct MHD_Response *response,
                        const struct assay_http_answer *answer)
{
    ASSAY_ASSERT(answer->status >= 200 && answer->status < 600);
    static const char data_policy[] = "default-src 'none'; frame-ancestors 'none'";
    char caching[48] = "no-store", retry[24];
    (void)snprintf(retry, sizeof retry, "%" PRIu64, answer->retry_after_s);
    const unsigned fresh_s = answer->is_of_epoch ? http->epoch_ms / 4000 : 0;
    if (answer->etag[0] != '\0') (void)snprintf(caching, sizeof caching, "no-cache");
    if (answer->etag[0] != '\0' && fresh_s > 0)
        (void)snprintf(caching, sizeof caching, "private, max-age=%u", fresh_s);
    const struct {
        const char *name, *value;
    } headers[] = {
        { MHD_HTTP_HEADER_CONTENT_TYPE, answer->type },
        { MHD_HTTP_HEADER_CACHE_CONTROL, caching },
        { MHD_HTTP_HEADER_ETAG, answer->etag[0] != '\0' ? answer->etag : NULL },
        { MHD_HTTP_HEADER_ALLOW, answer->allow },
        { MHD_HTTP_HEADER_LOCATION, answer->location[0] != '\0' ? answer->location : NULL },
        { MHD_HTTP_HEADER_RETRY_AFTER, answer->retry_after_s > 0 ? retry : NULL },
        { MHD_HTTP_HEADER_CONNECTION, answer->close ? "close" : NULL },
        { MHD_HTTP_HEADER_VARY, "Accept" },
        { MHD_HTTP_HEADER_WWW_AUTHENTICATE,
          answer->status == MHD_HTTP_UNAUTHORIZED ? "TLS-Client-Certificate" : NULL },
        { "Assay-Reason", answer->reason },
        { "Assay-Member", answer->member[0] != '\0' ? answer->member : NULL },
        { "Assay-Key", answer->key_name[0] != '\0' ? answer->key_name : NULL },
        { "Assay-Chain", http->chain[0] != '\0' ? http->chain : NULL },
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
    ASSAY_ASSERT(status >= 200 && status < 600 && response != NULL);
    link->state = link->stream != NULL ? LINK_STREAMING : LINK_ANSWERING;
    link->since_ms = link->read_ms = link->http->now_ms;
    link->queued_len = 0;
    return MHD_queue_response(link->connection, status, response);
}

/* Takes the answer over. */
static enum MHD_Result send_answer(struct link *link, struct assay_http_answer *answer)
{
    struct MHD_Response *response = response_of(link, answer);
    if (response == NULL) return MHD_NO; /* the connection is closed */
    add_headers(link->http, response, answer);
    const enum MHD_Result result = queue(link, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* Nothing more is rendered while too many bytes are unread. */
static enum MHD_Result answer_busy(struct link *link)
{
    static const char text[] =
        "{\"type\":\"about:blank\",\"title\":\"Too many requests at once, or the node is "
        "starting\",\"status\":503,\"detail\":\"\",\"instance\":\"\",\"code\":\"too_busy\","
        "\"hint\":\"retry after the seconds that the header Retry-After has\"}";
    struct assay_http_answer answer = { .status = 503,
                                        .type = "application/problem+json",
                                        .fixed = text,
                                        .len = sizeof text - 1,
                                        .retry_after_s = 1 };
    return send_answer(link, &answer);
}

/* The node's loop renders it, in its turn. */
static enum MHD_Result request_core(struct link *link, char *line)
{
    struct assay_http *http = link->http;
    ASSAY_ASSERT(link->ticket == 0 && !link->suspended);
    if (assay_http_core_queue_add(http->core, link->client, line, &link->ticket) != ASSAY_OK) {
        http->figures.answers[5]++;
        return answer_busy(link);
    }
    link->state = LINK_IN_CORE;
    link->since_ms = http->now_ms;
    link->suspended = true;
    MHD_suspend_connection(link->connection);
    http_server_wake(http->core_fd);
    return MHD_YES;
}

static enum MHD_Result answer_from_core(struct link *link, const struct assay_http_request *request)
{
    ASSAY_ASSERT(link->has_text && link->ticket == 0);
    struct assay_http *http = link->http;
    struct assay_http_answer answer;
    char key[HTTP_SERVER_KEY_MAX];
    assay_http_core_answer(request, link->text, &answer);
    link->text = NULL;
    link->has_text = false;
    count_answer(http, request->path, answer.status);
    if (answer.is_of_epoch && answer.status == 200)
        assay_http_epoch_etag(http->boot, answer.era, answer.epoch, answer.etag);
    if (answer.etag[0] == '\0' || !http_server_cache_epoch_key(request, key))
        return send_answer(link, &answer);
    struct MHD_Response *response = response_of(link, &answer);
    if (response == NULL) return MHD_NO; /* the connection is closed */
    add_headers(http, response, &answer);
    const enum MHD_Result result = queue(link, answer.status, response);
    http_server_cache_add_epoch(http, key, answer.etag, response, link->held_len);
    return result;
}

void http_server_resume_core(struct assay_http *http)
{
    for (struct link *l = http->links; l != NULL; l = l->next) {
        if (l->ticket == 0 || !l->suspended) continue;
        l->has_text = assay_http_core_queue_take(http->core, l->ticket, &l->text);
        if (!l->has_text && http->now_ms - l->since_ms < ASSAY_HTTP_CORE_WAIT_MS) continue;
        if (!l->has_text) assay_http_core_queue_drop(http->core, l->ticket);
        l->has_text = true;
        l->ticket = 0;
        l->suspended = false;
        MHD_resume_connection(l->connection);
    }
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
        book.metrics_members = http->metrics_members;
    }
    assay_http_answer(&book, request, &answer);
    if (answer.core_line != NULL) return request_core(link, answer.core_line);
    count_answer(http, request->path, answer.status);
    http->figures.key_answers[answer.key_answer]++;
    if (answer.stream && !http_server_has_stream_place(link)) return answer_busy(link);
    struct MHD_Response *response =
        answer.stream ? stream_of(link, &answer) : response_of(link, &answer);
    if (response == NULL) return MHD_NO; /* the connection is closed */
    add_headers(http, response, &answer);
    const enum MHD_Result result = queue(link, answer.status, response);
    if (key != NULL && answer.status == 200 && !answer.stream)
        http_server_cache_add(http, key, answer.etag, view->generation, response, link->held_len);
    else MHD_destroy_response(response);
    return result;
}

/* The client has the cached response: no body, no rendering. */
static enum MHD_Result answer_unchanged(struct link *link, const char *etag)
{
    ASSAY_ASSERT(etag[0] != '\0');
    struct assay_http_answer answer = { .status = 304, .type = "application/json", .fixed = "" };
    (void)snprintf(answer.etag, sizeof answer.etag, "%s", etag);
    return send_answer(link, &answer);
}

/* Documents of keys say that the node cannot tell once its loop hangs; a kept one does not. */
static bool is_out_of_date(const struct assay_http_request *request,
                           const struct assay_http_snapshot *view, const struct assay_http *http)
{
    static const char end[] = "/keys";
    const size_t len = strlen(request->path);
    return len >= sizeof end - 1 && strcmp(request->path + len - (sizeof end - 1), end) == 0 &&
           assay_http_is_stalled(view, http->now_ms);
}

/* --- turns: what is cheap and urgent is answered at once, other documents are made in the turns of
 * clients, so that none delays another one for longer than one document takes */

enum { TURN_US = 10000 }; /* of rendering, before the server looks for other requests */

/* It waits for nothing: of a key, of the node's life, or refused anyway. */
static bool is_urgent(const struct assay_http_request *request)
{
    return request->malformed != NULL || assay_http_is_of_key(request) ||
           strcmp(request->path, "/livez") == 0 || strcmp(request->path, "/readyz") == 0;
}

/* Others render first. */
static bool must_wait(const struct link *link, const struct assay_http_request *request)
{
    const struct assay_http *http = link->http;
    if (link->has_turn || is_urgent(request)) return false;
    return http->rendered_us >= TURN_US || http->waits > 0;
}

static enum MHD_Result wait_for_turn(struct link *link)
{
    ASSAY_ASSERT(!link->suspended && !link->has_turn);
    link->state = LINK_IN_TURN;
    link->since_ms = link->http->now_ms;
    link->order = ++link->http->ordered;
    link->suspended = true;
    link->http->waits++;
    MHD_suspend_connection(link->connection);
    return MHD_YES;
}

/* Clients in the order of their digests, from the one behind the last on; of one client the request
 * that waits longest. */
static bool is_sooner(const struct assay_http *http, const struct link *a, const struct link *b)
{
    const bool passed_a = assay_bytes_compare(a->client, http->turn_of, sizeof a->client) <= 0;
    const bool passed_b = assay_bytes_compare(b->client, http->turn_of, sizeof b->client) <= 0;
    if (passed_a != passed_b) return passed_b;
    const int order = assay_bytes_compare(a->client, b->client, sizeof a->client);
    return order != 0 ? order < 0 : a->order < b->order;
}

void http_server_give_turn(struct assay_http *http)
{
    struct link *next = NULL;
    http->rendered_us = 0;
    if (http->waits == 0) return;
    for (struct link *l = http->links; l != NULL; l = l->next)
        if (l->state == LINK_IN_TURN && l->suspended && (next == NULL || is_sooner(http, l, next)))
            next = l;
    ASSAY_ASSERT(next != NULL);
    http->waits--;
    assay_bytes_copy(http->turn_of, sizeof http->turn_of, next->client, sizeof next->client);
    next->has_turn = true;
    next->suspended = false;
    MHD_resume_connection(next->connection);
}

/* Answers that this client, or all, have not read are too many bytes. Without a cached response a
 * client would retain what is rendered for others; of others it adds no bytes. */
static bool holds_too_much(const struct link *link, const struct assay_http_request *request,
                           bool is_cached)
{
    const struct assay_http *http = link->http;
    uint64_t own = 0;
    if (is_urgent(request)) return false;
    if (http->figures.held_bytes <= http->held_max / 2) return false;
    for (const struct link *l = http->links; l != NULL; l = l->next)
        if (l->state == LINK_ANSWERING && assay_bytes_equal(l->client, link->client, 32))
            own += l->held_len;
    if (own > http->held_max / 4) return true;
    return !is_cached && http->figures.held_bytes > http->held_max;
}

static enum MHD_Result answer_link(struct link *link, const struct assay_http_request *request)
{
    struct assay_http *http = link->http;
    char key[HTTP_SERVER_KEY_MAX];
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(http->slot);
    if (view != NULL && http->chain[0] == '\0')
        assay_hex_encode(view->snapshot.chain.chain_id, 32, http->chain, sizeof http->chain);
    if (view != NULL) http->epoch_ms = view->snapshot.epoch_ms;
    const struct kept *kept = view != NULL && http_server_cache_epoch_key(request, key)
                                  ? http_server_cache_find_epoch(http, key, view)
                                  : NULL;
    const bool may_keep = view != NULL && kept == NULL && !is_out_of_date(request, view, http) &&
                          http_server_cache_key(request, key);
    if (may_keep) kept = http_server_cache_find(http, key, view->generation);
    enum MHD_Result result = MHD_NO;
    if (kept != NULL && assay_http_is_known(request, kept->etag)) {
        count_answer(http, request->path, 304);
        result = answer_unchanged(link, kept->etag);
    } else if (kept == NULL && must_wait(link, request)) {
        result = wait_for_turn(link);
    } else if (holds_too_much(link, request, kept != NULL)) {
        http->figures.answers[5]++;
        result = answer_busy(link);
    } else if (kept != NULL) {
        count_answer(http, request->path, kept->status);
        link->held_len = kept->len;
        result = queue(link, kept->status, kept->response);
    } else {
        const uint64_t began_us = assay_monotonic_us();
        result = answer_new(link, request, view, may_keep ? key : NULL);
        http->rendered_us += assay_monotonic_us() - began_us;
    }
    assay_http_snapshot_release(&view);
    return result;
}

/* ------------------------------------------------------------ bodies of requests */

/* Returns: bytes of a body that the path may have; 0: it has none that is read. */
static size_t length_of_body(const struct assay_http_request *request)
{
    ASSAY_ASSERT(request->has_body || request->body_announced == 0);
    const uint64_t len = request->is_coded ? 0 : request->body_announced;
    return len <= assay_http_body_max(request) ? (size_t)len : 0;
}

/* Returns: false: there is no place, or no memory. */
static bool begin_body(struct link *link, enum assay_http_role role, size_t len)
{
    ASSAY_ASSERT(link->body == NULL && len > 0);
    struct assay_http_body_places *const places = &link->http->bodies;
    if (assay_http_body_take(places, role, link->client, &link->body_place) != ASSAY_OK)
        return false;
    link->body = malloc(len);
    if (link->body == NULL) {
        assay_http_body_release(places, link->body_place);
        return false;
    }
    link->body_max = len;
    link->body_len = 0;
    return true;
}

static bool append_body(struct link *link, const char *bytes, size_t len)
{
    ASSAY_ASSERT(link->body_len <= link->body_max);
    if (link->body == NULL || len > link->body_max - link->body_len) return false;
    assay_bytes_copy(link->body + link->body_len, link->body_max - link->body_len, bytes, len);
    link->body_len += len;
    return true;
}

void http_server_forget_request(struct link *link)
{
    ASSAY_ASSERT(link->body != NULL || link->body_max == 0);
    if (link->ticket != 0) assay_http_core_queue_drop(link->http->core, link->ticket);
    if (link->body != NULL) assay_http_body_release(&link->http->bodies, link->body_place);
    free(link->text);
    free(link->body);
    link->ticket = 0;
    link->text = NULL;
    link->has_text = false;
    link->body = NULL;
    link->body_len = link->body_max = 0;
    link->drops_body = false;
}

/* ------------------------------------------------------------ callbacks */

/* The first call is for the headers: a response to those closes the connection, which resets it
 * under a client that still sends. What such a client may have sent already is read first. */
static bool drops_body(struct link *link, const struct assay_http_request *request)
{
    return !request->is_coded && request->body_announced <= ASSAY_HTTP_DROP_MAX &&
           on_header(link->connection, MHD_HTTP_HEADER_EXPECT) == NULL;
}

/* The size of the head, and whether the library has memory for the head of a response. */
static bool check_len(struct link *link)
{
    struct MHD_Connection *const c = link->connection;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const char *const cookies = on_header(c, MHD_HTTP_HEADER_COOKIE);
    const size_t headers = (size_t)MHD_get_connection_values(c, MHD_HEADER_KIND, NULL, NULL);
    const size_t others = (size_t)MHD_get_connection_values(c, MHD_COOKIE_KIND, NULL, NULL) +
                          (size_t)MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, NULL, NULL);
    const size_t len = info != NULL ? info->header_size : HTTP_SERVER_POOL_LEN;
    const size_t copied = cookies != NULL ? strlen(cookies) : 0; /* by the library, to parse them */
    assay_http_request_check_len(&link->check, len, headers);
    return len + copied + (headers + others) * HTTP_SERVER_VALUE_LEN <=
           HTTP_SERVER_POOL_LEN - HTTP_SERVER_POOL_RESERVE;
}

/* The library has no memory left for the head of a response, and would close the connection without
 * one. */
static enum MHD_Result refuse_at_once(struct link *link)
{
    static const char text[] = "HTTP/1.1 431 Request Header Fields Too Large\r\n"
                               "Connection: close\r\nContent-Length: 0\r\n\r\n";
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(link->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    link->http->figures.answers[4]++;
    if (link->http->certificate == NULL)
        (void)send(link->fd, text, sizeof text - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    else if (info != NULL && info->tls_session != NULL)
        assay_http_tls_send(info->tls_session, text, sizeof text - 1);
    return MHD_NO;
}

static enum MHD_Result begin_request(struct link *link, struct assay_http_request *request)
{
    if (request->malformed != NULL) return answer_link(link, request);
    if (!request->has_body) return MHD_YES;
    const size_t len = length_of_body(request);
    link->drops_body = len == 0 && drops_body(link, request);
    if (link->drops_body) return MHD_YES;
    if (len == 0) return answer_link(link, request);
    if (begin_body(link, request->role, len)) return MHD_YES;
    link->http->figures.answers[5]++;
    return answer_busy(link);
}

enum MHD_Result http_server_on_request(void *context, struct MHD_Connection *connection,
                                       const char *url, const char *method, const char *version,
                                       const char *upload, size_t *upload_len, void **state)
{
    struct assay_http_request request;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct link *link = info != NULL ? info->socket_context : NULL;
    (void)context;
    if (link == NULL || link->stream != NULL || link->cut) return MHD_NO;
    if (atomic_load(&link->http->stop)) return MHD_NO; /* nothing may be suspended any more */
    const bool first = *state == NULL;
    *state = link;
    if (first) {
        (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, &link->check);
        link->check.fault = assay_http_request_check_end(&link->check, version);
        if (!check_len(link)) return refuse_at_once(link);
    }
    if (!first && *upload_len > 0) {
        const bool fits = link->drops_body || append_body(link, upload, *upload_len);
        *upload_len = 0;
        return fits ? MHD_YES : MHD_NO;
    }
    read_request(link, method, url, &request);
    if (link->has_text) return answer_from_core(link, &request);
    if (first) return begin_request(link, &request);
    if (link->body_len != link->body_max) return MHD_NO;
    if (link->body != NULL) request.body = assay_slice_over(link->body, link->body_len);
    return answer_link(link, &request);
}

void http_server_on_completed(void *context, struct MHD_Connection *connection, void **state,
                              enum MHD_RequestTerminationCode code)
{
    struct link *link = *state;
    (void)context;
    (void)connection;
    (void)code;
    if (link == NULL) return;
    http_server_forget_request(link);
    link->state = LINK_WAITING;
    link->suspended = link->has_turn = false;
    link->held_len = 0;
    link->since_ms = link->http->now_ms;
}
