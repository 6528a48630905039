/*
 * tests/unit/net/http/test_answer.c - tests of HTTP answers.
 *
 * One request in, one answer out: what is shown of a network, and what is made of odd requests.
 */
#include "net/http/answer.h"
#include "net/json/json.h"
#include "net/services/server/summary.h"
#include "scoring/tally.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct http_fixture fixture;
static struct assay_http_figures figures;
static struct assay_http_answer answer;
static struct assay_json *json;

static void open_fixture(void)
{
    http_fixture_open(&fixture, 4);
}

static void close_fixture(void)
{
    assay_json_free(&json);
    free(answer.body);
    http_fixture_close(&fixture);
}

TestSuite(net_http_answer, .init = open_fixture, .fini = close_fixture);

/* Out: answer; json, when it is any. */
static void ask_request(const struct assay_http_request *request, uint64_t now_ms)
{
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    const struct assay_http_content b = {
        .view = view, .timeline = fixture.timeline, .figures = &figures, .now_ms = now_ms
    };
    assay_json_free(&json);
    free(answer.body);
    assay_http_answer(&b, request, &answer);
    const char *text = answer.body != NULL ? answer.body : answer.fixed;
    if (text != NULL && answer.len > 0 && strstr(answer.type, "json") != NULL)
        cr_assert_eq(assay_json_parse(text, answer.len, &json), ASSAY_OK, "%s: %.200s",
                     request->path, text);
    assay_http_snapshot_release(&view);
}

static const struct assay_json *ask_with(const char *path, const char *key, const char *value)
{
    struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                          .method = "GET",
                                          .path = path };
    if (key != NULL) {
        request.parameter_count = 1;
        request.parameters[0] = (struct assay_http_pair){ key, value };
    }
    ask_request(&request, 100100);
    return assay_json_get(json, "data");
}

static const struct assay_json *ask(const char *path)
{
    return ask_with(path, NULL, NULL);
}

static void publish(void)
{
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
}

static const char *code(void)
{
    return assay_json_text(json, "code", "");
}

/* ------------------------------------------------------------ before anything is there */

Test(net_http_answer, before_the_first_view_there_are_page_and_contract_alone)
{
    (void)ask("/");
    cr_expect_eq(answer.status, 200);
    cr_expect_not_null(answer.policy);
    (void)ask("/openapi.json");
    cr_expect_eq(answer.status, 200);
    cr_expect_str_eq(assay_json_text(json, "openapi", ""), "3.1.0");
    static const char *const paths[] = {
        "/livez",     "/readyz",   "/metrics", "/v1/status", "/v1/nodes/0/explain",
        "/v1/events", "/v1/permit"
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        (void)ask(paths[i]);
        cr_expect_eq(answer.status, 503, "%s", paths[i]);
        cr_expect_str_eq(code(), "too_busy");
        cr_expect(answer.retry_after_s == 1);
    }
}

/* ------------------------------------------------------------ what is shown */

Test(net_http_answer, a_quiet_network_is_told_in_one_sentence)
{
    publish();
    const struct assay_json *data = ask("/v1/status");
    cr_assert_eq(answer.status, 200);
    cr_expect_str_eq(assay_json_text(data, "sentence", ""),
                     "4 of 4 attested, 4 full; any one member may fail");
    cr_expect_str_eq(assay_json_text(json, "node", ""), "node-0");
}

/* What was true of the last epoch is not told as if it were so now. */
Test(net_http_answer, the_sentence_is_true_when_the_chain_stands_still)
{
    fixture.snapshot.chain.final_at_ms = 1000;
    fixture.snapshot.now_ms = 61000;
    fixture.snapshot.margin.progress = false;
    publish();
    cr_expect_str_eq(
        assay_json_text(ask("/v1/status"), "sentence", ""),
        "STALE, nothing has become final for 60 s; STOPPED, too few members are "
        "reachable; when it stalled 4 of 4 were FULL; it continues when enough are back");
    fixture.snapshot.margin.progress = true;
    publish();
    cr_expect_str_eq(assay_json_text(ask("/v1/status"), "sentence", ""),
                     "STALE, nothing has become final for 60 s; when it stalled 4 of 4 were "
                     "FULL",
                     "a network in which nothing becomes final tolerates nothing");
}

/* Evidence of the running epoch, of the one before, or while that is being closed. */
Test(net_http_answer, who_attested_lately_is_attested)
{
    fixture.snapshot.chain.epoch = 50;
    for (int i = 0; i < 4; i++)
        fixture.members[i].ledger.last_success_epoch = 48;
    publish();
    cr_expect_not_null(
        strstr(assay_json_text(ask("/v1/status"), "sentence", ""), "4 of 4 attested"));
    fixture.members[0].ledger.last_success_epoch = 47;
    publish();
    cr_expect_not_null(
        strstr(assay_json_text(ask("/v1/status"), "sentence", ""), "3 of 4 attested"));
}

