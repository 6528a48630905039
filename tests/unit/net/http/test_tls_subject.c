/*
 * tests/unit/net/http/test_tls_subject.c - tests of what is read of a client's certificate.
 *
 * Certificates are put together byte by byte: with what no authority should sign, and one might.
 */
#include "net/http/tls.h"

#include "base/crypto.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <string.h>

enum { PART_MAX = 1024, UTF8 = 0x0c, PRINTABLE = 0x13, TELETEX = 0x14, IA5 = 0x16, BMP = 0x1e };

struct part {
    size_t len;
    uint8_t bytes[PART_MAX];
};

static struct part raw(const void *bytes, size_t len)
{
    struct part out = { .len = len };
    cr_assert_leq(len, (size_t)PART_MAX);
    if (len > 0) assay_bytes_copy(out.bytes, sizeof out.bytes, bytes, len);
    return out;
}

/* A tag around some parts. */
static struct part wrap(uint8_t tag, size_t count, const struct part *parts)
{
    struct part out = { 0 };
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    cr_assert_lt(len + 4, (size_t)PART_MAX);
    out.bytes[out.len++] = tag;
    if (len >= 0x100) {
        out.bytes[out.len++] = 0x82;
        out.bytes[out.len++] = (uint8_t)(len >> 8);
    } else if (len >= 0x80) {
        out.bytes[out.len++] = 0x81;
    }
    out.bytes[out.len++] = (uint8_t)len;
    for (size_t i = 0; i < count; i++) {
        assay_bytes_copy(out.bytes + out.len, sizeof out.bytes - out.len, parts[i].bytes,
                         parts[i].len);
        out.len += parts[i].len;
    }
    return out;
}

#define WRAP(tag, ...)                                                                             \
    wrap(tag, sizeof((struct part[]){ __VA_ARGS__ }) / sizeof(struct part),                        \
         (struct part[]){ __VA_ARGS__ })
#define HEX(...) raw((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* An attribute in a set of its own. number: 3 CN, 10 O, 11 OU */
static struct part attribute(uint8_t number, uint8_t type, const char *text, size_t len)
{
    return WRAP(0x31, WRAP(0x30, HEX(0x06, 3, 0x55, 4, number), WRAP(type, raw(text, len))));
}

static struct part key_info(void)
{
    static const uint8_t generator[] = {
        0x00, 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
        0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1,
        0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b,
        0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31,
        0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
    };
    return WRAP(0x30,
                WRAP(0x30, HEX(0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1),
                     HEX(0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7)),
                WRAP(0x03, raw(generator, sizeof generator)));
}

/* A certificate with this subject; its signature is none. */
static struct part certificate(size_t count, const struct part *attributes)
{
    const struct part algorithm = WRAP(0x30, HEX(0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2));
    const struct part name = WRAP(0x30, attribute(3, UTF8, "site", 4));
    const struct part time = WRAP(0x17, raw("300101000000Z", 13));
    const struct part tbs = WRAP(0x30, HEX(0xa0, 3, 2, 1, 2), HEX(2, 1, 1), algorithm, name,
                                 WRAP(0x30, time, time), wrap(0x30, count, attributes), key_info());
    return WRAP(0x30, tbs, algorithm, HEX(3, 9, 0, 0x30, 6, 2, 1, 1, 2, 1, 1));
}

static bool read_subject(size_t count, const struct part *attributes,
                         struct assay_http_identity *identity)
{
    const struct part der = certificate(count, attributes);
    return assay_http_tls_read_certificate(assay_slice_over(der.bytes, der.len), identity);
}

static enum assay_http_role role_of(size_t count, const struct part *attributes)
{
    struct assay_http_role_rule rule;
    struct assay_http_identity identity;
    char words[ASSAY_HTTP_WORDS_MAX];
    cr_assert_eq(assay_http_role_parse("O=Example,OU=Ops", "operator", &rule, words), ASSAY_OK);
    const bool read = read_subject(count, attributes, &identity);
    return assay_http_role_find(&rule, 1, read ? &identity : NULL);
}

#define ROLE_OF(...)                                                                               \
    role_of(sizeof((struct part[]){ __VA_ARGS__ }) / sizeof(struct part),                          \
            (struct part[]){ __VA_ARGS__ })
