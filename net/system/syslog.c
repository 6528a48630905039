/*
 * net/system/syslog.c - syslog messages: header, parameters, text, frame.
 */
#include "net/system/syslog.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/rfc3339.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { HOST_MAX = 255, MSGID_MAX = 32, NAME_MAX_LEN = 32 };

static void append_bytes(struct assay_syslog_message *m, const char *bytes, size_t len)
{
    ASSAY_ASSERT(len <= sizeof m->bytes - m->len);
    for (size_t i = 0; i < len; i++)
        m->bytes[m->len++] = bytes[i];
}

static size_t get_room(const struct assay_syslog_message *m)
{
    ASSAY_ASSERT(m->len <= sizeof m->bytes);
    return sizeof m->bytes - m->len;
}

/* A field of the header: printable ASCII without spaces. */
static void append_word(struct assay_syslog_message *m, const char *word, size_t most)
{
    const size_t len = strnlen(word, most);
    if (len == 0) append_bytes(m, "-", 1);
    for (size_t i = 0; i < len; i++)
        append_bytes(m, word[i] > ' ' && word[i] <= '~' ? &word[i] : "?", 1);
}

/* Returns: bytes of the character at text, 0: none that is well-formed (RFC 3629). */
static size_t character_len(const char *text)
{
    const unsigned char *const c = (const unsigned char *)text;
    const size_t len = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
    if (len == 1) return c[0] >= ' ' && c[0] != 0x7f;
    if (len == 0 || c[0] > 0xf4) return 0;
    for (size_t i = 1; i < len; i++)
        if ((c[i] & 0xc0) != 0x80) return 0; /* also the NUL at the end */
    if (c[0] == 0xe0 && c[1] < 0xa0) return 0;
    if (c[0] == 0xed && c[1] > 0x9f) return 0; /* surrogates */
    if (c[0] == 0xf0 && c[1] < 0x90) return 0;
    if (c[0] == 0xf4 && c[1] > 0x8f) return 0;
    if (c[0] == 0xc2 && c[1] < 0xa0) return 0; /* control characters of Latin-1 */
    return len;
}

/* escapes: characters that get a backslash. reserve: bytes that must stay free. Returns: whether
 * all of it had room; what is appended then ends with a character. */
static bool append_text(struct assay_syslog_message *m, const char *text, const char *escapes,
                        size_t reserve)
{
    while (*text != '\0') {
        const size_t len = character_len(text);
        const bool escaped = len == 1 && strchr(escapes, *text) != NULL;
        const size_t needed = len == 0 ? 1 : len + escaped;
        if (get_room(m) < needed + reserve) return false;
        if (escaped) append_bytes(m, "\\", 1);
        if (len == 0) append_bytes(m, "?", 1);
        else append_bytes(m, text, len);
        text += len == 0 ? 1 : len;
    }
    return true;
}

void assay_syslog_begin(struct assay_syslog_message *message, enum assay_syslog_severity severity,
                        uint64_t at_unix_ms, const char *host, const char *msgid)
{
    char head[16], at[ASSAY_RFC3339_MS_LEN + 1] = "-";
    _Static_assert(sizeof message->bytes > 2 * (HOST_MAX + MSGID_MAX), "the header has room");
    message->len = 0;
    const int len =
        snprintf(head, sizeof head, "<%d>1 ", ASSAY_SYSLOG_FACILITY * 8 + (int)severity);
    append_bytes(message, head, (size_t)len);
    if (at_unix_ms != 0) assay_rfc3339_format_ms(at_unix_ms, at);
    append_bytes(message, at, strlen(at));
    append_bytes(message, " ", 1);
    append_word(message, host, HOST_MAX);
    append_bytes(message, " assay - ", 9);
    append_word(message, msgid, MSGID_MAX);
    append_bytes(message, " [" ASSAY_SYSLOG_ELEMENT, sizeof ASSAY_SYSLOG_ELEMENT + 1);
}

void assay_syslog_add(struct assay_syslog_message *message, const char *name, const char *value)
{
    enum { AROUND = 4 }; /* blank, equals sign, two quotes */
    const size_t before = message->len, name_len = strlen(name);
    ASSAY_ASSERT(name_len > 0 && name_len <= NAME_MAX_LEN && strpbrk(name, " =]\"") == NULL);
    if (get_room(message) < name_len + AROUND + 1) return;
    append_bytes(message, " ", 1);
    append_bytes(message, name, name_len);
    append_bytes(message, "=\"", 2);
    if (append_text(message, value, "\"\\]", 2)) append_bytes(message, "\"", 1);
    else message->len = before;
}

void assay_syslog_end(struct assay_syslog_message *message, const char *text)
{
    static const char mark[] = "\xef\xbb\xbf"; /* UTF-8 follows (RFC 5424 6.4) */
    bool ascii = true;
    ASSAY_ASSERT(get_room(message) >= 1);
    append_bytes(message, "]", 1);
    for (const char *c = text; *c != '\0'; c++)
        ascii = ascii && (unsigned char)*c < 0x80;
    if (text[0] == '\0' || get_room(message) < sizeof mark + 1) return;
    append_bytes(message, " ", 1);
    if (!ascii) append_bytes(message, mark, sizeof mark - 1);
    (void)append_text(message, text, "", 0);
}

size_t assay_syslog_frame(const struct assay_syslog_message *message,
                          char frame[static ASSAY_SYSLOG_FRAME_MAX])
{
    const int head = snprintf(frame, ASSAY_SYSLOG_FRAME_MAX, "%zu ", message->len);
    ASSAY_ASSERT(head > 0 && (size_t)head + message->len <= ASSAY_SYSLOG_FRAME_MAX);
    assay_bytes_copy(frame + head, ASSAY_SYSLOG_FRAME_MAX - (size_t)head, message->bytes,
                     message->len);
    return (size_t)head + message->len;
}
