/*
 * engine/consensus/vote_gossip.c - which votes neighbours say they hold, and what they are asked.
 *
 * docs/protocol.md 4.12.11. Above so many members votes come over one neighbour each; the others
 * say from time to time what they hold (VOTE_HAVE), so that what did not come is noticed while it
 * still matters, and asked for (VOTE_LACK). Of what is told nothing is kept but three slots for
 * each seat, type and view, of the few views that run. Nothing counts for being told. In a full
 * mesh nothing is told.
 */
#include "engine/consensus/simplex_internal.h"
#include "engine/consensus/vote_have.h"

#include "base/checked.h"

enum {
    SERVED_MAX = SX_SEATS_MAX, /* votes in one answer: those of one view and type */
    BEFORE = 2,                /* views before the running one that are told and asked for */
};

/* All bitmaps of one message, and what of them is used. */
struct board {
    uint8_t bytes[SX_TOLD_VIEWS][ASSAY_VOTE_TYPES][ASSAY_MEMBERS_MAX / 8];
    bool any[SX_TOLD_VIEWS][ASSAY_VOTE_TYPES];
};

static uint64_t pause_ms(const struct assay_simplex *s)
{
    return assay_message_pause_ms(s->base.epoch_ms);
}

static struct sx_teller *teller_of(struct assay_simplex *s, uint64_t view, size_t type,
                                   uint32_t seat)
{
    const uint64_t row = view % SX_TOLD_VIEWS * ASSAY_VOTE_TYPES + type;
    ASSAY_ASSERT(seat < s->seat_count && type < ASSAY_VOTE_TYPES);
    return &s->told.tellers[row * s->seats_max + seat];
}

static const struct sx_teller NOBODY = { .first = ASSAY_SLOT_ALL,
                                         .next = ASSAY_SLOT_ALL,
                                         .asked = ASSAY_SLOT_ALL };

static void forget_view(struct assay_simplex *s, uint64_t view)
{
    s->told.views[view % SX_TOLD_VIEWS] = view;
    for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
        for (uint32_t seat = 0; seat < s->seat_count; seat++)
            *teller_of(s, view, type, seat) = NOBODY;
}

void assay_sx_told_forget(struct assay_simplex *s)
{
    s->told.tell_at_ms = s->told.ask_at_ms = UINT64_MAX;
    for (uint64_t i = 0; i < SX_TOLD_VIEWS; i++) {
        s->told.news[i] = 0;
        s->told.views[i] = 0;
    }
}

/* Above what is final, and near the view that runs: what later views need is told again then. */
static bool is_near(const struct assay_simplex *s, uint64_t view)
{
    if (view <= s->final_view || view > s->view + 1 || view + BEFORE < s->view) return false;
    return assay_sx_in_window(s, view);
}

void assay_sx_told_news(struct assay_simplex *s, uint64_t view)
{
    if (!s->config.neighbours || !s->running || !is_near(s, view)) return;
    s->told.news[view % SX_TOLD_VIEWS] = view;
    if (s->told.tell_at_ms == UINT64_MAX) s->told.tell_at_ms = s->now_ms + pause_ms(s);
}

/* --- saying */

static void mark(struct board *board, uint64_t view, size_t type, uint16_t slot)
{
    uint8_t *bits = board->bytes[view % SX_TOLD_VIEWS][type];
    board->any[view % SX_TOLD_VIEWS][type] = true;
    bits[slot / 8] = (uint8_t)(bits[slot / 8] | 1u << slot % 8);
}

