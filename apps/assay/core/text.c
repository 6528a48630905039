/*
 * apps/assay/core/text.c - values of documents as text for a terminal.
 */
#include "apps/assay/core/text.h"

#include "quote/yaml/document.h"

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
