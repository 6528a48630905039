/*
 * net/http/authorize.c - requests of relying parties: is this workload key active? For auth_request
 * of nginx, ForwardAuth of Traefik, ext_authz of Envoy (docs/http.md 7).
 *
 * Answered from the snapshot, without the node's loop, and never cached: an answer that is kept is
 * older than the suspension that it misses.
 */
#include "net/documents/key_verdict.h"
#include "net/http/answer_internal.h"
#include "net/http/client_key.h"

#include <string.h>

static const struct {
    const char *name;
    enum assay_declared_purpose purpose;
} purposes[] = { { "tls", ASSAY_PURPOSE_TLS },
                 { "token", ASSAY_PURPOSE_TOKEN },
                 { "ssh", ASSAY_PURPOSE_SSH } };

/* ------------------------------------------------------------ what is requested */

static bool read_class(struct http_asking *asking, const char *text, bool *critical)
{
    *critical = text != NULL && strcmp(text, "critical") == 0;
    if (text == NULL || *critical || strcmp(text, "normal") == 0) return true;
    http_problem(asking, HTTP_BAD_REQUEST, "class: expected normal or critical", NULL);
    return false;
}

static bool read_purpose(struct http_asking *asking, enum assay_declared_purpose *purpose)
{
    const char *text = http_parameter(asking, "purpose");
    *purpose = ASSAY_PURPOSE_TLS;
    if (text == NULL) return true;
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        if (strcmp(purposes[i].name, text) != 0) continue;
        *purpose = purposes[i].purpose;
        return true;
    }
    http_problem(asking, HTTP_BAD_REQUEST, "purpose: expected tls, token or ssh", NULL);
    return false;
}

static bool read_member(struct http_asking *asking, uint16_t *slot)
{
    const char *text = http_parameter(asking, "node");
    *slot = ASSAY_SLOT_ALL;
    if (text == NULL || assay_document_slot(&asking->view->snapshot, text, slot)) return true;
    http_problem(asking, HTTP_BAD_REQUEST, "node: no member has that name, slot or node_id", NULL);
    return false;
}

/* text: NULL: none is meant */
static bool check_service(struct http_asking *asking, const char *text, struct assay_slice *service)
{
    *service = (struct assay_slice){ 0 };
    if (text == NULL) return true;
    *service = assay_slice_over(text, strlen(text));
    if (assay_declared_key_name_is_fit(*service)) return true;
    http_problem(asking, HTTP_BAD_REQUEST,
                 "service: expected a granted name, a DNS label in lower case", NULL);
    return false;
}

/* The key by each way in which the request has it. */
struct given_key {
    bool is_given;
    uint8_t sha256[32];
};

/* Returns: false: two ways name different keys, and the answer is made. */
static bool add_key(struct http_asking *asking, struct given_key *given,
                    const uint8_t sha256[static 32])
{
    if (given->is_given && !assay_bytes_equal(given->sha256, sha256, 32)) {
        http_problem(asking, HTTP_BAD_REQUEST,
                     "spki and the certificates in headers are of different keys", NULL);
        return false;
    }
    given->is_given = true;
    assay_bytes_copy(given->sha256, 32, sha256, 32);
    return true;
}

/* header: "" and NULL: the client has no certificate. */
static const char *text_of_header(enum assay_status status)
{
    if (status == ASSAY_E_MEMORY) return "there is no memory for it";
    if (status == ASSAY_E_NOT_FOUND)
        return "expected the member Cert, found an element without it "
               "(set_current_client_cert_details: {cert: true})";
    if (status == ASSAY_E_DUPLICATE)
        return "expected one element with one Cert, found several "
               "(forward_client_cert_details: SANITIZE_SET)";
    return "expected one certificate, in PEM or base64 of DER, percent-encoded or not";
}

static bool add_header(struct http_asking *asking, struct given_key *given, const char *name,
                       const char *header,
                       enum assay_status (*read)(const char *header, uint8_t sha256[static 32]))
{
    uint8_t sha256[32];
    char detail[224];
    if (header == NULL || header[0] == '\0') return true;
    const enum assay_status status = read(header, sha256);
    if (status == ASSAY_OK) return add_key(asking, given, sha256);
    (void)snprintf(detail, sizeof detail, "%s: %s", name, text_of_header(status));
    http_problem(asking, status == ASSAY_E_MEMORY ? HTTP_INTERNAL : HTTP_BAD_REQUEST, detail, NULL);
    return false;
}