/* The last thing that was found is not what moved the score. */
Test(net_http_answer, score_and_the_rule_that_made_it_stay_together)
{
    struct assay_snapshot_member *m = &fixture.members[2];
    m->ledger.trust.integrity_bp = 0;
    m->ledger.trust.integrity.standing = m->ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    m->ledger.change_epoch = 40;
    m->ledger.change_reason = ASSAY_INTEGRITY_HELD_UNLISTED;
    m->ledger.own_outcome = ASSAY_OUTCOME_ABSENT;
    m->ledger.fall = http_fixture_fall(40, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    (void)snprintf(m->ledger.last_reason, sizeof m->ledger.last_reason, "absent");
    publish();
    const struct assay_json *node = ask("/v1/nodes/node-2");
    const struct assay_json *reason = assay_json_at(assay_json_get(node, "reasons"), 0);
    cr_expect_str_eq(assay_json_text(reason, "about", ""), "integrity");
    cr_expect_str_eq(assay_json_text(reason, "code", ""), "fail_hard");
    cr_expect_eq(assay_json_uint(reason, "epoch", 0), 40);
    const struct assay_json *data = ask("/v1/nodes/2/explain");
    cr_expect_str_eq(assay_json_text(data, "decides", ""), "integrity");
    cr_expect_not_null(strstr(assay_json_text(data, "sentence", ""),
                              "node-2 suspended, fell in epoch 40 (2023-11-14 22:14 UTC): its "
                              "evidence fails hard"));
    data = ask("/v1/status");
    cr_expect_not_null(strstr(assay_json_text(data, "sentence", ""),
                              "node-2 suspended, fell in epoch 40 (2023-11-14 22:14 UTC): its "
                              "evidence fails hard"));
}

/* docs/protocol.md 7.16: the same on every path. */
Test(net_http_answer, the_last_fall_is_that_of_the_ledger)
{
    struct assay_snapshot_member *m = &fixture.members[2];
    publish();
    cr_expect_eq(assay_json_kind_of(assay_json_get(ask("/v1/nodes/2"), "last_fall")),
                 ASSAY_JSON_NULL);
    m->ledger.fall = http_fixture_fall(31, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_MUTE);
    m->ledger.fall.last = m->ledger.fall.integrity =
        (struct assay_fall_step){ 33, 1700000033000, ASSAY_FALL_INTEGRITY,
                                  ASSAY_INTEGRITY_FAIL_HARD };
    publish();
    for (int path = 0; path < 3; path++) {
        const struct assay_json *node =
            path == 0   ? assay_json_at(assay_json_get(ask("/v1/nodes"), "nodes"), 2)
            : path == 1 ? ask("/v1/nodes/2")
                        : assay_json_get(ask("/v1/nodes/2/explain"), "node");
        const struct assay_json *const fall = assay_json_get(node, "last_fall");
        const struct assay_json *const first = assay_json_get(fall, "since_cause");
        const struct assay_json *const last = assay_json_get(fall, "cause");
        cr_expect_eq(assay_json_uint(fall, "since_epoch", 0), 31);
        cr_expect_eq(assay_json_uint(fall, "since_unix_ms", 0), 1700000031000);
        cr_expect_eq(assay_json_uint(fall, "epoch", 0), 33);
        cr_expect_eq(assay_json_uint(fall, "epoch_unix_ms", 0), 1700000033000);
        cr_expect_str_eq(assay_json_text(fall, "from", ""), "FULL");
        cr_expect_str_eq(assay_json_text(fall, "to", ""), "SUSPENDED");
        cr_expect_str_eq(assay_json_text(first, "about", ""), "availability");
        cr_expect_str_eq(assay_json_text(first, "code", ""), "mute");
        cr_expect_str_eq(assay_json_text(last, "about", ""), "integrity");
        cr_expect_str_eq(assay_json_text(last, "code", ""), "fail_hard");
        cr_expect_str_eq(assay_json_text(last, "text", ""), "zero: its evidence fails hard");
    }
}

Test(net_http_answer, a_member_is_found_by_name_slot_and_id)
{
    char id[65] = "03";
    memset(id + 2, '0', 62);
    publish();
    const char *const words[] = { "node-2", "2", id };
    for (size_t i = 0; i < 3; i++) {
        char path[100];
        (void)snprintf(path, sizeof path, "/v1/nodes/%s", words[i]);
        cr_expect_eq(assay_json_uint(ask(path), "slot", 99), 2, "%s", path);
    }
    (void)ask("/v1/nodes/4");
    cr_expect_eq(answer.status, 404);
    (void)ask("/v1/nodes/node-2/");
    cr_expect_eq(answer.status, 404);
}

Test(net_http_answer, closes_that_moved_the_score_are_told_with_their_rules)
{
    for (uint64_t e = 38; e <= 41; e++) {
        struct assay_http_epoch *epoch = http_fixture_epoch(&fixture, e);
        if (e >= 40) {
            epoch->rows[1].row.integrity_bp = epoch->rows[1].row.score_bp = 7500;
            epoch->rows[1].row.standing = 1;
            epoch->rows[1].row.reason = e == 40 ? 7U : 2U;
        }
        assay_http_snapshot_slot_add_epoch(fixture.slot, epoch);
    }
    publish();
    const struct assay_json *moves = assay_json_get(ask("/v1/nodes/1/explain"), "moves");
    cr_assert_eq(assay_json_count(moves), 1);
    const struct assay_json *move = assay_json_at(moves, 0);
    cr_expect_eq(assay_json_uint(move, "epoch", 0), 40);
    cr_expect_eq(assay_json_uint(move, "score_from_bp", 0), 10000);
    cr_expect_eq(assay_json_uint(move, "score_to_bp", 0), 7500);
    cr_expect_str_eq(assay_json_text(move, "integrity_rule", ""), "false_fail");
    cr_expect_eq(assay_json_count(assay_json_get(ask("/v1/nodes/2/explain"), "moves")), 0);
}

Test(net_http_answer, a_lie_is_marked_where_it_was_told)
{
    const struct assay_http_false_vote lie = {
        .epoch = 41, .found_epoch = 42, .verifier = 3, .outcome = 'F'
    };
    assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, 40));
    assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, 41));
    assay_http_snapshot_slot_add_false_vote(fixture.slot, &lie);
    publish();
    const struct assay_json *lies = assay_json_get(ask("/v1/matrix"), "false_votes");
    cr_assert_eq(assay_json_count(lies), 1);
    cr_expect_eq(assay_json_uint(assay_json_at(lies, 0), "verifier", 9), 3);
    cr_expect_str_eq(assay_json_text(assay_json_at(lies, 0), "outcome", ""), "F");
    lies = assay_json_get(ask_with("/v1/matrix", "epoch", "40"), "false_votes");
    cr_expect_eq(assay_json_count(lies), 0);
    const struct assay_json *votes = assay_json_get(ask("/v1/nodes/0/explain"), "votes");
    for (size_t v = 0; v < 4; v++)
        cr_expect_eq(assay_json_bool(assay_json_at(votes, v), "proven_false", false), v == 3);
}

