/*
 * tests/unit/net/http/test_roles.c - tests of roles of HTTP clients, and of the table of paths.
 */
#include "net/http/answer.h"
#include "tests/unit/net/http/http_fixture.h"

#include "net/json/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct http_fixture fixture;
static struct assay_http_figures figures;
static struct assay_http_answer answer;

static void open_fixture(void)
{
    http_fixture_open(&fixture, 4);
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
}

static void clear_answer(void)
{
    free(answer.body);
    free(answer.core_line);
    answer = (struct assay_http_answer){ 0 };
}

static void close_fixture(void)
{
    clear_answer();
    http_fixture_close(&fixture);
}

TestSuite(net_http_roles, .init = open_fixture, .fini = close_fixture);

static void ask_request(const struct assay_http_request *request)
{
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    const struct assay_http_content b = {
        .view = view, .timeline = fixture.timeline, .figures = &figures, .now_ms = 100100
    };
    clear_answer();
    assay_http_answer(&b, request, &answer);
    assay_http_snapshot_release(&view);
}

static void ask(enum assay_http_role role, const char *path)
{
    const struct assay_http_request request = {
        .role = role, .method = "GET", .path = path, .is_unix_socket = true
    };
    ask_request(&request);
}

/* ------------------------------------------------------------ the table of paths */

/* The pattern with something in place of its star. */
static const char *example_of(const char *pattern, char out[static 80])
{
    const char *star = strchr(pattern, '*');
    if (star == NULL) return pattern;
    (void)snprintf(out, 80, "%.*s1%s", (int)(star - pattern), pattern, star + 1);
    return out;
}

/* No role may do more than the table says: one below is refused, and the refusal names the role. */
Test(net_http_roles, each_path_needs_the_role_of_its_row)
{
    char path[80];
    const struct assay_http_path *row = NULL;
    for (size_t i = 0; (row = assay_http_path_at(i)) != NULL; i++) {
        const char *example = example_of(row->path, path);
        cr_assert_neq(row->role, ASSAY_HTTP_ROLE_NONE, "%s", row->path);
        cr_expect_eq(assay_http_path_role(example), row->role, "%s", example);
        for (enum assay_http_role role = ASSAY_HTTP_ROLE_NONE; role <= ASSAY_HTTP_ROLE_OPERATOR;
             role++) {
            ask(role, example);
            if (role >= row->role) {
                cr_expect_neq(answer.status, 403, "%s as %s", example, assay_http_role_name(role));
                cr_expect(answer.status != 404 || strstr(answer.body, "no such path") == NULL, "%s",
                          example);
                continue;
            }
            cr_assert_eq(answer.status, 403, "%s as %s", example, assay_http_role_name(role));
            cr_expect_null(answer.core_line, "%s", example);
            cr_expect_not_null(strstr(answer.body, "\"code\":\"role_required\""));
            char needed[40];
            (void)snprintf(needed, sizeof needed, "\"needed\":\"%s\"",
                           assay_http_role_name(row->role));
            cr_expect_not_null(strstr(answer.body, needed), "%s: %s", example, answer.body);
        }
    }
}

/* A client learns what gives it the role, by the listener that it used. */
Test(net_http_roles, a_refusal_says_what_gives_the_role)
{
    static const struct {
        const char *path;
        bool has_tls, loopback;
        const char *hint;
    } rows[] = {
        { "/v1/authorize", false, true, "set http.local_role: service" },
        { "/v1/nodes/1/certificate", false, true, "set http.local_role: service" },
        { "/v1/authorize", true, true, "use a certificate that http.roles gives" },
        { "/v1/authorize", false, false, "use the admin socket" },
        { "/v1/nodes/1/token", false, true, "use the UNIX socket of the member's own node" },
        { "/v1/orders", false, true, "use the admin socket" },
        { "/v1/submit", true, false, "use a certificate that http.roles gives" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                                    .method = "GET",
                                                    .host = "localhost",
                                                    .path = rows[i].path,
                                                    .has_tls = rows[i].has_tls,
                                                    .loopback = rows[i].loopback };
        ask_request(&request);
        cr_assert_eq(answer.status, 403, "%s", rows[i].path);
        cr_expect_not_null(strstr(answer.body, rows[i].hint), "%s: %s", rows[i].path, answer.body);
    }
}

