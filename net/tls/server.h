/*
 * net/tls/server.h - listening end of links: connections of the parties that its caller permits
 * (docs/services.md 4.2).
 *
 * A party has one connection: a newer one takes its place when its handshake is complete. Until
 * then a connection has one of ASSAY_TLS_HANDSHAKES_MAX places, for at most
 * ASSAY_TLS_HANDSHAKE_MS; these take nothing from authenticated connections. When all places are
 * taken, the oldest caller of the address with most of them gives way, if the new caller's address
 * has fewer or the oldest has had ASSAY_TLS_GRACE_MS; otherwise the new caller is refused.
 *
 * Parties are received from in turns (net/tls/connection.h). One for which more than
 * ASSAY_TLS_QUEUE_MAX bytes are queued loses its connection; nothing waits for it. Not thread-safe:
 * one thread calls.
 */
#ifndef ASSAY_NET_TLS_SERVER_H
#define ASSAY_NET_TLS_SERVER_H

#include "base/bytes.h"
#include "net/tls/session.h"

enum {
    ASSAY_TLS_HANDSHAKES_MAX = 64,
    ASSAY_TLS_HANDSHAKE_MS = 5000,
    ASSAY_TLS_GRACE_MS = 1000,
    ASSAY_TLS_SERVER_MESSAGE_LEN = 256,
};

struct assay_tls_server;

/* Since it opened. */
struct assay_tls_server_figures {
    uint64_t accepted;  /* connections that were authenticated */
    uint64_t refused;   /* that had no place, failed in the handshake, or did not complete it */
    uint64_t slow;      /* authenticated ones that did not read */
    uint64_t malformed; /* authenticated ones that failed otherwise: what was no frame, or closed */
};

/* In: config->find numbers parties below `parties`; listen: HOST:PORT, numeric or a name of this
 * machine, port 0 selects a free one. Out: message: the reason of a failure. Returns: ASSAY_OK |
 * ASSAY_E_IO | ASSAY_E_MEMORY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_tls_server_open(
    const struct assay_tls_config *config, const char *listen, uint32_t parties,
    struct assay_tls_server **out, char message[static ASSAY_TLS_SERVER_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_tls_server_close(struct assay_tls_server **server);
/* Returns: the port that is listened at. */
uint16_t assay_tls_server_port(const struct assay_tls_server *server);
/* Of connections that are accepted from now on. */
void assay_tls_server_set_chain(struct assay_tls_server *server, const uint8_t chain_id[static 32]);
/* Returns: the descriptor to poll for input. */
int assay_tls_server_fd(const struct assay_tls_server *server);
/* Returns: when assay_tls_server_step has something to do without an event; now_ms: at once. */
uint64_t assay_tls_server_wake_at(const struct assay_tls_server *server, uint64_t now_ms);

/* Accepts, continues handshakes, and notes which parties have sent something. */
void assay_tls_server_step(struct assay_tls_server *server, uint64_t now_ms);
/* Out: *party; *frame is borrowed until the next call. Returns: ASSAY_OK | ASSAY_E_AGAIN */
ASSAY_CHECKED enum assay_status assay_tls_server_receive(struct assay_tls_server *server,
                                                         uint32_t *party,
                                                         struct assay_slice *frame);
/* Queues a frame to a party; one without a connection, or that does not read, gets none. */
void assay_tls_server_send(struct assay_tls_server *server, uint32_t party,
                           struct assay_slice frame);
/* Sends what is queued, and closes connections that failed. */
void assay_tls_server_flush(struct assay_tls_server *server);
/* Closes the connection of a party. */
void assay_tls_server_remove(struct assay_tls_server *server, uint32_t party);
/* Returns: whether a party has a connection. */
bool assay_tls_server_is_up(const struct assay_tls_server *server, uint32_t party);
struct assay_tls_server_figures assay_tls_server_figures(const struct assay_tls_server *server);

#endif
