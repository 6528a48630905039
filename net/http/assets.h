/*
 * net/http/assets.h - what is embedded in the program beside the page (web/page.h): the contract.
 */
#ifndef ASSAY_NET_HTTP_ASSETS_H
#define ASSAY_NET_HTTP_ASSETS_H

#include <stddef.h>

/* docs/openapi.json */
extern const unsigned char assay_http_openapi[];
extern const size_t assay_http_openapi_len;

#endif
