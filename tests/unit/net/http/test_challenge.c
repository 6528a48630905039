/*
 * tests/unit/net/http/test_challenge.c - tests of challenge-response requests: what goes to the
 * node's loop, what is refused before, and what its answers become.
 */
#include "net/http/answer.h"
#include "net/json/json.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEW_PATH     "/challenge-response/v1/newSession"
#define ID           "00112233445566778899aabbccddeeff"
#define SESSION_PATH "/challenge-response/v1/session/" ID
#define CLIENT       "ab00000000000000000000000000000000000000000000000000000000000000"

static struct http_fixture fixture;
static struct assay_http_answer answer;
static const uint8_t client[32] = { 0xab };

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

TestSuite(net_http_challenge, .init = open_node, .fini = close_node);

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

static struct assay_http_request request_of(const char *method, const char *path)
{
    return (struct assay_http_request){
        .role = ASSAY_HTTP_ROLE_SERVICE, .client = client, .method = method, .path = path
    };
}

/* A new session with up to two parameters. */
static void open_session(const char *key, const char *value, const char *key2, const char *value2)
{
    struct assay_http_request request = request_of("POST", NEW_PATH);
    if (key != NULL)
        request.parameters[request.parameter_count++] = (struct assay_http_pair){ key, value };
    if (key2 != NULL)
        request.parameters[request.parameter_count++] = (struct assay_http_pair){ key2, value2 };
    send(&request);
}

Test(net_http_challenge, a_nonce_is_given_or_random)
{
    open_session("nonce", "AAECAwQFBgc", NULL, NULL);
    cr_assert_not_null(answer.core_line, "%s", answer.body);
    cr_expect_str_eq(answer.core_line, "challenge new " CLIENT " ietf-04 0001020304050607");
    open_session("nonce", "AAECAwQFBgc=", NULL, NULL);
    cr_expect_str_eq(answer.core_line, "challenge new " CLIENT " ietf-04 0001020304050607");
    open_session("nonce", "AAECAwQFBgc", "profile", "veraison-2023");
    cr_expect_str_eq(answer.core_line, "challenge new " CLIENT " veraison-2023 0001020304050607");
    const size_t head = strlen("challenge new " CLIENT " ietf-04 ");
    char first[200];
    open_session("nonceSize", "64", NULL, NULL);
    cr_expect_eq(strlen(answer.core_line), head + 128);
    (void)snprintf(first, sizeof first, "%s", answer.core_line);
    open_session("nonceSize", "64", NULL, NULL);
    cr_expect_str_neq(answer.core_line, first);
    open_session(NULL, NULL, NULL, NULL);
    cr_expect_eq(strlen(answer.core_line), head + 64);
}

