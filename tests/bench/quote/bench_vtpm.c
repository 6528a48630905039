/*
 * tests/bench/quote/bench_vtpm.c - quotes of a paravisor's TPM per second, whose key is RSA of 2048
 * bits, cold and warm, compared with the raw RSA verification of the same library in the same run.
 *
 * cold: nothing is cached; the report of the chip, its chain and the TPM's quote are verified.
 * warm: the endorsement key is cached; the chip's report (P-384) and the TPM's quote are verified.
 * Each line is the best of several rounds, in processor time, because the machine is shared.
 */
#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/verify.h"
#include "tests/support/stopwatch.h"
#include "tests/unit/tpm/vtpm_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { TURNS = 200, COLD_TURNS = 100 };

struct raw {
    struct assay_key key;
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
};

static void verify_raw(void *context)
{
    const struct raw *const raw = context;
    ASSAY_ASSERT(assay_chain_signed(&raw->key, raw->digest, &raw->signature) == ASSAY_OK);
}

static void open_raw(struct raw *raw, const struct authority_key *key)
{
    authority_key_public(key, &raw->key);
    authority_sign(key, ASSAY_SIGNATURE_RSA_PKCS1_SHA256, "bench", 5, &raw->signature);
    assay_signature_digest(ASSAY_SIGNATURE_RSA_PKCS1_SHA256, (const uint8_t *)"bench", 5,
                           raw->digest);
}

struct subject {
    struct vtpm *world;
    struct assay_verifier *verifier;
};

static void judge(void *context)
{
    struct subject *const s = context;
    struct vtpm *const v = s->world;
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_VTPM_SNP,
                                                    .bytes = v->evidence,
                                                    .len = v->len,
                                                    .at_unix_s = v->snp->at_unix_s,
                                                    .endorsements = &v->endorsements,
                                                    .policy = &v->policy };
    ASSAY_ASSERT(assay_evidence_verify(s->verifier, &request, &v->verdict) == ASSAY_OK);
    ASSAY_ASSERT(v->verdict.genuine == ASSAY_GENUINE_TRUE);
}

int main(void)
{
    struct raw raw;
    struct subject s = { .world = vtpm_open(false) };
    struct assay_verifier_counts counts;
    struct assay_verifier *verifier = NULL;
    const size_t size = assay_verifier_size(1);
    void *const memory = malloc(size);
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(memory, size, 1, &verifier) == ASSAY_OK);
    vtpm_build(s.world);
    open_raw(&raw, s.world->ak);
    const double raw_us = stopwatch_best_us("quote vtpm", "raw RSA-2048", TURNS, verify_raw, &raw);
    const double cold_us = stopwatch_best_us("quote vtpm", "cold", COLD_TURNS, judge, &s);
    s.verifier = verifier;
    const double warm_us = stopwatch_best_us("quote vtpm", "warm", TURNS, judge, &s);
    assay_verifier_count(verifier, &counts);
    printf("quote vtpm   %-33s warm %.2f times the raw rate, cold %.1f raw verifications; a "
           "platform takes %zu bytes\n",
           "", raw_us / warm_us, cold_us / raw_us,
           assay_verifier_size(2) - size + counts.key_bytes);
    assay_verifier_deinit(&verifier);
    free(memory);
    vtpm_close(s.world);
    return 0;
}
