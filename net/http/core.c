/*
 * net/http/core.c - paths whose documents the node's loop renders: requests to it, its answers.
 */
#include "net/http/answer_internal.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_LEN_MAX = 8192 }; /* of a refusal, a certificate or a token */

void http_core(struct http_asking *asking)
{
    const struct assay_http_request *r = asking->request;
    char line[ASSAY_HTTP_LINE_MAX];
    const enum assay_status status =
        assay_http_path_line(r->path, r->parameters, r->parameter_count, line);
    if (status == ASSAY_OK) {
        asking->answer->core_line = strdup(line);
        if (asking->answer->core_line == NULL) http_body(asking->answer, 500, "", NULL);
        return;
    }
    http_problem(asking, HTTP_BAD_REQUEST,
                 status == ASSAY_E_RANGE ? "the path and its parameters are too long"
                                         : "a value is empty, has a blank or another character "
                                           "than printable ASCII, lacks the one before it, or is "
                                           "of a switch (bare, voters, votes) and neither 0 nor 1",
                 NULL);
}

char *http_line_with_hex(const char *head, struct assay_slice bytes)
{
    ASSAY_ASSERT(head[0] != '\0' && (bytes.bytes != NULL || bytes.len == 0));
    const size_t head_len = strlen(head) + 1, size = head_len + 2 * bytes.len + 1;
    char *line = malloc(size);
    if (line == NULL) return NULL;
    (void)snprintf(line, size, "%s ", head);
    assay_hex_encode(bytes.bytes, bytes.len, line + head_len, size - head_len);
    return line;
}

static void refuse_kind(struct http_asking *asking)
{
    char detail[128] = "kind: expected";
    size_t len = strlen(detail);
    for (const struct assay_http_object *o = assay_http_objects; o->kind != NULL; o++) {
        const char *const before = o == assay_http_objects ? " "
                                   : o[1].kind == NULL     ? " or "
                                                           : ", ";
        const int more = snprintf(detail + len, sizeof detail - len, "%s%s", before, o->kind);
        ASSAY_ASSERT(more > 0 && (size_t)more < sizeof detail - len);
        len += (size_t)more;
    }
    http_problem(asking, HTTP_BAD_REQUEST, detail, NULL);
}

void http_submit(struct http_asking *asking)
{
    const struct assay_http_request *r = asking->request;
    const char *kind = http_parameter(asking, "kind");
    const struct assay_http_object *object = assay_http_objects;
    while (object->kind != NULL && (kind == NULL || strcmp(object->kind, kind) != 0))
        object++;
    if (object->kind == NULL) {
        refuse_kind(asking);
    } else if (r->content_type == NULL ||
               strcmp(r->content_type, "application/octet-stream") != 0) {
        http_problem(asking, HTTP_TYPE, "Content-Type: expected application/octet-stream", NULL);
    } else if (r->body.len == 0) {
        http_problem(asking, HTTP_BAD_REQUEST, "the request has no body: expected an object", NULL);
    } else {
        asking->answer->core_line = http_line_with_hex(object->request, r->body);
        if (asking->answer->core_line == NULL) http_body(asking->answer, 500, "", NULL);
    }
}

/* ------------------------------------------------------------ other forms of a document */

/* A member of a document that is the answer itself. */
static const struct form {
    const char *path, *field, *type; /* field NULL: the document alone */
    enum { FORM_BYTES, FORM_TEXT, FORM_OBJECT } is;
    bool by_accept;   /* only if Accept names the type */
    bool is_of_epoch; /* the same until the next epoch closes */
} forms[] = {
    { "/v1/nodes/*/proof", "proof", ASSAY_HTTP_PROOF_TYPE, FORM_BYTES, false, true },
    { "/v1/nodes/*/keys/proof", NULL, "application/json", FORM_OBJECT, true, true },
    { "/v1/nodes/*/keys/proof", "key_proof", ASSAY_HTTP_KEY_PROOF_TYPE, FORM_BYTES, false, true },
    { "/v1/nodes/*/ear", "ear_cwt", "application/eat+cwt", FORM_BYTES, true, true },
    { "/v1/nodes/*/ear", "ear", "application/eat+jwt", FORM_TEXT, false, true },
    { "/v1/nodes/*/evidence/bytes", "evidence", ASSAY_HTTP_EVIDENCE_TYPE, FORM_BYTES, false,
      false },
    { "/v1/checkpoint", "checkpoint", ASSAY_HTTP_CHECKPOINT_TYPE, FORM_BYTES, true, true },
    { "/v1/ca/proof", "ca_proof", ASSAY_HTTP_CA_PROOF_TYPE, FORM_BYTES, true, true },
    { "/v1/proofs/*", NULL, NULL, FORM_OBJECT, false, true },
    { "/.well-known/veraison/verification", "discovery", ASSAY_HTTP_DISCOVERY_TYPE, FORM_OBJECT,
      false, false },
    { "/v1/bundle", "bundle", "application/json", FORM_OBJECT, false, false },
    { "/.well-known/jwks.json", "jwks", "application/jwk-set+json", FORM_OBJECT, false, true },
    { "/.well-known/openid-configuration", "openid", "application/json", FORM_OBJECT, false, true },
};

