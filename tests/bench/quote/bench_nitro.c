/*
 * tests/bench/quote/bench_nitro.c - Nitro documents and CCA tokens per second, cold and warm,
 * beside the raw P-384 verification of the same library in the same run.
 *
 * cold: nothing is remembered; five signatures (four certificates, the document), for CCA two.
 * warm: the certificates, the platform token have been seen. The evidence is made by the authority
 * of the unit tests. Each line is the best of several rounds: the machine is shared.
 */
#include "base/assert.h"
#include "quote/verify.h"
#include "tests/support/stopwatch.h"
#include "tests/unit/quote/cose/cca_world.h"
#include "tests/unit/quote/cose/nitro_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUND_COUNT = 25, TURN_COUNT = 20, ENTRY_COUNT = 16 };

/* One line: the best round of something. */
struct line {
    char name[64];
    void (*turn)(void *context);
    void *context;
    double best_us;
};

/* Rounds of all lines in turn, so that a busy moment of the machine meets each of them. */
static void measure(struct line *lines, size_t count)
{
    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        for (size_t k = 0; k < count; k++) {
            const double start_us = stopwatch_us(CLOCK_MONOTONIC);
            for (unsigned i = 0; i < TURN_COUNT; i++)
                lines[k].turn(lines[k].context);
            const double each_us = (stopwatch_us(CLOCK_MONOTONIC) - start_us) / TURN_COUNT;
            if (round == 0 || each_us < lines[k].best_us) lines[k].best_us = each_us;
        }
    }
    for (size_t k = 0; k < count; k++)
        printf("quote %-39s %9.2f us %10.0f /s\n", lines[k].name, lines[k].best_us,
               1e6 / lines[k].best_us);
}

/* --- raw */
struct raw {
    struct maker_key key;
    struct assay_p384 *loaded;
    uint8_t digest[ASSAY_SHA384_LEN];
    uint8_t signature[ASSAY_P384_SIGNATURE_LEN];
};

static void verify_raw(void *context)
{
    const struct raw *const raw = context;
    ASSAY_ASSERT(assay_p384_verify(raw->loaded, raw->digest, ASSAY_SHA384_LEN, raw->signature));
}

static void open_raw(struct raw *raw)
{
    raw->key = maker_key_make(ASSAY_KEY_P384);
    assay_sha384("bench", 5, raw->digest);
    maker_sign(&raw->key, raw->digest, sizeof raw->digest, raw->signature);
    ASSAY_ASSERT(assay_p384_load(raw->key.public.bytes, &raw->loaded) == ASSAY_OK);
}

static void close_raw(struct raw *raw)
{
    assay_p384_free(&raw->loaded);
    maker_key_free(&raw->key);
}

/* --- evidence */
static void judge_nitro(void *context)
{
    struct nitro_world *const w = context;
    ASSAY_ASSERT(nitro_judge(w) == ASSAY_OK);
    ASSAY_ASSERT(w->verdict.tier == ASSAY_TIER_AFFIRMING);
}

static void judge_cca(void *context)
{
    struct cca_world *const w = context;
    ASSAY_ASSERT(cca_judge(w) == ASSAY_OK);
    ASSAY_ASSERT(w->verdict.tier == ASSAY_TIER_AFFIRMING);
}

int main(void)
{
    struct raw raw;
    struct nitro_world *const cold_nitro = nitro_open(), *const nitro = nitro_open();
    struct cca_world *const cold_cca = cca_open(), *const cca = cca_open();
    const size_t memory_len = assay_verifier_size(ENTRY_COUNT);
    struct assay_verifier *verifier = NULL;
    void *const memory = malloc(memory_len);
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(memory, memory_len, ENTRY_COUNT, &verifier) == ASSAY_OK);
    nitro->verifier = verifier;
    cca->verifier = verifier;
    open_raw(&raw);
    struct line lines[] = {
        { "raw P-384 verify", verify_raw, &raw, 0 },
        { "nitro document warm", judge_nitro, nitro, 0 },
        { "cca token warm", judge_cca, cca, 0 },
        { "nitro document cold", judge_nitro, cold_nitro, 0 },
        { "cca token cold", judge_cca, cold_cca, 0 },
    };
    (void)snprintf(lines[0].name, sizeof lines[0].name, "raw P-384 verify (%s)",
                   assay_p384_library());
    measure(lines, sizeof lines / sizeof lines[0]);
    for (size_t k = 1; k < 3; k++)
        printf("quote %s runs at %.0f %% of raw\n", lines[k].name,
               100 * lines[0].best_us / lines[k].best_us);
    struct assay_verifier_counts counts;
    assay_verifier_count(verifier, &counts);
    printf("quote nitro, cca: %zu platforms remembered, %zu bytes each, and %zu of keys\n",
           counts.entries_used, assay_verifier_size(2) - assay_verifier_size(1), counts.key_bytes);
    close_raw(&raw);
    assay_verifier_deinit(&verifier);
    free(memory);
    nitro_close(cold_nitro);
    nitro_close(nitro);
    cca_close(cold_cca);
    cca_close(cca);
    return 0;
}
