/*
 * examples/attested_keys.c - TLS between two keys of a network's members, without a certificate
 * authority: each side verifies the key proof in the other's certificate, by libassay-standing in
 * the verify callback of OpenSSL.
 *
 *     cc attested_keys.c $(pkg-config --cflags --libs assay-standing libssl libcrypto) \
 *         -o attested_keys
 *     ./attested_keys server PORT CERTIFICATE KEY CHECKPOINT MEMBER MAX-AGE [AT]
 *     ./attested_keys client PORT CERTIFICATE KEY CHECKPOINT MEMBER MAX-AGE [AT]
 *
 * CERTIFICATE and KEY are this side's own, in PEM; the certificate is signed by its own key and has
 * the key proof of `assay proof NODE --keys` as extension 1.3.6.1.4.1.32473.17.2. CHECKPOINT is of
 * `assay checkpoint`, MEMBER the node id of the other side, 64 hexadecimal digits, MAX-AGE in
 * seconds.
 * AT is the Unix time to verify at, instead of now. The server accepts one connection on the
 * loopback address; PORT 0 lets the system choose one, which is printed. Exit status: 0 when both
 * sides accepted each other, 1 when one did not, 2 when there was no connection.
 */
#include <assay/standing.h>

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What the callback accepts. */
struct peer {
    uint8_t checkpoint[ASSAY_CHECKPOINT_BYTES_MAX], member[32];
    size_t checkpoint_len;
    uint32_t max_age_s;
    uint64_t at_ms; /* 0: now */
};

static size_t read_file(const char *path, uint8_t *bytes, size_t capacity)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL) perror(path), exit(2);
    const size_t len = fread(bytes, 1, capacity, file);
    if (fgetc(file) != EOF || ferror(file) || fclose(file) != 0)
        (void)fprintf(stderr, "%s: cannot be read, or is too long\n", path), exit(2);
    return len;
}

static bool read_member(const char *text, uint8_t member[32])
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    if (strlen(text) != 64 || strspn(text, digits) != 64) return false;
    for (size_t i = 0; i < 64; i++) {
        const unsigned digit = (unsigned)(strchr(digits, text[i]) - digits) % 16;
        member[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : member[i / 2] | digit);
    }
    return true;
}

/* Decimal seconds. Returns: 0 for anything else, and for more than UINT32_MAX */
static uint32_t read_age(const char *text)
{
    char *end = NULL;
    if (*text < '0' || *text > '9') return 0; /* strtoull takes blanks and signs */
    errno = 0;
    const unsigned long long age_s = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && age_s <= UINT32_MAX ? (uint32_t)age_s : 0;
}

/* The value of the extension that has the key proof. Returns: NULL: there is none, or two. */
static const ASN1_OCTET_STRING *find_proof(const X509 *certificate)
{
    ASN1_OBJECT *const id = OBJ_txt2obj("1.3.6.1.4.1.32473.17.2", 1);
    if (id == NULL) return NULL;
    const int at = X509_get_ext_by_OBJ(certificate, id, -1);
    const bool is_one = at >= 0 && X509_get_ext_by_OBJ(certificate, id, at) < 0;
    ASN1_OBJECT_free(id);
    return is_one ? X509_EXTENSION_get_data(X509_get_ext(certificate, at)) : NULL;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)timespec_get(&now, TIME_UTC);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Returns: why the key is refused; NULL: it is accepted, and *report is filled */
static const char *verify_key(const struct peer *peer, const X509 *certificate,
                              struct assay_standing_report *report)
{
    const ASN1_OCTET_STRING *const proof = find_proof(certificate);
    enum assay_key_answer answer;
    unsigned char *key = NULL;
    if (proof == NULL) return "the certificate has no key proof, or several";
    const int key_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    if (key_len < 0) return "its key has no encoding";
    const struct assay_key_request request = {
        .size = sizeof request,
        .proof = ASN1_STRING_get0_data(proof),
        .proof_len = (size_t)ASN1_STRING_length(proof),
        .checkpoint = peer->checkpoint,
        .checkpoint_len = peer->checkpoint_len,
        .key = key,
        .key_len = (size_t)key_len,
        .node_id = peer->member,
        .standing_worst = ASSAY_STANDING_WARNING,
        .now_ms = peer->at_ms != 0 ? peer->at_ms : now_ms(),
        .max_age_s = peer->max_age_s,
    };
    const enum assay_status status = assay_standing_verify_key(&request, report, &answer);
    OPENSSL_free(key);
    if (status != ASSAY_OK) return assay_describe_status(status);
    if (answer == ASSAY_KEY_OTHER_PROOF) return assay_describe_answer(report->answer);
    return answer == ASSAY_KEY_ACTIVE ? NULL : assay_describe_key(answer);
}

/* In place of OpenSSL's verification of chain and host name: the issuer of the certificate decides
 * nothing. The handshake proves that the peer has the key. A program that runs for longer stores
 * report.checkpoint in place of its older one. */
static int verify_peer(X509_STORE_CTX *context, void *argument)
{
    struct assay_standing_report report = { .size = sizeof report };
    const char *const why = verify_key(argument, X509_STORE_CTX_get0_cert(context), &report);
    X509_STORE_CTX_set_error(context,
                             why == NULL ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
    if (why != NULL) return (void)printf("refused: %s\n", why), 0;
    (void)printf("peer accepted, epoch %llu\n", (unsigned long long)report.epoch);
    return 1;
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

/* One line each way: in TLS 1.3 a client learns by reading that the server refused it. */
static bool exchange(SSL *tls)
{
    static const char hello[] = "hello\n";
    char answer[sizeof hello];
    return SSL_write(tls, hello, 6) == 6 && SSL_read(tls, answer, 6) == 6 &&
           strncmp(answer, hello, 6) == 0;
}

/* The alert of the peer, if it refused this side; and time for it to read that of this side. */
static void end_refused(int connection)
{
    char unread[256];
    ERR_print_errors_fp(stdout);
    (void)fflush(stdout);
    if (shutdown(connection, SHUT_WR) != 0) return;
    while (read(connection, unread, sizeof unread) > 0) {
    }
}

int main(int count, char **argument)
{
    struct peer peer = { .max_age_s = 0 };
    const bool is_server = count > 1 && strcmp(argument[1], "server") == 0;
    if (count < 8 || count > 9 || (!is_server && strcmp(argument[1], "client") != 0) ||
        !read_member(argument[6], peer.member) || (peer.max_age_s = read_age(argument[7])) == 0) {
        (void)fputs("usage: attested_keys server|client PORT CERTIFICATE KEY CHECKPOINT MEMBER "
                    "MAX-AGE [AT]\nMEMBER: 64 hexadecimal digits\nMAX-AGE: seconds, 1 to "
                    "4294967295\n",
                    stderr);
        return 2;
    }
    peer.checkpoint_len = read_file(argument[5], peer.checkpoint, sizeof peer.checkpoint);
    peer.at_ms = count > 8 ? strtoull(argument[8], NULL, 10) * 1000 : 0;
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
    return good ? 0 : 1;
}
