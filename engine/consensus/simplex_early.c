/*
 * engine/consensus/simplex_early.c - buffer for messages of the next epoch, and detection of being
 * behind.
 *
 * Peers finalise E a little before us and proceed: their first messages are buffered and replayed
 * when the epoch begins. No sender may fill the buffer for the others. A buffered message is still
 * rejected as early: it is not verified, so it is not relayed (docs/protocol.md 4.12.7). When more
 * than a third of the weight signs in a later epoch, an honest node is there: time to synchronise.
 * Less is only a hint (weights move, so those ahead may weigh little in our table), taken while
 * this node is stalled: asking costs a message, and what is answered carries its own proof.
 */
#include "engine/consensus/simplex_internal.h"

enum { ENTRY_HEAD = 8, FAIR_SHARE_MIN = 4096 };

struct entry {
    uint16_t from;
    uint16_t kind;
    struct assay_slice payload;
};

static enum assay_status next_entry(struct assay_cursor *c, struct entry *entry)
{
    uint32_t len = 0;
    ASSAY_TRY(assay_cursor_u16le(c, &entry->from));
    ASSAY_TRY(assay_cursor_u16le(c, &entry->kind));
    ASSAY_TRY(assay_cursor_u32le(c, &len));
    return assay_cursor_slice(c, len, &entry->payload);
}

/* Bytes of a sender in the buffer, or SIZE_MAX when this very message is among them. */
static size_t buffered_len_of(const struct sx_early *early, uint16_t from,
                              enum assay_message_kind kind, struct assay_slice payload)
{
    ASSAY_ASSERT(early->used <= early->capacity);

    struct assay_cursor c = assay_cursor_over(early->bytes, early->used);
    struct entry entry;
    size_t share = 0;
    while (assay_cursor_left(&c) > 0) {
        const enum assay_status read = next_entry(&c, &entry);
        ASSAY_ASSERT(read == ASSAY_OK); /* we wrote it */
        if (entry.from != from) continue;
        share += ENTRY_HEAD + entry.payload.len;
        if (entry.kind == (uint16_t)kind && assay_slice_equal(entry.payload, payload))
            return SIZE_MAX;
    }
    ASSAY_ASSERT(share <= early->used);
    return share;
}

enum assay_status assay_sx_buffer_early(struct assay_simplex *s, uint16_t from,
                                        enum assay_message_kind kind, struct assay_slice payload)
{
    struct sx_early *early = &s->early;
    if (from >= s->config.voters_max) return ASSAY_E_EARLY;
    size_t limit = early->capacity / s->config.voters_max;
    if (limit < FAIR_SHARE_MIN) limit = FAIR_SHARE_MIN;

    const size_t share = buffered_len_of(early, from, kind, payload);
    const size_t len = ENTRY_HEAD + payload.len;
    if (share == SIZE_MAX) return ASSAY_E_DUPLICATE;
    if (len > limit || share > limit - len) return ASSAY_E_FULL;
    if (len > early->capacity - early->used) return ASSAY_E_FULL;

    struct assay_writer w =
        assay_writer_over(early->bytes + early->used, early->capacity - early->used);
    assay_writer_u16le(&w, from);
    assay_writer_u16le(&w, (uint16_t)kind);
    assay_writer_u32le(&w, (uint32_t)payload.len);
    assay_writer_put(&w, payload.bytes, payload.len);
    ASSAY_ASSERT(!w.full);
    ASSAY_ASSERT(w.len == len);
    early->used += w.len;
    ASSAY_ASSERT(early->used <= early->capacity);
    return ASSAY_E_EARLY;
}

void assay_sx_replay_early(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->running && s->early.used <= s->early.capacity);

    struct assay_cursor c = assay_cursor_over(s->early.bytes, s->early.used);
    struct entry entry;
    /* Emptied first: what is early even now is dropped, not written over what is being read. */
    s->early.used = s->early.capacity;
    while (assay_cursor_left(&c) > 0) {
        const enum assay_status read = next_entry(&c, &entry);
        ASSAY_ASSERT(read == ASSAY_OK);
        ASSAY_ASSERT(entry.from < s->config.voters_max);
        assay_status_ignore(assay_sx_dispatch(s, entry.from, (enum assay_message_kind)entry.kind,
                                              entry.payload, out),
                            "judged now; its sender is long gone");
    }
    ASSAY_ASSERT(s->early.used == s->early.capacity);
    s->early.used = 0;
}

/* --- being behind */

uint64_t assay_sx_third_epoch(const struct assay_simplex *s)
{
    uint64_t best = 0;
    for (uint32_t seat = 0; seat < s->seat_count; seat++) {
        const uint64_t epoch = s->seen_epoch[s->slot_of[seat]];
        uint64_t weight = 0;
        if (epoch <= s->base.epoch || epoch <= best) continue;
        for (uint32_t other = 0; other < s->seat_count; other++)
            if (s->seen_epoch[s->slot_of[other]] >= epoch)
                weight += s->voters->weight[s->slot_of[other]];
        if (assay_third(weight, s->voters->total_weight)) best = epoch;
    }
    ASSAY_ASSERT(best == 0 || best > s->base.epoch);
    return best;
}

void assay_sx_note_later_epoch(struct assay_simplex *s, const struct assay_vote *vote)
{
    ASSAY_ASSERT(vote->statement.epoch > s->base.epoch);

    /* Verified with the keys of our epoch: members whose keys have changed since do not count. */
    if (vote->slot >= s->voters->count || s->voters->voting_key[vote->slot] == NULL) return;
    if (vote->statement.epoch <= s->seen_epoch[vote->slot]) return;
    if (!assay_p256_verify(s->voters->voting_key[vote->slot], vote->digest, vote->signature,
                           ASSAY_S_LOW))
        return;
    s->seen_epoch[vote->slot] = vote->statement.epoch;

    s->behind_epoch = assay_sx_third_epoch(s);
    if (s->behind_epoch <= s->base.epoch || s->behind_since_ms != UINT64_MAX) return;
    s->behind_since_ms = s->now_ms;
    /* One epoch ahead is normal at a boundary for the nodes that see it last. */
    const bool at_once = s->behind_epoch > s->base.epoch + 1;
    s->behind_again_ms = s->now_ms + (at_once ? 0 : 2 * s->delta_ms);
}

static void report_behind(struct assay_simplex *s, uint64_t epoch,
                          struct assay_simplex_actions *out)
{
    if (!assay_sx_has_room(s, out, 1, 0)) return;
    assay_sx_add_action(out, ASSAY_SIMPLEX_BEHIND)->view = epoch;
    s->behind_again_ms = s->now_ms + 4 * s->delta_ms;
    ASSAY_ASSERT(s->behind_again_ms > s->now_ms);
}

void assay_sx_check_behind(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->begun);
    if (s->behind_since_ms == UINT64_MAX || s->now_ms < s->behind_again_ms) return;
    report_behind(s, s->behind_epoch, out);
}

void assay_sx_check_behind_stalled(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    uint64_t latest = 0;
    for (uint32_t slot = 0; slot < s->voters->count; slot++)
        if (s->seen_epoch[slot] > latest) latest = s->seen_epoch[slot];
    /* The distance is an unverified claim: it only triggers a query. */
    if (latest > s->base.epoch) report_behind(s, s->base.epoch, out);
}
