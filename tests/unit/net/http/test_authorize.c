/*
 * tests/unit/net/http/test_authorize.c - tests of requests of relying parties for workload keys:
 * who is let in, who is not, and when the node cannot tell.
 */
#include "tests/unit/net/http/authorize_fixture.h"

#include <criterion/criterion.h>

TestSuite(net_http_authorize, .init = open_fixture, .fini = close_fixture);

static void expect_allowed(const char *spki)
{
    ask_key(spki, NULL, NULL);
    cr_expect_eq(answer.status, 200, "%s", reason());
    cr_expect_str_eq(reason(), "active");
    cr_expect_str_eq(answer.reason, "active");
}

static void expect_refused(const char *spki, unsigned status, const char *why)
{
    ask_key(spki, NULL, NULL);
    cr_expect_eq(answer.status, status, "%s: %u, %s", why, answer.status, reason());
    cr_expect_str_eq(reason(), why);
    cr_assert_not_null(answer.reason);
    cr_expect_str_eq(answer.reason, why);
    cr_expect_str_eq(assay_json_text(json, "code", ""), status == 403 ? "key_denied" : "undecided");
    cr_expect_eq(answer.etag[0], '\0', "nothing of it is cached");
    cr_expect_eq(answer.retry_after_s, status == 503);
}

/* ------------------------------------------------------------ who is let in */

Test(net_http_authorize, an_active_key_is_authorized_and_its_member_named)
{
    struct workload_entry entry;
    char spki[65], node_id[65];
    open_with(&entry, spki);
    expect_allowed(spki);
    assay_hex_encode(fixture.members[OWNER].ledger.node_id, 32, node_id, sizeof node_id);
    const struct assay_json *data = assay_json_get(json, "data");
    cr_expect(assay_json_bool(data, "authorized", false));
    cr_expect_str_eq(assay_json_text(data, "node_id", ""), node_id);
    cr_expect_str_eq(assay_json_text(data, "key_name", ""), "api");
    cr_expect_str_eq(answer.member, node_id);
    cr_expect_str_eq(answer.key_name, "api");
    cr_expect_eq(answer.etag[0], '\0', "an answer that is kept outlives a suspension");
    ask_key(spki, "node", "node-1");
    cr_expect_eq(answer.status, 200);
    ask_key(spki, "class", "critical");
    cr_expect_eq(answer.status, 200);
}

Test(net_http_authorize, a_suspended_member_is_denied_whatever_else_is_true)
{
    struct workload_entry entry;
    char spki[65];
    open_with(&entry, spki);
    fixture.members[OWNER].ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    expect_refused(spki, 403, "suspended");
    fixture.members[OWNER].ledger.trust.score.standing = ASSAY_STANDING_RESTRICTED;
    expect_refused(spki, 403, "below_threshold");
    fixture.members[OWNER].ledger.trust.score.standing = ASSAY_STANDING_WARNING;
    expect_allowed(spki);
    ask_key(spki, "class", "critical");
    cr_expect_eq(answer.status, 403);
    cr_expect_str_eq(reason(), "below_threshold");
    fixture.members[OWNER].ledger.stage = ASSAY_STAGE_RESTING;
    expect_refused(spki, 403, "drained");
}

/* docs/protocol.md 2.16.6. */
Test(net_http_authorize, keys_that_the_state_does_not_report_as_active_are_denied)
{
    static const struct {
        enum assay_keys_state state;
        const char *reason;
    } rows[] = { { ASSAY_KEYS_UNBOUND, "not_bound" },
                 { ASSAY_KEYS_OLD, "stale" },
                 { ASSAY_KEYS_STANDING, "below_threshold" },
                 { ASSAY_KEYS_MAINTENANCE, "maintenance" },
                 { ASSAY_KEYS_STAGE, "drained" } };
    struct workload_entry entry;
    char spki[65];
    open_with(&entry, spki);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture.members[OWNER].ledger.keys.state = rows[i].state;
        expect_refused(spki, 403, rows[i].reason);
    }
}

