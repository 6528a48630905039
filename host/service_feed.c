/*
 * host/service_feed.c - passing of service records and epoch closes on, in chain order.
 */
#include "host/service_feed.h"

#include "base/assert.h"
#include "engine/engine.h"
#include "engine/ledger/state/services.h"
#include "host/services.h"

/* The epoch that closed last. previous: the close before, NULL when it is unknown: then no
 * member counts as renewed. */
static void read_epoch(struct assay_service_feed *feed, const struct assay_engine *engine,
                       const struct assay_services_snapshot *now,
                       const struct assay_service_epoch *previous)
{
    ASSAY_ASSERT(now->epoch > 0);
    struct assay_engine_snapshot e;
    struct assay_service_epoch *const last = &feed->last;
    assay_engine_snapshot(engine, &e);
    *last = (struct assay_service_epoch){ .era = now->era, .epoch = now->epoch - 1 };
    assay_bytes_copy(last->beacon, 32, now->beacon, 32);
    assay_engine_service_members(engine, feed->members);
    last->members = assay_host_services_members(feed->members, e.member_count, last->member);
    last->other_weight = assay_host_services_other_weight(feed->members, e.member_count);
    ASSAY_ASSERT(last->members <= ASSAY_REGISTRY_SLOTS_MAX);
    for (uint32_t i = 0; i < last->members; i++) {
        struct assay_member_snapshot one;
        assay_engine_member_snapshot(engine, (uint16_t)i, &one);
        if (one.stage != ASSAY_STAGE_LEFT) assay_bytes_copy(last->node_id[i], 32, one.node_id, 32);
        /* As the ledger has it: a slot that a member left is renewed at each close. */
        last->member[i].renewed =
            previous != NULL && (i >= previous->members || one.stage == ASSAY_STAGE_LEFT ||
                                 !assay_bytes_equal(previous->node_id[i], last->node_id[i], 32));
    }
}

static void pass_records(struct assay_service_feed *feed, const struct assay_service_log *log,
                         const struct assay_service_feed_callbacks *to)
{
    ASSAY_ASSERT(feed->begun && log != NULL);
    struct assay_service_entry entry;
    while (assay_services_log_next(log, &feed->at, &entry))
        to->record(to->context, entry.slot, (enum assay_service_kind)entry.kind, entry.payload);
}

static void start_feed(struct assay_service_feed *feed, const struct assay_engine *engine,
                       const struct assay_services_snapshot *now,
                       const struct assay_service_feed_callbacks *to)
{
    read_epoch(feed, engine, now, NULL);
    feed->begun = true;
    feed->epoch = now->epoch;
    feed->at = 0;
    to->reset(to->context, now->registry, &feed->last);
    pass_records(feed, now->log, to);
    to->ready(to->context);
}

/* The remaining records of the epoch, and its close. */
static void pass_close(struct assay_service_feed *feed, const struct assay_engine *engine,
                       const struct assay_services_snapshot *now,
                       const struct assay_service_feed_callbacks *to)
{
    ASSAY_ASSERT(feed->begun && now->epoch == feed->epoch + 1);
    const struct assay_service_epoch previous = feed->last;
    pass_records(feed, now->closed, to);
    read_epoch(feed, engine, now, &previous);
    feed->epoch = now->epoch;
    feed->at = 0;
    to->closed(to->context, now->registry, &feed->last);
}

void assay_host_service_feed_step(struct assay_service_feed *feed,
                                  const struct assay_engine *engine,
                                  const struct assay_service_feed_callbacks *callbacks)
{
    ASSAY_ASSERT(feed->members != NULL);
    struct assay_services_snapshot now;
    assay_engine_services(engine, &now);
    if (now.registry == NULL) return;
    const bool gap = now.epoch < feed->epoch || now.epoch > feed->epoch + 1;
    if (!feed->begun || gap || now.era != feed->last.era) {
        start_feed(feed, engine, &now, callbacks);
        return;
    }
    if (now.epoch == feed->epoch + 1) pass_close(feed, engine, &now, callbacks);
    pass_records(feed, now.log, callbacks);
}
