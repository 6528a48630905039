/*
 * apps/assay/core/text.c - values of documents as text for a terminal (text.h).
 */
#include "apps/assay/core/text.h"

#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "engine/ledger/records/finding.h"
#include "quote/yaml/document.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_text_mark_cut(char *text, size_t size, int len)
{
    static const char mark[] = "...";
    if (len < 0 || (size_t)len < size || size < sizeof mark) return;
    size_t end = size - sizeof mark;
    while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
        end--; /* no part of a character is left */
    assay_bytes_copy(text + end, size - end, mark, sizeof mark);
}

const char *cli_text_sanitized(const char *text)
{
    static char buffers[8][512];
    static unsigned turn;
    char *out = buffers[turn++ % 8];
    const int len = snprintf(out, sizeof buffers[0], "%s", text);
    cli_text_mark_cut(out, sizeof buffers[0], len);
    assay_yaml_sanitize(out);
    return out;
}

void cli_text_print(const char *text)
{
    char *const copy = strdup(text);
    if (copy == NULL) {
        (void)fputs("(out of memory)", stdout);
        return;
    }
    assay_yaml_sanitize(copy);
    (void)fputs(copy, stdout);
    free(copy);
}

const char *cli_text_of(const struct assay_json *object, const char *key, const char *fallback)
{
    return cli_text_sanitized(assay_json_text(object, key, fallback));
}

const char *cli_stage_of(const struct assay_json *object)
{
    const char *const stage = cli_text_of(object, "stage", "member");
    return strcmp(stage, "resting") == 0 ? "drained" : stage; /* docs/protocol.md 0 */
}

unsigned long long cli_number_of(const struct assay_json *object, const char *key)
{
    return (unsigned long long)assay_json_uint(object, key, 0);
}

const char *cli_percent(uint64_t bp)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRIu64 ".%02" PRIu64 " %%", bp / 100, bp % 100);
    return cli_text_sanitized(text);
}

const char *cli_percent_of(const struct assay_json *object, const char *key)
{
    return cli_percent(assay_json_uint(object, key, 0));
}

/* ------------------------------------------------------------ members and epochs */

const char *cli_condition_of(const struct assay_json *member)
{
    static const struct {
        const char *stage, *word;
    } stages[] = { { "drained", "DRAINED" }, { "left", "LEFT" } };
    const char *const word = assay_json_text(member, "condition", "");
    const char *const stage = cli_stage_of(member);
    if (word[0] != '\0') return cli_text_sanitized(word);
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        if (strcmp(stage, stages[i].stage) == 0) return stages[i].word;
    return cli_text_of(member, "standing", "?");
}

const char *cli_when_at(uint64_t at_ms)
{
    char minute[ASSAY_MINUTE_LEN + 1], text[ASSAY_MINUTE_LEN + sizeof " ()"];
    if (at_ms == 0) return "";
    assay_format_minute(at_ms, assay_unix_ms(), minute);
    (void)snprintf(text, sizeof text, " (%s)", minute);
    return cli_text_sanitized(text);
}

const char *cli_when_of(const struct assay_json *object, const char *key)
{
    return cli_when_at(assay_json_uint(object, key, 0));
}

const char *cli_when_of_epoch(const struct assay_json *data, unsigned long long epoch)
{
    const uint64_t running = assay_json_uint(data, "epoch", 0);
    const uint64_t t0_ms = assay_json_uint(data, "epoch_t0_ms", 0);
    const uint64_t length_ms = assay_json_uint(data, "epoch_ms", 0);
    const uint64_t apart = epoch > running ? epoch - running : running - epoch;
    if (t0_ms == 0 || length_ms == 0 || apart > UINT32_MAX || length_ms > UINT32_MAX) return "";
    const uint64_t apart_ms = apart * length_ms;
    if (epoch > running) return cli_when_at(t0_ms <= UINT64_MAX - apart_ms ? t0_ms + apart_ms : 0);
    return cli_when_at(apart_ms < t0_ms ? t0_ms - apart_ms : 0);
}

const char *cli_recovery_of(const struct assay_json *member)
{
    const struct assay_json *const steps =
        assay_json_get(assay_json_get(member, "recovery"), "steps");
    const size_t count = assay_json_count(steps);
    char text[96];
    size_t len = 0;
    if (count == 0) return "";
    const struct assay_json *const best = assay_json_at(steps, count - 1);
    const unsigned long long epochs = cli_number_of(best, "epochs");
    const char *const standing = assay_json_text(best, "standing", "?");
    for (; standing[len] != '\0' && len < 16; len++)
        text[len] = (char)tolower((unsigned char)standing[len]);
    (void)snprintf(text + len, sizeof text - len, " in %llu epoch%s%s", epochs,
                   epochs == 1 ? "" : "s", cli_when_of(best, "at_unix_ms"));
    return cli_text_sanitized(text);
}

const char *cli_reason_of(const char *text)
{
    char marked[ASSAY_FINDING_REASON_LEN + sizeof "..."];
    const bool is_cut = strlen(text) == ASSAY_FINDING_REASON_LEN - 1;
    if (!is_cut) return cli_text_sanitized(text);
    (void)snprintf(marked, sizeof marked, "%s...", text);
    return cli_text_sanitized(marked);
}

/* ------------------------------------------------------------ width */

/* Where a line of so many columns ends: before a space, or at the end of the first word. */
static size_t find_break(const char *line, size_t len, size_t columns, size_t least)
{
    size_t at = columns;
    if (len <= columns) return len;
    while (at > least && line[at] != ' ')
        at--;
    if (at > least) return at;
    at = columns;
    while (at < len && line[at] != ' ')
        at++;
    return at;
}

static void wrap_line(const char *line, size_t len, size_t columns, size_t indent, FILE *out)
{
    size_t end = find_break(line, len, columns, indent);
    (void)fprintf(out, "%.*s\n", (int)end, line);
    while (end < len) {
        line += end + 1;
        len -= end + 1;
        end = find_break(line, len, columns - indent, 0);
        (void)fprintf(out, "%*s%.*s\n", (int)indent, "", (int)end, line);
    }
}

void cli_text_wrap(const char *text, size_t columns, size_t indent, FILE *out)
{
    if (columns < 2 * indent) columns = 2 * indent; /* too narrow for any text */
    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");
        wrap_line(text, len, columns, indent, out);
        text += len + (text[len] == '\n' ? 1 : 0);
    }
}
