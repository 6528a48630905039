/*
 * net/runtime/runtime_history.c - score history of closed epochs: complete for a day, hourly for a
 * month.
 */
#include "net/runtime/runtime_internal.h"

#include "base/checked.h"
#include "net/timeline/history.h"

enum { DAY_EPOCHS_MIN = 256 }; /* what HTTP shows, however long an epoch is */

uint64_t runtime_history_full(const struct assay_runtime *runtime)
{
    const uint64_t epoch_ms = runtime->config.genesis->parameters.epoch_ms;
    ASSAY_ASSERT(epoch_ms > 0);
    const uint64_t day = (uint64_t)ASSAY_HISTORY_DAY_S * 1000 / epoch_ms;
    const uint64_t most = runtime->config.history_epochs > 0 ? runtime->config.history_epochs
                                                             : RUNTIME_HISTORY_EPOCHS;
    return assay_min_u64(most, assay_max_u64(day, DAY_EPOCHS_MIN));
}

static uint64_t hour_of(const struct assay_runtime *runtime, uint64_t epoch)
{
    return assay_history_hour(runtime->config.genesis->parameters.epoch_ms, epoch);
}

/* Places are used in a circle: behind the hour that closed last is the oldest. */
uint64_t runtime_history_oldest(const struct assay_runtime *runtime)
{
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(runtime->engine, &snapshot);
    ASSAY_ASSERT(snapshot.epoch > 0);
    return (hour_of(runtime, snapshot.epoch - 1) + 1) % ASSAY_HISTORY_HOURS;
}

enum assay_status runtime_history_append(struct assay_runtime *runtime,
                                         const struct assay_store_key *key,
                                         const struct assay_history_row *row)
{
    ASSAY_ASSERT(key->era != ASSAY_HISTORY_ERA);
    uint8_t bytes[ASSAY_HISTORY_ROW_MAX + 32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice value = { 0 };
    struct assay_store *store = runtime->config.store;
    ASSAY_TRY(assay_history_encode(row, &w));
    ASSAY_TRY(assay_writer_finish(&w, &value));
    ASSAY_TRY(store->ops->put(store, ASSAY_STORE_SCORE, key, value));
    /* The first close of an hour stands for it: its epochs are not closed one by one by a node that
     * catches up. */
    const uint64_t hour = hour_of(runtime, key->epoch);
    if (runtime->history_hour == hour + 1) return ASSAY_OK;
    const struct assay_store_key place = { .era = ASSAY_HISTORY_ERA,
                                           .epoch = hour % ASSAY_HISTORY_HOURS,
                                           .number = key->number };
    w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_TRY(assay_history_hour_encode(key->era, key->epoch, row, &w));
    ASSAY_TRY(assay_writer_finish(&w, &value));
    return store->ops->put(store, ASSAY_STORE_SCORE, &place, value);
}

enum assay_status runtime_history_on_epoch_closed(struct assay_runtime *runtime, uint32_t era,
                                                  uint64_t epoch)
{
    uint8_t bytes[64];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice value = { 0 };
    struct assay_store *store = runtime->config.store;
    const struct assay_snapshot *s = runtime_snapshot(runtime);
    const struct assay_history_tolerance tolerance = {
        .total_weight = s->chain.total_weight,
        .members_stop = s->margin.members_stop,
        .members_break = s->margin.members_break,
        .largest_operator_bp = s->chain.largest_operator_bp,
        .largest_vendor_bp = s->chain.largest_vendor_bp,
        .largest_platform_bp = s->chain.largest_platform_bp,
    };
    const struct assay_store_key key = { .era = era,
                                         .epoch = epoch,
                                         .number = ASSAY_HISTORY_TOLERANCE };
    runtime->history_hour = hour_of(runtime, epoch) + 1;
    ASSAY_TRY(assay_history_tolerance_encode(&tolerance, &w));
    ASSAY_TRY(assay_writer_finish(&w, &value));
    return store->ops->put(store, ASSAY_STORE_SCORE, &key, value);
}
