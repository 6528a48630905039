/*
 * host/overlay/relay.c - iteration over the recipients of a message.
 */
#include "host/overlay/relay.h"

#include "base/assert.h"

struct assay_relay assay_relay_init(uint16_t self, uint32_t members, uint16_t to, uint16_t except,
                                    const uint8_t *digest)
{
    ASSAY_ASSERT(self < members);
    const bool few = assay_relay_is_relay(to, except);
    struct assay_relay relay = { .self = self,
                                 .to = to,
                                 .except = except,
                                 .members = members,
                                 .left = few ? (uint32_t)ASSAY_RELAY_PEERS : members,
                                 .few = few };
    if (!few) return relay;
    ASSAY_ASSERT(digest != NULL);
    const uint32_t drawn = (uint32_t)digest[0] << 16 | (uint32_t)digest[1] << 8 | digest[2];
    relay.first = (uint16_t)((drawn + self) % members);
    ASSAY_ASSERT(relay.first < members);
    return relay;
}

/* docs/protocol.md 2.4: the weight of the answers counts, so all voters are asked. */
static bool goes_to_voters(enum assay_message_kind kind)
{
    return kind == ASSAY_MESSAGE_RESUME_ASK;
}

/* Any holder may answer, and the answer proves itself. A neighbour that reported to have it is
 * asked directly. */
static bool goes_to_any_holder(const struct assay_overlay *view, uint16_t to,
                               enum assay_message_kind kind)
{
    if (kind == ASSAY_MESSAGE_REQUEST_MISSING) return !assay_overlay_has(view, to);
    return kind == ASSAY_MESSAGE_BLOCK_PULL || kind == ASSAY_MESSAGE_CERTIFICATE_PULL ||
           kind == ASSAY_MESSAGE_ENVELOPE_PULL;
}

struct assay_relay assay_relay_init_overlay(struct assay_overlay *view,
                                            const struct assay_relay_tree *routes, uint64_t now_ms,
                                            const struct assay_relay *wide,
                                            enum assay_message_kind kind, uint16_t source)
{
    struct assay_relay relay = *wide;
    ASSAY_ASSERT(assay_overlay_is_used(view) && wide->walked == 0);
    relay.now_ms = now_ms;
    relay.calls = view;
    relay.resumes = kind == ASSAY_MESSAGE_RESUME_ASK || kind == ASSAY_MESSAGE_RESUME_ANSWER;
    const bool all = relay.to == ASSAY_SLOT_ALL || relay.to == ASSAY_SLOT_NEAR;
    if (!all && goes_to_any_holder(view, relay.to, kind) &&
        !assay_overlay_next_neighbour(view, &relay.to))
        relay.left = 0; /* no member to ask yet */
    if (!all || goes_to_voters(kind)) return relay;
    relay.view = view;
    relay.untold = relay.few && relay.to == ASSAY_SLOT_NEAR;
    relay.left = relay.few ? (uint32_t)ASSAY_RELAY_PEERS : assay_overlay_count(view);
    relay.source = source;
    if (kind == ASSAY_MESSAGE_VOTE_INVENTORY) relay.left = 0; /* known ones only */
    else if (source == ASSAY_SLOT_ALL) return relay;
    relay.routes = routes;
    return relay;
}

/* docs/protocol.md 4.12.11 (PRUNE). Returns: whether a neighbour stated if it wants the message,
 * and then *wants. */
static bool has_prune_state(const struct assay_relay *relay, uint16_t slot, bool *wants)
{
    if (relay->routes == NULL || !assay_relay_tree_has_prune(relay->routes, relay->now_ms, slot))
        return false;
    *wants = relay->source == ASSAY_SLOT_ALL ||
             assay_relay_tree_is_wanted(relay->routes, relay->now_ms, slot, relay->source);
    return true;
}

static bool next_near(struct assay_relay *relay, bool (*reaches)(void *context, uint16_t slot),
                      void *context, uint16_t *slot)
{
    const uint32_t count = assay_overlay_count(relay->view);
    while (relay->walked < count) {
        const uint16_t s = assay_overlay_get(relay->view, (relay->first + relay->walked++) % count);
        bool wants = false;
        if (s == relay->except || s >= relay->members) continue;
        *slot = s;
        if (has_prune_state(relay, s, &wants)) {
            if (wants) return true;
            continue;
        }
        if (relay->left == 0) continue;
        if (relay->few && !reaches(context, s)) continue;
        if (relay->untold && assay_overlay_sends_inventory(relay->view, relay->now_ms, s)) continue;
        relay->left--;
        return true;
    }
    return false;
}

bool assay_relay_next(struct assay_relay *relay, bool (*reaches)(void *context, uint16_t slot),
                      void *context, uint16_t *slot)
{
    ASSAY_ASSERT(relay->self < relay->members);
    ASSAY_ASSERT(relay->walked <= relay->members);
    if (relay->view != NULL) return next_near(relay, reaches, context, slot);
    while (relay->walked < relay->members && relay->left > 0) {
        const uint16_t s = (uint16_t)((relay->first + relay->walked++) % relay->members);
        if (s == relay->self || s == relay->except) continue;
        /* NEAR is no slot: without neighbours there is no recipient. */
        if (relay->to != ASSAY_SLOT_ALL && s != relay->to) continue;
        if (relay->few && !reaches(context, s)) continue;
        if (relay->calls != NULL && relay->to == ASSAY_SLOT_ALL &&
            !assay_overlay_is_voter(relay->calls, s))
            continue;
        const bool urgent =
            relay->resumes && relay->calls != NULL && assay_overlay_is_voter(relay->calls, s);
        if (relay->calls != NULL &&
            !assay_overlay_request_link(relay->calls, relay->now_ms, s, urgent))
            continue;
        ASSAY_ASSERT(s < relay->members && s != relay->self);
        relay->left--;
        *slot = s;
        return true;
    }
    return false;
}
