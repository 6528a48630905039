/*
 * tests/unit/net/telemetry/syslog_parse.c - strict and slow parser of one message of RFC 5424.
 */
#include "tests/unit/net/telemetry/syslog_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct input {
    const char *at, *end;
};

static bool skip(struct input *in, const char *text)
{
    const size_t len = strlen(text);
    if ((size_t)(in->end - in->at) < len || strncmp(in->at, text, len) != 0) return false;
    in->at += len;
    return true;
}

/* Printable ASCII without the characters in `not`, at least one. */
static bool read_word(struct input *in, const char * not, char *out, size_t size)
{
    size_t len = 0;
    while (in->at<in->end && * in->at> ' ' && *in->at <= '~' && strchr(not, *in->at) == NULL) {
        if (len + 1 == size) return false;
        out[len++] = *in->at++;
    }
    out[len] = '\0';
    return len > 0;
}

static bool read_value(struct input *in, char *out, size_t size, size_t *used)
{
    size_t len = 0;
    for (; in->at < in->end && *in->at != '"'; in->at++) {
        if (*in->at == ']' || (unsigned char)*in->at < ' ' || *in->at == 0x7f) return false;
        if (*in->at == '\\' && in->at + 1 < in->end && strchr("\"\\]", in->at[1]) != NULL) in->at++;
        if (len + 1 >= size) return false;
        out[len++] = *in->at;
    }
    out[len] = '\0';
    *used = len + 1;
    return skip(in, "\"");
}

static bool read_text(struct input *in, char *out, size_t size)
{
    const bool marked = skip(in, "\xef\xbb\xbf");
    size_t len = 0;
    for (; in->at < in->end; in->at++) {
        const unsigned char c = (unsigned char)*in->at;
        if (c < ' ' || c == 0x7f || (c >= 0x80 && !marked) || len + 1 >= size) return false;
        out[len++] = *in->at;
    }
    out[len] = '\0';
    return true;
}

static bool read_fields(struct parsed_syslog *out, struct input *in)
{
    size_t used = 0, len = 0;
    while (skip(in, " ")) {
        if (out->count == PARSED_FIELDS_MAX) return false;
        char *const name = out->names[out->count];
        if (!read_word(in, "=]\"", name, sizeof out->names[0]) || !skip(in, "=\"")) return false;
        out->values[out->count] = out->bytes + used;
        if (!read_value(in, out->bytes + used, sizeof out->bytes - used, &len)) return false;
        used += len;
        out->count++;
    }
    return skip(in, "]");
}

bool parsed_syslog_read(struct parsed_syslog *out, const char *bytes, size_t len)
{
    char priority[8], app[49], process[129], element[33];
    struct input in = { bytes, bytes + len };
    out->count = 0;
    out->text[0] = '\0';
    const bool header = skip(&in, "<") && read_word(&in, ">", priority, 4) && skip(&in, ">1 ") &&
                        read_word(&in, "", out->at, sizeof out->at) && skip(&in, " ") &&
                        read_word(&in, "", out->host, sizeof out->host) && skip(&in, " ") &&
                        read_word(&in, "", app, sizeof app) && skip(&in, " ") &&
                        read_word(&in, "", process, sizeof process) && skip(&in, " ") &&
                        read_word(&in, "", out->msgid, sizeof out->msgid) && skip(&in, " [") &&
                        read_word(&in, "=]\"", element, sizeof element) &&
                        strcmp(element, "assay@32473") == 0;
    if (!header || !read_fields(out, &in)) return false;
    out->priority = (int)strtol(priority, NULL, 10);
    return in.at == in.end || (skip(&in, " ") && read_text(&in, out->text, sizeof out->text));
}
