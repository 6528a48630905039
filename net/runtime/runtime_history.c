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

static enum assay_status close_epoch(struct assay_runtime *runtime, uint32_t era, uint64_t epoch)
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

/* Score history for operators. Catching up closes many epochs in one step, but member snapshots
 * show only the last, so only that one is stored. */
enum assay_status runtime_history_save(struct assay_runtime *runtime, uint64_t epoch,
                                       const struct assay_engine_snapshot *snapshot)
{
    if (snapshot->epoch != epoch + 1) return ASSAY_OK;
    for (uint16_t slot = 0; slot < runtime->members; slot++) {
        struct assay_member_snapshot m;
        assay_engine_member_snapshot(runtime->engine, slot, &m);
        const struct assay_history_row row = {
            .incarnation = m.incarnation,
            .score_bp = assay_trust_score_bp(&m.trust),
            .integrity_bp = m.trust.integrity_bp,
            .availability_bp = m.trust.availability_bp,
            .standing = (uint32_t)m.trust.score.standing,
            .weight = m.weight,
            .positive_bp = m.positive_bp,
            .negative_bp = m.negative_bp,
            .electorate_bp = m.electorate_bp,
            .reason = m.change_reason,
            .certified = snapshot->certified,
            .unjudged_bp = m.unjudged_bp,
            .lo_bp = m.lo_bp,
            .hi_bp = m.hi_bp,
            .availability_rule = m.availability_rule,
            .orders = assay_history_orders(&m),
        };
        ASSAY_ASSERT(row.score_bp <= row.integrity_bp && row.score_bp <= row.availability_bp);
        ASSAY_ASSERT(row.score_bp <= ASSAY_SCORE_BP_MAX && row.lo_bp <= ASSAY_SCORE_BP_MAX);
        const struct assay_store_key key = { .era = snapshot->era, .epoch = epoch, .number = slot };
        ASSAY_TRY(runtime_history_append(runtime, &key, &row));
    }
    return close_epoch(runtime, snapshot->era, epoch);
}

/* docs/protocol.md 4.10: all members retain evidence for 8 epochs; scores are retained for a day.
 */
enum assay_status runtime_history_prune(struct assay_runtime *runtime, uint64_t epoch, uint32_t era)
{
    const uint64_t history = runtime_history_full(runtime);
    ASSAY_ASSERT(history > 0); /* else the rows of this epoch would go */
    struct assay_store *store = runtime->config.store;
    if (epoch > ASSAY_EVIDENCE_EPOCHS)
        ASSAY_TRY(
            store->ops->prune(store, ASSAY_STORE_EVIDENCE, era, epoch - ASSAY_EVIDENCE_EPOCHS));
    if (epoch > history)
        ASSAY_TRY(store->ops->prune(store, ASSAY_STORE_SCORE, era, epoch - history));
    return ASSAY_OK;
}
