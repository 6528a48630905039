/*
 * engine/consensus/vote_gossip.c - announcement of votes to neighbours, and requests for missing
 * ones.
 *
 * docs/protocol.md 4.12.11. In large networks votes arrive over one neighbour each. The others
 * announce from time to time which votes they have (VOTE_INVENTORY), so that a missing vote is
 * noticed while it still matters, and requested (VOTE_REQUEST_MISSING). Of the announcements only
 * three slots for each seat, type and view are stored, for the few running views. An announcement
 * never counts as a vote. In a full mesh nothing is announced.
 */
#include "engine/consensus/simplex_internal.h"
#include "engine/consensus/vote_inventory.h"

#include "base/bitmap.h"
#include "base/checked.h"

enum {
    SERVED_MAX = SX_SEATS_MAX, /* votes in one answer: those of one view and type */
    BEFORE = 2,                /* views before the running one that are announced and requested */
};

/* All bitmaps of one message, and what of them is used. */
struct vote_bitmaps {
    uint8_t bytes[SX_GOSSIP_VIEWS][ASSAY_VOTE_TYPES][ASSAY_MEMBERS_MAX / 8];
    bool any[SX_GOSSIP_VIEWS][ASSAY_VOTE_TYPES];
};

static uint64_t gossip_pause_ms(const struct assay_simplex *s)
{
    return assay_message_pause_ms(s->base.epoch_ms);
}

static struct sx_holders *holders_of(struct assay_simplex *s, uint64_t view, size_t type,
                                     uint32_t seat)
{
    const uint64_t row = view % SX_GOSSIP_VIEWS * ASSAY_VOTE_TYPES + type;
    ASSAY_ASSERT(seat < s->seat_count && type < ASSAY_VOTE_TYPES);
    return &s->gossip.holders[row * s->seats_max + seat];
}

static const struct sx_holders NOBODY = { .first = ASSAY_SLOT_ALL,
                                          .next = ASSAY_SLOT_ALL,
                                          .asked = ASSAY_SLOT_ALL };

static void clear_view(struct assay_simplex *s, uint64_t view)
{
    s->gossip.views[view % SX_GOSSIP_VIEWS] = view;
    for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
        for (uint32_t seat = 0; seat < s->seat_count; seat++)
            *holders_of(s, view, type, seat) = NOBODY;
}

void assay_sx_gossip_reset(struct assay_simplex *s)
{
    s->gossip.send_at_ms = s->gossip.request_at_ms = UINT64_MAX;
    for (uint64_t i = 0; i < SX_GOSSIP_VIEWS; i++) {
        s->gossip.news[i] = 0;
        s->gossip.views[i] = 0;
    }
}

/* Votes for later views are announced again when these are near. */
static bool is_near_running(const struct assay_simplex *s, uint64_t view)
{
    if (view > s->view + 1 || view + BEFORE < s->view) return false;
    return assay_sx_in_window(s, view);
}

/* The newest final view, too: a neighbour may lack the votes that made it final. */
static bool is_announced(const struct assay_simplex *s, uint64_t view)
{
    return view > 0 && view >= s->final_view && is_near_running(s, view);
}

void assay_sx_gossip_note_vote(struct assay_simplex *s, uint64_t view)
{
    if (!s->config.neighbours || !s->running || !is_announced(s, view)) return;
    s->gossip.news[view % SX_GOSSIP_VIEWS] = view;
    if (s->gossip.send_at_ms == UINT64_MAX) s->gossip.send_at_ms = s->now_ms + gossip_pause_ms(s);
}

/* --- announcements */

static void set_bit(struct vote_bitmaps *vote_bitmaps, uint64_t view, size_t type, uint16_t slot)
{
    uint8_t *bits = vote_bitmaps->bytes[view % SX_GOSSIP_VIEWS][type];
    vote_bitmaps->any[view % SX_GOSSIP_VIEWS][type] = true;
    assay_bit_add(bits, slot);
}

/* From the lowest view on. Sends nothing where no bit is set. */
static void send_bitmaps(struct assay_simplex *s, uint16_t to, enum assay_message_kind kind,
                         const struct vote_bitmaps *vote_bitmaps, struct assay_simplex_actions *out)
{
    struct assay_vote_inventory have = { .era = s->base.era, .epoch = s->base.epoch };
    uint8_t bytes[ASSAY_VOTE_INVENTORY_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const size_t len = ((size_t)s->voters->count + 7) / 8;
    const uint64_t lowest = s->view > BEFORE ? s->view - BEFORE : 1;
    for (uint64_t view = lowest; view <= s->view + 1; view++) {
        const uint64_t at = view % SX_GOSSIP_VIEWS;
        struct assay_vote_inventory_view *v = &have.views[have.count];
        bool any = false;
        *v = (struct assay_vote_inventory_view){ .view = view };
        for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
            if (!vote_bitmaps->any[at][type]) continue;
            v->bits[type] = assay_slice_over(vote_bitmaps->bytes[at][type], len);
            any = true;
        }
        have.count += any;
        if (have.count == ASSAY_VOTE_INVENTORY_VIEWS) break;
    }
    if (have.count == 0) return;
    assay_vote_inventory_encode(&have, &w);
    ASSAY_ASSERT(!w.full);
    assay_sx_send(s, to, kind, assay_slice_over(bytes, w.len), out);
}

