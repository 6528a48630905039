/*
 * host/peers/peer_clocks.c - clock requests and responses, and their weighted median.
 */
#include "host/peers/peer_clocks.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/cursor.h"

enum { ASK = 0, ANSWER = 1, FAREWELL = 2, WORST_PARTS = 8, BOUND_MS_MAX = 5000, BOUND_PARTS = 8 };

static void check_clocks(const struct assay_peer_clocks *d)
{
    ASSAY_ASSERT(d->peers != NULL && d->self < d->count);
    ASSAY_ASSERT(d->every_ms >= ASSAY_PEER_CLOCKS_REQUEST_MS_MIN &&
                 d->every_ms <= ASSAY_PEER_CLOCKS_REQUEST_MS_MAX);
}

void assay_peer_clocks_init(struct assay_peer_clocks *dates, struct assay_peer_clocks_peer *peers,
                            uint32_t count, uint16_t self, uint32_t epoch_ms)
{
    ASSAY_ASSERT(epoch_ms > 0);
    const uint64_t every_ms = assay_max_u64(epoch_ms, ASSAY_PEER_CLOCKS_REQUEST_MS_MIN);
    *dates = (struct assay_peer_clocks){
        .peers = peers,
        .count = count,
        .self = self,
        .every_ms = assay_min_u64(every_ms, ASSAY_PEER_CLOCKS_REQUEST_MS_MAX),
        .bound_ms = assay_min_u64(BOUND_MS_MAX, epoch_ms / BOUND_PARTS),
    };
    assay_bytes_zero(peers, count * sizeof *peers);
    check_clocks(dates);
}

void assay_peer_clocks_on_message(struct assay_peer_clocks *dates, uint16_t slot, uint64_t now_ms)
{
    ASSAY_ASSERT(slot < dates->count);
    dates->peers[slot].received = true;
    dates->peers[slot].received_ms = now_ms;
    dates->peers[slot].ended = false;
}

static bool is_within(uint64_t at_ms, uint64_t now_ms, uint64_t most_ms)
{
    return now_ms < at_ms || now_ms - at_ms <= most_ms;
}

static bool is_fresh(const struct assay_peer_clocks *d, uint64_t at_ms, uint64_t now_ms)
{
    return is_within(at_ms, now_ms, ASSAY_PEER_CLOCKS_REQUESTS * d->every_ms);
}

bool assay_peer_clocks_is_reachable(const struct assay_peer_clocks *dates, uint16_t slot,
                                    uint64_t now_ms)
{
    check_clocks(dates);
    ASSAY_ASSERT(slot < dates->count);
    const struct assay_peer_clocks_peer *p = &dates->peers[slot];
    if (slot == dates->self) return true;
    const uint64_t most_ms =
        assay_max_u64(ASSAY_PEER_CLOCKS_REQUESTS * dates->every_ms, dates->far_ms);
    return p->received && !p->ended && is_within(p->received_ms, now_ms, most_ms);
}

static void write_number(struct assay_writer *w, uint8_t what, uint64_t ticket, uint64_t at_unix_ms)
{
    assay_writer_u8(w, what);
    assay_writer_u64be(w, ticket);
    assay_writer_u64be(w, at_unix_ms);
}

bool assay_peer_clocks_poll_request(struct assay_peer_clocks *dates, uint64_t now_ms,
                                    uint64_t at_unix_ms, bool alongside, struct assay_writer *w)
{
    check_clocks(dates);
    if (now_ms < (alongside ? dates->alongside_at_ms : dates->ask_at_ms)) return false;
    dates->ask_at_ms = now_ms + dates->every_ms + dates->every_ms / 4;
    dates->alongside_at_ms = now_ms + dates->every_ms - dates->every_ms / 4;
    dates->ticket = now_ms + 1; /* never 0 */
    write_number(w, ASK, dates->ticket, at_unix_ms);
    ASSAY_ASSERT(!w->full);
    return true;
}

void assay_peer_clocks_encode_farewell(uint64_t at_unix_ms, struct assay_writer *w)
{
    write_number(w, FAREWELL, 0, at_unix_ms);
    ASSAY_ASSERT(!w->full);
}

bool assay_peer_clocks_poll_ending(struct assay_peer_clocks *dates, uint16_t slot, uint64_t now_ms)
{
    check_clocks(dates);
    ASSAY_ASSERT(slot < dates->count);
    struct assay_peer_clocks_peer *p = &dates->peers[slot];
    if (!p->ended || (p->was_ending && now_ms - p->ending_ms < dates->every_ms)) return false;
    p->was_ending = true;
    p->ending_ms = now_ms;
    return true;
}

uint64_t assay_peer_clocks_wake_at(const struct assay_peer_clocks *dates)
{
    return dates->ask_at_ms;
}

/* The answer was sent about halfway between the request and now. */
static void note_answer(struct assay_peer_clocks *d, struct assay_peer_clocks_peer *p,
                        uint64_t now_ms, uint64_t at_unix_ms, uint64_t answered_unix_ms)
{
    const uint64_t round_ms = now_ms - (d->ticket - 1);
    p->received = p->known = true;
    p->received_ms = p->answered_ms = now_ms;
    p->ahead_ms = (int64_t)answered_unix_ms + (int64_t)(round_ms / 2) - (int64_t)at_unix_ms;
    p->round_ms = round_ms;
    p->worst_ms = assay_max_u64(round_ms, p->worst_ms - p->worst_ms / WORST_PARTS);
}

