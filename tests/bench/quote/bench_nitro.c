/*
 * tests/bench/quote/bench_nitro.c - Nitro documents and CCA tokens per second, cold and warm,
 * beside the raw P-384 verification of the same library in the same run.
 *
 * cold: nothing is remembered; five signatures (four certificates, the document), for CCA two. warm:
 * the certificates, the platform token have been seen. The evidence is made by the authority of the
 * unit tests. Each line is the best of several rounds: the machine is shared.
 */
#include "base/assert.h"
#include "tests/unit/quote/cose/cca_world.h"
#include "tests/unit/quote/cose/nitro_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUND_COUNT = 9, TURN_COUNT = 60, ENTRY_COUNT = 16 };

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double measure(const char *name, void (*turn)(void *context), void *context)
{
    double best_us = 0;
    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        const double start_us = now_us();
        for (unsigned i = 0; i < TURN_COUNT; i++)
            turn(context);
        const double each_us = (now_us() - start_us) / TURN_COUNT;
        if (round == 0 || each_us < best_us) best_us = each_us;
    }
    printf("quote %-39s %9.2f us %10.0f /s\n", name, best_us, 1e6 / best_us);
    return best_us;
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

static double measure_raw(void)
{
    struct raw raw = { .key = maker_key_make(ASSAY_KEY_P384) };
    char name[64];
    assay_sha384("bench", 5, raw.digest);
    maker_sign(&raw.key, raw.digest, sizeof raw.digest, raw.signature);
    ASSAY_ASSERT(assay_p384_load(raw.key.public.bytes, &raw.loaded) == ASSAY_OK);
    (void)snprintf(name, sizeof name, "raw P-384 verify (%s)", assay_p384_library());
    const double us = measure(name, verify_raw, &raw);
    assay_p384_free(&raw.loaded);
    maker_key_free(&raw.key);
    return us;
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

static void measure_pair(const char *kind, double raw_us, void (*judge)(void *), void *world,
                         struct assay_verifier **verifier)
{
    char name[64];
    void *const memory = malloc(assay_verifier_size(ENTRY_COUNT));
    ASSAY_ASSERT(memory != NULL);
    (void)snprintf(name, sizeof name, "%s cold", kind);
    measure(name, judge, world);
    ASSAY_ASSERT(assay_verifier_init(memory, assay_verifier_size(ENTRY_COUNT), ENTRY_COUNT,
                                     verifier) == ASSAY_OK);
    (void)snprintf(name, sizeof name, "%s warm", kind);
    const double warm_us = measure(name, judge, world);
    printf("quote %s warm runs at %.0f %% of raw\n", kind, 100 * raw_us / warm_us);
    assay_verifier_deinit(verifier);
    free(memory);
}

int main(void)
{
    struct nitro_world *const nitro = nitro_open();
    struct cca_world *const cca = cca_open();
    const double raw_us = measure_raw();
    measure_pair("nitro document", raw_us, judge_nitro, nitro, &nitro->verifier);
    measure_pair("cca token", raw_us, judge_cca, cca, &cca->verifier);
    nitro_close(nitro);
    cca_close(cca);
    return 0;
}
