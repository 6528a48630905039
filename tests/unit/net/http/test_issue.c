/*
 * tests/unit/net/http/test_issue.c - tests of requests for certificates and tokens of workload
 * keys: what goes to the node's loop, what is refused before, and what its answers become.
 */
#include "net/http/answer.h"
#include "net/json/json.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CERTIFICATE_PATH "/v1/nodes/node-2/certificate"
#define TOKEN_PATH       "/v1/nodes/node-2/token"

static struct http_fixture fixture;
static struct assay_http_answer answer;

static void open_node(void)
{
    http_fixture_open(&fixture, 4);
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
}

static void close_node(void)
{
    free(answer.body);
    free(answer.core_line);
    http_fixture_close(&fixture);
}

TestSuite(net_http_issue, .init = open_node, .fini = close_node);

static void send(const struct assay_http_request *request)
{
    static const struct assay_http_figures figures;
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    const struct assay_http_content book = {
        .view = view, .timeline = fixture.timeline, .figures = &figures, .now_ms = 100100
    };
    free(answer.body);
    free(answer.core_line);
    assay_http_answer(&book, request, &answer);
    assay_http_snapshot_release(&view);
}

static struct assay_http_request request_of(enum assay_http_role role, const char *path,
                                            const char *key, const char *audience)
{
    struct assay_http_request request = { .role = role, .method = "GET", .path = path };
    if (key != NULL)
        request.parameters[request.parameter_count++] = (struct assay_http_pair){ "key", key };
    if (audience != NULL)
        request.parameters[request.parameter_count++] = (struct assay_http_pair){ "aud", audience };
    return request;
}

static void expect_line(const struct assay_http_request *request, const char *line)
{
    send(request);
    cr_assert_not_null(answer.core_line, "%s", answer.body);
    cr_expect_str_eq(answer.core_line, line);
}

static void expect_problem(unsigned status, const char *code)
{
    struct assay_json *document = NULL;
    cr_expect_eq(answer.status, status, "%u", answer.status);
    cr_assert_eq(assay_json_parse(answer.body, answer.len, &document), ASSAY_OK);
    cr_expect_str_eq(assay_json_text(document, "code", ""), code);
    cr_expect_str_not_empty(assay_json_text(document, "hint", ""));
    assay_json_free(&document);
}

Test(net_http_issue, a_certificate_is_requested_by_services)
{
    struct assay_http_request request =
        request_of(ASSAY_HTTP_ROLE_SERVICE, CERTIFICATE_PATH, "api", NULL);
    expect_line(&request, "certificate node-2 api");
    request.accept = "application/pem-certificate-chain";
    expect_line(&request, "certificate node-2 api");
    request = request_of(ASSAY_HTTP_ROLE_VIEWER, CERTIFICATE_PATH, "api", NULL);
    send(&request);
    expect_problem(403, "role_required");
    request = request_of(ASSAY_HTTP_ROLE_SERVICE, CERTIFICATE_PATH, "a b", NULL);
    send(&request);
    expect_problem(400, "bad_request");
    request = request_of(ASSAY_HTTP_ROLE_SERVICE, CERTIFICATE_PATH, "api", "x.example");
    send(&request);
    expect_problem(400, "bad_request");
}

static void expect_detail(const struct assay_http_request *request, const char *text)
{
    send(request);
    cr_expect_null(answer.core_line);
    expect_problem(400, "bad_request");
    cr_expect_not_null(strstr(answer.body, text), "%s", answer.body);
}

Test(net_http_issue, a_parameter_that_is_missing_is_named)
{
    struct assay_http_request request =
        request_of(ASSAY_HTTP_ROLE_SERVICE, CERTIFICATE_PATH, NULL, NULL);
    expect_detail(&request, "the parameter key is missing");
    request = request_of(ASSAY_HTTP_ROLE_SERVICE, CERTIFICATE_PATH, "", NULL);
    expect_detail(&request, "the parameter key is missing");
    request = request_of(ASSAY_HTTP_ROLE_AUDITOR, TOKEN_PATH, "jobs", NULL);
    request.is_unix_socket = true;
    expect_detail(&request, "the parameter aud is missing");
    request = request_of(ASSAY_HTTP_ROLE_AUDITOR, TOKEN_PATH, NULL, "https://a.example");
    request.is_unix_socket = true;
    expect_detail(&request, "the parameter key is missing");
}

