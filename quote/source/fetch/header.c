/*
 * quote/source/fetch/header.c - lookup of headers in an HTTP response. Pure.
 *
 * RFC 9110 5.1: names are compared without regard to case. RFC 9112 5: "name: value" and CRLF; a
 * line that is none of this (a status line, the empty one) is passed over.
 */
#include "quote/source/fetch/http.h"

#include "base/assert.h"

#include <string.h>

static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_named(struct assay_slice line, const char *name, size_t name_len)
{
    if (line.len <= name_len || line.bytes[name_len] != ':') return false;
    for (size_t i = 0; i < name_len; i++)
        if (to_lower((char)line.bytes[i]) != to_lower(name[i])) return false;
    return true;
}

static struct assay_slice trim_text(struct assay_slice text)
{
    while (text.len > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t'))
        text = assay_slice_over(text.bytes + 1, text.len - 1);
    while (text.len > 0 && (text.bytes[text.len - 1] == ' ' || text.bytes[text.len - 1] == '\t' ||
                            text.bytes[text.len - 1] == '\r'))
        text.len -= 1;
    return text;
}

enum assay_status assay_url_header(struct assay_slice headers, const char *name,
                                   struct assay_slice *value)
{
    ASSAY_ASSERT(name != NULL && value != NULL);
    const size_t name_len = strlen(name);
    struct assay_slice found = { 0 };
    bool has_found = false;
    while (headers.len > 0) {
        const uint8_t *const end = memchr(headers.bytes, '\n', headers.len);
        const size_t len = end == NULL ? headers.len : (size_t)(end - headers.bytes);
        const struct assay_slice line = assay_slice_over(headers.bytes, len);
        const size_t used = end == NULL ? len : len + 1;
        ASSAY_ASSERT(used > 0 && used <= headers.len);
        headers = assay_slice_over(headers.bytes + used, headers.len - used);
        if (!is_named(line, name, name_len)) continue;
        const struct assay_slice here =
            trim_text(assay_slice_over(line.bytes + name_len + 1, line.len - name_len - 1));
        if (has_found && !assay_slice_equal(found, here)) return ASSAY_E_DUPLICATE;
        found = here;
        has_found = true;
    }
    if (!has_found) return ASSAY_E_NOT_FOUND;
    *value = found;
    return ASSAY_OK;
}