#define O_EXAMPLE attribute(10, UTF8, "Example", 7)

Test(net_http_tls_subject, a_subject_is_read_in_any_order_and_as_ascii_or_utf8)
{
    cr_expect_eq(ROLE_OF(O_EXAMPLE, attribute(11, UTF8, "Ops", 3)), ASSAY_HTTP_ROLE_OPERATOR);
    cr_expect_eq(ROLE_OF(attribute(11, PRINTABLE, "Ops", 3), attribute(3, UTF8, "a", 1), O_EXAMPLE),
                 ASSAY_HTTP_ROLE_OPERATOR);
    cr_expect_eq(ROLE_OF(attribute(11, IA5, "Ops", 3), O_EXAMPLE), ASSAY_HTTP_ROLE_OPERATOR);
}

Test(net_http_tls_subject, the_key_is_named_by_its_digest)
{
    struct assay_http_identity identity;
    const struct part subject[] = { O_EXAMPLE }, info = key_info();
    uint8_t digest[32];
    cr_assert(read_subject(1, subject, &identity));
    assay_sha256(info.bytes, info.len, digest);
    cr_expect_arr_eq(identity.key_sha256, digest, 32);
}

/* Subjects that two readers would read in two ways, or that only look right. */
Test(net_http_tls_subject, an_odd_subject_gives_no_role)
{
    cr_expect_eq(ROLE_OF(O_EXAMPLE, attribute(11, UTF8, "Ops\0x", 5)), ASSAY_HTTP_ROLE_VIEWER,
                 "text behind a NUL");
    cr_expect_eq(ROLE_OF(O_EXAMPLE, attribute(11, UTF8, "Ops\0", 4)), ASSAY_HTTP_ROLE_VIEWER);
    cr_expect_eq(ROLE_OF(O_EXAMPLE, attribute(11, UTF8, "", 0)), ASSAY_HTTP_ROLE_VIEWER);
    cr_expect_eq(ROLE_OF(O_EXAMPLE, attribute(11, BMP, "\0O\0p\0s", 6)), ASSAY_HTTP_ROLE_VIEWER,
                 "a text of another kind");
    cr_expect_eq(ROLE_OF(O_EXAMPLE, attribute(11, TELETEX, "Ops", 3)), ASSAY_HTTP_ROLE_VIEWER);
    cr_expect_eq(ROLE_OF(O_EXAMPLE, attribute(11, UTF8, "\xd0\x9eps", 4)), ASSAY_HTTP_ROLE_VIEWER,
                 "a Cyrillic letter");
    cr_expect_eq(ROLE_OF(O_EXAMPLE, attribute(3, UTF8, "Ops,OU=Ops", 10)), ASSAY_HTTP_ROLE_VIEWER);
}

Test(net_http_tls_subject, an_attribute_that_is_there_twice_gives_no_role)
{
    const struct part ops = attribute(11, UTF8, "Ops", 3), guests = attribute(11, UTF8, "x", 1);
    cr_expect_eq(ROLE_OF(O_EXAMPLE, ops, guests), ASSAY_HTTP_ROLE_VIEWER);
    cr_expect_eq(ROLE_OF(O_EXAMPLE, guests, ops), ASSAY_HTTP_ROLE_VIEWER);
    cr_expect_eq(ROLE_OF(O_EXAMPLE, ops, ops), ASSAY_HTTP_ROLE_VIEWER);
    cr_expect_eq(ROLE_OF(O_EXAMPLE, ops, O_EXAMPLE), ASSAY_HTTP_ROLE_VIEWER);
    /* A second one that cannot be read, in one set with the first. */
    const struct part set =
        WRAP(0x31, WRAP(0x30, HEX(0x06, 3, 0x55, 4, 11), WRAP(UTF8, raw("Ops", 3))),
             WRAP(0x30, HEX(0x06, 3, 0x55, 4, 11), WRAP(BMP, raw("\0x", 2))));
    cr_expect_eq(ROLE_OF(O_EXAMPLE, set), ASSAY_HTTP_ROLE_VIEWER);
}

