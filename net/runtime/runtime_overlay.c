/*
 * net/runtime/runtime_overlay.c - above 64 members: whom this daemon keeps links to. What
 * host/overlay/overlay.h says is done: dialled, hung up, told. Fewer members, and none of this is
 * there.
 *
 * A member that is no neighbour is heard of through others: what it signed came, so it lives.
 */
#include "net/runtime/runtime_internal.h"

#include "engine/consensus/vote.h"
#include "engine/ledger/records/envelope.h"

#include <stdlib.h>

/* Its last words are out by then. */
enum { HANG_UP_MS = 1000 };

bool host_neighbours_used(const struct assay_host *host)
{
    return host->view != NULL;
}

static uint32_t operator_of(const struct assay_genesis_member *m)
{
    const uint8_t *id = m->operator_id;
    return (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
}

static bool is_founder(const struct assay_host *host, uint16_t slot)
{
    const struct assay_genesis *founding = host_founding(host);
    return slot < founding->member_count &&
           assay_bytes_equal(founding->members[slot].node_id,
                             host->config.genesis->members[slot].node_id, 32);
}

/* Addresses decide about nothing; that they are spread keeps one cut from taking all. */
static void tell(struct assay_host *host, uint16_t slot)
{
    char text[HOST_ADDRESSES_TEXT];
    const bool known = host_addresses_of(host, slot, text);
    const struct assay_roster_entry *entry = &host->roster.entries[slot];
    const struct assay_overlay_peer peer = {
        .usable = slot != host->self && !entry->gone && known,
        .first = is_founder(host, slot),
        .voter = entry->seated,
        .operator_ = operator_of(&host->config.genesis->members[slot]),
        .group = known ? assay_address_group(text) : 0,
    };
    assay_overlay_peer(host->view, host->now_ms, slot, &peer);
}

static uint32_t above(const struct assay_host *host)
{
    return host->config.overlay_above > 0 ? host->config.overlay_above : ASSAY_OVERLAY_ABOVE;
}

bool host_neighbours_wanted(const struct assay_host *host)
{
    return host->config.genesis->member_count > above(host);
}

enum assay_status host_neighbours_open(struct assay_host *host)
{
    struct assay_overlay_config config = {
        .self = host->self,
        .capacity = host->members,
        .above = above(host),
        .degree =
            host->config.overlay_degree > 0 ? host->config.overlay_degree : ASSAY_OVERLAY_DEGREE,
        .epoch_ms = host->config.genesis->parameters.epoch_ms,
    };
    const struct assay_relay_tree_config routes = { .self = host->self,
                                                    .capacity = host->members,
                                                    .epoch_ms = config.epoch_ms };
    const size_t view_len = (assay_overlay_size(config.capacity) + 63) / 64 * 64;
    if (!host_neighbours_wanted(host)) return ASSAY_OK;
    assay_bytes_copy(config.network, sizeof config.network, host->config.genesis->chain_id,
                     sizeof config.network);
    ASSAY_TRY(assay_random(config.seed, sizeof config.seed));
    host->links = calloc(host->members, sizeof *host->links);
    host->view_memory = aligned_alloc(64, view_len + assay_relay_tree_size(routes.capacity));
    if (host->links == NULL || host->view_memory == NULL) return ASSAY_E_MEMORY;
    host->view = assay_overlay_init(host->view_memory, &config);
    host->routes = assay_relay_tree_init((uint8_t *)host->view_memory + view_len, &routes);
    assay_overlay_members(host->view, host->members);
    ASSAY_ASSERT(
        assay_overlay_used(host->view)); /* and it stays so: a roster is a host's for life */
    return ASSAY_OK;
}

void host_neighbours_close(struct assay_host *host)
{
    free(host->view_memory);
    free(host->links);
    host->view = NULL;
    host->routes = NULL;
}

void host_neighbours_roster(struct assay_host *host)
{
    if (host->view == NULL) return;
    for (uint16_t slot = 0; slot < host->members; slot++)
        tell(host, slot);
}

void host_neighbours_address(struct assay_host *host, uint16_t slot)
{
    if (host->view != NULL) tell(host, slot);
}

bool host_neighbours_links(const struct assay_host *host, uint16_t slot)
{
    return host->view == NULL || host->links[slot].wanted;
}

/* ------------------------------------------------------------ what the view wants */

static void link_to(struct assay_host *host, uint16_t slot)
{
    host->links[slot] = (struct host_link){ .wanted = true };
    const enum assay_status status = host_address_dial(host, slot);
    /* What the configuration says may be no address (assay_host_tune told it). */
    if (status != ASSAY_OK && status != ASSAY_E_IO) host_fail(host, status, "neighbour");
}

static void say(struct assay_host *host, uint16_t slot, enum assay_overlay_word word)
{
    const uint8_t byte = (uint8_t)word;
    host_send_over(host, slot, ASSAY_MESSAGE_NEIGHBOUR, assay_slice_over(&byte, 1));
}

static void hang_up_due(struct assay_host *host)
{
    host->hang_up_at_ms = UINT64_MAX;
    for (uint16_t slot = 0; slot < host->members; slot++) {
        struct host_link *l = &host->links[slot];
        if (l->hang_up_ms == 0) continue;
        if (l->hang_up_ms <= host->now_ms) {
            *l = (struct host_link){ .wanted = false };
            if (assay_transport_has_peer(host->link, slot))
                assay_transport_forget(host->link, slot);
        } else {
            host->hang_up_at_ms = assay_min_u64(host->hang_up_at_ms, l->hang_up_ms);
        }
    }
}

static void work(struct assay_host *host)
{
    struct assay_overlay_action action;
    if (host->view == NULL || host->link == NULL) return;
    while (assay_overlay_next(host->view, host->now_ms, &action)) {
        switch (action.kind) {
        case ASSAY_OVERLAY_LINK: link_to(host, action.slot); break;
        case ASSAY_OVERLAY_UNLINK:
            host->links[action.slot].hang_up_ms = host->now_ms + HANG_UP_MS;
            host->hang_up_at_ms = assay_min_u64(host->hang_up_at_ms, host->now_ms + HANG_UP_MS);
            break;
        case ASSAY_OVERLAY_TELL: say(host, action.slot, action.word); break;
        }
    }
    if (host->hang_up_at_ms <= host->now_ms) hang_up_due(host);
    assay_relay_tree_follow(host->routes, host->view, host->now_ms);
    struct assay_route_say route;
    while (assay_relay_tree_next(host->routes, host->now_ms, &route))
        host_send_over(host, route.to, ASSAY_MESSAGE_ROUTE,
                       assay_slice_over(route.payload, route.len));
}

void host_neighbours_turn(struct assay_host *host)
{
    if (host_neighbours_wake_at(host) <= host->now_ms) work(host);
}

uint64_t host_neighbours_wake_at(const struct assay_host *host)
{
    if (host->view == NULL) return UINT64_MAX;
    return assay_min_u64(assay_min_u64(assay_overlay_wake_at(host->view), host->hang_up_at_ms),
                         assay_relay_tree_wake_at(host->routes));
}

/* ------------------------------------------------------------ what is heard */

void host_neighbour(struct assay_host *host, uint16_t from, struct assay_slice payload)
{
    enum assay_status status = ASSAY_E_INVALID; /* everybody is one here */
    if (host_neighbours_used(host)) {
        status = assay_overlay_heard(host->view, host->now_ms, from, payload.bytes, payload.len);
        assay_relay_tree_anew(host->routes, host->now_ms, from);
    }
    if (status != ASSAY_OK) assay_count(&host->counters, ASSAY_COUNT_NEIGHBOUR_REFUSED);
    work(host);
}

void host_neighbours_alive(struct assay_host *host, uint16_t from)
{
    if (host->view != NULL) assay_overlay_alive(host->view, host->now_ms, from);
}

void host_neighbours_told(struct assay_host *host, uint16_t from)
{
    if (host->view != NULL) assay_overlay_told(host->view, host->now_ms, from);
}

void host_neighbours_came(struct assay_host *host, uint16_t from, enum assay_message_kind kind,
                          struct assay_slice payload, enum assay_status status)
{
    if (status == ASSAY_OK || status == ASSAY_E_DUPLICATE)
        assay_relay_tree_came(host->routes, host->view, host->now_ms, from, kind, payload,
                              status == ASSAY_OK);
}

void host_neighbours_route(struct assay_host *host, uint16_t from, struct assay_slice payload)
{
    enum assay_status status = ASSAY_E_STRANGER; /* no neighbour: there are none */
    if (host_neighbours_used(host))
        status = assay_relay_tree_heard(host->routes, host->view, host->now_ms, from, payload);
    if (status != ASSAY_OK) assay_count(&host->counters, ASSAY_COUNT_ROUTE_REFUSED);
}

void host_neighbours_asked(struct assay_host *host, uint16_t to, struct assay_slice payload)
{
    if (host_neighbours_used(host))
        assay_relay_tree_asked(host->routes, host->view, host->now_ms, to, payload);
}

void host_neighbours_announced(struct assay_host *host, uint16_t from, struct assay_slice payload)
{
    struct assay_envelope envelope;
    if (!host_neighbours_used(host) || assay_envelope_decode(payload, &envelope) != ASSAY_OK)
        return;
    assay_gossip_announced(host->gossip, envelope.evidence_digest, from);
}

void host_neighbours_authored(struct assay_host *host, enum assay_message_kind kind,
                              struct assay_slice payload)
{
    struct assay_envelope envelope;
    struct assay_vote vote;
    uint32_t slot = host->members;
    if (!host_neighbours_used(host)) return;
    if (kind == ASSAY_MESSAGE_ENVELOPE && assay_envelope_decode(payload, &envelope) == ASSAY_OK)
        slot = host_slot_of(host, envelope.node_id);
    if (kind == ASSAY_MESSAGE_VOTE && assay_vote_decode(payload, &vote) == ASSAY_OK)
        slot = vote.slot;
    if (slot < host->members) assay_peer_clocks_heard(&host->dates, (uint16_t)slot, host->now_ms);
}

void host_neighbours_closed(struct assay_host *host, uint64_t epoch)
{
    if (host->view == NULL) return;
    assay_overlay_closed(host->view, host->now_ms, epoch);
    assay_relay_tree_closed(host->routes, host->now_ms, epoch);
    work(host);
}