Test(net_http_challenge, other_nonces_are_refused)
{
    char longest[90];
    memset(longest, 'A', sizeof longest);
    longest[87] = '\0'; /* 65 bytes */
    const struct {
        const char *key, *value;
    } rows[] = {
        { "nonceSize", "7" },
        { "nonceSize", "65" },
        { "nonceSize", "-1" },
        { "nonceSize", "0x20" },
        { "nonceSize", "" },
        { "nonceSize", NULL },
        { "nonce", "" },
        { "nonce", NULL },
        { "nonce", "AAECAwQFBg" },
        { "nonce", longest },
        { "nonce", "AAECAwQF+gc" },
        { "nonce", "AAECAwQFBgd" },
        { "nonce", "AAECAwQFBgc==" },
        { "nonce", "AAECAwQFBgc " },
        { "nonce", "========" },
        { "profile", "ietf-99" },
        { "profile", NULL },
        { "colour", "red" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_session(rows[i].key, rows[i].value, NULL, NULL);
        cr_expect_eq(answer.status, 400, "%s=%s", rows[i].key, rows[i].value);
        cr_expect_null(answer.core_line, "%s=%s", rows[i].key, rows[i].value);
    }
    open_session("nonce", "AAECAwQFBgc", "nonceSize", "8");
    cr_expect_eq(answer.status, 400, "both");
}

/* A viewer may not: appraisals cost this node more than its documents. */
Test(net_http_challenge, the_role_is_service)
{
    static const char *const paths[] = { NEW_PATH, SESSION_PATH };
    for (size_t i = 0; i < 2; i++) {
        for (enum assay_http_role role = 0; role <= ASSAY_HTTP_ROLE_OPERATOR; role++) {
            struct assay_http_request request = request_of("POST", paths[i]);
            request.role = role;
            request.has_body = i == 1;
            request.content_type = "application/vnd.assay.evidence";
            const bool may = role >= ASSAY_HTTP_ROLE_SERVICE;
            cr_expect_eq(assay_http_body_max(&request),
                         may && i == 1 ? ASSAY_HTTP_EVIDENCE_MAX : 0);
            if (i == 1) request.body = assay_slice_over("x", 1);
            send(&request);
            cr_expect_eq(answer.core_line != NULL, may, "%s as %d", paths[i], (int)role);
            if (!may) cr_expect_eq(answer.status, 403);
        }
    }
    struct assay_http_request raw = request_of("GET", "/v1/nodes/0/evidence/bytes");
    send(&raw);
    cr_expect_eq(answer.status, 403, "raw evidence is for operators");
    raw.role = ASSAY_HTTP_ROLE_OPERATOR;
    send(&raw);
    cr_expect_str_eq(answer.core_line, "evidence-bytes 0");
}

Test(net_http_challenge, methods_have_their_lines)
{
    static const struct {
        const char *method, *line;
    } rows[] = {
        { "GET", "challenge get " CLIENT " " ID },
        { "DELETE", "challenge delete " CLIENT " " ID },
    };
    for (size_t i = 0; i < 2; i++) {
        const struct assay_http_request request = request_of(rows[i].method, SESSION_PATH);
        send(&request);
        cr_assert_not_null(answer.core_line);
        cr_expect_str_eq(answer.core_line, rows[i].line);
    }
    static const char *const others[] = { "HEAD", "PUT", "PATCH",     "OPTIONS", "get",
                                          "GE",   "",    "GET, POST", "DELETED" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const struct assay_http_request request = request_of(others[i], SESSION_PATH);
        send(&request);
        cr_expect_eq(answer.status, 405, "%s", others[i]);
        cr_expect_str_eq(answer.allow, "GET, POST, DELETE");
    }
    const struct assay_http_request get = request_of("GET", NEW_PATH);
    send(&get);
    cr_expect_eq(answer.status, 405);
    cr_expect_str_eq(answer.allow, "POST");
}

Test(net_http_challenge, an_id_has_one_form)
{
    static const char *const ids[] = { "x", ID "0", "00112233445566778899AABBCCDDEEFF",
                                       "00112233445566778899aabbccddeef ",
                                       "00112233445566778899aabbccdde\nff" };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "/challenge-response/v1/session/%s", ids[i]);
        const struct assay_http_request request = request_of("GET", path);
        send(&request);
        cr_expect_eq(answer.status, 404, "%s", ids[i]);
        cr_expect_null(answer.core_line);
    }
}

