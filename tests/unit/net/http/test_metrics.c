/*
 * tests/unit/net/http/test_metrics.c - tests of metrics that name members: bounds, order, labels;
 * of metrics of the holder's process.
 */
#include "net/http/answer.h"
#include "net/http/http.h"
#include "net/services/server/summary.h"
#include "scoring/tally.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 40 };

static struct http_fixture fixture;
static struct assay_http_figures figures;
static struct assay_http_rules *rules;
static struct assay_http_answer answer;

static void open_fixture(void)
{
    http_fixture_open(&fixture, MEMBERS);
    rules = assay_http_rules_create(strdup("{}"), strdup("{}"));
    cr_assert_not_null(rules);
}

static void close_fixture(void)
{
    free(answer.body);
    assay_http_rules_release(&rules);
    http_fixture_close(&fixture);
}

TestSuite(net_http_metrics, .init = open_fixture, .fini = close_fixture);

/* The page with this number of rows, this long after the snapshot; rules go to the slot with the
 * first one. */
static const char *scrape_after(uint32_t members, uint64_t ms)
{
    assay_http_snapshot_slot_set_rules(fixture.slot, rules);
    rules = NULL;
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    const struct assay_http_content book = { .view = view,
                                             .timeline = fixture.timeline,
                                             .figures = &figures,
                                             .now_ms = 100000 + ms,
                                             .metrics_members = members };
    const struct assay_http_request request = { .method = "GET",
                                                .path = "/metrics",
                                                .role = ASSAY_HTTP_ROLE_VIEWER };
    free(answer.body);
    assay_http_answer(&book, &request, &answer);
    assay_http_snapshot_release(&view);
    cr_assert_eq(answer.status, 200);
    return answer.body;
}

