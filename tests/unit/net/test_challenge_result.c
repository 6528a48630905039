/*
 * tests/unit/net/test_challenge_result.c - tests of challenge-response sessions in the runtime:
 * from a nonce to the signed result, by the lines that HTTP sends.
 */
#include "base/base64.h"
#include "engine/store/store_memory.h"
#include "net/json/json.h"
#include "net/runtime/runtime_internal.h"
#include "net/verifier/challenge_sessions.h"
#include "quote/result/challenge.h"
#include "quote/result/jwt.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT "ab00000000000000000000000000000000000000000000000000000000000000"
#define OTHER  "ac00000000000000000000000000000000000000000000000000000000000000"
#define NONCE  "0102030405060708"

static struct assay_runtime host; /* large */
static struct assay_genesis genesis;
static struct assay_policy policy;
static struct assay_json *document;
static char id[33], claims[ASSAY_EAR_CLAIMS_MAX];

/* Genuine, with the evidence as its report data. */
static enum assay_status accept_all(struct assay_verifier *verifier,
                                    const struct assay_evidence_request *request,
                                    struct assay_verdict *verdict)
{
    (void)verifier;
    assay_verdict_init(verdict, ASSAY_KIND_SOFT, request->at_unix_s);
    if (request->bytes[0] == 0xff) return ASSAY_E_MEMORY;
    verdict->genuine = ASSAY_GENUINE_TRUE;
    verdict->tier = ASSAY_TIER_AFFIRMING;
    verdict->has_claims = true;
    assay_bytes_copy(verdict->report_data, sizeof verdict->report_data, request->bytes,
                     request->len < 64 ? request->len : 64);
    return ASSAY_OK;
}

static void start(void)
{
    const struct assay_verify_pool_config config = { .threads = 1, .verify = accept_all };
    struct assay_secret32 secret;
    assay_policy_default(&policy);
    host = (struct assay_runtime){ .now_ms = 5000, .at_unix_ms = 1700000000000 };
    host.config.genesis = &genesis;
    host.config.policy = &policy;
    host.waiting_end = &host.waiting;
    cr_assert_eq(assay_verify_pool_create(&config, &host.pool), ASSAY_OK);
    cr_assert_eq(assay_p256_generate(&secret, host.keyring.identity_public), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, &host.identity), ASSAY_OK);
    cr_assert_eq(runtime_challenge_open(&host), ASSAY_OK);
}

static void stop(void)
{
    assay_json_free(&document);
    runtime_challenge_close(&host);
    assay_p256_signer_free(&host.identity);
    assay_verify_pool_destroy(&host.pool);
}

TestSuite(net_challenge_result, .init = start, .fini = stop, .timeout = 600);

/* Returns: data of the document. */
static const struct assay_json *send_line(const char *format, const char *client, const char *word,
                                          const char *more)
{
    char line[512];
    (void)snprintf(line, sizeof line, "%s %s %s%s%s", format, client, word, more != NULL ? " " : "",
                   more != NULL ? more : "");
    char *text = document_challenge(&host, line);
    cr_assert_not_null(text);
    assay_json_free(&document);
    cr_assert_eq(assay_json_parse(text, strlen(text), &document), ASSAY_OK);
    free(text);
    return assay_json_get(document, "data");
}

static void expect_code(const char *code)
{
    cr_expect_str_eq(assay_json_text(document, "schema", ""), "assay.error");
    cr_expect_str_eq(assay_json_text(assay_json_get(document, "data"), "code", ""), code);
}

static void open_session(const char *nonce)
{
    const struct assay_json *data = send_line("new", CLIENT, "ietf-04", nonce);
    cr_assert_eq(assay_json_uint(data, "status", 0), 201);
    (void)snprintf(id, sizeof id, "%s", assay_json_text(data, "id", ""));
    cr_assert_eq(strlen(id), 32);
}

/* As the loop delivers verdicts. */
static void deliver(void)
{
    struct pollfd fd = { .fd = assay_verify_pool_fd(host.pool), .events = POLLIN };
    uint8_t digest[32];
    int64_t at_unix_s = 0;
    bool before = false;
    while (!assay_verify_pool_next(host.pool, digest, &at_unix_s, &before, &host.verdict))
        cr_assert_eq(poll(&fd, 1, 60000), 1);
    cr_assert(runtime_challenge_on_verdict(&host, digest, &host.verdict));
    cr_expect_not(runtime_challenge_on_verdict(&host, digest, &host.verdict), "once");
}