/* ------------------------------------------------------------ pages and what has not changed */

Test(net_http_answer, large_histories_come_in_pages_that_hold_each_epoch_once)
{
    http_fixture_close(&fixture);
    http_fixture_open(&fixture, HTTP_FIXTURE_MEMBERS_MAX);
    for (uint64_t e = 1; e <= 300; e++)
        assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, e));
    publish();
    const struct assay_json *data = ask_with("/v1/epochs", "limit", "256");
    cr_expect_eq(assay_json_uint(data, "first", 0), 300 - ASSAY_HTTP_EPOCHS + 1);
    const struct assay_json *newest = assay_json_get(data, "epochs");
    cr_expect_eq(assay_json_count(newest), ASSAY_HTTP_ROWS_MAX / HTTP_FIXTURE_MEMBERS_MAX);
    cr_expect_eq(assay_json_uint(assay_json_at(newest, assay_json_count(newest) - 1), "epoch", 0),
                 300, "without since the newest come");
    uint64_t since = 0, seen = 300 - ASSAY_HTTP_EPOCHS;
    for (int rounds = 0; since != UINT64_MAX && rounds < 300; rounds++) {
        char text[24];
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)since);
        data = ask_with("/v1/epochs", "since", text);
        cr_assert_lt(answer.len, 1 << 20, "a page is bounded");
        const struct assay_json *list = assay_json_get(data, "epochs");
        for (size_t i = 0; i < assay_json_count(list); i++)
            cr_assert_eq(assay_json_uint(assay_json_at(list, i), "epoch", 0), ++seen);
        since = assay_json_uint(data, "next_since", UINT64_MAX);
    }
    cr_expect_eq(seen, 300);
}

