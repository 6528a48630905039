/*
 * tests/unit/net/http/test_explain.c - tests of the document explain: advice about a member, and
 * the closes that moved its score.
 */
#include "net/http/answer.h"
#include "net/json/json.h"
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

TestSuite(net_http_explain, .init = open_fixture, .fini = close_fixture);

static const struct assay_json *ask(const char *path)
{
    const struct assay_http_request request = { .role = ASSAY_HTTP_ROLE_VIEWER,
                                                .method = "GET",
                                                .path = path };
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    const struct assay_http_content b = {
        .view = view, .timeline = fixture.timeline, .figures = &figures, .now_ms = 100100
    };
    assay_json_free(&json);
    free(answer.body);
    assay_http_answer(&b, &request, &answer);
    assay_http_snapshot_release(&view);
    cr_assert_eq(answer.status, 200, "%s", path);
    cr_assert_eq(assay_json_parse(answer.body, answer.len, &json), ASSAY_OK);
    return assay_json_get(json, "data");
}

static void publish(void)
{
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
}

/* The right build under a new incarnation would not help. */
Test(net_http_explain, evidence_of_another_platform_has_advice_of_its_own)
{
    struct assay_snapshot_member *m = &fixture.members[2];
    m->ledger.trust.integrity_bp = 0;
    m->ledger.own_outcome = ASSAY_OUTCOME_FAIL_HARD;
    m->ledger.fall = http_fixture_fall(40, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    (void)snprintf(m->ledger.last_reason, sizeof m->ledger.last_reason,
                   "roster-platform: expected 01, observed 02");
    publish();
    const struct assay_json *advice = assay_json_get(ask("/v1/nodes/2/explain"), "advice");
    cr_expect_not_null(strstr(assay_json_as_text(assay_json_at(advice, 0)),
                              "restore the platform that it has in the network"));
}

static const char *advice_of_2(size_t i)
{
    publish();
    const char *const text =
        assay_json_as_text(assay_json_at(assay_json_get(ask("/v1/nodes/2/explain"), "advice"), i));
    return text != NULL ? text : "";
}

/* Of both members, whatever else is to be said of them; status has one row for a pair. */
Test(net_http_explain, a_device_of_two_members_is_named_with_both)
{
    static const char text[] =
        "gpu 3 (GH100, serial 0a) passed as a device of node-3, too, last in epoch 41: ";
    cr_expect_null(strstr(advice_of_2(0), "passed as"));
    const struct assay_json *const node = assay_json_get(ask("/v1/nodes/2"), "shared_device");
    cr_expect(node != NULL && assay_json_kind_of(node) == ASSAY_JSON_NULL);
    fixture.members[2].shared_device = (struct assay_snapshot_shared_device){
        .first_epoch = 40, .last_epoch = 41, .other = 3, .name = "gpu 3 (GH100, serial 0a)"
    };
    fixture.members[3].shared_device = (struct assay_snapshot_shared_device){
        .first_epoch = 40, .last_epoch = 41, .other = 2, .name = "gpu 0 (GH100, serial 0a)"
    };
    cr_expect_eq(strncmp(advice_of_2(0), text, sizeof text - 1), 0, "%s", advice_of_2(0));
    const struct assay_json *const shared = assay_json_get(ask("/v1/nodes/3"), "shared_device");
    cr_expect_str_eq(assay_json_text(shared, "device", ""), "gpu 0 (GH100, serial 0a)");
    cr_expect_str_eq(assay_json_text(shared, "other", ""), "node-2");
    cr_expect_eq(assay_json_uint(shared, "first_epoch", 0), 40);
    const struct assay_json *const advice = assay_json_get(ask("/v1/status"), "advice");
    size_t rows = 0;
    for (size_t i = 0; i < assay_json_count(advice); i++) {
        const struct assay_json *const row = assay_json_at(advice, i);
        if (strcmp(assay_json_text(row, "code", ""), "device_shared") != 0) continue;
        rows += 1;
        cr_expect_eq(strncmp(assay_json_text(row, "text", ""), "node-2: gpu 3 (GH100", 20), 0);
    }
    cr_expect_eq(rows, 1);
}

static struct assay_snapshot_member *fallen_2(uint32_t rule)
{
    struct assay_snapshot_member *m = &fixture.members[2];
    m->ledger.trust.integrity_bp = 9100;
    m->ledger.change_reason = ASSAY_INTEGRITY_RISE;
    m->ledger.fall = http_fixture_fall(30, ASSAY_FALL_INTEGRITY, rule);
    return m;
}

/* A fall stays the reason of the score, and is nothing to work on once its cause is gone. */
Test(net_http_explain, a_member_that_passes_again_has_nothing_to_repair)
{
    struct assay_snapshot_member *m = fallen_2(ASSAY_INTEGRITY_FAIL_HARD);
    cr_expect_not_null(strstr(advice_of_2(0), "rises by itself"), "%s", advice_of_2(0));
    m->ledger.own_outcome = ASSAY_OUTCOME_ABSENT; /* it passed in 41, and is away now */
    cr_expect_not_null(strstr(advice_of_2(0), "rises by itself"));
    m->ledger.last_success_epoch = 29;
    cr_expect_not_null(strstr(advice_of_2(0), "its evidence fails"), "nothing since the fall");
    m->ledger.own_outcome = ASSAY_OUTCOME_PASS_UP_TO_DATE; /* by this node, not certified yet */
    cr_expect_not_null(strstr(advice_of_2(0), "rises by itself"));
    m->ledger.change_reason = ASSAY_INTEGRITY_HELD_UNLISTED;
    cr_expect_not_null(strstr(advice_of_2(0), "until its new incarnation is listed"));
    m->ledger.own_outcome = ASSAY_OUTCOME_FAIL_HARD;
    m->ledger.last_success_epoch = 41;
    cr_expect_not_null(strstr(advice_of_2(0), "its evidence fails"));
    m->ledger.own_outcome = ASSAY_OUTCOME_PASS_OUT_OF_DATE;
    m->ledger.change_reason = ASSAY_INTEGRITY_HELD_BOUND;
    cr_expect_not_null(strstr(advice_of_2(0), "update the platform"));
    /* A verifier that voted falsely passes all the while. */
    m->ledger.fall = http_fixture_fall(30, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FALSE_PASS);
    cr_expect_not_null(strstr(advice_of_2(0), "compare its policy"));
}

/* Whoever reads why a member is FULL reads as well that this proves nothing. */
Test(net_http_explain, what_is_insecure_is_said_of_each_member)
{
    static const char *const names[] = { "http-without-tls" };
    for (size_t i = 0; i < 4; i++) {
        fixture.snapshot.insecure = i % 2 == 1;
        fixture.snapshot.insecure_names = names;
        fixture.snapshot.insecure_count = (uint32_t)(i / 2);
        publish();
        for (size_t k = 0; k < 2; k++) {
            const struct assay_json *data = ask(k == 0 ? "/v1/nodes/2/explain" : "/v1/nodes/2");
            const struct assay_json *node = k == 0 ? assay_json_get(data, "node") : data;
            const struct assay_json *settings = assay_json_get(node, "insecure_settings");
            cr_expect_eq(assay_json_bool(node, "insecure", i % 2 == 0), i % 2 == 1);
            cr_assert_not_null(settings);
            cr_expect_eq(assay_json_count(settings), i / 2);
        }
    }
}

Test(net_http_explain, a_drained_member_waits_for_its_operators)
{
    struct assay_snapshot_member *m = &fixture.members[2];
    m->ledger.stage = ASSAY_STAGE_RESTING;
    m->ledger.trust.availability_bp = 0;
    m->ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    m->present = false;
    cr_expect_not_null(strstr(advice_of_2(0), "start it, then undrain it"), "%s", advice_of_2(0));
    cr_expect_not_null(strstr(advice_of_2(0), "--undrain"));
    cr_expect_str_eq(advice_of_2(1), "", "no network to check, no score that rises by itself");
    m->present = true;
    cr_expect_null(strstr(advice_of_2(0), "start it"));
    cr_expect_not_null(strstr(advice_of_2(0), "--undrain"));
    cr_expect_str_eq(advice_of_2(1), "");
    m->ledger.stage = ASSAY_STAGE_LEFT;
    cr_expect_not_null(strstr(advice_of_2(0), "join again"));
    m->ledger.stage = ASSAY_STAGE_MEMBER;
    cr_expect_not_null(strstr(advice_of_2(0), "availability rises by itself"));
    m->present = false;
    cr_expect_not_null(strstr(advice_of_2(0), "check its network"));
}

/* docs/protocol.md 9.6.2: not the rule of the close in which the drain took effect. */
Test(net_http_explain, the_zero_of_a_drain_is_told_as_one)
{
    for (uint64_t e = 40; e <= 42; e++) {
        struct assay_http_epoch *epoch = http_fixture_epoch(&fixture, e);
        struct assay_history_row *drained = &epoch->rows[1].row, *fell = &epoch->rows[2].row;
        epoch->certified = e != 41;
        if (e >= 41) {
            drained->availability_bp = drained->score_bp = 0;
            drained->availability_rule = ASSAY_AVAILABILITY_UNCERTIFIED;
        }
        if (e == 42) {
            fell->availability_bp = fell->score_bp = 7500;
            fell->availability_rule = ASSAY_AVAILABILITY_FALL;
        }
        assay_http_snapshot_slot_add_epoch(fixture.slot, epoch);
    }
    publish();
    const struct assay_json *move =
        assay_json_at(assay_json_get(ask("/v1/nodes/1/explain"), "moves"), 0);
    cr_expect_eq(assay_json_uint(move, "epoch", 0), 41);
    cr_expect_str_eq(assay_json_text(move, "availability_text", ""),
                     "zero: drained by the operators");
    cr_expect_str_eq(assay_json_text(move, "availability_rule", ""), "uncertified", "as recorded");
    move = assay_json_at(assay_json_get(ask("/v1/nodes/2/explain"), "moves"), 0);
    cr_expect_str_eq(assay_json_text(move, "availability_text", ""),
                     "fell: too many votes are absent or FAIL");
}
