/*
 * net/system/syslog.h - syslog messages of RFC 5424 with structured data, and their framing on TCP
 * (RFC 6587, octet counting).
 *
 *   <28>1 2026-01-02T03:04:05.678Z host assay - fail_proven [assay@32473 seq="7" epoch="12"] text
 *
 * No value can end its parameter, its element or its message: quotes, backslashes and brackets are
 * escaped, control characters and bytes that are not UTF-8 become "?".
 */
#ifndef ASSAY_NET_SYSTEM_SYSLOG_H
#define ASSAY_NET_SYSTEM_SYSLOG_H

#include <stddef.h>
#include <stdint.h>

enum {
    ASSAY_SYSLOG_LEN_MAX = 8192, /* of a message; receivers take at least 2048 (RFC 5424 6.1) */
    ASSAY_SYSLOG_FRAME_MAX = ASSAY_SYSLOG_LEN_MAX + 8,
    ASSAY_SYSLOG_FACILITY = 3, /* system daemons */
};

/* Severities of RFC 5424 that are used. */
enum assay_syslog_severity {
    ASSAY_SYSLOG_ERROR = 3,
    ASSAY_SYSLOG_WARNING = 4,
    ASSAY_SYSLOG_INFO = 6,
    ASSAY_SYSLOG_DEBUG = 7,
};

/* The number of private enterprises that RFC 5612 has for all: this project has none. */
#define ASSAY_SYSLOG_ELEMENT "assay@32473"

struct assay_syslog_message {
    char bytes[ASSAY_SYSLOG_LEN_MAX];
    size_t len;
};

/*
 * assay_syslog_begin - header, and the begin of the structured data.
 * In:      at_unix_ms: 0: no time; host, msgid: what does not fit is cut, empty is "-"
 */
void assay_syslog_begin(struct assay_syslog_message *message, enum assay_syslog_severity severity,
                        uint64_t at_unix_ms, const char *host, const char *msgid);
/* A parameter; left out completely when the message has no room for it. name: letters, digits and
 * underscores, at most 32. */
void assay_syslog_add(struct assay_syslog_message *message, const char *name, const char *value);
/* The end of the structured data, and the text, cut to what has room. */
void assay_syslog_end(struct assay_syslog_message *message, const char *text);
/* Out: the message with its length before it. Returns: bytes of frame. */
size_t assay_syslog_frame(const struct assay_syslog_message *message,
                          char frame[static ASSAY_SYSLOG_FRAME_MAX]);

#endif