enum assay_status assay_peer_clocks_on_date(struct assay_peer_clocks *dates, uint16_t slot,
                                            uint64_t now_ms, uint64_t at_unix_ms,
                                            struct assay_slice payload, struct assay_writer *w)
{
    check_clocks(dates);
    ASSAY_ASSERT(slot < dates->count && at_unix_ms < INT64_MAX / 2);
    struct assay_cursor in = assay_cursor_over(payload.bytes, payload.len);
    uint8_t what = 0;
    uint64_t ticket = 0;
    uint64_t answered_unix_ms = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &what));
    ASSAY_TRY(assay_cursor_u64be(&in, &ticket));
    ASSAY_TRY(assay_cursor_u64be(&in, &answered_unix_ms));
    ASSAY_TRY(assay_cursor_end(&in));
    if (what > FAREWELL || answered_unix_ms >= INT64_MAX / 2) return ASSAY_E_RANGE;
    if (what == ASK) {
        write_number(w, ANSWER, ticket, at_unix_ms);
        return ASSAY_OK;
    }
    /* docs/protocol.md 4.5.5: a farewell concerns its authenticated sender alone, until the next
     * message of it. */
    if (what == FAREWELL && ticket != 0) return ASSAY_E_RANGE;
    if (what == FAREWELL) dates->peers[slot].ended = slot != dates->self;
    if (what == FAREWELL) return ASSAY_OK;
    /* An answer slower than the next request is too vague; one without a request is false. */
    if (dates->ticket == 0 || ticket != dates->ticket || now_ms < ticket - 1) return ASSAY_E_STALE;
    if (slot == dates->self) return ASSAY_E_STALE;
    note_answer(dates, &dates->peers[slot], now_ms, at_unix_ms, answered_unix_ms);
    return ASSAY_OK;
}

static bool has_date(const struct assay_peer_clocks *d, uint32_t slot, uint64_t now_ms)
{
    const struct assay_peer_clocks_peer *p = &d->peers[slot];
    return slot == d->self || (p->known && is_fresh(d, p->answered_ms, now_ms));
}

/* Offset of a peer's clock to ours; `sure`: the lower bound, if the complete round trip was spent
 * one way (4.5.4). Slow answers carry little information and raise no alarm. */
static int64_t offset_of(const struct assay_peer_clocks *d, uint32_t slot, bool sure)
{
    if (slot == d->self) return 0;
    const struct assay_peer_clocks_peer *p = &d->peers[slot];
    const int64_t vague_ms = sure ? (int64_t)((p->round_ms + 1) / 2) : 0;
    if (p->ahead_ms > vague_ms) return p->ahead_ms - vague_ms;
    return p->ahead_ms < -vague_ms ? p->ahead_ms + vague_ms : 0;
}

/* Weight of the members whose date is not above the limit (`above`: not below it). */
static uint64_t fresh_weight(const struct assay_peer_clocks *d, const uint32_t *weights,
                             uint64_t now_ms, bool sure, int64_t limit_ms, bool above)
{
    uint64_t weight = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        if (!has_date(d, i, now_ms)) continue;
        const int64_t ahead_ms = offset_of(d, i, sure);
        if (above ? ahead_ms >= limit_ms : ahead_ms <= limit_ms) weight += weights[i];
    }
    return weight;
}

/* The median nearest to our own clock: with exactly half disagreeing, neither side is known to be
 * right. A Byzantine third is less than half of the samples. Returns: our offset to it. */
static int64_t weighted_median(const struct assay_peer_clocks *dates, const uint32_t *weights,
                               uint64_t now_ms, uint64_t dated, bool sure)
{
    int64_t nearest_ms = 0;
    for (uint32_t i = 0; i < dates->count; i++) {
        if (i == dates->self || !has_date(dates, i, now_ms)) continue;
        const int64_t ahead_ms = offset_of(dates, i, sure);
        const bool above = ahead_ms > 0;
        if (2 * fresh_weight(dates, weights, now_ms, sure, ahead_ms, above) <= dated) continue;
        if (above ? ahead_ms > -nearest_ms : ahead_ms < -nearest_ms) nearest_ms = -ahead_ms;
    }
    return nearest_ms;
}

static struct assay_peer_clocks_found find_question(const struct assay_peer_clocks *dates,
                                                    const uint32_t *weights, uint64_t now_ms)
{
    uint64_t total = 0;
    uint64_t dated = 0;
    for (uint32_t i = 0; i < dates->count; i++) {
        total += weights[i];
        if (has_date(dates, i, now_ms)) dated += weights[i];
    }
    struct assay_peer_clocks_found found = { .known = total > 0 && 3 * dated > 2 * total };
    if (!found.known) return found;
    found.ahead_ms = weighted_median(dates, weights, now_ms, dated, false);
    found.sure_ms = weighted_median(dates, weights, now_ms, dated, true);
    return found;
}

bool assay_peer_clocks_update(struct assay_peer_clocks *dates, const uint32_t *weights,
                              uint64_t now_ms)
{
    check_clocks(dates);
    dates->found = find_question(dates, weights, now_ms);
    const int64_t sure_ms = dates->found.sure_ms;
    const uint64_t by_ms = (uint64_t)(sure_ms < 0 ? -sure_ms : sure_ms);
    /* Too few reachable peers do not make a wrong clock right. */
    const bool off = dates->found.known ? by_ms > dates->bound_ms : dates->off;
    const bool turned = off != dates->off;
    dates->off = off;
    return turned;
}
