/*
 * web/page.h - the page for people as it is served and as reports carry it (docs/page.md).
 *
 * One HTML file with its script and style inside, made by web/build.sh. With an empty block of
 * data it asks the node that served it; a report has a document there.
 */
#ifndef ASSAY_WEB_PAGE_H
#define ASSAY_WEB_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

extern const unsigned char assay_web_page[];
extern const size_t assay_web_page_len;
/* Value of the header Content-Security-Policy under which it is served: digests of its own script
 * and style, and nothing else. */
extern const char assay_web_policy[];

/*
 * assay_web_report_put - the page with a document inside, as one file that needs nothing else.
 * In:      json, one document of schema assay.page or assay.sim.page; whatever its texts hold, they
 *          stay data
 * Returns: true; false: it was not written whole
 */
bool assay_web_report_put(const char *json, FILE *out);

#endif
