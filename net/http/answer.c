/*
 * net/http/answer.c - HTTP routing: path to document, or to a problem (RFC 9457).
 */
#include "net/http/answer_internal.h"

#include "net/http/assets.h"
#include "web/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ problems and documents */

struct problem {
    unsigned status;
    const char *code, *title, *hint;
};

#define HTTP_PROBLEM_ROW(symbol, status, code, title, hint)                                        \
    [symbol] = { status, code, title, hint },
static const struct problem problems[HTTP_PROBLEM_COUNT] = { HTTP_PROBLEM_LIST(HTTP_PROBLEM_ROW) };
#undef HTTP_PROBLEM_ROW

void http_body(struct assay_http_answer *answer, unsigned status, const char *type, char *body)
{
    static const char nothing[] =
        "{\"type\":\"about:blank\",\"title\":\"The node is short of memory\","
        "\"status\":500,\"detail\":\"\",\"instance\":\"\","
        "\"code\":\"internal\",\"hint\":\"retry\"}";
    answer->status = body != NULL ? status : 500;
    answer->type = body != NULL ? type : "application/problem+json";
    answer->body = body;
    answer->fixed = body != NULL ? NULL : nothing;
    answer->len = body != NULL ? strlen(body) : sizeof nothing - 1;
}

static void respond_problem(struct http_asking *asking, enum http_problem problem,
                            const char *detail, const char *hint, struct assay_json *data)
{
    const struct problem *p = &problems[problem];
    struct assay_json *object = assay_json_object();
    assay_json_set_text(object, "type", "about:blank");
    assay_json_set_text(object, "title", p->title);
    assay_json_set_uint(object, "status", p->status);
    assay_json_set_text(object, "detail", detail);
    assay_json_set_text_n(object, "instance", asking->request->path,
                          strnlen(asking->request->path, ASSAY_HTTP_LINE_MAX));
    assay_json_set_text(object, "code", p->code);
    assay_json_set_text(object, "hint", hint);
    if (data != NULL) assay_json_set(object, "data", data);
    asking->answer->etag[0] = '\0';
    asking->answer->retry_after_s = p->status == 503;
    http_body(asking->answer, p->status, "application/problem+json", assay_json_print(object, 0));
    assay_json_free(&object);
}

void http_problem(struct http_asking *asking, enum http_problem problem, const char *detail,
                  struct assay_json *data)
{
    respond_problem(asking, problem, detail, problems[problem].hint, data);
}

void http_document(struct http_asking *asking, const char *schema, struct assay_json *data)
{
    const struct assay_snapshot *s = &asking->view->snapshot;
    char name[ASSAY_NAME_MAX + 1];
    http_body(asking->answer, 200, "application/json",
              assay_document_finish(assay_document_name(s, s->self, name, sizeof name),
                                    s->at_unix_ms, schema, data));
}

void http_bare(struct http_asking *asking, struct assay_json *value)
{
    http_body(asking->answer, 200, "application/json", assay_json_print(value, 0));
    assay_json_free(&value);
}

/* ------------------------------------------------------------ what has not changed */

bool assay_http_is_known(const struct assay_http_request *request, const char *etag)
{
    const char *known = request->if_none_match;
    if (known == NULL || strlen(etag) <= 2) return false;
    return strcmp(known, "*") == 0 || strstr(known, etag + 2) != NULL;
}

/* Weak: bytes may differ in the time of rendering. */
static bool text_equals(struct http_asking *asking)
{
    if (!assay_http_is_known(asking->request, asking->answer->etag)) return false;
    asking->answer->status = 304;
    asking->answer->type = "application/json";
    asking->answer->fixed = "";
    return true;
}

bool http_same_view(struct http_asking *asking)
{
    (void)snprintf(asking->answer->etag, ASSAY_HTTP_ETAG_MAX, "W/\"%" PRIx64 "-%" PRIu64 "\"",
                   asking->view->boot, asking->view->generation);
    return text_equals(asking);
}

