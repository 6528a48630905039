/*
 * examples/attested_tls.c - TLS between two keys that a network certified: each side accepts the
 * other for the service that it names, by libassay in the verify callback of OpenSSL.
 *
 *     cc attested_tls.c $(pkg-config --cflags --libs assay libssl libcrypto) -o attested_tls
 *     ./attested_tls server PORT CERTIFICATE KEY BUNDLE CHAIN-ID SERVICE [insecure]
 *     ./attested_tls client PORT CERTIFICATE KEY BUNDLE CHAIN-ID SERVICE [insecure]
 *
 * CERTIFICATE and KEY are this side's own, in PEM; BUNDLE has the network's CA certificates (PEM,
 * DER, or its SPIFFE bundle); CHAIN-ID is the network's, 64 hexadecimal digits. The server accepts
 * one connection on the loopback address; PORT 0 lets the system choose one, which is printed.
 * Exit status: 0 when both sides accepted each other, 1 when one did not, 2 when there was no
 * connection.
 *
 * `assay identity fetch` writes such certificates: CERTIFICATE is current/cert.pem, KEY
 * current/key.pem and BUNDLE current/ca.pem of its folder. SERVICE must be a name that the
 * network's plan grants (services.identity.names), which both sides' certificates have.
 * `assay setup local --identity` grants the name demo (docs/library.md has the commands); its
 * certificates say INSECURE, which the last word accepts.
 */
#include <assay/assay.h>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { AGE_MAX_S = 900, SKEW_S = 60 };

/* What the callback accepts, and the memory of its answer. */
struct peer {
    struct assay_bytes bundle;
    uint8_t chain_id[32];
    const char *service;
    bool accepts_insecure; /* a network for development, or whose holders have no TEE */
    struct assay_identity *identity;
};

static struct assay_bytes read_file(const char *path)
{
    static uint8_t bytes[ASSAY_IDENTITY_TRUSTED_MAX];
    FILE *const file = fopen(path, "rb");
    if (file == NULL) perror(path), exit(2);
    const struct assay_bytes out = { bytes, fread(bytes, 1, sizeof bytes, file) };
    if (fgetc(file) != EOF || ferror(file) || fclose(file) != 0)
        (void)fprintf(stderr, "%s: cannot be read, or is too long\n", path), exit(2);
    return out;
}

static bool read_chain_id(const char *text, uint8_t chain_id[32])
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    if (strlen(text) != 64 || strspn(text, digits) != 64) return false;
    for (size_t i = 0; i < 64; i++) {
        const unsigned digit = (unsigned)(strchr(digits, text[i]) - digits) % 16;
        chain_id[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : chain_id[i / 2] | digit);
    }
    return true;
}

/* The certificates as the peer sent them, its own first. Returns: how many; each is to be freed. */
static size_t take_chain(X509_STORE_CTX *context,
                         struct assay_bytes chain[ASSAY_IDENTITY_CHAIN_MAX])
{
    STACK_OF(X509) *const others = X509_STORE_CTX_get0_untrusted(context);
    X509 *const own = X509_STORE_CTX_get0_cert(context);
    size_t count = 0;
    for (int i = -1; i < sk_X509_num(others) && count < ASSAY_IDENTITY_CHAIN_MAX; i++) {
        X509 *const one = i < 0 ? own : sk_X509_value(others, i);
        unsigned char *der = NULL;
        if (i >= 0 && X509_cmp(one, own) == 0) continue; /* OpenSSL lists it there as well */
        const int len = i2d_X509(one, &der);
        if (len < 0) break;
        chain[count++] = (struct assay_bytes){ der, (size_t)len };
    }
    return count;
}

static void print_valid(const struct assay_identity *identity,
                        const struct assay_identity_claims *claims)
{
    struct assay_unchecked one = { .size = sizeof one };
    (void)printf("peer %s, epoch %llu\n", claims->spiffe_id, (unsigned long long)claims->epoch);
    for (size_t i = 0; assay_identity_get_unchecked(identity, i, &one); i++)
        (void)printf("not checked: %s: %s\n", one.what, one.why);
}

/* In place of OpenSSL's verification of chain and host name: `chain_id` and `service` say whose
 * certificate it has to be. The handshake proves that the peer has the key. */