/* From the lowest view on. Returns: nothing, and says nothing, where no bit is set. */
static void say(struct assay_simplex *s, uint16_t to, enum assay_message_kind kind,
                const struct board *board, struct assay_simplex_actions *out)
{
    struct assay_vote_inventory have = { .era = s->base.era, .epoch = s->base.epoch };
    uint8_t bytes[ASSAY_VOTE_INVENTORY_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const size_t len = ((size_t)s->voters->count + 7) / 8;
    const uint64_t lowest = s->view > BEFORE ? s->view - BEFORE : 1;
    for (uint64_t view = lowest; view <= s->view + 1; view++) {
        const uint64_t at = view % SX_TOLD_VIEWS;
        struct assay_vote_inventory_view *v = &have.views[have.count];
        bool any = false;
        *v = (struct assay_vote_inventory_view){ .view = view };
        for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
            if (!board->any[at][type]) continue;
            v->bits[type] = assay_slice_over(board->bytes[at][type], len);
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

static void tell(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    struct board board = { 0 };
    for (uint64_t i = 0; i < SX_TOLD_VIEWS; i++) {
        const uint64_t view = s->told.news[i];
        s->told.news[i] = 0;
        const struct sx_view *v = view > 0 && is_near(s, view) ? assay_sx_peek(s, view) : NULL;
        for (uint32_t seat = 0; v != NULL && seat < s->seat_count; seat++)
            for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
                if (v->said[seat].held[type]) mark(&board, view, type, s->slot_of[seat]);
    }
    s->told.tell_at_ms = UINT64_MAX;
    say(s, ASSAY_SLOT_NEAR, ASSAY_MESSAGE_VOTE_INVENTORY, &board, out);
}

/* --- hearing */

/* What a certificate says needs no votes any more (docs/protocol.md 5.25). */
static bool is_wanted(const struct assay_simplex *s, uint64_t view, size_t type, uint32_t seat)
{
    const struct sx_view *v = assay_sx_peek(s, view);
    if (!is_near(s, view)) return false;
    return v == NULL || (v->certificate[type] == SX_NONE && !v->said[seat].held[type]);
}

static bool has(struct assay_slice bits, uint16_t slot)
{
    return bits.len > 0 && (bits.bytes[slot / 8] >> (slot % 8) & 1) != 0;
}

/* Returns: ASSAY_OK and *have, of this epoch | other statuses */
static enum assay_status read(const struct assay_simplex *s, struct assay_slice payload,
                              struct assay_vote_inventory *have)
{
    ASSAY_TRY(assay_vote_inventory_decode(payload, have));
    ASSAY_TRY(assay_sx_place(s, s->config.chain_id, have->era, have->epoch));
    return assay_vote_inventory_fits(have, s->voters->count);
}

/* It left an ask of this epoch or the last one without an answer: others are asked before it. */
static bool is_doubted(const struct assay_simplex *s, uint16_t slot)
{
    const uint64_t epoch = s->told.doubted[slot];
    return epoch != 0 && epoch + 1 >= s->base.epoch;
}

void assay_sx_told_given(struct assay_simplex *s, uint16_t from)
{
    if (from < s->config.voters_max) s->told.doubted[from] = 0;
}

/* Two are kept: a liar that claims everything stands behind who is not known to be one. */
static void note_teller(struct assay_simplex *s, struct sx_teller *t, uint16_t from)
{
    const bool better = !is_doubted(s, from);
    if (t->first == from || t->asked == from) return;
    if (t->first == ASSAY_SLOT_ALL || (better && is_doubted(s, t->first))) {
        t->next = t->first;
        t->first = from;
        t->fresh = true;
    } else if (t->next == ASSAY_SLOT_ALL || (better && is_doubted(s, t->next))) {
        t->next = from;
    }
    if (s->told.ask_at_ms == UINT64_MAX) s->told.ask_at_ms = s->now_ms + pause_ms(s);
}

enum assay_status assay_sx_vote_have(struct assay_simplex *s, uint16_t from,
                                     struct assay_slice payload, struct assay_simplex_actions *out)
{
    struct assay_vote_inventory have;
    (void)out;
    ASSAY_TRY(read(s, payload, &have));
    if (from == ASSAY_SLOT_SELF || from == s->config.self) return ASSAY_E_STRANGER;
    for (uint32_t i = 0; i < have.count; i++) {
        const uint64_t view = have.views[i].view;
        if (!is_near(s, view)) continue;
        if (s->told.views[view % SX_TOLD_VIEWS] != view) forget_view(s, view);
        for (uint32_t seat = 0; seat < s->seat_count; seat++)
            for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
                if (has(have.views[i].bits[type], s->slot_of[seat]) &&
                    is_wanted(s, view, type, seat))
                    note_teller(s, teller_of(s, view, type, seat), from);
    }
    return ASSAY_OK;
}

/* --- asking */

/* Returns: a member that is to be asked now, or ASSAY_SLOT_ALL. */
static uint16_t next_asked(struct assay_simplex *s)
{
    for (uint64_t i = 0; i < SX_TOLD_VIEWS; i++) {
        const uint64_t view = s->told.views[i];
        for (uint32_t seat = 0; view > 0 && seat < s->seat_count; seat++)
            for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
                const struct sx_teller *t = teller_of(s, view, type, seat);
                if (t->due) return t->first;
            }
    }
    return ASSAY_SLOT_ALL;
}

/* What came meanwhile is forgotten; who said so within the last pause has another one.
 * Returns: whether it is to be looked at again. */
static bool look(struct assay_simplex *s, struct sx_teller *t, bool wanted)
{
    if (t->first == ASSAY_SLOT_ALL && t->asked == ASSAY_SLOT_ALL) return false;
    if (!wanted) {
        *t = NOBODY;
        return false;
    }
    if (t->asked != ASSAY_SLOT_ALL) s->told.doubted[t->asked] = s->base.epoch;
    t->asked = ASSAY_SLOT_ALL;
    t->due = t->first != ASSAY_SLOT_ALL && !t->fresh;
    t->fresh = false;
    return t->first != ASSAY_SLOT_ALL;
}

/* Returns: whether anybody is waited for. */
static bool choose_due(struct assay_simplex *s)
{
    bool waits = false;
    for (uint64_t i = 0; i < SX_TOLD_VIEWS; i++) {
        const uint64_t view = s->told.views[i];
        for (uint32_t seat = 0; view > 0 && seat < s->seat_count; seat++)
            for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
                waits |= look(s, teller_of(s, view, type, seat), is_wanted(s, view, type, seat));
    }
    return waits;
}

static void ask_one(struct assay_simplex *s, uint16_t to, struct assay_simplex_actions *out)
{
    struct board board = { 0 };
    for (uint64_t i = 0; i < SX_TOLD_VIEWS; i++) {
        const uint64_t view = s->told.views[i];
        for (uint32_t seat = 0; view > 0 && seat < s->seat_count; seat++)
            for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
                struct sx_teller *t = teller_of(s, view, type, seat);
                if (!t->due || t->first != to) continue;
                mark(&board, view, type, s->slot_of[seat]);
                *t = (struct sx_teller){ .first = t->next, .next = ASSAY_SLOT_ALL, .asked = to };
            }
    }
    say(s, to, ASSAY_MESSAGE_VOTE_REQUEST_MISSING, &board, out);
}

static void ask(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    s->told.ask_at_ms = choose_due(s) ? s->now_ms + pause_ms(s) : UINT64_MAX;
    for (uint16_t to; (to = next_asked(s)) != ASSAY_SLOT_ALL;)
        ask_one(s, to, out);
}

void assay_sx_told_tick(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    if (s->now_ms >= s->told.tell_at_ms) tell(s, out);
    if (s->now_ms >= s->told.ask_at_ms) ask(s, out);
}

uint64_t assay_sx_told_wake(const struct assay_simplex *s)
{
    return assay_min_u64(s->told.tell_at_ms, s->told.ask_at_ms);
}

/* --- answering */

static void serve(struct assay_simplex *s, uint16_t to, const struct sx_view *v, size_t type,
                  uint32_t seat, struct assay_simplex_actions *out)
{
    const struct sx_said *said = &v->said[seat];
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const struct assay_vote_statement statement =
        assay_sx_statement(s, v, (enum assay_vote_type)type, said->id[type]);
    assay_vote_encode(&statement, s->slot_of[seat], said->signature[type], &w);
    ASSAY_ASSERT(!w.full);
    assay_sx_send(s, to, ASSAY_MESSAGE_VOTE, assay_slice_over(bytes, w.len), out);
}

enum assay_status assay_sx_vote_lack(struct assay_simplex *s, uint16_t from,
                                     struct assay_slice payload, struct assay_simplex_actions *out)
{
    struct assay_vote_inventory lack;
    uint32_t served = 0;
    ASSAY_TRY(read(s, payload, &lack));
    if (from == ASSAY_SLOT_SELF || from == s->config.self) return ASSAY_E_STRANGER;
    for (uint32_t i = 0; i < lack.count; i++) {
        const struct sx_view *v = assay_sx_peek(s, lack.views[i].view);
        if (v == NULL) continue;
        for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
            for (uint32_t seat = 0; seat < s->seat_count && served < SERVED_MAX; seat++) {
                if (!has(lack.views[i].bits[type], s->slot_of[seat])) continue;
                if (!v->said[seat].held[type]) continue;
                serve(s, from, v, type, seat, out);
                served++;
            }
    }
    return ASSAY_OK;
}
