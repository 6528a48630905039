/*
 * web/embed.c - a report: the page with its document inside (web/page.h).
 */
#include "web/page.h"

#include <string.h>

/* JSON between tags: nothing in it may end the element or begin a comment. */
static bool put_json(const char *json, FILE *out)
{
    for (; *json != '\0'; json++) {
        const bool plain = *json != '<' && *json != '>' && *json != '&';
        if (plain ? fputc(*json, out) == EOF
                  : fprintf(out, "\\u%04x", (unsigned)(unsigned char)*json) < 0)
            return false;
    }
    return true;
}

bool assay_web_report_put(const char *json, FILE *out)
{
    static const char open[] = "<script type=\"application/json\" id=\"data\">";
    static const char place[] = "<script type=\"application/json\" id=\"data\"></script>";
    const unsigned char *const at =
        memmem(assay_web_page, assay_web_page_len, place, sizeof place - 1);
    if (at == NULL) return false;
    const size_t before = (size_t)(at - assay_web_page) + sizeof open - 1;
    const size_t after = assay_web_page_len - before;
    return fwrite(assay_web_page, 1, before, out) == before && put_json(json, out) &&
           fwrite(assay_web_page + before, 1, after, out) == after;
}
