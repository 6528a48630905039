/*
 * examples/peer_key.c - TLS client that accepts a server by the key that a network of TEEs
 * attested, without a certificate authority and without a node: by a key proof and a checkpoint.
 *
 *     curl $tls -H 'Accept: application/vnd.assay.checkpoint+cbor' -o checkpoint \
 *         $node/v1/checkpoint
 *     curl $tls -o key-proof $node/v1/nodes/node-3/keys/proof
 *     cc peer_key.c $(pkg-config --cflags --libs assay-standing libssl libcrypto) -o peer_key
 *     ./peer_key HOST:PORT key-proof checkpoint NODE-ID 300      no older than five minutes
 *
 * The checkpoint is from a node that you trust; the key proof is from any. NODE-ID is the member
 * that you mean, 64 hexadecimal digits. The server must offer TLS 1.3 (nginx: ssl_protocols
 * TLSv1.3). Exit status: 0 accepted, 1 refused, 2 no connection.
 */
#include <assay/standing.h>

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the callback accepts. */
struct expected {
    struct assay_key_request request;
    uint8_t node_id[32];
};

static size_t read_file(const char *path, uint8_t *into, size_t capacity)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL) perror(path), exit(2);
    const size_t len = fread(into, 1, capacity, file);
    if (fgetc(file) != EOF || ferror(file) || fclose(file) != 0)
        (void)fprintf(stderr, "%s: cannot be read, or is too long\n", path), exit(2);
    return len;
}

static bool read_node_id(const char *text, uint8_t node_id[32])
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    if (strlen(text) != 64 || strspn(text, digits) != 64) return false;
    for (size_t i = 0; i < 64; i++) {
        const unsigned digit = (unsigned)(strchr(digits, text[i]) - digits) % 16;
        node_id[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : node_id[i / 2] | digit);
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

/* In place of OpenSSL's verification of chain and host name. Of the certificate its key alone
 * counts: the handshake proves that the peer has it. */
static int verify_peer(X509_STORE_CTX *context, void *argument)
{
    const struct expected *const expected = argument;
    struct assay_key_request request = expected->request;
    struct assay_standing_report report = { .size = sizeof report };
    enum assay_key_answer answer = ASSAY_KEY_NOT_READ;
    unsigned char *key = NULL;
    const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(X509_STORE_CTX_get0_cert(context)), &key);
    request.key = key;
    request.key_len = len > 0 ? (size_t)len : 0;
    const enum assay_status status = assay_standing_verify_key(&request, &report, &answer);
    OPENSSL_free(key);
    if (status == ASSAY_OK && answer == ASSAY_KEY_ACTIVE) {
        (void)printf("accepted: a key of the member, %s, score %u bp, of epoch %llu\n",
                     assay_name_of_standing(report.standing), (unsigned)report.score_bp,
                     (unsigned long long)report.epoch);
        X509_STORE_CTX_set_error(context, X509_V_OK);
        return 1;
    }
    if (status != ASSAY_OK) (void)printf("refused: %s\n", assay_describe_status(status));
    else if (answer == ASSAY_KEY_OTHER_PROOF)
        (void)printf("refused: %s\n", assay_describe_answer(report.answer));
    else (void)printf("refused: %s\n", assay_describe_key(answer));
    X509_STORE_CTX_set_error(context, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

static SSL_CTX *make_context(struct expected *expected)
{
    SSL_CTX *const context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1)
        ERR_print_errors_fp(stderr), exit(2);
    /* A session that is resumed would skip the callback. */
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify_peer, expected);
    return context;
}

static void print_failure(const char *address)
{
    const unsigned long failure = ERR_peek_last_error();
    const int reason = ERR_GET_REASON(failure);
    if (ERR_GET_LIB(failure) == ERR_LIB_SSL &&
        (reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION || reason == SSL_R_UNSUPPORTED_PROTOCOL))
        (void)fprintf(stderr, "%s: the server does not offer TLS 1.3, which this program needs\n",
                      address);
    ERR_print_errors_fp(stderr);
}

/* Returns: the exit status */
static int connect_to(const char *address, SSL_CTX *context)
{
    SSL *ssl = NULL;
    BIO *const link = BIO_new_ssl_connect(context);
    if (link == NULL || BIO_get_ssl(link, &ssl) != 1 || BIO_set_conn_hostname(link, address) != 1)
        ERR_print_errors_fp(stderr), exit(2);
    const bool is_accepted = BIO_do_handshake(link) == 1;
    const bool is_refused = SSL_get_verify_result(ssl) == X509_V_ERR_APPLICATION_VERIFICATION;
    if (!is_accepted && !is_refused) print_failure(address);
    BIO_free_all(link);
    return is_accepted ? 0 : is_refused ? 1 : 2;
}

int main(int argc, char **argv)
{
    static uint8_t proof[ASSAY_KEY_PROOF_BYTES_MAX], checkpoint[ASSAY_CHECKPOINT_BYTES_MAX];
    struct expected expected = { .request = { .size = sizeof expected.request } };
    struct timespec now;
    if (argc == 6) expected.request.max_age_s = read_age(argv[5]);
    if (expected.request.max_age_s == 0 || !read_node_id(argv[4], expected.node_id))
        return fprintf(stderr, "usage: peer_key HOST:PORT KEY-PROOF CHECKPOINT NODE-ID MAX-AGE\n"
                               "NODE-ID: 64 hexadecimal digits\n"
                               "MAX-AGE: seconds, 1 to 4294967295\n"),
               2;
    if (timespec_get(&now, TIME_UTC) != TIME_UTC) return fprintf(stderr, "no clock\n"), 2;
    expected.request.proof = proof;
    expected.request.proof_len = read_file(argv[2], proof, sizeof proof);
    expected.request.checkpoint = checkpoint;
    expected.request.checkpoint_len = read_file(argv[3], checkpoint, sizeof checkpoint);
    expected.request.node_id = expected.node_id;
    expected.request.standing_worst = ASSAY_STANDING_WARNING;
    expected.request.now_ms = (uint64_t)now.tv_sec * 1000;
    SSL_CTX *const context = make_context(&expected);
    const int status = connect_to(argv[1], context);
    SSL_CTX_free(context);
    return status;
}