static void send_inventory(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    struct vote_bitmaps vote_bitmaps = { 0 };
    for (uint64_t i = 0; i < SX_GOSSIP_VIEWS; i++) {
        const uint64_t view = s->gossip.news[i];
        s->gossip.news[i] = 0;
        const struct sx_view *v = is_announced(s, view) ? assay_sx_find_view(s, view) : NULL;
        for (uint32_t seat = 0; v != NULL && seat < s->seat_count; seat++)
            for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
                if (v->received[seat].verified[type])
                    set_bit(&vote_bitmaps, view, type, s->slot_of[seat]);
    }
    s->gossip.send_at_ms = UINT64_MAX;
    send_bitmaps(s, ASSAY_SLOT_NEAR, ASSAY_MESSAGE_VOTE_INVENTORY, &vote_bitmaps, out);
}

/* --- announcements of neighbours */

/* Votes that a certificate covers are no longer needed (docs/protocol.md 5.25). */
static bool is_wanted(const struct assay_simplex *s, uint64_t view, size_t type, uint32_t seat)
{
    const struct sx_view *v = assay_sx_find_view(s, view);
    if (view <= s->final_view || !is_near_running(s, view)) return false;
    return v == NULL || (v->certificate[type] == SX_NONE && !v->received[seat].verified[type]);
}

/* Returns: ASSAY_OK and *have, of this epoch | other statuses */
static enum assay_status decode_for_epoch(const struct assay_simplex *s, struct assay_slice payload,
                                          struct assay_vote_inventory *have)
{
    ASSAY_TRY(assay_vote_inventory_decode(payload, have));
    ASSAY_TRY(assay_sx_check_position(s, s->config.chain_id, have->era, have->epoch));
    return assay_vote_inventory_fits(have, s->voters->count);
}

/* It left a request of this epoch or the last one unanswered: others are queried before it. */
static bool is_unresponsive(const struct assay_simplex *s, uint16_t slot)
{
    const uint64_t epoch = s->gossip.unresponsive_epoch[slot];
    return epoch != 0 && epoch + 1 >= s->base.epoch;
}

void assay_sx_gossip_on_vote(struct assay_simplex *s, uint16_t from)
{
    if (from < s->config.voters_max) s->gossip.unresponsive_epoch[from] = 0;
}

/* Two are stored: a member that falsely announces everything ranks behind members that answer. */
static void add_holder(struct assay_simplex *s, struct sx_holders *t, uint16_t from)
{
    const bool better = !is_unresponsive(s, from);
    if (t->first == from || t->asked == from) return;
    if (t->first == ASSAY_SLOT_ALL || (better && is_unresponsive(s, t->first))) {
        t->next = t->first;
        t->first = from;
        t->fresh = true;
    } else if (t->next == ASSAY_SLOT_ALL || (better && is_unresponsive(s, t->next))) {
        t->next = from;
    }
    if (s->gossip.request_at_ms == UINT64_MAX)
        s->gossip.request_at_ms = s->now_ms + gossip_pause_ms(s);
}

enum assay_status assay_sx_receive_vote_inventory(struct assay_simplex *s, uint16_t from,
                                                  struct assay_slice payload,
                                                  struct assay_simplex_actions *out)
{
    struct assay_vote_inventory have;
    (void)out;
    ASSAY_TRY(decode_for_epoch(s, payload, &have));
    if (from == ASSAY_SLOT_SELF || from == s->config.self) return ASSAY_E_STRANGER;
    for (uint32_t i = 0; i < have.count; i++) {
        const uint64_t view = have.views[i].view;
        if (view <= s->final_view || !is_near_running(s, view)) continue;
        if (s->gossip.views[view % SX_GOSSIP_VIEWS] != view) clear_view(s, view);
        for (uint32_t seat = 0; seat < s->seat_count; seat++)
            for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
                if (assay_bitmap_has(have.views[i].bits[type], s->slot_of[seat]) &&
                    is_wanted(s, view, type, seat))
                    add_holder(s, holders_of(s, view, type, seat), from);
    }
    return ASSAY_OK;
}

/* --- requests */

