/*
 * tests/bench/quote/bench_snp.c - SNP reports per second, cold and warm, beside the raw P-384
 * verification of the library behind assay_p384_verify, in the same run.
 *
 * cold: nothing is remembered: the certificates are read, two RSA signatures and the report's are
 * verified, beside the ARK's own. warm: the endorsement key has been seen, the report is new. The
 * vendor is the tests' own, with RSA of 4096 bits as AMD's; each line is the best of several
 * rounds, in processor time, because the machine is shared.
 */
#include "tests/bench/quote/raw_p384.h"
#include "tests/unit/quote/snp/snp_world.h"

#include "base/assert.h"
#include "quote/verify.h"
#include "tests/support/stopwatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPORTS = 16, RSA_BITS = 4096 };

/* --- reports of one platform, one after the other */
struct subject {
    struct snp_world *world;
    uint8_t reports[REPORTS][ASSAY_SNP_REPORT_LEN];
    unsigned next;
};

static void judge(void *context)
{
    struct subject *const s = context;
    assay_bytes_copy(s->world->report, sizeof s->world->report, s->reports[s->next],
                     ASSAY_SNP_REPORT_LEN);
    s->next = (s->next + 1) % REPORTS;
    ASSAY_ASSERT(snp_world_judge(s->world) == ASSAY_OK);
    ASSAY_ASSERT(s->world->verdict.genuine == ASSAY_GENUINE_TRUE);
}

/* A world with AMD's length of keys. */
static struct snp_world *open_world(enum assay_snp_product product)
{
    struct snp_world *const w = snp_world_open(product);
    w->ark_key = authority_key_make_rsa(RSA_BITS);
    w->ask_key = authority_key_make_rsa(RSA_BITS);
    w->ark.key = w->ark.signer = w->ask.signer = w->crl.signer = w->ark_key;
    w->ask.key = w->vek.signer = w->ask_key;
    authority_key_public(w->ark_key, &w->endorsements.entries[0].root);
    w->has_crl = true;
    return w;
}

static void run(enum assay_snp_product product, struct assay_verifier *verifier,
                struct raw_p384 *raw)
{
    char line[64];
    struct subject *const s = calloc(1, sizeof *s);
    ASSAY_ASSERT(s != NULL);
    s->world = open_world(product);
    snp_world_run(s->world);
    for (unsigned i = 0; i < REPORTS; i++) {
        s->world->report[0x50] = (uint8_t)i;
        snp_world_sign(s->world);
        assay_bytes_copy(s->reports[i], ASSAY_SNP_REPORT_LEN, s->world->report,
                         ASSAY_SNP_REPORT_LEN);
    }
    const char *const name = assay_snp_product_text(product);
    const double raw_us = stopwatch_best_us("quote snp", "raw P-384", 300, raw_p384_verify, raw);
    (void)snprintf(line, sizeof line, "%s, cold", name);
    const double cold_us = stopwatch_best_us("quote snp", line, 100, judge, s);
    s->world->verifier = verifier;
    (void)snprintf(line, sizeof line, "%s, warm", name);
    const double warm_us = stopwatch_best_us("quote snp", line, 300, judge, s);
    printf("quote snp    %-33s warm at %.0f %% of the raw rate (%s), cold %.1f raw "
           "verifications\n",
           name, 100 * raw_us / warm_us, assay_p384_library(), cold_us / raw_us);
    struct assay_verifier_counts counts;
    assay_verifier_count(verifier, &counts);
    printf("quote snp    %-33s %zu platforms remembered, %zu bytes each, and %zu of keys\n", name,
           counts.entries_used, assay_verifier_size(2) - assay_verifier_size(1), counts.key_bytes);
    authority_key_free(&s->world->ark_key);
    authority_key_free(&s->world->ask_key);
    snp_world_close(s->world);
    free(s);
}

int main(void)
{
    enum { ENTRIES = 16 };
    struct raw_p384 raw = { .key = NULL };
    struct assay_verifier *verifier = NULL;
    const size_t size = assay_verifier_size(ENTRIES);
    void *const memory = malloc(size);
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(memory, size, ENTRIES, &verifier) == ASSAY_OK);
    raw_p384_open(&raw);
    run(ASSAY_SNP_MILAN, verifier, &raw);
    run(ASSAY_SNP_TURIN, verifier, &raw);
    raw_p384_close(&raw);
    assay_verifier_deinit(&verifier);
    free(memory);
    return 0;
}