Test(net_http_authorize, unknown_keys_and_those_for_other_uses_are_denied)
{
    struct workload_entry entry, ssh;
    char spki[65], spki_ssh[65];
    open_with(&entry, spki);
    expect_refused("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 403,
                   "unknown_key");
    ask_key(spki, "node", "node-0");
    cr_expect_str_eq(reason(), "other_member");
    ask_key(spki, "purpose", "token");
    cr_expect_str_eq(reason(), "other_purpose");
    make_entry(&ssh, OTHER, ASSAY_PURPOSE_SSH, "host");
    activate(OTHER, &ssh, spki_ssh);
    expect_refused(spki_ssh, 403, "other_purpose");
    ask_key(spki_ssh, "purpose", "ssh");
    cr_expect_eq(answer.status, 200);
}

/* Declared in d, active from the close of d + 1; withdrawn by the list that lacks it. */
Test(net_http_authorize, a_key_counts_from_its_certified_list_to_the_list_that_lacks_it)
{
    struct workload_entry old, new;
    char spki[65], spki_new[65];
    uint8_t digest[32];
    open_with(&old, spki);
    make_entry(&new, OWNER, ASSAY_PURPOSE_TLS, "api2");
    const struct workload_entry *const both[] = { &old, &new }, *const one[] = { &new };
    assay_sha256(new.key.spki.bytes, new.key.spki.len, digest);
    assay_hex_encode(digest, 32, spki_new, 65);
    declare(OWNER, list_of(both, 2));
    expect_allowed(spki);
    expect_refused(spki_new, 403, "not_certified");
    certify(OWNER, list_of(both, 2));
    expect_allowed(spki);
    expect_allowed(spki_new);
    declare(OWNER, list_of(one, 1));
    expect_refused(spki, 403, "withdrawn");
    expect_allowed(spki_new);
}

/* A list with keys was declared, and evidence since then bound none: the enclave restarted. */
Test(net_http_authorize, keys_that_an_enclave_lost_are_told_from_keys_that_are_new)
{
    struct workload_entry entry;
    const struct workload_entry *const one[] = { &entry };
    char spki[65];
    uint8_t digest[32];
    make_entry(&entry, OWNER, ASSAY_PURPOSE_TLS, "api");
    declare(OWNER, list_of(one, 1));
    assay_sha256(entry.key.spki.bytes, entry.key.spki.len, digest);
    assay_hex_encode(digest, 32, spki, 65);
    expect_refused(spki, 403, "not_bound");
    fixture.members[OWNER].ledger.keys.since_epoch = 42;
    expect_refused(spki, 403, "not_certified");
}

/* docs/identity.md 9: its private half is on both machines. */
Test(net_http_authorize, a_key_of_two_members_has_the_worse_of_their_standings)
{
    struct workload_entry entry;
    char spki[65];
    open_with(&entry, spki);
    activate(OTHER, &entry, spki);
    expect_allowed(spki);
    fixture.members[OTHER].ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    expect_refused(spki, 403, "suspended");
    ask_key(spki, "node", "node-1");
    cr_expect_str_eq(reason(), "suspended");
    fixture.members[OTHER].ledger.trust.score.standing = ASSAY_STANDING_FULL;
    fixture.members[OTHER].ledger.keys.state = ASSAY_KEYS_OLD;
    expect_allowed(spki);
}

/* docs/protocol.md 11.3.4: RESTRICTED, however it stands; and it is so in the epoch behind, too. */
Test(net_http_authorize, a_key_of_a_member_in_maintenance_is_denied_wherever_else_it_is)
{
    struct workload_entry entry;
    char spki[65];
    open_with(&entry, spki);
    activate(OTHER, &entry, spki);
    fixture.members[OTHER].ledger.is_away = true;
    fixture.members[OTHER].ledger.keys.state = ASSAY_KEYS_OLD;
    expect_refused(spki, 403, "maintenance");
    const struct assay_json *data = assay_json_get(json, "data");
    cr_expect_str_eq(assay_json_text(data, "standing", ""), "RESTRICTED");
    ask_key(spki, "class", "critical");
    cr_expect_str_eq(reason(), "maintenance");
    fixture.members[OTHER].ledger.trust.score.standing = ASSAY_STANDING_RESTRICTED;
    expect_refused(spki, 403, "below_threshold");
}

