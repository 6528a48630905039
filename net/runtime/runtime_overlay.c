/*
 * net/runtime/runtime_overlay.c - links above 64 members: host/overlay/overlay_driver.h over the
 * transport process. Without effect in a full mesh.
 *
 * A member that is no neighbour is reachable through others: a message that it signed arrived.
 */
#include "net/runtime/runtime_internal.h"

#include "engine/consensus/vote.h"
#include "engine/ledger/records/envelope.h"

#include <stdlib.h>

/* The last messages have left by then. */
enum { HANG_UP_MS = 1000 };

bool runtime_overlay_is_used(const struct assay_runtime *runtime)
{
    return runtime->overlay_memory != NULL;
}

static uint32_t operator_index(const struct assay_genesis_member *m)
{
    const uint8_t *id = m->operator_id;
    return (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
}

static bool is_founder(const struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    const struct assay_genesis *founding = runtime_founding_genesis(runtime);
    return slot < founding->member_count &&
           assay_bytes_equal(founding->members[slot].node_id,
                             runtime->config.genesis->members[slot].node_id, 32);
}

/* Addresses carry no authority; their spread keeps one network failure from isolating the node. */
static void update_peer(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
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
    assay_overlay_peer(runtime->driver.overlay, runtime->now_ms, slot, &peer);
}

static uint32_t overlay_threshold(const struct assay_runtime *runtime)
{
    return runtime->config.overlay_above > 0 ? runtime->config.overlay_above : ASSAY_OVERLAY_ABOVE;
}

bool runtime_overlay_is_wanted(const struct assay_runtime *runtime)
{
    return runtime->config.genesis->member_count > overlay_threshold(runtime);
}

void runtime_overlay_on_roster(struct assay_runtime *runtime)
{
    if (!runtime_overlay_is_used(runtime)) return;
    ASSAY_ASSERT(runtime->roster.count == runtime->members);
    for (uint16_t slot = 0; slot < runtime->members; slot++)
        update_peer(runtime, slot);
}

void runtime_overlay_on_address(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    if (runtime_overlay_is_used(runtime)) update_peer(runtime, slot);
}

bool runtime_overlay_has_link(const struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(!runtime_overlay_is_used(runtime) || slot < runtime->members);
    return !runtime_overlay_is_used(runtime) || runtime->links[slot].wanted;
}

/* ------------------------------------------------------------ links of the driver */

static void open_link(void *context, uint16_t slot)
{
    struct assay_runtime *runtime = context;
    ASSAY_ASSERT(slot < runtime->members && runtime->links != NULL);
    runtime->links[slot] = (struct runtime_link){ .wanted = true };
    const enum assay_status status = runtime_dial_member(runtime, slot);
    /* The configured address may be invalid (assay_runtime_reconfigure reported it). */
    if (status != ASSAY_OK && status != ASSAY_E_IO) runtime_fail(runtime, status, "neighbour");
}

static void close_link(void *context, uint16_t slot)
{
    struct assay_runtime *runtime = context;
    ASSAY_ASSERT(slot < runtime->members);
    runtime->links[slot].hang_up_ms = runtime->now_ms + HANG_UP_MS;
    runtime->hang_up_due_ms = assay_min_u64(runtime->hang_up_due_ms, runtime->now_ms + HANG_UP_MS);
}

static void send_message(void *context, uint16_t to, enum assay_message_kind kind,
                         struct assay_slice payload)
{
    runtime_send_frame(context, to, kind, payload);
}

static void close_due_links(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->links != NULL);
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
    if (!runtime_overlay_is_used(runtime) || runtime->link == NULL) return;
    ASSAY_ASSERT(runtime->links != NULL);
    assay_overlay_driver_apply(&runtime->driver, runtime->now_ms);
    if (runtime->hang_up_due_ms <= runtime->now_ms) close_due_links(runtime);
}

void runtime_overlay_poll(struct assay_runtime *runtime)
{
    if (runtime_overlay_wake_at(runtime) <= runtime->now_ms) apply_actions(runtime);
}

uint64_t runtime_overlay_wake_at(const struct assay_runtime *runtime)
{
    if (!runtime_overlay_is_used(runtime)) return UINT64_MAX;
    return assay_min_u64(assay_overlay_driver_wake_at(&runtime->driver), runtime->hang_up_due_ms);
}

/* ------------------------------------------------------------ opening */

enum assay_status runtime_overlay_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->overlay_memory == NULL && runtime->links == NULL);
    struct assay_overlay_config config = {
        .self = runtime->self,
        .capacity = runtime->members,
        .above = overlay_threshold(runtime),
        .degree = runtime->config.overlay_degree > 0 ? runtime->config.overlay_degree
                                                     : ASSAY_OVERLAY_DEGREE,
        .epoch_ms = runtime->config.genesis->parameters.epoch_ms,
    };
    const struct assay_overlay_links links = {
        .context = runtime, .open = open_link, .close = close_link, .send = send_message
    };
    if (runtime_overlay_is_wanted(runtime)) {
        assay_bytes_copy(config.network, sizeof config.network, runtime->config.genesis->chain_id,
                         sizeof config.network);
        ASSAY_TRY(assay_random(config.seed, sizeof config.seed));
        runtime->links = calloc(runtime->members, sizeof *runtime->links);
        runtime->overlay_memory = aligned_alloc(64, assay_overlay_driver_size(config.capacity));
        if (runtime->links == NULL || runtime->overlay_memory == NULL) return ASSAY_E_MEMORY;
    }
    assay_overlay_driver_init(&runtime->driver, runtime->overlay_memory, &config, &links);
    if (runtime->overlay_memory == NULL) return ASSAY_OK;
    assay_overlay_set_members(runtime->driver.overlay, runtime->members);
    /* Constant: a runtime has one roster. */
    ASSAY_ASSERT(assay_overlay_driver_is_used(&runtime->driver));
    return ASSAY_OK;
}

void runtime_overlay_close(struct assay_runtime *runtime)
{
    free(runtime->overlay_memory);
    free(runtime->links);
    runtime->overlay_memory = NULL;
    runtime->driver = (struct assay_overlay_driver){ .self = runtime->self };
}

/* ------------------------------------------------------------ received messages */

void runtime_overlay_on_neighbour(struct assay_runtime *runtime, uint16_t from,
                                  struct assay_slice payload)
{
    ASSAY_ASSERT(from < runtime->members);
    const enum assay_status status =
        assay_overlay_driver_on_neighbour(&runtime->driver, runtime->now_ms, from, payload);
    if (status != ASSAY_OK) assay_count(&runtime->counters, ASSAY_COUNT_NEIGHBOUR_REFUSED);
    apply_actions(runtime);
}

void runtime_overlay_on_prune(struct assay_runtime *runtime, uint16_t from,
                              struct assay_slice payload)
{
    ASSAY_ASSERT(from < runtime->members);
    const enum assay_status status =
        assay_overlay_driver_on_prune(&runtime->driver, runtime->now_ms, from, payload);
    if (status != ASSAY_OK) assay_count(&runtime->counters, ASSAY_COUNT_PRUNE_REFUSED);
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
    assay_overlay_driver_on_epoch_closed(&runtime->driver, runtime->now_ms, epoch);
    apply_actions(runtime);
}
