/*
 * tests/unit/net/http/test_request_check.c - tests of HTTP request parsing.
 *
 * What two parsers may read in two ways is no request.
 */
#include "net/http/request_check.h"

#include <criterion/criterion.h>
#include <string.h>

static struct assay_http_request_check check;

static void put(const char *name, const char *value)
{
    assay_http_request_check_header(&check, name, strlen(name), value, strlen(value));
}

static void start(const char *target)
{
    check = (struct assay_http_request_check){ 0 };
    assay_http_request_check_target(&check, target);
}

static const char *end(void)
{
    return assay_http_request_check_end(&check, "HTTP/1.1");
}

static void expect_fault(const char *part)
{
    const char *fault = end();
    cr_expect(fault != NULL && strstr(fault, part) != NULL, "expected \"%s\", found \"%s\"", part,
              fault != NULL ? fault : "nothing");
}

Test(net_http_request_check, what_browsers_and_curl_send_is_fine)
{
    start("/v1/nodes?since=3&limit=%31");
    put("Host", "localhost:8080");
    put("Accept", "*/*");
    put("Content-Length", "0");
    put("sec-ch-ua", "\"x\"; v=\"1\"");
    cr_expect_null(end());
    start("/");
    cr_expect_null(assay_http_request_check_end(&check, "HTTP/1.0"), "without a Host");
}

Test(net_http_request_check, one_length_one_host_one_coding)
{
    start("/");
    put("Host", "localhost");
    put("host", "evil.example");
    expect_fault("more than one Host");
    start("/");
    put("Host", "localhost");
    put("Content-Length", "0");
    put("Content-Length", "44");
    expect_fault("more than one Content-Length");
    start("/");
    put("Host", "localhost");
    put("Content-Length", "5");
    put("Transfer-Encoding", "chunked");
    expect_fault("both");
    start("/");
    put("Host", "localhost");
    put("Transfer-Encoding", "chunked");
    put("Transfer-Encoding", "identity");
    expect_fault("more than one Transfer-Encoding");
    start("/");
    expect_fault("no Host");
}

Test(net_http_request_check, names_are_tokens_and_lengths_are_numbers)
{
    static const char *const names[] = { "Content-Length ", "Transfer-Encoding\t", "", "X Y",
                                         "a:b" };
    static const char *const lengths[] = { "-1", "+1", "1 ", "0x1", "", "99999999999999999999" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        start("/");
        put("Host", "localhost");
        put(names[i], "44");
        expect_fault("no token");
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        start("/");
        put("Host", "localhost");
        put("Content-Length", lengths[i]);
        expect_fault("expected a number");
    }
    start("/");
    put("Host", "localhost");
    assay_http_request_check_header(&check, "X", 1, "a\0b", 3);
    expect_fault("NUL");
}

Test(net_http_request_check, no_nul_and_no_control_character_in_the_target)
{
    static const char *const bad[] = { "/v1/nodes%00/x", "/metrics%00.png", "/v1/nodes?limit=1%00j",
                                       "/a\tb", "/a\x7f" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        start(bad[i]);
        put("Host", "localhost");
        cr_expect_not_null(end(), "%s", bad[i]);
    }
    start("/");
    put("Host", "localhost");
    cr_expect_not_null(assay_http_request_check_end(&check, "HTTP/2.0"));
    cr_expect_not_null(assay_http_request_check_end(&check, ""));
}
