/*
 * tests/unit/net/tls/test_tls_hostile_server.c - tests of a TLS session against a peer that uses
 * OpenSSL as it likes: certificates in place of a pre-shared key, floods of records without data.
 */
#include "net/tls/session.h"

#include "base/bytes.h"
#include "base/crypto.h"
#include "net/tls/psk.h"

#include <criterion/criterion.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

static struct assay_secret32 secret, peer_secret;
static uint8_t key[32], peer_key[32];
enum { KEY_RECORDS = 48, UPDATE_RECORDS = KEY_RECORDS / 16 };
static const uint8_t chain_id[32] = { 5 };
static struct assay_tls_context *context;
static struct assay_tls_session *session;
static SSL_CTX *peer_context;
static SSL *peer;
static int fds[2];

static bool find_peer(void *unused, const uint8_t wanted[static 32], uint32_t *party)
{
    (void)unused;
    *party = 0;
    return assay_bytes_equal(wanted, peer_key, 32);
}

static void set_up(void)
{
    cr_assert_eq(assay_x25519_generate(&secret, key), ASSAY_OK);
    cr_assert_eq(assay_x25519_generate(&peer_secret, peer_key), ASSAY_OK);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    const struct assay_tls_config config = { .secret = &secret,
                                             .public_key = key,
                                             .chain_id = chain_id,
                                             .find = find_peer,
                                             .key_records = KEY_RECORDS };
    cr_assert_eq(assay_tls_context_open(&config, &context), ASSAY_OK);
    peer_context = SSL_CTX_new(TLS_method());
    cr_assert_not_null(peer_context);
    SSL_CTX_set_min_proto_version(peer_context, TLS1_2_VERSION);
}

static void clear_up(void)
{
    assay_tls_session_close(&session);
    assay_tls_context_close(&context);
    SSL_free(peer);
    SSL_CTX_free(peer_context);
    (void)close(fds[1]);
}

TestSuite(net_tls_hostile_server, .init = set_up, .fini = clear_up, .timeout = 120);

static void open_peer(bool is_server)
{
    peer = SSL_new(peer_context);
    cr_assert(peer != NULL && SSL_set_fd(peer, fds[1]) == 1);
    if (is_server) SSL_set_accept_state(peer);
    else SSL_set_connect_state(peer);
}

/* Returns: what the handshake of the session has come to. */
static enum assay_status shake_hands(void)
{
    enum assay_status status = ASSAY_E_AGAIN;
    int done = 0;
    for (int i = 0; i < 50 && (status == ASSAY_E_AGAIN || done != 1); i++) {
        assay_tls_session_set_budget(session, 65536, 1000);
        if (status == ASSAY_E_AGAIN) status = assay_tls_session_handshake(session);
        if (done != 1) done = SSL_do_handshake(peer);
    }
    return status;
}

static void add_certificate(void)
{
    EVP_PKEY *own = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *certificate = X509_new();
    cr_assert(own != NULL && certificate != NULL);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    cr_assert(X509_set_version(certificate, 2) == 1 &&
              ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
              X509_set_pubkey(certificate, own) == 1 &&
              X509_sign(certificate, own, EVP_sha256()) > 0 &&
              SSL_CTX_use_certificate(peer_context, certificate) == 1 &&
              SSL_CTX_use_PrivateKey(peer_context, own) == 1);
    X509_free(certificate);
    EVP_PKEY_free(own);
}

/* The pre-shared key is what authenticates: a server that chooses a certificate instead has shown
 * nothing. */
Test(net_tls_hostile_server, a_server_with_a_certificate_is_refused)
{
    add_certificate();
    open_peer(true);
    cr_assert_eq(assay_tls_session_open(context, fds[0], peer_key, &session), ASSAY_OK);
    cr_expect_eq(shake_hands(), ASSAY_E_STRANGER);
    cr_expect_eq(assay_tls_session_handshake(session), ASSAY_E_STRANGER, "for good");
}

Test(net_tls_hostile_server, a_client_without_a_key_is_refused)
{
    open_peer(false);
    cr_assert_eq(assay_tls_session_open(context, fds[0], NULL, &session), ASSAY_OK);
    cr_expect_eq(shake_hands(), ASSAY_E_STRANGER);
}

static int use_psk(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *id_len,
                   SSL_SESSION **made)
{
    static const unsigned char cipher[] = { 0x13, 0x01 };
    struct assay_secret32 psk;
    (void)md;
    cr_assert_eq(assay_tls_psk_derive(&peer_secret, key, chain_id, peer_key, key, &psk), ASSAY_OK);
    *made = SSL_SESSION_new();
    cr_assert(*made != NULL && SSL_SESSION_set1_master_key(*made, psk.bytes, 32) == 1 &&
              SSL_SESSION_set_cipher(*made, SSL_CIPHER_find(ssl, cipher)) == 1 &&
              SSL_SESSION_set_protocol_version(*made, TLS1_3_VERSION) == 1);
    *id = peer_key;
    *id_len = sizeof peer_key;
    return 1;
}