void assay_http_epoch_etag(uint64_t boot, uint32_t era, uint64_t epoch,
                           char etag[static ASSAY_HTTP_ETAG_MAX])
{
    (void)snprintf(etag, ASSAY_HTTP_ETAG_MAX, "W/\"%" PRIx64 "-c%" PRIu32 "-%" PRIu64 "\"", boot,
                   era, epoch);
}

bool assay_http_newest_etag(const struct assay_http_snapshot *view,
                            char etag[static ASSAY_HTTP_ETAG_MAX])
{
    const struct assay_http_epoch *newest = http_newest(view);
    if (newest != NULL) assay_http_epoch_etag(view->boot, newest->era, newest->epoch, etag);
    return newest != NULL;
}

bool http_same_epochs(struct http_asking *asking)
{
    const struct assay_http_epoch *newest = http_newest(asking->view);
    (void)snprintf(asking->answer->etag, ASSAY_HTTP_ETAG_MAX,
                   "W/\"%" PRIx64 "-e%" PRIu64 "-%" PRIu32 "\"", asking->view->boot,
                   newest != NULL ? newest->epoch : 0, asking->view->lie_count);
    return text_equals(asking);
}

/* ------------------------------------------------------------ parameters */

const char *http_parameter(const struct http_asking *asking, const char *key)
{
    ASSAY_ASSERT(key != NULL && asking->request->parameter_count <= ASSAY_HTTP_PARAMETERS_MAX);
    const struct assay_http_request *r = asking->request;
    for (size_t i = 0; i < r->parameter_count; i++)
        if (strcmp(r->parameters[i].key, key) == 0)
            return r->parameters[i].value != NULL ? r->parameters[i].value : "";
    return NULL;
}

bool http_number(struct http_asking *asking, const char *key, uint64_t min, uint64_t max,
                 bool *given, uint64_t *out)
{
    char detail[128];
    const char *text = http_parameter(asking, key);
    uint64_t value = 0;
    *given = text != NULL;
    if (text == NULL) return true;
    if (assay_document_number(text, &value) && value >= min && value <= max) {
        *out = value;
        return true;
    }
    (void)snprintf(detail, sizeof detail, "%s: expected a number from %" PRIu64 " to %" PRIu64, key,
                   min, max);
    http_problem(asking, HTTP_BAD_REQUEST, detail, NULL);
    return false;
}

/* ------------------------------------------------------------ routes */

static void answer_page(struct http_asking *asking)
{
    asking->answer->status = 200;
    asking->answer->type = "text/html; charset=utf-8";
    asking->answer->fixed = assay_web_page;
    asking->answer->len = assay_web_page_len;
    asking->answer->policy = assay_web_policy;
}

static void answer_openapi(struct http_asking *asking)
{
    asking->answer->status = 200;
    asking->answer->type = "application/json";
    asking->answer->fixed = assay_http_openapi;
    asking->answer->len = assay_http_openapi_len;
}

/* What http.roles gives the client that asks; the same for every path. */
static void answer_client(struct http_asking *asking)
{
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "role", assay_http_role_name(asking->request->role));
    http_document(asking, "assay.client", data);
}

/* A path with "*" has one variable part. type: what Accept must not exclude. */
struct route {
    const char *path, *type;
    bool bare; /* available before the first snapshot, too */
    void (*make)(struct http_asking *asking);
    const char *parameters; /* their names, " since limit " */
};

static const char json_type[] = "application/json", text_type[] = "text/plain";