Test(net_http_tls_subject, a_long_value_is_not_cut)
{
    char text[ASSAY_HTTP_SUBJECT_MAX + 2];
    struct assay_http_identity identity;
    memset(text, 'a', sizeof text);
    const struct part fits[] = { attribute(3, UTF8, text, ASSAY_HTTP_SUBJECT_MAX) };
    const struct part longer[] = { attribute(3, UTF8, text, ASSAY_HTTP_SUBJECT_MAX + 1) };
    cr_assert(read_subject(1, fits, &identity));
    cr_expect_eq(identity.subject[ASSAY_HTTP_CN].count, 1);
    cr_expect_eq(identity.subject[ASSAY_HTTP_CN].text.len, (size_t)ASSAY_HTTP_SUBJECT_MAX);
    cr_assert(read_subject(1, longer, &identity));
    cr_expect_neq(identity.subject[ASSAY_HTTP_CN].count, 1);
}

/* Bytes that are no certificate, at every length: no identity, and no role at all. */
Test(net_http_tls_subject, what_is_no_certificate_is_nobody)
{
    const struct part attributes[] = { O_EXAMPLE, attribute(11, UTF8, "Ops", 3) };
    const struct part whole = certificate(2, attributes);
    struct assay_http_identity identity;
    for (size_t len = 0; len < whole.len; len++)
        cr_expect_not(
            assay_http_tls_read_certificate(assay_slice_over(whole.bytes, len), &identity), "%zu",
            len);
    cr_expect_eq(assay_http_role_find(NULL, 0, NULL), ASSAY_HTTP_ROLE_NONE);
}

/* Of node-1.example, 192.0.2.1 and 2001:db8::1. */
static const char named[] = "-----BEGIN CERTIFICATE-----\n"
                            "MIIBqjCCAVCgAwIBAgIUGWzxUsIhB2XsMGsHoVXHVob2iEcwCgYIKoZIzj0EAwIw\n"
                            "DzENMAsGA1UEAwwEbm9kZTAgFw0yNjExMjgxNDA3NDhaGA8yMTI2MTEwNDE0MDc0\n"
                            "OFowDzENMAsGA1UEAwwEbm9kZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIpD\n"
                            "1WrzHPBcHtdd9qPT1pvEhhT4B2CiF8evHxwz1qc3spFHqeuzbaonoE2HXJulZMwv\n"
                            "76xnH6zjKGsKHa9yGwejgYcwgYQwHQYDVR0OBBYEFGKh/EEEbyYbbpTE5ugoYZly\n"
                            "+Fa4MB8GA1UdIwQYMBaAFGKh/EEEbyYbbpTE5ugoYZly+Fa4MA8GA1UdEwEB/wQF\n"
                            "MAMBAf8wMQYDVR0RBCowKIIObm9kZS0xLmV4YW1wbGWHBMAAAgGHECABDbgAAAAA\n"
                            "AAAAAAAAAAEwCgYIKoZIzj0EAwIDSAAwRQIhAMcOkWMIlzkzy4ThIynKDwuxiJJs\n"
                            "Nsz6wT2Pfftm62tKAiBjrTuctDtbnJARfT65c80rStx0IFEg9VXNbGWcwR0RSw==\n"
                            "-----END CERTIFICATE-----\n";

Test(net_http_tls_subject, a_host_is_a_name_of_the_certificate_or_none)
{
    static const struct {
        const char *host;
        bool has;
    } cases[] = { { "node-1.example", true },
                  { "node-1.example:8443", true },
                  { "NODE-1.example", true },
                  { "192.0.2.1:8443", true },
                  { "[2001:db8::1]:8443", true },
                  { "[2001:db8::1]", true },
                  { "evil.example", false },
                  { "node-1.example.evil.example", false },
                  { "evil.node-1.example", false },
                  { "192.0.2.2", false },
                  { "[2001:db8::2]:8443", false },
                  { "", false },
                  { ":8443", false },
                  { "[", false },
                  { "[]", false } };
    char text[400];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(assay_http_tls_has_name(named, cases[i].host), cases[i].has, "%s",
                     cases[i].host);
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cr_expect_not(assay_http_tls_has_name(named, text));
    cr_expect_not(assay_http_tls_has_name(named, NULL));
    cr_expect_not(assay_http_tls_has_name(NULL, "node-1.example"), "without TLS there are none");
    cr_expect_not(assay_http_tls_has_name("no PEM", "node-1.example"));
}
