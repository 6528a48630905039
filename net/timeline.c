/*
 * net/timeline.c - a ring of moments.
 */
#include "net/timeline.h"

#include "engine/message.h"

#include <string.h>

struct assay_timeline_event *assay_timeline_add(struct assay_timeline *timeline)
{
    timeline->last++;
    struct assay_timeline_event *event = &timeline->ring[timeline->last % ASSAY_TIMELINE_MAX];
    *event = (struct assay_timeline_event){ .seq = timeline->last };
    return event;
}

bool assay_timeline_is_flooded(const struct assay_timeline *timeline, const char *code,
                               uint16_t slot)
{
    size_t alike = 0;
    if (slot == ASSAY_SLOT_ALL) return false;
    for (size_t i = 0; i < ASSAY_TIMELINE_MAX; i++) {
        const struct assay_timeline_event *event = &timeline->ring[i];
        if (event->seq <= timeline->before || event->slot != slot) continue;
        alike += strncmp(event->code, code, sizeof event->code - 1) == 0;
    }
    return alike >= ASSAY_TIMELINE_ALIKE_MAX;
}

const struct assay_timeline_event *assay_timeline_after(const struct assay_timeline *timeline,
                                                        uint64_t since)
{
    if (since >= timeline->last) return NULL;
    const uint64_t gone =
        timeline->last > ASSAY_TIMELINE_MAX ? timeline->last - ASSAY_TIMELINE_MAX : 0;
    uint64_t from = since > gone ? since : gone;
    if (timeline->before > from) from = timeline->before;
    const uint64_t seq = from + 1;
    return &timeline->ring[seq % ASSAY_TIMELINE_MAX];
}
