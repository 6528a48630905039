/*
 * tests/integration/net/test_collateral.c - tests of collateral that a running node fetches.
 *
 * A real node beside the thread that asks for newer collateral: what is found becomes an event, and
 * nothing of it holds up the node.
 */
#include "tests/integration/net/network.h"

#include "net/fetch/fetcher.h"
#include "quote/collateral/offer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { EPOCH_MS = 600, START_MS = 300, PATIENCE_MS = 30000, LOG_MAX = 65536 };

static struct network *network;
static struct assay_fetcher *fetcher;
static char kept[PATH_MAX], log_path[PATH_MAX];
static char log_text[LOG_MAX];

static void set_up(void)
{
    network = network_make(1, EPOCH_MS, START_MS);
    (void)snprintf(kept, sizeof kept, "%.200s/kept", network->dir);
    (void)snprintf(log_path, sizeof log_path, "%.200s/log", network->dir);
    cr_assert_eq(mkdir(kept, 0700), 0);
}

static void tear_down(void)
{
    network_down(network, 0);
    assay_fetcher_destroy(&fetcher);
    network_free(&network);
}

TestSuite(net_collateral, .init = set_up, .fini = tear_down, .timeout = 600);

/* What was found before and kept: the next evaluation number of the first vendor. */
static void keep_recovery(void)
{
    static uint8_t bytes[ASSAY_SOFT_BUNDLE_MAX * 2];
    static struct assay_soft_bundle bundle;
    struct assay_soft_terms terms;
    char path[PATH_MAX + 128], name[2 * ASSAY_SHA256_LEN + 1];
    struct timespec now;
    uint8_t digest[ASSAY_SHA256_LEN];
    char part[ASSAY_ROUND_PART_LEN];
    cr_assert_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
    assay_soft_terms_default(&network->cas[0], &terms);
    terms.issue_unix_s = (int64_t)now.tv_sec - 60;
    terms.evaluation_number += 1;
    cr_assert_eq(assay_soft_collateral(&network->cas[0], &terms, &bundle), ASSAY_OK);
    struct assay_endorsement_files entry = { .root = assay_key_p256(network->cas[0].root_public),
                                             .kinds = network->endorsements.entries[0].kinds,
                                             .files = bundle.files };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_offer_encode(&entry, 1, &w), ASSAY_OK);
    assay_key_name(&entry.root, digest);
    assay_hex_encode(digest, sizeof digest, name, sizeof name);
    size_t at = 0; /* entries stand in the order of their roots */
    while (!assay_key_equal(&network->endorsements.entries[at].root, &entry.root))
        at += 1;
    assay_round_part(&network->endorsements.entries[at], part);
    (void)snprintf(path, sizeof path, "%.300s/%s-%s.offer", kept, name, part);
    FILE *const file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, w.len, file), w.len);
    cr_assert_eq(fclose(file), 0);
}

static void start(void)
{
    struct assay_fetcher_config config = {
        .round = { .intel = { .mode = ASSAY_ROUND_URL, .url = "http://127.0.0.1:1" },
                   .fetch = { .insecure_for_tests = true, .attempts_max = 1 } },
        .dir = kept,
        .every_s = ASSAY_FETCHER_EVERY_S_MAX,
        .first_ms = 1,
    };
    const struct assay_slice set = network->genesis.endorsements;
    cr_assert_eq(assay_fetcher_create(&config, set.bytes, set.len, &fetcher), ASSAY_OK);
    network->nodes[0].config.fetcher = fetcher;
    network->nodes[0].config.log_level = 2;
    cr_assert_not_null(freopen(log_path, "w", stderr));
    cr_assert(network_up(network, 0));
}

/* Has the log all of these words by now? */
static bool has_said(const struct network *unused, const void *context)
{
    const char *const *words = context;
    (void)unused;
    (void)fflush(stderr);
    FILE *const file = fopen(log_path, "r");
    if (file == NULL) return false;
    log_text[fread(log_text, 1, sizeof log_text - 1, file)] = '\0';
    (void)fclose(file);
    for (; *words != NULL; words++)
        if (strstr(log_text, *words) == NULL) return false;
    return true;
}

Test(net_collateral, what_was_found_and_who_did_not_answer_are_events)
{
    static const char *const words[] = { "event=collateral_newer", "recovery=true",
                                         "kept_from_before=true", "event=collateral_unreachable",
                                         "event=epoch_closed", NULL };
    keep_recovery();
    start();
    cr_assert(network_run(network, PATIENCE_MS, has_said, words), "%s", log_text);
}

/* A vendor whose documents end within minutes: half of what remained at the genesis is gone. */
Test(net_collateral, what_grows_old_or_has_ended_is_an_event)
{
    static const char *const half[] = { "event=collateral_age", "age=half",
                                        "expires_first=", NULL };
    static const char *const ended[] = { "event=collateral_age", "age=ended", "level=error", NULL };
    network_free(&network);
    network = network_make(1, EPOCH_MS, -20000);
    (void)snprintf(log_path, sizeof log_path, "%.200s/log", network->dir);
    struct assay_collateral *const c = &network->collateral[0];
    const int64_t now_s = (int64_t)network->genesis.time_ms / 1000;
    c->windows[0].is_list = false;
    c->windows[0].from_unix_s = now_s - 100;
    c->windows[0].to_unix_s = now_s + 32; /* half of it is gone since four seconds */
    network->nodes[0].config.log_level = 2;
    cr_assert_not_null(freopen(log_path, "w", stderr));
    cr_assert(network_up(network, 0));
    cr_assert(network_run(network, PATIENCE_MS, has_said, half), "%s", log_text);
    network_down(network, 0);
    c->windows[0].to_unix_s = now_s + 5;
    cr_assert(network_up(network, 0));
    cr_assert(network_run(network, PATIENCE_MS, has_said, ended), "%s", log_text);
}