static const char *scrape(uint32_t members)
{
    return scrape_after(members, 100);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

/* The row of this number of a family, up to its end of line. Returns: text, "" beyond the last. */
static const char *row_of(const char *page, const char *family, unsigned number)
{
    static char line[512];
    char begin[96];
    (void)snprintf(begin, sizeof begin, "\n%s{", family);
    const char *at = strstr(page, begin);
    for (; at != NULL && number > 0; number--)
        at = strstr(at + 1, begin);
    line[0] = '\0';
    if (at != NULL) (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
    return line;
}

static bool names(const char *row, const char *member)
{
    char label[96];
    (void)snprintf(label, sizeof label, "{member=\"%s\",", member);
    return strstr(row, label) != NULL;
}

static void suspend(struct assay_snapshot_member *m, uint16_t integrity_bp, uint64_t epoch)
{
    m->ledger.trust.integrity_bp = integrity_bp;
    m->ledger.trust.integrity.standing = ASSAY_STANDING_SUSPENDED;
    m->ledger.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    m->ledger.fall = http_fixture_fall(epoch, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
}

static void go_away(struct assay_snapshot_member *m)
{
    m->present = false;
    m->ledger.last_success_epoch = 30;
}

/* As a change joins it: zero, and no fall. */
static void join(struct assay_snapshot_member *m)
{
    m->ledger.trust = assay_trust_newcomer((struct assay_offences){ .count = 0 });
    m->ledger.stage_epoch = 40;
    m->ledger.last_success_epoch = 0;
}

/* ------------------------------------------------------------ off */

Test(net_http_metrics, name_this_node_alone_unless_members_are_requested)
{
    const char *page = scrape(0);
    cr_expect_eq(count_of(page, "assay_member_"), 0);
    cr_expect_eq(count_of(page, "member=\""), 1);
    cr_expect_not_null(strstr(page,
                              "\nassay_node_info{chain=\"0000000000000000\",member=\"node-0\","
                              "operator=\"0000000000000000\",vendor=\"0000000000000000\"} 1\n"));
    cr_expect_null(strstr(page, "assay_members_left_out"));
}

Test(net_http_metrics, count_members_that_share_a_device)
{
    cr_expect_not_null(strstr(scrape(0), "\nassay_shared_devices 0\n"));
    fixture.members[2].shared_device.last_epoch = fixture.members[5].shared_device.last_epoch = 41;
    cr_expect_not_null(strstr(scrape(0), "\nassay_shared_devices 2\n"));
}

/* ------------------------------------------------------------ bounds and order */

Test(net_http_metrics, rows_are_bounded_and_the_worst_come_first)
{
    suspend(&fixture.members[31], 2500, 33);
    suspend(&fixture.members[7], 1200, 34);
    go_away(&fixture.members[20]);
    join(&fixture.members[39]);
    fixture.members[3].ledger.trust.availability_bp = 8200;
    fixture.members[3].ledger.trust.score.standing = ASSAY_STANDING_WARNING;
    fixture.members[2].ledger.stage = ASSAY_STAGE_RESTING;
    fixture.members[1].ledger.stage = ASSAY_STAGE_LEFT;
    const char *page = scrape(8);
    static const char *const order[] = { "node-7",  "node-31", "node-20", "node-3",
                                         "node-39", "node-2",  "node-0",  "node-4" };
    static const char *const families[] = { "assay_member_score_ratio",
                                            "assay_member_integrity_ratio",
                                            "assay_member_availability_ratio",
                                            "assay_member_offline", "assay_member_standing" };
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
        for (unsigned i = 0; i < 8; i++)
            cr_expect(names(row_of(page, families[f], i), order[i]), "%s %u: %s", families[f], i,
                      row_of(page, families[f], i));
        cr_expect_str_eq(row_of(page, families[f], 8), "");
    }
    cr_expect_not_null(strstr(page, "\nassay_members_left_out 31\n"));
    char *first = strdup(page);
    cr_expect_str_eq(scrape(8), first, "the order is that of every scrape");
    free(first);
}

Test(net_http_metrics, a_network_smaller_than_the_bound_has_all_its_members)
{
    fixture.members[1].ledger.stage = ASSAY_STAGE_LEFT;
    const char *page = scrape(ASSAY_HTTP_METRICS_MEMBERS_MAX);
    cr_expect_eq(count_of(page, "\nassay_member_standing{"), MEMBERS - 1);
    cr_expect_not_null(strstr(page, "\nassay_members_left_out 0\n"));
    cr_expect_null(strstr(page, "\"node-1\""), "it left");
}

/* ------------------------------------------------------------ values */

Test(net_http_metrics, a_row_has_what_the_documents_have)
{
    struct assay_snapshot *const s = &fixture.snapshot;
    s->at_unix_ms = UINT64_C(1795800000000);
    s->chain.epoch_t0_ms = s->at_unix_ms - 500;
    suspend(&fixture.members[7], 2500, 33);
    const char *page = scrape(2);
    cr_expect_str_eq(strchr(row_of(page, "assay_member_score_ratio", 0), '}'), "} 0.2500");
    cr_expect_str_eq(strchr(row_of(page, "assay_member_availability_ratio", 0), '}'), "} 1.0000");
    cr_expect_str_eq(strchr(row_of(page, "assay_member_offline", 0), '}'), "} 0");
    cr_expect_str_eq(strchr(row_of(page, "assay_member_fall_timestamp_seconds", 0), '}'),
                     "} 1700000033.000");
    cr_expect_not_null(
        strstr(row_of(page, "assay_member_standing", 0), "standing=\"suspended\"} 1"));
    cr_expect_not_null(strstr(row_of(page, "assay_member_standing", 1), "standing=\"full\"} 1"));
    /* It rises by a hundredth each epoch of a second, from 25 to 92 %, then three more. */
    const char *const recovery = row_of(page, "assay_member_recovery_timestamp_seconds", 0);
    cr_assert(names(recovery, "node-7"), "%s", recovery);
    const double at = strtod(strchr(recovery, '}') + 1, NULL);
    cr_expect(at > 1795800000.0 + 60 && at < 1795800000.0 + 600, "%s", recovery);
    cr_expect_str_eq(row_of(page, "assay_member_recovery_timestamp_seconds", 1), "", "it is FULL");
    cr_expect_str_eq(row_of(page, "assay_member_fall_timestamp_seconds", 1), "");
    go_away(&fixture.members[9]);
    cr_expect_str_eq(strchr(row_of(scrape(2), "assay_member_offline", 1), '}'), "} 1");
}

Test(net_http_metrics, a_fall_of_before_a_drain_is_past)
{
    suspend(&fixture.members[0], 2500, 33);
    cr_expect_not_null(strstr(scrape(1), "\nassay_node_fall_timestamp_seconds 1700000033.000\n"));
    cr_expect_not_null(strstr(answer.body, "\nassay_member_fall_timestamp_seconds{"));
    fixture.members[0].ledger.stage_epoch = 34;
    cr_expect_null(strstr(scrape(1), "\nassay_node_fall_timestamp_seconds"));
    cr_expect_null(strstr(answer.body, "\nassay_member_fall_timestamp_seconds{"));
}

/* A newcomer has integrity zero by its join, not by a failure. */
Test(net_http_metrics, a_newcomer_is_no_suspension_until_it_falls)
{
    struct assay_snapshot_member *const m = &fixture.members[5];
    join(m);
    m->present = false;
    const char *page = scrape(0);
    cr_expect_not_null(strstr(page, "\nassay_nodes{standing=\"suspended\"} 1\n"));
    cr_expect_not_null(strstr(page, "\nassay_suspensions_active 0\n"));
    cr_expect_not_null(strstr(page, "\nassay_nodes_served{state=\"suspended\"} 0\n"));
    cr_expect_not_null(strstr(page, "\nassay_nodes_served{state=\"other\"} 39\n"));
    m->ledger.fall = http_fixture_fall(41, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    m->ledger.fall.from = ASSAY_STANDING_SUSPENDED;
    page = scrape(0);
    cr_expect_not_null(strstr(page, "\nassay_suspensions_active 1\n"), "its evidence fails");
    cr_expect_not_null(strstr(page, "\nassay_nodes_served{state=\"suspended\"} 0\n"), "as before");
    m->ledger.fall.from = ASSAY_STANDING_RESTRICTED;
    page = scrape(0);
    cr_expect_not_null(strstr(page, "\nassay_nodes_served{state=\"suspended\"} 1\n"), "it served");
    cr_expect_not_null(strstr(page, "\nassay_nodes_served{state=\"other\"} 39\n"));
}

/* ------------------------------------------------------------ labels */

/* No name ends a label, adds one, or is that of another member. */
Test(net_http_metrics, hostile_names_stay_in_their_label)
{
    static const char hostile[] = "x\",member=\"node-2\"} 1\n# EOF\nassay_down{a=\"\\";
    static char long_name[200], stolen[65];
    memset(long_name, 'a', sizeof long_name);
    fixture.members[0].ledger.name = assay_slice_over(hostile, sizeof hostile - 1);
    fixture.members[1].ledger.name = assay_slice_over(long_name, sizeof long_name);
    fixture.members[3].ledger.name = assay_slice_over("", 0);
    fixture.members[4].ledger.name = assay_slice_over("a\0b", 3);
    assay_hex_encode(fixture.members[0].ledger.node_id, 32, stolen, sizeof stolen);
    fixture.members[5].ledger.name = assay_slice_over(stolen, 64);
    for (unsigned i = 0; i < MEMBERS; i++)
        fixture.members[i].ledger.operator_name = assay_slice_over(hostile, sizeof hostile - 1);
    assay_http_rules_name_vendor(rules, fixture.members[0].ledger.vendor_root,
                                 "a\"} 1\nb\\\x1b\xff");
    const char *page = scrape(MEMBERS);
    cr_expect_null(strstr(page, "# EOF"));
    cr_expect_null(strstr(page, "assay_down"));
    cr_expect_null(strchr(page, '\\'));
    cr_expect_null(strchr(page, '\x1b'));
    cr_expect_eq(count_of(page, "\nassay_member_offline{"), MEMBERS);
    cr_expect_eq(count_of(page, ",vendor=\"a__ 1_b___\"} 0"), MEMBERS);
    char label[128];
    (void)snprintf(label, sizeof label, "\nassay_member_offline{member=\"%s\",", stolen);
    cr_expect_eq(count_of(page, label), 1, "the id is that of its member alone");
    for (unsigned i = 0; i < MEMBERS; i++) {
        const char *const row = row_of(page, "assay_member_offline", i);
        unsigned quotes = 0;
        for (const char *c = row; *c != '\0'; c++)
            quotes += *c == '"';
        cr_expect_eq(quotes, 6, "%s", row);
        cr_expect(strlen(row) < 220, "%s", row);
        for (unsigned k = 0; k < i; k++) {
            char other[512];
            (void)snprintf(other, sizeof other, "%s", row_of(page, "assay_member_offline", k));
            cr_expect_str_neq(other, row_of(page, "assay_member_offline", i), "a series twice");
        }
    }
}

Test(net_http_metrics, labels_name_operator_and_vendor)
{
    static const char operator_[] = "alpha";
    for (unsigned i = 0; i < MEMBERS; i++) {
        fixture.members[i].ledger.operator_name = assay_slice_over(operator_, sizeof operator_ - 1);
        fixture.members[i].ledger.vendor_root[0] = 0xab;
    }
    fixture.members[39].ledger.vendor_root[0] = 0xcd;
    assay_http_rules_name_vendor(rules, fixture.members[0].ledger.vendor_root, "Intel SGX");
    const char *page = scrape(MEMBERS);
    cr_expect_eq(count_of(page, ",operator=\"alpha\",vendor=\"Intel SGX\",standing=\"full\"} 1"),
                 MEMBERS - 1);
    cr_expect_eq(count_of(page, ",vendor=\"cd00000000000000\",standing=\"full\"} 1"), 1);
}

/* ------------------------------------------------------------ a loop that hangs */

/* The head was final half a second before the snapshot. */
Test(net_http_metrics, ages_are_those_of_the_scrape)
{
    fixture.snapshot.margin.open_ms = 700;
    const char *page = scrape_after(0, 0);
    cr_expect_not_null(strstr(page, "\nassay_loop_age_seconds 0.000\n"));
    cr_expect_not_null(strstr(page, "\nassay_head_age_seconds 0.500\n"));
    page = scrape_after(0, 29000);
    cr_expect_not_null(strstr(page, "\nassay_loop_age_seconds 29.000\n"));
    cr_expect_not_null(strstr(page, "\nassay_head_age_seconds 29.500\n"));
    cr_expect_not_null(strstr(page, "\nassay_epoch_open_seconds 29.700\n"));
    fixture.snapshot.chain.final_at_ms = 0;
    cr_expect_not_null(strstr(scrape_after(0, 29000), "\nassay_head_age_seconds 119.000\n"));
}

/* No line of a page of a hung node says that all is well, where nothing of that is known. */
Test(net_http_metrics, a_hung_loop_knows_nothing)
{
    static const char *const live[] = {
        "assay_quorum_available",      "assay_present_weight",
        "assay_tolerated_faults",      "assay_peers",
        "assay_chain_voting",          "assay_chain_behind",
        "assay_epoch_overdue",         "assay_enclave_running",
        "assay_enclave_paused",        "assay_clock_skew_seconds",
        "assay_clock_out_of_sync",     "assay_verifications_pending",
        "assay_evidence_cached_bytes", "assay_member_offline",
    };
    for (size_t i = 0; i < sizeof live / sizeof live[0]; i++) {
        char family[64];
        (void)snprintf(family, sizeof family, "# TYPE %s gauge\n", live[i]);
        cr_expect_eq(count_of(scrape_after(2, ASSAY_HTTP_DEAD_MS - 1), family), 1, "%s", live[i]);
        cr_expect_eq(count_of(scrape_after(2, ASSAY_HTTP_DEAD_MS), live[i]), 0, "%s", live[i]);
    }
    cr_expect_not_null(strstr(answer.body, "\nassay_node_info{"), "alerts join it");
    cr_expect_not_null(strstr(answer.body, "\nassay_chain_height "), "what is final stays final");
}

/* docs/http.md 5: the ledger does not show that the process is gone. */
Test(net_http_metrics, the_holders_process_of_the_node_and_its_answers)
{
    static struct assay_services_summary services;
    services = (struct assay_services_summary){
        .is_known = true,
        .has_identity = true,
        .server = { .has_signer = true,
                    .issues = { [ASSAY_SERVICE_OUTCOME_DONE] = 12,
                                [ASSAY_SERVICE_OUTCOME_FEW_HOLDERS] = 13 } },
        .identity = { .indices = 5,
                      .holder_count = 2,
                      .holder = { { .slot = 1, .indices = 2, .lost = true },
                                  { .slot = 3, .indices = 3 } } },
    };
    fixture.snapshot.services = &services;
    fixture.snapshot.self = 1;
    const char *const body = scrape(0);
    static const char *const lines[] = {
        "\nassay_ca_signer_connected 1\n",
        "\nassay_ca_indices{what=\"own\"} 2\n", /* also of a holder that is lost */
        "\nassay_ca_issues_total{outcome=\"issued\"} 12\n",
        "\nassay_ca_issues_total{outcome=\"few_holders\"} 13\n",
        "\nassay_ca_issues_total{outcome=\"too_many\"} 0\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect_not_null(strstr(body, lines[i]), "%s", lines[i]);
}
