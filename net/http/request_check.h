/*
 * net/http/request_check.h - check that a request is unambiguous and within the limits: one length,
 * one host, no NUL, header names that are tokens (RFC 9110 5.1, 9112 3.2, 6.3), a bounded target
 * and head.
 *
 * What two parsers may read in two ways is refused, and its connection ends: behind a proxy the
 * rest of one request is else another one. What is too long gets an answer as well: a proxy takes a
 * connection that ends without one for a node that failed, and requests nothing of it for a while.
 */
#ifndef ASSAY_NET_HTTP_REQUEST_CHECK_H
#define ASSAY_NET_HTTP_REQUEST_CHECK_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ASSAY_HTTP_CERTIFICATE_HEADERS = 3, /* of clients of proxies */
    ASSAY_HTTP_TARGET_LEN_MAX = 8 * 1024,
    ASSAY_HTTP_REQUEST_LEN_MAX = 16 * 1024, /* its line and headers */
    ASSAY_HTTP_HEADERS_MAX = 100,
};

/* Which answer a fault has: 400, 414, 431. */
enum assay_http_request_fault {
    ASSAY_HTTP_FAULT_MALFORMED,
    ASSAY_HTTP_FAULT_TARGET_LEN,
    ASSAY_HTTP_FAULT_HEADERS_LEN,
};

/* All zero: nothing was seen. */
struct assay_http_request_check {
    const char *fault; /* the first, for operators; NULL: none */
    enum assay_http_request_fault kind; /* of the fault */
    unsigned hosts, lengths, codings, certificates[ASSAY_HTTP_CERTIFICATE_HEADERS];
};

/* The path with its parameters as received, undecoded. */
void assay_http_request_check_target(struct assay_http_request_check *check, const char *target);
/* One header: lengths as received, strings end with a NUL behind them. */
void assay_http_request_check_header(struct assay_http_request_check *check, const char *name,
                                     size_t name_len, const char *value, size_t value_len);
/* After all headers: len, bytes of the request's line and headers as received; count of headers.
 */
void assay_http_request_check_len(struct assay_http_request_check *check, size_t len, size_t count);
/* After all headers; version: "HTTP/1.1". Returns: what is wrong, for operators, or NULL. */
const char *assay_http_request_check_end(struct assay_http_request_check *check,
                                         const char *version);

#endif