static void open_permitted_client(void)
{
    SSL_CTX_set_psk_use_session_callback(peer_context, use_psk);
    open_peer(false);
    cr_assert_eq(assay_tls_session_open(context, fds[0], NULL, &session), ASSAY_OK);
}

Test(net_tls_hostile_server, a_permitted_client_is_authenticated_by_its_key)
{
    open_permitted_client();
    cr_assert_eq(shake_hands(), ASSAY_OK);
    cr_expect(assay_bytes_equal(assay_tls_session_client(session), peer_key, 32));
    cr_expect_str_eq(SSL_get_version(peer), "TLSv1.3");
    cr_expect_str_eq(SSL_get_cipher_name(peer), "TLS_AES_128_GCM_SHA256");
    cr_expect_eq(SSL_get_negotiated_group(peer), NID_X25519);
}

/* Without forward secrecy: psk_ke alone (RFC 8446 4.2.9). */
Test(net_tls_hostile_server, a_client_that_wants_no_ephemeral_key_is_refused)
{
    int groups[] = { NID_X9_62_prime256v1 };
    open_permitted_client();
    SSL_set_options(peer, SSL_OP_ALLOW_NO_DHE_KEX);
    SSL_set1_groups(peer, groups, 1);
    cr_expect_eq(shake_hands(), ASSAY_E_STRANGER);
}

/* No ticket is ever issued: each handshake derives the key that the ledger's keys give. */
Test(net_tls_hostile_server, no_session_is_resumed)
{
    char byte;
    open_permitted_client();
    cr_assert_eq(shake_hands(), ASSAY_OK);
    cr_expect_leq(SSL_read(peer, &byte, 1), 0);
    cr_expect_eq(SSL_SESSION_is_resumable(SSL_get_session(peer)), 0);
}

/* --- what no honest end sends */

static void send_records(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        cr_assert_eq(SSL_write(peer, "x", 1), 1);
}

static void send_update(int type)
{
    cr_assert_eq(SSL_key_update(peer, type), 1);
    cr_assert_eq(SSL_do_handshake(peer), 1);
}

/* Out: *count: bytes that were read. Returns: why no more were. */
static enum assay_status read_all(size_t *count)
{
    uint8_t bytes[16];
    size_t got = 0;
    enum assay_status status = ASSAY_OK;
    *count = 0;
    while (status == ASSAY_OK) {
        assay_tls_session_set_budget(session, 65536, 1000);
        status = assay_tls_session_read(session, bytes, sizeof bytes, &got);
        *count += status == ASSAY_OK ? got : 0;
    }
    return status;
}

Test(net_tls_hostile_server, a_key_that_is_updated_too_often_ends_the_session)
{
    size_t count = 0;
    open_permitted_client();
    cr_assert_eq(shake_hands(), ASSAY_OK);
    for (int i = 0; i < 3; i++) {
        send_records(UPDATE_RECORDS);
        send_update(SSL_KEY_UPDATE_NOT_REQUESTED);
        send_records(1);
        cr_expect_eq(read_all(&count), ASSAY_E_AGAIN, "as rarely as is permitted");
        cr_expect_eq(count, UPDATE_RECORDS + 1);
    }
    for (int i = 0; i < 100; i++) {
        send_update(SSL_KEY_UPDATE_NOT_REQUESTED);
        send_records(1);
    }
    cr_expect_eq(read_all(&count), ASSAY_E_IO);
    cr_expect_eq(count, 0);
    cr_expect_eq(read_all(&count), ASSAY_E_IO, "for good");
}

/* An answer to it would wait for the room of a peer that does not read. */
Test(net_tls_hostile_server, a_requested_update_ends_the_session)
{
    size_t count = 0;
    open_permitted_client();
    cr_assert_eq(shake_hands(), ASSAY_OK);
    send_records(UPDATE_RECORDS);
    send_update(SSL_KEY_UPDATE_REQUESTED);
    send_records(1);
    cr_expect_eq(read_all(&count), ASSAY_E_IO);
    cr_expect_eq(count, UPDATE_RECORDS);
}

static int find_psk(SSL *ssl, const unsigned char *id, size_t id_len, SSL_SESSION **made)
{
    static const unsigned char cipher[] = { 0x13, 0x01 };
    struct assay_secret32 psk;
    cr_assert(id_len == sizeof key && assay_bytes_equal(id, key, sizeof key));
    cr_assert_eq(assay_tls_psk_derive(&peer_secret, key, chain_id, key, peer_key, &psk), ASSAY_OK);
    *made = SSL_SESSION_new();
    cr_assert(*made != NULL && SSL_SESSION_set1_master_key(*made, psk.bytes, 32) == 1 &&
              SSL_SESSION_set_cipher(*made, SSL_CIPHER_find(ssl, cipher)) == 1 &&
              SSL_SESSION_set_protocol_version(*made, TLS1_3_VERSION) == 1);
    return 1;
}

