/*
 * tests/bench/quote/bench_snp.c - SNP reports per second, cold and warm, beside the raw P-384
 * verification of the library behind assay_p384_verify, in the same run.
 *
 * cold: nothing is remembered: the certificates are read, two RSA signatures and the report's are
 * verified, beside the ARK's own. warm: the endorsement key has been seen, the report is new. The
 * vendor is the tests' own, with RSA of 4096 bits as AMD's; each line is the best of several
 * rounds, in processor time, because the machine is shared.
 */
#include "tests/unit/quote/snp/snp_world.h"

#include "base/assert.h"
#include "quote/verify.h"
#include "tests/support/stopwatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPORTS = 16, RSA_BITS = 4096 };

/* --- raw P-384 */
struct raw {
    struct assay_p384 *key;
    uint8_t digest[ASSAY_SHA384_LEN];
    struct assay_signature signature;
};

static void open_raw(struct raw *raw)
{
    struct authority_key *key = authority_key_make(ASSAY_KEY_P384);
    struct assay_key public_key;
    static const uint8_t message[ASSAY_SNP_SIGNED_LEN] = { 1 };
    authority_key_public(key, &public_key);
    authority_sign(key, ASSAY_SIGNATURE_ECDSA_SHA384, message, sizeof message, &raw->signature);
    assay_sha384(message, sizeof message, raw->digest);
    ASSAY_ASSERT(assay_p384_load(public_key.bytes, &raw->key) == ASSAY_OK);
    authority_key_free(&key);
}

static void verify_raw(void *context)
{
    const struct raw *const raw = context;
    ASSAY_ASSERT(
        assay_p384_verify(raw->key, raw->digest, sizeof raw->digest, raw->signature.bytes));
}

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

static void run(enum assay_snp_product product, struct assay_verifier *verifier, struct raw *raw)
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
    const double raw_us = stopwatch_best_us("quote snp", "raw P-384", 300, verify_raw, raw);
    (void)snprintf(line, sizeof line, "%s, cold", name);
    const double cold_us = stopwatch_best_us("quote snp", line, 100, judge, s);
    s->world->verifier = verifier;
    (void)snprintf(line, sizeof line, "%s, warm", name);
    const double warm_us = stopwatch_best_us("quote snp", line, 300, judge, s);
    printf("quote snp    %-33s warm at %.0f %% of the raw rate (%s), cold %.1f raw "
           "verifications\n",
           name, 100 * raw_us / warm_us, assay_p384_library(), cold_us / raw_us);
    authority_key_free(&s->world->ark_key);
    authority_key_free(&s->world->ask_key);
    snp_world_close(s->world);
    free(s);
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
    run(ASSAY_SNP_MILAN, verifier, &raw);
    run(ASSAY_SNP_TURIN, verifier, &raw);
    assay_p384_free(&raw.key);
    assay_verifier_deinit(&verifier);
    free(memory);
    return 0;
}
