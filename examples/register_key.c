/*
 * examples/register_key.c - program in a TEE that has a key of its own attested: it makes a P-256
 * key in memory, registers it with the enclave program of its machine, and registers it again
 * whenever that has restarted.
 *
 *     cc register_key.c $(pkg-config --cflags --libs assay-keys libcrypto) -o register_key
 *     ./register_key /run/assay-services/keys/enclave.sock CHAIN-ID api       until it is stopped
 *     ./register_key /run/assay-services/keys/enclave.sock CHAIN-ID api once  one registration
 *     ./register_key /run/assay-services/keys/enclave.sock withdraw api
 *
 * CHAIN-ID is the network that you mean, 64 hexadecimal digits (`assay checkpoint`). Exit status:
 * 0 registered, 1 refused, 2 no enclave answered.
 */
#include <assay/keys.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>

enum { EVERY_S = 5 };

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

/* What the library signs with: the private key never leaves this program. */
static bool sign_message(void *context, const uint8_t *message, size_t message_len,
                         uint8_t *signature, size_t *len)
{
    EVP_PKEY *const key = context;
    EVP_MD_CTX *const digest = EVP_MD_CTX_new();
    *len = ASSAY_WORKLOAD_SIGNATURE_MAX;
    const bool is_signed = digest != NULL &&
                           EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, key) == 1 &&
                           EVP_DigestSign(digest, signature, len, message, message_len) == 1;
    EVP_MD_CTX_free(digest);
    return is_signed;
}

static int print_failure(enum assay_status status, const struct assay_workload_key_answer *answer)
{
    if (status == ASSAY_OK) return 0;
    (void)fprintf(stderr, "%s: %s\n", assay_name_of_status(status),
                  answer->message[0] != '\0' ? answer->message : assay_describe_status(status));
    return answer->may_pass ? 2 : 1;
}

static int keep_registered(struct assay_workload_key *request, bool is_once)
{
    struct assay_workload_key_answer kept;
    for (;;) {
        struct assay_workload_key_answer answer = { .size = sizeof answer };
        const int exit = print_failure(assay_workload_key_register(request, &answer), &answer);
        if (exit == 1 || is_once) return exit;
        if (exit == 0) {
            if (answer.is_new) (void)puts("registered"), (void)fflush(stdout);
            kept = answer;
            request->boot = kept.boot; /* nothing is signed until the enclave restarts */
        }
        (void)thrd_sleep(&(struct timespec){ .tv_sec = EVERY_S }, NULL);
    }
}

int main(int argc, char **argv)
{
    uint8_t chain_id[32], *spki = NULL;
    if (argc == 4 && strcmp(argv[2], "withdraw") == 0) {
        struct assay_workload_key_answer answer = { .size = sizeof answer };
        return print_failure(
            assay_workload_key_withdraw(argv[1], ASSAY_WORKLOAD_TLS, argv[3], 0, &answer), &answer);
    }
    if (argc < 4 || argc > 5 || !read_chain_id(argv[2], chain_id)) {
        (void)fprintf(stderr, "usage: register_key SOCKET CHAIN-ID|withdraw NAME [once]\n");
        return 1;
    }
    EVP_PKEY *const key = EVP_EC_gen("P-256");
    const int spki_len = key != NULL ? i2d_PUBKEY(key, &spki) : -1;
    if (spki_len <= 0) return 1;
    struct assay_workload_key request = { .size = sizeof request,
                                                  .socket_path = argv[1],
                                                  .chain_id = chain_id,
                                                  .purpose = ASSAY_WORKLOAD_TLS,
                                                  .name = argv[3],
                                                  .key = spki,
                                                  .key_len = (size_t)spki_len,
                                                  .sign = sign_message,
                                                  .context = key };
    const int exit = keep_registered(&request, argc == 5);
    OPENSSL_free(spki);
    EVP_PKEY_free(key);
    return exit;
}