Test(net_http_answer, rules_are_told_as_they_were_laid_out)
{
    publish();
    (void)ask("/v1/policy"); /* there was no memory for them */
    cr_expect_eq(answer.status, 500);
    cr_expect_str_eq(code(), "internal");
    assay_http_snapshot_slot_set_rules(
        fixture.slot, assay_http_rules_create(strdup("{\"profile\":\"production\"}"),
                                              strdup("{\"roots\":[{},{}]}")));
    publish();
    cr_expect_str_eq(assay_json_text(ask("/v1/policy"), "profile", ""), "production");
    cr_expect_str_eq(assay_json_text(json, "schema", ""), "assay.policy");
    cr_expect_eq(assay_json_count(assay_json_get(ask("/v1/collateral"), "roots")), 2);
    cr_expect_str_eq(assay_json_text(json, "schema", ""), "assay.collateral");
}

Test(net_http_answer, who_has_it_is_told_so_until_it_changes)
{
    char etag[ASSAY_HTTP_ETAG_MAX + 16];
    assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, 41));
    publish();
    static const char *const paths[] = { "/v1/status", "/v1/nodes", "/v1/matrix", "/v1/epochs",
                                         "/v1/graph/nodes" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        (void)ask(paths[i]);
        cr_assert_eq(answer.status, 200);
        (void)snprintf(etag, sizeof etag, "\"x\", %s", answer.etag);
        const struct assay_http_request again = {
            .role = ASSAY_HTTP_ROLE_VIEWER, .method = "GET", .path = paths[i], .if_none_match = etag
        };
        ask_request(&again, 100100);
        cr_expect_eq(answer.status, 304, "%s", paths[i]);
        cr_expect_eq(answer.len, 0);
        if (i == 0 || i == 1) publish();
        else assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, 50 + i));
        publish();
        ask_request(&again, 100100);
        cr_expect_eq(answer.status, 200, "%s changed", paths[i]);
    }
}

/* ------------------------------------------------------------ alive, ready, permitted */

Test(net_http_answer, a_loop_that_hangs_is_not_alive_and_permits_nothing)
{
    const struct assay_http_request live = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                             .method = "GET",
                                             .path = "/livez" };
    const struct assay_http_request permit = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                               .method = "GET",
                                               .path = "/v1/permit" };
    fixture.snapshot.epoch_ms = ASSAY_HTTP_DEAD_MS; /* the head stays young for 3T */
    publish();
    ask_request(&live, 100000 + ASSAY_HTTP_DEAD_MS - 1);
    cr_expect_eq(answer.status, 200);
    ask_request(&permit, 100000 + ASSAY_HTTP_DEAD_MS - 1);
    cr_expect_eq(answer.status, 200);
    ask_request(&live, 100000 + ASSAY_HTTP_DEAD_MS);
    cr_expect_eq(answer.status, 503);
    cr_expect_str_eq(code(), "not_ready");
    ask_request(&permit, 100000 + ASSAY_HTTP_DEAD_MS);
    cr_expect_eq(answer.status, 403);
    cr_expect_str_eq(assay_json_text(assay_json_get(json, "data"), "reason", ""), "stale");
}

/* docs/protocol.md 10.6: a head that became final at 99500 is younger than 3T until 102500, also
 * where the loop published its last snapshot at 100000. */
Test(net_http_answer, the_head_ages_by_the_clock_of_the_reader)
{
    const struct assay_http_request permit = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                               .method = "GET",
                                               .path = "/v1/permit" };
    const struct assay_http_request live = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                             .method = "GET",
                                             .path = "/livez" };
    publish();
    ask_request(&permit, 102499);
    cr_expect_eq(answer.status, 200);
    ask_request(&permit, 102500);
    cr_expect_eq(answer.status, 403);
    cr_expect_str_eq(assay_json_text(assay_json_get(json, "data"), "reason", ""), "stale");
    ask_request(&live, 102500);
    cr_expect_eq(answer.status, 200);
}

Test(net_http_answer, an_old_head_is_not_ready_by_the_clock_of_the_reader)
{
    const struct assay_http_request ready = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                              .method = "GET",
                                              .path = "/readyz" };
    publish();
    ask_request(&ready, 102499);
    cr_expect_eq(answer.status, 200);
    ask_request(&ready, 102500);
    cr_expect_eq(answer.status, 503);
}

static void expect_not_ready(const char *check)
{
    publish();
    const struct assay_json *data = ask("/readyz");
    const struct assay_json *list = assay_json_get(data, "checks");
    cr_assert_eq(answer.status, 503, "%s", check);
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const struct assay_json *one = assay_json_at(list, i);
        const bool expected = strcmp(assay_json_text(one, "name", ""), check) != 0;
        cr_expect_eq(assay_json_bool(one, "ok", !expected), expected, "%s: %s", check,
                     assay_json_text(one, "name", ""));
    }
    (void)ask("/livez");
    cr_expect_eq(answer.status, 200, "%s: what is not ready is alive", check);
}

