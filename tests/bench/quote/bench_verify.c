/*
 * tests/bench/quote/bench_verify.c - quotes per second, cold and warm, beside OpenSSL's raw P-256
 * verification in the same run.
 *
 * cold: nothing is remembered, the chain is read and proven each time. warm: the platform has been
 * seen, the quote is new. "raw" is EVP_PKEY_verify with context and DER signature made beforehand.
 * Each line is the best of several rounds: the machine is shared. Genuine quotes join in where the
 * vectors are (ASSAY_VECTORS).
 */
#include "base/assert.h"
#include "base/rfc3339.h"
#include "quote/policy.h"
#include "quote/source/soft.h"
#include "quote/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

enum { ROUND_COUNT = 7, DER_LEN_MAX = 80, FILE_MAX = 65536, PATH_LEN = 1024 };

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double measure(const char *name, unsigned count, void (*turn)(void *context), void *context)
{
    double best_us = 0;
    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        const double start_us = now_us();
        for (unsigned i = 0; i < count; i++)
            turn(context);
        const double each_us = (now_us() - start_us) / count;
        if (round == 0 || each_us < best_us) best_us = each_us;
    }
    printf("quote verify %-33s %9.2f us %10.0f /s\n", name, best_us, 1e6 / best_us);
    return best_us;
}

/* --- raw OpenSSL */
struct raw {
    EVP_PKEY *key;
    EVP_PKEY_CTX *context;
    uint8_t digest[32];
    uint8_t der[DER_LEN_MAX];
    size_t der_len;
};

static void verify_raw(void *context)
{
    struct raw *const raw = context;
    ASSAY_ASSERT(EVP_PKEY_verify(raw->context, raw->der, raw->der_len, raw->digest, 32) == 1);
}

static void sign_raw(struct raw *raw, uint8_t point[65])
{
    struct assay_secret32 secret;
    struct assay_p256_signer *signer = NULL;
    uint8_t signature[64];
    uint8_t *der = raw->der;
    point[0] = 4;
    assay_sha256("bench", 5, raw->digest);
    ASSAY_ASSERT(assay_p256_generate(&secret, point + 1) == ASSAY_OK);
    ASSAY_ASSERT(assay_p256_signer_load(&secret, &signer) == ASSAY_OK);
    ASSAY_ASSERT(assay_p256_sign(signer, raw->digest, signature) == ASSAY_OK);
    assay_p256_signer_free(&signer);
    ECDSA_SIG *const decoded = ECDSA_SIG_new();
    ASSAY_ASSERT(ECDSA_SIG_set0(decoded, BN_bin2bn(signature, 32, NULL),
                                BN_bin2bn(signature + 32, 32, NULL)) == 1);
    const int len = i2d_ECDSA_SIG(decoded, &der);
    ASSAY_ASSERT(len > 0 && len <= DER_LEN_MAX);
    raw->der_len = (size_t)len;
    ECDSA_SIG_free(decoded);
}

static void open_raw(struct raw *raw)
{
    uint8_t point[65];
    char group[] = "prime256v1";
    sign_raw(raw, point);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *const maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    ASSAY_ASSERT(EVP_PKEY_fromdata_init(maker) == 1);
    ASSAY_ASSERT(EVP_PKEY_fromdata(maker, &raw->key, EVP_PKEY_PUBLIC_KEY, params) == 1);
    EVP_PKEY_CTX_free(maker);
    raw->context = EVP_PKEY_CTX_new(raw->key, NULL);
    ASSAY_ASSERT(EVP_PKEY_verify_init(raw->context) == 1);
}

static void close_raw(struct raw *raw)
{
    EVP_PKEY_CTX_free(raw->context);
    EVP_PKEY_free(raw->key);
}

/* --- one appraisal again and again */
struct subject {
    struct assay_verifier *verifier;
    struct assay_evidence_request request;
    struct assay_endorsements endorsements;
    struct assay_policy policy;
    struct assay_collateral *collateral;
    struct assay_verdict verdict;
};

static void judge(void *context)
{
    struct subject *const s = context;
    ASSAY_ASSERT(assay_evidence_verify(s->verifier, &s->request, &s->verdict) == ASSAY_OK);
    ASSAY_ASSERT(s->verdict.genuine == ASSAY_GENUINE_TRUE);
}

struct building {
    const struct assay_collateral_files *files;
    struct assay_key root;
    struct assay_collateral *collateral;
};

static void build(void *context)
{
    struct building *const b = context;
    ASSAY_ASSERT(assay_collateral_build(b->files, &b->root, b->collateral) == ASSAY_OK);
}

static void run(const char *name, struct subject *s, struct assay_verifier *verifier, double raw_us)
{
    char line[64];
    s->verifier = NULL;
    snprintf(line, sizeof line, "%s, cold", name);
    const double cold_us = measure(line, 100, judge, s);
    s->verifier = verifier;
    snprintf(line, sizeof line, "%s, warm", name);
    const double warm_us = measure(line, 1000, judge, s);
    printf("quote verify %-33s warm at %.0f %% of the raw rate, cold %.1f raw verifications\n",
           name, 100 * raw_us / warm_us, cold_us / raw_us);
}

