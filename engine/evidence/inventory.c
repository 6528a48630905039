/*
 * engine/evidence/inventory.c - inventories of neighbours, and requests for missing items
 * (docs/protocol.md 4.1.4, 4.12.10).
 *
 * INVENTORY goes to neighbours when something new has arrived, at most once a pause. A member that
 * lacks some of it requests it from one of those that have it (REQUEST_MISSING), and from another
 * when that one is late. In a full mesh the host has no neighbours: authors reach all members, and
 * the rounds below request what did not arrive.
 */
#include "engine/parts/engine_internal.h"

#include "engine/evidence/pool.h"

#include "base/bitmap.h"

/* --- what is here */

static uint64_t answer_timeout_ms(const struct assay_engine *e)
{
    return assay_max_u64(25, assay_min_u64(assay_eng_epoch_ms(e) / 16, 1000));
}

static uint32_t count_bits(const uint8_t *bits, uint32_t members)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < members; i++)
        count += assay_bit_has(bits, i);
    return count;
}

/* Two bitmaps of zeros in the memory of the step. Returns: false when there is no room. */
static bool alloc_bitmaps(struct assay_engine *e, uint8_t *bits[static ASSAY_INVENTORY_LANES])
{
    const size_t len = assay_inventory_bitmap_len(e->members);
    for (unsigned lane = 0; lane < ASSAY_INVENTORY_LANES; lane++) {
        bits[lane] = assay_eng_alloc(e, len);
        if (bits[lane] == NULL) return false;
        assay_bytes_zero(bits[lane], len);
    }
    return true;
}

static bool is_current_ballot(const struct assay_engine *e, const struct assay_pool_item *item)
{
    return item->kind == ASSAY_RECORD_BALLOT && item->epoch == e->head->context.epoch &&
           (item->phase == ASSAY_POOL_READY || item->phase == ASSAY_POOL_DONE);
}

/* Returns: false when there is no room. */
static bool fill_held(struct assay_engine *e, uint8_t *held[static ASSAY_INVENTORY_LANES])
{
    if (!alloc_bitmaps(e, held)) return false;
    for (uint32_t i = 0; i < e->members; i++)
        if (e->seats[i].payload_len > 0) assay_bit_add(held[ASSAY_INVENTORY_ENVELOPE], i);
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (is_current_ballot(e, item) && item->slot < e->members)
            assay_bit_add(held[ASSAY_INVENTORY_BALLOT], item->slot);
    }
    return true;
}

/* Ballots count after the roll, up to E. */
static bool are_ballots_open(const struct assay_engine *e)
{
    return e->chain->ledger.has_roll && !e->chain->ledger.closed;
}

static bool is_wanted(const struct assay_engine *e, enum assay_inventory_lane lane, uint32_t slot)
{
    if (slot == e->self || !assay_member_serves(&e->head->state.members[slot])) return false;
    return lane == ASSAY_INVENTORY_ENVELOPE || are_ballots_open(e);
}