Test(net_http_answer, each_thing_that_is_missing_makes_a_node_not_ready)
{
    publish();
    (void)ask("/readyz");
    cr_assert_eq(answer.status, 200);
    fixture.members[0].ledger.last_success_epoch = 38;
    expect_not_ready("evidence");
    fixture.members[0].ledger.last_success_epoch = 41;
    fixture.snapshot.margin.progress = false;
    expect_not_ready("quorum");
    fixture.snapshot.margin.progress = true;
    fixture.snapshot.chain.behind = true;
    expect_not_ready("caught_up");
    fixture.snapshot.chain.behind = false;
    fixture.snapshot.chain.voting = false;
    expect_not_ready("caught_up");
    fixture.members[0].ledger.seat_weight = 0; /* docs/protocol.md 5.22 */
    publish();
    (void)ask("/readyz");
    cr_expect_eq(answer.status, 200, "a member without a seat has no vote to give");
    fixture.snapshot.chain.behind = true;
    expect_not_ready("caught_up");
    fixture.snapshot.chain.behind = false;
    fixture.members[0].ledger.weight = 0;
    expect_not_ready("caught_up");
    fixture.members[0].ledger.weight = fixture.members[0].ledger.seat_weight = 10000;
    fixture.snapshot.chain.voting = true;
    fixture.snapshot.chain.final_at_ms = 97000;
    expect_not_ready("chain");
    fixture.snapshot.chain.final_at_ms = 99500;
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, true));
    (void)ask("/readyz");
    cr_expect_eq(answer.status, 503, "a node that ends");
}

/* ------------------------------------------------------------ hostile requests */

Test(net_http_answer, pages_of_others_do_not_read_by_a_name_that_leads_here)
{
    static const struct {
        const char *host;
        bool own;
    } cases[] = {
        { NULL, true },
        { "localhost", true },
        { "localhost:8080", true },
        { "127.0.0.1", true },
        { "127.0.0.1:80", true },
        { "127.1.2.3", true },
        { "[::1]", true },
        { "[::1]:8080", true },
        { "", false },
        { "example.org", false },
        { "localhost.example.org", false },
        { "127.0.0.1.example.org", false },
        { "localhost:80.example.org", false },
        { "127.0.0.1:x", false },
        { "[::1].example.org", false },
    };
    publish();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                              .method = "GET",
                                              .path = "/livez",
                                              .host = cases[i].host,
                                              .loopback = true };
        ask_request(&request, 100000);
        cr_expect_eq(answer.status, cases[i].own ? 200 : 403, "%s", cases[i].host);
        request.is_certified_host = true;
        ask_request(&request, 100000);
        cr_expect_eq(answer.status, 200, "a name of the certificate: %s", cases[i].host);
        request.is_certified_host = false;
        request.loopback = false; /* a proxy in front of a socket has a name of its own */
        ask_request(&request, 100000);
        cr_expect_eq(answer.status, 200);
    }
}

static const char *const odd[] = { "",
                                   "/",
                                   "//",
                                   "*",
                                   "\xff\xfe\x80",
                                   "\x01\x1b[31m",
                                   "<script>alert(1)</script>",
                                   "\342\200\256desrever",
                                   "%00",
                                   "../../etc/passwd",
                                   "18446744073709551616",
                                   "-1",
                                   "1e9",
                                   " 1",
                                   "W/\"\"",
                                   "abc-99999999999999999999",
                                   "-",
                                   "fffffffffffffffff-1" };
enum { ODD = sizeof odd / sizeof odd[0] };

Test(net_http_answer, odd_paths_and_parameters_get_an_answer_that_can_be_read)
{
    static const struct {
        const char *head, *tail;
    } forms[] = { { "", "" },
                  { "/", "" },
                  { "/v1/", "" },
                  { "/v1/nodes/", "" },
                  { "/v1/nodes/", "/explain" },
                  { "/v1/epochs/", "" } };
    static const char *const keys[] = { "since", "limit", "epoch", "class", "", "\xff" };
    static const char *const paths[] = { "/v1/nodes",  "/v1/epochs", "/v1/matrix", "/v1/timeline",
                                         "/v1/events", "/v1/permit", "/metrics" };
    publish();
    for (size_t i = 0; i < ODD; i++)
        for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
            char path[128];
            (void)snprintf(path, sizeof path, "%s%s%s", forms[f].head, odd[i], forms[f].tail);
            (void)ask(path);
            cr_expect_neq(answer.status, 500, "%s", path);
            if (answer.status != 200) cr_expect_str_neq(code(), "");
        }
    for (size_t i = 0; i < ODD; i++)
        for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++)
            for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
                (void)ask_with(paths[p], keys[k], odd[i]);
                cr_expect_eq(answer.status, 400, "%s?%s=%s", paths[p], keys[k], odd[i]);
            }
}