static const struct route routes[] = {
    { "/", "text/html", true, answer_page, "" },
    { "/metrics", text_type, false, http_metrics, "" },
    { "/livez", json_type, false, http_livez, " verbose " },
    { "/readyz", json_type, false, http_readyz, " verbose " },
    { "/openapi.json", json_type, true, answer_openapi, "" },
    { "/v1/status", json_type, false, http_status, "" },
    { "/v1/nodes", json_type, false, http_nodes, " since limit " },
    { "/v1/nodes/*", json_type, false, http_node, "" },
    { "/v1/nodes/*/explain", json_type, false, http_explain, "" },
    { "/v1/nodes/*/evidence", json_type, false, http_core, "" },
    { "/v1/epochs", json_type, false, http_epochs, " since limit " },
    { "/v1/epochs/*", json_type, false, http_epoch, "" },
    { "/v1/matrix", json_type, false, http_matrix, " epoch " },
    { "/v1/policy", json_type, false, http_policy, "" },
    { "/v1/timeline", json_type, false, http_timeline, " since limit node " },
    { "/v1/events", "text/event-stream", false, http_events, " since " },
    { "/v1/collateral", json_type, false, http_collateral, "" },
    { "/v1/changes", json_type, false, http_core, "" },
    { "/v1/services", json_type, false, http_services, "" },
    { "/v1/counters", json_type, false, http_counters, "" },
    { "/v1/client", json_type, false, answer_client, "" },
    { "/v1/permit", json_type, false, http_permit, " class " },
    { "/v1/authorize", json_type, false, http_authorize, " spki class purpose node service " },
    { "/v1/ext-authz/**", json_type, false, http_ext_authz, "" },
    { "/v1/nodes/*/keys", json_type, false, http_keys, "" },
    { "/v1/keys", json_type, false, http_all_keys, " since limit " },
    { "/v1/collateral/status", json_type, false, http_core, "" },
    { "/v1/checkpoint", json_type, false, http_core, "" },
    { "/v1/proofs/*", json_type, false, http_core, " bare " },
    { "/v1/boundaries", json_type, false, http_core, " era epoch voters " },
    { "/v1/anchors", json_type, false, http_core, " epoch " },
    { "/v1/accounts/*", json_type, false, http_core, "" },
    { "/v1/tasks", json_type, false, http_core, "" },
    { "/v1/tasks/*", json_type, false, http_core, "" },
    { "/v1/shares/*", json_type, false, http_core, "" },
    { "/v1/rows/*", json_type, false, http_core, " instance " },
    { "/v1/export", json_type, false, http_core, " since until votes " },
    { "/v1/items/*", json_type, false, http_core, " epoch skip era " },
    { "/v1/proposals/*", json_type, false, http_core, "" },
    { "/v1/recover", json_type, false, http_core, "" },
    { "/v1/orders", json_type, false, http_core, "" },
    { "/v1/submit", json_type, false, http_submit, " kind " },
    { "/v1/nodes/*/proof", ASSAY_HTTP_PROOF_TYPE, false, http_core, " bare " },
    { "/v1/nodes/*/keys/proof", ASSAY_HTTP_KEY_PROOF_TYPE, false, http_core, "" },
    { "/v1/nodes/*/ear", "application/eat+jwt", false, http_core, "" },
    { "/v1/ca", json_type, false, http_core, "" },
    { "/v1/ca/proof", json_type, false, http_core, "" },
    { "/v1/bundle", json_type, false, http_core, "" },
    { "/.well-known/jwks.json", "application/jwk-set+json", false, http_core, "" },
    { "/.well-known/openid-configuration", json_type, false, http_core, "" },
    { "/v1/nodes/*/certificate", ASSAY_HTTP_CHAIN_TYPE, false, http_certificate, " key " },
    { "/v1/nodes/*/token", ASSAY_HTTP_TOKEN_TYPE, false, http_token, " key aud " },
    { "/v1/nodes/*/evidence/bytes", ASSAY_HTTP_EVIDENCE_TYPE, false, http_core, "" },
    { "/.well-known/veraison/verification", ASSAY_HTTP_DISCOVERY_TYPE, false, http_core, "" },
    { "/challenge-response/v1/newSession", ASSAY_HTTP_SESSION_TYPE, false, http_challenge_new,
      " nonce nonceSize profile " },
    { "/challenge-response/v1/session/*", ASSAY_HTTP_SESSION_TYPE, false, http_challenge_session,
      "" },
    { "/v1/graph/nodes", json_type, false, http_graph_nodes, "" },
    { "/v1/graph/edges", json_type, false, http_graph_edges, "" },
};

