/*
 * net/services/server/client_listener.h - frames over TCP between a program and people whom no
 * ledger knows: owners and readers of shares, requestors of tasks (docs/services.md 4.5).
 *
 * A frame is its length (u32 big-endian, 1 to ASSAY_CLIENT_LISTENER_FRAME_MAX) and so many bytes.
 * The link proves nothing and hides nothing: whatever matters is signed, attested or sealed in the
 * frames. A door keeps so many guests at once. For one more, a guest goes that never sent a frame;
 * if there is none, one that was answered; of such guests the one of the site with most of them (an
 * IPv4 address, a /48 of IPv6), of these the one of the address with most of them (a /64), and of
 * these the most silent. A guest that waits for an answer gives way only to a caller whose site, or
 * within its site whose address, has fewer guests; else the caller is refused. Who sends what is no
 * frame, or does not take what is said to it, is hung up. Nothing blocks but the resolution of a
 * name in a call. One thread calls.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_CLIENT_LISTENER_H
#define ASSAY_NET_SERVICES_SERVER_CLIENT_LISTENER_H

#include "base/bytes.h"

#include <poll.h>

enum {
    ASSAY_CLIENT_LISTENER_FRAME_MAX = 64 * 1024,
    ASSAY_CLIENT_LISTENER_GUESTS_MAX = 48,
    ASSAY_CLIENT_LISTENER_FDS = ASSAY_CLIENT_LISTENER_GUESTS_MAX + 1,
    ASSAY_CLIENT_LISTENER_IDLE_MS = 30000,
    ASSAY_CLIENT_LISTENER_WAITS_MAX =
        4 * (ASSAY_CLIENT_LISTENER_FRAME_MAX + 4), /* to be sent to one */
    ASSAY_CLIENT_LISTENER_MESSAGE_LEN = 256,
};

struct assay_client_listener;

/* In: listen: HOST:PORT, port 0 takes a free one. Out: message says why not, for people. Returns:
 * ASSAY_OK | ASSAY_E_IO | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_client_listener_open(
    const char *listen, struct assay_client_listener **out,
    char message[static ASSAY_CLIENT_LISTENER_MESSAGE_LEN]);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_client_listener_close(struct assay_client_listener **door);
/* Returns: the port that was bound. */
uint16_t assay_client_listener_port(const struct assay_client_listener *door);
/* Returns: how many of fds were written. */
size_t assay_client_listener_poll(const struct assay_client_listener *door,
                                  struct pollfd fds[static ASSAY_CLIENT_LISTENER_FDS]);
/* Accepts, reads, sends, hangs up. Returns: nothing. */
void assay_client_listener_turn(struct assay_client_listener *door, uint64_t now_ms);
/* The next frame of anybody. Out: *guest: a number that comes once; *frame is borrowed until the
 * next call here. Returns: ASSAY_OK | ASSAY_E_AGAIN */
ASSAY_CHECKED enum assay_status assay_client_listener_next(struct assay_client_listener *door,
                                                           uint64_t *guest,
                                                           struct assay_slice *frame);
/* In: frame: 1 to ASSAY_CLIENT_LISTENER_FRAME_MAX bytes (asserted). A guest that is gone hears
 * nothing.
 * Returns: nothing. */
void assay_client_listener_send(struct assay_client_listener *door, uint64_t guest,
                                struct assay_slice frame);
/* Returns: nothing. */
void assay_client_listener_hang_up(struct assay_client_listener *door, uint64_t guest);
/* Out: site: equal for guests of one site: an IPv4 address, or a /48 of IPv6. Returns: whether the
 * guest is there. */
bool assay_client_listener_site(const struct assay_client_listener *door, uint64_t guest,
                                uint8_t site[static 16]);

/* --- the other end */

struct assay_call;

/* Dials HOST:PORT; a name is resolved now. Returns: ASSAY_OK, and the connection is under way |
 * ASSAY_E_INVALID (no address) | ASSAY_E_NOT_FOUND (no such name) | ASSAY_E_IO | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_call_open(const char *address, struct assay_call **out);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_call_close(struct assay_call **call);
/* Returns: what to poll for. */
struct pollfd assay_call_poll(const struct assay_call *call);
/* Queues a frame as assay_client_listener_send, and sends what the other end takes. Returns:
 * ASSAY_OK | ASSAY_E_FULL | ASSAY_E_IO (it is gone) */
ASSAY_CHECKED enum assay_status assay_call_send(struct assay_call *call, struct assay_slice frame);
/* The next frame; borrowed until the next call here. Sends what waits first. Returns: ASSAY_OK |
 * ASSAY_E_AGAIN | ASSAY_E_IO (it is gone) | ASSAY_E_RANGE (what came is no frame) */
ASSAY_CHECKED enum assay_status assay_call_next(struct assay_call *call,
                                                struct assay_slice *frame);

#endif
