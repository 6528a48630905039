/*
 * tests/unit/net/fetch/test_round.c - one round of asking the vendors, honest and hostile ones.
 */
#include "tests/unit/net/fetch/vendors.h"

#include "base/system_clock.h"
#include "quote/collateral/replace.h"
#include "quote/source/fetch/cache.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPORTS_MAX = 8 };

static struct vendors *v;
static size_t told_count;
static struct assay_round_report told[REPORTS_MAX];
static uint8_t offer[VENDORS_BYTES_MAX]; /* the last one */
static size_t offer_len;

static void set_up(void)
{
    v = vendors_open();
}

static void tear_down(void)
{
    vendors_close(v);
}

TestSuite(net_round, .init = set_up, .fini = tear_down);

static void on_report(void *context, const struct assay_round_report *report)
{
    cr_assert_eq(context, &told_count);
    cr_assert_lt(told_count, REPORTS_MAX);
    told[told_count++] = *report;
    cr_expect_eq(report->offer.len > 0, report->result == ASSAY_ROUND_NEWER);
    if (report->offer.len == 0) return;
    offer_len = report->offer.len;
    assay_bytes_copy(offer, sizeof offer, report->offer.bytes, report->offer.len);
}

static void run(void)
{
    told_count = offer_len = 0;
    cr_assert_eq(assay_round_run(&v->config, &v->set, v->at_unix_s, on_report, &told_count),
                 ASSAY_OK);
}

/* The one report about a root. */
static const struct assay_round_report *of(const uint8_t *root)
{
    const struct assay_round_report *found = NULL;
    for (size_t i = 0; i < told_count; i++) {
        if (!assay_bytes_equal(told[i].root, root, ASSAY_SHA256_LEN)) continue;
        cr_assert_null(found, "told twice");
        found = &told[i];
    }
    cr_assert_not_null(found);
    return found;
}

static void expect(const uint8_t *root, enum assay_round_result result, const char *what)
{
    run();
    const struct assay_round_report *const report = of(root);
    cr_expect_eq(report->result, result, "%s: %d, %s, %s of %s", what, report->result,
                 report->message, assay_renewal_fault_name(report->renewal.fault),
                 report->renewal.piece);
    if (result == ASSAY_ROUND_UNREACHABLE) cr_expect_neq(report->message[0], '\0', "%s", what);
}

Test(net_round, what_is_in_force_everywhere_is_known)
{
    expect(v->soft_name, ASSAY_ROUND_KNOWN, "documents");
    expect(v->root_name, ASSAY_ROUND_KNOWN, "a list");
}

Test(net_round, newer_documents_become_an_offer_that_may_follow)
{
    vendors_publish(v, 1, 5);
    expect(v->soft_name, ASSAY_ROUND_NEWER, "nine days later");
    cr_expect_eq(of(v->soft_name)->renewal.kind, ASSAY_RENEWAL_SAME_NUMBER);
    struct assay_renewal again;
    cr_assert_eq(assay_round_judge(&v->set, assay_slice_over(offer, offer_len), v->at_unix_s,
                                   &again),
                 ASSAY_OK);
    cr_expect_eq(again.kind, ASSAY_RENEWAL_SAME_NUMBER);
    vendors_publish(v, 1, 6);
    expect(v->soft_name, ASSAY_ROUND_NEWER, "a recovery");
    cr_expect_eq(of(v->soft_name)->renewal.kind, ASSAY_RENEWAL_HIGHER_NUMBER);
    cr_expect_eq(of(v->soft_name)->renewal.number_offered, 6);
}

/* The second family of the vendor is not served: the first one is offered alone. */
Test(net_round, each_family_stands_or_falls_alone)
{
    static struct assay_collateral second;
    char part[ASSAY_ROUND_PART_LEN];
    const size_t first = assay_endorsement_has_documents(&v->built.entries[0]) ? 0 : 1;
    second = *v->built.entries[first].collateral;
    second.tcb_info.fmspc[0] ^= 0x0f;
    v->built.entries[2] = v->built.entries[first];
    v->built.entries[2].collateral = &second;
    v->built.count = 3;
    v->config.list_count = 0;
    vendors_publish(v, 1, 5);
    run();
    cr_assert_eq(told_count, 2);
    cr_expect_eq(told[0].result, ASSAY_ROUND_NEWER);
    cr_expect_eq(told[1].result, ASSAY_ROUND_UNREACHABLE);
    cr_expect_str_neq(told[0].part, told[1].part);
    assay_round_part(&v->built.entries[first], part);
    cr_expect_str_eq(told[0].part, part);
    cr_expect_str_eq(part + sizeof "sgx-000000000000-" - 1, "platform");
    cr_expect_arr_eq(part, "sgx-", 4);
}