/* Of several forms of one path the first that Accept names, else the one that needs no name. */
static const struct form *find_form(const struct assay_http_request *r)
{
    const struct form *found = NULL;
    char word[80];
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (!assay_http_path_matches(forms[i].path, r->path, word, sizeof word)) continue;
        found = &forms[i];
        if (!found->by_accept || (r->accept != NULL && strstr(r->accept, found->type) != NULL))
            return found;
    }
    return found;
}

/* A certificate or token, which has a document around it where Accept names that. */
static bool is_issue(const char *path)
{
    char word[ASSAY_HTTP_LINE_MAX];
    return assay_http_path_matches("/v1/nodes/*/certificate", path, word, sizeof word) ||
           assay_http_path_matches("/v1/nodes/*/token", path, word, sizeof word);
}

bool http_core_accepts(const struct assay_http_request *request)
{
    const struct form *form = find_form(request);
    if (request->accept == NULL) return false;
    if (is_issue(request->path)) return strstr(request->accept, "application/json") != NULL;
    return form != NULL && form->by_accept && strstr(request->accept, form->type) != NULL;
}

bool assay_http_is_of_epoch(const struct assay_http_request *request, bool *is_named)
{
    const struct form *form = find_form(request);
    const char *const accept = request->accept;
    *is_named = false;
    if (form == NULL || !form->is_of_epoch) return false;
    const bool is_json = form->field == NULL || form->by_accept;
    const bool names = accept != NULL && form->type != NULL && strstr(accept, form->type) != NULL;
    *is_named = form->by_accept && names;
    return accept == NULL || names || strstr(accept, "*/*") != NULL ||
           (is_json && strstr(accept, "application/json") != NULL);
}

static void answer_bytes(struct assay_http_answer *answer, const char *hex, const char *type)
{
    ASSAY_ASSERT(hex != NULL && type != NULL);
    const size_t len = strlen(hex) / 2;
    char *bytes = malloc(len + 1);
    if (bytes != NULL && assay_hex_decode(hex, strlen(hex), (uint8_t *)bytes, len) != ASSAY_OK) {
        free(bytes);
        bytes = NULL;
    }
    if (bytes != NULL) bytes[len] = '\0';
    http_body(answer, 200, type, bytes);
    if (bytes != NULL) answer->len = len; /* bytes may be zero */
}

/* text: the document, of malloc, consumed. */
static void answer_form(struct http_asking *asking, const struct form *form,
                        const struct assay_json *data, char *text)
{
    struct assay_http_answer *const answer = asking->answer;
    answer->is_of_epoch = form->is_of_epoch;
    answer->era = (uint32_t)assay_json_uint(data, "era", 0);
    answer->epoch = assay_json_uint(data, "epoch", 0);
    if (form->field == NULL || (form->by_accept && !http_core_accepts(asking->request))) {
        http_body(answer, 200, "application/json", text);
        return;
    }
    const char *const value = assay_json_text(data, form->field, "");
    if (form->is == FORM_OBJECT)
        http_body(answer, 200, form->type, assay_json_print(assay_json_get(data, form->field), 0));
    else if (form->is == FORM_TEXT) http_body(answer, 200, form->type, strdup(value));
    else answer_bytes(answer, value, form->type);
    free(text);
}

/* ------------------------------------------------------------ certificates and tokens */

/* Returns: whether the request has it; else the answer is made. */
static bool has_parameter(struct http_asking *asking, const char *name, const char *expected)
{
    char detail[128];
    const char *const value = http_parameter(asking, name);
    if (value != NULL && value[0] != '\0') return true;
    (void)snprintf(detail, sizeof detail, "the parameter %s is missing: %s", name, expected);
    http_problem(asking, HTTP_BAD_REQUEST, detail, NULL);
    return false;
}

void http_certificate(struct http_asking *asking)
{
    if (has_parameter(asking, "key", "the name of a key of the member")) http_core(asking);
}

/* docs/identity.md 4.13: a bearer secret does not leave the machine. */
void http_token(struct http_asking *asking)
{
    if (asking->request->is_unix_socket) {
        if (has_parameter(asking, "key", "the name of a key of the member") &&
            has_parameter(asking, "aud", "an audience of the key"))
            http_core(asking);
        return;
    }
    http_problem(asking, HTTP_FORBIDDEN,
                 "tokens are answered on the admin socket (listen.admin) and on a UNIX socket of "
                 "HTTP (listen.http: PATH) alone",
                 NULL);
}

