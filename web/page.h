/*
 * web/page.h - the page for people as it is served and as reports carry it (docs/page.md).
 *
 * One HTML file with its script and style inside, made by web/build.sh. With an empty block of
 * data it asks the node that served it; a report puts a document there.
 */
#ifndef ASSAY_WEB_PAGE_H
#define ASSAY_WEB_PAGE_H

#include <stddef.h>

/* Where a report puts its document: between these two, once in the page. */
#define ASSAY_WEB_DATA_OPEN "<script type=\"application/json\" id=\"data\">"
#define ASSAY_WEB_DATA_CLOSE "</script>"

extern const unsigned char assay_web_page[];
extern const size_t assay_web_page_len;
/* Value of the header Content-Security-Policy under which it is served: digests of its own script
 * and style, and nothing else. */
extern const char assay_web_policy[];

#endif
