/*
 * sim/world/overlay.c - links of a simulated node: host/overlay/overlay.h and
 * host/overlay/relay_tree.h over modelled links.
 *
 * A link takes three one-way delays to open (TCP, then CURVE's handshake); messages sent over it
 * wait until then. A restarted node has lost its neighbours and draws with another seed. At each
 * close an honest node's overlay is checked: its own choices, and not more neighbours than agreed.
 */
#include "base/checked.h"
#include "sim/world/world_internal.h"

#include <stdlib.h>

enum { HANDSHAKE_WAYS = 3, VIEW_SEED_LEN = 32 };

bool world_overlay_used(const struct assay_sim_world *w, uint32_t node)
{
    return w->nodes[node].overlay != NULL && assay_overlay_is_used(w->nodes[node].overlay);
}

/* Machines of one operator are in one place. */
static void set_overlay_members(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    assay_overlay_set_members(n->overlay, n->roster.count);
    for (uint32_t s = 0; s < n->roster.count; s++) {
        const struct assay_roster_entry *entry = &n->roster.entries[s];
        const struct assay_overlay_peer peer = { .usable = !entry->gone,
                                                 .first = s < w->genesis->member_count,
                                                 .voter = entry->seated,
                                                 .operator_ = world_operator(w, s),
                                                 .group = world_operator(w, s) };
        assay_overlay_peer(n->overlay, world_mono_ms(w, node), (uint16_t)s, &peer);
    }
}

void world_overlay_open(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_overlay_config config = { .self = (uint16_t)node,
                                           .capacity = w->options.nodes,
                                           .above = w->options.overlay_above,
                                           .degree = w->options.overlay_degree,
                                           .epoch_ms = w->options.epoch_ms };
    assay_bytes_copy(config.network, sizeof config.network, w->genesis->chain_id,
                     sizeof config.network);
    struct assay_sim_random seed =
        assay_sim_random_of(w->options.seed, ASSAY_SIM_STREAM_VIEW, node, n->life);
    if (w->options.nodes <= w->options.overlay_above) return;
    for (size_t i = 0; i < VIEW_SEED_LEN; i++)
        config.seed[i] = (uint8_t)assay_sim_random_next(&seed);
    free(n->overlay);
    n->overlay = aligned_alloc(64, assay_overlay_size(config.capacity));
    ASSAY_ASSERT(n->overlay != NULL);
    n->overlay = assay_overlay_init(n->overlay, &config);
    const struct assay_relay_tree_config routes = { .self = config.self,
                                                    .capacity = config.capacity,
                                                    .epoch_ms = config.epoch_ms };
    free(n->relay_tree);
    n->relay_tree = aligned_alloc(64, assay_relay_tree_size(routes.capacity));
    ASSAY_ASSERT(n->relay_tree != NULL);
    n->relay_tree = assay_relay_tree_init(n->relay_tree, &routes);
    n->handshakes = assay_sim_random_of(w->options.seed, ASSAY_SIM_STREAM_VIEW, node,
                                        UINT64_C(1) << 32 | n->life);
    set_overlay_members(w, node);
}

/* The members of its engine, when that took over from another. */
void world_overlay_renewed(struct assay_sim_world *w, uint32_t node)
{
    if (w->nodes[node].overlay != NULL) set_overlay_members(w, node);
}

static void send_message(struct assay_sim_world *w, uint32_t node, uint16_t to,
                         enum assay_message_kind kind, const uint8_t *bytes, size_t len)
{
    struct world_payload *payload = world_payload(w, bytes, len);
    world_deliver(w, node, to, kind, payload);
    world_payload_drop(w, payload);
}

static void send_overlay_verb(struct assay_sim_world *w, uint32_t node, uint16_t to,
                              enum assay_overlay_verb word)
{
    const uint8_t byte = (uint8_t)word;
    send_message(w, node, to, ASSAY_MESSAGE_NEIGHBOUR, &byte, 1);
}

static void send_prunes(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_prune_message route;
    assay_relay_tree_update(n->relay_tree, n->overlay, world_mono_ms(w, node));
    while (assay_relay_tree_next(n->relay_tree, world_mono_ms(w, node), &route))
        send_message(w, node, route.to, ASSAY_MESSAGE_ROUTE, route.payload, route.len);
}

