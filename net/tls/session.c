/*
 * net/tls/session.c - adapter of OpenSSL's TLS: contexts, pre-shared keys and one session.
 *
 * The socket is read by a BIO of its own, which stops at a budget of bytes. A callback counts
 * records and handshake messages as they arrive, since OpenSSL processes those without data inside
 * of SSL_read, and ends a session whose peer sends what an honest one never does.
 */
#include "net/tls/session.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "net/tls/psk.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* Received in a handshake. Each end of an honest one sends below 400 bytes, in 4 records at
     * most. */
    HANDSHAKE_BYTES = 4096,
    HANDSHAKE_RECORDS = 16,
    /* Received since the last data. An honest end sends KeyUpdate, data and its end. */
    SILENT_RECORDS = 4,
    /* An honest end replaces its key that many times less often than is accepted. */
    UPDATE_MARGIN = 16,
};

static const unsigned char cipher_id[] = { 0x13, 0x01 }; /* TLS_AES_128_GCM_SHA256 */

struct assay_tls_context {
    struct assay_secret32 secret;
    uint8_t public_key[32], chain_id[32];
    assay_tls_find_party *find;
    void *context;
    uint32_t key_records;
    BIO_METHOD *method;
    SSL_CTX *ssl;
};

struct assay_tls_session {
    struct assay_tls_context *context;
    SSL *ssl;
    int fd;
    bool is_server, is_up, is_failed, is_over_budget, is_write_blocked;
    bool is_refused;    /* the peer sent what no honest one sends */
    uint8_t client[32]; /* key of the client's end, as far as it is known */
    struct assay_secret32 psk;
    size_t budget, record_budget, budget_at, record_budget_at; /* left, and as they were set */
    size_t handshake_left;                                     /* bytes */
    uint32_t records;                                          /* sent under the present key */
    uint32_t hellos, handshake_records, silent_records;
    uint64_t received; /* records since the handshake, or the last KeyUpdate */
};

/* --- the socket */

