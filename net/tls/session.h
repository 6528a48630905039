/*
 * net/tls/session.h - TLS 1.3 over a connected socket with an external pre-shared key: the one
 * adapter of OpenSSL's TLS (docs/services.md 4.2.1).
 *
 * There are no certificates, tickets, resumptions or early data: psk_dhe_ke over X25519 and
 * TLS_AES_128_GCM_SHA256 alone. A client's identity is its X25519 key; a server derives the
 * pre-shared key (psk.h) if its caller permits that key, otherwise the handshake fails.
 *
 * A handshake of more than 4 KiB or 16 records, or with a HelloRetryRequest, fails. After it a
 * session ends when the peer sends a handshake message other than KeyUpdate, requests an update,
 * updates its key before it sent ASSAY_TLS_KEY_RECORDS / 16 records under it, or sends 5 records
 * without data in a row. Nothing blocks. Not thread-safe: one thread calls.
 */
#ifndef ASSAY_NET_TLS_SESSION_H
#define ASSAY_NET_TLS_SESSION_H

#include "base/secret.h"
#include "base/status.h"

#include <stddef.h>

/* Records that are sent under one key. RFC 8446 5.5: 2^24.5 of them are safe with AES-GCM; a link
 * may exist for months. */
enum { ASSAY_TLS_KEY_RECORDS = 1 << 20 };

/* Whether a client with that key may connect. Out: *party: the caller's number of it. */
typedef bool assay_tls_find_party(void *context, const uint8_t key[static 32], uint32_t *party);

struct assay_tls_config {
    const struct assay_secret32 *secret; /* X25519, copied */
    const uint8_t *public_key;           /* [32] of it */
    const uint8_t *chain_id;             /* [32]; NULL: zeros, until it is set */
    assay_tls_find_party *find;          /* of a server; NULL: no session is accepted */
    void *context;
    uint32_t key_records; /* sent under one key; 0: ASSAY_TLS_KEY_RECORDS */
};

struct assay_tls_context;
struct assay_tls_session;

/* Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_tls_context_open(const struct assay_tls_config *config,
                                                       struct assay_tls_context **out);
/* Outlives its sessions. Accepts a pointer to NULL; sets it to NULL. */
void assay_tls_context_close(struct assay_tls_context **context);

/* Of sessions that open from now on. */
void assay_tls_context_set_chain(struct assay_tls_context *context,
                                 const uint8_t chain_id[static 32]);

/* In: fd: a non-blocking stream socket; the session owns it from the call on, also of one that
 * fails. server: key of the server to connect to; NULL: the session is that of a server. Returns:
 * ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY | ASSAY_E_KEY (of small order) */
ASSAY_CHECKED enum assay_status assay_tls_session_open(struct assay_tls_context *context, int fd,
                                                       const uint8_t *server,
                                                       struct assay_tls_session **out);
/* Reports the end to the peer if its socket has room for that. Accepts a pointer to NULL; sets it
 * to NULL. */
void assay_tls_session_close(struct assay_tls_session **session);
int assay_tls_session_fd(const struct assay_tls_session *session);

/* What a peer has made this process decrypt. */
struct assay_tls_work {
    size_t bytes, records;
};

/* How many bytes the next calls may receive from the socket, and how many records they may read. A
 * record that began in time is read whole. */
void assay_tls_session_set_budget(struct assay_tls_session *session, size_t bytes, size_t records);
/* Returns: what was used of the budget that was set last. */
struct assay_tls_work assay_tls_session_work(const struct assay_tls_session *session);
/* Returns: whether the last call stopped because the budget was used up. */
bool assay_tls_session_is_over_budget(const struct assay_tls_session *session);
/* Returns: whether the last call waits until the socket has room. */
bool assay_tls_session_is_write_blocked(const struct assay_tls_session *session);

/* Returns: ASSAY_OK (both ends are authenticated) | ASSAY_E_AGAIN | ASSAY_E_STRANGER (it failed) */
ASSAY_CHECKED enum assay_status assay_tls_session_handshake(struct assay_tls_session *session);
/* Returns: the key of the client that was authenticated by a handshake of a server. */
const uint8_t *assay_tls_session_client(const struct assay_tls_session *session);
/* After the handshake. Out: *len bytes that were read, > 0. Returns: ASSAY_OK | ASSAY_E_AGAIN |
 * ASSAY_E_IO (the peer has closed, or what it sent is not of the session) */
ASSAY_CHECKED enum assay_status assay_tls_session_read(struct assay_tls_session *session,
                                                       uint8_t *bytes, size_t capacity,
                                                       size_t *len);
/* After the handshake; bytes that were refused with ASSAY_E_AGAIN are given again. Out: *len bytes
 * that were written, > 0. Returns: as assay_tls_session_read */
ASSAY_CHECKED enum assay_status assay_tls_session_write(struct assay_tls_session *session,
                                                        const uint8_t *bytes, size_t count,
                                                        size_t *len);

#endif
