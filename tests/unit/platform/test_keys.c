/*
 * tests/unit/platform/test_keys.c - tests of the registration of workload keys through
 * libassay-keys (docs/identity.md 6.6, 6.7). The enclave's own code answers.
 */
#include "apps/enclave/key_requests.h"

#include <assay/keys.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { P256_DER_LEN = 70 }; /* r and s of 32 bytes */

static const uint8_t chain_id[32] = { 1 }, node_id[32] = { 2 };

static struct {
    char folder[64], path[96];
    struct registrations registered;
    int listener;
    pthread_t thread;
    const char *instead; /* what it answers to everything; NULL: what the enclave does */
    EVP_PKEY *key;
    uint8_t *spki;
    size_t spki_len;
    unsigned signed_count;
    bool refuses, is_short;
    size_t cut;               /* bytes that the signature lacks */
    uint64_t now_ms, step_ms; /* of the enclave, at each request */
} w;

/* The enclave starts, and its daemon has requested a statement. */
static void boot(uint8_t number, bool is_named)
{
    static const uint8_t beacon[32], voting[64], transport[32], root[32];
    const struct assay_binding binding = { chain_id, 0,      9,         beacon, node_id,
                                           1,        voting, transport, root };
    const uint8_t of_boot[32] = { number };
    const struct registration_users users = { .owner = 7 };
    uint8_t report_data[64];
    registrations_init(&w.registered, &users, of_boot);
    if (is_named) cr_assert_eq(registrations_state(&w.registered, &binding, report_data), ASSAY_OK);
}

static void converse(int client)
{
    char line[KEY_REQUEST_MAX + 2], answer[KEY_ANSWER_MAX + 1];
    size_t len = 0;
    for (;;) {
        const ssize_t got = recv(client, line + len, sizeof line - len, 0);
        if (got <= 0) return;
        len += (size_t)got;
        if (line[len - 1] != '\n') continue;
        size_t answered = 0;
        if (w.instead != NULL) answered = (size_t)snprintf(answer, sizeof answer, "%s", w.instead);
        else
            answered =
                key_request_answer(&w.registered, 7, w.now_ms += w.step_ms, line, len - 1, answer);
        (void)send(client, answer, answered, MSG_NOSIGNAL);
        len = 0;
    }
}

/* Until the listener is shut down. */
static void *serve(void *context)
{
    (void)context;
    for (;;) {
        const int client = accept(w.listener, NULL, NULL);
        if (client < 0) return NULL;
        converse(client);
        close(client);
    }
}

static void make_key(const char *curve)
{
    w.key = curve != NULL ? EVP_EC_gen(curve) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    cr_assert_not_null(w.key);
    w.spki = NULL;
    const int len = i2d_PUBKEY(w.key, &w.spki);
    cr_assert(len > 0);
    w.spki_len = (size_t)len;
}

static void free_key(void)
{
    OPENSSL_free(w.spki);
    EVP_PKEY_free(w.key);
}

static void set_up(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(w.folder, sizeof w.folder, "/tmp/assay-keys.XXXXXX");
    cr_assert_not_null(mkdtemp(w.folder));
    (void)snprintf(w.path, sizeof w.path, "%s/service.sock", w.folder);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", w.path);
    w.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(w.listener, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(w.listener, 4), 0);
    cr_assert_eq(pthread_create(&w.thread, NULL, serve, NULL), 0);
    make_key("P-256");
    w.now_ms = w.step_ms = 1000;
    boot(4, true);
}

static void tear_down(void)
{
    (void)shutdown(w.listener, SHUT_RDWR);
    cr_assert_eq(pthread_join(w.thread, NULL), 0);
    close(w.listener);
    (void)unlink(w.path);
    (void)rmdir(w.folder);
    free_key();
}

TestSuite(keys, .init = set_up, .fini = tear_down, .timeout = 60);

