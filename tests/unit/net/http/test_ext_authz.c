/*
 * tests/unit/net/http/test_ext_authz.c - tests of requests as Envoy's ext_authz sends them
 * (docs/http.md 7): the prefix, which is the proxy's, and X-Forwarded-Client-Cert in every form
 * that Envoy documents, forged and malformed ones included.
 */
#include "tests/unit/net/http/authorize_fixture.h"

#include <criterion/criterion.h>

TestSuite(net_http_ext_authz, .init = open_fixture, .fini = close_fixture);

enum { HEADER_MAX = 6000 };

/* A header by a format in which each %s is a certificate in the form of Envoy. */
static const char *header_of(const char *format, const struct texts *first,
                             const struct texts *second)
{
    static char text[HEADER_MAX];
    size_t at = 0, count = 0;
    for (const char *c = format; *c != '\0'; c++) {
        if (c[0] != '%' || c[1] != 's') {
            cr_assert_lt(at, sizeof text - 1);
            text[at++] = *c;
            continue;
        }
        const char *const escaped = (count++ == 0 ? first : second)->escaped;
        const size_t len = strlen(escaped);
        cr_assert_lt(at + len, sizeof text - 1);
        assay_bytes_copy(text + at, sizeof text - at, escaped, len);
        at += len;
        c++;
    }
    text[at] = '\0';
    return text;
}

/* ------------------------------------------------------------ the header */

Test(net_http_ext_authz, the_client_is_the_one_whose_certificate_the_one_element_has)
{
    /* The element of Envoy's documentation of X-Forwarded-Client-Cert, with other members and in
     * other orders; digits and names as there. */
    static const char *const forms[] = {
        "Cert=\"%s\"",
        "Hash=468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688;Cert=\"%s\"",
        ("By=http://frontend.lyft.com;Hash=468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02"
         "dd8de688;Subject=\"/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client\";URI=http://testc"
         "lient.lyft.com;Cert=\"%s\""),
        ("By=spiffe://mesh.example/svc/web;Cert=\"%s\";Hash=00;URI=spiffe://mesh.example/svc/api;D"
         "NS=api.mesh.example;DNS=b.mesh.example"),
        "Cert=\"%s\";Chain=\"%s\"",
        "Chain=\"%s\";Cert=\"%s\"",
        "cert=\"%s\"", /* names are compared without case */
        "CERT=\"%s\"",
        "Subject=\"\";Cert=\"%s\"",                 /* of a certificate without a subject */
        "Subject=\"CN=a,O=b;OU=c=d\";Cert=\"%s\"",  /* what separates is quoted */
        "Subject=\"CN=\\\"a\\\",O=b\";Cert=\"%s\"", /* a quote in quotes */
        "Subject=\"CN=a\\\\\";Cert=\"%s\"",         /* a backslash at its end */
        "Hash=00;Cert=%s",                          /* without quotes: it has none of `;,` */
    };
    struct workload_entry entry;
    struct texts texts;
    char spki[65];
    open_with(&entry, spki);
    make_texts(&entry.key, &texts);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        ask_envoy("/v1/ext-authz/normal/a", "GET", header_of(forms[i], &texts, &texts));
        cr_expect_eq(answer.status, 200, "%s: %s", forms[i], answer.body);
        cr_expect_str_eq(answer.key_name, "api");
    }
}

Test(net_http_ext_authz, what_a_client_can_write_into_its_certificate_is_no_other_certificate)
{
    /* Subject, URI and DNS are the client's own: the certificate that they quote is none. */
    static const char *const forged[] = {
        "Subject=\"CN=\\\";Cert=\\\"%s\\\"\"",
        "Subject=\"CN=x;Cert=%s\"",
        "URI=\"spiffe://a;Cert=%s\"",
        "Subject=\"%s\"",
        "Chain=\"%s\"",
        "By=%s",
        "Hash=%s",
        "Certificate=\"%s\"",
        "XCert=\"%s\"",
        " Cert=\"%s\"", /* Envoy writes no blanks */
    };
    struct workload_entry entry, other;
    struct texts texts, others;
    char spki[65], format[256];
    open_with(&entry, spki);
    make_entry(&other, OTHER, ASSAY_PURPOSE_TLS, "db");
    make_texts(&entry.key, &texts);
    make_texts(&other.key, &others);
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        ask_envoy("/v1/ext-authz/normal/a", "GET", header_of(forged[i], &texts, &texts));
        cr_expect_eq(answer.status, 400, "%s: %u", forged[i], answer.status);
        cr_expect_neq(answer.key_answer, ASSAY_HTTP_KEY_AUTHORIZED);
        if (i > 2) continue;
        /* beside its own certificate, whose key is not active */
        (void)snprintf(format, sizeof format, "%s;Cert=\"%%s\"", forged[i]);
        ask_envoy("/v1/ext-authz/normal/a", "GET", header_of(format, &texts, &others));
        cr_expect_eq(answer.status, 403, "%s", format);
        cr_expect_str_eq(reason(), "unknown_key", "%s", format);
    }
}

