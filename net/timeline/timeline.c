/*
 * net/timeline/timeline.c - timeline of events: order, repeats, eviction.
 */
#include "net/timeline/timeline.h"

#include "base/assert.h"
#include "engine/consensus/block.h"
#include "engine/messages/effect.h"
#include "engine/messages/message.h"

#include <string.h>

enum retention {
    RETAIN_TRANSITION, /* it changes something: a standing, rules, keys, an era */
    RETAIN_REPEATED,   /* it may come again and again while something lasts */
    RETAIN_ROUTINE,    /* it comes all the time while all is well */
};

/* Whether it changes something. Of every other code, new ones included, only so many are kept. */
static bool is_transition(const char *code)
{
    static const enum assay_note notes[] = {
        ASSAY_NOTE_STANDING,
        ASSAY_NOTE_INCARNATION_LISTED,
        ASSAY_NOTE_CHANGE_INCLUDED,
        ASSAY_NOTE_CHANGE_ACTIVE,
        ASSAY_NOTE_CHANGE_ENDED,
        ASSAY_NOTE_FAST_SYNCED,
        ASSAY_NOTE_FENCED,
        ASSAY_NOTE_RECOVERED,
        ASSAY_NOTE_RELEASED,
        ASSAY_NOTE_RECOVER_ACCEPTED,
        ASSAY_NOTE_COLLATERAL_INCLUDED,
        ASSAY_NOTE_COLLATERAL_ACTIVE,
        ASSAY_NOTE_COLLATERAL_REVERTED,
        ASSAY_NOTE_COLLATERAL_VOID,
        ASSAY_NOTE_SERVICES_FETCHED,
        ASSAY_NOTE_VOTES_LOST,
        ASSAY_NOTE_VOTES_RETURNED,
        ASSAY_NOTE_VOTES_RETAINED,
        ASSAY_NOTE_KEYS_ACTIVE,
        ASSAY_NOTE_KEYS_ENDED,
    };
    static const char *const codes[] = {
        /* of net/runtime */
        "change_submitted",  "change_expired",     "hold",
        "hold_released",     "keys_renewed",       "order_done",
        "keys_declared",     "identity_renewed",   "proposal_opened",
        "proposal_approved", "proposal_withdrawn", "proposal_ended",
    };
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        if (strcmp(code, assay_note_name(notes[i])) == 0) return true;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(code, codes[i]) == 0) return true;
    return false;
}

static enum retention retention_of(const struct assay_timeline_event *event)
{
    ASSAY_ASSERT(event->code[0] != '\0');
    if (strcmp(event->code, assay_note_name(ASSAY_NOTE_EPOCH_CLOSED)) == 0)
        return event->b != 0 ? RETAIN_ROUTINE : RETAIN_REPEATED; /* b: certified */
    if (strcmp(event->code, assay_note_name(ASSAY_NOTE_VIEW_NULLIFIED)) == 0) return RETAIN_ROUTINE;
    return is_transition(event->code) ? RETAIN_TRANSITION : RETAIN_REPEATED;
}

void assay_timeline_init(struct assay_timeline *timeline, uint32_t kept_max)
{
    ASSAY_ASSERT(kept_max >= ASSAY_TIMELINE_KEPT_MIN && kept_max <= ASSAY_TIMELINE_KEPT_MAX);
    timeline->last = timeline->gone = 0;
    timeline->count = timeline->routine_count = 0;
    timeline->kept_max = kept_max;
    for (uint32_t i = 0; i < ASSAY_TIMELINE_MAX; i++)
        timeline->order[i] = (uint16_t)i;
}

/* ------------------------------------------------------------ order */

static struct assay_timeline_event *event_at(struct assay_timeline *timeline, uint32_t rank)
{
    ASSAY_ASSERT(rank < timeline->count && timeline->count <= ASSAY_TIMELINE_MAX);
    return &timeline->events[timeline->order[rank]];
}

