/*
 * tests/bench/base/bench_crypto.c - the crypto adapter compared with the library that it uses, in
 * one run.
 *
 * "raw" is OpenSSL as `openssl speed` uses it: a context and a DER signature made beforehand, one
 * EVP_PKEY_verify per turn. The adapter decodes r | s and checks its range each time and should be
 * close to it. Each line is the best of several rounds, because the machine is shared.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/assert.h"
#include "base/crypto.h"
#include "tests/support/stopwatch.h"

#include <stdio.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

enum { ROUND_COUNT = 7, DER_LEN_MAX = 80 };

struct subject {
    struct assay_secret32 secret;
    uint8_t public_key[64];
    uint8_t digest[32];
    uint8_t signature[64];
    struct assay_p256 *key;
    struct assay_p256_signer *signer;
    EVP_PKEY *raw_key;
    EVP_PKEY_CTX *raw;
    uint8_t der[DER_LEN_MAX];
    size_t der_len;
    uint8_t text[1024];
};

static double measure(const char *name, unsigned count, void (*turn)(struct subject *subject),
                      struct subject *subject)
{
    double best_us = 0;
    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        const double start_us = stopwatch_us(CLOCK_MONOTONIC);
        for (unsigned i = 0; i < count; i++) turn(subject);
        const double each_us = (stopwatch_us(CLOCK_MONOTONIC) - start_us) / count;
        if (round == 0 || each_us < best_us) best_us = each_us;
    }
    printf("base crypto %-34s %9.2f us %10.0f /s\n", name, best_us, 1e6 / best_us);
    return best_us;
}

static void verify_raw(struct subject *s)
{
    ASSAY_ASSERT(EVP_PKEY_verify(s->raw, s->der, s->der_len, s->digest, 32) == 1);
}

static void verify_cached(struct subject *s)
{
    ASSAY_ASSERT(assay_p256_verify(s->key, s->digest, s->signature, ASSAY_S_LOW));
}

static void verify_loading(struct subject *s)
{
    struct assay_p256 *key = NULL;
    ASSAY_ASSERT(assay_p256_load(s->public_key, &key) == ASSAY_OK);
    ASSAY_ASSERT(assay_p256_verify(key, s->digest, s->signature, ASSAY_S_LOW));
    assay_p256_free(&key);
}

static void load(struct subject *s)
{
    struct assay_p256 *key = NULL;
    ASSAY_ASSERT(assay_p256_load(s->public_key, &key) == ASSAY_OK);
    assay_p256_free(&key);
}

static void sign(struct subject *s)
{
    uint8_t signature[64];
    ASSAY_ASSERT(assay_p256_sign(s->signer, s->digest, signature) == ASSAY_OK);
}

static void hash_kib(struct subject *s)
{
    assay_sha256(s->text, sizeof s->text, s->text);
}

static void hash_node(struct subject *s)
{
    assay_sha256(s->text, 65, s->text);
}

static void mac_kib(struct subject *s)
{
    assay_hmac_sha256(s->secret.bytes, 32, s->text, sizeof s->text, s->text);
}

static void set_up_raw(struct subject *s)
{
    uint8_t point[65] = { 0x04 };
    uint8_t *der = s->der;
    char group[] = "prime256v1";
    assay_bytes_copy(point + 1, 64, s->public_key, 64);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    ASSAY_ASSERT(maker != NULL);
    ASSAY_ASSERT(EVP_PKEY_fromdata_init(maker) == 1);
    ASSAY_ASSERT(EVP_PKEY_fromdata(maker, &s->raw_key, EVP_PKEY_PUBLIC_KEY, params) == 1);
    EVP_PKEY_CTX_free(maker);
    s->raw = EVP_PKEY_CTX_new(s->raw_key, NULL);
    ASSAY_ASSERT(s->raw != NULL);
    ASSAY_ASSERT(EVP_PKEY_verify_init(s->raw) == 1);

    ECDSA_SIG *decoded = ECDSA_SIG_new();
    ASSAY_ASSERT(decoded != NULL);
    ASSAY_ASSERT(ECDSA_SIG_set0(decoded, BN_bin2bn(s->signature, 32, NULL),
                                BN_bin2bn(s->signature + 32, 32, NULL)) == 1);
    const int der_len = i2d_ECDSA_SIG(decoded, &der);
    ASSAY_ASSERT(der_len > 0 && der_len <= DER_LEN_MAX);
    s->der_len = (size_t)der_len;
    ECDSA_SIG_free(decoded);
}

static void set_up(struct subject *s)
{
    ASSAY_ASSERT(assay_p256_generate(&s->secret, s->public_key) == ASSAY_OK);
    ASSAY_ASSERT(assay_p256_load(s->public_key, &s->key) == ASSAY_OK);
    ASSAY_ASSERT(assay_p256_signer_load(&s->secret, &s->signer) == ASSAY_OK);
    assay_sha256("bench", 5, s->digest);
    ASSAY_ASSERT(assay_p256_sign(s->signer, s->digest, s->signature) == ASSAY_OK);
    set_up_raw(s);
}

int main(void)
{
    struct subject subject = { .raw = NULL };
    set_up(&subject);
    const double raw_us = measure("verify, raw EVP_PKEY_verify", 500, verify_raw, &subject);
    const double cached_us = measure("verify, loaded key", 500, verify_cached, &subject);
    const double loading_us =
        measure("verify, key loaded each time", 500, verify_loading, &subject);
    measure("load a public key", 5000, load, &subject);
    measure("sign", 1000, sign, &subject);
    measure("sha256 of 1 KiB", 50000, hash_kib, &subject);
    measure("sha256 of a Merkle node", 100000, hash_node, &subject);
    measure("hmac-sha256 of 1 KiB", 50000, mac_kib, &subject);
    printf("base crypto loaded key at %.0f %% of the raw rate, loading each time at %.0f %%\n",
           100 * raw_us / cached_us, 100 * raw_us / loading_us);
    assay_p256_free(&subject.key);
    assay_p256_signer_free(&subject.signer);
    EVP_PKEY_CTX_free(subject.raw);
    EVP_PKEY_free(subject.raw_key);
    return 0;
}