static bool sign(void *context, const uint8_t *message, size_t message_len, uint8_t *signature,
                 size_t *len)
{
    EVP_MD_CTX *const digest = EVP_MD_CTX_new();
    const EVP_MD *md = NULL;
    cr_assert_eq(context, &w);
    w.signed_count++;
    if (EVP_PKEY_get_base_id(w.key) == EVP_PKEY_EC)
        md = EVP_PKEY_get_bits(w.key) == 384 ? EVP_sha384() : EVP_sha256();
    do {
        *len = ASSAY_WORKLOAD_SIGNATURE_MAX;
        cr_assert_eq(EVP_DigestSignInit(digest, NULL, md, NULL, w.key), 1);
        cr_assert_eq(EVP_DigestSign(digest, signature, len, message, message_len), 1);
    } while (w.is_short && *len >= P256_DER_LEN);
    EVP_MD_CTX_free(digest);
    *len -= w.cut;
    return !w.refuses;
}

static struct assay_workload_key request_of(const char *name)
{
    return (struct assay_workload_key){ .size = sizeof(struct assay_workload_key),
                                        .socket_path = w.path,
                                        .chain_id = chain_id,
                                        .purpose = ASSAY_WORKLOAD_TLS,
                                        .name = name,
                                        .key = w.spki,
                                        .key_len = w.spki_len,
                                        .sign = sign,
                                        .context = &w,
                                        .timeout_ms = 2000 };
}

static struct assay_workload_key_answer answer;

static enum assay_status add(const struct assay_workload_key *request)
{
    (void)memset(&answer, 0xff, sizeof answer);
    answer.size = sizeof answer;
    const enum assay_status status = assay_workload_key_register(request, &answer);
    /* Who reads it must see what to do, whatever is wrong. */
    cr_expect_eq(answer.message[0] == '\0', status == ASSAY_OK);
    return status;
}

/* The line of the enclave's list. */
static bool is_listed(const char *start)
{
    char list[KEY_ANSWER_MAX + 1];
    const size_t len = key_request_answer(&w.registered, 7, 1000, "key list", 8, list);
    list[len] = '\0';
    return strncmp(list, start, strlen(start)) == 0;
}

Test(keys, keys_of_each_kind_are_registered)
{
    static const char *const curves[] = { "P-256", "P-384", NULL };
    for (uint32_t i = 0; i < 3; i++) {
        char name[8];
        free_key();
        make_key(curves[i]);
        (void)snprintf(name, sizeof name, "key-%u", (unsigned)i);
        const struct assay_workload_key request = request_of(name);
        cr_assert_eq(add(&request), ASSAY_OK, "%s: %s", name, answer.message);
        cr_expect(answer.is_new);
        cr_expect_eq(answer.count, i + 1);
        cr_expect_str_eq(answer.message, "");
        cr_expect_arr_eq(answer.chain_id, chain_id, 32);
        cr_expect_arr_eq(answer.node_id, node_id, 32);
        cr_expect_eq(answer.boot[0], 4);
    }
    cr_expect(is_listed("tls key-0 7 "));
    cr_expect_eq(w.signed_count, 6, "two proofs of each");
}

/* In DER, r or s that begins with zeros is shorter than it is in the ledger. */
Test(keys, short_integers_of_signatures_are_padded)
{
    const struct assay_workload_key request = request_of("api");
    w.is_short = true;
    cr_assert_eq(add(&request), ASSAY_OK, "%s", answer.message);
}

Test(keys, a_token_key_has_audiences)
{
    static const char *const audiences[] = { "https://a.example", "https://b.example" };
    struct assay_workload_key request = request_of("issuer");
    request.purpose = ASSAY_WORKLOAD_TOKEN;
    request.audiences = audiences;
    request.audience_count = 2;
    cr_assert_eq(add(&request), ASSAY_OK, "%s", answer.message);
    struct assay_declared_key key;
    registrations_get(&w.registered, 0, &key);
    cr_assert_eq(key.audience_count, 2);
    cr_expect(assay_slice_equal(key.audiences[1], assay_slice_over(audiences[1], 17)));
}

