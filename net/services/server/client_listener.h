/*
 * net/services/server/client_listener.h - frames over TCP between a program and clients that are
 * not registered in a ledger: owners and readers of shares, requestors of tasks (docs/services.md
 * 4.5).
 *
 * A frame is its length (u32 big-endian, 1 to ASSAY_CLIENT_LISTENER_FRAME_MAX) and that many bytes.
 * The connection is neither authenticated nor encrypted: the frames themselves are signed, attested
 * or sealed.
 *
 * The number of clients is limited. For one more, a client is evicted that never sent a frame;
 * without one, a client that was answered; among these one of the site with most of them (an IPv4
 * address, a /48 of IPv6), then of the address with most of them (a /64), then the one that was
 * silent longest. A client that waits for an answer is evicted only for a caller whose site, or
 * within its site whose address, has fewer clients; otherwise the caller is refused. A client that
 * sends an invalid frame or does not read is disconnected. Nothing blocks: names are resolved in
 * threads of a resolver. Not thread-safe: one thread calls.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_CLIENT_LISTENER_H
#define ASSAY_NET_SERVICES_SERVER_CLIENT_LISTENER_H

#include "base/bytes.h"

#include <poll.h>

enum {
    ASSAY_CLIENT_LISTENER_FRAME_MAX = 64 * 1024,
    ASSAY_CLIENT_LISTENER_CLIENTS_MAX = 48,
    ASSAY_CLIENT_LISTENER_FDS = ASSAY_CLIENT_LISTENER_CLIENTS_MAX + 1,
    ASSAY_CLIENT_LISTENER_IDLE_MS = 30000,
    ASSAY_CLIENT_LISTENER_QUEUE_MAX =
        4 * (ASSAY_CLIENT_LISTENER_FRAME_MAX + 4), /* bytes queued for one client */
    ASSAY_CLIENT_LISTENER_MESSAGE_LEN = 256,
};

struct assay_client_listener;

/* In: listen: HOST:PORT, port 0 selects a free one. Out: message: the reason of a failure. Returns:
 * ASSAY_OK | ASSAY_E_IO | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_listener_open(
    const char *listen, struct assay_client_listener **out,
    char message[static ASSAY_CLIENT_LISTENER_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_listener_close(struct assay_client_listener **listener);
/* Returns: the port that was bound. */
uint16_t assay_listener_port(const struct assay_client_listener *listener);
/* Returns: how many of fds were written. */
size_t assay_listener_poll(const struct assay_client_listener *listener,
                           struct pollfd fds[static ASSAY_CLIENT_LISTENER_FDS]);
/* Accepts, reads, sends and disconnects. */
void assay_listener_step(struct assay_client_listener *listener, uint64_t now_ms);
/* The next frame of any client. Out: *client: a number that is never reused; *frame is borrowed
 * until the next call here. Returns: ASSAY_OK | ASSAY_E_AGAIN */
ASSAY_CHECKED enum assay_status assay_listener_receive(struct assay_client_listener *listener,
                                                       uint64_t *client, struct assay_slice *frame);
/* In: frame: 1 to ASSAY_CLIENT_LISTENER_FRAME_MAX bytes (asserted); dropped when the client is
 * disconnected. */
void assay_listener_send(struct assay_client_listener *listener, uint64_t client,
                         struct assay_slice frame);
void assay_listener_disconnect(struct assay_client_listener *listener, uint64_t client);
/* Out: site: equal for clients of one site: an IPv4 address, or a /48 of IPv6. Returns: whether the
 * client is connected. */
bool assay_listener_get_site(const struct assay_client_listener *listener, uint64_t client,
                             uint8_t site[static 16]);

/* --- calls: the client side */

struct assay_client_connection;
struct assay_resolver;

/* Connects to HOST:PORT; a name is resolved in a thread of its own, and its numbers are tried in
 * turn. Returns: ASSAY_OK, and the connection is in progress (a name that does not exist fails
 * later) | ASSAY_E_INVALID (no address) | ASSAY_E_RANGE (a name that is too long) | ASSAY_E_IO |
 * ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_listener_connection_open(
    const char *address, struct assay_client_connection **out);
/* The same with a resolver of several connections, borrowed until close: it bounds the number of
 * threads, also of those that resolve for connections which were closed meanwhile. In: asker: of
 * one connection at a time; a name that was requested for an earlier one is not requested again. */
ASSAY_CHECKED enum assay_status assay_listener_connection_open_shared(
    const char *address, struct assay_resolver *resolver, uint32_t asker,
    struct assay_client_connection **out);
/* Returns: whether its name is being resolved, or other numbers of it remain to be tried: a time
 * limit of the other end begins when neither is so. */
bool assay_listener_connection_is_pending(const struct assay_client_connection *call);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_listener_connection_close(struct assay_client_connection **call);
/* Returns: what to poll for; fd -1 while a name is resolved, whose answer only receive and send
 * look for. */
struct pollfd assay_listener_connection_poll(const struct assay_client_connection *call);
/* Queues a frame as assay_listener_send, and sends as much as the socket accepts. Returns:
 * ASSAY_OK | ASSAY_E_FULL | ASSAY_E_IO (disconnected) */
ASSAY_CHECKED enum assay_status assay_listener_connection_send(struct assay_client_connection *call,
                                                               struct assay_slice frame);
/* The next frame; borrowed until the next call here. Sends queued frames first. Returns: ASSAY_OK |
 * ASSAY_E_AGAIN | ASSAY_E_IO (disconnected) | ASSAY_E_RANGE (not a valid frame) */
ASSAY_CHECKED enum assay_status assay_listener_connection_receive(
    struct assay_client_connection *call, struct assay_slice *frame);

#endif