static const struct route *find_route(const char *path, char *word, size_t word_len)
{
    ASSAY_ASSERT(path != NULL);
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (assay_http_path_matches(routes[i].path, path, word, word_len)) return &routes[i];
    return NULL;
}

/* Lists of types, without weighing them: the type itself, its family, or everything. */
static bool accepts_type(const char *accept, const char *type)
{
    char family[32];
    const char *slash = strchr(type, '/');
    ASSAY_ASSERT(slash != NULL);
    if (accept == NULL || accept[0] == '\0' || strstr(accept, "*/*") != NULL) return true;
    (void)snprintf(family, sizeof family, "%.*s/*", (int)(slash - type), type);
    if (strstr(accept, type) != NULL || strstr(accept, family) != NULL) return true;
    return type == text_type && strstr(accept, "application/openmetrics-text") != NULL;
}

/* A foreign page whose name resolves to this machine must not read here (DNS rebinding). */
static bool is_own_name(const char *host)
{
    static const char *const names[] = { "localhost", "127.", "[::1]" };
    if (host == NULL) return true; /* HTTP/1.0, no browser */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t len = strlen(names[i]);
        if (strncmp(host, names[i], len) != 0) continue;
        const char *rest = host + len;
        if (i == 1) rest += strspn(rest, "0123456789.");
        if (*rest == '\0' || (*rest == ':' && strspn(rest + 1, "0123456789") == strlen(rest + 1)))
            return true;
    }
    return false;
}

static bool check_parameters(struct http_asking *asking, const struct route *route)
{
    ASSAY_ASSERT(asking->request->parameter_count <= ASSAY_HTTP_PARAMETERS_MAX);
    const struct assay_http_request *r = asking->request;
    char key[40], detail[96];
    for (size_t i = 0; i < r->parameter_count; i++) {
        (void)snprintf(key, sizeof key, " %.32s ", r->parameters[i].key);
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again = again || strcmp(r->parameters[k].key, r->parameters[i].key) == 0;
        if (!again && strstr(route->parameters, key) != NULL) continue;
        (void)snprintf(detail, sizeof detail, "%.32s: %s", r->parameters[i].key,
                       again ? "given twice" : "no parameter of this path");
        http_problem(asking, HTTP_BAD_REQUEST, detail, NULL);
        return false;
    }
    if (!r->too_many_parameters) return true;
    http_problem(asking, HTTP_BAD_REQUEST, "too many parameters", NULL);
    return false;
}

/* Returns: the methods of the route, as Allow lists them. */
static const char *methods_of(const struct route *route)
{
    if (route->make == http_submit || route->make == http_challenge_new) return "POST";
    return route->make == http_challenge_session ? "GET, POST, DELETE" : "GET, HEAD";
}

/* Requests of proxies, which pass on headers of their clients: Accept is not about this answer. */
static bool is_of_proxy(const struct route *route)
{
    return route->make == http_authorize || route->make == http_ext_authz;
}

/* Is it one of a list "GET, POST"? A method is a token: it has neither commas nor blanks. */
static bool lists_method(const char *list, const char *method)
{
    const size_t len = strlen(method);
    while (*list != '\0') {
        const size_t item = strcspn(list, ",");
        if (item == len && strncmp(list, method, len) == 0) return true;
        list += item;
        list += strspn(list, ", ");
    }
    return false;
}

/* Returns: whether the method is one of the route; if not, the answer is made. */
static bool check_method(struct http_asking *asking, const struct route *route)
{
    char detail[64];
    const char *const methods = methods_of(route);
    if (route->make == http_ext_authz) return true; /* that of the client's request */
    if (lists_method(methods, asking->request->method)) return true;
    (void)snprintf(detail, sizeof detail, "answered are: %s", methods);
    http_problem(asking, HTTP_METHOD, detail, NULL);
    asking->answer->allow = methods;
    return false;
}