/* Returns: whether there was room; otherwise it is sent again later. */
static bool send_bitmaps(struct assay_engine *e, uint16_t to, enum assay_message_kind kind,
                         uint8_t *const bits[static ASSAY_INVENTORY_LANES])
{
    const size_t len = assay_inventory_bitmap_len(e->members);
    const struct assay_inventory have = {
        .epoch = e->head->context.epoch,
        .envelopes = assay_slice_over(bits[ASSAY_INVENTORY_ENVELOPE], len),
        .ballots = assay_slice_over(bits[ASSAY_INVENTORY_BALLOT], len),
    };
    const uint64_t unsent = e->output->effects->unsent;
    uint8_t *bytes = assay_eng_alloc(e, 2 * len + ASSAY_INVENTORY_FIXED_LEN_MAX);
    if (bytes == NULL) return false;
    struct assay_writer w = assay_writer_over(bytes, 2 * len + ASSAY_INVENTORY_FIXED_LEN_MAX);
    const enum assay_status status = assay_inventory_encode(&have, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_eng_send(e, to, ASSAY_SLOT_ALL, kind, assay_slice_over(bytes, w.len));
    return e->output->effects->unsent == unsent;
}

/* --- life */

static bool missing_is_valid(const struct assay_engine *e, const struct assay_missing_item *l)
{
    if (l->source != ASSAY_SLOT_ALL && l->source >= e->members) return false;
    if (l->spare != ASSAY_SLOT_ALL && (l->spare >= e->members || l->spare == l->source))
        return false;
    return !l->due;
}

static bool window_is_valid(const struct assay_request_missing_window *window)
{
    return window->size > 0 && window->size <= ASSAY_REQUEST_MISSING_MAX &&
           window->flying <= ASSAY_REQUEST_MISSING_MAX &&
           window->given <= ASSAY_REQUEST_MISSING_MAX;
}

void assay_inventory_check(const struct assay_engine *e)
{
    uint64_t asked = 0, flying = 0;
    for (unsigned lane = 0; lane < ASSAY_INVENTORY_LANES; lane++)
        for (uint32_t i = 0; i < e->members; i++) {
            ASSAY_ASSERT(missing_is_valid(e, &e->inventory->lacks[lane][i]));
            asked += e->inventory->lacks[lane][i].source != ASSAY_SLOT_ALL;
        }
    for (uint32_t i = 0; i < e->members; i++) {
        ASSAY_ASSERT(window_is_valid(&e->inventory->windows[i]));
        flying += e->inventory->windows[i].flying;
    }
    ASSAY_ASSERT(asked == flying);
}

static const struct assay_missing_item NOBODY = { .source = ASSAY_SLOT_ALL,
                                                  .spare = ASSAY_SLOT_ALL };

void assay_inventory_on_epoch(struct assay_engine *e)
{
    struct assay_inventory_state *h = &e->parts->inventory;
    for (unsigned lane = 0; lane < ASSAY_INVENTORY_LANES; lane++)
        for (uint32_t i = 0; i < e->members; i++) h->lacks[lane][i] = NOBODY;
    for (uint32_t i = 0; i < e->members; i++) {
        h->windows[i].flying = h->windows[i].given = 0;
        h->windows[i].late = false;
    }
    h->announce_at_ms = h->late_at_ms = UINT64_MAX;
    h->rounds = 0;
}

void assay_inventory_init(struct assay_engine *e)
{
    for (uint32_t i = 0; i < e->members; i++)
        e->parts->inventory.windows[i] =
            (struct assay_request_missing_window){ .size = ASSAY_REQUEST_MISSING_FIRST };
    assay_inventory_on_epoch(e);
    assay_inventory_check(e);
}

/* --- window of requests to one neighbour */

/* It was late with a window of 1 in this epoch or the last one: others are queried before it. */
static bool is_unresponsive(const struct assay_engine *e, uint16_t slot)
{
    const uint64_t epoch = e->inventory->windows[slot].doubted;
    return epoch != 0 && epoch + 1 >= e->head->context.epoch;
}

static bool has_room(const struct assay_engine *e, uint16_t slot)
{
    const struct assay_request_missing_window *window = &e->inventory->windows[slot];
    return window->flying < window->size && !window->late;
}

static void start_timeout(struct assay_engine *e, struct assay_missing_item *l)
{
    struct assay_inventory_state *h = &e->parts->inventory;
    l->since_ms = e->now_ms;
    h->late_at_ms = assay_min_u64(h->late_at_ms, e->now_ms + answer_timeout_ms(e));
}

/* Queries its spare now. */
static void switch_to_spare(struct assay_engine *e, struct assay_missing_item *l)
{
    ASSAY_ASSERT(l->source == ASSAY_SLOT_ALL && l->spare != ASSAY_SLOT_ALL);
    l->source = l->spare;
    l->spare = ASSAY_SLOT_ALL;
    e->parts->inventory.windows[l->source].flying++;
    start_timeout(e, l);
}

/* Without room for the request the neighbour is not late: it never received one. */
static void send_request(struct assay_engine *e, uint16_t source,
                         uint8_t *const asked[static ASSAY_INVENTORY_LANES])
{
    struct assay_inventory_state *h = &e->parts->inventory;
    if (send_bitmaps(e, source, ASSAY_MESSAGE_REQUEST_MISSING, asked)) return;
    for (unsigned lane = 0; lane < ASSAY_INVENTORY_LANES; lane++)
        for (uint32_t i = 0; i < e->members; i++) {
            struct assay_missing_item *l = &h->lacks[lane][i];
            if (!assay_bit_has(asked[lane], i)) continue;
            ASSAY_ASSERT(l->source == source && h->windows[source].flying > 0);
            h->windows[source].flying--;
            if (l->spare == ASSAY_SLOT_ALL) l->spare = source;
            l->source = ASSAY_SLOT_ALL;
        }
}

/* Requests what is waiting for this neighbour, as far as its window allows. */
static void request_waiting(struct assay_engine *e, uint16_t source)
{
    uint8_t *asked[ASSAY_INVENTORY_LANES];
    bool any = false;
    if (!alloc_bitmaps(e, asked)) return;
    for (unsigned lane = 0; lane < ASSAY_INVENTORY_LANES; lane++)
        for (uint32_t i = 0; i < e->members && has_room(e, source); i++) {
            struct assay_missing_item *l = &e->parts->inventory.lacks[lane][i];
            if (l->source != ASSAY_SLOT_ALL || l->spare != source) continue;
            if (!is_wanted(e, (enum assay_inventory_lane)lane, i)) continue;
            switch_to_spare(e, l);
            assay_bit_add(asked[lane], i);
            any = true;
        }
    if (any) send_request(e, source, asked);
}

/* One piece of a batch is here, or is asked of another neighbour. docs/protocol.md 4.12.10: a batch
 * in time doubles the window. One piece in time clears nothing: a neighbour that claims everything
 * could give one now and then. Returns: whether the batch is over. */
static bool finish_request(struct assay_engine *e, uint16_t source, bool given)
{
    struct assay_request_missing_window *window = &e->parts->inventory.windows[source];
    ASSAY_ASSERT(window->flying > 0);
    window->flying--;
    /* What was asked for while the batch ran belongs to it: more than one window may come. */
    if (given && window->given < ASSAY_REQUEST_MISSING_MAX) window->given++;
    if (window->flying > 0 && (window->late || window->given < window->size)) return false;
    if (!window->late && window->given > 0) {
        window->size = window->size < ASSAY_REQUEST_MISSING_MAX / 2
                           ? (uint16_t)(2 * window->size)
                           : (uint16_t)ASSAY_REQUEST_MISSING_MAX;
        window->doubted = 0;
    }
    window->given = 0;
    window->late = false;
    return true;
}

/* Halved once a batch, however many of it are late. */
static void on_late(struct assay_engine *e, uint16_t source)
{
    struct assay_request_missing_window *window = &e->parts->inventory.windows[source];
    if (!window->late && window->size == 1) window->doubted = e->head->context.epoch;
    if (!window->late && window->size > 1) window->size /= 2;
    window->late = true;
    (void)finish_request(e, source, false);
}

void assay_inventory_add(struct assay_engine *e, enum assay_inventory_lane lane, uint16_t from,
                         uint32_t slot)
{
    struct assay_inventory_state *h = &e->parts->inventory;
    ASSAY_ASSERT(slot < e->members);
    const uint16_t source = h->lacks[lane][slot].source;
    h->lacks[lane][slot] = NOBODY;
    if (source != ASSAY_SLOT_ALL && finish_request(e, source, source == from))
        request_waiting(e, source);
    if (h->announce_at_ms == UINT64_MAX)
        h->announce_at_ms = e->now_ms + assay_message_pause_ms(assay_eng_epoch_ms(e));
}

void assay_inventory_on_pause(struct assay_engine *e)
{
    struct assay_inventory_state *h = &e->parts->inventory;
    for (unsigned lane = 0; lane < ASSAY_INVENTORY_LANES; lane++)
        for (uint32_t i = 0; i < e->members; i++) h->lacks[lane][i].since_ms = e->now_ms;
    if (h->late_at_ms != UINT64_MAX) h->late_at_ms = e->now_ms + answer_timeout_ms(e);
}

/* --- requests to announcing neighbours */

/* Of two with the same announcement the one with the larger window is stored. */
static bool is_better(const struct assay_engine *e, uint16_t one, uint16_t other)
{
    const struct assay_request_missing_window *windows = e->inventory->windows;
    if (is_unresponsive(e, one) != is_unresponsive(e, other)) return is_unresponsive(e, other);
    return windows[one].size > windows[other].size;
}

/* Returns: whether to request it now. */
static bool add_source(struct assay_engine *e, struct assay_missing_item *l, uint16_t from,
                       bool may_request)
{
    const bool has_no_source = l->source == ASSAY_SLOT_ALL;
    if (l->source == from) return false;
    if (has_no_source && may_request) {
        if (l->spare == from) l->spare = ASSAY_SLOT_ALL;
        l->source = from;
        e->parts->inventory.windows[from].flying++;
        start_timeout(e, l);
        return true;
    }
    if (l->spare == from) return false;
    if (l->spare != ASSAY_SLOT_ALL && !is_better(e, from, l->spare)) return false;
    l->spare = from;
    if (has_no_source) start_timeout(e, l);
    return false;
}

enum assay_status assay_inventory_on_announcement(struct assay_engine *e, uint16_t from,
                                                  struct assay_slice payload)
{
    ASSAY_ASSERT(from < e->members || from == ASSAY_SLOT_SELF);
    struct assay_inventory have;
    uint8_t *held[ASSAY_INVENTORY_LANES];
    uint8_t *asked[ASSAY_INVENTORY_LANES];
    uint32_t count = 0;
    ASSAY_TRY(assay_inventory_decode(payload, e->members, &have));
    if (have.epoch > e->head->context.epoch) return ASSAY_E_EARLY;
    if (have.epoch < e->head->context.epoch) return ASSAY_E_STALE;
    if (from >= e->members || from == e->self) return ASSAY_OK;
    if (!fill_held(e, held) || !alloc_bitmaps(e, asked))
        return ASSAY_OK; /* it repeats its inventory */
    const uint8_t *theirs[ASSAY_INVENTORY_LANES] = { have.envelopes.bytes, have.ballots.bytes };
    for (unsigned lane = 0; lane < ASSAY_INVENTORY_LANES; lane++)
        for (uint32_t i = 0; i < e->members; i++) {
            if (!assay_bit_has(theirs[lane], i) || assay_bit_has(held[lane], i)) continue;
            if (!is_wanted(e, (enum assay_inventory_lane)lane, i)) continue;
            const bool may_request = has_room(e, from) && !is_unresponsive(e, from);
            if (!add_source(e, &e->parts->inventory.lacks[lane][i], from, may_request)) continue;
            assay_bit_add(asked[lane], i);
            count++;
        }
    if (count > 0) send_request(e, from, asked);
    return ASSAY_OK;
}

/* The queried neighbour is late: the spare is queried as soon as its window allows. */
static void on_source_late(struct assay_engine *e, struct assay_missing_item *l)
{
    if (l->source != ASSAY_SLOT_ALL) on_late(e, l->source);
    l->source = ASSAY_SLOT_ALL;
    l->since_ms = e->now_ms;
    if (l->spare == ASSAY_SLOT_ALL || !has_room(e, l->spare)) return;
    switch_to_spare(e, l);
    l->due = true;
}

/* Cancels the request for an item that is here or no longer needed. */
static void cancel_request(struct assay_engine *e, struct assay_missing_item *l)
{
    if (l->source != ASSAY_SLOT_ALL) (void)finish_request(e, l->source, false);
    *l = NOBODY;
}

/* Everything that is due from one source goes into one request. */
static void send_due_requests(struct assay_engine *e,
                              uint8_t *const asked[static ASSAY_INVENTORY_LANES])
{
    struct assay_inventory_state *h = &e->parts->inventory;
    for (uint32_t source = 0; source < e->members; source++) {
        bool any = false;
        for (unsigned lane = 0; lane < ASSAY_INVENTORY_LANES; lane++) {
            assay_bytes_zero(asked[lane], assay_inventory_bitmap_len(e->members));
            for (uint32_t i = 0; i < e->members; i++) {
                if (!h->lacks[lane][i].due || h->lacks[lane][i].source != source) continue;
                assay_bit_add(asked[lane], i);
                any = true;
            }
        }
        if (!any) continue;
        for (unsigned lane = 0; lane < ASSAY_INVENTORY_LANES; lane++)
            for (uint32_t i = 0; i < e->members; i++)
                if (assay_bit_has(asked[lane], i)) h->lacks[lane][i].due = false;
        send_request(e, (uint16_t)source, asked);
    }
}

static void handle_late(struct assay_engine *e)
{
    struct assay_inventory_state *h = &e->parts->inventory;
    uint8_t *held[ASSAY_INVENTORY_LANES], *asked[ASSAY_INVENTORY_LANES];
    bool due = false;
    if (!fill_held(e, held) || !alloc_bitmaps(e, asked)) return;
    h->late_at_ms = UINT64_MAX;
    for (unsigned lane = 0; lane < ASSAY_INVENTORY_LANES; lane++)
        for (uint32_t i = 0; i < e->members; i++) {
            struct assay_missing_item *l = &h->lacks[lane][i];
            if (l->source == ASSAY_SLOT_ALL && l->spare == ASSAY_SLOT_ALL) continue;
            if (assay_bit_has(held[lane], i) || !is_wanted(e, (enum assay_inventory_lane)lane, i))
                cancel_request(e, l);
            else if (e->now_ms >= l->since_ms + answer_timeout_ms(e)) on_source_late(e, l);
            due |= l->due;
            if (l->source != ASSAY_SLOT_ALL)
                h->late_at_ms = assay_min_u64(h->late_at_ms, l->since_ms + answer_timeout_ms(e));
            else if (l->spare != ASSAY_SLOT_ALL)
                h->late_at_ms = assay_min_u64(h->late_at_ms, l->since_ms + answer_timeout_ms(e));
        }
    if (due) send_due_requests(e, asked);
}

/* --- answering */

enum assay_status assay_inventory_on_request(struct assay_engine *e, uint16_t from,
                                             struct assay_slice payload)
{
    ASSAY_ASSERT(from < e->members || from == ASSAY_SLOT_SELF);
    struct assay_inventory lack;
    ASSAY_TRY(assay_inventory_decode(payload, e->members, &lack));
    if (lack.epoch > e->head->context.epoch) return ASSAY_E_EARLY;
    if (lack.epoch < e->head->context.epoch) return ASSAY_E_STALE;
    if (from >= e->members || from == e->self) return ASSAY_OK;
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_seat *seat = &e->seats[i];
        if (!assay_bit_has(lack.envelopes.bytes, i) || seat->payload_len == 0) continue;
        assay_eng_send(e, from, ASSAY_SLOT_ALL, ASSAY_MESSAGE_ENVELOPE,
                       assay_eng_copy(e, assay_slice_over(seat->payload, seat->payload_len)));
    }
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (!is_current_ballot(e, item) || item->slot >= e->members) continue;
        if (!assay_bit_has(lack.ballots.bytes, item->slot)) continue;
        assay_eng_send(e, from, ASSAY_SLOT_ALL, ASSAY_MESSAGE_RECORD,
                       assay_eng_copy(e, assay_slice_over(item->bytes, item->len)));
    }
    return ASSAY_OK;
}

