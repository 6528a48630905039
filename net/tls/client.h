/*
 * net/tls/client.h - dialling end of links: outgoing connections to servers whose keys and
 * addresses the caller has (docs/services.md 4.2).
 *
 * Addresses of a server are tried in turn, with pauses that double up to a limit
 * (host/peers/dial.h). Frames that are queued before the handshake is complete are sent then; those
 * that wait when a connection fails are dropped. A queue without room drops the new frame, before
 * the handshake the older ones.
 * Nothing blocks, there is one descriptor to poll, and time is the caller's. Numeric addresses need
 * no thread; names are resolved by what the caller supplies. Not thread-safe: one thread calls.
 */
#ifndef ASSAY_NET_TLS_CLIENT_H
#define ASSAY_NET_TLS_CLIENT_H

#include "base/bytes.h"
#include "net/tls/frames.h"
#include "net/tls/session.h"

enum {
    ASSAY_TLS_ADDRESSES_LEN = 256, /* text of all addresses of a server, with its NUL */
    ASSAY_TLS_NUMBERS_MAX = 4,     /* of a name */
    ASSAY_TLS_NUMBER_LEN = 64,
    ASSAY_TLS_ATTEMPT_MS = 5000, /* until the handshake of one attempt is complete */
    ASSAY_TLS_PAUSE_MS_MAX = 2000,
};

struct assay_tls_name {
    uint32_t slot;
    char host[ASSAY_TLS_ADDRESSES_LEN]; /* as it was requested */
    uint32_t count;                     /* 0: there is no number */
    char numbers[ASSAY_TLS_NUMBERS_MAX][ASSAY_TLS_NUMBER_LEN];
};

/* Asynchronous resolution of names, one request of a slot at a time. */
struct assay_tls_names {
    void *context;
    /* Returns: ASSAY_OK | others: not now */
    enum assay_status (*request)(void *context, uint32_t slot, const char *host);
    /* Out: *answer. Returns: whether there was one. */
    bool (*next)(void *context, struct assay_tls_name *answer);
};

struct assay_tls_client;

/* In: slots: of servers; queue_max: bytes that may wait for one, at least ASSAY_TLS_QUEUE_SMALL
 * (asserted); names: copied; NULL: numeric addresses alone. Returns: ASSAY_OK |
 * ASSAY_E_IO | ASSAY_E_MEMORY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_tls_client_open(const struct assay_tls_config *config,
                                                      uint32_t slots, size_t queue_max,
                                                      const struct assay_tls_names *names,
                                                      struct assay_tls_client **out);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_tls_client_close(struct assay_tls_client **client);
/* Of connections that are dialled from now on. */
void assay_tls_client_set_chain(struct assay_tls_client *client, const uint8_t chain_id[static 32]);
/* Returns: the descriptor to poll for input. */
int assay_tls_client_fd(const struct assay_tls_client *client);
/* Returns: when assay_tls_client_step has something to do without an event; now_ms: at once;
 * UINT64_MAX: never. */
uint64_t assay_tls_client_wake_at(const struct assay_tls_client *client, uint64_t now_ms);

/* The server of a slot, dialled from now on in place of the one before. In: addresses: HOST:PORT,
 * several between commas. Returns: ASSAY_OK | ASSAY_E_SYNTAX (no address; the slot is empty) */
ASSAY_CHECKED enum assay_status assay_tls_client_set(struct assay_tls_client *client, uint32_t slot,
                                                     const uint8_t key[static 32],
                                                     const char *addresses, uint64_t now_ms);
/* Closes the connection of a slot and empties it. */
void assay_tls_client_remove(struct assay_tls_client *client, uint32_t slot);
/* Returns: whether the slot has a server; an authenticated connection to it. */
bool assay_tls_client_has(const struct assay_tls_client *client, uint32_t slot);
bool assay_tls_client_is_up(const struct assay_tls_client *client, uint32_t slot);

/* Dials what is due, continues handshakes, and notes which servers have sent something. */
void assay_tls_client_step(struct assay_tls_client *client, uint64_t now_ms);
/* Out: *slot; *frame is borrowed until the next call. Returns: ASSAY_OK | ASSAY_E_AGAIN */
ASSAY_CHECKED enum assay_status assay_tls_client_receive(struct assay_tls_client *client,
                                                         uint32_t *slot, struct assay_slice *frame);
/* Queues a frame to the server of a slot; an empty slot gets none. */
void assay_tls_client_send(struct assay_tls_client *client, uint32_t slot,
                           struct assay_slice frame);
/* Sends what is queued, and closes connections that failed. */
void assay_tls_client_flush(struct assay_tls_client *client, uint64_t now_ms);

#endif
