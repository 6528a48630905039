/*
 * net/system/log.h - structured log: one event per line on stderr, with stable codes, in one of
 * four formats.
 *
 *   ts=2026-01-02T03:04:05.678Z level=info event=epoch_closed node=alpha epoch=7 certified=true
 *
 * LOGFMT is this; JSON one object a line with the same names; JOURNAL the same without ts and level
 * behind a priority that journald takes away (<6>), or as a record with a field for each of them
 * (net/system/journald.h); TEXT for a terminal.
 *
 * Codes are the names of notes (engine/engine.h) and those in the source of net/; they are
 * documented and never reused. Bytes from other parties are escaped and truncated. Each code is
 * logged at most ASSAY_LOG_BURST times in ASSAY_LOG_WINDOW_MS; suppressed lines are counted and
 * reported as suppressed=N by the next line of that code. Secrets never come here.
 */
#ifndef ASSAY_NET_SYSTEM_LOG_H
#define ASSAY_NET_SYSTEM_LOG_H

#include "base/bytes.h"
#include "net/timeline/event_severity.h"

#include <stdio.h>

enum assay_log_format {
    ASSAY_LOG_FORMAT_LOGFMT,
    ASSAY_LOG_FORMAT_JSON,
    ASSAY_LOG_FORMAT_JOURNAL,
    ASSAY_LOG_FORMAT_TEXT,
};

enum {
    ASSAY_LOG_LINE_MAX = 2560,
    ASSAY_LOG_VALUE_MAX = 320, /* bytes of one text, before escaping */
    ASSAY_LOG_CODES_MAX = 128,
    ASSAY_LOG_BURST = 50,
    ASSAY_LOG_WINDOW_MS = 1000,
};

struct assay_log_code {
    const char *code; /* static text: compared by its characters */
    uint64_t window_ms;
    uint32_t spoken;
    uint64_t suppressed;
};

struct assay_log {
    FILE *out; /* NULL: silent */
    enum assay_severity most;
    char node[64];
    uint64_t now_ms, at_unix_ms; /* set by the runtime once a turn */
    uint64_t suppressed;         /* in all */
    size_t code_count;
    struct assay_log_code codes[ASSAY_LOG_CODES_MAX];
    /* the line under construction */
    char line[ASSAY_LOG_LINE_MAX];
    size_t len;
    size_t field_at; /* where the field begins that is being written */
    bool open;
    bool full; /* a field of a JSON line had no room: it and what follows is left out */
    enum assay_log_format format; /* of this line */
};

/* How every log of the process writes from its next line on; thread-safe. colour: TEXT only. */
void assay_log_set_format(enum assay_log_format format, bool colour);

/* Lines of the JOURNAL format go to fd, of assay_journald_open, from the next one on; refused
 * records, and without fd (-1) all, go to the log's stream. fd stays the caller's. Thread-safe. */
void assay_log_open_journal(int fd);

/* Returns: whether programs read the lines (JSON, JOURNAL). */
bool assay_log_is_structured(void);
/* Out: node is escaped and cut, "" is left out. */
void assay_log_init(struct assay_log *log, FILE *out, enum assay_severity most, const char *node);
/* Begin a line. code is static text of [a-z0-9_]. Returns: true when the line will be written;
 * fields may be added either way. */
bool assay_log_begin(struct assay_log *log, enum assay_severity severity, const char *code);
/* Add a field to the line. keys are static text. Each */
void assay_log_uint(struct assay_log *log, const char *key, uint64_t value);
void assay_log_text(struct assay_log *log, const char *key, const char *text);
void assay_log_text_n(struct assay_log *log, const char *key, const void *bytes, size_t len);
void assay_log_bool(struct assay_log *log, const char *key, bool value);
void assay_log_hex(struct assay_log *log, const char *key, const uint8_t *bytes, size_t len);
/* Write the line. */
void assay_log_end(struct assay_log *log);

#endif