/* Without TLS the address decides the role (docs/http.md 1). A token is for UNIX sockets alone, and
 * objects of operators for the admin socket. */
static const char *get_role_hint(const struct assay_http_request *request,
                                 enum assay_http_role needed)
{
    static const char token[] = "/token";
    const size_t len = strlen(request->path);
    if (request->has_tls) return problems[HTTP_ROLE].hint;
    if (len > strlen(token) && strcmp(request->path + len - strlen(token), token) == 0)
        return "use the UNIX socket of the member's own node (--socket, or --http PATH)";
    if (needed == ASSAY_HTTP_ROLE_SERVICE && request->loopback)
        return "set http.local_role: service in this node's assayd.yaml, or use its UNIX socket "
               "(--socket, or --http PATH); from another machine, a certificate with the role";
    return "use the admin socket of this node (--socket); from another machine, a certificate with "
           "the role";
}

/* Returns: whether the client may use the path; if not, the answer is made. */
static bool check_role(struct http_asking *asking)
{
    char detail[160];
    const enum assay_http_role role = asking->request->role;
    const enum assay_http_role needed = assay_http_path_role(asking->request->path);
    if (assay_http_role_may(role, needed)) return true;
    (void)snprintf(detail, sizeof detail, "needs the role %s, this client has the role %s",
                   assay_http_role_name(needed), assay_http_role_name(role));
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "needed", assay_http_role_name(needed));
    assay_json_set_text(data, "role", assay_http_role_name(role));
    respond_problem(asking, HTTP_ROLE, detail, get_role_hint(asking->request, needed), data);
    return false;
}

/* Returns: how many bytes the body of a request may have; 0: it has none. */
static size_t body_max_of(const struct route *route, const char *method)
{
    if (strcmp(method, "POST") != 0) return 0;
    if (route->make == http_challenge_session) return ASSAY_HTTP_EVIDENCE_MAX;
    return route->make == http_submit ? ASSAY_HTTP_SUBMIT_MAX : 0;
}

/* Of a body that was not read. RFC 9110 15.5.12: a server refuses a request without a defined
 * Content-Length by 411; 15.5.14: one whose content is larger than it processes by 413. */
static void refuse_body(struct http_asking *asking, const struct route *route)
{
    const struct assay_http_request *const r = asking->request;
    const size_t max = body_max_of(route, r->method);
    char detail[128];
    struct assay_json *data = NULL;
    if (max == 0) {
        (void)snprintf(detail, sizeof detail,
                       "%.16s of this path takes no body, and the request "
                       "has one",
                       r->method);
        http_problem(asking, HTTP_BODY, detail, NULL);
    } else if (r->is_coded) {
        http_problem(asking, HTTP_LENGTH,
                     "Content-Length is required; the request has a Transfer-Encoding, which is "
                     "not accepted",
                     NULL);
    } else {
        (void)snprintf(detail, sizeof detail,
                       "Content-Length announces %" PRIu64 " bytes, the limit is %zu",
                       r->body_announced, max);
        data = assay_json_object();
        assay_json_set_uint(data, "limit", max);
        assay_json_set_uint(data, "announced", r->body_announced);
        http_problem(asking, HTTP_TOO_LARGE, detail, data);
    }
}

static void answer_starting(struct http_asking *asking)
{
    http_problem(asking, HTTP_TOO_BUSY, "the node is only starting", NULL);
    if (!assay_http_is_of_key(asking->request)) return;
    asking->answer->reason = "starting";
    asking->answer->key_answer = ASSAY_HTTP_KEY_UNDECIDED;
}

