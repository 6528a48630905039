/*
 * net/http/assets.h - embedded assets next to the page (web/page.h): the OpenAPI contract.
 */
#ifndef ASSAY_NET_HTTP_ASSETS_H
#define ASSAY_NET_HTTP_ASSETS_H

#include <stddef.h>

/* docs/openapi.json */
extern const unsigned char assay_http_openapi[];
extern const size_t assay_http_openapi_len;

#endif
