/*
 * tests/unit/sim/test_world_link.c - the network model: its distributions have the means that they
 * say, losses and doubles come as often as they should, and the uplink takes its time.
 */
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>

enum { DRAWS = 200000 };

struct drawn {
    uint64_t mean_us, min_us, max_us, above_double; /* of 1000: longer than twice the mean */
};

static struct drawn draw(const struct assay_sim_link *link)
{
    struct assay_sim_random random = assay_sim_random_of(9, ASSAY_SIM_STREAM_LINK, 1, 2);
    struct drawn d = { .min_us = UINT64_MAX };
    uint64_t sum = 0;
    uint64_t above = 0;
    for (int i = 0; i < DRAWS; i++) {
        const uint64_t us = world_delay_us(link, &random);
        sum += us;
        if (us < d.min_us) d.min_us = us;
        if (us > d.max_us) d.max_us = us;
        above += us > 2000 * (uint64_t)link->delay_mean_ms;
    }
    d.mean_us = sum / DRAWS;
    d.above_double = above * 1000 / DRAWS;
    return d;
}

Test(sim_world_link, uniform_delays_fill_their_range)
{
    const struct assay_sim_link link = { .delay = ASSAY_SIM_DELAY_UNIFORM,
                                         .delay_min_ms = 10,
                                         .delay_max_ms = 30 };
    const struct drawn d = draw(&link);
    cr_assert(d.min_us >= 10000 && d.min_us < 10100 && d.max_us <= 30000 && d.max_us > 29900);
    cr_assert(d.mean_us > 19900 && d.mean_us < 20100, "%d us", (int)d.mean_us);
}

/* min + exponential of mean (mean - min): e^-2 of the exponential part above its double. */
Test(sim_world_link, exponential_delays_have_their_mean_and_their_tail)
{
    const struct assay_sim_link link = { .delay = ASSAY_SIM_DELAY_EXPONENTIAL,
                                         .delay_min_ms = 0,
                                         .delay_mean_ms = 20,
                                         .delay_max_ms = 60000 };
    const struct drawn d = draw(&link);
    cr_assert(d.mean_us > 19800 && d.mean_us < 20200, "%d us", (int)d.mean_us);
    cr_assert(d.above_double >= 132 && d.above_double <= 139, "%d of 1000, 135 expected",
              (int)d.above_double);
}

/* min / sqrt(u): the mean is 2 min, and a quarter lies above that. */
Test(sim_world_link, pareto_delays_have_a_heavy_tail)
{
    const struct assay_sim_link link = { .delay = ASSAY_SIM_DELAY_PARETO,
                                         .delay_min_ms = 10,
                                         .delay_mean_ms = 10,
                                         .delay_max_ms = 4000 };
    const struct drawn d = draw(&link);
    cr_assert_geq(d.min_us, 9999);
    cr_assert_leq(d.max_us, 4000000);
    cr_assert_gt(d.max_us, 1000000, "no tail");
    cr_assert(d.mean_us > 19000 && d.mean_us < 21000, "%d us", (int)d.mean_us);
    cr_assert(d.above_double >= 245 && d.above_double <= 255, "%d of 1000", (int)d.above_double);
}

/* --- whole links */

static struct assay_sim_world *quiet_world(void)
{
    const struct assay_sim_world_options options = { .seed = 2, .nodes = 2 };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    uint64_t at_us = 0;
    while (w->queue.count > 0)
        world_item_free(w, world_pop(&w->queue, &at_us));
    return w;
}

static size_t deliver_kind(struct assay_sim_world *w, int count, enum assay_message_kind kind)
{
    static const uint8_t bytes[100] = { 0 };
    const size_t before = w->queue.count;
    for (int i = 0; i < count; i++) {
        struct world_payload *payload = world_payload(w, bytes, sizeof bytes);
        world_deliver(w, 0, 1, kind, payload);
        world_payload_drop(w, payload);
    }
    return w->queue.count - before;
}

static size_t deliver_many(struct assay_sim_world *w, int count)
{
    return deliver_kind(w, count, ASSAY_MESSAGE_VOTE);
}