/* Its list names the key until its slot has another one: the machine still has the private half. */
Test(net_http_authorize, a_key_of_a_member_that_left_is_denied_as_that_of_a_drained_one)
{
    struct workload_entry entry;
    char spki[65];
    open_with(&entry, spki);
    activate(OTHER, &entry, spki);
    fixture.members[OTHER].ledger.stage = ASSAY_STAGE_LEFT;
    expect_refused(spki, 403, "drained");
    fixture.members[OTHER].ledger.keys.is_declared = false;
    fixture.members[OTHER].ledger.keys.keys_epoch = 0;
    expect_allowed(spki);
}

/* ------------------------------------------------------------ what the node cannot tell */

Test(net_http_authorize, a_node_that_is_not_at_the_head_cannot_tell)
{
    struct workload_entry entry;
    char spki[65];
    struct assay_snapshot *const s = &fixture.snapshot;
    open_with(&entry, spki);
    const struct assay_snapshot good = *s;
    s->chain.behind = true;
    expect_refused(spki, 503, "behind");
    *s = good;
    s->newcomer = true;
    expect_refused(spki, 503, "catching_up");
    *s = good;
    s->fenced = true;
    expect_refused(spki, 503, "fenced");
    *s = good;
    s->chain.final_at_ms = 0;
    expect_refused(spki, 503, "head_old");
    s->chain.final_at_ms = NOW - 3 * s->epoch_ms;
    expect_refused(spki, 503, "head_old");
    s->chain.final_at_ms++;
    expect_allowed(spki);
    *s = good;
    s->now_ms = NOW - 5000;
    expect_refused(spki, 503, "stalled");
}

/* docs/protocol.md 2.16.7: a node that lacks a list reports no key of it as active. */
Test(net_http_authorize, a_node_that_lacks_a_list_cannot_tell_what_may_be_on_it)
{
    static const char stranger[] =
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    struct workload_entry entry, other;
    char spki[65], spki_other[65];
    open_with(&entry, spki);
    make_entry(&other, OTHER, ASSAY_PURPOSE_TLS, "db");
    activate(OTHER, &other, spki_other);
    assay_authz_list_release(&fixture.snapshot.keys->rows[OTHER].certified);
    expect_refused(spki_other, 503, "lists_missing");
    assay_authz_list_release(&fixture.snapshot.keys->rows[OTHER].declared);
    expect_refused(spki_other, 503, "lists_missing");
    expect_refused(stranger, 503, "lists_missing");
    expect_allowed(spki); /* whatever is on it, its member stands as well */
    fixture.members[OTHER].ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    expect_refused(spki, 503, "lists_missing");
    fixture.members[OWNER].ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    expect_refused(spki, 403, "suspended");
    assay_authz_table_release(&fixture.snapshot.keys);
    expect_refused(spki, 503, "lists_missing");
}

/* A table of an earlier state never answers for a newer one. */
Test(net_http_authorize, a_list_of_another_root_than_the_states_is_none)
{
    struct workload_entry entry;
    char spki[65];
    open_with(&entry, spki);
    fixture.members[OWNER].ledger.keys.keys_root[0] ^= 1;
    expect_refused(spki, 503, "lists_missing");
    fixture.members[OWNER].ledger.keys.keys_root[0] ^= 1;
    fixture.members[OWNER].ledger.keys.declared_root[0] ^= 1;
    expect_refused(spki, 503, "lists_missing");
}

/* ------------------------------------------------------------ services */

static void expect_service(const char *spki, const char *service, const char *why)
{
    ask_key(spki, "service", service);
    cr_expect_str_eq(reason(), why, "%s", service);
    cr_expect_eq(answer.status, strcmp(why, "active") == 0 ? 200 : 403);
}

