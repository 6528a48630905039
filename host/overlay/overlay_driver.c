/*
 * host/overlay/overlay_driver.c - actions and events of the overlay, in one order for every host.
 */
#include "host/overlay/overlay_driver.h"

#include "base/assert.h"
#include "base/checked.h"

static size_t overlay_part(uint32_t capacity)
{
    return (assay_overlay_size(capacity) + 63) / 64 * 64;
}

size_t assay_overlay_driver_size(uint32_t capacity)
{
    return overlay_part(capacity) + (assay_relay_tree_size(capacity) + 63) / 64 * 64;
}

void assay_overlay_driver_init(struct assay_overlay_driver *d, void *memory,
                               const struct assay_overlay_config *config,
                               const struct assay_overlay_links *links)
{
    *d = (struct assay_overlay_driver){ .self = config->self, .links = *links };
    if (memory == NULL) return;
    ASSAY_ASSERT((uintptr_t)memory % 64 == 0);
    ASSAY_ASSERT(links->open != NULL && links->close != NULL && links->send != NULL);
    const struct assay_relay_tree_config tree = { .self = config->self,
                                                  .capacity = config->capacity,
                                                  .epoch_ms = config->epoch_ms };
    d->overlay = assay_overlay_init(memory, config);
    d->tree = assay_relay_tree_init((uint8_t *)memory + overlay_part(config->capacity), &tree);
}

bool assay_overlay_driver_is_used(const struct assay_overlay_driver *d)
{
    ASSAY_ASSERT((d->overlay == NULL) == (d->tree == NULL));
    return d->overlay != NULL && assay_overlay_is_used(d->overlay);
}

void assay_overlay_driver_apply(struct assay_overlay_driver *d, uint64_t now_ms)
{
    const struct assay_overlay_links *links = &d->links;
    struct assay_overlay_action action;
    struct assay_prune_message prune;
    if (!assay_overlay_driver_is_used(d)) return;
    while (assay_overlay_next(d->overlay, now_ms, &action)) {
        const uint8_t verb = (uint8_t)action.word;
        ASSAY_ASSERT(action.slot != d->self);
        switch (action.kind) {
        case ASSAY_OVERLAY_LINK: links->open(links->context, action.slot); break;
        case ASSAY_OVERLAY_UNLINK: links->close(links->context, action.slot); break;
        case ASSAY_OVERLAY_SEND:
            links->send(links->context, action.slot, ASSAY_MESSAGE_NEIGHBOUR,
                        assay_slice_over(&verb, 1));
            break;
        }
    }
    assay_relay_tree_update(d->tree, d->overlay, now_ms);
    while (assay_relay_tree_next(d->tree, now_ms, &prune))
        links->send(links->context, prune.to, ASSAY_MESSAGE_PRUNE,
                    assay_slice_over(prune.payload, prune.len));
}

uint64_t assay_overlay_driver_wake_at(const struct assay_overlay_driver *d)
{
    if (!assay_overlay_driver_is_used(d)) return UINT64_MAX;
    return assay_min_u64(assay_overlay_wake_at(d->overlay), assay_relay_tree_wake_at(d->tree));
}

enum assay_status assay_overlay_driver_on_neighbour(struct assay_overlay_driver *d, uint64_t now_ms,
                                                    uint16_t from, struct assay_slice payload)
{
    if (!assay_overlay_driver_is_used(d)) return ASSAY_E_INVALID;
    const enum assay_status status =
        assay_overlay_on_neighbour(d->overlay, now_ms, from, payload.bytes, payload.len);
    assay_relay_tree_on_restart(d->tree, now_ms, from);
    return status;
}

enum assay_status assay_overlay_driver_on_prune(struct assay_overlay_driver *d, uint64_t now_ms,
                                                uint16_t from, struct assay_slice payload)
{
    if (!assay_overlay_driver_is_used(d)) return ASSAY_E_STRANGER;
    return assay_relay_tree_on_prune(d->tree, d->overlay, now_ms, from, payload);
}

void assay_overlay_driver_on_admitted(struct assay_overlay_driver *d, uint64_t now_ms,
                                      uint16_t from)
{
    if (assay_overlay_driver_is_used(d)) assay_overlay_on_message(d->overlay, now_ms, from);
}

void assay_overlay_driver_on_inventory(struct assay_overlay_driver *d, uint64_t now_ms,
                                       uint16_t from)
{
    if (assay_overlay_driver_is_used(d)) assay_overlay_on_inventory(d->overlay, now_ms, from);
}

void assay_overlay_driver_on_relayed(struct assay_overlay_driver *d, uint64_t now_ms, uint16_t from,
                                     enum assay_message_kind kind, struct assay_slice payload,
                                     enum assay_status status)
{
    if (!assay_overlay_driver_is_used(d)) return;
    if (status == ASSAY_OK || status == ASSAY_E_DUPLICATE)
        assay_relay_tree_on_message(d->tree, d->overlay, now_ms, from, kind, payload,
                                    status == ASSAY_OK);
}

void assay_overlay_driver_on_request(struct assay_overlay_driver *d, uint64_t now_ms, uint16_t to,
                                     struct assay_slice payload)
{
    if (assay_overlay_driver_is_used(d))
        assay_relay_tree_on_request(d->tree, d->overlay, now_ms, to, payload);
}

void assay_overlay_driver_on_epoch_closed(struct assay_overlay_driver *d, uint64_t now_ms,
                                          uint64_t epoch)
{
    if (d->overlay == NULL) return; /* one that is not used yet counts epochs too */
    assay_overlay_on_epoch_closed(d->overlay, now_ms, epoch);
    assay_relay_tree_on_epoch_closed(d->tree, now_ms, epoch);
}

struct assay_relay assay_overlay_driver_route(const struct assay_overlay_driver *d,
                                              const struct assay_engine *engine, uint64_t now_ms,
                                              uint32_t members,
                                              const struct assay_outbound_message *message,
                                              const uint8_t *digest, bool resent)
{
    ASSAY_ASSERT(digest != NULL || !assay_relay_is_relay(message->to, message->except));
    const struct assay_relay wide =
        assay_relay_init(d->self, members, message->to, message->except, digest);
    if (!assay_overlay_driver_is_used(d)) return wide;
    const uint16_t source =
        resent ? ASSAY_SLOT_ALL
               : assay_relay_tree_source(d->tree, engine, message->kind, message->payload);
    return assay_relay_init_overlay(d->overlay, d->tree, now_ms, &wide, message->kind, source);
}
