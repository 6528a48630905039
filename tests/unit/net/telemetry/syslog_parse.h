/*
 * tests/unit/net/telemetry/syslog_parse.h - strict parser of one message of RFC 5424.
 */
#ifndef ASSAY_TESTS_UNIT_NET_SYSLOG_PARSE_H
#define ASSAY_TESTS_UNIT_NET_SYSLOG_PARSE_H

#include <stdbool.h>
#include <stddef.h>

enum { PARSED_FIELDS_MAX = 64, PARSED_TEXT_MAX = 16384 };

struct parsed_syslog {
    int priority;
    char at[40], host[256], msgid[33];
    size_t count;
    char names[PARSED_FIELDS_MAX][33];
    char *values[PARSED_FIELDS_MAX]; /* in `bytes` */
    char bytes[2 * PARSED_TEXT_MAX];
    char text[PARSED_TEXT_MAX];
};

/* Returns: whether it is one, with one element */
bool parsed_syslog_read(struct parsed_syslog *out, const char *bytes, size_t len);

#endif