Test(net_round, a_newer_list_becomes_an_offer_that_may_follow)
{
    vendors_list(v, 1, 8);
    expect(v->root_name, ASSAY_ROUND_NEWER, "nine days later");
    cr_expect_eq(of(v->root_name)->renewal.kind, ASSAY_RENEWAL_SAME_NUMBER);
}

Test(net_round, a_mirror_of_amd_has_lists_under_amds_paths)
{
    v->config.list_count = 0;
    v->config.amd.mode = ASSAY_ROUND_URL;
    (void)snprintf(v->config.amd.url, sizeof v->config.amd.url, "%s", v->pccs->base_url);
    vendors_list(v, 1, 8);
    expect(v->root_name, ASSAY_ROUND_NEWER, "nine days later");
    cr_expect_eq(server_hits(v->pccs->server, VENDORS_KDS), 1);
}

Test(net_round, who_offers_something_older_is_refused)
{
    vendors_publish(v, 1, 4);
    expect(v->soft_name, ASSAY_ROUND_REFUSED, "a lower number");
    cr_expect_eq(of(v->soft_name)->renewal.fault, ASSAY_RENEWAL_BACKWARDS);
    cr_expect_str_eq(of(v->soft_name)->renewal.field, "tcbEvaluationDataNumber");
    vendors_publish(v, 20, 5);
    expect(v->soft_name, ASSAY_ROUND_REFUSED, "older dates");
    /* An older list never takes the place of the one in force. */
    vendors_list(v, 20, 6);
    expect(v->root_name, ASSAY_ROUND_KNOWN, "an older list");
}

Test(net_round, what_another_root_signed_is_not_offered)
{
    struct pccs *const other = pccs_start();
    (void)snprintf(v->config.intel.url, sizeof v->config.intel.url, "%s", other->base_url);
    assay_bytes_copy(other->world->ca.fmspc, 6, v->pccs->world->ca.fmspc, 6);
    world_publish(other->world);
    pccs_publish(other);
    expect(v->soft_name, ASSAY_ROUND_UNREACHABLE, "documents");
    pccs_stop(other);
    v->list.signer = authority_key_make(ASSAY_KEY_P384);
    vendors_list(v, 1, 8);
    expect(v->root_name, ASSAY_ROUND_REFUSED, "a list in the root's name");
    cr_expect_eq(of(v->root_name)->renewal.fault, ASSAY_RENEWAL_UNSOUND);
    struct authority_key *strange = (struct authority_key *)(uintptr_t)v->list.signer;
    authority_key_free(&strange);
}

Test(net_round, nobody_is_asked_who_was_not_named)
{
    v->config.intel.mode = ASSAY_ROUND_OFF;
    v->config.list_count = 0;
    run();
    cr_expect_eq(told_count, 0);
    v->config.intel.mode = v->config.amd.mode = ASSAY_ROUND_VENDOR;
    run(); /* neither root is the vendor's own */
    cr_expect_eq(told_count, 0);
    cr_expect_eq(v->pccs->server->hits, 0);
}

Test(net_round, what_is_announced_is_asked_for_as_well)
{
    char target[160];
    const char *const cut = strstr(v->pccs->tcb_target, "standard");
    cr_assert_not_null(cut);
    (void)snprintf(target, sizeof target, "%.*searly", (int)(cut - v->pccs->tcb_target),
                   v->pccs->tcb_target);
    v->config.early = true;
    run();
    cr_expect_eq(server_hits(v->pccs->server, v->pccs->tcb_target), 1);
    cr_expect_geq(v->pccs->server->hits, 6, "%u", v->pccs->server->hits);
    cr_expect_eq(told_count, 3, "standard, announced, the list");
    cr_expect_eq(told[0].result == ASSAY_ROUND_KNOWN || told[1].result == ASSAY_ROUND_KNOWN, true);
}

