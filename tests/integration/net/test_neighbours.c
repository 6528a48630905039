/*
 * tests/integration/net/test_neighbours.c - real hosts that keep links to neighbours alone
 * (docs/protocol.md 4.12.1): as in a large network, with the number lowered above which it is so.
 */
#include "tests/integration/net/network.h"

#include "net/runtime/runtime_internal.h"

#include <criterion/criterion.h>

enum { NODES = 10, ABOVE = 6, DEGREE = 3, EPOCH_MS = 2000, START_MS = 500, PATIENCE_MS = 90000 };

static bool all_past(const struct network *network, const void *context)
{
    const uint64_t epoch = *(const uint64_t *)context;
    for (uint32_t i = 0; i < network->count; i++)
        if (network->nodes[i].host != NULL && network_epoch(network, i) <= epoch) return false;
    return true;
}

/* A busy machine may have lost a link a moment ago. */
static bool all_linked(const struct network *network, const void *context)
{
    (void)context;
    for (uint32_t i = 0; i < network->count; i++) {
        struct assay_overlay_figures figures;
        assay_overlay_get_figures(network->nodes[i].host->driver.overlay, &figures);
        if (figures.outbound + figures.inbound < 2) return false;
    }
    return true;
}

static struct network *ten_up(uint32_t above)
{
    struct network *network = network_make(NODES, EPOCH_MS, START_MS);
    for (uint32_t i = 0; i < NODES; i++) {
        network->nodes[i].config.overlay_above = above;
        network->nodes[i].config.overlay_degree = DEGREE;
        cr_assert(network_up(network, i));
    }
    return network;
}

static uint32_t links_of(const struct assay_runtime *host)
{
    uint32_t links = 0;
    for (uint16_t slot = 0; slot < NODES; slot++)
        links += assay_transport_has_peer(host->link, slot);
    return links;
}

static void expect_full(const struct network *network, uint32_t by, uint32_t about)
{
    struct assay_member_snapshot member;
    network_look(network, by, about, &member);
    cr_expect_eq(member.trust.score.standing, ASSAY_STANDING_FULL, "%u of %u", by, about);
    cr_expect_eq(assay_trust_score_bp(&member.trust), 10000, "%u of %u", by, about);
}

Test(net_neighbours, everybody_is_heard_of_over_a_few_links, .timeout = 600)
{
    struct network *network = ten_up(ABOVE);
    const uint64_t epoch = 4;
    uint32_t links = 0;
    cr_assert(network_run(network, PATIENCE_MS, all_past, &epoch));
    cr_assert(network_run(network, PATIENCE_MS, all_linked, NULL), "two links of each");
    for (uint32_t i = 0; i < NODES; i++) {
        struct assay_runtime *host = network->nodes[i].host;
        const struct assay_snapshot *seen = runtime_snapshot(host);
        struct assay_overlay_figures figures;
        cr_assert(runtime_overlay_is_used(host) && seen->has_neighbours);
        assay_overlay_get_figures(host->driver.overlay, &figures);
        cr_expect_leq(figures.outbound + figures.inbound + figures.asked, 2 * DEGREE + 1);
        const uint32_t near = figures.outbound + figures.inbound + figures.asked;
        cr_expect_leq(links_of(host), near + figures.transient_links + 2, "node %u", i);
        links += links_of(host);
        cr_expect_geq(seen->chain.certified_epoch, 2);
        for (uint32_t k = 0; k < NODES; k++) {
            expect_full(network, i, k);
            cr_expect(seen->members[k].present, "node %u does not hear of slot %u", i, k);
        }
    }
    cr_expect_lt(links, NODES * (NODES - 1) * 9 / 10, "%u links", links);
    network_free(&network);
}

Test(net_neighbours, who_comes_back_asks_over_links_for_a_moment, .timeout = 600)
{
    struct network *network = ten_up(ABOVE);
    uint64_t epoch = 2;
    cr_assert(network_run(network, PATIENCE_MS, all_past, &epoch));
    network_down(network, 3);
    epoch = network_epoch(network, 0) + 1;
    cr_assert(network_run(network, PATIENCE_MS, all_past, &epoch));
    cr_assert(network_up(network, 3));
    epoch = network_epoch(network, 0) + 2;
    cr_assert(network_run(network, PATIENCE_MS, all_past, &epoch));
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(assay_runtime_engine(network->nodes[3].host), &snapshot);
    cr_expect(snapshot.voting);
    network_free(&network);
}

Test(net_neighbours, in_a_small_network_nobody_is_asked_to_be_one, .timeout = 600)
{
    struct network *network = ten_up(NODES);
    const uint64_t epoch = 1;
    const uint8_t join = ASSAY_OVERLAY_JOIN;
    cr_assert(network_run(network, PATIENCE_MS, all_past, &epoch));
    struct assay_runtime *one = network->nodes[0].host, *other = network->nodes[1].host;
    cr_assert_not(runtime_overlay_is_used(one));
    cr_expect_eq(links_of(one), NODES - 1);
    runtime_send(one, network->nodes[1].slot, ASSAY_SLOT_ALL, ASSAY_MESSAGE_NEIGHBOUR,
                 assay_slice_over(&join, 1));
    (void)network_run(network, 500, NULL, NULL);
    cr_expect_eq(other->counters.value[ASSAY_COUNT_NEIGHBOUR_REFUSED], 1);
    network_free(&network);
}
