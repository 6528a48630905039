/*
 * net/http/answer_internal.h - declarations shared by the files that build responses; private to
 * the folder.
 *
 *   answer.c     routes, parameters, problems
 *   documents.c  status, nodes, epochs, matrix, timeline, graph
 *   explain.c    why a node stands where it stands
 *   health.c     alive, ready, permitted
 *   authorize.c  workload keys, for relying parties
 *   metrics.c    OpenMetrics
 *   metrics_members.c  of it, what names members
 *   stream.c     events as they happen
 *   core.c       what the node's loop renders, and objects that are submitted
 *   challenge.c  challenge-response sessions
 */
#ifndef ASSAY_NET_HTTP_ANSWER_INTERNAL_H
#define ASSAY_NET_HTTP_ANSWER_INTERNAL_H

#include "net/documents/document.h"
#include "net/http/answer.h"

#include <stdio.h>

/* One question on its way. */
struct http_asking {
    const struct assay_http_content *book;
    const struct assay_http_snapshot *view; /* of the book; not NULL */
    const struct assay_http_request *request;
    struct assay_http_answer *answer;
    const char *word; /* the variable part of the path, "" without one */
};

/* symbol, status, code, title, what to do */
#define HTTP_PROBLEM_LIST(X)                                                                       \
    X(HTTP_BAD_REQUEST, 400, "bad_request",                                                        \
      "A parameter, header or body of the request is missing or invalid",                          \
      "correct what detail names; GET /openapi.json has every parameter")                          \
    X(HTTP_FORBIDDEN, 403, "forbidden", "Not permitted for this request",                          \
      "use the address of this node that detail names, by listen.http")                            \
    X(HTTP_PERMIT_DENIED, 403, "permit_denied", "The enclave may not work now",                    \
      "data.reason has the reason; GET /v1/status has the advice")                                 \
    X(HTTP_NO_KEY, 401, "no_key", "The request names no key",                                      \
      "the proxy demands a client certificate, and sends it; docs/http.md 7 has settings")         \
    X(HTTP_KEY_DENIED, 403, "key_denied", "The key is not active",                                 \
      "data.reason has the reason; GET /v1/nodes/{id}/keys has the keys of a member")              \
    X(HTTP_BELOW_THRESHOLD, 403, "below_threshold", "The standing of the member does not suffice", \
      "GET /v1/nodes/{id}/explain has the reason for its standing")                                \
    X(HTTP_AUDIENCE, 403, "audience", "The key is not declared for this audience",                 \
      "declare it with the audience; GET /v1/nodes/{id}/keys has those of each key")               \
    X(HTTP_OTHER_MEMBER, 403, "other_member", "The key is one of another member",                  \
      "request it of that member's own node")                                                      \
    X(HTTP_NOT_FOUND, 404, "not_found", "There is no such document",                               \
      "GET /openapi.json lists the paths; GET /v1/nodes the members")                              \
    X(HTTP_ROLE, 403, "role_required", "The role of this client does not suffice",                 \
      "use a certificate that http.roles gives the role in data.needed")                           \
    X(HTTP_METHOD, 405, "method_not_allowed", "Not a method of this path",                         \
      "use a method that Allow lists")                                                             \
    X(HTTP_ACCEPT, 406, "not_acceptable", "No form of it that is accepted",                        \
      "leave out Accept, or accept the type that GET /openapi.json names")                         \
    X(HTTP_LENGTH, 411, "length_required", "The request needs Content-Length",                     \
      "send the body in one piece, with Content-Length (curl: --data-binary @FILE)")               \
    X(HTTP_BODY, 413, "body_not_allowed", "A request of this method and path has no body",         \
      "send none")                                                                                 \
    X(HTTP_TOO_LARGE, 413, "body_too_large", "The body is longer than the limit",                  \
      "send at most the bytes that data.limit has")                                                \
    X(HTTP_CONFLICT, 409, "conflict", "The state of the node does not allow this request",         \
      "data.code and detail have the reason")                                                      \
    X(HTTP_NEXT_EPOCH, 409, "next_epoch", "Not in this epoch",                                     \
      "retry after the seconds that the header Retry-After has: the next epoch")                   \
    X(HTTP_KIND, 409, "kind", "Not for members with this kind of evidence", "use a certificate")   \
    X(HTTP_TYPE, 415, "unsupported_media_type", "Not the type of an object",                       \
      "send it as a type that detail names")                                                       \
    X(HTTP_URI, 414, "uri_too_long", "The address is too long", "shorten it")                      \
    X(HTTP_TOO_MANY, 429, "too_many", "Other requests of this kind are at work",                   \
      "retry after the seconds that the header Retry-After has")                                   \
    X(HTTP_HEADERS, 431, "headers_too_large", "The headers are too long", "send fewer")            \
    X(HTTP_INTERNAL, 500, "internal", "The node is short of memory", "retry; read its log")        \
    X(HTTP_TOO_BUSY, 503, "too_busy", "Too many requests at once, or the node is starting",        \
      "retry after the seconds that the header Retry-After has")                                   \
    X(HTTP_NOT_CLOSED, 503, "not_closed", "No epoch has closed yet", "retry after the next close") \
    X(HTTP_UNDECIDED, 503, "undecided", "The node cannot tell whether the key is active",          \
      "data.reason has the reason; request another node, or retry after Retry-After")              \
    X(HTTP_CA_NONE, 503, "ca_none", "This node has no certificate authority to request it of",     \
      "detail has the reason; request another node")                                               \
    X(HTTP_FEW_HOLDERS, 503, "few_holders", "Too few holders of the group key answered",           \
      "start the missing assay-signer: assay ca status on each node names it")                     \
    X(HTTP_STALE, 503, "stale", "The node does not have the newest state of the network",          \
      "request another node, or retry after Retry-After")                                          \
    X(HTTP_FENCED, 503, "fenced", "Operators have fenced this era: nothing is signed in it",       \
      "request a node of the next era")                                                            \
    X(HTTP_NOT_READY, 503, "not_ready", "Not in order", "data.checks lists what is not")

