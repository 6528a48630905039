/*
 * tests/bench/quote/bench_verify.c - quotes per second, cold and warm, compared with OpenSSL's raw
 * P-256 verification in the same run; the memory of a cached platform and of its table, and the
 * allocations of a quote; two threads compared with one.
 *
 * cold: nothing is cached, the chain is parsed and verified each time. new platform: its CA and
 * root are cached. warm: the platform is cached, the quote is new. table: warm, and the key has a
 * table of multiples. The four are measured in turns. "raw" is EVP_PKEY_verify with
 * context and DER signature made beforehand, measured next to each kind. Times are processor times,
 * the best of several rounds, because the machine is shared; only the threads are measured in wall
 * time as well. Genuine quotes are included if the vectors are available (ASSAY_VECTORS).
 */
#include "tests/bench/quote/counting.h"

#include "base/assert.h"
#include "base/rfc3339.h"
#include "quote/accept/policy.h"
#include "quote/source/soft/soft.h"
#include "quote/verify.h"
#include "tests/support/stopwatch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

enum { DER_LEN_MAX = 80, FILE_MAX = 65536, PATH_LEN = 1024 };

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

static struct assay_verifier *open_verifier(size_t entries, void **memory)
{
    struct assay_verifier *verifier = NULL;
    const size_t size = assay_verifier_size(entries);
    *memory = malloc(size);
    ASSAY_ASSERT(*memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(*memory, size, entries, &verifier) == ASSAY_OK);
    return verifier;
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

/* Allocations of one turn, ours and OpenSSL's, after one to warm up. */
static void count_allocations(const char *name, const char *how, struct subject *s)
{
    enum { TURNS = 100 };
    judge(s);
    const struct counting before = counting_now();
    for (int i = 0; i < TURNS; i++)
        judge(s);
    const struct counting after = counting_now();
    const double openssl = (double)(after.openssl_calls - before.openssl_calls) / TURNS;
    const double all = (double)(after.calls - before.calls) / TURNS;
    printf("quote verify %s, %s: %.2f allocations of our own a quote, %.2f of OpenSSL's\n", name,
           how, all - openssl, openssl);
}

/* Quotes until the platform's key has its table, and what that takes. */
static void earn_table(const char *name, struct subject *s, struct assay_verifier *tabled)
{
    struct assay_verifier_counts counts;
    double longest_us = 0;
    s->verifier = tabled;
    judge(s);
    const struct counting before = counting_now();
    for (int i = 0; i < ASSAY_VERIFIER_HOT; i++) {
        const double start_us = stopwatch_us(CLOCK_THREAD_CPUTIME_ID);
        judge(s);
        const double each_us = stopwatch_us(CLOCK_THREAD_CPUTIME_ID) - start_us;
        if (each_us > longest_us) longest_us = each_us;
    }
    const struct counting after = counting_now();
    assay_verifier_count(tabled, &counts);
    ASSAY_ASSERT(counts.tables_used > 0);
    printf("quote verify %s: a table takes %.1f KB (counted as %.1f) and %.1f ms to make\n", name,
           (double)(after.live_bytes - before.live_bytes) / 1e3, ASSAY_P256_TABLE_LEN / 1e3,
           longest_us / 1e3);
}

/* The raw verification and the three of a quote, in turns: each has the machine's best moments. */
static void measure(const char *name, struct subject *s, struct assay_verifier *const verifiers[3],
                    struct raw *raw, double best_us[4])
{
    static const char *const hows[] = { "cold", "warm", "table" };
    const unsigned rounds = stopwatch_is_short() ? 1 : 25;
    const unsigned turns = stopwatch_is_short() ? 1 : 100;
    for (unsigned round = 0; round < rounds; round++)
        for (unsigned which = 0; which < 4; which++) {
            if (which > 0) s->verifier = verifiers[which - 1];
            const double start_us = stopwatch_us(CLOCK_THREAD_CPUTIME_ID);
            for (unsigned i = 0; i < turns; i++)
                (which == 0 ? verify_raw : judge)(which == 0 ? (void *)raw : (void *)s);
            const double each_us = (stopwatch_us(CLOCK_THREAD_CPUTIME_ID) - start_us) / turns;
            if (round == 0 || each_us < best_us[which]) best_us[which] = each_us;
        }
    printf("quote verify %-33s %9.2f us %10.0f /s\n", "raw EVP_PKEY_verify", best_us[0],
           1e6 / best_us[0]);
    for (unsigned which = 1; which < 4; which++) {
        char line[64];
        snprintf(line, sizeof line, "%s, %s", name, hows[which - 1]);
        printf("quote verify %-33s %9.2f us %10.0f /s\n", line, best_us[which],
               1e6 / best_us[which]);
    }
}

static void run(const char *name, struct subject *s, struct assay_verifier *verifier,
                struct raw *raw)
{
    void *memory = NULL;
    double best_us[4] = { 0 };
    struct assay_verifier *tabled = open_verifier(1, &memory);
    assay_verifier_limit_tables(tabled, 1);
    earn_table(name, s, tabled);
    struct assay_verifier *const verifiers[3] = { NULL, verifier, tabled };
    measure(name, s, verifiers, raw, best_us);
    printf("quote verify %s: cold %.2f raw verifications, warm %.2f times the raw rate, "
           "with a table %.2f times\n",
           name, best_us[1] / best_us[0], best_us[0] / best_us[2], best_us[0] / best_us[3]);
    static const char *const hows[] = { "cold", "warm", "table" };
    for (size_t i = 0; i < 3; i++) {
        s->verifier = verifiers[i];
        count_allocations(name, hows[i], s);
    }
    s->verifier = verifier;
    assay_verifier_deinit(&tabled);
    free(memory);
}

/* --- two threads, each with a memory of its own; collateral and policy are shared */
struct worker {
    struct subject *subject;
    double each_us; /* of the processor */
    pthread_t thread;
    pthread_barrier_t *barrier;
};

enum { THREAD_TURNS = 4000, THREADS = 2 };

static void *work(void *context)
{
    struct worker *const w = context;
    void *memory = NULL;
    struct subject *const own = malloc(sizeof *own);
    ASSAY_ASSERT(own != NULL);
    *own = *w->subject;
    own->verifier = open_verifier(4, &memory);
    judge(own);
    (void)pthread_barrier_wait(w->barrier);
    const double start_us = stopwatch_us(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < THREAD_TURNS; i++)
        judge(own);
    w->each_us = (stopwatch_us(CLOCK_THREAD_CPUTIME_ID) - start_us) / THREAD_TURNS;
    assay_verifier_deinit(&own->verifier);
    free(memory);
    free(own);
    return NULL;
}

/* Returns: quotes per second of all threads; *each_us is the longest time on a processor. */
static double run_threads(struct subject *s, unsigned count, double *each_us)
{
    struct worker workers[THREADS];
    pthread_barrier_t barrier;
    ASSAY_ASSERT(pthread_barrier_init(&barrier, NULL, count + 1) == 0);
    for (unsigned i = 0; i < count; i++) {
        workers[i].subject = s;
        workers[i].barrier = &barrier;
        ASSAY_ASSERT(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    (void)pthread_barrier_wait(&barrier);
    const double start_us = stopwatch_us(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < count; i++)
        ASSAY_ASSERT(pthread_join(workers[i].thread, NULL) == 0);
    const double all_us = stopwatch_us(CLOCK_MONOTONIC) - start_us;
    *each_us = 0;
    for (unsigned i = 0; i < count; i++)
        if (workers[i].each_us > *each_us) *each_us = workers[i].each_us;
    (void)pthread_barrier_destroy(&barrier);
    return count * THREAD_TURNS * 1e6 / all_us;
}

static void keep_best(double *best, double value, bool is_more_better)
{
    if (*best <= 0 || (value > *best) == is_more_better) *best = value;
}

/* Wall time, which other programs affect, and processor time, which shows contention. */
static void scale(const char *name, struct subject *s)
{
    enum { TURNS = 3 };
    double rate[THREADS] = { 0 };
    double each[THREADS] = { 0 };
    for (int i = 0; i < TURNS * THREADS; i++) {
        const unsigned which = (unsigned)i % THREADS;
        double each_us = 0;
        keep_best(&rate[which], run_threads(s, which + 1, &each_us), true);
        keep_best(&each[which], each_us, false);
    }
    printf("quote verify %s: warm, two threads %.2f times one (%.0f /s, %.0f /s); a quote takes "
           "%.2f us of a processor in one, %.2f us in two\n",
           name, rate[1] / rate[0], rate[1], rate[0], each[0], each[1]);
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

/* --- SOFT: a vendor of our own, for as many platforms as we like */
struct vendor {
    struct assay_soft_ca ca;
    struct assay_soft_bundle bundle;
    struct assay_soft_terms terms;
    struct assay_soft_request request;
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
};

/* A quote of a new platform into the subject. */
static void quote_of_new_platform(struct vendor *v, struct subject *s)
{
    struct assay_soft_node node;
    ASSAY_ASSERT(assay_soft_node_create(&v->ca, "bench", NULL, &node) == ASSAY_OK);
    ASSAY_ASSERT(assay_soft_quote(&node, &v->request, v->quote, sizeof v->quote, &s->request.len) ==
                 ASSAY_OK);
    assay_soft_node_deinit(&node);
}

/* What a thousand remembered platforms take, decoded keys and all, and the first sight of each. */
static void run_fleet(struct vendor *v, struct subject *s)
{
    enum { FLEET = 1000, ROOM = 1000 };
    void *memory = NULL;
    struct assay_verifier_counts counts;
    double first_us = 0;
    quote_of_new_platform(v, s);
    s->verifier = NULL;
    judge(s); /* what OpenSSL makes once */
    const struct counting before = counting_now();
    s->verifier = open_verifier(ROOM, &memory);
    for (int i = 0; i < FLEET; i++) {
        quote_of_new_platform(v, s);
        const double start_us = stopwatch_us(CLOCK_THREAD_CPUTIME_ID);
        judge(s);
        first_us += stopwatch_us(CLOCK_THREAD_CPUTIME_ID) - start_us;
    }
    const struct counting after = counting_now();
    assay_verifier_count(s->verifier, &counts);
    const double bytes = (double)(after.live_bytes - before.live_bytes);
    printf("quote verify %d platforms remembered in %.2f MB (%.0f bytes each), %.0f of them keys\n",
           (int)counts.entries_used, bytes / 1e6, bytes / (double)counts.entries_used,
           (bytes - (double)assay_verifier_size(ROOM)) / (double)counts.entries_used);
    printf("quote verify %-33s %9.2f us %10.0f /s\n", "soft, new platform of a known CA",
           first_us / FLEET, 1e6 * FLEET / first_us);
    assay_verifier_deinit(&s->verifier);
    free(memory);
}

/* The tables of a network's members: each has a platform, whose quotes are verified repeatedly. */
static void run_members(struct vendor *v, struct subject *s)
{
    enum { MEMBERS = 20 };
    void *memory = NULL;
    struct assay_verifier_counts counts;
    const struct counting before = counting_now();
    s->verifier = open_verifier(MEMBERS, &memory);
    assay_verifier_limit_tables(s->verifier, MEMBERS);
    for (int i = 0; i < MEMBERS; i++) {
        quote_of_new_platform(v, s);
        for (int turn = 0; turn <= ASSAY_VERIFIER_HOT; turn++)
            judge(s);
    }
    const struct counting after = counting_now();
    assay_verifier_count(s->verifier, &counts);
    printf("quote verify %zu members with %zu tables take %.2f MB, %.2f of them tables and keys\n",
           counts.entries_used, counts.tables_used,
           (double)(after.live_bytes - before.live_bytes) / 1e6, (double)counts.key_bytes / 1e6);
    assay_verifier_deinit(&s->verifier);
    free(memory);
}

static void run_soft(struct assay_verifier *verifier, struct raw *raw)
{
    enum { FROM = 1700000000, AT = 1800000000, TO = 2000000000 };
    struct vendor *const v = calloc(1, sizeof *v);
    ASSAY_ASSERT(v != NULL);
    ASSAY_ASSERT(assay_soft_ca_create("bench", FROM, TO, &v->ca) == ASSAY_OK);
    assay_soft_terms_default(&v->ca, &v->terms);
    ASSAY_ASSERT(assay_soft_collateral(&v->ca, &v->terms, &v->bundle) == ASSAY_OK);
    const struct assay_key root = assay_key_p256(v->ca.root_public);
    struct subject *const s = open_subject(&v->bundle.files, &root, ASSAY_KIND_SOFT);
    s->request.bytes = v->quote;
    s->request.at_unix_s = AT;
    quote_of_new_platform(v, s);
    run("soft", s, verifier, raw);
    struct building building = { &v->bundle.files, root, s->collateral };
    stopwatch_best_us("quote verify", "soft, building a bundle", 50, build, &building);
    run_fleet(v, s);
    run_members(v, s);
    close_subject(s);
    assay_soft_ca_wipe(&v->ca);
    free(v);
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
                       struct assay_verifier *verifier, struct raw *raw)
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
    uint8_t *parts[ASSAY_PARTS_INTEL];
    for (int i = 0; i < ASSAY_PARTS_INTEL; i++) {
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
    run(assay_kind_text(kind), s, verifier, raw);
    scale(assay_kind_text(kind), s);
    close_subject(s);
    for (int i = 0; i < ASSAY_PARTS_INTEL; i++)
        free(parts[i]);
    free(quote);
}

int main(void)
{
    enum { ENTRIES = 16 };
    struct raw raw = { .key = NULL };
    void *memory = NULL;
    counting_start();
    struct assay_verifier *verifier = open_verifier(ENTRIES, &memory);
    open_raw(&raw);
    run_vector("sgx/sgx-platform-ca-swhardening", "2025-08-30T05:09:06Z", ASSAY_KIND_SGX3, verifier,
               &raw);
    run_vector("tdx/tdx-v4-uptodate", "2025-07-04T10:16:31Z", ASSAY_KIND_TDX4, verifier, &raw);
    run_vector("tdx/tdx-v5-td15-uptodate", "2026-03-05T10:50:03Z", ASSAY_KIND_TDX5, verifier, &raw);
    run_soft(verifier, &raw);
    close_raw(&raw);
    assay_verifier_deinit(&verifier);
    free(memory);
    return 0;
}