static bool read_key(struct http_asking *asking, struct given_key *given)
{
    const char *text = http_parameter(asking, "spki");
    const struct assay_http_request *r = asking->request;
    uint8_t sha256[32];
    *given = (struct given_key){ 0 };
    if (text != NULL) {
        if (assay_hex_decode(text, strlen(text), sha256, 32) != ASSAY_OK) {
            http_problem(asking, HTTP_BAD_REQUEST,
                         "spki: expected SHA-256 of a SubjectPublicKeyInfo, 64 hexadecimal digits",
                         NULL);
            return false;
        }
        if (!add_key(asking, given, sha256)) return false;
    }
    return add_header(asking, given, "X-Assay-Certificate", r->certificate,
                      assay_http_client_key) &&
           add_header(asking, given, "X-Forwarded-Tls-Client-Cert", r->tls_client_cert,
                      assay_http_client_key);
}

/* ------------------------------------------------------------ answers */

/* Headers for proxies, which do not read documents. */
static void set_headers(struct http_asking *asking, const struct assay_authz_answer *decided)
{
    struct assay_http_answer *const answer = asking->answer;
    answer->reason = assay_authz_verdict_code(decided->verdict);
    answer->key_answer = decided->verdict == ASSAY_KEY_ACTIVE ? ASSAY_HTTP_KEY_AUTHORIZED
                         : assay_authz_verdict_is_undecided(decided->verdict)
                             ? ASSAY_HTTP_KEY_UNDECIDED
                             : ASSAY_HTTP_KEY_DENIED;
    if (!decided->has_listing) return;
    const struct assay_member_snapshot *m =
        &asking->view->snapshot.members[decided->listing.slot].ledger;
    assay_hex_encode(m->node_id, sizeof m->node_id, answer->member, sizeof answer->member);
    if (decided->verdict != ASSAY_KEY_ACTIVE) return;
    const struct assay_slice name = decided->listing.key->name;
    assay_bytes_copy(answer->key_name, sizeof answer->key_name - 1, name.bytes, name.len);
}

static struct assay_json *document_of(struct http_asking *asking,
                                      const struct assay_authz_question *question,
                                      const struct assay_authz_answer *decided)
{
    const struct assay_snapshot *s = &asking->view->snapshot;
    struct assay_json *data = assay_json_object();
    assay_json_set_bool(data, "authorized", decided->verdict == ASSAY_KEY_ACTIVE);
    assay_json_set_text(data, "reason", assay_authz_verdict_code(decided->verdict));
    assay_json_set_text(data, "class", question->critical ? "critical" : "normal");
    assay_json_set_text(data, "purpose", assay_declared_purpose_text(question->purpose));
    if (question->service.len == 0) assay_json_set_null(data, "service");
    else assay_json_set_text_n(data, "service", question->service.bytes, question->service.len);
    assay_json_set_hex(data, "spki_sha256", question->spki_sha256, 32);
    assay_json_set_uint(data, "epoch", s->chain.epoch);
    if (!decided->has_listing) return data;
    const struct assay_member_snapshot *m = &s->members[decided->listing.slot].ledger;
    assay_json_set_uint(data, "slot", decided->listing.slot);
    assay_json_set_text_n(data, "name", m->name.bytes, m->name.len);
    assay_json_set_hex(data, "node_id", m->node_id, sizeof m->node_id);
    assay_json_set_text_n(data, "key_name", decided->listing.key->name.bytes,
                          decided->listing.key->name.len);
    assay_json_set_text(data, "standing",
                        assay_document_standing((uint64_t)assay_authz_standing(m)));
    return data;
}

/* undecided: the problem that it is when the node cannot tell. */
static void answer_key(struct http_asking *asking, const struct assay_authz_question *question,
                       enum http_problem undecided)
{
    struct assay_authz_answer decided;
    assay_authz_decide(&asking->view->snapshot, asking->book->now_ms, question, &decided);
    struct assay_json *data = document_of(asking, question, &decided);
    const char *const text = assay_authz_verdict_text(decided.verdict);
    if (decided.verdict == ASSAY_KEY_ACTIVE) http_document(asking, "assay.authorization", data);
    else if (assay_authz_verdict_is_undecided(decided.verdict))
        http_problem(asking, undecided, text, data);
    else http_problem(asking, HTTP_KEY_DENIED, text, data);
    set_headers(asking, &decided);
}

