/*
 * net/timeline/event_severity.h - severity of an event, for the log, documents and exports alike.
 */
#ifndef ASSAY_NET_TIMELINE_EVENT_SEVERITY_H
#define ASSAY_NET_TIMELINE_EVENT_SEVERITY_H

#include "engine/messages/effect.h"
#include "net/runtime/log.h"

/* Returns: that of a note; alarms are errors. */
enum assay_severity assay_note_severity(enum assay_note note);
/* Returns: that of an event of the timeline by its code, a note's or another; INFO for a code that
 * is not listed. */
enum assay_severity assay_event_severity(const char *code);
/* Returns: "error", "warning", "info" or "debug". */
const char *assay_severity_word(enum assay_severity severity);

#endif