/* ------------------------------------------------------------ hostile */

/* The list's server does this; the documents' server, the same program, goes on as it was. */
static void misbehave(struct server_reply reply, const char *what)
{
    server_clear(v->pccs->server, VENDORS_LIST);
    server_add(v->pccs->server, VENDORS_LIST, reply);
    expect(v->root_name, ASSAY_ROUND_UNREACHABLE, what);
    cr_expect_eq(of(v->soft_name)->result, ASSAY_ROUND_NEWER, "%s: the other was not asked", what);
}

Test(net_round, one_server_that_misbehaves_keeps_no_other_from_being_asked)
{
    static uint8_t filler[65536];
    char location[160];
    struct server_reply reply = { .status = 200, .body = assay_slice_over(filler, sizeof filler) };
    vendors_publish(v, 1, 5);
    reply.manner = SERVER_UNBOUNDED;
    misbehave(reply, "an endless body");
    reply.manner = SERVER_TRUNCATED;
    misbehave(reply, "half a body");
    reply.manner = SERVER_HANGS_UP;
    misbehave(reply, "no answer");
    reply = server_text("<html><body>Please log in</body></html>");
    reply.headers = "Content-Type: text/html\r\n";
    misbehave(reply, "a portal");
    misbehave(server_text(""), "nothing");
    reply.status = 500;
    misbehave(reply, "a broken server");
    reply.status = 404;
    misbehave(reply, "no such thing");
    const unsigned hits = server_hits(v->pccs->server, VENDORS_KDS);
    (void)snprintf(location, sizeof location, "Location: %s\r\n",
                   server_url(v->pccs->server, VENDORS_KDS));
    reply = (struct server_reply){ .status = 302, .headers = location };
    misbehave(reply, "a redirect");
    cr_expect_eq(server_hits(v->pccs->server, VENDORS_KDS), hits, "it was followed");
}

Test(net_round, an_answer_that_drips_is_given_up)
{
    static uint8_t filler[4096];
    vendors_publish(v, 1, 5);
    v->config.fetch.attempt_timeout_ms = 200;
    v->pccs->server->slow_ms = 3000;
    const uint64_t before = assay_monotonic_ms();
    misbehave((struct server_reply){ .status = 200,
                                     .body = assay_slice_over(filler, sizeof filler),
                                     .manner = SERVER_SLOW },
              "half a body, then nothing");
    cr_expect_lt(assay_monotonic_ms() - before, 20000);
}

/* Contents decide, whatever the server calls them. */
Test(net_round, a_wrong_content_type_is_no_fault_of_the_contents)
{
    v->list.from_s += 5 * VENDORS_DAY;
    v->list.to_s += 5 * VENDORS_DAY;
    v->list.number = 9;
    const size_t len = authority_crl_make(&v->list, v->lists[1]);
    server_clear(v->pccs->server, VENDORS_LIST);
    server_add(v->pccs->server, VENDORS_LIST,
               (struct server_reply){ .status = 200,
                                      .headers = "Content-Type: text/html\r\n",
                                      .body = assay_slice_over(v->lists[1], len) });
    expect(v->root_name, ASSAY_ROUND_NEWER, "as text/html");
}

Test(net_round, a_round_that_is_stopped_says_nothing)
{
    const atomic_bool stop = true;
    v->config.fetch.stop = &stop;
    run();
    cr_expect_eq(told_count, 0);
}

Test(net_round, judges_bytes_from_elsewhere)
{
    struct assay_renewal renewal;
    cr_expect_eq(assay_round_judge(&v->set, v->set.bytes, v->at_unix_s, &renewal), ASSAY_OK);
    cr_expect_eq(renewal.fault, ASSAY_RENEWAL_ROOT, "a whole set is no offer");
    cr_expect_neq(assay_round_judge(&v->set, assay_slice_over("garbage", 7), v->at_unix_s,
                                    &renewal),
                  ASSAY_OK);
    cr_expect_neq(assay_round_judge(&v->set, assay_slice_over("", 0), v->at_unix_s, &renewal),
                  ASSAY_OK);
}
