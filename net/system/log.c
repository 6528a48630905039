/*
 * net/system/log.c - log lines in each format. The format is the process', since it is about where
 * standard error goes.
 */
#include "net/system/log.h"

#include "base/assert.h"
#include "base/rfc3339.h"
#include "net/system/journald.h"

#include <stdatomic.h>
#include <string.h>

/* What a cut JSON line ends in, its newline included. */
static const char json_cut[] = ",\"cut\":true}\n";

static _Atomic enum assay_log_format style = ASSAY_LOG_FORMAT_LOGFMT;
static atomic_bool colours;
static atomic_int journal = -1;

void assay_log_set_format(enum assay_log_format format, bool colour)
{
    atomic_store(&style, format);
    atomic_store(&colours, colour);
}

void assay_log_open_journal(int fd)
{
    atomic_store(&journal, fd);
}

bool assay_log_is_structured(void)
{
    const enum assay_log_format format = atomic_load(&style);
    return format == ASSAY_LOG_FORMAT_JSON || format == ASSAY_LOG_FORMAT_JOURNAL;
}

static bool is_json(const struct assay_log *log)
{
    return log->format == ASSAY_LOG_FORMAT_JSON;
}

/* A line that is too long is truncated; a JSON line drops complete fields, so that it stays JSON.
 */
static void append_bytes(struct assay_log *log, const char *text, size_t len)
{
    ASSAY_ASSERT(log->len <= sizeof log->line);
    ASSAY_ASSERT(log->field_at <= log->len);
    if (!log->open || log->full) return;
    const size_t most = sizeof log->line - (is_json(log) ? sizeof json_cut : 2);
    if (len > most - log->len) {
        len = most - log->len;
        log->full = is_json(log);
    }
    if (log->full) {
        log->len = log->field_at;
        return;
    }
    assay_bytes_copy(log->line + log->len, sizeof log->line - log->len, text, len);
    log->len += len;
}

static void append_text(struct assay_log *log, const char *text)
{
    ASSAY_ASSERT(text != NULL);
    append_bytes(log, text, strlen(text));
}

/* Inside quotes: printable ASCII but for quote and backslash as it is, all else as \xNN, in JSON as
 * \u00NN. */
static void append_escaped(struct assay_log *log, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const size_t shown = len < ASSAY_LOG_VALUE_MAX ? len : ASSAY_LOG_VALUE_MAX;
    const char *const escape = is_json(log) ? "\\u00" : "\\x";
    append_text(log, "\"");
    for (size_t i = 0; i < shown; i++) {
        const uint8_t b = bytes[i];
        const char digit[2] = { digits[b >> 4], digits[b & 15] };
        if (b >= 0x20 && b < 0x7f && b != '"' && b != '\\') {
            append_bytes(log, (const char *)&bytes[i], 1);
        } else {
            append_text(log, escape);
            append_bytes(log, digit, sizeof digit);
        }
    }
    append_text(log, shown < len ? "...\"" : "\"");
}

static void append_key(struct assay_log *log, const char *key)
{
    ASSAY_ASSERT(key != NULL && log->len <= sizeof log->line);
    log->field_at = log->len;
    append_text(log, is_json(log) ? ",\"" : " ");
    append_text(log, key);
    append_text(log, is_json(log) ? "\":" : "=");
}

void assay_log_init(struct assay_log *log, FILE *out, enum assay_severity most, const char *node)
{
    ASSAY_ASSERT(node != NULL);
    *log = (struct assay_log){ .out = out, .most = most };
    (void)snprintf(log->node, sizeof log->node, "%s", node);
}

static struct assay_log_code *find_code(struct assay_log *log, const char *code)
{
    ASSAY_ASSERT(log->code_count <= ASSAY_LOG_CODES_MAX);
    for (size_t i = 0; i < log->code_count; i++)
        if (strcmp(log->codes[i].code, code) == 0) return &log->codes[i];
    if (log->code_count == ASSAY_LOG_CODES_MAX) return NULL;
    struct assay_log_code *place = &log->codes[log->code_count++];
    *place = (struct assay_log_code){ .code = code, .window_ms = log->now_ms };
    return place;
}

static bool is_within_rate(struct assay_log *log, struct assay_log_code *code, uint64_t *suppressed)
{
    *suppressed = 0;
    if (code == NULL) return false;
    if (log->now_ms - code->window_ms >= ASSAY_LOG_WINDOW_MS) {
        code->window_ms = log->now_ms;
        code->spoken = 0;
    }
    ASSAY_ASSERT(code->spoken <= ASSAY_LOG_BURST);
    if (code->spoken >= ASSAY_LOG_BURST) {
        code->suppressed++;
        log->suppressed++;
        return false;
    }
    code->spoken++;
    *suppressed = code->suppressed;
    code->suppressed = 0;
    return true;
}

static const char *const level_names[] = { "error", "warning", "info", "debug" };