static int verify_peer(X509_STORE_CTX *context, void *argument)
{
    struct peer *const peer = argument;
    struct assay_bytes chain[ASSAY_IDENTITY_CHAIN_MAX];
    const size_t count = take_chain(context, chain);
    struct timespec now;
    (void)timespec_get(&now, TIME_UTC);
    const struct assay_identity_request request = {
        .size = sizeof request,
        .trusted = peer->bundle,
        .chain_id = peer->chain_id,
        .service = peer->service,
        .accept_insecure = peer->accepts_insecure,
        .has_age_max = true,
        .age_max_s = AGE_MAX_S,
        .standing_worst = ASSAY_STANDING_WARNING,
        .skew_s = SKEW_S,
        .at_unix_s = (int64_t)now.tv_sec,
    };
    struct assay_identity_claims claims = { .size = sizeof claims, .why = "" };
    enum assay_identity_answer answer;
    const enum assay_status status =
        assay_identity_verify_peer(&request, chain, count, peer->identity, &answer);
    for (size_t i = 0; i < count; i++)
        OPENSSL_free((void *)(uintptr_t)chain[i].bytes);
    if (!assay_identity_get_claims(peer->identity, &claims)) claims.why = "";
    if (status == ASSAY_OK && answer == ASSAY_IDENTITY_VALID) {
        print_valid(peer->identity, &claims);
        X509_STORE_CTX_set_error(context, X509_V_OK);
        return 1;
    }
    (void)printf("refused: %s: %s\n",
                 status == ASSAY_OK ? assay_name_of_identity(answer) : assay_name_of_status(status),
                 claims.why);
    X509_STORE_CTX_set_error(context, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

static SSL_CTX *make_context(const char *certificate, const char *key, struct peer *peer)
{
    SSL_CTX *const context = SSL_CTX_new(TLS_method());
    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        ERR_print_errors_fp(stderr), exit(2);
    /* A session that is resumed would skip the callback. */
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify_peer, peer);
    return context;
}

/* A connection over the loopback address. */
static int connect_socket(bool is_server, const char *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    const int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!is_server) {
        if (one < 0 || connect(one, (struct sockaddr *)&address, len) != 0)
            perror("connect"), exit(2);
        return one;
    }
    if (one < 0 || bind(one, (struct sockaddr *)&address, len) != 0 || listen(one, 1) != 0 ||
        getsockname(one, (struct sockaddr *)&address, &len) != 0)
        perror("listen"), exit(2);
    (void)printf("port %u\n", (unsigned)ntohs(address.sin_port));
    (void)fflush(stdout);
    const int accepted = accept(one, NULL, NULL);
    if (accepted < 0) perror("accept"), exit(2);
    (void)close(one);
    return accepted;
}

/* One line each way, the same as attested_tls.py: in TLS 1.3 a client learns by reading that the
 * server refused it. */
static bool exchange(SSL *tls)
{
    static const char hello[] = { 'h', 'e', 'l', 'l', 'o', '\n' }; /* without a NUL */
    char answer[sizeof hello];
    return SSL_write(tls, hello, sizeof hello) == (int)sizeof hello &&
           SSL_read(tls, answer, sizeof answer) == (int)sizeof hello &&
           strncmp(answer, hello, sizeof hello) == 0;
}

/* Why, and that the peer learns why too: a socket that is closed with bytes unread is reset, and
 * the alert that was sent is lost. */
static void end_refused(int connection)
{
    char unread[256];
    if (ERR_peek_error() == 0) (void)printf("the peer ended the connection without an alert\n");
    ERR_print_errors_fp(stdout); /* also the alert of a peer that refused this side */
    (void)fflush(stdout);
    if (shutdown(connection, SHUT_WR) != 0) return;
    while (read(connection, unread, sizeof unread) > 0) {
    }
}

int main(int count, char **argument)
{
    struct peer peer = { .identity = NULL };
    const bool is_server = count > 1 && strcmp(argument[1], "server") == 0;
    peer.accepts_insecure = count == 9 && strcmp(argument[8], "insecure") == 0;
    if ((count != 8 && !peer.accepts_insecure) ||
        (!is_server && strcmp(argument[1], "client") != 0) ||
        !read_chain_id(argument[6], peer.chain_id)) {
        (void)fputs("usage: attested_tls server|client PORT CERTIFICATE KEY BUNDLE CHAIN-ID "
                    "SERVICE [insecure]\nCHAIN-ID: 64 hexadecimal digits\n",
                    stderr);
        return 2;
    }
    peer.bundle = read_file(argument[5]);
    peer.service = argument[7];
    if (assay_identity_create(&peer.identity) != ASSAY_OK) return 2;
    SSL_CTX *const context = make_context(argument[3], argument[4], &peer);
    const int connection = connect_socket(is_server, argument[2]);
    SSL *const tls = SSL_new(context);
    const bool good = tls != NULL && SSL_set_fd(tls, connection) == 1 &&
                      (is_server ? SSL_accept(tls) : SSL_connect(tls)) == 1 && exchange(tls);
    (void)printf("%s\n", good ? "connected" : "not connected");
    if (!good) end_refused(connection);
    SSL_free(tls);
    SSL_CTX_free(context);
    (void)close(connection);
    assay_identity_destroy(&peer.identity);
    return good ? 0 : 1;
}
