/*
 * net/timeline/timeline.h - timeline of events for operators: bounded, with sequence numbers, and
 * with a retention by kind of event.
 *
 * Readers ask for what follows a sequence number. An event that repeats the one before it (same
 * code, member and text, in this epoch or one of the two before) takes its place under a new
 * number, and counts: "absent, 152 epochs, since ..." is one event. So a long silence or a proof
 * that comes every epoch evicts nothing.
 *
 * Retained separately: closed epochs and nullified views, of which the newest are kept; and all
 * else. When there is no room for that, an event that may repeat goes, the oldest of the member
 * that has the most of them; without one, the oldest change of the member that has the most. So
 * nothing that one member does displaces a change about another, or about the network.
 */
#ifndef ASSAY_NET_TIMELINE_TIMELINE_H
#define ASSAY_NET_TIMELINE_TIMELINE_H

#include "base/bytes.h"
#include "engine/ledger/state/genesis.h"

enum {
    ASSAY_TIMELINE_ROUTINE_MAX = 1024, /* closed epochs, nullified views */
    /* All else: the bound of a timeline is one of these. An event takes less than 600 bytes, in
     * memory and on disk, and only those that happened take them. */
    ASSAY_TIMELINE_KEPT_MIN = 1024,
    ASSAY_TIMELINE_KEPT_USUAL = 8192,
    ASSAY_TIMELINE_KEPT_MAX = 32768,
    ASSAY_TIMELINE_MAX = ASSAY_TIMELINE_ROUTINE_MAX + ASSAY_TIMELINE_KEPT_MAX,
    ASSAY_TIMELINE_CODE = 40,
    ASSAY_TIMELINE_TEXT = 384, /* a name, and the longest reason */
    /* Epochs between two events that one may stand for. */
    ASSAY_TIMELINE_APART_MAX = 2,
    /* Events that may repeat, of one code about one member: the next evicts the newest of them, so
     * that the first ones stay. */
    ASSAY_TIMELINE_ALIKE_MAX = 32,
};

struct assay_timeline_event {
    uint64_t seq; /* from 1; of the last occurrence */
    uint64_t at_unix_ms, epoch;
    /* Of the first occurrence: first_seq identifies the event, whatever number it has now. */
    uint64_t first_seq, first_unix_ms, first_epoch;
    uint32_t count;    /* occurrences, at least 1 */
    uint8_t retention; /* of the timeline: how it is retained, by its code */
    char code[ASSAY_TIMELINE_CODE];
    uint16_t slot;                 /* ASSAY_SLOT_ALL: no member */
    char name[ASSAY_NAME_MAX + 1]; /* of the member then; "": none. A slot may be used again */
    uint64_t a, b;
    char text[ASSAY_TIMELINE_TEXT]; /* for operators, ASCII */
};

/* Initialise with assay_timeline_init. */
struct assay_timeline {
    uint64_t last; /* sequence number of the newest, 0: none */
    uint64_t gone; /* the highest number of an event that was evicted, or lost with the file */
    uint32_t count, routine_count;
    uint32_t kept_max; /* events that are not routine */
    uint16_t order[ASSAY_TIMELINE_MAX]; /* places, by ascending number; after count: free places */
    struct assay_timeline_event events[ASSAY_TIMELINE_MAX];
};

/* Empty, of zeroed memory, which is touched as events come. kept_max: KEPT_MIN to KEPT_MAX. */
void assay_timeline_init(struct assay_timeline *timeline, uint32_t kept_max);
/*
 * assay_timeline_add - an event; seq, first_* and count of the argument are ignored.
 * Returns: the place in events where it stands now: the only one that has changed
 */
uint32_t assay_timeline_add(struct assay_timeline *timeline,
                            const struct assay_timeline_event *event);
/*
 * assay_timeline_restore - an event that an earlier timeline had in this place, whose bound may
 * have been higher: assay_timeline_trim follows.
 * Returns: false, and nothing is changed: its numbers do not fit, or the place is taken
 */
bool assay_timeline_restore(struct assay_timeline *timeline, uint32_t place,
                            const struct assay_timeline_event *event);
/* Evicts what is beyond the bound, as adding does. Returns: whether there was any. */
bool assay_timeline_trim(struct assay_timeline *timeline);
/* Returns: the oldest event with a sequence number above since, or NULL */
const struct assay_timeline_event *assay_timeline_find_after(const struct assay_timeline *timeline,
                                                             uint64_t since);

#endif