/* Out: claims, of a token that the identity key has signed. */
static void read_result(void)
{
    const struct assay_json *data = send_line("get", CLIENT, id, NULL);
    const struct assay_json *session = assay_json_get(data, "session");
    const char *token = assay_json_text(session, "result", "");
    struct assay_p256 *key = NULL;
    struct assay_jwt jwt;
    size_t len = 0;
    cr_assert_str_eq(assay_json_text(session, "status", ""), "complete");
    cr_assert_eq(assay_jwt_split(token, strlen(token), &jwt), ASSAY_OK);
    cr_assert_eq(assay_p256_load(host.keyring.identity_public, &key), ASSAY_OK);
    cr_expect(assay_jwt_check(&jwt, key));
    assay_p256_free(&key);
    cr_assert_eq(assay_base64_decode(ASSAY_BASE64_URL, (const char *)jwt.claims.bytes,
                                     jwt.claims.len, (uint8_t *)claims, sizeof claims - 1, &len),
                 ASSAY_OK);
    claims[len] = '\0';
}

Test(net_challenge_result, evidence_for_the_nonce_has_a_signed_result)
{
    open_session(NONCE);
    const struct assay_json *data = send_line("post", CLIENT, id, NONCE);
    cr_expect_eq(assay_json_uint(data, "status", 0), 202);
    data = send_line("get", CLIENT, id, NULL);
    cr_expect_str_eq(assay_json_text(assay_json_get(data, "session"), "status", ""), "processing");
    deliver();
    read_result();
    cr_expect_not_null(strstr(claims, "\"eat_nonce\":\"AQIDBAUGBwg\""), "%s", claims);
    cr_expect_not_null(strstr(claims, "\"ear_status\":\"affirming\""), "%s", claims);
    cr_expect_not_null(strstr(claims, "\"iat\":1700000000,\"exp\":1700000300"), "%s", claims);
    (void)send_line("post", CLIENT, id, NONCE);
    expect_code("conflict");
    (void)send_line("get", OTHER, id, NULL);
    expect_code("not_found");
    cr_expect_eq(assay_json_uint(send_line("delete", CLIENT, id, NULL), "status", 0), 204);
    (void)send_line("get", CLIENT, id, NULL);
    expect_code("not_found");
    (void)send_line("new", CLIENT, "ietf-04", NONCE);
    expect_code("conflict");
}

Test(net_challenge_result, evidence_for_another_nonce_is_contraindicated)
{
    static const char *const others[] = { "0102030405060709", "01020304050607",
                                          "010203040506070801" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char nonce[17];
        (void)snprintf(nonce, sizeof nonce, "01020304050607%02zx", i + 16);
        open_session(nonce);
        (void)send_line("post", CLIENT, id, others[i]);
        deliver();
        read_result();
        cr_expect_not_null(strstr(claims, "\"ear_status\":\"contraindicated\""), "%s", claims);
        cr_expect_not_null(strstr(claims, "challenge"), "%s", claims);
    }
}

/* As a client that abandons its sessions is told, and one that reads them. */
Test(net_challenge_result, a_full_client_has_the_time_and_the_way_out)
{
    char nonce[17] = "";
    for (int i = 0; i < ASSAY_SESSION_CLIENT_MAX; i++) {
        (void)snprintf(nonce, sizeof nonce, "01020304050607%02x", (unsigned)i + 16);
        open_session(nonce);
    }
    host.now_ms += 23000;
    const struct assay_json *data = send_line("new", CLIENT, "ietf-04", "0102030405060730");
    expect_code("too_busy");
    cr_expect_eq(assay_json_uint(data, "retry_after_s", 0), 97);
    const char *const detail = assay_json_text(data, "detail", "");
    cr_expect_not_null(strstr(detail, "expires in 97 s"), "%s", detail);
    cr_expect_not_null(strstr(detail, "DELETE"), "%s", detail);
    (void)send_line("get", CLIENT, id, NULL);
    (void)send_line("new", CLIENT, "ietf-04", "0102030405060731");
    expect_code("too_busy"); /* it waits: there was no result to be read */
    (void)send_line("post", CLIENT, id, nonce);
    deliver();
    read_result();
    open_session("0102030405060732");
    (void)send_line("new", CLIENT, "ietf-04", "0102030405060733");
    expect_code("too_busy");
    (void)send_line("delete", CLIENT, id, NULL);
    open_session("0102030405060734");
}

