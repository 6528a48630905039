/*
 * enforce/exchange.h - one HTTP/1.1 request and its response over a UNIX socket, non-blocking.
 *
 * Only what an engine of containers on the same machine needs: a new connection each time, an
 * answer of at most ASSAY_EXCHANGE_LEN_MAX, with Content-Length, in chunks, or up to the end of the
 * connection. Whoever answers may be anybody: everything is bounded and checked.
 */
#ifndef ASSAY_ENFORCE_EXCHANGE_H
#define ASSAY_ENFORCE_EXCHANGE_H

#include "base/bytes.h"

enum {
    ASSAY_EXCHANGE_LEN_MAX = 1024 * 1024, /* what an engine says of a container: some 10 KiB */
    ASSAY_EXCHANGE_REQUEST_MAX = 1024,
    ASSAY_EXCHANGE_MESSAGE_LEN = 200,
};

struct assay_exchange {
    int fd; /* -1: none is under way */
    bool connected;
    char request[ASSAY_EXCHANGE_REQUEST_MAX];
    size_t request_len, request_done;
    uint8_t *bytes; /* the answer as it came */
    size_t len, capacity;
};

/* Out: an exchange that is not under way. */
void assay_exchange_init(struct assay_exchange *exchange);
/*
 * assay_exchange_start - connect to the socket at path and ask.
 * In:      method "GET" or "POST" (without a body); target: what stands behind it, "/_ping"
 * Returns: ASSAY_OK | ASSAY_E_RANGE (path or target too long) | ASSAY_E_IO, with a message
 */
ASSAY_CHECKED enum assay_status assay_exchange_start(
    struct assay_exchange *exchange, const char *path, const char *method, const char *target,
    char message[static ASSAY_EXCHANGE_MESSAGE_LEN]);
/*
 * assay_exchange_step - go on.
 * Out:     *code: 200, 404, ...; *body: decoded, borrowed until the next call
 * Returns: ASSAY_E_AGAIN | ASSAY_OK | ASSAY_E_TRUNCATED (it ended early) | ASSAY_E_SYNTAX (no HTTP)
 *          | ASSAY_E_RANGE (too long) | ASSAY_E_IO | ASSAY_E_MEMORY, with a message
 */
ASSAY_CHECKED enum assay_status assay_exchange_step(
    struct assay_exchange *exchange, unsigned *code, struct assay_slice *body,
    char message[static ASSAY_EXCHANGE_MESSAGE_LEN]);
/* Break off, free. Out: an exchange as after init. */
void assay_exchange_close(struct assay_exchange *exchange);

/* enforce/answer.c: is the answer whole, and what is it? bytes are decoded in place once it is.
 * at_end: nothing will follow. Returns: as assay_exchange_step, without I/O. */
ASSAY_CHECKED enum assay_status assay_exchange_answer_parse(uint8_t *bytes, size_t len, bool at_end,
                                                            unsigned *code,
                                                            struct assay_slice *body);

#endif