/* The table fails closed: a path that somebody forgot to add is nobody's. */
Test(net_http_roles, a_path_without_row_is_refused)
{
    static const char *const paths[] = { "/v1/unknown",  "/v1/export/", "//v1/export", "",
                                         "/V1/EXPORT",   "/v1/exports", "/v1/items",   "/v1/items/",
                                         "/v1/items/a/b" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        cr_expect_eq(assay_http_path_role(paths[i]), ASSAY_HTTP_ROLE_NONE, "%s", paths[i]);
        for (enum assay_http_role role = 0; role <= ASSAY_HTTP_ROLE_OPERATOR; role++) {
            const struct assay_http_request request = { .role = role,
                                                        .method = "GET",
                                                        .path = paths[i] };
            cr_expect_not(assay_http_role_may(role, assay_http_path_role(paths[i])));
            cr_expect_not(assay_http_is_allowed(&request), "%s", paths[i]);
        }
    }
}

/* What a viewer may read is no door to what an auditor may. */
Test(net_http_roles, odd_paths_give_a_viewer_nothing_more)
{
    static const char *const paths[] = {
        "/v1/nodes/../export",
        "/v1/nodes/..",
        "/v1/./export",
        "/v1/export\n",
        "/v1/export ",
        "/v1/export/.",
        "/v1/nodes/1/../../export",
        "/v1/proofs/../items/state",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ask(ASSAY_HTTP_ROLE_VIEWER, paths[i]);
        cr_expect(answer.core_line == NULL || strncmp(answer.core_line, "export", 6) != 0, "%s",
                  paths[i]);
        cr_expect_neq(answer.status, 200, "%s", paths[i]);
    }
}

/* The cache of rendered documents is searched for those alone who may read them. */
Test(net_http_roles, a_cached_answer_needs_the_role_too)
{
    struct assay_http_request request = { .method = "GET", .path = "/v1/status" };
    cr_expect_not(assay_http_is_allowed(&request));
    request.role = ASSAY_HTTP_ROLE_VIEWER;
    cr_expect(assay_http_is_allowed(&request));
    request.path = "/v1/export";
    cr_expect_not(assay_http_is_allowed(&request));
}

/* ------------------------------------------------------------ lines of the admin socket */