/* Both texts are longer than a reason: what is left out is marked, and the difference is seen. */
Test(net_challenge_result, what_a_reason_leaves_out_is_marked)
{
    static const struct {
        size_t len, differs; /* bytes of the nonce, and the first one that the evidence has not */
        const char *expected, *observed;
    } rows[] = {
        { 64, 0,
          "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
          "202122232425262728292a2b2c2d...",
          "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
          "202122232425262728292a2b2c2d..." },
        { 64, 63, "...3738393a3b3c3d3e3f", "...3738393a3b3c3d3eff" },
        { 48, 47, "...2728292a2b2c2d2e2f",
          "...2728292a2b2c2d2eff00000000000000000000000000000000" },
        { 32, 31, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
          "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"
          "0000000000000000000000000000..." },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_verdict *const verdict = &host.verdict;
        uint8_t nonce[64];
        assay_verdict_init(verdict, ASSAY_KIND_SOFT, 0);
        verdict->has_claims = true;
        for (uint8_t b = 0; b < rows[i].len; b++)
            nonce[b] = verdict->report_data[b] = b;
        verdict->report_data[rows[i].differs] = 0xff;
        assay_challenge_report_data(verdict, assay_slice_over(nonce, rows[i].len), true);
        cr_assert_eq(verdict->reason_count, 1);
        cr_expect_str_eq(verdict->reasons[0].expected, rows[i].expected);
        cr_expect_str_eq(verdict->reasons[0].observed, rows[i].observed);
    }
}

/* The digest of a wrapper, or of a buffer, would be compared with that of evidence. */
Test(net_challenge_result, a_digest_is_of_what_is_appraised)
{
    static const struct {
        const char *evidence; /* after a nonce of its own */
        bool has_digest;
    } rows[] = {
        { "0102030405060708", true },
        { "010203040506070800", false }, /* perhaps the tail of a buffer */
        { "5b22612f62225d", false },     /* a wrapper in JSON */
        { "82617861", false },           /* in CBOR */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char nonce[17], text[65];
        uint8_t bytes[16], digest[32];
        const size_t len = strlen(rows[i].evidence) / 2;
        (void)snprintf(nonce, sizeof nonce, "01020304050607%02zx", i + 32);
        open_session(nonce);
        (void)send_line("post", CLIENT, id, rows[i].evidence);
        deliver();
        read_result();
        cr_assert_eq(assay_hex_decode(rows[i].evidence, 2 * len, bytes, len), ASSAY_OK);
        assay_sha256(bytes, len, digest);
        assay_hex_encode(digest, 32, text, sizeof text);
        cr_expect_eq(strstr(claims, "evidence_sha256") != NULL, rows[i].has_digest, "%s", claims);
        cr_expect_eq(strstr(claims, text) != NULL, rows[i].has_digest, "%s", claims);
    }
}

Test(net_challenge_result, evidence_is_as_long_as_it_is_said_to_be)
{
    enum { LIMIT = 32768 };
    static char line[2 * LIMIT + 256];
    for (size_t len = LIMIT + 1; len >= LIMIT; len--) {
        open_session(len == LIMIT ? NONCE : "0102030405060709");
        const int head = snprintf(line, sizeof line, "post %s %s ", CLIENT, id);
        memset(line + head, '1', 2 * len);
        line[(size_t)head + 2 * len] = '\0';
        char *text = document_challenge(&host, line);
        cr_assert_not_null(text);
        cr_expect_eq(strstr(text, "evidence has 1 to 32768 bytes") != NULL, len > LIMIT, "%zu",
                     len);
        free(text);
    }
    deliver();
}

/* A verifier that failed says nothing about the evidence, and nothing is signed. */
Test(net_challenge_result, what_was_not_appraised_has_no_result)
{
    open_session(NONCE);
    (void)send_line("post", CLIENT, id, "ff");
    deliver();
    const struct assay_json *session =
        assay_json_get(send_line("get", CLIENT, id, NULL), "session");
    cr_expect_str_eq(assay_json_text(session, "status", ""), "failed");
    cr_expect_null(assay_json_get(session, "result"));
}

Test(net_challenge_result, lines_that_are_none_are_refused)
{
    static const char *const lines[] = {
        "",
        "new",
        "new " CLIENT,
        "new " CLIENT " ietf-04",
        "new " CLIENT " ietf-04 00",
        "new " CLIENT " ietf-05 " NONCE,
        "new " CLIENT " ietf-04 " NONCE "0",
        "new " CLIENT " ietf-04 " NONCE " x",
        "new zz ietf-04 " NONCE,
        "open " CLIENT " ietf-04 " NONCE,
        "new  " CLIENT " ietf-04 " NONCE,
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char *text = document_challenge(&host, lines[i]);
        cr_assert_not_null(text);
        cr_expect_not_null(strstr(text, "assay.error"), "%s", lines[i]);
        free(text);
    }
    open_session(NONCE);
    (void)send_line("post", CLIENT, id, "0");
    expect_code("usage");
    (void)send_line("post", CLIENT, id, "xy");
    expect_code("usage");
    const struct assay_json *data = send_line("get", CLIENT, id, NULL);
    cr_expect_str_eq(assay_json_text(assay_json_get(data, "session"), "status", ""), "waiting");
}
