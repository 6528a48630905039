/*
 * tests/bench/base/bench_keys.c - keys of vendors other than Intel: P-384 and RSA compared with the
 * libraries that they use, the cost of loading, the memory of a loaded key, and certificates.
 *
 * "raw" is a library called with everything decoded beforehand. Each line is the best of several
 * rounds, in processor time, because the machine is shared. Memory is counted by an allocator given
 * to OpenSSL, to which the structs of the adapters are added.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/assert.h"
#include "base/crypto/p384.h"
#include "quote/x509.h"
#include "tests/support/authority.h"
#include "tests/support/stopwatch.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#ifdef ASSAY_BENCH_NETTLE
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#endif

enum { ROUND_COUNT = 7 };

/* --- a counting allocator */
static size_t held;
static size_t allocations;

static void *make(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    void *const made = malloc(len);
    if (made != NULL) held += malloc_usable_size(made);
    allocations += 1;
    return made;
}

static void *remake(void *old, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    if (old != NULL) held -= malloc_usable_size(old);
    void *const made = realloc(old, len);
    if (made != NULL) held += malloc_usable_size(made);
    allocations += 1;
    return made;
}

static void unmake(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    if (old != NULL) held -= malloc_usable_size(old);
    free(old);
}

/* --- measuring */
struct subject {
    struct authority_key *pair;
    struct assay_key public_key;
    struct assay_verify_key *key;
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    size_t digest_len;
    struct assay_p384 *p384;
    struct assay_p384_reference *reference;
    uint8_t der[AUTHORITY_DER_MAX];
    size_t der_len;
};

static double measure(const char *name, unsigned count, void (*turn)(struct subject *subject),
                      struct subject *subject)
{
    double best_us = 0;
    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        const double start_us = stopwatch_us(CLOCK_THREAD_CPUTIME_ID);
        for (unsigned i = 0; i < count; i++) turn(subject);
        const double each_us = (stopwatch_us(CLOCK_THREAD_CPUTIME_ID) - start_us) / count;
        if (round == 0 || each_us < best_us) best_us = each_us;
    }
    printf("base keys %-38s %9.2f us %10.0f /s\n", name, best_us, 1e6 / best_us);
    return best_us;
}

static void check(struct subject *s)
{
    ASSAY_ASSERT(assay_public_key_check(s->key, &s->signature, s->digest, s->digest_len));
}

static void check_p384(struct subject *s)
{
    ASSAY_ASSERT(assay_p384_verify(s->p384, s->digest, s->digest_len, s->signature.bytes));
}

static void check_reference(struct subject *s)
{
    ASSAY_ASSERT(assay_p384_reference_verify(s->reference, s->digest, s->digest_len,
                                             s->signature.bytes));
}

static void load(struct subject *s)
{
    struct assay_verify_key *key = NULL;
    ASSAY_ASSERT(assay_public_key_load(&s->public_key, &key) == ASSAY_OK);
    assay_public_key_free(&key);
}

static void read_certificate(struct subject *s)
{
    struct assay_certificate c;
    ASSAY_ASSERT(assay_x509_certificate(s->der, s->der_len, &c) == ASSAY_OK);
}

/* What the reader avoids: OpenSSL decodes the key through its providers. */
static void read_by_openssl(struct subject *s)
{
    const unsigned char *p = s->der;
    X509 *const x = d2i_X509(NULL, &p, (long)s->der_len);
    ASSAY_ASSERT(x != NULL);
    X509_free(x);
}

#ifdef ASSAY_BENCH_NETTLE
enum { LIMBS = 48 / sizeof(mp_limb_t), SCRATCH = 768 };
static mp_limb_t raw_point[2 * LIMBS];
static mp_limb_t raw_r[LIMBS];
static mp_limb_t raw_s[LIMBS];

static void limbs(const uint8_t bytes[48], mp_limb_t out[LIMBS])
{
    for (size_t i = 0; i < LIMBS; i++) {
        out[i] = 0;
        for (size_t j = 0; j < sizeof(mp_limb_t); j++)
            out[i] = out[i] << 8 | bytes[(LIMBS - 1 - i) * sizeof(mp_limb_t) + j];
    }
}

static void check_raw(struct subject *s)
{
    mp_limb_t scratch[SCRATCH];
    ASSAY_ASSERT(ecc_ecdsa_verify(nettle_get_secp_384r1(), raw_point, s->digest_len, s->digest,
                                  raw_r, raw_s, scratch) == 1);
}

static void measure_raw(struct subject *s, double adapter_us)
{
    limbs(s->public_key.bytes, raw_point);
    limbs(s->public_key.bytes + 48, raw_point + LIMBS);
    limbs(s->signature.bytes, raw_r);
    limbs(s->signature.bytes + 48, raw_s);
    const double raw_us = measure("P-384 verify, raw nettle", 200, check_raw, s);
    printf("base keys P-384 at %.0f %% of the raw rate\n", 100 * raw_us / adapter_us);
}
#else
static void measure_raw(struct subject *s, double adapter_us)
{
    (void)s;
    (void)adapter_us;
}
#endif