/* The reader of a timeline has to see that events are gone, however far it has read. */
Test(net_http_answer, a_timeline_says_up_to_which_number_events_are_gone)
{
    publish();
    cr_expect_eq(assay_json_uint(ask("/v1/timeline"), "gone_seq", 99), 0);
    for (unsigned i = 0; i < ASSAY_TIMELINE_ROUTINE_MAX + 5; i++)
        http_fixture_publish(&fixture, "x");
    cr_assert_eq(assay_timeline_log_gone(fixture.timeline), 5);
    cr_expect_eq(assay_json_uint(ask("/v1/timeline"), "gone_seq", 99), 5);
}

Test(net_http_answer, a_path_as_long_as_a_request_is_refused)
{
    static char path[16384];
    publish();
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    (void)ask(path);
    cr_expect_eq(answer.status, 404);
    assay_bytes_copy(path, sizeof path, "/v1/nodes/", 10);
    (void)ask(path);
    cr_expect_eq(answer.status, 404);
}

Test(net_http_answer, names_are_data_wherever_they_are_shown)
{
    static const char name[] = "</script>\"\\\n\x1b[2J{a=\"b\"}";
    fixture.members[1].ledger.name = assay_slice_over(name, sizeof name - 1);
    assay_http_snapshot_slot_add_epoch(fixture.slot, http_fixture_epoch(&fixture, 41));
    publish();
    const struct assay_json *list = assay_json_get(ask("/v1/nodes"), "nodes");
    cr_expect_eq(assay_json_count(list), 4);
    (void)ask("/v1/graph/nodes");
    cr_expect_eq(assay_json_count(json), 4);
    (void)ask("/v1/nodes/1/explain");
    cr_expect_eq(answer.status, 200);
    (void)ask("/metrics");
    cr_assert_eq(answer.status, 200);
    cr_expect_null(strstr(answer.body, "</script"), "metrics name no member");
    cr_expect_null(strstr(answer.body, "node-1"), "metrics name no other member");
}

/* ------------------------------------------------------------ services */

/* A group that changes, a cluster with an alarm, tasks and more money than fits 63 bits. */
static struct assay_services_summary *some_services(void)
{
    static struct assay_services_summary v;
    v = (struct assay_services_summary){ .is_known = true,
                                         .is_current = true,
                                         .epoch = 41,
                                         .path = "/run/a.svcs",
                                         .server = { .clients = 3,
                                                     .following = 2,
                                                     .connections_refused = 3,
                                                     .connections_preempted = 4,
                                                     .requests_refused = 5,
                                                     .requests_preempted = 6 },
                                         .group_count = 2,
                                         .has_shares = true,
                                         .has_tasks = true,
                                         .has_identity = true };
    v.server.applied[ASSAY_SERVICE_TRANSFER] = 5;
    v.server.idle[ASSAY_SERVICE_TASK_CLAIM] = 7;
    v.group[0] =
        (struct assay_summary_group){ .name = "state",
                                      .size = 3,
                                      .phase = ASSAY_CONT_CHANGING,
                                      .view = 4,
                                      .next_view = 5,
                                      .seat_count = 3,
                                      .next_count = 3,
                                      .seat = { 0, 1, 2 },
                                      .next = { 0, 3, 2 },
                                      .state = { ASSAY_CONT_SEAT_DRAINS, ASSAY_CONT_SEAT_LOST,
                                                 ASSAY_CONT_SEAT_SERVES },
                                      .alarms = ASSAY_CONT_ALARM_FEW | ASSAY_CONT_ALARM_OPERATORS,
                                      .sessions = 9 };
    v.group[1] = (struct assay_summary_group){ .name = "other", .size = 3 };
    v.shares = (struct assay_summary_shares){
        .slots = 2, .k = 2, .cluster_count = 2, .synced = 8, .in_public = 3, .away = 1
    };
    v.shares.cluster[1] =
        (struct assay_summary_cluster){ .seated = true,
                                        .alarm = true,
                                        .alarm_epoch = 41,
                                        .alarms = 1u << ASSAY_SHARE_WHY_FEW |
                                                  1u << ASSAY_SHARE_WHY_OLD_SHARES,
                                        .member = { 2, ASSAY_SHARE_NO_MEMBER },
                                        .phase = ASSAY_SHARE_PHASE_DISPUTES,
                                        .public_until = 90,
                                        .silent_epoch = { 26 },
                                        .ready = { true, false } };
    v.identity =
        (struct assay_summary_identity){ .state = ASSAY_SUMMARY_KEY_TOO_FEW,
                                         .phase = ASSAY_CA_DEALS,
                                         .is_reshare = true,
                                         .ca_number = 2,
                                         .threshold = 3,
                                         .indices = 4,
                                         .live = 2,
                                         .convicted = 1,
                                         .generation = 7,
                                         .since = 31,
                                         .attempts = 9,
                                         .holder_count = 2,
                                         .holder = { { .slot = 1, .indices = 2, .live = 2 },
                                                     { .slot = 99, .indices = 2, .lost = true } } };
    v.tasks = (struct assay_summary_tasks){
        .accounts = 2, .total = UINT64_MAX, .locked = 30, .state = { 1, 2, 3, 4, 5, 6 }
    };
    return &v;
}