Test(keys, a_restarted_enclave_gets_the_key_again_and_another_call_signs_nothing)
{
    struct assay_workload_key request = request_of("api");
    uint8_t first[32];
    cr_assert_eq(add(&request), ASSAY_OK, "%s", answer.message);
    assay_bytes_copy(first, sizeof first, answer.boot, 32);
    request.boot = first;
    cr_assert_eq(add(&request), ASSAY_OK);
    cr_expect_not(answer.is_new);
    cr_expect_eq(w.signed_count, 2);
    boot(5, true);
    cr_assert_not(is_listed("tls api"));
    cr_assert_eq(add(&request), ASSAY_OK);
    cr_expect(answer.is_new);
    cr_expect(is_listed("tls api 7 "));
}

Test(keys, nothing_is_signed_for_another_network_or_member)
{
    static const uint8_t other[32] = { 9 };
    struct assay_workload_key request = request_of("api");
    request.chain_id = other;
    cr_expect_eq(add(&request), ASSAY_E_KEY);
    cr_expect_not_null(strstr(answer.message, "another network"), "%s", answer.message);
    request.chain_id = chain_id;
    request.node_id = other;
    cr_expect_eq(add(&request), ASSAY_E_KEY);
    cr_expect_not_null(strstr(answer.message, "another member"), "%s", answer.message);
    cr_expect_eq(w.signed_count, 0);
    request.node_id = node_id;
    cr_expect_eq(add(&request), ASSAY_OK);
}

Test(keys, a_name_has_one_key_until_it_is_withdrawn)
{
    const struct assay_workload_key first = request_of("api");
    cr_assert_eq(add(&first), ASSAY_OK);
    free_key();
    make_key("P-256");
    const struct assay_workload_key second = request_of("api");
    cr_expect_eq(add(&second), ASSAY_E_DUPLICATE);
    cr_expect_not_null(strstr(answer.message, "withdraw"), "%s", answer.message);
    cr_expect_not(answer.may_pass);
    cr_expect_eq(assay_workload_key_withdraw(w.path, ASSAY_WORKLOAD_TLS, "api", 2000, &answer),
                 ASSAY_OK);
    cr_expect(answer.is_new);
    cr_expect(is_listed("end"));
    cr_expect_eq(assay_workload_key_withdraw(w.path, ASSAY_WORKLOAD_TLS, "api", 2000, &answer),
                 ASSAY_OK, "it is not there");
    cr_expect_not(answer.is_new);
    cr_expect_eq(add(&second), ASSAY_OK, "%s", answer.message);
}

Test(keys, sixteen_keys_are_registered_and_no_more)
{
    char name[8];
    for (unsigned i = 0; i < ASSAY_DECLARED_KEYS_MAX; i++) {
        (void)snprintf(name, sizeof name, "key-%u", i);
        const struct assay_workload_key request = request_of(name);
        cr_assert_eq(add(&request), ASSAY_OK, "%u: %s", i, answer.message);
    }
    const struct assay_workload_key request = request_of("more");
    cr_expect_eq(add(&request), ASSAY_E_FULL, "%s", answer.message);
    cr_expect_not(answer.may_pass);
}

/* The enclave verifies a few registrations a second. */
Test(keys, an_enclave_that_is_busy_passes)
{
    const struct assay_workload_key request = request_of("api");
    enum assay_status status = ASSAY_OK;
    w.step_ms = 0;
    for (unsigned i = 0; i < 200 && status == ASSAY_OK; i++)
        status = add(&request);
    cr_expect_eq(status, ASSAY_E_INVALID);
    cr_expect(answer.may_pass, "%s", answer.message);
}

Test(keys, a_key_that_does_not_sign_is_not_registered)
{
    struct assay_workload_key request = request_of("api");
    w.refuses = true;
    cr_expect_eq(add(&request), ASSAY_E_CRYPTO);
    w.refuses = false;
    for (w.cut = 1; w.cut <= 64; w.cut++)
        cr_expect_eq(add(&request), ASSAY_E_CRYPTO, "%zu bytes less", w.cut);
    w.cut = 0;
    /* The public key of another one. */
    EVP_PKEY *const signer = w.key;
    uint8_t *const spki = w.spki;
    make_key("P-256");
    cr_expect_eq(add(&request), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(answer.message, "ASSAY_E_SIGNATURE"), "%s", answer.message);
    cr_expect(is_listed("end"));
    free_key();
    w.key = signer;
    w.spki = spki;
}