Test(net_http_challenge, evidence_has_a_type_and_bytes)
{
    static const struct {
        const char *type;
        unsigned status; /* 0: to the node */
    } rows[] = {
        { "application/vnd.assay.evidence", 0 },
        { "application/cmw+json", 0 },
        { "application/vnd.veraison.cmw+cbor; charset=x", 0 },
        { "application/cmw", 415 },
        { "application/cmw+jsonx", 415 },
        { "text/plain", 415 },
        { ";application/cmw+json", 415 },
        { "", 415 },
        { NULL, 415 },
    };
    struct assay_http_request request = request_of("POST", SESSION_PATH);
    request.has_body = true;
    request.body = assay_slice_over("\x01\xff", 2);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        request.content_type = rows[i].type;
        send(&request);
        cr_expect_eq(answer.status, rows[i].status, "%s", rows[i].type);
        if (rows[i].status != 0) continue;
        cr_expect_str_eq(answer.core_line, "challenge post " CLIENT " " ID " 01ff");
    }
    request.content_type = "application/vnd.assay.evidence";
    request.body = assay_slice_over(NULL, 0);
    request.body_announced = ASSAY_HTTP_EVIDENCE_MAX + 1;
    send(&request);
    cr_expect_eq(answer.status, 413, "a body that is too long is never read");
    cr_expect_not_null(strstr(answer.body, "\"code\":\"body_too_large\""), "%s", answer.body);
    cr_expect_not_null(
        strstr(answer.body, "Content-Length announces 32769 bytes, the limit is 32768"), "%s",
        answer.body);
    cr_expect_not_null(strstr(answer.body, "\"data\":{\"limit\":32768,\"announced\":32769}"), "%s",
                       answer.body);
    request.is_coded = true;
    request.body_announced = 0;
    send(&request);
    cr_expect_eq(answer.status, 411, "a body of unknown length");
    cr_expect_not_null(strstr(answer.body, "\"code\":\"length_required\""), "%s", answer.body);
    cr_expect_not_null(strstr(answer.body, "Content-Length is required"), "%s", answer.body);
    request.method = "GET";
    send(&request);
    cr_expect_eq(answer.status, 413, "a length would not help");
    cr_expect_not_null(strstr(answer.body, "\"code\":\"body_not_allowed\""), "%s", answer.body);
    request.method = "POST";
    request.has_body = request.is_coded = false;
    send(&request);
    cr_expect_eq(answer.status, 400);
    request.accept = "image/png";
    send(&request);
    cr_expect_eq(answer.status, 406);
}

/* ------------------------------------------------------------ answers of the node's loop */

static void from_core(const char *path, const char *accept, const char *text)
{
    const struct assay_http_request request = {
        .role = ASSAY_HTTP_ROLE_SERVICE, .method = "GET", .path = path, .accept = accept
    };
    free(answer.body);
    free(answer.core_line);
    assay_http_core_answer(&request, strdup(text), &answer);
}

Test(net_http_challenge, answers_have_their_status_and_type)
{
    from_core(NEW_PATH, NULL,
              "{\"schema\":\"assay.challenge\",\"data\":{\"status\":201,\"id\":\"" ID
              "\",\"session\":{\"status\":\"waiting\"}}}");
    cr_expect_eq(answer.status, 201);
    cr_expect_str_eq(answer.type, "application/vnd.veraison.challenge-response-session+json");
    cr_expect_str_eq(answer.location, "session/" ID);
    cr_expect_str_eq(answer.body, "{\"status\":\"waiting\"}");
    from_core(SESSION_PATH, NULL, "{\"schema\":\"assay.challenge\",\"data\":{\"status\":204}}");
    cr_expect_eq(answer.status, 204);
    cr_expect_eq(answer.len, 0);
    cr_expect_str_eq(answer.location, "");
    from_core(SESSION_PATH, NULL,
              "{\"schema\":\"assay.error\",\"data\":{\"code\":\"not_found\",\"detail\":\"\"}}");
    cr_expect_eq(answer.status, 404);
    from_core(SESSION_PATH, NULL,
              "{\"schema\":\"assay.error\",\"data\":{\"code\":\"too_busy\",\"detail\":\"\"}}");
    cr_expect_eq(answer.status, 503);
    cr_expect_eq(answer.retry_after_s, 1, "without a time of the node");
    from_core(NEW_PATH, NULL,
              "{\"schema\":\"assay.error\",\"data\":{\"code\":\"too_busy\",\"detail\":\"\","
              "\"retry_after_s\":97}}");
    cr_expect_eq(answer.status, 503);
    cr_expect_eq(answer.retry_after_s, 97);
}

