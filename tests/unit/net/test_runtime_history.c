/*
 * tests/unit/net/test_runtime_history.c - tests of retained epochs.
 *
 * What is kept of closed epochs: bounded, however long the network runs.
 */
#include "engine/store/store_memory.h"
#include "net/runtime/runtime_internal.h"
#include "net/timeline/history.h"

#include <criterion/criterion.h>

enum { SLOTS = 2 };

static struct assay_runtime host; /* large */
static struct assay_genesis genesis;

static void open_host(uint32_t epoch_ms)
{
    genesis = (struct assay_genesis){ .parameters.epoch_ms = epoch_ms };
    host = (struct assay_runtime){ .config.genesis = &genesis };
    cr_assert_eq(assay_store_memory_create(&host.config.store), ASSAY_OK);
}

static void close_epoch(uint64_t epoch)
{
    const struct assay_history_row row = { .score_bp = (uint32_t)(epoch % 10000) };
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        const struct assay_store_key key = { .epoch = epoch, .number = slot };
        cr_assert_eq(runtime_history_append(&host, &key, &row), ASSAY_OK);
    }
    /* As runtime_history_save does, without the engine that it asks. */
    const uint64_t each = 3600000 / genesis.parameters.epoch_ms;
    host.history_hour = epoch / (each > 0 ? each : 1) + 1;
    if (epoch > runtime_history_full(&host))
        cr_assert_eq(assay_store_prune(host.config.store, ASSAY_STORE_SCORE, 0,
                                       epoch - runtime_history_full(&host)),
                     ASSAY_OK);
    cr_assert_eq(assay_store_commit(host.config.store), ASSAY_OK);
}

struct seen {
    uint64_t full, hours, oldest_full, oldest_hour;
};

static bool see(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct seen *seen = context;
    struct assay_history_row row;
    uint32_t era = 0;
    uint64_t epoch = 0;
    if (key->era != ASSAY_HISTORY_ERA) {
        seen->full++;
        if (key->epoch < seen->oldest_full) seen->oldest_full = key->epoch;
        return true;
    }
    cr_assert_eq(assay_history_hour_decode(value, &era, &epoch, &row), ASSAY_OK);
    cr_assert_eq(row.score_bp, epoch % 10000);
    seen->hours++;
    if (epoch < seen->oldest_hour) seen->oldest_hour = epoch;
    return true;
}

static struct seen look(void)
{
    struct seen seen = { .oldest_full = UINT64_MAX, .oldest_hour = UINT64_MAX };
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    cr_assert_eq(
        assay_store_scan(host.config.store, ASSAY_STORE_SCORE, &from, &to, false, see, &seen),
        ASSAY_OK);
    return seen;
}

Test(net_runtime_history, a_day_in_full_and_a_month_by_the_hour)
{
    enum { DAY = 24, HOURS = 24 * 60 };
    open_host(900 * 1000); /* four an hour */
    for (uint64_t e = 1; e <= 4 * 24 * 40; e++)
        close_epoch(e);
    const struct seen seen = look();
    /* However few epochs a day has, as many stay as HTTP shows. */
    cr_expect_eq(runtime_history_full(&host), 256);
    cr_expect_eq(seen.full, SLOTS * (256 + 1));
    cr_expect_eq(seen.hours, SLOTS * ASSAY_HISTORY_HOURS);
    cr_expect_eq(seen.oldest_hour, 4 * (24 * 40 - ASSAY_HISTORY_HOURS + 1));
    assay_store_close(&host.config.store);
}

Test(net_runtime_history, a_day_of_minutes_and_no_more_than_was_asked_for)
{
    open_host(60 * 1000);
    cr_expect_eq(runtime_history_full(&host), 1440);
    host.config.history_epochs = 100;
    cr_expect_eq(runtime_history_full(&host), 100);
    genesis.parameters.epoch_ms = 250;
    host.config.history_epochs = 0;
    cr_expect_eq(runtime_history_full(&host), RUNTIME_HISTORY_EPOCHS);
    assay_store_close(&host.config.store);
}

/* Catching up closes many epochs in one go, and only the last is written. */
Test(net_runtime_history, an_hour_is_kept_by_whatever_epoch_of_it_is_closed_first)
{
    open_host(60 * 1000);
    close_epoch(61);
    close_epoch(62);
    close_epoch(190);
    close_epoch(239);
    close_epoch(240);
    const struct seen seen = look();
    cr_expect_eq(seen.hours, SLOTS * 3);
    cr_expect_eq(seen.oldest_hour, 61);
    assay_store_close(&host.config.store);
}
