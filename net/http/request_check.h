/*
 * net/http/request_check.h - check that a request is unambiguous: one length, one host, no NUL,
 * header names that are tokens (RFC 9110 5.1, 9112 3.2, 6.3).
 *
 * What two parsers may read in two ways is refused, and its connection ends: behind a proxy the
 * rest of one request is else another one.
 */
#ifndef ASSAY_NET_HTTP_REQUEST_CHECK_H
#define ASSAY_NET_HTTP_REQUEST_CHECK_H

#include <stdbool.h>
#include <stddef.h>

enum { ASSAY_HTTP_CERTIFICATE_HEADERS = 3 }; /* of clients of proxies */

/* All zero: nothing was seen. */
struct assay_http_request_check {
    const char *fault; /* the first, for operators; NULL: none */
    unsigned hosts, lengths, codings, certificates[ASSAY_HTTP_CERTIFICATE_HEADERS];
};

/* The path with its parameters as received, undecoded. */
void assay_http_request_check_target(struct assay_http_request_check *check, const char *target);
/* One header: lengths as received, strings end with a NUL behind them. */
void assay_http_request_check_header(struct assay_http_request_check *check, const char *name,
                                     size_t name_len, const char *value, size_t value_len);
/* After all headers; version: "HTTP/1.1". Returns: what is wrong, for operators, or NULL. */
const char *assay_http_request_check_end(struct assay_http_request_check *check,
                                         const char *version);

#endif