/* Level and event, as wide as most, in a colour of the level's. */
static void append_head_text(struct assay_log *log, enum assay_severity severity, const char *code)
{
    ASSAY_ASSERT((unsigned)severity < sizeof level_names / sizeof level_names[0]);
    static const char *const colour[] = { "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[2m" };
    static const char *const words[] = { "ERROR", "WARN ", "INFO ", "DEBUG" };
    const bool coloured = atomic_load(&colours);
    append_text(log, " ");
    if (coloured) append_text(log, colour[severity]);
    append_text(log, words[severity]);
    if (coloured) append_text(log, "\x1b[0m");
    append_text(log, " ");
    append_text(log, code);
}

static void append_head(struct assay_log *log, enum assay_severity severity, const char *code)
{
    ASSAY_ASSERT((unsigned)severity < sizeof level_names / sizeof level_names[0]);
    /* Priorities of syslog(3). */
    static const char *const priorities[] = { "<3>event=", "<4>event=", "<6>event=", "<7>event=" };
    char ts[ASSAY_RFC3339_MS_LEN + 1];
    assay_rfc3339_format_ms(log->at_unix_ms, ts);
    switch (log->format) {
    case ASSAY_LOG_FORMAT_LOGFMT:
        append_text(log, "ts=");
        append_text(log, ts);
        append_key(log, "level");
        append_text(log, level_names[severity]);
        append_key(log, "event");
        append_text(log, code);
        break;
    case ASSAY_LOG_FORMAT_JSON:
        append_text(log, "{\"ts\":\"");
        append_text(log, ts);
        append_text(log, "\"");
        assay_log_text(log, "level", level_names[severity]);
        assay_log_text(log, "event", code);
        break;
    case ASSAY_LOG_FORMAT_JOURNAL:
        append_text(log, priorities[severity]);
        append_text(log, code);
        break;
    case ASSAY_LOG_FORMAT_TEXT:
        append_text(log, ts);
        append_head_text(log, severity, code);
        return; /* one terminal, one node */
    }
    if (log->node[0] != '\0') assay_log_text(log, "node", log->node);
}

bool assay_log_begin(struct assay_log *log, enum assay_severity severity, const char *code)
{
    ASSAY_ASSERT(code[0] != '\0');
    uint64_t suppressed = 0;
    ASSAY_ASSERT((unsigned)severity < sizeof level_names / sizeof level_names[0]);
    log->open = false;
    log->full = false;
    log->len = 0;
    log->field_at = 0;
    if (log->out == NULL || severity > log->most) return false;
    if (!is_within_rate(log, find_code(log, code), &suppressed)) return false;
    log->open = true;
    log->format = atomic_load(&style);
    append_head(log, severity, code);
    if (suppressed > 0) assay_log_uint(log, "suppressed", suppressed);
    return true;
}

void assay_log_uint(struct assay_log *log, const char *key, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    append_key(log, key);
    append_text(log, text);
}

static bool is_plain(const uint8_t *bytes, size_t len)
{
    if (len == 0 || len > ASSAY_LOG_VALUE_MAX) return false;
    for (size_t i = 0; i < len; i++)
        if (bytes[i] <= 0x20 || bytes[i] >= 0x7f || bytes[i] == '"' || bytes[i] == '=' ||
            bytes[i] == '\\')
            return false;
    return true;
}

void assay_log_text_n(struct assay_log *log, const char *key, const void *bytes, size_t len)
{
    ASSAY_ASSERT(len == 0 || bytes != NULL);
    append_key(log, key);
    if (!is_json(log) && is_plain(bytes, len)) {
        append_bytes(log, bytes, len);
    } else {
        append_escaped(log, bytes, len);
    }
}

void assay_log_text(struct assay_log *log, const char *key, const char *text)
{
    ASSAY_ASSERT(text != NULL);
    assay_log_text_n(log, key, text, strlen(text));
}

void assay_log_bool(struct assay_log *log, const char *key, bool value)
{
    append_key(log, key);
    append_text(log, value ? "true" : "false");
}

void assay_log_hex(struct assay_log *log, const char *key, const uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(len == 0 || bytes != NULL);
    char text[2 * 64 + 1];
    assay_hex_encode(bytes, len < 64 ? len : 64, text, sizeof text);
    assay_log_text(log, key, text);
}

/* A record that the journal refuses goes to its stream, as without a socket. */
static bool has_journal(const struct assay_log *log)
{
    ASSAY_ASSERT(log->len > 0 && log->len <= sizeof log->line);
    const int fd = atomic_load(&journal);
    return fd >= 0 && log->format == ASSAY_LOG_FORMAT_JOURNAL &&
           assay_journald_send(fd, log->line, log->len);
}

void assay_log_end(struct assay_log *log)
{
    if (!log->open) return;
    const char *const end = !is_json(log) ? "\n" : log->full ? json_cut : "}\n";
    const size_t end_len = strlen(end);
    ASSAY_ASSERT(log->len < sizeof log->line);
    log->open = false;
    assay_bytes_copy(log->line + log->len, sizeof log->line - log->len, end, end_len);
    log->len += end_len;
    if (has_journal(log)) return;
    /* One write per line; a log that cannot be written must not stop the node. */
    (void)fwrite(log->line, 1, log->len, log->out);
    (void)fflush(log->out);
}