Test(net_http_authorize, a_service_is_the_name_that_operators_granted_to_the_member)
{
    struct workload_entry entry;
    char spki[65];
    open_with(&entry, spki);
    expect_service(spki, "api", "other_service"); /* a plan without names */
    grant(0);                                     /* its evidence does not have it */
    expect_service(spki, "api", "other_service");
    grant(2); /* another name, which the key does not have */
    expect_service(spki, "api", "other_service");
    grant(3);
    expect_service(spki, "api", "active");
    expect_service(spki, "web", "other_service");
    struct assay_json *all = assay_document_keys(&fixture.snapshot, NOW, OWNER);
    cr_expect(assay_json_bool(assay_json_at(assay_json_get(all, "keys"), 0), "granted", false));
    assay_json_free(&all);
    grant(0); /* but to another member */
    fixture.members[OTHER].ledger.keys.granted = 3;
    expect_service(spki, "api", "other_service");
    fixture.members[OWNER].ledger.keys.state = ASSAY_KEYS_OLD; /* the key is the reason */
    expect_service(spki, "api", "stale");
}

Test(net_http_authorize, a_service_counts_at_the_standing_that_its_grant_wants)
{
    struct workload_entry entry;
    char spki[65];
    make_entry(&entry, OWNER, ASSAY_PURPOSE_TLS, "db");
    activate(OWNER, &entry, spki);
    grant(2);
    expect_service(spki, "db", "active");
    fixture.members[OWNER].ledger.trust.score.standing = ASSAY_STANDING_WARNING;
    expect_service(spki, "db", "other_service");
}

/* ------------------------------------------------------------ requests that are wrong */

Test(net_http_authorize, a_request_without_a_usable_key_is_refused)
{
    static const char *const bad[] = { "", "00", "zz", "00112233", NULL };
    static const struct assay_http_pair pairs[] = {
        { "class", "root" }, { "purpose", "holder" }, { "node", "nobody" }, { "service", "svc" }
    };
    struct workload_entry entry;
    char spki[65];
    open_with(&entry, spki);
    for (size_t i = 0; bad[i] != NULL; i++) {
        ask_key(bad[i], NULL, NULL);
        cr_expect_eq(answer.status, 400, "%s", bad[i]);
    }
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        ask_key(spki, pairs[i].key, pairs[i].value);
        cr_expect_eq(answer.status, 400, "%s", pairs[i].key);
    }
    struct assay_http_request none = { .certificate = "" };
    ask_request(&none);
    cr_expect_eq(answer.status, 401);
    cr_expect_str_eq(answer.reason, "no_key");
}

Test(net_http_authorize, viewers_may_not_ask)
{
    struct workload_entry entry;
    char spki[65];
    open_with(&entry, spki);
    struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                          .parameter_count = 1,
                                          .parameters = { { "spki", spki } } };
    ask_request(&request);
    cr_expect_eq(answer.status, 403);
    cr_expect_str_eq(assay_json_text(json, "code", ""), "role_required");
    request.path = "/v1/ext-authz/normal/";
    ask_request(&request);
    cr_expect_str_eq(assay_json_text(json, "code", ""), "role_required");
}

/* ------------------------------------------------------------ certificates in headers */

static void ask_certificate(const char *certificate, const char *spki)
{
    struct assay_http_request request = { .certificate = certificate };
    if (spki != NULL) {
        request.parameter_count = 1;
        request.parameters[0] = (struct assay_http_pair){ "spki", spki };
    }
    ask_request(&request);
}