static bool is_temporary(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static int read_socket(BIO *bio, char *bytes, int len)
{
    struct assay_tls_session *s = BIO_get_data(bio);
    ASSAY_ASSERT(s != NULL && len >= 0);
    BIO_clear_retry_flags(bio);
    const size_t left = s->is_up || s->budget < s->handshake_left ? s->budget : s->handshake_left;
    const size_t wanted = (size_t)len < left ? (size_t)len : left;
    if (!s->is_up && s->handshake_left == 0) s->is_refused = true;
    if (s->is_refused) return -1;
    if (wanted == 0) {
        s->is_over_budget = true;
        BIO_set_retry_read(bio);
        return -1;
    }
    const ssize_t got = recv(s->fd, bytes, wanted, MSG_DONTWAIT);
    if (got < 0 && is_temporary(errno)) BIO_set_retry_read(bio);
    if (got > 0) s->budget -= (size_t)got;
    if (got > 0 && !s->is_up) s->handshake_left -= (size_t)got;
    return (int)got;
}

static int write_socket(BIO *bio, const char *bytes, int len)
{
    const struct assay_tls_session *s = BIO_get_data(bio);
    ASSAY_ASSERT(s != NULL && len >= 0);
    BIO_clear_retry_flags(bio);
    const ssize_t put = send(s->fd, bytes, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0 && is_temporary(errno)) BIO_set_retry_write(bio);
    return (int)put;
}

static long control_socket(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/* --- what arrives */

static struct assay_tls_session *session_of(const SSL *ssl)
{
    struct assay_tls_session *s = SSL_get_app_data(ssl);
    ASSAY_ASSERT(s != NULL && s->ssl == ssl);
    return s;
}

/* OpenSSL drops each record that follows, so nothing more of what is buffered is processed. */
static void refuse_peer(struct assay_tls_session *s)
{
    s->is_refused = true;
    SSL_set_shutdown(s->ssl, SSL_RECEIVED_SHUTDOWN);
}

static void count_record(struct assay_tls_session *s)
{
    if (s->record_budget > 0) s->record_budget--;
    s->received++;
    if (!s->is_up) {
        if (++s->handshake_records > HANDSHAKE_RECORDS) refuse_peer(s);
    } else if (++s->silent_records > SILENT_RECORDS) refuse_peer(s);
}

/* After the handshake. No end requests an update or sends a ticket, and it updates its own key
 * rarely. */
static bool is_permitted_update(struct assay_tls_session *s, const uint8_t *bytes, size_t len)
{
    enum { WHOLE = 5 }; /* type, length (u24), whether an answer is requested */
    if (len != WHOLE || bytes[0] != SSL3_MT_KEY_UPDATE) return false;
    if (bytes[WHOLE - 1] != SSL_KEY_UPDATE_NOT_REQUESTED) return false;
    if (s->received < s->context->key_records / UPDATE_MARGIN) return false;
    s->received = 0;
    return true;
}

/* Whole handshake messages and headers of records, sent and received. */
static void observe(int is_sent, int version, int type, const void *bytes, size_t len, SSL *ssl,
                    void *unused)
{
    struct assay_tls_session *s = session_of(ssl);
    (void)version;
    (void)unused;
    if (type == SSL3_RT_HEADER && !is_sent) count_record(s);
    if (type != SSL3_RT_HANDSHAKE || len == 0) return;
    /* A second one follows a HelloRetryRequest; both ends have one group. */
    const bool is_hello = *(const uint8_t *)bytes == SSL3_MT_CLIENT_HELLO;
    if (is_hello && ++s->hellos > 1) refuse_peer(s);
    if (s->is_up && !is_sent && !is_permitted_update(s, bytes, len)) refuse_peer(s);
}

/* --- pre-shared keys */

/* RFC 8446 4.2.11: the hash of an external pre-shared key is that of the cipher. */
static SSL_SESSION *make_psk_session(SSL *ssl, const struct assay_secret32 *psk)
{
    SSL_SESSION *made = SSL_SESSION_new();
    const SSL_CIPHER *const cipher = SSL_CIPHER_find(ssl, cipher_id);
    if (made != NULL && cipher != NULL &&
        SSL_SESSION_set1_master_key(made, psk->bytes, sizeof psk->bytes) == 1 &&
        SSL_SESSION_set_cipher(made, cipher) == 1 &&
        SSL_SESSION_set_protocol_version(made, TLS1_3_VERSION) == 1)
        return made;
    SSL_SESSION_free(made);
    return NULL;
}

/* Of a client. md: NULL, or the hash of the cipher that a HelloRetryRequest chose. */
static int use_psk(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *id_len,
                   SSL_SESSION **session)
{
    struct assay_tls_session *s = session_of(ssl);
    (void)md;
    *session = make_psk_session(ssl, &s->psk);
    *id = s->client;
    *id_len = sizeof s->client;
    return *session != NULL;
}

/* Of a server. An identity that is not permitted ends the handshake at once: a client that names
 * several costs one derivation at most. */
static int find_psk(SSL *ssl, const unsigned char *id, size_t id_len, SSL_SESSION **session)
{
    struct assay_tls_session *s = session_of(ssl);
    const struct assay_tls_context *c = s->context;
    uint32_t party = 0;
    *session = NULL;
    if (id_len != sizeof s->client || c->find == NULL || !c->find(c->context, id, &party)) return 0;
    assay_bytes_copy(s->client, sizeof s->client, id, id_len);
    if (assay_tls_psk_derive(&c->secret, s->client, c->chain_id, s->client, c->public_key,
                             &s->psk) != ASSAY_OK)
        return 0;
    *session = make_psk_session(ssl, &s->psk);
    assay_secret_wipe(&s->psk, sizeof s->psk);
    return *session != NULL;
}

/* --- contexts */

static bool configure(SSL_CTX *ssl)
{
    int groups[] = { NID_X25519 };
    ASSAY_ASSERT(ssl != NULL);
    /* A configuration file of the machine may have set it. */
    SSL_CTX_clear_options(ssl, SSL_OP_ALLOW_NO_DHE_KEX);
    SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(ssl, 1);
    SSL_CTX_set_max_cert_list(ssl, 1);
    SSL_CTX_set_psk_use_session_callback(ssl, use_psk);
    SSL_CTX_set_psk_find_session_callback(ssl, find_psk);
    SSL_CTX_set_msg_callback(ssl, observe);
    return SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(ssl, "TLS_AES_128_GCM_SHA256") == 1 &&
           SSL_CTX_set1_groups(ssl, groups, 1) == 1 && SSL_CTX_set_num_tickets(ssl, 0) == 1 &&
           SSL_CTX_set_max_early_data(ssl, 0) == 1 && SSL_CTX_set_recv_max_early_data(ssl, 0) == 1;
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "assay link");
    if (method != NULL && BIO_meth_set_read(method, read_socket) == 1 &&
        BIO_meth_set_write(method, write_socket) == 1 &&
        BIO_meth_set_ctrl(method, control_socket) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}

enum assay_status assay_tls_context_open(const struct assay_tls_config *config,
                                         struct assay_tls_context **out)
{
    ASSAY_ASSERT(config->secret != NULL && config->public_key != NULL);
    struct assay_tls_context *c = calloc(1, sizeof *c);
    *out = NULL;
    if (c == NULL) return ASSAY_E_MEMORY;
    c->secret = *config->secret;
    assay_bytes_copy(c->public_key, sizeof c->public_key, config->public_key, 32);
    if (config->chain_id != NULL) assay_tls_context_set_chain(c, config->chain_id);
    c->find = config->find;
    c->context = config->context;
    c->key_records = config->key_records != 0 ? config->key_records : ASSAY_TLS_KEY_RECORDS;
    c->method = make_method();
    c->ssl = SSL_CTX_new(TLS_method());
    *out = c;
    if (c->method != NULL && c->ssl != NULL && configure(c->ssl)) return ASSAY_OK;
    ERR_clear_error();
    assay_tls_context_close(out);
    return ASSAY_E_CRYPTO;
}

void assay_tls_context_close(struct assay_tls_context **context)
{
    struct assay_tls_context *c = *context;
    if (c == NULL) return;
    SSL_CTX_free(c->ssl);
    BIO_meth_free(c->method);
    assay_secret_wipe(c, sizeof *c);
    free(c);
    *context = NULL;
}

void assay_tls_context_set_chain(struct assay_tls_context *context,
                                 const uint8_t chain_id[static 32])
{
    assay_bytes_copy(context->chain_id, sizeof context->chain_id, chain_id, 32);
}

/* --- sessions */

static enum assay_status set_up(struct assay_tls_session *s, const uint8_t *server)
{
    struct assay_tls_context *c = s->context;
    ASSAY_ASSERT(c != NULL && s->fd >= 0);
    if (server != NULL) {
        assay_bytes_copy(s->client, sizeof s->client, c->public_key, 32);
        ASSAY_TRY(
            assay_tls_psk_derive(&c->secret, server, c->chain_id, c->public_key, server, &s->psk));
    }
    s->ssl = SSL_new(c->ssl);
    BIO *bio = s->ssl != NULL ? BIO_new(c->method) : NULL;
    if (bio == NULL || SSL_set_app_data(s->ssl, s) != 1) {
        BIO_free(bio);
        ERR_clear_error();
        return ASSAY_E_CRYPTO;
    }
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio);
    if (server == NULL) {
        SSL_set_accept_state(s->ssl);
        return ASSAY_OK;
    }
    SSL_set_connect_state(s->ssl);
    /* A certificate is verified against no authority, so none is ever accepted. */
    SSL_set_verify(s->ssl, SSL_VERIFY_PEER, NULL);
    return ASSAY_OK;
}

enum assay_status assay_tls_session_open(struct assay_tls_context *context, int fd,
                                         const uint8_t *server, struct assay_tls_session **out)
{
    struct assay_tls_session *s = calloc(1, sizeof *s);
    *out = s;
    if (s == NULL) {
        (void)close(fd);
        return ASSAY_E_MEMORY;
    }
    s->context = context;
    s->fd = fd;
    s->is_server = server == NULL;
    s->handshake_left = HANDSHAKE_BYTES;
    const enum assay_status status = set_up(s, server);
    if (status != ASSAY_OK) assay_tls_session_close(out);
    return status;
}

void assay_tls_session_close(struct assay_tls_session **session)
{
    struct assay_tls_session *s = *session;
    if (s == NULL) return;
    if (s->is_up && !s->is_failed) (void)SSL_shutdown(s->ssl);
    SSL_free(s->ssl);
    ERR_clear_error();
    (void)close(s->fd);
    assay_secret_wipe(s, sizeof *s);
    free(s);
    *session = NULL;
}

int assay_tls_session_fd(const struct assay_tls_session *session)
{
    return session->fd;
}

void assay_tls_session_set_budget(struct assay_tls_session *session, size_t bytes, size_t records)
{
    ASSAY_ASSERT(records > 0);
    session->budget = session->budget_at = bytes;
    session->record_budget = session->record_budget_at = records;
    session->is_over_budget = false;
}

bool assay_tls_session_is_over_budget(const struct assay_tls_session *session)
{
    return session->is_over_budget;
}

struct assay_tls_work assay_tls_session_work(const struct assay_tls_session *session)
{
    return (struct assay_tls_work){ session->budget_at - session->budget,
                                    session->record_budget_at - session->record_budget };
}

bool assay_tls_session_is_write_blocked(const struct assay_tls_session *session)
{
    return session->is_write_blocked;
}

const uint8_t *assay_tls_session_client(const struct assay_tls_session *session)
{
    ASSAY_ASSERT(session->is_server && session->is_up);
    return session->client;
}

/* What a call of OpenSSL has come to. result: what it returned, at most 0. */
static enum assay_status classify(struct assay_tls_session *s, int result)
{
    ASSAY_ASSERT(result <= 0);
    const int error = SSL_get_error(s->ssl, result);
    ERR_clear_error();
    s->is_write_blocked = error == SSL_ERROR_WANT_WRITE;
    if (s->is_refused) {
        s->is_failed = true;
        return ASSAY_E_IO;
    }
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return ASSAY_E_AGAIN;
    s->is_failed = error != SSL_ERROR_ZERO_RETURN;
    return ASSAY_E_IO;
}

enum assay_status assay_tls_session_handshake(struct assay_tls_session *session)
{
    struct assay_tls_session *s = session;
    ASSAY_ASSERT(!s->is_up);
    if (s->is_failed) return ASSAY_E_STRANGER;
    ERR_clear_error();
    const int result = SSL_do_handshake(s->ssl);
    if (result != 1 || s->is_refused)
        return classify(s, result < 0 ? result : 0) == ASSAY_E_AGAIN ? ASSAY_E_AGAIN
                                                                     : ASSAY_E_STRANGER;
    assay_secret_wipe(&s->psk, sizeof s->psk);
    s->is_write_blocked = false;
    /* A peer that answered without the pre-shared key has shown nothing. */
    s->is_failed = SSL_session_reused(s->ssl) != 1;
    if (s->is_failed) return ASSAY_E_STRANGER;
    s->is_up = true;
    s->received = 0;
    return ASSAY_OK;
}

enum assay_status assay_tls_session_read(struct assay_tls_session *session, uint8_t *bytes,
                                         size_t capacity, size_t *len)
{
    struct assay_tls_session *s = session;
    ASSAY_ASSERT(s->is_up && capacity > 0);
    if (s->is_failed) return ASSAY_E_IO;
    if (s->record_budget == 0 && SSL_pending(s->ssl) == 0) {
        s->is_over_budget = true;
        return ASSAY_E_AGAIN;
    }
    ERR_clear_error();
    if (SSL_read_ex(s->ssl, bytes, capacity, len) != 1) {
        const enum assay_status status = classify(s, 0);
        /* Nothing that is received has an answer of TLS, and an own update waits for room. */
        s->is_failed = s->is_failed || s->is_write_blocked;
        return s->is_failed ? ASSAY_E_IO : status;
    }
    ASSAY_ASSERT(*len > 0 && *len <= capacity);
    s->is_write_blocked = false;
    s->silent_records = 0;
    return ASSAY_OK;
}

static bool has_room(const struct assay_tls_session *s)
{
    struct pollfd fd = { .fd = s->fd, .events = POLLOUT };
    return poll(&fd, 1, 0) == 1 && (fd.revents & POLLOUT) != 0;
}

/* RFC 8446 4.6.3: the next key, before the next record. While a record waits for the socket OpenSSL
 * refuses that; the next call tries again. The message never waits for the socket, since nothing
 * can be read until it is sent. */
static void renew_key(struct assay_tls_session *s)
{
    if (s->records < s->context->key_records || !has_room(s)) return;
    if (SSL_key_update(s->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1) s->records = 0;
    ERR_clear_error();
}

enum assay_status assay_tls_session_write(struct assay_tls_session *session, const uint8_t *bytes,
                                          size_t count, size_t *len)
{
    struct assay_tls_session *s = session;
    ASSAY_ASSERT(s->is_up && count > 0);
    if (s->is_failed) return ASSAY_E_IO;
    ERR_clear_error();
    renew_key(s);
    if (SSL_write_ex(s->ssl, bytes, count, len) != 1) return classify(s, 0);
    ASSAY_ASSERT(*len > 0 && *len <= count);
    s->is_write_blocked = false;
    s->records++;
    return ASSAY_OK;
}
