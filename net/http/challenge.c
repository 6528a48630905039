/*
 * net/http/challenge.c - challenge-response sessions over HTTP, as Veraison's clients speak
 * (docs/http.md 6): requests as lines for the node's loop, its answers.
 *
 * What decides is in the node's loop (net/runtime/runtime_challenge.c): nonce, session and client
 * go there with every line.
 */
#include "net/http/answer_internal.h"

#include "base/base64.h"
#include "net/verifier/challenge_sessions.h"

#include <stdlib.h>
#include <string.h>

enum {
    CLIENT_TEXT = 65,
    NONCE_TEXT_MAX = 88, /* of 64 bytes, with padding */
};

/* Returns: the client as hexadecimal; without a certificate all are one. */
static const char *client_text(const struct http_asking *asking, char text[static CLIENT_TEXT])
{
    static const uint8_t none[32];
    const uint8_t *client = asking->request->client;
    assay_hex_encode(client != NULL ? client : none, 32, text, CLIENT_TEXT);
    return text;
}

static void answer_line(struct http_asking *asking, char *line)
{
    asking->answer->core_line = line;
    if (line == NULL) http_body(asking->answer, 500, "", NULL);
}

/* ------------------------------------------------------------ a new session */

/* Without padding, or with all of it: both are in use. */
static bool read_nonce(const char *text, uint8_t *nonce, size_t *len)
{
    size_t text_len = strlen(text);
    if (text_len > NONCE_TEXT_MAX) return false;
    const bool is_padded = text_len > 0 && text_len % 4 == 0;
    for (int i = 0; is_padded && i < 2 && text[text_len - 1] == '='; i++)
        text_len--;
    return assay_base64_decode(ASSAY_BASE64_URL, text, text_len, nonce, ASSAY_SESSION_SIZE_MAX,
                               len) == ASSAY_OK &&
           *len >= ASSAY_SESSION_SIZE_MIN;
}

/* The nonce of the client, or a random one. Returns: false: the answer is made. */
static bool choose_nonce(struct http_asking *asking, uint8_t *nonce, size_t *len)
{
    const char *const given = http_parameter(asking, "nonce");
    uint64_t size = ASSAY_SESSION_SIZE;
    bool has_size = false;
    if (!http_number(asking, "nonceSize", ASSAY_SESSION_SIZE_MIN, ASSAY_SESSION_SIZE_MAX, &has_size,
                     &size))
        return false;
    if (given != NULL && has_size) {
        http_problem(asking, HTTP_BAD_REQUEST, "either nonce or nonceSize, not both", NULL);
        return false;
    }
    if (given != NULL && !read_nonce(given, nonce, len)) {
        http_problem(asking, HTTP_BAD_REQUEST, "nonce: expected base64url of 8 to 64 bytes", NULL);
        return false;
    }
    if (given != NULL) return true;
    *len = (size_t)size;
    if (assay_random(nonce, *len) == ASSAY_OK) return true;
    http_problem(asking, HTTP_INTERNAL, "no random numbers", NULL);
    return false;
}

void http_challenge_new(struct http_asking *asking)
{
    enum assay_ear_profile profile = ASSAY_EAR_IETF_04;
    uint8_t nonce[ASSAY_SESSION_SIZE_MAX];
    char client[CLIENT_TEXT], hex[2 * ASSAY_SESSION_SIZE_MAX + 1];
    size_t len = 0;
    const char *const wanted = http_parameter(asking, "profile");
    if (wanted != NULL && assay_ear_profile_parse(wanted, &profile) != ASSAY_OK) {
        http_problem(asking, HTTP_BAD_REQUEST, "profile: expected ietf-04 or veraison-2023", NULL);
        return;
    }
    if (!choose_nonce(asking, nonce, &len)) return;
    assay_hex_encode(nonce, len, hex, sizeof hex);
    char line[ASSAY_HTTP_LINE_MAX];
    (void)snprintf(line, sizeof line, "challenge new %s %s %s", client_text(asking, client),
                   assay_ear_names(profile).option, hex);
    answer_line(asking, strdup(line));
}

/* ------------------------------------------------------------ one session */

/* A type with its parameters: the type alone decides. */
static bool is_evidence_type(const char *type)
{
    const size_t len = type != NULL ? strcspn(type, "; \t") : 0;
    for (const char *const *known = assay_session_types; len > 0 && *known != NULL; known++)
        if (strlen(*known) == len && strncmp(*known, type, len) == 0) return true;
    return false;
}

static void submit_evidence(struct http_asking *asking)
{
    const struct assay_http_request *r = asking->request;
    char client[CLIENT_TEXT], detail[256] = "Content-Type: expected one of";
    if (is_evidence_type(r->content_type) && r->body.len > 0) {
        char head[ASSAY_HTTP_LINE_MAX];
        (void)snprintf(head, sizeof head, "challenge post %s %s", client_text(asking, client),
                       asking->word);
        answer_line(asking, http_line_with_hex(head, r->body));
        return;
    }
    if (r->body.len == 0) {
        http_problem(asking, HTTP_BAD_REQUEST, "the request has no body: expected evidence", NULL);
        return;
    }
    for (const char *const *type = assay_session_types; *type != NULL; type++) {
        const size_t at = strlen(detail);
        (void)snprintf(detail + at, sizeof detail - at, " %s", *type);
    }
    http_problem(asking, HTTP_TYPE, detail, NULL);
}

/* As the node makes them: a segment of another form is no session's. */
static bool is_id(const char *word)
{
    return strlen(word) == 2 * (size_t)ASSAY_SESSION_ID_LEN &&
           strspn(word, "0123456789abcdef") == strlen(word);
}

void http_challenge_session(struct http_asking *asking)
{
    char client[CLIENT_TEXT], line[ASSAY_HTTP_LINE_MAX];
    const char *const method = asking->request->method;
    if (!is_id(asking->word)) {
        http_problem(asking, HTTP_NOT_FOUND, "no session has such an id", NULL);
    } else if (strcmp(method, "POST") == 0) {
        submit_evidence(asking);
    } else {
        (void)snprintf(line, sizeof line, "challenge %s %s %s",
                       strcmp(method, "DELETE") == 0 ? "delete" : "get",
                       client_text(asking, client), asking->word);
        answer_line(asking, strdup(line));
    }
}

void http_challenge_answer(struct http_asking *asking, const struct assay_json *data)
{
    struct assay_http_answer *const answer = asking->answer;
    const struct assay_json *const session = assay_json_get(data, "session");
    const uint64_t status = assay_json_uint(data, "status", 500);
    if (session == NULL) {
        answer->status = (unsigned)status;
        answer->fixed = "";
        return;
    }
    http_body(answer, (unsigned)status, ASSAY_HTTP_SESSION_TYPE, assay_json_print(session, 0));
    if (status == 201) /* resolved against the request's own address (RFC 9110 10.2.2) */
        (void)snprintf(answer->location, sizeof answer->location, "session/%s",
                       assay_json_text(data, "id", ""));
}
