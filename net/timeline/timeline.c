/*
 * net/timeline/timeline.c - ring of timeline events.
 */
#include "net/timeline/timeline.h"

#include "base/assert.h"
#include "engine/messages/message.h"

#include <stdio.h>
#include <string.h>

/* Returns: the newest of ASSAY_TIMELINE_ALIKE_MAX similar events, beyond which one more would evict
 * others; NULL: there are fewer. */
static struct assay_timeline_event *newest_of_many(struct assay_timeline *timeline,
                                                   const char *code, uint16_t slot)
{
    ASSAY_ASSERT(timeline->before <= timeline->last);
    struct assay_timeline_event *newest = NULL;
    size_t alike = 0;
    if (slot == ASSAY_SLOT_ALL) return NULL;
    for (size_t i = 0; i < ASSAY_TIMELINE_MAX; i++) {
        struct assay_timeline_event *event = &timeline->ring[i];
        if (event->seq <= timeline->before || event->slot != slot ||
            strncmp(event->code, code, sizeof event->code - 1) != 0)
            continue;
        alike++;
        if (newest == NULL || event->seq > newest->seq) newest = event;
    }
    return alike >= ASSAY_TIMELINE_ALIKE_MAX ? newest : NULL;
}

struct assay_timeline_event *assay_timeline_add(struct assay_timeline *timeline, const char *code,
                                                uint16_t slot)
{
    ASSAY_ASSERT(code[0] != '\0' && strlen(code) < ASSAY_TIMELINE_CODE);
    struct assay_timeline_event *event = newest_of_many(timeline, code, slot);
    const uint64_t seq = event != NULL ? event->seq : ++timeline->last;
    if (event == NULL) event = &timeline->ring[seq % ASSAY_TIMELINE_MAX];
    ASSAY_ASSERT(seq > timeline->before && seq <= timeline->last);
    *event = (struct assay_timeline_event){ .seq = seq, .slot = slot };
    (void)snprintf(event->code, sizeof event->code, "%s", code);
    return event;
}

const struct assay_timeline_event *assay_timeline_find_after(const struct assay_timeline *timeline,
                                                             uint64_t since)
{
    if (since >= timeline->last) return NULL;
    const uint64_t gone =
        timeline->last > ASSAY_TIMELINE_MAX ? timeline->last - ASSAY_TIMELINE_MAX : 0;
    uint64_t from = since > gone ? since : gone;
    if (timeline->before > from) from = timeline->before;
    const uint64_t seq = from + 1;
    ASSAY_ASSERT(timeline->ring[seq % ASSAY_TIMELINE_MAX].seq == seq);
    return &timeline->ring[seq % ASSAY_TIMELINE_MAX];
}
