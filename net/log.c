/*
 * net/log.c - logfmt lines.
 */
#include "net/log.h"

#include "base/assert.h"
#include "base/rfc3339.h"

#include <string.h>

static void put(struct assay_log *log, const char *text, size_t len)
{
    if (!log->open) return;
    if (len > sizeof log->line - 2 - log->len) len = sizeof log->line - 2 - log->len;
    assay_bytes_copy(log->line + log->len, sizeof log->line - log->len, text, len);
    log->len += len;
}

static void put_text(struct assay_log *log, const char *text)
{
    put(log, text, strlen(text));
}

/* Inside quotes: printable ASCII but for quote and backslash as it is, all else as \xNN. */
static void put_escaped(struct assay_log *log, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const size_t shown = len < ASSAY_LOG_VALUE_MAX ? len : ASSAY_LOG_VALUE_MAX;
    put_text(log, "\"");
    for (size_t i = 0; i < shown; i++) {
        const uint8_t b = bytes[i];
        const char escaped[4] = { '\\', 'x', digits[b >> 4], digits[b & 15] };
        if (b >= 0x20 && b < 0x7f && b != '"' && b != '\\') {
            put(log, (const char *)&bytes[i], 1);
        } else {
            put(log, escaped, sizeof escaped);
        }
    }
    put_text(log, shown < len ? "...\"" : "\"");
}

static void put_key(struct assay_log *log, const char *key)
{
    put_text(log, " ");
    put_text(log, key);
    put_text(log, "=");
}

void assay_log_init(struct assay_log *log, FILE *out, enum assay_severity most, const char *node)
{
    *log = (struct assay_log){ .out = out, .most = most };
    (void)snprintf(log->node, sizeof log->node, "%s", node);
}

static struct assay_log_code *code_of(struct assay_log *log, const char *code)
{
    for (size_t i = 0; i < log->code_count; i++)
        if (strcmp(log->codes[i].code, code) == 0) return &log->codes[i];
    if (log->code_count == ASSAY_LOG_CODES_MAX) return NULL;
    struct assay_log_code *place = &log->codes[log->code_count++];
    *place = (struct assay_log_code){ .code = code, .window_ms = log->now_ms };
    return place;
}

static bool may_speak(struct assay_log *log, struct assay_log_code *code, uint64_t *suppressed)
{
    *suppressed = 0;
    if (code == NULL) return false;
    if (log->now_ms - code->window_ms >= ASSAY_LOG_WINDOW_MS) {
        code->window_ms = log->now_ms;
        code->spoken = 0;
    }
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

bool assay_log_begin(struct assay_log *log, enum assay_severity severity, const char *code)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    uint64_t suppressed = 0;
    ASSAY_ASSERT((unsigned)severity < sizeof names / sizeof names[0]);
    log->open = false;
    log->len = 0;
    if (log->out == NULL || severity > log->most) return false;
    if (!may_speak(log, code_of(log, code), &suppressed)) return false;
    log->open = true;
    char ts[ASSAY_RFC3339_MS_LEN + 1];
    assay_rfc3339_format_ms(log->at_unix_ms, ts);
    put_text(log, "ts=");
    put_text(log, ts);
    put_key(log, "level");
    put_text(log, names[severity]);
    put_key(log, "event");
    put_text(log, code);
    assay_log_text(log, "node", log->node);
    if (suppressed > 0) assay_log_uint(log, "suppressed", suppressed);
    return true;
}

void assay_log_uint(struct assay_log *log, const char *key, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    put_key(log, key);
    put_text(log, text);
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
    put_key(log, key);
    if (is_plain(bytes, len)) {
        put(log, bytes, len);
    } else {
        put_escaped(log, bytes, len);
    }
}

void assay_log_text(struct assay_log *log, const char *key, const char *text)
{
    assay_log_text_n(log, key, text, strlen(text));
}

void assay_log_bool(struct assay_log *log, const char *key, bool value)
{
    put_key(log, key);
    put_text(log, value ? "true" : "false");
}

void assay_log_hex(struct assay_log *log, const char *key, const uint8_t *bytes, size_t len)
{
    char text[2 * 64 + 1];
    assay_hex_encode(bytes, len < 64 ? len : 64, text, sizeof text);
    put_key(log, key);
    put_text(log, text);
}

void assay_log_end(struct assay_log *log)
{
    if (!log->open) return;
    log->open = false;
    log->line[log->len] = '\n';
    /* One write per line; a log that cannot be written must not stop the node. */
    (void)fwrite(log->line, 1, log->len + 1, log->out);
    (void)fflush(log->out);
}