/* Returns: how many events have a number up to seq. */
static uint32_t rank_after(const struct assay_timeline *timeline, uint64_t seq)
{
    uint32_t low = 0, high = timeline->count;
    ASSAY_ASSERT(high <= ASSAY_TIMELINE_MAX);
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (timeline->events[timeline->order[middle]].seq <= seq) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Its place becomes the first of the free ones. */
static void remove_rank(struct assay_timeline *timeline, uint32_t rank)
{
    struct assay_timeline_event *event = event_at(timeline, rank);
    const uint16_t place = timeline->order[rank];
    if (event->retention == RETAIN_ROUTINE) timeline->routine_count--;
    *event = (struct assay_timeline_event){ 0 };
    timeline->count--;
    for (uint32_t i = rank; i < timeline->count; i++)
        timeline->order[i] = timeline->order[i + 1];
    timeline->order[timeline->count] = place;
}

/* Into the first free place. */
static uint32_t append_event(struct assay_timeline *timeline,
                             const struct assay_timeline_event *event)
{
    ASSAY_ASSERT(timeline->count < ASSAY_TIMELINE_MAX && event->seq > timeline->last);
    const uint32_t place = timeline->order[timeline->count++];
    timeline->events[place] = *event;
    timeline->last = event->seq;
    if (event->retention == RETAIN_ROUTINE) timeline->routine_count++;
    return place;
}

/* ------------------------------------------------------------ repeats */

/* Returns: whether it is the newest event of its kind, once more. */
static bool is_same_again(const struct assay_timeline_event *newest,
                          const struct assay_timeline_event *event)
{
    ASSAY_ASSERT(strcmp(newest->code, event->code) == 0 && newest->slot == event->slot);
    return strcmp(newest->text, event->text) == 0 && event->epoch >= newest->epoch &&
           event->epoch - newest->epoch <= ASSAY_TIMELINE_APART_MAX;
}

/* Events of this code about this member. Out: *newest: the rank of the newest, where there is one.
 */
static uint32_t count_alike(struct assay_timeline *timeline,
                            const struct assay_timeline_event *event, uint32_t *newest)
{
    uint32_t alike = 0;
    ASSAY_ASSERT(event->retention == RETAIN_REPEATED);
    for (uint32_t rank = timeline->count; rank > 0; rank--) {
        const struct assay_timeline_event *e = event_at(timeline, rank - 1);
        if (e->slot != event->slot || e->retention != RETAIN_REPEATED ||
            strcmp(e->code, event->code) != 0 || strcmp(e->name, event->name) != 0)
            continue;
        if (alike++ == 0) *newest = rank - 1;
    }
    return alike;
}

/* ------------------------------------------------------------ eviction */

static void evict_rank(struct assay_timeline *timeline, uint32_t rank)
{
    ASSAY_ASSERT(rank < timeline->count);
    const uint64_t seq = event_at(timeline, rank)->seq;
    if (seq > timeline->gone) timeline->gone = seq;
    remove_rank(timeline, rank);
}

static uint32_t find_oldest_routine(struct assay_timeline *timeline)
{
    ASSAY_ASSERT(timeline->routine_count > 0);
    uint32_t rank = 0;
    while (event_at(timeline, rank)->retention != RETAIN_ROUTINE)
        rank++;
    return rank;
}

enum { NETWORK = ASSAY_MEMBERS_MAX }; /* whose events are about no member */

static uint32_t subject_of(const struct assay_timeline_event *event)
{
    ASSAY_ASSERT(event->code[0] != '\0');
    return event->slot < ASSAY_MEMBERS_MAX ? event->slot : NETWORK;
}

/* The oldest event of a kind, of the member, or the network, that has the most of them. Returns:
 * its rank; timeline->count: there is none. */
static uint32_t find_dispensable(struct assay_timeline *timeline, enum retention retention)
{
    uint16_t counts[ASSAY_MEMBERS_MAX + 1] = { 0 };
    uint32_t fullest = NETWORK;
    ASSAY_ASSERT(retention != RETAIN_ROUTINE);
    for (uint32_t rank = 0; rank < timeline->count; rank++) {
        const struct assay_timeline_event *e = event_at(timeline, rank);
        if (e->retention != retention) continue;
        const uint32_t subject = subject_of(e);
        if (++counts[subject] > counts[fullest]) fullest = subject;
    }
    for (uint32_t rank = 0; rank < timeline->count; rank++) {
        const struct assay_timeline_event *e = event_at(timeline, rank);
        if (e->retention == retention && subject_of(e) == fullest) return rank;
    }
    return timeline->count;
}

/* Events that may repeat go first, of any member. */
static void evict_one(struct assay_timeline *timeline)
{
    uint32_t rank = find_dispensable(timeline, RETAIN_REPEATED);
    if (rank == timeline->count) rank = find_dispensable(timeline, RETAIN_TRANSITION);
    ASSAY_ASSERT(rank < timeline->count);
    evict_rank(timeline, rank);
}

/* ------------------------------------------------------------ public */

uint32_t assay_timeline_add(struct assay_timeline *timeline,
                            const struct assay_timeline_event *event)
{
    ASSAY_ASSERT(event->code[0] != '\0' && timeline->last < UINT64_MAX);
    const enum retention retention = retention_of(event);
    struct assay_timeline_event next = *event;
    next.seq = next.first_seq = timeline->last + 1;
    next.first_unix_ms = event->at_unix_ms;
    next.first_epoch = event->epoch;
    next.count = 1;
    next.retention = (uint8_t)retention;
    uint32_t newest = 0;
    const uint32_t alike = retention == RETAIN_REPEATED ? count_alike(timeline, &next, &newest) : 0;
    if (alike > 0 && is_same_again(event_at(timeline, newest), &next)) {
        const struct assay_timeline_event *e = event_at(timeline, newest);
        next.first_seq = e->first_seq;
        next.first_unix_ms = e->first_unix_ms;
        next.first_epoch = e->first_epoch;
        next.count = e->count < UINT32_MAX ? e->count + 1 : UINT32_MAX;
        remove_rank(timeline, newest);
    } else if (alike >= ASSAY_TIMELINE_ALIKE_MAX) {
        evict_rank(timeline, newest);
    } else if (retention == RETAIN_ROUTINE) {
        if (timeline->routine_count >= ASSAY_TIMELINE_ROUTINE_MAX)
            evict_rank(timeline, find_oldest_routine(timeline));
    } else if (timeline->count - timeline->routine_count >= timeline->kept_max) {
        evict_one(timeline);
    }
    return append_event(timeline, &next);
}

bool assay_timeline_restore(struct assay_timeline *timeline, uint32_t place,
                            const struct assay_timeline_event *event)
{
    ASSAY_ASSERT(place < ASSAY_TIMELINE_MAX);
    if (event->seq == 0 || event->seq > UINT64_MAX / 2 || event->count == 0 ||
        event->first_seq == 0 || event->first_seq > event->seq)
        return false;
    uint32_t at = timeline->count;
    while (at < ASSAY_TIMELINE_MAX && timeline->order[at] != place)
        at++;
    if (at == ASSAY_TIMELINE_MAX) return false;
    const uint32_t rank = rank_after(timeline, event->seq);
    if (rank > 0 && event_at(timeline, rank - 1)->seq == event->seq) return false;
    const bool routine = retention_of(event) == RETAIN_ROUTINE;
    const uint32_t same =
        routine ? timeline->routine_count : timeline->count - timeline->routine_count;
    if (same >= (routine ? ASSAY_TIMELINE_ROUTINE_MAX : ASSAY_TIMELINE_KEPT_MAX)) return false;
    timeline->order[at] = timeline->order[timeline->count];
    for (uint32_t i = timeline->count; i > rank; i--)
        timeline->order[i] = timeline->order[i - 1];
    timeline->order[rank] = (uint16_t)place;
    timeline->count++;
    timeline->routine_count += routine;
    timeline->events[place] = *event;
    timeline->events[place].retention = (uint8_t)retention_of(event);
    if (event->seq > timeline->last) timeline->last = event->seq;
    return true;
}

bool assay_timeline_trim(struct assay_timeline *timeline)
{
    ASSAY_ASSERT(timeline->routine_count <= timeline->count);
    const uint32_t before = timeline->count;
    while (timeline->count - timeline->routine_count > timeline->kept_max)
        evict_one(timeline);
    return timeline->count < before;
}

const struct assay_timeline_event *assay_timeline_find_after(const struct assay_timeline *timeline,
                                                             uint64_t since)
{
    ASSAY_ASSERT(timeline->gone <= timeline->last);
    const uint32_t rank = rank_after(timeline, since);
    return rank < timeline->count ? &timeline->events[timeline->order[rank]] : NULL;
}