Test(net_http_authorize, a_proxy_sends_the_certificate_of_its_client)
{
    struct workload_entry entry, other;
    struct texts texts, others;
    char spki[65], two[1300];
    open_with(&entry, spki);
    make_entry(&other, OTHER, ASSAY_PURPOSE_TLS, "db");
    make_texts(&entry.key, &texts);
    make_texts(&other.key, &others);
    const char *const forms[] = { texts.base64, texts.pem, texts.escaped };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        ask_certificate(forms[i], NULL);
        cr_expect_eq(answer.status, 200, "form %zu: %s", i, answer.body);
        ask_certificate(forms[i], spki);
        cr_expect_eq(answer.status, 200);
    }
    ask_certificate(others.pem, NULL);
    cr_expect_eq(answer.status, 403);
    ask_certificate(others.pem, spki);
    cr_expect_eq(answer.status, 400, "two keys in one request");
    (void)snprintf(two, sizeof two, "%s%s", texts.pem, others.pem);
    ask_certificate(two, NULL);
    cr_expect_eq(answer.status, 400, "two certificates in one header");
    (void)snprintf(two, sizeof two, "%s,%s", texts.base64, others.base64);
    ask_certificate(two, NULL);
    cr_expect_eq(answer.status, 400);
    static const char *const bad[] = { "x", "%", "%4", "%00", "MA==", "MAMCAQE=", "-----" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ask_certificate(bad[i], NULL);
        cr_expect_eq(answer.status, 400, "%s", bad[i]);
    }
    struct assay_http_request both = { .certificate = texts.pem, .tls_client_cert = others.base64 };
    ask_request(&both);
    cr_expect_eq(answer.status, 400, "two headers, two keys");
    struct assay_http_request traefik = { .accept = "image/png", .tls_client_cert = texts.base64 };
    ask_request(&traefik);
    cr_expect_eq(answer.status, 200, "Accept is that of the client of the proxy");
}

Test(net_http_authorize, envoy_asks_with_the_request_of_its_client)
{
    struct workload_entry entry;
    struct texts texts;
    char spki[65], xfcc[2000], two[4100];
    open_with(&entry, spki);
    make_texts(&entry.key, &texts);
    (void)snprintf(xfcc, sizeof xfcc, "Hash=00ff;Cert=\"%s\";Subject=\"CN=a;Cert=b,c\"",
                   texts.escaped);
    ask_envoy("/v1/ext-authz/normal/a/b", "POST", xfcc);
    cr_expect_eq(answer.status, 200, "%s", answer.body);
    ask_envoy("/v1/ext-authz/critical/", "PURGE", xfcc);
    cr_expect_eq(answer.status, 200);
    ask_envoy("/v1/ext-authz/root/", "GET", xfcc);
    cr_expect_eq(answer.status, 400);
    ask_envoy("/v1/ext-authz/normal/", "GET", NULL);
    cr_expect_eq(answer.status, 401);
    ask_envoy("/v1/ext-authz/normal/", "GET", "Hash=00ff");
    cr_expect_eq(answer.status, 400, "a digest of a certificate names no key");
    (void)snprintf(two, sizeof two, "%s,%s", xfcc, xfcc);
    ask_envoy("/v1/ext-authz/normal/", "GET", two);
    cr_expect_eq(answer.status, 400, "of two hops, nobody here can say which is the client's");
    ask_envoy("/v1/ext-authz/normal/", "GET", "Cert=\"abc");
    cr_expect_eq(answer.status, 400);
    fixture.snapshot.chain.behind = true;
    ask_envoy("/v1/ext-authz/normal/", "GET", xfcc);
    cr_expect_eq(answer.status, 403, "failure_mode_allow lets 5xx pass");
    cr_expect_str_eq(reason(), "behind");
}

/* ------------------------------------------------------------ documents */