/* docs/identity.md 4.13: whatever role a client of another address has. */
Test(net_http_issue, a_token_is_answered_on_the_own_socket_alone)
{
    struct assay_http_request request =
        request_of(ASSAY_HTTP_ROLE_AUDITOR, TOKEN_PATH, "jobs", "https://a.example");
    request.is_unix_socket = true;
    expect_line(&request, "token node-2 jobs https://a.example");
    for (enum assay_http_role role = ASSAY_HTTP_ROLE_SERVICE; role <= ASSAY_HTTP_ROLE_OPERATOR;
         role++) {
        request = request_of(role, TOKEN_PATH, "jobs", "https://a.example");
        request.loopback = true;
        send(&request);
        cr_expect_null(answer.core_line);
        expect_problem(403, "forbidden");
        cr_expect_not_null(strstr(answer.body, "listen.admin"), "%s", answer.body);
    }
}

/* The longest id, name and audience. */
Test(net_http_issue, the_longest_request_is_one_line)
{
    char path[128], name[64], audience[129], line[ASSAY_HTTP_LINE_MAX];
    memset(name, 'n', sizeof name - 1);
    memset(audience, 'a', sizeof audience - 1);
    name[sizeof name - 1] = audience[sizeof audience - 1] = '\0';
    (void)snprintf(path, sizeof path, "/v1/nodes/%064d/token", 7);
    (void)snprintf(line, sizeof line, "token %064d %s %s", 7, name, audience);
    struct assay_http_request request = request_of(ASSAY_HTTP_ROLE_AUDITOR, path, name, audience);
    request.is_unix_socket = true;
    expect_line(&request, line);
}

static void answer_with(const char *path, const char *text)
{
    const struct assay_http_request request =
        request_of(ASSAY_HTTP_ROLE_SERVICE, path, "api", NULL);
    free(answer.body);
    answer.body = NULL;
    assay_http_core_answer(&request, strdup(text), &answer);
}

Test(net_http_issue, what_was_issued_is_the_body_and_is_not_cached)
{
    answer_with(CERTIFICATE_PATH, "{\"schema\":\"assay.issue\",\"data\":{\"status\":200,"
                                  "\"certificate\":\"-----BEGIN\\n\"}}");
    cr_expect_eq(answer.status, 200);
    cr_expect_str_eq(answer.type, "application/pem-certificate-chain");
    cr_expect_str_eq(answer.body, "-----BEGIN\n");
    cr_expect_str_empty(answer.etag, "no-store");
    answer_with(TOKEN_PATH, "{\"schema\":\"assay.issue\",\"data\":{\"status\":200,"
                            "\"token\":\"a.b.c\"}}");
    cr_expect_eq(answer.status, 200);
    cr_expect_str_eq(answer.type, "application/jwt");
    cr_expect_str_eq(answer.body, "a.b.c");
    cr_expect_str_empty(answer.etag, "no-store");
}

Test(net_http_issue, who_accepts_json_receives_the_document)
{
    static const char text[] = "{\"schema\":\"assay.issue\",\"data\":{\"status\":200,"
                               "\"certificate\":\"-----BEGIN\\n\"}}";
    struct assay_http_request request =
        request_of(ASSAY_HTTP_ROLE_SERVICE, CERTIFICATE_PATH, "api", NULL);
    request.accept = "application/json";
    expect_line(&request, "certificate node-2 api");
    free(answer.core_line);
    assay_http_core_answer(&request, strdup(text), &answer);
    cr_expect_eq(answer.status, 200);
    cr_expect_str_eq(answer.type, "application/json");
    cr_expect_str_eq(answer.body, text);
    request.accept = "text/html";
    send(&request);
    expect_problem(406, "not_acceptable");
}

Test(net_http_issue, what_is_at_work_says_when_to_ask_again)
{
    answer_with(CERTIFICATE_PATH,
                "{\"schema\":\"assay.issue\",\"data\":{\"status\":202,\"retry_after_s\":3}}");
    cr_expect_eq(answer.status, 202);
    cr_expect_str_eq(answer.type, "application/json");
    cr_expect_eq(answer.retry_after_s, 3);
}

Test(net_http_issue, each_refusal_has_its_status)
{
    static const struct {
        const char *code;
        unsigned status;
    } refusals[] = {
        { "below_threshold", 403 }, { "audience", 403 },    { "other_member", 403 },
        { "not_found", 404 },       { "next_epoch", 409 },  { "kind", 409 },
        { "too_many", 429 },        { "few_holders", 503 }, { "stale", 503 },
        { "fenced", 503 },          { "ca_none", 503 },
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        char text[160];
        (void)snprintf(text, sizeof text,
                       "{\"schema\":\"assay.error\",\"data\":{\"code\":\"%s\",\"detail\":\"d\","
                       "\"retry_after_s\":7}}",
                       refusals[i].code);
        answer_with(CERTIFICATE_PATH, text);
        expect_problem(refusals[i].status, refusals[i].code);
        cr_expect_eq(answer.retry_after_s, 7);
    }
}
