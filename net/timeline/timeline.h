/*
 * net/timeline/timeline.h - timeline of recent events for operators: a bounded ring with sequence
 * numbers.
 *
 * `assay` and the demo read it by `timeline since=SEQ`; who comes too late sees by the first
 * sequence number what is gone. net/timeline/timeline_file.h keeps it over a restart. What one
 * member does over and over evicts a bounded share of it: the first such events stay, and the
 * newest.
 */
#ifndef ASSAY_NET_TIMELINE_TIMELINE_H
#define ASSAY_NET_TIMELINE_TIMELINE_H

#include "base/bytes.h"

enum { ASSAY_TIMELINE_MAX = 1024, ASSAY_TIMELINE_CODE = 40, ASSAY_TIMELINE_TEXT = 160 };

/* Of the events in the ring, this many may have one code and be about one member. */
enum { ASSAY_TIMELINE_ALIKE_MAX = 32 };

struct assay_timeline_event {
    uint64_t seq; /* from 1 */
    uint64_t at_unix_ms, epoch;
    char code[ASSAY_TIMELINE_CODE];
    uint16_t slot; /* ASSAY_SLOT_ALL: no member */
    uint64_t a, b;
    char text[ASSAY_TIMELINE_TEXT]; /* for operators, ASCII */
};

/* All zero is an empty one. */
struct assay_timeline {
    uint64_t last;   /* sequence number of the newest, 0: none */
    uint64_t before; /* events up to this number are absent, whatever the ring could hold */
    struct assay_timeline_event ring[ASSAY_TIMELINE_MAX];
};

/*
 * assay_timeline_add - an event of a code, about one member or none.
 *
 * Where ASSAY_TIMELINE_ALIKE_MAX in the ring are of that code and about that member, it takes the
 * place and the number of the newest of them, and evicts no other. Never so of events about none.
 * Returns: it; number, code and slot are set and all else is zero
 */
struct assay_timeline_event *assay_timeline_add(struct assay_timeline *timeline, const char *code,
                                                uint16_t slot);
/* Returns: the oldest event with a sequence number above since, or NULL. */
const struct assay_timeline_event *assay_timeline_find_after(const struct assay_timeline *timeline,
                                                             uint64_t since);

#endif
