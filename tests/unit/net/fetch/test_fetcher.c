/*
 * tests/unit/net/fetch/test_fetcher.c - the thread that asks, what it keeps, and how it ends.
 */
#include "net/fetch/fetcher.h"

#include "base/file/file.h"
#include "base/system_clock.h"
#include "quote/source/fetch/cache.h"
#include "tests/unit/net/fetch/vendors.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct vendors *v;
static struct folder folder;
static struct assay_fetcher *fetcher;
static struct assay_fetcher_config config;
static char kept_path[512];

static int64_t now_unix_s(void *context)
{
    return ((struct vendors *)context)->at_unix_s;
}

static void set_up(void)
{
    char name[2 * ASSAY_SHA256_LEN + 1];
    v = vendors_open();
    folder = folder_make();
    config = (struct assay_fetcher_config){ .round = v->config,
                                            .dir = folder.path,
                                            .every_s = ASSAY_FETCHER_EVERY_S_MAX,
                                            .first_ms = 1,
                                            .now_unix_s = now_unix_s,
                                            .context = v };
    assay_hex_encode(v->soft_name, sizeof v->soft_name, name, sizeof name);
    const bool is_first = assay_endorsement_has_documents(&v->built.entries[0]);
    char part[ASSAY_ROUND_PART_LEN];
    assay_round_part(&v->built.entries[is_first ? 0 : 1], part);
    (void)snprintf(kept_path, sizeof kept_path, "%s/%s-%s.offer", folder.path, name, part);
}

static void tear_down(void)
{
    assay_fetcher_destroy(&fetcher);
    folder_remove(&folder);
    vendors_close(v);
}

TestSuite(net_fetcher, .init = set_up, .fini = tear_down, .timeout = 600);

static void start(void)
{
    cr_assert_eq(assay_fetcher_create(&config, v->bytes, v->len, &fetcher), ASSAY_OK);
}

/* The next report about the vendor with documents, or with a list alone; others are let go. */
static void await(const uint8_t *root, struct assay_fetcher_found *found)
{
    for (;;) {
        struct pollfd fd = { .fd = assay_fetcher_fd(fetcher), .events = POLLIN };
        if (!assay_fetcher_next(fetcher, found)) {
            cr_assert_eq(poll(&fd, 1, 30000), 1, "no report");
            continue;
        }
        if (assay_bytes_equal(found->report.root, root, ASSAY_SHA256_LEN)) return;
        assay_fetcher_found_free(found);
    }
}

/* What a round says of it. */
static enum assay_round_result result_of(const uint8_t *root)
{
    struct assay_fetcher_found found;
    await(root, &found);
    const enum assay_round_result result = found.report.result;
    assay_fetcher_found_free(&found);
    return result;
}

Test(net_fetcher, reports_and_keeps_what_may_follow)
{
    struct assay_fetcher_found found;
    uint8_t *kept = NULL;
    size_t len = 0;
    vendors_publish(v, 1, 5);
    start();
    await(v->soft_name, &found);
    cr_assert_eq(found.report.result, ASSAY_ROUND_NEWER);
    cr_expect_not(found.was_kept);
    cr_expect_not(found.is_unkept);
    cr_assert_eq(assay_file_read(kept_path, VENDORS_BYTES_MAX, &kept, &len), ASSAY_OK);
    cr_assert_eq(len, found.report.offer.len);
    cr_expect_arr_eq(kept, found.report.offer.bytes, len);
    free(kept);
    assay_fetcher_found_free(&found);
    cr_expect_eq(result_of(v->root_name), ASSAY_ROUND_KNOWN);
}

Test(net_fetcher, what_was_kept_is_told_before_anybody_is_asked)
{
    struct assay_fetcher_found found;
    vendors_publish(v, 1, 5);
    start();
    cr_assert_eq(result_of(v->soft_name), ASSAY_ROUND_NEWER);
    assay_fetcher_destroy(&fetcher);
    config.round.intel.mode = ASSAY_ROUND_OFF;
    start();
    await(v->soft_name, &found);
    cr_expect_eq(found.report.result, ASSAY_ROUND_NEWER);
    cr_expect(found.was_kept);
    cr_expect_eq(found.report.renewal.kind, ASSAY_RENEWAL_SAME_NUMBER);
    assay_fetcher_found_free(&found);
}

Test(net_fetcher, what_came_into_force_is_known_from_then_on)
{
    struct assay_fetcher_found found;
    static uint8_t bytes[VENDORS_BYTES_MAX];
    vendors_publish(v, 1, 5);
    start();
    await(v->soft_name, &found);
    static struct assay_collateral collateral[2];
    struct assay_endorsements built;
    cr_assert_eq(assay_endorsements_read(found.report.offer.bytes, found.report.offer.len,
                                         collateral, 2, &built),
                 ASSAY_OK);
    const struct assay_collateral_set offer = { found.report.offer, &built };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_collateral_replace(&v->set, &offer, &w), ASSAY_OK);
    assay_fetcher_found_free(&found);
    cr_assert_eq(assay_fetcher_in_force(fetcher, bytes, w.len), ASSAY_OK);
    assay_fetcher_wake(fetcher);
    cr_expect_eq(result_of(v->soft_name), ASSAY_ROUND_KNOWN);
    /* And the file from before is no news at the next start. */
    assay_fetcher_destroy(&fetcher);
    vendors_in_force(v, bytes, w.len);
    start();
    await(v->soft_name, &found);
    cr_expect_not(found.was_kept);
    cr_expect_eq(found.report.result, ASSAY_ROUND_KNOWN);
    assay_fetcher_found_free(&found);
    cr_expect_neq(assay_fetcher_in_force(fetcher, bytes, w.len - 1), ASSAY_OK);
}