/* --- rounds of requests, independent of announcements */

/* docs/protocol.md 4.1.4: three members at one distance, twice and three times it. With distances
 * of 1, 4 and 16, one round each, what a single one of 64 holds has come to all after three. */
uint16_t assay_inventory_get_peer(const struct assay_engine *e, uint32_t round, uint32_t k)
{
    static const uint32_t strides[] = { 1, 4, 16 };
    const uint32_t n = e->members;
    const uint32_t stride = strides[(round + e->head->context.epoch) % 3];
    uint32_t chosen[ASSAY_PEERS_AT_ONCE] = { 0 };
    ASSAY_ASSERT(k < ASSAY_PEERS_AT_ONCE);
    for (uint32_t j = 0; j <= k; j++) {
        uint32_t slot = (e->self + stride * (j + 1)) % n;
        uint32_t tried = 0;
        for (; tried < n; tried++, slot = (slot + 1) % n) {
            bool fresh = slot != e->self && assay_member_serves(&e->head->state.members[slot]);
            for (uint32_t i = 0; fresh && i < j; i++) fresh = chosen[i] != slot;
            if (fresh) break;
        }
        if (tried == n) return ASSAY_SLOT_ALL;
        chosen[j] = slot;
    }
    return (uint16_t)chosen[k];
}