/* Returns: a member to query now, or ASSAY_SLOT_ALL. */
static uint16_t next_due_member(struct assay_simplex *s)
{
    for (uint64_t i = 0; i < SX_GOSSIP_VIEWS; i++) {
        const uint64_t view = s->gossip.views[i];
        for (uint32_t seat = 0; view > 0 && seat < s->seat_count; seat++)
            for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
                const struct sx_holders *t = holders_of(s, view, type, seat);
                if (t->due) return t->first;
            }
    }
    return ASSAY_SLOT_ALL;
}

/* Clears votes that have arrived; a member that announced within the last pause gets another one.
 * Returns: whether to update it again. */
static bool update_holders(struct assay_simplex *s, struct sx_holders *t, bool wanted)
{
    if (t->first == ASSAY_SLOT_ALL && t->asked == ASSAY_SLOT_ALL) return false;
    if (!wanted) {
        *t = NOBODY;
        return false;
    }
    if (t->asked != ASSAY_SLOT_ALL) s->gossip.unresponsive_epoch[t->asked] = s->base.epoch;
    t->asked = ASSAY_SLOT_ALL;
    t->due = t->first != ASSAY_SLOT_ALL && !t->fresh;
    t->fresh = false;
    return t->first != ASSAY_SLOT_ALL;
}

/* Returns: whether any request is pending. */
static bool update_all_holders(struct assay_simplex *s)
{
    bool waits = false;
    for (uint64_t i = 0; i < SX_GOSSIP_VIEWS; i++) {
        const uint64_t view = s->gossip.views[i];
        for (uint32_t seat = 0; view > 0 && seat < s->seat_count; seat++)
            for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
                waits |= update_holders(s, holders_of(s, view, type, seat),
                                        is_wanted(s, view, type, seat));
    }
    return waits;
}

static void send_request(struct assay_simplex *s, uint16_t to, struct assay_simplex_actions *out)
{
    struct vote_bitmaps vote_bitmaps = { 0 };
    for (uint64_t i = 0; i < SX_GOSSIP_VIEWS; i++) {
        const uint64_t view = s->gossip.views[i];
        for (uint32_t seat = 0; view > 0 && seat < s->seat_count; seat++)
            for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
                struct sx_holders *t = holders_of(s, view, type, seat);
                if (!t->due || t->first != to) continue;
                set_bit(&vote_bitmaps, view, type, s->slot_of[seat]);
                *t = (struct sx_holders){ .first = t->next, .next = ASSAY_SLOT_ALL, .asked = to };
            }
    }
    send_bitmaps(s, to, ASSAY_MESSAGE_VOTE_REQUEST_MISSING, &vote_bitmaps, out);
}

static void send_due_requests(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    s->gossip.request_at_ms = update_all_holders(s) ? s->now_ms + gossip_pause_ms(s) : UINT64_MAX;
    for (uint16_t to; (to = next_due_member(s)) != ASSAY_SLOT_ALL;)
        send_request(s, to, out);
}

void assay_sx_gossip_tick(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    if (s->now_ms >= s->gossip.send_at_ms) send_inventory(s, out);
    if (s->now_ms >= s->gossip.request_at_ms) send_due_requests(s, out);
}

uint64_t assay_sx_gossip_wake(const struct assay_simplex *s)
{
    return assay_min_u64(s->gossip.send_at_ms, s->gossip.request_at_ms);
}

/* --- answers */

static void send_vote(struct assay_simplex *s, uint16_t to, const struct sx_view *v, size_t type,
                      uint32_t seat, struct assay_simplex_actions *out)
{
    const struct sx_received *received = &v->received[seat];
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const struct assay_vote_statement statement =
        assay_sx_statement(s, v, (enum assay_vote_type)type, received->id[type]);
    assay_vote_encode(&statement, s->slot_of[seat], received->signature[type], &w);
    ASSAY_ASSERT(!w.full);
    assay_sx_send(s, to, ASSAY_MESSAGE_VOTE, assay_slice_over(bytes, w.len), out);
}

enum assay_status assay_sx_receive_vote_request(struct assay_simplex *s, uint16_t from,
                                                struct assay_slice payload,
                                                struct assay_simplex_actions *out)
{
    struct assay_vote_inventory lack;
    uint32_t served = 0;
    ASSAY_TRY(decode_for_epoch(s, payload, &lack));
    if (from == ASSAY_SLOT_SELF || from == s->config.self) return ASSAY_E_STRANGER;
    for (uint32_t i = 0; i < lack.count; i++) {
        const struct sx_view *v = assay_sx_find_view(s, lack.views[i].view);
        if (v == NULL) continue;
        for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
            for (uint32_t seat = 0; seat < s->seat_count && served < SERVED_MAX; seat++) {
                if (!assay_bitmap_has(lack.views[i].bits[type], s->slot_of[seat])) continue;
                if (!v->received[seat].verified[type]) continue;
                send_vote(s, from, v, type, seat, out);
                served++;
            }
    }
    return ASSAY_OK;
}
