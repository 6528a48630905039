/*
 * net/http/assets.h - what is embedded in the program: the page, and the contract.
 *
 * The page is made by web/build.sh where that folder is, else of net/http/index.html.
 */
#ifndef ASSAY_NET_HTTP_ASSETS_H
#define ASSAY_NET_HTTP_ASSETS_H

#include <stddef.h>

/* GET /, and its Content-Security-Policy. */
extern const char assay_web_policy[];
extern const unsigned char assay_web_page[];
extern const size_t assay_web_page_len;
/* docs/openapi.json */
extern const unsigned char assay_http_openapi[];
extern const size_t assay_http_openapi_len;

#endif