/* Ballots are due at 5T/8: 11/16, 12/16 and 13/16 after the epoch was seen to open. */
static uint64_t round_due(const struct assay_engine *e)
{
    if (e->inventory->rounds >= ASSAY_BALLOT_ROUNDS) return UINT64_MAX;
    return e->epoch_state->opened_ms + assay_eng_epoch_ms(e) / 16 * (11 + e->inventory->rounds);
}

/* A member that attested is expected to vote. */
static void request_ballots(struct assay_engine *e)
{
    uint8_t *held[ASSAY_INVENTORY_LANES];
    uint8_t *asked[ASSAY_INVENTORY_LANES];
    const uint32_t round = e->parts->inventory.rounds++;
    if (!are_ballots_open(e) || !fill_held(e, held) || !alloc_bitmaps(e, asked)) return;
    for (uint32_t i = 0; i < e->members; i++)
        if (is_wanted(e, ASSAY_INVENTORY_BALLOT, i) &&
            assay_bit_has(held[ASSAY_INVENTORY_ENVELOPE], i) &&
            !assay_bit_has(held[ASSAY_INVENTORY_BALLOT], i))
            assay_bit_add(asked[ASSAY_INVENTORY_BALLOT], i);
    if (count_bits(asked[ASSAY_INVENTORY_BALLOT], e->members) == 0) return;
    for (uint32_t k = 0; k < ASSAY_PEERS_AT_ONCE; k++) {
        const uint16_t to = assay_inventory_get_peer(e, round, k);
        if (to != ASSAY_SLOT_ALL) (void)send_bitmaps(e, to, ASSAY_MESSAGE_REQUEST_MISSING, asked);
    }
}

