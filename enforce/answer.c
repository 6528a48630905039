/*
 * enforce/answer.c - parser of HTTP/1.1 responses (RFC 9112) for exchange.c. Hostile bytes.
 */
#include "base/assert.h"
#include "enforce/exchange.h"

#include <string.h>
#include <strings.h>

enum { HEAD_LEN_MAX = 16 * 1024, LINE_MAX_LEN = 4096 };

/* Length of the body, as the head declares it. */
struct head {
    unsigned code;
    bool has_length, chunked;
    size_t length;
};

/* Returns: the bytes of the line at text, without its end; *next behind it. NULL: no end yet. */
static const char *find_line(const char *text, const char *end, size_t *len, const char **next)
{
    const char *const newline = memchr(text, '\n', (size_t)(end - text));
    if (newline == NULL) return NULL;
    *len = (size_t)(newline - text);
    if (*len > 0 && text[*len - 1] == '\r') (*len)--;
    *next = newline + 1;
    return text;
}

/* "HTTP/1.1 204 No Content" */
static bool read_status(const char *line, size_t len, unsigned *code)
{
    static const char version[] = "HTTP/1.";
    const size_t at = sizeof version - 1;
    if (len < at + 5 || strncmp(line, version, at) != 0 || line[at + 1] != ' ') return false;
    *code = 0;
    for (size_t i = at + 2; i < at + 5; i++) {
        if (line[i] < '0' || line[i] > '9') return false;
        *code = *code * 10 + (unsigned)(line[i] - '0');
    }
    return *code >= 100 && *code < 600 && (len == at + 5 || line[at + 5] == ' ');
}

static bool read_size(const char *text, size_t len, unsigned base, size_t *size)
{
    static const char digits[] = "0123456789abcdef";
    *size = 0;
    if (len == 0 || len > 7) return false; /* far beyond what is taken */
    for (size_t i = 0; i < len; i++) {
        const int c = text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 'a' : text[i];
        const char *const at = c != '\0' ? strchr(digits, c) : NULL;
        if (at == NULL || (unsigned)(at - digits) >= base) return false;
        *size = *size * base + (size_t)(at - digits);
    }
    return true;
}

/* Two lengths, or a length and chunks, are how answers are smuggled: refused. */
static bool read_field(const char *line, size_t len, struct head *head)
{
    static const char length[] = "content-length", coding[] = "transfer-encoding";
    const char *const colon = memchr(line, ':', len);
    if (colon == NULL || colon == line) return false;
    const size_t name_len = (size_t)(colon - line);
    const char *value = colon + 1;
    size_t value_len = len - name_len - 1;
    while (value_len > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        value_len--;
    }
    while (value_len > 0 && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
        value_len--;
    if (name_len == sizeof length - 1 && strncasecmp(line, length, name_len) == 0) {
        if (head->has_length || head->chunked) return false;
        head->has_length = true;
        return read_size(value, value_len, 10, &head->length);
    }
    if (name_len == sizeof coding - 1 && strncasecmp(line, coding, name_len) == 0) {
        if (head->has_length || head->chunked) return false;
        head->chunked = true;
        return value_len == 7 && strncasecmp(value, "chunked", 7) == 0;
    }
    return true;
}

/* Returns: ASSAY_OK and *body_at | ASSAY_E_AGAIN | ASSAY_E_SYNTAX | ASSAY_E_RANGE */
static enum assay_status read_head(const uint8_t *bytes, size_t len, struct head *head,
                                   size_t *body_at)
{
    const char *const text = (const char *)bytes, *const end = text + len;
    const char *next = text;
    for (bool first = true;; first = false) {
        size_t line_len = 0;
        const char *const line = find_line(next, end, &line_len, &next);
        if (line == NULL) return len > HEAD_LEN_MAX ? ASSAY_E_RANGE : ASSAY_E_AGAIN;
        if (next - text > HEAD_LEN_MAX) return ASSAY_E_RANGE;
        if (first && !read_status(line, line_len, &head->code)) return ASSAY_E_SYNTAX;
        if (!first && line_len == 0) break;
        if (!first && !read_field(line, line_len, head)) return ASSAY_E_SYNTAX;
    }
    *body_at = (size_t)(next - text);
    return ASSAY_OK;
}

/* First pass (out NULL): is everything there? Second pass: moved together, in place. */
static enum assay_status read_chunks(uint8_t *bytes, size_t len, bool move, size_t *decoded)
{
    const char *const end = (const char *)bytes + len;
    const char *next = (const char *)bytes;
    *decoded = 0;
    for (;;) {
        size_t line_len = 0, size = 0;
        const char *const line = find_line(next, end, &line_len, &next);
        if (line == NULL)
            return (size_t)(end - next) > LINE_MAX_LEN ? ASSAY_E_SYNTAX : ASSAY_E_AGAIN;
        const char *const extension = memchr(line, ';', line_len);
        if (!read_size(line, extension != NULL ? (size_t)(extension - line) : line_len, 16, &size))
            return ASSAY_E_SYNTAX;
        if (size == 0) break;
        if ((size_t)(end - next) < size) return ASSAY_E_AGAIN;
        if (move)
            for (size_t i = 0; i < size; i++)
                bytes[*decoded + i] = (uint8_t)next[i];
        *decoded += size;
        next += size;
        if (find_line(next, end, &line_len, &next) == NULL) return ASSAY_E_AGAIN;
        if (line_len != 0) return ASSAY_E_SYNTAX;
    }
    for (;;) { /* trailers, which are ignored */
        size_t line_len = 0;
        if (find_line(next, end, &line_len, &next) == NULL) return ASSAY_E_AGAIN;
        if (line_len == 0) return ASSAY_OK;
    }
}

enum assay_status assay_exchange_answer_parse(uint8_t *bytes, size_t len, bool at_end,
                                              unsigned *code, struct assay_slice *body)
{
    struct head head = { 0 };
    size_t body_at = 0, decoded = 0;
    if (len == 0) return at_end ? ASSAY_E_TRUNCATED : ASSAY_E_AGAIN;
    enum assay_status status = read_head(bytes, len, &head, &body_at);
    if (status == ASSAY_E_AGAIN) return at_end ? ASSAY_E_TRUNCATED : ASSAY_E_AGAIN;
    ASSAY_TRY(status);
    *code = head.code;
    size_t body_len = len - body_at;
    if (head.code == 204 || head.code == 304) {
        body_len = 0;
    } else if (head.chunked) {
        status = read_chunks(bytes + body_at, body_len, false, &decoded);
        if (status == ASSAY_E_AGAIN) return at_end ? ASSAY_E_TRUNCATED : ASSAY_E_AGAIN;
        ASSAY_TRY(status);
        status = read_chunks(bytes + body_at, body_len, true, &body_len);
        ASSAY_ASSERT(status == ASSAY_OK && body_len == decoded);
    } else if (head.has_length) {
        if (body_len < head.length) return at_end ? ASSAY_E_TRUNCATED : ASSAY_E_AGAIN;
        body_len = head.length;
    } else if (!at_end) {
        return ASSAY_E_AGAIN;
    }
    *body = assay_slice_over(bytes + body_at, body_len);
    return ASSAY_OK;
}
