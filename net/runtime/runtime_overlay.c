/*
 * net/runtime/runtime_overlay.c - overlay links above 64 members: applies the actions of
 * host/overlay/overlay.h. What host/overlay/overlay.h says is done: dialled, hung up, told. Fewer
 * members, and none of this is there.
 *
 * A member that is no neighbour is heard of through others: what it signed came, so it lives.
 */
#include "net/runtime/runtime_internal.h"

#include "engine/consensus/vote.h"
#include "engine/ledger/records/envelope.h"

#include <stdlib.h>

/* The last messages have left by then. */
enum { HANG_UP_MS = 1000 };

bool runtime_overlay_is_used(const struct assay_runtime *runtime)
{
    return runtime->overlay != NULL;
}

static uint32_t operator_index(const struct assay_genesis_member *m)
{
    const uint8_t *id = m->operator_id;
    return (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
}

static bool is_founder(const struct assay_runtime *runtime, uint16_t slot)
{
    const struct assay_genesis *founding = runtime_founding_genesis(runtime);
    return slot < founding->member_count &&
           assay_bytes_equal(founding->members[slot].node_id,
                             runtime->config.genesis->members[slot].node_id, 32);
}

/* Addresses carry no authority; their spread keeps one network failure from isolating the node. */
static void update_peer(struct assay_runtime *runtime, uint16_t slot)
{
    char text[RUNTIME_ADDRESSES_TEXT];
    const bool known = runtime_addresses_get(runtime, slot, text);
    const struct assay_roster_entry *entry = &runtime->roster.entries[slot];
    const struct assay_overlay_peer peer = {
        .usable = slot != runtime->self && !entry->gone && known,
        .first = is_founder(runtime, slot),
        .voter = entry->seated,
        .operator_ = operator_index(&runtime->config.genesis->members[slot]),
        .group = known ? assay_address_group(text) : 0,
    };
    assay_overlay_peer(runtime->overlay, runtime->now_ms, slot, &peer);
}

static uint32_t overlay_threshold(const struct assay_runtime *runtime)
{
    return runtime->config.overlay_above > 0 ? runtime->config.overlay_above : ASSAY_OVERLAY_ABOVE;
}

bool runtime_overlay_is_wanted(const struct assay_runtime *runtime)
{
    return runtime->config.genesis->member_count > overlay_threshold(runtime);
}

enum assay_status runtime_overlay_open(struct assay_runtime *runtime)
{
    struct assay_overlay_config config = {
        .self = runtime->self,
        .capacity = runtime->members,
        .above = overlay_threshold(runtime),
        .degree = runtime->config.overlay_degree > 0 ? runtime->config.overlay_degree
                                                     : ASSAY_OVERLAY_DEGREE,
        .epoch_ms = runtime->config.genesis->parameters.epoch_ms,
    };
    const struct assay_relay_tree_config routes = { .self = runtime->self,
                                                    .capacity = runtime->members,
                                                    .epoch_ms = config.epoch_ms };
    const size_t view_len = (assay_overlay_size(config.capacity) + 63) / 64 * 64;
    if (!runtime_overlay_is_wanted(runtime)) return ASSAY_OK;
    assay_bytes_copy(config.network, sizeof config.network, runtime->config.genesis->chain_id,
                     sizeof config.network);
    ASSAY_TRY(assay_random(config.seed, sizeof config.seed));
    runtime->links = calloc(runtime->members, sizeof *runtime->links);
    runtime->overlay_memory = aligned_alloc(64, view_len + assay_relay_tree_size(routes.capacity));
    if (runtime->links == NULL || runtime->overlay_memory == NULL) return ASSAY_E_MEMORY;
    runtime->overlay = assay_overlay_init(runtime->overlay_memory, &config);
    runtime->relay_tree =
        assay_relay_tree_init((uint8_t *)runtime->overlay_memory + view_len, &routes);
    assay_overlay_set_members(runtime->overlay, runtime->members);
    ASSAY_ASSERT(assay_overlay_is_used(
        runtime->overlay)); /* constant: a runtime has one roster */
    return ASSAY_OK;
}

void runtime_overlay_close(struct assay_runtime *runtime)
{
    free(runtime->overlay_memory);
    free(runtime->links);
    runtime->overlay = NULL;
    runtime->relay_tree = NULL;
}

void runtime_overlay_on_roster(struct assay_runtime *runtime)
{
    if (runtime->overlay == NULL) return;
    for (uint16_t slot = 0; slot < runtime->members; slot++)
        update_peer(runtime, slot);
}

void runtime_overlay_on_address(struct assay_runtime *runtime, uint16_t slot)
{
    if (runtime->overlay != NULL) update_peer(runtime, slot);
}

bool runtime_overlay_has_link(const struct assay_runtime *runtime, uint16_t slot)
{
    return runtime->overlay == NULL || runtime->links[slot].wanted;
}

/* ------------------------------------------------------------ actions of the overlay */

static void open_link(struct assay_runtime *runtime, uint16_t slot)
{
    runtime->links[slot] = (struct runtime_link){ .wanted = true };
    const enum assay_status status = runtime_dial_member(runtime, slot);
    /* The configured address may be invalid (assay_runtime_reconfigure reported it). */
    if (status != ASSAY_OK && status != ASSAY_E_IO) runtime_fail(runtime, status, "neighbour");
}

static void send_neighbour(struct assay_runtime *runtime, uint16_t slot,
                           enum assay_overlay_verb word)
{
    const uint8_t byte = (uint8_t)word;
    runtime_send_frame(runtime, slot, ASSAY_MESSAGE_NEIGHBOUR, assay_slice_over(&byte, 1));
}

static void close_due_links(struct assay_runtime *runtime)
{
    runtime->hang_up_due_ms = UINT64_MAX;
    for (uint16_t slot = 0; slot < runtime->members; slot++) {
        struct runtime_link *l = &runtime->links[slot];
        if (l->hang_up_ms == 0) continue;
        if (l->hang_up_ms <= runtime->now_ms) {
            *l = (struct runtime_link){ .wanted = false };
            if (assay_transport_has_peer(runtime->link, slot))
                assay_transport_remove_peer(runtime->link, slot);
        } else {
            runtime->hang_up_due_ms = assay_min_u64(runtime->hang_up_due_ms, l->hang_up_ms);
        }
    }
}

static void apply_actions(struct assay_runtime *runtime)
{
    struct assay_overlay_action action;
    if (runtime->overlay == NULL || runtime->link == NULL) return;
    while (assay_overlay_next(runtime->overlay, runtime->now_ms, &action)) {
        switch (action.kind) {
        case ASSAY_OVERLAY_LINK: open_link(runtime, action.slot); break;
        case ASSAY_OVERLAY_UNLINK:
            runtime->links[action.slot].hang_up_ms = runtime->now_ms + HANG_UP_MS;
            runtime->hang_up_due_ms =
                assay_min_u64(runtime->hang_up_due_ms, runtime->now_ms + HANG_UP_MS);
            break;
        case ASSAY_OVERLAY_SEND: send_neighbour(runtime, action.slot, action.word); break;
        }
    }
    if (runtime->hang_up_due_ms <= runtime->now_ms) close_due_links(runtime);
    assay_relay_tree_update(runtime->relay_tree, runtime->overlay, runtime->now_ms);
    struct assay_prune_message route;
    while (assay_relay_tree_next(runtime->relay_tree, runtime->now_ms, &route))
        runtime_send_frame(runtime, route.to, ASSAY_MESSAGE_ROUTE,
                           assay_slice_over(route.payload, route.len));
}

void runtime_overlay_poll(struct assay_runtime *runtime)
{
    if (runtime_overlay_wake_at(runtime) <= runtime->now_ms) apply_actions(runtime);
}

uint64_t runtime_overlay_wake_at(const struct assay_runtime *runtime)
{
    if (runtime->overlay == NULL) return UINT64_MAX;
    return assay_min_u64(
        assay_min_u64(assay_overlay_wake_at(runtime->overlay), runtime->hang_up_due_ms),
        assay_relay_tree_wake_at(runtime->relay_tree));
}

/* ------------------------------------------------------------ received messages */

void runtime_overlay_on_neighbour(struct assay_runtime *runtime, uint16_t from,
                                  struct assay_slice payload)
{
    enum assay_status status = ASSAY_E_INVALID; /* everybody is one here */
    if (runtime_overlay_is_used(runtime)) {
        status = assay_overlay_on_neighbour(runtime->overlay, runtime->now_ms, from, payload.bytes,
                                            payload.len);
        assay_relay_tree_on_restart(runtime->relay_tree, runtime->now_ms, from);
    }
    if (status != ASSAY_OK) assay_count(&runtime->counters, ASSAY_COUNT_NEIGHBOUR_REFUSED);
    apply_actions(runtime);
}

void runtime_overlay_on_frame(struct assay_runtime *runtime, uint16_t from)
{
    if (runtime->overlay != NULL) assay_overlay_on_message(runtime->overlay, runtime->now_ms, from);
}

void runtime_overlay_on_inventory(struct assay_runtime *runtime, uint16_t from)
{
    if (runtime->overlay != NULL)
        assay_overlay_on_inventory(runtime->overlay, runtime->now_ms, from);
}

void runtime_overlay_on_relayed(struct assay_runtime *runtime, uint16_t from,
                                enum assay_message_kind kind, struct assay_slice payload,
                                enum assay_status status)
{
    if (status == ASSAY_OK || status == ASSAY_E_DUPLICATE)
        assay_relay_tree_on_message(runtime->relay_tree, runtime->overlay, runtime->now_ms, from,
                                    kind, payload, status == ASSAY_OK);
}

void runtime_overlay_on_prune(struct assay_runtime *runtime, uint16_t from,
                              struct assay_slice payload)
{
    enum assay_status status = ASSAY_E_STRANGER; /* no neighbours */
    if (runtime_overlay_is_used(runtime))
        status = assay_relay_tree_on_prune(runtime->relay_tree, runtime->overlay, runtime->now_ms,
                                           from, payload);
    if (status != ASSAY_OK) assay_count(&runtime->counters, ASSAY_COUNT_PRUNE_REFUSED);
}

void runtime_overlay_on_request(struct assay_runtime *runtime, uint16_t to,
                                struct assay_slice payload)
{
    if (runtime_overlay_is_used(runtime))
        assay_relay_tree_on_request(runtime->relay_tree, runtime->overlay, runtime->now_ms, to,
                                    payload);
}

void runtime_overlay_on_envelope(struct assay_runtime *runtime, uint16_t from,
                                 struct assay_slice payload)
{
    struct assay_envelope envelope;
    if (!runtime_overlay_is_used(runtime) || assay_envelope_decode(payload, &envelope) != ASSAY_OK)
        return;
    assay_gossip_on_announcement(runtime->gossip, envelope.evidence_digest, from);
}

void runtime_overlay_on_accepted(struct assay_runtime *runtime, enum assay_message_kind kind,
                                 struct assay_slice payload)
{
    struct assay_envelope envelope;
    struct assay_vote vote;
    uint32_t slot = runtime->members;
    if (!runtime_overlay_is_used(runtime)) return;
    if (kind == ASSAY_MESSAGE_ENVELOPE && assay_envelope_decode(payload, &envelope) == ASSAY_OK)
        slot = runtime_find_slot(runtime, envelope.node_id);
    if (kind == ASSAY_MESSAGE_VOTE && assay_vote_decode(payload, &vote) == ASSAY_OK)
        slot = vote.slot;
    if (slot < runtime->members)
        assay_peer_clocks_on_message(&runtime->peer_clocks, (uint16_t)slot, runtime->now_ms);
}

void runtime_overlay_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch)
{
    if (runtime->overlay == NULL) return;
    assay_overlay_on_epoch_closed(runtime->overlay, runtime->now_ms, epoch);
    assay_relay_tree_on_epoch_closed(runtime->relay_tree, runtime->now_ms, epoch);
    apply_actions(runtime);
}