static void open_link(struct assay_sim_world *w, uint32_t node, uint16_t to)
{
    uint64_t ready_us = w->now_us;
    for (unsigned i = 0; i < HANDSHAKE_WAYS; i++)
        ready_us += world_path_us(&w->link, &w->nodes[node].handshakes, node, to);
    w->ready_us[(size_t)node * w->options.nodes + to] = ready_us;
    w->count.dials++;
}

void world_overlay_turn(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_overlay_action action;
    if (!n->alive || !world_overlay_used(w, node)) return;
    while (assay_overlay_next(n->overlay, world_mono_ms(w, node), &action)) {
        if (action.kind == ASSAY_OVERLAY_LINK) open_link(w, node, action.slot);
        if (action.kind == ASSAY_OVERLAY_SEND) send_overlay_verb(w, node, action.slot, action.word);
    }
    send_prunes(w, node);
    const uint64_t wake_ms =
        assay_min_u64(assay_overlay_wake_at(n->overlay), assay_relay_tree_wake_at(n->relay_tree));
    const uint64_t at_us = world_when_us(w, node, wake_ms);
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
    const enum assay_status status = assay_overlay_on_neighbour(
        w->nodes[node].overlay, world_mono_ms(w, node), from, payload.bytes, payload.len);
    assay_status_ignore(status, "a member asked too often, or is none");
    assay_relay_tree_on_restart(w->nodes[node].relay_tree, world_mono_ms(w, node), from);
    world_overlay_turn(w, node);
}

void world_overlay_route(struct assay_sim_world *w, uint32_t node, uint16_t from,
                         struct assay_slice payload)
{
    struct world_node *n = &w->nodes[node];
    const enum assay_status status =
        assay_relay_tree_on_prune(n->relay_tree, n->overlay, world_mono_ms(w, node), from, payload);
    assay_status_ignore(status, "no neighbour any more");
}

void world_overlay_relayed(struct assay_sim_world *w, const struct item *item,
                           enum assay_status status)
{
    struct world_node *n = &w->nodes[item->node];
    if (status != ASSAY_OK && status != ASSAY_E_DUPLICATE) return;
    assay_relay_tree_on_message(n->relay_tree, n->overlay, world_mono_ms(w, item->node), item->from,
                                (enum assay_message_kind)item->message,
                                assay_slice_over(item->payload->bytes, item->payload->len),
                                status == ASSAY_OK);
    world_overlay_turn(w, item->node);
}

void world_overlay_requested(struct assay_sim_world *w, uint32_t node, uint16_t to,
                             const struct world_payload *payload)
{
    struct world_node *n = &w->nodes[node];
    if (world_overlay_used(w, node))
        assay_relay_tree_on_request(n->relay_tree, n->overlay, world_mono_ms(w, node), to,
                                    assay_slice_over(payload->bytes, payload->len));
}

void world_overlay_closed(struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct world_node *n = &w->nodes[node];
    struct assay_overlay_figures figures;
    if (n->overlay == NULL) return;
    set_overlay_members(w, node);
    assay_overlay_on_epoch_closed(n->overlay, world_mono_ms(w, node), epoch);
    assay_relay_tree_on_epoch_closed(n->relay_tree, world_mono_ms(w, node), epoch);
    world_overlay_turn(w, node);
    assay_overlay_get_figures(n->overlay, &figures);
    const uint32_t count = figures.outbound + figures.inbound + figures.asked;
    if (count > 2 * w->options.overlay_degree + 1)
        world_report_violation(w, ASSAY_SIM_CHECKER_LANES, "node %u has %u neighbours, %u at most",
                               node, count, 2 * w->options.overlay_degree + 1);
}

void world_overlay_on_inventory(struct assay_sim_world *w, uint32_t node, uint16_t from)
{
    if (world_overlay_used(w, node) && from < world_members(w, node))
        assay_overlay_on_inventory(w->nodes[node].overlay, world_mono_ms(w, node), from);
}

/* host/overlay/evidence_pull.h pulls from the node that announced it first. */
void world_overlay_announced(struct assay_sim_world *w, uint32_t node, uint16_t from,
                             struct assay_slice payload)
{
    struct assay_envelope envelope;
    if (!world_overlay_used(w, node) || from >= world_members(w, node)) return;
    if (assay_envelope_decode(payload, &envelope) != ASSAY_OK) return;
    assay_gossip_on_announcement(w->nodes[node].gossip, envelope.evidence_digest, from);
}
