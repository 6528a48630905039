/*
 * sim/world/overlay.c - links of a simulated node: host/overlay/overlay_driver.h over modelled
 * links.
 *
 * A link takes three one-way delays to open (TCP, then CURVE's handshake); messages sent over it
 * wait until then. A restarted node has lost its neighbours and draws with another seed. At each
 * close an honest node's overlay is checked: its own choices, and not more neighbours than agreed.
 */
#include "sim/world/world_internal.h"

#include <stdlib.h>

enum { HANDSHAKE_WAYS = 3 };

bool world_overlay_used(const struct assay_sim_world *w, uint32_t node)
{
    return assay_overlay_driver_is_used(&w->nodes[node].driver);
}

/* Machines of one operator are in one place. */
static void set_overlay_members(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_overlay *overlay = n->driver.overlay;
    assay_overlay_set_members(overlay, n->roster.count);
    for (uint32_t s = 0; s < n->roster.count; s++) {
        const struct assay_roster_entry *entry = &n->roster.entries[s];
        const struct assay_overlay_peer peer = { .usable = !entry->gone,
                                                 .first = s < w->genesis->member_count,
                                                 .voter = entry->seated,
                                                 .operator_ = world_operator(w, s),
                                                 .group = world_operator(w, s) };
        assay_overlay_peer(overlay, world_mono_ms(w, node), (uint16_t)s, &peer);
    }
}

/* --- links of host/overlay/overlay_driver.h */

static void open_link(void *context, uint16_t to)
{
    const struct world_links *l = context;
    struct assay_sim_world *w = l->w;
    uint64_t ready_us = w->now_us;
    for (unsigned i = 0; i < HANDSHAKE_WAYS; i++)
        ready_us += world_path_us(&w->link, &w->nodes[l->node].handshakes, l->node, to);
    w->ready_us[(size_t)l->node * w->options.nodes + to] = ready_us;
    w->count.dials++;
}

/* A link that is closed costs nothing here: it is opened again with another handshake. */
static void close_link(void *context, uint16_t to)
{
    (void)context;
    (void)to;
}

static void send_message(void *context, uint16_t to, enum assay_message_kind kind,
                         struct assay_slice bytes)
{
    const struct world_links *l = context;
    struct world_payload *payload = world_payload(l->w, bytes.bytes, bytes.len);
    world_deliver(l->w, l->node, to, kind, payload);
    world_payload_drop(l->w, payload);
}

void world_overlay_open(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_overlay_config config = { .self = (uint16_t)node,
                                           .capacity = w->options.nodes,
                                           .above = w->options.overlay_above,
                                           .degree = w->options.overlay_degree,
                                           .epoch_ms = w->options.epoch_ms };
    n->links = (struct world_links){ .w = w, .node = node };
    const struct assay_overlay_links links = {
        .context = &n->links, .open = open_link, .close = close_link, .send = send_message
    };
    free(n->overlay_memory);
    n->overlay_memory = NULL;
    if (w->options.nodes > w->options.overlay_above) {
        assay_bytes_copy(config.network, sizeof config.network, w->genesis->chain_id,
                         sizeof config.network);
        struct assay_sim_random seed =
            assay_sim_random_of(w->options.seed, ASSAY_SIM_STREAM_VIEW, node, n->life);
        for (size_t i = 0; i < sizeof config.seed; i++)
            config.seed[i] = (uint8_t)assay_sim_random_next(&seed);
        n->overlay_memory = aligned_alloc(64, assay_overlay_driver_size(config.capacity));
        ASSAY_ASSERT(n->overlay_memory != NULL);
    }
    assay_overlay_driver_init(&n->driver, n->overlay_memory, &config, &links);
    if (n->overlay_memory == NULL) return;
    n->handshakes = assay_sim_random_of(w->options.seed, ASSAY_SIM_STREAM_VIEW, node,
                                        UINT64_C(1) << 32 | n->life);
    set_overlay_members(w, node);
}

/* The members of its engine, when that took over from another. */
void world_overlay_renewed(struct assay_sim_world *w, uint32_t node)
{
    if (w->nodes[node].driver.overlay != NULL) set_overlay_members(w, node);
}

void world_overlay_turn(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    if (!n->alive || !world_overlay_used(w, node)) return;
    assay_overlay_driver_apply(&n->driver, world_mono_ms(w, node));
    const uint64_t at_us = world_when_us(w, node, assay_overlay_driver_wake_at(&n->driver));
    if (n->overlay_item_us <= at_us) return;
    n->overlay_item_us = at_us;
    world_push(w, world_item(w, node, ITEM_OVERLAY), at_us);
}

void world_overlay_due(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    if (n->overlay_item_us != w->now_us) return; /* an earlier one replaced it */
    n->overlay_item_us = UINT64_MAX;
    world_overlay_turn(w, node);
}

void world_overlay_on_neighbour(struct assay_sim_world *w, uint32_t node, uint16_t from,
                                struct assay_slice payload)
{
    const enum assay_status status = assay_overlay_driver_on_neighbour(
        &w->nodes[node].driver, world_mono_ms(w, node), from, payload);
    assay_status_ignore(status, "a member asked too often, or is none");
    world_overlay_turn(w, node);
}

void world_overlay_on_prune(struct assay_sim_world *w, uint32_t node, uint16_t from,
                            struct assay_slice payload)
{
    const enum assay_status status = assay_overlay_driver_on_prune(
        &w->nodes[node].driver, world_mono_ms(w, node), from, payload);
    assay_status_ignore(status, "no neighbour any more");
}

void world_overlay_closed(struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct world_node *n = &w->nodes[node];
    struct assay_overlay_figures figures;
    if (n->driver.overlay == NULL) return;
    set_overlay_members(w, node);
    assay_overlay_driver_on_epoch_closed(&n->driver, world_mono_ms(w, node), epoch);
    world_overlay_turn(w, node);
    assay_overlay_get_figures(n->driver.overlay, &figures);
    const uint32_t count = figures.outbound + figures.inbound + figures.asked;
    if (count > 2 * w->options.overlay_degree + 1)
        world_report_violation(w, ASSAY_SIM_CHECKER_LANES, "node %u has %u neighbours, %u at most",
                               node, count, 2 * w->options.overlay_degree + 1);
}