Test(keys, an_enclave_that_does_not_answer_is_waited_for_no_longer)
{
    struct assay_workload_key request = request_of("api");
    static char endless[2000];
    (void)memset(endless, 'a', sizeof endless - 1);
    const char *const answers[] = { "", "\n", "ok 1\n", "boot 00 chain 00 node 00\n", endless };
    request.timeout_ms = 200;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        w.instead = answers[i];
        cr_expect_eq(add(&request), ASSAY_E_NOT_FOUND, "%zu: %s", i, answer.message);
        cr_expect(answer.may_pass);
        cr_expect_neq(strlen(answer.message), 0);
        for (const char *c = answer.message; *c != '\0'; c++)
            cr_expect(*c >= ' ' && *c <= '~', "%zu: %s", i, answer.message);
    }
    w.instead = NULL;
    boot(4, false);
    cr_expect_eq(add(&request), ASSAY_E_NOT_FOUND, "its daemon has not named the member");
    cr_expect(answer.may_pass);
    request.socket_path = "/nowhere/service.sock";
    cr_expect_eq(add(&request), ASSAY_E_NOT_FOUND);
    cr_expect_eq(w.signed_count, 0);
}

Test(keys, misuse_is_refused)
{
    static const char *const no_audience[] = { NULL };
    const struct assay_workload_key good = request_of("api");
    struct assay_workload_key bad[14];
    size_t n = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        bad[i] = good;
    bad[n++].socket_path = NULL;
    bad[n++].chain_id = NULL;
    bad[n++].name = NULL;
    bad[n++].name = "";
    bad[n++].name = "Api";
    bad[n++].name = "svc";
    bad[n++].purpose = (enum assay_workload_purpose)2; /* of assay-signer */
    bad[n++].purpose = (enum assay_workload_purpose)5;
    bad[n++].key = NULL;
    bad[n++].key_len = 0;
    bad[n++].key_len--;
    bad[n++].sign = NULL;
    bad[n].audience_count = 1;
    bad[n++].audiences = no_audience;
    bad[n++].audience_count = ASSAY_WORKLOAD_AUDIENCES_MAX + 1;
    cr_assert_eq(n, sizeof bad / sizeof bad[0]);
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(add(&bad[i]), ASSAY_E_INVALID, "%zu", i);
    cr_expect_eq(add(NULL), ASSAY_E_INVALID);
    cr_expect_eq(assay_workload_key_register(&good, NULL), ASSAY_E_INVALID);
    answer.size = sizeof answer - 1;
    cr_expect_eq(assay_workload_key_register(&good, &answer), ASSAY_E_INVALID);
    bad[0] = good;
    bad[0].timeout_ms = 60001;
    cr_expect_eq(add(&bad[0]), ASSAY_E_RANGE);
    static char path[200];
    (void)memset(path, 'p', sizeof path - 1);
    bad[0] = good;
    bad[0].socket_path = path;
    cr_expect_eq(add(&bad[0]), ASSAY_E_RANGE);
    answer.size = sizeof answer;
    cr_expect_eq(assay_workload_key_withdraw(NULL, ASSAY_WORKLOAD_TLS, "api", 0, &answer),
                 ASSAY_E_INVALID);
    cr_expect_eq(
        assay_workload_key_withdraw(w.path, (enum assay_workload_purpose)2, "api", 0, &answer),
        ASSAY_E_INVALID);
    cr_expect_eq(assay_workload_key_withdraw(w.path, ASSAY_WORKLOAD_TLS, "a b", 0, &answer),
                 ASSAY_E_INVALID);
    cr_expect(is_listed("end"));
}