static void answer_issue(struct http_asking *asking, const struct assay_json *data, char *text)
{
    const char *const certificate = assay_json_text(data, "certificate", NULL);
    const char *const token = assay_json_text(data, "token", NULL);
    const bool is_issued = certificate != NULL || token != NULL;
    if (is_issued && http_core_accepts(asking->request)) {
        http_body(asking->answer, 200, "application/json", text);
        return;
    }
    if (certificate != NULL) {
        http_body(asking->answer, 200, ASSAY_HTTP_CHAIN_TYPE, strdup(certificate));
    } else if (token != NULL) {
        http_body(asking->answer, 200, ASSAY_HTTP_TOKEN_TYPE, strdup(token));
    } else {
        http_body(asking->answer, 202, "application/json", text);
        asking->answer->retry_after_s = assay_json_uint(data, "retry_after_s", 1);
        return;
    }
    free(text);
}

/* ------------------------------------------------------------ answers */

/* A code of assay.error. Returns: the problem that it is. */
static enum http_problem problem_of(const char *code)
{
    ASSAY_ASSERT(code != NULL);
    static const struct {
        const char *code;
        enum http_problem problem;
    } codes[] = {
        { "usage", HTTP_BAD_REQUEST },
        { "unknown_request", HTTP_BAD_REQUEST },
        { "not_found", HTTP_NOT_FOUND },
        { "not_ready", HTTP_NOT_READY },
        { "denied", HTTP_CONFLICT },
        { "conflict", HTTP_CONFLICT },
        { "refused", HTTP_CONFLICT },
        { "too_busy", HTTP_TOO_BUSY },
        { "not_closed", HTTP_NOT_CLOSED },
        { "lists_missing", HTTP_UNDECIDED },
        { "audience", HTTP_AUDIENCE },
        { "other_member", HTTP_OTHER_MEMBER },
        { "kind", HTTP_KIND },
        { "next_epoch", HTTP_NEXT_EPOCH },
        { "too_many", HTTP_TOO_MANY },
        { "few_holders", HTTP_FEW_HOLDERS },
        { "stale", HTTP_STALE },
        { "fenced", HTTP_FENCED },
        { "ca_none", HTTP_CA_NONE },
        { "below_threshold", HTTP_BELOW_THRESHOLD },
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(codes[i].code, code) == 0) return codes[i].problem;
    return HTTP_INTERNAL;
}

static bool is_challenge(const char *path)
{
    static const char prefix[] = "/challenge-response/";
    return strncmp(path, prefix, sizeof prefix - 1) == 0;
}

void assay_http_core_answer(const struct assay_http_request *request, char *text,
                            struct assay_http_answer *answer)
{
    ASSAY_ASSERT(request->path != NULL);
    struct http_asking asking = { .request = request, .answer = answer, .word = "" };
    struct assay_json *document = NULL;
    *answer = (struct assay_http_answer){ 0 };
    if (text == NULL) {
        http_problem(&asking, HTTP_TOO_BUSY, "the node did not answer in time", NULL);
        return;
    }
    const size_t len = strlen(text);
    const struct form *const form = find_form(request);
    const bool is_read = len < ANSWER_LEN_MAX || form != NULL || is_challenge(request->path);
    if (is_read)
        assay_status_ignore(assay_json_parse(text, len, &document), "then it is passed on");
    const char *const schema = assay_json_text(document, "schema", "");
    if (strcmp(schema, "assay.challenge") == 0) {
        http_challenge_answer(&asking, assay_json_get(document, "data"));
        free(text);
    } else if (strcmp(schema, "assay.issue") == 0) {
        answer_issue(&asking, assay_json_get(document, "data"), text);
    } else if (strcmp(schema, "assay.error") != 0 && document != NULL && form != NULL) {
        answer_form(&asking, form, assay_json_get(document, "data"), text);
    } else if (strcmp(schema, "assay.error") == 0) {
        const struct assay_json *error = assay_json_get(document, "data");
        const char *code = assay_json_text(error, "code", "");
        struct assay_json *data = assay_json_object();
        assay_json_set_text(data, "code", code);
        if (problem_of(code) == HTTP_UNDECIDED) assay_json_set_text(data, "reason", code);
        http_problem(&asking, problem_of(code), assay_json_text(error, "detail", ""), data);
        answer->retry_after_s = assay_json_uint(error, "retry_after_s", answer->retry_after_s);
        free(text);
    } else {
        http_body(answer, 200, "application/json", text);
    }
    assay_json_free(&document);
}
