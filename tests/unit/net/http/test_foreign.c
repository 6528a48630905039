/*
 * tests/unit/net/http/test_foreign.c - tests of HTTP requests that are not for this machine.
 */
#include "net/http/answer.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct http_fixture fixture;
static struct assay_http_figures figures;
static struct assay_http_answer answer;

static void open_fixture(void)
{
    http_fixture_open(&fixture, 4);
}

static void close_fixture(void)
{
    free(answer.body);
    http_fixture_close(&fixture);
}

TestSuite(net_http_foreign, .init = open_fixture, .fini = close_fixture);

/* Out: answer. */
static void ask_request(const struct assay_http_request *request)
{
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    const struct assay_http_content b = {
        .view = view, .timeline = fixture.timeline, .figures = &figures, .now_ms = 100100
    };
    free(answer.body);
    assay_http_answer(&b, request, &answer);
    assay_http_snapshot_release(&view);
}

/* DNS rebinding, requests that mean two things: refused before answers of others are read. */
Test(net_http_foreign, what_is_not_for_this_machine_is_refused_first)
{
    static const char *const foreign[] = { "evil.example", "127.0.0.1.evil.example", "localhost.x",
                                           "[::1]x", "" };
    struct assay_http_request request = {
        .role = ASSAY_HTTP_ROLE_VIEWER, .method = "GET", .path = "/v1/nodes", .loopback = true
    };
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        request.host = foreign[i];
        cr_expect_not(assay_http_is_allowed(&request), "%s", foreign[i]);
        ask_request(&request);
        cr_expect_eq(answer.status, 403, "%s", foreign[i]);
    }
    request.host = "127.0.0.1:80";
    cr_expect(assay_http_is_allowed(&request));
    request.malformed = "two lengths";
    cr_expect_not(assay_http_is_allowed(&request));
    ask_request(&request);
    cr_expect_eq(answer.status, 400);
    cr_expect(answer.close, "nothing behind it is a request");
}