Test(net_fetcher, a_recovery_that_was_kept_is_not_lost_to_a_renewal)
{
    uint8_t *kept = NULL;
    size_t len = 0;
    struct assay_renewal renewal;
    vendors_publish(v, 2, 6);
    start();
    cr_assert_eq(result_of(v->soft_name), ASSAY_ROUND_NEWER);
    vendors_publish(v, 1, 5);
    assay_fetcher_wake(fetcher);
    cr_assert_eq(result_of(v->soft_name), ASSAY_ROUND_NEWER);
    cr_assert_eq(assay_file_read(kept_path, VENDORS_BYTES_MAX, &kept, &len), ASSAY_OK);
    cr_assert_eq(assay_round_judge(&v->set, assay_slice_over(kept, len), v->at_unix_s, &renewal),
                 ASSAY_OK);
    cr_expect_eq(renewal.kind, ASSAY_RENEWAL_HIGHER_NUMBER);
    free(kept);
}

Test(net_fetcher, ends_soon_whatever_a_server_does)
{
    static uint8_t filler[4096];
    v->pccs->server->slow_ms = 8000;
    server_clear(v->pccs->server, v->pccs->tcb_target);
    server_add(v->pccs->server, v->pccs->tcb_target,
               (struct server_reply){ .status = 200,
                                      .body = assay_slice_over(filler, sizeof filler),
                                      .manner = SERVER_SLOW });
    start();
    while (v->pccs->server->hits == 0)
        (void)assay_fetch_wait(10, 0);
    const uint64_t before = assay_monotonic_ms();
    assay_fetcher_destroy(&fetcher);
    cr_expect_lt(assay_monotonic_ms() - before, 5000, "the answer takes eight seconds");
}

Test(net_fetcher, a_wait_between_attempts_ends_as_well)
{
    server_clear(v->pccs->server, v->pccs->tcb_target);
    server_add(v->pccs->server, v->pccs->tcb_target,
               (struct server_reply){ .status = 503, .headers = "Retry-After: 30\r\n" });
    start();
    while (v->pccs->server->hits == 0)
        (void)assay_fetch_wait(10, 0);
    (void)assay_fetch_wait(200, 0);
    const uint64_t before = assay_monotonic_ms();
    assay_fetcher_destroy(&fetcher);
    cr_expect_lt(assay_monotonic_ms() - before, 5000);
}

Test(net_fetcher, a_folder_that_is_gone_is_told)
{
    struct assay_fetcher_found found;
    char missing[600];
    (void)snprintf(missing, sizeof missing, "%s/kept", folder.path);
    config.dir = missing;
    config.first_ms = 300;
    vendors_publish(v, 1, 5);
    start();
    cr_assert_eq(rmdir(missing), 0, "it was made");
    await(v->soft_name, &found);
    cr_expect_eq(found.report.result, ASSAY_ROUND_NEWER);
    cr_expect(found.is_unkept);
    assay_fetcher_found_free(&found);
}

Test(net_fetcher, reports_that_nobody_takes_are_bounded)
{
    start();
    for (int round = 0; round < ASSAY_FETCHER_REPORTS_MAX / 2 + 8; round++) {
        const unsigned hits = server_hits(v->pccs->server, VENDORS_LIST);
        assay_fetcher_wake(fetcher);
        for (int i = 0; i < 1000 && server_hits(v->pccs->server, VENDORS_LIST) == hits; i++)
            (void)assay_fetch_wait(2, 0);
    }
    struct assay_fetcher_found found;
    size_t count = 0;
    while (assay_fetcher_next(fetcher, &found)) {
        assay_fetcher_found_free(&found);
        count += 1;
    }
    cr_expect_eq(count, ASSAY_FETCHER_REPORTS_MAX);
}

Test(net_fetcher, refuses_what_it_cannot_run_with)
{
    config.every_s = ASSAY_FETCHER_EVERY_S_MIN - 1;
    cr_expect_eq(assay_fetcher_create(&config, v->bytes, v->len, &fetcher), ASSAY_E_RANGE);
    config.every_s = ASSAY_FETCHER_EVERY_S_MAX + 1;
    cr_expect_eq(assay_fetcher_create(&config, v->bytes, v->len, &fetcher), ASSAY_E_RANGE);
    config.every_s = ASSAY_FETCHER_EVERY_S_MIN;
    cr_expect_neq(assay_fetcher_create(&config, v->bytes, v->len - 1, &fetcher), ASSAY_OK);
    config.dir = "/proc/nowhere";
    cr_expect_eq(assay_fetcher_create(&config, v->bytes, v->len, &fetcher), ASSAY_E_STORE);
    cr_expect_null(fetcher);
}

Test(net_fetcher, members_do_not_ask_in_step)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (uint64_t seed = 0; seed < 200; seed++)
        for (uint64_t round = 0; round < 5; round++) {
            const uint64_t ms = assay_fetcher_wait_ms(seed, round, 3600);
            cr_expect_geq(ms, 2700000);
            cr_expect_leq(ms, 4500000);
            if (ms < least) least = ms;
            if (ms > most) most = ms;
            cr_expect_eq(ms, assay_fetcher_wait_ms(seed, round, 3600));
        }
    cr_expect_lt(least, 2800000);
    cr_expect_gt(most, 4400000);
}
