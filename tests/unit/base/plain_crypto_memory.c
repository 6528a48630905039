/*
 * tests/unit/base/plain_crypto_memory.c - fault injection into every allocation of the
 * cryptographic interface: a clear status, no leak, and never "bad signature".
 *
 * A program of its own, because OpenSSL takes its allocator before the first use only. It names the
 * library as the adapter does: what is tested is the adapter's way with it.
 */
#include "base/crypto/p384.h"

#include "tests/support/authority.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* Allocations until failure; ALWAYS_OK: none fails. */
enum { ALWAYS_OK = 1000000, TRIES_MAX = 1000 };
static int left = ALWAYS_OK;
static bool persistent; /* after the first failure all fail */
static unsigned failures;

static bool fails_now(void)
{
    if (left == ALWAYS_OK) return false;
    if (left > 0) {
        left--;
        return false;
    }
    if (!persistent) left = ALWAYS_OK;
    failures++;
    return true;
}

static void *make(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails_now() ? NULL : malloc(len);
}

static void *remake(void *old, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails_now() ? NULL : realloc(old, len);
}

static void unmake(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    free(old);
}

static void complain(const char *what, enum assay_status status)
{
    fprintf(stderr, "crypto memory: %s: %s\n", what, assay_status_symbol(status));
    exit(1);
}

static struct assay_secret32 secret;
static uint8_t public_key[64];
static uint8_t digest[32];
static uint8_t signature[64];

/* An RSA key, and a P-384 key through OpenSSL: the last word where a fast library refuses. */
static struct assay_key rsa_key;
static struct assay_signature rsa_signature;
static struct assay_key p384_key;
static struct assay_signature p384_signature;

static enum assay_status load_rsa(void)
{
    struct assay_verify_key *key = NULL;
    const enum assay_status status = assay_public_key_load(&rsa_key, &key);
    if ((status == ASSAY_OK) != (key != NULL)) complain("rsa: status and key disagree", status);
    assay_public_key_free(&key);
    return status;
}

static enum assay_status load_reference(void)
{
    struct assay_p384_reference *key = NULL;
    const enum assay_status status = assay_p384_reference_load(p384_key.bytes, &key);
    if ((status == ASSAY_OK) != (key != NULL)) complain("p384: status and key disagree", status);
    assay_p384_reference_free(&key);
    return status;
}

static enum assay_status load_public(void)
{
    struct assay_p256 *key = NULL;
    const enum assay_status status = assay_p256_load(public_key, &key);
    if ((status == ASSAY_OK) != (key != NULL)) complain("load: status and key disagree", status);
    assay_p256_free(&key);
    return status;
}

/* Without memory there is no table; the key verifies all the same. */
static enum assay_status make_table(void)
{
    struct assay_p256 *key = NULL;
    enum assay_status status = assay_p256_load(public_key, &key);
    if (status == ASSAY_OK) {
        if (!assay_p256_add_table(key)) status = ASSAY_E_CRYPTO;
        const int after = left;
        left = ALWAYS_OK;
        if (!assay_p256_verify(key, digest, signature, ASSAY_S_LOW))
            complain("a key verifies with and without a table", status);
        left = after;
    }
    assay_p256_free(&key);
    return status;
}

static enum assay_status load_private_and_sign(void)
{
    struct assay_p256_signer *signer = NULL;
    uint8_t made[64];
    enum assay_status status = assay_p256_signer_load(&secret, &signer);
    if (status == ASSAY_OK) status = assay_p256_sign(signer, digest, made);
    assay_p256_signer_free(&signer);
    return status;
}

static enum assay_status derive_public(void)
{
    uint8_t derived[64];
    return assay_p256_public(&secret, derived);
}

static enum assay_status generate(void)
{
    struct assay_secret32 made;
    uint8_t derived[64];
    const enum assay_status status = assay_p256_generate(&made, derived);
    if (status != ASSAY_OK && !assay_bytes_all_zero(&made, sizeof made)) {
        complain("generate: a failure left a private key behind", status);
    }
    return status;
}

static enum assay_status generate_transport(void)
{
    struct assay_secret32 made;
    uint8_t derived[32];
    const enum assay_status status = assay_x25519_generate(&made, derived);
    if (status != ASSAY_OK && !assay_bytes_all_zero(&made, sizeof made)) {
        complain("generate_transport: a failure left a private key behind", status);
    }
    return status;
}

/* Lets the 1st, 2nd, 3rd ... allocation fail until the call gets through untouched. */
static void fail_each(const char *name, enum assay_status (*call)(void), bool all_after_it)
{
    persistent = all_after_it;
    unsigned failed_calls = 0;
    for (int nth = 0; nth < TRIES_MAX; nth++) {
        const unsigned before = failures;
        left = nth;
        const enum assay_status status = call();
        left = ALWAYS_OK;
        if (failures == before) { /* the call needed no more than nth allocations */
            if (status != ASSAY_OK) complain(name, status);
            if (nth == 0) complain("no allocation was made to fail", status);
            printf("%s: %d allocations, %u of the failures came through\n", name, nth,
                   failed_calls);
            return;
        }
        if (status != ASSAY_OK && status != ASSAY_E_CRYPTO) complain(name, status);
        if (status != ASSAY_OK) failed_calls++;
        if (call() != ASSAY_OK) complain("the call after a failure", ASSAY_E_CRYPTO);
    }
    complain("never got through", ASSAY_E_CRYPTO);
}