static void set_up(struct subject *s, struct authority_key *pair, enum assay_signature_alg alg)
{
    memset(s, 0, sizeof *s);
    s->pair = pair;
    authority_key_public(pair, &s->public_key);
    ASSAY_ASSERT(assay_public_key_load(&s->public_key, &s->key) == ASSAY_OK);
    authority_sign(pair, alg, "bench", 5, &s->signature);
    s->digest_len = assay_signature_digest(alg, "bench", 5, s->digest);
    const struct authority_certificate c = authority_ca("bench", pair, "bench", pair, alg);
    s->der_len = authority_certificate_make(&c, s->der);
}

static void tear_down(struct subject *s)
{
    assay_public_key_free(&s->key);
    assay_p384_free(&s->p384);
    assay_p384_reference_free(&s->reference);
    authority_key_free(&s->pair);
}

/* Heap held by a key that has verified once, and allocations of one more verification. */
static void weigh(const char *name, struct subject *s)
{
    struct assay_verify_key *key = NULL;
    load(s); /* what the library keeps for itself is there now */
    check(s);
    const size_t held_before = held;
    ASSAY_ASSERT(assay_public_key_load(&s->public_key, &key) == ASSAY_OK);
    ASSAY_ASSERT(assay_public_key_check(key, &s->signature, s->digest, s->digest_len));
    const size_t in_library = held - held_before;
    const size_t inner = s->p384 == NULL ? 0 : malloc_usable_size(s->p384);
    const size_t own = malloc_usable_size(key) + inner;
    const size_t count = allocations;
    ASSAY_ASSERT(assay_public_key_check(key, &s->signature, s->digest, s->digest_len));
    printf("base keys %-14s weighs %5zu bytes, %5zu of them OpenSSL's (said: %zu); "
           "a verification makes %zu allocations in OpenSSL\n",
           name, own + in_library, in_library, assay_public_key_weight(key), allocations - count);
    assay_public_key_free(&key);
}

int main(void)
{
    struct subject *const s = malloc(sizeof *s);
    ASSAY_ASSERT(s != NULL);
    ASSAY_ASSERT(CRYPTO_set_mem_functions(make, remake, unmake) == 1);

    set_up(s, authority_key_make(ASSAY_KEY_P384), ASSAY_SIGNATURE_ECDSA_SHA384);
    ASSAY_ASSERT(assay_p384_load(s->public_key.bytes, &s->p384) == ASSAY_OK);
    ASSAY_ASSERT(assay_p384_reference_load(s->public_key.bytes, &s->reference) == ASSAY_OK);
    char name[64];
    (void)snprintf(name, sizeof name, "P-384 verify, %s", assay_p384_library());
    const double adapter_us = measure(name, 200, check_p384, s);
    measure_raw(s, adapter_us);
    const double reference_us = measure("P-384 verify, OpenSSL", 100, check_reference, s);
    printf("base keys P-384 through %s: %.1f times OpenSSL's rate\n", assay_p384_library(),
           reference_us / adapter_us);
    measure("P-384 load", 2000, load, s);
    measure("P-384 certificate", 5000, read_certificate, s);
    measure("P-384 certificate, d2i_X509", 1000, read_by_openssl, s);
    weigh("P-384", s);
    tear_down(s);

    set_up(s, authority_key_make(ASSAY_KEY_P256), ASSAY_SIGNATURE_ECDSA_SHA256);
    measure("P-256 verify", 500, check, s);
    ASSAY_ASSERT(assay_public_key_add_table(s->key));
    measure("P-256 verify, table", 500, check, s);
    measure("P-256 load", 5000, load, s);
    measure("P-256 certificate", 5000, read_certificate, s);
    measure("P-256 certificate, d2i_X509", 1000, read_by_openssl, s);
    weigh("P-256", s);
    tear_down(s);

    set_up(s, authority_key_make_rsa(4096), ASSAY_SIGNATURE_RSA_PSS_SHA384);
    measure("RSA-4096 verify, PSS", 500, check, s);
    measure("RSA-4096 load", 5000, load, s);
    measure("RSA-4096 certificate", 5000, read_certificate, s);
    measure("RSA-4096 certificate, d2i_X509", 1000, read_by_openssl, s);
    weigh("RSA-4096", s);
    tear_down(s);

    set_up(s, authority_key_make_rsa(2048), ASSAY_SIGNATURE_RSA_PKCS1_SHA256);
    measure("RSA-2048 verify, PKCS#1", 1000, check, s);
    weigh("RSA-2048", s);
    tear_down(s);
    free(s);
    return 0;
}