Test(net_http_authorize, documents_name_the_state_of_every_key)
{
    struct workload_entry entry;
    char spki[65];
    open_with(&entry, spki);
    struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                          .path = "/v1/nodes/node-1/keys" };
    ask_request(&request);
    cr_assert_eq(answer.status, 200);
    const struct assay_json *data = assay_json_get(json, "data");
    const struct assay_json *key = assay_json_at(assay_json_get(data, "keys"), 0);
    cr_expect_eq(assay_json_count(assay_json_get(data, "keys")), 1);
    cr_expect(assay_json_bool(data, "active", false));
    cr_expect_str_eq(assay_json_text(data, "state", ""), "active");
    cr_expect_eq(assay_json_uint(data, "keys_epoch", 0), 41);
    cr_expect_str_eq(assay_json_text(key, "spki_sha256", ""), spki);
    cr_expect_str_eq(assay_json_text(key, "purpose", ""), "tls");
    cr_expect_str_eq(assay_json_text(key, "reason", ""), "active");
    fixture.members[OWNER].ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    fixture.members[OWNER].ledger.keys.state = ASSAY_KEYS_STANDING;
    ask_request(&request);
    data = assay_json_get(json, "data");
    key = assay_json_at(assay_json_get(data, "keys"), 0);
    cr_expect(!assay_json_bool(data, "active", true));
    cr_expect_str_eq(assay_json_text(key, "reason", ""), "suspended");
    request.path = "/v1/keys";
    ask_request(&request);
    cr_expect_eq(assay_json_count(assay_json_get(assay_json_get(json, "data"), "members")), 4);
    request.path = "/v1/nodes/node-1/explain";
    ask_request(&request);
    const struct assay_json *summary =
        assay_json_get(assay_json_get(assay_json_get(json, "data"), "node"), "workload_keys");
    cr_expect_eq(assay_json_uint(summary, "count", 0), 1);
    cr_expect_eq(assay_json_uint(summary, "active_count", 9), 0);
    cr_expect_str_eq(assay_json_text(summary, "state", ""),
                     assay_keys_state_text(ASSAY_KEYS_STANDING));
}

static void expect_document(const char *spki, const char *why)
{
    static const char *const paths[] = { "/v1/nodes/node-1/keys", "/v1/keys" };
    ask_key(spki, "node", "node-1");
    const bool is_authorized = answer.status == 200, is_undecided = answer.status == 503;
    cr_expect_str_eq(reason(), why);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_VIEWER, .path = paths[i] };
        ask_request(&request);
        const struct assay_json *data = assay_json_get(json, "data");
        cr_expect_eq(assay_json_uint(data, "epoch", 0), 42);
        cr_expect_eq(assay_json_uint(data, "era", 9), 0);
        const char *const undecided = assay_json_text(data, "undecided", NULL);
        if (is_undecided && strcmp(why, "lists_missing") != 0) cr_expect_str_eq(undecided, why);
        else cr_expect_null(undecided);
        if (i == 1) data = assay_json_at(assay_json_get(data, "members"), OWNER);
        const struct assay_json *key = assay_json_at(assay_json_get(data, "keys"), 0);
        const struct assay_json *active = assay_json_get(key, "active");
        cr_expect_str_eq(assay_json_text(key, "reason", ""), why, "%s", paths[i]);
        cr_expect_eq(assay_json_bool(key, "active", false), is_authorized, "%s: %s", paths[i], why);
        cr_expect_eq(assay_json_kind_of(active) == ASSAY_JSON_NULL, is_undecided, "%s: %s",
                     paths[i], why);
    }
}

/* docs/identity.md 9.3: a document says active where a proxy is told so, and nowhere else. */
Test(net_http_authorize, documents_answer_as_proxies_are_answered)
{
    struct workload_entry entry, third;
    struct assay_snapshot *const s = &fixture.snapshot;
    char spki[65], spki_third[65];
    open_with(&entry, spki);
    expect_document(spki, "active");
    const struct assay_snapshot good = *s;
    s->chain.behind = true;
    expect_document(spki, "behind");
    *s = good;
    s->newcomer = true;
    expect_document(spki, "catching_up");
    *s = good;
    s->fenced = true;
    expect_document(spki, "fenced");
    struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                          .path = "/v1/nodes/node-1/explain" };
    ask_request(&request);
    const struct assay_json *summary =
        assay_json_get(assay_json_get(assay_json_get(json, "data"), "node"), "workload_keys");
    cr_expect_eq(assay_json_kind_of(assay_json_get(summary, "active")), ASSAY_JSON_NULL);
    cr_expect_eq(assay_json_uint(summary, "active_count", 9), 0);
    *s = good;
    s->chain.final_at_ms = 0;
    expect_document(spki, "head_old");
    *s = good;
    s->now_ms = NOW - 5000;
    expect_document(spki, "stalled");
    cr_expect_eq(answer.etag[0], '\0', "one of before the stall is another one");
    *s = good;
    activate(OTHER, &entry, spki);
    fixture.members[OTHER].ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    expect_document(spki, "suspended");
    fixture.members[OTHER].ledger.trust.score.standing = ASSAY_STANDING_RESTRICTED;
    make_entry(&third, OTHER + 1, ASSAY_PURPOSE_TLS, "third");
    activate(OTHER + 1, &third, spki_third);
    activate(OTHER + 1, &entry, spki);
    fixture.members[OTHER + 1].ledger.stage = ASSAY_STAGE_RESTING;
    expect_document(spki, "drained");
    assay_authz_list_release(&s->keys->rows[OTHER + 1].declared);
    assay_authz_list_release(&s->keys->rows[OTHER + 1].certified);
    expect_document(spki, "below_threshold");
    fixture.members[OTHER].ledger.trust.score.standing = ASSAY_STANDING_FULL;
    expect_document(spki, "lists_missing");
}

