/*
 * net/timeline/event_severity.h - severity of an event, for the log, documents and exports alike.
 */
#ifndef ASSAY_NET_TIMELINE_EVENT_SEVERITY_H
#define ASSAY_NET_TIMELINE_EVENT_SEVERITY_H

#include "engine/messages/effect.h"

enum assay_severity {
    ASSAY_SEVERITY_ERROR = 0,
    ASSAY_SEVERITY_WARNING = 1,
    ASSAY_SEVERITY_INFO = 2,
    ASSAY_SEVERITY_DEBUG = 3,
};

/* Returns: that of a note; alarms are errors. */
enum assay_severity assay_severity_of_note(enum assay_note note);
/* Returns: that of an event of the timeline by its code, a note's or another; INFO for a code that
 * is not listed. */
enum assay_severity assay_severity_of_event(const char *code);
/* Returns: "error", "warning", "info" or "debug". */
const char *assay_severity_word(enum assay_severity severity);

#endif