#define HTTP_PROBLEM_ENUM(symbol, status, code, title, hint) symbol,
enum http_problem { HTTP_PROBLEM_LIST(HTTP_PROBLEM_ENUM) HTTP_PROBLEM_COUNT };
#undef HTTP_PROBLEM_ENUM

/* --- answer.c */
/* Responds with a problem; data (may be NULL) is consumed. */
void http_problem(struct http_asking *asking, enum http_problem problem, const char *detail,
                  struct assay_json *data);
/* Responds with a document, in its envelope; data is consumed. */
void http_document(struct http_asking *asking, const char *schema, struct assay_json *data);
/* Responds with a bare value; data is consumed. */
void http_bare(struct http_asking *asking, struct assay_json *value);
/* The answer's ETag: of the newest view; of the closed epochs alone. Each Returns: whether the
 * asker has it already, and then the answer is made. */
bool http_same_view(struct http_asking *asking);
bool http_same_epochs(struct http_asking *asking);
/* A parameter by its name. Returns: its text, NULL: absent. */
const char *http_parameter(const struct http_asking *asking, const char *key);
/* Responds with text of malloc, which is consumed; NULL: a problem, as there is no memory. */
void http_body(struct assay_http_answer *answer, unsigned status, const char *type, char *body);
/* A number among the parameters. Returns: false when it is none, or beyond the limits, and then the
 * answer is made; *given: whether it was there, else *out is untouched. */
bool http_number(struct http_asking *asking, const char *key, uint64_t min, uint64_t max,
                 bool *given, uint64_t *out);

/* --- documents.c. Each of these, here and below, makes the answer. */
void http_status(struct http_asking *asking);
void http_nodes(struct http_asking *asking);
void http_node(struct http_asking *asking);
void http_epochs(struct http_asking *asking);
void http_epoch(struct http_asking *asking);
void http_matrix(struct http_asking *asking);
void http_policy(struct http_asking *asking);
void http_timeline(struct http_asking *asking);
void http_counters(struct http_asking *asking);
void http_collateral(struct http_asking *asking);
void http_services(struct http_asking *asking);
void http_graph_nodes(struct http_asking *asking);
void http_graph_edges(struct http_asking *asking);
/* Returns: the newest closed epoch of the snapshot, NULL: none. */
const struct assay_http_epoch *http_newest(const struct assay_http_snapshot *view);
/* Was this vote proven false? Returns: whether. */
bool http_is_lie(const struct assay_http_snapshot *view, uint64_t epoch, uint32_t verifier,
                 uint32_t subject);
/* What the tally worked with, into an object. */
void http_put_tally(struct assay_json *object, const struct assay_history_row *row);

/* --- explain.c */
void http_explain(struct http_asking *asking);

/* --- health.c */
void http_livez(struct http_asking *asking);
void http_readyz(struct http_asking *asking);
void http_permit(struct http_asking *asking);

/* --- authorize.c */
void http_authorize(struct http_asking *asking);
void http_ext_authz(struct http_asking *asking);
void http_keys(struct http_asking *asking);
void http_all_keys(struct http_asking *asking);

/* --- metrics.c */
void http_metrics(struct http_asking *asking);
/* condition: not LEFT (asserted). Returns: the word of label standing, "offline". */
const char *http_condition_label(enum assay_condition condition);

/* --- metrics_members.c */
/* Member, operator and vendor of a slot as labels: cleaned, bounded, NUL-terminated. */
struct http_member_labels {
    char member[65], operator_[65], vendor[65];
};
void http_member_labels(const struct assay_http_snapshot *view, uint32_t slot,
                        struct http_member_labels *labels);
/* Metrics of the members that need attention most, book->metrics_members at most. turns: whether
 * the loop does; else reachability is unknown. */
void http_metrics_members(FILE *out, const struct assay_http_content *book, bool turns);
/* Whether a member that is suspended fell to that: one that joined or was undrained climbs from
 * zero. And whether it served: had a better standing since then. */
bool http_has_fallen(const struct assay_member_snapshot *member);
bool http_has_served(const struct assay_member_snapshot *member);

/* --- stream.c */
void http_events(struct http_asking *asking);

/* --- core.c. The first four answer with a line for the node's loop. */
void http_core(struct http_asking *asking);
void http_submit(struct http_asking *asking);
void http_token(struct http_asking *asking);
void http_certificate(struct http_asking *asking);
/* "submit HEX". Returns: text of malloc, NULL without memory. */
char *http_line_with_hex(const char *head, struct assay_slice bytes);
/* Returns: whether Accept names a form of the document that is not its usual one. */
bool http_core_accepts(const struct assay_http_request *request);

/* --- challenge.c. The first two answer with a line for the node's loop, the third with what that
 * answered. */
void http_challenge_new(struct http_asking *asking);
void http_challenge_session(struct http_asking *asking);
void http_challenge_answer(struct http_asking *asking, const struct assay_json *data);

#endif