/* ------------------------------------------------------------ failures */

/* Envoy lets requests pass on 5xx where failure_mode_allow is set. */
Test(net_http_authorize, envoy_is_never_answered_by_a_failure)
{
    const struct assay_http_content starting = { .timeline = fixture.timeline,
                                                 .figures = &figures,
                                                 .now_ms = NOW };
    struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_SERVICE,
                                          .method = "GET",
                                          .path = "/v1/ext-authz/normal/x",
                                          .forwarded_cert = "Hash=00" };
    assay_http_answer(&starting, &request, &answer);
    cr_expect_eq(answer.status, 403);
    cr_expect_str_eq(answer.reason, "starting");
    cr_expect_eq(answer.key_answer, ASSAY_HTTP_KEY_UNDECIDED);
    cr_expect_eq(answer.retry_after_s, 0);
    struct assay_http_answer failed = { .status = 500, .fixed = "" };
    assay_http_deny_key(&request, &failed);
    cr_expect_eq(failed.status, 403);
    cr_expect_str_eq(failed.reason, "no_memory");
    cr_assert_eq(assay_json_parse(failed.fixed, failed.len, &json), ASSAY_OK);
    cr_expect_str_eq(assay_json_text(json, "code", ""), "key_denied");
    cr_expect(assay_http_is_of_key(&request));
    request.path = "/v1/authorize";
    cr_expect(assay_http_is_of_key(&request));
    assay_http_answer(&starting, &request, &answer);
    cr_expect_eq(answer.status, 503);
    cr_expect_str_eq(answer.reason, "starting");
    cr_expect_eq(answer.key_answer, ASSAY_HTTP_KEY_UNDECIDED);
    request.path = "/v1/keys";
    cr_expect_not(assay_http_is_of_key(&request));
}

/* ------------------------------------------------------------ tables of lists */

static enum assay_status read_some(void *context, uint32_t slot, const uint8_t root[static 32],
                                   struct assay_authz_list **list)
{
    (void)root;
    *list = NULL;
    ((uint32_t *)context)[slot]++;
    return ASSAY_E_NOT_FOUND;
}

/* Lists that cannot be read do not use up what higher slots need. */
Test(net_http_authorize, lists_that_are_missing_are_tried_in_turn)
{
    struct assay_member_keys_snapshot members[5] = { { 0 } };
    struct assay_authz_table *table = NULL;
    uint32_t tries[5] = { 0 }, first = 0, missing = 0;
    for (size_t i = 0; i < 5; i++)
        members[i].is_declared = true;
    for (size_t i = 0; i < 5; i++) {
        assay_authz_table_release(&table);
        table = assay_authz_table_update(NULL, members, 5, 2, read_some, tries, &first, &missing);
        cr_assert_not_null(table);
        cr_expect_eq(missing, 5);
    }
    for (size_t i = 0; i < 5; i++)
        cr_expect_eq(tries[i], 2, "slot %zu: %u", i, tries[i]);
    assay_authz_table_release(&table);
}