Test(net_http_roles, a_path_stands_for_a_line_and_back)
{
    static const struct {
        const char *line, *target;
    } rows[] = {
        { "status", "/v1/status" },
        { "nodes", "/v1/nodes" },
        { "node node-1", "/v1/nodes/node-1" },
        { "counters", "/v1/counters" },
        { "timeline since=0", "/v1/timeline?since=0" },
        { "timeline since=17 node=b", "/v1/timeline?since=17&node=b" },
        { "checkpoint", "/v1/checkpoint" },
        { "proof node-1", "/v1/proofs/node-1" },
        { "proof node-1 bare", "/v1/proofs/node-1?bare=" },
        { "key-proof node-1", "/v1/nodes/node-1/keys/proof" },
        { "authority", "/v1/ca" },
        { "ca-proof", "/v1/ca/proof" },
        { "certificate node-1 api", "/v1/nodes/node-1/certificate?key=api" },
        { "token node-1 jobs a.example", "/v1/nodes/node-1/token?key=jobs&aud=a.example" },
        { "boundaries 0 17", "/v1/boundaries?era=0&epoch=17" },
        { "boundaries 0 17 voters", "/v1/boundaries?era=0&epoch=17&voters=" },
        { "anchor", "/v1/anchors" },
        { "anchor 4", "/v1/anchors?epoch=4" },
        { "export", "/v1/export" },
        { "export since=4 votes", "/v1/export?since=4&votes=" },
        { "export since=4 until=9 votes", "/v1/export?since=4&until=9&votes=" },
        { "items evidence 4 2", "/v1/items/evidence?epoch=4&skip=2" },
        { "items state", "/v1/items/state" },
        { "items boundaries 4 0 1", "/v1/items/boundaries?epoch=4&skip=0&era=1" },
        { "changes", "/v1/changes" },
        { "recover status", "/v1/recover" },
        { "enforcement", "/v1/orders" },
        { "collateral", "/v1/collateral/status" },
        { "row group ab", "/v1/rows/group?instance=ab" },
    };
    char target[ASSAY_HTTP_TARGET_MAX], line[ASSAY_HTTP_LINE_MAX], text[ASSAY_HTTP_TARGET_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_http_pair pairs[8];
        size_t count = 0;
        cr_assert_eq(assay_http_path_target(rows[i].line, target), ASSAY_OK, "%s", rows[i].line);
        cr_expect_str_eq(target, rows[i].target);
        (void)snprintf(text, sizeof text, "%s", target);
        char *at = strchr(text, '?');
        while (at != NULL) {
            *at = '\0';
            pairs[count].key = at + 1;
            at = strchr(at + 1, '=');
            *at = '\0';
            pairs[count++].value = at + 1;
            at = strchr(at + 1, '&');
        }
        cr_assert_eq(assay_http_path_line(text, pairs, count, line), ASSAY_OK, "%s", target);
        cr_expect_str_eq(line, rows[i].line);
        struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_OPERATOR,
                                              .method = "GET",
                                              .path = text,
                                              .parameter_count = count };
        for (size_t k = 0; k < count; k++)
            request.parameters[k] = pairs[k];
        ask_request(&request);
        cr_expect_neq(answer.status, 400, "%s: a parameter that the path does not have", target);
        if (answer.core_line != NULL) cr_expect_str_eq(answer.core_line, rows[i].line);
    }
}

/* A switch that says no is no fault. */
Test(net_http_roles, a_switch_is_on_off_or_refused)
{
    static const struct {
        const char *value, *line; /* NULL: refused */
    } rows[] = {
        { NULL, "proof node-1 bare" },
        { "", "proof node-1 bare" },
        { "1", "proof node-1 bare" },
        { "0", "proof node-1" },
        { "00", NULL },
        { "no", NULL },
        { "true", NULL },
    };
    char line[ASSAY_HTTP_LINE_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct assay_http_pair pair = { "bare", rows[i].value };
        const enum assay_status status =
            assay_http_path_line("/v1/nodes/node-1/proof", &pair, 1, line);
        cr_expect_eq(status == ASSAY_OK, rows[i].line != NULL, "%s", rows[i].value);
        if (status == ASSAY_OK) cr_expect_str_eq(line, rows[i].line);
    }
}

/* What acts on a node alone has no path: not by another name, and not in another word. */
Test(net_http_roles, holds_permits_and_submissions_have_no_target)
{
    static const char *const lines[] = { "hold because",    "let-go because",
                                         "permit critical", "submit 00",
                                         "recover submit",  "recover draft 00",
                                         "offer 00",        "",
                                         "statusx",         "status x",
                                         "items",           "recover status x",
                                         "export votes x",  "node",
                                         "changes 1" };
    char target[ASSAY_HTTP_TARGET_MAX];
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect_eq(assay_http_path_target(lines[i], target), ASSAY_E_NOT_FOUND, "%s", lines[i]);
}

/* A value can be no second word and no second line of the admin socket. */
Test(net_http_roles, a_value_stays_one_word)
{
    static const char *const values[] = { "1 votes",  "1\nhold x", "",  "\x7f",
                                          "\xc3\xa4", "1\t",       NULL };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_AUDITOR,
                                              .method = "GET",
                                              .path = "/v1/export",
                                              .parameter_count = 1 };
        request.parameters[0] = (struct assay_http_pair){ "since", values[i] };
        ask_request(&request);
        cr_expect_eq(answer.status, 400, "%zu", i);
        cr_expect_null(answer.core_line);
    }
    static const char *const paths[] = { "/v1/items/state hold", "/v1/items/a\nhold x",
                                         "/v1/items/\xc3\xa4" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ask(ASSAY_HTTP_ROLE_OPERATOR, paths[i]);
        cr_expect_eq(answer.status, 400, "%s", paths[i]);
        cr_expect_null(answer.core_line);
    }
    /* What is behind an absent value would be read in its place. */
    struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_AUDITOR,
                                          .method = "GET",
                                          .path = "/v1/items/state",
                                          .parameter_count = 1 };
    request.parameters[0] = (struct assay_http_pair){ "skip", "3" };
    ask_request(&request);
    cr_expect_eq(answer.status, 400);
}