/* --- members that send different envelopes to different peers (docs/protocol.md 4.1.5) */

static bool is_proven(const struct assay_engine *e, uint32_t slot)
{
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (item->phase != ASSAY_POOL_FREE && item->kind == ASSAY_RECORD_OFFENCE &&
            item->slot == slot && item->epoch == e->head->context.epoch)
            return true;
    }
    return false;
}

static bool is_other_envelope(const struct assay_engine *e, uint32_t slot,
                              const uint8_t digest[static 32])
{
    const struct assay_seat *seat = &e->seats[slot];
    return seat->payload_len > 0 && !assay_bytes_equal(seat->envelope.digest, digest, 32) &&
           !is_proven(e, slot);
}

bool assay_inventory_is_disputed(const struct assay_engine *e, uint32_t slot)
{
    const struct assay_ledger *l = &e->chain->ledger;
    ASSAY_ASSERT(slot < e->members);
    return l->has_roll && l->roll_present[slot] && is_other_envelope(e, slot, l->roll[slot]);
}

void assay_inventory_on_ballot(struct assay_engine *e, const struct assay_record *ballot)
{
    ASSAY_ASSERT(ballot->kind == ASSAY_RECORD_BALLOT);
    const struct assay_ballot *b = &ballot->ballot;
    uint8_t *asked[ASSAY_INVENTORY_LANES];
    if (b->epoch != e->head->context.epoch || b->exception_count == 0) return;
    if (ballot->slot >= e->members || ballot->slot == e->self || !alloc_bitmaps(e, asked)) return;
    for (uint32_t i = 0; i < b->exception_count; i++) {
        const struct assay_exception *x = &b->exceptions[i];
        if (x->slot < e->members && is_other_envelope(e, x->slot, x->digest))
            assay_bit_add(asked[ASSAY_INVENTORY_ENVELOPE], x->slot);
    }
    if (count_bits(asked[ASSAY_INVENTORY_ENVELOPE], e->members) > 0)
        (void)send_bitmaps(e, (uint16_t)ballot->slot, ASSAY_MESSAGE_REQUEST_MISSING, asked);
}

/* --- time */

void assay_inventory_tick(struct assay_engine *e)
{
    struct assay_inventory_state *h = &e->parts->inventory;
    uint8_t *held[ASSAY_INVENTORY_LANES];
    if (e->now_ms >= h->announce_at_ms && fill_held(e, held)) {
        h->announce_at_ms = UINT64_MAX;
        (void)send_bitmaps(e, ASSAY_SLOT_NEAR, ASSAY_MESSAGE_INVENTORY, held);
    }
    if (e->now_ms >= h->late_at_ms) handle_late(e);
    if (e->now_ms >= round_due(e)) request_ballots(e);
}

uint64_t assay_inventory_wake_at(const struct assay_engine *e)
{
    const struct assay_inventory_state *h = e->inventory;
    if (!e->start_state->started || !e->chain->begun) return UINT64_MAX;
    return assay_min_u64(assay_min_u64(h->announce_at_ms, h->late_at_ms), round_due(e));
}
