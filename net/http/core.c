/*
 * net/http/core.c - paths whose documents the node's loop renders: requests to it, its answers.
 */
#include "net/http/answer_internal.h"

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
                                           "than printable ASCII, or lacks the one before it",
                 NULL);
}

/* "submit HEX". Returns: text of malloc, NULL without memory. */
static char *line_of_object(const char *request, struct assay_slice object)
{
    const size_t head = strlen(request) + 1, size = head + 2 * object.len + 1;
    char *line = malloc(size);
    if (line == NULL) return NULL;
    (void)snprintf(line, size, "%s ", request);
    assay_hex_encode(object.bytes, object.len, line + head, size - head);
    return line;
}

void http_submit(struct http_asking *asking)
{
    const struct assay_http_request *r = asking->request;
    const char *kind = http_parameter(asking, "kind");
    const struct assay_http_object *object = assay_http_objects;
    while (object->kind != NULL && (kind == NULL || strcmp(object->kind, kind) != 0))
        object++;
    if (object->kind == NULL) {
        http_problem(asking, HTTP_BAD_REQUEST,
                     "kind: expected change, recover, fence or collateral", NULL);
    } else if (r->content_type == NULL ||
               strcmp(r->content_type, "application/octet-stream") != 0) {
        http_problem(asking, HTTP_TYPE, "Content-Type: expected application/octet-stream", NULL);
    } else if (r->body.len == 0) {
        http_problem(asking, HTTP_BAD_REQUEST, "the request has no body: expected an object", NULL);
    } else {
        asking->answer->core_line = line_of_object(object->request, r->body);
        if (asking->answer->core_line == NULL) http_body(asking->answer, 500, "", NULL);
    }
}

/* ------------------------------------------------------------ answers */

/* A code of assay.error. Returns: the problem that it is. */
static enum http_problem problem_of(const char *code)
{
    static const struct {
        const char *code;
        enum http_problem problem;
    } codes[] = {
        { "usage", HTTP_BAD_REQUEST },   { "unknown_request", HTTP_BAD_REQUEST },
        { "not_found", HTTP_NOT_FOUND }, { "not_ready", HTTP_NOT_READY },
        { "denied", HTTP_CONFLICT },     { "conflict", HTTP_CONFLICT },
        { "refused", HTTP_CONFLICT },
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(codes[i].code, code) == 0) return codes[i].problem;
    return HTTP_INTERNAL;
}

void assay_http_core_answer(const struct assay_http_request *request, char *text,
                            struct assay_http_answer *answer)
{
    struct http_asking asking = { .request = request, .answer = answer, .word = "" };
    struct assay_json *document = NULL;
    *answer = (struct assay_http_answer){ 0 };
    if (text == NULL) {
        http_problem(&asking, HTTP_TOO_BUSY, "the node did not answer in time", NULL);
        return;
    }
    const size_t len = strlen(text);
    const bool refused = len < REFUSAL_LEN_MAX &&
                         assay_json_parse(text, len, &document) == ASSAY_OK &&
                         strcmp(assay_json_text(document, "schema", ""), "assay.error") == 0;
    if (refused) {
        const struct assay_json *error = assay_json_get(document, "data");
        const char *code = assay_json_text(error, "code", "");
        struct assay_json *data = assay_json_object();
        assay_json_set_text(data, "code", code);
        http_problem(&asking, problem_of(code), assay_json_text(error, "detail", ""), data);
        free(text);
    } else {
        http_body(answer, 200, "application/json", text);
    }
    assay_json_free(&document);
}