/* ------------------------------------------------------------ objects */

Test(net_http_roles, an_object_is_submitted_by_operators_alone)
{
    static const uint8_t object[] = { 0x81, 0xff, 0x00 };
    struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_OPERATOR,
                                          .method = "POST",
                                          .path = "/v1/submit",
                                          .content_type = "application/octet-stream",
                                          .has_body = true,
                                          .body = assay_slice_over(object, sizeof object),
                                          .parameter_count = 1 };
    static const struct {
        const char *kind, *line;
    } kinds[] = { { "change", "submit 81ff00" },
                  { "recover", "recover submit 81ff00" },
                  { "fence", "recover fence 81ff00" },
                  { "collateral", "offer 81ff00" } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        request.parameters[0] = (struct assay_http_pair){ "kind", kinds[i].kind };
        ask_request(&request);
        cr_assert_not_null(answer.core_line, "%s: %s", kinds[i].kind, answer.body);
        cr_expect_str_eq(answer.core_line, kinds[i].line);
    }
    cr_expect_eq(assay_http_body_max(&request), ASSAY_HTTP_SUBMIT_MAX);
    static const char *const types[] = { NULL, "text/plain", "application/x-www-form-urlencoded",
                                         "multipart/form-data", "application/octet-stream; a=b" };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        request.content_type = types[i];
        ask_request(&request);
        cr_expect_eq(answer.status, 415, "a foreign page could send it");
    }
    request.content_type = "application/octet-stream";
    request.role = ASSAY_HTTP_ROLE_AUDITOR;
    ask_request(&request);
    cr_expect_eq(answer.status, 403);
    cr_expect_eq(assay_http_body_max(&request), 0, "nothing is read of it");
    request.role = ASSAY_HTTP_ROLE_OPERATOR;
    request.method = "GET";
    ask_request(&request);
    cr_expect_eq(answer.status, 405);
    cr_expect_str_eq(answer.allow, "POST");
    request.method = "POST";
    request.path = "/v1/status";
    cr_expect_eq(assay_http_body_max(&request), 0);
    request.path = "/v1/submit";
    request.parameters[0].value = "hold";
    ask_request(&request);
    cr_expect_eq(answer.status, 400);
}

/* The node's own refusal: its words, under a status of HTTP. */
Test(net_http_roles, a_refusal_of_the_node_is_a_problem)
{
    static const struct {
        const char *code;
        unsigned status;
    } rows[] = { { "usage", 400 },  { "unknown_request", 400 }, { "not_found", 404 },
                 { "denied", 409 }, { "conflict", 409 },        { "refused", 409 },
                 { "store", 500 },  { "not_ready", 503 },       { "new code", 500 } };
    const struct assay_http_request request = { .path = "/v1/changes" };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text,
                       "{\"schema\":\"assay.error\",\"data\":{\"code\":\"%s\",\"detail\":\"why\"}}",
                       rows[i].code);
        clear_answer();
        assay_http_core_answer(&request, strdup(text), &answer);
        cr_expect_eq(answer.status, rows[i].status, "%s", rows[i].code);
        cr_expect_not_null(strstr(answer.body, "\"detail\":\"why\""));
        cr_expect_not_null(strstr(answer.body, rows[i].code), "%s", answer.body);
    }
    clear_answer();
    assay_http_core_answer(&request, strdup("{\"schema\":\"assay.changes\"}"), &answer);
    cr_expect_eq(answer.status, 200);
    cr_expect_str_eq(answer.body, "{\"schema\":\"assay.changes\"}");
    clear_answer();
    assay_http_core_answer(&request, NULL, &answer);
    cr_expect_eq(answer.status, 503);
    cr_expect(answer.retry_after_s == 1);
}