/* Verifications of a good signature by a key loaded before. */
static struct assay_p256 *loaded_p256;
static struct assay_p256 *tabled_p256;
static struct assay_verify_key *loaded_rsa;
static struct assay_p384_reference *loaded_p384;

static bool verify_p256(void)
{
    return assay_p256_verify(loaded_p256, digest, signature, ASSAY_S_LOW);
}

static bool verify_tabled(void)
{
    return assay_p256_verify(tabled_p256, digest, signature, ASSAY_S_LOW);
}

static bool verify_rsa(void)
{
    return assay_public_key_check(loaded_rsa, &rsa_signature, digest, sizeof digest);
}

static bool verify_p384(void)
{
    return assay_p384_reference_verify(loaded_p384, digest, sizeof digest, p384_signature.bytes);
}

static bool decide_p384(void)
{
    return assay_p384_reference_decides(p384_key.bytes, digest, sizeof digest,
                                        p384_signature.bytes);
}

/* In a child: verification with the nth allocation failing. Returns: how the child ended. */
static int verify_in_child(bool (*verify)(void), int nth)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child < 0) complain("fork", ASSAY_E_IO);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        if (freopen("/dev/null", "w", stderr) == NULL) _exit(4);
        persistent = true;
        failures = 0;
        left = nth;
        const bool valid = verify();
        _exit(!valid ? 1 : failures == 0 ? 0 : 2);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child) complain("waitpid", ASSAY_E_IO);
    return status;
}

static void stops_but_never_lies(const char *name, bool (*verify)(void))
{
    unsigned stopped = 0;
    for (int nth = 0; nth < TRIES_MAX; nth++) {
        const int status = verify_in_child(verify, nth);
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) {
            stopped++;
            continue;
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) == 1) {
            fprintf(stderr, "crypto memory: %s: allocation %d: a good signature was called bad\n",
                    name, nth);
            exit(1);
        }
        if (WEXITSTATUS(status) == 0) { /* no allocation failed any more */
            if (stopped == 0) complain("no failure stopped the verification", ASSAY_OK);
            printf("verify %s: %d allocations, %u failures stopped the process\n", name, nth,
                   stopped);
            return;
        }
    }
    complain("verification never got through", ASSAY_E_CRYPTO);
}

static void set_up_others(void)
{
    struct authority_key *rsa = authority_key_make(ASSAY_KEY_RSA);
    struct authority_key *p384 = authority_key_make(ASSAY_KEY_P384);
    authority_key_public(rsa, &rsa_key);
    authority_sign(rsa, ASSAY_SIGNATURE_RSA_PSS_SHA256, "memory", 6, &rsa_signature);
    authority_key_public(p384, &p384_key);
    authority_sign(p384, ASSAY_SIGNATURE_ECDSA_SHA256, "memory", 6, &p384_signature);
    authority_key_free(&rsa);
    authority_key_free(&p384);
    if (assay_p256_load(public_key, &loaded_p256) != ASSAY_OK ||
        assay_p256_load(public_key, &tabled_p256) != ASSAY_OK ||
        !assay_p256_add_table(tabled_p256) ||
        assay_public_key_load(&rsa_key, &loaded_rsa) != ASSAY_OK ||
        assay_p384_reference_load(p384_key.bytes, &loaded_p384) != ASSAY_OK)
        complain("setup", ASSAY_E_CRYPTO);
}

int main(void)
{
    if (CRYPTO_set_mem_functions(make, remake, unmake) != 1) {
        complain("the library was used before main", ASSAY_E_CRYPTO);
    }
    if (assay_p256_generate(&secret, public_key) != ASSAY_OK) complain("setup", ASSAY_E_CRYPTO);
    assay_sha256("memory", 6, digest);
    struct assay_p256_signer *signer = NULL;
    if (assay_p256_signer_load(&secret, &signer) != ASSAY_OK) complain("setup", ASSAY_E_CRYPTO);
    if (assay_p256_sign(signer, digest, signature) != ASSAY_OK) complain("setup", ASSAY_E_CRYPTO);
    assay_p256_signer_free(&signer);
    if (generate_transport() != ASSAY_OK) complain("setup", ASSAY_E_CRYPTO);
    set_up_others();

    stops_but_never_lies("p256", verify_p256); /* first: what the adapter makes once is not there */
    for (int all_after_it = 0; all_after_it < 2; all_after_it++) {
        fail_each("load a public key", load_public, all_after_it != 0);
        fail_each("make a table", make_table, all_after_it != 0);
        fail_each("load an RSA key", load_rsa, all_after_it != 0);
        fail_each("load a P-384 key", load_reference, all_after_it != 0);
        fail_each("load a private key and sign", load_private_and_sign, all_after_it != 0);
        fail_each("derive a public key", derive_public, all_after_it != 0);
        fail_each("generate", generate, all_after_it != 0);
        fail_each("generate for the transport", generate_transport, all_after_it != 0);
    }
    stops_but_never_lies("p256 with a table", verify_tabled);
    stops_but_never_lies("rsa", verify_rsa);
    stops_but_never_lies("p384", verify_p384);
    stops_but_never_lies("p384 by the last word", decide_p384);
    assay_p256_free(&loaded_p256);
    assay_p256_free(&tabled_p256);
    assay_public_key_free(&loaded_rsa);
    assay_p384_reference_free(&loaded_p384);
    return 0;
}
