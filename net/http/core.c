/*
 * net/http/core.c - paths whose documents the node's loop renders: requests to it, its answers.
 */
#include "net/http/answer_internal.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSAL_LEN_MAX = 4096 };

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
    { "/v1/nodes/*/keys/proof", "key_proof", ASSAY_HTTP_KEY_PROOF_TYPE, FORM_BYTES, false, true },
    { "/v1/nodes/*/ear", "ear", "application/eat+jwt", FORM_TEXT, false, true },
    { "/v1/nodes/*/evidence/bytes", "evidence", ASSAY_HTTP_EVIDENCE_TYPE, FORM_BYTES, false,
      false },
    { "/v1/checkpoint", "checkpoint", ASSAY_HTTP_CHECKPOINT_TYPE, FORM_BYTES, true, true },
    { "/v1/proofs/*", NULL, NULL, FORM_OBJECT, false, true },
    { "/.well-known/veraison/verification", "discovery", ASSAY_HTTP_DISCOVERY_TYPE, FORM_OBJECT,
      false, false },
};

static const struct form *find_form(const char *path)
{
    char word[80];
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (assay_http_path_matches(forms[i].path, path, word, sizeof word)) return &forms[i];
    return NULL;
}

bool http_core_accepts(const struct assay_http_request *request)
{
    const struct form *form = find_form(request->path);
    return form != NULL && form->by_accept && request->accept != NULL &&
           strstr(request->accept, form->type) != NULL;
}

bool assay_http_is_of_epoch(const struct assay_http_request *request, bool *is_named)
{
    const struct form *form = find_form(request->path);
    const char *const accept = request->accept;
    *is_named = false;
    if (form == NULL || !form->is_of_epoch) return false;
    const bool is_json = form->field == NULL || form->by_accept;
    *is_named = accept != NULL && form->type != NULL && strstr(accept, form->type) != NULL;
    return accept == NULL || *is_named || strstr(accept, "*/*") != NULL ||
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

/* ------------------------------------------------------------ answers */

/* A code of assay.error. Returns: the problem that it is. */
static enum http_problem problem_of(const char *code)
{
    ASSAY_ASSERT(code != NULL);
    static const struct {
        const char *code;
        enum http_problem problem;
    } codes[] = {
        { "usage", HTTP_BAD_REQUEST },     { "unknown_request", HTTP_BAD_REQUEST },
        { "not_found", HTTP_NOT_FOUND },   { "not_ready", HTTP_NOT_READY },
        { "denied", HTTP_CONFLICT },       { "conflict", HTTP_CONFLICT },
        { "refused", HTTP_CONFLICT },      { "too_busy", HTTP_TOO_BUSY },
        { "not_closed", HTTP_NOT_CLOSED },
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
    const struct form *const form = find_form(request->path);
    const bool is_read = len < REFUSAL_LEN_MAX || form != NULL || is_challenge(request->path);
    if (is_read)
        assay_status_ignore(assay_json_parse(text, len, &document), "then it is passed on");
    const char *const schema = assay_json_text(document, "schema", "");
    if (strcmp(schema, "assay.challenge") == 0) {
        http_challenge_answer(&asking, assay_json_get(document, "data"));
        free(text);
    } else if (strcmp(schema, "assay.error") != 0 && document != NULL && form != NULL) {
        answer_form(&asking, form, assay_json_get(document, "data"), text);
    } else if (strcmp(schema, "assay.error") == 0) {
        const struct assay_json *error = assay_json_get(document, "data");
        const char *code = assay_json_text(error, "code", "");
        struct assay_json *data = assay_json_object();
        assay_json_set_text(data, "code", code);
        http_problem(&asking, problem_of(code), assay_json_text(error, "detail", ""), data);
        answer->retry_after_s = assay_json_uint(error, "retry_after_s", answer->retry_after_s);
        free(text);
    } else {
        http_body(answer, 200, "application/json", text);
    }
    assay_json_free(&document);
}