static void answer_route(struct http_asking *asking, const struct route *route)
{
    ASSAY_ASSERT(route->make != NULL);
    const struct assay_http_request *r = asking->request;
    if (!check_role(asking) || !check_method(asking, route)) return;
    const bool is_any = route->make == http_ext_authz; /* body and parameters are the client's */
    if (r->has_body && r->body.len == 0 && !is_any) refuse_body(asking, route);
    else if (!is_of_proxy(route) && !accepts_type(r->accept, route->type) && !http_core_accepts(r))
        http_problem(asking, HTTP_ACCEPT, "Accept excludes what there is", NULL);
    else if (!is_any && !check_parameters(asking, route)) return;
    else if (!route->bare && asking->view == NULL) answer_starting(asking);
    else route->make(asking);
}

static bool is_of_envoy(const struct assay_http_request *request)
{
    static const char ext_authz[] = "/v1/ext-authz/";
    return strncmp(request->path, ext_authz, sizeof ext_authz - 1) == 0;
}

/* Envoy sends the Host of its client's request: that path has no document of this node. */
static bool is_for_here(const struct assay_http_request *request)
{
    return !request->loopback || is_of_envoy(request) || request->is_certified_host ||
           is_own_name(request->host);
}

bool assay_http_is_of_key(const struct assay_http_request *request)
{
    return is_of_envoy(request) || strcmp(request->path, "/v1/authorize") == 0;
}

bool assay_http_is_stalled(const struct assay_http_snapshot *view, uint64_t now_ms)
{
    return now_ms >= view->snapshot.now_ms + ASSAY_HTTP_DEAD_MS;
}

void assay_http_deny_key(const struct assay_http_request *request, struct assay_http_answer *answer)
{
    static const char text[] =
        "{\"type\":\"about:blank\",\"title\":\"The key is not active\",\"status\":403,"
        "\"detail\":\"this node cannot tell: the header Assay-Reason has the reason\","
        "\"instance\":\"\",\"code\":\"key_denied\",\"hint\":\"ask another node, or retry\"}";
    if (!is_of_envoy(request) || answer->status < 500) return;
    const char *const reason = answer->reason;
    free(answer->body);
    *answer = (struct assay_http_answer){ .status = 403,
                                          .type = "application/problem+json",
                                          .fixed = text,
                                          .len = sizeof text - 1,
                                          .reason = reason != NULL ? reason : "no_memory",
                                          .key_answer = ASSAY_HTTP_KEY_UNDECIDED,
                                          .close = answer->close };
}

bool assay_http_is_allowed(const struct assay_http_request *request)
{
    return request->malformed == NULL && is_for_here(request) &&
           assay_http_role_may(request->role, assay_http_path_role(request->path));
}

size_t assay_http_body_max(const struct assay_http_request *request)
{
    char word[80];
    const struct route *route = find_route(request->path, word, sizeof word);
    if (route == NULL || !assay_http_is_allowed(request)) return 0;
    return body_max_of(route, request->method);
}

void assay_http_answer(const struct assay_http_content *book,
                       const struct assay_http_request *request, struct assay_http_answer *answer)
{
    char word[80]; /* a node_id, or a name */
    struct http_asking asking = {
        .book = book, .view = book->view, .request = request, .answer = answer
    };
    *answer = (struct assay_http_answer){ 0 };
    if (request->malformed != NULL) {
        static const enum http_problem of_fault[] = {
            [ASSAY_HTTP_FAULT_MALFORMED] = HTTP_BAD_REQUEST,
            [ASSAY_HTTP_FAULT_TARGET_LEN] = HTTP_URI,
            [ASSAY_HTTP_FAULT_HEADERS_LEN] = HTTP_HEADERS,
        };
        http_problem(&asking, of_fault[request->fault], request->malformed, NULL);
        answer->close = true;
        return;
    }
    if (!is_for_here(request)) {
        http_problem(
            &asking, HTTP_FORBIDDEN,
            "Host names another machine: expected a name or address of this node's listen.http",
            NULL);
        return;
    }
    const struct route *route = find_route(request->path, word, sizeof word);
    asking.word = word;
    if (route != NULL) answer_route(&asking, route);
    else http_problem(&asking, HTTP_NOT_FOUND, "no such path", NULL);
    assay_http_deny_key(request, answer);
}