static struct subject *open_subject(const struct assay_collateral_files *files,
                                    const struct assay_key *root, enum assay_evidence_kind kind)
{
    struct subject *const s = calloc(1, sizeof *s);
    ASSAY_ASSERT(s != NULL);
    s->collateral = calloc(1, sizeof *s->collateral);
    ASSAY_ASSERT(s->collateral != NULL);
    ASSAY_ASSERT(assay_collateral_build(files, root, s->collateral) == ASSAY_OK);
    ASSAY_ASSERT(assay_collateral_sound(s->collateral));
    assay_policy_default(&s->policy);
    s->policy.profile = ASSAY_PROFILE_DEVELOPMENT;
    s->endorsements.count = 1;
    s->endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    s->endorsements.entries[0].collateral = s->collateral;
    s->endorsements.entries[0].root = *root;
    s->request.kind = kind;
    s->request.endorsements = &s->endorsements;
    s->request.policy = &s->policy;
    return s;
}

static void close_subject(struct subject *s)
{
    free(s->collateral);
    free(s);
}

static void run_soft(struct assay_verifier *verifier, double raw_us)
{
    enum { FROM = 1700000000, AT = 1800000000, TO = 2000000000 };
    struct assay_soft_ca *const ca = calloc(1, sizeof *ca);
    struct assay_soft_bundle *const bundle = calloc(1, sizeof *bundle);
    struct assay_soft_terms terms;
    struct assay_soft_node node;
    struct assay_soft_request request = { .isvsvn = 1 };
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
    ASSAY_ASSERT(ca != NULL && bundle != NULL);
    ASSAY_ASSERT(assay_soft_ca_create("bench", FROM, TO, ca) == ASSAY_OK);
    assay_soft_terms_default(ca, &terms);
    ASSAY_ASSERT(assay_soft_collateral(ca, &terms, bundle) == ASSAY_OK);
    ASSAY_ASSERT(assay_soft_node_create(ca, "bench", NULL, &node) == ASSAY_OK);
    const struct assay_key root = assay_key_p256(ca->root_public);
    struct subject *const s = open_subject(&bundle->files, &root, ASSAY_KIND_SOFT);
    ASSAY_ASSERT(assay_soft_quote(&node, &request, quote, sizeof quote, &s->request.len) ==
                 ASSAY_OK);
    s->request.bytes = quote;
    s->request.at_unix_s = AT;
    run("soft", s, verifier, raw_us);
    struct building building = { &bundle->files, root, s->collateral };
    measure("soft, building a bundle", 50, build, &building);
    close_subject(s);
    assay_soft_node_deinit(&node);
    assay_soft_ca_wipe(ca);
    free(ca);
    free(bundle);
}

static uint8_t *read_file(const char *dir, const char *name, size_t *len)
{
    char path[PATH_LEN];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *const file = fopen(path, "rb");
    if (file == NULL) return NULL;
    uint8_t *const bytes = malloc(FILE_MAX);
    ASSAY_ASSERT(bytes != NULL);
    *len = fread(bytes, 1, FILE_MAX, file);
    fclose(file);
    return bytes;
}

static void run_vector(const char *name, const char *at, enum assay_evidence_kind kind,
                       struct assay_verifier *verifier, double raw_us)
{
    char dir[PATH_LEN];
    const char *const named = getenv("ASSAY_VECTORS");
    struct assay_collateral_files files = { 0 };
    size_t len = 0;
    snprintf(dir, sizeof dir, "%s/%s",
             named != NULL ? named : ASSAY_SOURCE_DIR "/../shared/vectors", name);
    uint8_t *const quote = read_file(dir, "quote.bin", &len);
    if (quote == NULL) {
        printf("quote verify %s: not there, left out\n", name);
        return;
    }
    uint8_t *parts[ASSAY_PARTS];
    for (int i = 0; i < ASSAY_PARTS; i++) {
        size_t part_len = 0;
        parts[i] =
            read_file(dir, assay_collateral_part_name((enum assay_collateral_part)i), &part_len);
        files.part[i] = assay_slice_over(parts[i], part_len);
    }
    struct assay_key root;
    uint32_t kinds = 0;
    ASSAY_ASSERT(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &root, &kinds) == ASSAY_OK);
    struct subject *const s = open_subject(&files, &root, kind);
    s->request.bytes = quote;
    ASSAY_ASSERT(assay_rfc3339_parse(at, strlen(at), &s->request.at_unix_s) == ASSAY_OK);
    ASSAY_ASSERT(assay_evidence_length(kind, quote, len, &s->request.len) == ASSAY_OK);
    run(assay_kind_text(kind), s, verifier, raw_us);
    close_subject(s);
    for (int i = 0; i < ASSAY_PARTS; i++)
        free(parts[i]);
    free(quote);
}

int main(void)
{
    enum { ENTRIES = 16 };
    struct raw raw = { .key = NULL };
    struct assay_verifier *verifier = NULL;
    const size_t size = assay_verifier_size(ENTRIES);
    void *const memory = malloc(size);
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(memory, size, ENTRIES, &verifier) == ASSAY_OK);
    open_raw(&raw);
    const double raw_us = measure("raw EVP_PKEY_verify", 1000, verify_raw, &raw);
    run_vector("sgx/sgx-platform-ca-swhardening", "2025-08-30T05:09:06Z", ASSAY_KIND_SGX3, verifier,
               raw_us);
    run_vector("tdx/tdx-v4-uptodate", "2025-07-04T10:16:31Z", ASSAY_KIND_TDX4, verifier, raw_us);
    run_soft(verifier, raw_us);
    close_raw(&raw);
    assay_verifier_deinit(&verifier);
    free(memory);
    return 0;
}