Test(net_http_challenge, a_key_proof_is_its_bytes_or_the_reason_why_there_is_none)
{
    static const char path[] = "/v1/nodes/3/keys/proof";
    from_core(path, NULL,
              "{\"schema\":\"assay.key_proof\",\"data\":{\"era\":2,\"epoch\":9,\"slot\":3,"
              "\"key_proof\":\"840041\"}}");
    cr_expect_eq(answer.status, 200);
    cr_expect_str_eq(answer.type, "application/vnd.assay.key-proof+cbor");
    cr_assert_eq(answer.len, 3);
    cr_expect_arr_eq(answer.body, "\x84\x00\x41", 3);
    cr_expect(answer.is_of_epoch && answer.era == 2 && answer.epoch == 9);
    from_core(path, NULL,
              "{\"schema\":\"assay.error\",\"data\":{\"code\":\"not_found\",\"detail\":\"\"}}");
    cr_expect_eq(answer.status, 404, "the member has no keys");
    from_core(path, NULL,
              "{\"schema\":\"assay.error\",\"data\":{\"code\":\"lists_missing\","
              "\"detail\":\"\"}}");
    cr_expect_eq(answer.status, 503, "another node has the list");
    cr_expect_eq(answer.retry_after_s, 1);
    cr_expect_not_null(strstr(answer.body, "\"code\":\"undecided\""));
    cr_expect_not_null(strstr(answer.body, "\"reason\":\"lists_missing\""));
    cr_expect_not(answer.is_of_epoch);
}

Test(net_http_challenge, a_ca_proof_is_a_document_or_its_bytes_by_accept)
{
    static const char path[] = "/v1/ca/proof", type[] = "application/vnd.assay.ca-proof+cbor";
    static const char proof[] =
        "{\"schema\":\"assay.ca_proof\",\"data\":{\"era\":2,\"epoch\":9,\"ca_proof\":\"850041\"}}";
    from_core(path, NULL, proof);
    cr_expect_str_eq(answer.body, proof);
    cr_expect(answer.is_of_epoch && answer.era == 2 && answer.epoch == 9);
    from_core(path, type, proof);
    cr_expect_eq(answer.status, 200);
    cr_expect_str_eq(answer.type, type);
    cr_assert_eq(answer.len, 3);
    cr_expect_arr_eq(answer.body, "\x85\x00\x41", 3);
    cr_expect(answer.is_of_epoch);
    from_core(path, type,
              "{\"schema\":\"assay.error\",\"data\":{\"code\":\"ca_none\",\"detail\":\"\"}}");
    cr_expect_eq(answer.status, 503, "no key, or no certificate here yet");
    cr_expect_not(answer.is_of_epoch, "it is not kept for the epoch");
}

Test(net_http_challenge, a_proof_is_its_bytes)
{
    static const char proof[] =
        "{\"schema\":\"assay.proof\",\"data\":{\"era\":2,\"epoch\":9,\"proof\":\"810041\"}}";
    from_core("/v1/nodes/3/proof", NULL, proof);
    cr_expect_eq(answer.status, 200);
    cr_expect_str_eq(answer.type, "application/vnd.assay.proof+cbor");
    cr_assert_eq(answer.len, 3);
    cr_expect_arr_eq(answer.body, "\x81\x00\x41", 3);
    cr_expect(answer.is_of_epoch && answer.era == 2 && answer.epoch == 9);
    from_core("/v1/proofs/3", NULL, proof);
    cr_expect_str_eq(answer.body, proof);
    cr_expect(answer.is_of_epoch);
    static const char checkpoint[] =
        "{\"schema\":\"assay.checkpoint\",\"data\":{\"era\":0,\"epoch\":9,\"checkpoint\":\"82\"}}";
    from_core("/v1/checkpoint", "*/*", checkpoint);
    cr_expect_str_eq(answer.body, checkpoint, "JSON, unless Accept names the other form");
    from_core("/v1/checkpoint", "application/vnd.assay.checkpoint+cbor", checkpoint);
    cr_expect_eq(answer.len, 1);
    cr_expect_str_eq(answer.type, "application/vnd.assay.checkpoint+cbor");
    from_core("/v1/nodes/3/ear", NULL,
              "{\"schema\":\"assay.ear\",\"data\":{\"era\":0,\"epoch\":9,\"ear\":\"a.b.c\"}}");
    cr_expect_str_eq(answer.type, "application/eat+jwt");
    cr_expect_str_eq(answer.body, "a.b.c");
    from_core("/v1/nodes/3/proof", NULL,
              "{\"schema\":\"assay.error\",\"data\":{\"code\":\"not_closed\",\"detail\":\"\"}}");
    cr_expect_eq(answer.status, 503);
    cr_expect(!answer.is_of_epoch && strstr(answer.body, "not_closed") != NULL);
}