Test(net_http_answer, a_network_without_services_tells_of_none)
{
    publish();
    const struct assay_json *data = ask("/v1/services");
    cr_assert_eq(answer.status, 200);
    cr_expect_str_eq(assay_json_text(json, "schema", ""), "assay.services");
    cr_expect_eq(assay_json_count(assay_json_get(data, "groups")), 0);
    cr_expect_eq(assay_json_kind_of(assay_json_get(data, "shares")), ASSAY_JSON_NULL);
    cr_expect_eq(assay_json_kind_of(assay_json_get(data, "tasks")), ASSAY_JSON_NULL);
    cr_expect_eq(assay_json_kind_of(assay_json_get(data, "identity")), ASSAY_JSON_NULL);
    (void)ask("/metrics");
    cr_expect_null(strstr(answer.body, "assay_service"));
    cr_expect_null(strstr(answer.body, "assay_tasks"));
    cr_expect_null(strstr(answer.body, "assay_ca_"));
    struct assay_services_summary *v = some_services();
    v->is_known = false; /* figures of what is not there yet would be zeros */
    fixture.snapshot.services = v;
    publish();
    (void)ask("/metrics");
    cr_expect_null(strstr(answer.body, "assay_continuity"));
    cr_expect_not(assay_json_bool(ask("/v1/services"), "known", true));
}

Test(net_http_answer, services_are_told_as_their_summary_has_them)
{
    struct assay_services_summary *v = some_services();
    fixture.snapshot.services = v;
    publish();
    v->group[0].view = 99; /* what was laid out does not change any more */
    const struct assay_json *data = ask("/v1/services");
    const struct assay_json *group = assay_json_at(assay_json_get(data, "groups"), 0);
    cr_expect_str_eq(assay_json_text(group, "phase", ""), "changing");
    cr_expect_eq(assay_json_uint(group, "view", 0), 4);
    const struct assay_json *seats = assay_json_get(group, "seats");
    cr_expect_str_eq(assay_json_text(assay_json_at(seats, 1), "name", ""), "node-1");
    cr_expect(assay_json_bool(assay_json_at(seats, 1), "lost", false));
    cr_expect_not(assay_json_bool(assay_json_at(seats, 0), "lost", true));
    cr_expect_str_eq(assay_json_text(assay_json_at(seats, 0), "state", ""), "drains");
    cr_expect_str_eq(assay_json_text(assay_json_at(seats, 1), "state", ""), "lost");
    const struct assay_json *alarms = assay_json_get(group, "alarms");
    cr_assert_eq(assay_json_count(alarms), 2);
    cr_expect_str_eq(assay_json_as_text(assay_json_at(alarms, 0)), "few");
    cr_expect_str_eq(assay_json_as_text(assay_json_at(alarms, 1)), "operators");
    cr_expect_eq(assay_json_uint(assay_json_at(assay_json_get(group, "next_seats"), 1), "slot", 0),
                 3);
    const struct assay_json *shares = assay_json_get(data, "shares");
    const struct assay_json *clusters = assay_json_get(shares, "clusters");
    const struct assay_json *slots = assay_json_get(assay_json_at(clusters, 1), "seats");
    cr_expect_eq(assay_json_count(assay_json_get(assay_json_at(clusters, 0), "seats")), 0);
    cr_expect(assay_json_bool(assay_json_at(clusters, 1), "alarm", false));
    alarms = assay_json_get(assay_json_at(clusters, 1), "alarms");
    cr_assert_eq(assay_json_count(alarms), 2);
    cr_expect_str_eq(assay_json_as_text(assay_json_at(alarms, 1)), "old-shares");
    cr_expect_str_eq(assay_json_text(assay_json_at(clusters, 1), "public_phase", ""), "disputes");
    cr_expect_str_eq(assay_json_text(assay_json_at(clusters, 0), "public_phase", ""), "none");
    cr_expect_eq(assay_json_uint(assay_json_at(clusters, 1), "public_until", 0), 90);
    cr_expect_eq(assay_json_uint(assay_json_at(slots, 0), "silent_epoch", 0), 26);
    cr_expect_eq(assay_json_uint(shares, "away", 0), 1);
    cr_expect_eq(assay_json_kind_of(assay_json_get(assay_json_at(slots, 1), "slot")),
                 ASSAY_JSON_NULL, "nobody");
    const struct assay_json *tasks = assay_json_get(data, "tasks");
    cr_expect_str_eq(assay_json_text(tasks, "total", ""), "18446744073709551615");
    cr_expect_eq(assay_json_uint(assay_json_get(tasks, "states"), "expired", 0), 6);
    const struct assay_json *records = assay_json_get(data, "records");
    cr_expect_eq(assay_json_count(records), ASSAY_SERVICE_KIND_COUNT - 1);
    cr_expect_eq(assay_json_uint(assay_json_at(records, ASSAY_SERVICE_TRANSFER - 1), "applied", 0),
                 5);
    cr_expect_not_null(
        strstr(answer.body,
               "\"identity\":{\"state\":\"too_few\",\"ca_number\":2,\"generation\":7,"
               "\"since_epoch\":31,\"threshold\":3,\"indices\":4,\"live\":2,\"convicted\":1,"
               "\"ceremony\":\"deals\",\"is_reshare\":true,\"attempts\":9,\"holders\":["
               "{\"slot\":1,\"name\":\"node-1\",\"indices\":2,\"live\":2,\"lost\":false},"
               "{\"slot\":null,\"name\":\"\",\"indices\":2,\"live\":0,\"lost\":true}]}"),
        "%s", answer.body);
}

