/* tests/unit/enforce/test_answer.c - answers of an engine: whole, in parts, and made to mislead. */
#include "enforce/exchange.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned code;
static struct assay_slice body;
static uint8_t *copy;

/* On a copy of its exact size, so that one byte too far is seen. */
static enum assay_status read_it(const char *text, size_t len, bool at_end)
{
    free(copy);
    copy = malloc(len > 0 ? len : 1);
    assay_bytes_copy(copy, len, text, len);
    return assay_exchange_answer_parse(copy, len, at_end, &code, &body);
}

static enum assay_status read_text(const char *text)
{
    return read_it(text, strlen(text), true);
}

static void tear_down(void)
{
    free(copy);
}

TestSuite(answer, .fini = tear_down);

static const char lengthy[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello";
static const char chunked[] = "HTTP/1.1 404 No\r\ntransfer-encoding:  Chunked\r\n\r\n"
                              "3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nT: x\r\n\r\n";

Test(answer, is_read_in_every_form)
{
    static const char *const whole[] = { lengthy, chunked, "HTTP/1.0 200 OK\r\n\r\nhello",
                                         "HTTP/1.1 200\nContent-Length:5\n\nhello" };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        cr_assert_eq(read_text(whole[i]), ASSAY_OK, "%zu", i);
        cr_assert(assay_slice_equal(body, assay_slice_over("hello", 5)), "%zu", i);
    }
    cr_assert_eq(read_text("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"), ASSAY_OK);
    cr_assert_eq(code, 204);
    cr_assert_eq(body.len, 0);
}

Test(answer, every_truncation_waits_or_is_said)
{
    const char *const whole[] = { lengthy, chunked };
    for (size_t i = 0; i < 2; i++)
        for (size_t len = 0; len < strlen(whole[i]); len++) {
            cr_assert_eq(read_it(whole[i], len, false), ASSAY_E_AGAIN, "%zu %zu", i, len);
            cr_assert_eq(read_it(whole[i], len, true), ASSAY_E_TRUNCATED, "%zu %zu", i, len);
        }
}

Test(answer, no_changed_byte_crashes)
{
    char text[sizeof chunked];
    for (size_t i = 0; i + 1 < sizeof chunked; i++)
        for (int bit = 0; bit < 8; bit++) {
            assay_bytes_copy(text, sizeof text, chunked, sizeof chunked);
            text[i] ^= (char)(1 << bit);
            (void)!read_it(text, sizeof chunked - 1, true);
        }
}

Test(answer, refuses_what_can_be_read_in_two_ways)
{
    static const char *const bad[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 999 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(read_text(bad[i]), ASSAY_E_SYNTAX, "%zu: %s", i, bad[i]);
}

Test(answer, a_head_without_end_is_given_up)
{
    static char text[20 * 1024];
    int len = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n");
    while ((size_t)len + 8 < sizeof text)
        len += snprintf(text + len, sizeof text - (size_t)len, "A: b\r\n");
    cr_assert_eq(read_it(text, (size_t)len, false), ASSAY_E_RANGE);
    memset(text, 'x', sizeof text);
    cr_assert_eq(read_it(text, sizeof text, false), ASSAY_E_RANGE);
}