Test(net_tls_hostile_server, a_ticket_ends_the_session)
{
    size_t count = 0;
    SSL_CTX_set_psk_find_session_callback(peer_context, find_psk);
    SSL_CTX_set_num_tickets(peer_context, 0);
    open_peer(true);
    cr_assert_eq(assay_tls_session_open(context, fds[0], peer_key, &session), ASSAY_OK);
    cr_assert_eq(shake_hands(), ASSAY_OK);
    cr_assert_eq(SSL_new_session_ticket(peer), 1);
    send_records(1); /* after the ticket */
    cr_expect_eq(read_all(&count), ASSAY_E_IO);
    cr_expect_eq(count, 0);
}

Test(net_tls_hostile_server, a_turn_has_a_budget_of_records)
{
    enum { RECORDS = 20, TURN = 5 };
    uint8_t byte;
    size_t got = 0;
    open_permitted_client();
    cr_assert_eq(shake_hands(), ASSAY_OK);
    send_records(RECORDS);
    for (uint32_t read = 0; read < RECORDS; read += TURN) {
        assay_tls_session_set_budget(session, 65536, TURN);
        for (int i = 0; i < TURN; i++)
            cr_expect_eq(assay_tls_session_read(session, &byte, 1, &got), ASSAY_OK);
        cr_expect_eq(assay_tls_session_read(session, &byte, 1, &got), ASSAY_E_AGAIN);
        cr_expect(assay_tls_session_is_over_budget(session));
    }
}

/* --- handshakes */

static int add_extension(SSL *ssl, unsigned type, unsigned place, const unsigned char **bytes,
                         size_t *len, X509 *certificate, size_t index, int *alert, void *argument)
{
    static const unsigned char padding[5000];
    (void)ssl;
    (void)type;
    (void)place;
    (void)certificate;
    (void)index;
    (void)alert;
    (void)argument;
    *bytes = padding;
    *len = sizeof padding;
    return 1;
}

Test(net_tls_hostile_server, a_handshake_of_too_many_bytes_fails)
{
    cr_assert_eq(SSL_CTX_add_custom_ext(peer_context, 5000, SSL_EXT_CLIENT_HELLO, add_extension,
                                        NULL, NULL, NULL, NULL),
                 1);
    open_permitted_client();
    cr_expect_eq(shake_hands(), ASSAY_E_STRANGER);
}

Test(net_tls_hostile_server, a_handshake_of_too_many_records_fails)
{
    /* Pieces of one byte of a ClientHello of 256. */
    uint8_t record[] = { 22, 3, 3, 0, 1, 1 };
    open_permitted_client();
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(write(fds[1], record, sizeof record), (ssize_t)sizeof record);
        record[5] = i == 1;
    }
    assay_tls_session_set_budget(session, 65536, 1000);
    cr_expect_eq(assay_tls_session_handshake(session), ASSAY_E_STRANGER);
}

/* With a group of the client's choice first. */
Test(net_tls_hostile_server, a_handshake_that_needs_a_second_hello_fails)
{
    int groups[] = { NID_X9_62_prime256v1, NID_X25519 };
    open_permitted_client();
    cr_assert_eq(SSL_set1_groups(peer, groups, 2), 1);
    cr_expect_eq(shake_hands(), ASSAY_E_STRANGER);
}

/* --- what an honest end sends */

static uint32_t key_updates;

static void count_updates(int is_sent, int version, int type, const void *bytes, size_t len,
                          SSL *ssl, void *argument)
{
    (void)version;
    (void)ssl;
    (void)argument;
    key_updates += !is_sent && type == SSL3_RT_HANDSHAKE && len > 0 &&
                   *(const uint8_t *)bytes == SSL3_MT_KEY_UPDATE;
}

/* RFC 8446 5.5 */
Test(net_tls_hostile_server, a_key_is_replaced_before_it_is_used_up)
{
    static const uint8_t bytes[] = { 1, 2, 3 };
    uint8_t back[sizeof bytes];
    size_t len = 0;
    open_permitted_client();
    cr_assert_eq(shake_hands(), ASSAY_OK);
    SSL_set_msg_callback(peer, count_updates);
    for (uint32_t i = 0; i < 5 * KEY_RECORDS; i++) {
        cr_assert_eq(assay_tls_session_write(session, bytes, sizeof bytes, &len), ASSAY_OK);
        cr_assert_eq(SSL_read(peer, back, sizeof back), (int)sizeof bytes);
        cr_assert(assay_bytes_equal(back, bytes, sizeof bytes));
    }
    cr_expect_eq(key_updates, 4);
}