Test(sim_world_link, loses_and_doubles_as_often_as_it_should)
{
    struct assay_sim_world *w = quiet_world();
    w->link.loss_permille = 200;
    cr_assert(deliver_many(w, 10000) > 7850 && deliver_many(w, 10000) < 8150);
    w->link.loss_permille = 0;
    w->link.duplicate_permille = 300;
    const size_t doubled = deliver_many(w, 10000);
    cr_assert(doubled > 12850 && doubled < 13150, "%zu", doubled);
    cr_assert(w->count.lost > 3700 && w->count.lost < 4300);
    assay_sim_world_destroy(&w);
}

Test(sim_world_link, loses_one_kind_of_message_alone_where_it_is_told_to)
{
    static const struct {
        enum assay_sim_losing of;
        enum assay_message_kind kind;
    } rows[] = {
        { ASSAY_SIM_LOSING_PROPOSAL, ASSAY_MESSAGE_PROPOSAL },
        { ASSAY_SIM_LOSING_VOTE, ASSAY_MESSAGE_VOTE },
        { ASSAY_SIM_LOSING_CERTIFICATE, ASSAY_MESSAGE_CERTIFICATE },
        { ASSAY_SIM_LOSING_ENVELOPE, ASSAY_MESSAGE_ENVELOPE },
        { ASSAY_SIM_LOSING_RECORD, ASSAY_MESSAGE_RECORD },
        { ASSAY_SIM_LOSING_EVIDENCE, ASSAY_MESSAGE_EVIDENCE },
    };
    struct assay_sim_world *w = quiet_world();
    w->link.loss_permille = 1000;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        w->link.loss_of = rows[i].of;
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
            cr_expect_eq(deliver_kind(w, 10, rows[k].kind), i == k ? 0 : 10, "%zu, %zu", i, k);
    }
    w->link.loss_of = ASSAY_SIM_LOSING_ALL;
    cr_expect_eq(deliver_many(w, 10), 0);
    assay_sim_world_destroy(&w);
}

Test(sim_world_link, a_cut_link_carries_nothing_one_way)
{
    struct assay_sim_world *w = quiet_world();
    w->cut = calloc(4, 1);
    cr_assert_not_null(w->cut);
    w->cut[1] = 1; /* from 0 to 1 */
    cr_assert_eq(deliver_many(w, 10), 0);
    cr_assert(world_is_reachable(w, 1, 0));
    assay_sim_world_destroy(&w);
}

/* 140 bytes at 1000 kbit/s leave in 1.12 ms, one after the other. */
Test(sim_world_link, an_uplink_sends_one_message_after_the_other)
{
    struct assay_sim_world *w = quiet_world();
    w->link = (struct assay_sim_link){ .bandwidth_kbit_s = 1000 };
    cr_assert_eq(deliver_many(w, 3), 3);
    const uint64_t left_us[] = { 1120, 2240, 3360 };
    for (size_t i = 0; i < 3; i++) {
        uint64_t at_us = 0;
        world_item_free(w, world_pop(&w->queue, &at_us));
        cr_assert_eq(at_us, left_us[i]);
    }
    assay_sim_world_destroy(&w);
}

Test(sim_world_link, reordered_messages_come_later)
{
    struct assay_sim_world *w = quiet_world();
    w->link = (struct assay_sim_link){ .reorder_permille = 1000, .reorder_ms = 25 };
    cr_assert_eq(deliver_many(w, 1), 1);
    cr_assert_eq(world_next_us(&w->queue), 25000);
    assay_sim_world_destroy(&w);
}

/* --- the queue */

Test(sim_world_link, the_queue_is_in_order_of_time_and_then_of_arrival)
{
    struct assay_sim_world *w = quiet_world();
    struct assay_sim_random random = assay_sim_random_of(1, ASSAY_SIM_STREAM_CLOCK, 0, 0);
    for (uint64_t i = 0; i < 20000; i++) {
        struct item *item = world_item(w, 0, ITEM_SCHEDULE);
        item->number = i;
        world_push(w, item, assay_sim_random_below(&random, 500));
    }
    uint64_t last_us = 0;
    uint64_t last = 0;
    while (w->queue.count > 0) {
        uint64_t at_us = 0;
        struct item *item = world_pop(&w->queue, &at_us);
        cr_assert_geq(at_us, last_us);
        if (at_us == last_us && last > 0) cr_assert_gt(item->number, last);
        last = item->number;
        last_us = at_us;
        world_item_free(w, item);
    }
    assay_sim_world_destroy(&w);
}
