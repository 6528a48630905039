/*
 * net/tls/connection.h - one end of a link: a TLS session and the frames in both directions.
 *
 * Nothing blocks. Input is taken in turns of bounded bytes, records and frames.
 */
#ifndef ASSAY_NET_TLS_CONNECTION_H
#define ASSAY_NET_TLS_CONNECTION_H

#include "net/tls/frames.h"
#include "net/tls/session.h"

enum {
    ASSAY_TLS_TURN_BYTES = 64 * 1024, /* received from the socket in one turn */
    ASSAY_TLS_TURN_RECORDS = 32,
    ASSAY_TLS_TURN_FRAMES = 16,
    /* Of turns without a frame, over all connections, after which a caller of receive goes on with
     * other work: as assay_tls_connection_work counts it. */
    ASSAY_TLS_RECEIVE_WORK = 2 * ASSAY_TLS_TURN_BYTES,
    ASSAY_TLS_KEEPALIVE_S = 10,  /* idle time before the kernel probes the peer */
    ASSAY_TLS_SILENT_MS = 20000, /* sent bytes that are unacknowledged for that long */
};

/* All zero: closed. */
struct assay_tls_connection {
    struct assay_tls_session *session; /* NULL: closed */
    struct assay_tls_queue in, out;
    bool is_up;      /* the handshake is complete */
    bool is_failed;  /* to be closed; nothing is sent or received any more */
    uint32_t frames; /* that this turn may still have; 0: its turn is over */
};

/* Sets what both ends of a link set: no delay, probes of silent peers, buffers. */
void assay_tls_connection_set_socket(int fd);
/* In: connection: closed, frames may be queued already; others as assay_tls_session_open. Returns:
 * as that */
ASSAY_CHECKED enum assay_status assay_tls_connection_open(struct assay_tls_connection *connection,
                                                          struct assay_tls_context *context, int fd,
                                                          const uint8_t *server);
void assay_tls_connection_close(struct assay_tls_connection *connection);
/* Continues the handshake. Returns: as assay_tls_session_handshake */
ASSAY_CHECKED enum assay_status assay_tls_connection_handshake(
    struct assay_tls_connection *connection);
/* Queues a frame. Returns: as assay_tls_queue_append */
ASSAY_CHECKED enum assay_status assay_tls_connection_send(struct assay_tls_connection *connection,
                                                          struct assay_slice frame, size_t len_max);
/* Sends what is queued, as far as the socket takes it. Returns: ASSAY_OK (all of it) |
 * ASSAY_E_AGAIN | ASSAY_E_IO (it is to be closed) */
ASSAY_CHECKED enum assay_status assay_tls_connection_flush(struct assay_tls_connection *connection);
/* The next frame of the turn; a turn begins when `frames` is 0. Out: *frame is borrowed until the
 * next call; *is_over: the turn is over, but there may be more to receive. Returns: ASSAY_OK |
 * ASSAY_E_AGAIN | ASSAY_E_IO (it is to be closed) */
ASSAY_CHECKED enum assay_status assay_tls_connection_receive(
    struct assay_tls_connection *connection, struct assay_slice *frame, bool *is_over);
/* Returns: the work of its present or last turn: bytes, and for each record a TURN_RECORDS-th of
 * ASSAY_TLS_TURN_BYTES */
size_t assay_tls_connection_work(const struct assay_tls_connection *connection);

#endif