Test(net_http_answer, services_have_metrics)
{
    static const char *const lines[] = {
        "\nassay_service_records_total{kind=\"transfer\",result=\"applied\"} 5\n",
        "\nassay_service_records_total{kind=\"task-claim\",result=\"idle\"} 7\n",
        "\nassay_service_programs{state=\"following\"} 2\n",
        "\nassay_service_programs{state=\"idle\"} 1\n",
        "\nassay_service_full_total{what=\"connection\",result=\"refused\"} 3\n",
        "\nassay_service_full_total{what=\"connection\",result=\"preempted\"} 4\n",
        "\nassay_service_full_total{what=\"request\",result=\"refused\"} 5\n",
        "\nassay_service_full_total{what=\"request\",result=\"preempted\"} 6\n",
        "\nassay_continuity_view{group=\"state\"} 4\n",
        "\nassay_continuity_phase{group=\"state\",phase=\"changing\"} 1\n",
        "\nassay_continuity_phase{group=\"state\",phase=\"gone\"} 0\n",
        "\nassay_continuity_phase{group=\"other\",phase=\"forming\"} 1\n",
        "\nassay_continuity_seats_lost{group=\"state\"} 1\n",
        "\nassay_continuity_sessions{group=\"state\"} 9\n",
        "\nassay_shares_synced 8\n",
        "\nassay_shares_alarm 1\n",
        "\nassay_shares_public 3\n",
        "\nassay_shares_away 1\n",
        "\nassay_tasks_open 6\n", /* with those that were accepted, and those that failed */
        "\nassay_tasks_locked 30\n",
        "\nassay_accounts 2\n",
        "\nassay_ca_state{state=\"too_few\"} 1\n",
        "\nassay_ca_state{state=\"active\"} 0\n",
        "\nassay_ca_indices{what=\"live\"} 2\nassay_ca_indices{what=\"threshold\"} 3\n",
        "\nassay_ca_ceremonies_total 9\n",
    };
    fixture.snapshot.services = some_services();
    publish();
    (void)ask("/metrics");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect_not_null(strstr(answer.body, lines[i]), "%s", lines[i]);
}

Test(net_http_answer, only_questions_are_answered)
{
    publish();
    static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "get", "", "TRACE" };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        const struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                                    .method = methods[i],
                                                    .path = "/v1/status" };
        ask_request(&request, 100000);
        cr_expect_eq(answer.status, 405, "%s", methods[i]);
        cr_expect_str_eq(answer.allow, "GET, HEAD");
    }
    static const struct {
        struct assay_http_request request;
        const char *code;
    } refused[] = {
        { { .role = ASSAY_HTTP_ROLE_VIEWER, .method = "GET", .path = "/livez", .has_body = true },
          "body_not_allowed" },
        { { .role = ASSAY_HTTP_ROLE_VIEWER,
            .method = "GET",
            .path = "/livez",
            .too_many_parameters = true },
          "bad_request" },
        { { .role = ASSAY_HTTP_ROLE_VIEWER,
            .method = "GET",
            .path = "/v1/status",
            .accept = "image/*;q=0.8" },
          "not_acceptable" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ask_request(&refused[i].request, 100000);
        cr_expect_str_eq(code(), refused[i].code);
    }
}