static void refuse_without_key(struct http_asking *asking, const char *detail)
{
    http_problem(asking, HTTP_NO_KEY, detail, NULL);
    asking->answer->reason = "no_key";
    asking->answer->key_answer = ASSAY_HTTP_KEY_DENIED;
}

void http_authorize(struct http_asking *asking)
{
    struct assay_authz_question question;
    struct given_key given;
    if (!read_class(asking, http_parameter(asking, "class"), &question.critical) ||
        !read_purpose(asking, &question.purpose) || !read_member(asking, &question.slot) ||
        !check_service(asking, http_parameter(asking, "service"), &question.service) ||
        !read_key(asking, &given))
        return;
    if (!given.is_given) {
        refuse_without_key(asking, "expected spki, or X-Assay-Certificate");
        return;
    }
    assay_bytes_copy(question.spki_sha256, 32, given.sha256, 32);
    answer_key(asking, &question, HTTP_UNDECIDED);
}

/* CLASS or CLASS:SERVICE. The segment is the proxy's: what its client sent begins behind it. */
static bool read_prefix(struct http_asking *asking, struct assay_authz_question *question)
{
    char name[sizeof "critical"];
    const char *const colon = strchr(asking->word, ':');
    const size_t len = colon != NULL ? (size_t)(colon - asking->word) : strlen(asking->word);
    name[0] = '\0';
    if (len < sizeof name) assay_bytes_copy(name, sizeof name, asking->word, len);
    if (len < sizeof name) name[len] = '\0';
    return read_class(asking, name, &question->critical) &&
           check_service(asking, colon != NULL ? colon + 1 : NULL, &question->service);
}

/* Of the request that the proxy has: method, path behind the class, body and parameters are not
 * looked at. Envoy lets requests pass where failure_mode_allow is set and the answer is 5xx, so
 * what cannot be decided is denied by 403 (assay_http_deny_key has the rest). */
void http_ext_authz(struct http_asking *asking)
{
    struct assay_authz_question question = { .purpose = ASSAY_PURPOSE_TLS, .slot = ASSAY_SLOT_ALL };
    struct given_key given = { 0 };
    if (!read_prefix(asking, &question) ||
        !add_header(asking, &given, "X-Forwarded-Client-Cert", asking->request->forwarded_cert,
                    assay_http_client_key_forwarded))
        return;
    if (!given.is_given) {
        refuse_without_key(asking, "expected X-Forwarded-Client-Cert with the member Cert "
                                   "(set_current_client_cert_details: {cert: true})");
        return;
    }
    assay_bytes_copy(question.spki_sha256, 32, given.sha256, 32);
    answer_key(asking, &question, HTTP_KEY_DENIED);
}

/* ------------------------------------------------------------ lists of keys */

/* What was decided before the loop hung is not what is decided now. */
static bool is_same(struct http_asking *asking)
{
    return !assay_http_is_stalled(asking->view, asking->book->now_ms) && http_same_view(asking);
}

void http_keys(struct http_asking *asking)
{
    const struct assay_snapshot *s = &asking->view->snapshot;
    uint16_t slot = 0;
    if (!assay_document_slot(s, asking->word, &slot))
        http_problem(asking, HTTP_NOT_FOUND, "no member has that name, slot or node_id", NULL);
    else if (!is_same(asking))
        http_document(asking, "assay.keys", assay_document_keys(s, asking->book->now_ms, slot));
}

void http_all_keys(struct http_asking *asking)
{
    uint64_t since = 0, limit = ASSAY_MEMBERS_MAX;
    bool given = false;
    if (!http_number(asking, "since", 0, UINT32_MAX, &given, &since)) return;
    if (!http_number(asking, "limit", 1, ASSAY_MEMBERS_MAX, &given, &limit)) return;
    if (is_same(asking)) return;
    http_document(asking, "assay.all_keys",
                  assay_document_all_keys(&asking->view->snapshot, asking->book->now_ms,
                                          (uint32_t)since, (uint32_t)limit));
}