/* ------------------------------------------------------------ rules */

static struct assay_http_role_rule rule_of(const char *certificate, const char *role)
{
    struct assay_http_role_rule rule;
    char words[ASSAY_HTTP_WORDS_MAX];
    cr_assert_eq(assay_http_role_parse(certificate, role, &rule, words), ASSAY_OK, "%s: %s",
                 certificate, words);
    return rule;
}

static void set_text(struct assay_http_identity *identity, enum assay_http_attribute which,
                     const char *text, size_t len)
{
    identity->subject[which].count++;
    identity->subject[which].text.len = len;
    assay_bytes_copy(identity->subject[which].text.bytes, ASSAY_HTTP_SUBJECT_MAX, text, len);
}

static struct assay_http_identity person(const char *o, const char *ou, const char *cn)
{
    struct assay_http_identity identity = { .key_sha256 = { 7 } };
    if (o != NULL) set_text(&identity, ASSAY_HTTP_O, o, strlen(o));
    if (ou != NULL) set_text(&identity, ASSAY_HTTP_OU, ou, strlen(ou));
    if (cn != NULL) set_text(&identity, ASSAY_HTTP_CN, cn, strlen(cn));
    return identity;
}

Test(net_http_roles, a_rule_is_of_a_key_or_of_a_subject)
{
    static const char *const refused[] = {
        "",          "O",         "O=",     "=x",       "o=x",     "SN=x",      "O=x,",
        ",O=x",      "O=x,,CN=y", "O=a\\b", "O=a\\",    "O=\n",    "O= x,O=y,", "abcd",
        "zz",        "O=x;CN=y",  "O=\x7f", "O=a+CN=b", "O=\"a\"", "O= x",      "O=x ",
        "O=x ,CN=y", "O=#x",      "O=\\4",  "O=\\4g",   "O=\\0a",  "O=\\00",    "O=\\7F",
    };
    struct assay_http_role_rule rule;
    char words[ASSAY_HTTP_WORDS_MAX];
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        words[0] = '\0';
        cr_expect_neq(assay_http_role_parse(refused[i], "operator", &rule, words), ASSAY_OK, "%s",
                      refused[i]);
        cr_expect(strlen(words) > 10, "%s", refused[i]);
    }
    cr_expect_eq(assay_http_role_parse("O=a,CN=b,O=c", "viewer", &rule, words), ASSAY_E_DUPLICATE);
    cr_expect_eq(assay_http_role_parse("O=a", "root", &rule, words), ASSAY_E_SYNTAX);
    cr_expect_eq(assay_http_role_parse("O=a", "none", &rule, words), ASSAY_E_SYNTAX);
    rule = rule_of("O=Example\\, Inc.,  CN=alice", "auditor");
    cr_expect_eq(rule.subject[ASSAY_HTTP_O].len, strlen("Example, Inc."));
    rule = rule_of("O=a\\+b\\;c,CN=alice", "auditor");
    cr_expect_eq(rule.subject[ASSAY_HTTP_O].len, strlen("a+b;c"));
    rule = rule_of("O=Example\\, Inc.,  CN=alice", "auditor");
    cr_expect_eq(rule.subject[ASSAY_HTTP_CN].len, strlen("alice"));
    rule = rule_of("0000000000000000000000000000000000000000000000000000000000000001", "operator");
    cr_expect(rule.by_key);
    const struct assay_http_role_rule same =
        rule_of("0000000000000000000000000000000000000000000000000000000000000001", "viewer");
    cr_expect(assay_http_role_is_same(&rule, &same));
    const struct assay_http_role_rule a = rule_of("O=a,CN=b", "viewer"),
                                      b = rule_of("CN=b,O=a", "viewer"),
                                      c = rule_of("CN=b", "viewer");
    cr_expect(assay_http_role_is_same(&a, &b));
    cr_expect_not(assay_http_role_is_same(&a, &c));
}

