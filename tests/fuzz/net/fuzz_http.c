/*
 * tests/fuzz/net/fuzz_http.c - fuzz target: one request of HTTP, as lines: method, path, Accept,
 * If-None-Match, Host, Last-Event-ID (of POST: Content-Type, and all of it is the body), then
 * parameters (key, value). An answer is a document, a problem with a code, or a stream; what claims
 * to be JSON is. A line for the node's loop is one line.
 */
#include "base/assert.h"
#include "net/http/answer.h"
#include "net/json/json.h"
#include "tests/unit/net/http/http_fixture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { FIXED = 6, LINES_MAX = FIXED + 2 * ASSAY_HTTP_PARAMETERS_MAX };

static struct http_fixture fixture;

static void open_fixture(void)
{
    static bool open;
    if (open) return;
    open = true;
    http_fixture_open(&fixture, 4);
    assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, 40));
    assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, 41));
    http_fixture_publish(&fixture, "x");
    assay_http_snapshot_slot_set_rules(fixture.slot,
                                       assay_http_rules_create(strdup("{}"), strdup("{}")));
    ASSAY_ASSERT(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
}

/* "-" alone is a header that was not sent. */
static const char *sent(const char *line)
{
    return line != NULL && strcmp(line, "-") != 0 ? line : NULL;
}

static void check(const struct assay_http_answer *answer)
{
    struct assay_json *json = NULL;
    const char *text = answer->body != NULL ? answer->body : answer->fixed;
    ASSAY_ASSERT(answer->status >= 200 && answer->status < 600 && answer->status != 500);
    ASSAY_ASSERT(answer->type != NULL);
    if (answer->status == 304 || answer->stream || strstr(answer->type, "json") == NULL) return;
    const enum assay_status status = assay_json_parse(text, answer->len, &json);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (answer->status >= 400) ASSAY_ASSERT(assay_json_text(json, "code", "")[0] != '\0');
    assay_json_free(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct assay_http_figures figures;
    const char *lines[LINES_MAX] = { NULL };
    size_t count = 0;
    open_fixture();
    char *text = malloc(len + 1);
    if (text == NULL) return 0;
    assay_bytes_copy(text, len, bytes, len);
    text[len] = '\0';
    for (char *at = text; at != NULL && count < LINES_MAX; count++) {
        lines[count] = at;
        at = strchr(at, '\n');
        if (at != NULL) *at++ = '\0';
    }
    struct assay_http_request request = {
        .method = lines[0],
        .path = lines[1] != NULL ? lines[1] : "/",
        .accept = sent(lines[2]),
        .if_none_match = sent(lines[3]),
        .host = sent(lines[4]),
        .last_event_id = sent(lines[5]),
        .loopback = len % 2 == 0,
        .role = (enum assay_http_role)(len % (ASSAY_HTTP_ROLE_OPERATOR + 1)),
    };
    const bool posts = strcmp(request.method, "POST") == 0;
    request.has_body = posts && assay_http_body_max(&request) > 0;
    if (request.has_body) request.body = assay_slice_over(bytes, len);
    if (posts) request.content_type = request.last_event_id;
    for (size_t i = FIXED; i + 1 < count; i += 2)
        request.parameters[request.parameter_count++] =
            (struct assay_http_pair){ lines[i], sent(lines[i + 1]) };
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    const struct assay_http_content b = {
        .view = view, .timeline = fixture.timeline, .figures = &figures, .now_ms = 100100
    };
    struct assay_http_answer answer;
    assay_http_answer(&b, &request, &answer);
    if (answer.core_line == NULL) check(&answer);
    else
        ASSAY_ASSERT(request.role > ASSAY_HTTP_ROLE_NONE &&
                     strpbrk(answer.core_line, "\r\n") == NULL && answer.core_line[0] != ' ');
    free(answer.core_line);
    free(answer.body);
    assay_http_snapshot_release(&view);
    free(text);
    return 0;
}
