/*
 * tests/bench/quote/bench_tpm.c - quotes of a TPM per second, cold and warm, compared with the raw
 * P-256 verification of the same library (ECDSA_do_verify) in the same run.
 *
 * cold: nothing is cached; the quote, the certificate of its key and the registrar's list. warm:
 * the key is decoded and its chain to the root is cached; with a table of multiples as well. Each
 * line is the best of several rounds, because the machine is shared.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/assert.h"
#include "base/crypto/openssl_curve.h"
#include "quote/verify.h"
#include "tests/support/stopwatch.h"
#include "tests/unit/tpm/simulated_tpm.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/ec.h>

enum { ROUND_COUNT = 25, TURN_COUNT = 20, ENTRY_COUNT = 16 };

struct raw {
    struct ec_key_st *key;
    uint8_t digest[ASSAY_SHA256_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

static void verify_raw(void *context)
{
    const struct raw *const raw = context;
    ASSAY_ASSERT(assay_curve_verify(raw->key, raw->digest, sizeof raw->digest, raw->signature,
                                    sizeof raw->signature / 2) == 1);
}

static void open_raw(struct raw *raw)
{
    struct assay_secret32 secret;
    struct assay_p256_signer *signer = NULL;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    ASSAY_ASSERT(assay_p256_generate(&secret, public_key) == ASSAY_OK);
    ASSAY_ASSERT(assay_p256_signer_load(&secret, &signer) == ASSAY_OK);
    assay_sha256((const uint8_t *)"bench", 5, raw->digest);
    ASSAY_ASSERT(assay_p256_sign(signer, raw->digest, raw->signature) == ASSAY_OK);
    ASSAY_ASSERT(assay_curve_load(ASSAY_CURVE_P256, public_key, &raw->key) == ASSAY_OK);
    assay_p256_signer_free(&signer);
}

/* Genuine evidence and its verifier. */
struct judged {
    const struct simtpm *simtpm;
    struct assay_verifier *verifier;
    struct assay_verdict *verdict;
};

static void judge(void *context)
{
    const struct judged *const j = context;
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                    .bytes = j->simtpm->evidence,
                                                    .len = j->simtpm->len,
                                                    .at_unix_s = SIMTPM_NOW,
                                                    .endorsements = &j->simtpm->endorsements,
                                                    .policy = &j->simtpm->policy };
    ASSAY_ASSERT(assay_evidence_verify(j->verifier, &request, j->verdict) == ASSAY_OK);
    ASSAY_ASSERT(j->verdict->genuine == ASSAY_GENUINE_TRUE);
}

struct line {
    const char *name;
    void (*turn)(void *context);
    void *context;
    double best_us;
};

int main(void)
{
    static struct simtpm simtpm;
    static struct assay_verdict verdict;
    static struct raw raw;
    const size_t memory_len = assay_verifier_size(ENTRY_COUNT);
    struct assay_verifier *verifier = NULL;
    void *const memory = malloc(memory_len);
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(memory, memory_len, ENTRY_COUNT, &verifier) == ASSAY_OK);
    simtpm_make(&simtpm);
    simtpm_list(&simtpm, NULL, SIMTPM_NOW - SIMTPM_DAY, SIMTPM_NOW + SIMTPM_DAY);
    simtpm_build(&simtpm);
    open_raw(&raw);
    struct assay_verifier *tabled = NULL;
    void *const tabled_memory = malloc(memory_len);
    ASSAY_ASSERT(tabled_memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(tabled_memory, memory_len, ENTRY_COUNT, &tabled) == ASSAY_OK);
    assay_verifier_limit_tables(tabled, 1);
    struct judged warm = { &simtpm, verifier, &verdict }, cold = { &simtpm, NULL, &verdict };
    struct judged table = { &simtpm, tabled, &verdict };
    for (int i = 0; i <= ASSAY_VERIFIER_HOT; i++)
        judge(&table);
    struct line lines[] = {
        { "raw P-256 verify", verify_raw, &raw, 0 },
        { "tpm quote warm", judge, &warm, 0 },
        { "tpm quote warm, table", judge, &table, 0 },
        { "tpm quote cold", judge, &cold, 0 },
    };
    enum { LINES = sizeof lines / sizeof lines[0] };
    for (unsigned round = 0; round < ROUND_COUNT; round++)
        for (size_t k = 0; k < LINES; k++) {
            const double start_us = stopwatch_us(CLOCK_MONOTONIC);
            for (unsigned i = 0; i < TURN_COUNT; i++)
                lines[k].turn(lines[k].context);
            const double each_us = (stopwatch_us(CLOCK_MONOTONIC) - start_us) / TURN_COUNT;
            if (round == 0 || each_us < lines[k].best_us) lines[k].best_us = each_us;
        }
    for (size_t k = 0; k < LINES; k++)
        printf("quote %-39s %9.2f us %10.0f /s\n", lines[k].name, lines[k].best_us,
               1e6 / lines[k].best_us);
    printf(
        "quote tpm: cold %.2f raw verifications, warm %.2f times the raw rate, with a table %.2f "
        "times\n",
        lines[3].best_us / lines[0].best_us, lines[0].best_us / lines[1].best_us,
        lines[0].best_us / lines[2].best_us);
    struct assay_verifier_counts counts, with_table;
    assay_verifier_count(verifier, &counts);
    assay_verifier_count(tabled, &with_table);
    printf("quote tpm: a platform takes %zu bytes and %zu of its key, with a table %zu\n",
           assay_verifier_size(2) - assay_verifier_size(1), counts.key_bytes, with_table.key_bytes);
    EC_KEY_free(raw.key);
    assay_verifier_deinit(&verifier);
    assay_verifier_deinit(&tabled);
    free(tabled_memory);
    simtpm_free(&simtpm);
    free(memory);
    return 0;
}