/* As `assay context add` and `openssl x509 -nameopt RFC2253` print a subject. */
Test(net_http_roles, a_subject_as_tools_print_it_is_a_rule)
{
    static const struct {
        const char *printed, *value;
    } rows[] = {
        { "O=Zo\\C3\\AB", "Zo\xc3\xab" },
        { "O=Zo\xc3\xab", "Zo\xc3\xab" },
        { "O=Zo\\c3\\ab", "Zo\xc3\xab" },
        { "O=\\#42", "#42" },
        { "O=4#2", "4#2" },
        { "O=\\ a b\\ ", " a b " },
        { "O=a=b", "a=b" },
        { "O=a\\=b", "a=b" },
        { "O=\\\"a\\\" \\<b\\>", "\"a\" <b>" },
        { "O=\\\\ab", "\\ab" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct assay_http_role_rule rule = rule_of(rows[i].printed, "operator");
        const struct assay_http_identity holder = person(rows[i].value, NULL, "x");
        cr_expect_eq(assay_http_role_find(&rule, 1, &holder), ASSAY_HTTP_ROLE_OPERATOR, "%s",
                     rows[i].printed);
    }
}

Test(net_http_roles, a_certificate_gets_the_role_of_the_first_rule_that_matches)
{
    char key[65];
    (void)snprintf(key, sizeof key, "07%062d", 0);
    struct assay_http_role_rule rules[] = { rule_of("O=Example,OU=Audit", "auditor"),
                                            rule_of("O=Example", "operator"),
                                            rule_of(key, "operator") };
    struct assay_http_identity who = person("Example", "Audit", "alice");
    cr_expect_eq(assay_http_role_find(rules, 3, &who), ASSAY_HTTP_ROLE_AUDITOR);
    who = person("Example", "Ops", "alice");
    cr_expect_eq(assay_http_role_find(rules, 3, &who), ASSAY_HTTP_ROLE_OPERATOR);
    who = person(NULL, NULL, NULL);
    cr_expect_eq(assay_http_role_find(rules, 2, &who), ASSAY_HTTP_ROLE_VIEWER);
    cr_expect_eq(assay_http_role_find(rules, 3, &who), ASSAY_HTTP_ROLE_OPERATOR, "by its key");
    cr_expect_eq(assay_http_role_find(rules, 0, &who), ASSAY_HTTP_ROLE_VIEWER);
    cr_expect_eq(assay_http_role_find(rules, 3, NULL), ASSAY_HTTP_ROLE_NONE, "no certificate");
}

/* A subject that only looks like the one of a rule. */
Test(net_http_roles, a_subject_is_compared_byte_by_byte)
{
    const struct assay_http_role_rule rules[] = { rule_of("O=Example,OU=Ops", "operator") };
    static const char *const units[] = {
        "ops",
        "Ops ",
        " Ops",
        "Op",
        "Opss",
        "\xd0\x9eps" /* a Cyrillic letter */,
        "O\xcc\x81ps" /* a combining accent */,
        "Ops\xe2\x80\x8b" /* a blank of no width */,
        "Ops,O=x",
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const struct assay_http_identity who = person("Example", units[i], NULL);
        cr_expect_eq(assay_http_role_find(rules, 1, &who), ASSAY_HTTP_ROLE_VIEWER, "%s", units[i]);
    }
    struct assay_http_identity who = person("Example", NULL, NULL);
    set_text(&who, ASSAY_HTTP_OU, "Ops\0evil", 8);
    cr_expect_eq(assay_http_role_find(rules, 1, &who), ASSAY_HTTP_ROLE_VIEWER, "behind a NUL");
    who = person("Example", "Ops", NULL);
    set_text(&who, ASSAY_HTTP_OU, "Ops", 3);
    cr_expect_eq(assay_http_role_find(rules, 1, &who), ASSAY_HTTP_ROLE_VIEWER, "two units");
    who = person("Ops", "Example", NULL);
    cr_expect_eq(assay_http_role_find(rules, 1, &who), ASSAY_HTTP_ROLE_VIEWER, "in other places");
}
