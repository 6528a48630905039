/*
 * net/tls/connection.c - one end of a link: frames over a TLS session.
 */
#include "net/tls/connection.h"

#include "base/assert.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum {
    RECORD_MAX = 16 * 1024, /* of plaintext (RFC 8446 5.1) */
    /* The kernel's buffers of a socket would otherwise grow to megabytes for a peer that does not
     * read, or whose turn has not come. */
    SOCKET_BUFFER = 256 * 1024,
    PROBES = 3,
    PROBE_S = 5,
};

void assay_tls_connection_set_socket(int fd)
{
    ASSAY_ASSERT(fd >= 0);
    static const struct {
        int level, name, value;
    } options[] = {
        { IPPROTO_TCP, TCP_NODELAY, 1 },
        { SOL_SOCKET, SO_KEEPALIVE, 1 },
        { IPPROTO_TCP, TCP_KEEPIDLE, ASSAY_TLS_KEEPALIVE_S },
        { IPPROTO_TCP, TCP_KEEPINTVL, PROBE_S },
        { IPPROTO_TCP, TCP_KEEPCNT, PROBES },
        { IPPROTO_TCP, TCP_USER_TIMEOUT, ASSAY_TLS_SILENT_MS },
        { SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER },
        { SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER },
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        (void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
                         sizeof options[i].value);
}

enum assay_status assay_tls_connection_open(struct assay_tls_connection *connection,
                                            struct assay_tls_context *context, int fd,
                                            const uint8_t *server)
{
    ASSAY_ASSERT(connection->session == NULL && !connection->is_up && !connection->is_failed);
    return assay_tls_session_open(context, fd, server, &connection->session);
}

void assay_tls_connection_close(struct assay_tls_connection *connection)
{
    assay_tls_session_close(&connection->session);
    assay_tls_queue_free(&connection->in);
    assay_tls_queue_free(&connection->out);
    *connection = (struct assay_tls_connection){ .session = NULL };
}

enum assay_status assay_tls_connection_handshake(struct assay_tls_connection *connection)
{
    ASSAY_ASSERT(connection->session != NULL && !connection->is_up);
    assay_tls_session_set_budget(connection->session, ASSAY_TLS_TURN_BYTES, ASSAY_TLS_TURN_RECORDS);
    const enum assay_status status = assay_tls_session_handshake(connection->session);
    connection->is_up = status == ASSAY_OK;
    return status;
}

enum assay_status assay_tls_connection_send(struct assay_tls_connection *connection,
                                            struct assay_slice frame, size_t len_max)
{
    return assay_tls_queue_append(&connection->out, frame, len_max);
}

enum assay_status assay_tls_connection_flush(struct assay_tls_connection *connection)
{
    struct assay_tls_connection *c = connection;
    ASSAY_ASSERT(c->session != NULL && c->is_up);
    while (assay_tls_queue_len(&c->out) > 0 && !c->is_failed) {
        const size_t wanted = assay_tls_queue_len(&c->out);
        size_t sent = 0;
        const enum assay_status status =
            assay_tls_session_write(c->session, c->out.bytes + c->out.start,
                                    wanted < RECORD_MAX ? wanted : RECORD_MAX, &sent);
        if (status == ASSAY_E_AGAIN) return status;
        c->is_failed = status != ASSAY_OK;
        if (status == ASSAY_OK) assay_tls_queue_drop(&c->out, sent);
    }
    return c->is_failed ? ASSAY_E_IO : ASSAY_OK;
}

/* Returns: as assay_tls_session_read, ASSAY_E_IO for what is no frame */
static enum assay_status read_more(struct assay_tls_connection *c)
{
    uint8_t *at = NULL;
    size_t room = 0, got = 0;
    if (assay_tls_queue_reserve(&c->in, &at, &room) != ASSAY_OK) return ASSAY_E_IO;
    const enum assay_status status = assay_tls_session_read(c->session, at, room, &got);
    if (status == ASSAY_OK) assay_tls_queue_commit(&c->in, got);
    else if (assay_tls_queue_len(&c->in) == 0) assay_tls_queue_clear(&c->in);
    return status;
}

enum assay_status assay_tls_connection_receive(struct assay_tls_connection *connection,
                                               struct assay_slice *frame, bool *is_over)
{
    struct assay_tls_connection *c = connection;
    ASSAY_ASSERT(c->session != NULL && c->is_up);
    *is_over = false;
    if (c->is_failed) return ASSAY_E_IO;
    if (c->frames == 0) {
        assay_tls_session_set_budget(c->session, ASSAY_TLS_TURN_BYTES, ASSAY_TLS_TURN_RECORDS);
        c->frames = ASSAY_TLS_TURN_FRAMES;
    }
    enum assay_status status = assay_tls_queue_next(&c->in, frame);
    while (status == ASSAY_E_AGAIN) {
        const enum assay_status got = read_more(c);
        if (got != ASSAY_OK) {
            status = got;
            break;
        }
        status = assay_tls_queue_next(&c->in, frame);
    }
    if (status == ASSAY_OK) {
        c->frames--;
        *is_over = c->frames == 0;
        return ASSAY_OK;
    }
    c->frames = 0;
    *is_over = status == ASSAY_E_AGAIN && assay_tls_session_is_over_budget(c->session);
    c->is_failed = status != ASSAY_E_AGAIN;
    return c->is_failed ? ASSAY_E_IO : ASSAY_E_AGAIN;
}

size_t assay_tls_connection_work(const struct assay_tls_connection *connection)
{
    ASSAY_ASSERT(connection->session != NULL);
    const struct assay_tls_work work = assay_tls_session_work(connection->session);
    return work.bytes + work.records * (ASSAY_TLS_TURN_BYTES / ASSAY_TLS_TURN_RECORDS);
}