Test(net_http_ext_authz, of_several_elements_or_certificates_none_counts)
{
    /* FORWARD_ONLY and APPEND_FORWARD keep what the client of Envoy sent. */
    static const char *const several[] = {
        "Cert=\"%s\",Cert=\"%s\"",
        "Hash=00,Cert=\"%s\"",
        "Cert=\"%s\",Hash=00",
        "By=spiffe://a;Hash=00;Cert=\"%s\",By=spiffe://b;Hash=11;Cert=\"%s\"",
        "Cert=\"%s\", Cert=\"%s\"",
        "Cert=\"%s\";Cert=\"%s\"",
        "Cert=\"%s\";cert=\"%s\"",
        "Cert=\"%s\",",
        "Hash=00,01;Cert=\"%s\"",
    };
    struct workload_entry entry;
    struct texts texts;
    char spki[65];
    open_with(&entry, spki);
    make_texts(&entry.key, &texts);
    for (size_t i = 0; i < sizeof several / sizeof several[0]; i++) {
        ask_envoy("/v1/ext-authz/normal/a", "GET", header_of(several[i], &texts, &texts));
        cr_expect_eq(answer.status, 400, "%s: %u", several[i], answer.status);
        cr_expect_not_null(strstr(answer.body, "found several"), "%s: %s", several[i], answer.body);
    }
}

Test(net_http_ext_authz, what_envoy_does_not_write_is_no_certificate)
{
    static const char *const malformed[] = {
        "x",
        "=",
        ";",
        ",",
        "Cert",
        "Cert=",
        "Cert=\"\"",
        "Cert=\"",
        "Cert=\"%",
        "Cert=\"%s",
        "Cert=\"%s\"x",
        "Cert=\"%s\"=",
        "Cert=\"\\",
        "Hash",
        "Hash=00;;",
        "=;Cert=%s;",
        "Cert=\"%s\"\"",
        "\"Cert\"=\"%s\"",
        "Cert=\"%25\"",
        "Cert=\"%00%s\"",
        "Cert=\"%s%s\"",
    };
    struct workload_entry entry;
    struct texts texts;
    char spki[65], cut[HEADER_MAX];
    open_with(&entry, spki);
    make_texts(&entry.key, &texts);
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        ask_envoy("/v1/ext-authz/normal/a", "GET", header_of(malformed[i], &texts, &texts));
        cr_expect(answer.status == 400 || i == 15, "%s: %u", malformed[i], answer.status);
    }
    const char *const whole = header_of("Hash=00;Cert=\"%s\"", &texts, &texts);
    const size_t len = strlen(whole);
    for (size_t i = 1; i < len; i++) {
        (void)snprintf(cut, sizeof cut, "%.*s", (int)i, whole);
        ask_envoy("/v1/ext-authz/normal/a", "GET", cut);
        cr_assert_eq(answer.status, 400, "the first %zu characters: %u", i, answer.status);
    }
    ask_envoy("/v1/ext-authz/normal/a", "GET", "");
    cr_expect_eq(answer.status, 401, "without a certificate of its client Envoy sends none");
    cr_expect_str_eq(answer.reason, "no_key");
}

/* ------------------------------------------------------------ the prefix */

static void expect_of(const char *path, const char *xfcc, unsigned status, const char *why)
{
    ask_envoy(path, "GET", xfcc);
    cr_expect_eq(answer.status, status, "%s: %u %s", path, answer.status, answer.body);
    if (why != NULL) cr_expect_str_eq(reason(), why, "%s", path);
}

Test(net_http_ext_authz, a_service_behind_the_class_is_demanded)
{
    struct workload_entry entry;
    struct texts texts;
    char spki[65], xfcc[HEADER_MAX];
    open_with(&entry, spki);
    make_texts(&entry.key, &texts);
    (void)snprintf(xfcc, sizeof xfcc, "%s", header_of("Cert=\"%s\"", &texts, &texts));
    expect_of("/v1/ext-authz/normal:api/", xfcc, 403, "other_service"); /* it is not granted */
    grant(1);
    expect_of("/v1/ext-authz/normal:api/", xfcc, 200, "active");
    cr_expect_str_eq(assay_json_text(assay_json_get(json, "data"), "service", ""), "api");
    expect_of("/v1/ext-authz/critical:api/", xfcc, 200, "active");
    expect_of("/v1/ext-authz/normal:db/", xfcc, 403, "other_service");
    expect_of("/v1/ext-authz/normal:apix/", xfcc, 403, "other_service");
    expect_of("/v1/ext-authz/normal/", xfcc, 200, "active");
    fixture.members[OWNER].ledger.trust.score.standing = ASSAY_STANDING_WARNING;
    expect_of("/v1/ext-authz/critical:api/", xfcc, 403, "below_threshold");
}

Test(net_http_ext_authz, a_client_names_no_service_and_takes_none_away)
{
    struct workload_entry entry;
    struct texts texts;
    char spki[65], xfcc[HEADER_MAX];
    open_with(&entry, spki);
    make_texts(&entry.key, &texts);
    grant(1);
    (void)snprintf(xfcc, sizeof xfcc, "%s", header_of("Cert=\"%s\"", &texts, &texts));
    static const char *const paths[] = {
        "",         "a",    "..",  "../..",      "/", "/x",
        "svc/db/a", ":db/", ":db", "../normal/", "*", "?service=db"
    };
    char path[128];
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        (void)snprintf(path, sizeof path, "/v1/ext-authz/normal:api/%s", paths[i]);
        expect_of(path, xfcc, 200, "active");
        (void)snprintf(path, sizeof path, "/v1/ext-authz/normal:db/%s", paths[i]);
        expect_of(path, xfcc, 403, "other_service");
        (void)snprintf(path, sizeof path, "/v1/ext-authz/normal/%s", paths[i]);
        expect_of(path, xfcc, 200, "active");
    }
    static const char *const wrong[] = { "normal:",     "normal:API",    "normal:svc",
                                         "normal:node", "normal:api:db", "normal:a b",
                                         ":api",        "normalx",       "norma",
                                         "critical ",   "normal:-a",     "criticalx:api",
                                         "normal;api",  "Normal:api" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        (void)snprintf(path, sizeof path, "/v1/ext-authz/%s/", wrong[i]);
        expect_of(path, xfcc, 400, NULL);
    }
}
